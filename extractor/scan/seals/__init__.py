"""Seals on a picture: where they are, what stands on them, and what stands under them."""
