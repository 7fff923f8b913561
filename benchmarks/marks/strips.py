"""Cuts single rows out of copies, with the places and states of their boxes: the training examples of the
mark reader."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.marks.copies import PROFILES, copied
from benchmarks.marks.pen import Pen, Picture
from benchmarks.marks.questions import KINDS, LISTS, Row, hands
from extractor.scan.ticks.network import EM, HIGH, STATES

ROOM = 12  # rows of pixels above and below, so that training may shift the strip
# Words with frames in them, and single signs that look like boxes or marks.
_WORDS = (
    *"口日田回国园围四因固困圆目白曰品区图囤电由甲申巴中门同网用月且旦亘匚匡凵冈了丁08DOQB×xV",
    *("口径", "人口", "田间", "回用", "目标", "国家", "园区"),
)


@dataclass(frozen=True)
class Strip:
    """A strip. `gray` is HIGH + 2 * ROOM pixels high; `marks` are (x, y, side, state) in its pixels."""

    gray: NDArray[np.uint8]
    marks: tuple[tuple[float, float, float, int], ...]


def make_strips(seed: int, count: int) -> Iterator[Strip]:
    """Yields strips of all kinds and profiles, a fifth of them without a box."""
    for number in range(count):
        yield _strip(Random(f"{seed}/{number}"))


def _strip(r: Random) -> Strip:
    size = r.randint(36, 52)
    sheet = np.full((5 * size, 1500, 3), 255, np.uint8)
    at = (r.randint(30, 3 * size), 2 * size)
    kind = "" if r.random() < 0.2 else r.choice(KINDS)
    row = Row(sheet, at, size, r, kind, tuple(r.choice(LISTS).split()))
    if r.random() < 0.45:
        _neighbours(sheet, size, r)
    if kind:
        if r.random() < 0.3:
            row.write("".join(_anything(r) for _ in range(r.randint(1, 5))))
        drawn = row.draw()
        if r.random() < 0.3 and row.x < 1250:
            row.write("  " + "".join(_anything(r) for _ in range(r.randint(1, 4))))
        marks = list(zip(drawn.boxes, (STATES.index(state) for state in drawn.states), strict=True))
    else:
        row.face = r.choice(hands())
        row.write(_figures(r) if r.random() < 0.3 else "".join(_anything(r) for _ in range(r.randint(6, 20))))
        marks = []
        if r.random() < 0.2:
            Pen(sheet, r, size).stroke(
                [(r.uniform(50, 700), 2.5 * size), (r.uniform(700, 1400), r.uniform(2, 3) * size)], 2
            )
    sheet = np.ascontiguousarray(sheet[: round(4.4 * size), : min(1500, row.x + 3 * size)])
    copy, matrix = copied(sheet, r.choice(PROFILES), r, 0.35, whole=False)
    return _cut(copy, matrix, marks, at, size, r)


def _anything(r: Random) -> str:
    if r.random() < 0.3:
        return r.choice(_WORDS)
    if r.random() < 0.15:
        return r.choice("0123456789，。；：、（）abcdeHKLVXxv-—  ")
    # GB 2312 keeps its more common characters in rows B0 to D7.
    return bytes([r.randint(0xB0, 0xD6), r.randint(0xA1, 0xFE)]).decode("gb2312")


def _figures(r: Random) -> str:
    """Returns a number, an address or a date, as forms hold many."""
    digits = "".join(r.choices("0123456789", k=11))
    name = "".join(r.choices("abcdefghijklmnopqrstuvwxyzDOQ0", k=r.randint(5, 12)))
    return r.choice(
        [
            digits,
            f"027-{digits[:8]}",
            f"{name}@{name[:4]}.com",
            f"20{digits[:2]}年{digits[2]}月{digits[3:5]}日",
            f"{digits[:3]}号{digits[4]}栋{digits[:4]}室",
        ]
    )


def _neighbours(sheet: Picture, size: int, r: Random) -> None:
    """Draws rows above and below, and remnants of ruled lines."""
    for way in (-1, 1):
        if r.random() < 0.6:
            other = Row(
                sheet,
                (r.randint(20, 200), round(2 * size + way * size * r.uniform(1.35, 1.9))),
                size,
                r,
                "none",
                (),
            )
            if other.y - size // 2 > 0 and other.y + 2 * size < sheet.shape[0]:
                other.write("".join(_anything(r) for _ in range(20)))
        elif r.random() < 0.3:
            y = round(2.5 * size + way * size * r.uniform(0.9, 1.4))
            for x in range(0, 1500, 60):
                if r.random() < 0.25:
                    cv2.line(sheet, (x, y), (x + r.randint(5, 60), y), (40, 40, 40), r.randint(1, 3))


def _cut(
    copy: Picture, matrix: NDArray[np.float64], marks: list, at: tuple[int, int], size: int, r: Random
) -> Strip:
    """Cuts out the row, scaled as the reader scales it, a little off in size and place."""
    zoom = EM / (size * matrix[0, 0]) * r.uniform(0.86, 1.16)
    gray = cv2.cvtColor(copy, cv2.COLOR_RGB2GRAY)
    scaled = cv2.resize(
        gray, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    )
    middle = (matrix @ [at[0] + 300, at[1] + size / 2, 1])[1] * zoom
    top = round(middle - HIGH / 2 - ROOM + r.uniform(-4, 4))
    room = 60
    padded = cv2.copyMakeBorder(scaled, room, room, 0, 0, cv2.BORDER_CONSTANT, value=255)
    cut = padded[room + top : room + top + HIGH + 2 * ROOM]
    found = []
    for (x0, y0, x1, y1), state in marks:
        x, y, _ = matrix @ [(x0 + x1) / 2, (y0 + y1) / 2, 1] * zoom
        found.append((float(x), float(y - top), float((x1 - x0) * matrix[0, 0] * zoom), state))
    return Strip(np.asarray(cut, np.uint8), tuple(found))
