"""The words that a form prints, in each known wording, as keys."""

from collections.abc import Iterator

from models.fields import ChoiceField, RowsField
from models.form import FormCell, FormDefinition, Printed
from models.writing import key


def phrases_of_form(form: FormDefinition) -> Iterator[str]:
    """The keys of all that a form prints."""
    yield from phrases_around(form)
    for cell in form.cells():
        yield from phrases_of(cell)


def phrases_around(form: FormDefinition) -> Iterator[str]:
    """The keys of what a form prints outside its cells."""
    texts = [form.title, *form.title_aliases, form.heading or "", *form.notes, *form.notes_aliases]
    yield from filter(None, map(key, texts))


def phrases_of(cell: FormCell) -> Iterator[str]:
    """The keys of all that a cell prints: its label, its words, and those of its fields."""
    texts = [cell.label or "", *cell.aliases]
    for item in cell.content:
        if isinstance(item, Printed):
            texts += [item.text, *item.aliases]
            continue
        texts += [item.prompt or "", *item.prompt_aliases, *item.guidance, *item.guidance_aliases]
        if isinstance(item, ChoiceField):
            texts += [words for option in item.options for words in item.words_of(option)]
        if isinstance(item, RowsField):
            texts += [text for column in item.columns for text in (column.label, *column.aliases)]
    yield from filter(None, map(key, texts))
