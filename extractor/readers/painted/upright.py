"""Words that stand under each other in several columns of a cell: read from the right column to the left."""

from collections.abc import Iterable, Sequence

from extractor.readers.painted.lines import Piece, to_box
from extractor.text.upright import upright_columns
from models.geometry import around
from models.page import Line, Run

_TIGHT = 1.15  # of a character's size: how far apart characters of a column stand at most


def upright_lines(pieces: Sequence[Piece]) -> tuple[Line, ...]:
    """A line for each column; none where the words do not stand so."""
    if any(piece.tick or piece.picture for piece in pieces):
        return ()
    said = [piece for piece in pieces if piece.text.strip()]
    size = max((piece.size for piece in said), default=0.0)
    columns = upright_columns([piece.box[:2] for piece in said], size, _TIGHT)
    return tuple(_line(said[n] for n in column) for column in columns)


def _line(column: Iterable[Piece]) -> Line:
    pieces = list(column)
    box = to_box(around(piece.box for piece in pieces))
    text = "".join(piece.text for piece in pieces)
    run = Run(text=text, box=box, confidence=min(piece.confidence for piece in pieces))
    return Line(spans=(run,), box=box)
