"""Reads form definitions from YAML strictly: all problems of a file are reported at once, each with its line
and with what was expected.

The YAML is first composed to nodes, because nodes know their lines, and then turned into data. `models.form`
says what a definition may hold. This module maps its complaints back to the lines that caused them.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.base import Wrong
from models.errors import DefinitionError
from models.form import FormDefinition, FormRow, inconsistencies, undivided, unended
from service.forms.complaints import report, tell
from service.forms.shipped import FORMS as SHIPPED
from service.forms.yaml_nodes import Faults, Place, compose, to_data


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
        report(root, error, FormDefinition, faults)
        tell(root, _also_inconsistent(data), faults)
    if form is not None and is_new:
        tell(root, [*undivided(form), *unended(form)], faults)
    found = faults.lines()
    return (None if found else form), found


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


def _names(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        if isinstance(data.get("name"), str):
            yield data["name"]
        data = list(data.values())
    if isinstance(data, list):
        for item in data:
            yield from _names(item)
