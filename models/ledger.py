"""The ledger of a file: everything that stands in it, and what became of each: print of the form, an answer,
noise, or told."""

from typing import Any, Literal

from models.base import Model
from models.page import Box, CellAddress

Way = Literal["answer", "print", "noise", "told"]
Kind = Literal["text", "tick", "picture", "remark", "seal", "ink", "unread", "control", "aside"]


class Booking(Model):
    """What became of something. `by`: of an answer the fields, of print what of the form it is, of noise the
    rule that says so, of what was told the code of the finding, or of the state of the part."""

    way: Way
    by: str


class Entry(Model):
    """Something that stands in a file and was booked in one way. `text` is what it says, as far as it says
    anything."""

    kind: Kind
    text: str
    booking: Booking
    page: int | None = None
    cell: CellAddress | None = None
    box: Box | None = None

    def to_json(self) -> dict[str, Any]:
        """The object in the ledger's file."""
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
    """All that stands in one file that arrived, in reading order, and the state that the file ended in."""

    part: str
    state: str
    entries: tuple[Entry, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The object in the ledger's file."""
        return {
            "part": self.part,
            "state": self.state,
            "entries": [entry.to_json() for entry in self.entries],
        }
