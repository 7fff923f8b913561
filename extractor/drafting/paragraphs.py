"""Lines of a page that are one sentence to be filled in, which a page breaks where it is full (pure)."""

from collections.abc import Sequence
from itertools import pairwise

from extractor.drafting.blanks import drawn, sentence
from models.geometry import box_around
from models.page import Line, Run, Table
from models.writing import key

_MARGIN = 3.0  # heights of a line: so much of it a word that did not fit leaves free at its end
_INDENT = 0.5  # heights: a line that goes on begins no farther right
_ALIKE = 1.5  # times: two lines of one text differ no more in height
_APART = 2.2  # heights from a line to the one under it
_ENDS = tuple("。；;：:")  # of sentences, and of labels
_NEVER_FIRST = tuple("，,。；;、：:）)．.")  # what begins no line, so that a blank ends the line before
_BLANK = "____"


def broken_sentences(blocks: Sequence[Table | Line]) -> dict[int, Line]:
    """Sentences with blanks whose lines stand under each other among the blocks, in one line, by the place
    of the first; at the places of the others stands an empty one."""
    right = max((block.box.x1 for block in blocks if block.box is not None), default=0.0)
    found: dict[int, Line] = {}
    begun = 0
    for number, (one, other) in enumerate(pairwise(blocks)):
        whole = found.get(begun, one)
        joined = None
        if isinstance(one, Line) and isinstance(whole, Line) and isinstance(other, Line):
            joined = _joined(whole, one, other, right)
        if joined is None:
            begun = number + 1
        else:
            found |= {begun: joined, number + 1: Line()}
    # What stands at a place after the first belongs to the sentence before it.
    kept, is_sentence = dict[int, Line](), False
    for number, line in found.items():
        is_sentence = bool(sentence([drawn(line)], least=1)) if line.spans else is_sentence
        if is_sentence:
            kept[number] = line
    return kept


def _joined(whole: Line, last: Line, line: Line, right: float) -> Line | None:
    """A sentence with one more line under its `last`, if it goes on there."""
    if last.box is None or line.box is None or not key(last.text) or not line.text.strip():
        return None
    height = last.box.y1 - last.box.y0
    other = line.box.y1 - line.box.y0
    if not 0 < line.box.y0 - last.box.y0 < _APART * height or max(height, other) > _ALIKE * min(
        height, other
    ):
        return None
    if last.box.x0 > line.box.x0 + _MARGIN * height:
        return None  # a title in the middle
    is_blank_between = line.text.lstrip().startswith(_NEVER_FIRST) and not last.text.rstrip().endswith("。")
    is_full = last.box.x1 > right - _MARGIN * height and not last.text.rstrip().endswith(_ENDS)
    if not is_blank_between and not (is_full and line.box.x0 < last.box.x0 + _INDENT * height):
        return None
    blank = [Run(text=_BLANK)] * (is_blank_between and not drawn(last).endswith(("_", "＿")))
    spans = (*whole.spans, *blank, *line.spans)
    return Line(spans=spans, box=box_around((whole.box, line.box)))
