"""A label, and the cell that is to be filled in beside it -> the fields that are asked for there, each with a
reason (pure)."""

import re
from collections.abc import Sequence
from typing import Any

from extractor.drafting.blanks import LEAST, Blank, beside, drawn, sentence, unit_behind
from extractor.drafting.boxes import Piece, before_boxes, behind_boxes, is_boxed, pieces_of, printed_in
from extractor.drafting.found import Content
from extractor.drafting.kinds import (
    BLANK_DATE,
    COUNTED_BY,
    UNITS,
    is_blank,
    is_time,
    kind_of,
    named_and_stamped,
    with_unit,
)
from extractor.drafting.loose import asked_in
from extractor.drafting.marks import (
    TELLS_HOW,
    add_marks,
    asks_for_marks,
    bracketed,
    guidance_in,
    has_room,
    is_mark,
    is_mark_label,
    is_reviewed,
    lines_of,
    stands_low,
)
from extractor.drafting.naming import counted_heading
from extractor.drafting.sentences import add_sentence
from models.page import Cell, Line, Run
from models.writing import CJK, key, one_line

_CHOOSE_ONE, _CHOOSE_MANY = re.compile(r"单选|限选一项|任选一"), re.compile(r"可?多选|可选多项")
_REQUIRED = re.compile(r"^\s*[*＊★]|[（(]必填[)）]|[*＊★]\s*$")
_OWN_LABEL = re.compile(rf"[{CJK}、/（）()]{{3,16}}[:：]")
_ANY_OPINION = "意见"
_ROOM_BEFORE = re.compile(r"\s*\n|[\s_＿]{12}")  # a day: an empty line, or as much as a short opinion takes
_DAY_UNDER = re.compile(r"\n[\s_＿]*年[\s_＿]*月[\s_＿]*日\s*$")
_OWN_PLACE = re.compile(rf"\s*([{CJK}]{{2,12}}|[{CJK}](?:[ \u3000]{{1,4}}[{CJK}]){{1,3}})\s*[:：]")
_NEXT_COUNT = re.compile(r"(?<=\S)\s*[①-⑳]\s*$")  # of the next option, before its box
_ADVICE = re.compile(r"\s*[（(][^（()）]+[)）]\s*$")
# A sentence that ends in words and a colon, behind which a page prints no blank.
_SENTENCE_END = re.compile(rf"(.{{8,}}[，,；;。]\s*[{CJK}]{{2,12}}\s*[:：])([\s_＿]*)")
_OF_HEADS = ("年", "月")  # of columns, too: 20____年
_NEVER_BESIDE = ("prose", "seal", "signature")  # of an option, where one line of writing has room
_TWO = 2  # options of which one may deny the other
_LOW = 40.0  # points: two lines of text and their margins
_SHORT = 16  # letters of a line that may be a heading
_LONG = 36  # letters from which a cell's print is something to read, and no label


def content_of(label: str, cell: Cell, is_column: bool = False, over: str = "") -> Content:
    """What is asked for beside `label`, which may stand under the label `over` of several rows. A column of
    a table inside the form (`is_column`) has one value, and no marks."""
    found = Content()
    over = over if _ANY_OPINION in over else ""
    label = one_line(label)
    raw = behind_boxes(cell)
    boxes, after = _without_end([_option(text, number) for number, text in enumerate(raw)])
    options = _apart(boxes) if len(boxes) > 1 else [text for text in boxes if key(text)]
    if not is_column and boxes and (pieces := pieces_of(printed_in(cell))):
        _pieces(label, pieces, found)
    elif len(options) > 1 or (len(boxes) == 1 == len(options)):
        _choice(label, boxes, options, after, found)
        if not is_column:
            _beside(raw, options, found)
    elif not is_column and _both_ways(cell.text):
        found.add("格中有大写和小写", kind="money")
    elif not is_column and (blanks := sentence_in(cell)):
        add_sentence(label, blanks, found)
    elif not is_column and (inner := _inner(cell)):
        for words, text in inner:
            kind, why = kind_of(words, text)
            found.add(why, **with_unit(kind, words, text), prompt=f"{words} ")
    elif not is_column and (asks_for_marks(cell) or is_reviewed(label, cell)):
        add_marks(label, cell, found, over)
    elif not is_column and (prompts := prompts_in(cell)):
        for prompt, text in prompts:
            _prompted(prompt, text, found)
    else:
        _one(label, cell, found, is_column=is_column, over=over)
        if boxes:
            found.unsure.append("方框后面没有文字，现有的类型不能表示")
    if _REQUIRED.search(label):
        for item in found.items:
            if item["kind"] != "printed" and "beside" not in item:
                item["required"] = True
    return found


def under_heading(over: str, label: str, cell: Cell) -> dict[str, Any]:
    """What is asked for right of a label and under the heading `over` of several columns: the kind is told by
    the label, or else by the heading, in whose words it is found again."""
    of_label, of_head = (content_of(words, cell, is_column=True).items[0] for words in (label, over))
    item = of_head if of_label["kind"] == "text" else of_label
    return {**item, "prompt": f"{over}："}


def _one(label: str, cell: Cell, found: Content, *, is_column: bool, over: str) -> None:
    """The only field of a cell; before the place for its stamp, where it is to be stamped as well, or before
    the day of an opinion."""
    is_low = kind_of(label)[0] == "text" and is_blank(cell.text) and stands_low(cell)
    if not is_column and (
        (_ANY_OPINION in over + label and _ends_in_day(cell)) or (is_low and BLANK_DATE.search(cell.text))
    ):
        found.add("格中有年月日，前面留有写意见的空白", kind="text")
        found.add("年月日", kind="date")
        return
    words = None if is_column else named_and_stamped(label)
    kind, why = kind_of(words or label, cell.text)
    if is_column and kind in ("seal", "prose"):
        kind, why = "text", "表中的一栏"
    item = with_unit(kind, label, cell.text)
    found.add(why if item["kind"] == kind else f"格中有单位“{item['unit']}”", **item)
    guidance = guidance_in(list(lines_of(cell.lines)))
    if len(key(cell.text)) > _LONG and not guidance:
        found.unsure.append(f"格中已有文字“{one_line(cell.text)[:20]}…”，按填写的内容处理")
    if guidance and not is_column:
        if kind == "text":
            found.items[0]["kind"], found.why[0] = "prose", "格中印有填写说明"
        found.items[0]["guidance"] = guidance
    if words:
        found.add("标题要求盖章", kind="seal")


def _both_ways(text: str) -> bool:
    """Whether a sum is asked for in words and in figures, or one way beside a sign of money."""
    words = re.search(r"大\s*写|小\s*写|[￥¥]", text)
    return words is not None and is_blank(re.sub(r"人民币|大\s*写|小\s*写|[￥¥（()）:：,，;；]", "", text))


def _inner(cell: Cell) -> list[tuple[str, str]]:
    """(words, blank) of each label of a table inside the cell, whose cells are parted by tabs."""
    found = []
    for line in lines_of(cell.lines):
        parts = line.split("\t")
        if len(parts) > 1 and not is_blank(parts[0]):
            found += [(one_line(a), b) for a, b in zip(parts[::2], parts[1::2], strict=False) if key(a)]
    return found if found and all(is_blank(text) for _, text in found) else []


def _prompted(prompt: str, text: str, found: Content) -> None:
    """A place behind words and a colon, the advice in brackets behind it, and the day on a line under it."""
    day = None if is_time(prompt) else _DAY_UNDER.search(text)
    if day:
        _prompted(prompt, text[: day.start()], found)
        found.add("下一行印有年月日", kind="date")
        return
    blank, advice = parted(text)
    kind, why = kind_of(prompt, blank)
    found.add(why, **with_unit(kind, prompt, blank), prompt=f"{prompt}：")
    if advice:
        found.add("空白后印好的字", kind="printed", text=advice, inline=True)


def parted(text: str) -> tuple[str, str]:
    """A place to write, and the advice in brackets behind it: ____（供应商名称）."""
    advice = _ADVICE.search(text)
    if advice is None or is_mark(advice[0]) or not is_blank(text[: advice.start()]):
        return text, ""
    return text[: advice.start()], advice[0].strip()


def _pieces(label: str, pieces: Sequence[Piece], found: Content) -> None:
    """What a cell asks for in which boxes stand beside other places."""
    for piece in pieces:
        place = _cell_of(piece.text)
        if piece.is_mark:
            add_marks(label, place, found)
        elif not piece.words and (blanks := blanks_in(place, least=1)):
            add_sentence(label, blanks, found)
        elif piece.words and not behind_boxes(place):
            _prompted(piece.words, piece.text, found)
        else:
            if not piece.words and (lead := before_boxes(piece.text)):
                found.add("方框前印好的字", kind="printed", text=lead)
            more = content_of(piece.words or label, place)
            if piece.words:
                more.items[0]["prompt"] = f"{piece.words}："
            found.items += more.items
            found.why += more.why
            found.unsure += more.unsure


def _ends_in_day(cell: Cell) -> bool:
    """Whether a cell has nothing but a day, and room to write before it."""
    seen = BLANK_DATE.search(cell.text)
    return seen is not None and is_blank(cell.text) and _ROOM_BEFORE.match(cell.text) is not None


def own_label(cell: Cell) -> tuple[str, str] | None:
    """(words, what stands behind them) of a cell that begins with a label and a colon, and has nothing but
    room or boxes behind them; None of any other, and of one that is to be stamped or signed."""
    text = printed_in(cell)
    seen = None if asks_for_marks(cell) else _OWN_PLACE.match(text)
    rest = text[seen.end() :] if seen else ""
    is_place = (is_blank(rest) and "\n" not in rest.strip()) or (
        is_boxed(rest.strip()[:1]) and not pieces_of(text)
    )
    return (re.sub(r"\s+", "", seen[1]), rest) if seen and is_place else None


def _cell_of(text: str) -> Cell:
    lines = tuple(Line(spans=(Run(text=line),)) for line in text.split("\n") if line)
    return Cell(row=0, column=0, lines=lines)


def _choice(label: str, boxes: Sequence[str], options: Sequence[str], after: str, found: Content) -> None:
    """The options of a cell, and the words of their sentence `after` them."""
    many = _CHOOSE_MANY.search(label) is not None
    one = {"max": 1, "min": 1} if _CHOOSE_ONE.search(label) else {}
    found.add(f"有 {len(boxes)} 个方框", kind="choice", options=options, **one)
    if not (many or one) and len(boxes) > 1:
        found.unsure.append("没有写明单选还是多选，现按多选")
    if len(options) < len(boxes):
        found.unsure.append("有方框后面没有文字，或两个方框后面文字相同")
    if after:
        found.add("选项后面印好的字", kind="printed", text=after)


def _beside(raw: Sequence[str], options: Sequence[str], found: Content) -> None:
    """What is to be written beside options, behind the choice."""
    for number, text in enumerate(raw):
        asked = beside(text)
        option = _option(text, number)
        if asked is None or option not in options:
            continue
        words = re.sub(r"[，,：:（(]", "", asked.words)
        more = sentence([asked.words, asked.rest])
        kind, _ = kind_of(words, asked.rest)
        kind = "text" if kind in _NEVER_BESIDE else kind
        unit = unit_behind(re.sub(r"^[\s_＿]+", "", asked.rest), UNITS)
        item = {"kind": "number", "unit": unit} if unit and kind == "text" else {"kind": kind}
        prompt = {"prompt": asked.words} if asked.words else {}
        found.add(f"选项“{option}”旁有填写的空白", **item, **prompt, beside=option)
        if more:
            _more_beside(more, found)


def _more_beside(blanks: Sequence[Blank], found: Content) -> None:
    """The blanks beside an option that follow its first one, each behind its own words."""
    for blank in (one for one in blanks[1:] if len(key(one.clause)) > 1):
        kind, _ = kind_of(blank.clause, blank.text)
        item = with_unit(kind, blank.clause, blank.text + (unit_behind(blank.behind, UNITS) or ""))
        end = "：" if re.search(r"[:：]\s*$", blank.before) else " "
        found.add("选项旁还有填写的空白", **item, label=blank.clause, prompt=f"{blank.clause}{end}")


def blanks_in(cell: Cell, least: int = LEAST) -> tuple[Blank, ...]:
    """The blanks of a sentence that a cell holds; none where it holds fewer than `least`, or asks in another
    way."""
    if options_of(cell) or asks_for_marks(cell) or prompts_in(cell):
        return ()
    return sentence([drawn(line) for line in cell.lines], least)


def sentence_in(cell: Cell) -> tuple[Blank, ...]:
    """The blanks of the sentence that a cell holds: several, or a single one behind words, which are no part
    of its answer: 合同签订后____日内. A single day needs more words, since a date is found among few."""
    if several := blanks_in(cell):
        return several
    is_other = options_of(cell) or asks_for_marks(cell) or prompts_in(cell)
    if not is_other and (ended := _SENTENCE_END.fullmatch(cell.text)):
        return (Blank(one_line(ended[1]), ended[2], ""),)
    alone = blanks_in(cell, least=1)
    if not alone or len(key(alone[0].before)) < LEAST:
        return ()
    is_line = not set(alone[0].text) - set("_＿ ")
    return alone if is_line or len(key(alone[0].before + alone[0].behind)) > _SHORT else ()


def is_to_fill(cell: Cell) -> bool:
    """Whether a cell is where something is to be filled in: it is empty, or holds boxes, places for marks, or
    much to read."""
    text = cell.text.strip()
    if not key(text) or len(key(text)) > _LONG or options_of(cell):
        return True
    if asks_for_marks(cell) and not is_mark_label(text):
        return True
    if text in COUNTED_BY and text == cell.text:
        return False  # the heading of a column: a unit behind a place has room before it
    if is_blank(text) or TELLS_HOW.search(text) is not None or bracketed(text):
        return True
    if _both_ways(text) or _inner(cell) or is_reviewed(_ANY_OPINION, cell):
        return True
    return bool(prompts_in(cell)) or bool(blanks_in(cell)) or _is_counted(cell)


def _is_counted(cell: Cell) -> bool:
    """Whether the only blank of a cell stands between words and a unit: 计划____次, and not 20____年."""
    alone = sentence_in(cell)
    unit = unit_behind(alone[0].behind, UNITS) if alone else None
    return unit is not None and unit not in _OF_HEADS


def prompts_in(cell: Cell) -> list[tuple[str, str]]:
    """(words, blank) of each of several places in a cell that have words and a colon before them."""
    found = [asked_in(text, _is_place, may_be_filled=False) for text in lines_of(cell.lines) if key(text)]
    places = [place for line in found for place in line]
    marks = any(is_mark(words) or is_mark(room) for words, room in places)
    return places if all(found) and len(places) > 1 and not marks else []


def _is_place(text: str) -> bool:
    return is_blank(_ADVICE.sub("", text))


def asks(cell: Cell) -> bool:
    """Whether a cell that stands alone in its row is to be filled in: it has boxes, places for marks, advice,
    or room under its first words."""
    lines = [one_line(text) for text in lines_of(cell.lines)]
    said = [text for text in lines if key(text)]
    if not said or options_of(cell) or asks_for_marks(cell) or sentence_in(cell):
        return True
    if TELLS_HOW.search(said[0]):
        return True
    if len(said) == 1 < len(lines) and counted_heading(re.sub(r"[（(].*[)）][:：]?$", "", said[0])):
        return True  # 一、购置理由（必要性、使用率预测）
    is_short = len(key(said[0])) <= _SHORT and not said[0].endswith("。")
    return is_short and (has_room(cell, len(lines)) or len([t for t in said if not bracketed(t)]) > 1)


def is_labelled(cell: Cell) -> bool:
    """Whether a cell with places for marks begins with a label of its own."""
    lines = list(lines_of(cell.lines))
    said = next((one_line(text) for text in lines if key(text)), "")
    is_over = is_mark_label(said) and sum(bool(key(text)) for text in lines) > 1
    return asks_for_marks(cell) and (is_over or _OWN_LABEL.match(said) is not None)


def is_low(cell: Cell) -> bool:
    """Whether a cell is too low to write in: a gap between two tables that looks like a row of them."""
    return cell.box is not None and cell.box.y1 - cell.box.y0 < _LOW


def _without_end(boxes: list[str]) -> tuple[list[str], str]:
    """Options of which the second denies the first, without the words of their sentence that the second
    goes on with, and these words: □符合 □不符合条件。"""
    if len(boxes) != _TWO or not key(boxes[0]):
        return boxes, ""
    denied = re.fullmatch(rf"([不未非无没否]{re.escape(boxes[0])})(.+)", boxes[1])
    return ([boxes[0], denied[1]], denied[2].strip()) if denied else (boxes, "")


def begins_with_box(cell: Cell) -> bool:
    """Whether a cell holds options, and no words before the first."""
    return bool(options_of(cell)) and is_boxed(printed_in(cell).strip()[:1])


def options_of(cell: Cell) -> list[str]:
    """The words behind each box of a cell, in order."""
    return [_option(text, number) for number, text in enumerate(behind_boxes(cell))]


def _option(text: str, number: int) -> str:
    """The words behind a box without the blanks to write in, and the letter that counts it."""
    asked = beside(text)
    text = _NEXT_COUNT.sub("", text)
    words = asked.option if asked else re.sub(r"[_＿]{2,}|[;；,，、/|]\s*$", "", one_line(text)).strip()
    return re.sub(rf"^{chr(65 + number % 26)}\s*[.．、:：)）]\s*(?=\S)", "", words)


def _apart(boxes: Sequence[str]) -> list[str]:
    """Options as a definition may have them: each with words of its own, and without what parts several in a
    list. Reading looks at letters and digits alone, so that a dot in its place changes nothing."""
    found: dict[str, str] = {}
    for text in boxes:
        if key(text):
            found.setdefault(key(text), re.sub(r"[;,、，；/|\n]+", "·", text))
    return list(found.values())
