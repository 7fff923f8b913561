"""Colours on a page: red, green and blue from 0 to 1."""

from typing import Any

Colour = tuple[float, float, float]
# A constant, because `to_rgb` is called for each glyph.
_NUMBER = (int, float)


def luminance(colour: Colour) -> float:
    """Return the luminance, from 0 (black) to 1 (white), by the weights of ITU-R BT.601."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def to_rgb(colour: Any, space: str) -> Colour | None:
    """Return a colour of the graphics state as red, green and blue from 0 to 1; None for a pattern."""
    parts = colour if isinstance(colour, tuple) else (colour,)
    if not parts or not all(isinstance(part, _NUMBER) for part in parts):
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
