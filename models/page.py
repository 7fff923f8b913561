"""What every reader yields, whatever the file was: pages of tables and lines, with the marks on them.

A Word file has no boxes but cells with an address, a scan has boxes; both have lines of `Run`s and `Tick`s.
Boxes are in points with the origin at the top left of the page.
"""

from datetime import datetime
from itertools import count
from typing import Literal, Self

from pydantic import Field as Constraint
from pydantic import model_validator

from models.base import Model
from models.identity import Identity, Tag

Emphasis = Literal["bold", "underline", "highlight", "colour", "border", "strike"]
SealShape = Literal["round", "oval", "square"]
TickState = Literal["empty", "ticked", "filled", "corrected", "tick", "cross", "unclear"]
AsideKind = Literal[
    "header", "footer", "note", "comment", "hidden", "deleted", "instruction", "prompt", "replaced", "drawn",
    "glossary", "object",
    "picture", "value", "unknown",
]  # fmt: skip


class Box(Model):
    """A rectangle on a page, in points, never inverted."""

    x0: float
    y0: float
    x1: float
    y1: float

    @model_validator(mode="after")
    def _is_upright(self) -> Self:
        if self.x1 < self.x0 or self.y1 < self.y0:
            raise ValueError("a box with x0 <= x1 and y0 <= y1")
        return self


class CellAddress(Model):
    """A table cell of a file without pages; all three count from 0."""

    table: int
    row: int
    column: int


class Run(Model):
    """Text written in one way. `confidence` is the reader's: 1 where the file holds characters.

    A character that was read off a picture is a run of its own, and `others` are what else it may be, with
    their confidences, the likelier ones first.
    """

    text: str
    emphasis: frozenset[Emphasis] = frozenset()
    box: Box | None = None
    confidence: float = Constraint(default=1.0, ge=0, le=1)
    others: tuple[tuple[str, float], ...] = ()
    recovered: bool = False


class Tick(Model):
    """A mark for choosing: a box, a bare `tick` or `cross`, or a box that can't be judged.

    A box is `empty`, `ticked`, `filled` (blackened all over: a tick, or a tick undone), or `corrected`
    (ticked, then undone).
    """

    state: TickState
    emphasis: frozenset[Emphasis] = frozenset()
    tag: Tag | None = None
    box: Box | None = None
    confidence: float = Constraint(default=1.0, ge=0, le=1)


class Picture(Model):
    """A picture, drawing or ink that stands in or over the text, and that only a picture reader could judge.

    A `digital` one is where a digital signature of `Pages.signatures` shows; it has the same box.
    """

    kind: Literal["picture", "shape", "ink", "digital"]
    box: Box | None = None


class Remark(Model):
    """What stands in the text and is no part of it, or can't be put into characters: a note, a comment, text
    that nobody sees.

    `code` is that of the finding it leads to where it stands in an answer, `text` what the finding tells. A
    `minor` one does not put a long text in doubt, which holds what it is about as it is written.
    """

    code: str
    text: str = ""
    minor: bool = False
    box: Box | None = None


Span = Run | Tick | Picture | Remark

TICK_TEXT: dict[TickState, str] = {
    "empty": "☐", "ticked": "☑", "filled": "■", "corrected": "▧", "tick": "√", "cross": "×", "unclear": "▣",
}  # fmt: skip


class Line(Model):
    """A line of a page, or a paragraph of a file without pages."""

    spans: tuple[Span, ...] = ()
    box: Box | None = None

    @property
    def text(self) -> str:
        """What stands on the line, ticks as characters, pictures left out."""
        return "".join(
            span.text if isinstance(span, Run) else TICK_TEXT[span.state] if isinstance(span, Tick) else ""
            for span in self.spans
        )


class Cell(Model):
    """A table cell; `row` and `column` are where it starts on the table's grid, counting from 0. One that is
    not `sure` was made out of a picture, from rules of which not enough could be seen: it may be more cells
    than one, or a part of one."""

    row: int = Constraint(ge=0)
    column: int = Constraint(ge=0)
    row_span: int = Constraint(default=1, ge=1)
    column_span: int = Constraint(default=1, ge=1)
    lines: tuple[Line, ...] = ()
    box: Box | None = None
    sure: bool = True

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


class Table(Model):
    """Cells in reading order; `index` counts the tables of the whole file from 0."""

    index: int
    cells: tuple[Cell, ...]
    box: Box | None = None


class SealMark(Model):
    """A seal on the page; `text` is what it says, `readings` are all that was made of it, the surest first, a
    run a character."""

    box: Box
    text: str | None = None
    confidence: float = Constraint(ge=0, le=1)
    shape: SealShape = "round"
    red: bool = True
    readings: tuple[tuple[Run, ...], ...] = ()


class InkMark(Model):
    """Ink that is not print."""

    box: Box
    confidence: float = Constraint(ge=0, le=1)


class Warp(Model):
    """How a picture in perspective, turned and bent becomes flat, on a plane whose origin is the picture's
    middle.

    `zoom`: units of the plane a pixel of the picture. `fine`: pixels of the flat page a unit, its upper left
        one at `left`, `top`.
    `back`: the homography that straightens, by rows. `level`, `upright`: the bend left in lines of either
    direction, as weights of a polynomial in coordinates of which `half` is 1.
    """

    zoom: float = Constraint(gt=0)
    fine: float = Constraint(gt=0)
    left: float
    top: float
    back: tuple[float, ...] = Constraint(min_length=9, max_length=9)
    level: tuple[float, ...] = Constraint(min_length=9, max_length=9)
    upright: tuple[float, ...] = Constraint(min_length=9, max_length=9)
    half: float = Constraint(gt=0)


class Frame(Model):
    """How the picture of a page became the page that was read, so that it can be shown as it was read without
    reading it again.

    `picture` and `flat` are (width, height) in pixels: of the picture as it came, and of the page laid flat,
    which is then turned by so many `quarters`, counter-clockwise. `scale`: pixels of the flat page a point.
    Without a `warp` it was only made smaller.
    """

    picture: tuple[int, int]
    flat: tuple[int, int]
    scale: float = Constraint(gt=0)
    quarters: int = Constraint(default=0, ge=0, le=3)
    warp: Warp | None = None


class Page(Model):
    """Tables and the lines between them, in reading order. A Word file is one page without a size.

    `unread` is where something looks like writing, of which no words could be made out. A page that is not
    `coloured` is a copy in which red ink looks like any other. `identity` is that of the code on the page.
    `frame`: how it came out of a picture;
    `quarters`: how often a page that is no picture was turned to be read, counter-clockwise, from how the
        file has it shown.
    """

    number: int = Constraint(ge=1)
    width: float | None = None
    height: float | None = None
    blocks: tuple[Table | Line, ...] = ()
    seals: tuple[SealMark, ...] = ()
    ink: tuple[InkMark, ...] = ()
    unread: tuple[Box, ...] = ()
    coloured: bool = True
    identity: Identity | None = None
    frame: Frame | None = None
    quarters: int = Constraint(default=0, ge=0, le=3)

    @property
    def tables(self) -> int:
        """How many tables stand on it."""
        return sum(isinstance(block, Table) for block in self.blocks)

    def counted_from(self, tables: int) -> Self:
        """The page behind others on which so many tables stand."""
        numbers = count(tables)
        blocks = (
            block.model_copy(update={"index": next(numbers)}) if isinstance(block, Table) else block
            for block in self.blocks
        )
        return self.model_copy(update={"blocks": tuple(blocks)})


class Control(Model):
    """A tagged place of ours that survived in the file: its text (None: untouched placeholder), or its
    tick."""

    tag: Tag
    text: str | None = None
    ticked: bool | None = None


class DigitalSignature(Model):
    """A signed field of a file, and where it shows (`box` None: nowhere). None means that it can't be told.

    `intact`: the signed bytes are what was signed; `covers_whole_file`: nothing was added to them since.
    Whether the signer's certificate is to be trusted can't be told without the network, and isn't.
    """

    field: str | None = None
    page: int | None = None
    box: Box | None = None
    signer: str | None = None
    signed_at: datetime | None = None
    intact: bool | None = None
    covers_whole_file: bool | None = None


class Mismatch(Model):
    """A form field of the file that shows something else than it holds; `tag` where it is one of ours."""

    name: str
    shown: str
    stored: str
    page: int
    box: Box
    tag: Tag | None = None


class Aside(Model):
    """What a reader saw in a file and left out of the lines; what stands among them and is no part of the
    text is a `Remark`.

    `header`, `footer`: beside the text of every page, watermarks too. `note`, `comment`: such that no place
        in the text leads to.
    `hidden`: text that no page shows. `deleted`: a change that was tracked. `instruction`: what a field is
    made from, and what was saved of its result before it was made anew. `prompt`: what a control shows until
    somebody fills it in. `replaced`: what stands in the lines in another form, as the glyph of a check box,
    and how characters are read. `drawn`: what Word draws by itself and means nothing, the dots of a list and
    the numbers of notes. `glossary`: building blocks for other texts. `object`: a file inside that can't be
    opened. `picture`: what a picture is described by, or says. `value`: what a form field holds that has no
    place on any page. `unknown`: anything else.
    """

    kind: AsideKind
    text: str
    page: int | None = None
    box: Box | None = None


class Pages(Model):
    """Everything a reader got out of one file. `damage` says what could not be read."""

    reader: Literal["word", "pdf", "scan"]
    pages: tuple[Page, ...]
    identity: Identity | None = None
    controls: tuple[Control, ...] = ()
    signatures: tuple[DigitalSignature, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    damage: tuple[str, ...] = ()
    aside: tuple[Aside, ...] = ()
