"""From a returned file to results: the values with their evidence, whether a person must look at each, and
the views of a file for that person.

A process that only hands files to others has no need of what reads them, so each name is loaded on demand.
"""

from typing import TYPE_CHECKING

from models.on_demand import on_demand

if TYPE_CHECKING:
    from extractor.applications import Belonging, around
    from extractor.arranged import Gathered, Piece, extract_arranged
    from extractor.arrival import Source, digest, is_left_out, readable
    from extractor.drafting import Compared, Draft, Guess, against, compared, likeness
    from extractor.drafts import Drafted, draft_form, draft_pages
    from extractor.kept import Kept
    from extractor.limits import Limits, ViewLimits
    from extractor.new_aliases import find_aliases
    from extractor.options import Options
    from extractor.pipeline import Book, Progress, extract
    from extractor.templates import print_docx, spots_in
    from extractor.views.draw_pages import Encoding, View, open_view, part_bytes
    from extractor.views.print_word import Printed, print_word, print_words, tables_of
    from extractor.weighing.calibration import sure_of, threshold
else:
    __getattr__ = on_demand(
        __name__,
        {
            "applications": "Belonging around",
            "arranged": "Gathered Piece extract_arranged",
            "arrival": "Source digest is_left_out readable",
            "drafting": "Compared Draft Guess against compared likeness",
            "drafts": "Drafted draft_form draft_pages",
            "kept": "Kept",
            "limits": "Limits ViewLimits",
            "new_aliases": "find_aliases",
            "options": "Options",
            "pipeline": "Book Progress extract",
            "templates": "print_docx spots_in",
            "views.draw_pages": "Encoding View open_view part_bytes",
            "views.print_word": "Printed print_word print_words tables_of",
            "weighing.calibration": "sure_of threshold",
        },
    )

__all__ = [
    "Belonging", "Book", "Compared", "Draft", "Drafted", "Encoding", "Gathered", "Guess", "Kept",
    "Limits", "Options", "Piece", "Printed", "Progress", "Source", "View", "ViewLimits",
    "against", "around", "compared", "digest", "draft_form", "draft_pages", "extract", "extract_arranged",
    "find_aliases", "is_left_out", "likeness", "open_view", "part_bytes", "print_docx", "print_word",
    "print_words", "readable", "spots_in", "sure_of", "tables_of", "threshold",
]  # fmt: skip
