"""A cell that is to be stamped or signed -> what it asks for, in its order: an opinion or a text where there
is room for one, blanks in a sentence, names behind words and a colon, marks and days (pure)."""

import re
from collections.abc import Iterator, Sequence

from extractor.drafting.blanks import drawn, sentence
from extractor.drafting.found import Content
from extractor.drafting.kinds import BLANK_DATE, MOST_LABEL, is_blank, is_named, kind_of, with_unit
from extractor.drafting.loose import asked_in
from extractor.drafting.sentences import add_sentence
from models.fields.date import find_dates
from models.page import Cell, Line
from models.writing import CJK, key, one_line

_SIGNED = r"签\s*字|签\s*名"
_STAMPED = r"盖\s*章|公\s*章|签\s*章|印\s*章|专用章|(?<=[（(])章(?=\s*[)）])"
MARK = (
    rf"[（(]?(?!日\s*[（(])[{CJK}]{{0,12}}(?:[（(][{CJK}、/]{{1,8}}[)）])?\s*[（(]?\s*({_STAMPED}|{_SIGNED})"
    rf"(?:[、或/及并]?\s*(?:[捺按]手?印|手印)|[、或/及]\s*(?:盖章|签字|签名))?\s*[)）]?(?:\s*[（(][{CJK}、]{{1,6}}[)）])?\s*[:：]?"
)
_PROMPT = re.compile(MARK)
# A label of a place for a mark, and no such place.
_MARK_LABEL = re.compile(
    rf"[{CJK}]{{0,8}}(?:{_SIGNED}|{_STAMPED})|[{CJK}]{{2,12}}[（(](?:{_SIGNED}|{_STAMPED})[)）]"
)
# What tells how to fill in, and is no label.
TELLS_HOW = re.compile(
    r"^[（(]?(?:请|简要|简述|说明[:：]|包括|填写)|字以内|字左右|不超过\s*\d+|限\s*\d+\s*字"
)
_BRACKETED = re.compile(r"[（(].+[)）][。.]?")
_ANY_OPINION = "意见"
_OPINION = re.compile(r"意见|审核|审批|批示|推荐")
_CONCLUSION = re.compile(r"结论|评语|鉴定")  # an opinion too, where there is room for one
_SHORT = 16  # letters of an opinion that somebody wrote
_WRITTEN = re.compile(r"[\s_＿]{4,}")  # room for a name before the place for its stamp
# Whose mark it is, without room for a name: 登记机关：（盖章）
_OF_WHOM = re.compile(rf"(?<![{CJK}])[{CJK}]{{2,12}}[:：][ \u3000]?$")
_DAY_BEHIND = re.compile(r"(?<=[\s_＿]{4})\s*年[\s_＿]+月[\s_＿]+日\s*$")
_DAY = re.compile(r"(?:日期|时间)")
_LEAST_ROOM = 4  # blanks behind words and a colon in which there is room for a name
# Who writes the own name behind a colon, which asks for it however little room is drawn at a line's end.
_PERSON = re.compile(rf"[{CJK}]{{2,4}}[人员]$")
_LOW = 0.7  # of a line: so much more room above than below stands for an empty line
_ROOM, _LINES = 2.5, 2  # of lines that leave room for an answer: in a page's cell, and as empty lines


def bracketed(text: str) -> bool:
    """Whether text stands in brackets, as advice behind a label does."""
    return _BRACKETED.fullmatch(text.strip().rstrip(":：")) is not None


def is_mark_label(text: str) -> bool:
    """Whether text is nothing but the label of a place for a mark."""
    return _MARK_LABEL.fullmatch(text) is not None


def is_mark(words: str) -> bool:
    """Whether words ask for a stamp or a name."""
    return _PROMPT.search(words) is not None


def asks_for_marks(cell: Cell) -> bool:
    """Whether a cell is to be stamped or signed."""
    return is_mark(cell.text)


def is_reviewed(label: str, cell: Cell) -> bool:
    """Whether a cell is for an opinion or for some sentences, with words and a colon before the name of who
    writes them."""
    lines = [text for line in cell.lines for text in drawn(line).split("\n")]
    # A cell with nothing but words and a colon is a label.
    named = next((n for n, text in enumerate(lines) if _named_in(text, is_label=len(lines) == 1)), None)
    if named is None or _OPINION.search(label):
        return named is not None
    return kind_of(label)[0] == "prose" and _is_open_above(cell, lines[:named])


def _is_open_above(cell: Cell, above: Sequence[str]) -> bool:
    """Whether there is room to write before the first place for a name, and nothing else there."""
    return not any(map(key, above)) and (bool(above) or has_room(cell, 1))


def _named_in(line: str, *, is_label: bool = False) -> list[tuple[str, str]]:
    found = asked_in(line, is_blank, may_be_filled=False)
    is_asked = any(
        len(room) >= _LEAST_ROOM or (not is_label and _PERSON.search(words)) for words, room in found
    )
    return found if is_asked else []


def lines_of(lines: Sequence[Line]) -> Iterator[str]:
    """The lines as they are printed, one by one."""
    for line in lines:
        yield from line.text.split("\n")


def has_room(cell: Cell, lines: int) -> bool:
    """Whether a cell is higher than what is printed in it."""
    heights = [line.box.y1 - line.box.y0 for line in cell.lines if line.box]
    if cell.box and heights:
        return cell.box.y1 - cell.box.y0 > (lines + _ROOM) * max(heights)
    return sum(not key(text) for line in cell.lines for text in line.text.split("\n")) >= _LINES


def stands_low(cell: Cell) -> bool:
    """Whether what is printed in a cell stands under an empty line, or as low as under one, so that something
    is to be written above it."""
    said = [line for line in cell.lines if key(line.text)]
    if cell.box and said and said[0].box and said[-1].box:
        first, last = said[0].box, said[-1].box
        above, below = first.y0 - cell.box.y0, cell.box.y1 - last.y1
        return above - below > _LOW * (first.y1 - first.y0)
    return re.match(r"\s*\n", cell.text) is not None


def guidance_in(lines: Sequence[str]) -> list[str]:
    """The lines that tell how to fill in."""
    return [
        one_line(text)
        for text in lines
        if TELLS_HOW.search(one_line(text)) or (_BRACKETED.fullmatch(one_line(text)) and not is_mark(text))
    ]


def is_guidance(cell: Cell) -> bool:
    """Whether a cell says nothing but how to fill it in."""
    said = [text for text in lines_of(cell.lines) if key(text)]
    return bool(said) and len(guidance_in(said)) == len(said)


def add_marks(label: str, cell: Cell, found: Content, over: str = "") -> None:
    """Add what a cell with places for marks asks for; `over` is the label of several rows above its own."""
    lines = [text for line in cell.lines for text in drawn(line).split("\n")]
    first = next((n for n, line in enumerate(lines) if is_mark(line) or _named_in(line)), len(lines))
    if (
        first < len(lines)
        and (seen := _PROMPT.search(lines[first]))
        and sentence([lines[first][: seen.start()]], 1)
        and not asked_in(lines[first][: seen.start()], is_blank, may_be_filled=False)
    ):
        # A sentence that runs on to a mark in its last line.
        lines[first : first + 1] = [lines[first][: seen.start()], lines[first][seen.start() :]]
        first += 1
    guidance = guidance_in(lines[:first])
    head = [line for line in lines[:first] if key(line) and one_line(line) not in guidance]
    is_open = any(not key(line) for line in lines[:first]) or has_room(cell, len(lines))
    if head or is_open or not found.items:
        # Beside options nothing but room asks for an opinion as well.
        _add_head(label, cell, head, guidance, found, is_open=is_open, over=over)
    for line in lines[first:]:
        at = 0
        for seen in _PROMPT.finditer(line):
            kind = "signature" if re.fullmatch(_SIGNED, seen[1]) else "seal"
            before = line[at : seen.end() - len(seen[0].lstrip())]
            if own := _OF_WHOM.search(before):
                before = before[: own.start()]
            if kind == "seal" and not found.items and is_named(label) and _WRITTEN.fullmatch(before):
                found.add("盖章处前留有空白", kind=kind_of(label)[0])
            else:
                _add_between(label, before, found, is_first=at == 0)
            found.add(f"“{seen[1]}”", kind=kind, prompt=(own[0].strip() if own else "") + seen[0].strip())
            at = seen.end()
        _add_between(label, line[at:], found, is_first=at == 0)


def _add_head(
    label: str, cell: Cell, head: Sequence[str], guidance: list[str], found: Content, *, is_open: bool,
    over: str = "",
) -> None:  # fmt: skip
    """What stands before the first line with a mark: print, a sentence with blanks, or an answer; `is_open`
    where a line of it is empty, or the cell is high."""
    printed = one_line("".join(head))
    # What is only to be signed has the place for that alone, without room.
    is_only_signed = bracketed(cell.text) and not is_open and _ANY_OPINION not in label
    is_open_opinion = is_open and (_OPINION.search(over) or _CONCLUSION.search(label))
    is_told = bool(_OPINION.search(label) or is_open_opinion) and not is_mark_label(label)
    is_opinion = is_told and not is_only_signed
    is_long = not is_opinion and kind_of(label)[0] == "prose"
    is_open = is_open and len(key(label)) <= MOST_LABEL
    if blanks := sentence(head, least=1):
        add_sentence(label, blanks, found)
    elif printed and (is_opinion or is_long) and len(key(printed)) <= _SHORT:
        found.add("标题中有意见" if is_opinion else "标题要求写几句", kind="text" if is_opinion else "prose")
        found.unsure.append(f"格中已有文字“{printed}”，按填写的内容处理")
    elif printed:
        found.add("格中印好的文字", kind="printed", text=printed)
    elif is_opinion and not is_long and not guidance:
        found.add("标题中有意见，格中留有空白", kind="text")
    elif _is_stamped_low(label, cell):
        found.add("盖章处上面留有空白", kind="text")
    elif guidance or (is_long and (is_open or has_room(cell, len(head)))):
        told = {"guidance": guidance} if guidance else {}
        found.add("格中印有填写说明" if guidance else "格中留有空白", kind="prose", **told)


def _is_stamped_low(label: str, cell: Cell) -> bool:
    """Whether a cell beside who decides something has only the place for a stamp, and room above it."""
    said = next((text for text in lines_of(cell.lines) if key(text)), "")
    is_stamp = bracketed(said) and re.search(_STAMPED, said) is not None
    return is_stamp and kind_of(label)[0] == "text" and len(key(label)) <= MOST_LABEL and stands_low(cell)


def _add_between(label: str, text: str, found: Content, *, is_first: bool) -> None:
    """What stands beside marks in a line."""
    asked = asked_in(text, is_blank, may_be_filled=True)
    if asked and not (len(asked) == 1 and _DAY.fullmatch(asked[0][0])):
        for words, blank in asked:
            # A day stands behind the place for a name.
            day = _DAY_BEHIND.search(blank) if "日期" not in words and "时间" not in words else None
            place = blank[: day.start()] if day else blank
            kind, why = kind_of(words, place)
            found.add(why, **with_unit(kind, words, place), prompt=f"{words}：")
            if day:
                found.add("年月日", kind="date")
    elif blanks := sentence([text], least=1):
        add_sentence(label, blanks, found)
    elif BLANK_DATE.search(text) or find_dates(text):
        found.add("年月日", kind=kind_of("", text)[0])
    elif key(text) and is_first:
        _add_head(label, Cell(row=0, column=0), [text], [], found, is_open=True)
