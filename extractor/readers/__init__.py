"""The readers, one for each kind of file, which turn a file into pages; `by_kind.py` chooses among them."""
