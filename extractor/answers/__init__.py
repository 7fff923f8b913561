"""Pages and a form to observations: where the answers stand, and what they say (pure)."""

from extractor.answers.books import entries_booked
from extractor.answers.labels import Alignment, Find, align, closest, finds_of, labels_of, most
from extractor.answers.match import Match, match
from extractor.answers.places import spots_of
from extractor.answers.seals import compared, name_doubts
from extractor.answers.units import Unit, Wording, units_of
from extractor.answers.unknown import unknown_aliases

__all__ = [
    "Alignment", "Find", "Match", "Unit", "Wording", "align", "closest", "compared", "entries_booked",
    "finds_of", "labels_of",
    "match", "most", "name_doubts", "spots_of", "units_of", "unknown_aliases",
]  # fmt: skip
