"""A file that came back -> results: values with their evidence, for each whether a person must look, and what there is to see."""

from extractor.belonging import Belonging, around
from extractor.intake import Limits, Source, digest, is_left_out, readable
from extractor.pipeline import Progress, extract
from extractor.printing import Printed, print_word, print_words, tables_of
from extractor.readers import Options
from extractor.views import Encoding, View, ViewLimits, open_view, part_bytes

__all__ = [
    "Belonging", "Encoding", "Limits", "Options", "Printed", "Progress", "Source", "View", "ViewLimits", "around", "digest",
    "extract", "is_left_out", "open_view", "part_bytes", "print_word", "print_words", "readable", "tables_of",
]  # fmt: skip
