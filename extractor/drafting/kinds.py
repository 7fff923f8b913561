"""What the words of a label, and the blanks beside it, say of the kind of an answer (pure)."""

import re
from typing import Any

from models.fields.date import find_dates
from models.writing import key, one_line

# What words of a label say of its answer, the first that fits; the reason tells which.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("seal", re.compile(r"盖章|公章|签章|印章|专用章|(?:机构|单位|公司|机关)章$")),
    ("signature", re.compile(r"签字|签名")),
    ("email", re.compile(r"邮箱|电子邮件|电子信箱|e-?mail", re.I)),
    ("credit-code", re.compile(r"信用代码|纳税人识别号|税号")),
    ("id-card", re.compile(r"身份证(?!明|件?[类种])(?:件?号)?|身份号码")),
    ("bank-account", re.compile(r"(?:银行|开户)?[账帐]号|银行卡号")),
    ("postcode", re.compile(r"邮编|邮政编码")),
    ("money", re.compile(r"大\s*写|人民币")),
    ("division", re.compile(r"行政区划|所(?:在|属)(?:区县|县区|市县|县市|地区)")),
    ("phone", re.compile(r"电话|手机|传真|联系方式")),
    ("period", re.compile(r"起止|起讫")),
    ("month", re.compile(r"年月(?!日)|(?:参加工作|入学|毕业|入党|入团|入伍|入职)时间")),
    (
        "date",
        re.compile(
            r"日期|年月日|年\s*月\s*日|期[起止至]$"
            r"|(?:成立|出生|填报|申报|申请|签订|开工|竣工|完成|到货|交货|交付|购置|迁入|启用|报名|办理)时间"
            r"|(?<!工作)(?<!休息)(?<![节假平])日$"
        ),
    ),
    ("address", re.compile(r"地址|住址|住所|通讯处")),
    (
        "prose",
        re.compile(
            r"简介|简历|履历|事迹|概况|概述|摘要|情况|意见|内容|理由|事由|措施|描述|经历|业绩|备注"
            r"|成果$|(?:范围|说明|目标|指标|方案|计划)(?:[（(].*)?[:：*＊★\s]*$"
        ),
    ),
)
_LISTED = re.compile(r"[、，,].+[及和与]|[及和与].+[、，,]")  # several things, of which a time is the last
_UNIT = re.compile(r"[（(]\s?(?:单位[:：]\s*)?([^（()）\s][^（()）]{0,7})\s?[)）]\s*$")
_AGE = re.compile(r"(?<=年月)\s*[（(]\s*岁\s*[)）]\s*$")  # which is reckoned from the day of birth
# How one ticks, which stands behind a label in brackets: （请在□内打“√”）.
_TICK_HOW = re.compile(r"\s*[（(][^（()）]*[打划画勾][^（()）]{0,3}(?:[√✓☑勾]|对号)[^（()）]*[)）]\s*$")
_MEASURE = (
    r"(?:[万亿千百]?(?:元|美元)|[万千]?吨(?:标准煤)?|[万]?千瓦时|[兆千]瓦|kW|MW|度|立方米|平方米|[万]?㎡|亩|公顷|公里|千米|毫米|厘米|米"
    r"|万?人次?|名|个|户|台|套|项|次|家|年|月|天|个?工作日|个月|分|课时|学时|学分|门|本|册|张|所|栋|间|株|头|只"
    r"|件|份|辆|批|座|处|条|层|幢|箱|袋|瓶|盒|支|棵|篇|艘|桌|升|毫升|公斤|[千万]?克(?:标准?煤)?|小时|分钟|周|岁"
    r"|kg|[cmk]?m[²³23]?|ml|[gLt]|℃|[kM]?Pa|%|％|tCO2e?)"
)
UNITS = re.compile(rf"{_MEASURE}(?:/(?:{_MEASURE}|[日时hd]))?", re.I)
COUNTED_BY = frozenset(["学分", "学时", "课时", "人次"])  # units that are asked for as well
_COUNTED = re.compile(
    r"金额|投资额|总额|预算|经费|数量|面积|人数|产值|收入|投资|规模数|总量|消费量|排放量|比例|产量|用量"
)
# Labels that count something by themselves.
_HEADS = re.compile(r"(?:人|户|台|件|次|天|起)数$")
# What is counted of the same thing at several times, in whatever unit: 计划数, 到位数.
_COUNTS = re.compile(r"(?:计划|预算|决算|执行|到位|下达|拨付|支出|结余|实际|核定|批准|申请|完成)数$")
_COUNT = re.compile(r"(?:数量|年龄)$")
# What is counted in the unit that a form names for all its sums.
_SUM = re.compile(
    r"(?:投资|资金|资本|经费|金额|总额|收入|支出|预算|产值|利润|利税|税额|资产|负债|成本|费用|合计|会费|补助|单价|折旧|[原净残]值)$"
)
_ALL_SUMS = re.compile(
    rf"[（(]?\s*(?:金额|货币|计量)?单位\s*[:：]\s*(?:人民币)?({_MEASURE})((?:[、，,/]{_MEASURE})*)\s*[)）]?"
)
# The blanks that a form prints for a time, the first that fits.
_BLANK_TIMES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("period", re.compile(r"年[\s_＿]*月(?:[\s_＿]*日)?[\s_＿]*起?[\s_＿]*[至到—–~-]+[\s_＿]*(?:年|月|今)")),
    ("date-time", re.compile(r"日[\s_＿]*[时点]")),
    ("time", re.compile(r"[时点][\s_＿]*分")),
    ("month", re.compile(r"年[\s_＿]*月(?![\s_＿\d]*日)")),
)
BLANK_DATE = re.compile(
    r"(?:日期|时间)?\s*[:：]?\s*\d{0,4}[\s_＿]*年[\s_＿]*月[\s_＿]*日|(?:日期|时间)\s*[:：]\s*$"
)
# What is printed where a date, a month or a time is to be written, or from when to when.
_DATE_WORDS = frozenset("年月日时分至自起止前")
# Headings of columns in which the same thing is counted at several times.
_AT_TIMES = re.compile(
    r"第?[一二三四1-4]季度?|(?:\d{1,2}|[一二三四五六七八九十]{1,2})月份?|[上下]半年|\d{4}年度?|全年|合计|小计|总计"
)
BLANKS = re.compile(r"[\s_＿]+")
_BORN = 1900
MOST_LABEL = 12  # letters of a label; what has more is rather a statement
# What a label asks to be stamped is named by its other words, and written there as well.
_STAMPED = re.compile(
    r"[（(]\s*(?:须|需|请)?(?:加?盖(?:单位)?公?章|单位公章|公章|签章|章)\s*[)）]\s*[:：]?\s*$"
)
_NAMED = re.compile(r"(?:单位|名称|全称|企业|公司|机构|供应商|投标人|响应人|学校|协会|团体|部门)$")


def is_blank(text: str) -> bool:
    """Whether text is nothing but a place to write: blanks, and the words of a date or a unit."""
    rest = BLANKS.sub("", text)
    is_time = not set(key(rest)) - _DATE_WORDS and "起止" not in key(rest)
    return is_time or bool(UNITS.fullmatch(rest))


def plain_label(text: str) -> str:
    """A label without what only tells how to fill in: a star, the unit, how many may be chosen."""
    text = re.sub(r"[（(](?:必填|单选|可?多选|限选一项|可选多项)[)）]|[*＊★]", "", one_line(text))
    text = _TICK_HOW.sub("", text)
    text = _AGE.sub("", text)
    if unit_of(text):
        text = _UNIT.sub("", text)
    return (named_and_stamped(text) or text).strip().rstrip(":：").strip()


def named_and_stamped(label: str) -> str | None:
    """What a label calls that is both written and stamped beside it, as of 单位（盖章）; else None."""
    seen = _STAMPED.search(label)
    words = label[: seen.start()].strip() if seen else ""
    return words if _NAMED.search(words) else None


def is_named(label: str) -> bool:
    """Whether a label calls for the name of one that stamps."""
    return _NAMED.search(key(label)) is not None


def unit_for_all(text: str) -> str | None:
    """The unit that a line of a form names for all its sums; empty where it names several."""
    seen = _ALL_SUMS.fullmatch(one_line(text))
    return None if seen is None else "" if seen[2] else seen[1]


def unit_of_money(text: str) -> str:
    """The only unit of money among those that a line names for all of a form's numbers; empty where there is
    none, or more than one."""
    seen = _ALL_SUMS.fullmatch(one_line(text))
    of_money = [one for one in re.split("[、，,/]", seen[1] + seen[2]) if one.endswith("元")] if seen else []
    return of_money[0] if len(of_money) == 1 else ""


def is_sum(label: str) -> bool:
    """Whether a label asks for a sum, counted in the unit that the form names for all of them."""
    return _SUM.search(key(label)) is not None


def is_counted(over: str, words: str) -> bool:
    """Whether the place under one heading and right of another is a number, where a unit is named for all:
    it is a sum, or counts the same thing at one of several times. 人数 of a sum is none."""
    is_other = _HEADS.search(key(over)) or _COUNT.search(key(over))
    return is_sum(over) or (is_sum(words) and not is_other) or _AT_TIMES.fullmatch(key(over)) is not None


def is_money(label: str) -> bool:
    """Whether a label asks for a sum that can be of nothing but money."""
    return is_sum(label) and not label.rstrip("：: ").endswith("合计")


def kind_of(label: str, text: str = "") -> tuple[str, str]:
    """The kind of field that a label asks for, and why."""
    unit = unit_of(label)
    if unit:
        return "number", f"标题中有单位“{unit}”"
    said = BLANKS.sub("", text)
    if said and not set(key(said)) - _DATE_WORDS:
        for kind, words in _BLANK_TIMES:
            if words.search(text):
                return kind, f"格中印有“{one_line(text)}”"
    for kind, words in _KINDS:
        seen = words.search(label)
        if seen and kind == "month" and BLANK_DATE.search(text):
            return "date", "格中有年月日"
        if seen:
            return kind, f"标题中有“{seen[0]}”"
    if not said and key(label).endswith("时间") and not _LISTED.search(label):
        return "date", "标题问时间，按日期"
    if find_dates(text) or BLANK_DATE.search(text):
        return "date", "格中有年月日"
    if counted := _HEADS.search(label) or _COUNT.search(label) or _COUNTS.search(label):
        return "number", f"标题中有“{counted[0]}”"
    return "text", "没有说明类型，按文字"


def is_time(label: str) -> bool:
    """Whether a label asks for a day or another time."""
    return kind_of(label)[0] in ("date", "month", "period", "date-time", "time")


def unit_of(label: str) -> str | None:
    """The unit that stands in brackets at the end of a label."""
    seen = _UNIT.search(_AGE.sub("", label))
    return _raised(seen[1].strip()) if seen and UNITS.fullmatch(seen[1].strip()) else None


def _raised(unit: str) -> str:
    """A unit with its exponent, which a recogniser reads as a digit like others."""
    return re.sub(r"(?<=m)[23]$", lambda seen: "²³"["23".index(seen[0])], unit)


def with_unit(kind: str, label: str, text: str) -> dict[str, Any]:
    """The beginning of a field of a kind, with the unit that its label or its place prints."""
    if kind == "number" and (printed := unit_of(label)):
        return {"kind": kind, "unit": printed}
    if kind in ("text", "prose", "number"):
        said = BLANKS.sub("", text)
        unit = said.lstrip("0123456789,，.")
        unit = unit if UNITS.fullmatch(unit) else ""
        # What was filled in may be words that end as units do; a blank place says nothing but its unit.
        if unit and (unit == said or kind == "number" or _COUNTED.search(label)):
            return {"kind": "number", "unit": _raised(unit)}
        is_whole = kind == "number" and _HEADS.search(label)
        return {"kind": kind, "whole": True} if is_whole else {"kind": kind}
    # Who applies may have been born long before the year from which the days of a form are likely.
    return {"kind": kind, "since": _BORN} if kind == "date" and "出生" in label else {"kind": kind}
