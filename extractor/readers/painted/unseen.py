"""What a page holds and does not show: stretches of invisible characters, each with its place."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from extractor.readers.painted.lines import Piece, remark_piece, said, to_box
from extractor.readers.painted.page import Glyph
from models.geometry import Rect, around, contains, middle
from models.page import Aside, AsideKind
from models.writing import key

# Characters painted one after the other are one stretch where they are nearer than this, in parts of their size.
_NEAR, _LEVEL = 1.0, 0.5
# A character is the shadow of another where it stands nearer to it than this, in parts of its size.
_SHADOW = 0.5


@dataclass(frozen=True)
class Unseen:
    """A stretch of characters that nobody sees. `is_shadow`: each lies on the same one that is seen."""

    text: str
    box: Rect
    is_shadow: bool


def unseen(painted: Sequence[Glyph], shown: Iterable[Glyph]) -> list[Unseen]:
    """The stretches of `painted`, in its order, that are not `shown`; those that say nothing are left out."""
    shown = list(shown)
    seen = {id(glyph) for glyph in shown}
    hidden = [glyph for glyph in painted if id(glyph) not in seen]
    if not hidden:
        return []
    places: dict[str, list[Rect]] = {}
    for glyph in shown:
        places.setdefault(glyph.text, []).append(glyph.box)
    found = []
    for stretch in _stretches(hidden):
        text = "".join(map(said, stretch)).strip()
        if key(text):
            is_shadow = all(not glyph.text.strip() or _has_twin(glyph, places.get(glyph.text, [])) for glyph in stretch)
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


def _has_twin(glyph: Glyph, boxes: Iterable[Rect]) -> bool:
    most = _SHADOW * max(glyph.size, 1.0)
    return any(abs(box[0] - glyph.box[0]) <= most and abs(box[1] - glyph.box[1]) <= most for box in boxes)


def left_out(number: int, painted: Sequence[Glyph], shown: Sequence[Glyph], size: Rect) -> tuple[list[Piece], list[Aside]]:
    """What page `number` paints and nobody sees, as remarks at its places; what has none, off the page, stands beside the text, and
    so does the shadow of what is shown."""
    pieces, aside = list[Piece](), list[Aside]()
    for one in unseen(painted, shown):
        if contains(size, *middle(one.box)) and not one.is_shadow:
            pieces.append(remark_piece("text-unseen", one.text, one.box))
        else:
            kind: AsideKind = "replaced" if one.is_shadow else "hidden"
            aside.append(Aside(kind=kind, text=one.text, page=number, box=to_box(one.box)))
    return pieces, aside
