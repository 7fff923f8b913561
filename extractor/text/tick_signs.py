"""The characters that mark a choice: Unicode marks, symbol fonts, and the letters that replace them."""

from models.page import TickState

EMPTY = frozenset("□☐○▢◻⬜◯❏❐❑❒⚪▭◽◇")
TICKED = frozenset("☑☒■●◉⊠🗹🗷✅⬛◼▣⚫🔘⊙⮽🗵◈")
TICK = frozenset("✔✓√🗸ˇ∨")
CROSS = frozenset("×✗✘✖❌╳")
# Two kinds of filled boxes. An applicant who uses both means yes by one and no by the other.
CHECKED_BOX = frozenset("☑🗹✅")
CROSSED_BOX = frozenset("☒🗷⊠⮽🗵")
# Characters that people type because they look like a mark. They count only where a mark could stand.
BOX_LOOKALIKES = frozenset("口囗ロ▯")
TICK_LOOKALIKES = frozenset("VvνＶｖ")
CROSS_LOOKALIKES = frozenset("xXＸｘ")

VARIATION_SELECTORS = frozenset("\ufe0e\ufe0f")
ENCLOSING = frozenset("\u20dd\u20de\u20df")

# Low byte of the code in each symbol font; the source is the fonts' own charts.
_SYMBOL_FONTS: dict[str, dict[int, TickState]] = {
    "wingdings": {
        **dict.fromkeys([0xFE, 0xFD, 0x78, 0x6E, 0xA4], "ticked"),
        **dict.fromkeys([0xA8, 0x6F, 0x70, 0x71, 0x72, 0xA1, 0xA6], "empty"),
        0xFC: "tick",
        0xFB: "cross",
    },
    "wingdings 2": {
        **dict.fromkeys([0x51, 0x52, 0x53, 0x54, 0xA2, 0xA7], "ticked"),
        **dict.fromkeys([0xA3, 0x2A, 0x81, 0x99], "empty"),
        0x50: "tick",
        0x4F: "cross",
    },
    "webdings": {0x67: "ticked", 0x63: "empty", 0x61: "tick", 0x72: "cross"},
    "symbol": {0xD6: "tick", 0xB4: "cross"},
    "marlett": {0x62: "tick", 0x61: "tick", 0x72: "cross"},
}


def state_of(char: str) -> TickState | None:
    """Return the state of a character that is surely a mark; None for look-alikes."""
    if char in EMPTY:
        return "empty"
    if char in TICKED:
        return "ticked"
    if char in TICK:
        return "tick"
    return "cross" if char in CROSS else None


def is_symbol_font(font: str | None) -> bool:
    """Tell whether `font` shows other signs than its character codes say."""
    return font is not None and (
        font.strip().lower() in _SYMBOL_FONTS or font.strip().lower() == "wingdings 3"
    )


def symbol_state(font: str | None, code: int) -> TickState | None:
    """Return the mark that `code` shows in symbol font `font`; codes come with or without the private-use
    offset F000.

    Where the font is lost, the code decides if all symbol fonts that have it agree.
    """
    low = code & 0xFF
    if is_symbol_font(font):
        return _SYMBOL_FONTS.get(str(font).strip().lower(), {}).get(low)
    if 0xF000 <= code <= 0xF0FF:
        states = {table[low] for table in _SYMBOL_FONTS.values() if low in table}
        return states.pop() if len(states) == 1 else "unclear" if states else None
    return None


EMPTY_GLYPHS = frozenset("□☐")
MARK_GLYPHS = frozenset("☑☒■√✓✔")
# The characters that a recogniser reads for boxes, empty or marked.
LIKE_BOXES = EMPTY_GLYPHS | MARK_GLYPHS | frozenset("口囗日曰田回×XxVvMN凵冈〇○●")


def is_boxlike(text: str) -> bool:
    """Tell whether a recogniser may have read this character for a box."""
    return text in LIKE_BOXES


def is_chinese(text: str) -> bool:
    """Tell whether `text` is a Chinese character that a recogniser does not read for a box."""
    return "\u4e00" <= text <= "\u9fff" and text not in LIKE_BOXES
