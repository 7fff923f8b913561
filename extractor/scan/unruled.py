"""Finds the rows of a form without rules. Its labels stand one under the other, with their answers beside
them.

A row begins with its label only where the label's first line is level with that of its answer. The rows are a
guess, and a reader of their cells must be told so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.geometry import Rect

Gray = NDArray[np.uint8]

# A height is the median height of the page's lines of text.
_OFF = 0.6  # heights: the beginnings of lines in one column differ by no more
_LEADING = 0.3  # heights: greatest gap between the lines of one label
_LEVEL = 0.45  # heights: tops of level lines differ by no more
_INSET = 0.2  # heights: the top and the bottom of a line's box that hold no ink
_ROOM = 0.4  # heights: room around the text of the table
_GAP = (0.4, 0.1)  # heights before the beginning of an answer: from the first to the second there is no ink
_FEWEST = 4  # labels: a form has as many
_SHORT = 0.8  # heights: a line of a label that ends so much before the longest one is its last
_MOST_LINES = 8  # lines of a label at most; a longer text is prose
_ANSWERED = 0.6  # least share of the labels with an answer that begins in the column of answers
_ASKEW = 0.15  # greatest share of the labels with text beside them that is not level
_SEARCHED = 1.2  # heights: a row may begin so far above its label


@dataclass(frozen=True)
class Rows:
    """The rows of a table in pixels: `ys` are their edges from the top down, with the last one's lower edge.
    `left` and `right` are the edges of the table."""

    ys: tuple[float, ...]
    left: float
    right: float


def find_rows(texts: Sequence[Rect], ink: Gray) -> Rows | None:
    """Return the rows of a form without rules, or None where the page is no such form. `texts` are bounding
    boxes of lines of text in pixels; `ink` is above 0 where the page has ink, height x width."""
    if len(texts) < 2 * _FEWEST:
        return None
    high = float(np.median([y1 - y0 for _, y0, _, y1 in texts]))
    left = _column([x0 for x0, *_ in texts], _OFF * high)
    answers = _column(
        [x0 for x0, *_ in texts if left is not None and x0 > left + 2 * high], _OFF * high, True
    )
    if left is None or answers is None:
        return None
    labels = _blocks([box for box in texts if abs(box[0] - left) <= _OFF * high], answers, high)
    beside = [box for box in texts if box[0] > left + 2 * high]
    level = [[box for box in beside if abs(box[1] - block[0][1]) < _LEVEL * high] for block in labels]
    starts = [
        any(abs(box[0] - answers) <= _OFF * high for box in boxes) or _goes_over(block[0], answers, ink, high)
        for block, boxes in zip(labels, level, strict=True)
    ]
    if not any(starts):
        return None
    # What stands over the first answer is a heading, or a letter.
    first = starts.index(True)
    labels, level, starts = labels[first:], level[first:], starts[first:]
    askew = sum(not boxes and _has_beside(block, beside) for block, boxes in zip(labels, level, strict=True))
    if (
        len(labels) < _FEWEST
        or sum(starts) < _ANSWERED * len(labels)
        or askew > _ASKEW * len(labels)
        or any(len(block) > _MOST_LINES for block in labels)
    ):
        return None
    top = labels[0][0][1] - _ROOM * high
    below = [box for box in texts if box[1] > top]
    ys = [top, *(_edge(block[0][1], below, high) for block in labels[1:])]
    return Rows(
        (*ys, max(box[3] for box in below) + _ROOM * high),
        min(box[0] for box in below) - _ROOM * high,
        max(box[2] for box in below) + _ROOM * high,
    )


def _column(starts: Sequence[float], off: float, fullest: bool = False) -> float | None:
    """Return where a column begins, in pixels: the leftmost at which enough lines begin, or the fullest."""
    ordered = sorted(starts)
    counts = [(sum(abs(other - one) <= off for other in ordered), one) for one in ordered]
    enough = [(count, one) for count, one in counts if count >= _FEWEST]
    if not enough:
        return None
    return max(enough, key=lambda pair: pair[0])[1] if fullest else enough[0][1]


def _blocks(lines: Sequence[Rect], answers: float, high: float) -> list[list[Rect]]:
    """Group lines into labels. The lines of one label follow each other closely, and only the last is
    short."""
    full = max((x1 for _, _, x1, _ in lines if x1 < answers), default=answers) - _SHORT * high
    blocks: list[list[Rect]] = []
    for line in sorted(lines, key=lambda box: box[1]):
        if blocks and line[1] - blocks[-1][-1][3] < _LEADING * high and blocks[-1][-1][2] > full:
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return blocks


def _goes_over(line: Rect, answers: float, ink: Gray, high: float) -> bool:
    """Tell whether a label and its answer were taken for one line, though a gap stands before the answer."""
    x0, y0, x1, y1 = line
    if not x0 < answers < x1 - high:
        return False
    gap = ink[round(y0) : round(y1), round(answers - _GAP[0] * high) : round(answers - _GAP[1] * high)]
    return not (gap > 0).any()


def _has_beside(block: Sequence[Rect], beside: Sequence[Rect]) -> bool:
    """Tell whether any of the boxes `beside` shares rows with the first line of a label."""
    _, y0, _, y1 = block[0]
    return any(min(box[3], y1) - max(box[1], y0) > (y1 - y0) / 4 for box in beside)


def _edge(label: float, boxes: Sequence[Rect], high: float) -> float:
    """Return the upper edge, in pixels, of the row whose label begins at `label`: the nearest place above
    where no line stands."""
    for y in np.arange(label + _INSET * high, label - _SEARCHED * high, -1.0):
        if not any(y0 + _INSET * high < y < y1 - _INSET * high for _, y0, _, y1 in boxes):
            return float(y)
    return label
