"""Turns a picture of a page into a page: it is laid flat, its layers are separated, and it is read and put
together."""
