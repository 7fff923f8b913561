"""Files that applicants might send: forms that our own generator filled in, so that what is read is known."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generator import generate, new_identity
from models.form import FormDefinition
from models.identity import Identity
from models.record import Record
from service.forms.definitions import load_forms
from tests.records import random_record

FORM = "enterprise-filing"


def filled(
    folder: Path,
    seed: int,
    changes: Mapping[str, Any] | None = None,
    identity: Identity | None = None,
    form: FormDefinition | None = None,
) -> Path:
    """A Word file in which nothing is doubtful, unless `changes` make it so; of the form with that
    `identity`, or of a new one."""
    form = form or load_forms()[FORM]
    values = {
        **random_record(form, seed).values,
        _applicant(form): unit(form, seed),
        **(changes or {}),
    }
    path = folder / f"备案表{seed:03}.docx"
    path.write_bytes(
        generate(
            form,
            "docx",
            identity or new_identity(form),
            Record(form=form.name, version=form.version, values=values),
        ).data
    )
    return path


def unit(form: FormDefinition, seed: int) -> str:
    """Who applies, in the file of that seed: nobody else, because the same unit would be the same again."""
    return f"{random_record(form, seed).values[_applicant(form)]}{seed}"


def _applicant(form: FormDefinition) -> str:
    return (*form.applicant, *form.fields)[0]
