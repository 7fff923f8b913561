"""The display of Word's fields. Legacy form fields, enclosed characters and symbols follow from their
instruction alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from extractor.readers.word.formulas import eq_field
from extractor.readers.word.package import W
from extractor.readers.word.pieces import symbol
from extractor.readers.word.styles import Look
from extractor.text import tick_signs
from extractor.text.raised import Raised
from models.page import Remark, Run, Span, Tick, TickState

_ENCLOSED = re.compile(
    r"\\o\s*(?:\\a[clr]\s*)?\(\s*(?P<under>[^,，;；()\s]+)\s*[,，;；]\s*(?P<over>[^()]*?)\s*\)", re.IGNORECASE
)
_SYMBOL = re.compile(
    r"^\s*SYMBOL\s+(?P<code>0x[0-9a-f]+|\d+|\S)(?:.*\\f\s*\"?(?P<font>[^\"\\]+)\"?)?", re.IGNORECASE
)


@dataclass
class ComplexField:
    """A field that is being read. Its instruction is collected first; its result is shown after `separate`.
    `left_out` is the part of it that is never shown: what its instruction is made with, and a saved result
    where the field is `shown` from its instruction."""

    instruction: str = ""
    in_result: bool = False
    checkbox: TickState | None = None
    dropdown: str | None = None
    shown: bool = False
    left_out: str = ""


def legacy_checkbox(begin: etree._Element) -> TickState | None:
    """Return a FORMCHECKBOX's state: `checked` where present, else `default`; without a value they mean 1."""
    box = begin.find(f"{W}ffData/{W}checkBox")
    if box is None:
        return None
    state = box.find(f"{W}checked")
    if state is None:
        state = box.find(f"{W}default")
    return (
        "ticked"
        if state is not None and state.get(f"{W}val", "1").lower() in ("1", "true", "on")
        else "empty"
    )


def legacy_dropdown(begin: etree._Element) -> str | None:
    """Return a FORMDROPDOWN's entry: the one that `result` counts, else `default`'s, else the first."""
    entries = begin.find(f"{W}ffData/{W}ddList")
    if entries is None:
        return None
    words = [entry.get(f"{W}val", "") for entry in entries.iterfind(f"{W}listEntry")]
    for name in ("result", "default"):
        item = entries.find(W + name)
        number = "" if item is None else item.get(f"{W}val", "")
        if number.isdigit() and int(number) < len(words):
            return words[int(number)]
    return words[0] if words else ""


def computed(current: ComplexField, look: Look) -> Iterator[Span | Raised]:
    """Yield what a field shows that follows from its instruction alone."""
    if current.checkbox is not None:
        yield Tick(state=current.checkbox, emphasis=look.emphasis)
        return
    if current.dropdown is not None:
        yield Run(text=current.dropdown, emphasis=look.emphasis)
        return
    instruction = current.instruction.strip()
    if re.match(r"(?i)eq\b", instruction):
        enclosed = _ENCLOSED.search(instruction)
        if enclosed:
            yield from _enclosed(enclosed["under"], enclosed["over"], look)
        else:
            yield from eq_field(instruction)
    elif re.match(r"(?i)(autonum\w*|listnum)\b", instruction):
        yield Remark(code="list-unread", text=instruction)
    elif named := _SYMBOL.match(instruction):
        code = named["code"]
        number = (
            int(code, 16) if code.lower().startswith("0x") else int(code) if code.isdigit() else ord(code)
        )
        yield symbol((named["font"] or "").strip() or None, f"{number:04X}", look)


def _enclosed(under: str, over: str, look: Look) -> Iterator[Span | Raised]:
    """带圈字符: one character set over another. A tick over a box is a ticked box."""
    states = {tick_signs.state_of(under), tick_signs.state_of(over)}
    frame = tick_signs.state_of(under) == "empty" or under in tick_signs.BOX_LOOKALIKES
    if frame and (
        states & {"tick", "cross", "ticked"}
        or over in tick_signs.TICK_LOOKALIKES | tick_signs.CROSS_LOOKALIKES
    ):
        yield Tick(state="ticked", emphasis=look.emphasis)
    elif frame and not over.strip():
        yield Tick(state="empty", emphasis=look.emphasis)
    elif frame:
        # ① is not 1: behind a number it marks a note.
        number = int(over) if re.fullmatch(r"[0-9]{1,2}", over) else 0
        yield Raised(chr(ord("①") + number - 1) if 0 < number <= 20 else over, "on", look.emphasis)
        yield from [Remark(code="formula-in-answer", text=under + over)] if over.isdigit() else []
    else:
        yield Run(text=under + over, emphasis=look.emphasis)
        yield Remark(code="formula-in-answer", text=under + over)
