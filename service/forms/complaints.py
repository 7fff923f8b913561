"""What pydantic finds wrong with data from YAML, in Chinese, at the line that caused it; for every kind of
definition."""

import difflib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from yaml.nodes import Node

from models.base import Wrong
from service.forms.yaml_nodes import Faults, Place, key_at, locate


def report(root: Node, error: ValidationError, model: type[BaseModel], faults: Faults) -> None:
    """Adds to `faults` all that is wrong with the data of `root` as a `model`."""
    details = error.errors(include_url=False, include_context=True)
    for detail in details:
        if not _follows(detail, details):
            _report(root, detail, model, faults)


def tell(root: Node, wrong: Iterable[Wrong], faults: Faults) -> None:
    """Adds to `faults` what rules of our own find."""
    for one in wrong:
        node, shown = locate(root, one.place)
        faults.at(node, f"{shown}：{one.expected}")


def _follows(detail: Any, details: Sequence[Any]) -> bool:
    """Whether a list is too short only because its entries are broken."""
    place = detail["loc"]
    return detail["type"] == "too_short" and any(
        len(d["loc"]) > len(place) and d["loc"][: len(place)] == place for d in details
    )


def _report(root: Node, detail: Any, model: type[BaseModel], faults: Faults) -> None:
    place, kind = tuple(detail["loc"]), detail["type"]
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        place = (*place, "kind")
    node, shown = locate(root, place)
    if kind == "extra_forbidden":
        node = key_at(root, place) or node
    if faults.has_data(node):
        faults.at(node, f"{shown}：{_expected(detail, model)}")


_TYPES = {
    "string_type": "应为文字（数字和 yes、no 等作文字用的，应加引号）",
    "bool_type": "应为 true 或 false",
    "int_type": "应为整数",
    "int_from_float": "应为整数",
    "float_type": "应为数字",
    "finite_number": "应为有限的数字",
    "tuple_type": "应为列表",
    "model_type": "应为键和值组成的映射",
    "model_attributes_type": "应为键和值组成的映射",
    "dict_type": "应为键和值组成的映射",
    "missing": "缺少这一项",
    "too_short": "应至少有 {min_length} 项",
    "string_too_short": "不应为空",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "应不小于 {ge}",
    "less_than_equal": "应不大于 {le}",
    "date_from_datetime_parsing": "应为日期，如 2021-02-09",
    "date_parsing": "应为日期，如 2021-02-09",
    "date_type": "应为日期，如 2021-02-09",
    "time_parsing": '应为加引号的时刻，如 "17:30"',
    "time_type": '应为加引号的时刻，如 "17:30"',
    "string_pattern_mismatch": "应符合格式 {pattern}",
}


def _expected(detail: Any, model: type[BaseModel]) -> str:
    """What was expected, in Chinese, of one entry of `ValidationError.errors()`."""
    kind, context, given = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind == "extra_forbidden":
        return _unknown_key(tuple(detail["loc"]), model)
    if kind == "literal_error":
        return f"应为 {_plain(context['expected'])}{_given(given)}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        kinds = _plain(context.get("expected_tags") or _all_kinds(tuple(detail["loc"]), model))
        return f"应为 {kinds} 之一{_given(context['tag']) if 'tag' in context else ''}"
    if kind == "value_error":
        return str(context["error"])
    words = _TYPES.get(kind)
    return (
        words.format(**context) + ("" if kind == "missing" else _given(given))
        if words
        else str(detail["msg"])
    )


def _plain(expected: str) -> str:
    return expected.replace("'", "").replace(" or ", "、").replace(", ", "、")


def _given(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return f"，写的是 {json.dumps(value)}"
    return f"，写的是“{str(value)[:40]}”" if isinstance(value, str | int | float) else ""


def _unknown_key(place: Place, model: type[BaseModel]) -> str:
    schema = _schema_at(place[:-1], model)
    known = sorted(schema.get("properties", ()))
    near = difflib.get_close_matches(str(place[-1]), known, 1, 0.6)
    return f"没有“{place[-1]}”这一项，" + (f"应为 {near[0]}？" if near else f"可用的有 {'、'.join(known)}")


def _all_kinds(place: Place, model: type[BaseModel]) -> str:
    return ", ".join(_schema_at(place, model).get("discriminator", {}).get("mapping", ()))


def _schema_at(place: Place, model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of what a pydantic location leads to; a kind in it chooses among the kinds of field."""
    whole = model.model_json_schema()

    def resolved(schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
        return schema

    schema = resolved(whole)
    for step in place:
        kinds = schema.get("discriminator", {}).get("mapping", {})
        if step in kinds:
            schema = resolved({"$ref": kinds[step]})
        else:
            schema = resolved(
                schema.get("items", {})
                if isinstance(step, int)
                else schema.get("properties", {}).get(step, {})
            )
    return schema
