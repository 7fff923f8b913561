"""Grouping documents into applications by instance number, name, content and file names, never luck (pure).

Each two documents are compared: the number that we wrote into the form, the unit's name (which seals and
other texts should bear), and the other answers, each weighted by its length. Similar file names and a common
folder lower the demands on the content, but nothing outweighs content that contradicts. Documents that can't
be assigned stay apart, and a finding says so.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Literal

from rapidfuzz import fuzz

from extractor.weighing.compare import compare
from extractor.weighing.seal_names import bears
from models.fields import Seal, SealField, Signature
from models.findings import Finding
from models.form import FormDefinition
from models.ledger import Entry
from models.record import Observation
from models.writing import key

Verdict = Literal["one", "apart", "unsure"]
Likeness = Literal["same", "close", "different", "unknown"]

# The gravest first: one name that differs counts for more than another that is the same.
_TOLD: Mapping[Likeness, str] = {"different": "单位名称不同", "close": "单位名称相近", "same": "单位名称相同"}

# A field's content counts by its characters, a long text no more than this.
_MOST = 12
# The least shares of alike content among the content of both. From the first on, two documents may be one
# application; from the second on they are one, whatever their names.
_ALIKE, _SURELY_ALIKE = 0.5, 0.8
_ENOUGH, _ENOUGH_SUPPORTED = 20, 8
_CLEARLY = 6.0  # a document must share so much more content with one document than with another
_NEAR = 0.9  # a value with one character in ten wrong still counts as the same
_CLOSE = 0.85
_GLANCE = 60.0
_NUMBERED = re.compile(
    r"[\d０-９]+|[（(【\[].*?[）)】\]]|img|dsc|scan|扫描件?|盖章|签字|版|终稿|修改|申请表|申报表|pdf|word"
)


@dataclass(frozen=True)
class Document:
    """The content of one document. `number` counts in the order of arrival; `names` are its files.

    `is_whole` is False for single pages of a form. `is_paper` says that it was read from pictures,
    `has_paper` that some of its pages were. `told` is about things beside the form, which say nothing of how
    well the form was read. `entries` makes the ledger of its `pages` when called: each entry with its file.
    """

    number: int
    names: tuple[str, ...]
    form: FormDefinition
    instance: str | None
    is_paper: bool
    observations: tuple[Observation, ...]
    findings: tuple[Finding, ...] = ()
    is_whole: bool = True
    has_paper: bool = False
    told: tuple[Finding, ...] = ()
    pages: frozenset[int] = frozenset()
    entries: Callable[[], Iterable[tuple[str, Entry]]] = tuple

    @property
    def folders(self) -> set[str]:
        """The folders that its files lay in."""
        return {name.rpartition("/")[0] for name in self.names}

    @cached_property
    def _said(self) -> dict[str, Observation]:
        return {one.field: one for one in reversed(self.observations) if one.value is not None}

    @cached_property
    def keys(self) -> dict[str, str]:
        """The text of each field, as a key for quick comparison."""
        return {name: key(one.raw) for name, one in self._said.items()}

    @property
    def is_blank(self) -> bool:
        """Whether nobody filled it in. Nobody can tell that of paper, where writing may have been missed."""
        return not (self.is_paper or self.has_paper or self.findings) and not any(
            map(_is_answered, self.observations)
        )

    def says(self, name: str) -> Observation | None:
        """Return the observation of a field with a value; None where it has none."""
        return self._said.get(name)


def _is_answered(one: Observation) -> bool:
    if isinstance(one.value, Seal | Signature):
        return one.value.present or bool(one.doubts)
    return one.value is not None or bool(one.doubts)


@dataclass(frozen=True)
class Relation:
    """The relation of two documents: the verdict, why, and how much supports it. Two documents that
    contradict each other are never one application."""

    verdict: Verdict
    why: str
    weight: float = 0.0
    contradicts: bool = False


@dataclass(frozen=True)
class Application:
    """Documents that are one application, and what a person should know about how they were joined."""

    documents: tuple[Document, ...]
    findings: tuple[Finding, ...] = ()


def group(documents: Sequence[Document]) -> list[Application]:
    """Return the applications in `documents`, in the order of their first parts. Pages of a form that join
    none are left out, and so are blank forms where others are filled in."""
    relations = _relations(documents)
    together: dict[int, set[int]] = {document.number: {document.number} for document in documents}
    ranked = sorted(relations.items(), key=lambda item: (-item[1].weight, item[0]))
    unsure = {pair: relation for pair, relation in ranked if relation.verdict == "unsure"}
    for (one, other), relation in ranked:
        if relation.verdict != "one" or together[one] is together[other]:
            continue
        if _is_contested(one, other, relations) or _is_contradicted(
            together[one], together[other], relations
        ):
            unsure.setdefault((one, other), Relation("unsure", f"{relation.why}，但另有文件与之矛盾"))
            continue
        together[one] |= together[other]
        for number in together[other]:
            together[number] = together[one]
    by_number = {document.number: document for document in documents}
    found = []
    for numbers in dict.fromkeys(frozenset(together[document.number]) for document in documents):
        members = tuple(by_number[number] for number in sorted(numbers))
        if any(member.is_whole for member in members):
            told = [*_joined(members, relations), *_unsure(members, unsure, by_number)]
            found.append(Application(members, tuple(told)))
    return _without_blank(found)


def _without_blank(applications: Sequence[Application]) -> list[Application]:
    """Return the applications that somebody filled in, or the first one where none is filled in."""
    blank = [one for one in applications if all(document.is_blank for document in one.documents)]
    return [one for one in applications if one not in blank] or blank[:1]


def _relations(documents: Sequence[Document]) -> dict[tuple[int, int], Relation]:
    pairs = combinations(documents, 2)
    return {
        (one.number, other.number): relate(one, other, _is_supported(one, other, documents))
        for one, other in pairs
    }


def _is_supported(one: Document, other: Document, documents: Sequence[Document]) -> bool:
    """Tell whether two documents have similar names, or a folder to themselves. For two documents of one kind
    this says nothing."""
    if one.is_paper == other.is_paper:
        return False
    around = [document for document in documents if document.folders & (one.folders | other.folders)]
    if one.folders == other.folders and len(around) == 2:
        return True
    return bool({_stem(name) for name in one.names} & {_stem(name) for name in other.names} - {""})


def _is_contradicted(ones: set[int], others: set[int], relations: Mapping[tuple[int, int], Relation]) -> bool:
    return any(relations[min(a, b), max(a, b)].contradicts for a in ones for b in others)


def _is_contested(one: int, other: int, relations: Mapping[tuple[int, int], Relation]) -> bool:
    """Tell whether either goes as well with a third document that contradicts the other."""
    least = relations[one, other].weight - _CLEARLY
    for mine, yours in ((one, other), (other, one)):
        for pair, relation in relations.items():
            third = sum(pair) - mine
            if mine not in pair or third == yours or relation.verdict != "one" or relation.weight < least:
                continue
            if relations[min(third, yours), max(third, yours)].contradicts:
                return True
    return False


def _joined(members: Sequence[Document], relations: Mapping[tuple[int, int], Relation]) -> list[Finding]:
    """Report, for each document but the first, which earlier document it goes with and why."""
    found = []
    for place, member in enumerate(members[1:], 1):
        pairs = [(relations[other.number, member.number], other) for other in members[:place]]
        joining = [(relation, other) for relation, other in pairs if relation.verdict == "one"] or pairs
        relation, other = max(joining, key=lambda pair: pair[0].weight)
        found.append(
            Finding.of(
                "part-joined", part="、".join(member.names), other="、".join(other.names), why=relation.why
            )
        )
    return found


def _unsure(
    members: Sequence[Document], unsure: Mapping[tuple[int, int], Relation], by_number: Mapping[int, Document]
) -> list[Finding]:
    numbers = {member.number for member in members}
    return [
        Finding.of(
            "part-unsure",
            part="、".join(by_number[a].names),
            other="、".join(by_number[b].names),
            why=relation.why,
        )
        for (a, b), relation in sorted(unsure.items())
        if (a in numbers) != (b in numbers)
    ]


def relate(one: Document, other: Document, supported: bool = False) -> Relation:
    """Return the relation of two documents. `supported` says that their names or folders suggest one
    application."""
    if one.form.name != other.form.name:
        return Relation("apart", "不是同一种表", contradicts=True)
    names, called = _names(one, other)
    alike, total, count = _content(one, other)
    share = alike / total if total else 0.0
    told = f"{called}，{count} 项内容一致" if count else called
    if one.instance and other.instance and one.instance != other.instance:
        is_odd = names == "same" and share >= _SURELY_ALIKE
        return Relation("unsure" if is_odd else "apart", f"表格编号不同，{told}", contradicts=True)
    if (
        one.instance
        and one.instance == other.instance
        and names != "different"
        and (share >= _ALIKE or not total)
    ):
        return Relation("one", f"表格编号相同，{told}", 1000 + alike)
    if names == "same" and (share >= _ALIKE or not total):
        return Relation("one", told, 100 + alike)
    if names in ("close", "unknown"):
        least = (_ALIKE, _ENOUGH_SUPPORTED) if supported else (_SURELY_ALIKE, _ENOUGH)
        if share >= least[0] and alike >= least[1]:
            return Relation(
                "one", told + ("，文件名或来源相符" if supported and share < _SURELY_ALIKE else ""), alike
            )
    contradicts = names == "different" or bool(total and share < _ALIKE)
    if (
        names == "same"
        or (share >= _SURELY_ALIKE and alike >= _ENOUGH)
        or (names != "different" and share >= _ALIKE)
    ):
        return Relation("unsure", f"{told}，其余内容不一致" if share < 1 else told, contradicts=contradicts)
    if supported and not total:
        return Relation("unsure", f"{told}，没有可以比较的内容")
    return Relation("apart", told, contradicts=contradicts)


def _names(one: Document, other: Document) -> tuple[Likeness, str]:
    found: set[Likeness] = set()
    for name in one.form.applicant:
        mine, yours = one.says(name), other.says(name)
        if mine is not None and yours is not None:
            if _are_far(one, other, name):
                found.add("different")
                continue
            far = compare(one.form.fields[name], mine, yours)
            found.add("same" if far.agrees else "close" if far.share >= _CLOSE else "different")
        elif mine is not None or yours is not None:
            told = mine.value if mine is not None else yours.value if yours is not None else None
            found |= _by_seal(other if mine is not None else one, name, str(told))
    for verdict, words in _TOLD.items():
        if verdict in found:
            return verdict, words
    return "unknown", "名称无法比较"


def _by_seal(document: Document, name: str, told: str) -> set[Likeness]:
    """Return the verdicts of the seals that should bear the name, where the document does not state it."""
    found: set[Likeness] = set()
    for field in document.form.fields.values():
        seal = document.says(field.name) if isinstance(field, SealField) and field.mentions == name else None
        if seal is not None and isinstance(seal.value, Seal):
            verdict = bears(seal.readings, told)
            found |= {"same"} if verdict else {"different"} if verdict is False else set()
    return found


def _content(one: Document, other: Document) -> tuple[float, float, int]:
    """Return how much two documents say alike, out of how much that both say, and in how many fields."""
    alike = total = 0.0
    count = 0
    for name, field in one.form.fields.items():
        mine, yours = one.says(name), other.says(name)
        if not field.tells_apart or name in one.form.applicant or mine is None or yours is None:
            continue
        weight = min(_MOST, len(one.keys[name]), len(other.keys[name]))
        total += weight
        if not _are_far(one, other, name) and (
            (far := compare(field, mine, yours)).agrees or far.share >= _NEAR
        ):
            alike, count = alike + weight, count + 1
    return alike, total, count


def _are_far(one: Document, other: Document, name: str) -> bool:
    """Tell whether two documents plainly say different things about a field."""
    return fuzz.ratio(one.keys[name], other.keys[name], score_cutoff=_GLANCE) == 0


def _stem(name: str) -> str:
    """Return a file's name without folder, suffix, numbers and the words that everybody uses."""
    return key(_NUMBERED.sub("", name.rpartition("/")[2].rpartition(".")[0].lower()))
