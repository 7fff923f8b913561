"""What happens to a field on its way through Sealform: written into forms, read back, exported. Prints what
came of it as JSON.

python -m tests.new_kind.way FOLDER-OF-DEFINITIONS FORM FIELD VALUE…
"""

import io
import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from extractor import Source, extract
from extractor.results import Result
from generator import Kind, generate, new_identity
from models.form import FormDefinition
from models.record import Record
from service.export.files import Format, Shape, write_records
from service.forms.definitions import load_forms
from service.runs.summary import details
from service.store.exports import Kept
from tests.records import random_record


def main(folder: str, form_name: str, field: str, *values: str) -> None:
    form, shipped = load_forms(Path(folder))[form_name], load_forms()[form_name]
    told: dict[str, Any] = {"kind": form.fields[field].kind, "read": {}, "exported": {}}
    for value in values:
        filled = {**random_record(shipped, 3).values, field: value}
        record = Record(form=form.name, version=form.version, values=filled)
        told["read"][value] = {kind: _read(form, record, kind, field) for kind in ("docx", "pdf")}
        told["exported"][value] = {kind: _exported(form, record, kind) for kind in get_args(Format)}
    print(json.dumps(told))


def _read(form: FormDefinition, record: Record, kind: Kind, name: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / f"returned.{kind}"
        path.write_bytes(generate(form, kind, new_identity(form), record).data)
        result: Result = extract(Source.at(path), {form.name: form})[0]
    read = result.fields[name]
    codes = [finding.code for finding in result.findings if finding.field == name]
    said = list(details([result.to_json()], {}, (), {form.name: form}))
    return {"value": read.value, "raw": read.raw, "decision": read.decision, "findings": codes, "said": said}


def _exported(form: FormDefinition, record: Record, kind: Format) -> str:
    """The bytes of an export, in hexadecimal digits."""
    now, content = datetime(2026, 11, 22, tzinfo=UTC), record.to_json(form)
    kept = Kept(
        id=1, changed=1, version=1, status="accepted", form=form.name, form_version=form.version,
        name="returned.docx", unit=None,
        received_at=now, updated_at=now, replaces=None, replaced_by=None, error_code=None, failure=None,
        purged=False,
        content=content, marks={name: {"state": "read", "by": "worker:1"} for name in content}, findings=[],
    )  # fmt: skip
    target = io.BytesIO()
    write_records(kind, target, [kept], Shape({form.name: form}, {}))
    return target.getvalue().hex()


if __name__ == "__main__":
    main(*sys.argv[1:])
