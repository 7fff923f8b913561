"""The reader of web pages that call themselves Word files. It turns bytes into one page without a size."""

from extractor.readers.html.reader import read_html

__all__ = ["read_html"]
