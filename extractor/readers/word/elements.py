"""The meaning of each element of a Word document for a reader of the page. This is the only list of elements
that may be skipped.

An element that is not listed, or that stands where nobody reads it, is reported wherever it holds anything: a
text, a picture, an object.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from lxml import etree

from extractor.readers.word.package import W14, W
from models.page import AsideKind

MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
W16SE = "{http://schemas.microsoft.com/office/word/2015/wordml/symex}"
V = "{urn:schemas-microsoft-com:vml}"
# Word 2003's namespaces: for changes and comments, and for its additions for other programs.
AML = "{http://schemas.microsoft.com/aml/2001/core}"
_WX = "{http://schemas.microsoft.com/office/word/2003/auxHint}"

# `read`: its own reader says what it shows, where it may stand. `transparent`: its content stands in its
# place. `property`: it says how something else looks, or what a program knows of it. `mark`: a place, which
# shows nothing. `computed`: it shows something that only Word knows. Anything else is left out as that kind
# of `Aside`.
Meaning = Literal["read", "transparent", "property", "mark", "computed"] | AsideKind

_W_MEANINGS: Mapping[Meaning, str] = {
    "read": "p tbl tr tc r sdt altChunk fldSimple t sym tab ptab noBreakHyphen "
    "softHyphen br cr ruby drawing pict object fldChar "
    "instrText contentPart footnoteReference endnoteReference "
    "commentReference commentRangeStart commentRangeEnd "
    "footnote endnote",
    "transparent": "ins moveTo hyperlink smartTag customXml dir bdo rt",
    "property": "pPr rPr tblPr tblGrid tblPrEx trPr tcPr sdtPr sdtEndPr "
    "sectPr customXmlPr smartTagPr rubyPr fldData",
    "mark": "bookmarkStart bookmarkEnd proofErr permStart permEnd "
    "lastRenderedPageBreak annotationRef footnoteRef endnoteRef "
    "separator continuationSeparator moveFromRangeStart moveFromRangeEnd "
    "moveToRangeStart moveToRangeEnd customXmlInsRangeStart "
    "customXmlInsRangeEnd customXmlDelRangeStart customXmlDelRangeEnd "
    "customXmlMoveFromRangeStart customXmlMoveFromRangeEnd "
    "customXmlMoveToRangeStart customXmlMoveToRangeEnd",
    "computed": "pgNum dayShort monthShort yearShort dayLong monthLong yearLong subDoc",
    "deleted": "del moveFrom delText",
    "instruction": "delInstrText",
}
_OTHERS: Mapping[str, Meaning] = {
    f"{MC}AlternateContent": "read",
    f"{M}oMath": "read",
    f"{M}oMathPara": "read",
    f"{W14}contentPart": "read",
    f"{W16SE}symEx": "read",
    f"{_WX}sect": "transparent",
    f"{_WX}sub-section": "transparent",
    f"{_WX}font": "property",
    f"{_WX}allowEmptyCollapse": "mark",
    f"{W14}conflictIns": "transparent",
    f"{W14}conflictDel": "deleted",
}
MEANINGS: Mapping[str, Meaning] = {
    f"{W}{name}": meaning for meaning, names in _W_MEANINGS.items() for name in names.split()
} | dict(_OTHERS)

# Settings that drawings keep as text: their position, and what an object is linked to.
_SETTINGS = frozenset(
    [
        "posOffset", "align", "pctWidth", "pctHeight", "pctPosHOffset", "pctPosVOffset", "FieldCodes",
        "LinkType", "LockedField",
        "ClientData", "binData",
    ]
)  # fmt: skip
_PICTURES = frozenset(
    [
        "blip",
        "imagedata",
        "drawing",
        "pict",
        "object",
        "OLEObject",
        "control",
        "contentPart",
        "relIds",
        "chart",
        "checkbox",
    ]
)
# Attributes in which drawings keep what a person sees or is told in their place.
_SAID = ("string", "descr", "title", "alt")
_DRAWN = frozenset(
    [
        "docPr", "cNvPr", "shape", "rect", "oval", "roundrect", "textpath", "group", "line", "polyline",
        "arc", "curve", "image",
    ]
)  # fmt: skip
_UNDERSTOOD = (
    "http://schemas.microsoft.com/office/",
    "http://schemas.openxmlformats.org/",
    "urn:schemas-microsoft-com:",
)
_ANNOTATIONS: Mapping[str, Meaning] = {
    "Word.Insertion": "transparent",
    "Word.Deletion": "deleted",
    "Word.Comment": "comment",
    "Word.Formatting": "property",
    "Word.Numbering": "property",
}
PICTURE_WORD = "图片"


def name_of(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def meaning_of(element: etree._Element) -> Meaning | None:
    """Return what an element means; None for an unknown one."""
    if element.tag == f"{AML}annotation":
        return _ANNOTATIONS.get(element.get(f"{W}type", ""), "mark")
    return MEANINGS.get(str(element.tag))


def inner(element: etree._Element) -> etree._Element:
    """Return the element whose children stand in the place of a transparent element."""
    if element.tag == f"{MC}AlternateContent":
        return branch(element)
    content = element.find(f"{AML}content") if element.tag == f"{AML}annotation" else None
    return element if content is None else content


def branch(alternate: etree._Element) -> etree._Element:
    """Return the branch of alternative content that Word shows: the first that needs nothing unknown to
    Word."""
    for one in alternate:
        needed = [one.nsmap.get(prefix, "") for prefix in (one.get("Requires") or "").split()]
        if one.tag == f"{MC}Fallback" or (
            one.tag == f"{MC}Choice" and all(uri.startswith(_UNDERSTOOD) for uri in needed)
        ):
            return one
    return etree.Element(f"{MC}Fallback")


def other_branch(alternate: etree._Element) -> str:
    """Return the text of the branches that are not taken, where it differs from the branch that is."""
    taken = branch(alternate)
    own = "".join(said(taken).split())
    others = [
        text
        for one in alternate
        if one is not taken
        for text in [said(one)]
        if "".join(text.split()) not in ("", own)
    ]
    # A drawing's fallback is often a picture of it, which says nothing but its description.
    return " ".join(text for text in others if text not in (PICTURE_WORD, own))


def said(element: etree._Element) -> str:
    """Return everything that an element says, whoever may see it: its text, its symbols, the descriptions of
    its pictures. Return an empty string where it holds nothing."""
    text = " ".join("".join(_pieces(element)).split())
    return text or (PICTURE_WORD if _is_pictured(element) else "")


def _is_pictured(element: etree._Element) -> bool:
    return any(name_of(one) in _PICTURES for one in element.iter(etree.Element))


def _pieces(element: etree._Element) -> Iterator[str]:
    name = name_of(element)
    if MEANINGS.get(str(element.tag)) == "property" or name in _SETTINGS:
        return
    if name in ("sym", "symEx"):
        code = next((value for key, value in element.attrib.items() if str(key).endswith("char")), "")
        yield _character(str(code))
    elif name in ("tab", "br", "cr", "p"):
        yield " "
    elif name in _DRAWN:
        yield " " + " ".join(dict.fromkeys(value for key in _SAID if (value := element.get(key)))) + " "
    elif name == "AlternateContent":
        yield from _pieces(branch(element))
        return
    yield element.text or ""
    for child in element:
        yield from _pieces(child)
        yield (child.tail or "").strip()


def _character(code: str) -> str:
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""


def described(drawing: etree._Element) -> str:
    """Return a drawing's description, and the words written in it without a text box."""
    return " ".join("".join(_outside_boxes(drawing)).split())


def _outside_boxes(element: etree._Element) -> Iterator[str]:
    name = name_of(element)
    if name == "txbxContent" or name in _SETTINGS:
        return
    if name == "AlternateContent":
        yield from _outside_boxes(branch(element))
        return
    if name in _DRAWN:
        yield " " + " ".join(dict.fromkeys(value for key in _SAID if (value := element.get(key)))) + " "
    yield element.text or ""
    for child in element:
        yield from _outside_boxes(child)
        yield (child.tail or "").strip()
