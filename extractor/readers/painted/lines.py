"""From glyphs to lines of spans: reading order, blanks, emphasis, and the signs that are marks."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import dropwhile
from typing import NamedTuple

from extractor import rungs
from extractor.readers.painted.colours import luminance
from extractor.readers.painted.hanging import hung
from extractor.readers.painted.levels import levels_of
from extractor.readers.painted.page import Glyph, Stroke
from extractor.readers.painted.radicals import unified
from extractor.readers.painted.rendering import Look, is_legible
from extractor.readers.painted.rules import Rule
from extractor.text.raised import Level, Raised, settled
from extractor.text.tick_signs import state_of, symbol_state
from models.geometry import Rect, around, box_around, contains, middle
from models.page import Box, Emphasis, Line, Picture, Remark, Run, Span, Tick, TickState

# A wider gap is a blank that the file leaves out, in parts of the character's size. Chinese typesetting
# leaves a quarter between scripts.
_LATIN_GAP, _GAP = 0.18, 0.45
# A piece smaller than this share of its neighbours' size is a line of its own, not a raised or lowered sign.
_SMALLEST = 0.5
_SYMBOL = re.compile(
    r"(wingdings|webdings|zapfdingbats|opensymbol|marlett|symbol)[\s-]*([23]?)", re.IGNORECASE
)
# The marks of Adobe's ZapfDingbats in Unicode, by code.
_DINGBATS = {
    **dict.fromkeys([0x33, 0x34], "✔"), **dict.fromkeys([0x35, 0x36, 0x37, 0x38], "✘"),
    0x6C: "●", 0x6D: "○", 0x6E: "■", **dict.fromkeys([0x6F, 0x70, 0x71, 0x72], "□"),
}  # fmt: skip

# The letters of Adobe's Symbol font, by the code that Latin letters have elsewhere (ISO 32000-1, D.5).
_GREEK = dict(zip(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖαβχδεφγηιϕκλμνοπθρστυϖωξψζ", strict=True
))  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """A character, mark, picture or remark at its place. `baseline` is the y on which a character stands,
    where it is known."""

    box: Rect
    size: float
    text: str = ""
    tick: Tick | None = None
    picture: Picture | Remark | None = None
    emphasis: frozenset[Emphasis] = frozenset()
    confidence: float = 1.0
    baseline: float | None = None


@dataclass
class Decoration:
    """Lines and colours that are set on text: rules through or under it, fields of colour behind it, and
    annotations."""

    rules: Sequence[Rule] = ()
    fields: Sequence[Stroke] = ()
    marked: list[tuple[Rect, Emphasis]] = field(default_factory=list)


def to_box(rect: Rect) -> Box:
    """Return a rectangle as a box of the models."""
    return Box(x0=rect[0], y0=rect[1], x1=max(rect[0], rect[2]), y1=max(rect[1], rect[3]))


def pieces_of(glyphs: Iterable[Glyph], decoration: Decoration, look: Look | None) -> list[Piece]:
    """Return glyphs with their emphasis, with signs of symbol fonts as ticks. A character that is painted
    twice becomes a single bold one."""
    pieces: list[Piece] = []
    places: dict[tuple[str, int, int], tuple[int, Glyph]] = {}
    for glyph in glyphs:
        key = (glyph.text, round(glyph.box[0] / 1.5), round(glyph.box[1] / 1.5))
        if glyph.text.strip() and (twin := _twin(places, key, glyph)) is not None:
            pieces[twin] = _bolder(pieces[twin])
            continue
        piece = _piece(glyph, _emphasis(glyph, decoration), look)
        if piece is not None:
            places[key] = len(pieces), glyph
            pieces.append(piece)
    return pieces


def _twin(
    places: dict[tuple[str, int, int], tuple[int, Glyph]], key: tuple[str, int, int], glyph: Glyph
) -> int | None:
    """Return the piece of the same character painted before at almost the same place."""
    text, x, y = key
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            found = places.get((text, x + dx, y + dy))
            if found and max(abs(a - b) for a, b in zip(found[1].box, glyph.box, strict=True)) < 0.12 * max(
                glyph.size, 1.0
            ):
                return found[0]
    return None


def _bolder(piece: Piece) -> Piece:
    return replace(piece, emphasis=piece.emphasis | {"bold"})


def _piece(glyph: Glyph, emphasis: frozenset[Emphasis], look: Look | None) -> Piece | None:
    text, state = _sign(glyph)
    if state is not None:
        seen = look.frame(glyph) if look is not None else None
        contradicted = seen is not None and seen != state and state != "unclear"
        # Without its symbol font a code shows as a missing glyph, and all missing glyphs of a font may share
        # one code.
        confidence = rungs.EVEN if contradicted or _SYMBOL.match(glyph.font) is None else 1.0
        tick = Tick(state=state, emphasis=emphasis, box=to_box(glyph.box), confidence=confidence)
        return Piece(glyph.box, glyph.size, tick=tick, emphasis=emphasis)
    if text is None:
        return None
    legible = is_legible(glyph) or text != glyph.text
    # The line is a guess for words that stand otherwise than those of their page.
    confidence = (1.0 if glyph.upright else rungs.GUESSED) if legible else rungs.ILLEGIBLE
    text = unified(text) if legible else "\ufffd"
    return Piece(
        glyph.box, glyph.size, text, emphasis=emphasis, confidence=confidence, baseline=glyph.baseline
    )


def is_symbol(glyph: Glyph) -> bool:
    """Tell whether the glyph is a sign of a symbol font, whose codes say nothing as text."""
    private = len(glyph.text) == 1 and 0xF000 <= ord(glyph.text) <= 0xF0FF
    return private or _SYMBOL.match(glyph.font) is not None


def is_ornament(glyph: Glyph) -> bool:
    """Tell whether the glyph is a sign without a meaning in a form, such as the dot of a list."""
    return is_symbol(glyph) and _sign(glyph) == (None, None)


def said(glyph: Glyph) -> str:
    """Return the characters that a glyph stands for. For a mark they are those of its code in other fonts."""
    text, state = _sign(glyph)
    return text if text is not None and state is None else glyph.text


def _sign(glyph: Glyph) -> tuple[str | None, TickState | None]:
    """Return the character that a glyph stands for (None for an ornament), and its state where it is a mark
    of a symbol font."""
    symbol = _SYMBOL.match(glyph.font)
    private = len(glyph.text) == 1 and 0xF000 <= ord(glyph.text) <= 0xF0FF
    if not symbol:
        return (glyph.text, symbol_state(None, ord(glyph.text))) if private else (glyph.text, None)
    name = " ".join(part for part in symbol.groups() if part).lower()
    if glyph.text and not private and ord(glyph.text[0]) > 0xFF:
        return glyph.text, None
    if name == "symbol" and len(glyph.text) == 1 and glyph.text.isascii() and glyph.text.isalnum():
        # Digits stay digits. A letter stands for the Greek letter of its code, unless the file says so
        # itself.
        return _GREEK.get(glyph.text, glyph.text) if glyph.code == ord(glyph.text) else glyph.text, None
    code = ord(glyph.text) & 0xFF if len(glyph.text) == 1 else glyph.code
    if name == "zapfdingbats":
        char = _DINGBATS.get(glyph.code if glyph.code < 0x100 else code)
        return None, state_of(char) if char else None
    if name == "opensymbol":
        return (None, symbol_state(None, 0xF000 | code)) if code > 0x20 else (glyph.text, None)
    if not glyph.text and glyph.code > 0xFF:
        return None, "unclear"
    if glyph.text.isspace():
        return glyph.text, None
    return None, symbol_state(name, code)


def _emphasis(glyph: Glyph, decoration: Decoration) -> frozenset[Emphasis]:
    found: set[Emphasis] = set()
    x, y = middle(glyph.box)
    high = max(glyph.box[3] - glyph.box[1], 0.1)
    if glyph.bold or re.search(r"bold|black|heavy|simhei.*,b", glyph.font, re.IGNORECASE):
        found.add("bold")
    if glyph.colour and (max(glyph.colour) - min(glyph.colour) > 0.2 or luminance(glyph.colour) > 0.35):
        found.add("colour")
    for rule in decoration.rules:
        above = (glyph.box[3] - rule.at) / high
        if rule.start - 0.5 <= x <= rule.end + 0.5 and -0.3 <= above < 0.72:
            found.add("underline" if above < 0.17 else "strike")
    for behind in decoration.fields:
        if (
            contains(behind.box, x, y)
            and behind.box[3] - behind.box[1] <= 2.2 * high
            and (behind.z < glyph.z or not behind.opaque)
        ):
            found.add("highlight" if behind.fill is not None else "border")
    for box, emphasis in decoration.marked:
        if contains(box, x, y):
            found.add(emphasis)
    return frozenset(found)


def lines_of(pieces: Sequence[Piece], room: Rect | None = None) -> tuple[Line, ...]:
    """Return pieces in lines from top to bottom, each from left to right. A picture goes to the line beside
    it.

    `room` is the space that the text was set in. With it, a line that began only because the room ended is
    joined with the line before.
    """
    kept, ruby = _without_ruby(rows_of(pieces))
    rows = hung([sorted(row, key=lambda piece: piece.box[0]) for row in kept])
    # Cells are padded by about half a character. Where every line is indented, the room tells where lines
    # would begin.
    margin = min([row[0].box[0] for row in rows if row] + ([room[0] + 6.0] if room else []), default=0.0)
    lines: list[Line] = []
    for before, row in zip([None, *rows], rows, strict=False):
        line = line_of(row)
        if lines and before and room and (joint := _joint(before, row, room, margin)) is not None:
            lines[-1] = _joined(lines[-1], line, joint)
        else:
            lines.append(line)
    beside = [*ruby, *(piece for piece in pieces if piece.picture is not None)]
    return _with_pictures([line for line in lines if line.text.strip()], beside)


def _joint(before: Sequence[Piece], row: Sequence[Piece], room: Rect, margin: float) -> str | None:
    """Return the text between two lines that are one: nothing, or the blank that the end of a line swallows.
    Return None where a new line was begun.

    The room broke a line if the first word of the next line would not have fitted behind it.
    """
    first = list(dropwhile(_is_blank, row))
    last = list(dropwhile(_is_blank, reversed(before)))[::-1]
    if not first or not last or first[0].tick or last[-1].tick:
        return None
    size = last[-1].size
    # A first line that is indented by two characters begins a paragraph, however full the line above is.
    if first[0].box[0] - margin > 1.5 * size:
        return None
    # Cells are padded by about half a character.
    left = room[2] - max(piece.box[2] for piece in last) - min(6.0, size / 2)
    head, tail = _word(first), _word(last[::-1])
    if head <= left + 0.1 * size:
        return None
    latin = (
        last[-1].text.isascii()
        and first[0].text.isascii()
        and last[-1].text.isalnum()
        and first[0].text.isalnum()
    )
    swallowed = latin and not before[-1].text.isspace() and head + tail < room[2] - room[0] - size
    return " " if swallowed else ""


def _is_blank(piece: Piece) -> bool:
    return piece.tick is None and not piece.text.strip()


def _word(pieces: Sequence[Piece]) -> float:
    """Return the width of the unbreakable head of some pieces: a Latin word, or one character."""
    count = 1
    if pieces[0].text.isascii():
        while count < len(pieces) and pieces[count].text.isascii() and pieces[count].text.strip():
            count += 1
    boxes = [piece.box for piece in pieces[:count]]
    return around(boxes)[2] - around(boxes)[0]


def _joined(line: Line, other: Line, joint: str) -> Line:
    blank = (Run(text=joint, box=line.box),) if joint else ()
    box = line.box
    if line.box and other.box:
        a, b = line.box, other.box
        box = box_around((a, b))
    return Line(spans=(*line.spans, *blank, *other.spans), box=box)


def _without_ruby(rows: list[list[Piece]]) -> tuple[list[list[Piece]], list[Piece]]:
    """Return the lines without the small letters that tell how the characters below are pronounced; and these
    letters, one remark for each line."""
    kept, ruby = list[list[Piece]](), list[Piece]()
    for row, below in zip(rows, [*rows[1:], []], strict=False):
        a, b = (
            around(piece.box for piece in line) if line else (0.0, 0.0, 0.0, 0.0) for line in (row, below)
        )
        small = bool(below) and max(piece.size for piece in row) <= 0.6 * max(piece.size for piece in below)
        letters = all(
            piece.text.isalpha() and not "\u2e80" <= piece.text <= "\u9fff"
            for piece in row
            if piece.text.strip()
        )
        if not (
            small and letters and b[1] - a[3] < 0.8 * row[0].size and b[0] <= a[0] + 1 and a[2] <= b[2] + 1
        ):
            kept.append(row)
        else:
            box = around(piece.box for piece in row)
            text = "".join(piece.text for piece in sorted(row, key=lambda piece: piece.box[0]))
            # The remark belongs to the line below.
            ruby.append(remark_piece("reading-in-answer", text, (box[0], middle(b)[1], box[2], middle(b)[1])))
    return kept, ruby


def remark_piece(code: str, text: str, box: Rect) -> Piece:
    """Return a remark at its place."""
    return Piece(box, 0.0, picture=Remark(code=code, text=text, box=to_box(box)))


def rows_of(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """Return characters and marks by line, from top to bottom. Small raised or lowered ones stay on their
    line."""
    written = sorted(
        (piece for piece in pieces if piece.picture is None),
        key=lambda piece: (middle(piece.box)[1], piece.box[0]),
    )
    rows: list[list[Piece]] = []
    at, high, size = 0.0, 0.0, 0.0
    for piece in written:
        y, own = middle(piece.box)[1], piece.box[3] - piece.box[1]
        alike = (
            piece.tick is not None or size == 0 or min(piece.size, size) >= _SMALLEST * max(piece.size, size)
        )
        if (
            rows
            and alike
            and abs(y - at) <= 0.45 * (max(own, high) if piece.tick is None else min(own, high) or own)
        ):
            rows[-1].append(piece)
            at += (y - at) / len(rows[-1])
            if piece.tick is None:
                high, size = max(high, own), max(size, piece.size)
        else:
            rows.append([piece])
            at, high, size = y, own, piece.size if piece.tick is None else 0.0
    return rows


def _with_pictures(lines: list[Line], pictures: list[Piece]) -> tuple[Line, ...]:
    for piece in pictures:
        assert piece.picture is not None
        y = middle(piece.box)[1]
        beside = next(
            (i for i, line in enumerate(lines) if line.box and line.box.y0 <= y <= line.box.y1), None
        )
        if beside is None:
            place = sum(1 for line in lines if line.box and line.box.y1 < y)
            lines.insert(place, Line(spans=(piece.picture,), box=to_box(piece.box)))
        else:
            line = lines[beside]
            lines[beside] = Line(spans=(*line.spans, piece.picture), box=line.box)
    return tuple(lines)


def line_of(row: Sequence[Piece]) -> Line:
    """Return one line from pieces in any order, with blanks where there is room for them."""
    row = sorted(row, key=lambda piece: piece.box[0])
    return Line(spans=tuple(settled(_spans(row))), box=to_box(around(piece.box for piece in row)))


def _spans(row: Sequence[Piece]) -> Iterator[Span | Raised]:
    """Yield the pieces of a line from left to right, with those written in one way together."""
    text, boxes, way = "", list[Rect](), _Way()
    before: Piece | None = None
    for piece, level in zip(row, levels_of(row), strict=True):
        blank = _blank(before, piece) if before else ""
        if piece.tick is not None:
            if blank and not boxes:
                # A blank between two marks tells which option each of them belongs to.
                boxes, way = [piece.box], _Way()
            if text or blank:
                yield way.span(text + blank, boxes)
            text, boxes = "", []
            yield piece.tick
        else:
            own = _Way(piece.emphasis, piece.confidence, level)
            if text and own != way:
                yield way.span(text + blank, boxes)
                text, boxes, blank = "", [], ""
            way = own
            text += blank + piece.text
            boxes.append(piece.box)
        before = piece
    if text:
        yield way.span(text, boxes)


class _Way(NamedTuple):
    """The way in which characters are written."""

    emphasis: frozenset[Emphasis] = frozenset()
    confidence: float = 1.0
    level: Level | None = None

    def span(self, text: str, boxes: Sequence[Rect]) -> Run | Raised:
        """Return `text` written in this way, in `boxes`."""
        box = to_box(around(boxes))
        if self.level is not None:
            return Raised(text, self.level, self.emphasis, box, self.confidence)
        return Run(text=text, emphasis=self.emphasis, box=box, confidence=self.confidence)


def _blank(before: Piece, piece: Piece) -> str:
    gap, size = piece.box[0] - before.box[2], max(before.size, piece.size)
    if before.text[-1:].isspace() or piece.text[:1].isspace() or size <= 0:
        return ""
    latin = before.text[-1:].isascii() and piece.text[:1].isascii() and bool(before.text) and bool(piece.text)
    if gap <= (_LATIN_GAP if latin else _GAP) * size:
        return ""
    return " " * max(1, min(8, round(gap / (size / 2))))
