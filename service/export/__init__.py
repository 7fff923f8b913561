"""Exports: the 汇总表, records as files, and everything about one submission in one archive."""
