"""From a paragraph's XML to lines of what a reader of the page sees: final text, marks, and pictures in their
places.

Insertions count and deletions don't. Hidden text, comments and field instructions are left out, and only one
branch of alternative content is taken. Whatever is left out is reported, as a remark at its place or as an
aside. Content controls, form fields, symbol fonts and enclosed characters become ticks here and nowhere else.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from lxml import etree

from extractor.readers.word.activex import ActiveXBox, read_activex
from extractor.readers.word.bindings import Bindings, says_the_same
from extractor.readers.word.controls import around_glyph, checkbox, repeated_controls, shows_prompt
from extractor.readers.word.elements import (
    MC,
    W16SE,
    M,
    V,
    branch,
    described,
    inner,
    meaning_of,
    name_of,
    other_branch,
    said,
)
from extractor.readers.word.fields import ComplexField, computed, legacy_checkbox, legacy_dropdown
from extractor.readers.word.formulas import equation
from extractor.readers.word.notes import REFERENCES, Notes
from extractor.readers.word.numbering import Bullets
from extractor.readers.word.package import W14, Parts, W
from extractor.readers.word.pieces import BREAK, Piece, as_lines, characters, plain_text, symbol, whole_text
from extractor.readers.word.styles import Look, Styles
from extractor.text.passage import LIST_NUMBER
from extractor.text.placeholders import STANDARD_PLACEHOLDERS
from extractor.text.raised import Raised
from extractor.text.readings import is_reading
from models.identity import Tag
from models.page import Aside, AsideKind, Control, Line, Picture, Remark, Run, Tick


@dataclass
class TextReader:
    """The reader of one document's paragraphs in order; fields may run over several of them."""

    package: Parts
    styles: Styles
    bullets: Bullets
    bindings: Bindings
    notes: Notes
    controls: list[Control] = field(default_factory=list)
    damage: set[str] = field(default_factory=set)
    aside: list[Aside] = field(default_factory=list)
    # Returns the lines in a text box, which is read as the document is.
    box_lines: Callable[[etree._Element], list[Line]] = lambda _: []
    # The colour behind the text that is being read; None where it isn't known.
    paper: str | None = "FFFFFF"
    _fields: list[ComplexField] = field(default_factory=list)

    def lines(self, paragraph: etree._Element) -> list[Line]:
        """Return the lines of a `w:p`; at least one, which may be empty."""
        properties = paragraph.find(f"{W}pPr")
        look = self.styles.paragraph(properties)
        return as_lines(chain(self.bullets.of(properties), self.notes.under, self._children(paragraph, look)))

    # -- text that is left out

    def leave_out(self, kind: AsideKind, text: str) -> None:
        """Note text that no line holds."""
        if text.strip():
            self.aside.append(Aside(kind=kind, text=text.strip()))

    def unread(self, element: etree._Element) -> list[Remark]:
        """Return remarks on an element that nobody reads in its place; none where it holds nothing."""
        meaning = meaning_of(element)
        if meaning == "property" or meaning == "mark":
            return []
        text = said(element)
        if meaning == "computed":
            return [Remark(code="element-unknown", text=text or name_of(element))]
        if meaning == "comment":
            return [Remark(code="comment-on-answer", text=text)] if text else []
        if meaning is None or meaning == "read" or meaning == "transparent":
            return [Remark(code="element-unknown", text=text)] if text else []
        self.leave_out(meaning, text)
        return []

    def other_branch(self, alternate: etree._Element) -> list[Remark]:
        """Return a remark on alternative content of which another program would show something else."""
        text = other_branch(alternate)
        return [Remark(code="branch-differs", text=text)] if text else []

    def finish(self) -> None:
        """Note what is left over once the whole text is read."""
        if self.is_in_instruction:
            self.damage.add("有一个 Word 域没有结束，其后的内容可能未读取")
        for one in self._fields:
            self.leave_out("instruction", one.left_out)
        for kind, text in self.notes.unclaimed():
            self.leave_out(kind, text)
        self.leave_out("drawn", " ".join([*self.bullets.dots, *self.notes.marks]))

    # -- elements that contain runs

    def _children(self, element: etree._Element, look: Look) -> Iterator[Piece]:
        repeats = repeated_controls(element)
        for one in repeats:
            self.leave_out("replaced", said(one))
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
            yield from self._children(branch(element), look)
            yield from self.other_branch(element)
        elif tag in (f"{M}oMath", f"{M}oMathPara"):
            yield from equation(element)
        elif tag in REFERENCES:
            yield from self.notes.of(element)
        elif meaning_of(element) == "deleted":
            yield from self._deleted(element, look)
        elif meaning_of(element) == "transparent":
            yield from self._children(inner(element), look)
            if tag == f"{W}bdo" and element.get(f"{W}val") == "rtl":
                # The text is shown from its end to its beginning.
                yield from [Remark(code="element-unknown", text=text) for text in [said(element)] if text]
        else:
            yield from self.unread(element)

    def _deleted(self, element: etree._Element, look: Look) -> Iterator[Piece]:
        """Yield nothing for a deletion. But a field that ends in it would hide all that follows, so report
        it."""
        before = len(self._fields)
        for mark in element.iter(f"{W}fldChar"):
            list(self._field_character(mark, look))
        self.leave_out("deleted", said(element))
        if len(self._fields) != before:
            yield Remark(code="field-broken")

    @property
    def is_in_instruction(self) -> bool:
        """Whether a field has begun of which nothing is shown yet."""
        return any(not one.in_result for one in self._fields)

    def _run(self, run: etree._Element, paragraph: Look) -> Iterator[Piece]:
        look = self.styles.run(run.find(f"{W}rPr"), paragraph)
        pieces = [piece for child in run for piece in self._run_content(child, look)]
        # Every program leaves out text that Word itself hides. Text that blends with the paper was made for
        # some programs to read.
        code = "text-hidden" if look.hidden else "text-unseen" if look.is_unseen(self.paper) else None
        if code:
            seen = (Remark,) if look.hidden else (Picture, Remark)
            yield from (piece for piece in pieces if isinstance(piece, seen))
            unseen = whole_text([piece for piece in pieces if not isinstance(piece, seen)]).strip()
            yield from [Remark(code=code, text=unseen)] if unseen else []
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
            else:
                self.leave_out("instruction", child.text or "")
        elif child.tag in REFERENCES:
            yield from self.notes.of(child)
        elif hiding := next((f for f in reversed(self._fields) if f.shown or not f.in_result), None):
            if meaning_of(child) != "property":
                hiding.left_out += said(child)
        else:
            yield from self._shown(child, name, look)

    def _shown(self, child: etree._Element, name: str, look: Look) -> Iterator[Piece]:
        """Yield what a run shows by `child`, called `name`, where no field hides it."""
        if name == "t":
            yield from characters(child.text or "", look)
        elif name == "sym":
            yield symbol(child.get(f"{W}font"), child.get(f"{W}char", ""), look)
        elif name in _CHARACTERS:
            yield Run(text=_CHARACTERS[name], emphasis=look.emphasis)
        elif name in ("br", "cr"):
            yield BREAK
        elif name == "ruby":
            yield from self._ruby(child, look)
        elif child.tag == f"{MC}AlternateContent":
            for item in branch(child):
                yield from self._run_content(item, look)
            yield from self.other_branch(child)
        elif child.tag == f"{W16SE}symEx":
            yield symbol(child.get(f"{W16SE}font"), child.get(f"{W16SE}char", ""), look)
        elif name in ("drawing", "pict", "object"):
            yield from self._drawing(child)
        elif name == "contentPart" or child.tag == f"{W14}contentPart":
            yield Picture(kind="ink")
        elif name in ("footnote", "endnote"):
            # Word 2003 writes a note where its mark stands.
            yield Remark(code="note-on-answer", text=said(child))
        else:
            yield from self.unread(child)

    def _ruby(self, ruby: etree._Element, look: Look) -> Iterator[Piece]:
        """Yield the base characters. Their pronunciation, in letters or 注音, is no part of them; anything else
        above them may be one."""
        for child in ruby:
            if child.tag == f"{W}rubyBase":
                yield from self._children(child, look)
            elif child.tag != f"{W}rt":
                yield from self.unread(child)
            elif is_reading(text := said(child)):
                self.leave_out("replaced", text)
            elif text:
                yield Remark(code="reading-in-answer", text=text)

    # -- fields

    def _field_character(self, element: etree._Element, look: Look) -> Iterator[Piece]:
        kind = element.get(f"{W}fldCharType")
        if kind == "begin":
            self._fields.append(
                ComplexField(checkbox=legacy_checkbox(element), dropdown=legacy_dropdown(element))
            )
        elif kind == "separate" and self._fields:
            current = self._fields[-1]
            current.in_result = True
            pieces = list(computed(current, look))
            current.shown = bool(pieces)
            yield from pieces
        elif kind == "end" and self._fields:
            current = self._fields.pop()
            self.leave_out("instruction", f"{current.instruction.strip()} {current.left_out}")
            if not current.in_result and not any(not f.in_result for f in self._fields):
                yield from computed(current, look)

    def _simple_field(self, element: etree._Element, look: Look) -> Iterator[Piece]:
        instruction = element.get(f"{W}instr", "")
        pieces = list(computed(ComplexField(instruction=instruction), look))
        self.leave_out("instruction", f"{instruction.strip()} {said(element) if pieces else ''}")
        yield from pieces or self._children(element, look)

    # -- content controls

    def _content_control(self, element: etree._Element, look: Look) -> Iterator[Piece]:
        content = element.find(f"{W}sdtContent")
        pieces = [] if content is None else list(self._children(content, look))
        yield from self.control(element, pieces)

    def control(self, element: etree._Element, pieces: list[Piece]) -> list[Piece]:
        """Return what a content control of any level shows, given its content. Note one of ours by its
        tag."""
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
                self.controls.append(
                    Control(tag=tag, ticked={"ticked": True, "empty": False}.get(tick.state))
                )
            before, glyph, after = around_glyph(pieces)
            self.leave_out("replaced", plain_text(glyph))
            return [*before, tick, *after]
        shows_placeholder = shows_prompt(element) or plain_text(pieces).strip() in STANDARD_PLACEHOLDERS
        if tag is not None and tag.option is None:
            text = None if shows_placeholder else plain_text(pieces)
            self.controls.append(Control(tag=tag, text=text))
        shown = self.without_prompt(pieces) if shows_placeholder else pieces
        if stored is not None and not says_the_same(stored, plain_text(shown)):
            return [*shown, Remark(code="binding-differs", text=stored)]
        return shown

    def without_prompt(self, pieces: list[Piece]) -> list[Piece]:
        """Return the remarks in a control that shows its prompt, without the prompt."""
        self.leave_out("prompt", whole_text(pieces))
        return [piece for piece in pieces if isinstance(piece, Remark) and piece.code != LIST_NUMBER]

    # -- drawings

    def _drawing(self, element: etree._Element) -> Iterator[Piece]:
        for control in element.iter(f"{W}control"):
            active = self._activex(control.get(_RELATION_ID, ""))
            if active is not None:
                yield Tick(
                    state="unclear" if active.ticked is None else "ticked" if active.ticked else "empty"
                )
                yield from [Run(text=active.caption)] if active.caption else []
                return
        if _is_hidden(element):
            yield from [Remark(code="text-hidden", text=text) for text in [said(element)] if text]
            return
        boxes, pictures = _drawn(element)
        before, self.paper = self.paper, None
        for box in boxes:
            yield BREAK
            for line in self.box_lines(box):
                yield from line.spans
                yield BREAK
        self.paper = before
        # A shape without words may be a tick, a stroke or a seal.
        yield from [Picture(kind="picture")] * pictures or [Picture(kind="shape")] * (not boxes)
        self.leave_out("picture", " ".join(filter(None, (described(element), self._linked_text(element)))))

    def _linked_text(self, drawing: etree._Element) -> str:
        """Return the words in a chart or a diagram, which is a part of its own."""
        links = self.package.relationships(self.package.main)
        names = (
            links.get(str(value))
            for one in drawing.iter("{*}relIds", "{*}chart")
            for value in one.attrib.values()
        )
        parts = (link.target for link in names if link and not link.external and link.kind in _WRITTEN)
        return " ".join(
            said(self.package.xml(name)) for name in dict.fromkeys(parts) if self.package.has(name)
        )

    def _activex(self, relation: str) -> ActiveXBox | None:
        """Return the control behind a relationship: its XML description leads to its state."""
        package = self.package
        link = package.relationships(package.main).get(relation)
        if link is None or link.external or not package.has(link.target):
            return None
        for binary in package.related(link.target, "activeXControlBinary"):
            return read_activex(package.read(binary))
        return None


_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_WRITTEN = ("chart", "chartEx", "diagramData")
_CHARACTERS = {"tab": "\t", "ptab": "\t", "noBreakHyphen": "-", "softHyphen": ""}


def _is_hidden(drawing: etree._Element) -> bool:
    """Tell whether a drawing exists but is not shown."""
    shapes = [
        one for one in drawing.iter(etree.Element) if name_of(one) in ("docPr", "shape", "rect", "group")
    ][:1]
    styles = ("".join((one.get("style") or "").lower().split()) for one in shapes)
    return any(one.get("hidden") in ("1", "true") for one in shapes) or any(
        "visibility:hidden" in style for style in styles
    )


def _drawn(element: etree._Element) -> tuple[list[etree._Element], int]:
    """Return the text boxes in a drawing, without those in other boxes, and the number of pictures beside
    them."""
    boxes: list[etree._Element] = []
    pictures = 0
    waiting = [element]
    while waiting:
        one = waiting.pop()
        if one.tag == f"{W}txbxContent":
            boxes.append(one)
            continue
        pictures += one.tag == f"{V}imagedata" or name_of(one) == "blip"
        waiting += reversed(branch(one) if one.tag == f"{MC}AlternateContent" else one)
    return boxes, pictures
