"""Seals on a picture: where they are, what they say, and the print under them."""
