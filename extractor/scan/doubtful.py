"""Finds the parts of a line that must be read again, where a first try of a squeezed line left doubt.

Reading a line again costs as much as it is wide, and mostly two or three characters are in doubt. So only
these are cut out, with neighbours that are sure, at columns without ink. The neighbours at both ends must
read as before, or the cut went through a character and the whole line is read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from extractor.scan.readings import Reading

if TYPE_CHECKING:
    # Only for type checkers: reading a Word file must not load a numerical library.
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

_BESIDE = 2  # sure characters that are read again on either side of those in doubt
_MOST = 0.6  # share of a line: where more of it would be read again, all is
_CLEAREST = 0.25  # share of a line's contrast: columns with less are without ink


@dataclass(frozen=True)
class Part:
    """A part of a line: the columns from `left` to `right` of its picture, and the characters from `first` to
    before `end` of its reading."""

    left: int
    right: int
    first: int
    end: int

    def cut_out(self, line: "Picture") -> "Picture":
        """Return this part of the picture of its line."""
        return line[:, self.left : self.right]


def parts(line: "Picture", reading: Reading, unsure: Sequence[int]) -> list[Part]:
    """Return the parts of `line` that hold the characters `unsure`; none if all of it must be read again."""
    blank = _blank_columns(line)
    found: list[Part] = []
    for number in unsure:
        first, left = _cut(reading, blank, unsure, number, -1)
        end, right = _cut(reading, blank, unsure, number, 1)
        if found and first <= found[-1].end:
            found[-1] = replace(found[-1], right=right, end=end)
        else:
            found.append(Part(left, right, first, end))
    return found if sum(part.right - part.left for part in found) <= _MOST * line.shape[1] else []


def _cut(
    reading: Reading, blank: "NDArray[np.bool_]", unsure: Sequence[int], number: int, step: int
) -> tuple[int, int]:
    """Return where the part around character `number` ends towards `step` (-1 left, 1 right): before which
    character, and in which column."""
    glyphs, width = reading.glyphs, len(blank)
    sure = 0
    while True:
        beyond = number + step
        if not 0 <= beyond < len(glyphs):
            return (0, 0) if step < 0 else (len(glyphs), width)
        sure = 0 if number in unsure else sure + 1
        if sure >= _BESIDE and beyond not in unsure:
            low, high = sorted((round(glyphs[number].at * width), round(glyphs[beyond].at * width)))
            gap = _widest(blank, low, high)
            if gap is not None:
                return max(number, beyond), gap
        number = beyond


def _widest(blank: "NDArray[np.bool_]", low: int, high: int) -> int | None:
    """Return the middle of the widest run of blank columns between two columns, if there is one."""
    best, start, middle = 1, None, None
    for column in range(low, high + 1):
        if column < high and blank[column]:
            start = column if start is None else start
        elif start is not None:
            if column - start > best:
                best, middle = column - start, (start + column) // 2
            start = None
    return middle


def _blank_columns(line: "Picture") -> "NDArray[np.bool_]":
    """Return for each column of a line whether it has no ink."""
    import numpy as np

    gray = line[:, :, 0]
    darkest = gray.min(axis=0).astype(np.int16)
    paper = int(np.percentile(gray, 90))
    bar = paper - _CLEAREST * max(paper - int(gray.min()), 1)
    return np.asarray(darkest > bar)


def patched(line: "Picture", reading: Reading, again: Sequence[tuple[Part, Reading]]) -> Reading | None:
    """Return the reading with what its parts say when read `again`; None if a part's ends read otherwise
    than before."""
    width = line.shape[1]
    glyphs = list(reading.glyphs)
    for part, new in sorted(again, key=lambda pair: -pair[0].first):
        old = glyphs[part.first : part.end]
        if not new.glyphs:
            return None
        if part.first > 0 and new.glyphs[0].text != old[0].text:
            return None
        if part.end < len(reading.glyphs) and new.glyphs[-1].text != old[-1].text:
            return None
        share = (part.right - part.left) / width
        glyphs[part.first : part.end] = [
            replace(glyph, at=part.left / width + glyph.at * share) for glyph in new.glyphs
        ]
    return Reading(tuple(glyphs))
