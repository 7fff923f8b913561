"""Finds the rows of a form without rules. Its labels stand one under the other, with their answers beside
them.

A row begins with its label where the label's first line is level with that of its answer; `centred` tells
rows whose labels stand beside the middle of their answers. The rows are a guess, and a reader of their cells
must be told so. A page on which a form goes on has too few labels to tell its columns; those of the page
before tell them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from extractor.scan.carried import Columns
from extractor.text.centred import bands_of, tops_of
from models.geometry import Rect

Gray = NDArray[np.uint8]

# A height is the median height of the page's lines of text.
_OFF = 0.6  # heights: the beginnings of lines in one column differ by no more
_LEADING = 0.3  # heights: greatest gap between the lines of one label
_LOOSER = (
    1.15  # times the usual gap between lines that follow each other: those of a label stand no farther apart
)
_SOME = 3  # steps between the lines of answers that tell the usual one
_LEVEL = 0.45  # heights: tops of level lines differ by no more
_SAME = 0.3  # heights: middles of what stands side by side differ by no more
_INSET = 0.2  # heights: the top and the bottom of a line's box that hold no ink
_ROOM = 0.4  # heights: room around the text of the table
_GAP = 0.3  # heights: the least gap before the beginning of an answer
_AROUND = (1.0, 0.35)  # heights before and behind the beginning of answers: there the gap is, for all skew
_FEWEST = 4  # labels: a form has as many
_SHORT = 1.4  # heights: a line of a label that is so much shorter than the longest one is its last
_ENDING = 2.0  # heights: a line that ends so much before the form does has not run on into the next
_MOST_LINES = 8  # lines of a label at most; a longer text is prose
_ANSWERED = 0.6  # least share of the labels with an answer that begins in the column of answers
_ASKEW = 0.15  # greatest share of the labels with text beside them that is not level
_SEARCHED = 1.2  # heights: a row may begin so far above its label
_MOVED = 2.0  # heights: a sheet lies no farther from where the one before it lay
_LOW_ROW = 0.5  # heights: a row is no lower


@dataclass(frozen=True)
class Rows:
    """The rows of a table in pixels: `ys` are their edges from the top down, with the last one's lower edge.
    `left` and `right` are the edges of the table, `answers` is the border before its answers."""

    ys: tuple[float, ...]
    left: float
    right: float
    answers: float


def find_rows(texts: Sequence[Rect], ink: Gray, before: Columns | None = None) -> Rows | None:
    """Return the rows of a form without rules, or None where the page is no such form. `texts` are bounding
    boxes of lines of text in pixels; `ink` is above 0 where the page has ink, height x width. `before`: the
    columns of the form that the page before ends with."""
    if not texts:
        return None
    page = _Page(tuple(texts), ink, float(np.median([y1 - y0 for _, y0, _, y1 in texts])))
    rows = page.rows() if len(texts) >= 2 * _FEWEST else None
    return page.rows_on(before) if rows is None and before is not None else rows


@dataclass(frozen=True)
class _Page:
    """A page: the boxes of its lines, its ink, and the usual height of a line."""

    texts: tuple[Rect, ...]
    ink: Gray
    high: float

    def rows(self) -> Rows | None:
        """Return the rows, told by the page's own labels."""
        starts = [box[0] for box in self.texts]
        # Where most labels were taken for one line with their answers, hardly a line begins with an answer.
        behind = [x for box in self.texts for x in self._begins(box)]
        for answers in (*self._columns(starts), *self._columns(behind)):
            labels = self._aligned(self._left_of(answers, self.texts))
            if len(labels) >= _FEWEST:
                return self._rows_of(labels, answers)
        return None

    def _rows_of(self, lines: Sequence[Rect], answers: float) -> Rows | None:
        high = self.high
        labels = self._blocks(lines, answers, self.texts)
        if (rows := self._centred(labels, answers)) is not None:
            return rows
        beside = [box for box in self.texts if box[0] > answers - _OFF * high]
        level = [[box for box in beside if self._stands_beside(box, block)] for block in labels]
        starts = [
            any(abs(box[0] - answers) <= _OFF * high for box in boxes)
            or any(self.goes_over(box, answers) for box in self.texts if _shares(box, block[0]))
            for block, boxes in zip(labels, level, strict=True)
        ]
        if not any(starts):
            return None
        # What stands over the first answer is a heading, or a letter.
        first = starts.index(True)
        labels, level, starts = labels[first:], level[first:], starts[first:]
        askew = sum(
            not boxes and _has_beside(block, beside) for block, boxes in zip(labels, level, strict=True)
        )
        if (
            len(labels) < _FEWEST
            or sum(starts) < _ANSWERED * len(labels)
            or askew > _ASKEW * len(labels)
            or any(len(block) > _MOST_LINES for block in labels)
        ):
            return None
        top = labels[0][0][1] - _ROOM * high
        below = [box for box in self.texts if box[1] > top]
        return Rows(
            (*self._edges(top, labels[1:], below), max(box[3] for box in below) + _ROOM * high),
            min(box[0] for box in below) - _ROOM * high,
            max(box[2] for box in below) + _ROOM * high,
            self._border(answers, below),
        )

    def _centred(self, labels: Sequence[Sequence[Rect]], answers: float) -> Rows | None:
        """Return the rows of labels that stand beside the middle of their answers; None for others."""
        high = self.high
        beside = self._answers_of(answers, self.texts)
        # What stands over the first answer is a heading, or a letter.
        while labels and not _has_beside(labels[0], beside):
            labels = labels[1:]
        tops = self._tops(labels, beside)
        if tops is None or len(labels) < _FEWEST:
            return None
        below = [box for box in self.texts if box[3] > tops[0]]
        ys = (*tops, max(box[3] for box in below) + _ROOM * high)
        started = [
            any(abs(box[0] - answers) <= _OFF * high or box[0] < answers
                for box in beside if top < (box[1] + box[3]) / 2 < bottom)
            for top, bottom in pairwise(ys)
        ]  # fmt: skip
        if sum(started) < _ANSWERED * len(labels):
            return None
        return Rows(
            ys,
            min(box[0] for box in below) - _ROOM * high,
            max(box[2] for box in below) + _ROOM * high,
            self._border(answers, below),
        )

    def _answers_of(self, answers: float, texts: Sequence[Rect]) -> list[Rect]:
        """Return the lines in the column of answers, and those that go over into it from that of labels."""
        return [box for box in texts if box[0] > answers - _OFF * self.high or self.goes_over(box, answers)]

    def _tops(self, labels: Sequence[Sequence[Rect]], beside: Sequence[Rect]) -> list[float] | None:
        """Return the upper edges of the rows of labels that stand beside the middle of their answers."""
        if any(len(block) > _MOST_LINES for block in labels):
            return None
        return tops_of(labels, bands_of(beside, self.high), self.high)

    def _stands_beside(self, box: Rect, label: Sequence[Rect]) -> bool:
        """Tell whether a line is level with the first line of a label, or has its middle beside that of a
        label of several lines."""
        own, whole = box[1] + box[3], label[0][1] + label[-1][3]
        return abs(box[1] - label[0][1]) < _LEVEL * self.high or (
            len(label) > 1 and abs(own - whole) / 2 < _SAME * self.high
        )

    def rows_on(self, before: Columns) -> Rows | None:
        """Return the rows on a page on which a form goes on that had its columns `before`. A line across both
        columns ends it."""
        answers = self._answers_near(before)
        if answers is None:
            return None
        ended = min((box[1] for box in self.texts if self._crosses(box, answers)), default=np.inf)
        texts = [box for box in self.texts if box[1] < ended]
        if not any(box[0] > answers - _OFF * self.high or self.goes_over(box, answers) for box in texts):
            return None
        labels = self._blocks(self._left_of(answers, texts), answers, texts)
        if any(len(block) > _MOST_LINES for block in labels):
            return None
        top = min(box[1] for box in texts) - _ROOM * self.high
        beside = self._answers_of(answers, texts)
        tops = self._tops(labels, beside) if labels else None
        if tops is None:
            edges = self._edges(top, labels, texts)
        elif any(box[3] < tops[0] for box in beside):
            edges = [top, *tops]
        else:
            edges = [top, *tops[1:]]
        return Rows(
            (*edges, max(box[3] for box in texts) + _ROOM * self.high),
            min(before.left, *(box[0] - _ROOM * self.high for box in texts)),
            max(before.right, *(box[2] + _ROOM * self.high for box in texts)),
            self._border(answers, texts),
        )

    def _answers_near(self, before: Columns) -> float | None:
        """Return where answers begin near the column that they had `before`: the place at which most lines
        begin, or go on behind a gap."""
        near = _MOVED * self.high
        found = [x for box in self.texts for x in self._begins(box) if abs(x - before.answers) <= near]
        counts = [(sum(abs(x - one) <= _OFF * self.high for x in found), -abs(one - before.answers), one)
                  for one in found]  # fmt: skip
        return max(counts)[2] if counts else None

    def _begins(self, box: Rect) -> list[float]:
        """Return where in a line writing begins: at its start, and behind each gap."""
        x0, y0, x1, y1 = (round(side) for side in box)
        inked = np.flatnonzero((self.ink[max(0, y0) : y1, max(0, x0) : x1] > 0).any(axis=0)) + max(0, x0)
        behind = inked[1:][np.diff(inked) > _GAP * self.high]
        return [box[0], *(float(x) for x in behind)]

    def _columns(self, starts: Sequence[float]) -> list[float]:
        """Return where columns begin, in pixels, the fullest first."""
        ordered = sorted(starts)
        counts = [(sum(abs(x - one) <= _OFF * self.high for x in ordered), one) for one in ordered]
        found: list[float] = []
        for count, one in sorted(counts, key=lambda pair: -pair[0]):
            if count >= _FEWEST and not any(abs(one - other) <= 2 * _OFF * self.high for other in found):
                found.append(one)
        return found

    def _left_of(self, answers: float, texts: Sequence[Rect]) -> list[Rect]:
        """Return the lines left of the answers. Where a label and its answer were taken for one line, its
        label is left."""
        ends = ((box, self._label_end(box, answers)) for box in texts)
        return [(x0, y0, end, y1) for (x0, y0, _, y1), end in ends if end is not None]

    def _aligned(self, lines: Sequence[Rect]) -> list[Rect]:
        """Return the lines that begin together, end together, or have their middles one under the other,
        whichever are most."""
        places: list[Callable[[Rect], float]] = [
            lambda box: box[0], lambda box: box[2], lambda box: (box[0] + box[2]) / 2,
        ]  # fmt: skip
        groups = [
            [box for box in lines if abs(place(box) - place(one)) <= _OFF * self.high]
            for place in places
            for one in lines
        ]
        return max(groups, key=len, default=[])

    def _blocks(self, lines: Sequence[Rect], answers: float, texts: Sequence[Rect]) -> list[list[Rect]]:
        """Group lines into labels. The lines of one label follow each other closely, and only the last is
        short. A line with an answer of its own beside it begins a label, if the answer above had ended."""
        full = max((x1 - x0 for x0, _, x1, _ in lines), default=0.0) - _SHORT * self.high
        begun = (
            box for box in texts if abs(box[0] - answers) <= _OFF * self.high or self.goes_over(box, answers)
        )
        beside = sorted(begun, key=lambda box: box[1])
        ordered = sorted(lines, key=lambda box: box[1])
        steps = self._steps(beside)
        if len(steps) < _SOME:
            steps += self._steps(ordered)
        usual = _LOOSER * float(np.median(steps)) if steps else 0.0
        end = max((box[2] for box in texts), default=0.0) - _ENDING * self.high
        blocks: list[list[Rect]] = []
        for line in ordered:
            above = blocks[-1][-1] if blocks else None
            # An answer ends early, and another begins beside this line.
            ended = above is not None and _end_of(above, texts, answers, end) < end
            ended &= any(abs(_step(line, box)) < _SAME * self.high for box in beside)
            follows = above is not None and (
                line[1] - above[3] < _LEADING * self.high or _step(above, line) < usual
            )
            if above and follows and above[2] - above[0] > full and not ended:
                blocks[-1].append(line)
            else:
                blocks.append([line])
        return blocks

    def _steps(self, column: Sequence[Rect]) -> list[float]:
        """Return the steps from line to line of a column, from the top down, where they follow closely."""
        return [_step(above, below) for above, below in pairwise(column) if below[1] - above[3] < self.high]

    def goes_over(self, line: Rect, answers: float) -> bool:
        """Tell whether a label and its answer were taken for one line, though a gap stands before the
        answer."""
        return line[2] > answers + self.high / 2 and self._label_end(line, answers) is not None

    def _label_end(self, line: Rect, answers: float) -> float | None:
        """Return where a line that begins left of the answers ends, or its label does if it goes on behind a
        gap; None for another line."""
        x0, y0, x1, y1 = line
        if x0 > answers - self.high:
            return None
        first, last = self._window(answers)
        if x1 < first:
            return x1
        inked = np.asarray((self.ink[round(y0) : round(y1), first:last] > 0).any(axis=0), bool)
        start, length = _longest(~inked)
        if length >= _GAP * self.high:
            return float(first + start)
        return x1 if x1 <= answers + self.high / 2 else None

    def _window(self, answers: float) -> tuple[int, int]:
        """Return from where to where the gap before the answers is sought, in pixels."""
        return max(0, round(answers - _AROUND[0] * self.high)), round(answers + _AROUND[1] * self.high)

    def _border(self, answers: float, texts: Sequence[Rect]) -> float:
        """Return the place between labels and answers that the writing of the fewest lines crosses."""
        first, last = self._window(answers)
        rows = [
            (self.ink[round(y0) : round(y1), first:last] > 0).any(axis=0)
            for x0, y0, x1, y1 in texts
            if x0 < last and x1 > first
        ]
        if not rows:
            return (first + last) / 2
        count = np.sum(rows, axis=0)
        start, length = _longest(count == count.min())
        return first + start + length / 2

    def _crosses(self, line: Rect, answers: float) -> bool:
        """Tell whether a line goes on from one column into the other."""
        far = _OFF * self.high
        return line[0] < answers - far and line[2] > answers + far and not self.goes_over(line, answers)

    def _edges(self, top: float, labels: Sequence[Sequence[Rect]], texts: Sequence[Rect]) -> list[float]:
        """Return the upper edges of rows, of the first at `top` and of one for each label under it."""
        ys = [top]
        for block in labels:
            edge = self._edge(block[0][1], texts)
            if edge - ys[-1] > _LOW_ROW * self.high:
                ys.append(edge)
        return ys

    def _edge(self, label: float, boxes: Sequence[Rect]) -> float:
        """Return the upper edge, in pixels, of the row whose label begins at `label`: the middle of the
        gap above it in which no line stands."""
        inset = _INSET * self.high
        free = [
            float(y)
            for y in np.arange(label + inset, label - _SEARCHED * self.high, -1.0)
            if not any(y0 + inset < y < y1 - inset for _, y0, _, y1 in boxes)
        ]
        lowest = next(iter(free), label)
        gap = [y for n, y in enumerate(free) if lowest - y == n]
        return gap[len(gap) // 2] if gap else label


def _longest(free: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the start and the length of the longest run of what is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], free, [False]]).astype(np.int8)))
    if not len(edges):
        return 0, 0
    lengths = edges[1::2] - edges[::2]
    return int(edges[::2][lengths.argmax()]), int(lengths.max())


def _shares(one: Rect, other: Rect) -> bool:
    """Tell whether a box shares a quarter of the height of another."""
    return min(one[3], other[3]) - max(one[1], other[1]) > (other[3] - other[1]) / 4


def _has_beside(block: Sequence[Rect], beside: Sequence[Rect]) -> bool:
    """Tell whether any of the boxes `beside` shares rows with the first line of a label."""
    return any(_shares(box, block[0]) for box in beside)


def _step(above: Rect, below: Rect) -> float:
    """Return how far the middle of one line stands above that of another."""
    return (below[1] + below[3] - above[1] - above[3]) / 2


def _is_level(label: Rect, box: Rect) -> bool:
    """Tell whether the middle of a label's line lies in a box."""
    return box[1] < (label[1] + label[3]) / 2 < box[3]


def _end_of(label: Rect, texts: Sequence[Rect], answers: float, end: float) -> float:
    """Return where the text ends that is level with a line of a label, or `end` where there is none."""
    return max((box[2] for box in texts if box[2] > answers and _is_level(label, box)), default=end)
