"""The columns of an export: those about the submission itself, and the fields of its form.

The names of columns about the submission begin with _, which a field's name never does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.errors import Invalid
from models.form import FormDefinition
from service.store.exports import Kept
from service.store.marks import SETTLED
from service.store.statuses import WORDS

Names = Mapping[str, str]


@dataclass(frozen=True)
class About:
    """A column about the submission itself: its title, its value as data, and its value as text for
    people."""

    title: str
    value: Callable[[Kept, Names], Any]
    text: Callable[[Kept, Names, Mapping[str, str]], str | None]


def _plain(title: str, name: str) -> About:
    return About(title, lambda kept, _: getattr(kept, name), lambda kept, *_: _word(getattr(kept, name)))


def _word(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return None if value is None else str(value)


def _corrected(kept: Kept) -> dict[str, str]:
    return {name: mark["by"] for name, mark in kept.marks.items() if mark["state"] == "corrected"}


def _reviewers(kept: Kept, names: Names) -> list[str]:
    people = (mark["by"] for mark in kept.marks.values() if mark["state"] in SETTLED)
    return [names.get(actor, actor) for actor in dict.fromkeys(people)]


def _corrections(kept: Kept, names: Names, titles: Mapping[str, str]) -> str:
    return "\n".join(
        f"{titles.get(field, field)}（{names.get(actor, actor)}）"
        for field, actor in _corrected(kept).items()
    )


def _unweighed(kept: Kept, _: Names) -> list[str]:
    return [f"{name}.{part}" for name in kept.content for part in kept.unweighed(name)]


def _unweighed_titles(kept: Kept, _: Names, titles: Mapping[str, str]) -> str:
    return "、".join(title for name, title in titles.items() if kept.unweighed(name))


ABOUT: dict[str, About] = {
    "_id": _plain("编号", "id"),
    "_name": _plain("来源", "name"),
    "_status": About("状态", lambda kept, _: kept.status, lambda kept, *_: WORDS[kept.status]),
    "_unit": _plain("单位", "unit"),
    "_findings": About(
        "提示",
        lambda kept, _: [finding["message"] for finding in kept.findings],
        lambda kept, *_: "\n".join(finding["message"] for finding in kept.findings),
    ),
    "_unweighed": About("部分未核对", _unweighed, _unweighed_titles),
    "_corrected": About("人工更正", lambda kept, _: list(_corrected(kept)), _corrections),
    "_reviewers": About("复核人", _reviewers, lambda kept, names, _: "、".join(_reviewers(kept, names))),
    "_received_at": _plain("接收时间", "received_at"),
    "_twins": About(
        "疑似重复（编号）", lambda kept, _: list(kept.twins), lambda kept, *_: "、".join(map(str, kept.twins))
    ),
    "_updated_at": _plain("更新时间", "updated_at"),
    "_form": _plain("表格", "form"),
    "_form_version": _plain("表格版本", "form_version"),
    "_version": _plain("修改次数", "version"),
    "_changed": _plain("变更序号", "changed"),
    "_replaces": _plain("替代", "replaces"),
    "_replaced_by": _plain("被替代", "replaced_by"),
}
_BEFORE, _AFTER = (
    ("_id", "_name", "_status"),
    ("_findings", "_unweighed", "_corrected", "_reviewers", "_received_at", "_twins"),
)


def titles_of(form: FormDefinition) -> dict[str, str]:
    """Returns the title of every column that an export of `form` may have, in the usual order."""
    titles = {name: about.title for name, about in ABOUT.items()}
    rest = {name: title for name, title in titles.items() if name not in (*_BEFORE, *_AFTER)}
    return {
        **{name: titles[name] for name in _BEFORE},
        **form.titles,
        **{name: titles[name] for name in _AFTER},
        **rest,
    }


def usual(form: FormDefinition) -> list[str]:
    """Returns the columns of an export where none were chosen."""
    return [*_BEFORE, *form.fields, *_AFTER]


def check(columns: Sequence[str], forms: Sequence[FormDefinition]) -> None:
    """Checks that one of `forms` has each column, and that no column is asked for twice.

    Raises:
        Invalid: a column is unknown, or is asked for twice.
    """
    known = {*ABOUT, *(name for form in forms for name in form.fields)}
    unknown = [name for name in columns if name not in known]
    if unknown:
        raise Invalid(f"没有“{unknown[0]}”这一栏", advice="可选的栏目见 GET /api/v1/export/columns")
    if len(set(columns)) < len(columns):
        raise Invalid("同一栏目选了两次", advice="每个栏目只能选一次")
