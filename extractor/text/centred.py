"""Parts the answers of a form without rules among its labels, also where labels stand beside the middle of
their answers, as in cells that are centred from top to bottom (pure).

A label beside the middle of an answer of several lines tells where its row is, not where it begins. So all
labels are laid over all answers at once: each answer is a stretch of lines whose middle is level with that
of its label, or of the row down to the next answer. Between two of them more paper is bare than between the
lines of one, and the last line of an answer seldom fills the column. The best way is found by dynamic
programming. Where labels level with the first lines of answers explain the page as well, there is none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from statistics import mean, quantiles

from models.geometry import Rect

# All are in heights, that is the usual height of a line. A cost is how far a label stands off its answer.
_SHARED = 0.25  # lines that have more in common stand side by side
_EMPTY = 1.0  # cost of a label without an answer: more than that of any cut
_ABOVE = 0.8  # a row begins at most so far above its first line
_WEIGHT = 0.3  # cost of a cut where no more paper is bare than between lines of one answer
_CLOSE = 4  # a quarter of the gaps are no wider than those between lines of one answer
_WIDE = 0.5  # a gap that is wider than usual by so much costs nothing
_FULL = 0.6  # cost of a cut behind a line that fills the column
_ENDING = 2.0  # a line that is so much shorter than the longest does not fill it
_LAST = 0.5  # cost of a last row that goes on below what stands in it
_MEAN, _MOST = 0.4, 0.8  # labels that stand farther off their answers, in the mean or any, are none
_APART = 0.4  # labels with answers that are nearer may be lines of one
_ROOM = 0.4  # room above the first row


@dataclass(frozen=True)
class Band:
    """What stands side by side at one height: its edges in pixels, and whether it is a single line."""

    top: float
    bottom: float
    left: float = 0.0
    right: float = 0.0
    is_line: bool = True

    @property
    def wide(self) -> float:
        """Pixels from its left to its right end."""
        return self.right - self.left

    @property
    def middle(self) -> float:
        """Half way down, in pixels."""
        return (self.top + self.bottom) / 2


def bands_of(boxes: Sequence[Rect], high: float) -> list[Band]:
    """Return the bands of lines (bounding boxes in pixels), from the top down. `high`: the usual height of
    a line in pixels."""
    found: list[Band] = []
    for x0, y0, x1, y1 in sorted(boxes, key=lambda box: box[1]):
        if found and found[-1].bottom - y0 > _SHARED * high:
            last = found[-1]
            found[-1] = Band(last.top, max(last.bottom, y1), min(last.left, x0), max(last.right, x1), False)
        else:
            found.append(Band(y0, y1, x0, x1))
    return found


def parted(
    labels: Sequence[Sequence[Rect]], answers: Sequence[Band], high: float, own: Mapping[int, int]
) -> tuple[int, ...] | None:
    """Return where the answers of each label begin (numbers of answers), whether it stands beside the middle
    of them or is level with the first; None where there is no such way. What stands before the first
    one's is of no label. `own`: {number of an answer: number of the label that it must belong to}; -1 means
    that it must stand before."""
    cost, starts = min(_Page(tuple(answers), high, own).ways(labels))
    return starts if cost < inf else None


def tops_of(labels: Sequence[Sequence[Rect]], answers: Sequence[Band], high: float) -> list[float] | None:
    """Return the upper edge, in pixels, of the row of each label (boxes of its lines, in pixels); None where
    labels don't stand beside the middle of their answers. What stands above the first edge is of no label.
    `high`: the usual height of a line in pixels."""
    if not labels or not answers:
        return None
    blocks = [_whole(block) for block in labels]
    page = _Page(tuple(answers), high)
    (cost, starts), (level, _) = page.ways(labels)
    groups = [*pairwise((*starts, len(answers)))]
    answered = [block for block, (i, j) in zip(blocks, groups, strict=True) if i < j]
    if any(below.top - above.bottom < _APART * high for above, below in pairwise(answered)):
        return None
    offs = [page.off(block, i, j) for block, (i, j) in zip(blocks, groups, strict=True) if i < j]
    if not offs or cost >= level or mean(offs) > _MEAN or max(offs) > _MOST:
        return None
    begins = [min([block.top, *(one.top for one in answers[i:j])])
              for block, (i, j) in zip(blocks, groups, strict=True)]  # fmt: skip
    ends = [max([block.bottom, *(one.bottom for one in answers[i:j])])
            for block, (i, j) in zip(blocks, groups, strict=True)]  # fmt: skip
    above = answers[starts[0] - 1].bottom if starts[0] else -inf
    first = max(begins[0] - _ROOM * high, (above + begins[0]) / 2)
    tops = [first, *((end + begin) / 2 for end, begin in zip(ends, begins[1:], strict=False))]
    # Rows that reach into each other are none: what stands in both would be read twice.
    return tops if all(a < b for a, b in pairwise(tops)) else None


_Way = tuple[float, tuple[int, ...]]  # what it costs, and where the answers of each label begin


def _whole(label: Sequence[Rect]) -> Band:
    """Return the band from the top of a label's first line to the bottom of its last."""
    return Band(label[0][1], label[-1][3])


@dataclass(frozen=True)
class _Page:
    """The answers of a page from the top down, the usual height of a line, and of some answers which label
    they must belong to."""

    answers: tuple[Band, ...]
    high: float
    own: Mapping[int, int] = field(default_factory=dict)

    def off(self, label: Band, i: int, j: int) -> float:
        """Return how far a label stands off the middle of the answers from `i` to before `j`, or of their
        row, in heights."""
        if i == j:
            return _EMPTY
        first, last = self.answers[i], self.answers[j - 1]
        off = label.middle - (first.top + last.bottom) / 2
        if j < len(self.answers):
            # Both rows begin as far above their text, and so does the middle of this one.
            above = (first.top + self.answers[j].top) / 2 - label.middle
            return min(abs(off), max(-above, above - _ABOVE * self.high, 0.0)) / self.high
        # The last row may have room below what stands in it, or go on over the page.
        open_ended = _LAST if off > 0 else inf
        return min(abs(off) / self.high, open_ended, abs(label.top - first.top) / self.high)

    def off_head(self, head: float, i: int, j: int) -> float:
        """Return how far the first line of a label, with its middle at `head`, stands off that of the answers
        from `i` to before `j`, in heights."""
        return _EMPTY if i == j else abs(head - self.answers[i].middle) / self.high

    def ways(self, labels: Sequence[Sequence[Rect]]) -> tuple["_Way", "_Way"]:
        """Return the best ways where labels stand beside the middle of their answers, and where each one's
        first line is level with that of its answer."""
        blocks = [_whole(block) for block in labels]
        heads = [(block[0][1] + block[0][3]) / 2 for block in labels]
        return (
            self.best(len(labels), lambda k, i, j: self.off(blocks[k], i, j)),
            self.best(len(labels), lambda k, i, j: self.off_head(heads[k], i, j)),
        )

    def best(self, count: int, off: Callable[[int, int, int], float]) -> "_Way":
        """Return the least cost of parting the answers among so many labels, and where each one's begin.
        `off` tells how far a label is off the answers from one to before another."""
        size = len(self.answers)
        cuts = [0.0 if not i or i == size else self._cut(i) for i in range(size + 1)]
        # The answers of label k begin at i: the cost from there down, and where those of the next begin.
        below = [0.0 if i == size else inf for i in range(size + 1)]
        ways: list[list[int]] = []
        for k in range(count - 1, -1, -1):
            ends = [self._end(k, i) for i in range(size + 1)]
            costs = [
                [off(k, i, j) + below[j] if j <= end else inf for j in range(i, size + 1)]
                for i, end in enumerate(ends)
            ]
            chosen = [row.index(min(row)) for row in costs]
            below = [cuts[i] + row[n] for i, (row, n) in enumerate(zip(costs, chosen, strict=True))]
            ways.insert(0, [i + n for i, n in enumerate(chosen)])
        free = max((n + 1 for n, label in self.own.items() if label < 0), default=0)
        held = min((n for n, label in self.own.items() if label >= 0), default=size)
        below = [one if free <= n <= held else inf for n, one in enumerate(below)]
        at = below.index(min(below))
        cost, starts = below[at], []
        for way in ways:
            starts.append(at)
            at = way[at]
        return cost, tuple(starts)

    def _end(self, label: int, i: int) -> int:
        """Return where the answers of a label that begin at `i` end at the latest."""
        others = (n for n in range(i, len(self.answers)) if self.own.get(n, label) != label)
        return next(others, len(self.answers))

    def _cut(self, i: int) -> float:
        """Return what it costs that one answer ends before the answer `i` of the page."""
        gaps = [below.top - above.bottom for above, below in pairwise(self.answers)]
        usual = quantiles(gaps, n=_CLOSE, method="inclusive")[0] if len(gaps) > 1 else gaps[0]
        wider = (gaps[i - 1] - usual) / (_WIDE * self.high)
        full = max(one.wide for one in self.answers) - _ENDING * self.high
        # Several answers in one row reach across it as well.
        is_full = self.answers[i - 1].is_line and self.answers[i - 1].wide > full
        return _WEIGHT * (1 - min(max(wider, 0.0), 1.0)) + _FULL * is_full
