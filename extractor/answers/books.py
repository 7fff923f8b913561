"""What became of everything that stands on the pages: print of the form, an answer, known noise, or told
(pure).

The matcher says which characters it gave to which field (`Claims`); `settle` then books every character of
the document once. What is left over is told, and the fields beside it go to a person. What counts as print is
taken from the definition.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from rapidfuzz import fuzz

from extractor.answers.cell_parts import find_words
from extractor.answers.labels import Alignment
from extractor.answers.units import Unit
from extractor.text.passage import ADDED, LIST_NUMBER, Keyed, Passage, lines_of
from models.fields import DateField, Field
from models.findings import Finding
from models.form import FormCell, FormDefinition, Printed
from models.geometry import box_around
from models.identity import INSTANCE_ALPHABET
from models.ledger import Booking, Entry, Kind
from models.page import Box, Picture, Remark, Run, Span, Tick
from models.printed import phrases_of, phrases_of_form
from models.writing import is_correction_mark, key, one_line

# Printed words that came back misread are print if so much of them is alike; words inside others only from
# this length.
_SIMILAR = 85.0
_LEAST_INNER = 4
# What is known to be noise outside tables, by the name of the rule.
_PAGE_NUMBER = r"\W*(?:第|p(?:age|\.)?)?\s*\d{1,3}\s*页?\W*(?:(?:共|of)?\s*\d{1,3}\s*页?)?\W*"
_NOISE: Mapping[str, re.Pattern[str]] = {
    "annex-number": re.compile(r"\s*附\s*[件表录]\s*[一二三四五六七八九十\d]{0,2}\s*[:：.．、]?\s*"),
    "page-number": re.compile(_PAGE_NUMBER, re.I),
    # What our own forms print at the foot, after the title: which copy it is.
    "copy-number": re.compile(
        rf"\W*版本\s*\S{{1,20}}?\s*编号\s*[{INSTANCE_ALPHABET}]{{6,20}}"
        rf"(?:\s*补正通知\s*\S{{1,40}})?(?:{_PAGE_NUMBER})?"
    ),
}
_BLANK_DATE = frozenset("年月日至")
_EXCERPT = 40
_LABEL, _FORM = Booking(way="print", by="label"), Booking(way="print", by="form")
_MARKS_ONLY = Booking(way="noise", by="punctuation")


@dataclass
class Claims:
    """What the matcher took: of each character, the fields that have it in their answer, and the cell of the
    form whose answers stand there; and what goes on with labels elsewhere than where they were found."""

    fields: dict[int, list[str]] = field(default_factory=dict)
    cells: dict[int, FormCell] = field(default_factory=dict)
    labels: list[Passage] = field(default_factory=list)

    def label(self, passages: Iterable[Passage]) -> None:
        """`passages` are parts of labels."""
        self.labels += passages

    def region(self, cell: FormCell, passages: Iterable[Passage]) -> None:
        """`passages` are where the fields of `cell` are answered."""
        for passage in passages:
            self.cells.update(dict.fromkeys(passage.numbers, cell))

    def answer(self, name: str, passage: Passage) -> None:
        """`passage` is all of the answer to the field `name`."""
        for number in passage.numbers:
            if number != ADDED:
                self.fields.setdefault(number, []).append(name)


@dataclass(frozen=True)
class Books:
    """The booking of each character of `units`, and of the marks that lie over them. `doubts` are about
    fields, `told` about the document as a whole."""

    units: Sequence[Unit] = ()
    bookings: Mapping[int, Booking] = field(default_factory=dict)
    doubts: Sequence[Finding] = ()
    told: Sequence[Finding] = ()
    marks: Sequence[Entry] = ()

    def entries(self) -> Iterator[Entry]:
        """An entry for each stretch of a cell or line that was booked in one way, in reading order."""
        return entries_booked(self.units, self.bookings)


def entries_booked(units: Iterable[Unit], bookings: Mapping[int, Booking]) -> Iterator[Entry]:
    """An entry for each stretch of a cell or line that was booked in one way, in reading order."""
    for unit in units:
        passage = unit.passage
        ways = {
            n: (_kind(passage.spans[n]), bookings[number])
            for n, number in enumerate(passage.numbers)
            if number != ADDED
        }
        for (kind, booking), places in groupby(ways, key=ways.__getitem__):
            some = list(places)
            stretch = passage.cut(some[0], some[-1] + 1)
            place = stretch.places[0]
            box = box_around([span.box for span in stretch.spans if span and span.box]) or place.box
            yield Entry(
                kind=kind, text=_said(stretch), booking=booking, page=unit.page, cell=place.cell, box=box
            )


def is_doubted_by(field: Field, remark: Remark) -> bool:
    """Whether a remark puts a field in doubt: a small one means nothing in a long text, and options are
    counted by lists as they are by hand."""
    if remark.code == LIST_NUMBER:
        return not field.is_long and field.entered != "ticked"
    return not (remark.minor and field.is_long)


def settle(alignment: Alignment, claims: Claims, absent: Sequence[str]) -> Books:
    """Book every character of the units of `alignment`.

    `absent` are the fields for seals and signatures of which it is said that nothing is there: a picture that
    nobody claimed may be what they ask for.
    """
    settling = _Settling(alignment, claims, absent)
    for unit in alignment.units:
        for cell, passage in settling.left(unit):
            for piece, is_form in _parted(passage, settling.phrases(cell)):
                # A mark that somebody set in what the form prints means something.
                settling.book(
                    piece, _FORM if is_form and not _is_marked(piece) else settling.rest(unit, cell, piece)
                )
    return settling.books()


class _Settling:
    """The books while they are made."""

    def __init__(self, alignment: Alignment, claims: Claims, absent: Sequence[str]) -> None:
        self._alignment, self._claims, self._absent = alignment, claims, absent
        self._phrases = tuple(phrases_of_form(alignment.form))
        self._by_cell: dict[int, tuple[str, ...]] = {}
        self._doubts: dict[tuple[str, str], Finding] = {}
        self._elsewhere: dict[int | None, list[str]] = {}
        self._bookings: dict[int, Booking] = {}
        for find in alignment.found.values():
            self.book(find.unit.passage.cut(find.start, find.end), _LABEL)
        for rest in claims.labels:
            self.book(rest, _LABEL)
        for number, names in claims.fields.items():
            own = list(dict.fromkeys(names))
            self._bookings[number] = Booking(way="answer", by="、".join(own))
            self._doubt_shared([name for name in own if not alignment.form.fields[name].is_mark])
        orders = [find.order for find in alignment.found.values()]
        within = alignment.units[min(orders, default=0) : max(orders, default=0) + 1]
        self._within = {id(unit) for unit in within}
        # What a remark repeats, a document inside another, stands among the units itself.
        self._everything = "".join(unit.key for unit in alignment.units)

    def _doubt_shared(self, names: Sequence[str]) -> None:
        """What two fields both hold is the answer to one of them at most."""
        titles = self._alignment.form.titles
        for name in names if len(names) > 1 else ():
            others = "、".join(titles[other] for other in names if other != name)
            self._doubts.setdefault(
                ("answer-twice", name), Finding.of("answer-twice", name, title=titles[name], other=others)
            )

    def books(self) -> Books:
        told = [
            Finding.of("text-elsewhere", text=" ".join(texts)[:_EXCERPT], count=len(texts))
            for texts in self._elsewhere.values()
        ]
        return Books(self._alignment.units, self._bookings, tuple(self._doubts.values()), tuple(told))

    def book(self, passage: Passage, booking: Booking) -> None:
        """Book what is text; pictures and remarks are never a form's print."""
        for number, span in zip(passage.numbers, passage.spans, strict=True):
            if number != ADDED and not (booking.way == "print" and isinstance(span, Picture | Remark)):
                self._bookings[number] = booking

    def phrases(self, cell: FormCell | None) -> Sequence[str]:
        """The keys of what the form prints: where `cell` is answered what that prints, elsewhere all."""
        if cell is None:
            return self._phrases
        if id(cell) not in self._by_cell:
            self._by_cell[id(cell)] = tuple(phrases_of(cell))
        return self._by_cell[id(cell)]

    def left(self, unit: Unit) -> Iterator[tuple[FormCell | None, Passage]]:
        """The stretches of a unit that are not booked, each with the cell of the form that is answered there;
        a picture or remark by itself."""
        passage = unit.passage
        marks = [n if isinstance(span, Picture | Remark) else None for n, span in enumerate(passage.spans)]
        cells = [self._claims.cells.get(number) for number in passage.numbers]
        ways = [
            (number in self._bookings, id(cells[n]), marks[n]) for n, number in enumerate(passage.numbers)
        ]
        for (is_booked, _, _), places in groupby(range(len(passage)), key=ways.__getitem__):
            some = list(places)
            if not is_booked:
                yield cells[some[0]], passage.cut(some[0], some[-1] + 1)

    def rest(self, unit: Unit, cell: FormCell | None, piece: Passage) -> Booking:
        """What becomes of what is neither print nor an answer."""
        if piece.remarks:
            return self._remark(unit, cell, piece.remarks[0])
        if piece.pictures:
            return self._picture(unit, cell)
        is_marked = _is_marked(piece)
        letters = key(piece.words)
        if not letters and not is_marked:
            return _MARKS_ONLY
        if (
            cell
            and any(isinstance(one, DateField) for one in cell.fields)
            and _BLANK_DATE.issuperset(letters)
            and not is_marked
        ):
            return _FORM
        rule = noise_in(piece.text)
        if rule and unit.cell is None and not is_marked:
            return Booking(way="noise", by=rule)
        return self._tell("text-unclaimed", self._beside(unit, cell, piece), unit, one_line(_said(piece)))

    def _remark(self, unit: Unit, cell: FormCell | None, remark: Remark) -> Booking:
        """What is remarked where fields are answered the matcher has told; on a label it is about the label's
        fields."""
        labels = [self._alignment.labels[n] for n, find in self._alignment.found.items() if find.unit is unit]
        fields = (
            []
            if cell
            else [one for label in labels for one in label.cell.fields if is_doubted_by(one, remark)]
        )
        if not cell and remark.code != LIST_NUMBER and (fields or key(remark.text) not in self._everything):
            self._tell(remark.code, [one.name for one in fields], unit, one_line(remark.text))
        return Booking(way="told", by=remark.code)

    def _picture(self, unit: Unit, cell: FormCell | None) -> Booking:
        """A picture inside the form may be any seal or signature that is not there; a letterhead is none."""
        if cell or id(unit) in self._within:
            self._tell("picture-unclaimed", self._absent, unit, "")
        return Booking(way="told", by="picture-elsewhere")

    def _tell(self, code: str, names: Sequence[str], unit: Unit, text: str) -> Booking:
        for name in names:
            words = {"title": self._alignment.form.titles[name], "text": text[:_EXCERPT]}
            self._doubts.setdefault((code, name), Finding.of(code, name, **words))
        if not names and text:
            self._elsewhere.setdefault(unit.page, []).append(text)
        return Booking(way="told", by=code if names else "text-elsewhere")

    def _beside(self, unit: Unit, cell: FormCell | None, piece: Passage) -> list[str]:
        """The fields that what nobody claimed may belong to: of the cell that is answered there, or else of
        the nearest label before it in its row. What stands before all labels of a row is a heading of
        several."""
        if cell:
            return [one.name for one in cell.fields]
        labels, found = self._alignment.labels, self._alignment.found
        box = box_around([span.box for span in piece.spans if span and span.box])
        before = [(index, find) for index, find in found.items() if _is_before(find.unit, unit, box)]
        if not before:
            return []
        index, _ = max(
            before,
            key=lambda one: (one[1].unit.cell.column if one[1].unit.cell and unit.cell else 0, one[1].order),
        )
        return [one.name for one in labels[index].cell.fields]


def _is_marked(piece: Passage) -> bool:
    return any(isinstance(span, Tick) and span.state != "empty" for span in piece.spans)


def _is_before(label: Unit, unit: Unit, box: Box | None) -> bool:
    """Whether a label stands in the row of `unit`, left of it; a loose line has no row but that of a cell it
    is level with."""
    if label.cell is None or label is unit:
        return False
    if unit.cell is not None and unit.table is label.table:
        rows = max(label.cell.row, unit.cell.row) < min(
            label.cell.row + label.cell.row_span, unit.cell.row + unit.cell.row_span
        )
        return rows and label.cell.column < unit.cell.column
    own = label.cell.box
    level = (
        box is not None
        and own is not None
        and label.page == unit.page
        and own.y0 < (box.y0 + box.y1) / 2 < own.y1
    )
    return level and own is not None and box is not None and own.x1 <= (box.x0 + box.x1) / 2


def _parted(passage: Passage, phrases: Sequence[str]) -> Iterator[tuple[Passage, bool]]:
    """The passage in stretches that are print (True) or not."""
    if is_print(key(passage.text), phrases):
        yield passage, True
        return
    covered = _covered(passage.text, phrases)
    for is_known, places in groupby(range(len(passage)), key=covered.__getitem__):
        some = list(places)
        piece = passage.cut(some[0], some[-1] + 1)
        # What stands alone once other print is off may be print too.
        yield piece, is_known or is_print(key(piece.text), phrases)


def _covered(text: str, phrases: Sequence[str]) -> list[bool]:
    """Of each character, whether printed words stand there, exactly or nearly."""
    covered = [False] * len(text)
    keyed = Keyed.of(text)
    for phrase in phrases:
        place = find_words(keyed, [phrase], 0) if len(phrase) >= _LEAST_INNER else None
        if place:
            start, end = keyed.range(*place)
            covered[start:end] = [True] * (end - start)
    for start, end in lines_of(text):
        if not all(covered[start:end]) and is_print(key(text[start:end]), phrases):
            covered[start:end] = [True] * (end - start)
    return covered


def noise_in(text: str) -> str | None:
    """The rule by which a line outside tables is known to be noise, None where none is."""
    return next((name for name, noise in _NOISE.items() if noise.fullmatch(text)), None)


def is_print(words: str, phrases: Sequence[str]) -> bool:
    """Whether `words`, a key, are a phrase of the form or a part of one, or mark what is to be corrected."""
    if is_correction_mark(words):
        return True
    if len(words) < _LEAST_INNER:
        return words in phrases
    return any(
        words in one
        or fuzz.ratio(words, one) >= _SIMILAR
        or (len(words) <= len(one) and fuzz.partial_ratio(words, one) >= _SIMILAR)
        for one in phrases
    )


def headings_of(form: FormDefinition) -> frozenset[str]:
    """The keys of what a form prints in cells that have no label, as the headings of its parts."""
    cells = (cell for cell in form.cells() if not cell.label)
    texts = (
        text
        for cell in cells
        for item in cell.content
        if isinstance(item, Printed)
        for text in (item.text, *item.aliases)
    )
    return frozenset(filter(None, map(key, texts)))


def _kind(span: Span | None) -> Kind:
    if span is None or isinstance(span, Run):
        return "text"
    return "tick" if isinstance(span, Tick) else "picture" if isinstance(span, Picture) else "remark"


def _said(stretch: Passage) -> str:
    """The words of a stretch, and those of what is remarked in it."""
    return stretch.words + "".join(remark.text for remark in stretch.remarks)
