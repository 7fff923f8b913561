"""The pieces of a Word form: runs of text, and the content controls that hold answers or guard print.

All text controls are inline rich-text controls, that is, without a `w:text` of their own. LibreOffice 7.4
repeats the text of a plain-text control, and of any control around a paragraph or a cell, when it saves a
.docx; it keeps an inline rich-text control and its placeholder flag. Several paragraphs therefore stand as
lines of one paragraph.
"""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Literal, NamedTuple

from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.oxml.xmlchemy import BaseOxmlElement

from models.identity import Tag

Element = BaseOxmlElement
Lock = Literal["sdtLocked", "sdtContentLocked"]

GUIDANCE_STYLE = "PlaceholderText"
_LONGEST_TITLE = 64  # characters; Word refuses a file with a longer title
# Word shows this title over a clicked control; LibreOffice 7.4 nests controls that have none.
_GUARDED_TITLE = "固定文字"
_BOX_FONT = "MS Gothic"
_BOXES = {True: "\u2612", False: "\u2610"}  # the glyphs that Word itself uses for a check box


def element(name: str, attributes: dict[str, str] | None = None, *children: Element) -> Element:
    """Return an element with prefixed names, such as `w:p`."""
    made: Any = OxmlElement(name, attrs={qn(key): value for key, value in (attributes or {}).items()})
    made.extend(children)
    return made  # type: ignore[no-any-return]  # python-docx calls every element by lxml's private name


def valued(name: str, value: str | int) -> Element:
    """Return an element whose only content is its `w:val`."""
    return element(name, {"w:val": str(value)})


def run(text: str, *properties: Element) -> Element:
    """Return a run. Line breaks and tabs in `text` become elements; `properties` must be in schema order."""
    made = element("w:r", None, *([element("w:rPr", None, *properties)] if properties else []))
    for number, line in enumerate(text.split("\n")):
        if number:
            made.append(element("w:br"))
        for place, piece in enumerate(line.split("\t")):
            if place:
                made.append(element("w:tab"))
            if piece:
                made.append(_text(piece))
    return made


def _text(text: str) -> Element:
    made = element("w:t", {"xml:space": "preserve"})
    made.text = text
    return made


class Placeholder(NamedTuple):
    """The text that an untouched answer shows: print of the form, or `faint` advice. An answer that is
    `underlined` stands on a line, with words before and behind it."""

    text: str
    faint: bool = False
    underlined: bool = False


class Controls:
    """Makes the controls of one document, each with an id of its own, the first with `first`."""

    def __init__(self, first: int = 1) -> None:
        self._ids: Iterator[int] = count(first)

    def guarded(self, text: str, *properties: Element) -> Element:
        """Return printed words that can be neither edited nor deleted."""
        return self._control(None, _GUARDED_TITLE, "sdtContentLocked", [], run(text, *properties))

    def answer(
        self, tag: Tag, title: str, text: str | None, placeholder: Placeholder, *, calendar: bool = False
    ) -> Element:
        """Return a place to write in. Without a `text` it shows `placeholder`, which the first key typed
        replaces. With `calendar`, a date may also be picked."""
        picker = [_calendar()] if calendar else []
        under = [valued("w:u", "single")] if placeholder.underlined else []
        if text is not None:
            return self._control(tag, title, "sdtLocked", picker, run(text, *under))
        faint = [valued("w:rStyle", GUIDANCE_STYLE)] if placeholder.faint else []
        empty = run(placeholder.text, *faint, *under)
        return self._control(tag, title, "sdtLocked", [element("w:showingPlcHdr"), *picker], empty)

    def box(self, tag: Tag, title: str, ticked: bool) -> Element:
        """Return a check box."""
        kind = element(
            "w14:checkbox",
            None,
            element("w14:checked", {"w14:val": str(int(ticked))}),
            *(
                element(name, {"w14:val": f"{ord(_BOXES[state]):04X}", "w14:font": _BOX_FONT})
                for name, state in (("w14:checkedState", True), ("w14:uncheckedState", False))
            ),
        )
        fonts = {f"w:{script}": _BOX_FONT for script in ("ascii", "eastAsia", "hAnsi")}
        glyph = run(_BOXES[ticked], element("w:rFonts", {"w:hint": "eastAsia", **fonts}))
        return self._control(tag, title, "sdtLocked", [kind], glyph)

    def answer_of(
        self, tag: Tag, title: str, runs: Sequence[Element], *, is_empty: bool, calendar: bool = False
    ) -> Element:
        """A place to write in that holds `runs` of another writer: the answer, or what shows until there is
        one."""
        kind = [element("w:showingPlcHdr")] * is_empty + [_calendar()] * calendar
        return self._control(tag, title, "sdtLocked", kind, *runs)

    def box_of(self, tag: Tag, title: str, glyph: str, look: Sequence[Element], ticked: bool) -> Element:
        """A check box that looks like the empty box `glyph` of another writer until it is ticked."""
        fonts = {f"w:{script}": _BOX_FONT for script in ("ascii", "eastAsia", "hAnsi")}
        own = next((one for one in look if one.tag == qn("w:rFonts")), None)
        font = own.get(qn("w:eastAsia")) if own is not None else None
        shown = [one for one in look if one is not own and one.tag != qn("w:rStyle")] if ticked else look
        marked = [element("w:rFonts", {"w:hint": "eastAsia", **fonts})] if ticked else []
        states = (
            ("w14:checkedState", _BOXES[True], _BOX_FONT),
            ("w14:uncheckedState", glyph, font or _BOX_FONT),
        )
        kind = element(
            "w14:checkbox",
            None,
            element("w14:checked", {"w14:val": str(int(ticked))}),
            *(
                element(name, {"w14:val": f"{ord(sign):04X}", "w14:font": font})
                for name, sign, font in states
            ),
        )
        drawn = run(_BOXES[True] if ticked else glyph, *marked, *shown)
        return self._control(tag, title, "sdtLocked", [kind], drawn)

    def _control(
        self, tag: Tag | None, title: str, lock: Lock, kind: list[Element], *content: Element
    ) -> Element:
        properties = [valued("w:alias", title[:_LONGEST_TITLE])]
        if tag is not None:
            properties.append(valued("w:tag", str(tag)))
        properties += [valued("w:id", next(self._ids)), valued("w:lock", lock), *kind]
        return element(
            "w:sdt", None, element("w:sdtPr", None, *properties), element("w:sdtContent", None, *content)
        )


def _calendar() -> Element:
    parts = {
        "dateFormat": "yyyy年M月d日",
        "lid": "zh-CN",
        "storeMappedDataAs": "dateTime",
        "calendar": "gregorian",
    }
    return element("w:date", None, *(valued(f"w:{name}", value) for name, value in parts.items()))
