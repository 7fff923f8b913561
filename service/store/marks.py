"""Who answers for the value of a field, and what a version changed, as they are kept.

A mark says `read` (the machine, sure), `doubtful` (the machine, and a person must look), `confirmed` or
`corrected` (a person).
`unweighed`, where it is there, names the parts of the value that the machine is not sure of all the same; a
person who confirms the value has seen them.
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
    """What one change of one field was; the values are JSON of the field's kind."""

    before: Any
    after: Any
    mark_before: MarkJson
    mark_after: MarkJson


# A field that was in no result, as one that the form got since.
UNMARKED: MarkJson = {"state": "read"}


def as_read(field: FieldJson, by: str, now: datetime) -> MarkJson:
    """The mark of a field that was just read, by the worker `by`."""
    mark: MarkJson = {
        "state": "read" if field["decision"] == "accept" else "doubtful",
        "by": by,
        "at": now.isoformat(),
    }
    return {**mark, "unweighed": unweighed} if (unweighed := field.get("unweighed")) else mark
