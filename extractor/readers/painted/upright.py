"""Words that stand under each other in several columns, as in a label left of many rows: read from the right
column to the left."""

from collections.abc import Sequence
from itertools import pairwise

from extractor.readers.painted.lines import Piece, to_box
from models.geometry import around
from models.page import Line, Run

_TIGHT = 1.15  # of a character's size: how far apart characters of a column stand at most
_APART = 1.2  # and columns at least
_LEAST = 2  # columns, and characters of each


def upright_lines(pieces: Sequence[Piece]) -> tuple[Line, ...]:
    """A line for each column; none where the words do not stand so."""
    if any(piece.tick or piece.picture for piece in pieces):
        return ()
    columns: list[list[Piece]] = []
    for piece in sorted((p for p in pieces if p.text.strip()), key=lambda p: -p.box[0]):
        if columns and abs(columns[-1][0].box[0] - piece.box[0]) < piece.size / 2:
            columns[-1].append(piece)
        else:
            columns.append([piece])
    columns = [sorted(column, key=lambda piece: piece.box[1]) for column in columns]
    apart = all(a[0].box[0] - b[0].box[0] >= _APART * a[0].size for a, b in pairwise(columns))
    if len(columns) < _LEAST or not apart or not all(map(_is_column, columns)):
        return ()
    return tuple(map(_line, columns))


def _is_column(column: Sequence[Piece]) -> bool:
    steps = [b.box[1] - a.box[1] for a, b in pairwise(column)]
    return len(column) >= _LEAST and max(steps) <= _TIGHT * column[0].size


def _line(column: Sequence[Piece]) -> Line:
    box = to_box(around(piece.box for piece in column))
    text = "".join(piece.text for piece in column)
    run = Run(text=text, box=box, confidence=min(piece.confidence for piece in column))
    return Line(spans=(run,), box=box)
