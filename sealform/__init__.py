"""Sealform as a library: forms as data, documents from them, and what comes back as values of which each says
whether a person must look.

    forms = load_forms()
    for result in extract(Source.at(path), forms, Options()):
        ...

What is named here stays; all else may change with any version.
"""

from extractor import Options, Source, extract
from generator import generate, new_identity
from models.form import FormDefinition
from models.record import Record, Result
from service.forms.definitions import load_form, load_forms

__all__ = [
    "FormDefinition", "Options", "Record", "Result", "Source",
    "extract", "generate", "load_form", "load_forms", "new_identity",
]  # fmt: skip
