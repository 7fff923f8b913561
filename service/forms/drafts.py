"""Writes a draft definition as YAML for a person to complete. The reasons and doubts stand as comments above
the rows that they are about."""

import re
from collections.abc import Iterable

import yaml
from pypinyin import lazy_pinyin

from extractor import Draft, Guess

_HEAD = """\
# 由 sealform draft 从“{source}”拟出，请逐项核对后使用；核对完可用 sealform check 检查。
# “依据”说明为什么这样拟，“请核对”是拿不准的地方，“变化”是与旧版不同的地方。
"""
_BREAKS = re.compile(r"[\s\x00-\x1f\x85\u2028\u2029]+")


def field_name(words: str) -> str:
    """Returns a name for a field from the pinyin of its label, in the characters that names may have:
    letters, digits and underscores."""
    # lazy_pinyin returns characters without a reading, such as letters and digits, unchanged.
    sounds = [re.sub(r"[^a-z0-9]+", "", sound.lower()) for sound in lazy_pinyin(words)]
    name = "_".join(sound for sound in sounds if sound)
    return re.sub(r"^[^a-z]+", "", name)[:24].strip("_") or "field"


def form_name(words: str) -> str:
    """Returns a name for a form from the pinyin of its title."""
    return field_name(words)[:60].replace("_", "-")


def as_yaml(draft: Draft, source: str) -> str:
    """Returns the text of the draft's file, which loads as it is."""
    text = _HEAD.format(source=re.sub(r"\s+", " ", source))
    text += _comments((one for one in draft.guesses if one.place is None), "")
    text += _dumped({name: value for name, value in draft.form.items() if name != "rows"})
    text += "rows:\n"
    for number, row in enumerate(draft.form["rows"]):
        text += _comments((one for one in draft.guesses if one.place == number), "  ")
        text += "".join(f"  {line}\n" for line in _dumped([row]).splitlines())
    return text


def _comments(guesses: Iterable[Guess], indent: str) -> str:
    """One line each: what a document says can't end a comment."""
    marked = (
        (("变化：" if one.is_change else "请核对：" if one.is_doubt else "依据："), one.text)
        for one in guesses
    )
    return "".join(f"{indent}# {mark}{_BREAKS.sub(' ', text)}\n" for mark, text in marked)


def _dumped(data: object) -> str:
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=110)
