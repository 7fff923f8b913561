"""The reader for web pages that call themselves Word files: HTML, and MHTML with its parts."""

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree, html

from extractor.text import tick_signs
from models.errors import Damaged, Hostile, TooLarge
from models.page import Cell, Emphasis, Line, Page, Pages, Picture, Run, Span, Table, Tick

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
        return _Look(font, frozenset(emphasis), hidden)


@dataclass
class _Reader:
    tables: int = 0

    def blocks(self, element: html.HtmlElement, look: _Look, depth: int) -> list[Line | Table]:
        """The blocks inside an element; text between them becomes lines of its own."""
        found: list[Line | Table] = []
        line: list[Span] = []
        for piece in self._pieces(element, look, depth):
            if isinstance(piece, Table) or piece is None:
                if line:
                    found.append(Line(spans=tuple(line)))
                    line = []
                if piece is not None:
                    found.append(piece)
            else:
                line.append(piece)
        return [*found, Line(spans=tuple(line))] if line else found

    def _pieces(self, element: html.HtmlElement, look: _Look, depth: int) -> Iterator[Span | Table | None]:
        """Spans, tables, and None where a line ends."""
        if depth > _DEEPEST:
            raise Hostile("嵌套层数过多")
        yield from _runs(element.text, look)
        for child in element:
            if isinstance(child.tag, str) and child.tag not in _SILENT:
                yield from self._element(child, look, depth)
            yield from _runs(child.tail, look)

    def _element(self, child: html.HtmlElement, look: _Look, depth: int) -> Iterator[Span | Table | None]:
        inner = look.within(child)
        if inner.hidden:
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
                yield Line(spans=(Run(text="\t".join(texts)),))


def _span(cell: html.HtmlElement, name: str) -> int:
    value = cell.get(name) or "1"
    return max(1, min(int(value), 100)) if value.isdigit() else 1


def _runs(text: str | None, look: _Look) -> Iterator[Span]:
    """Text of one look; white space is folded as browsers fold it, and symbol fonts become marks."""
    text = re.sub(r"[ \t\r\n\f]+", " ", text or "")
    if not text or (text == " "):
        return
    if not tick_signs.is_symbol_font(look.font):
        yield Run(text=text, emphasis=look.emphasis)
        return
    for char in text:
        state = tick_signs.symbol_state(look.font, ord(char)) if ord(char) <= 0xFF or 0xF000 <= ord(char) <= 0xF0FF else None
        yield Tick(state=state, emphasis=look.emphasis) if state else Run(text=char, emphasis=look.emphasis)
