"""Carries the columns of a form from one page to the next, where nothing may be drawn between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extractor.scan.grids import Grid

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


def columns_of(grids: "Sequence[Grid]", scale: float) -> Columns | None:
    """Return the columns, in points, of the last of a page's tables; None where it has none. `scale` is the
    pixels a point of the page."""
    if not grids:
        return None
    table = grids[-1].enlarged(1 / scale)
    edge = table.box[2] - _SIDE
    ends = [cell.box[2] for cell in table.cells if cell.column == 0 and cell.box[2] < edge]
    return Columns(table.box[0], median_low(ends), table.box[2]) if ends else None
