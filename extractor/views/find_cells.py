"""Finding the cells of a Word file on its printed pages, by aligning two readings of the file (pure).

The Word reader knows the cells but no pages; the PDF reader knows the pages and what it takes for cells. Both
give the cells in one order and with the same words. Rows are aligned first, then the cells of each pair of
rows. A row that breaks over pages has a place on each page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from rapidfuzz import fuzz

from models.page import Box, Cell, CellAddress, Pages, Table
from models.record import Evidence, Result
from models.writing import key

Place = tuple[int, Box]  # a page number, and a box on that page in points
Places = Mapping[CellAddress, tuple[Place, ...]]

# The least likeness of two equal rows; and the weight of two empty cells, in characters.
_ALIKE, _EMPTY = 0.5, 0.5
_MOST = 40.0  # characters; a longer text proves no more
# The most pairs of rows, and of cells in two rows, that an honest form can have.
_MOST_PAIRS, _MOST_CELLS = 400_000, 10_000


@dataclass(frozen=True)
class _Cell:
    key: str
    address: CellAddress
    place: Place | None = None


@dataclass
class _Row:
    """Cells that start in one row of a table. `begins` says that it is the first row of a page."""

    cells: list[_Cell]
    begins: bool = False
    weight: float = field(init=False)

    def __post_init__(self) -> None:
        self.weight = sum(_weight(cell) for cell in self.cells)


def place_cells(typed: Pages, drawn: Pages) -> Places:
    """Return the places of the cells of `typed`, a Word file, on the pages of `drawn`, the same file printed.
    Cells whose place can't be told are left out."""
    ours, theirs = _rows(typed), _rows(drawn)
    if len(ours) * len(theirs) > _MOST_PAIRS:
        return {}
    found: dict[CellAddress, list[Place]] = {}
    for row, (other, goes_on) in _aligned(ours, theirs):
        for cell, seen in _pairs(row.cells, other.cells, goes_on):
            if seen.place and (seen.key or not goes_on):
                found.setdefault(cell.address, []).append(seen.place)
    return {address: tuple(places) for address, places in found.items()}


def with_places(result: Result, part: str, places: Places) -> Result:
    """Return `result` with page and box in its evidence from the Word file `part`. A cell on two pages gives
    evidence for each."""
    fields = {
        name: one.model_copy(
            update={"evidence": tuple(seen for each in one.evidence for seen in _placed(each, part, places))}
        )
        for name, one in result.fields.items()
    }
    return result.model_copy(update={"fields": fields})


def _placed(evidence: Evidence, part: str, places: Places) -> list[Evidence]:
    known = places.get(evidence.cell, ()) if evidence.cell and evidence.part == part else ()
    return [evidence.model_copy(update={"page": page, "box": box}) for page, box in known] or [evidence]


def _rows(pages: Pages) -> list[_Row]:
    rows: list[_Row] = []
    for page in pages.pages:
        first = True
        for table in (block for block in page.blocks if isinstance(block, Table)):
            for _, cells in groupby(
                sorted(table.cells, key=lambda cell: (cell.row, cell.column)), key=lambda cell: cell.row
            ):
                rows.append(
                    _Row([_cell(cell, table.index, page.number) for cell in cells], first and page.number > 1)
                )
                first = False
    return rows


def _cell(cell: Cell, table: int, page: int) -> _Cell:
    address = CellAddress(table=table, row=cell.row, column=cell.column)
    return _Cell(key(cell.text), address, (page, cell.box) if cell.box else None)


def _weight(cell: _Cell) -> float:
    return min(_MOST, float(len(cell.key))) or _EMPTY


def _aligned(ours: Sequence[_Row], theirs: Sequence[_Row]) -> list[tuple[_Row, tuple[_Row, bool]]]:
    """Return rows with their counterparts, in order, each as (row, (other, goes on)). It uses dynamic
    programming over both."""
    best = [[0.0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    step = [[""] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for i in range(len(ours) + 1):
        for j in range(len(theirs) + 1):
            options = [(0.0, "")]
            if i:
                options.append((best[i - 1][j], "ours"))
            if j:
                options.append((best[i][j - 1], "theirs"))
            if i and j:
                options.append((best[i - 1][j - 1] + _score(ours[i - 1], theirs[j - 1], False), "same"))
                if theirs[j - 1].begins:
                    options.append((best[i][j - 1] + _score(ours[i - 1], theirs[j - 1], True), "on"))
            best[i][j], step[i][j] = max(options)
    found = []
    i, j = len(ours), len(theirs)
    while i and j:
        move = step[i][j]
        if move in ("same", "on"):
            found.append((ours[i - 1], (theirs[j - 1], move == "on")))
        i, j = i - (move in ("ours", "same")), j - (move in ("theirs", "same", "on"))
    return found[::-1]


def _score(row: _Row, other: _Row, goes_on: bool) -> float:
    """Return how much suggests that two rows are one, in characters; negative where they are not alike."""
    alike = sum(
        _likeness(cell, seen, goes_on) * min(_weight(cell), _weight(seen))
        for cell, seen in _pairs(row.cells, other.cells, goes_on)
    )
    return alike - _ALIKE * (other.weight if goes_on else min(row.weight, other.weight))


def _likeness(cell: _Cell, seen: _Cell, goes_on: bool) -> float:
    """Return a likeness from 0 to 1. `seen` may be the first part of a cell that breaks over pages, or, where
    it `goes_on`, a further part."""
    if not cell.key or not seen.key:
        return 1.0 if cell.key == seen.key or goes_on else 0.0
    if goes_on:
        return fuzz.ratio(cell.key[-len(seen.key) :], seen.key) / 100
    whole = fuzz.ratio(cell.key, seen.key)
    return (
        max(whole, fuzz.ratio(cell.key[: len(seen.key)], seen.key) if len(seen.key) < len(cell.key) else 0.0)
        / 100
    )


def _pairs(cells: Sequence[_Cell], others: Sequence[_Cell], goes_on: bool) -> list[tuple[_Cell, _Cell]]:
    """Return the cells of two rows that are the same: one by one where both have as many, else the most
    similar ones in order."""
    if len(cells) == len(others) or len(cells) * len(others) > _MOST_CELLS:
        return list(zip(cells, others, strict=False))
    best = [[0.0] * (len(others) + 1) for _ in range(len(cells) + 1)]
    for i, cell in enumerate(cells, 1):
        for j, other in enumerate(others, 1):
            own = _likeness(cell, other, goes_on)
            best[i][j] = max(
                best[i - 1][j], best[i][j - 1], best[i - 1][j - 1] + (own if own >= _ALIKE else 0.0)
            )
    found, i, j = [], len(cells), len(others)
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            found.append((cells[i], others[j]))
    return found[::-1]
