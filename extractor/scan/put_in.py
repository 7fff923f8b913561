"""Puts what a pen wrote between the lines where it belongs: a new value above one that was struck out, and a
few characters above or below the place in a line where they were left out.

A person looks at each of these places, since all of them bear strokes of a pen. Sizes are in ems: an em is
the width of a Chinese character of the line.
"""

from dataclasses import replace

from extractor.scan.flat import FlatPage, Place, ReadLine
from extractor.scan.pen_marks import has_boxes, is_in_row
from extractor.scan.readings import Glyph
from extractor.text.tick_signs import is_chinese
from models.geometry import Rect
from models.page import Box

_MOST = 0.5  # share of its characters: a line with more of them struck was struck out
_GAP = 0.8  # ems: a new value stands no farther above the struck one
_WIDEST = 1.3  # times the usual em of the page: greatest em
_INTO = 0.5  # ems that it reaches at most into the struck one
_OVER = 0.5  # share of its width: so much of it stands over the struck one
_ON_EDGE = 0.15  # ems: what is put in stands as near to an edge of the cell where it seems to be
_INSERTED = 3  # characters at most
_LEGIBLE = 0.5  # least confidence of what is put in
_NEAR = 0.9  # ems: farthest above or below the line that they belong to
_CLOSER = 0.4  # ems: they may reach so far into the line
_INDENT = 0.4  # ems: they begin farther right than the line
_BEYOND = 1.2  # ems that it may reach beyond either end of a line that is the whole answer
_OFF_MIDDLE = 0.4  # ems: the middle of a centred line is no farther from that of its cell
_EVEN = 0.15  # ems: by so little the steps differ from line to line of a text
_BEGINS = 1.0  # ems: a line that begins so near to the left edge of its cell is a row of its text
_ALIGNED = 0.4  # ems: a line that begins so near to where another of its cell does goes on with that


def put_in(page: FlatPage) -> tuple[FlatPage, tuple[Box, ...]]:
    """Return the page with such lines in their places, and the boxes in points of the lines that got
    characters put in."""
    lines = [_above_struck(line, page) for line in page.lines]
    ticked = {line.place.cell for line in lines if has_boxes(line)}
    boxes: list[Rect] = []
    for line in [one for one in lines if _may_be_inserted(one, page)]:
        if line.place.cell in ticked and _begins_row(line, page):
            continue  # the end of an option that is wrapped
        hosts = [
            one
            for one in lines
            if one is not line
            and one.place.cell not in ticked
            and _takes(one, line, page)
            and is_of_a_kind(one, line)
        ]
        own = [one for one in hosts if one.place.cell == line.place.cell] or hosts
        if len(own) == 1:
            lines[lines.index(own[0])] = spliced_in(own[0], line)
            lines.remove(line)
            boxes += [own[0].place.box, line.place.box]
    return page.reading(lines), tuple(page.in_points(box) for box in boxes)


def is_struck_out(line: ReadLine) -> bool:
    """Tell whether most of a line was struck."""
    return sum(line.struck) > _MOST * len(line.struck)


def _begins_row(line: ReadLine, page: FlatPage) -> bool:
    """Tell whether a line begins where the cell does."""
    return line.place.box[0] - page.inside(line.place)[0] < _BEGINS * line.wide


def _above_struck(line: ReadLine, page: FlatPage) -> ReadLine:
    """Return the line in the cell of the struck line below it, if it was written above that, and stands on
    the edge of the cell in which it seems to be."""
    if line.place.cell is None or any(line.struck):
        return line
    if not is_on_edge(line, page) or is_in_row(line, page):
        return line
    x0, _, x1, _ = line.place.box
    start, end = _core(line, page)
    for other in page.lines:
        if other.place.cell in (None, line.place.cell) or not is_struck_out(other):
            continue
        left, _, right, _ = other.place.box
        em, (top, _) = other.wide, _core(other, page)
        if (
            -_INTO * em < top - end < _GAP * em
            and start < top
            and min(x1, right + em) - max(x0, left - em) > _OVER * (x1 - x0)
        ):
            return replace(line, place=Place(line.place.box, other.place.cell))
    return line


def is_on_edge(line: ReadLine, page: FlatPage) -> bool:
    """Tell whether the characters of a line reach as far as the upper or the lower edge of its cell."""
    if line.place.cell is None:
        return True
    grid, cell = line.place.cell
    _, top, _, bottom = page.ruling.grids[grid].cells[cell].box
    start, end = _core(line, page)
    near = _ON_EDGE * (end - start)
    return end > bottom - near or start < top + near


def _core(line: ReadLine, page: FlatPage) -> tuple[float, float]:
    """Return the top and the bottom of a line's characters in pixels. Its box holds some paper too."""
    _, y0, _, y1 = line.place.box
    # Where two characters stand far apart, their step is no em.
    most = _WIDEST * page.em if page.em else y1 - y0
    middle, half = (y0 + y1) / 2, min(line.wide, y1 - y0, most) / 2
    return middle - half, middle + half


def _may_be_inserted(line: ReadLine, page: FlatPage) -> bool:
    words = line.reading.text.strip()
    return (
        0 < len(words) <= _INSERTED
        and words.isalnum()
        and line.reading.confidence > _LEGIBLE
        and not any(line.struck)
        and (line.place.cell is None or not is_in_row(line, page))
        and not _is_text_of_cell(line, page)
    )


def _is_text_of_cell(line: ReadLine, page: FlatPage) -> bool:
    """Tell whether a line is all that stands in its cell, or its last line, or the first of several at even
    steps, in the middle as the words of a label stand."""
    if line.place.cell is None or not _is_centred(line, page):
        return False
    others = [one for one in page.lines if one is not line and one.place.cell == line.place.cell]
    start, end = _core(line, page)
    if not others:
        grid, cell = line.place.cell
        _, top, _, bottom = page.ruling.grids[grid].cells[cell].box
        return abs(start + end - top - bottom) / 2 < _OFF_MIDDLE * line.wide
    level = line.place.box[1] + line.place.box[3]
    levels = sorted(other.place.box[1] + other.place.box[3] for other in others)
    if len(levels) > 1 and level < levels[0] and abs(level - 2 * levels[0] + levels[1]) < _EVEN * line.wide:
        return all(_is_centred(other, page) and not any(other.struck) for other in others)
    return any(
        not any(other.struck)
        and -_CLOSER * other.wide < start - _core(other, page)[1] < _NEAR * other.wide
        and _is_centred(other, page)
        for other in others
    )


def _takes(host: ReadLine, line: ReadLine, page: FlatPage) -> bool:
    """Tell whether `line` was put in close above or below `host`, and is no line of its own: it begins
    farther right, ends within the other, and no other stands level with it in its cell. It may be as wide as
    a host that is the whole answer."""
    x0, y0, x1, y1 = line.place.box
    left, _, right, _ = host.place.box
    more = len(host.reading.glyphs) - len(line.reading.glyphs)
    if any(host.struck) or host.place.cell is None:
        return False
    # A line that is level with its row is the whole answer, so that what stands above it was put in.
    is_whole = is_in_row(host, page)
    if more <= 0 and not is_whole:
        return False
    em, (top, bottom), (start, end) = host.wide, _core(host, page), _core(line, page)
    if not -_CLOSER * em < max(top - end, start - bottom) < _NEAR * em:
        return False
    # What stands under it may be its own last characters, for which the cell had no room.
    beyond = _BEYOND * em if is_whole and start < top else 0.0
    if not left + _INDENT * em - beyond < x0 < x1 < right + beyond:
        return False
    if not left + _INDENT * em < (x0 + x1) / 2 < right - _INDENT * em:
        return False
    if line.place.cell != host.place.cell and not is_on_edge(line, page):
        return False
    beside = [
        other.place.box
        for other in page.lines
        if other is not line and other is not host and other.place.cell == line.place.cell
    ]
    level = (y0 + y1) / 2
    return not any(box[1] < level < box[3] or abs(box[0] - x0) < _ALIGNED * em for box in beside)


def _is_centred(line: ReadLine, page: FlatPage) -> bool:
    """Tell whether a line stands in the middle of its cell."""
    if line.place.cell is None:
        return False
    grid, cell = line.place.cell
    left, _, right, _ = page.ruling.grids[grid].cells[cell].box
    x0, _, x1, _ = line.place.box
    return abs(x0 + x1 - left - right) / 2 < _OFF_MIDDLE * line.wide


def _number(host: ReadLine, line: ReadLine) -> int:
    """Return how many characters of `host` stand left of the middle of `line`."""
    x0, _, x1, _ = host.place.box
    at = ((line.place.box[0] + line.place.box[2]) / 2 - x0) / (x1 - x0)
    return sum(glyph.at < at for glyph in host.reading.glyphs)


def is_of_a_kind(host: ReadLine, line: ReadLine) -> bool:
    """Tell whether a character beside the place is Chinese as those of `line` are, or none as they are: a
    day's digit that fell out of its line is not put into a prompt."""
    number = _number(host, line)
    kinds = {is_chinese(glyph.text) for glyph in line.reading.glyphs}
    beside = host.reading.glyphs[max(0, number - 1) : number + 1]
    return len(kinds) == 1 and any(
        is_chinese(glyph.text) in kinds for glyph in beside if glyph.text.isalnum()
    )


def spliced_in(host: ReadLine, line: ReadLine) -> ReadLine:
    """Return `host` with the characters of `line` between the two that stand on either side of its middle."""
    glyphs, number = host.reading.glyphs, _number(host, line)
    before, behind = glyphs[max(0, number - 1)].at, glyphs[min(number, len(glyphs) - 1)].at
    new = line.reading.glyphs
    step = (behind - before) / (len(new) + 1)
    added = [
        Glyph(one.text, before + (n + 1) * step, one.confidence, one.others) for n, one in enumerate(new)
    ]
    return host.spliced(number, number, added)
