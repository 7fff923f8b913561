"""The text of a Word file that somebody else made, cell by cell and line by line as it is read, with the way
back to the runs it stands in, so that they can be cut and written in."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from docx.oxml.ns import qn

from generator.word_controls import element

# An element of a file of another writer, as lxml finds it.
Node = Any

_P, _TBL, _TR, _TC, _R = (qn(f"w:{name}") for name in ("p", "tbl", "tr", "tc", "r"))
_T, _SYM, _BR, _CR, _TAB = (qn(f"w:{name}") for name in ("t", "sym", "br", "cr", "tab"))
_VAL = qn("w:val")
# What stands for what is in it.
_TRANSPARENT = frozenset(qn(f"w:{name}") for name in ("ins", "moveTo", "hyperlink", "smartTag", "customXml"))
_SDT, _SDT_CONTENT = qn("w:sdt"), qn("w:sdtContent")
# What shows something that isn't a character of the run: where it stands, nobody counts characters.
_OTHER = frozenset(qn(f"w:{name}") for name in ("fldChar", "fldSimple", "ruby", "del", "instrText"))
_DEEPEST = 30


@dataclass
class Char:
    """A character of a line: the run, and in it the element and the place that it stands in."""

    char: str
    run: Node
    item: Node
    at: int


@dataclass
class TextLine:
    """A line of a paragraph; `broken` is the break that begins it, with its run. One that is `odd` holds what
    is shown otherwise than it is written."""

    paragraph: Node
    chars: list[Char] = field(default_factory=list)
    broken: tuple[Node, Node] | None = None
    odd: bool = False

    @property
    def text(self) -> str:
        return "".join(one.char for one in self.chars)


@dataclass
class TextUnit:
    """The lines of a cell, or one line outside tables; `cell` is the `w:tc`."""

    lines: list[TextLine]
    cell: Node | None = None


Address = tuple[int, int, int]


@dataclass
class TemplateText:
    """All cells by (table, row, column), and all lines outside tables, counted as readers do: tables by where
    they begin, also those in others, and one of a single cell is a frame round what it holds."""

    cells: dict[Address, TextUnit] = field(default_factory=dict)
    lines: list[TextUnit] = field(default_factory=list)
    _tables: int = 0

    @classmethod
    def of(cls, body: Node) -> "TemplateText":
        """The text of a document's body."""
        found = cls()
        found.lines = [TextUnit([line]) for line in found._blocks(body, 0)]
        return found

    def _blocks(self, container: Node, depth: int) -> Iterator[TextLine]:
        """The lines that are no cell's own."""
        for child in container if depth < _DEEPEST else ():
            if child.tag == _P:
                yield from lines_of(child)
            elif child.tag == _TBL:
                yield from self._table(child, depth)
            elif child.tag in _TRANSPARENT:
                yield from self._blocks(child, depth + 1)

    def _table(self, table: Node, depth: int) -> Iterator[TextLine]:
        index = self._tables
        self._tables += 1
        found: dict[Address, TextUnit] = {}
        above: set[int] = set()
        for row, line in enumerate(line for line in _inside(table, _TR) if not _is_gone(line)):
            column = _number(line, "w:trPr/w:gridBefore", 0)
            for cell in _inside(line, _TC):
                span = max(1, _number(cell, "w:tcPr/w:gridSpan", 1))
                if not _goes_on(cell, column in above):
                    above.add(column)
                    found[index, row, column] = TextUnit(list(self._blocks(cell, depth + 1)), cell)
                column += span
        rows = [row for _, row, _ in found]
        # A single column of cells that hold tables is a frame, too, and so are tables set beside each other.
        outer = {id(nested.getparent()) for nested in table.iter(_TBL)}
        holding = [id(unit.cell) in outer for unit in found.values()]
        only = all(
            holds or not any(char.isalnum() for line in unit.lines for char in line.text)
            for holds, unit in zip(holding, found.values(), strict=True)
        )
        inner = any(holding)
        if len(found) == 1 or (inner and (len(set(rows)) == len(rows) or (only and sum(holding) > 1))):
            for unit in found.values():
                yield from unit.lines
        else:
            self.cells |= found


def lines_of(paragraph: Node) -> list[TextLine]:
    """The lines of a `w:p`; at least one, which may be empty."""
    lines = [TextLine(paragraph)]
    for child, run in _pieces(paragraph):
        if child.tag in _OTHER:
            lines[-1].odd = True
        elif child.tag == _T:
            lines[-1].chars += [Char(char, run, child, at) for at, char in enumerate(child.text or "")]
        elif child.tag in (_BR, _CR):
            lines.append(TextLine(paragraph, broken=(run, child)))
        elif child.tag == _TAB or child.tag == _SYM:
            lines[-1].chars.append(Char("\t" if child.tag == _TAB else "\ufffc", run, child, 0))
    return lines


def split_before(run: Node, item: Node, at: int) -> Node:
    """The run that begins with character `at` of `item`: `run` itself, or what is cut off it."""
    items = [child for child in run if child.tag != qn("w:rPr")]
    number = items.index(item)
    if at == 0 and number == 0:
        return run
    rest = _like(run)
    if at:
        text = item.text or ""
        tail = element("w:t", {"xml:space": "preserve"})
        tail.text, item.text = text[at:], text[:at]
        item.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        rest.append(tail)
        number += 1
    rest.extend(items[number:])
    run.addnext(rest)
    return rest


def split_after(run: Node, item: Node, at: int) -> Node:
    """`run`, cut behind character `at` of `item`."""
    if item.tag == _T and at + 1 < len(item.text or ""):
        split_before(run, item, at + 1)
        return run
    following = item.getnext()
    if following is not None:
        split_before(run, following, 0)
    return run


def look_of(run: Node | None, paragraph: Node) -> list[Node]:
    """Copies of what says how a run looks, or else what is written in its paragraph."""
    own = run.find(qn("w:rPr")) if run is not None else None
    if run is None:
        own = paragraph.find(f"{qn('w:pPr')}/{qn('w:rPr')}")
    inherited = {qn(f"w:{name}") for name in ("ins", "del", "moveFrom", "moveTo", "rPrChange")}
    return [copy.deepcopy(one) for one in own if one.tag not in inherited] if own is not None else []


def unwrap_controls(body: Node) -> None:
    """Take the file's own content controls away from what they hold; a prompt goes with its control, since no
    reader takes it for text."""
    for control in reversed(list(body.iter(_SDT))):
        content = control.find(_SDT_CONTENT)
        if control.find(f"{qn('w:sdtPr')}/{qn('w:showingPlcHdr')}") is not None:
            for run in [] if content is None else list(content.iter(_R)):
                run.getparent().remove(run)
        for child in [] if content is None else list(content):
            control.addprevious(child)
        control.getparent().remove(control)


def _pieces(container: Node) -> Iterator[tuple[Node, Node]]:
    """The elements in the runs of a paragraph, each with its run."""
    for child in container:
        if child.tag == _R:
            yield from ((one, child) for one in child)
        elif child.tag in _TRANSPARENT:
            yield from _pieces(child)
        elif child.tag in _OTHER:
            yield child, child


def _inside(container: Node, tag: str) -> Iterator[Any]:
    for child in container:
        if child.tag == tag:
            yield child
        elif child.tag in _TRANSPARENT:
            yield from _inside(child, tag)


def _is_gone(row: Node) -> bool:
    return any(row.find(f"{qn('w:trPr')}/{qn(f'w:{name}')}") is not None for name in ("del", "hidden"))


def _goes_on(cell: Node, is_under: bool) -> bool:
    """Whether a cell is a part of the one before it or above it."""
    for name, counts in (("hMerge", True), ("vMerge", is_under)):
        merge = cell.find(f"{qn('w:tcPr')}/{qn(f'w:{name}')}")
        if counts and merge is not None and merge.get(_VAL, "continue") == "continue":
            return True
    return False


def _number(of: Node, path: str, default: int) -> int:
    item = of.find("/".join(map(qn, path.split("/"))))
    value = "" if item is None else item.get(_VAL, "")
    return min(int(value), 200) if value.isdigit() else default


def _like(run: Node) -> Node:
    """An empty run that looks like another."""
    return element("w:r", None, *map(copy.deepcopy, run.findall(qn("w:rPr"))))
