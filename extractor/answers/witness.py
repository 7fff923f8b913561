"""The definition as a witness: whether what was read off a picture stands where the form says, and is of one
piece (pure).

What no single rule of the page proves, the form's own grid bears out or contradicts: which labels stand in a
row, in which order, and that an answer fills the room between its label and the next. Where page and form
disagree, the field goes to a person.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from operator import add
from statistics import linear_regression, mean, median

from extractor import rungs
from extractor.answers.cell_parts import split
from extractor.answers.labels import Alignment, Label
from extractor.answers.regions import Region
from extractor.answers.units import Unit
from extractor.text.passage import Passage, lines_of
from extractor.text.tick_signs import is_chinese
from models.form import FormCell
from models.geometry import box_around, contains, meets, middle
from models.page import Box, Page, Pages, Run
from models.printed import phrases_of
from models.writing import key

Oddity = tuple[str, Sequence[str], str]

_BESIDE = 0.05  # of the form's width: so far an answer's cell may end before the place that the form gives it
_LONG_LABEL = 4  # characters of a label that stand in no answer by chance
# In heights of the line: pieces of one answer stand no farther apart, and differ no more in height or place.
_APART, _TALLER, _OFF = 2.0, 1.2, 0.15
# Lines of a long one are no higher than so many times their median, where they follow closely so many; and
# what is close.
_TALLER_LINE, _MUCH_TALLER, _CLOSE = 1.45, 1.9, 1.0
# In heights: rows of one answer share an edge or their middle to so much, those of a long one, which may be
# indented, to so much.
_ASKEW, _ASKEW_LINE = 1.0, 4.0
_HOLE = 0.57  # of the widest character: a digit that was not read leaves as much
# Times the usual step from a character to the next: where it is longer, one between them was not read. Of one
# that wore off the page not even ink is left, and no neighbour is unsure for that. Wide letters need more.
_FAR, _FAR_WIDE, _WIDE = 1.7, 2.2, frozenset("mwMW@")
_SEVERAL = 5  # steps, or Chinese characters, that tell the usual one
# In ems: a letter or digit, the blank between such and a Chinese character, and how much farther than usual
# the characters behind a place, so many at most, stand from those before it, where one was not read.
_NARROW, _SPACE, _AROUND, _BORNE_OUT = 0.5, 0.25, 4, 0.2
# Of the widest character: in a long answer, so much room between two letters or digits, or beside a sign, is
# one that was lost, or that something covers.
_ROOM, _ROOM_AT_SIGN = 0.95, 1.45
_SIGN = re.compile(r"[\w@.+-]", re.ASCII)
_EMPTY_BRACKETS = re.compile(r"[(（]\s*[)）]")  # nobody writes them, and a misread 0 looks like them
_ACROSS = 0.25  # of its height: so far a line may reach over the border of its cell


@dataclass(frozen=True)
class _Piece:
    """What was read in one go: a line, or a part of one that stands apart."""

    spans: tuple[Run, ...]
    box: Box

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)

    @property
    def holes(self) -> Iterator[tuple[str, str]]:
        """The characters between which there is room for another one."""
        for number, (one, other) in enumerate(pairwise(self.spans)):
            is_edge = any(
                a.isdigit() and is_chinese(b) for a, b in ((one.text, other.text), (other.text, one.text))
            )
            if is_edge and one.box and other.box and other.box.x0 - one.box.x1 > _HOLE * self.wide:
                yield from self._borne_out(number)
        for alike in (False, True):
            own = [(number, step) for number, kind, step in self._steps if kind == alike]
            usual = median(step for _, step in own) if own else 0.0
            for number, step in own if len(own) >= _SEVERAL else ():
                pair = (self.spans[number].text, self.spans[number + 1].text)
                if step > usual * (_FAR_WIDE if _WIDE.intersection(pair) else _FAR):
                    yield from self._borne_out(number)

    def _borne_out(self, number: int) -> Iterator[tuple[str, str]]:
        """The character `number` and the next one, if the places of those around bear out that there is room
        for one more between the two.

        The recogniser places a character in one of its columns, which in a long line are a third of an em
        wide. Where Chinese characters tell how a line goes on (least squares), several of them together tell
        more than the two.
        """
        widths = [1.0 if is_chinese(span.text) else _NARROW for span in self.spans]
        if sum(width == 1.0 for width in widths) >= _SEVERAL:
            spaces = [_SPACE if a != b else 0.0 for a, b in pairwise(widths)]
            starts = accumulate(map(add, widths, [*spaces, 0.0]), initial=0.0)
            ideal = [start + width / 2 for start, width in zip(starts, widths, strict=False)]
            places = [(span.box.x0 + span.box.x1) / 2 if span.box else 0.0 for span in self.spans]
            em, start = linear_regression(ideal, places)
            off = [place - start - em * at for place, at in zip(places, ideal, strict=True)]
            before, after = off[max(0, number + 1 - _AROUND) : number + 1], off[number + 1 :][:_AROUND]
            if mean(after) - mean(before) < _BORNE_OUT * em:
                return
        yield self.spans[number].text, self.spans[number + 1].text

    @property
    def rooms(self) -> Iterator[tuple[str, str]]:
        """The characters of a long answer between which there is room for a whole one."""
        spans = [span for span in self.spans if span.box and span.text.strip()]
        for one, other in pairwise(spans):
            least = _ROOM if one.text.isalnum() and other.text.isalnum() else _ROOM_AT_SIGN
            if one.box and other.box and other.box.x0 - one.box.x1 > least * self.wide:
                yield one.text, other.text

    @property
    def _steps(self) -> list[tuple[int, bool, float]]:
        """Number of the first, whether it is Chinese, and the distance of the two, for each two characters
        that follow each other and are both Chinese, or both signs of addresses and numbers."""
        return [
            (number, is_chinese(one.text), (other.box.x0 + other.box.x1 - one.box.x0 - one.box.x1) / 2)
            for number, (one, other) in enumerate(pairwise(self.spans))
            if one.box and other.box
            if all(map(is_chinese, (one.text, other.text))) or all(map(_SIGN.match, (one.text, other.text)))
        ]

    @property
    def wide(self) -> float:
        """The width of its widest character."""
        return max((span.box.x1 - span.box.x0 for span in self.spans if span.box), default=0.0)

    @property
    def high(self) -> float:
        return self.box.y1 - self.box.y0

    @property
    def middle(self) -> float:
        return (self.box.y0 + self.box.y1) / 2


def contradicted(alignment: Alignment, index: int, region: Region, pages: Pages) -> Iterator[Oddity]:
    """What speaks against the answer to label `index`, which stands in `region`: (code, the fields that it
    matters to, the words). Of what was not read off a picture nothing does."""
    label, find = alignment.labels[index], alignment.found[index]
    page = next((page for page in pages.pages if page.number == find.unit.page and page.frame), None)
    if page is None:
        return
    every = [field.name for field in label.cell.fields]
    is_loose = find.unit.cell is None and not region.units and not find.is_before_colon
    if (
        is_loose
        or region.is_split
        or _is_alone(alignment, index, region)
        or _is_narrow(alignment, index, region, page)
    ):
        yield "place-unsure", every, ""
    if not any(field.is_mark or field.entered == "ticked" for field in label.cell.fields) and _goes_on(
        region, pages
    ):
        yield "ink-unread", every, ""
    # A form prints its options. Where none was read, no mark beside them was seen either.
    ticked = [field.name for field in label.cell.fields if field.entered == "ticked"]
    if ticked and region.units and not any(passage.words.strip() for passage in region.passages):
        yield "ink-unread", ticked, ""
    swallowed = _swallowed(alignment, index, region)
    if swallowed:
        yield "answer-is-label", every, swallowed
    if label.cell.has_words_between:
        # Print and answers share its lines, with blanks between them.
        yield from _gaps(label.cell, region)
        odd = _tall(region)
    else:
        odd = _tall(region) if any(field.is_prose for field in label.cell.fields) else _foreign(label, region)
    foreign = None if any(field.is_mark for field in label.cell.fields) else next(odd, None)
    if foreign is not None:
        yield "text-foreign", every, foreign


def _is_alone(alignment: Alignment, index: int, region: Region) -> bool:
    """Whether a label that should stand beside the answer, or under it where the answer goes on in more rows,
    was not found: what it stands for may be taken for a part of the answer."""
    label, unit = alignment.labels[index], alignment.found[index].unit
    row = next(row for row in alignment.form.rows if any(cell is label.cell for cell in row.cells))
    cells = [id(cell) for cell in row.cells]
    beside = set(cells[cells.index(id(label.cell)) + 1 :]) if row.labels == "beside" else set()
    lost = [
        n for n, other in enumerate(alignment.labels) if n not in alignment.found and id(other.cell) in beside
    ]
    goes_on = any(
        other.cell and unit.cell and other.page == unit.page and _is_below(other, unit)
        for other in region.units
    )
    following = index + 1 < len(alignment.labels) and index + 1 not in alignment.found
    return bool(lost) or (goes_on and following)


def _is_below(other: Unit, unit: Unit) -> bool:
    one, own = other.cell, unit.cell
    return (
        one is not None
        and own is not None
        and other.table is unit.table
        and one.row >= own.row + own.row_span
    )


def _is_narrow(alignment: Alignment, index: int, region: Region, page: Page) -> bool:
    """Whether the cells of an answer end well before the next label of its row or, where none follows, before
    the form does."""
    unit = alignment.found[index].unit
    own = unit.box
    cells = box_around(other.cell.box for other in region.units if other.cell and other.page == page.number)
    if own is None or cells is None or alignment.labels[index].above:
        return False
    level = (own.y0 + own.y1) / 2
    starts = _starts(alignment, unit, page)
    edges = [one.box for one in starts if one.box]
    beside = [box.x0 for box in edges if box.x0 > own.x1 - 1 and box.y0 < level < box.y1]
    right = _right_edge(alignment, starts, page)
    slack = _BESIDE * (right - min(box.x0 for box in edges))
    return min(beside, default=right) - cells.x1 > slack or (
        unit.cell is not None and cells.x0 - own.x1 > slack
    )


def _starts(alignment: Alignment, unit: Unit, page: Page) -> list[Unit]:
    """Where the labels of a page stand, but for those in a table beside that of `unit` that holds no label of
    the form's rows that this one holds: of two pages on one sheet, each ends where it ends."""
    found = [(n, find.unit) for n, find in alignment.found.items() if find.unit.page == page.number]
    own = {alignment.labels[n].row for n, one in found if one.table is unit.table}
    beside = [
        (n, one)
        for n, one in found
        if one.table and unit.table and _is_right_of(one.table.box, unit.table.box)
    ]
    others = {id(one.table) for n, one in beside if alignment.labels[n].row in own}
    apart = {id(one) for _, one in beside if id(one.table) not in others}
    return [one for _, one in found if id(one) not in apart]


def _is_right_of(box: Box | None, other: Box | None) -> bool:
    return box is not None and other is not None and box.x0 >= other.x1


def _right_edge(alignment: Alignment, starts: Sequence[Unit], page: Page) -> float:
    """Where the form ends on a page: with its tables, or farther on where lines stand beside several of its
    rows."""
    rows = [one.cell.box for one in starts if one.cell and one.cell.box]
    tables = [one.table.box.x1 for one in starts if one.table and one.table.box]
    known = max([*tables, *(one.box.x1 for one in starts if one.box)])
    loose = [
        unit.box for unit in alignment.units if unit.cell is None and unit.page == page.number and unit.box
    ]
    beyond = [box for box in loose if box.x0 > known - 1]
    level = {(row.y0, row.y1) for row in rows for box in beyond if row.y0 < (box.y0 + box.y1) / 2 < row.y1}
    return max((box.x1 for box in beyond), default=known) if len(level) > 1 else known


def _goes_on(region: Region, pages: Pages) -> bool:
    """Whether ink that is no print stands in the cells of an answer, beside all that was read there."""
    by_number = {page.number: page for page in pages.pages}
    for unit in region.units:
        box, page = unit.cell.box if unit.cell else None, by_number.get(unit.page or 0)
        read = [span.box for span in unit.passage.spans if span and span.box]
        marks = [mark.box for mark in page.ink if mark.confidence >= rungs.STRONG] if page and box else []
        within = [
            mark
            for mark in marks
            if box
            and contains((box.x0, box.y0, box.x1, box.y1), *middle((mark.x0, mark.y0, mark.x1, mark.y1)))
        ]
        if any(not any(meets(mark, glyph) for glyph in read) for mark in within):
            return True
    return False


def _swallowed(alignment: Alignment, index: int, region: Region) -> str | None:
    """A label that was found nowhere, or a piece of the answer's own, where it stands in the answer."""
    label, form = alignment.labels[index], alignment.form
    row = next(row for row in form.rows if any(cell is label.cell for cell in row.cells))
    texts = [key(passage.words) for passage in region.passages]
    own = [key(text) for text in label.texts]
    if alignment.found[index].unit.key not in own:
        piece = next((text for text in texts if len(text) > 1 and any(text in one for one in own)), None)
        if piece:
            return piece
    lost = [other for n, other in enumerate(alignment.labels) if n not in alignment.found]
    for other in lost:
        printed = "".join(phrases_of(label.cell))
        least = 2 if any(cell is other.cell for cell in row.cells) else _LONG_LABEL
        words = [word for word in map(key, other.texts) if len(word) >= least and word not in printed]
        words = [word for word in words if any(word in text for text in texts)]
        if words:
            return words[0]
    return None


def _gaps(cell: FormCell, region: Region) -> Iterator[Oddity]:
    """Answers among printed words in which there is room for one more digit."""
    for name, passage in split(cell, region.passages).values.items():
        pieces = [piece for line in lines_of(passage.text) for piece in _pieces(passage.cut(*line))]
        gap = next((f"{before}{after}" for piece in pieces for before, after in piece.holes), None)
        if gap is not None:
            yield "text-foreign", [name], gap


def _foreign(label: Label, region: Region) -> Iterator[str]:
    """Pieces of a short answer that are not of one hand with the rest: far from it in its line, of another
    height, on another level, or across the border of the cell; and holes in it. Options stand as they like.
    """
    are_options = any(field.entered == "ticked" for field in label.cell.fields)
    for unit in region.units:
        if empty := _EMPTY_BRACKETS.search(unit.passage.text):
            yield empty[0]
        rows = list(_rows(unit))
        if not are_options:
            yield from _askew(rows, _ASKEW)
            yield from (f"{before}{after}" for row in rows for piece in row for before, after in piece.holes)
        for row in rows:
            high = median(piece.high for piece in row)
            for before, after in pairwise(row):
                apart = after.box.x0 - before.box.x1 > _APART * high
                if (
                    apart
                    or not 1 / _TALLER < after.high / before.high < _TALLER
                    or abs(after.middle - before.middle) > _OFF * high
                ):
                    yield after.text
            box = unit.cell.box if unit.cell else None
            for piece in row if box else ():
                if box and max(box.y0 - piece.box.y0, piece.box.y1 - box.y1) > _ACROSS * piece.high:
                    yield piece.text


def _askew(rows: Sequence[Sequence[_Piece]], most: float) -> Iterator[str]:
    """Rows that begin elsewhere, end elsewhere and have their middle elsewhere than the row above, by more
    than `most` heights: an answer that goes on is set alike in all its rows."""
    for above, row in pairwise(rows):
        (left, right), (x0, x1) = ((one[0].box.x0, one[-1].box.x1) for one in (above, row))
        high = median(piece.high for piece in (*above, *row))
        if min(abs(x0 - left), abs(x1 - right), abs(x0 + x1 - left - right) / 2) > most * high:
            yield " ".join(piece.text for piece in row)


def _tall(region: Region) -> Iterator[str]:
    """Lines of a long answer that are much higher than the others, or stand apart: written or stamped by
    somebody else, or askew. Places where there is room for a character that was not read.

    A short last line may look higher than it is, but stands close under the one before.
    """
    for unit in region.units:
        yield from _askew(list(_rows(unit)), _ASKEW_LINE)
    rows = [row for unit in region.units for row in _rows(unit)]
    pieces = [piece for row in rows for piece in row]
    yield from (f"{one}{other}" for piece in pieces for one, other in piece.rooms)
    for left, right in (pair for row in rows for pair in pairwise(row)):
        if right.box.x0 - left.box.x1 > _ROOM_AT_SIGN * max(left.wide, right.wide):
            yield right.text
    high = median(piece.high for piece in pieces) if pieces else 0.0
    for before, piece in pairwise([None, *pieces]):
        is_close = before is not None and piece is not None and piece.box.y0 - before.box.y1 < _CLOSE * high
        if piece and piece.high > (_MUCH_TALLER if is_close else _TALLER_LINE) * high:
            yield piece.text


def _rows(unit: Unit) -> Iterator[list[_Piece]]:
    """The pieces of each line of a unit, from left to right."""
    row: list[_Piece] = []
    for piece in _pieces(unit.passage):
        if row and (piece.box.x0 < row[-1].box.x0 or abs(piece.middle - row[-1].middle) > 0.5 * row[-1].high):
            yield row
            row = []
        row.append(piece)
    if row:
        yield row


def _pieces(passage: Passage) -> Iterator[_Piece]:
    spans = [span for span in passage.spans if isinstance(span, Run)]
    # A blank that has no box stands between pieces that were read apart.
    for _, group in groupby(spans, key=lambda span: span.box and (span.box.y0, span.box.y1)):
        run = [span for span in group if span.box]
        box = box_around(span.box for span in run)
        if box and box.y1 > box.y0:
            yield _Piece(tuple(run), box)
