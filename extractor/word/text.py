"""A paragraph's XML as lines of what a reader of the page sees: final text, marks, and pictures at their place.

Insertions count and deletions don't; hidden text, comments and field instructions are left out; of alternative content
one branch is taken. Content controls, form fields, symbol fonts and enclosed characters become ticks here and nowhere else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from extractor import marks
from extractor.word.package import Package, W
from extractor.word.styles import PLAIN, Look, Styles
from models.identity import Tag
from models.page import Control, Line, Picture, Run, Span, Tick, TickState

W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
W16SE = "{http://schemas.microsoft.com/office/word/2015/wordml/symex}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_VML = "{urn:schemas-microsoft-com:vml}"

_TRANSPARENT = {f"{W}{name}" for name in ("ins", "moveTo", "hyperlink", "smartTag", "customXml", "dir", "bdo", "rt")} | {
    f"{M}{name}" for name in ("oMath", "oMathPara", "r", "e", "box", "borderBox", "sup", "sub", "num", "den")
}
_ENCLOSED = re.compile(r"\\o\s*(?:\\a[clr]\s*)?\(\s*(?P<under>[^,，;；()\s]+)\s*[,，;；]\s*(?P<over>[^()]*?)\s*\)", re.IGNORECASE)
_SYMBOL = re.compile(r"^\s*SYMBOL\s+(?P<code>0x[0-9a-f]+|\d+|\S)(?:.*\\f\s*\"?(?P<font>[^\"\\]+)\"?)?", re.IGNORECASE)


class BreakLine:
    """Where a line ends inside a paragraph, or a text box starts and ends."""


_BREAK = BreakLine()
Piece = Span | BreakLine


@dataclass
class _ComplexField:
    """A field under way: its instruction is collected, its result is shown once `separate` has come."""

    instruction: str = ""
    in_result: bool = False
    checkbox: TickState | None = None
    shown: bool = False


@dataclass
class TextReader:
    """Reads paragraphs of one document in order; fields may run over several of them."""

    package: Package
    styles: Styles
    controls: list[Control] = field(default_factory=list)
    damage: set[str] = field(default_factory=set)
    _fields: list[_ComplexField] = field(default_factory=list)

    def lines(self, paragraph: etree._Element) -> list[Line]:
        """The lines of a `w:p`; at least one, which may be empty."""
        properties = paragraph.find(f"{W}pPr")
        look = self.styles.paragraph(properties)
        lines: list[list[Span]] = [[]]
        for piece in self._children(paragraph, look):
            if isinstance(piece, BreakLine):
                lines.append([])
            else:
                lines[-1].append(piece)
        return [Line(spans=tuple(_join(spans))) for spans in lines]

    # -- the tree above runs

    def _children(self, element: etree._Element, look: Look) -> Iterator[Piece]:
        repeats = _repeated_controls(element)
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
            yield from _characters(element.text or "", look)
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
        elif any(not f.in_result or f.shown for f in self._fields):
            return
        elif name == "t":
            yield from _characters(child.text or "", look)
        elif name == "sym":
            yield _symbol(child.get(f"{W}font"), child.get(f"{W}char", ""), look)
        elif name in _CHARACTERS:
            yield Run(text=_CHARACTERS[name], emphasis=look.emphasis)
        elif name in ("br", "cr"):
            yield _BREAK
        elif name == "ruby":
            for base in child.iterfind(f"{W}rubyBase"):
                yield from self._children(base, look)
        elif child.tag == f"{MC}AlternateContent":
            for item in _branch(child):
                yield from self._run_content(item, look)
        elif child.tag == f"{W16SE}symEx":
            yield _symbol(child.get(f"{W16SE}font"), child.get(f"{W16SE}char", ""), look)
        elif name in ("drawing", "pict", "object"):
            yield from self._drawing(child)
        elif name == "contentPart" or child.tag == f"{W14}contentPart":
            yield Picture(kind="ink")

    # -- fields

    def _field_character(self, element: etree._Element, look: Look) -> Iterator[Piece]:
        kind = element.get(f"{W}fldCharType")
        if kind == "begin":
            self._fields.append(_ComplexField(checkbox=_legacy_checkbox(element)))
        elif kind == "separate" and self._fields:
            current = self._fields[-1]
            current.in_result = True
            pieces = list(_computed(current, look))
            current.shown = bool(pieces)
            yield from pieces
        elif kind == "end" and self._fields:
            current = self._fields.pop()
            if not current.in_result and not any(not f.in_result for f in self._fields):
                yield from _computed(current, look)

    def _simple_field(self, element: etree._Element, look: Look) -> Iterator[Piece]:
        pieces = list(_computed(_ComplexField(instruction=element.get(f"{W}instr", "")), look))
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
            tick = _checkbox(box, pieces, tag)
            if tag is not None:
                self.controls.append(Control(tag=tag, ticked={"ticked": True, "empty": False}.get(tick.state)))
            return [tick, *_after_glyph(pieces)]
        placeholder = properties.find(f"{W}showingPlcHdr")
        shows_placeholder = placeholder is not None and placeholder.get(f"{W}val", "1") not in ("0", "false", "off")
        shows_placeholder |= _plain_text(pieces).strip() in _STANDARD_PLACEHOLDERS
        if tag is not None and tag.option is None:
            text = None if shows_placeholder else _plain_text(pieces)
            self.controls.append(Control(tag=tag, text=text))
        return [] if shows_placeholder else pieces

    # -- drawings

    def _drawing(self, element: etree._Element) -> Iterator[Piece]:
        boxes = [box for box in element.iter(f"{W}txbxContent") if not _in_fallback(box, element)]
        for box in boxes:
            for paragraph in box.iter(f"{W}p"):
                yield _BREAK
                for line in self.lines(paragraph):
                    yield from line.spans
                    yield _BREAK
        if not boxes:
            is_picture = element.find(".//{*}blip") is not None or element.find(f".//{_VML}imagedata") is not None
            yield Picture(kind="picture" if is_picture else "shape")


# What Word and WPS themselves put into an empty control; some editors keep the words and lose the flag.
_STANDARD_PLACEHOLDERS = frozenset(
    [
        "单击或点击此处输入文字。",
        "单击此处输入文字。",
        "点击此处输入文字。",
        "单击或点击以输入日期。",
        "单击此处输入日期。",
        "选择一项。",
        "Click or tap here to enter text.",
        "Click here to enter text.",
        "Click or tap to enter a date.",
        "Choose an item.",
    ]
)
_SPECIAL = re.compile("[\uf000-\uf0ff\r\n\u2028]")
_CHARACTERS = {"tab": "\t", "ptab": "\t", "noBreakHyphen": "-", "softHyphen": ""}


def _repeated_controls(paragraph: etree._Element) -> list[etree._Element]:
    """Controls that repeat the one before them: LibreOffice 7.4 writes an inline control of n runs as n + 2 controls, the
    first and the last with the whole text, the others with a run's text and the whole text."""
    repeated: list[etree._Element] = []
    chain: list[etree._Element] = []
    for child in [*paragraph, None]:
        if child is not None and child.tag == f"{W}sdt" and child.find(f"{W}sdtPr/{W14}checkbox") is None:
            chain.append(child)
            continue
        texts = ["".join(t.text or "" for t in control.iter(f"{W}t")) for control in chain]
        whole = texts[0] if texts else ""
        if len(texts) > 2 and whole and texts[-1] == whole and all(text.endswith(whole) for text in texts):
            runs = "".join(text[: len(text) - len(whole)] for text in texts[1:-1])
            repeated += chain[1:] if runs == whole else []
        chain = []
    return repeated


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


def _legacy_checkbox(begin: etree._Element) -> TickState | None:
    """FORMCHECKBOX: `checked` where it stands, else `default`; an element without a value means 1."""
    box = begin.find(f"{W}ffData/{W}checkBox")
    if box is None:
        return None
    state = box.find(f"{W}checked")
    if state is None:
        state = box.find(f"{W}default")
    return "ticked" if state is not None and state.get(f"{W}val", "1").lower() in ("1", "true", "on") else "empty"


def _computed(current: _ComplexField, look: Look) -> Iterator[Span]:
    """What a field shows that is known from its instruction alone."""
    if current.checkbox is not None:
        yield Tick(state=current.checkbox, emphasis=look.emphasis)
        return
    instruction = current.instruction.strip()
    if re.match(r"(?i)eq\b", instruction):
        enclosed = _ENCLOSED.search(instruction)
        if enclosed:
            yield from _enclosed(enclosed["under"], enclosed["over"], look)
    elif symbol := _SYMBOL.match(instruction):
        code = symbol["code"]
        number = int(code, 16) if code.lower().startswith("0x") else int(code) if code.isdigit() else ord(code)
        yield _symbol((symbol["font"] or "").strip() or None, f"{number:04X}", look)


def _enclosed(under: str, over: str, look: Look) -> Iterator[Span]:
    """带圈字符: one character set over another; a tick over a box is a ticked box."""
    states = {marks.state_of(under), marks.state_of(over)}
    frame = marks.state_of(under) == "empty" or under in marks.BOX_LOOKALIKES
    if frame and (states & {"tick", "cross", "ticked"} or over in marks.TICK_LOOKALIKES | marks.CROSS_LOOKALIKES):
        yield Tick(state="ticked", emphasis=look.emphasis)
    elif frame and not over.strip():
        yield Tick(state="empty", emphasis=look.emphasis)
    else:
        yield Run(text=over if frame else under + over, emphasis=look.emphasis)


def _checkbox(box: etree._Element, pieces: list[Piece], tag: Tag | None) -> Tick:
    """`w14:checked` decides (absent 0, without value 1); a glyph that says the opposite leaves it open."""
    checked = box.find(f"{W14}checked")
    ticked = checked is not None and checked.get(f"{W14}val", "1").lower() in ("1", "true", "on")
    shown = {_shown_state(piece) for piece in pieces} - {None}
    emphasis = next((piece.emphasis for piece in pieces if isinstance(piece, Run | Tick)), frozenset())
    state: TickState = "ticked" if ticked else "empty"
    if shown and all((one == "empty") == ticked for one in shown) and not _is_custom(box, pieces):
        state = "unclear"
    return Tick(state=state, emphasis=emphasis, tag=tag)


def _shown_state(piece: Piece) -> TickState | None:
    if isinstance(piece, Tick):
        return piece.state
    if isinstance(piece, Run) and piece.text.strip():
        return marks.state_of(piece.text.strip()[0])
    return None


def _after_glyph(pieces: list[Piece]) -> list[Piece]:
    """What a check box control holds besides its box: some editors draw the label into it."""
    for number, piece in enumerate(pieces):
        if _shown_state(piece) is not None:
            rest = piece.text.strip()[1:] if isinstance(piece, Run) else ""
            return [Run(text=rest, emphasis=piece.emphasis)] * bool(rest) + pieces[number + 1 :]  # type: ignore[union-attr]
    return []


def _is_custom(box: etree._Element, pieces: list[Piece]) -> bool:
    """Whether the form's maker chose the shown character for this very state, however odd."""
    ticked = box.find(f"{W14}checkedState")
    empty = box.find(f"{W14}uncheckedState")
    symbols = [(s.get(f"{W14}font"), s.get(f"{W14}val", "")) for s in (ticked, empty) if s is not None]
    if len(symbols) < 2:
        return False
    usual = [_symbol_state(*symbol) for symbol in symbols]
    return usual[0] == "empty" or usual[1] not in ("empty", None)


def _symbol_state(font: str | None, code: str) -> TickState | None:
    try:
        number = int(code, 16)
    except ValueError:
        return None
    if marks.is_symbol_font(font) or 0xF000 <= number <= 0xF0FF:
        return marks.symbol_state(font, number)
    return marks.state_of(chr(number)) if 0x20 < number < 0x110000 else None


def _symbol(font: str | None, code: str, look: Look) -> Span:
    """`w:sym` and its kin: a mark, the character that it names, or a picture that we can't name."""
    state = _symbol_state(font, code)
    if state is not None:
        return Tick(state=state, emphasis=look.emphasis)
    number = int(code, 16) if re.fullmatch(r"[0-9a-fA-F]{1,6}", code) else 0
    if marks.is_symbol_font(font) or not 0x20 <= number < 0xD800 or 0xE000 <= number < 0xF900:
        return Picture(kind="shape")
    return Run(text=chr(number), emphasis=look.emphasis)


def _characters(text: str, look: Look) -> Iterator[Piece]:
    """Text, with letters in a symbol font and private-use characters as the marks that they show."""
    if not _SPECIAL.search(text) and not any(map(marks.is_symbol_font, (look.ascii, look.high_ansi))):
        yield Run(text=text, emphasis=look.emphasis)
        return
    plain = ""
    for char in text.replace("\r", ""):
        font = _font_of(char, look)
        state = marks.symbol_state(font, ord(char)) if ord(char) <= 0xFF or 0xF000 <= ord(char) <= 0xF0FF else None
        if state is None and char not in "\n\u2028":
            plain += "" if marks.is_symbol_font(font) and not char.isspace() and ord(char) > 0xFF else char
            continue
        if plain:
            yield Run(text=plain, emphasis=look.emphasis)
            plain = ""
        yield _BREAK if state is None else Tick(state=state, emphasis=look.emphasis)
    if plain:
        yield Run(text=plain, emphasis=look.emphasis)


def _font_of(char: str, look: Look) -> str | None:
    """The symbol font that shows `char`, if one does; only the low codes and the private use area are symbols."""
    fonts = (look.ascii, look.high_ansi) if ord(char) <= 0xFF else (look.ascii, look.high_ansi, look.east_asia, look.complex_script)
    return next((font for font in fonts if marks.is_symbol_font(font)), None)


def _join(spans: list[Span]) -> Iterator[Span]:
    """Neighbouring runs of one look as one; Word splits runs wherever a word was ever touched."""
    text: Run | None = None
    for span in spans:
        if isinstance(span, Run) and text is not None and span.emphasis == text.emphasis:
            text = Run(text=text.text + span.text, emphasis=text.emphasis)
            continue
        if text is not None:
            yield text
        text = span if isinstance(span, Run) else None
        if text is None:
            yield span
    if text is not None:
        yield text


def _plain_text(pieces: list[Piece]) -> str:
    return "".join("\n" if isinstance(p, BreakLine) else Line(spans=(p,)).text for p in pieces)


__all__ = ["PLAIN", "BreakLine", "Piece", "TextReader"]
