"""A label, and the cell that is to be filled in beside it -> the fields that are asked for there, each with a
reason (pure)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from extractor.drafting.blanks import Blank, beside, drawn, sentence, unit_behind
from extractor.drafting.loose import asked_in
from extractor.text.tick_signs import EMPTY, TICKED
from models.fields.date import find_dates
from models.page import Cell, Line, Run, Tick
from models.writing import CJK, key, one_line

# What words of a label say of its answer, the first that fits; the reason tells which.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("seal", re.compile(r"盖章|公章|签章")),
    ("signature", re.compile(r"签字|签名")),
    ("email", re.compile(r"邮箱|电子邮件|电子信箱|e-?mail", re.I)),
    ("credit-code", re.compile(r"信用代码|纳税人识别号|税号")),
    ("id-card", re.compile(r"身份证号?|身份号码")),
    ("bank-account", re.compile(r"(?:银行|开户)?[账帐]号|银行卡号")),
    ("postcode", re.compile(r"邮编|邮政编码")),
    ("money", re.compile(r"大写|人民币")),
    ("division", re.compile(r"行政区划|所(?:在|属)(?:区县|县区|市县|县市|地区)")),
    ("phone", re.compile(r"电话|手机|传真|联系方式")),
    ("period", re.compile(r"起止|起讫")),
    ("month", re.compile(r"年月(?!日)")),
    ("date", re.compile(r"日期|年月日|年\s*月\s*日|(?:成立|出生|填报|申报|签订|开工|竣工)时间")),
    ("address", re.compile(r"地址|住址|住所|通讯处")),
    (
        "prose",
        re.compile(
            r"简介|范围|简历|履历|事迹|概况|说明|情况|意见|内容|理由|措施|描述|经历|业绩|目标|方案|计划|备注"
        ),
    ),
)
_UNIT = re.compile(r"[（(]\s*(?:单位[:：]\s*)?([^（()）]{1,8})\s*[)）]\s*$")
_UNITS = re.compile(
    r"(?:[万亿千百]?元|[万千]?吨(?:标准煤)?|[万]?千瓦时|度|立方米|平方米|[万]?㎡|亩|公顷|公里|千米|米|人|名|个|户|台|套|项|次|家|年|月|天"
    r"|件|份|辆|批|座|处|条|升|毫升|公斤|千克|克|小时|分钟|周|岁|kg|%|％|tCO2e?)",
    re.I,
)
_COUNTED = re.compile(
    r"金额|投资额|总额|预算|经费|数量|面积|人数|产值|收入|投资|规模数|总量|消费量|排放量|比例|产量|用量"
)
# Labels that count something by themselves.
_HEADS = re.compile(r"(?:人|户|台|件|次)数$")
_COUNT = re.compile(r"(?:数量|年龄)$")
# The blanks that a form prints for a time, the first that fits.
_BLANK_TIMES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("period", re.compile(r"年[\s_＿]*月(?:[\s_＿]*日)?[\s_＿]*[至到—–~-]+[\s_＿]*(?:年|月|今)")),
    ("date-time", re.compile(r"日[\s_＿]*[时点]")),
    ("time", re.compile(r"[时点][\s_＿]*分")),
    ("month", re.compile(r"年[\s_＿]*月(?![\s_＿\d]*日)")),
)
_CHOOSE_ONE, _CHOOSE_MANY = re.compile(r"单选|限选一项|任选一"), re.compile(r"可?多选|可选多项")
_REQUIRED = re.compile(r"^\s*[*＊★]|[（(]必填[)）]|[*＊★]\s*$")
_PROMPT = re.compile(rf"[（(]?[{CJK}]{{0,12}}\s*[（(]?\s*(盖章|公章|签章|签字|签名)\s*[)）]?\s*[:：]?")
_BLANK_DATE = re.compile(
    r"(?:日期|时间)?\s*[:：]?\s*\d{0,4}[\s_＿]*年[\s_＿]*月[\s_＿]*日|(?:日期|时间)\s*[:：]\s*$"
)
# What tells how to fill in, and is no label.
_TELLS_HOW = re.compile(
    r"^[（(]?(?:请|简要|简述|说明[:：]|包括|填写)|字以内|字左右|不超过\s*\d+|限\s*\d+\s*字"
)
_BRACKETED = re.compile(r"[（(].+[)）][。.]?")
# A label of a place for a mark, and no such place.
_MARK_LABEL = re.compile(rf"[{CJK}]{{0,8}}(?:签\s*字|签\s*名|盖\s*章|公\s*章|签\s*章)")
# What people tick in where a form has no boxes.
_BRACKETS = re.compile(r"[（(\[][\s√✓]*[)）\]]")
# What is printed where a date, a month or a time is to be written, or from when to when.
_DATE_WORDS = frozenset("年月日时分至自起止")
_BLANKS = re.compile(r"[\s_＿]+")
_BORN = 1900
_HAN_DIGITS = "〇一二三四五六七八九"
_OPINION = re.compile(r"意见|审核|审批|批示|推荐")
_LOW = 40.0  # points: two lines of text and their margins
_ROOM, _LINES = 2.5, 2  # of lines that leave room for an answer: in a page's cell, and as empty lines
_SHORT = 16  # letters of an opinion that somebody wrote
# What a blank of a sentence is called, behind its cell's label, where the words before it say too little.
_NOUNS = {"month": "年月", "date": "日期", "period": "起止时间", "number": "数量", "text": "内容"}
_LONG = 36  # letters from which a cell's print is something to read, and no label


@dataclass
class Content:
    """Items of a cell's content, as a definition spells them, without names; `why` is the reason for each,
    `unsure` what a person should look at."""

    items: list[dict[str, Any]] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)

    def add(self, why: str, **item: Any) -> None:
        """One more item, and the reason for it."""
        self.items.append(item)
        self.why.append(why)


def content_of(label: str, cell: Cell, is_column: bool = False) -> Content:
    """What is asked for beside `label`. A column of a table inside the form (`is_column`) has one value, and
    no marks."""
    found = Content()
    label = one_line(label)
    raw = _behind_boxes(cell)
    boxes = [_option(text, number) for number, text in enumerate(raw)]
    options = _apart(boxes) if len(boxes) > 1 else [text for text in boxes if key(text)]
    if len(options) > 1 or (len(boxes) == 1 == len(options)):
        _choice(label, boxes, options, found)
        if not is_column:
            _beside(raw, options, found)
    elif not is_column and (blanks := blanks_in(cell)):
        _sentence(label, blanks, found)
    elif not is_column and _asks_for_marks(cell):
        _marks(label, cell, found)
    elif not is_column and (prompts := prompts_in(cell)):
        for prompt, text in prompts:
            kind, why = kind_of(prompt, text)
            found.add(why, **_with_unit(kind, prompt, text), prompt=f"{prompt}：")
    else:
        kind, why = kind_of(label, cell.text)
        if is_column and kind in ("seal", "prose"):
            kind, why = "text", "表中的一栏"
        item = _with_unit(kind, label, cell.text)
        found.add(why if item["kind"] == kind else f"格中有单位“{item['unit']}”", **item)
        if boxes:
            found.unsure.append("方框后面没有文字，现有的类型不能表示")
        guidance = _guidance(cell)
        if len(key(cell.text)) > _LONG and not guidance:
            found.unsure.append(f"格中已有文字“{one_line(cell.text)[:20]}…”，按填写的内容处理")
        if guidance and not is_column:
            if kind == "text":
                found.items[0]["kind"], found.why[0] = "prose", "格中印有填写说明"
            found.items[0]["guidance"] = guidance
    if _REQUIRED.search(label):
        for item in found.items:
            if item["kind"] != "printed" and "beside" not in item:
                item["required"] = True
    return found


def _choice(label: str, boxes: Sequence[str], options: Sequence[str], found: Content) -> None:
    many = _CHOOSE_MANY.search(label) is not None
    one = {"max": 1, "min": 1} if _CHOOSE_ONE.search(label) else {}
    found.add(f"有 {len(boxes)} 个方框", kind="choice", options=options, **one)
    if not (many or one) and len(boxes) > 1:
        found.unsure.append("没有写明单选还是多选，现按多选")
    if len(options) < len(boxes):
        found.unsure.append("有方框后面没有文字，或两个方框后面文字相同")


def _beside(raw: Sequence[str], options: Sequence[str], found: Content) -> None:
    """What is to be written beside options, behind the choice."""
    for number, text in enumerate(raw):
        asked = beside(text)
        option = _option(text, number)
        if asked is None or option not in options:
            continue
        words = re.sub(r"[，,：:（(]", "", asked.words)
        kind, _ = kind_of(words, asked.rest)
        unit = unit_behind(re.sub(r"^[\s_＿]+", "", asked.rest), _UNITS)
        item = {"kind": "number", "unit": unit} if unit and kind == "text" else {"kind": kind}
        prompt = {"prompt": asked.words} if asked.words else {}
        found.add(f"选项“{option}”旁有填写的空白", **item, **prompt, beside=option)


def blanks_in(cell: Cell) -> tuple[Blank, ...]:
    """The blanks of a sentence that a cell holds; none where it holds none, or asks in another way."""
    if options_of(cell) or _asks_for_marks(cell) or prompts_in(cell):
        return ()
    return sentence([drawn(line) for line in cell.lines])


def _sentence(label: str, blanks: Sequence[Blank], found: Content) -> None:
    """The fields of a sentence, each with the words before it, and the words at its end."""
    first, last = blanks[0], blanks[-1]
    found.add("句子开头的字", kind="printed", text=first.before)
    taken = ""
    for number, one in enumerate(blanks):
        before = one.before[len(taken) :] if one.before.startswith(taken) else one.before
        kind, _ = kind_of(one.clause, one.text)
        taken = unit_behind(one.behind, _UNITS) or ""
        taken = taken if kind in ("text", "number") else ""
        item = {"kind": "number", "unit": taken} if taken else {"kind": "text" if kind == "prose" else kind}
        prompt = {"prompt": before} if number and key(before) else {}
        title = one.clause if len(key(one.clause)) > 1 else label + _NOUNS.get(str(item["kind"]), "")
        found.add(f"句中“{before}”后的空白", **item, **prompt, label=title, inline=True)
    end = last.behind[len(taken) :] if taken else last.behind
    if key(end):
        found.add("句子末尾的字", kind="printed", text=end, inline=True)


def is_to_fill(cell: Cell) -> bool:
    """Whether a cell is where something is to be filled in: it is empty, or holds boxes, places for marks, or
    much to read."""
    text = cell.text.strip()
    if not key(text) or len(key(text)) > _LONG or options_of(cell):
        return True
    if _asks_for_marks(cell) and not _MARK_LABEL.fullmatch(text):
        return True
    if is_blank(text) or _TELLS_HOW.search(text) is not None or bracketed(text):
        return True
    return bool(prompts_in(cell)) or bool(blanks_in(cell))


def is_blank(text: str) -> bool:
    """Whether text is nothing but a place to write: blanks, and the words of a date or a unit."""
    rest = _BLANKS.sub("", text)
    return not set(key(rest)) - _DATE_WORDS or bool(_UNITS.fullmatch(rest))


def prompts_in(cell: Cell) -> list[tuple[str, str]]:
    """(words, blank) of each of several places in a cell that have words and a colon before them."""
    found = [asked_in(text, is_blank, may_be_filled=False) for text in _lines(cell.lines) if key(text)]
    places = [place for line in found for place in line]
    marks = any(_PROMPT.search(words) for words, _ in places)
    return places if all(found) and len(places) > 1 and not marks else []


def asks(cell: Cell) -> bool:
    """Whether a cell that stands alone in its row is to be filled in: it has boxes, places for marks, advice,
    or room under its first words."""
    lines = [one_line(text) for text in _lines(cell.lines)]
    said = [text for text in lines if key(text)]
    if not said or options_of(cell) or _asks_for_marks(cell) or blanks_in(cell):
        return True
    if _TELLS_HOW.search(said[0]):
        return True
    is_short = len(key(said[0])) <= _SHORT and not said[0].endswith("。")
    return is_short and (
        _has_room(cell, len(lines)) or len([t for t in said if not _BRACKETED.fullmatch(t)]) > 1
    )


def is_low(cell: Cell) -> bool:
    """Whether a cell is too low to write in: a gap between two tables that looks like a row of them."""
    return cell.box is not None and cell.box.y1 - cell.box.y0 < _LOW


def bracketed(text: str) -> bool:
    """Whether text stands in brackets, as advice behind a label does."""
    return _BRACKETED.fullmatch(text.strip().rstrip(":：")) is not None


def _has_room(cell: Cell, lines: int) -> bool:
    """Whether a cell is higher than what is printed in it."""
    heights = [line.box.y1 - line.box.y0 for line in cell.lines if line.box]
    if cell.box and heights:
        return cell.box.y1 - cell.box.y0 > (lines + _ROOM) * max(heights)
    return sum(not key(text) for line in cell.lines for text in line.text.split("\n")) >= _LINES


def plain_label(text: str) -> str:
    """A label without what only tells how to fill in: a star, the unit, how many may be chosen."""
    text = re.sub(r"[（(](?:必填|单选|可?多选|限选一项|可选多项)[)）]|[*＊★]", "", one_line(text))
    if unit_of(text):
        text = _UNIT.sub("", text)
    return text.strip().rstrip(":：").strip()


def kind_of(label: str, text: str = "") -> tuple[str, str]:
    """The kind of field that a label asks for, and why."""
    unit = unit_of(label)
    if unit:
        return "number", f"标题中有单位“{unit}”"
    said = _BLANKS.sub("", text)
    if said and not set(key(said)) - _DATE_WORDS:
        for kind, words in _BLANK_TIMES:
            if words.search(text):
                return kind, f"格中印有“{one_line(text)}”"
    for kind, words in _KINDS:
        seen = words.search(label)
        if seen:
            return kind, f"标题中有“{seen[0]}”"
    if find_dates(text) or _BLANK_DATE.search(text):
        return "date", "格中有年月日"
    if counted := _HEADS.search(label) or _COUNT.search(label):
        return "number", f"标题中有“{counted[0]}”"
    return "text", "没有说明类型，按文字"


def unit_of(label: str) -> str | None:
    """The unit that stands in brackets at the end of a label."""
    seen = _UNIT.search(label)
    return seen[1].strip() if seen and _UNITS.fullmatch(seen[1].strip()) else None


def options_of(cell: Cell) -> list[str]:
    """The words behind each box of a cell, in order."""
    return [_option(text, number) for number, text in enumerate(_behind_boxes(cell))]


def _behind_boxes(cell: Cell) -> list[str]:
    """All that stands behind each box of a cell; blanks that a line is drawn under are underscores."""
    options: list[str] = []
    brackets = _BRACKETS.findall(cell.text)
    if len(brackets) > 1:
        return _BRACKETS.split(cell.text)[1:]
    for line in cell.lines:
        for span in line.spans:
            if isinstance(span, Tick) and span.state not in ("tick", "cross"):
                options.append("")
            for char in drawn(Line(spans=(span,))) if isinstance(span, Run) else "":
                if char in EMPTY | TICKED or (options and _is_misread_box(char, options[-1])):
                    options.append("")
                elif options:
                    options[-1] += char
    return options


def _is_misread_box(char: str, before: str) -> bool:
    """Whether a zero stands where no number goes on: a box among others that was read as a character."""
    return char == "〇" and before.strip() != "" and before[-1] not in _HAN_DIGITS


def _option(text: str, number: int) -> str:
    """The words behind a box without the blanks to write in, and the letter that counts it."""
    asked = beside(text)
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


def _with_unit(kind: str, label: str, text: str) -> dict[str, Any]:
    if kind == "number" and (printed := unit_of(label)):
        return {"kind": kind, "unit": printed}
    if kind in ("text", "prose", "number"):
        said = _BLANKS.sub("", text)
        unit = said.lstrip("0123456789,，.")
        unit = unit if _UNITS.fullmatch(unit) else ""
        # What was filled in may be words that end as units do; a blank place says nothing but its unit.
        if unit and (unit == said or kind == "number" or _COUNTED.search(label)):
            return {"kind": "number", "unit": unit}
        is_whole = kind == "number" and _HEADS.search(label)
        return {"kind": kind, "whole": True} if is_whole else {"kind": kind}
    # Who applies may have been born long before the year from which the days of a form are likely.
    return {"kind": kind, "since": _BORN} if kind == "date" and "出生" in label else {"kind": kind}


def _asks_for_marks(cell: Cell) -> bool:
    return _PROMPT.search(cell.text) is not None


def _marks(label: str, cell: Cell, found: Content) -> None:
    """A cell to be stamped or signed: print, prompts and a date in their order; an opinion where there is
    room for one."""
    lines = list(_lines(cell.lines))
    first = next((n for n, line in enumerate(lines) if _PROMPT.search(line)), len(lines))
    printed = one_line("".join(line for line in lines[:first] if key(line)))
    if printed and _OPINION.search(label) and len(key(printed)) <= _SHORT:
        found.add("标题中有意见", kind="text")
        found.unsure.append(f"格中已有文字“{printed}”，按填写的内容处理")
    elif printed:
        found.add("格中印好的文字", kind="printed", text=printed)
    elif _OPINION.search(label):
        found.add("标题中有意见，格中留有空白", kind="text")
    for line in lines[first:]:
        at = 0
        for seen in _PROMPT.finditer(line):
            kind = "signature" if seen[1] in ("签字", "签名") else "seal"
            found.add(f"“{seen[1]}”", kind=kind, prompt=seen[0].strip())
            at = seen.end()
        if _BLANK_DATE.search(line[at:]) or (find_dates(line[at:]) and not _PROMPT.search(line[at:])):
            found.add("年月日", kind="date")
        elif key(line[at:]) and not at:
            found.add("格中印好的文字", kind="printed", text=one_line(line))


def _lines(lines: Sequence[Line]) -> Iterator[str]:
    for line in lines:
        yield from line.text.split("\n")


def _guidance(cell: Cell) -> list[str]:
    """The lines where an answer goes that tell how to fill in."""
    return [
        one_line(text)
        for text in _lines(cell.lines)
        if _TELLS_HOW.search(one_line(text)) or _BRACKETED.fullmatch(one_line(text))
    ]
