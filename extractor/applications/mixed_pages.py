"""Pages of several applications in one file or folder: which pages belong to which application (pure).

A page that bears the form's first labels begins an application. The pages that continue it are told by our
number on them, by the unit's name in their seals and text, by the labels that an application still lacks, and
by their order where that is regular. A page that none of these assigns is put with the application before it,
and reported.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
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
# A seal bears a name if so little per character contradicts it, and so much less than any other name.
_IN_SEAL, _CLEARER = 2.5, 0.8
# A text bears a name if it shows so many percent of it, and so much more than of any other name.
_IN_TEXT, _MORE = 95.0, 15.0
_LEAST_NAME = 4
# Pages that share this part of their labels are the same page of two forms.
_SAME_PAGE = 0.5


@dataclass(frozen=True)
class Sheaf:
    """Pages of one application. `unsure` are the numbers of the pages that may belong to another."""

    wording: Wording
    unsure: tuple[int, ...] = ()

    @property
    def pages(self) -> Pages:
        return self.wording.pages


@dataclass(frozen=True)
class Sheet:
    """A page, what of a form is on it, and whether it begins one."""

    pages: Pages
    alignment: Alignment
    begins: bool
    text: str

    @property
    def page(self) -> Page:
        return self.pages.pages[0]

    @property
    def form(self) -> str:
        return self.alignment.form.name

    @cached_property
    def labels(self) -> frozenset[int]:
        """The labels of the form that are on the page."""
        return frozenset(self.alignment.found)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The unit's names on a page that begins a form. To read them costs as much as all else here, and
        few files need it."""
        return _names(self.pages, self.alignment) if self.begins else ()

    def is_same_page(self, other: "Sheet") -> bool:
        """Tell whether the two show the same part of the form."""
        shared = self.labels & other.labels if self.form == other.form else frozenset()
        return len(shared) > _SAME_PAGE * max(1, min(len(self.labels), len(other.labels)))

    def is_copy(self, other: "Sheet") -> bool:
        """Tell whether the two are the same page of two forms, and neither is an annex with some of the same
        labels."""
        fewer, more = sorted((len(self.labels), len(other.labels)))
        return self.is_same_page(other) and fewer > 1 and 2 * fewer >= more


def split(wording: Wording, forms: Sequence[FormDefinition]) -> list[Sheaf]:
    """Return the pages of each application; where there is only one, all pages. In a file without pages, and
    where one form begins on the page on which another ends, only the order of the text divides them."""
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
    """Return what a single page shows of a form."""
    alignment = closest(forms, alone.units)
    first = max(1, round(_FIRST * len(alignment.labels)))
    begins = sum(n in alignment.found for n in range(first)) >= _BEGINS * first and not is_list(
        alignment.form, alignment.found
    )
    text = key("".join(unit.passage.text for unit in alone.units))
    return Sheet(alone.pages, alignment, begins, text)


def _names(page: Pages, alignment: Alignment) -> tuple[str, ...]:
    wanted = alignment.form.applicant
    seen = match(page, alignment, "").observations
    names = (key(one.value) for one in seen if one.field in wanted and isinstance(one.value, str))
    return tuple(name for name in names if len(name) >= _LEAST_NAME)


def _owners(sheets: Sequence[Sheet], heads: Sequence[int]) -> tuple[dict[int, int], dict[int, int]]:
    """Return {sheet: the sheet that begins its application}, and the same for the sheets of which this is not
    sure. Of these, a sheet that every application already has belongs to none."""
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
    """Give sheets to the heads that still lack them, as long as each step reduces the choice."""
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
    """Tell whether the application that begins with `head` already has this page of the form."""
    return any(sheets[n].is_same_page(sheets[m]) for m, own in owners.items() if own == head)


def by_number(sheets: Sequence[Sheet], heads: Sequence[int], n: int) -> int | None:
    """Return the only head that bears the same number of ours."""
    own = sheets[n].page.identity
    same = [head for head in heads if own is not None and sheets[head].page.identity == own]
    return same[0] if len(same) == 1 else None


def by_seal(sheets: Sequence[Sheet], heads: Sequence[int], n: int) -> int | None:
    """Return the head whose unit's name stands in a seal on the sheet. Less contradicts that head than any
    other."""
    against = {head: _against(sheets, head, n) for head in heads}
    best, *others = sorted(heads, key=lambda head: against[head])
    return (
        best
        if against[best] <= _IN_SEAL and all(against[head] - against[best] >= _CLEARER for head in others)
        else None
    )


def _against(sheets: Sequence[Sheet], head: int, n: int) -> float:
    """Return how much contradicts, per character, that the seals on a sheet bear the name of a head's
    unit."""
    readings = [
        (reading, name)
        for seal in sheets[n].page.seals
        for reading in seal.readings
        for name in sheets[head].names
    ]
    return min((cost(reading, name) / len(name) for reading, name in readings), default=math.inf)


def by_text(sheets: Sequence[Sheet], heads: Sequence[int], n: int) -> int | None:
    """Return the head whose unit's name stands in the text of the sheet."""
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
    """Tell whether every head is followed by the same number of sheets, with no page of the form twice."""
    runs = [[head, *(n for n, own in before.items() if own == head and n > head)] for head in heads]
    whole = sum(len(run) for run in runs) == len(sheets)
    return whole and len({len(run) for run in runs}) == 1 and not any(
        sheets[a].is_same_page(sheets[b]) for run in runs for i, a in enumerate(run) for b in run[:i]
    )  # fmt: skip
