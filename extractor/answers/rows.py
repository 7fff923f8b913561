"""A table inside the form: the rows under its headings, a cell for each column, with the signatures in them
(pure)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from extractor import rungs
from extractor.answers.books import Claims
from extractor.answers.choice_tokens import tokens_of
from extractor.answers.labels import Alignment
from extractor.answers.oddities import remarks, unread_in
from extractor.answers.regions import Regions
from extractor.answers.signatures import observe_signature
from extractor.answers.units import Unit
from extractor.answers.values import observe_written, parse, typed_mark
from extractor.text.passage import Passage
from extractor.weighing.calibration import held_confidence, legibility, probability, sign_of_mark, signs_of
from models.fields import ChoiceField, Field, RowsField, SignatureField
from models.findings import Finding
from models.form import FormCell
from models.page import Pages
from models.record import Observation
from models.writing import key, one_line

_COUNTING = frozenset(["序号", "行号", "次序"])
_TOTALS = frozenset(["合计", "总计", "小计", "共计", "累计"])


def observe_rows(
    alignment: Alignment,
    cell: FormCell,
    field: RowsField,
    regions: Regions,
    claims: Claims,
    pages: Pages,
    pictured: Collection[int],
    part: str,
) -> Iterator[Observation]:
    """The rows under the headings that were found; a cell belongs to the column whose heading it stands
    under. `pictured` are the pages that are pictures, on which somebody may have signed."""
    headings = {
        label.column.field.name: alignment.found[index]
        for index, label in enumerate(alignment.labels)
        if label.cell is cell and label.column and index in alignment.found
    }
    if not headings:
        return
    title = alignment.form.titles[field.name]
    values: list[Mapping[str, Any]] = []
    doubts: list[Finding] = []
    passages: list[Passage] = []
    signed: list[Observation] = []
    first = min(headings.values(), key=lambda find: find.order)
    below = regions.rows_below(first.unit)
    written = {name: find for name, find in headings.items() if name not in field.marks}
    # Where somebody signs, writing that is not read is what is asked for.
    if unread_in([[u for u in units if _is_written(u, headings, written)] for units in below], pages):
        doubts.append(Finding.of("ink-unread", field.name, title=title))
    for units in below:
        row: dict[str, Any] = {}
        claims.region(cell, [unit.passage for unit in units])
        for column in field.columns:
            heading = headings.get(column.field.name)
            under = [u for u in units if heading and _stands_under(u, heading.unit)]
            passage = Passage.join(u.passage for u in under)
            name = f"{title}第{len(values) + 1}行{column.label}"
            odd = [
                Finding.of(code, field.name, title=name, text=text[:40])
                for code, names, text in remarks([passage], [column.field])
                if names
            ]
            passage = passage.without_remarks
            claims.answer(field.name, passage)
            if isinstance(column.field, SignatureField):
                one = _signature(column.field, name, passage, under, pages, pictured, part)
                row[column.field.name] = one.value
                signed.append(one)
                marks = [doubt for doubt in one.doubts if one.value.present or key(passage.words)]
                marks += _unsure(column.field, name, one)
                doubts += [doubt.model_copy(update={"field": field.name}) for doubt in marks]
                continue
            value, others = _column_value(column.field, name, passage)
            row[column.field.name] = value
            doubts += [doubt.model_copy(update={"field": field.name}) for doubt in (*odd, *others)]
            passages.append(passage)
            filled_cells = [one_line(unit.passage.words) for unit in under if key(unit.passage.words)]
            if len(filled_cells) > 1:
                doubts.append(
                    Finding.of("answer-spread", field.name, title=name, text=" ".join(filled_cells)[:40])
                )
        if field.says_something(row) and not _is_only_counted(field, row):
            values.append(row)
        # A total is no row of what was asked for, wherever in its row it is called so.
        words = {key(unit.passage.text) for unit in units}
        doubts += [
            Finding.of("rows-total", field.name, title=title, text=word) for word in sorted(words & _TOTALS)
        ]
    missing = [column.label for column in field.columns if column.field.name not in headings]
    doubts += [Finding.of("label-missing", field.name, title=f"{title} {label}") for label in missing]
    filled = [passage for passage in passages if passage.words.strip()]
    whole = Passage.join(filled)
    confidence = 0.0 if doubts else rungs.CERTAIN * held_confidence(whole)
    yield Observation(
        field=field.name, value=tuple(values) or None, raw=whole.words, source="table", confidence=confidence,
        evidence=(*(whole.evidence(part) or first.unit.passage.evidence(part)), *_places(signed)),
        doubts=tuple(doubts),
        signs=signs_of(field, whole, legibility([whole])), readings=whole.readings,
    )  # fmt: skip


def _column_value(field: Field, title: str, passage: Passage) -> tuple[Any, tuple[Finding, ...]]:
    """The value of a cell in a table inside the form, with the same doubts as any other answer. Options that
    nobody boxed are named by whoever writes them."""
    is_named = isinstance(field, ChoiceField) and not any(one.mark for one in tokens_of(field, passage))
    if is_named and not passage.struck:
        return parse(field, title, passage.words)
    seen = observe_written(field, title, passage, (), legibility([passage]))
    return seen.value, seen.doubts


def _stands_under(unit: Unit, heading: Unit) -> bool:
    cell, above = unit.cell, heading.cell
    return (
        cell is not None
        and above is not None
        and above.column <= cell.column < above.column + above.column_span
    )


def _is_only_counted(field: RowsField, row: Mapping[str, Any]) -> bool:
    """Whether nothing stands in a row but the number that the form prints before it."""
    first = field.columns[0]
    rest = {name: value for name, value in row.items() if name != first.field.name}
    return (
        key(first.label) in _COUNTING
        and str(row.get(first.field.name)).strip(".、").isdigit()
        and not field.says_something(rest)
    )


def _is_written(unit: Unit, headings: Mapping[str, Any], written: Mapping[str, Any]) -> bool:
    """Whether a cell stands under no heading of signatures alone."""
    return not any(_stands_under(unit, find.unit) for name, find in headings.items() if name not in written)


def _signature(
    field: SignatureField,
    title: str,
    passage: Passage,
    under: Sequence[Unit],
    pages: Pages,
    pictured: Collection[int],
    part: str,
) -> Observation:
    """Whether somebody signed in a cell of a row."""
    on_paper = pages.reader == "scan" or any(unit.page in pictured for unit in under)
    if not on_paper:
        return typed_mark(field, title, passage, (), (), part)
    by_number = {page.number: page for page in pages.pages}
    cells = [
        (by_number[unit.page], unit.cell.box)
        for unit in under
        if unit.page in by_number and unit.cell and unit.cell.box
    ]
    found = observe_signature(field, title, None, passage, [], cells, part)
    is_grey = not all(page.coloured for page, _ in cells)
    if not found.value.present and (is_grey or not cells):
        # A copy without colour can't prove that nothing is there.
        return found.model_copy(update={"confidence": min(found.confidence, rungs.STRONG)})
    return found


def _unsure(field: SignatureField, title: str, one: Observation) -> Iterator[Finding]:
    """A doubt where it can't be said whether somebody signed."""
    sure = probability(field, sign_of_mark(one.confidence), one.value)
    if sure < rungs.ACCEPTED:
        yield Finding.of("unsure", field.name, title=title, percent=int(sure * 100))


def _places(signed: Sequence[Observation]) -> Iterator[Any]:
    for one in signed:
        yield from one.evidence if one.value.present else ()
