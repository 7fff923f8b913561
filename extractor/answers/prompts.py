"""Where on the page the words stand behind which, or over which, somebody is to stamp or sign (pure)."""

import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from extractor.answers.cell_parts import find_words
from extractor.text.passage import Keyed, Passage
from models.page import Box
from models.writing import key

_LEAST = 3  # characters of a prompt that tell it


def find_prompt(text: str | None, aliases: Sequence[str], whole: Passage) -> tuple[int, Box] | None:
    """The page and box of a field's prompt: exact or misread, or the longest beginning of it that stands
    there."""
    keyed = Keyed.of(whole.text)
    texts = [one for one in (text, *aliases) if one]
    found = find_words(keyed, texts, 0)
    for wanted in map(key, texts):
        for length in range(len(wanted), _LEAST - 1, -1):
            at = keyed.key.find(wanted[:length]) if found is None else -1
            if at >= 0:
                found = at, at + length
    if found is None:
        return None
    # What was found nearly may begin in what stands before the prompt, or end in what is written behind it.
    first, last = found
    own = set().union(*map(key, texts))
    while last - first > 1 and keyed.key[last - 1] not in own:
        last -= 1
    while last - first > 1 and keyed.key[first] not in own:
        first += 1
    start, end = keyed.range(first, last)
    while (
        end < len(whole.text)
        and not whole.text[end].isspace()
        and unicodedata.category(whole.text[end]).startswith("P")
    ):
        end += 1
    boxes = [span.box for span in whole.spans[start:end] if span and span.box]
    page = whole.places[start].page
    if not boxes or page is None:
        return None
    level = [box for box in boxes if box.y0 < boxes[0].y1 and boxes[0].y0 < box.y1]
    # A prompt that is partly hidden may have been found in what is written behind it, but is no longer than
    # its characters.
    steps = [after.x0 - before.x0 for before, after in pairwise(level)]
    furthest = level[0].x0 + max(map(len, texts)) * (median(steps) if steps else level[0].x1 - level[0].x0)
    right = max(level[0].x1, min(furthest, max(box.x1 for box in level)))
    return page, Box(x0=boxes[0].x0, y0=boxes[0].y0, x1=right, y1=boxes[0].y1)
