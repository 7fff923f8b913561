"""Parts the rows of a table without rules anew, by the labels that the form is known to have.

The reader of pictures, which knows no form, told rows by where lines stand alone: a label of two lines may be
two, and of two labels close together one. The form says which words are a label, and whose prompts, options
and printed words stand beside it; between two of its rows lines are parted as `extractor.text.centred` tells.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median
from typing import Protocol

from rapidfuzz import fuzz

from extractor.answers.units import Sought, Unit
from extractor.text.centred import bands_of, parted
from extractor.text.passage import ADDED, Passage, Place
from models.fields import DateField
from models.fields.date import find_dates
from models.form import FormCell
from models.geometry import Rect, around
from models.page import Box, Cell, Table
from models.printed import phrases_of
from models.writing import key

_LIKE = 85  # percent: lines that are as like a label are that label
_MOST_LINES = 8  # lines of a label at most
_WORD = 4  # characters of what is printed in one row alone, and stands in no other by chance
# In heights, that is the usual height of a line:
_APART = 0.8  # what stands farther apart in a line may be of two columns
_FULL = 2.0  # a line that ends no farther before the longest one goes on in the next
_OFF = 1.0  # lines of one label share their column to so much
_LEVEL = 0.5  # of its height: the middle of a character lies no farther off that of its line


class Labelled(Protocol):
    """What is to be known of a label; `Label` is one."""

    @property
    def texts(self) -> tuple[str, ...]: ...
    @property
    def cell(self) -> FormCell: ...
    @property
    def above(self) -> bool: ...
    @property
    def row(self) -> int: ...


@dataclass(frozen=True)
class _Piece:
    """Words that stand apart from others in their line: where they go from and to in the how many-th unit of
    a table, their key, their box, and whether they tell a day."""

    unit: int
    start: int
    end: int
    said: str
    box: Rect
    is_day: bool


@dataclass(frozen=True)
class _Row:
    """The words of a row in the column of labels, and beside it, and the other labels that stand there."""

    label: Sequence[_Piece]
    answers: Sequence[_Piece]
    others: Sequence[Labelled] = ()


def relaid(labels: Sequence[Labelled], units: tuple[Unit, ...]) -> tuple[Unit, ...]:
    """Return the units, with the rows of each table of which no cell is sure parted by the `labels` of a
    form that stand in it; as they are where none does, or other words stand among them."""
    for table in {id(unit.table): unit.table for unit in units if unit.table is not None}.values():
        if table.box is not None and table.cells and not any(cell.sure for cell in table.cells):
            own = [n for n, unit in enumerate(units) if unit.table is table]
            anew = _relaid(labels, [units[n] for n in own], table)
            if anew is not None:
                before = tuple(unit for unit in units[: own[0]] if unit.table is not table)
                units = (*before, *anew, *(unit for unit in units[own[0] :] if unit.table is not table))
    return units


def _relaid(labels: Sequence[Labelled], units: Sequence[Unit], table: Table) -> list[Unit] | None:
    """Return the cells of a table parted anew; None where the form doesn't tell, or tells what they are."""
    cells = [unit.cell for unit in units if unit.cell]
    first = [one.box.x1 for one in cells if one.box and not one.column and one.column_span == 1]
    if not first:
        return None
    border = max(first)
    pieces = [piece for n, unit in enumerate(units) for piece in _pieces(n, unit, border)]
    left = sorted((one for one in pieces if one.box[2] < border), key=lambda one: one.box[1])
    right = [one for one in pieces if one.box[2] >= border]
    rows = _rows(labels, left, right) if left and right else None
    if rows is None:
        return None
    return list(_cells(rows, units, table, border))


def _pieces(number: int, unit: Unit, border: float) -> Iterator[_Piece]:
    """Yield the words of a unit that stand apart, on each side of the `border` behind the column of labels;
    what ends a line goes with its last ones."""
    start, boxes = 0, list[Rect]()

    def piece(end: int) -> _Piece:
        text = unit.passage.text[start:end]
        return _Piece(number, start, end, key(text), around(boxes), bool(find_dates(text, blank=False)))

    for n, span in enumerate(unit.passage.spans):
        # A blank may have a box of its own, and parts words all the same.
        if span is None or span.box is None or unit.passage.text[n].isspace():
            continue
        box = (span.box.x0, span.box.y0, span.box.x1, span.box.y1)
        if boxes and not _goes_on(boxes[-1], box, border):
            yield piece(n)
            start, boxes = n, []
        boxes.append(box)
    if boxes:
        yield piece(len(unit.passage))


def _goes_on(before: Rect, box: Rect, border: float) -> bool:
    """Tell whether a character goes on close behind the one before it, on the same side of the border."""
    high = max(box[3] - box[1], before[3] - before[1])
    is_level = abs(box[1] + box[3] - before[1] - before[3]) / 2 < _LEVEL * high
    is_left, was_left = ((one[0] + one[2]) / 2 < border for one in (box, before))
    return is_level and is_left == was_left and box[0] - before[2] < _APART * high


def _rows(labels: Sequence[Labelled], left: Sequence[_Piece], right: Sequence[_Piece]) -> list[_Row] | None:
    """Return the rows of a table, from the top down, by the labels among what stands `left`."""
    firsts = [next(group) for _, group in groupby(labels, key=lambda one: one.row)]
    firsts = [one for one in firsts if not one.above]
    blocks = _blocks(firsts, left)
    above = [] if blocks[0][0] else blocks.pop(0)[1]
    # A label may go on at the top of a page, and break off at its end.
    if not blocks or any(label is None for label, _ in blocks[:-1]):
        return None
    high = median(one.box[3] - one.box[1] for one in (*left, *right))
    bands = bands_of([one.box for one in right], high)
    in_band: list[list[_Piece]] = [[] for _ in bands]
    for piece in right:
        middle = (piece.box[1] + piece.box[3]) / 2
        in_band[min(range(len(bands)), key=lambda n: abs(bands[n].middle - middle))].append(piece)
    printed = [_printed(labels, label) if label else frozenset[str]() for label, _ in blocks]
    known = [label for label, _ in blocks]
    before = [one for one in firsts if known[0] and one.row < known[0].row]
    own = _owned(in_band, [frozenset[str]().union(*(_printed(labels, one) for one in before)), *printed])
    own = _with_days(
        in_band, own, [one.cell if one else None for one in (before[-1] if before else None, *known)]
    )
    starts = parted([[one.box for one in block] for _, block in blocks], bands, high, own)
    if starts is None:
        return None
    over = [one for band in in_band[: starts[0]] for one in band]
    rows = [_Row(above, over)] if above or over else []
    for (label, block), (i, j) in zip(blocks, pairwise((*starts, len(bands))), strict=True):
        others = [one for one in labels if label and one.row == label.row and one is not label]
        rows.append(_Row(block, [one for band in in_band[i:j] for one in band], others))
    return rows


def _blocks(
    labels: Sequence[Labelled], lines: Sequence[_Piece]
) -> list[tuple[Labelled | None, list[_Piece]]]:
    """Return the labels among lines from the top down, each with its lines, and with None each stretch of
    lines that is none. The labels come in the order of the form; of all ways the one with the most
    characters in labels."""
    keys = [[key(text) for text in label.texts] for label in labels]
    best = [[(0.0, 0)] * (len(labels) + 1) for _ in range(len(lines) + 1)]
    # From line i and label k on: the most characters, and how many lines the label takes here; 0 where the
    # line is of none, -1 where the label is not there.
    for i in range(len(lines) - 1, -1, -1):
        for k in range(len(labels), -1, -1):
            ways = [(best[i + 1][k][0], 0)]
            if k < len(labels):
                ways.append((best[i][k + 1][0], -1))
                for j in range(i + 1, min(i + _MOST_LINES, len(lines)) + 1):
                    worth = _worth("".join(one.said for one in lines[i:j]), keys[k])
                    ways += [(worth + best[j][k + 1][0], j - i)] if worth else []
            best[i][k] = max(ways)
    found: list[tuple[Labelled | None, list[_Piece]]] = []
    i = k = 0
    while i < len(lines):
        taken = best[i][k][1]
        if taken > 0:
            found.append((labels[k], list(lines[i : i + taken])))
        elif taken == 0 and found and found[-1][0] is None:
            found[-1][1].append(lines[i])
        elif taken == 0:
            found.append((None, [lines[i]]))
        i += max(taken, 0) or (taken == 0)
        k += taken != 0
    return found


def _worth(said: str, keys: Sequence[str]) -> float:
    """Return how many characters of a label were read, if `said` is one; else 0."""
    like = max((fuzz.ratio(said, one, score_cutoff=_LIKE) for one in keys), default=0.0)
    return len(said) * like / 100


def _printed(labels: Sequence[Labelled], first: Labelled) -> frozenset[str]:
    """Return the keys of all that the row of a label prints beside it."""
    cells = {id(one.cell): one.cell for one in labels if one.row == first.row}
    own = {key(text) for text in first.texts}
    return frozenset(words for cell in cells.values() for words in phrases_of(cell)) - own


def _owned(bands: Sequence[Sequence[_Piece]], printed: Sequence[frozenset[str]]) -> Mapping[int, int]:
    """Return {number of a band: number of its row} for those that hold what only one row prints; -1 for what
    stands before the first, which the first of `printed` is."""
    own: dict[int, int] = {}
    for number, band in enumerate(bands):
        likes = [max((_like(one.said, words) for one in band), default=0) for words in printed]
        if likes.count(most := max(likes)) == 1 and most >= _WORD:
            own[number] = likes.index(most) - 1
    # Rows stand in the order of the form: what says otherwise says nothing.
    return {n: row for n, row in own.items() if all((n - m) * (row - other) >= 0 for m, other in own.items())}


def _with_days(
    bands: Sequence[Sequence[_Piece]], own: Mapping[int, int], cells: Sequence[FormCell | None]
) -> Mapping[int, int]:
    """Return `own` with the day at which a row ends, and what comes next. Where the cell of a row ends with a
    day and the next one's does not begin with one, the last day before what the next row prints ends the row.
    `cells`: those of the row before the first, and of each row."""
    told = dict(own)
    for row, (cell, after) in enumerate(pairwise(cells), -1):
        begins = min((n for n, other in own.items() if other == row + 1), default=0)
        known = max((n for n, other in own.items() if other <= row), default=-1)
        if not cell or not after or not _is_day(cell.content[-1]) or _is_day(after.content[0]):
            continue
        days = [n for n in range(known + 1, begins) if any(one.is_day for one in bands[n])]
        if days:
            told |= {days[-1]: row, days[-1] + 1: row + 1}
    return told


def _is_day(item: object) -> bool:
    return isinstance(item, DateField)


def _like(said: str, words: frozenset[str]) -> int:
    """Return how many characters of printed words a line begins with, or is a part of."""
    return max((min(len(said), len(one)) for one in words if said.startswith(one) or said in one), default=0)


def _cells(rows: Sequence[_Row], units: Sequence[Unit], table: Table, border: float) -> Iterator[Unit]:
    """Yield the cells of the rows, from the top down and from left to right."""
    whole, page = table.box, units[0].page
    assert whole is not None, "only tables of pictures are parted anew"
    boxes = [around([one.box for one in (*row.label, *row.answers)]) for row in rows]
    edges = [whole.y0, *((a[3] + b[1]) / 2 for a, b in pairwise(boxes)), whole.y1]
    wide = 2 * max(len(row.others) for row in rows) + 1
    for number, (row, (y0, y1)) in enumerate(zip(rows, pairwise(edges), strict=True)):
        columns = [(0, whole.x0, row.label), *_columns(row, units, border)]
        for n, (column, x0, own) in enumerate(columns):
            end, x1 = columns[n + 1][:2] if n + 1 < len(columns) else (wide + 1, whole.x1)
            box = Box(x0=x0, y0=y0, x1=max(x0, x1), y1=y1)
            cell = Cell(row=number, column=column, column_span=end - column, lines=(), box=box, sure=False)
            yield Unit(_joined(own, units, Place(page, None, box)), page, table, cell)


def _columns(
    row: _Row, units: Sequence[Unit], border: float
) -> Iterator[tuple[int, float, Sequence[_Piece]]]:
    """Yield the cells beside the label of a row: its column, left edge and words, with each other label of
    the row in a cell of its own. Those stand from left to right as in the form."""
    left, x0, column = list(row.answers), border, 1
    for other in row.others:
        own = _standing_apart(other, left, units)
        if not own:
            continue
        box = around([one.box for one in own])
        before = [one for one in left if one.box[2] <= box[0]]
        start = (max((one.box[2] for one in before), default=x0) + box[0]) / 2
        yield column, x0, before
        yield column + 1, start, own
        left = [one for one in left if one not in before and one not in own]
        x0, column = (box[2] + min((one.box[0] for one in left), default=box[2])) / 2, column + 2
    yield column, x0, left


def _standing_apart(label: Labelled, pieces: Sequence[_Piece], units: Sequence[Unit]) -> list[_Piece]:
    """Return the words, in a cell of their own, in one line, or in several under each other, that are a
    label; none where they aren't there, or stand there twice."""
    ordered = sorted(pieces, key=lambda one: (round((one.box[1] + one.box[3]) / 2), one.box[0]))
    sought = Sought(label.texts)
    cells = {one.unit for one in pieces if any(hit.whole for hit in units[one.unit].hits(sought))}
    ways = [[[one for one in pieces if one.unit == n] for n in cells]]
    for text in sorted(sought.keys, key=len, reverse=True):
        ways.append([*_spelling(text, ordered, [])])
        # Of two lines that were read in one go the characters stand as they do from left to right.
        ways.append([[one] for one in pieces if sorted(one.said) == sorted(text)])
    found = next(filter(None, ways), [])
    return found[0] if len(found) == 1 else []


def _spelling(text: str, pieces: Sequence[_Piece], begun: list[_Piece]) -> Iterator[list[_Piece]]:
    """Yield the ways to spell what is left of a text with some of the pieces, in their order, that stand
    under what is begun or go on behind it."""
    if not text:
        yield begun
    for n, piece in enumerate(pieces if text else ()):
        if piece.said and text.startswith(piece.said) and (not begun or _is_of_column(begun, piece)):
            yield from _spelling(text[len(piece.said) :], pieces[n + 1 :], [*begun, piece])


def _is_of_column(begun: Sequence[_Piece], piece: _Piece) -> bool:
    """Tell whether words stand under others, or in the same line."""
    x0, _, x1, _ = around([one.box for one in begun])
    last, high = begun[-1].box, piece.box[3] - piece.box[1]
    is_level = abs(piece.box[1] + piece.box[3] - last[1] - last[3]) / 2 < _LEVEL * high
    return is_level or (piece.box[0] < x1 + _OFF * high and piece.box[2] > x0 - _OFF * high)


def _joined(pieces: Sequence[_Piece], units: Sequence[Unit], place: Place) -> Passage:
    """Return words as one text: what stood in one cell goes on as it did there, other lines where the one
    above had no room."""
    high = median(one.box[3] - one.box[1] for one in pieces) if pieces else 0.0
    full = max((one.box[2] for one in pieces), default=0.0) - _FULL * high
    parts: list[Passage] = []
    for before, piece in pairwise([None, *sorted(pieces, key=lambda one: (one.unit, one.start))]):
        assert piece is not None, "only the first has none before it"
        follows = before is not None and (before.unit, before.end) == (piece.unit, piece.start)
        if before is not None and not follows and before.box[2] < full:
            parts.append(Passage("\n", (None,), (place,), (ADDED,)))
        parts.append(units[piece.unit].passage.cut(piece.start, piece.end))
    return Passage(
        text := "".join(part.text for part in parts),
        tuple(span for part in parts for span in part.spans),
        (place,) * len(text),
        tuple(number for part in parts for number in part.numbers),
    )
