"""The fillable part of a PDF: its widgets, their appearances, and setting values in them.

Typst sets the appearance of each widget, so that every viewer draws it alike: wrapped and with the glyphs
embedded. A viewer or library that changes a value sets it anew with the default appearance. That is a Chinese
font that is not embedded, for which every Chinese system has a substitute, at a size that fits the box.
"""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
    TextStringObject,
)

from generator.typesetting import lines_of, must_have_glyphs, typeset
from models.errors import GenerationError
from models.identity import Tag
from models.page import Box

Align = Literal["left", "center", "right"]

PAD_X, PAD_Y = 3.5, 2.5  # points between a widget's edge and its words
_PRINT = 4  # annotation flag: the widget also appears on paper
_MULTILINE, _NO_SPELLING = 1 << 12, 1 << 22
_ON, _OFF = "/Yes", "/Off"
_FONT, _SYMBOLS = "/SimSun", "/ZaDb"
_TEXT_APPEARANCE = f"{_FONT} 0 Tf 0 g"  # size 0: as large as fits, so that nothing is cut
GUIDANCE_SIZE = 10.0
_SIZES = (10.5, 9.5, 8.5, 7.5, 6.5, 5.5)
_PROSE_HEIGHT = 60  # points; a box at least so high holds paragraphs
_QUADDING: dict[Align, int] = {"left": 0, "center": 1, "right": 2}
_TICK = b"q 1.1 w 1.8 4.4 m 3.8 2 l 7.6 7.2 l S Q"


@dataclass(frozen=True, slots=True)
class TextWidget:
    """A box to write in. `placeholder` shows until something is written; it is `grey` where it is advice."""

    tag: Tag
    title: str
    page: int
    box: Box
    value: str | None
    align: Align
    size: float
    prose: bool
    placeholder: tuple[str, ...] = ()
    grey: bool = False

    def sheet(self) -> dict[str, Any]:
        lines = lines_of(self.value) if self.value is not None else list(self.placeholder)
        grey = self.value is None and self.grey
        sizes = [GUIDANCE_SIZE] if grey else [self.size]
        return _sheet(
            self.box.x1 - self.box.x0,
            self.box.y1 - self.box.y0,
            lines,
            self.align,
            [*sizes, *_SIZES],
            self.prose,
            grey,
        )


@dataclass(frozen=True, slots=True)
class CheckWidget:
    """A box to tick. The page shows the box; the widget adds the tick."""

    tag: Tag
    title: str
    page: int
    box: Box
    ticked: bool


Widget = TextWidget | CheckWidget


def add_widgets(pdf: bytes, widgets: Sequence[Widget], table_cells: Mapping[Tag, int]) -> bytes:
    """Return `pdf`, a tagged file of Typst, with `widgets` in tab order. `table_cells` gives the number of
    the table cell that holds each widget, counted from 0 in reading order."""
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    texts = [widget for widget in widgets if isinstance(widget, TextWidget)]
    appearances = _appearances(writer, [text.sheet() for text in texts], [text.title for text in texts])
    shown = dict(zip((text.tag for text in texts), appearances, strict=True))
    tree, made = _FieldTree(writer), []
    for widget in widgets:
        page = writer.pages[widget.page - 1]
        common = _annotation(widget, page)
        own = (
            _text_entries(widget, shown[widget.tag])
            if isinstance(widget, TextWidget)
            else _check_entries(writer, widget)
        )
        reference = writer._add_object(_dictionary({**common, **own}))
        tree.add(str(widget.tag), reference)
        made.append((widget, reference))
        cast(ArrayObject, page.setdefault(NameObject("/Annots"), ArrayObject())).append(reference)
        page[NameObject("/Tabs")] = NameObject("/S")
    form: dict[str, PdfObject] = {
        "/Fields": tree.roots,
        "/DA": TextStringObject(_TEXT_APPEARANCE),
        "/DR": _resources(writer),
    }
    writer.root_object[NameObject("/AcroForm")] = writer._add_object(_dictionary(form))
    preferences = cast(
        DictionaryObject, writer.root_object.setdefault(NameObject("/ViewerPreferences"), DictionaryObject())
    )
    preferences[NameObject("/DisplayDocTitle")] = BooleanObject(True)
    _add_structure(writer, [(reference, table_cells[widget.tag]) for widget, reference in made])
    return _written(writer)


def fill_in(pdf: bytes, values: Mapping[str, str | bool]) -> bytes:
    """Return `pdf`, a fillable form of ours, with `values` by widget name (`str(Tag)`). A value is a text, or
    whether a box is ticked. A text too long for its box is set smaller.

    Raises:
        GenerationError: `pdf` is not fillable or lacks a name; or a value is of the wrong kind, too long for
            its box even in the smallest size, or has a character that the fonts lack.
    """
    try:
        writer = PdfWriter(clone_from=io.BytesIO(pdf))
        found = {_full_name(widget): widget for page in writer.pages for widget in _widgets_of(page)}
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise GenerationError("不是可填写的 PDF", advice="请使用本系统生成的可填写表格") from error
    unknown = sorted(values.keys() - found.keys())
    if unknown:
        raise GenerationError(f"PDF 中没有 {'、'.join(unknown)}", advice="请核对字段名")
    texts: list[tuple[DictionaryObject, str]] = []
    for name, value in values.items():
        widget = found[name]
        if isinstance(value, bool) is not (widget.get("/FT") == "/Btn"):
            raise GenerationError(
                f"“{widget.get('/TU', name)}”的值类型不对", advice="文字栏填文字，选项填是或否"
            )
        if isinstance(value, bool):
            state = NameObject(_ON if value else _OFF)
            widget[NameObject("/V")] = widget[NameObject("/AS")] = state
        else:
            texts.append((widget, value))
    titles = [str(widget.get("/TU", "")) for widget, _ in texts]
    must_have_glyphs(zip(titles, (value for _, value in texts), strict=True))
    sheets = [_sheet_of(widget, value) for widget, value in texts]
    for (widget, value), shown in zip(texts, _appearances(writer, sheets, titles), strict=True):
        widget[NameObject("/V")] = TextStringObject(value)
        widget[NameObject("/AP")] = _dictionary({"/N": shown})
    return _written(writer)


def _widgets_of(page: PageObject) -> Iterator[DictionaryObject]:
    for reference in cast(ArrayObject, page.get("/Annots", ArrayObject())):
        annotation = reference.get_object()
        if annotation.get("/Subtype") == "/Widget":
            yield annotation


def _full_name(widget: DictionaryObject) -> str:
    name = str(widget["/T"])
    parent = widget.get("/Parent")
    return f"{_full_name(parent.get_object())}.{name}" if parent is not None else name


def _sheet_of(widget: DictionaryObject, value: str) -> dict[str, Any]:
    x0, y0, x1, y1 = (float(side) for side in cast(ArrayObject, widget["/Rect"]))
    align = next(align for align, number in _QUADDING.items() if number == widget.get("/Q", 0))
    return _sheet(x1 - x0, y1 - y0, lines_of(value), align, _SIZES, y1 - y0 >= _PROSE_HEIGHT, False)


def _sheet(
    width: float,
    height: float,
    lines: Sequence[str],
    align: Align,
    sizes: Sequence[float],
    prose: bool,
    grey: bool,
) -> dict[str, Any]:
    return {
        "width": width,
        "height": height,
        "lines": lines,
        "align": align,
        "sizes": sizes,
        "prose": prose,
        "grey": grey,
    }


def _appearances(
    writer: PdfWriter, sheets: Sequence[dict[str, Any]], titles: Sequence[str]
) -> list[IndirectObject]:
    """Return a form XObject for each sheet. They are not shared: changing one must not change another."""
    if not sheets:
        return []
    data = {"sheets": sheets, "pad-x": PAD_X, "pad-y": PAD_Y}
    pdf, over = typeset("widgets.typ", data, "query(<over>).map(it => it.value)", tags=False)
    if over:
        raise GenerationError(
            f"“{titles[over[0]]}”太长，一栏放不下", advice="请缩短填写内容，或改发不可填写的 PDF、Word 表格"
        )
    return [_as_xobject(writer, page) for page in PdfReader(io.BytesIO(pdf)).pages]


def _as_xobject(writer: PdfWriter, page: PageObject) -> IndirectObject:
    content = page.get_contents()
    stream = DecodedStreamObject()
    stream.set_data(content.get_data() if content is not None else b"")
    size = (float(page.mediabox.width), float(page.mediabox.height))
    made = stream.flate_encode()
    made.update(_form_entries(size, page["/Resources"].clone(writer)))
    return writer._add_object(made)


def _annotation(widget: Widget, page: PageObject) -> dict[str, PdfObject]:
    height = float(page.mediabox.height)
    box = (widget.box.x0, height - widget.box.y1, widget.box.x1, height - widget.box.y0)
    return {
        "/Type": NameObject("/Annot"),
        "/Subtype": NameObject("/Widget"),
        "/Rect": ArrayObject([FloatObject(round(side, 3)) for side in box]),
        "/F": NumberObject(_PRINT),
        "/P": cast(PdfObject, page.indirect_reference),
        "/TU": TextStringObject(widget.title),
    }


def _text_entries(widget: TextWidget, shown: IndirectObject) -> dict[str, PdfObject]:
    entries: dict[str, PdfObject] = {
        "/FT": NameObject("/Tx"),
        # A one-line answer may be long too, and only a multiline field wraps.
        "/Ff": NumberObject(_MULTILINE | _NO_SPELLING),
        "/DA": TextStringObject(_TEXT_APPEARANCE),
        "/Q": NumberObject(_QUADDING[widget.align]),
        "/AP": _dictionary({"/N": shown}),
    }
    if widget.value is not None:
        entries["/V"] = TextStringObject(widget.value)
    return entries


def _check_entries(writer: PdfWriter, widget: CheckWidget) -> dict[str, PdfObject]:
    state = NameObject(_ON if widget.ticked else _OFF)
    size = (widget.box.x1 - widget.box.x0, widget.box.y1 - widget.box.y0)
    states = {_ON: _drawing(writer, _TICK, size), _OFF: _drawing(writer, b"", size)}
    return {
        "/FT": NameObject("/Btn"),
        "/V": state,
        "/AS": state,
        "/DA": TextStringObject(f"{_SYMBOLS} 0 Tf 0 g"),
        "/MK": _dictionary({"/CA": TextStringObject("4")}),
        "/AP": _dictionary({"/N": _dictionary(states)}),
    }


def _drawing(writer: PdfWriter, operators: bytes, size: tuple[float, float]) -> IndirectObject:
    stream = DecodedStreamObject()
    stream.set_data(operators)
    stream.update(_form_entries(size, DictionaryObject()))
    return writer._add_object(stream)


def _form_entries(size: tuple[float, float], resources: PdfObject) -> DictionaryObject:
    box = ArrayObject([FloatObject(side) for side in (0, 0, *size)])
    return _dictionary(
        {
            "/Type": NameObject("/XObject"),
            "/Subtype": NameObject("/Form"),
            "/BBox": box,
            "/Resources": resources,
        }
    )


class _FieldTree:
    """A tree of fields. Names with dots are paths: `a[0].b` is the field `b` under a parent `a[0]`."""

    def __init__(self, writer: PdfWriter) -> None:
        self._writer = writer
        self._parents: dict[str, IndirectObject] = {}
        self.roots = ArrayObject()

    def add(self, name: str, field: IndirectObject) -> None:
        above, _, own = name.rpartition(".")
        widget = cast(DictionaryObject, field.get_object())
        widget[NameObject("/T")] = TextStringObject(own)
        if not above:
            self.roots.append(field)
            return
        if above not in self._parents:
            parent = _dictionary({"/T": TextStringObject(above), "/Kids": ArrayObject()})
            self._parents[above] = self._writer._add_object(parent)
            self.roots.append(self._parents[above])
        widget[NameObject("/Parent")] = self._parents[above]
        cast(ArrayObject, cast(DictionaryObject, self._parents[above].get_object())["/Kids"]).append(field)


def _resources(writer: PdfWriter) -> DictionaryObject:
    symbols = {
        "/Type": NameObject("/Font"),
        "/Subtype": NameObject("/Type1"),
        "/BaseFont": NameObject("/ZapfDingbats"),
    }
    fonts = {_FONT: _chinese_font(writer), _SYMBOLS: writer._add_object(_dictionary(symbols))}
    return _dictionary({"/Font": _dictionary(fonts)})


def _chinese_font(writer: PdfWriter) -> IndirectObject:
    """Add SimSun by name only, with Unicode codes. It is a TrueType font, because poppler finds the wrong
    glyphs of a substitute for a CIDFontType0. It has a ToUnicode map, because pypdf and pdfium look there for
    a character's code."""
    box = ArrayObject([NumberObject(side) for side in (-8, -145, 1000, 859)])
    numbers = {
        "/Flags": 4,
        "/ItalicAngle": 0,
        "/Ascent": 859,
        "/Descent": -141,
        "/CapHeight": 683,
        "/StemV": 80,
    }
    descriptor: dict[str, PdfObject] = {
        "/Type": NameObject("/FontDescriptor"),
        "/FontName": NameObject(_FONT),
        "/FontBBox": box,
    }
    descriptor |= {key: NumberObject(number) for key, number in numbers.items()}
    system = {
        "/Registry": TextStringObject("Adobe"),
        "/Ordering": TextStringObject("GB1"),
        "/Supplement": NumberObject(4),
    }
    half = ArrayObject([NumberObject(number) for number in (1, 95, 500)])
    descendant: dict[str, PdfObject] = {
        "/Type": NameObject("/Font"), "/Subtype": NameObject("/CIDFontType2"), "/BaseFont": NameObject(_FONT),
        "/CIDSystemInfo": _dictionary(system), "/FontDescriptor": writer._add_object(_dictionary(descriptor)),
        "/DW": NumberObject(1000), "/W": half,
    }  # fmt: skip
    stream = DecodedStreamObject()
    stream.set_data(_unicode_map())
    font = {
        "/Type": NameObject("/Font"), "/Subtype": NameObject("/Type0"), "/BaseFont": NameObject(_FONT),
        "/Encoding": NameObject("/UniGB-UTF16-H"), "/ToUnicode": writer._add_object(stream.flate_encode()),
        "/DescendantFonts": ArrayObject([writer._add_object(_dictionary(descendant))]),
    }  # fmt: skip
    return writer._add_object(_dictionary(font))


def _unicode_map() -> bytes:
    """Return a CMap that declares each two-byte code to be Unicode. It covers only the blocks that Chinese is
    written in, because pypdf reads it character by character for every field that it fills."""
    blocks = [*range(0x02), *range(0x20, 0x26), 0x30, *range(0x4E, 0xA0), 0xFF]
    ranges = [f"<{high:02X}00> <{high:02X}FF> <{high:02X}00>" for high in blocks]
    lines = [
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
        "/CMapName /Unicode def /CMapType 2 def",
    ]
    lines += ["1 begincodespacerange <0000> <FFFF> endcodespacerange"]
    for start in range(0, len(ranges), 100):  # a section holds at most 100 ranges
        part = ranges[start : start + 100]
        lines += [f"{len(part)} beginbfrange", *part, "endbfrange"]
    return "\n".join([*lines, "endcmap end end"]).encode()


def _add_structure(writer: PdfWriter, widgets: Iterable[tuple[IndirectObject, int]]) -> None:
    """Tell assistive software where each widget belongs: add a Form element inside its table cell."""
    root = cast(DictionaryObject, writer.root_object["/StructTreeRoot"])
    cells = list(_elements(root, "/TD"))
    numbers = cast(ArrayObject, cast(DictionaryObject, root["/ParentTree"])["/Nums"])
    following = int(cast(NumberObject, root["/ParentTreeNextKey"]))
    for key, (widget, cell) in enumerate(widgets, following):
        annotation = cast(DictionaryObject, widget.get_object())
        reference = _dictionary(
            {"/Type": NameObject("/OBJR"), "/Obj": widget, "/Pg": annotation.raw_get("/P")}
        )
        parent = cast(IndirectObject, cells[cell].indirect_reference)
        entries = {
            "/Type": NameObject("/StructElem"),
            "/S": NameObject("/Form"),
            "/P": parent,
            "/K": ArrayObject([reference]),
        }
        element = writer._add_object(_dictionary(entries))
        cast(ArrayObject, cells[cell].setdefault(NameObject("/K"), ArrayObject())).append(element)
        annotation[NameObject("/StructParent")] = NumberObject(key)
        numbers.extend([NumberObject(key), element])
        root[NameObject("/ParentTreeNextKey")] = NumberObject(key + 1)


def _elements(parent: DictionaryObject, kind: str) -> Iterator[DictionaryObject]:
    children = parent.get("/K", ArrayObject())
    for child in children if isinstance(children, ArrayObject) else [children]:
        element = child.get_object()
        if isinstance(element, DictionaryObject):
            if element.get("/S") == kind:
                yield element
            yield from _elements(element, kind)


def _dictionary(entries: Mapping[str, PdfObject]) -> DictionaryObject:
    return DictionaryObject({NameObject(key): value for key, value in entries.items()})


def _written(writer: PdfWriter) -> bytes:
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()
