"""Pages and a definition -> observations: the answer to each field, with where it stood and what is odd about it."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz.distance import LCSseq

from extractor.answers.cell_parts import split
from extractor.answers.choice import CERTAIN, read_choice
from extractor.answers.digital_signatures import Signatures, evidence, field_findings, mismatch_findings
from extractor.answers.labels import Alignment, Find, Unit, align, most
from extractor.answers.regions import Regions
from extractor.answers.seals import compare_names, observe_marks, unclaimed
from extractor.text.passage import LIST_NUMBER, Passage
from extractor.text.placeholders import STANDARD_PLACEHOLDERS
from extractor.weighing.calibration import held_confidence, legibility, sign_of_mark, signs_of
from extractor.weighing.spelling import corroborate, respell
from models.errors import Unparsable
from models.fields import ChoiceField, Field, RowsField, Seal, SealField, Signature, SignatureField
from models.findings import Finding
from models.form import FormDefinition
from models.page import Box, Control, DigitalSignature, Pages, Remark, Tick
from models.record import Evidence, Observation
from models.writing import CJK, key, one_line

_PICTURE_DOUBT = 0.5
_ABSENT_GREY = 0.9
_OTHER_FORM = 0.6
# The remark that holds what else may be the answer.
_ALTERNATIVE = "binding-differs"
_ANOTHER_LABEL = re.compile(rf"[{CJK}]{{2,}} ?[:：]")
# The share of a line's characters that stand in the guidance in the same order; shorter lines are headings made of its words.
_LIKE_GUIDANCE = 0.7
_LEAST_LINE = 16
# Letters and digits behind which no misread part of a Chinese label is, and a number that a label stands under.
_SIGNS = re.compile(r"[a-z]{2,}|[0-9]+")
_NUMBERED = re.compile(r"^[ （(]*[0-9]{1,2}[ .．、）)]+")
_TOTALS = frozenset(["合计", "总计", "小计", "共计", "累计"])
_IN_BRACKETS = re.compile(r"[（(][^（(）)]*[）)]")
# A line in brackets that tells how to fill in, in a wording that the definition does not know.
_GUIDANCE_LEFT = re.compile(r"^[ \t]*[（(【\[][^（(）)]*(?:字以内|字左右|不超过|简要|请|填写|说明)[^（(）)]*[）)】\]][ \t]*$", re.M)


@dataclass(frozen=True)
class Match:
    """What was found of one form. `score` is the share of its labels that were found, weighted by how surely."""

    form: FormDefinition
    score: float
    observations: tuple[Observation, ...]
    findings: tuple[Finding, ...]


def match(pages: Pages, alignment: Alignment, part: str) -> Match:
    """Read the answers off the pages of the file `part`, over which a form has been laid."""
    form = alignment.form
    signatures = Signatures(pages)
    observations = [*_answered(form, _observe(alignment, pages, signatures, part)), *_controls(form, pages.controls, part)]
    observations = compare_names(observations, form.fields, form.titles, pages.pages)
    observations, elsewhere = unclaimed(observations, form.fields, form.titles, pages.pages)
    findings = [Finding.of("document-damaged", reason=damage) for damage in pages.damage]
    findings += elsewhere
    findings += [*mismatch_findings(form, pages.mismatches, observations), *signatures.elsewhere()]
    last = max((find.order for find in alignment.found.values()), default=len(alignment.units))
    rest = alignment.units[last + 1 :]
    if most(form, rest) > _OTHER_FORM and align(form, rest).score > _OTHER_FORM:
        findings.append(Finding.of("other-form-too"))
    return Match(form, alignment.score, tuple(observations), tuple(findings))


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
        return one.model_copy(update={"confidence": min(one.confidence, _ABSENT_GREY)})
    return one.model_copy(update={"confidence": CERTAIN, "signs": sign_of_mark(one.confidence)})


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
        observation = _observation(one.field, title, passages[name], one.evidence, legible)
        doubts = tuple(Finding.of(code, name, title=title, text=text[:40]) for code, text in one.odd)
        others = [parse(one.field, title, text)[0] for text in one.others]
        alternatives = dict.fromkeys(other for other in others if other not in (None, observation.value))
        yield observation.model_copy(
            update={
                "doubts": (*observation.doubts, *doubts),
                "alternatives": (*observation.alternatives, *alternatives),
            }
        )


def _mentions(form: FormDefinition) -> list[tuple[str, str]]:
    """Pairs of fields of which the first bears the name in the second: those that must, and long texts, which usually do."""
    told = [(field.name, field.mentions) for field in form.fields.values() if field.mentions]
    names = dict.fromkeys(name for _, name in told)
    return told + [(field.name, name) for field in form.fields.values() if field.is_prose for name in names]


def _observe(alignment: Alignment, pages: Pages, signatures: Signatures, part: str) -> Iterable[_Answer | Observation]:
    form, labels, found, grey = alignment.form, alignment.labels, alignment.found, _grey(pages)
    # A printed form of which only the signed page was scanned has paper among its pages.
    pictured = {page.number for page in pages.pages if page.frame}
    regions = Regions(labels, found, alignment.units)
    for index, label in enumerate(labels):
        if label.column is not None:
            continue
        table = label.cell.rows_field
        if table is not None:
            columns = {i: other for i, other in enumerate(labels) if other.cell is label.cell and other.column}
            if any(i in found for i in columns):
                yield _rows(form, table, {labels[i].column.field.name: found[i] for i in columns if i in found}, regions, part)  # type: ignore[union-attr]
        elif index in found:
            passages = regions.of(index)
            odd = _oddities(alignment, index, passages, pages)
            # A field that was left empty has the evidence of its whole cell, or of its label where there is no cell.
            around = Passage.join(passages).evidence(part) or found[index].unit.passage.evidence(part)
            odd += _remarks(passages, label.cell.fields)
            numbers = {remark.text.strip() for passage in passages for remark in passage.remarks if remark.code == LIST_NUMBER}
            if any(field.is_prose for field in label.cell.fields):
                passages = [passage.numbered for passage in passages]
            stored = tuple(remark.text for passage in passages for remark in passage.remarks if remark.code == _ALTERNATIVE)
            passages = [passage.without_remarks for passage in passages]
            shares = split(label.cell, passages)
            values = shares.values
            on_paper = pages.reader == "scan" or not pictured.isdisjoint({found[index].unit.page, *_pages_of(passages)})
            if on_paper:
                marked = observe_marks(label.cell, found[index].unit, values, passages, pages.pages, part)
                yield from (_placed(_on_paper(one, grey), found[index].unit, form.titles) for one in marked)
            marks = [one_line(p.words) for name, p in values.items() if form.fields[name].is_mark]
            typed = "" if on_paper else " ".join(marks)
            for name, passage in values.items():
                field, title = form.fields[name], form.titles[name]
                if isinstance(field, SealField | SignatureField):
                    if not on_paper:
                        yield _mark(field, title, passage, around, signatures.in_passage(passage), part)
                    continue
                codes = [(code, text) for code, fields, text in odd if name in fields]
                if not field.has_shape and key(typed) and not key(passage.words):
                    codes.append(("words-elsewhere", typed))
                if not key(passage.words) and not passage.pictures:
                    codes += _empty_for_want(alignment, index, passages, on_paper)
                if numbers & {line.strip() for line in passage.words.split("\n")}:
                    # A number alone may be an answer, or what is left of a line of guidance.
                    codes.append((LIST_NUMBER, " ".join(sorted(numbers))))
                if name in shares.others:
                    codes.append(("cell-shared", one_line(Passage.join(passages).words)))
                others = (*shares.others.get(name, ()), *(stored if len(values) == 1 else ()))
                yield _Answer(field, passage, passage.evidence(part) or around, tuple(codes), others)


def _remarks(passages: Iterable[Passage], fields: Sequence[Field]) -> list[tuple[str, Sequence[str], str]]:
    """What the reader remarked on where the answer to `fields` stands, as oddities of the place."""
    remarks = dict.fromkeys(remark for passage in passages for remark in passage.remarks)
    return [(one.code, [field.name for field in fields if _is_doubted(field, one)], one_line(one.text)) for one in remarks]


def _is_doubted(field: Field, remark: Remark) -> bool:
    """Whether a remark puts a field in doubt: a small one means nothing in a long text, and options are counted by lists as they
    are by hand."""
    if remark.code == LIST_NUMBER:
        return not field.is_long and field.entered != "ticked"
    return not (remark.minor and field.is_long)


def _placed(one: Observation, label: Unit, titles: Mapping[str, str]) -> Observation:
    """A mark on paper; that there is none can be said only of a cell that was found."""
    if one.value.present or label.cell is not None:
        return one
    missing = Finding.of("place-missing", one.field, title=titles[one.field])
    return one.model_copy(update={"doubts": (*one.doubts, missing)})


def _empty_for_want(alignment: Alignment, index: int, passages: Sequence[Passage], on_paper: bool) -> list[tuple[str, str]]:
    """Why an answer may be empty for no other reason than that it was not found: (code, words). No place for it was found, or what
    stands in the label's own place holds more than the label."""
    find = alignment.found[index]
    if not passages or (on_paper and find.unit.cell is None):
        return [("place-missing", "")]
    title = one_line(find.unit.passage.text)
    own = {key(text) for text in alignment.labels[index].texts}
    printed = set(_SIGNS.findall(" ".join(key(text) for label in alignment.labels for text in label.texts)))
    rest = set(_SIGNS.findall(key(_NUMBERED.sub("", title)))) - printed
    return [("label-rest", title)] if find.whole and rest and key(title) not in own else []


def _pages_of(passages: Iterable[Passage]) -> Iterator[int | None]:
    return (place.page for passage in passages for place in passage.places)


def _oddities(alignment: Alignment, index: int, passages: Sequence[Passage], pages: Pages) -> list[tuple[str, Sequence[str], str]]:
    """What is odd about where an answer stands: (code, the fields that it matters to, the words)."""
    label, find = alignment.labels[index], alignment.found[index]
    title = one_line(find.unit.passage.text)
    every = [field.name for field in label.cell.fields]
    # What was meant for another field would pass for a value of these.
    of_words = [field.name for field in label.cell.fields if not field.has_shape]
    of_lines = [field.name for field in label.cell.fields if not field.has_shape and not field.is_long]
    found: list[tuple[str, Sequence[str], str]] = []
    filled = [line for passage in passages for line in [one_line(passage.words)] if key(line)]
    if len(filled) > 1 or any(_ANOTHER_LABEL.search(line) for line in filled if len(label.cell.content) == 1):
        # A column that somebody added, or a label that the form does not know, ran into the answer.
        found.append(("answer-spread", of_lines, " ".join(filled)))
    printed = {key(text) for other in alignment.labels for text in other.texts if len(key(text)) > 1}
    found += [("answer-is-label", every, line) for line in filled if key(line) in printed]
    keys = [key(text) for text in label.texts]
    bare = key(_IN_BRACKETS.sub("", title))
    if find.whole and bare not in keys and any(bare.startswith(one) for one in keys):
        # The last words of a Chinese label are its noun: 单位地址 is no 单位. What stands in brackets only explains it.
        found.append(("label-unsure", of_words, title))
    if alignment.is_repeated(index):
        found.append(("label-repeated", every, title))
    if not any(field.is_mark for field in label.cell.fields) and _has_unread(find.unit, alignment, pages):
        found.append(("ink-unread", every, ""))
    cells = {place.box for passage in passages for place in passage.places if place.page == find.unit.page and place.box}
    if any(_stands_beside(other.unit, find.unit, cells) for other in alignment.found.values()):
        # The line between two rows was not seen, or is not there: what answers which label can't be told.
        found.append(("answer-spread", every, " ".join(filled)))
    return found


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


def _observation(field: Field, title: str, passage: Passage, evidence: tuple[Evidence, ...], legible: float) -> Observation:
    raw = passage.words.strip()
    if isinstance(field, ChoiceField):
        reading = read_choice(field, title, passage)
        return Observation(
            field=field.name, value=reading.value, raw=raw, source="table", confidence=reading.confidence, evidence=evidence,
            alternatives=reading.alternatives, doubts=reading.doubts, signs=sign_of_mark(reading.seen) if reading.seen < 1 else {},
        )  # fmt: skip
    struck = passage.struck
    gone, passage = "".join(passage.text[start:end] for start, end in struck), passage.without(struck)
    words = "" if one_line(passage.words) in STANDARD_PLACEHOLDERS else passage.words
    parsed, doubts = parse(field, title, words)
    if gone.strip():
        # What was crossed out does not count, but whoever did it may have meant it otherwise.
        doubts = (*doubts, Finding.of("text-struck", field.name, title=title, text=gone.strip()[:40]))
    if passage.pictures:
        doubts = (*doubts, Finding.of("picture-in-answer", field.name, title=title))
    if one_line(passage.recovered) and parsed is not None:
        doubts = (*doubts, Finding.of("text-recovered", field.name, title=title, text=one_line(passage.recovered)[:40]))
    if any(isinstance(span, Tick) and span.confidence < 1 for span in passage.spans):
        # 田 looks like a crossed box.
        doubts = (*doubts, Finding.of("mark-in-answer", field.name, title=title))
    left = _guidance_left(field, passage.words)
    if left:
        doubts = (*doubts, Finding.of("guidance-left", field.name, title=title, text=left[:40]))
    confidence = 0.0 if any(d.code == "unparsable" for d in doubts) else CERTAIN * held_confidence(passage)
    return Observation(
        field=field.name, value=parsed, raw=raw, source="table", confidence=confidence, evidence=evidence, doubts=doubts,
        signs=signs_of(field, passage, legible), readings=passage.readings,
    )  # fmt: skip


def _guidance_left(field: Field, words: str) -> str | None:
    """A line that tells how to fill in: in brackets, or one of the form's own that was shortened or reworded."""
    if not field.guidance:
        return None
    left = _GUIDANCE_LEFT.search(words)
    if left:
        return left[0].strip()
    known = [key(text) for text in (*field.guidance, *field.guidance_aliases)]
    for line in words.split("\n"):
        short = key(line)
        least = _LIKE_GUIDANCE * len(short)
        if len(short) >= _LEAST_LINE and any(len(one) >= least <= LCSseq.similarity(short, one) for one in known):
            return line.strip()
    return None


def parse(field: Field, title: str, text: str) -> tuple[Any, tuple[Finding, ...]]:
    """The value that `text` means in the kind of `field`, and what is odd about it."""
    once = _once(one_line(text))
    try:
        if once is not None and field.said_once:
            return field.parse(once), (Finding.of("text-repeated", field.name, title=title),)
        return field.parse(text), ()
    except Unparsable as error:
        return None, (Finding.of("unparsable", field.name, title=title, reason=error.message),)


def _once(text: str) -> str | None:
    """The text that `text` repeats, where it is nothing but repetition: some editors save a value several times."""
    whole = re.fullmatch(r"(?s)(.{2,}?)\1{2,}|(.{4,}?)\2", text)
    return (whole[1] or whole[2]) if whole and not key(text).isdigit() else None


def _mark(
    field: SealField | SignatureField, title: str, passage: Passage, around: tuple[Evidence, ...],
    signed: Sequence[DigitalSignature], part: str,
) -> Observation:  # fmt: skip
    """A seal or signature in a file without paper: a picture may be one, a digital signature is one of its own kind, typed
    words are none. `around` is the evidence where there is nothing."""
    made = Seal if isinstance(field, SealField) else Signature
    doubts = field_findings(field.name, title, signed)
    typed = one_line(passage.words)
    if len(passage.pictures) > len(signed):
        doubts = (*doubts, Finding.of(f"{field.kind}-unverified", field.name, title=title))
    elif key(typed) and not signed:
        doubts = (Finding.of(f"{field.kind}-typed", field.name, title=title, text=typed[:60]),)
    return Observation(
        field=field.name, value=made(present=bool(passage.pictures)), raw=passage.words.strip(), source="table",
        confidence=_PICTURE_DOUBT if passage.pictures else CERTAIN * passage.confidence,
        evidence=evidence(signed, part) or passage.evidence(part) or around, doubts=doubts,
    )  # fmt: skip


# -- a table inside the form


def _rows(form: FormDefinition, field: RowsField, headings: Mapping[str, Find], regions: Regions, part: str) -> Observation:
    """The rows under the headings; a cell belongs to the column whose heading it stands under."""
    title = form.titles[field.name]
    values: list[Mapping[str, Any]] = []
    doubts: list[Finding] = []
    passages: list[Passage] = []
    first = min(headings.values(), key=lambda find: find.order)
    for units in regions.rows_below(first.unit):
        row: dict[str, Any] = {}
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
    confidence = 0.0 if doubts else CERTAIN * held_confidence(whole)
    return Observation(
        field=field.name, value=tuple(values) or None, raw=whole.words, source="table", confidence=confidence,
        evidence=whole.evidence(part) or first.unit.passage.evidence(part), doubts=tuple(doubts),
        signs=signs_of(field, whole, legibility([whole])), readings=whole.readings,
    )  # fmt: skip


def _column_value(field: Field, title: str, passage: Passage) -> tuple[Any, tuple[Finding, ...]]:
    """The value of a cell in a table inside the form, with the same doubts as any other answer."""
    if isinstance(field, ChoiceField) and not passage.struck:
        return parse(field, title, passage.words)
    seen = _observation(field, title, passage, (), legibility([passage]))
    return seen.value, seen.doubts


def _stands_under(unit: Unit, heading: Unit) -> bool:
    cell, above = unit.cell, heading.cell
    return cell is not None and above is not None and above.column <= cell.column < above.column + above.column_span


# -- places of ours that survived in the file


def _controls(form: FormDefinition, controls: Sequence[Control], part: str) -> Iterable[Observation]:
    """What the tagged controls hold, as observations of their own to be weighed against what the table shows."""
    for name, field in form.fields.items():
        own = [control for control in controls if control.tag.field == name]
        if not own or field.is_mark:
            continue
        value, raw, doubts = _control_value(field, form.titles[name], own)
        yield Observation(field=name, value=value, raw=raw, source="control", confidence=CERTAIN, doubts=doubts)


def _control_value(field: Field, title: str, controls: Sequence[Control]) -> tuple[Any, str, tuple[Finding, ...]]:
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
                rows.setdefault(control.tag.row, {})[control.tag.column] = control.text or ""
        try:
            values = [field.row(rows[number]) for number in sorted(rows)]
        except Unparsable as error:
            return None, "", (Finding.of("unparsable", field.name, title=title, reason=error.message),)
        return tuple(value for value in values if value is not None) or None, "", ()
    text = next((control.text for control in controls if control.text is not None), "")
    value, doubts = parse(field, title, text)
    return value, text, doubts
