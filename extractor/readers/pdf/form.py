"""The layer on top of a page's content: form fields and annotations, with what they show and what they hold.

What a field shows counts. Where its value differs, both are kept and the difference is reported. ISO 32000-1,
12.5 and 12.7.
"""

import re
from collections import deque
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pdfminer.pdftypes import PDFObjRef, PDFStream, resolve1
from pdfminer.psparser import PSLiteral
from pdfminer.utils import decode_text

from extractor.readers.painted.lines import to_box
from extractor.readers.painted.overlay import Mark, Overlay, SignedWidget, Widget, WidgetKind, between, tag_of
from extractor.readers.painted.page import BLACK, Glyph, Sight
from extractor.readers.painted.unseen import within
from extractor.readers.pdf.canvas import PageCanvas
from extractor.readers.pdf.held import Held
from models.errors import UnreadableFile
from models.geometry import Point, Rect, area, around
from models.page import Aside, Emphasis, Mismatch, Remark
from models.writing import excerpt, key

MAX_ANNOTATIONS = 5_000
MAX_FIELDS = 20_000
_HIDDEN, _NO_VIEW = 1 << 1, 1 << 5
_RADIO, _PUSH, _COMBO, _PASSWORD = 1 << 15, 1 << 16, 1 << 17, 1 << 13
_DEPTH = 32

_MARKUP: dict[str, Emphasis] = {
    "Highlight": "highlight",
    "Underline": "underline",
    "Squiggly": "underline",
    "StrikeOut": "strike",
}
# The contents of a link only describe it.
_NO_NOTE = ("Link", "Popup")
_ICONS = ("Text", "FileAttachment", "Sound")
_TAG = re.compile(r"<[^>]*>")
_DRAWN = ("Ink", "Line", "PolyLine", "Polygon", "Square", "Circle")


def read_overlay(annotations: Any, canvas: PageCanvas, number: int, regenerates: bool) -> Overlay:
    """Read the annotations of page `number`. `regenerates` says that viewers draw fields anew from their
    values (NeedAppearances)."""
    overlay = Overlay(number)
    listed = resolve1(annotations)
    listed = listed if isinstance(listed, list) else []
    if len(listed) > MAX_ANNOTATIONS:
        overlay.damage.append(f"批注和表单域超过 {MAX_ANNOTATIONS} 处，其余未读取")
    for item in listed[:MAX_ANNOTATIONS]:
        try:
            annotation = resolve1(item)
            if not isinstance(annotation, dict) or not _rectangle(annotation):
                continue
            if _is_hidden(annotation, canvas):
                _read_hidden(annotation, canvas, overlay)
            else:
                _read(annotation, canvas, overlay, regenerates)
        except UnreadableFile:
            raise
        except Exception:  # one broken annotation must not cost the page, and pdfminer breaks in many ways
            overlay.damage.append("有一处批注或表单域无法读取")
    return overlay


def _read_hidden(annotation: dict[str, Any], canvas: PageCanvas, overlay: Overlay) -> None:
    """Note what a hidden field or note holds."""
    if _name(annotation.get("Subtype")) == "Widget":
        text = value_of(annotation)
        overlay.names.add(_full_name(annotation))
    else:
        text = _note(annotation)
    _remark("text-unseen", text, canvas.place(annotation["Rect"]), overlay)


def _remark(code: str, text: str, box: Rect, overlay: Overlay) -> None:
    if key(text):
        overlay.remarks.append(Remark(code=code, text=text.strip(), box=to_box(box)))


def _note(annotation: Mapping[str, Any]) -> str:
    """Return the text of a note; of rich text only its words."""
    return _text(annotation.get("Contents")) or _TAG.sub("", _text(annotation.get("RC")))


def _shown(sight: Sight | None) -> str:
    return "".join(glyph.text for glyph in sight.glyphs if glyph.seen) if sight else ""


def _is_hidden(annotation: Mapping[str, Any], canvas: PageCanvas) -> bool:
    flags = resolve1(annotation.get("F"))
    return bool(isinstance(flags, int) and flags & (_HIDDEN | _NO_VIEW)) or canvas.layers.hides(
        annotation.get("OC")
    )


def _rectangle(annotation: Mapping[str, Any]) -> Any:
    rect = resolve1(annotation.get("Rect"))
    return rect if isinstance(rect, list) and len(rect) == 4 else None


def _read(annotation: dict[str, Any], canvas: PageCanvas, overlay: Overlay, regenerates: bool) -> None:
    subtype, box = _name(annotation.get("Subtype")), canvas.place(annotation["Rect"])
    if subtype == "Widget":
        _read_widget(annotation, box, canvas, overlay, regenerates)
    elif subtype == "FreeText":
        sight = _appearance(annotation, canvas)
        written = _text(annotation.get("Contents"))
        shown = _shown(sight) if sight else written
        overlay.text += _own(sight, box, "", overlay) if sight else laid_out(written, box)
        overlay.widgets.append(Widget("", "text", box, value=written, shown=shown))
        if key(written) not in key(shown):
            _remark("text-unseen", written, box, overlay)
    elif subtype not in _NO_NOTE:
        _remark("comment-on-answer", _note(annotation), box, overlay)
        if subtype not in _ICONS:
            # A stamp or a watermark shows words. Only a person can tell whether they are an answer.
            _remark("element-unknown", _shown(_appearance(annotation, canvas)), box, overlay)
    if subtype in _MARKUP:
        overlay.marked += [(quad, _MARKUP[subtype]) for quad in _quads(annotation, canvas)]
    elif subtype in _DRAWN:
        points = _points(annotation, canvas)
        overlay.marks.append(Mark("ink" if subtype == "Ink" else "shape", _around(points) or box, points))
    elif subtype == "Stamp":
        overlay.marks.append(Mark("picture", box))


def _read_widget(
    annotation: dict[str, Any], box: Rect, canvas: PageCanvas, overlay: Overlay, regenerates: bool
) -> None:
    whole = _inherited(annotation)
    kind, name = _kind(whole), _full_name(annotation)
    overlay.names.add(name)
    if kind in ("button", "signature"):
        overlay.captions.append(_shown(_appearance(annotation, canvas)))
    if kind == "button":
        return
    if kind == "signature":
        signed = signed_by(annotation)
        if signed is not None and area(box) > 0:
            overlay.signed.append(SignedWidget(*signed, overlay.page, to_box(box)))
            overlay.marks.append(Mark("digital", box))
        return
    if kind in ("check", "radio"):
        overlay.widgets.append(_button(whole, kind, name, box, canvas, overlay))
        return
    value = "、".join(_values(whole))
    if int(resolve1(whole.get("Ff")) or 0) & _PASSWORD:
        value = "*" * len(value)
    sight = _appearance(annotation, canvas)
    # A list box shows all that it offers; only its value says what was chosen.
    offers = kind == "choice" and not int(resolve1(whole.get("Ff")) or 0) & _COMBO
    shown = _shown(sight) if not offers else ""
    if sight is None or offers or regenerates or (not key(shown) and key(value)):
        if sight is not None and not offers and not regenerates and key(value):
            overlay.mismatches.append(_mismatch(Widget(name, kind, box), overlay.page, "", value))
        overlay.text += laid_out(value, box)
    else:
        if key(shown) != key(value) and not (key(value).startswith(key(shown)) and key(shown)):
            overlay.mismatches.append(_mismatch(Widget(name, kind, box), overlay.page, shown, value))
        elif key(shown) != key(value):
            # The field is too small for all that it holds.
            _remark("text-unseen", value, box, overlay)
        overlay.text += _own(sight, box, value if key(shown) != key(value) else "", overlay)
    overlay.widgets.append(Widget(name, kind, box, value=value, shown=shown))


def _own(sight: Sight, box: Rect, told: str, overlay: Overlay) -> list[Glyph]:
    """Return the glyphs of an appearance at `box`, and note what is cut off, unless it is in what was
    `told`."""
    own, cut = within(sight.glyphs, box)
    if key(cut) not in key(told):
        _remark("text-unseen", cut, box, overlay)
    return own


def _button(
    whole: dict[str, Any], kind: WidgetKind, name: str, box: Rect, canvas: PageCanvas, overlay: Overlay
) -> Widget:
    states = _normal(whole)
    on = next((state for state in states if state != "Off"), "") if isinstance(states, dict) else ""
    value, shows = _name(whole.get("V")) or _text(whole.get("V")), _name(whole.get("AS"))
    if not shows and isinstance(states, dict):
        # A widget without a state of its own shows the state that its field's value names.
        shows = value if value in states else "Off"
    ticked_by_value = bool(value) and value != "Off" and (value == on or not on)
    ticked = bool(shows) and shows != "Off" if states is not None else ticked_by_value
    seen = ticked and not (
        isinstance(states, dict) and shows in states and not _paints_more(whole, shows, canvas)
    )
    stored = ticked_by_value if whole.get("V") is not None else ticked
    widget = Widget(name, kind, box, value=value, state="ticked" if ticked else "empty", on=on)
    if seen == ticked == stored:
        return widget
    overlay.mismatches.append(
        _mismatch(widget, overlay.page, "已勾选" if seen else "未勾选", "已勾选" if stored else "未勾选")
    )
    return replace(widget, state="unclear")


def _mismatch(widget: Widget, page: int, shown: str, stored: str) -> Mismatch:
    return Mismatch(
        name=excerpt(widget.name),
        shown=excerpt(shown),
        stored=excerpt(stored),
        tag=tag_of(widget),
        page=page,
        box=to_box(widget.box),
    )


def _paints_more(whole: dict[str, Any], state: str, canvas: PageCanvas) -> bool:
    """Tell whether a button's ticked appearance shows more than its empty one."""
    states = _normal(whole)
    assert isinstance(states, dict)
    painted = []
    for name in (state, "Off"):
        stream = resolve1(states.get(name))
        sight = canvas.appearance(stream, whole["Rect"]) if isinstance(stream, PDFStream) else Sight()
        painted.append(sum(1 for g in sight.glyphs if g.seen) + len(sight.strokes) + len(sight.images))
    return painted[0] > 0 and (painted[0] != painted[1] or isinstance(resolve1(states.get("Off")), PDFStream))


def held_on(overlay: Overlay) -> list[Held]:
    """Return the fields and notes of a page that hold something."""
    found = []
    for widget in overlay.widgets:
        box = to_box(widget.box)
        if widget.state in ("ticked", "unclear"):
            found.append(Held(widget.name, overlay.page, box, ticked=True))
        elif widget.state is None and key(widget.value or widget.shown):
            found.append(Held(widget.name, overlay.page, box, widget.value or widget.shown))
    return found


# -- reading the dictionaries


def _name(value: Any) -> str:
    value = resolve1(value)
    if not isinstance(value, PSLiteral):
        return ""
    return value.name if isinstance(value.name, str) else value.name.decode("latin-1")


def _text(value: Any) -> str:
    value = resolve1(value)
    if isinstance(value, PDFStream):
        value = value.get_data()
    if isinstance(value, bytes):
        # Some Chinese programs write these strings in GBK, which the standard does not allow.
        return (
            decode_text(value)
            if value[:2] in (b"\xfe\xff", b"\xff\xfe") or value.isascii()
            else _eight_bit(value)
        )
    return _name(value)


def _eight_bit(value: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return value.decode(encoding)
        except UnicodeDecodeError:
            continue
    return decode_text(value)


def _parents(annotation: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """Yield the widget and the fields above it."""
    at: Any = annotation
    for _ in range(_DEPTH):
        if not isinstance(at, dict):
            return
        yield at
        at = resolve1(at.get("Parent"))


def _inherited(annotation: dict[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for level in _parents(annotation):
        for name, value in level.items():
            if level is annotation or name in ("FT", "V", "Ff", "Opt", "DA", "MaxLen"):
                whole.setdefault(name, value)
    return whole


def signed_by(field: dict[str, Any]) -> tuple[str, int | None] | None:
    """Return the name of a signature field, and the number of the object with its signature, if it is an
    object of its own. Return None if the field is not signed."""
    whole = _inherited(field)
    value = whole.get("V")
    if _kind(whole) != "signature" or resolve1(value) is None:
        return None
    return _full_name(field), value.objid if isinstance(value, PDFObjRef) else None


def _full_name(annotation: Mapping[str, Any]) -> str:
    return ".".join(reversed([name for level in _parents(annotation) if (name := _text(level.get("T")))]))


def _kind(whole: Mapping[str, Any]) -> WidgetKind:
    flags = resolve1(whole.get("Ff"))
    flags = flags if isinstance(flags, int) else 0
    if _name(whole.get("FT")) == "Btn":
        return "button" if flags & _PUSH else "radio" if flags & _RADIO else "check"
    kinds: dict[str, WidgetKind] = {"Ch": "choice", "Sig": "signature"}
    return kinds.get(_name(whole.get("FT")), "text")


def value_of(field: dict[str, Any]) -> str:
    """Return what a field holds; empty for nothing, a signature, or a button's action."""
    whole = _inherited(field)
    kind = _kind(whole)
    if kind in ("check", "radio"):
        value = _name(whole.get("V")) or _text(whole.get("V"))
        return "" if value == "Off" else value
    return "、".join(_values(whole)) if kind in ("text", "choice") else ""


def fields_of(form: Any) -> Iterator[dict[str, Any]]:
    """Yield the fields of the file's form, including those that no page shows. A field that is in the tree
    twice counts once."""
    fields = resolve1(form.get("Fields")) if isinstance(form, dict) else None
    waiting: deque[Any] = deque(fields if isinstance(fields, list) else [])
    seen: set[int] = set()
    for _ in range(MAX_FIELDS):
        if not waiting:
            return
        item = waiting.popleft()
        field = resolve1(item)
        if not isinstance(field, dict) or (isinstance(item, PDFObjRef) and item.objid in seen):
            continue
        seen |= {item.objid} if isinstance(item, PDFObjRef) else set()
        yield field
        kids = resolve1(field.get("Kids"))
        waiting += kids if isinstance(kids, list) else []


def unplaced(form: Any, names: Container[str]) -> Iterator[Aside]:
    """Yield the values of fields without a place on any page. `names` are the fields that have a place."""
    held = dict.fromkeys((_full_name(field), value_of(field)) for field in fields_of(form))
    for name, value in held:
        if key(value) and name not in names:
            yield Aside(kind="value", text=f"{name}：{value}")


def _values(whole: Mapping[str, Any]) -> list[str]:
    value = resolve1(whole.get("V"))
    values = (
        [_text(one) for one in value]
        if isinstance(value, list)
        else [_text(value)]
        if value is not None
        else []
    )
    shown = {}
    options = resolve1(whole.get("Opt"))
    for option in options if isinstance(options, list) else []:
        pair = resolve1(option)
        if isinstance(pair, list) and len(pair) == 2:
            shown[_text(pair[0])] = _text(pair[1])
    return [shown.get(one, one) for one in values if one]


def _normal(annotation: Mapping[str, Any]) -> Any:
    """Return the normal appearance: a stream, or a dictionary of states, or None."""
    appearances = resolve1(annotation.get("AP"))
    return resolve1(appearances.get("N")) if isinstance(appearances, dict) else None


def _appearance(annotation: Mapping[str, Any], canvas: PageCanvas) -> Sight | None:
    stream = _normal(annotation)
    if isinstance(stream, dict):
        stream = resolve1(stream.get(_name(annotation.get("AS"))))
    return canvas.appearance(stream, annotation["Rect"]) if isinstance(stream, PDFStream) else None


def _quads(annotation: Mapping[str, Any], canvas: PageCanvas) -> list[Rect]:
    numbers = [float(resolve1(n)) for n in resolve1(annotation.get("QuadPoints")) or []]
    quads = [numbers[i : i + 8] for i in range(0, len(numbers) - 7, 8)]
    return [canvas.place([min(q[::2]), min(q[1::2]), max(q[::2]), max(q[1::2])]) for q in quads] or [
        canvas.place(annotation["Rect"])
    ]


def _points(annotation: Mapping[str, Any], canvas: PageCanvas) -> tuple[Point, ...]:
    """Return the points that a drawn annotation passes through: its ends, its corners and some between."""
    if _name(annotation.get("Subtype")) == "Ink":
        runs = [
            [float(resolve1(n)) for n in resolve1(run)] for run in resolve1(annotation.get("InkList")) or []
        ]
    else:
        runs = [
            [float(resolve1(n)) for n in resolve1(annotation.get("L") or annotation.get("Vertices")) or []]
        ]
    found: list[Point] = []
    for run in runs:
        points = [canvas.place([x, y, x, y])[:2] for x, y in zip(run[::2], run[1::2], strict=False)]
        found += between(points)
    return tuple(found)


def _around(points: tuple[Point, ...]) -> Rect | None:
    return around((x, y, x, y) for x, y in points) if points else None


def laid_out(text: str, box: Rect, size: float = 10.0) -> list[Glyph]:
    """Return text without an appearance, set into its box as viewers set it: in lines of characters, as small
    as necessary to fit."""
    width, height = max(box[2] - box[0], 1.0), max(box[3] - box[1], 1.0)
    rows = _rows(text, width / size)
    while size > 1 and len(rows) * size * 1.2 > max(height, size * 1.2):
        size *= 0.9
        rows = _rows(text, width / size)
    step = min(size * 1.2, height / max(len(rows), 1))
    top = box[1] + max(0.0, (height - step * len(rows)) / 2)
    glyphs: list[Glyph] = []
    for number, row in enumerate(rows):
        x, y = box[0], top + number * step
        for char in row:
            end = x + _ems(char) * size
            glyphs.append(
                Glyph(char, (x, y, end, y + step * 0.9), size, "", 0, 0, BLACK, False, True, 0, True)
            )
            x = end
    return glyphs


def _ems(char: str) -> float:
    return 0.5 if char.isascii() else 1.0


def _rows(text: str, width: float) -> list[str]:
    """Return text in lines of at most `width` ems."""
    rows = []
    for line in text.splitlines() or [""]:
        row, wide = "", 0.0
        for char in line:
            if row and wide + _ems(char) > width:
                rows.append(row)
                row, wide = "", 0.0
            row, wide = row + char, wide + _ems(char)
        rows.append(row)
    return rows
