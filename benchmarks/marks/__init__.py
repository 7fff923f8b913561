"""Marked option rows, drawn and copied as scanners, fax machines and cameras would: the recipe that the mark
reader learns from."""
