"""The reader of web pages that call themselves Word files: HTML, and MHTML with its parts."""

import email
import email.message
import email.policy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape

from lxml import etree, html

from extractor.readers.html.looks import Look
from extractor.readers.html.sheets import Sheets
from extractor.text import tick_signs
from extractor.text.raised import Raised, settled
from extractor.text.readings import is_reading
from extractor.work import Allowance
from models.errors import Damaged, Hostile, TooLarge
from models.page import Aside, AsideKind, Cell, Line, Page, Pages, Picture, Remark, Run, Span, Table, Tick

_MOST_BYTES = 40 << 20
_MOST_TAGS = 200_000
_DEEPEST = 200
# Elements whose text stands on lines of its own.
_BLOCKS = frozenset(
    [
        "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "dl", "dt", "dd", "section", "body",
        "center",
        "blockquote", "pre", "article", "header", "footer", "main", "nav", "aside", "form", "fieldset",
        "legend", "figure",
        "figcaption", "address", "details", "summary", "hr", "caption", "menu", "dir",
    ]
)  # fmt: skip
# Elements that a program needs and no page shows; Word's `xml` holds settings.
_PROPERTIES = frozenset(
    [
        "script", "style", "head", "title", "meta", "link", "base", "xml", "template", "col", "colgroup",
        "param", "source",
        "track",
    ]
)  # fmt: skip
_LEFT_OUT: Mapping[str, AsideKind] = {"del": "deleted", "rp": "replaced"}
# Elements that are drawn, and may hold words that are shown in them or in their stead.
_DRAWN = frozenset(
    [
        "object",
        "iframe",
        "embed",
        "applet",
        "video",
        "audio",
        "canvas",
        "svg",
        "map",
        "frame",
        "noscript",
        "noframes",
    ]
)
_ROWS = frozenset(["thead", "tbody", "tfoot", "tr"])
_CONDITION = re.compile(r"\s*\[if ([^\]]*)\]>(.*?)(?:<!\[endif\])?\s*", re.DOTALL)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)


def read(data: bytes) -> Pages:
    """Read as `read_html` says."""
    if len(data) > _MOST_BYTES:
        raise TooLarge("网页文件过大")
    text, beside = _text(data)
    Allowance(_MOST_TAGS, "HTML 标签").spend(text.count("<"))
    try:
        root = html.document_fromstring(text, parser=html.HTMLParser(no_network=True, huge_tree=False))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Damaged("网页文件没有内容") from error
    reader = _Reader(Sheets(root))
    blocks = reader.blocks(root, Look(), 0)
    reader.aside += beside
    for title in root.iter("title"):
        reader.leave_out("header", title.text)
    return Pages(reader="word", pages=(Page(number=1, blocks=tuple(blocks)),), aside=tuple(reader.aside))


def _text(data: bytes) -> tuple[str, list[Aside]]:
    """Return the page in a file, and the words of other pages beside it, which Word makes of headers and
    notes."""
    beside: list[Aside] = []
    head = data[:2048].lstrip()
    charset: str | None = None
    if re.match(rb"(?i)(mime-version|from|subject|date|content-type):", head):
        message = email.message_from_bytes(data, policy=email.policy.default)
        pages = [part for part in message.walk() if part.get_content_type() == "text/html"]
        if not pages:
            raise Damaged("网页归档中没有网页")
        part, *others = pages
        beside = [
            Aside(kind="header", text=said) for other in others for said in [_said(_content(other))] if said
        ]
        data, charset = part.get_payload(decode=True) or b"", part.get_content_charset()  # type: ignore[assignment]
    return _decoded(data, charset), beside


def _content(part: email.message.EmailMessage) -> str:
    data = part.get_payload(decode=True)
    return _decoded(data if isinstance(data, bytes) else b"", part.get_content_charset())


def _said(page: str) -> str:
    """Return the words of a page or a piece of one, without its settings."""
    page = re.sub(r"(?is)<(xml|style|script|title)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", " ", page)
    return " ".join(unescape(page).split())


def _decoded(data: bytes, charset: str | None) -> str:
    declared = _CHARSET.search(data[:4096])
    charset = charset or (declared[1].decode("ascii") if declared else None)
    if charset is not None and charset.lower().startswith("utf-16"):
        # A declaration that could be read byte by byte was not written in UTF-16; the HTML standard then
        # takes UTF-8.
        charset = "utf-8"
    # Such files are in GBK, whatever subset of it they name.
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


@dataclass
class _Reader:
    sheets: Sheets
    tables: int = 0
    aside: list[Aside] = field(default_factory=list)

    def leave_out(self, kind: AsideKind, text: str | None) -> None:
        """Note text that no line holds."""
        if text and text.strip():
            self.aside.append(Aside(kind=kind, text=" ".join(text.split())))

    def blocks(self, element: html.HtmlElement, look: Look, depth: int) -> list[Line | Table]:
        """Return the blocks inside an element; text between them becomes lines of its own."""
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

    def _pieces(
        self, element: html.HtmlElement, look: Look, depth: int
    ) -> Iterator[Span | Raised | Table | None]:
        """Yield spans, tables, and None where a line ends."""
        if depth > _DEEPEST:
            raise Hostile("嵌套层数过多")
        yield from _runs(element.text, look)
        for child in element:
            if child.tag is etree.Comment:
                yield from self._comment(child.text or "")
            elif isinstance(child.tag, str):
                yield from self._element(child, look, depth)
            yield from _runs(child.tail, look)

    def _comment(self, text: str) -> Iterator[Remark]:
        """Yield a remark on a comment that Word wrote for itself and shows. Browsers show no comments; others
        become asides."""
        condition = _CONDITION.fullmatch(text)
        said = _said(condition[2]) if condition else ""
        if said and condition and re.search(r"vml|mso", condition[1]) and "!" not in condition[1]:
            yield Remark(code="element-unknown", text=said)
        else:
            self.leave_out("instruction" if condition else "hidden", said if condition else text)

    def _element(
        self, child: html.HtmlElement, look: Look, depth: int
    ) -> Iterator[Span | Raised | Table | None]:
        inner = look.within(child, self.sheets)
        tag = child.tag
        if tag in _PROPERTIES:
            return
        if tag in _LEFT_OUT:
            self.leave_out(_LEFT_OUT[tag], child.text_content())
        elif inner.hidden:
            if text := self._all_in(child):
                yield Remark(code="text-hidden", text=text)
        elif tag == "br":
            yield None
        elif tag == "img":
            self.leave_out("picture", child.get("alt"))
            yield Picture(kind="picture")
        elif tag in ("input", "select"):
            yield from self._control(child, inner)
        elif tag == "rt":
            yield from self._reading(child.text_content().strip())
        elif tag == "math":
            yield from _formula(" ".join(child.text_content().split()))
        elif tag in _DRAWN:
            yield from self._drawn(child)
        elif tag == "table":
            yield None
            stray, table = self._table(child, inner, depth + 1)
            yield from [*stray, None, table]
        elif tag in _BLOCKS:
            yield None
            yield from self._pieces(child, inner, depth + 1)
            yield None
        else:
            # Browsers show the content of elements that they don't know.
            yield from self._pieces(child, inner, depth + 1)

    def _all_in(self, element: html.HtmlElement) -> str:
        """Return everything that an unseen element says, with a word for a picture in it."""
        values = [one.get("value") or one.get("alt") or "" for one in element.iter("input", "img")]
        text = " ".join(" ".join([element.text_content(), *values]).split())
        return text or ("图片" if next(element.iter("img"), None) is not None else "")

    def _control(self, control: html.HtmlElement, look: Look) -> Iterator[Span | Raised]:
        kind = (control.get("type") or "").lower()
        if control.tag == "select":
            options = list(control.iter("option"))
            chosen = [one for one in options if one.get("selected") is not None] or options[:1]
            for one in options:
                if one in chosen:
                    yield from _runs(one.text_content(), look)
                else:
                    self.leave_out("prompt", one.text_content())
        elif kind in ("checkbox", "radio"):
            yield Tick(
                state="ticked" if control.get("checked") is not None else "empty", emphasis=look.emphasis
            )
        elif kind == "hidden":
            self.leave_out("hidden", control.get("value"))
        elif kind == "image":
            self.leave_out("picture", control.get("alt"))
            yield Picture(kind="picture")
        else:
            yield from _runs(control.get("value"), look)
            self.leave_out("prompt", control.get("placeholder"))

    def _reading(self, text: str) -> Iterator[Remark]:
        if is_reading(text):
            self.leave_out("replaced", text)
        elif text:
            yield Remark(code="reading-in-answer", text=text)

    def _drawn(self, element: html.HtmlElement) -> Iterator[Span]:
        text = self._all_in(element)
        if element.tag not in ("noscript", "noframes", "map"):
            yield Picture(kind="picture" if element.tag in ("svg", "canvas") else "shape")
        yield from [Remark(code="element-unknown", text=text)] if text else []

    def _table(
        self, table: html.HtmlElement, look: Look, depth: int
    ) -> tuple[list[Span | Raised | Table | None], Table]:
        """Return a table, and its content outside all cells, which browsers show before it."""
        index = self.tables
        self.tables += 1
        taken: set[tuple[int, int]] = set()
        cells: list[Cell] = []
        stray: list[Span | Raised | Table | None] = []
        hidden: list[Remark] = []
        rows: list[tuple[html.HtmlElement, Look]] = []
        self._find_rows(table, look, depth, rows, stray)
        number = 0
        for row, row_look in rows:
            if row_look.hidden:
                hidden += [Remark(code="row-hidden", text=text) for text in [self._all_in(row)] if text]
                if cells and hidden:
                    cells[-1] = _with_remark(cells[-1], hidden[-1:])
                continue
            column = 0
            for cell in row.iterchildren("td", "th"):
                while (number, column) in taken:
                    column += 1
                across, down = _span(cell, "colspan"), min(_span(cell, "rowspan"), len(rows) - number)
                taken |= {(number + y, column + x) for y in range(down) for x in range(across)}
                lines = self._lines(self.blocks(cell, row_look.within(cell, self.sheets), depth))
                cells.append(
                    Cell(row=number, column=column, row_span=down, column_span=across, lines=tuple(lines))
                )
                column += across
            if cells and hidden:
                cells[-1], hidden = _with_remark(cells[-1], hidden), []
            number += 1
        return [*stray, *([] if cells else hidden)], Table(index=index, cells=tuple(cells))

    def _find_rows(
        self, element: html.HtmlElement, look: Look, depth: int, rows: list[tuple[html.HtmlElement, Look]],
        stray: list[Span | Raised | Table | None],
    ) -> None:  # fmt: skip
        """Collect the rows in a part of a table, each with its look, and the content beside them."""
        stray += _runs(element.text, look)
        for child in element:
            if child.tag in _ROWS or _holds_rows(child, element):
                inner = look.within(child, self.sheets)
                if child.tag == "tr":
                    rows.append((child, inner))
                if child.tag != "tr" or not inner.hidden:
                    self._find_rows(child, inner, depth, rows, stray)
            elif child.tag is etree.Comment:
                stray += self._comment(child.text or "")
            elif isinstance(child.tag, str) and not (element.tag == "tr" and child.tag in ("td", "th")):
                stray += self._element(child, look, depth)
            stray += _runs(child.tail, look)

    def _lines(self, blocks: list[Line | Table]) -> Iterator[Line]:
        for block in blocks:
            if isinstance(block, Line):
                yield block
                continue
            for row in sorted({cell.row for cell in block.cells}):
                spans: list[Span] = []
                for cell in block.cells:
                    if cell.row == row:
                        spans += [Run(text="\t")] * bool(spans)
                        for number, line in enumerate(cell.lines):
                            spans += [Run(text=" ")] * bool(number) + list(line.spans)
                yield Line(spans=tuple(spans))


def _holds_rows(element: html.HtmlElement, around: html.HtmlElement) -> bool:
    """Tell whether an element that has no place there stands between a table and its rows."""
    if not isinstance(element.tag, str) or element.tag in ("td", "th", "table", "caption"):
        return False
    own = next(around.iterancestors("table"), None) if around.tag != "table" else around
    return any(next(row.iterancestors("table")) is own for row in element.iter("tr"))


def _formula(text: str) -> Iterator[Raised | Remark]:
    if text:
        yield Raised(text, "on")
        yield Remark(code="formula-in-answer", text=text)


def _with_remark(cell: Cell, remarks: Sequence[Remark]) -> Cell:
    last = cell.lines[-1] if cell.lines else Line()
    return cell.model_copy(update={"lines": (*cell.lines[:-1], Line(spans=(*last.spans, *remarks)))})


def _span(cell: html.HtmlElement, name: str) -> int:
    value = cell.get(name) or "1"
    return max(1, min(int(value), 100)) if value.isdigit() else 1


def _runs(text: str | None, look: Look) -> Iterator[Span | Raised]:
    """Yield text of one look. White space is folded as browsers fold it, and symbol fonts become marks."""
    text = re.sub(r"[ \t\r\n\f]+", " ", text or "")
    if not text or (text == " "):
        return
    if look.hidden and text.strip():
        yield Remark(code="text-hidden", text=text.strip())
    elif look.is_unseen and text.strip():
        yield Remark(code="text-unseen", text=text.strip())
    elif look.level is not None:
        yield Raised(text, look.level, look.emphasis)
    elif not tick_signs.is_symbol_font(look.font):
        yield Run(text=text, emphasis=look.emphasis)
    else:
        yield from _symbols(text, look)


def _symbols(text: str, look: Look) -> Iterator[Span]:
    for char in text:
        state = (
            tick_signs.symbol_state(look.font, ord(char))
            if ord(char) <= 0xFF or 0xF000 <= ord(char) <= 0xF0FF
            else None
        )
        yield Tick(state=state, emphasis=look.emphasis) if state else Run(text=char, emphasis=look.emphasis)
