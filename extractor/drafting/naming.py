"""What fields and their cells are called (pure)."""

import re
from typing import Any

from extractor.drafting.kinds import MOST_LABEL
from models.writing import key, one_line

_SUFFIX = {"seal": "盖章", "signature": "签字", "date": "日期"}
_COUNTED = re.compile(r"^[（(]?[一二三四五六七八九十]{1,3}[、.．)）]\s*")
_UNEXPLAINED = re.compile(r"[（(][^（()）]*[)）]?\s*$|，.*")  # what only explains a label
_MARKS_ALONE = re.compile(r"签字|签名|签章|盖章|公章|印章|[或、及和/]")  # which say not whose they are
_MOST_HEADING = 24  # letters of a heading


def title_of(words: str, item: dict[str, Any], signer: str = "") -> str:
    """What one of several fields of a cell is called: by its prompt, where that says whose it is, or else by
    its cell's label; a day under a statement by whose name stands before it."""
    if "label" in item:
        return str(item["label"])
    if "beside" in item:
        return f"{_UNEXPLAINED.sub('', words)}：{item['beside']}"
    prompt = re.sub(r"[（()）:：\s]|^[，,；;。]", "", str(item.get("prompt", "")))
    suffix = _SUFFIX.get(str(item["kind"]), "")
    if len(prompt) > len(suffix) and key(_MARKS_ALONE.sub("", prompt)):
        return prompt
    if item["kind"] == "date" and signer and len(key(words)) > MOST_LABEL:
        return signer + suffix
    return _UNEXPLAINED.sub("", words) + suffix


def labelled(words: str, printed: str) -> dict[str, Any]:
    """What a cell is called, and how its label is printed where that is more."""
    whole = one_line(printed)
    return {"label": words, "aliases": [whole]} if key(whole) not in ("", key(words)) else {"label": words}


def counted_heading(text: str) -> str | None:
    """The words of a heading that a Chinese number counts, as of 二、项目内容; None of any other line."""
    said = one_line(text)
    seen = _COUNTED.match(said)
    words = said[seen.end() :].rstrip(":：") if seen else ""
    is_heading = bool(key(words)) and len(words) <= _MOST_HEADING and words[-1] not in "。；;，0123456789"
    return words if is_heading else None


def name_of_sentence(words: str, clause: str) -> str:
    """What the only blank of a line is called, whose `words` before it are too much for a name: the label
    that they begin with, as of 三、有效期：自报价之日起____天, or their last `clause`; empty where they are
    a name."""
    said = _COUNTED.sub("", words)
    head, colon, rest = re.sub("[:：]", "：", said).partition("：")
    if colon and key(rest) and len(key(head)) <= MOST_LABEL:
        return head.strip()
    return clause if len(key(words)) > MOST_LABEL and len(key(clause)) > 1 else ""
