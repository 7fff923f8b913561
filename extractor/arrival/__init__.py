"""Arrival: from a submission to its files, each kind known by content, with the files inside containers.

Who only names a submission needs none of what opens it, so each name is loaded on demand.
"""

from typing import TYPE_CHECKING

from models.on_demand import on_demand

if TYPE_CHECKING:
    from extractor.arrival.intake import Arrived, Intake, outermost, state_of
    from extractor.arrival.kinds import Kind, kind_of
    from extractor.arrival.source import Attachment, Source, digest, is_left_out, readable
else:
    __getattr__ = on_demand(
        __name__,
        {
            "intake": "Arrived Intake outermost state_of",
            "kinds": "Kind kind_of",
            "source": "Attachment Source digest is_left_out readable",
        },
    )

__all__ = [
    "Arrived", "Attachment", "Intake", "Kind", "Source", "digest", "is_left_out", "kind_of", "outermost",
    "readable", "state_of",
]  # fmt: skip
