"""The rules of a valid record; no other place decides it. A field kind holds the rules of one value."""

from collections.abc import Iterator

from models.fields import Field
from models.findings import Finding
from models.form import FormDefinition
from models.record import Record
from models.writing import excerpt, key

# A name counts as mentioned when this many of its characters stand together, because 近零碳 projects drop
# 有限公司 and the like.
_MENTION_LENGTH = 4


def check(form: FormDefinition, record: Record) -> list[Finding]:
    """Return everything that is wrong with `record` as an answer to `form`, in the order of the form."""
    found: list[Finding] = []
    for name, field in form.fields.items():
        value, title = record.values.get(name), form.titles[name]
        if value is None:
            if field.required:
                found.append(Finding.of(field.missing, name, title=title))
        else:
            found += field.check(value, title)
            found += _mention(form, record, field)
        found += _beside(form, record, name)
    return found


def _mention(form: FormDefinition, record: Record, field: Field) -> Iterator[Finding]:
    """Report a text that should mention another field's value and holds no long enough part of it. Seals use
    `agrees` instead."""
    text = record.values.get(field.name)
    other = record.values.get(field.mentions) if field.mentions else None
    if not isinstance(text, str) or not isinstance(other, str):
        return
    if not _shares(key(text), key(other)):
        yield Finding.of("mention-missing", field.name, title=form.titles[field.name], other=other)


def _beside(form: FormDefinition, record: Record, name: str) -> Iterator[Finding]:
    """Report an option that was chosen without the words that it asks for, and words beside one that was not
    chosen: whoever wrote them may have meant it."""
    choice, option = form.beside.get(name, ("", ""))
    if not choice:
        return
    value, is_chosen = record.values.get(name), option in (record.values.get(choice) or ())
    if is_chosen and value is None:
        yield Finding.of("choice-text-missing", name, title=form.titles[name], option=option)
    if value is not None and not is_chosen:
        for one in (name, choice):
            text = excerpt(form.fields[name].format(value))
            yield Finding.of("choice-text-unticked", one, title=form.titles[one], option=option, text=text)


def _shares(text: str, name: str) -> bool:
    """Tell whether `text` holds a run of `name` that is long enough to recognise it; both are `key`s."""
    length = min(_MENTION_LENGTH, len(name))
    runs = {text[i : i + length] for i in range(len(text) - length + 1)}
    return any(name[i : i + length] in runs for i in range(len(name) - length + 1))
