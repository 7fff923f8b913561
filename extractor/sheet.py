"""What was found on a flat page -> a `Page`: cells of lines, ticks at their places in the text, seals and ink, boxes in points."""

from collections.abc import Sequence

from extractor.grid import Grid, Ruling
from extractor.layers import Layers
from extractor.ocr import Glyph
from extractor.text import ReadLine, Rect, in_rows
from extractor.tick import BARE_TICKS, EMPTY_GLYPHS, TICKED_GLYPHS, Square, find_squares, glyph_boxes, is_boxlike
from models.page import Box, Cell, InkMark, Line, Page, Run, SealMark, Span, Table, Tick, TickState

# Characters read less surely than this stand in runs of their own, so that doubt stays where it is.
_SURE = 0.95
_ONE_SPACE = 0.9  # of the line's height: a gap as wide parts two words


def make_page(
    number: int, first_table: int, layers: Layers, ruling: Ruling, lines: Sequence[ReadLine], seals: Sequence[SealMark], ink: Sequence[InkMark]
) -> Page:
    """The page, in points of the upright picture; its tables count from `first_table`."""
    scale = layers.scale
    by_cell: dict[tuple[int, int] | None, list[ReadLine]] = {}
    for line in lines:
        by_cell.setdefault(line.place.cell, []).append(line)
    blocks: list[Table | Line] = [
        _table(first_table + g, grid, [_lines(by_cell.get((g, c), []), cell.box, layers, ruling) for c, cell in enumerate(grid.cells)], scale)
        for g, grid in enumerate(ruling.grids)
    ]
    height, width = layers.text.shape
    blocks += _lines(by_cell.get(None, []), (0.0, 0.0, float(width), float(height)), layers, ruling)
    blocks.sort(key=lambda block: block.box.y0 if block.box else 0.0)
    return Page(number=number, width=width / scale, height=height / scale, blocks=tuple(blocks), seals=tuple(seals), ink=tuple(ink))


def in_points(rect: Rect, scale: float) -> Box:
    """A box of pixels in points; never outside the page's upper left edges."""
    x0, y0, x1, y1 = (max(0.0, v / scale) for v in rect)
    return Box(x0=round(min(x0, x1), 1), y0=round(min(y0, y1), 1), x1=round(x1, 1), y1=round(y1, 1))


def _table(index: int, grid: Grid, texts: Sequence[tuple[Line, ...]], scale: float) -> Table:
    cells = tuple(
        Cell(row=c.row, column=c.column, row_span=c.row_span, column_span=c.column_span, lines=text, box=in_points(c.box, scale))
        for c, text in zip(grid.cells, texts, strict=True)
    )
    return Table(index=index, cells=cells, box=in_points(grid.box, scale))


def _lines(lines: Sequence[ReadLine], within: Rect, layers: Layers, ruling: Ruling) -> tuple[Line, ...]:
    rows = in_rows(lines)
    squares = find_squares(rows, within, layers, ruling.lines) if rows else []
    return tuple(_line(row, marks, layers.scale) for row, marks in zip(rows, squares, strict=True))


def _line(row: Sequence[ReadLine], squares: Sequence[Square], scale: float) -> Line:
    """One line: characters and boxes in the order in which they stand."""
    items: list[tuple[float, Span]] = []
    for square in squares:
        middle = (square.box[0] + square.box[2]) / 2
        items.append((middle, Tick(state=square.state, box=in_points(square.box, scale), confidence=square.confidence)))
    for piece in row:
        _, top, _, bottom = piece.place.box
        for glyph, (start, end) in zip(piece.reading.glyphs, glyph_boxes(piece), strict=True):
            middle = (start + end) / 2
            if not any(_is_of(square, middle, glyph) for square in squares):
                items.append((middle, _span(glyph, in_points((start, top, end, bottom), scale))))
    items.sort(key=lambda item: item[0])
    high = max(piece.place.box[3] - piece.place.box[1] for piece in row)
    edges = [(piece.place.box[0], piece.place.box[2]) for piece in row]
    box = in_points((edges[0][0], min(p.place.box[1] for p in row), edges[-1][1], max(p.place.box[3] for p in row)), scale)
    return Line(spans=tuple(_joined(_spaced(items, edges, high))), box=box)


def _is_of(square: Square, middle: float, glyph: Glyph) -> bool:
    """Whether a character is nothing but the box, or its mark, as the recogniser saw it."""
    x0, _, x1, _ = square.box
    side = x1 - x0
    if x0 - 0.15 * side < middle < x1 + 0.15 * side:
        return is_boxlike(glyph.text) or glyph.confidence < 0.75 or not glyph.text.strip()
    # The stroke of a tick sweeps on to the right of its box.
    swept = square.state != "empty" and x1 <= middle < x1 + 0.6 * side
    return swept and (glyph.text in TICKED_GLYPHS | BARE_TICKS or (is_boxlike(glyph.text) and glyph.confidence < 0.75))


def _span(glyph: Glyph, box: Box) -> Span:
    states: list[tuple[frozenset[str], TickState]] = [(EMPTY_GLYPHS, "empty"), (TICKED_GLYPHS, "ticked"), (BARE_TICKS, "tick")]
    for glyphs, state in states:
        if glyph.text in glyphs:
            # Seen by the recogniser alone, not by the shape: never quite sure.
            return Tick(state=state, box=box, confidence=min(0.94, glyph.confidence) if state != "tick" else min(0.98, glyph.confidence))
    return Run(text=glyph.text, box=box, confidence=round(glyph.confidence, 4))


def _spaced(items: list[tuple[float, Span]], edges: Sequence[tuple[float, float]], high: float) -> list[Span]:
    """The spans, with a blank where two pieces of the line stand well apart."""
    gaps = [(before[1], after[0]) for before, after in zip(edges, edges[1:], strict=False) if after[0] - before[1] > _ONE_SPACE * high]
    spans: list[Span] = []
    for number, (middle, span) in enumerate(items):
        if number and any(items[number - 1][0] < (end + start) / 2 <= middle for end, start in gaps):
            spans.append(Run(text=" "))
        spans.append(span)
    return spans


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Characters that follow each other become one run, except that sure and doubtful ones stay apart."""
    joined: list[Span] = []
    for span in spans:
        last = joined[-1] if joined else None
        if isinstance(span, Run) and isinstance(last, Run) and (last.confidence >= _SURE) == (span.confidence >= _SURE):
            joined[-1] = Run(text=last.text + span.text, box=_around(last.box, span.box), confidence=min(last.confidence, span.confidence))
        else:
            joined.append(span)
    return joined


def _around(one: Box | None, other: Box | None) -> Box | None:
    if one is None or other is None:
        return one or other
    return Box(x0=min(one.x0, other.x0), y0=min(one.y0, other.y0), x1=max(one.x1, other.x1), y1=max(one.y1, other.y1))
