"""Words that stand under each other in several columns, as in a label left of many rows: read from the right
column to the left."""

from collections.abc import Sequence
from itertools import pairwise

from extractor.readers.painted.lines import Piece, rows_of, to_box
from models.geometry import around
from models.page import Line, Run

_TIGHT = 1.15  # of a character's size: how far apart characters of a column stand at most
_APART = 1.2  # and columns at least
_LEAST = 2  # columns, and rows that hold more than one character


def upright_lines(pieces: Sequence[Piece]) -> tuple[Line, ...]:
    """A line for each column; none where the words do not stand so."""
    rows = rows_of(piece for piece in pieces if piece.text.strip() or piece.tick)
    wide = [row for row in rows if len(row) >= _LEAST]
    if len(wide) < _LEAST or any(piece.tick or piece.picture for piece in pieces):
        return ()
    if not all(_is_apart(row) for row in wide) or not all(_is_under(a, b) for a, b in pairwise(rows)):
        return ()
    columns: list[list[Piece]] = []
    for piece in sorted((piece for row in rows for piece in row), key=lambda piece: -piece.box[0]):
        if columns and abs(columns[-1][0].box[0] - piece.box[0]) < piece.size / 2:
            columns[-1].append(piece)
        else:
            columns.append([piece])
    return tuple(_line(sorted(column, key=lambda piece: piece.box[1])) for column in columns)


def _is_apart(row: Sequence[Piece]) -> bool:
    places = sorted(piece.box[0] for piece in row)
    return all(b - a >= _APART * row[0].size for a, b in pairwise(places))


def _is_under(above: Sequence[Piece], below: Sequence[Piece]) -> bool:
    return abs(below[0].box[1] - above[0].box[1]) <= _TIGHT * above[0].size


def _line(column: Sequence[Piece]) -> Line:
    box = to_box(around(piece.box for piece in column))
    text = "".join(piece.text for piece in column)
    run = Run(text=text, box=box, confidence=min(piece.confidence for piece in column))
    return Line(spans=(run,), box=box)
