"""From a returned file to results: the values with their evidence, whether a person must look at each, and
the views of a file for that person."""

from extractor.applications import Belonging, around
from extractor.arranged import Gathered, Piece, extract_arranged
from extractor.arrival import Source, digest, is_left_out, readable
from extractor.drafting import Draft, Guess
from extractor.drafts import draft_form
from extractor.kept import Kept
from extractor.limits import Limits, ViewLimits
from extractor.options import Options
from extractor.pipeline import Book, Progress, extract
from extractor.templates import print_docx, spots_in
from extractor.views.draw_pages import Encoding, View, open_view, part_bytes
from extractor.views.print_word import Printed, print_word, print_words, tables_of
from extractor.weighing.calibration import threshold

__all__ = [
    "Belonging", "Book", "Draft", "Encoding", "Gathered", "Guess", "Kept", "Limits", "Options",
    "Piece", "Printed", "Progress", "Source",
    "View", "ViewLimits",
    "around", "digest", "draft_form", "extract", "extract_arranged", "is_left_out",
    "open_view", "part_bytes", "print_docx",
    "print_word", "print_words",
    "readable", "spots_in", "tables_of", "threshold",
]  # fmt: skip
