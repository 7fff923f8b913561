"""What is shown of values that only some may see whole: in lists and exports, their beginnings and ends."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from models.form import FormDefinition
from service.results import FindingJson
from service.store.exports import Kept


def masked(form: FormDefinition | None) -> frozenset[str]:
    """The fields of `form` whose values only some may see whole."""
    fields = form.fields if form else {}
    return frozenset(name for name, field in fields.items() if field.is_masked)


def cover(form: FormDefinition | None, content: Mapping[str, Any]) -> dict[str, Any]:
    """`content` ({field: JSON value}) as it is shown to the others."""
    hidden = masked(form)
    return {
        name: cover_value(form, name, value) if form and name in hidden else value
        for name, value in content.items()
    }


def cover_value(form: FormDefinition, name: str, value: Any) -> Any:
    """The JSON value of a masked field as it is shown to the others."""
    field: Any = form.fields[name]
    try:
        typed = field.from_json(value)
    except ValueError:
        return None  # read with another version of the form
    return None if typed is None else field.to_json(field.covered(typed))


def cover_findings(form: FormDefinition | None, findings: Iterable[FindingJson]) -> list[FindingJson]:
    """`findings` without the values that they quote."""
    hidden = masked(form)
    return [
        {**one, "message": covered_message(form.titles[name])}
        if form and (name := one.get("field")) in hidden and name is not None
        else one
        for one in findings
    ]


def covered_message(title: str) -> str:
    """What a finding of a masked field says to the others."""
    return f"“{title}”有一处提示，内容已遮盖"


def cover_kept(form: FormDefinition | None, kept: Kept) -> Kept:
    """A record as it is exported for the others."""
    if not masked(form):
        return kept
    return replace(kept, content=cover(form, kept.content), findings=cover_findings(form, kept.findings))
