"""Boxes for ticking on a picture, and whether they are ticked."""
