"""Text that a file holds and nobody sees."""

import re

# How much each part of two colours may differ (of 255) that nobody can tell apart.
_ALIKE = 20
_HEX = re.compile(r"[0-9A-Fa-f]{6}")


def blends(one: str, other: str) -> bool:
    """Whether text of one colour can't be seen on the other, both as RRGGBB; anything else is a colour that
    isn't known."""
    if not _HEX.fullmatch(one) or not _HEX.fullmatch(other):
        return False
    return all(abs(int(one[n : n + 2], 16) - int(other[n : n + 2], 16)) <= _ALIKE for n in (0, 2, 4))
