"""Reads form definitions from YAML, and writes documents from them."""
