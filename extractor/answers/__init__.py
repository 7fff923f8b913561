"""Pages and a form to observations: where the answers stand, and what they say (pure)."""

from extractor.answers.labels import Alignment, Find, Unit, Wording, align, closest, finds_of, labels_of, most
from extractor.answers.match import match
from extractor.answers.seals import compared, name_doubts

__all__ = [
    "Alignment", "Find", "Unit", "Wording", "align", "closest", "compared", "finds_of", "labels_of", "match", "most", "name_doubts",
]  # fmt: skip
