"""The things that a page paints: glyphs, strokes and pictures, each with its place and its turn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pdfplumber.container import Container

from extractor.readers.painted.colours import Colour
from models.geometry import Point, Rect

# An honest page of a form paints a few thousand things; a drawing of a building some ten thousand.
MAX_PAINTED = 200_000
BLACK: Colour = (0.0, 0.0, 0.0)


class Glyph(NamedTuple):
    """A character as painted. `text` is empty where the font does not say what it is. `seen` is False where
    the character is invisible. `baseline` is the y on which it stands; None where it is not upright or was
    laid out by us."""

    text: str
    box: Rect
    size: float
    font: str
    font_key: int
    code: int
    colour: Colour | None
    bold: bool
    upright: bool
    z: int
    seen: bool
    baseline: float | None = None


class Stroke(NamedTuple):
    """A sub-path. `stroke` and `fill` are its colours, None where it has none. `axial`: all its parts are
    level or plumb."""

    points: tuple[Point, ...]
    box: Rect
    stroke: Colour | None
    fill: Colour | None
    width: float
    axial: bool
    z: int
    opaque: bool


class Image(NamedTuple):
    """A picture; `opaque` when nothing under it shows through."""

    box: Rect
    z: int
    opaque: bool


@dataclass
class Sight:
    """Everything that one content stream, or a page's several, painted."""

    glyphs: list[Glyph] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)

    def extend(self, other: "Sight") -> None:
        """Add what was painted on top."""
        self.glyphs += other.glyphs
        self.strokes += other.strokes
        self.images += other.images


class Seen(Container):
    """A page of pdfplumber's kind that has only the objects it is given, those that a person sees."""

    _shown: Mapping[str, list[dict[str, Any]]] = {}

    @property
    def objects(self) -> dict[str, list[dict[str, Any]]]:
        return dict(self._shown)

    def show(self, objects: Mapping[str, list[dict[str, Any]]]) -> None:
        """Replace its objects, given by their kind."""
        self.flush_cache()
        self._shown = objects
