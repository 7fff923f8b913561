"""The pages that every reader yields, whatever the file was: tables and lines, with the marks on them.

A Word file has no boxes, but its cells have addresses; a scan has boxes. Both have lines of `Run`s and
`Tick`s. Boxes are in points, with the origin at the top left of the page.
"""

from datetime import datetime
from itertools import count
from typing import Literal, Self

from pydantic import Field as Constraint
from pydantic import model_validator

from models.base import Model
from models.identity import Identity, Tag

# "strike" takes text out. "crossed" is a stroke that does so only among options: it may be of the character.
Emphasis = Literal["bold", "underline", "highlight", "colour", "border", "strike", "crossed"]
SealShape = Literal["round", "oval", "square"]
InkKind = Literal["pen", "thumb", "chop"]
TickState = Literal["empty", "ticked", "filled", "corrected", "tick", "cross", "unclear"]
AsideKind = Literal[
    "header", "footer", "note", "comment", "hidden", "deleted", "instruction", "prompt", "replaced", "drawn",
    "glossary", "object",
    "picture", "value", "unknown",
]  # fmt: skip


class Box(Model):
    """A rectangle on a page, in points; never inverted."""

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
    """A table cell of a file without pages. All three numbers count from 0."""

    table: int
    row: int
    column: int


class Run(Model):
    """Text written in one way. `confidence` is the reader's; it is 1 where the file itself holds characters.

    Each character that was read from a picture is a run of its own. `others` are its rival readings with
    their confidences, the likeliest first.
    """

    text: str
    emphasis: frozenset[Emphasis] = frozenset()
    box: Box | None = None
    confidence: float = Constraint(default=1.0, ge=0, le=1)
    others: tuple[tuple[str, float], ...] = ()
    recovered: bool = False

    def likelihood(self, text: str) -> float:
        """Return how likely the reader holds `text` to be, as its reading or as a rival; 0 where it did not
        think of it."""
        if text == self.text:
            return self.confidence
        return next((score for other, score in self.others if other == text), 0.0)


class Tick(Model):
    """A mark for choosing: a box, a bare `tick` or `cross`, or a box that can't be judged.

    A box is `empty`, `ticked`, `filled` (blackened all over, which may be a tick or a tick undone), or
    `corrected` (ticked, then undone).
    """

    state: TickState
    emphasis: frozenset[Emphasis] = frozenset()
    tag: Tag | None = None
    box: Box | None = None
    confidence: float = Constraint(default=1.0, ge=0, le=1)


class Picture(Model):
    """A picture, drawing or ink in or over the text, which only a reader of pictures could judge.

    A `digital` one marks the place of a digital signature of `Pages.signatures` and has the same box.
    """

    kind: Literal["picture", "shape", "ink", "digital"]
    box: Box | None = None


class Remark(Model):
    """Something that stands in the text and is no part of it, or that characters can't express: a note, a
    comment, text that nobody sees.

    `code` is the code of the finding that it leads to in an answer; `text` is what that finding tells. A
    `minor` remark does not put a long text in doubt, because the text holds the thing as it is written.
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
        """The text of the line, with ticks as characters and without pictures."""
        return "".join(
            span.text if isinstance(span, Run) else TICK_TEXT[span.state] if isinstance(span, Tick) else ""
            for span in self.spans
        )


class Cell(Model):
    """A table cell. `row` and `column` say where it starts on the table's grid, counting from 0.

    A cell is not `sure` where it was found in a picture and too few of its rules could be seen. It may then
    be several cells, or a part of one.
    """

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
    """Cells in reading order. `index` counts the tables of the whole file from 0."""

    index: int
    cells: tuple[Cell, ...]
    box: Box | None = None


class SealMark(Model):
    """A seal on the page. `text` is the text read from it; `readings` are all readings of it, the surest
    first, with a run for each character."""

    box: Box
    text: str | None = None
    confidence: float = Constraint(ge=0, le=1)
    shape: SealShape = "round"
    red: bool = True
    readings: tuple[tuple[Run, ...], ...] = ()


class InkMark(Model):
    """Ink that is not print. `kind` tells what left it: a pen, a thumb, or a chop with a name."""

    box: Box
    confidence: float = Constraint(ge=0, le=1)
    kind: InkKind = "pen"


class Warp(Model):
    """How a picture that is in perspective, turned and bent becomes flat. The plane has its origin in the
    middle of the picture.

    `zoom`: units of the plane for each pixel of the picture. `fine`: pixels of the flat page for each unit;
    the upper left pixel lies at `left`, `top`. `back`: the homography that straightens, by rows. `level`,
    `upright`: the bend left in horizontal and in vertical lines, as weights of a polynomial. In its
    coordinates `half` is 1.
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
    """How the picture of a page became the page that was read. With it the page can be shown as it was read,
    without reading it again.

    `picture` and `flat` are (width, height) in pixels: `picture` as it came, `flat` of the page laid flat.
    The flat page is then turned counter-clockwise by `quarters` quarter turns. `scale`: pixels of the flat
    page for each point. Without a `warp` the picture was only made smaller.
    """

    picture: tuple[int, int]
    flat: tuple[int, int]
    scale: float = Constraint(gt=0)
    quarters: int = Constraint(default=0, ge=0, le=3)
    warp: Warp | None = None


class Page(Model):
    """Tables and the lines between them, in reading order. A Word file is one page without a size.

    `unread` are places that look like writing, but where no words could be read. A page that is not
    `coloured` is a copy in which red ink looks like any other. `identity` comes from the code on the page;
    `coded` is the text of the code that says the values which were printed (`models.coded`), and `code_lost`
    tells that there is such a code and it can't be read.
    `frame` says how the page came out of a picture. `quarters` applies to a page that is no picture: it was
    turned counter-clockwise by so many quarter turns to be read, counted from how the file shows it.
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
    coded: str | None = None
    code_lost: bool = False
    frame: Frame | None = None
    quarters: int = Constraint(default=0, ge=0, le=3)

    @property
    def tables(self) -> int:
        """The number of tables on the page."""
        return sum(isinstance(block, Table) for block in self.blocks)

    def counted_from(self, tables: int) -> Self:
        """Return the page with its tables counted on from `tables`, the number of tables on earlier pages."""
        numbers = count(tables)
        blocks = (
            block.model_copy(update={"index": next(numbers)}) if isinstance(block, Table) else block
            for block in self.blocks
        )
        return self.model_copy(update={"blocks": tuple(blocks)})


class Control(Model):
    """A tagged place of ours that survived in the file: its text, or its tick. A text of None is an untouched
    placeholder."""

    tag: Tag
    text: str | None = None
    ticked: bool | None = None


class DigitalSignature(Model):
    """A signed field of a file and the place where it shows; a `box` of None means that it shows nowhere.

    `intact`: the signed bytes are unchanged. `covers_whole_file`: nothing was added to the file since. None
    means that it can't be told. Whether the signer's certificate is to be trusted can't be told without the
    network, so that nothing here tells it.
    """

    field: str | None = None
    page: int | None = None
    box: Box | None = None
    signer: str | None = None
    signed_at: datetime | None = None
    intact: bool | None = None
    covers_whole_file: bool | None = None


class Mismatch(Model):
    """A form field of the file that shows something else than it holds. `tag` is set where it is ours."""

    name: str
    shown: str
    stored: str
    page: int
    box: Box
    tag: Tag | None = None


class Aside(Model):
    """Something that a reader saw in a file and left out of the lines. Things that stand among the lines and
    are no part of the text are `Remark`s.

    `header`, `footer`: text around the body of every page, watermarks included. `note`, `comment`: one that
    no place in the text leads to. `hidden`: text that no page shows. `deleted`: a tracked deletion.
    `instruction`: the instruction that a field is made from, and what was saved of its result before it was
    made anew. `prompt`: the text that a control shows until somebody fills it in. `replaced`: a thing that
    stands in the lines in another form, such as the glyph of a check box, and the pronunciation of
    characters. `drawn`: a thing that Word draws by itself and that means nothing, such as the dots of a list
    and the numbers of notes. `glossary`: building blocks for other texts. `object`: a file inside that can't
    be opened. `picture`: the description of a picture, or the words in it. `value`: what a form field holds
    that has no place on any page. `unknown`: anything else.
    """

    kind: AsideKind
    text: str
    page: int | None = None
    box: Box | None = None


class Pages(Model):
    """Everything that a reader got out of one file. `damage` says what could not be read."""

    reader: Literal["word", "pdf", "scan"]
    pages: tuple[Page, ...]
    identity: Identity | None = None
    controls: tuple[Control, ...] = ()
    signatures: tuple[DigitalSignature, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    damage: tuple[str, ...] = ()
    aside: tuple[Aside, ...] = ()
