"""What a page paints, to tables and lines: shared by PDF and OFD."""
