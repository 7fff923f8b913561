"""Pages and a definition -> observations: the answer to each field, with where it stood and what is odd about
it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from extractor import rungs
from extractor.answers.books import Books, Claims, headings_of, settle
from extractor.answers.by_column import by_column
from extractor.answers.cell_parts import split, words_of_sentence
from extractor.answers.coded import with_coded
from extractor.answers.controls import controls_of
from extractor.answers.digital_signatures import Signatures, mismatch_findings
from extractor.answers.labels import Alignment, align, most
from extractor.answers.mark_books import doubted_beside, with_marks
from extractor.answers.oddities import UNSEEN, oddities, remarks
from extractor.answers.regions import Region, Regions
from extractor.answers.rows import observe_rows
from extractor.answers.seals import compare_names, observe_marks, unclaimed
from extractor.answers.units import Unit
from extractor.answers.values import observe_written, parse, typed_mark
from extractor.text.passage import LIST_NUMBER, Passage
from extractor.weighing.calibration import legibility, sign_of_mark
from extractor.weighing.form_words import FormWords, sure_words, words_beside
from extractor.weighing.spelling import corroborate, repeat_words, respell
from models.fields import Field, Seal, SealField, SignatureField
from models.findings import Finding
from models.form import FormCell, FormDefinition
from models.page import Pages, Run
from models.printed import phrases_around, phrases_of_form
from models.record import Evidence, Observation
from models.writing import key, one_line

_OTHER_FORM = 0.6
# The remark that holds what else may be the answer.
_ALTERNATIVE = "binding-differs"
# What of an answer's place matters to a mark that was not seen there.
_OF_PLACE = frozenset(["place-unsure", "answer-spread"])


@dataclass(frozen=True)
class Match:
    """What was found of one form, and the books of its pages. `score` is the share of its labels that were
    found, weighted by how surely."""

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
    observations = [
        one.doubted(doubt for doubt in books.doubts if doubt.field == one.field) for one in observations
    ]
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
    observations, told = with_coded(form, pages, observations)
    findings += told
    return Match(form, alignment.score, tuple(observations), tuple(findings), books)


@dataclass(frozen=True)
class _Answer:
    """What stands where a field is answered, codes and words of what is odd about the place, and what else
    the answer may be."""

    field: Field
    passage: Passage
    evidence: tuple[Evidence, ...]
    odd: tuple[tuple[str, str], ...]
    others: tuple[str, ...] = ()


def _grey(pages: Pages) -> frozenset[int]:
    """The pages that are copies without colour."""
    return frozenset(page.number for page in pages.pages if not page.coloured)


def _on_paper(one: Observation, grey: frozenset[int]) -> Observation:
    """A mark on paper with its sign; but that there is none, a copy without colour can't prove: print and
    folds hide it."""
    if not one.value.present and any(seen.page in grey for seen in one.evidence):
        return one.model_copy(update={"confidence": min(one.confidence, rungs.STRONG)})
    if isinstance(one.value, Seal) and not one.value.text and one.confidence <= rungs.EVEN:
        # Red ink of another shape than a seal's, and without a name, may be the ring of a cup.
        return one
    return one.model_copy(update={"confidence": rungs.CERTAIN, "signs": sign_of_mark(one.confidence)})


def _answered(form: FormDefinition, seen: Iterable[_Answer | Observation]) -> Iterable[Observation]:
    """The observations of all that was seen, what was read off a picture weighed again first."""
    seen = list(seen)
    answers = [one for one in seen if isinstance(one, _Answer)]
    phrases = phrases_of_form(form)
    printed = FormWords(phrases)
    passages = {one.field.name: respell(one.field, one.passage, printed) for one in answers}
    in_words = {name: passages[name] for name in passages if form.fields[name].made_of == "words"}
    words = words_beside(phrases, {name: _sure_words(passage) for name, passage in in_words.items()})
    passages |= {name: repeat_words(passage, words[name]) for name, passage in in_words.items()}
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


def _sure_words(passage: Passage) -> list[str]:
    spans = zip(passage.text, passage.spans, strict=True)
    return sure_words((char, span.confidence if isinstance(span, Run) else 0.0) for char, span in spans)


def _mentions(form: FormDefinition) -> list[tuple[str, str]]:
    """Pairs of fields of which the first bears the name in the second: those that must, and long texts, which
    usually do."""
    told = [(field.name, field.mentions) for field in form.fields.values() if field.mentions]
    names = dict.fromkeys(name for _, name in told)
    return told + [(field.name, name) for field in form.fields.values() if field.is_prose for name in names]


def _observe(
    alignment: Alignment, pages: Pages, signatures: Signatures, claims: Claims, part: str
) -> Iterable[_Answer | Observation]:
    form, labels, found = alignment.form, alignment.labels, alignment.found
    # A printed form of which only the signed page was scanned has paper among its pages.
    pictured = {page.number for page in pages.pages if page.frame}
    regions = Regions(
        labels, found, alignment.units, pages.pages, tuple(phrases_around(form)), headings_of(form)
    )
    for index, label in enumerate(labels):
        if label.column is not None:
            continue
        if label.cell.rows_field is not None:
            yield from observe_rows(
                alignment, label.cell, label.cell.rows_field, regions, claims, pages, pictured, part
            )
        elif index in found:
            for cell, region in by_column(label.cell, regions.of(index), alignment.units):
                # Of a mark in a column nothing is sought in the whole row.
                unit = found[index].unit if cell is label.cell else replace(found[index].unit, table=None)
                yield from _observe_cell(
                    alignment, index, cell, unit, region, pages, signatures, claims, part
                )


def _observe_cell(
    alignment: Alignment, index: int, cell: FormCell, unit: Unit, region: Region, pages: Pages,
    signatures: Signatures, claims: Claims, part: str,
) -> Iterable[_Answer | Observation]:  # fmt: skip
    """What stands for each field of `cell`, which is answered in `region`; the label `index` stands in
    `unit`."""
    form, grey = alignment.form, _grey(pages)
    pictured = {page.number for page in pages.pages if page.frame}
    passages = region.passages
    claims.region(cell, passages)
    claims.label(region.labels)
    odd = oddities(alignment, index, region, pages)
    # A field that was left empty has the evidence of its whole cell, or of its label where there is
    # no cell.
    around = Passage.join(passages).evidence(part) or unit.passage.evidence(part)
    remarked = remarks(passages, cell.fields)
    odd += remarked
    numbers = {
        remark.text.strip()
        for passage in passages
        for remark in passage.remarks
        if remark.code == LIST_NUMBER
    }
    if any(field.is_prose for field in cell.fields):
        passages = [passage.numbered for passage in passages]
    stored = tuple(
        remark.text for passage in passages for remark in passage.remarks if remark.code == _ALTERNATIVE
    )
    passages = [passage.without_remarks for passage in passages]
    shares = split(cell, passages)
    values = shares.values
    claims.label(words_of_sentence(cell, passages))
    for name, passage in values.items():
        claims.answer(name, passage)
    on_paper = pages.reader == "scan" or not pictured.isdisjoint(
        {unit.page, *(place.page for passage in passages for place in passage.places)}
    )
    if on_paper:
        marked = observe_marks(cell, unit, values, region, pages.pages, part, alignment.names)
        placed = (_placed(_on_paper(one, grey), unit, form.titles) for one in marked)
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
            lacks = not passages or (on_paper and unit.cell is None)
            codes += [("place-missing", "")] if lacks else []
        if numbers & {line.strip() for line in passage.words.split("\n")}:
            # A number alone may be an answer, or what is left of a line of guidance.
            codes.append((LIST_NUMBER, " ".join(sorted(numbers))))
        if name in shares.others:
            codes.append(("cell-shared", one_line(Passage.join(passages).words)))
        others = (*shares.others.get(name, ()), *(stored if len(values) == 1 else ()))
        yield _Answer(field, passage, passage.evidence(part) or around, tuple(codes), others)


def _of_place(odd: Iterable[tuple[str, Sequence[str], str]], one: Observation) -> list[tuple[str, str]]:
    """What is odd about the place of a mark: where parts of it were not seen, nobody can say that none is
    there."""
    codes = {UNSEEN} if one.value.present else {UNSEEN, *_OF_PLACE}
    return [(code, text) for code, names, text in odd if code in codes and one.field in names]


def _doubted(one: Observation, title: str, odd: Iterable[tuple[str, str]]) -> Observation:
    """The observation with what is odd about its place, codes and words, among its doubts."""
    return one.doubted(Finding.of(code, one.field, title=title, text=text[:40]) for code, text in odd)


def _placed(one: Observation, label: Unit, titles: Mapping[str, str]) -> Observation:
    """A mark on paper; that there is none can be said only of a cell that was found."""
    if one.value.present or label.cell is not None:
        return one
    return one.doubted([Finding.of("place-missing", one.field, title=titles[one.field])])
