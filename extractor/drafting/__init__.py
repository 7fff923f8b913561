"""A form that somebody else made -> a definition to start from, with a reason for each guess (pure)."""

from extractor.drafting.adding import Name
from extractor.drafting.changes import Compared, against, compared, likeness
from extractor.drafting.copies import common
from extractor.drafting.draft import draft
from extractor.drafting.found import Draft, Guess, Placed, Spotted
from extractor.drafting.gaps import with_gaps

__all__ = [
    "Compared", "Draft", "Guess", "Name", "Placed", "Spotted", "against", "common", "compared", "draft",
    "likeness", "with_gaps",
]  # fmt: skip
