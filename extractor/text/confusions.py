"""Pairs of characters that readers of pictures confuse: the direction, and where each was seen (data, pure).

The code that reads a row decides what follows from it, a turned character or only a doubt:
`extractor/weighing/spelling.py` and `extractor/scan/compose.py`. `python -m benchmarks.confusions` draws
every example and counts how often it is misread in this way.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Confusion:
    """Each character of `read` was read where `meant` stood, which may be several characters, or none.

    `example` is a text in which `meant` stands. `seen` says where the confusion was met and what it did
    there. `drawn` says how often it was misread in this way, of how many places, when the example was drawn
    in three pens' faces (2026-11-29, by `benchmarks/confusions.py`). In five faces of print this happened
    once, a 1 for an l, in 1,920 places.
    """

    read: str
    meant: str
    example: str
    seen: str
    drawn: tuple[int, int]


_ALIKE = (
    "the rules of 2026-11-22 for drawn forms whose truth is "
    "known; which of the letters were met was not noted"
)

# Letters for digits, where digits stand on either side of them.
AMONG_DIGITS = (
    Confusion("lI|i", "1", "13871000000", _ALIKE, (0, 72)),
    Confusion("oOQD", "0", "027-85807053转801", _ALIKE, (0, 144)),
    Confusion("Zz", "2", "027-82220022", _ALIKE, (0, 216)),
    Confusion("Ss", "5", "027-85555053", _ALIKE, (0, 180)),
    Confusion("Bb", "8", "027-58888053", _ALIKE, (0, 180)),
)
# Digits and signs for letters, where letters stand on either side of them.
AMONG_LETTERS = (
    Confusion("1|I", "l", "lxr8632@163.com", "this address on a drawn form, read 1xr8632@163.com", (12, 36)),
    Confusion("0", "o", "foo@foxmail.com", _ALIKE, (2, 144)),
)
# The characters of the two kinds above that readers read surely, whether rightly or wrongly.
TWIN_DIGITS = frozenset("10")
TWIN_LETTERS = frozenset("lIOo")
TWINS = TWIN_DIGITS | TWIN_LETTERS | {"|"}

# Misreadings of Latin letters in a quick hand.
QUICK = (
    Confusion(
        "q",
        "g",
        "bgs@163.com",
        "2026-11-22: qov.cn for gov.cn; 2026-11-27: bqs@ for bgs@, accepted wrong",
        (12, 36),
    ),
    Confusion("u", "v", "office@wuhan.gov.cn", "2026-11-22: gou.cn for gov.cn", (12, 36)),
)
# Misreadings of a quick hand's @ before a provider's name. The o's were met; the other characters are listed
# because they are round too.
AT = Confusion(
    "oO0aQecC©®", "@", "bgs.3600@foxmail.com", "2026-11-22: bgs.3600ofoxmail.com, zhb4487owhu.edu.cn", (0, 36)
)

# Rare characters of which readers are sure, although a quick hand wrote a common one.
RARE = (Confusion("毓", "敏", "胡敏洋", "2026-11-27: a name, read 胡毓洋, accepted wrong", (8, 36)),)

# Two strokes side by side, unless a word for a class follows them.
STROKES = (Confusion("Ⅱ", "11", "对11栋建筑", "2026-11-22: 对Ⅱ栋建筑 in long texts of drawn forms", (0, 36)),)
CLASSES = frozenset("类级期型等档线")

# The rest of a seal's outline beside its name: a stroke, which is a character too.
OUTLINE = Confusion("一", "", "", "2026-11-22: names on the rims of seals, with a stroke at an end", (0, 0))


def by_character(rows: Iterable[Confusion]) -> Mapping[str, str]:
    """Map each character that was read to what it may mean."""
    return {char: row.meant for row in rows for char in row.read}


# The digit that each of these letters may be.
DIGITS_OF = by_character(AMONG_DIGITS)
