"""Places and colours on a page: boxes in points from the top left, colours as red, green and blue from 0 to 1."""

from collections.abc import Iterable
from typing import Any

Rect = tuple[float, float, float, float]
Point = tuple[float, float]
Colour = tuple[float, float, float]


def area(box: Rect) -> float:
    """In square points; nothing for an inverted box."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def meet(a: Rect, b: Rect) -> Rect:
    """The common part of two boxes; inverted where there is none."""
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])


def around(boxes: Iterable[Rect]) -> Rect:
    """The smallest box around some boxes, of which there is at least one."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def contains(box: Rect, x: float, y: float, slack: float = 0.0) -> bool:
    """Whether a point lies in a box grown by `slack`."""
    return box[0] - slack <= x <= box[2] + slack and box[1] - slack <= y <= box[3] + slack


def middle(box: Rect) -> Point:
    """The centre of a box."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def luminance(colour: Colour) -> float:
    """0 black to 1 white, as ITU-R BT.601 weighs the colours."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def to_rgb(colour: Any, space: str) -> Colour | None:
    """A colour of the graphics state as red, green, blue from 0 to 1; None for a pattern."""
    parts = colour if isinstance(colour, tuple) else (colour,)
    if not parts or not all(isinstance(part, int | float) for part in parts):
        return None
    if len(parts) == 1:
        grey = float(parts[0])
        grey = 1 - grey if space in ("Separation", "DeviceN") else grey
        return grey, grey, grey
    if len(parts) == 3:
        return float(parts[0]), float(parts[1]), float(parts[2])
    if len(parts) == 4:
        c, m, y, k = (float(part) for part in parts)
        return (1 - c) * (1 - k), (1 - m) * (1 - k), (1 - y) * (1 - k)
    return None
