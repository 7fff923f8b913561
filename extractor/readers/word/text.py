"""A paragraph's XML as lines of what a reader of the page sees: final text, marks, and pictures at their place.

Insertions count and deletions don't; hidden text, comments and field instructions are left out; of alternative content
one branch is taken. Content controls, form fields, symbol fonts and enclosed characters become ticks here and nowhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from lxml import etree

from extractor.readers.word.activex import ActiveXBox, read_activex
from extractor.readers.word.controls import W14, after_glyph, checkbox, repeated_controls
from extractor.readers.word.fields import ComplexField, computed, legacy_checkbox, legacy_dropdown
from extractor.readers.word.numbering import Bullets
from extractor.readers.word.package import Parts, W
from extractor.readers.word.pieces import BREAK, BreakLine, Piece, characters, joined, plain_text, symbol
from extractor.readers.word.styles import Look, Styles
from extractor.text.placeholders import STANDARD_PLACEHOLDERS
from models.identity import Tag
from models.page import Control, Line, Picture, Run, Span, Tick

W16SE = "{http://schemas.microsoft.com/office/word/2015/wordml/symex}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_VML = "{urn:schemas-microsoft-com:vml}"

_TRANSPARENT = {f"{W}{name}" for name in ("ins", "moveTo", "hyperlink", "smartTag", "customXml", "dir", "bdo", "rt")} | {
    f"{M}{name}" for name in ("oMath", "oMathPara", "r", "e", "box", "borderBox", "sup", "sub", "num", "den")
}


@dataclass
class TextReader:
    """Reads paragraphs of one document in order; fields may run over several of them."""

    package: Parts
    styles: Styles
    bullets: Bullets
    controls: list[Control] = field(default_factory=list)
    damage: set[str] = field(default_factory=set)
    _fields: list[ComplexField] = field(default_factory=list)

    def lines(self, paragraph: etree._Element) -> list[Line]:
        """The lines of a `w:p`; at least one, which may be empty."""
        properties = paragraph.find(f"{W}pPr")
        look = self.styles.paragraph(properties)
        lines: list[list[Span]] = [[]]
        for piece in chain(self.bullets.of(properties), self._children(paragraph, look)):
            if isinstance(piece, BreakLine):
                lines.append([])
            else:
                lines[-1].append(piece)
        return [Line(spans=tuple(joined(spans))) for spans in lines]

    # -- the tree above runs

    def _children(self, element: etree._Element, look: Look) -> Iterator[Piece]:
        repeats = repeated_controls(element)
        if repeats:
            self.damage.add("保存文件的软件把控件中的文字重复写了多遍，已按一遍读取")
        for child in element:
            if child not in repeats:
                yield from self._inline(child, look)

    def _inline(self, element: etree._Element, look: Look) -> Iterator[Piece]:
        tag = element.tag
        if tag == f"{W}r":
            yield from self._run(element, look)
        elif tag == f"{W}sdt":
            yield from self._content_control(element, look)
        elif tag == f"{W}fldSimple":
            yield from self._simple_field(element, look)
        elif tag == f"{MC}AlternateContent":
            yield from self._children(_branch(element), look)
        elif tag == f"{M}t":
            yield from characters(element.text or "", look)
        elif tag in _TRANSPARENT:
            yield from self._children(element, look)

    def _run(self, run: etree._Element, paragraph: Look) -> Iterator[Piece]:
        look = self.styles.run(run.find(f"{W}rPr"), paragraph)
        if look.hidden:
            # A hidden run may still begin or end a field.
            for child in run.iter(f"{W}fldChar", f"{W}instrText"):
                list(self._run_content(child, look))
            return
        for child in run:
            yield from self._run_content(child, look)

    def _run_content(self, child: etree._Element, look: Look) -> Iterator[Piece]:
        name = str(child.tag).removeprefix(W)
        if name == "fldChar":
            yield from self._field_character(child, look)
        elif name == "instrText":
            if self._fields:
                self._fields[-1].instruction += child.text or ""
        elif all(f.in_result and not f.shown for f in self._fields):
            yield from self._shown(child, name, look)

    def _shown(self, child: etree._Element, name: str, look: Look) -> Iterator[Piece]:
        """What a run shows by `child`, called `name`, where no field hides it."""
        if name == "t":
            yield from characters(child.text or "", look)
        elif name == "sym":
            yield symbol(child.get(f"{W}font"), child.get(f"{W}char", ""), look)
        elif name in _CHARACTERS:
            yield Run(text=_CHARACTERS[name], emphasis=look.emphasis)
        elif name in ("br", "cr"):
            yield BREAK
        elif name == "ruby":
            for base in child.iterfind(f"{W}rubyBase"):
                yield from self._children(base, look)
        elif child.tag == f"{MC}AlternateContent":
            for item in _branch(child):
                yield from self._run_content(item, look)
        elif child.tag == f"{W16SE}symEx":
            yield symbol(child.get(f"{W16SE}font"), child.get(f"{W16SE}char", ""), look)
        elif name in ("drawing", "pict", "object"):
            yield from self._drawing(child)
        elif name == "contentPart" or child.tag == f"{W14}contentPart":
            yield Picture(kind="ink")

    # -- fields

    def _field_character(self, element: etree._Element, look: Look) -> Iterator[Piece]:
        kind = element.get(f"{W}fldCharType")
        if kind == "begin":
            self._fields.append(ComplexField(checkbox=legacy_checkbox(element), dropdown=legacy_dropdown(element)))
        elif kind == "separate" and self._fields:
            current = self._fields[-1]
            current.in_result = True
            pieces = list(computed(current, look))
            current.shown = bool(pieces)
            yield from pieces
        elif kind == "end" and self._fields:
            current = self._fields.pop()
            if not current.in_result and not any(not f.in_result for f in self._fields):
                yield from computed(current, look)

    def _simple_field(self, element: etree._Element, look: Look) -> Iterator[Piece]:
        pieces = list(computed(ComplexField(instruction=element.get(f"{W}instr", "")), look))
        yield from pieces or self._children(element, look)

    # -- content controls

    def _content_control(self, element: etree._Element, look: Look) -> Iterator[Piece]:
        content = element.find(f"{W}sdtContent")
        pieces = [] if content is None else list(self._children(content, look))
        yield from self.control(element, pieces)

    def control(self, element: etree._Element, pieces: list[Piece]) -> list[Piece]:
        """What a content control of any level shows, given what it holds; one of ours is noted by its tag."""
        properties = element.find(f"{W}sdtPr")
        if properties is None:
            return pieces
        tag_element = properties.find(f"{W}tag")
        tag = Tag.read(tag_element.get(f"{W}val", "")) if tag_element is not None else None
        box = properties.find(f"{W14}checkbox")
        if box is not None:
            tick = checkbox(box, pieces, tag)
            if tag is not None:
                self.controls.append(Control(tag=tag, ticked={"ticked": True, "empty": False}.get(tick.state)))
            return [tick, *after_glyph(pieces)]
        placeholder = properties.find(f"{W}showingPlcHdr")
        shows_placeholder = placeholder is not None and placeholder.get(f"{W}val", "1") not in ("0", "false", "off")
        shows_placeholder |= plain_text(pieces).strip() in STANDARD_PLACEHOLDERS
        if tag is not None and tag.option is None:
            text = None if shows_placeholder else plain_text(pieces)
            self.controls.append(Control(tag=tag, text=text))
        return [] if shows_placeholder else pieces

    # -- drawings

    def _drawing(self, element: etree._Element) -> Iterator[Piece]:
        for control in element.iter(f"{W}control"):
            active = self._activex(control.get(_RELATION_ID, ""))
            if active is not None:
                yield Tick(state="unclear" if active.ticked is None else "ticked" if active.ticked else "empty")
                yield from [Run(text=active.caption)] if active.caption else []
                return
        boxes = [box for box in element.iter(f"{W}txbxContent") if not _in_fallback(box, element)]
        for box in boxes:
            for paragraph in box.iter(f"{W}p"):
                yield BREAK
                for line in self.lines(paragraph):
                    yield from line.spans
                    yield BREAK
        if not boxes:
            is_picture = element.find(".//{*}blip") is not None or element.find(f".//{_VML}imagedata") is not None
            yield Picture(kind="picture" if is_picture else "shape")

    def _activex(self, relation: str) -> ActiveXBox | None:
        """The control behind a relationship: its description in XML, and from there its state."""
        package = self.package
        link = package.relationships(package.main).get(relation)
        if link is None or link.external or not package.has(link.target):
            return None
        for binary in package.related(link.target, "activeXControlBinary"):
            return read_activex(package.read(binary))
        return None


_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CHARACTERS = {"tab": "\t", "ptab": "\t", "noBreakHyphen": "-", "softHyphen": ""}


def _branch(alternate: etree._Element) -> etree._Element:
    """The branch of alternative content that Word 2010 and later show: the first choice, or the fallback without one."""
    choice = alternate.find(f"{MC}Choice")
    if choice is None:
        choice = alternate.find(f"{MC}Fallback")
    return alternate if choice is None else choice


def _in_fallback(element: etree._Element, top: etree._Element) -> bool:
    for ancestor in element.iterancestors():
        if ancestor.tag == f"{MC}Fallback":
            return True
        if ancestor is top:
            return False
    return False
