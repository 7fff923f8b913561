"""Lines under blanks: where a form wants something written. Near a border they would be taken for a part of
it."""

from bisect import bisect_left
from collections.abc import Sequence

from extractor.readers.painted.page import Glyph, Stroke
from extractor.readers.painted.rules import Rule

_THICK = 1.5  # points
_LEAST = 4.0  # points of a line
_BELOW = 0.35  # of a character's height: how far under it its line runs
_EDGE = 1.5  # points by which a line and the blanks on it may end apart


def under_blanks(strokes: Sequence[Stroke], glyphs: Sequence[Glyph]) -> tuple[list[Stroke], list[Rule]]:
    """The strokes that are no such lines, and the lines: each begins and ends with the blanks that stand on
    it, and nothing else does."""
    by_place = sorted(glyphs, key=lambda glyph: glyph.box[0])
    starts = [glyph.box[0] for glyph in by_place]
    kept: list[Stroke] = []
    found: list[Rule] = []
    for stroke in strokes:
        x0, y0, x1, y1 = stroke.box
        if y1 - y0 <= _THICK and x1 - x0 >= _LEAST:
            near = by_place[bisect_left(starts, x0 - _EDGE) : bisect_left(starts, x1 - _EDGE)]
            if _are_blanks([glyph for glyph in near if _is_over(glyph, y1)], x0, x1):
                found.append(Rule((y0 + y1) / 2, x0, x1))
                continue
        kept.append(stroke)
    return kept, found


def _is_over(glyph: Glyph, line: float) -> bool:
    return -0.5 <= line - glyph.box[3] <= _BELOW * max(glyph.box[3] - glyph.box[1], 0.1)


def _are_blanks(over: Sequence[Glyph], start: float, end: float) -> bool:
    return (
        bool(over)
        and not any(glyph.text.strip() for glyph in over)
        and abs(over[0].box[0] - start) <= _EDGE
        and abs(max(glyph.box[2] for glyph in over) - end) <= _EDGE
    )
