"""The cells and lines of pages, in which labels are sought and answers stand.

A label is sought as the whole text of a unit and, where label and value share a cell or a line, before a
colon.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from rapidfuzz import fuzz

from extractor.text.passage import Passage, Place, spaced
from models.geometry import box_around
from models.page import Box, Cell, CellAddress, Page, Pages, Run, Table
from models.writing import CJK, key

_LEAST_SIMILAR = 0.75
INNER = 0.9  # how surely that is a label which is only a part of its unit
_EXPLAINED = 0.95  # how surely one is which its cell explains
_LONGEST_LABEL = 30  # characters; what has more is a statement
_SHORT = 4  # characters of which none may differ
_APART = 0.5  # of a line's height: a gap between two words
_LONGER = 1.5  # times its length that a text may have to be compared with a label as a whole
# What explains a label in its cell: words in brackets, and behind it what it is called in English.
_IN_BRACKETS = re.compile(r"[(（][^()（）]*[)）]")
_IN_CHINESE = re.compile(rf"[(（][^()（）]*[{CJK}][^()（）]*[)）]")
_IN_ENGLISH = re.compile(rf"(?<=[{CJK}])\s*[A-Za-z][A-Za-z\s.,/&'’-]*$")
_SAME_EDGE = 0.04  # of a table's width: edges of one column on two pages lie no farther apart


@dataclass(frozen=True)
class Hit:
    """Characters of a unit that may be a label, how surely, and whether that is all that the unit holds."""

    start: int
    end: int
    score: float
    whole: bool


@dataclass(frozen=True)
class Sought:
    """What a label looks like: alone, by its keys, and before a colon."""

    texts: tuple[str, ...]

    @cached_property
    def keys(self) -> list[str]:
        return [key(text) for text in self.texts]

    @cached_property
    def most(self) -> float:
        """How long a text may be that is compared with the label."""
        return max(len(k) for k in self.keys) * _LONGER + 1

    @cached_property
    def before_colon(self) -> re.Pattern[str]:
        return self._before_colon(r"(?:^|(?<=[\s；;，,。]))")

    @cached_property
    def apart(self) -> re.Pattern[str]:
        """The same, whatever stands before it."""
        return self._before_colon("")

    @cached_property
    def at_start(self) -> re.Pattern[str]:
        """What the label looks like as the first words of a line."""
        return re.compile("|".join(rf"\s*(?:{spaced(text)})" for text in self.texts))

    def _before_colon(self, before: str) -> re.Pattern[str]:
        forms = (rf"{before}(?P<l{n}>{spaced(text)})\s*[:：]" for n, text in enumerate(self.texts))
        return re.compile("|".join(forms), re.M)


@dataclass(frozen=True, eq=False)
class Unit:
    """A table cell, or a line outside tables (`cell` None); `page` is None in a file without pages. Labels
    are sought in it once, over however many pages, in whatever order, a form is then laid."""

    passage: Passage
    page: int | None = None
    table: Table | None = None
    cell: Cell | None = None

    @cached_property
    def key(self) -> str:
        """What the labels are compared with."""
        return key(self.passage.text)

    @cached_property
    def bare_key(self) -> str:
        """The key without what explains a label: words in brackets, and in English."""
        return key(unexplained(_IN_BRACKETS.sub("", self.passage.text)))

    @cached_property
    def has_next(self) -> bool:
        """Whether a cell stands right of this one, in its row: what it holds may be told there."""
        own = self.cell
        return own is not None and any(
            one.row <= own.row < one.row + one.row_span and one.column >= own.column + own.column_span
            for one in (self.table.cells if self.table else ())
        )

    @cached_property
    def is_crossed_out(self) -> bool:
        """Who crosses out a whole row means it to be gone, its label too."""
        struck = self.passage.struck
        return bool(struck) and not self.passage.without(struck).text.strip()

    @cached_property
    def first_line_key(self) -> str | None:
        """The key of the first of several lines."""
        head, _, rest = self.passage.text.partition("\n")
        return key(head) if rest.strip() else None

    @cached_property
    def pieces(self) -> tuple[tuple[int, int], ...]:
        """From where to where each part of a line stands that stands well apart from the next; none where
        nothing does."""
        gaps = [
            n
            for n, span in enumerate(self.passage.spans)
            if isinstance(span, Run) and not span.box and span.text.isspace()
        ]
        edges = [-1, *gaps, len(self.passage)]
        return tuple((start + 1, end) for start, end in pairwise(edges)) if gaps and self.box else ()

    @cached_property
    def starts(self) -> frozenset[int]:
        """The characters of a line that stand well apart from the one before them, as their boxes tell: of
        a gap between two words on paper a recogniser says nothing."""
        spans = list(enumerate(self.passage.spans)) if self.cell is None else []
        boxes = [(n, span.box) for n, span in spans if isinstance(span, Run) and span.box]
        return frozenset(
            n for (_, a), (n, b) in pairwise(boxes) if a and b and b.x0 - a.x1 > _APART * (a.y1 - a.y0)
        )

    def is_underlined(self, start: int) -> bool:
        """Whether what follows from a character on, but for blanks, has a line drawn under it, as an answer
        does on a form whose blanks are drawn."""
        more = (n for n in range(start, len(self.passage)) if not self.passage.text[n].isspace())
        span = self.passage.spans[at] if (at := next(more, -1)) >= 0 else None
        return isinstance(span, Run) and "underline" in span.emphasis

    @cached_property
    def box(self) -> Box | None:
        """Where it stands: the cell, or the characters of the line."""
        return self.cell.box if self.cell else box_around(span.box for span in self.passage.spans if span)

    @cached_property
    def _known(self) -> dict[tuple[str, ...], tuple[Hit, ...]]:
        return {}

    def hits(self, sought: Sought) -> tuple[Hit, ...]:
        """Where in the unit a label may stand, whatever stands around it."""
        if sought.texts not in self._known:
            self._known[sought.texts] = tuple(_hits(self, sought))
        return self._known[sought.texts]


@dataclass(frozen=True)
class Wording:
    """Pages, and the units of each in reading order. They are made once, and go along wherever the pages are
    put."""

    pages: Pages
    by_page: tuple[tuple[Unit, ...], ...]

    @classmethod
    def of(cls, pages: Pages) -> "Wording":
        """The wording of pages of which nothing is known yet."""
        by_page: list[tuple[Unit, ...]] = []
        start = 0
        for page in pages.pages:
            units = tuple(_units(page, is_paged=pages.reader != "word", start=start))
            start += sum(len(unit.passage) for unit in units)
            by_page.append(units)
        return cls(pages, tuple(by_page))

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """The units of all pages, one page after the other."""
        return tuple(unit for units in self.by_page for unit in units)

    def in_order(self, places: Sequence[int]) -> "Wording":
        """The pages at these places, in this order; what is known of the file goes along."""
        pages = self.pages.model_copy(update={"pages": tuple(self.pages.pages[n] for n in places)})
        return Wording(pages, tuple(self.by_page[n] for n in places))


def units_of(pages: Pages) -> tuple[Unit, ...]:
    """Cells and lines of all pages in reading order."""
    return Wording.of(pages).units


def _units(page: Page, is_paged: bool, start: int) -> Iterator[Unit]:
    """The cells and lines of a page, their characters numbered from `start`."""
    number = page.number if is_paged else None
    for block in page.blocks:
        if isinstance(block, Table):
            for cell in block.cells:
                address = (
                    None if is_paged else CellAddress(table=block.index, row=cell.row, column=cell.column)
                )
                passage = Passage.of(cell.lines, Place(number, address, cell.box), start)
                yield Unit(passage, number, block, cell)
                start += len(passage)
        else:
            passage = Passage.of([block], Place(number, None, block.box), start)
            yield Unit(passage, number)
            start += len(passage)


def unexplained(text: str) -> str:
    """Returns the text of a label's cell without Chinese words in brackets, and English ones at its end."""
    return _IN_ENGLISH.sub("", _IN_CHINESE.sub("", text).rstrip())


def is_under(unit: Unit, label: Unit) -> bool:
    """Whether a cell shares the columns of another; in another table only boxes can tell."""
    a, b = unit.cell, label.cell
    if a is None or b is None:
        return False
    if unit.table is not label.table and (columns := _columns(unit, label)):
        (x0, x1), (left, right) = columns
        return min(x1, right) - max(x0, left) > (right - left) / 4
    return a.column < b.column + b.column_span and b.column < a.column + a.column_span


def goes_on(unit: Unit, label: Unit) -> bool:
    """Whether a cell of another table is in the very column of `label`, so that the one may go on with the
    other."""
    columns = _columns(unit, label)
    return columns is None or all(abs(one - other) < _SAME_EDGE for one, other in zip(*columns, strict=True))


def _columns(unit: Unit, label: Unit) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """From where to where two cells of different tables stand in these, whose left edge is 0 and right edge
    1: two pages are seldom scanned at one scale, and in one place."""
    a, b = (_share(one) for one in (unit, label))
    return (a, b) if a and b else None


def _share(unit: Unit) -> tuple[float, float] | None:
    own, whole = unit.cell and unit.cell.box, unit.table and unit.table.box
    if not own or not whole or whole.x1 <= whole.x0:
        return None
    return (own.x0 - whole.x0) / (whole.x1 - whole.x0), (own.x1 - whole.x0) / (whole.x1 - whole.x0)


def _hits(unit: Unit, sought: Sought) -> Iterator[Hit]:
    text = unit.passage.text
    if not unit.key or unit.is_crossed_out:
        return
    inner = [
        Hit(m.start(str(m.lastgroup)), m.end(), INNER, False) for m in sought.before_colon.finditer(text)
    ]
    known = {hit.start for hit in inner}
    inner += [
        Hit(m.start(str(m.lastgroup)), m.end(), INNER, False)
        for m in (sought.apart.finditer(text) if unit.starts else ())
        if m.start() in unit.starts - known
    ]
    seen = sought.at_start.match(text) if unit.cell is None else None
    if seen and not inner and unit.is_underlined(seen.end()):
        inner.append(Hit(seen.start(), seen.end(), INNER, False))
    inner.sort(key=lambda hit: hit.start)
    score = max(fuzz.ratio(k, unit.key) / 100 for k in sought.keys) if len(unit.key) <= sought.most else 0.0
    if not inner and unit.bare_key in sought.keys and unit.has_next:
        score = max(score, _EXPLAINED)
    is_headed = unit.first_line_key in sought.keys
    # What stands under a long statement that is a label is little beside it, and no explanation of it.
    is_statement = is_headed and len(unit.first_line_key or "") > _LONGEST_LABEL
    if score == 1.0 or (score >= _LEAST_SIMILAR and not inner and not is_statement):
        yield Hit(0, len(text), score, True)
        return
    yield from inner
    if unit.cell is None:
        yield from (
            Hit(*piece, INNER, False)
            for piece in unit.pieces
            if _is_like(key(text[slice(*piece)]), sought.keys)
        )
    if is_headed:
        # The cell's first line is the label, its other lines are the value.
        yield Hit(0, text.index("\n") + 1, INNER, False)


def _is_like(piece: str, keys: Sequence[str]) -> bool:
    """Whether a part of a line is a label, or one with a character too many or too few."""
    return piece in keys or (
        len(piece) > _SHORT and any(fuzz.ratio(piece, one) >= 100 * INNER for one in keys)
    )
