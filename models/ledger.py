"""The ledger of a file: everything that stands in it, and how each thing was booked.

A thing is booked as an answer, as print of the form, as noise, or as told to a person.
"""

from typing import Any, Literal

from models.base import Model
from models.page import Box, CellAddress

Way = Literal["answer", "print", "noise", "told"]
Kind = Literal["text", "tick", "picture", "remark", "seal", "ink", "unread", "control", "aside"]


class Booking(Model):
    """How a thing was booked. `by` gives the reason: for an answer, its fields; for print, the printed part
    of the form; for noise, the rule that says so; for a thing told, the code of the finding or the state of
    the part."""

    way: Way
    by: str


class Entry(Model):
    """A thing that stands in a file and was booked in one way. `text` is its text, where it has any."""

    kind: Kind
    text: str
    booking: Booking
    page: int | None = None
    cell: CellAddress | None = None
    box: Box | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the entry as an object of the ledger's file."""
        data: dict[str, Any] = {
            "kind": self.kind,
            "text": self.text,
            "way": self.booking.way,
            "by": self.booking.by,
        }
        if self.page is not None:
            data["page"] = self.page
        if self.cell is not None:
            data["cell"] = {"table": self.cell.table, "row": self.cell.row, "column": self.cell.column}
        if self.box is not None:
            data["box"] = [self.box.x0, self.box.y0, self.box.x1, self.box.y1]
        return data


class PartLedger(Model):
    """Everything that stands in one file that arrived, in reading order, and the state it ended in."""

    part: str
    state: str
    entries: tuple[Entry, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the ledger as an object of the ledger's file."""
        return {
            "part": self.part,
            "state": self.state,
            "entries": [entry.to_json() for entry in self.entries],
        }
