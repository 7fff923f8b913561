"""Which pages belong to one application, where one file or one folder holds several (pure).

A page that bears the form's first labels begins an application. The pages that continue one are told by our
number on them, by the unit's name in their seals and text, by which of their labels are still missing, and by
their order where that is regular. What none of these tells stands with the application before it, and is
reported.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from rapidfuzz import fuzz

from extractor.answers import Alignment, Wording, closest, match
from extractor.applications.running_forms import divide, is_list, part_of
from extractor.weighing.seal_names import cost
from models.form import FormDefinition
from models.page import Page, Pages
from models.writing import key

# A page begins a form that bears this share of the first quarter of its labels.
_FIRST, _BEGINS = 0.25, 0.6
# A seal bears the name against whose characters this much speaks, each, and that much less than against any
# other name's.
_IN_SEAL, _CLEARER = 2.5, 0.8
# A text bears a name that it shows to so many percent, and that much more of it than of any other.
_IN_TEXT, _MORE = 95.0, 15.0
_LEAST_NAME = 4
# Pages that share this part of their labels are the same page of two forms.
_SAME_PAGE = 0.5


@dataclass(frozen=True)
class Sheaf:
    """Pages of one application; `unsure` are the numbers of those that may be another's."""

    wording: Wording
    unsure: tuple[int, ...] = ()

    @property
    def pages(self) -> Pages:
        return self.wording.pages


@dataclass(frozen=True)
class Sheet:
    """A page, the labels of the form on it, and whether it begins one; `names` of those that begin are the
    unit's."""

    page: Page
    form: str
    labels: frozenset[int]
    begins: bool
    names: tuple[str, ...]
    text: str

    def is_same_page(self, other: "Sheet") -> bool:
        """Whether the two show the same part of the form."""
        shared = self.labels & other.labels if self.form == other.form else frozenset()
        return len(shared) > _SAME_PAGE * max(1, min(len(self.labels), len(other.labels)))

    def is_copy(self, other: "Sheet") -> bool:
        """Whether the two are the same page of two forms, and neither is an annex that has some of the same
        labels."""
        fewer, more = sorted((len(self.labels), len(other.labels)))
        return self.is_same_page(other) and fewer > 1 and 2 * fewer >= more


def split(wording: Wording, forms: Sequence[FormDefinition]) -> list[Sheaf]:
    """The pages of each application, all of them together where there is but one. In a file without pages,
    and where a form begins on the page on which another ends, they are told by their order alone."""
    running = divide(wording, forms)
    if len(running) > 1 or len(wording.by_page) < 2:
        return [Sheaf(one) for one in running]
    sheets = [sheet_of(wording.in_order([n]), forms) for n in range(len(wording.by_page))]
    heads = [n for n, sheet in enumerate(sheets) if sheet.begins]
    if not heads or (len(heads) == 1 and not any(a.is_copy(b) for a, b in combinations(sheets, 2))):
        return [Sheaf(wording)]
    owners, unsure = _owners(sheets, heads)
    found = []
    for head in heads:
        own = [n for n in range(len(sheets)) if owners.get(n) == head]
        numbers = tuple(sheets[n].page.number for n, likely in sorted(unsure.items()) if likely == head)
        pages = part_of(wording.pages, [sheets[n].page for n in own])
        found.append(Sheaf(Wording(pages, tuple(wording.by_page[n] for n in own)), numbers))
    return found


def sheet_of(alone: Wording, forms: Sequence[FormDefinition]) -> Sheet:
    """What a single page shows of a form."""
    alignment = closest(forms, alone.units)
    first = max(1, round(_FIRST * len(alignment.labels)))
    begins = sum(n in alignment.found for n in range(first)) >= _BEGINS * first and not is_list(
        alignment.form, alignment.found
    )
    text = key("".join(unit.passage.text for unit in alone.units))
    names = _names(alone.pages, alignment) if begins else ()
    return Sheet(alone.pages.pages[0], alignment.form.name, frozenset(alignment.found), begins, names, text)


def _names(page: Pages, alignment: Alignment) -> tuple[str, ...]:
    wanted = alignment.form.applicant
    seen = match(page, alignment, "").observations
    names = (key(one.value) for one in seen if one.field in wanted and isinstance(one.value, str))
    return tuple(name for name in names if len(name) >= _LEAST_NAME)


def _owners(sheets: Sequence[Sheet], heads: Sequence[int]) -> tuple[dict[int, int], dict[int, int]]:
    """{sheet: the one that begins its application}, and the same of those of which that is not sure; of
    these, what all have stands with none."""
    owners = {head: head for head in heads}
    rest = [n for n in range(len(sheets)) if n not in owners]
    before = {n: max((head for head in heads if head < n), default=heads[0]) for n in rest}
    for n in rest:
        told = by_number(sheets, heads, n)
        told = by_seal(sheets, heads, n) if told is None else told
        if told is not None:
            owners[n] = told
    if _is_regular(sheets, heads, before) and all(owners.get(n, before[n]) == before[n] for n in rest):
        return owners | before, {}
    _eliminate(sheets, heads, rest, owners)
    unsure: dict[int, int] = {}
    for n in [n for n in rest if n not in owners]:
        free = [head for head in heads if not _has(sheets, owners, head, n)]
        likely = min(free or heads, key=lambda head: (_against(sheets, head, n), head != before[n]))
        if free:
            owners[n] = likely
        if sheets[n].text:
            unsure[n] = likely
    return owners, unsure


def _eliminate(
    sheets: Sequence[Sheet], heads: Sequence[int], rest: Sequence[int], owners: dict[int, int]
) -> None:
    """Give sheets to the heads that still lack them, as long as each step leaves fewer to choose from."""
    while True:
        left = [n for n in rest if n not in owners]
        for n in left:
            free = [head for head in heads if not _has(sheets, owners, head, n)]
            rivals = [m for m in left if m != n and sheets[m].is_same_page(sheets[n])]
            told = free[0] if len(free) == 1 and not rivals else by_seal(sheets, free, n) if free else None
            told = by_text(sheets, free, n) if told is None and free else told
            if told is not None:
                owners[n] = told
                break
        else:
            return


def _has(sheets: Sequence[Sheet], owners: Mapping[int, int], head: int, n: int) -> bool:
    """Whether the application that begins with `head` has this page of the form already."""
    return any(sheets[n].is_same_page(sheets[m]) for m, own in owners.items() if own == head)


def by_number(sheets: Sequence[Sheet], heads: Sequence[int], n: int) -> int | None:
    """The one head that bears the same number of ours."""
    own = sheets[n].page.identity
    same = [head for head in heads if own is not None and sheets[head].page.identity == own]
    return same[0] if len(same) == 1 else None


def by_seal(sheets: Sequence[Sheet], heads: Sequence[int], n: int) -> int | None:
    """The head whose unit's name stands in a seal on the sheet: what speaks against it is less than against
    any other."""
    against = {head: _against(sheets, head, n) for head in heads}
    best, *others = sorted(heads, key=lambda head: against[head])
    return (
        best
        if against[best] <= _IN_SEAL and all(against[head] - against[best] >= _CLEARER for head in others)
        else None
    )


def _against(sheets: Sequence[Sheet], head: int, n: int) -> float:
    """What speaks against the seals on a sheet bearing the name of the unit that a head names, by
    character."""
    readings = [
        (reading, name)
        for seal in sheets[n].page.seals
        for reading in seal.readings
        for name in sheets[head].names
    ]
    return min((cost(reading, name) / len(name) for reading, name in readings), default=math.inf)


def by_text(sheets: Sequence[Sheet], heads: Sequence[int], n: int) -> int | None:
    """The head whose unit's name stands in the text of the sheet."""
    shows = {
        head: max(
            (fuzz.partial_ratio(name, sheets[n].text) for name in sheets[head].names if sheets[n].text),
            default=0.0,
        )
        for head in heads
    }
    best, *others = sorted(heads, key=lambda head: -shows[head])
    return (
        best
        if shows[best] >= _IN_TEXT and all(shows[best] - shows[head] >= _MORE for head in others)
        else None
    )


def _is_regular(sheets: Sequence[Sheet], heads: Sequence[int], before: Mapping[int, int]) -> bool:
    """Whether every head is followed by as many sheets, no two of which show the same part of the form."""
    runs = [[head, *(n for n, own in before.items() if own == head and n > head)] for head in heads]
    whole = sum(len(run) for run in runs) == len(sheets)
    return whole and len({len(run) for run in runs}) == 1 and not any(
        sheets[a].is_same_page(sheets[b]) for run in runs for i, a in enumerate(run) for b in run[:i]
    )  # fmt: skip
