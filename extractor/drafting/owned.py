"""Cells of a row that hold a label of their own, and the place for it behind a colon (pure)."""

from extractor.drafting.content import is_to_fill, options_of, own_label
from extractor.drafting.grid import Cells
from models.page import Cell, Line, Run

_DRAWN = "__"


def owned_in(cells: Cells) -> dict[int, tuple[str, str]]:
    """By their columns the cells of a row that hold a label and its place, as `own_label` tells them: one
    with nothing behind its colon, unless the next one is its place, or several with boxes."""
    own = {cell.column: said for cell in cells if (said := own_label(cell))}
    boxed = [cell.column for cell in cells if cell.column in own and options_of(cell)]
    after = [*cells[1:], None]
    open_ = [
        one.column
        for one, other in zip(cells, after, strict=True)
        if one.column in own and not is_to_fill(one) and (other is None or not is_to_fill(other))
    ]
    # Where a line is drawn behind the colon that is the place, whatever stands right of it.
    drawn = [column for column, (_, rest) in own.items() if _DRAWN in rest]
    several = [one for ones in (boxed, drawn) if len(ones) > 1 for one in ones]
    return {column: own[column] for column in dict.fromkeys([*open_, *several])}


def with_text(cell: Cell, text: str) -> Cell:
    """The cell with nothing in it but `text`."""
    lines = tuple(Line(spans=(Run(text=line),)) for line in text.split("\n") if line)
    return cell.model_copy(update={"lines": lines})
