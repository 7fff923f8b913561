"""Other words for what a form prints, that copies in use bear: learned since the definition was written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from models.form import FormDefinition
from models.printed import phrases_of_form
from models.writing import key

Printed = Literal["label", "prompt", "option"]


@dataclass(frozen=True, order=True)
class Alias:
    """`text` in the place of the label of the cell that asks for `field`, of the field's prompt, or of one of
    its options, which `option` then names."""

    form: str
    field: str
    place: Printed
    text: str
    option: str = ""

    @property
    def same(self) -> tuple[str, str, str, str, str]:
        """What is equal in two that differ only by blanks and signs."""
        return self.form, self.field, self.place, self.option, key(self.text)


def with_aliases(form: FormDefinition, aliases: Iterable[Alias]) -> FormDefinition:
    """Return `form` with these among the aliases of what they stand for. Left out is what is about another
    form, about a field that it does not have, and what the form prints already."""
    mine = [one for one in aliases if one.form == form.name and one.field in form.fields]
    if not mine:
        return form
    known, plain = printed_keys(form), form.model_dump()
    for one in mine:
        if key(one.text) in known:
            continue
        known.add(key(one.text))
        for cell, item in _items(plain):
            if item.get("name") == one.field:
                _add(cell, item, one)
    return FormDefinition.model_validate(plain)


def _add(cell: dict[str, Any], item: dict[str, Any], one: Alias) -> None:
    if one.place == "label":
        cell["aliases"] = (*cell["aliases"], one.text)
    elif one.place == "prompt":
        item["prompt_aliases"] = (*item["prompt_aliases"], one.text)
    elif one.option in item.get("options", ()):
        item["option_aliases"] = (*item["option_aliases"], {"option": one.option, "text": one.text})


def printed_as(form: FormDefinition, alias: Alias) -> str:
    """Return the label, the prompt or the option that `form` prints where copies bear the alias."""
    if alias.place == "option":
        return alias.option
    cell = next(cell for cell in form.cells() if any(one.name == alias.field for one in cell.fields))
    return (cell.label if alias.place == "label" else form.fields[alias.field].prompt) or ""


def _items(plain: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for row in plain["rows"]:
        for cell in row["cells"]:
            yield from ((cell, item) for item in cell["content"])


def printed_keys(form: FormDefinition) -> set[str]:
    """The keys of all labels, prompts, options and other words that a form prints, in each known wording, and
    of what its fields are called."""
    called = (key(field.label or "") for field in form.fields.values())
    return {*phrases_of_form(form), *filter(None, called)}
