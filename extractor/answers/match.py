"""Pages and a definition -> observations: the answer to each field, with where it stood and what is odd about it."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor import rungs
from extractor.answers.books import Books, Claims, is_doubted_by, phrases_around, settle
from extractor.answers.cell_parts import split
from extractor.answers.controls import controls_of
from extractor.answers.digital_signatures import Signatures, mismatch_findings
from extractor.answers.labels import Alignment, Unit, align, most
from extractor.answers.mark_books import doubted_beside, with_marks
from extractor.answers.regions import Region, Regions
from extractor.answers.seals import compare_names, observe_marks, unclaimed
from extractor.answers.values import observe_written, parse, typed_mark
from extractor.answers.witness import contradicted
from extractor.text.passage import LIST_NUMBER, Passage
from extractor.weighing.calibration import held_confidence, legibility, sign_of_mark, signs_of
from extractor.weighing.spelling import corroborate, respell
from models.fields import ChoiceField, Field, RowsField, SealField, SignatureField
from models.findings import Finding
from models.form import FormCell, FormDefinition
from models.geometry import meets
from models.page import Box, Pages, Table
from models.record import Evidence, Observation
from models.writing import CJK, key, one_line

_OTHER_FORM = 0.6
# The remark that holds what else may be the answer.
_ALTERNATIVE = "binding-differs"
# What of an answer's place matters to a mark that was not seen there.
_OF_PLACE = frozenset(["place-unsure", "answer-spread"])
# The doubt about a cell of which not enough was seen: it matters to a mark that was seen there, too.
_UNSEEN = "rules-unseen"
_ANOTHER_LABEL = re.compile(rf"[{CJK}]{{2,}} ?[:：]")
# Letters and digits behind which no misread part of a Chinese label is, and a number that a label stands under.
_SIGNS = re.compile(r"[a-z]{2,}|[0-9]+")
_NUMBERED = re.compile(r"^[ （(]*[0-9]{1,2}[ .．、）)]+")
_TOTALS = frozenset(["合计", "总计", "小计", "共计", "累计"])
_IN_BRACKETS = re.compile(r"[（(][^（(）)]*[）)]")


@dataclass(frozen=True)
class Match:
    """What was found of one form, and the books of its pages. `score` is the share of its labels that were found, weighted by how
    surely."""

    form: FormDefinition
    score: float
    observations: tuple[Observation, ...]
    findings: tuple[Finding, ...]
    books: Books


def match(pages: Pages, alignment: Alignment, part: str) -> Match:
    """Read the answers off the pages of the file `part`, over which a form has been laid."""
    form = alignment.form
    signatures = Signatures(pages)
    claims = Claims()
    seen = _observe(alignment, pages, signatures, claims, part)
    observations = [*_answered(form, seen), *controls_of(form, pages.controls, part)]
    observations = compare_names(observations, form.fields, form.titles, pages.pages)
    absent = [one.field for one in observations if form.fields[one.field].is_mark and not one.value.present]
    books = settle(alignment, claims, absent)
    observations = [one.doubted(doubt for doubt in books.doubts if doubt.field == one.field) for one in observations]
    observations = doubted_beside(observations, pages, form.titles)
    observations, elsewhere = unclaimed(observations, form.fields, form.titles, pages.pages)
    findings = [Finding.of("document-damaged", reason=damage) for damage in pages.damage]
    findings += elsewhere
    findings += [*mismatch_findings(form, pages.mismatches, observations), *signatures.elsewhere()]
    last = max((find.order for find in alignment.found.values()), default=len(alignment.units))
    rest = alignment.units[last + 1 :]
    if most(form, rest) > _OTHER_FORM and align(form, rest).score > _OTHER_FORM:
        findings.append(Finding.of("other-form-too"))
    books = with_marks(books, pages, observations)
    return Match(form, alignment.score, tuple(observations), tuple(findings), books)


@dataclass(frozen=True)
class _Answer:
    """What stands where a field is answered, codes and words of what is odd about the place, and what else the answer may be."""

    field: Field
    passage: Passage
    evidence: tuple[Evidence, ...]
    odd: tuple[tuple[str, str], ...]
    others: tuple[str, ...] = ()


def _grey(pages: Pages) -> frozenset[int]:
    """The pages that are copies without colour."""
    return frozenset(page.number for page in pages.pages if not page.coloured)


def _on_paper(one: Observation, grey: frozenset[int]) -> Observation:
    """A mark on paper with its sign; but that there is none, a copy without colour can't prove: print and folds hide it."""
    if not one.value.present and any(seen.page in grey for seen in one.evidence):
        return one.model_copy(update={"confidence": min(one.confidence, rungs.STRONG)})
    return one.model_copy(update={"confidence": rungs.CERTAIN, "signs": sign_of_mark(one.confidence)})


def _answered(form: FormDefinition, seen: Iterable[_Answer | Observation]) -> Iterable[Observation]:
    """The observations of all that was seen, what was read off a picture weighed again first."""
    seen = list(seen)
    passages = {one.field.name: respell(one.field, one.passage) for one in seen if isinstance(one, _Answer)}
    passages = corroborate(passages, _mentions(form))
    legible = legibility(passages.values())
    for one in seen:
        if isinstance(one, Observation):
            yield one
            continue
        name, title = one.field.name, form.titles[one.field.name]
        observation = observe_written(one.field, title, passages[name], one.evidence, legible)
        others = [parse(one.field, title, text)[0] for text in one.others]
        alternatives = dict.fromkeys(other for other in others if other not in (None, observation.value))
        observation = _doubted(observation, title, one.odd)
        yield observation.model_copy(update={"alternatives": (*observation.alternatives, *alternatives)})


def _mentions(form: FormDefinition) -> list[tuple[str, str]]:
    """Pairs of fields of which the first bears the name in the second: those that must, and long texts, which usually do."""
    told = [(field.name, field.mentions) for field in form.fields.values() if field.mentions]
    names = dict.fromkeys(name for _, name in told)
    return told + [(field.name, name) for field in form.fields.values() if field.is_prose for name in names]


def _observe(
    alignment: Alignment, pages: Pages, signatures: Signatures, claims: Claims, part: str
) -> Iterable[_Answer | Observation]:
    form, labels, found, grey = alignment.form, alignment.labels, alignment.found, _grey(pages)
    # A printed form of which only the signed page was scanned has paper among its pages.
    pictured = {page.number for page in pages.pages if page.frame}
    regions = Regions(labels, found, alignment.units, pages.pages, tuple(phrases_around(form)))
    for index, label in enumerate(labels):
        if label.column is not None:
            continue
        if label.cell.rows_field is not None:
            yield from _rows(alignment, label.cell, label.cell.rows_field, regions, claims, pages, part)
        elif index in found:
            region = regions.of(index)
            passages = region.passages
            claims.region(label.cell, passages)
            claims.label(region.labels)
            odd = _oddities(alignment, index, region, pages)
            # A field that was left empty has the evidence of its whole cell, or of its label where there is no cell.
            around = Passage.join(passages).evidence(part) or found[index].unit.passage.evidence(part)
            remarked = _remarks(passages, label.cell.fields)
            odd += remarked
            numbers = {remark.text.strip() for passage in passages for remark in passage.remarks if remark.code == LIST_NUMBER}
            if any(field.is_prose for field in label.cell.fields):
                passages = [passage.numbered for passage in passages]
            stored = tuple(remark.text for passage in passages for remark in passage.remarks if remark.code == _ALTERNATIVE)
            passages = [passage.without_remarks for passage in passages]
            shares = split(label.cell, passages)
            values = shares.values
            for name, passage in values.items():
                claims.answer(name, passage)
            on_paper = pages.reader == "scan" or not pictured.isdisjoint({found[index].unit.page, *_pages_of(passages)})
            if on_paper:
                marked = observe_marks(label.cell, found[index].unit, values, region, pages.pages, part)
                placed = (_placed(_on_paper(one, grey), found[index].unit, form.titles) for one in marked)
                yield from (_doubted(one, form.titles[one.field], _of_place(odd, one)) for one in placed)
            marks = [one_line(p.words) for name, p in values.items() if form.fields[name].is_mark]
            typed = "" if on_paper else " ".join(marks)
            for name, passage in values.items():
                field, title = form.fields[name], form.titles[name]
                if isinstance(field, SealField | SignatureField):
                    if not on_paper:
                        one = typed_mark(field, title, passage, around, signatures.in_passage(passage), part)
                        yield _doubted(one, title, ((code, text) for code, names, text in remarked if name in names))
                    continue
                codes = [(code, text) for code, fields, text in odd if name in fields]
                if not field.has_shape and key(typed) and not key(passage.words):
                    codes.append(("words-elsewhere", typed))
                if not key(passage.words) and not passage.pictures:
                    lacks = not passages or (on_paper and found[index].unit.cell is None)
                    codes += [("place-missing", "")] if lacks else []
                if numbers & {line.strip() for line in passage.words.split("\n")}:
                    # A number alone may be an answer, or what is left of a line of guidance.
                    codes.append((LIST_NUMBER, " ".join(sorted(numbers))))
                if name in shares.others:
                    codes.append(("cell-shared", one_line(Passage.join(passages).words)))
                others = (*shares.others.get(name, ()), *(stored if len(values) == 1 else ()))
                yield _Answer(field, passage, passage.evidence(part) or around, tuple(codes), others)


def _of_place(odd: Iterable[tuple[str, Sequence[str], str]], one: Observation) -> list[tuple[str, str]]:
    """What is odd about the place of a mark: where parts of it were not seen, nobody can say that none is there."""
    codes = {_UNSEEN} if one.value.present else {_UNSEEN, *_OF_PLACE}
    return [(code, text) for code, names, text in odd if code in codes and one.field in names]


def _doubted(one: Observation, title: str, odd: Iterable[tuple[str, str]]) -> Observation:
    """The observation with what is odd about its place, codes and words, among its doubts."""
    return one.doubted(Finding.of(code, one.field, title=title, text=text[:40]) for code, text in odd)


def _remarks(passages: Iterable[Passage], fields: Sequence[Field]) -> list[tuple[str, Sequence[str], str]]:
    """What the reader remarked on where the answer to `fields` stands, as oddities of the place."""
    remarks = dict.fromkeys(remark for passage in passages for remark in passage.remarks)
    return [(one.code, [field.name for field in fields if is_doubted_by(field, one)], one_line(one.text)) for one in remarks]


def _placed(one: Observation, label: Unit, titles: Mapping[str, str]) -> Observation:
    """A mark on paper; that there is none can be said only of a cell that was found."""
    if one.value.present or label.cell is not None:
        return one
    return one.doubted([Finding.of("place-missing", one.field, title=titles[one.field])])


def _rest_of_label(alignment: Alignment, index: int) -> bool:
    """Whether what stands in the label's own place holds a number or letters that the form prints in no label."""
    find = alignment.found[index]
    title = one_line(find.unit.passage.text)
    own = {key(text) for text in alignment.labels[index].texts}
    rest = set(_SIGNS.findall(key(_NUMBERED.sub("", title)))) - set(_SIGNS.findall(" ".join(alignment.printed)))
    return find.whole and bool(rest) and key(title) not in own


def _pages_of(passages: Iterable[Passage]) -> Iterator[int | None]:
    return (place.page for passage in passages for place in passage.places)


def _oddities(alignment: Alignment, index: int, region: Region, pages: Pages) -> list[tuple[str, Sequence[str], str]]:
    """What is odd about where an answer stands: (code, the fields that it matters to, the words)."""
    label, find, passages = alignment.labels[index], alignment.found[index], region.passages
    title = one_line(find.unit.passage.text)
    every = [field.name for field in label.cell.fields]
    # What was meant for another field would pass for a value of these.
    of_words = [field.name for field in label.cell.fields if not field.has_shape]
    of_lines = [field.name for field in label.cell.fields if not (field.has_shape or field.is_long or field.is_mark)]
    found: list[tuple[str, Sequence[str], str]] = []
    filled = [line for passage in passages for line in [one_line(passage.words)] if key(line)]
    if region.strays:
        found.append(("place-unsure", every, ""))
    found += contradicted(alignment, index, region, pages)
    if region.is_abreast:
        # Lines of a long text that go on in the next cell would be read one cell after the other.
        found.append(("answer-spread", every, " ".join(filled)))
    if region.is_spread or any(_ANOTHER_LABEL.search(line) for line in filled if len(label.cell.content) == 1):
        # A column that somebody added, or a label that the form does not know, ran into the answer.
        found.append(("answer-spread", of_lines, " ".join(filled)))
    found += [("answer-is-label", every, line) for line in filled if len(key(line)) > 1 and key(line) in alignment.printed]
    keys = [key(text) for text in label.texts]
    bare = key(_IN_BRACKETS.sub("", title))
    if find.whole and bare not in keys and any(bare.startswith(one) for one in keys):
        # The last words of a Chinese label are its noun: 单位地址 is no 单位. What stands in brackets only explains it.
        found.append(("label-unsure", of_words, title))
    if _rest_of_label(alignment, index):
        found.append(("label-rest", every, title))
    if alignment.is_repeated(index):
        found.append(("label-repeated", every, title))
    if not any(field.is_mark for field in label.cell.fields) and (
        _has_unread(find.unit, alignment, pages) or _unread_in([region.units], pages)
    ):
        found.append(("ink-unread", every, ""))
    if _is_unsure(find.unit, passages, pages):
        found.append((_UNSEEN, every, ""))
    cells = {place.box for passage in passages for place in passage.places if place.page == find.unit.page and place.box}
    if any(_stands_beside(other.unit, find.unit, cells) for other in alignment.found.values()):
        # The line between two rows was not seen, or is not there: what answers which label can't be told.
        found.append(("answer-spread", every, " ".join(filled)))
    return found


def _is_unsure(label: Unit, passages: Iterable[Passage], pages: Pages) -> bool:
    """Whether the cell of a label, or one of those that its answer stands in, may be none."""
    if label.cell is not None and not label.cell.sure:
        return True
    tables = ((page.number, block) for page in pages.pages for block in page.blocks if isinstance(block, Table))
    unsure = {(number, cell.box) for number, table in tables for cell in table.cells if not cell.sure and cell.box}
    return any((place.page, place.box) in unsure for passage in passages for place in passage.places) if unsure else False


def _has_unread(label: Unit, alignment: Alignment, pages: Pages) -> bool:
    """Whether writing that could not be read stands beside `label`, before the next label of its row."""
    own = label.cell.box if label.cell else None
    if own is None:
        return False
    others = [other.unit.cell.box for other in alignment.found.values() if other.unit.page == label.page and other.unit.cell]
    edges = [box.x0 for box in others if box and box.x0 >= own.x1 and box.y0 < (own.y0 + own.y1) / 2 < box.y1]
    return any(
        own.x1 < (box.x0 + box.x1) / 2 < min(edges, default=float("inf")) and own.y0 < (box.y0 + box.y1) / 2 < own.y1
        for page in pages.pages
        if page.number == label.page
        for box in page.unread
    )


def _stands_beside(other: Unit, label: Unit, cells: Collection[Box]) -> bool:
    """Whether another row's label stands beside one of the cells, on its own page, that the answer to `label` is in."""
    own, theirs = (unit.cell.box if unit.cell else None for unit in (label, other))
    if own is None or theirs is None or other.page != label.page or other is label:
        return False
    middle = (theirs.y0 + theirs.y1) / 2
    return not own.y0 < middle < own.y1 and any(box.y0 < middle < box.y1 and theirs.x1 <= box.x0 + 1 for box in cells)


# -- a table inside the form


def _rows(
    alignment: Alignment, cell: FormCell, field: RowsField, regions: Regions, claims: Claims, pages: Pages, part: str
) -> Iterator[Observation]:
    """The rows under the headings that were found; a cell belongs to the column whose heading it stands under."""
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
    first = min(headings.values(), key=lambda find: find.order)
    below = regions.rows_below(first.unit)
    if _unread_in(below, pages):
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
                for code, names, text in _remarks([passage], [column.field])
                if names
            ]
            passage = passage.without_remarks
            claims.answer(field.name, passage)
            value, others = _column_value(column.field, name, passage)
            row[column.field.name] = value
            doubts += [doubt.model_copy(update={"field": field.name}) for doubt in (*odd, *others)]
            passages.append(passage)
            filled_cells = [one_line(unit.passage.words) for unit in under if key(unit.passage.words)]
            if len(filled_cells) > 1:
                doubts.append(Finding.of("answer-spread", field.name, title=name, text=" ".join(filled_cells)[:40]))
        if any(value is not None for value in row.values()):
            values.append(row)
        # A total is no row of what was asked for, wherever in its row it is called so.
        words = {key(unit.passage.text) for unit in units}
        doubts += [Finding.of("rows-total", field.name, title=title, text=word) for word in sorted(words & _TOTALS)]
    missing = [column.label for column in field.columns if column.field.name not in headings]
    doubts += [Finding.of("label-missing", field.name, title=f"{title} {label}") for label in missing]
    filled = [passage for passage in passages if passage.words.strip()]
    whole = Passage.join(filled)
    confidence = 0.0 if doubts else rungs.CERTAIN * held_confidence(whole)
    yield Observation(
        field=field.name, value=tuple(values) or None, raw=whole.words, source="table", confidence=confidence,
        evidence=whole.evidence(part) or first.unit.passage.evidence(part), doubts=tuple(doubts),
        signs=signs_of(field, whole, legibility([whole])), readings=whole.readings,
    )  # fmt: skip


def _unread_in(rows: Iterable[Sequence[Unit]], pages: Pages) -> bool:
    """Whether writing that could not be read lies on one of the cells of `rows`."""
    cells = [(unit.page, unit.cell.box) for units in rows for unit in units if unit.cell and unit.cell.box]
    return any(
        page.number == number and meets(box, unread) for page in pages.pages for unread in page.unread for number, box in cells
    )


def _column_value(field: Field, title: str, passage: Passage) -> tuple[Any, tuple[Finding, ...]]:
    """The value of a cell in a table inside the form, with the same doubts as any other answer."""
    if isinstance(field, ChoiceField) and not passage.struck:
        return parse(field, title, passage.words)
    seen = observe_written(field, title, passage, (), legibility([passage]))
    return seen.value, seen.doubts


def _stands_under(unit: Unit, heading: Unit) -> bool:
    cell, above = unit.cell, heading.cell
    return cell is not None and above is not None and above.column <= cell.column < above.column + above.column_span
