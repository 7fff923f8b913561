"""Where in a bureau's own Word file the answers of a form go: found by who reads, used by who writes."""

from models.base import Model
from models.identity import Tag
from models.page import CellAddress


class Spot(Model):
    """The place of one answer in a Word file: characters `start` to `end` of a cell, or of the `line`-th
    line outside tables. `text` is all that the cell or line says, as it was read, so that who writes can
    tell that both mean the same place."""

    tag: Tag
    cell: CellAddress | None = None
    line: int | None = None
    text: str = ""
    start: int = 0
    end: int = 0


class Unplaced(Model):
    """A field whose answer can't be put into the Word file: what people call it, and why."""

    title: str
    why: str

    def __str__(self) -> str:
        return f"模板中没有放进“{self.title}”：{self.why}"
