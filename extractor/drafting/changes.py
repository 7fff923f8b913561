"""A draft of the new version of a form, held against the definition of the old one: what is the same keeps
its name, and what changed is told (pure)."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rapidfuzz import fuzz

from extractor.drafting.found import Draft, Guess
from models.fields import ChoiceField, Field, NumberField, RowsField
from models.form import FormCell, FormDefinition
from models.writing import key

_LIKE = 60.0  # how like each other two labels are of which one may have become the other
_NAME = 24


@dataclass(frozen=True)
class _Old:
    """A field of the old form: which it is, and all that its label may say."""

    number: int
    field: Field
    title: str
    texts: tuple[str, ...]


@dataclass
class _New:
    """A field of the draft, which is data still to be written; `row` is where it stands."""

    number: int
    row: int
    cell: dict[str, Any]
    item: dict[str, Any]
    old: _Old | None = None

    @property
    def title(self) -> str:
        return str(self.item.get("label", self.cell["label"]))


def against(draft: Draft, old: FormDefinition) -> Draft:
    """The draft with the names and the settings of `old` where a field is the same, and with what changed
    among its guesses."""
    was, now = list(_old_fields(old)), list(_new_fields(draft.form))
    _pair(was, now)
    form = draft.form
    told = [*_form_changes(form, old), *_field_changes(was, now)]
    form["name"], form["version"] = old.name, _next(old.version)
    applicant = next((one for one in now if one.item["name"] == form.get("applicant_field")), None)
    _keep(now)
    kept = {one.item["name"] for one in now}
    if old.applicant_field in kept:
        form["applicant_field"] = old.applicant_field
    elif applicant:
        form["applicant_field"] = applicant.item["name"]
    return replace(draft, guesses=(*draft.guesses, *told))


@dataclass(frozen=True)
class Compared:
    """A field of two versions of a form: its name in each, None where there is none, and what changed."""

    old: str | None
    new: str | None
    told: tuple[str, ...] = ()


def likeness(form: dict[str, Any], old: FormDefinition) -> float:
    """How much of a draft and a definition is the same form: the share of their fields that have a label
    which the other has too."""
    was, now = list(_old_fields(old)), list(_new_fields(form))
    known = {text for one in was for text in one.texts}
    asked = {key(one.title) for one in now} | {key(str(one.cell["label"])) for one in now}
    same = sum(key(one.title) in known or key(str(one.cell["label"])) in known for one in now)
    same += sum(not asked.isdisjoint(one.texts) for one in was)
    return same / max(1, len(was) + len(now))


def compared(new: FormDefinition, old: FormDefinition) -> tuple[Compared, ...]:
    """The fields of a version of a form beside those of an older one, in the order of the new one, and at
    the end what it no longer asks for."""
    was = list(_old_fields(old))
    now = list(_new_fields(new.model_dump(mode="json", exclude_none=True)))
    by_name = {one.field.name: one for one in was}
    for one in now:
        one.old = by_name.get(one.item["name"])
    _pair(was, now)
    moved = _moved(now)
    found = [
        Compared(one.old.field.name if one.old else None, one.item["name"], tuple(_told_of(one, moved)))
        for one in now
    ]
    kept = {one.old.number for one in now if one.old}
    return (*found, *(Compared(one.field.name, None, ("去掉了",)) for one in was if one.number not in kept))


def _told_of(one: _New, moved: set[int]) -> Iterator[str]:
    if one.old is None:
        yield "新增"
        return
    field = one.old.field
    if field.name != one.item["name"]:
        yield f"名称由 {field.name} 改为 {one.item['name']}"
    if key(one.title) != key(one.old.title):
        yield f"标题由“{one.old.title}”改为“{one.title}”"
    if one.number in moved:
        yield "移了位置"
    if field.required != bool(one.item.get("required")):
        yield "改为必填" if one.item.get("required") else "不再必填"
    yield from (text.removeprefix("的") for text in _differences(field, one.item))


def _old_fields(form: FormDefinition) -> Iterator[_Old]:
    number = 0
    for cell in form.cells():
        for field in cell.fields:
            title = form.titles[field.name]
            yield _Old(number, field, title, tuple(map(key, (title, *_texts(cell, field)))))
            number += 1


def _texts(cell: FormCell, field: Field) -> Sequence[str]:
    """What else than its title the label of a field may say: its cell's, if that asks for nothing else."""
    alone = len(cell.fields) == 1
    return (cell.label or "", *cell.aliases) if alone or not field.label else ()


def _new_fields(form: dict[str, Any]) -> Iterator[_New]:
    number = 0
    for row, cells in enumerate(form["rows"]):
        for cell in cells["cells"]:
            for item in cell.get("content", ()):
                if item["kind"] != "printed":
                    yield _New(number, row, cell, item)
                    number += 1


def _pair(was: Sequence[_Old], now: Sequence[_New]) -> None:
    """Give each field of the draft the old one that it is: of the same label, or else one of the same kind
    with a label much like it, which no other is."""
    paired = {one.old.number for one in now if one.old}
    left = [old for old in was if old.number not in paired]
    for one in (one for one in now if one.old is None):
        texts = {key(one.title)}
        if "label" not in one.item:
            texts |= {key(text) for text in one.cell.get("aliases", ())}
        same = [old for old in left if not texts.isdisjoint(old.texts)]
        one.old = next((old for old in same if old.field.kind == one.item["kind"]), same[0] if same else None)
        left = [old for old in left if old is not one.old]
    likely = sorted(
        ((fuzz.ratio(key(one.title), old.texts[0]), one, old)
         for one in now for old in left if one.old is None and old.field.kind == one.item["kind"]),
        key=lambda pair: -pair[0],
    )  # fmt: skip
    taken: set[int] = set()
    for score, one, old in likely:
        if score >= _LIKE and one.old is None and old.number not in taken:
            one.old = old
            taken.add(old.number)


def _keep(now: Sequence[_New]) -> None:
    """Names, and what paper doesn't say, from the old fields; other names make room for these."""
    kept = {one.old.field.name for one in now if one.old}
    taken = set(kept)
    for one in now:
        if one.old is None:
            one.item["name"] = _free(one.item["name"], taken)
            taken.add(one.item["name"])
            continue
        field = one.old.field
        one.item["name"] = field.name
        if field.required:
            one.item.setdefault("required", True)
        if field.mentions in kept and field.mentions != field.name and field.kind == one.item["kind"]:
            one.item["mentions"] = field.mentions
        if isinstance(field, ChoiceField) and field.options == tuple(one.item.get("options", ())):
            one.item |= {name: value for name, value in (("min", field.min), ("max", field.max)) if value}
        if isinstance(field, RowsField) and one.item["kind"] == "rows":
            _keep_columns(field, one.item)
        if "label" not in one.item and key(one.title) not in one.old.texts:
            # Last year's copies are read with the new definition too.
            one.cell["aliases"] = [*one.cell.get("aliases", ()), one.old.title]


def _keep_columns(field: RowsField, item: dict[str, Any]) -> None:
    names = {key(column.label): column.field.name for column in field.columns}
    taken = {names[key(column["label"])] for column in item["columns"] if key(column["label"]) in names}
    for column in item["columns"]:
        known = names.pop(key(column["label"]), None)
        column["field"]["name"] = known or _free(column["field"]["name"], taken)
        taken.add(column["field"]["name"])


def _free(name: str, taken: set[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name[: _NAME - len(str(number)) - 1]}_{number}"
    return found


def _form_changes(form: dict[str, Any], old: FormDefinition) -> Iterator[Guess]:
    if key(form["title"]) not in map(key, (old.title, *old.title_aliases)):
        yield _told(None, f"表名由“{old.title}”改为“{form['title']}”")


def _field_changes(was: Sequence[_Old], now: Sequence[_New]) -> Iterator[Guess]:
    found = {one.old.number for one in now if one.old}
    for old in was:
        if old.number not in found:
            yield _told(None, f"去掉了“{old.title}”（{old.field.kind}，{old.field.name}）")
    moved = _moved(now)
    for one in now:
        if one.old is None:
            yield _told(one.row, f"新增“{one.title}”（{one.item['kind']}）")
            continue
        if key(one.title) not in one.old.texts:
            yield _told(one.row, f"“{one.old.title}”像是改名为“{one.title}”，沿用名称 {one.old.field.name}")
        if one.number in moved:
            yield _told(one.row, f"“{one.title}”移了位置")
        yield from (_told(one.row, f"“{one.title}”{text}") for text in _differences(one.old.field, one.item))


def _differences(field: Field, item: dict[str, Any]) -> Iterator[str]:
    if field.kind != item["kind"]:
        yield f"的类型由 {field.kind} 变为 {item['kind']}，请核对"
    elif isinstance(field, NumberField) and field.unit != item.get("unit", ""):
        yield f"的单位由“{field.unit}”改为“{item.get('unit', '')}”"
    elif isinstance(field, ChoiceField):
        yield from _listed("选项", field.options, item["options"])
    elif isinstance(field, RowsField):
        columns = [column.label for column in field.columns]
        yield from _listed("栏目", columns, [column["label"] for column in item["columns"]])


def _listed(what: str, was: Sequence[str], now: Sequence[str]) -> Iterator[str]:
    before, after = set(map(key, was)), set(map(key, now))
    more = [text for text in now if key(text) not in before]
    fewer = [text for text in was if key(text) not in after]
    if more:
        yield f"增加{what}“{'、'.join(more)}”"
    if fewer:
        yield f"去掉{what}“{'、'.join(fewer)}”"


def _moved(now: Sequence[_New]) -> set[int]:
    """The fields that left their order: all but the longest run of those that kept it."""
    order = [(one.number, one.old.number) for one in now if one.old]
    ends: list[int] = []
    length: list[int] = []
    for _, old in order:
        place = bisect_left(ends, old)
        ends[place : place + 1] = [old]
        length.append(place + 1)
    wanted, kept = len(ends), set()
    for (number, _), long in zip(reversed(order), reversed(length), strict=True):
        if long == wanted:
            kept.add(number)
            wanted -= 1
    return {number for number, _ in order} - kept


def _next(version: str) -> str:
    """The version after one: the number at its end, one higher."""
    number = re.search(r"[0-9]{1,9}$", version)
    raised = f"{version[: number.start()]}{int(number[0]) + 1}" if number else f"{version}.2"
    return raised[-20:] if raised[-20:][0].isalnum() else raised[-19:]


def _told(place: int | None, text: str) -> Guess:
    return Guess(place, text, is_change=True)
