"""From several files of one application to one observation of each field (pure).

Somebody who sends the Word file and its stamped scan means one application. The Word file gives the text; the
paper gives the seals, the signatures, the date and the last word. Where both say the same, or differ only
where the paper was read unsurely, two sources confirm the text and nobody needs to look. Where they differ
otherwise, a person sees both.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from extractor.answers import compared, name_doubts
from extractor.applications.group import Application, Document
from extractor.weighing.compare import compare
from extractor.weighing.decide import weigh
from models.fields import Field, RowsField, Seal, SealField
from models.findings import Finding
from models.form import FormDefinition
from models.record import Observation

Observations = Sequence[Observation]
# A document with this share of the fields is more than a single page.
_WHOLE = 0.5
_OF_NAMES = ("seal-disagrees", "seal-uncompared")


def reconcile(
    form: FormDefinition, electronic: Sequence[Observations], paper: Sequence[Observations]
) -> list[Observation]:
    """Return one observation of each field that any of the files has. Each file comes as its observations,
    the leading one of each kind first. `electronic` files hold characters; `paper` files were read from
    pictures."""
    united = []
    for name, field in form.fields.items():
        typed = _versions(form, field, _of(form, name, electronic))
        read = _versions(form, field, _of(form, name, paper))
        if typed is not None and read is not None:
            united.append(_together(form, field, typed, read))
        elif read is not None:
            united.append(read)
        elif typed is not None:
            # Where paper was sent, seals and signatures are on the paper or nowhere.
            united.append(weigh(form, name, []) if paper and field.is_mark else typed)
    return _with_names(form, united)


@dataclass(frozen=True)
class United:
    """One application made from its documents. `names` are its files, `duplicates` those that said nothing
    new."""

    form: FormDefinition
    instance: str | None
    names: tuple[str, ...]
    duplicates: tuple[str, ...]
    observations: tuple[Observation, ...]
    findings: tuple[Finding, ...]


def unite(application: Application) -> United:
    """Return what the documents of an application say together. A document that says no more than another of
    its kind is a duplicate. Of several electronic versions, the one most like the paper leads."""
    form = application.documents[0].form
    kept, duplicates, findings = _without_duplicates(form, application.documents)
    paper = [one for one in kept if one.is_paper]
    electronic = [one for one in kept if not one.is_paper]
    if paper:
        electronic.sort(key=lambda one: unlike(form, one.observations, paper[0].observations))
    findings += [*_versions_told(form, electronic), *_versions_told(form, paper), *application.findings]
    if len(paper) > 1 and not electronic:
        # An answer that runs on from one page to the next is read only where one file holds both pages.
        findings += [
            Finding.of("pages-apart", part="、".join(one.names)) for one in paper if not one.is_whole
        ]
    findings += [finding for one in kept for finding in (*one.findings, *one.told)]
    observations = tuple(kept[0].observations)
    if len(kept) > 1:
        observations = tuple(
            reconcile(form, [one.observations for one in electronic], [one.observations for one in paper])
        )
    return United(
        form=form,
        instance=next((one.instance for one in application.documents if one.instance), None),
        names=tuple(dict.fromkeys(name for one in application.documents for name in one.names)),
        duplicates=tuple(name for one in duplicates for name in one.names),
        observations=observations,
        findings=tuple(dict.fromkeys(findings)),
    )


def _without_duplicates(
    form: FormDefinition, documents: Sequence[Document]
) -> tuple[list[Document], list[Document], list[Finding]]:
    kept: list[Document] = []
    duplicates: list[Document] = []
    findings = []
    for one in documents:
        like = next(
            (
                k
                for k in kept
                if k.is_paper == one.is_paper and not unlike(form, k.observations, one.observations)
            ),
            None,
        )
        if like is None:
            kept.append(one)
        else:
            duplicates.append(one)
            findings.append(
                Finding.of("part-duplicate", part="、".join(one.names), other="、".join(like.names))
            )
    return kept, duplicates, findings


def _versions_told(form: FormDefinition, documents: Sequence[Document]) -> list[Finding]:
    """Report the documents of one kind that are other versions of the first."""
    return [
        Finding.of(
            "part-version", part="、".join(one.names), other="、".join(documents[0].names),
            count=unlike(form, documents[0].observations, one.observations),
        )
        for one in documents[1:]
        if one.is_whole
    ]  # fmt: skip


def unlike(form: FormDefinition, one: Observations, other: Observations) -> int:
    """Return how many fields of two files say something different, as far as that can be told."""
    pairs = ((field, _of(form, name, [one]), _of(form, name, [other])) for name, field in form.fields.items())
    return sum(
        bool(a) != bool(b) or (bool(a) and not compare(field, a[0], b[0]).agrees) for field, a, b in pairs
    )


def _of(form: FormDefinition, name: str, files: Iterable[Observations]) -> list[Observation]:
    """Return what each file says about one field. A single page, such as the stamped one, lacks a field only
    where the field should stand between its others; about the rest of the form it says nothing."""
    order = {field: number for number, field in enumerate(form.fields)}
    found = []
    for observations in files:
        seen = [one for one in observations if one.field == name]
        places = {order[one.field] for one in observations}
        if seen or len(places) >= _WHOLE * len(order) or (places and min(places) < order[name] < max(places)):
            found.append(weigh(form, name, seen))
    return found


def _versions(form: FormDefinition, field: Field, seen: Sequence[Observation]) -> Observation | None:
    """Return one observation from several files of one kind. A mark counts wherever it was set."""
    if not seen:
        return None
    if field.is_mark:
        return max(seen, key=lambda one: (bool(one.value and one.value.present), one.confidence))
    leading = next((one for one in seen if not _is_missing(one)), seen[0])
    rest = [one for one in seen if one is not leading and not _is_missing(one)]
    others = [one for one in rest if not _agree(field, leading, one)]
    evidence = tuple(dict.fromkeys(place for one in (leading, *rest) for place in one.evidence))
    if not others:
        return leading.model_copy(update={"evidence": evidence})
    far = compare(field, leading, others[0])
    doubt = Finding.of(
        "versions-disagree", field.name, title=form.titles[field.name], one=far.one, other=far.other
    )
    alternatives = (*leading.alternatives, *(one.value for one in others))
    return leading.model_copy(
        update={"evidence": evidence, "alternatives": alternatives, "doubts": (*leading.doubts, doubt)}
    )


def _together(form: FormDefinition, field: Field, typed: Observation, paper: Observation) -> Observation:
    """Return what the electronic file and the paper say together."""
    if field.is_mark or _is_missing(typed):
        return paper
    evidence = (*typed.evidence, *paper.evidence)
    if _is_missing(paper):
        # Somebody may have corrected the answer by hand, where nobody could read it.
        return typed.doubted(paper.doubts)
    if typed.value is None and not typed.doubts:
        # An answer left empty in the file may be filled in by pen, so nothing contradicts the paper.
        return paper.model_copy(update={"evidence": evidence})
    if isinstance(field, RowsField) and field.marks and typed.value and paper.value:
        typed = _with_marks(field, typed, paper)
    if _agree(field, typed, paper):
        # A tick that was added by hand may cause a doubt only on the paper.
        doubts = (*typed.doubts, *(paper.doubts if field.entered == "ticked" else ()))
        return typed.model_copy(update={"source": "twin", "evidence": evidence, "doubts": doubts})
    far = compare(field, typed, paper)
    doubt = Finding.of(
        "twin-disagrees", field.name, title=form.titles[field.name], paper=far.other, electronic=far.one
    )
    if paper.value is None:
        return typed.model_copy(update={"evidence": evidence, "doubts": (*typed.doubts, doubt)})
    return paper.model_copy(
        update={
            "evidence": evidence,
            "alternatives": (typed.value, *paper.alternatives),
            "doubts": (*paper.doubts, doubt),
        }
    )


def _with_marks(field: RowsField, typed: Observation, paper: Observation) -> Observation:
    """Return the rows of the electronic file with the signatures of the paper, where both have as many."""
    if len(typed.value) != len(paper.value):
        return typed
    return typed.model_copy(update={"value": field.marked(typed.value, paper.value)})


def _agree(field: Field, one: Observation, other: Observation) -> bool:
    # Signatures are no words: rows that have them must be as many, or nobody knows whose they are.
    several = isinstance(field, RowsField) and field.marks and one.value and other.value
    return compare(field, one, other).agrees and (not several or len(one.value) == len(other.value))


def _is_missing(one: Observation) -> bool:
    return any(doubt.code == "label-missing" for doubt in one.doubts) and one.value is None


def _with_names(form: FormDefinition, united: Sequence[Observation]) -> list[Observation]:
    """Return the observations with each seal compared to the name that all files together give."""
    names = {one.field: one.value for one in united if isinstance(one.value, str)}
    light = []
    for one in united:
        field = form.fields[one.field]
        name = names.get(field.mentions or "") if isinstance(field, SealField) else None
        if isinstance(field, SealField) and isinstance(one.value, Seal) and one.readings and name:
            value = compared(one.value, one.readings, name)
            doubts = [doubt for doubt in one.doubts if doubt.code not in _OF_NAMES] + [
                *name_doubts(field, value, form.titles)
            ]
            one = one.model_copy(update={"value": value, "doubts": tuple(doubts)})
        light.append(one)
    return light
