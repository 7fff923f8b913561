"""The values of fields and notes on a page that is read as a picture. They are drawn into the picture, so
that their values show whether they were read there."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.geometry import contains, middle
from models.page import Box, Line, Mismatch, Page, Run, Table, Tick
from models.writing import excerpt, key

# The points by which characters may exceed the box of their field.
_BEYOND = 2.0
_TICKED = ("ticked", "filled", "tick", "cross")
# A value shorter than this, in characters, may be found on any page by chance.
_TELLING = 4


@dataclass(frozen=True)
class Held:
    """The content of a field on page `page`: a text, or that it is ticked. `box` is on the page as shown."""

    name: str
    page: int
    box: Box
    text: str = ""
    ticked: bool = False


def unread(held: Iterable[Held], page: Page) -> list[Mismatch]:
    """Return the fields whose value was not read at their place on `page`. On a page that was turned or bent
    flat, they are those whose value was read nowhere on it."""
    is_flat = page.frame is None or (page.frame.warp is None and page.frame.quarters == 0)
    spans = [span for block in page.blocks for line in _lines(block) for span in line.spans]
    found = []
    for one in held:
        there = [span for span in spans if not is_flat or _is_in(span.box, one.box)]
        if one.ticked:
            is_read = is_flat and any(isinstance(span, Tick) and span.state in _TICKED for span in there)
            shown, stored = "未勾选", "已勾选"
        else:
            shown, stored = "".join(span.text for span in there if isinstance(span, Run)), one.text
            is_read = _holds(shown, stored) and (is_flat or len(key(stored)) >= _TELLING)
            shown = shown if is_flat else ""
        if not is_read:
            found.append(
                Mismatch(
                    name=excerpt(one.name),
                    shown=excerpt(shown),
                    stored=excerpt(stored),
                    page=one.page,
                    box=one.box,
                )
            )
    return found


def _holds(text: str, value: str) -> bool:
    """Tell whether `value` stands exactly in a text. A number inside a longer one is another number."""
    text, value = ("".join(unicodedata.normalize("NFKC", one).split()) for one in (text, value))
    return bool(re.search(rf"(?<![\d.]){re.escape(value)}(?![\d.])", text))


def _lines(block: Table | Line) -> Sequence[Line]:
    return [line for cell in block.cells for line in cell.lines] if isinstance(block, Table) else [block]


def _is_in(box: Box | None, outer: Box) -> bool:
    if box is None:
        return False
    place = (outer.x0, outer.y0, outer.x1, outer.y1)
    return contains(place, *middle((box.x0, box.y0, box.x1, box.y1)), _BEYOND)
