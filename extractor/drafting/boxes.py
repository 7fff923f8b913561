"""The boxes of a cell: what stands behind each, and what else the cell asks for before and after them
(pure)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from extractor.drafting.blanks import drawn, sentence
from extractor.drafting.kinds import is_blank
from extractor.drafting.marks import MARK
from extractor.text.tick_signs import EMPTY, TICKED
from models.page import Cell, Line, Run, Tick
from models.writing import CJK, key

# What people tick in where a form has no boxes.
_BRACKETS = re.compile(r"[（(\[][\s√✓]*[)）\]]")
_HAN_DIGITS = "〇一二三四五六七八九"
# A blank in brackets behind an option: （    元/月）.
_OPEN = re.compile(r"(?<=[（(])\s{2,}(?=[^（()）\s]{0,6}[)）])")
_BLANK_BEHIND = re.compile(r"\s*([（(][^（()）]*(?:[_＿]{2}|\s{3})[^（()）]*[)）])")
_GAP = r"(?:^|(?<=[_＿\u3000])|(?<=\s\s))"
_WORDS = re.compile(
    rf"{_GAP}([{CJK}][{CJK}、]{{0,10}}[{CJK}](?:[（(][{CJK}]{{1,6}}[)）])?)\s*[:：]", re.MULTILINE
)
_SIGNS = EMPTY | TICKED
# A clause before boxes that ends in words and a colon.
_BOX = "".join(sorted(_SIGNS))
_LED = re.compile(rf"([^{_BOX}]+)([，,；;。]\s*)([{CJK}]{{2,12}})\s*[:：](?=\s*[{_BOX}])")
_MARK = re.compile(rf"(?:{_GAP}|(?<=日)){MARK}", re.MULTILINE)
_ADVICE = re.compile(r"[（(][^（()）]+[)）]")
# What counts an option in a list: before its words, and at the end of what stands before its box.
_COUNT = r"[\s;；,，、/|]*[（(]?(\d{1,2}|[A-Z]|[①-⑳])(?:(?<=[①-⑳])|[.．、:：)）])"
_COUNT_BEFORE, _COUNT_BEHIND = re.compile(rf"{_COUNT}(?!\d)\s*(?=\S)"), re.compile(rf"{_COUNT}\s*$")
# A sentence in which boxes stand, up to the last option and behind it.
_GOES_ON = re.compile(
    rf"(\s*[{CJK}]{{2,12}}[，,]?[{_BOX}][^，,；;。_＿]*[{_BOX}][^，,；;。{_BOX}_＿（(]+)([，,；;][^{_BOX}]+)",
    re.DOTALL,
)
_LEAST_MORE = 2  # blanks behind the boxes
_LEAST_AFTER = 2  # boxes, more than one, that may stand behind their options


@dataclass(frozen=True)
class Piece:
    """A part of a cell: the words and the colon before it, if there are any, and what stands there; one that
    `is_mark` holds places for marks, to the end of the cell."""

    words: str
    text: str
    is_mark: bool = False


def _is_option(before: str) -> bool:
    return before.rstrip()[-1:] in tuple(_SIGNS)


def printed_in(cell: Cell) -> str:
    """The text of a cell with a sign for each box, blanks with a line under them as underscores."""
    return "\n".join("".join(_signs(line)) for line in cell.lines)


def _signs(line: Line) -> Iterator[str]:
    for span in line.spans:
        if isinstance(span, Tick):
            yield "□" if span.state not in ("tick", "cross") else ""
        else:
            yield drawn(Line(spans=(span,)))


def is_boxed(text: str) -> bool:
    """Whether there is a box in a text."""
    return not set(text).isdisjoint(_SIGNS)


def pieces_of(text: str) -> list[Piece]:
    """The parts of a cell that has boxes and asks for something else beside them; nothing where its boxes are
    all that it asks for."""
    last = max((n for n, char in enumerate(text) if char in _SIGNS), default=-1)
    if last < 0:
        return []
    if asked := _behind_sentence(text) or _sentence_behind(text):
        return asked
    mark = next((seen.start() for seen in _MARK.finditer(text, last) if seen.start() > last + 1), len(text))
    words = [one for one in _WORDS.finditer(text, 0, mark) if not _is_option(text[: one.start()])]
    ends = [*(one.start() for one in words[1:]), mark][: len(words)]
    lead = text[: words[0].start() if words else mark]
    pieces = [Piece("", lead)] if key(lead) else []
    pieces += [Piece(one[1], text[one.end() : end]) for one, end in zip(words, ends, strict=True)]
    if not words and (asked := _sentence_before(lead)):
        return [*asked, *([Piece("", text[mark:], is_mark=True)] if mark < len(text) else [])]
    if key(lead) and not set(lead) & _SIGNS:
        return []
    if any(not (set(one.text) & _SIGNS or is_blank(_ADVICE.sub("", one.text))) for one in pieces):
        return []
    pieces += [Piece("", text[mark:], is_mark=True)] if mark < len(text) else []
    return pieces if len(pieces) > 1 else []


def _sentence_before(text: str) -> list[Piece]:
    """A sentence to be filled in that runs on to boxes, and the boxes."""
    first = next((n for n, char in enumerate(text) if char in _SIGNS), 0)
    return [Piece("", text[:first]), Piece("", text[first:])] if sentence([text[:first]], least=1) else []


def _behind_sentence(text: str) -> list[Piece]:
    """The parts of a cell with a sentence to be filled in that ends in words and a colon before boxes."""
    seen = _LED.match(text)
    if seen is None or not sentence([seen[1]], least=1):
        return []
    words = seen[2] + seen[3]  # what parts the clauses is print, and no part of the answer before it
    first, *more = pieces_of(text[seen.start(3) :]) or [Piece(words, text[seen.end() :])]
    return [Piece("", seen[1]), Piece(words, first.text), *more]


def before_boxes(text: str) -> str:
    """The words before the first box of a text; nothing where it has no box."""
    first = next((n for n, char in enumerate(text) if char in _SIGNS), 0)
    return text[:first].strip() if key(text[:first]) else ""


def _sentence_behind(text: str) -> list[Piece]:
    """The parts of a cell whose sentence begins before its boxes and goes on behind the last option with
    several blanks: 现住房为□自有 □租赁，面积____平方米，月租____元。"""
    seen = _GOES_ON.fullmatch(text)
    if seen is None or len(sentence([seen[2]], least=1)) < _LEAST_MORE:
        return []
    return [Piece("", seen[1]), Piece("", seen[2])]


def behind_boxes(cell: Cell) -> list[str]:
    """What each box of a cell stands for: all that stands behind it, or before it where the last one has
    nothing behind it. Blanks that a line is drawn under are underscores."""
    parts = _parts(cell)
    is_after = len(parts) > _LEAST_AFTER and key(parts[0]) and not key(parts[-1])
    if is_after:
        parts = [parts[-1], *parts[:-1]]
    texts = _uncounted(_with_advice(parts[1:])) if is_after else _uncounted_behind(parts)
    return [_OPEN.sub("____", text) for text in texts]


def _with_advice(texts: list[str]) -> list[str]:
    """The texts of options before their boxes, each with the blank in brackets that stands behind its own:
    有□（说明：____）  无□."""
    found: list[str] = []
    for text in texts:
        seen = _BLANK_BEHIND.match(text) if found else None
        if seen:
            found[-1] += seen[1]
        found.append(text[seen.end() :] if seen else text)
    return found


def _uncounted(texts: list[str]) -> list[str]:
    """The texts of options before their boxes, without what counts them; as they are where it counts not
    every one."""
    heads = [seen for text in texts if (seen := _COUNT_BEFORE.match(text))]
    if [_count(one[1]) for one in heads] != list(range(1, len(texts) + 1)):
        return texts
    return [text[one.end() :] for text, one in zip(texts, heads, strict=True)]


def _uncounted_behind(parts: list[str]) -> list[str]:
    """The texts behind boxes without what counts the next option, which stands before its box."""
    tails = [seen for text in parts[:-1] if (seen := _COUNT_BEHIND.search(text))]
    if len(parts) <= _LEAST_AFTER or [_count(one[1]) for one in tails] != list(range(1, len(parts))):
        return parts[1:]
    ends = [one.start() for one in tails[1:]]
    return [*(text[:end] for text, end in zip(parts[1:-1], ends, strict=True)), parts[-1]]


def _count(sign: str) -> int:
    """What number, letter or ringed number counts as the first, the second and so on."""
    if sign.isdecimal():
        return int(sign)
    return ord(sign) - ord("A" if sign.isascii() else "①") + 1


def _parts(cell: Cell) -> list[str]:
    """The text of a cell before its first box, and behind each."""
    if len(_BRACKETS.findall(cell.text)) > 1:
        return _BRACKETS.split(cell.text)
    parts = [""]
    for number, line in enumerate(cell.lines):
        parts[-1] += "\n" if number else ""
        for span in line.spans:
            if isinstance(span, Tick) and span.state not in ("tick", "cross"):
                parts.append("")
            for char in drawn(Line(spans=(span,))) if isinstance(span, Run) else "":
                if char in _SIGNS or (len(parts) > 1 and _is_misread_box(char, parts[-1])):
                    parts.append("")
                else:
                    parts[-1] += char
    return parts


def _is_misread_box(char: str, before: str) -> bool:
    """Whether a zero stands where no number goes on: a box among others that was read as a character."""
    return char == "〇" and before.strip() != "" and before[-1] not in _HAN_DIGITS
