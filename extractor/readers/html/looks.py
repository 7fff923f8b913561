"""The look of a web page's text, by its elements, their own style, and the page's style sheets."""

import re
from dataclasses import dataclass, replace

from lxml import html

from extractor.readers.html.sheets import Sheets
from extractor.text.raised import Level
from extractor.text.unseen import blends
from models.page import Emphasis

_EMPHASES: dict[str, Emphasis] = {
    "b": "bold",
    "strong": "bold",
    "u": "underline",
    "s": "strike",
    "strike": "strike",
    "mark": "highlight",
}
_INK = re.compile(r"(?<![-\w])color\s*:\s*([^;]+)")
_PAPER = re.compile(r"(?<![-\w])background(?:-color)?\s*:\s*([^;]+)")
_SIZE = re.compile(r"font-size\s*:\s*([\d.]+)\s*(pt|px|em|rem|%)?")
# Points for each unit; relative units refer to the usual size.
_POINTS = {"pt": 1.0, "px": 0.75, "em": 10.5, "rem": 10.5, "%": 0.105}
_INVISIBLE = 2.0
_RISE = re.compile(r"mso-text-raise\s*:\s*(-?[\d.]+)pt")
_OFF_THE_LINE = 2.0
_COLOURS = {"white": "FFFFFF", "black": "000000", "transparent": "", "inherit": "", "none": "", "initial": ""}
# Styles that hide text, including text moved off the page and text that is fully transparent.
_HIDDEN = re.compile(
    r"display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*(?:hidden|collapse)"
    r"|(?<![-\w])opacity\s*:\s*(?:0+\.?0*|\.0+)\s*(?:;|$)"
    r"|(?<![-\w])(?:text-indent\s*:\s*-\d{3}|(?:left|top)\s*:\s*-\d{4})"
)
_FONT = re.compile(r"font-family\s*:\s*([^;]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Look:
    """The way in which an element's text is written, including what the elements round it say."""

    font: str | None = None
    emphasis: frozenset[Emphasis] = frozenset()
    hidden: bool = False
    ink: str | None = None
    paper: str = "FFFFFF"
    points: float | None = None
    level: Level | None = None

    @property
    def is_unseen(self) -> bool:
        """Whether nobody sees text of this look: it is too small, or in the colour of the paper."""
        is_lost = self.ink is not None and blends(self.ink, self.paper)
        return is_lost or (self.points is not None and self.points <= _INVISIBLE)

    def within(self, element: html.HtmlElement, sheets: Sheets) -> "Look":
        """Return the look of an element's own text."""
        style = sheets.style_of(element)
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
        if re.search(r"background(-color)?\s*:\s*(?!white|#fff|transparent|none)", style) and element.tag in (
            "span",
            "font",
        ):
            emphasis.add("highlight")
        hidden = self.hidden or element.get("hidden") is not None or bool(_HIDDEN.search(style))
        return replace(
            self, font=font, emphasis=frozenset(emphasis), hidden=hidden,
            ink=_colour(_INK, style, element.get("color") if element.tag == "font" else None) or self.ink,
            paper=_colour(_PAPER, style, element.get("bgcolor")) or self.paper,
            points=_points(style, self.points), level=_level(element, style) or self.level,
        )  # fmt: skip


def _colour(pattern: re.Pattern[str], style: str, attribute: str | None) -> str:
    """Return a colour as RRGGBB, or "" where none is given. An unknown colour equals no other."""
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
