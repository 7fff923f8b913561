"""The layer on top of a page's content: fields as they show, marks that somebody set, signatures."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from extractor.readers.painted.lines import to_box
from extractor.readers.painted.page import Glyph
from models.geometry import Point, Rect, area, meet
from models.identity import Tag
from models.page import Box, Control, Emphasis, Mismatch, Remark, Tick

WidgetKind = Literal["text", "check", "radio", "choice", "button", "signature"]


@dataclass(frozen=True)
class Widget:
    """A form field's place on a page. `state` is the shown state of a check box or radio button; `on` is the
    name of its ticked state."""

    name: str
    kind: WidgetKind
    box: Rect
    value: str = ""
    state: Literal["empty", "ticked", "unclear"] | None = None
    on: str = ""
    shown: str = ""


@dataclass(frozen=True)
class Mark:
    """Ink, a shape or a stamp that somebody set on the page, with the points that it passes through."""

    kind: Literal["ink", "shape", "picture", "digital"]
    box: Rect
    points: tuple[Point, ...] = ()


@dataclass(frozen=True)
class SignedWidget:
    """The place where a page shows a digital signature. `number` is the object that holds it, if it is an
    object of its own."""

    name: str
    number: int | None
    page: int
    box: Box


@dataclass
class Overlay:
    """Everything that lies on the content of one page.

    `text` holds glyphs that are read together with the page's own. `remarks` are about a place, or hold text
    that is there and not shown. `names` are those of the page's fields, shown or not; `captions` are the
    words on buttons and signatures.
    """

    page: int
    text: list[Glyph] = field(default_factory=list)
    widgets: list[Widget] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    marked: list[tuple[Rect, Emphasis]] = field(default_factory=list)
    signed: list[SignedWidget] = field(default_factory=list)
    mismatches: list[Mismatch] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    captions: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)

    @property
    def ticks(self) -> list[tuple[Rect, Tick]]:
        """Check boxes and radio buttons as marks, each with our tag where its name is one."""
        return [(w.box, _tick(w)) for w in self.widgets if w.state is not None]

    @property
    def controls(self) -> list[Control]:
        """The values of the fields with our names, whatever they show."""
        return [control for widget in self.widgets if (control := _control(widget)) is not None]


def _tick(widget: Widget) -> Tick:
    assert widget.state is not None
    return Tick(state=widget.state, tag=tag_of(widget), box=to_box(widget.box))


def tag_of(widget: Widget) -> Tag | None:
    """Return our tag, where the name of the field is one."""
    tag = Tag.read(widget.name)
    if tag is not None and tag.option is None and widget.kind == "radio" and widget.on.isdigit():
        return tag.model_copy(update={"option": int(widget.on)})
    return tag


def _control(widget: Widget) -> Control | None:
    tag = tag_of(widget)
    if tag is None or widget.kind == "signature":
        return None
    if widget.state is not None:
        return Control(
            tag=tag,
            ticked=bool(widget.value)
            and widget.value != "Off"
            and widget.value == (widget.on or widget.value),
        )
    return Control(tag=tag, text=widget.value)


def between(points: list[Point]) -> list[Point]:
    """Return the points of a line with more points along its parts, at most 2 points apart."""
    found = points[:1]
    for (ax, ay), (bx, by) in pairwise(points):
        steps = min(200, max(1, int(max(abs(bx - ax), abs(by - ay)) / 2)))
        found += [(ax + (bx - ax) * i / steps, ay + (by - ay) * i / steps) for i in range(1, steps + 1)]
    return found


def overlaps(a: Rect, b: Rect, share: float) -> bool:
    """Tell whether the common part is at least `share` of the smaller box."""
    smaller = min(area(a), area(b))
    return smaller > 0 and area(meet(a, b)) >= share * smaller
