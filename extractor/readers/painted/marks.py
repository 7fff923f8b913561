"""Drawn boxes, and what was drawn in or over them: each is empty, ticked, or for a person to judge."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from extractor.readers.painted.colours import luminance
from extractor.readers.painted.lines import Piece, to_box
from extractor.readers.painted.overlay import Mark, Overlay, between, overlaps
from extractor.readers.painted.page import Image, Stroke
from extractor.readers.painted.rules import THIN, is_frame
from extractor.text.tick_signs import CROSS_LOOKALIKES, EMPTY, TICK_LOOKALIKES, state_of
from models.geometry import Point, Rect, area, around, contains, middle
from models.page import Picture, Tick, TickState

# A drawing larger than this, in points, is an illustration and not a mark.
_LARGEST_MARK = 150.0
_MANY = 400
_DARK = 0.5


@dataclass(frozen=True)
class _Square:
    box: Rect
    state: TickState


def with_marks(
    pieces: list[Piece],
    squares: Sequence[Rect],
    strokes: Sequence[Stroke],
    images: Iterable[Image],
    overlay: Overlay,
) -> list[Piece]:
    """Return the pieces of a page together with drawn boxes, form buttons, drawings and pictures.

    A character in a drawn box ticks the box and is taken out. A box character with a drawing over it is
    `unclear`.
    """
    drawings = _drawings(strokes, squares)
    buttons = overlay.ticks
    boxes = [box for box in squares if not any(overlaps(box, button, 0.5) for button, _ in buttons)]
    places = [*boxes, *(box for box, _ in buttons)]
    inside = [piece for piece in pieces if _is_mark(piece) and any(_in(piece.box, box) for box in places)]
    taken = {id(piece) for piece in inside}
    kept = [piece for piece in pieces if id(piece) not in taken]
    hands = [mark for mark in overlay.marks if mark.points]
    found = [
        _square(box, strokes, drawings, [piece for piece in inside if _in(piece.box, box)]) for box in boxes
    ]
    used: set[int] = set()
    result = [_touched(piece, [*drawings, *hands], used) for piece in kept]
    for square in found:
        hit = [mark for mark in hands if _hits(mark, square.box)]
        used |= {id(mark) for mark in (*hit, *(d for d in drawings if _hits(d, square.box)))}
        result.append(
            _tick_piece(square.box, Tick(state="unclear" if hit else square.state, box=to_box(square.box)))
        )
    for box, tick in buttons:
        hit = [mark for mark in hands if _hits(mark, box)]
        used |= {id(mark) for mark in (*hit, *(d for d in drawings if _hits(d, box)))}
        result.append(_tick_piece(box, tick.model_copy(update={"state": "unclear"}) if hit else tick))
    loose = [mark for mark in (*drawings, *overlay.marks) if id(mark) not in used]
    return (
        result
        + [_picture_piece(mark) for mark in loose]
        + [_picture_piece(Mark("picture", i.box)) for i in images if _pictures(i)]
    )


def _in(inner: Rect, outer: Rect) -> bool:
    return contains(outer, *middle(inner))


def _is_mark(piece: Piece) -> bool:
    """Tell whether a character in a box ticks it: it is a mark, or a letter that people use as one."""
    return (
        piece.tick is not None
        or state_of(piece.text) is not None
        or piece.text in TICK_LOOKALIKES | CROSS_LOOKALIKES
    )


def _square(
    box: Rect, strokes: Sequence[Stroke], drawings: Sequence[Mark], inside: Sequence[Piece]
) -> _Square:
    if any(
        state_of(piece.text) != "empty" and (piece.tick is None or piece.tick.state != "empty")
        for piece in inside
    ):
        return _Square(box, "ticked")
    for stroke in strokes:
        if not contains(box, *middle(stroke.box)) or area(stroke.box) > 1.5 * area(box):
            continue
        if is_frame(stroke) and area(stroke.box) >= 0.6 * area(box):
            if stroke.fill is not None and luminance(stroke.fill) < _DARK and not _covered(stroke, strokes):
                return _Square(box, "ticked")
        elif _inked(stroke) and not _on_edge(stroke.box, box):
            return _Square(box, "ticked")
    # A drawing that runs out of the box was made by hand, and the hand may have struck the box out.
    return _Square(box, "unclear" if any(_hits(drawing, box) for drawing in drawings) else "empty")


def _covered(stroke: Stroke, strokes: Sequence[Stroke]) -> bool:
    """Tell whether a lighter field lies on a dark one: a frame made of two filled squares."""
    return any(
        other.z > stroke.z
        and other.fill is not None
        and luminance(other.fill) > _DARK
        and area(other.box) > 0.4 * area(stroke.box)
        and contains(stroke.box, *middle(other.box))
        for other in strokes
    )


def _on_edge(line: Rect, box: Rect) -> bool:
    """Tell whether a stroke is one side of the box itself."""
    thin = min(line[2] - line[0], line[3] - line[1]) <= THIN
    x, y = middle(line)
    return thin and min(x - box[0], box[2] - x, y - box[1], box[3] - y) <= 1.5


def _inked(stroke: Stroke) -> bool:
    colour = stroke.stroke or stroke.fill
    return colour is not None and luminance(colour) < 0.85


def _hits(mark: Mark, box: Rect) -> bool:
    """Tell whether a drawing passes through the inner part of a box."""
    slack = (box[2] - box[0]) * -0.15
    return any(contains(box, x, y, slack) for x, y in mark.points)


def _drawings(strokes: Sequence[Stroke], squares: Sequence[Rect]) -> list[Mark]:
    """Return the strokes that are no rules, boxes or fields of colour, with touching ones put together."""
    drawn = [
        s
        for s in strokes
        if not s.axial and _inked(s) and not is_frame(s) and max(_size(s.box)) <= _LARGEST_MARK
    ]
    drawn = [
        s for s in drawn if not any(_in(s.box, box) and area(s.box) <= 1.5 * area(box) for box in squares)
    ]
    if len(drawn) > _MANY:
        return [Mark("shape", around(s.box for s in drawn))]
    groups: list[list[Stroke]] = []
    for stroke in drawn:
        touching = [group for group in groups if any(_near(stroke.box, other.box) for other in group)]
        groups = [group for group in groups if group not in touching] + [
            [stroke, *(s for group in touching for s in group)]
        ]
    return [Mark("shape", around(s.box for s in group), _passes(group)) for group in groups]


def _passes(group: Iterable[Stroke]) -> tuple[Point, ...]:
    return tuple(point for stroke in group for point in between(list(stroke.points)))


def _near(a: Rect, b: Rect) -> bool:
    return a[0] - 2 <= b[2] and b[0] - 2 <= a[2] and a[1] - 2 <= b[3] and b[1] - 2 <= a[3]


def _size(box: Rect) -> tuple[float, float]:
    return box[2] - box[0], box[3] - box[1]


def _touched(piece: Piece, marks: Sequence[Mark], used: set[int]) -> Piece:
    """Return the piece, `unclear` where it is a box and something is drawn over it."""
    is_box = piece.text in EMPTY if piece.text else piece.tick is not None and piece.tick.state == "empty"
    hit = [mark for mark in marks if is_box and _hits(mark, piece.box)]
    if not hit:
        return piece
    used |= {id(mark) for mark in hit}
    tick = piece.tick or Tick(state="unclear", emphasis=piece.emphasis, box=to_box(piece.box))
    return replace(piece, text="", tick=tick.model_copy(update={"state": "unclear"}))


def _tick_piece(box: Rect, tick: Tick) -> Piece:
    return Piece(box, box[3] - box[1], tick=tick)


def _picture_piece(mark: Mark) -> Piece:
    return Piece(mark.box, 0.0, picture=Picture(kind=mark.kind, box=to_box(mark.box)))


def _pictures(image: Image) -> bool:
    """Tell whether a picture is more than a rule or a dot."""
    return min(_size(image.box)) > THIN
