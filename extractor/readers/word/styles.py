"""The look of runs: fonts, emphasis and visibility, including what their styles say."""

import re
from dataclasses import dataclass, fields, replace

from lxml import etree

from extractor.readers.word.package import W14, Parts, W
from extractor.text.raised import Level
from extractor.text.unseen import blends
from models.page import Emphasis

_OFF = {"0", "false", "off", "none", "nil"}


@dataclass(frozen=True)
class Look:
    """Run properties. None means that a property is not set, so that looks can be laid over each other."""

    ascii: str | None = None
    high_ansi: str | None = None
    east_asia: str | None = None
    complex_script: str | None = None
    bold: bool | None = None
    underline: bool | None = None
    strike: bool | None = None
    highlight: bool | None = None
    colour: bool | None = None
    border: bool | None = None
    hidden: bool | None = None
    raised: str | None = None
    position: int | None = None
    size: int | None = None
    width: int | None = None
    clear: bool | None = None
    ink: str | None = None
    paper: str | None = None

    def over(self, below: "Look") -> "Look":
        """Return this look where it is set, `below` elsewhere."""
        said = {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}
        return replace(below, **said) if said else below

    @property
    def emphasis(self) -> frozenset[Emphasis]:
        names: tuple[Emphasis, ...] = ("bold", "underline", "strike", "highlight", "colour", "border")
        return frozenset(name for name in names if getattr(self, name))

    @property
    def level(self) -> Level | None:
        """The level of the characters, above or below the line; None on it."""
        if self.raised in ("superscript", "subscript"):
            return "up" if self.raised == "superscript" else "down"
        if self.position is None or abs(self.position) < _OFF_THE_LINE:
            return None
        return "up" if self.position > 0 else "down"

    def is_unseen(self, paper: str | None) -> bool:
        """Tell whether nobody can see the characters: they are transparent, too small or narrow, on lines
        that are too low, or in the colour behind them. `paper` is the colour of the cell, None where it isn't
        known."""
        behind = self.paper or paper
        # Without a colour of its own, text is black on light and white on dark ground.
        is_lost = behind is not None and self.ink is not None and blends(self.ink, behind)
        is_small = (self.size is not None and self.size <= _INVISIBLE) or (
            self.width is not None and self.width <= _NARROW
        )
        return is_lost or is_small or bool(self.clear)


# In half points.
_INVISIBLE, _OFF_THE_LINE = 4, 4
# The first in percent of a character's own width, the second in twentieths of a point.
_NARROW, _LOW = 5, 40
_HEX = re.compile(r"[0-9A-Fa-f]{6}")
_HIGHLIGHTS = {
    "yellow": "FFFF00",
    "green": "00FF00",
    "cyan": "00FFFF",
    "white": "FFFFFF",
    "black": "000000",
    "none": "FFFFFF",
}
PLAIN = Look()


def read_look(properties: etree._Element | None) -> Look:
    """Return the look that a `w:rPr` itself gives."""
    if properties is None or not len(properties):
        return PLAIN
    found: dict[str, object] = {}
    for item in properties:
        name = str(item.tag).removeprefix(W)
        value = item.get(f"{W}val")
        if name == "rFonts":
            for attribute, key in _FONTS.items():
                if item.get(W + attribute):
                    found[key] = item.get(W + attribute)
        elif name in _TOGGLES:
            found[_TOGGLES[name]] = value is None or value.lower() not in _OFF
            if name == "highlight":
                found["paper"] = _HIGHLIGHTS.get(value or "", "unknown")
        elif name == "shd":
            found["highlight"] = found.get("highlight") or _is_coloured(item.get(f"{W}fill"), "FFFFFF")
            found["paper"] = found.get("paper") or shade(item)
        elif name == "color":
            found["colour"] = _is_coloured(value, "000000")
            found["ink"] = (
                _WHITE if item.get(f"{W}themeColor") in _WHITE_THEMES and not _is_changed(item) else value
            )
        elif name == f"{W14}textFill":
            found["clear"] = item.find(f"{W14}noFill") is not None
        elif name == "vertAlign":
            found["raised"] = value
        elif name in _NUMBERS and re.fullmatch(r"-?\d{1,5}", value or ""):
            found[_NUMBERS[name]] = int(value or "0")
    return Look(**found)  # type: ignore[arg-type]  # the keys are those of Look


_FONTS = {"ascii": "ascii", "hAnsi": "high_ansi", "eastAsia": "east_asia", "cs": "complex_script"}
_NUMBERS = {"position": "position", "sz": "size", "w": "width"}
# The names of themes for the colour of the paper.
_WHITE, _WHITE_THEMES = "FFFFFF", ("background1", "light1")
_TOGGLES = {
    "b": "bold",
    "u": "underline",
    "strike": "strike",
    "dstrike": "strike",
    "highlight": "highlight",
    "bdr": "border",
    "vanish": "hidden",
    "webHidden": "hidden",
}


def _is_changed(colour: etree._Element) -> bool:
    return any(colour.get(f"{W}{name}") for name in ("themeTint", "themeShade"))


def shade(item: etree._Element | None) -> str | None:
    """Return the colour of a `w:shd`; None where it has none, "unknown" where it has a pattern."""
    if item is None:
        return None
    pattern = item.get(f"{W}val", "clear").lower()
    if pattern == "solid":
        return item.get(f"{W}color", "000000").upper()
    if pattern not in ("clear", "nil"):
        return "unknown"
    fill = item.get(f"{W}fill", "auto")
    return fill.upper() if _HEX.fullmatch(fill) else None


def _is_coloured(value: str | None, neutral: str) -> bool:
    return value is not None and value.lower() != "auto" and value.upper() != neutral


def is_low(item: etree._Element | None, height: str, rule: str) -> bool:
    """Tell whether lines or rows are made so low that nobody sees what is in them."""
    value = "" if item is None else item.get(f"{W}{height}", "")
    return item is not None and item.get(f"{W}{rule}") == "exact" and value.isdigit() and int(value) <= _LOW


class Styles:
    """The looks of the document's named styles, including the styles that they are based on."""

    def __init__(self, package: Parts) -> None:
        self._own: dict[str, tuple[Look, str | None]] = {}
        self._resolved: dict[str, Look] = {}
        self._shaded: set[str] = set()
        self.default = PLAIN
        self._default_paragraph: str | None = None
        for name in package.related(package.main, "styles")[:1]:
            self._read(package.xml(name))

    def _read(self, root: etree._Element) -> None:
        default = root.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr")
        self.default = read_look(default)
        for style in root.iterfind(f"{W}style"):
            based = style.find(f"{W}basedOn")
            name = style.get(f"{W}styleId", "")
            if style.find(f".//{W}shd") is not None:
                self._shaded.add(name)
            self._own[name] = (
                read_look(style.find(f"{W}rPr")),
                None if based is None else based.get(f"{W}val"),
            )
            if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default") in ("1", "true", "on"):
                self._default_paragraph = name

    def look(self, style: str | None) -> Look:
        """Return the look of a style by its id; plain where there is no such style."""
        if style is None or style not in self._own:
            return PLAIN
        if style not in self._resolved:
            look, based = self._own[style]
            self._resolved[style] = PLAIN  # a style that is based on itself ends here
            self._resolved[style] = look.over(self.look(based))
        return self._resolved[style]

    def shades(self, style: str | None) -> bool:
        """Tell whether a table's style, or one that it is based on, colours anything."""
        for _ in range(len(self._own)):
            if style is None or style in self._shaded:
                return style is not None
            style = self._own.get(style, (PLAIN, None))[1]
        return False

    def paragraph(self, properties: etree._Element | None) -> Look:
        """Return the look that runs of a paragraph have before they set anything themselves."""
        style = None if properties is None else properties.find(f"{W}pStyle")
        name = self._default_paragraph if style is None else style.get(f"{W}val")
        look = self.look(name).over(self.default)
        behind = None if properties is None else shade(properties.find(f"{W}shd"))
        if properties is not None and is_low(properties.find(f"{W}spacing"), "line", "lineRule"):
            look = replace(look, clear=True)
        return replace(look, paper=behind) if behind and not look.paper else look

    def run(self, properties: etree._Element | None, paragraph: Look) -> Look:
        """Return the look of a run in a paragraph of look `paragraph`."""
        if properties is None:
            return paragraph
        style = properties.find(f"{W}rStyle")
        return read_look(properties).over(
            self.look(None if style is None else style.get(f"{W}val")).over(paragraph)
        )
