"""A bureau's own Word file with the answers of a form: content controls are put where its answers go, and
nothing else of it is touched."""

import copy
import io
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from docx import Document as open_package
from docx.opc.constants import CONTENT_TYPE as CT
from docx.opc.constants import RELATIONSHIP_TYPE as RT
from docx.opc.exceptions import OpcError
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.ns import qn
from lxml import etree

from generator.document import Document
from generator.filling import Filling, fill
from generator.template_text import (
    Char,
    Node,
    TemplateText,
    TextLine,
    TextUnit,
    lines_of,
    look_of,
    split_after,
    split_before,
    unwrap_controls,
)
from generator.word_controls import Controls, run, valued
from models.errors import GenerationError
from models.fields import DateField, RowsField
from models.form import FormDefinition
from models.identity import Identity, Tag
from models.record import Record
from models.template import Spot, Unplaced

# What shows in an empty place: enough to click on. Blanks of half a letter never begin a new line.
_ROOM = " " * 8
_ROOM_BEHIND = " "  # of words on the same line, which may leave no more before it is full
_LEAST_LEFT = 2  # blanks between an answer and the next label on its line, by which that is told
_OTHERWISE = "模板这一处的写法无法放进填写控件"
_HIGHEST_ID = 2**31 - 1_000_000


def fill_template(
    template: bytes,
    form: FormDefinition,
    identity: Identity,
    spots: Sequence[Spot],
    record: Record | None = None,
    *,
    is_print: bool = False,
) -> tuple[Document, tuple[Unplaced, ...]]:
    """The .docx `template` with a control in each of `spots`, and the values of `record` where there is one;
    and what could not be put there. One that `is_print` has no controls.

    Raises:
        GenerationError: the file is no .docx, or see `generator.filling.fill`.
    """
    filling = fill(form, record)
    try:
        package = open_package(io.BytesIO(template))
    except (OpcError, ValueError, KeyError, zipfile.BadZipFile, etree.XMLSyntaxError) as error:
        raise GenerationError("模板不是 .docx 文件", advice="请在 Word 中另存为 .docx") from error
    body = package.element.body
    unwrap_controls(body)
    taken = [int(value) for one in body.iter(qn("w:id")) if (value := one.get(qn("w:val"), "")).isdigit()]
    writer = _Writer(filling, Controls(min(max(taken, default=0) + 1, _HIGHEST_ID)), is_print)
    writer.write(TemplateText.of(body), spots)
    _add_identity(package.part, identity)
    file = io.BytesIO()
    package.save(file)
    return Document(data=file.getvalue(), suffix=".docx"), tuple(writer.unplaced)


@dataclass
class _Writer:
    filling: Filling
    controls: Controls
    is_print: bool
    unplaced: list[Unplaced] = field(default_factory=list)

    def write(self, text: TemplateText, spots: Sequence[Spot]) -> None:
        """Put all that belongs into each place. What is written moves the characters behind it, so that a
        place is filled from its end."""
        places: list[tuple[TextUnit | None, Spot]] = [(_unit(text, spot), spot) for spot in spots]
        places += self._grown(text, spots)
        for unit, spot in sorted(places, key=lambda place: -place[1].start):
            pieces = _pieces(unit, spot) if unit else []
            if not pieces or not self._put(pieces[0], pieces[1:], spot.tag):
                self.unplaced.append(Unplaced(title=self._title(spot.tag), why=_OTHERWISE))

    def _grown(self, text: TemplateText, spots: Sequence[Spot]) -> list[tuple[TextUnit | None, Spot]]:
        """The places of rows that a table inside the form lacks: copies of its last."""
        made: list[tuple[TextUnit | None, Spot]] = []
        tables = {spot.tag.field: spot.tag.row for spot in spots if spot.tag.row is not None}
        for name, last in tables.items():
            needed = max((tag.row or 0 for tag in self.filling.texts if tag.field == name), default=0)
            own = [spot for spot in spots if spot.tag.field == name and spot.tag.row == last]
            cells = [unit.cell if (unit := _unit(text, spot)) else None for spot in own]
            if last is None or needed <= last or not cells or any(cell is None for cell in cells):
                continue
            row: Any = next(cell for cell in cells if cell is not None).getparent()
            places = [list(row).index(cell) for cell in cells]
            after = row
            for number in range(last + 1, needed + 1):
                clone = copy.deepcopy(row)
                after.addnext(clone)
                after = clone
                for spot, place in zip(own, places, strict=True):
                    cell = clone[place]
                    lines = [line for paragraph in cell.iter(qn("w:p")) for line in lines_of(paragraph)]
                    tag = spot.tag.model_copy(update={"row": number})
                    made.append((TextUnit(lines, cell), spot.model_copy(update={"tag": tag})))
        return made

    def _title(self, tag: Tag) -> str:
        return self.filling.form.titles[tag.field]

    def _put(self, piece: "_Piece", others: Sequence["_Piece"], tag: Tag) -> bool:
        """Put what belongs there into a piece of a line, over the `others` too; whether that can be done."""
        line, chosen = piece.line, piece.chars
        if line.odd or len({id(one.run.getparent()) for one in chosen}) > 1:
            return False
        if tag.option is not None:
            return self._box(tag, chosen)
        value = self.filling.texts.get(tag)
        if value is None and self.is_print:
            return True
        if value is not None:
            # Written lines are taken away from the last, as cutting moves what stands behind.
            for other in sorted(others, key=lambda one: -one.start):
                _clear([] if other.is_blank else _cut(other.chars))
        runs = _cut(chosen)
        at = _Gap.before(runs[0]) if runs else _gap(line, piece.start)
        # An answer doesn't look as advice does, which is often small, grey or slanted.
        look = look_of(None if _is_advice(chosen) or not runs else runs[0], line.paragraph)
        room = _ROOM_BEHIND if any(one.char.strip() for one in line.chars) else _ROOM
        shown = runs or [run(room, *look)]
        if value is not None:
            _clear(runs)
            look = _underlined(look, chosen)
            left = _blanks_left(chosen, value) if piece.end < len(line.chars) else ""
            if left:
                at.put(run(left, *map(copy.deepcopy, look)))
            shown = [run(value, *look)]
        self._show(at, tag, shown, is_empty=value is None)
        return True

    def _show(self, at: "_Gap", tag: Tag, runs: list[Node], *, is_empty: bool) -> None:
        if self.is_print:
            for one in reversed(runs):
                at.put(one)
            return
        calendar = isinstance(self.filling.form.fields[tag.field], DateField)
        at.put(self.controls.answer_of(tag, self._name(tag), runs, is_empty=is_empty, calendar=calendar))

    def _name(self, tag: Tag) -> str:
        row = f"第{tag.row + 1}行" if tag.row is not None else ""
        return self._title(tag) + row

    def _box(self, tag: Tag, chosen: Sequence[Char]) -> bool:
        """A check box in the place of a printed one."""
        field_of: Any = self.filling.form.fields[tag.field]
        if isinstance(field_of, RowsField):
            field_of = next(one.field for one in field_of.columns if one.field.name == tag.column)
        ticked = tag in self.filling.ticked
        if not chosen:
            return False
        runs = _cut(chosen)
        if not runs or (self.is_print and not ticked):
            return bool(runs)
        at, look = _Gap.before(runs[0]), look_of(runs[0], runs[0])
        sign = chosen[0].char if len(chosen) == 1 and chosen[0].char != "\ufffc" else "\u25a1"
        title = f"{self._title(tag)}：{field_of.options[tag.option]}"
        control = self.controls.box_of(tag, title, sign, look, ticked)
        if not ticked:
            # The box as the form has it, be it of a symbol font.
            content: Node = control.find(qn("w:sdtContent"))
            content[:] = []
            at = _Gap.before(runs[0])
            content.extend(runs)
        else:
            _clear(runs)
        at.put(next(control.iter(qn("w:r"))) if self.is_print else control)
        return True


@dataclass
class _Gap:
    """A place between the children of a paragraph, behind `previous` or at the start of `parent`."""

    parent: Node
    previous: Node | None

    @classmethod
    def before(cls, one: Node) -> "_Gap":
        previous = one.getprevious()
        return cls(one.getparent(), previous)

    def put(self, one: Node) -> None:
        """Put an element right there, before those that were put there earlier."""
        if self.previous is not None:
            self.previous.addnext(one)
        else:
            self.parent.insert(0, one)


def _gap(line: TextLine, at: int) -> _Gap:
    """The place before character `at` of a line."""
    if at < len(line.chars):
        one = line.chars[at]
        return _Gap.before(split_before(one.run, one.item, one.at))
    if line.chars:
        one = line.chars[-1]
        last = split_after(one.run, one.item, one.at)
        return _Gap(last.getparent(), last)
    if line.broken:
        last = split_after(*line.broken, 0)
        return _Gap(last.getparent(), last)
    return _Gap(line.paragraph, line.paragraph.find(qn("w:pPr")))


def _cut(chosen: Sequence[Char]) -> list[Node]:
    """The runs of these characters, cut off what stands before and behind them."""
    if not chosen:
        return []
    last, first = chosen[-1], chosen[0]
    end = split_after(last.run, last.item, last.at)
    begin = split_before(first.run, first.item, first.at)
    if first.run is last.run:
        end = begin
    runs = [begin]
    while runs[-1] is not end:
        following = runs[-1].getnext()
        if following is None:
            break
        runs.append(following)
    return runs


def _unit(text: TemplateText, spot: Spot) -> TextUnit | None:
    if spot.cell is not None:
        return text.cells.get((spot.cell.table, spot.cell.row, spot.cell.column))
    return text.lines[spot.line] if spot.line is not None and spot.line < len(text.lines) else None


@dataclass(frozen=True)
class _Piece:
    """Characters `start` to `end` of a line."""

    line: TextLine
    start: int
    end: int

    @property
    def chars(self) -> list[Char]:
        return self.line.chars[self.start : self.end]

    @property
    def is_blank(self) -> bool:
        return not any(one.char.strip() for one in self.chars)


def _pieces(unit: TextUnit, spot: Spot) -> list[_Piece]:
    """What a spot takes of each line that it touches, the line to write on first; nothing where the file says
    something else than was read. A reader may put numbers of lists before a line."""
    wanted = spot.text.split("\n")
    if len(wanted) != len(unit.lines) or not all(map(_agree, wanted, unit.lines)):
        return []
    at, found = 0, []
    for words, line in zip(wanted, unit.lines, strict=True):
        shift, until = len(words) - len(line.text), at + len(words)
        if spot.start <= until and spot.end >= at:
            start, end = max(spot.start, at) - at - shift, min(spot.end, until) - at - shift
            found.append(_Piece(line, max(start, 0), max(end, 0)))
        at = until + 1
    # What tells how to fill in is written over; blank lines round it stay.
    return sorted(found, key=lambda piece: piece.is_blank)


def _agree(words: str, line: TextLine) -> bool:
    text = line.text
    tail = words[len(words) - len(text) :]
    return len(tail) == len(text) and all(
        a == b for a, b in zip(tail, text, strict=True) if a.isalnum() and b.isalnum()
    )


def _clear(runs: Iterable[Node]) -> None:
    for one in runs:
        parent = one.getparent()
        if parent is not None:
            parent.remove(one)


def _is_advice(chosen: Sequence[Char]) -> bool:
    return any(one.char.isalnum() and one.char not in "年月日" for one in chosen)


def _underlined(look: list[Node], chosen: Sequence[Char]) -> list[Node]:
    """The look of an answer that keeps the line it is written on, where underscores drew that."""
    if not any(one.char in "_＿" for one in chosen) or any(one.tag == qn("w:u") for one in look):
        return look
    behind = {
        qn(f"w:{name}")
        for name in (
            "effect",
            "bdr",
            "shd",
            "fitText",
            "vertAlign",
            "rtl",
            "cs",
            "em",
            "lang",
            "eastAsianLayout",
        )
    }
    place = next((n for n, one in enumerate(look) if one.tag in behind), len(look))
    return [*look[:place], valued("w:u", "single"), *look[place:]]


def _blanks_left(chosen: Sequence[Char], value: str) -> str:
    """The blanks that an answer leaves of a line it is written on, so that what follows keeps its place."""
    left = _width(one.char for one in chosen) - _width(value)
    return " " * max(left, _LEAST_LEFT) if "\n" not in value else ""


def _width(chars: Iterable[str]) -> int:
    """In half letters, of which a Chinese one takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in chars)


def _add_identity(main: Any, identity: Identity) -> None:
    """Which form it is, and which copy: a part of its own, called as no other is."""
    package = main.package
    names = {str(part.partname) for part in package.iter_parts()}
    number = next(n for n in range(1, len(names) + 2) if f"/customXml/item{n}.xml" not in names)
    item = Part(PackURI(f"/customXml/item{number}.xml"), CT.XML, identity.to_xml().encode(), package)
    main.relate_to(item, RT.CUSTOM_XML)
