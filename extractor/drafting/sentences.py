"""The blanks of a sentence as fields, each with the words before it (pure)."""

import re
from collections.abc import Sequence

from extractor.drafting.blanks import Blank, unit_behind
from extractor.drafting.found import Content
from extractor.drafting.kinds import MOST_LABEL, UNITS, kind_of, plain_label, unit_of
from models.writing import key

# What a blank of a sentence is called, behind its cell's label, where the words before it say too little.
_OF_PLACE = re.compile(
    r"(?:省|市|县|区|州|盟|旗|乡|镇|村|街道|社区|系|年级)[)）]?$"
)  # which end a larger place's name
_NOUNS = {"month": "年月", "date": "日期", "period": "起止时间", "number": "数量", "text": "内容"}


def add_sentence(label: str, blanks: Sequence[Blank], found: Content) -> None:
    """Add the fields of a sentence, each with the words before it, and the words at its end. What the label
    counts in a unit, each blank without one of its own counts in it as well."""
    first, last = blanks[0], blanks[-1]
    if key(first.before):
        found.add("句子开头的字", kind="printed", text=first.before)
    taken, of_all = "", unit_of(label)
    titles = _titles(label, blanks)
    for number, one in enumerate(blanks):
        before = one.before[len(taken) :] if one.before.startswith(taken) else one.before
        kind, _ = kind_of(one.clause, one.text)
        taken = unit_behind(one.behind, UNITS) or ""
        taken = taken if kind in ("text", "number") else ""
        item = {"kind": "text" if kind == "prose" else kind}
        if taken:
            item = {"kind": "number", "unit": taken}
        elif kind == "text" and of_all:
            item = {"kind": "number", "unit": of_all}
        prompt = {"prompt": before} if number and key(before) else {}
        inline = {"inline": True} if number or key(before) else {}
        title = titles[number] or _title(label, one, item["kind"])
        found.add(f"句中“{before}”后的空白", **item, **prompt, label=title, **inline)
    end = last.behind[len(taken) :] if taken else last.behind
    if key(end):
        found.add("句子末尾的字", kind="printed", text=end, inline=True)


def _titles(label: str, blanks: Sequence[Blank]) -> list[str]:
    """What blanks with a single letter before each are called, behind their cell's label, where it tells each
    from the others: 长____宽____深____. Empty for all others."""
    said = [key(one.clause) if len(key(one.clause)) == 1 else "" for one in blanks]
    alone = {one for one in said if one and said.count(one) == 1}
    name = plain_label(label)
    is_told = len(alone) > 1 and len(name) <= MOST_LABEL and not any(one.place for one in blanks)
    return [name + one if is_told and one in alone else "" for one in said]


def _title(label: str, blank: Blank, kind: object) -> str:
    """What a blank is called: by the words before it, or where these say too little, by the kind of place
    that it names, or else of answer."""
    if blank.place and (not key(blank.clause) or _OF_PLACE.search(blank.clause)):
        return label + blank.place
    return blank.clause if len(key(blank.clause)) > 1 else label + _NOUNS.get(str(kind), "")
