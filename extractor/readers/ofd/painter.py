"""From the graphic objects of a page to what a person sees: glyphs, strokes and pictures (GB/T 33190-2016, 8
to 11)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from extractor.readers.ofd.package import POINTS, Element, Resources, child, children, kind, numbers, text
from extractor.readers.painted.colours import Colour
from extractor.readers.painted.page import BLACK, MAX_PAINTED, Glyph, Image, Sight, Stroke
from extractor.work import Allowance, words_in
from models.errors import Hostile
from models.geometry import Point, Rect, around

Matrix = tuple[float, float, float, float, float, float]

_DEEPEST = 20
_ASCENT, _DESCENT = 0.88, 0.12
_LINE_WIDTH = 0.353  # mm
_GAP = re.compile(r"g\s+(\d{1,6})\s+(\S+)|(\S+)")
_STEP = re.compile(r"[A-Za-z]|[-+.\deE]+")
# How many numbers follow each letter of a path.
_TAKES = {"S": 2, "M": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}


class Placed(NamedTuple):
    """A picture: the number of its resource, and the matrix of its unit square, in points."""

    resource: str
    matrix: Matrix


@dataclass
class Canvas:
    """Everything painted so far."""

    resources: Resources
    work: Allowance
    sight: Sight = field(default_factory=Sight)
    placed: list[Placed] = field(default_factory=list)
    _turn: int = 0

    def paint(self, content: Element | None, matrix: Matrix, depth: int = 0, seen: bool = True) -> None:
        """Paint the objects of a layer, a block or a page's content in order. Of content that is not `seen`,
        only the words are kept."""
        if depth > _DEEPEST:
            raise Hostile("页面内容嵌套层数过多")
        for element in content if content is not None else ():
            self.work.spend()
            name = kind(element)
            shows = seen and element.get("Visible") != "false"
            if name in ("Layer", "PageBlock"):
                self.paint(element, matrix, depth + 1, shows)
            elif name == "TextObject":
                self._text(element, _own(element, matrix), shows)
            elif name == "PathObject" and shows:
                self._path(element, _own(element, matrix))
            elif name == "ImageObject" and shows:
                self._image(element, _framed(element, matrix))
            elif name == "CompositeObject":
                drawing = self.resources.drawings.get(element.get("ResourceID") or "")
                if drawing is not None:
                    self.paint(child(drawing, "Content"), _own(element, matrix), depth + 1, shows)

    def _next(self) -> int:
        self._turn += 1
        self.work.spend()
        if self._turn > MAX_PAINTED:
            raise Hostile("页面上的内容过多")
        return self._turn

    def _text(self, element: Element, matrix: Matrix, shows: bool) -> None:
        size = (numbers(element.get("Size")) or (0.0,))[0]
        wide = size * (numbers(element.get("HScale")) or (1.0,))[0]
        font = element.get("Font") or "0"
        weight = (numbers(element.get("Weight")) or (400.0,))[0]
        colour = self._colour(element, "FillColor")
        seen = shows and (element.get("Fill") != "false" or element.get("Stroke") == "true")
        scale = _scale(matrix)
        origin = (0.0, 0.0)
        for code in children(element, "TextCode"):
            origin = ((numbers(code.get("X")) or origin[:1])[0], (numbers(code.get("Y")) or origin[1:])[0])
            for char, (x, y), advance in _laid(code, origin, wide):
                box = _box(
                    matrix,
                    [
                        (x, y - _ASCENT * size),
                        (x + advance, y - _ASCENT * size),
                        (x, y + _DESCENT * size),
                        (x + advance, y + _DESCENT * size),
                    ],
                )
                upright = abs(matrix[1]) < 0.1 * abs(matrix[0]) and matrix[0] > 0
                self.sight.glyphs.append(
                    Glyph(
                        char, box, size * scale, self.resources.fonts.get(font, ""), hash(font), ord(char[0]),
                        colour,
                        weight >= 600, upright, self._next(), seen and colour is not None,
                        _applied(matrix, (x, y))[1] if upright else None,
                    )
                )  # fmt: skip

    def _path(self, element: Element, matrix: Matrix) -> None:
        stroke = self._colour(element, "StrokeColor") if element.get("Stroke") != "false" else None
        fill = self._colour(element, "FillColor") if element.get("Fill") == "true" else None
        if stroke is None and fill is None:
            return
        width = (numbers(element.get("LineWidth")) or (_LINE_WIDTH,))[0] * _scale(matrix)
        drawn = text(element, "AbbreviatedData")
        self.work.spend(words_in(drawn.encode("utf-8", "replace")))
        for points, is_straight in _subpaths(drawn):
            placed = [_applied(matrix, point) for point in points]
            axial = is_straight and all(
                abs(a[0] - b[0]) < 0.3 or abs(a[1] - b[1]) < 0.3 for a, b in pairwise(placed)
            )
            box = around((x, y, x, y) for x, y in placed)
            self.sight.strokes.append(
                Stroke(tuple(placed), box, stroke, fill, width, axial, self._next(), fill is not None)
            )

    def _image(self, element: Element, matrix: Matrix) -> None:
        box = _box(matrix, [(0, 0), (1, 0), (0, 1), (1, 1)])
        alpha = (numbers(element.get("Alpha")) or (255.0,))[0]
        self.sight.images.append(Image(box, self._next(), alpha > 230))
        self.placed.append(Placed(element.get("ResourceID") or "", matrix))

    def _colour(self, element: Element, name: str) -> Colour | None:
        """Return the colour that an object or its drawing style sets; black where neither does, None where
        nothing would be seen."""
        if (numbers(element.get("Alpha")) or (255.0,))[0] < 13:
            return None
        for source in (element, self.resources.styles.get(element.get("DrawParam") or "")):
            found = child(source, name)
            if found is not None:
                if (numbers(found.get("Alpha")) or (255.0,))[0] < 13:
                    return None
                parts = numbers(found.get("Value"))
                if len(parts) == 3:
                    return parts[0] / 255, parts[1] / 255, parts[2] / 255
                if len(parts) == 1:
                    return parts[0] / 255, parts[0] / 255, parts[0] / 255
                if len(parts) == 4:
                    c, m, y, k = (part / 255 for part in parts)
                    return (1 - c) * (1 - k), (1 - m) * (1 - k), (1 - y) * (1 - k)
        return BLACK


def _own(element: Element, matrix: Matrix) -> Matrix:
    """Return the matrix from an object's own coordinates to the page's."""
    box = (*numbers(element.get("Boundary")), 0.0, 0.0)
    own = numbers(element.get("CTM"))
    a, b, c, d, e, f = own if len(own) == 6 else (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    return joined((a, b, c, d, e + box[0], f + box[1]), matrix)


def _framed(element: Element, matrix: Matrix) -> Matrix:
    """Return the matrix from a picture's unit square to the page. Without its own, it fills its boundary."""
    box = numbers(element.get("Boundary"))
    if len(numbers(element.get("CTM"))) == 6 or len(box) != 4:
        return _own(element, matrix)
    return joined((box[2], 0.0, 0.0, box[3], box[0], box[1]), matrix)


def joined(first: Matrix, then: Matrix) -> Matrix:
    """Return the product of one matrix after another."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def on_page(x0: float, y0: float) -> Matrix:
    """Return the matrix from millimetres to points from the page's corner."""
    return POINTS, 0.0, 0.0, POINTS, -x0 * POINTS, -y0 * POINTS


def _applied(matrix: Matrix, point: Point) -> Point:
    x, y = point
    return matrix[0] * x + matrix[2] * y + matrix[4], matrix[1] * x + matrix[3] * y + matrix[5]


def _scale(matrix: Matrix) -> float:
    return float(abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]) ** 0.5)


def _box(matrix: Matrix, corners: Sequence[Point]) -> Rect:
    return around((x, y, x, y) for x, y in (_applied(matrix, corner) for corner in corners))


def _laid(code: Element, origin: Point, em: float) -> Iterator[tuple[str, Point, float]]:
    """Yield (character, place, width) of each character of a TextCode."""
    chars = (code.text or "").strip("\r\n")
    right, down = _deltas(code.get("DeltaX"), len(chars)), _deltas(code.get("DeltaY"), len(chars))
    x, y = origin
    for number, char in enumerate(chars):
        usual = em * (0.5 if ord(char) < 0x2E80 else 1.0)
        step = right[number] if number < len(right) else 0.0 if number < len(down) else usual
        yield char, (x, y), min(step, 1.1 * em) if step > 0 else usual
        x += step
        y += down[number] if number < len(down) else 0.0


def _deltas(value: str | None, most: int) -> list[float]:
    """Return the steps that an attribute lists; `g n d` stands for n times d."""
    found: list[float] = []
    for count, step, single in _GAP.findall((value or "")[:200_000]):
        try:
            found += [float(step)] * min(int(count), most) if count else [float(single)]
        except ValueError:
            break
        if len(found) > most:
            break
    return found


def _subpaths(data: str) -> Iterator[tuple[list[Point], bool]]:
    """Yield the points of each sub-path, and whether it has only straight parts. Curves give their control
    points."""
    points: list[Point] = []
    is_straight = True
    for letter, values in _steps(data):
        if letter in "SM":
            if len(points) > 1:
                yield points, is_straight
            points, is_straight = [(values[0], values[1])], True
        elif letter == "C":
            if points:
                points.append(points[0])
        elif letter == "L":
            points.append((values[0], values[1]))
        elif letter == "A":
            is_straight = False
            points += [*_bow(points[-1:], values), (values[5], values[6])]
        else:
            is_straight = False
            points += [(values[at], values[at + 1]) for at in range(0, len(values), 2)]
    if len(points) > 1:
        yield points, is_straight


def _bow(before: Sequence[Point], values: Sequence[float]) -> list[Point]:
    """Return a point on the outside of an arc, so that a ring has the bounding box of a ring."""
    if not before:
        return []
    (ax, ay), (bx, by), radius = before[0], (values[5], values[6]), max(values[0], values[1])
    high = min(radius, ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5)
    side = 1 if values[4] else -1
    length = max(((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5, 1e-6)
    return [
        (
            (ax + bx) / 2 + side * high * (by - ay) / length / 2,
            (ay + by) / 2 - side * high * (bx - ax) / length / 2,
        )
    ]


def _steps(data: str) -> Iterator[tuple[str, list[float]]]:
    letter, values = "", list[float]()
    for token in _STEP.findall(data[:2_000_000]):
        if token.upper() in _TAKES:
            letter, values = token.upper(), []
        else:
            try:
                values.append(float(token))
            except ValueError:
                return
        if letter and len(values) == _TAKES[letter]:
            yield letter, values
            values = []
            letter = "" if letter == "C" else letter
