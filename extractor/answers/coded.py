"""What a code on the paper says of the values that were printed, beside what was read of the print (pure).

Code and print are two witnesses of the same words. Where both say the same, or differ only where print was
read unsurely, the value is the code's. Where they differ otherwise, somebody altered the paper, and the paper
has the last word: a person sees both. Of a long text the code has a checksum alone, which says that a
character of it was misread or altered, but not which. A code is believed in nothing that the print does not
show.
"""

from collections.abc import Mapping, Sequence

from extractor import rungs
from extractor.weighing.calibration import unweighed
from extractor.weighing.compare import compare
from models.coded import Said, checksum, decode, is_of
from models.fields import Field, RowsField
from models.findings import Finding
from models.form import FormDefinition
from models.page import Pages
from models.record import Observation
from models.writing import compact

# Characters that look alike in print, as one of them (`confusions.TWINS`).
_SHAPES = str.maketrans("lI|oO", "11100")
# Doubts whether what was read is the whole answer and nothing else, in its own place. A code that says just
# that answers them.
_OF_PLACE = frozenset(
    ("text-foreign", "place-unsure", "rules-unseen", "answer-spread", "answer-is-label", "cell-shared")
)


def with_coded(
    form: FormDefinition, pages: Pages, observations: Sequence[Observation]
) -> tuple[list[Observation], list[Finding]]:
    """Return the observations beside what the codes on the pages say, and what is odd about the codes."""
    said, told = _said(form, pages)
    if said is None:
        return list(observations), told
    return [_beside(form, one, said) for one in observations], told


def _said(form: FormDefinition, pages: Pages) -> tuple[Said | None, list[Finding]]:
    told = []
    for page in (page for page in pages.pages if page.coded):
        identity = page.identity or pages.identity
        said = decode(form, page.coded or "") if is_of(page.coded or "", identity) else None
        if said is not None:
            return said, []
        told.append(Finding.of("code-foreign", page=page.number))
    told += [Finding.of("code-unread", page=page.number) for page in pages.pages if page.code_lost]
    return None, told


def _beside(form: FormDefinition, paper: Observation, said: Said) -> Observation:
    field = form.fields[paper.field]
    if paper.field in said.rest:
        if paper.value is None or checksum(field, paper.value) != said.rest[paper.field]:
            return paper.doubted([Finding.of("code-sum", paper.field, title=form.titles[paper.field])])
        # Blanks and punctuation are no part of a checksum.
        parts = unweighed(field, paper.signs, paper.value)
        alone = _is_alone(said.rest, paper.field)
        return _borne_out(paper, alone).model_copy(update={"unweighed": parts})
    value = said.values.get(paper.field)
    if value is None:
        return paper
    raw = field.format(value)
    if isinstance(field, RowsField) and field.marks:
        # What was signed since stands on the paper alone.
        raw = field.format(field.unmarked(value))
        if paper.value is None or len(paper.value) != len(value):
            return paper
        value = field.marked(value, paper.value)
    coded = Observation(field=paper.field, value=value, raw=raw, source="control", confidence=rungs.CERTAIN)
    far = compare(field, coded, paper)
    if paper.value is not None and (far.agrees or _look_alike(field, coded, paper)):
        settled = far.is_equal and _is_alone(said.values, paper.field)
        return _borne_out(paper.model_copy(update={"value": value}), settled)
    doubt = Finding.of(
        "code-disagrees",
        paper.field,
        title=form.titles[paper.field],
        printed=_words(field, value),
        paper=far.other,
    )
    return paper.model_copy(update={"alternatives": (value, *paper.alternatives)}).doubted([doubt])


def _look_alike(field: Field, coded: Observation, paper: Observation) -> bool:
    """Tell whether two addresses differ only in characters that print hardly tells apart, such as 1 and l: an
    alteration of one into the other would be seen by nobody."""
    if field.punctuation != "tells":
        return False
    one, other = (compact(each.raw).translate(_SHAPES) for each in (coded, paper))
    return one == other


def _is_alone(said: Mapping[str, object], name: str) -> bool:
    """Tell whether the code says of no other field what it says of `name`, whose print this may be."""
    return sum(each == said[name] for each in said.values()) == 1


def _borne_out(paper: Observation, settled: bool) -> Observation:
    """Return an observation that two witnesses agree on. Where that is `settled`, its place is not doubted
    any more; what else is odd about it stays, such as ink that was not read."""
    doubts = tuple(one for one in paper.doubts if not (settled and one.code in _OF_PLACE))
    update = {"source": "twin", "confidence": rungs.CERTAIN, "signs": {}, "doubts": doubts}
    return paper.model_copy(update=update)


def _words(field: Field, value: object) -> str:
    return field.format(value)[:60]  # type: ignore[arg-type]
