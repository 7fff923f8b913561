"""Form definitions from YAML, strictly: every problem of a file is reported at once, with its line and what
was expected.

The YAML is composed to nodes first, because nodes know their lines, and only then turned into data. What a
definition may hold is said by `models.form`; here its complaints are brought back to the lines that caused
them.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import models
from models.base import Wrong
from models.errors import DefinitionError
from models.form import FormDefinition, FormRow, inconsistencies, undivided
from service.forms.complaints import report, tell
from service.forms.yaml_nodes import Faults, Place, compose, to_data

SHIPPED = Path(models.__file__).parent.parent / "fixtures" / "forms"


def load_forms(folder: Path | None = None) -> dict[str, FormDefinition]:
    """All definitions of `folder` (None: the shipped ones) by name.

    Raises:
        DefinitionError: with the problems of all files; also where two files define one name, or there is
            none.
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
    """The definition in `path`. One that `is_new` must not leave open, either, which of two fields an answer
    belongs to; forms that are out already are read whatever they leave open.

    Raises:
        DefinitionError: with every problem of the file.
    """
    form, wrong = _read(path, is_new=is_new)
    if form is None:
        raise DefinitionError(wrong)
    return form


def problems(path: Path) -> list[str]:
    """Every problem of the definition in `path` as `file:line:column: path: what was expected`, in the order
    of lines."""
    return _read(path, is_new=True)[1]


def problems_of(paths: Sequence[Path]) -> list[str]:
    """`problems` of all `paths`, and the names that two of them share."""
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
        # JSON is where pydantic's strict mode takes a list for a tuple, but no "yes" for true and no "3" for
        # 3.
        form = FormDefinition.model_validate_json(json.dumps(data), strict=True)
    except ValidationError as error:
        report(root, error, FormDefinition, faults)
        tell(root, _also_inconsistent(data), faults)
    if form is not None and is_new:
        tell(root, undivided(form), faults)
    found = faults.lines()
    return (None if found else form), found


def _also_inconsistent(data: Any) -> Sequence[Wrong]:
    """What a broken definition's sound rows do wrong together; pydantic asks that only where nothing is
    broken."""
    rows = data.get("rows") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        return ()
    sound = {i: row for i, data in enumerate(rows) if (row := _sound(data))}
    columns = data.get("columns")
    return inconsistencies(
        len(columns) if isinstance(columns, list) else None, sound, frozenset(_names(rows))
    )


def _sound(data: Any) -> FormRow | None:
    """A row without its unknown keys and broken fields; None where still more is wrong with it."""
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
    """Takes what a complaint is about off a row: an unknown key, or the field, whose place is kept for those
    after it."""
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
