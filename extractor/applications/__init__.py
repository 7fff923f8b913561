"""Which pages and files are one application, and what they say together (pure)."""
