"""Labels, prompts and options in words that the form does not know: what stands beside a value that a person
found where the form's own words were not found."""

import re
from collections.abc import Container, Iterator, Mapping, Sequence

from extractor.answers.choice_tokens import tokens_of
from extractor.answers.labels import Alignment, align
from extractor.answers.units import Unit, units_of
from extractor.text.passage import PICTURE, REMARK
from models.aliases import Alias, printed_keys
from models.errors import Unparsable
from models.fields import ChoiceField, Field
from models.form import FormDefinition
from models.page import Pages
from models.writing import key, one_line

_LEAST, _MOST = 2, 16  # characters of a label
_LEAST_VALUE = 2  # characters of a value that tell where it stands
_BEFORE_COLON = re.compile(r"(?:^|[\s；;，,。])([^\s；;，,。：:]+)\s*[:：]\s*$")
_LETTERS = re.compile(r"[^\W\d_]")


def unknown_aliases(form: FormDefinition, pages: Pages, right: Mapping[str, str]) -> list[Alias]:
    """The labels, prompts and options of `form` that stand on `pages` in other words: where the value of a
    field, as `right` says it in the words of the field's kind, stands beside words that are no label, while
    the field's own label was not found; or, where that was found, its prompt. Of options the words in place
    of the one that was chosen and is missing."""
    alignment, printed = align(form, units_of(pages)), printed_keys(form)
    values = {key(text) for text in right.values()}
    found: list[Alias] = []
    for name, text in right.items():
        field = form.fields[name]
        if isinstance(field, ChoiceField):
            found += _options_in_other_words(alignment, form.name, field, text, printed)
            continue
        places = [unit for unit in alignment.units if _holds(field, unit, text)]
        if len(places) != 1:
            continue  # nowhere, or nobody can tell where
        (place,) = places
        is_label = not _has_label(alignment, name)
        if not is_label and not field.prompt:
            continue
        for words in _words_before(alignment, place, field, text, beside=is_label):
            known = key(words)
            if _LEAST <= len(known) <= _MOST and _LETTERS.search(known) and known not in printed | values:
                found.append(Alias(form.name, name, "label" if is_label else "prompt", words))
                break
    return found


def _options_in_other_words(
    alignment: Alignment, form: str, field: ChoiceField, text: str, printed: Container[str]
) -> Iterator[Alias]:
    """Yield the words that stand among the options in place of the only one that is missing, where that is
    what was chosen."""
    chosen = field.parse(text) or ()
    for unit in alignment.units:
        tokens = tokens_of(field, unit.passage)
        here = {token.option for token in tokens if token.option is not None}
        missing = [option for n, option in enumerate(field.options) if n not in here]
        if not here or len(missing) != 1 or missing[0] not in chosen:
            continue
        rest = unit.passage.text.replace(PICTURE, " ").replace(REMARK, " ")
        for token in reversed(tokens):
            rest = rest[: token.start] + " " + rest[token.end :]
        words = [one for one in rest.split() if _LETTERS.search(key(one))]
        if len(words) == 1 and key(words[0]) not in printed and len(key(words[0])) <= _MOST:
            yield Alias(form, field.name, "option", words[0], missing[0])


def _has_label(alignment: Alignment, name: str) -> bool:
    return any(
        index in alignment.found
        for index, label in enumerate(alignment.labels)
        if label.column is None and any(field.name == name for field in label.cell.fields)
    )


def _holds(field: Field, unit: Unit, text: str) -> bool:
    """Whether a value stands in a unit, by itself or behind words that end in a colon."""
    if len(key(text)) < _LEAST_VALUE or unit.is_crossed_out:
        return False
    words = unit.passage.words
    return any(_says(field, part, text) for part in (words, *re.split(r"[:：]", words)[-1:]))


def _says(field: Field, words: str, text: str) -> bool:
    if key(words) == key(text):
        return True
    if not field.has_shape:
        return False
    try:
        value = field.parse(words)
        return value is not None and value == field.parse(text)
    except Unparsable:
        return False


def _words_before(
    alignment: Alignment, place: Unit, field: Field, text: str, *, beside: bool
) -> Iterator[str]:
    """Yield what may be the label of a value: words before a colon in its own cell or line, else the cell
    beside it, or above it."""
    words = place.passage.words
    head = words[: len(words) - len(re.split(r"[:：]", words)[-1])]
    inner = _BEFORE_COLON.search(head)
    if inner:
        yield one_line(inner[1])
        return
    if not beside or place.cell is None:
        return
    taken = {id(find.unit) for find in alignment.found.values()}
    for other in (*_left(alignment.units, place), *_above(alignment.units, place)):
        if other.key:
            if id(other) not in taken:
                yield one_line(other.passage.words)
            return


def _left(units: Sequence[Unit], place: Unit) -> list[Unit]:
    """The cells of the same row to the left, the nearest first."""
    own = place.cell
    assert own is not None
    row = [
        (one.cell.column, one)
        for one in units
        if one.table is place.table and one.cell and one.cell.column < own.column
        and one.cell.row <= own.row < one.cell.row + one.cell.row_span
    ]  # fmt: skip
    return [one for _, one in sorted(row, key=lambda pair: -pair[0])]


def _above(units: Sequence[Unit], place: Unit) -> list[Unit]:
    """The cell above, where the value has no other to its left."""
    own = place.cell
    assert own is not None
    return [
        one
        for one in units
        if one.table is place.table and one.cell and one.cell.column == own.column
        and one.cell.row + one.cell.row_span == own.row
    ]  # fmt: skip
