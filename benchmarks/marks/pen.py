"""Draws what a pen does to a box or an option, in shaking strokes of many widths and shades."""

from collections.abc import Callable, Sequence
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Rect = tuple[float, float, float, float]
Point = tuple[float, float]


class Pen:
    """A pen on `paper` with its writer's colour and width (pixels). `faint` makes it a pencil."""

    def __init__(self, paper: Picture, r: Random, size: float, faint: bool = False) -> None:
        self.paper, self.r = paper, r
        dark = r.choice([(20, 20, 25), (25, 35, 120), (15, 15, 15), (40, 60, 150), (60, 60, 60)])
        self.colour = (r.randint(95, 165),) * 3 if faint else dark
        self.width = max(1, round(size * (r.uniform(0.03, 0.07) if faint else r.uniform(0.05, 0.17))))

    def stroke(self, points: Sequence[Point], shake: float = 0.0, wider: float = 1.0) -> None:
        """Draws a line through `points`, rounded as a hand does."""
        given = np.array([[x + self.r.gauss(0, shake), y + self.r.gauss(0, shake)] for x, y in points])
        along = np.linspace(0, len(given) - 1, 40)
        xs, ys = (np.interp(along, range(len(given)), given[:, axis]) for axis in (0, 1))
        smooth = np.array([0.25, 0.5, 0.25])
        xs[1:-1], ys[1:-1] = np.convolve(xs, smooth, "valid"), np.convolve(ys, smooth, "valid")
        line = (np.stack([xs, ys], 1) * 8).astype(np.int32)
        cv2.polylines(
            self.paper, [line], False, self.colour, max(1, round(self.width * wider)), cv2.LINE_AA, shift=3
        )


def tick(pen: Pen, box: Rect, size: float = 1.0) -> None:
    """Draws a tick with its knee in the box. Its arm may reach far to the right and above."""
    (x0, y0, x1, y1), r = box, pen.r
    side = x1 - x0
    k = size * r.uniform(0.75, 1.6)
    x, y = x0 + side * r.uniform(0.28, 0.62), y0 + (y1 - y0) * r.uniform(0.6, 1.0)
    rise = r.uniform(0.6, 1.15)
    pen.stroke(
        [
            (x - side * 0.4 * k, y - side * r.uniform(0.15, 0.45) * k),
            (x, y),
            (x + side * 0.75 * k, y - side * rise * k),
        ],
        side * 0.04,
    )


def cross(pen: Pen, box: Rect) -> None:
    x0, y0, x1, y1 = _about(box, pen.r, pen.r.uniform(-0.2, 0.25))
    pen.stroke([(x0, y0), (x1, y1)], (x1 - x0) * 0.05)
    pen.stroke([(x1, y0), (x0, y1)], (x1 - x0) * 0.05)


def slash(pen: Pen, box: Rect) -> None:
    x0, y0, x1, y1 = _about(box, pen.r, pen.r.uniform(-0.1, 0.35))
    pen.stroke([(x0, y1), (x1, y0)] if pen.r.random() < 0.85 else [(x0, y0), (x1, y1)], (x1 - x0) * 0.05)


def blot(pen: Pen, box: Rect) -> None:
    """Draws a heavy dot, or a small circle, in the box."""
    x0, y0, x1, y1 = box
    side = x1 - x0
    middle = (
        round((x0 + x1) / 2 + pen.r.gauss(0, side * 0.06)),
        round((y0 + y1) / 2 + pen.r.gauss(0, side * 0.06)),
    )
    cv2.circle(pen.paper, middle, max(2, round(side * pen.r.uniform(0.17, 0.3))), pen.colour, -1, cv2.LINE_AA)


def fill(pen: Pen, box: Rect) -> None:
    """Blackens the box with strokes close together, or with one solid patch."""
    x0, y0, x1, y1 = box
    side = x1 - x0
    if pen.r.random() < 0.3:
        corner = [round(v + pen.r.gauss(0, side * 0.04)) for v in box]
        cv2.rectangle(pen.paper, (corner[0], corner[1]), (corner[2], corner[3]), pen.colour, -1)
        return
    count = max(5, round(1.3 * side / pen.width))
    for n in range(count):
        at = 0.05 + 0.9 * n / (count - 1)
        ends = [(x0 + side * 0.04, y0 + (y1 - y0) * at), (x1 - side * 0.04, y0 + (y1 - y0) * at)]
        pen.stroke(ends, side * 0.05, 1.15)


def corrected(pen: Pen, box: Rect) -> None:
    """Draws a tick, and strokes through it that take it back."""
    pen.r.choice([tick, tick, cross])(pen, box)
    x0, y0, x1, y1 = box
    side, r = x1 - x0, pen.r
    way = r.choice(["lines", "lines", "wave", "cross"])
    if way == "lines":
        for n in range(r.choice([2, 2, 3, 3, 4])):
            y = y0 + (y1 - y0) * (0.2 + 0.25 * n)
            pen.stroke(
                [
                    (x0 - side * r.uniform(0.2, 0.6), y),
                    (x1 + side * r.uniform(0.25, 0.8), y + side * r.uniform(-0.2, 0.1)),
                ],
                side * 0.05,
            )
    elif way == "wave":
        turns = r.randint(5, 8)
        ys = (y0 - side * 0.15, y1 + side * 0.15)
        pen.stroke(
            [(x0 - side * 0.3 + side * 1.7 * n / turns, ys[n % 2]) for n in range(turns + 1)], side * 0.06
        )
    else:
        cross(pen, (x0 - side * 0.35, y0 - side * 0.35, x1 + side * 0.45, y1 + side * 0.35))
        pen.stroke([(x0 - side * 0.4, (y0 + y1) / 2), (x1 + side * 0.5, (y0 + y1) / 2)], side * 0.05)


def ring(pen: Pen, around: Rect) -> None:
    """Draws an oval around something, whose ends do not quite meet."""
    x0, y0, x1, y1 = around
    r, room = pen.r, pen.r.uniform(0.08, 0.3) * (y1 - y0)
    turn, start = r.choice([-1, 1]), r.uniform(0, 6.3)
    swept = np.linspace(0, 6.28 * r.uniform(0.93, 1.12), 25)
    wide, high = (x1 - x0) / 2 * r.uniform(1.0, 1.2) + room, (y1 - y0) / 2 * r.uniform(1.0, 1.15) + room
    middle = ((x0 + x1) / 2 + r.gauss(0, room / 3), (y0 + y1) / 2 + r.gauss(0, room / 4))
    pen.stroke(
        [
            (middle[0] + wide * np.cos(start + turn * a), middle[1] + high * np.sin(start + turn * a))
            for a in swept
        ],
        1.0,
    )


def _about(box: Rect, r: Random, more: float) -> Rect:
    x0, y0, x1, y1 = box
    side = x1 - x0
    return (x0 - side * more, y0 - side * more, x1 + side * (more + r.uniform(0, 0.15)), y1 + side * more)


STROKES: dict[str, Callable[[Pen, Rect], None]] = {
    "tick": tick,
    "cross": cross,
    "slash": slash,
    "blot": blot,
    "fill": fill,
}
