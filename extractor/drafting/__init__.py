"""A form that somebody else made -> a definition to start from, with a reason for each guess (pure)."""

from extractor.drafting.changes import against
from extractor.drafting.draft import Draft, Guess, Name, draft

__all__ = ["Draft", "Guess", "Name", "against", "draft"]
