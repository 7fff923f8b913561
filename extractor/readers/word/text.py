"""A paragraph's XML as lines of what a reader of the page sees: final text, marks, and pictures at their place.

Insertions count and deletions don't; hidden text, comments and field instructions are left out; of alternative content
one branch is taken. Content controls, form fields, symbol fonts and enclosed characters become ticks here and nowhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from lxml import etree

from extractor.readers.word.activex import ActiveXBox, read_activex
from extractor.readers.word.bindings import Bindings, says_the_same
from extractor.readers.word.controls import W14, after_glyph, checkbox, repeated_controls, shows_prompt
from extractor.readers.word.fields import ComplexField, computed, legacy_checkbox, legacy_dropdown
from extractor.readers.word.formulas import M, equation
from extractor.readers.word.notes import REFERENCES, Notes
from extractor.readers.word.numbering import Bullets
from extractor.readers.word.package import Parts, W
from extractor.readers.word.pieces import BREAK, Piece, as_lines, characters, plain_text, symbol
from extractor.readers.word.styles import Look, Styles
from extractor.text.placeholders import STANDARD_PLACEHOLDERS
from extractor.text.raised import Raised
from models.identity import Tag
from models.page import Control, Line, Picture, Remark, Run, Tick

W16SE = "{http://schemas.microsoft.com/office/word/2015/wordml/symex}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_VML = "{urn:schemas-microsoft-com:vml}"

_TRANSPARENT = {f"{W}{name}" for name in ("ins", "moveTo", "hyperlink", "smartTag", "customXml", "dir", "bdo", "rt")}


@dataclass
class TextReader:
    """Reads paragraphs of one document in order; fields may run over several of them."""

    package: Parts
    styles: Styles
    bullets: Bullets
    bindings: Bindings
    notes: Notes
    controls: list[Control] = field(default_factory=list)
    damage: set[str] = field(default_factory=set)
    # What is behind the text that is being read, None where that isn't known.
    paper: str | None = "FFFFFF"
    _fields: list[ComplexField] = field(default_factory=list)

    def lines(self, paragraph: etree._Element) -> list[Line]:
        """The lines of a `w:p`; at least one, which may be empty."""
        properties = paragraph.find(f"{W}pPr")
        look = self.styles.paragraph(properties)
        return as_lines(chain(self.bullets.of(properties), self.notes.under, self._children(paragraph, look)))

    def _on(self, paper: str | None, paragraph: etree._Element) -> list[Line]:
        """The lines of a paragraph that stands on `paper`."""
        before, self.paper = self.paper, paper
        try:
            return self.lines(paragraph)
        finally:
            self.paper = before

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
        elif tag in (f"{M}oMath", f"{M}oMathPara"):
            yield from equation(element)
        elif tag in REFERENCES:
            yield from self.notes.of(element)
        elif tag in _DELETED:
            yield from self._deleted(element, look)
        elif tag in _TRANSPARENT:
            yield from self._children(element, look)

    def _deleted(self, element: etree._Element, look: Look) -> Iterator[Piece]:
        """A deletion shows nothing, but a field may end in it, which would hide all that follows."""
        before = len(self._fields)
        for mark in element.iter(f"{W}fldChar"):
            list(self._field_character(mark, look))
        if len(self._fields) != before:
            yield Remark(code="field-broken")

    @property
    def is_in_instruction(self) -> bool:
        """Whether a field has begun of which nothing is shown yet."""
        return any(not one.in_result for one in self._fields)

    def _run(self, run: etree._Element, paragraph: Look) -> Iterator[Piece]:
        look = self.styles.run(run.find(f"{W}rPr"), paragraph)
        if look.hidden:
            # A hidden run may still begin or end a field.
            for child in run.iter(f"{W}fldChar", f"{W}instrText"):
                list(self._run_content(child, look))
            yield from _unseen("text-hidden", "".join(text.text or "" for text in run.iterfind(f"{W}t")))
            return
        pieces = [piece for child in run for piece in self._run_content(child, look)]
        if look.is_unseen(self.paper):
            yield from (piece for piece in pieces if isinstance(piece, Picture | Remark))
            yield from _unseen("text-unseen", plain_text([piece for piece in pieces if not isinstance(piece, Picture | Remark)]))
            return
        for piece in pieces:
            raised = look.level if isinstance(piece, Run) else None
            yield Raised(piece.text, raised, piece.emphasis) if raised and isinstance(piece, Run) else piece

    def _run_content(self, child: etree._Element, look: Look) -> Iterator[Piece]:
        name = str(child.tag).removeprefix(W)
        if name == "fldChar":
            yield from self._field_character(child, look)
        elif name == "instrText":
            if self._fields:
                self._fields[-1].instruction += child.text or ""
        elif child.tag in REFERENCES:
            yield from self.notes.of(child)
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
        stored = self.bindings.shown(properties)
        box = properties.find(f"{W14}checkbox")
        if box is not None:
            tick = checkbox(box, pieces, tag)
            if stored is not None and (stored.lower() in ("1", "true")) != (tick.state == "ticked"):
                tick = tick.model_copy(update={"state": "unclear"})
            if tag is not None:
                self.controls.append(Control(tag=tag, ticked={"ticked": True, "empty": False}.get(tick.state)))
            return [tick, *after_glyph(pieces)]
        shows_placeholder = shows_prompt(element) or plain_text(pieces).strip() in STANDARD_PLACEHOLDERS
        if tag is not None and tag.option is None:
            text = None if shows_placeholder else plain_text(pieces)
            self.controls.append(Control(tag=tag, text=text))
        shown = [] if shows_placeholder else pieces
        if stored is not None and not says_the_same(stored, plain_text(shown)):
            return [*shown, Remark(code="binding-differs", text=stored)]
        return shown

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
                for line in self._on(None, paragraph):
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
_DELETED = {f"{W}del", f"{W}moveFrom"}
_CHARACTERS = {"tab": "\t", "ptab": "\t", "noBreakHyphen": "-", "softHyphen": ""}


def _unseen(code: str, text: str) -> Iterator[Remark]:
    """Text that nobody sees is no part of any answer, but whoever checks it should know of it. What Word itself hides is left
    out by every program; what blends with the paper was made to be read by some."""
    if text.strip():
        yield Remark(code=code, text=text.strip())


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
