"""A file to its pages, a reader a kind; `by_kind.py` says which."""
