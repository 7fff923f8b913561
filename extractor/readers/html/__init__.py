"""The reader for web pages that call themselves Word files: bytes -> Pages, one page without a size."""

from extractor.readers.html.reader import read_html

__all__ = ["read_html"]
