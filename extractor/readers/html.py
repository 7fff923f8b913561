"""The reader for web pages that call themselves Word files: HTML, and MHTML with its parts."""

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml import etree, html

from extractor.text import tick_signs
from extractor.text.raised import Level, Raised, settled
from extractor.text.unseen import blends
from models.errors import Damaged, Hostile, TooLarge
from models.page import Cell, Emphasis, Line, Page, Pages, Picture, Remark, Run, Span, Table, Tick

_MOST_BYTES = 40 << 20
_DEEPEST = 200
_BLOCKS = {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "section", "body", "center", "blockquote", "pre"}
_SILENT = {"script", "style", "head", "title", "xml", "template", "noscript", "del", "object", "iframe"}
_EMPHASES: dict[str, Emphasis] = {
    "b": "bold",
    "strong": "bold",
    "u": "underline",
    "s": "strike",
    "strike": "strike",
    "mark": "highlight",
}
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_INK = re.compile(r"(?<![-\w])color\s*:\s*([^;]+)")
_PAPER = re.compile(r"(?<![-\w])background(?:-color)?\s*:\s*([^;]+)")
_SIZE = re.compile(r"font-size\s*:\s*([\d.]+)\s*(pt|px|em|rem|%)?")
# Points to each unit; what is relative is so to the usual size.
_POINTS = {"pt": 1.0, "px": 0.75, "em": 10.5, "rem": 10.5, "%": 0.105}
_INVISIBLE = 2.0
_RISE = re.compile(r"mso-text-raise\s*:\s*(-?[\d.]+)pt")
_OFF_THE_LINE = 2.0
_COLOURS = {"white": "FFFFFF", "black": "000000", "transparent": "", "inherit": "", "none": "", "initial": ""}
_FONT = re.compile(r"font-family\s*:\s*([^;]+)", re.IGNORECASE)


def read_html(data: bytes) -> Pages:
    """Tables and lines of an HTML or MHTML file; pictures stand at their place, nothing is fetched and no script is run.

    Raises:
        Damaged: there is no page in it. TooLarge: over 40 MiB. Hostile: nested beyond reason.
    """
    if len(data) > _MOST_BYTES:
        raise TooLarge("网页文件过大")
    text = _text(data)
    try:
        root = html.document_fromstring(text, parser=html.HTMLParser(no_network=True, huge_tree=False, remove_comments=True))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Damaged("网页文件没有内容") from error
    reader = _Reader()
    blocks = reader.blocks(root, _Look(), 0)
    return Pages(reader="word", pages=(Page(number=1, blocks=tuple(blocks)),))


def _text(data: bytes) -> str:
    head = data[:2048].lstrip()
    charset: str | None = None
    if re.match(rb"(?i)(mime-version|from|subject|date|content-type):", head):
        message = email.message_from_bytes(data, policy=email.policy.default)
        part = next((p for p in message.walk() if p.get_content_type() == "text/html"), None)
        if part is None:
            raise Damaged("网页归档中没有网页")
        data, charset = part.get_payload(decode=True) or b"", part.get_content_charset()  # type: ignore[assignment]
    declared = _CHARSET.search(data[:4096])
    charset = charset or (declared[1].decode("ascii") if declared else None)
    if charset is not None and charset.lower().startswith("utf-16"):
        # A declaration that could be read byte by byte was not written in it; the HTML standard takes UTF-8 then.
        charset = "utf-8"
    # GBK is what such files are in, whatever subset of it they name.
    if charset is None or charset.lower() in ("gb2312", "gbk", "gb18030"):
        candidates = ["gb18030"] if charset else ["utf-8-sig", "gb18030"]
    else:
        candidates = [charset, "gb18030"]
    for name in candidates:
        try:
            return re.sub(r"^\s*<\?xml[^>]*\?>", "", data.decode(name)).replace("\0", "")
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("gb18030", errors="replace").replace("\0", "")


@dataclass(frozen=True)
class _Look:
    font: str | None = None
    emphasis: frozenset[Emphasis] = frozenset()
    hidden: bool = False
    ink: str | None = None
    paper: str = "FFFFFF"
    points: float | None = None
    level: Level | None = None

    @property
    def is_unseen(self) -> bool:
        """Whether nobody sees text of this look: too small, or in the colour of the paper."""
        is_lost = self.ink is not None and blends(self.ink, self.paper)
        return is_lost or (self.points is not None and self.points <= _INVISIBLE)

    def within(self, element: html.HtmlElement) -> "_Look":
        """The look of an element's own text."""
        style = (element.get("style") or "").lower()
        font, emphasis = self.font, set(self.emphasis)
        if element.tag == "font" and element.get("face"):
            font = element.get("face")
        if match := _FONT.search(style):
            font = match[1].split(",")[0].strip(" '\"")
        if element.tag in _EMPHASES:
            emphasis.add(_EMPHASES[element.tag])
        if "line-through" in style:
            emphasis.add("strike")
        if re.search(r"font-weight\s*:\s*(bold|[6-9]00)", style):
            emphasis.add("bold")
        if re.search(r"text-decoration[^;]*underline", style):
            emphasis.add("underline")
        if re.search(r"background(-color)?\s*:\s*(?!white|#fff|transparent|none)", style) and element.tag in ("span", "font"):
            emphasis.add("highlight")
        hidden = self.hidden or bool(re.search(r"display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden", style))
        return replace(
            self, font=font, emphasis=frozenset(emphasis), hidden=hidden,
            ink=_colour(_INK, style, element.get("color") if element.tag == "font" else None) or self.ink,
            paper=_colour(_PAPER, style, element.get("bgcolor")) or self.paper,
            points=_points(style, self.points), level=_level(element, style) or self.level,
        )  # fmt: skip


def _colour(pattern: re.Pattern[str], style: str, attribute: str | None) -> str:
    """A colour as RRGGBB, empty where none is given; one that isn't known is like no other."""
    named = pattern.search(style)
    text = (named[1] if named else attribute or "").replace("!important", "").strip().lower()
    if text in _COLOURS:
        return _COLOURS[text]
    if digits := re.match(r"#([0-9a-f]{6})", text):
        return digits[1].upper()
    if digits := re.fullmatch(r"#([0-9a-f]{3})", text):
        return "".join(char * 2 for char in digits[1]).upper()
    if parts := re.fullmatch(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)", text):
        return "".join(f"{min(int(part), 255):02X}" for part in parts.groups())
    return text and "unknown"


def _points(style: str, around: float | None) -> float | None:
    size = _SIZE.search(style)
    if size is None or size[1].count(".") > 1 or not size[1].strip("."):
        return around
    return float(size[1]) * _POINTS[size[2] or "px"]


def _level(element: html.HtmlElement, style: str) -> Level | None:
    if element.tag == "sup" or re.search(r"vertical-align\s*:\s*super", style):
        return "up"
    if element.tag == "sub" or re.search(r"vertical-align\s*:\s*sub\b", style):
        return "down"
    rise = _RISE.search(style)
    if rise is None or rise[1].count(".") > 1 or abs(float(rise[1])) < _OFF_THE_LINE:
        return None
    return "up" if float(rise[1]) > 0 else "down"


@dataclass
class _Reader:
    tables: int = 0

    def blocks(self, element: html.HtmlElement, look: _Look, depth: int) -> list[Line | Table]:
        """The blocks inside an element; text between them becomes lines of its own."""
        found: list[Line | Table] = []
        line: list[Span | Raised] = []
        for piece in self._pieces(element, look, depth):
            if isinstance(piece, Table) or piece is None:
                if line:
                    found.append(Line(spans=tuple(settled(line))))
                    line = []
                if piece is not None:
                    found.append(piece)
            else:
                line.append(piece)
        return [*found, Line(spans=tuple(settled(line)))] if line else found

    def _pieces(self, element: html.HtmlElement, look: _Look, depth: int) -> Iterator[Span | Raised | Table | None]:
        """Spans, tables, and None where a line ends."""
        if depth > _DEEPEST:
            raise Hostile("嵌套层数过多")
        yield from _runs(element.text, look)
        for child in element:
            if isinstance(child.tag, str) and child.tag not in _SILENT:
                yield from self._element(child, look, depth)
            yield from _runs(child.tail, look)

    def _element(self, child: html.HtmlElement, look: _Look, depth: int) -> Iterator[Span | Raised | Table | None]:
        inner = look.within(child)
        if inner.hidden:
            if text := " ".join(child.text_content().split()):
                yield Remark(code="text-hidden", text=text)
            return
        if child.tag == "br":
            yield None
        elif child.tag == "img":
            yield Picture(kind="picture")
        elif child.tag == "input":
            if (child.get("type") or "").lower() in ("checkbox", "radio"):
                yield Tick(state="ticked" if child.get("checked") is not None else "empty", emphasis=inner.emphasis)
            else:
                yield from _runs(child.get("value"), inner)
        elif child.tag == "table":
            yield None
            yield self._table(child, inner, depth + 1)
        elif child.tag in _BLOCKS:
            yield None
            yield from self._pieces(child, inner, depth + 1)
            yield None
        else:
            yield from self._pieces(child, inner, depth + 1)

    def _table(self, table: html.HtmlElement, look: _Look, depth: int) -> Table:
        index = self.tables
        self.tables += 1
        taken: set[tuple[int, int]] = set()
        cells = []
        rows = [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]
        for number, row in enumerate(rows):
            column = 0
            for cell in row.iterchildren("td", "th"):
                while (number, column) in taken:
                    column += 1
                across, down = _span(cell, "colspan"), min(_span(cell, "rowspan"), len(rows) - number)
                taken |= {(number + y, column + x) for y in range(down) for x in range(across)}
                lines = self._lines(self.blocks(cell, look.within(cell), depth))
                cells.append(Cell(row=number, column=column, row_span=down, column_span=across, lines=tuple(lines)))
                column += across
        return Table(index=index, cells=tuple(cells))

    def _lines(self, blocks: list[Line | Table]) -> Iterator[Line]:
        for block in blocks:
            if isinstance(block, Line):
                yield block
                continue
            for row in sorted({cell.row for cell in block.cells}):
                texts = [cell.text.replace("\n", " ") for cell in block.cells if cell.row == row]
                inner = [line.spans for cell in block.cells if cell.row == row for line in cell.lines]
                remarks = [span for spans in inner for span in spans if isinstance(span, Remark)]
                yield Line(spans=(Run(text="\t".join(texts)), *remarks))


def _span(cell: html.HtmlElement, name: str) -> int:
    value = cell.get(name) or "1"
    return max(1, min(int(value), 100)) if value.isdigit() else 1


def _runs(text: str | None, look: _Look) -> Iterator[Span | Raised]:
    """Text of one look; white space is folded as browsers fold it, and symbol fonts become marks."""
    text = re.sub(r"[ \t\r\n\f]+", " ", text or "")
    if not text or (text == " "):
        return
    if look.is_unseen and text.strip():
        yield Remark(code="text-unseen", text=text.strip())
    elif look.level is not None:
        yield Raised(text, look.level, look.emphasis)
    elif not tick_signs.is_symbol_font(look.font):
        yield Run(text=text, emphasis=look.emphasis)
    else:
        yield from _symbols(text, look)


def _symbols(text: str, look: _Look) -> Iterator[Span]:
    for char in text:
        state = tick_signs.symbol_state(look.font, ord(char)) if ord(char) <= 0xFF or 0xF000 <= ord(char) <= 0xF0FF else None
        yield Tick(state=state, emphasis=look.emphasis) if state else Run(text=char, emphasis=look.emphasis)
