"""From what a page paints to tables and lines; PDF and OFD share it."""
