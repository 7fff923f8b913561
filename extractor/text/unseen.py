"""Text that a file holds and nobody can see."""

import re

# The largest difference (of 255) in each component of two colours that nobody can tell apart.
_ALIKE = 20
_HEX = re.compile(r"[0-9A-Fa-f]{6}")


def blends(one: str, other: str) -> bool:
    """Tell whether text of one colour can't be seen on the other. Both are RRGGBB; anything else is an
    unknown colour."""
    if not _HEX.fullmatch(one) or not _HEX.fullmatch(other):
        return False
    return all(abs(int(one[n : n + 2], 16) - int(other[n : n + 2], 16)) <= _ALIKE for n in (0, 2, 4))
