"""The pieces of a paragraph, and the turning of characters in symbol fonts into marks."""

import re
from collections.abc import Iterable, Iterator

from extractor.readers.word.elements import PICTURE_WORD
from extractor.readers.word.styles import Look
from extractor.text import tick_signs
from extractor.text.passage import LIST_NUMBER
from extractor.text.raised import Raised, settled
from models.page import Line, Picture, Remark, Run, Span, Tick, TickState

# Signs that set the direction in which the characters behind them are shown.
_TURNED = re.compile("[\u202d\u202e]")
_SPECIAL = re.compile("[\uf000-\uf0ff\r\n\u2028]")


class BreakLine:
    """The end of a line inside a paragraph, or the start or end of a text box."""


BREAK = BreakLine()
Piece = Span | BreakLine | Raised


def symbol_state(font: str | None, code: str) -> TickState | None:
    """Return the mark that hexadecimal `code` shows in `font`; None where it shows none."""
    try:
        number = int(code, 16)
    except ValueError:
        return None
    if tick_signs.is_symbol_font(font) or 0xF000 <= number <= 0xF0FF:
        return tick_signs.symbol_state(font, number)
    return tick_signs.state_of(chr(number)) if 0x20 < number < 0x110000 else None


def symbol(font: str | None, code: str, look: Look) -> Span:
    """Return what `w:sym` and its kin show: a mark, a named character, or a picture that has no name here."""
    state = symbol_state(font, code)
    if state is not None:
        return Tick(state=state, emphasis=look.emphasis)
    number = int(code, 16) if re.fullmatch(r"[0-9a-fA-F]{1,6}", code) else 0
    if tick_signs.is_symbol_font(font) or not 0x20 <= number < 0xD800 or 0xE000 <= number < 0xF900:
        return Picture(kind="shape")
    return Run(text=chr(number), emphasis=look.emphasis)


def characters(text: str, look: Look) -> Iterator[Piece]:
    """Yield text, with letters in a symbol font and private-use characters as the marks that they show. A
    remark reports text whose direction is reversed."""
    if _TURNED.search(text):
        yield Remark(code="element-unknown", text=_TURNED.sub("", text))
    if not _SPECIAL.search(text) and not any(map(tick_signs.is_symbol_font, (look.ascii, look.high_ansi))):
        yield Run(text=text, emphasis=look.emphasis)
        return
    plain = ""
    for char in text.replace("\r", "").replace("\uf020", " "):
        is_private = 0xF000 <= ord(char) <= 0xF0FF
        state = (
            tick_signs.symbol_state(_font_of(char, look), ord(char))
            if ord(char) <= 0xFF or is_private
            else None
        )
        if state is None and not is_private and char not in "\n\u2028":
            plain += char
            continue
        if plain:
            yield Run(text=plain, emphasis=look.emphasis)
            plain = ""
        # A sign without a name here is a picture.
        yield (
            Tick(state=state, emphasis=look.emphasis)
            if state
            else Picture(kind="shape")
            if is_private
            else BREAK
        )
    if plain:
        yield Run(text=plain, emphasis=look.emphasis)


def _font_of(char: str, look: Look) -> str | None:
    """Return the symbol font that shows `char`, if one does. Only the low codes and the private use area are
    symbols."""
    fonts = (
        (look.ascii, look.high_ansi)
        if ord(char) <= 0xFF
        else (look.ascii, look.high_ansi, look.east_asia, look.complex_script)
    )
    return next((font for font in fonts if tick_signs.is_symbol_font(font)), None)


def joined(spans: list[Span | Raised]) -> Iterator[Span]:
    """Yield neighbouring runs of one look as one; Word splits runs wherever a word was ever touched."""
    text: Run | None = None
    for span in settled(spans):
        if isinstance(span, Run) and text is not None and span.emphasis == text.emphasis:
            text = Run(text=text.text + span.text, emphasis=text.emphasis)
            continue
        if text is not None:
            yield text
        text = span if isinstance(span, Run) else None
        if text is None:
            yield span
    if text is not None:
        yield text


def as_lines(pieces: Iterable[Piece]) -> list[Line]:
    """Return pieces as lines; at least one, which may be empty."""
    lines: list[list[Span | Raised]] = [[]]
    for piece in pieces:
        if isinstance(piece, BreakLine):
            lines.append([])
        else:
            lines[-1].append(piece)
    return [Line(spans=tuple(joined(spans))) for spans in lines]


def plain_text(pieces: list[Piece]) -> str:
    """Return the text of pieces, with a line break where a line ends."""
    return "\n".join(line.text for line in as_lines(pieces))


def whole_text(pieces: list[Piece]) -> str:
    """Return all that pieces say, with a word for each picture, and the numbers of lists."""
    return plain_text([_in_words(piece) for piece in pieces])


def _in_words(piece: Piece) -> Piece:
    if isinstance(piece, Picture):
        return Run(text=PICTURE_WORD)
    return Run(text=piece.text) if isinstance(piece, Remark) and piece.code == LIST_NUMBER else piece
