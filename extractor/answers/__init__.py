"""Pages and a form to observations: where the answers stand, and what they say (pure)."""

from extractor.answers.labels import Alignment, Find, Unit, align, finds_of, labels_of, units_of
from extractor.answers.match import match
from extractor.answers.seals import compared, name_doubts

__all__ = [
    "Alignment", "Find", "Unit", "align", "compared", "finds_of", "labels_of", "match", "name_doubts", "units_of",
]  # fmt: skip
