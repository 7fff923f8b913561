"""From the observations of one field to its value and whether a person must look. Readings are weighed only
here.

`accept` promises that nobody needs to look, so anything that contradicts a reading sends it to review. That
is low confidence, an oddity that the reader or the matcher saw, a broken rule that misreading would explain,
or another observation of the same field that says something else.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from extractor import rungs
from extractor.limits import SILENT_TARGET
from extractor.weighing.calibration import probability, threshold, unweighed
from models.fields import Field, RowsField
from models.findings import Finding
from models.form import FormDefinition
from models.record import FieldResult, Observation, Record
from models.rules import check
from models.writing import key


@dataclass(frozen=True)
class Decided:
    """The fields of one application, and everything that a person should know about it."""

    fields: dict[str, FieldResult]
    findings: tuple[Finding, ...]


def decide(
    form: FormDefinition,
    observations: Iterable[Observation],
    findings: Iterable[Finding] = (),
    silent_target: float = SILENT_TARGET,
) -> Decided:
    """Weigh `observations`, check the record that they give, and decide field by field.

    `findings` are already known of the whole file; a doubt among them concerns every field. `silent_target`
    is the share of values read from pictures that may be accepted although they are wrong.
    """
    least = threshold(silent_target)
    by_field: dict[str, list[Observation]] = {name: [] for name in form.fields}
    for observation in observations:
        by_field[observation.field].append(observation)
    read = {name: weigh(form, name, seen) for name, seen in by_field.items()}
    weighed = {name: _calibrated(form.fields[name], one) for name, one in read.items()}
    # However sure the signs make a reading, a step that claimed less than the bar sends it to a person.
    sure = {
        name
        for name, one in weighed.items()
        if read[name].confidence >= rungs.ACCEPTED and (not one.signs or one.confidence >= least)
    }
    record = Record(
        form=form.name, version=form.version, values={name: one.value for name, one in weighed.items()}
    )
    found = [doubt for one in weighed.values() for doubt in one.doubts]
    found += [finding for finding in check(form, record) if not _explained(finding, found)]
    doubtful = {finding.field for finding in found if finding.is_doubt}
    found += _unsure(form, weighed, set(weighed) - sure - doubtful)
    order = list(form.fields)
    found.sort(key=lambda finding: order.index(str(finding.field)))
    told = {(finding.code, finding.field) for finding in found}
    found += [finding for finding in findings if (finding.code, finding.field) not in told]
    doubtful = {finding.field for finding in found if finding.is_doubt}
    results = {
        name: _result(one, name in sure and not doubtful & {name, None}) for name, one in weighed.items()
    }
    return Decided({name: _with_unweighed(form, name, results) for name in results}, tuple(found))


def _with_unweighed(form: FormDefinition, name: str, results: Mapping[str, FieldResult]) -> FieldResult:
    """Return the result with the parts of its value that its decision does not cover."""
    field, result = form.fields[name], results[name]
    if result.value is None:
        return result
    other = results.get(field.mentions or "")
    bears_out = (
        other.value
        if other is not None and other.decision == "accept" and isinstance(other.value, str)
        else None
    )
    read = result.unweighed or unweighed(field, result.signs, result.value)
    parts = (*field.unweighed(result.value, bears_out), *read)
    return result.model_copy(update={"unweighed": parts})


def _unsure(form: FormDefinition, weighed: Mapping[str, Observation], names: Set[str]) -> list[Finding]:
    """Return a finding for each of the fields `names`, which go to a person only for their low confidence."""
    return [
        Finding.of("unsure", name, title=form.titles[name], percent=int(one.confidence * 100))
        for name, one in weighed.items()
        if name in names
    ]


def _calibrated(field: Field, one: Observation) -> Observation:
    """Return the observation with its probability of being right as its confidence. This needs signs, and no
    rule that contradicts the reading."""
    if not one.signs:
        return one
    sure = probability(field, one.signs, one.value)
    return one.model_copy(
        update={"confidence": sure if one.confidence >= rungs.ACCEPTED else min(one.confidence, sure)}
    )


def _result(one: Observation, accepted: bool) -> FieldResult:
    return FieldResult(
        value=one.value, raw=one.raw, confidence=one.confidence, decision="accept" if accepted else "review",
        evidence=one.evidence, alternatives=one.alternatives, signs=one.signs,
        unweighed=one.unweighed,
    )  # fmt: skip


def _explained(finding: Finding, others: Sequence[Finding]) -> bool:
    """Tell whether another finding already explains an empty field: its text could not be read, or its seal
    is only typed."""
    codes = {other.code for other in others if other.field == finding.field}
    if finding.code in ("seal-missing", "signature-missing"):
        return bool(codes & {"seal-typed", "signature-typed", "label-missing"})
    empty = finding.code in ("required-empty", "choice-text-missing")
    return empty and bool(codes & {"unparsable", "label-missing"})


def weigh(form: FormDefinition, name: str, seen: Sequence[Observation]) -> Observation:
    """Return one observation out of several of one file. The one on the page leads; a control of ours must
    say the same."""
    title = form.titles[name]
    if not seen:
        missing = Finding.of("label-missing", name, title=title)
        return Observation(field=name, value=None, raw="", source="table", confidence=0.0, doubts=(missing,))
    leading = next((one for one in seen if one.source != "control"), seen[0])
    others = [one for one in seen if one is not leading and not _same(one.value, leading.value)]
    field = form.fields[name]
    if isinstance(field, RowsField):
        others = [one for one in others if not field.agree(one.value, leading.value)]
    if not others:
        # They say the same. A control of ours holds the characters and line breaks that a page can only show.
        exact = next((one for one in seen if one.source == "control" and isinstance(one.value, str)), leading)
        # The control also tells where its answer ends in a cell that holds another answer.
        told = any(one.source == "control" and one.value is not None for one in seen)
        doubts = tuple(doubt for doubt in leading.doubts if not told or doubt.code != "cell-shared")
        return leading.model_copy(update={"value": exact.value, "doubts": doubts})
    other = others[0]
    disagreement = Finding.of(
        "control-disagrees", name, title=title, control=_shown(form, other), table=_shown(form, leading)
    )
    return leading.model_copy(
        update={
            "alternatives": (*leading.alternatives, *(o.value for o in others)),
            "doubts": (*leading.doubts, disagreement),
        }
    )


def _shown(form: FormDefinition, observation: Observation) -> str:
    value: Any = observation.value
    return "空" if value is None else form.fields[observation.field].format(value)[:60]


def _same(one: Any, other: Any) -> bool:
    """Tell whether two readings say the same; in text, line breaks and blanks don't matter."""
    if isinstance(one, str) and isinstance(other, str):
        return key(one) == key(other)
    return bool(one == other)
