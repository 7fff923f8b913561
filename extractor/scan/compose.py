"""Composes a `Page` from what was found on a flat page: tables of cells, lines of text, and ticks at their
places in the text. All boxes of the result are in points."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from extractor import rungs
from extractor.scan.flat import FlatPage, ReadLine
from extractor.scan.grids import Grid
from extractor.scan.lines import in_rows
from extractor.scan.option_rows import inks_of
from extractor.scan.readings import Glyph
from extractor.scan.side_by_side import columns, in_column
from extractor.scan.ticks.beside import Inks, mark_beside
from extractor.scan.ticks.boxes import Square, find_squares
from extractor.text.confusions import TWIN_DIGITS, TWIN_LETTERS
from extractor.text.tick_signs import EMPTY_GLYPHS, MARK_GLYPHS, is_boxlike
from extractor.text.upright import may_be_upright, upright_columns
from models.geometry import Rect, area, box_around, meet
from models.page import Box, Cell, Line, Page, Run, Span, Table, Tick

# Shares of a row's height.
_RAGGED = 1.3  # a full row may end this much early, since punctuation may not begin the next one
_LEADING = 0.8  # the gap between rows of one text is smaller
_NARROWEST = 0.8  # the least width of a word
_ONE_SPACE = 0.9  # a wider gap between two pieces is a blank
_AROUND = 0.65  # of a character: what is farther from its middle is no part of it
_FAINTEST = 215  # grey level: darker pixels are ink
_TIGHT = 1.25  # of a character: how far apart characters that stand under each other are at most
# Shares of the side of a box for ticking.
_WITHIN = 0.2  # a character whose middle lies farther inside the box is the box
_EDGE = 0.15  # a character that looks like a box may lie this far outside
_MARK_BEFORE = 0.6  # a mark reaches this far to the left of the box
_MARK_BEHIND = 0.6  # a mark that was read as a box reaches this far to the right
_SIGN_BEHIND = 1.1  # a mark that was read as a sign of its own reaches this far to the right


def make_page(page: FlatPage, number: int) -> Page:
    """Return `page` as page `number` of a document, with its tables and lines from the top down.

    The tables count from 0. All sizes and boxes are in points of the upright page.
    """
    by_cell: dict[tuple[int, int] | None, list[ReadLine]] = {}
    for line in page.lines:
        by_cell.setdefault(line.place.cell, []).append(line)
    inks = cache(lambda: inks_of(page))
    blocks: list[Table | Line] = [
        _table(
            g,
            grid,
            [_lines(by_cell.get((g, c), []), cell.box, page, inks) for c, cell in enumerate(grid.cells)],
            page,
        )
        for g, grid in enumerate(page.ruling.grids)
    ]
    height, width = page.shape
    blocks += _lines(by_cell.get(None, []), (0.0, 0.0, float(width), float(height)), page, inks, wraps=False)
    places = [place / page.scale for place in columns([grid.box for grid in page.ruling.grids])]
    blocks.sort(key=lambda block: _order(block.box, places))
    return Page(
        number=number,
        width=width / page.scale,
        height=height / page.scale,
        blocks=tuple(blocks),
        frame=page.layers.frame,
    )


def _order(box: Box | None, places: Sequence[float]) -> tuple[int, float, float]:
    return in_column((box.x0, box.y0, box.x1, box.y1), places) if box else (0, 0.0, 0.0)


def _table(index: int, grid: Grid, texts: Sequence[tuple[Line, ...]], page: FlatPage) -> Table:
    cells = tuple(
        Cell(
            row=c.row,
            column=c.column,
            row_span=c.row_span,
            column_span=c.column_span,
            lines=text,
            box=page.in_points(c.box),
            sure=c.sure,
        )
        for c, text in zip(grid.cells, texts, strict=True)
    )
    return Table(index=index, cells=cells, box=page.in_points(grid.box))


def _lines(
    lines: Sequence[ReadLine], within: Rect, page: FlatPage, inks: Inks, wraps: bool = True
) -> tuple[Line, ...]:
    """Return the lines of a cell. Rows that only the width of the cell parts become one line. Between tables
    (`wraps` off) each row stays a line of its own. `within`: the cell, in pixels."""
    rows = in_rows(lines)
    squares = find_squares(rows, within, page) if rows else []
    rows = mark_beside(rows, squares, page, inks)
    read = [
        [[*_characters(piece, marks, page)] for piece in row]
        for row, marks in zip(rows, squares, strict=True)
    ]
    if wraps and not any(squares) and (columns := _upright(rows, read, page)):
        return columns
    items = [_items(*of_row, page) for of_row in zip(rows, squares, read, strict=True)]
    joined: list[list[_Item]] = []
    room = (within[2] - within[0]) - 2 * max(
        0.0, min((row[0].place.box[0] for row in rows), default=0.0) - within[0]
    )
    for number, row in enumerate(items):
        if wraps and number and _goes_on(rows[number - 1], rows[number], row, room):
            joined[-1] += row
        else:
            joined.append(row)
    return tuple(_line(row) for row in joined if row)


def _upright(
    rows: Sequence[Sequence[ReadLine]], read: Sequence[Sequence[Sequence["_Item"]]], page: FlatPage
) -> tuple[Line, ...]:
    """Return a line for each column of words that stand under each other, from the right; none where they
    stand beside each other. `read`: the characters of each piece of the rows."""
    placed = [
        (item, piece.place.box)
        for row, of_row in zip(rows, read, strict=True)
        for piece, items in zip(row, of_row, strict=True)
        for item in items
        if isinstance(item.span, Run) and item.span.text.strip()
    ]
    if len({round(item.x0) for item, _ in placed}) < 2:
        return ()
    middles = [(item.x0 + item.x1) / 2 for item, _ in placed]
    across = [_across(middle, box, page) for middle, (_, box) in zip(middles, placed, strict=True)]
    # Few cells hold such words, and how high characters stand takes as long to see.
    if not may_be_upright(across, page.em):
        return ()
    heights = [_height(middle, box, page) for middle, (_, box) in zip(middles, placed, strict=True)]
    columns = upright_columns([*zip(across, heights, strict=True)], page.em, _TIGHT)
    return tuple(_line([placed[n][0] for n in column]) for column in columns)


def _across(middle: float, box: Rect, page: FlatPage) -> float:
    """Return the middle of the columns with ink of a character, which a recogniser saw around `middle` in a
    box; it tells that only roughly."""
    ink, left, _ = _around(middle, box, page)
    inked = np.flatnonzero(ink.any(axis=0))
    return left + float(inked[0] + inked[-1]) / 2 if len(inked) else middle


def _height(middle: float, box: Rect, page: FlatPage) -> float:
    """Return the same of the rows, of which the box tells only roughly."""
    ink, _, top = _around(middle, box, page)
    inked = np.flatnonzero(ink.any(axis=1))
    return top + float(inked[0] + inked[-1]) / 2 if len(inked) else (box[1] + box[3]) / 2


def _around(middle: float, box: Rect, page: FlatPage) -> tuple[NDArray[np.bool_], int, int]:
    """Return a mask of the ink around a character, and its left and top in pixels of the page."""
    left, top = max(0, round(middle - _AROUND * page.em)), max(0, round(box[1]))
    part = page.clear[top : round(box[3]), left : round(middle + _AROUND * page.em)]
    return part < _FAINTEST, left, top


def _goes_on(
    before: Sequence[ReadLine], after: Sequence[ReadLine], items: Sequence["_Item"], room: float
) -> bool:
    """Tell whether the row `before` had no room for the first word of `after`, which holds `items`. `room`:
    the greatest width of a row, in pixels."""
    left = room - (before[-1].place.box[2] - before[0].place.box[0])
    high = after[0].place.box[3] - after[0].place.box[1]
    apart = after[0].place.box[1] - before[0].place.box[3]
    return apart < _LEADING * high and left < _first_word(items, high) + _RAGGED * high


def _first_word(items: Sequence["_Item"], high: float) -> float:
    """Return the width in pixels of the first word, which may not be broken: letters and digits, or one
    Chinese character. `high`: the height of the row, in pixels."""
    end = items[0].x0 if items else 0.0
    for number, item in enumerate(items):
        text = item.span.text if isinstance(item.span, Run) else ""
        latin = bool(text) and text.isascii() and not text.isspace()
        if number and not (latin and _is_latin(items[number - 1])):
            break
        end = item.x1
    return max(end - items[0].x0, _NARROWEST * high) if items else 0.0


def _is_latin(item: "_Item") -> bool:
    return isinstance(item.span, Run) and item.span.text.isascii() and not item.span.text.isspace()


@dataclass(frozen=True)
class _Item:
    """A character or a mark. It goes from `x0` to `x1` along its row, in pixels."""

    x0: float
    x1: float
    span: Span


def _items(
    row: Sequence[ReadLine], squares: Sequence[Square], read: Sequence[Sequence[_Item]], page: FlatPage
) -> list[_Item]:
    """Return the characters and boxes of a row from left to right, with a blank where two pieces of the row
    stand well apart. `read`: the characters of each piece."""
    items = [
        _Item(
            square.box[0],
            square.box[2],
            Tick(state=square.state, box=page.in_points(square.box), confidence=square.confidence),
        )
        for square in squares
    ]
    items += [item for of_piece in read for item in of_piece]
    items.sort(key=lambda item: item.x0 + item.x1)
    return _spaced(items, row)


def _characters(piece: ReadLine, squares: Sequence[Square], page: FlatPage) -> Iterator[_Item]:
    """Yield the characters that were read in a piece of a row, except those that are only a box."""
    _, top, _, bottom = piece.place.box
    glyphs = piece.reading.glyphs
    for number, (glyph, (start, end)) in enumerate(zip(glyphs, piece.glyph_boxes(), strict=True)):
        if not any(_is_of(square, (start + end) / 2, glyph) for square in squares):
            sure = min(glyph.confidence, rungs.STRONG if _is_mistakable(glyphs, number) else 1.0)
            # Recognisers see boxes in running text, too. A box without the shape of one is an unknown
            # character.
            sure = min(sure, rungs.EVEN) if glyph.text in EMPTY_GLYPHS | MARK_GLYPHS else sure
            # Without one stroke, 8 becomes 3, and 人 becomes 八.
            if _is_struck((start, top, end, bottom), page):
                sure = min(sure, rungs.EVEN)
            span = _span(replace(glyph, confidence=sure), page.in_points((start, top, end, bottom)))
            told = {"recovered": any(piece.recovered[number : number + 1])}
            emphasis = frozenset(
                ["strike"] * any(piece.struck[number : number + 1])
                + ["underline"] * any(piece.underlined[number : number + 1])
                + ["border"] * any(piece.bordered[number : number + 1])
                + ["crossed"] * any(piece.crossed[number : number + 1])
            )
            yield _Item(start, end, span.model_copy(update={**told, "emphasis": emphasis}))


def _is_struck(glyph: Rect, page: FlatPage) -> bool:
    """Tell whether a line that was taken off the page ran through a glyph (box in pixels)."""
    return any(area(meet(glyph, streak)) > 0 for streak in page.ruling.streaks)


def _spaced(items: Sequence[_Item], row: Sequence[ReadLine]) -> list[_Item]:
    """Return the items, with a blank wherever two pieces of their row stand well apart."""
    high = max(piece.place.box[3] - piece.place.box[1] for piece in row)
    gaps = [
        (before.place.box[2] + after.place.box[0]) / 2
        for before, after in pairwise(row)
        if after.place.box[0] - before.place.box[2] > _ONE_SPACE * high
    ]
    spaced: list[_Item] = []
    for item in items:
        if spaced and any(spaced[-1].x0 + spaced[-1].x1 < 2 * gap <= item.x0 + item.x1 for gap in gaps):
            spaced.append(_Item(spaced[-1].x1, item.x0, Run(text=" ")))
        spaced.append(item)
    return spaced


def _is_mistakable(glyphs: Sequence[Glyph], number: int) -> bool:
    """Tell whether a 1 or 0 stands beside letters, or an l, I or O beside digits. Fonts draw them alike, and
    the recogniser is sure of either."""
    text = glyphs[number].text
    around = [glyphs[i].text for i in (number - 1, number + 1) if 0 <= i < len(glyphs)]
    if text in TWIN_DIGITS:
        return any(other.isascii() and other.isalpha() for other in around) and not any(
            other.isdigit() for other in around
        )
    return text in TWIN_LETTERS and any(other.isdigit() for other in around)


def _line(items: Sequence[_Item]) -> Line:
    boxes = [item.span.box for item in items if item.span.box]
    around = None
    for box in boxes:
        around = box_around((around, box))
    return Line(spans=tuple(item.span for item in items), box=around)


def _is_of(square: Square, middle: float, glyph: Glyph) -> bool:
    """Tell whether a character is only the box, or its mark, as the recogniser saw it. `middle`: the
    character's middle along the row, in pixels."""
    x0, _, x1, _ = square.box
    side = x1 - x0
    if x0 + _WITHIN * side < middle < x1 - _WITHIN * side:
        return True
    if x0 - _EDGE * side < middle < x1 + _EDGE * side:
        return is_boxlike(glyph.text) or glyph.confidence < rungs.LEGIBLE or not glyph.text.strip()
    # The stroke of a tick goes on to the right of its box, or all of it stands there. A ring or a line
    # reaches out on both sides.
    before = x0 - _MARK_BEFORE * side if square.state in ("corrected", "unclear") else x0
    if square.state == "empty" or middle < before:
        return False
    if glyph.text in MARK_GLYPHS:
        return middle < x1 + _SIGN_BEHIND * side
    return middle < x1 + _MARK_BEHIND * side and is_boxlike(glyph.text) and glyph.confidence < rungs.LEGIBLE


def _span(glyph: Glyph, box: Box) -> Run:
    others = tuple((text, round(score, 4)) for text, score in glyph.others)
    return Run(
        text=glyph.text, box=box, confidence=min(round(glyph.confidence, 4), rungs.READ), others=others
    )
