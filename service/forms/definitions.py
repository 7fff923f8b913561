"""Reads form definitions from YAML strictly: all problems of a file are reported at once, each with its line
and with what was expected.

The YAML is first composed to nodes, because nodes know their lines, and then turned into data. `models.form`
says what a definition may hold. This module maps its complaints back to the lines that caused them.
"""

import difflib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from yaml.nodes import Node

from models.base import Wrong
from models.errors import DefinitionError
from models.form import FormDefinition, FormRow, inconsistencies, undivided
from service.forms.shipped import FORMS as SHIPPED
from service.forms.yaml_nodes import Faults, Place, compose, key_at, locate, to_data


def load_forms(folder: Path | None = None) -> dict[str, FormDefinition]:
    """Returns all definitions of `folder` (None: the shipped ones) by name.

    Raises:
        DefinitionError: a definition has problems, two files define one name, or there is none. It holds the
            problems of all files.
    """
    folder = folder or SHIPPED
    if not folder.is_dir():
        raise DefinitionError([f"{folder}: 没有这个文件夹"])
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") and path.is_file())
    forms, found = _read_all(paths)
    if found or not forms:
        raise DefinitionError(found or [f"{folder}: 文件夹中没有 .yaml 定义文件"])
    return forms


def load_form(path: Path, *, is_new: bool = False) -> FormDefinition:
    """Returns the definition in `path`. A definition that `is_new` must also leave no doubt which of two
    fields an answer belongs to. Forms that are already in use are read even where they leave such a doubt.

    Raises:
        DefinitionError: the definition has problems; it holds all of them.
    """
    form, wrong = _read(path, is_new=is_new)
    if form is None:
        raise DefinitionError(wrong)
    return form


def problems(path: Path) -> list[str]:
    """Returns every problem of the definition in `path` as `file:line:column: path: what was expected`, in
    the order of lines."""
    return _read(path, is_new=True)[1]


def problems_of(paths: Sequence[Path]) -> list[str]:
    """Returns the `problems` of all `paths`, and the names that two of them share."""
    return _read_all(paths, is_new=True)[1]


def _read_all(paths: Sequence[Path], *, is_new: bool = False) -> tuple[dict[str, FormDefinition], list[str]]:
    forms: dict[str, FormDefinition] = {}
    where: dict[str, Path] = {}
    found: list[str] = []
    for path in paths:
        form, wrong = _read(path, is_new=is_new)
        found += wrong
        if form and form.name in forms:
            found.append(f"{path}:1:1: name：表格名称应各不相同，“{form.name}”已由 {where[form.name]} 定义")
        elif form:
            forms[form.name], where[form.name] = form, path
    return forms, found


def _read(path: Path, *, is_new: bool) -> tuple[FormDefinition | None, list[str]]:
    faults = Faults(path)
    root = compose(path, faults)
    if root is None:
        return None, faults.lines()
    data = to_data(root, faults, ())
    form = None
    try:
        # pydantic's strict mode takes a list for a tuple only where it reads JSON. It still takes no "yes"
        # for true and no "3" for 3.
        form = FormDefinition.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
        for detail in details:
            if not _follows(detail, details):
                _report(root, detail, faults)
        _tell(root, _also_inconsistent(data), faults)
    if form is not None and is_new:
        _tell(root, undivided(form), faults)
    found = faults.lines()
    return (None if found else form), found


def _tell(root: Node, wrong: Iterable[Wrong], faults: Faults) -> None:
    for one in wrong:
        node, shown = locate(root, one.place)
        faults.at(node, f"{shown}：{one.expected}")


def _also_inconsistent(data: Any) -> Sequence[Wrong]:
    """Returns the problems that the sound rows of a broken definition have together. pydantic checks those
    only where nothing is broken."""
    rows = data.get("rows") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        return ()
    sound = {i: row for i, data in enumerate(rows) if (row := _sound(data))}
    columns = data.get("columns")
    return inconsistencies(
        len(columns) if isinstance(columns, list) else None, sound, frozenset(_names(rows))
    )


def _sound(data: Any) -> FormRow | None:
    """Returns a row without its unknown keys and broken fields, or None where more is wrong with it."""
    try:
        return FormRow.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        mended = json.loads(json.dumps(data))
        for detail in error.errors(include_url=False):
            _mend(mended, detail["loc"], detail["type"] == "extra_forbidden")
    try:
        return FormRow.model_validate_json(json.dumps(mended), strict=True)
    except ValidationError:
        return None


def _mend(row: Any, place: Place, is_unknown: bool) -> None:
    """Removes from a row what a complaint is about. An unknown key is taken out. A broken field is replaced,
    so that the fields after it keep their places."""
    match place:
        case (key,) if is_unknown:
            row.pop(key)
        case ("cells", j, key) if is_unknown:
            row["cells"][j].pop(key)
        case ("cells", j, "content", k, _, key) if is_unknown:
            row["cells"][j]["content"][k].pop(key, None)
        case ("cells", j, "content", k, *_):
            row["cells"][j]["content"][k] = {"kind": "printed", "text": "-"}


def _follows(detail: Any, details: Sequence[Any]) -> bool:
    """Returns whether a list is too short only because its entries are broken."""
    place = detail["loc"]
    return detail["type"] == "too_short" and any(
        len(d["loc"]) > len(place) and d["loc"][: len(place)] == place for d in details
    )


def _names(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        if isinstance(data.get("name"), str):
            yield data["name"]
        data = list(data.values())
    if isinstance(data, list):
        for item in data:
            yield from _names(item)


def _report(root: Node, detail: Any, faults: Faults) -> None:
    place, kind = tuple(detail["loc"]), detail["type"]
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        place = (*place, "kind")
    node, shown = locate(root, place)
    if kind == "extra_forbidden":
        node = key_at(root, place) or node
    if faults.has_data(node):
        faults.at(node, f"{shown}：{_expected(detail)}")


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
    "string_pattern_mismatch": "应符合格式 {pattern}",
}


def _expected(detail: Any) -> str:
    """Returns in Chinese what was expected, for one entry of `ValidationError.errors()`."""
    kind, context, given = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind == "extra_forbidden":
        return _unknown_key(tuple(detail["loc"]))
    if kind == "literal_error":
        return f"应为 {_plain(context['expected'])}{_given(given)}"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        kinds = _plain(context.get("expected_tags") or _all_kinds(tuple(detail["loc"])))
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


def _unknown_key(place: Place) -> str:
    schema = _schema_at(place[:-1])
    known = sorted(schema.get("properties", ()))
    near = difflib.get_close_matches(str(place[-1]), known, 1, 0.6)
    return f"没有“{place[-1]}”这一项，" + (f"应为 {near[0]}？" if near else f"可用的有 {'、'.join(known)}")


def _all_kinds(place: Place) -> str:
    return ", ".join(_schema_at(place).get("discriminator", {}).get("mapping", ()))


def _schema_at(place: Place) -> dict[str, Any]:
    """Returns the JSON schema at a pydantic location. Where the location names a kind, it chooses among the
    kinds of field."""
    whole = FormDefinition.model_json_schema()

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
