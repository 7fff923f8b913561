"""Carries the columns of a form from one page to the next, where nothing may be drawn between them."""

from dataclasses import dataclass
from statistics import median_low

from models.page import Page, Table

_SIDE = 2.0  # points: a cell that ends so near to the table's side is as wide as the table


@dataclass(frozen=True)
class Columns:
    """The columns of a form on one page: its edges, and the border between labels and answers. The unit is
    that of the page."""

    left: float
    answers: float
    right: float

    def enlarged(self, by: float) -> "Columns":
        """Return the columns in a picture that is `by` times as large."""
        return Columns(self.left * by, self.answers * by, self.right * by)


def columns_of(page: Page) -> Columns | None:
    """Return the columns, in points, of the table that a page ends with; None where it has none."""
    table = next((block for block in reversed(page.blocks) if isinstance(block, Table)), None)
    if table is None or table.box is None:
        return None
    edge = table.box.x1 - _SIDE
    ends = [cell.box.x1 for cell in table.cells if cell.column == 0 and cell.box and cell.box.x1 < edge]
    return Columns(table.box.x0, median_low(ends), table.box.x1) if ends else None
