"""Geometry of boxes: areas, common parts, and the box around several. A `Rect` is a box in any unit."""

from collections.abc import Iterable

from models.page import Box

Rect = tuple[float, float, float, float]
Point = tuple[float, float]


def area(box: Rect) -> float:
    """Return the area in the square of the box's unit; 0 for an inverted box."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def meet(a: Rect, b: Rect) -> Rect:
    """Return the common part of two boxes; it is inverted where there is none."""
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])


def overlap(one: Rect, other: Rect) -> bool:
    """Tell whether two boxes have more than an edge in common, as `meets` does of boxes in points."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def around(boxes: Iterable[Rect]) -> Rect:
    """Return the smallest box around `boxes`, which must hold at least one."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def contains(box: Rect, x: float, y: float, slack: float = 0.0) -> bool:
    """Tell whether a point lies in a box grown by `slack`."""
    return box[0] - slack <= x <= box[2] + slack and box[1] - slack <= y <= box[3] + slack


def middle(box: Rect) -> Point:
    """Return the centre of a box."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def meets(one: Box, other: Box) -> bool:
    """Tell whether two boxes have more than an edge in common."""
    return min(one.x1, other.x1) > max(one.x0, other.x0) and min(one.y1, other.y1) > max(one.y0, other.y0)


def shared_area(one: Box, other: Box) -> float:
    """Return the area that two boxes have in common, in square points."""
    return area(meet((one.x0, one.y0, one.x1, one.y1), (other.x0, other.y0, other.x1, other.y1)))


def box_around(boxes: Iterable[Box | None]) -> Box | None:
    """Return the smallest box around the boxes that are known; None where none is known."""
    known = [box for box in boxes if box is not None]
    if not known:
        return None
    return Box(
        x0=min(b.x0 for b in known),
        y0=min(b.y0 for b in known),
        x1=max(b.x1 for b in known),
        y1=max(b.y1 for b in known),
    )
