"""Text that a page holds and does not show: stretches of invisible characters, each with its place."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from extractor.readers.painted.lines import Piece, remark_piece, said, to_box
from extractor.readers.painted.page import Glyph
from models.geometry import Rect, around, contains, middle
from models.page import Aside, AsideKind, Remark
from models.writing import key

# Characters painted one after the other are one stretch if their gap and their shift in height are less than
# these, in parts of their size.
_NEAR, _LEVEL = 1.0, 0.5
# A character is the shadow of an equal one that is nearer than this, in parts of its size and in points.
_SHADOW, _SHADOW_POINTS = 0.5, 6.0
# The most characters that are looked at in one place, and the most stretches of a page that become remarks;
# no honest page has more.
_MOST_AT, _MOST = 8, 400


@dataclass(frozen=True)
class Unseen:
    """A stretch of characters that nobody sees. `is_shadow`: each lies on an equal character that is seen."""

    text: str
    box: Rect
    is_shadow: bool


def within(glyphs: Iterable[Glyph], place: Rect) -> tuple[list[Glyph], str]:
    """Return the glyphs of what is painted into `place`, without those that are cut off because they run out
    of it, and the words of these: they are no neighbour's, whatever they would have run into."""
    own, cut = list[Glyph](), ""
    for glyph in glyphs:
        if glyph.seen or contains(place, *middle(glyph.box)):
            own.append(glyph)
        else:
            cut += said(glyph)
    return own, cut


def unseen(painted: Sequence[Glyph], shown: Iterable[Glyph]) -> list[Unseen]:
    """Return the stretches of `painted`, in its order, that are not `shown`. Those without words are left
    out."""
    shown = list(shown)
    seen = {id(glyph) for glyph in shown}
    hidden = [glyph for glyph in painted if id(glyph) not in seen]
    if not hidden:
        return []
    twins = _Twins(shown)
    found = []
    for stretch in _stretches(hidden):
        text = "".join(map(said, stretch)).strip()
        if key(text):
            is_shadow = all(not glyph.text.strip() or twins.has(glyph) for glyph in stretch)
            found.append(Unseen(text, around(glyph.box for glyph in stretch), is_shadow))
    return found


def _stretches(glyphs: Iterable[Glyph]) -> Iterator[list[Glyph]]:
    stretch: list[Glyph] = []
    for glyph in glyphs:
        if stretch:
            last = stretch[-1]
            size = max(last.size, glyph.size, 1.0)
            gap, off = glyph.box[0] - last.box[2], abs(middle(glyph.box)[1] - middle(last.box)[1])
            if abs(gap) > _NEAR * size or off > _LEVEL * size:
                yield stretch
                stretch = []
        stretch.append(glyph)
    if stretch:
        yield stretch


class _Twins:
    """Characters indexed by what and where they are."""

    def __init__(self, glyphs: Iterable[Glyph]) -> None:
        self._at: dict[tuple[str, int, int], list[Rect]] = {}
        for glyph in glyphs:
            there = self._at.setdefault((glyph.text, *_square(glyph)), [])
            if len(there) < _MOST_AT:
                there.append(glyph.box)

    def has(self, glyph: Glyph) -> bool:
        """Tell whether the same character stands almost where `glyph` does."""
        x, y = _square(glyph)
        most = min(_SHADOW * max(glyph.size, 1.0), _SHADOW_POINTS)
        near = (
            box
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            for box in self._at.get((glyph.text, x + dx, y + dy), ())
        )
        return any(abs(box[0] - glyph.box[0]) <= most and abs(box[1] - glyph.box[1]) <= most for box in near)


def _square(glyph: Glyph) -> tuple[int, int]:
    return int(glyph.box[0] // _SHADOW_POINTS), int(glyph.box[1] // _SHADOW_POINTS)


@dataclass(frozen=True)
class LeftOut:
    """The content that a page holds and does not show: remarks for its lines, asides, and what to report
    about the page."""

    pieces: Sequence[Piece] = ()
    aside: Sequence[Aside] = ()
    damage: Sequence[str] = ()


def left_out(number: int, painted: Sequence[Glyph], shown: Sequence[Glyph], size: Rect) -> LeftOut:
    """Return the characters that page `number` paints and nobody sees, as remarks at their places. Those off
    the page, and the shadows of shown text, become asides."""
    pieces, aside = list[Piece](), list[Aside]()
    for one in unseen(painted, shown):
        if contains(size, *middle(one.box)) and not one.is_shadow:
            pieces.append(remark_piece("text-unseen", one.text, one.box))
        else:
            kind: AsideKind = "replaced" if one.is_shadow else "hidden"
            aside.append(Aside(kind=kind, text=one.text, page=number, box=to_box(one.box)))
    if len(pieces) <= _MOST:
        return LeftOut(pieces, aside)
    words = "".join(piece.picture.text for piece in pieces if isinstance(piece.picture, Remark))
    aside.append(Aside(kind="hidden", text=words, page=number))
    return LeftOut((), aside, [f"第 {number} 页有 {len(pieces)} 处看不见的文字"])
