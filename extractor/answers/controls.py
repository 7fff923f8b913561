"""What places of ours that survived in the file hold, as observations of their own, to be weighed against
what the table shows."""

from collections.abc import Iterable, Sequence
from typing import Any

from extractor import rungs
from extractor.answers.values import parse
from models.errors import Unparsable
from models.fields import ChoiceField, Field, RowsField
from models.findings import Finding
from models.form import FormDefinition
from models.page import Control
from models.record import Observation


def controls_of(form: FormDefinition, controls: Sequence[Control], part: str) -> Iterable[Observation]:
    """What the tagged controls hold, as observations of their own to be weighed against what the table
    shows."""
    for name, field in form.fields.items():
        own = [control for control in controls if control.tag.field == name]
        if not own or field.is_mark:
            continue
        value, raw, doubts = _control_value(field, form.titles[name], own)
        yield Observation(
            field=name, value=value, raw=raw, source="control", confidence=rungs.CERTAIN, doubts=doubts
        )


def _control_value(
    field: Field, title: str, controls: Sequence[Control]
) -> tuple[Any, str, tuple[Finding, ...]]:
    if isinstance(field, ChoiceField):
        ticked = {
            field.options[c.tag.option]
            for c in controls
            if c.ticked and c.tag.option is not None and c.tag.option < len(field.options)
        }
        return field.ordered(ticked), "、".join(ticked), ()
    if isinstance(field, RowsField):
        rows: dict[int, dict[str, str]] = {}
        for control in controls:
            if control.tag.row is not None and control.tag.column:
                row = rows.setdefault(control.tag.row, {})
                row[control.tag.column] = _in_row(field, control, row.get(control.tag.column, ""))
        try:
            values = [field.row(rows[number]) for number in sorted(rows)]
        except Unparsable as error:
            return None, "", (Finding.of("unparsable", field.name, title=title, reason=error.message),)
        # What has no control, such as a number that is printed before each row, only the page tells.
        held = {name for row in rows.values() for name in row}
        told = [{name: one for name, one in row.items() if name in held} for row in values if row is not None]
        return tuple(told) or None, "", ()
    text = next((control.text for control in controls if control.text is not None), "")
    value, doubts = parse(field, title, text)
    return value, text, doubts


def _in_row(field: RowsField, control: Control, before: str) -> str:
    """What a column of a row says with one more control of its own: boxes name the options that they tick."""
    if control.tag.option is None:
        return control.text or ""
    choice = next((one.field for one in field.columns if one.field.name == control.tag.column), None)
    if not control.ticked or not isinstance(choice, ChoiceField) or control.tag.option >= len(choice.options):
        return before
    return "、".join(filter(None, (before, choice.options[control.tag.option])))
