"""Forms without rules: white space separates their labels and answers into columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from extractor import rungs
from extractor.readers.painted.lines import Piece, line_of, lines_of, rows_of, to_box
from models.geometry import Rect, around, middle
from models.page import Cell, Line

# A gap separates columns if it is this many times the character's size, and at least so many points.
_GAP, _LEAST_GAP = 1.6, 12.0
# A page counts as a form in columns only if so many lines are divided.
_LEAST_ROWS = 3
# A line continues the row above if it is nearer to it than this share of the usual distance.
_CLOSE = 0.75
# A column begins where so many parts of lines begin at one place, give or take so many points.
_SUPPORT, _ALIGNED = 3, 1.5


@dataclass
class _Row:
    segments: list[list[Piece]]
    lines: list[list[Line]] = field(default_factory=list)

    @property
    def box(self) -> Rect:
        return around(piece.box for segment in self.segments for piece in segment)

    @property
    def bottom(self) -> float:
        """The middle of the row's last line."""
        return max(middle(piece.box)[1] for segment in self.segments for piece in segment)


@dataclass(frozen=True)
class Columns:
    """Rows of cells that white space separates. `column` counts the parts of a line."""

    cells: tuple[Cell, ...]
    box: Rect


def find_columns(pieces: Sequence[Piece]) -> list[Columns | Line]:
    """Return lines, and pseudo-tables where at least three lines stand in columns, in reading order."""
    parted = [(row, _segments(row)) for row in rows_of(pieces)]
    starts = _starts([segment for _, segments in parted for segment in segments[1:]])
    rows = [
        _Row([part for segment in segments for part in _parted(segment, starts)])
        for _, segments in parted
        if segments
    ]
    if sum(1 for row in rows if len(row.segments) > 1) < _LEAST_ROWS:
        return list(lines_of(pieces))
    usual = _usual_pitch(rows)
    blocks: list[Columns | Line] = []
    table: list[_Row] = []
    for row in rows:
        row.lines = [[line_of(_unsure(segment))] for segment in row.segments]
        if table and _goes_on(table[-1], row, usual):
            continue
        if len(row.segments) > 1:
            table.append(row)
            continue
        blocks += [_table(table)] if table else []
        table = []
        blocks.append(line_of(row.segments[0]))
    blocks += [_table(table)] if table else []
    # A picture belongs to no column.
    beside = [piece for piece in pieces if piece.picture is not None]
    return [*blocks, *lines_of(beside)]


def _segments(row: Sequence[Piece]) -> list[list[Piece]]:
    segments: list[list[Piece]] = []
    # A blank with a line under it is a place in a sentence, and parts nothing.
    said = (p for p in row if p.text.strip() or p.tick is not None or "underline" in p.emphasis)
    for piece in sorted(said, key=lambda piece: piece.box[0]):
        gap = piece.box[0] - segments[-1][-1].box[2] if segments else 0.0
        if segments and (
            gap < max(_GAP * piece.size, _LEAST_GAP) or (len(segments[-1]) == 1 and gap < 3 * piece.size)
        ):
            segments[-1].append(piece)
        else:
            segments.append([piece])
    return segments


def _unsure(pieces: Sequence[Piece]) -> list[Piece]:
    return [replace(piece, confidence=piece.confidence * rungs.GUESSED) for piece in pieces]


def _starts(segments: Sequence[Sequence[Piece]]) -> list[float]:
    """Return where columns begin: places at which several parts of lines begin."""
    places = sorted(segment[0].box[0] for segment in segments)
    return [x for x in places if sum(1 for other in places if abs(other - x) <= _ALIGNED) >= _SUPPORT]


def _parted(segment: list[Piece], starts: Sequence[float]) -> list[list[Piece]]:
    """Return a part of a line, cut where a column begins although there is little room before it."""
    for i in range(1, len(segment)):
        piece, gap = segment[i], segment[i].box[0] - segment[i - 1].box[2]
        if gap > 0.3 * piece.size and any(abs(piece.box[0] - x) <= _ALIGNED for x in starts):
            return [segment[:i], *_parted(segment[i:], starts)]
    return [segment]


def _usual_pitch(rows: Sequence[_Row]) -> float:
    """Return the usual distance between a line in columns and the line above, in points."""
    pitches = sorted(b.bottom - a.bottom for a, b in pairwise(rows) if len(b.segments) > 1)
    return pitches[len(pitches) // 2] if pitches else 0.0


def _goes_on(above: _Row, row: _Row, usual: float) -> bool:
    """Append the parts of `row` to those of the row above where they continue it. Tell whether they do."""
    places = []
    for segment in row.segments:
        x0, _, x1, _ = around(piece.box for piece in segment)
        extents = [around(piece.box for piece in other) for other in above.segments]
        under = [i for i, extent in enumerate(extents) if x0 < extent[2] and extent[0] < x1]
        if len(under) != 1:
            return False
        places.append(under[0])
    answers_only = 0 not in places and len(places) < len(above.segments)
    if not places or not (answers_only or row.bottom - above.bottom < _CLOSE * usual):
        return False
    for place, segment, lines in zip(places, row.segments, row.lines, strict=True):
        above.segments[place] = above.segments[place] + segment
        above.lines[place] += lines
    return True


def _table(rows: Sequence[_Row]) -> Columns:
    cells = [
        Cell(row=r, column=c, lines=tuple(lines), box=to_box(around(piece.box for piece in row.segments[c])))
        for r, row in enumerate(rows)
        for c, lines in enumerate(row.lines)
    ]
    return Columns(tuple(cells), around(row.box for row in rows))
