"""A form as a Word file, drafted, and a copy of it read by the definition that this gave."""

import io
from pathlib import Path
from typing import Any

from extractor import Source, draft_form, extract
from models.form import FormDefinition
from models.record import Result
from service.forms.drafts import field_name


def saved(document: Any) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def drafted(data: bytes) -> FormDefinition:
    return FormDefinition.model_validate(draft_form(data, "draft", field_name).form)


def result_of(form: FormDefinition, data: bytes, folder: Path) -> Result:
    path = folder / "a.docx"
    path.write_bytes(data)
    (result,) = extract(Source.at(path), {form.name: form})
    return result


def read(form: FormDefinition, data: bytes, folder: Path) -> dict[str, Any]:
    """The values that are read, by title."""
    return {form.titles[name]: one.value for name, one in result_of(form, data, folder).fields.items()}
