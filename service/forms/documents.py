"""Writes documents for `sealform blank` and `sealform prefill`: one from a definition, or one for each
record."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from extractor import print_docx
from generator import Kind, generate, generate_from, new_identity
from generator.roster import Roster, RosterRow, file_name, read_roster
from models.errors import BadUsage, GenerationError
from models.form import FormDefinition
from models.record import Record
from models.template import Unplaced
from service.atomic_files import ANOTHER_FOLDER, check_targets, write_whole
from service.forms.templates import Template

MAX_RECORD_BYTES = 4 << 20


@dataclass(frozen=True)
class Made:
    """What became of a row: the file that was written, with what a template has no place for, or complaints
    because of which none was."""

    number: int
    path: Path | None
    problems: tuple[str, ...] = ()


def kind_of(path: Path, flat: bool = False) -> Kind:
    """Returns the kind of document that the suffix of `path` asks for. `flat` asks for a PDF that can only be
    printed.

    Raises:
        BadUsage: no such kind can be made.
    """
    kinds: dict[tuple[str, bool], Kind] = {
        (".docx", False): "docx",
        (".pdf", False): "pdf",
        (".pdf", True): "pdf-flat",
    }
    kind = kinds.get((path.suffix.lower(), flat))
    if kind is None:
        what = "不能在屏幕上填写的 Word 表格" if flat else f"{path.suffix or '没有扩展名的'} 文件"
        raise BadUsage(f"不能生成 {what}：{path}", advice="可以生成 .docx 和 .pdf；--flat 只用于 .pdf")
    return kind


def make(
    form: FormDefinition,
    path: Path,
    kind: Kind,
    record: Record | None = None,
    *,
    overwrite: bool = False,
    template: Template | None = None,
) -> tuple[Unplaced, ...]:
    """Writes `form`, blank or with the values of `record`, to `path`, out of the `template` if there is one.
    What has no place in that is handed back.

    Raises:
        BadUsage: without `overwrite`, a file is there already.
        GenerationError: the values of `record` can't stand in a document.
        UnreadableFile: LibreOffice is missing or fails where it is to print the template.
        OSError: `path` can't be written.
    """
    check_targets(path, replace=overwrite)
    data, unplaced = made(form, kind, record, template)
    write_whole(path, data)
    return unplaced


def made(
    form: FormDefinition, kind: Kind, record: Record | None, template: Template | None
) -> tuple[bytes, tuple[Unplaced, ...]]:
    """The bytes of a document, and what has no place in the template; see `make`."""
    identity = new_identity(form)
    if template is None:
        return generate(form, kind, identity, record).data, ()
    is_print = kind != "docx"
    filled, unplaced = generate_from(template.data, form, identity, template.spots, record, is_print=is_print)
    data = print_docx(filled.data, template.options) if is_print else filled.data
    return data, tuple(dict.fromkeys((*template.unplaced, *unplaced)))


def roster_of(form: FormDefinition, roster: Path) -> Roster:
    """The rows of a roster, good and bad, and what of it was not used.

    Raises:
        RosterError: the roster can't be read at all.
        OSError: the file can't be opened.
    """
    return read_roster(form, roster.read_bytes())


def make_each(
    form: FormDefinition,
    rows: Sequence[RosterRow],
    folder: Path,
    kind: Kind,
    *,
    overwrite: bool = False,
    template: Template | None = None,
) -> Iterator[Made]:
    """A document in `folder` for each good row; a bad one is reported and the others are still made. What a
    template has no place for is told of each.

    Raises:
        BadUsage: without `overwrite`, one of the files is there already; then none is written.
        OSError: a file can't be written.
    """
    taken, suffix = set[str](), ".docx" if kind == "docx" else ".pdf"
    paths = {
        row.number: folder / f"{file_name(form, row.record, taken)}{suffix}"
        for row in rows
        if row.record and not row.problems
    }
    check_targets(*paths.values(), replace=overwrite, advice=ANOTHER_FOLDER)
    for row in rows:
        path = paths.get(row.number)
        if path is None:
            yield Made(row.number, None, tuple(problem.message for problem in row.problems))
            continue
        try:
            unplaced = make(form, path, kind, row.record, overwrite=overwrite, template=template)
        except GenerationError as error:
            yield Made(row.number, None, (f"第{row.number}行：{error}",))
        else:
            yield Made(row.number, path, tuple(f"第{row.number}行：{one}" for one in unplaced))


def read_record(form: FormDefinition, path: Path) -> Record:
    """Reads one record from a JSON file, which holds {field: value} or one line of a results file.

    Raises:
        BadUsage: the file holds no such object, or a value does not have its field's shape. The error lists
            all problems.
        OSError: the file can't be opened.
    """
    if path.stat().st_size > MAX_RECORD_BYTES:
        raise _bad_record(f"{path} 大于 {MAX_RECORD_BYTES >> 20} MiB")
    try:
        data = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise _bad_record(f"{path} 不是 JSON 文件") from None
    values = _values(data)
    if values is None:
        raise _bad_record(f"{path} 不是一份记录")
    found, wrong = {}, [f"没有“{name}”这个字段" for name in values if name not in form.fields]
    for name, field in form.fields.items():
        try:
            found[name] = field.from_json(values.get(name))
        except ValueError as error:
            detail = (
                error.errors(include_url=False)[0]["msg"] if isinstance(error, ValidationError) else error
            )
            wrong.append(f"{name}（{form.titles[name]}）：{detail}")
    if wrong:
        raise _bad_record(f"{path}：" + "；".join(wrong))
    return Record(form=form.name, version=form.version, values=found)


def _bad_record(message: str) -> BadUsage:
    return BadUsage(message, advice="应为一个 JSON 对象，键为字段名，值的写法与 sealform extract 的结果相同")


def _values(data: Any) -> dict[str, Any] | None:
    if not isinstance(data, dict):
        return None
    fields = data.get("fields") if isinstance(data.get("source"), str) else None
    if isinstance(fields, dict):
        return {
            name: result.get("value") if isinstance(result, dict) else None for name, result in fields.items()
        }
    return data
