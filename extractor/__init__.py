"""A file that came back -> results: values with their evidence, and for each whether a person must look."""

from extractor.intake import Limits, Source, is_left_out
from extractor.pipeline import Progress, extract
from extractor.readers import Options

__all__ = ["Limits", "Options", "Progress", "Source", "extract", "is_left_out"]
