"""Marks, which say who answers for the value of a field; and changes, which say what a version changed. Both
are defined here as they are stored.

A mark's state is `read` (by the machine, which is sure), `doubtful` (by the machine, and a person must look),
`confirmed` or `corrected` (by a person). `unweighed` may name parts of the value that the machine is not sure
of although it is sure of the rest. A person who confirms the value has seen those parts too.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from service.results import FieldJson

SETTLED = ("confirmed", "corrected")


class MarkJson(TypedDict):
    """The mark of one field."""

    state: Literal["read", "doubtful", "confirmed", "corrected"]
    by: NotRequired[str]
    at: NotRequired[str]
    unweighed: NotRequired[Sequence[str]]


class ChangeJson(TypedDict):
    """One change of one field; the values are JSON of the field's kind."""

    before: Any
    after: Any
    mark_before: MarkJson
    mark_after: MarkJson


# The mark of a field that was in no result, such as a field that was added to the form later.
UNMARKED: MarkJson = {"state": "read"}


def as_read(field: FieldJson, by: str, now: datetime) -> MarkJson:
    """Returns the mark of a field that was just read, by the worker `by`."""
    mark: MarkJson = {
        "state": "read" if field["decision"] == "accept" else "doubtful",
        "by": by,
        "at": now.isoformat(),
    }
    return {**mark, "unweighed": unweighed} if (unweighed := field.get("unweighed")) else mark
