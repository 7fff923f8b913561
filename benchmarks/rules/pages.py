"""Draws parts of pages with tables whose rules are known, and wears and copies them: the examples from which
a network may learn where rules are.

Nothing of it is taken from a real form. Each part is drawn at 200 dpi and told at `SEEN` dpi.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.marks.questions import faces

Gray = NDArray[np.uint8]

SEEN = 100  # dots per inch at which the network looks
SIDE = 480  # pixels of that: the side of an example
_DRAWN = 2  # pixels as drawn a pixel as seen
_WIDE = SIDE * _DRAWN
_BAND = 5  # pixels as drawn: thickness of a rule in the truth
_STYLES = ("solid", "solid", "solid", "hairline", "pale", "dotted", "dashed", "double", "thick")
_CHARS = "一二三工王五日目田国圆区园围困因回口十土士上下中申甲由世且具且皿血四西"


@dataclass(frozen=True)
class Example:
    """A part of a page, `gray` SIDE x SIDE, paper white. `level` and `upright` say how much of each pixel is
    that of a level rule, and of an upright one, 0 to 255."""

    gray: Gray
    level: Gray
    upright: Gray


def make_examples(seed: int, count: int) -> Iterator[Example]:
    """Yields examples; a tenth of them has no table."""
    for number in range(count):
        yield _example(Random(f"{seed}/{number}"))


class _Sheet:
    """What is being drawn, and the two masks of its rules."""

    def __init__(self, r: Random) -> None:
        self.r = r
        self.ink = np.full((_WIDE, _WIDE), 255, np.uint8)
        self.truth = [np.zeros((_WIDE, _WIDE), np.uint8) for _ in range(2)]

    def rule(self, upright: int, at: int, start: int, end: int, style: str, grey: int) -> None:
        """Draws a rule from `start` to `end`, and notes it."""
        picture, truth = (self.ink.T, self.truth[1].T) if upright else (self.ink, self.truth[0])
        half = _BAND // 2
        truth[max(0, at - half) : max(0, at + half + 1), max(0, start) : max(0, end)] = 255
        for off in (0, self.r.randint(5, 9)) if style == "double" else (0,):
            self._stroke(picture, at + off, start, end, style, grey)

    def write(self, boxes: Sequence[tuple[int, int, int, int]], size: int, full: float) -> None:
        """Writes into the boxes, in characters of one size."""
        page = Image.fromarray(self.ink)
        for box in boxes:
            _write(ImageDraw.Draw(page), self.r, box, size, full)
        self.ink = np.array(page)

    def _stroke(self, picture: Gray, at: int, start: int, end: int, style: str, grey: int) -> None:
        thick = self.r.choice([3, 4, 5, 6]) if style == "thick" else self.r.choice([1, 2, 2, 3])
        if style == "hairline":
            thick, grey = 1, max(grey, self.r.randint(110, 200))
        if style == "pale":
            thick, grey = self.r.choice([1, 2]), self.r.randint(150, 225)
        on = np.ones(max(end - start, 1), bool)
        if style in ("dotted", "dashed"):
            dot = self.r.randint(1, 3) if style == "dotted" else self.r.randint(5, 18)
            gap = self.r.randint(2, 6) if style == "dotted" else self.r.randint(3, 10)
            on = np.arange(len(on)) % (dot + gap) < dot
            thick = min(thick, 2)
        first, last = max(0, start), min(_WIDE, end)
        if first >= last or not 0 <= at < _WIDE:
            return
        rows = picture[at : at + thick, first:last]
        rows[:, on[first - start : last - start]] = np.minimum(
            rows[:, on[first - start : last - start]], grey
        )


def _example(r: Random) -> Example:
    sheet = _Sheet(r)
    if r.random() < 0.9:
        _table(sheet)
    else:
        size = r.choice([26, 29, 33, 39])
        sheet.write([(10, 10, _WIDE - 10, _WIDE - 10)], size, r.uniform(0.6, 1))
    _clutter(sheet)
    return _copied(sheet)


def _table(sheet: _Sheet) -> None:
    """Draws a table; it may go on beyond the part that is seen."""
    r = sheet.r
    first, last = (r.randint(-400, 200) for _ in "xy"), (_WIDE + r.randint(-250, 300) for _ in "xy")
    (left, top), (right, bottom) = first, last
    xs, ys = _steps(r, left, right, 50, 420), _steps(r, top, bottom, 34, r.choice([90, 130, 320]))
    grey = r.choice([0, 0, 20, 60, 110])
    inner, outer = r.choice(_STYLES), r.choice(_STYLES)
    if r.random() < 0.6:
        outer = inner
    upright = inner if r.random() < 0.8 else r.choice(_STYLES)
    has_sides, has_uprights, has_levels = r.random() < 0.85, r.random() < 0.88, r.random() < 0.96
    kept = [[c in (0, len(xs) - 1) or r.random() < 0.6 for c in range(len(xs))] for _ in ys]
    if r.random() < 0.4:  # all rows alike
        kept = [kept[0]] * len(ys)
    tall = (r.randrange(len(xs)), r.randrange(len(ys))) if r.random() < 0.3 else None
    _fill(sheet, xs, ys, kept)
    for row, y in enumerate(ys):
        border = row in (0, len(ys) - 1)
        if not has_levels and not border:
            continue
        start = xs[tall[0]] if tall and row == tall[1] and tall[0] + 1 < len(xs) else xs[0]
        sheet.rule(0, y, start, xs[-1], outer if border else inner, grey)
    for row, (y0, y1) in enumerate(pairwise(ys)):
        for c, x in enumerate(xs):
            side = c in (0, len(xs) - 1)
            if kept[row][c] and (has_sides if side else has_uprights):
                sheet.rule(1, x, y0, y1, outer if side else upright, grey)


def _steps(r: Random, first: int, last: int, least: int, most: int) -> list[int]:
    found = [first]
    while found[-1] < last - least:
        found.append(found[-1] + r.randint(least, max(most, least + 1)))
    return found


def _fill(sheet: _Sheet, xs: Sequence[int], ys: Sequence[int], kept: Sequence[Sequence[bool]]) -> None:
    """Shades and writes the cells."""
    r = sheet.r
    size, full = r.choice([22, 25, 29, 29, 33, 39]), r.uniform(0.3, 1)
    shade = r.randint(190, 245) if r.random() < 0.2 else 255
    boxes = []
    for row, (y0, y1) in enumerate(pairwise(ys)):
        cuts = [x for c, x in enumerate(xs) if kept[row][c]]
        for number, (x0, x1) in enumerate(pairwise(cuts)):
            if shade < 255 and (number % 2 == 0 or row == 0):
                sheet.ink[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = shade
            if r.random() < full:
                boxes.append((x0, y0, x1, y1))
    sheet.write(boxes, size, full)


@cache
def _font(face: str, number: int, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face, size, index=number)


def _write(
    pen: ImageDraw.ImageDraw, r: Random, box: tuple[int, int, int, int], size: int, full: float
) -> None:
    """Writes one line or several into a box."""
    x0, y0, x1, y1 = box
    if y1 <= 0 or x1 <= 0 or y0 >= _WIDE or x0 >= _WIDE or y1 - y0 < size:
        return
    face, number = r.choice(faces())
    font = _font(face, number, size)
    step = round(size * r.uniform(1.15, 1.8))
    lines = max(1, int((y1 - y0) / step * full)) if r.random() < 0.7 else 1
    y = y0 + r.randint(2, max(3, (y1 - y0 - lines * step) // 2))
    grey, gap = r.choice([0, 0, 20, 60, 110]), r.randint(3, 14)
    for _ in range(lines):
        if y > y1 - size * 0.8:
            break
        most = max(1, int((x1 - x0 - 2 * gap) / size))
        start = x0 + gap + (r.randint(0, max(0, (x1 - x0) // 3)) if r.random() < 0.2 else 0)
        words = _words(r, max(1, round(most * r.uniform(0.3, 1))))
        pen.text((start, y), words, font=font, fill=grey)
        if r.random() < 0.08:  # a line to write on is no rule of a table
            foot = y + round(size * 1.15)
            pen.line(
                [start, foot, min(start + size * r.randint(2, 9), x1 - 5), foot],
                fill=grey,
                width=r.randint(1, 3),
            )
        y += step


def _words(r: Random, count: int) -> str:
    if r.random() < 0.15:
        return "".join(r.choices("0123456789-abcdefgh@.HLTEFI", k=count * 2))
    if r.random() < 0.1:
        return "□" + "".join(r.choices(_CHARS, k=count)) + "□"
    strict = r.random() < 0.2
    return "".join(
        r.choice(_CHARS) if strict else bytes([r.randint(0xB0, 0xD6), r.randint(0xA1, 0xFE)]).decode("gb2312")
        for _ in range(count)
    )


def _clutter(sheet: _Sheet) -> None:
    """Draws what is no rule: boxes, strokes of a pen, seals, streaks, the edge of a sheet."""
    r, page = sheet.r, sheet.ink
    for _ in range(r.choice([0, 0, 1, 3])):
        x, y, side = r.randint(0, _WIDE), r.randint(0, _WIDE), r.randint(14, 50)
        cv2.rectangle(page, (x, y), (x + side, y + side), (r.choice([0, 60]),), r.randint(1, 3))
    for _ in range(r.choice([0, 0, 0, 1, 2])):
        points = np.cumsum([[r.randint(0, _WIDE), r.randint(0, _WIDE)]] + [
            [r.randint(-60, 90), r.randint(-40, 40)] for _ in range(r.randint(1, 9))
        ], axis=0)  # fmt: skip
        cv2.polylines(
            page, [points.astype(np.int32)], False, (r.randint(0, 90),), r.randint(2, 4), cv2.LINE_AA
        )
    if r.random() < 0.15:
        middle, radius = (r.randint(0, _WIDE), r.randint(0, _WIDE)), r.randint(60, 170)
        cv2.circle(page, middle, radius, (r.randint(60, 200),), r.randint(3, 6), cv2.LINE_AA)
    for _ in range(r.choice([0, 0, 0, 1, 2, 4])):  # dirty glass
        at, thick, grey = r.randrange(_WIDE), r.randint(1, 3), r.choice([0, 60, 120, 170, 255, 255])
        (page if r.random() < 0.2 else page.T)[at : at + thick] = grey
    if r.random() < 0.12:  # the back shines through
        back = cv2.GaussianBlur(page[:, ::-1], (0, 0), 1.7).astype(np.float32)
        page[:] = np.clip(page - (255 - back) * r.uniform(0.1, 0.25), 0, 255)


def _copied(sheet: _Sheet) -> Example:
    return Example(*(
        np.asarray(cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
        for one in worn([sheet.ink, *sheet.truth], sheet.r)
    ))  # fmt: skip


def worn(layers: Sequence[Gray], r: Random) -> list[Gray]:
    """Wears a sheet and copies it. The first of the layers, all at 200 dpi, is its picture; the others are
    moved as the picture is."""
    noise = np.random.default_rng(r.getrandbits(32))
    page, *others = _warped(layers, r)
    size = page.shape[::-1]
    dpi = r.choice([300, 200, 200, 150, 150, 110])
    soft = cv2.GaussianBlur(
        _rubbed(page.astype(np.float32), r, noise), (0, 0), r.uniform(0.4, 0.9) + max(0.0, 200 / dpi - 1)
    )
    if dpi < 200:
        few = cv2.resize(soft, None, fx=dpi / 200, fy=dpi / 200, interpolation=cv2.INTER_AREA)
        soft = cv2.resize(few, size, interpolation=cv2.INTER_LINEAR)
    grey = soft + r.uniform(1, 9) * noise.standard_normal(soft.shape, np.float32)
    if r.random() < 0.15:
        grey = np.where(grey < r.randint(120, 215), 0, 255)
    elif r.random() < 0.3:
        low, high = r.uniform(0, 90), r.uniform(175, 250)
        grey = (grey - low) / (high - low) * 255
    out = np.clip(grey, 0, 255).astype(np.uint8)
    if r.random() < 0.6:
        pressed = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, r.randint(30, 90)])[1]
        out = np.asarray(cv2.imdecode(pressed, cv2.IMREAD_GRAYSCALE), np.uint8)
    return [out, *others]


def _warped(layers: Sequence[Gray], r: Random) -> list[Gray]:
    """Returns the layers turned a little, bent, and moved where the sheet is folded."""
    lean, tilt = (r.gauss(0, 0.005) for _ in "xy")
    high, wide = layers[0].shape
    right, down = (_bent(size, r) for size in (high, wide))
    xs, ys = np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(high, dtype=np.float32))
    moved = (
        (xs + right[:, None] + lean * (ys - high / 2)).astype(np.float32),
        (ys + down[None, :] + tilt * (xs - wide / 2)).astype(np.float32),
    )
    return [
        np.asarray(cv2.remap(one, *moved, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)
        for one in layers
    ]


def _bent(size: int, r: Random) -> NDArray[np.float64]:
    """Returns how far a sheet is moved at each place along it."""
    along = np.arange(size)
    shift = r.uniform(0, 3) * np.sin(along / size * r.uniform(1, 5) + r.uniform(0, 6))
    if r.random() < 0.15:
        shift += r.uniform(-9, 9) * np.clip(
            1 - np.abs(along - r.uniform(0, size)) / r.uniform(15, 60), 0, None
        )
    return shift


def _rubbed(page: NDArray[np.float32], r: Random, noise: np.random.Generator) -> NDArray[np.float32]:
    """Returns the page with ink rubbed off, dirt of rollers, and weak toner."""
    paper, (high, wide) = 255.0, page.shape
    for _ in range(r.choice([0, 0, 1, 2])):  # a crease rubs ink off
        upright = r.random() < 0.5
        along = np.arange(wide if upright else high)
        line = np.exp(-(((along - r.uniform(0, len(along))) / r.uniform(2, 8)) ** 2)) * r.uniform(0.4, 1)
        rubbed = (line[None, :] if upright else line[:, None]) * (noise.random(page.shape, np.float32) < 0.7)
        page = page + (paper - page) * rubbed
    if r.random() < 0.35:  # patches of weak ink
        weak = cv2.resize(noise.random((r.randint(3, 30),) * 2).astype(np.float32), (wide, high))
        page = page + (paper - page) * np.clip((weak - r.uniform(0.3, 0.7)) * r.uniform(1, 4), 0, 0.97)
    for _ in range(r.choice([0, 0, 0, 1, 3])):
        away = (np.arange(wide) - r.uniform(0, wide)) / r.uniform(2, 18)
        specks = cv2.GaussianBlur(
            (noise.random(page.shape, np.float32) < 0.3).astype(np.float32), (0, 0), 0.8
        )
        along = cv2.resize(noise.random((r.randint(10, 50), 1)).astype(np.float32), (1, high))
        page = page * (1 - np.clip(np.exp(-(away**2))[None, :] * specks * along * r.uniform(0.5, 2), 0, 0.9))
    if r.random() < 0.25:  # all of the ink is pale
        page = paper - (paper - page) * r.uniform(0.35, 0.9)
    return np.asarray(page, np.float32)
