"""Arrival: from a submission to its files, each kind known by content, with the files inside containers."""

from extractor.arrival.intake import Arrived, Intake, outermost, state_of
from extractor.arrival.kinds import Kind, kind_of
from extractor.arrival.source import Attachment, Source, digest, is_left_out, readable

__all__ = [
    "Arrived", "Attachment", "Intake", "Kind", "Source", "digest", "is_left_out", "kind_of", "outermost",
    "readable", "state_of",
]  # fmt: skip
