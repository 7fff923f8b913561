"""Lines outside tables that ask for something: a label, a colon, and blanks to write on (pure)."""

import re
from collections.abc import Callable

from models.writing import CJK, key, one_line

# A label may be spaced out at the beginning of its line: 姓    名：
_LABEL = re.compile(
    rf"(?:^|(?<=[\s_＿日]))((?<!\S)[{CJK}][（(][{CJK}]{{1,6}}[)）](?=\s*[:：])"
    rf"|(?:(?<!\S)[{CJK}](?:[ \u3000]{{1,6}}[{CJK}]){{1,3}}|[{CJK}]{{2,12}})"
    rf"(?:[（(][{CJK}]{{1,6}}[)）])?|(?<![^\n])[{CJK}](?=[:：][\s_＿]{{4}})"
    r"|(?<!\S)[A-Za-z][A-Za-z-]{1,11}(?=\s*[:：](?:[\s_＿]{4}|\s*$)))\s*[:：]"
)
_NO_LABEL = re.compile(r"^(?:注|备注|说明|填表说明|填写说明|附件|附|提示|注意)")
# What the head of a statistical table says of it, which is print unless it is blank.
_OF_TABLE = re.compile(r"表号|(?:制定|制表|批准|备案)(?:机关|单位|部门)|(?:批准|备案)文号")
_COUNTED = re.compile(rf"(?<=[\s_＿]{{2}})(附[{CJK}]{{1,4}})([\s_＿]{{2,}}[张份页件]\s*)$")
_MOST = 20  # letters of what somebody wrote on a line


def asked_in(text: str, is_blank: Callable[[str], bool], *, may_be_filled: bool) -> list[tuple[str, str]]:
    """(label, what stands behind it) of each place on a line, nothing where none is to be filled in. What
    is printed under a table is believed only where it is blank."""
    labels = list(_LABEL.finditer(text))
    if not labels or key(text[: labels[0].start()]) or _NO_LABEL.match(one_line(text)):
        return []
    ends = [one.start() for one in labels[1:]] + [len(text)]
    found = [
        (re.sub(r"\s+", "", one[1]), text[one.end() : end]) for one, end in zip(labels, ends, strict=True)
    ]
    found = [part for label, value in found for part in _counted(label, value)]
    # What names the table among places beside it is no answer.
    found = [one for one in found if is_blank(one[1]) or not _OF_TABLE.fullmatch(one[0])] or found
    written = [value for _, value in found if not is_blank(value)]
    if written and (not may_be_filled or _OF_TABLE.fullmatch(found[0][0])):
        return []
    return [] if any(len(key(value)) > _MOST or "。" in value for value in written) else found


def _counted(label: str, value: str) -> list[tuple[str, str]]:
    """The place apart from what is counted behind it without a colon: 附单据____张."""
    seen = _COUNTED.search(value)
    return [(label, value[: seen.start()]), (seen[1], seen[2])] if seen else [(label, value)]
