"""Finds tick boxes on a picture, and whether they are ticked."""
