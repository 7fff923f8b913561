"""The text that a spreadsheet shows for a number by its cell's number format, as far as that is certain."""

import re
from dataclasses import dataclass

MOST_DIGITS = 15  # digits of a number that a spreadsheet keeps

_SECTION = re.compile(r'((?:"[^"]*"|[\\!].|[^;"])*)(?:;|$)')
_PIECE = re.compile(
    r'"(?P<quoted>[^"]*)"|[\\!](?P<escaped>.)|\[\$(?P<money>'
    r"[^\]-]*)[^\]]*\]|\[[^\]]*[<>=][^\]]*\](?P<condition>)|\[[^\]]*\]"
    r"|[_*].|(?P<general>General|G/通用格式)|(?P<core>[#0?.,]+)|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_PLAIN = re.compile(r"[#0?,]*[#0?](?:\.[#0?]*)?")
# Signs round a number that add nothing to what the number itself says.
_SILENT = frozenset(" ()+-¥￥$€£")


@dataclass
class _Format:
    before: str = ""
    core: str = ""
    after: str = ""
    is_odd: bool = False


def shown(plain: str, number_format: str) -> str | None:
    """Return the number `plain`, in decimal digits, as its cell shows it: padded, with the words before and
    behind it, and with the decimals that are stored. Return None where the cell shows another number, as one
    in thousands, or no number at all."""
    sections = [found[1] for found in _SECTION.finditer(number_format)] or [""]
    layout = _layout(sections[0])
    if layout.is_odd:
        return None
    words = {word for word in (layout.before, layout.after) if not set(word) <= _SILENT}
    digits, least = plain, len(layout.core.partition(".")[0].lstrip("#?,"))
    if re.fullmatch("0{2,}", layout.core) and plain.isdecimal():
        digits = plain.zfill(least)
    return f"{layout.before}{digits}{layout.after}".strip() if words else digits


def _layout(section: str) -> _Format:
    found = _Format()
    for piece in _PIECE.finditer(section):
        if (core := piece["core"] or piece["general"]) is not None:
            # Digits stand in two places; the text between them is no part of the number.
            found.is_odd |= bool(found.core)
            found.core += core
            continue
        found.is_odd |= piece["condition"] is not None
        literal = piece["quoted"] or piece["escaped"] or piece["money"] or piece["other"] or ""
        found.is_odd |= piece["other"] is not None and literal not in _SILENT
        if found.core:
            found.after += literal
        else:
            found.before += literal
    is_general = found.core.lower() in ("general", "g/通用格式") or not section or section == "@"
    found.is_odd = (found.is_odd and section != "@") or not (is_general or _PLAIN.fullmatch(found.core))
    return _Format() if section == "@" else found
