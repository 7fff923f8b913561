"""Pages as the reader of pictures gives them, drawn from rows of text: a box for each cell and for each
character."""

from collections.abc import Sequence

from models.page import Box, Cell, Frame, Line, Page, Pages, Run, SealMark, Span, Table

WIDE, HIGH = 595.0, 842.0
LEFT, COLUMN, ROW, EM = 50.0, 120.0, 40.0, 12.0
FRAME = Frame(picture=(595, 842), flat=(595, 842), scale=1)


def words(text: str, x: float, y: float, em: float = EM, high: float = EM) -> tuple[Span, ...]:
    """Characters one after the other from (x, y) on, read in one go."""
    boxes = (Box(x0=x + em * n, y0=y, x1=x + em * (n + 1), y1=y + high) for n in range(len(text)))
    return tuple(Run(text=char, box=box, confidence=0.9999) for char, box in zip(text, boxes, strict=True))


def line(*pieces: tuple[Span, ...]) -> Line:
    """Pieces that stand well apart in one line."""
    spans: list[Span] = []
    for piece in pieces:
        spans += [Run(text=" "), *piece] if spans else piece
    boxes = [span.box for span in spans if span.box]
    whole = Box(
        x0=boxes[0].x0, y0=min(box.y0 for box in boxes), x1=boxes[-1].x1, y1=max(box.y1 for box in boxes)
    )
    return Line(spans=tuple(spans), box=whole)


def cell(text: str, row: int, column: int, box: Box, span: int = 1) -> Cell:
    """A cell with a line of print for each of its lines."""
    lines = tuple(
        line(words(one, box.x0 + 5, box.y0 + 5 + 16 * n, min(EM, (box.x1 - box.x0 - 8) / len(one))))
        for n, one in enumerate(text.split("\n"))
        if one
    )
    return Cell(row=row, column=column, column_span=span, box=box, lines=lines)


def grid(
    rows: Sequence[Sequence[str]],
    top: float = 100,
    index: int = 0,
    left: float = LEFT,
    column: float = COLUMN,
) -> Table:
    """A table of four columns whose last cell of each row goes to its end, rows as high as they need."""
    cells, y = [], top
    for number, row in enumerate(rows):
        high = max(ROW, 10 + 16 * max(text.count("\n") + 1 for text in row))
        for at, text in enumerate(row):
            span = 4 - at if at == len(row) - 1 else 1
            box = Box(x0=left + column * at, y0=y, x1=left + column * (at + span), y1=y + high)
            cells.append(cell(text, number, at, box, span))
        y += high
    return Table(index=index, cells=tuple(cells), box=Box(x0=left, y0=top, x1=left + 4 * column, y1=y))


def bottom(rows: Sequence[Sequence[str]], end: float = 780, index: int = 0) -> Table:
    """The same, ending where a page ends."""
    high = grid(rows, 0).box
    assert high is not None
    return grid(rows, end - high.y1, index)


def sheet(number: int, *blocks: Table | Line, seals: Sequence[Box] = ()) -> Page:
    marks = tuple(SealMark(box=box, confidence=0.99) for box in seals)
    return Page(number=number, width=WIDE, height=HIGH, blocks=blocks, seals=marks, frame=FRAME)


def scan(*pages: Page) -> Pages:
    return Pages(reader="scan", pages=pages)
