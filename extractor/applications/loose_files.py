"""Which files that show a single page each are one application's pages, and in which order (pure).

A file that bears the form's first labels begins an application. Another goes with it where our number on
both, its seals, its text or the names of the files say so, and nothing says otherwise. What goes with none
stays by itself, and those that may lack it say so: joined in error it is one unit's answer in another's
application, left apart it is only asked for.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from extractor.answers import Wording
from extractor.applications.mixed_pages import Sheet, by_number, by_seal, by_text, sheet_of
from extractor.weighing.seal_names import bears
from models.findings import Finding
from models.form import FormDefinition
from models.page import Page, Pages

_NUMBERED = re.compile(r"(?P<before>.*?)(?P<number>\d+)(?P<after>\D*)")
# Numbers of so many digits are times: between two of them nothing is missing.
_A_TIME = 6


@dataclass(frozen=True)
class Loose:
    """A file that shows a single page."""

    name: str
    pages: Pages

    @property
    def page(self) -> Page:
        return self.pages.pages[0]

    @cached_property
    def series(self) -> tuple[str, ...]:
        """What the names of files have in common that were numbered on: all but the last number."""
        folder, _, last = self.name.rpartition(".")[0].rpartition("/")
        found = _NUMBERED.fullmatch(last)
        return (folder, found["before"], found["after"]) if found else (folder, last)

    @cached_property
    def number(self) -> str | None:
        """The last number in its name."""
        found = _NUMBERED.fullmatch(self.name.rpartition(".")[0].rpartition("/")[2])
        return found["number"] if found else None


@dataclass(frozen=True)
class Bundle:
    """The files, by their places among those that were given, whose pages are one application's, in the order
    of the form; `told` is what a person should know of it."""

    files: tuple[int, ...]
    told: tuple[Finding, ...] = ()


def gather(files: Sequence[Loose], forms: Sequence[FormDefinition]) -> tuple[list[Bundle], set[int]]:
    """The applications that begin with one of `files`, which lay together, as far as there is anything to say
    of them; and the files that may be pages of one and can't be told whose."""
    loose = _Files(files, [_sheet(one, forms) for one in files])
    owners = _owners(loose)
    left = {
        n for n in loose.rest if n not in owners and any(loose.lacks(owners, head, n) for head in loose.heads)
    }
    found = []
    for head in loose.heads:
        own = [n for n in range(len(files)) if owners.get(n) == head]
        own = loose.in_order(own, head)
        doubtful = {n for n in left if loose.lacks(owners, head, n)}
        doubtful |= {
            n for n in loose.middles - owners.keys() if len(own) > 1 and _may_stand_between(files, own, n)
        }
        told = Finding.of("pages-apart", part="、".join(files[n].name for n in sorted({*own, *doubtful})))
        if len(own) > 1 or doubtful:
            found.append(Bundle(tuple(own), (told,) if doubtful else ()))
    return found, left


def together(files: Sequence[Loose]) -> Pages:
    """The pages of several files as those of one, in this order, numbered from 1."""
    pages, tables = [], 0
    for number, one in enumerate(files, 1):
        pages.append(one.page.counted_from(tables).model_copy(update={"number": number}))
        tables += one.page.tables
    identities = {one.pages.identity for one in files} - {None}
    numbered = list(enumerate((one.pages for one in files), 1))
    return Pages(
        reader=files[0].pages.reader,
        pages=tuple(pages),
        identity=identities.pop() if len(identities) == 1 else None,
        controls=tuple(control for _, one in numbered for control in one.controls),
        signatures=tuple(
            signed.model_copy(update={"page": signed.page and n})
            for n, one in numbered
            for signed in one.signatures
        ),
        aside=tuple(one.model_copy(update={"page": n}) for n, pages in numbered for one in pages.aside),
        mismatches=tuple(odd.model_copy(update={"page": n}) for n, one in numbered for odd in one.mismatches),
        damage=tuple(dict.fromkeys(damage for _, one in numbered for damage in one.damage)),
    )


class _Files:
    """Loose files with what each shows: `heads` begin an application, `rest` go on with one, and `middles`
    may do so, in the middle of a long answer: they have a table and hardly a label."""

    def __init__(self, files: Sequence[Loose], sheets: Sequence[Sheet]) -> None:
        self.files, self.sheets = files, sheets
        tables = {n for n, one in enumerate(files) if one.page.tables}
        labelled = {
            n
            for n, sheet in enumerate(sheets)
            if len(sheet.labels) > 1 or (sheet.labels and sheet.page.identity)
        }
        self.heads = [n for n, sheet in enumerate(sheets) if sheet.begins]
        self.rest = sorted((tables & labelled) - {*self.heads})
        self.middles = tables - labelled - {*self.heads}

    def in_order(self, own: Sequence[int], head: int) -> list[int]:
        """The pages of one application as the form has them; where one of them bears no label, as they are
        numbered."""
        if self.middles.intersection(own):
            return sorted(own, reverse=head == max(own))
        return sorted(own, key=lambda n: (n != head, min(self.sheets[n].labels)))

    def lacks(self, owners: Mapping[int, int], head: int, n: int) -> bool:
        """Whether the application that begins with `head` has no such page of the form."""
        own = [self.sheets[m] for m, owner in owners.items() if owner == head]
        return self.sheets[head].form == self.sheets[n].form and not any(
            self.sheets[n].is_same_page(one) for one in own
        )


def _sheet(one: Loose, forms: Sequence[FormDefinition]) -> Sheet:
    page = one.page.model_copy(update={"identity": one.page.identity or one.pages.identity})
    known = [form for form in forms if page.identity and form.name == page.identity.form]
    return sheet_of(Wording.of(one.pages.model_copy(update={"pages": (page,)})), known or forms)


def _owners(loose: _Files) -> dict[int, int]:
    """{file: the one that begins its application}, of those of which it is sure."""
    told = {n: own for n in loose.rest if (own := _told(loose.sheets, loose.heads, n)) is not None}
    series = _in_series(loose)
    if any(series.get(n, own) != own for n, own in told.items()):
        # Where pages say that the names are wrong, the names say nothing of the others.
        series = {}
    owners = {head: head for head in loose.heads}
    for n, own in {**series, **told}.items():
        alike = loose.files[own].pages.reader == loose.files[n].pages.reader
        if alike and not _denies(loose.sheets[own], loose.sheets[n]):
            owners[n] = own
    rest = [n for n in loose.rest if n in owners]
    rivals = {
        n
        for n in rest
        for m in rest
        if n != m and owners[n] == owners[m] and loose.sheets[n].is_same_page(loose.sheets[m])
    }
    return {n: own for n, own in owners.items() if n not in rivals}


def _told(sheets: Sequence[Sheet], heads: Sequence[int], n: int) -> int | None:
    """The head that the page itself names."""
    free = [
        head
        for head in heads
        if sheets[head].form == sheets[n].form and not sheets[head].is_same_page(sheets[n])
    ]
    told = (tell(sheets, free, n) for tell in (by_number, by_seal, by_text) if free)
    return next((own for own in told if own is not None), None)


def _in_series(loose: _Files) -> dict[int, int]:
    """{page: the head from which it is numbered on}, where the names of the files tell, of every page, and as
    many go on from each head. Of a single application the pages may be numbered backwards."""
    order = sorted({*loose.heads, *loose.rest, *loose.middles})
    found = _numbered_on(loose, order)
    if not found and len(loose.heads) == 1:
        found = _numbered_on(loose, order[::-1])
    return found


def _numbered_on(loose: _Files, order: Sequence[int]) -> dict[int, int]:
    runs: dict[int, list[int]] = {head: [head] for head in loose.heads}
    run: list[int] = []
    for n in order:
        if n in runs:
            run = runs[n]
        elif run and _are_next(*(loose.files[m] for m in sorted([run[-1], n]))):
            run.append(n)
    series: dict[int, int] = {}
    counts = set()
    for head, run in runs.items():
        labelled = [place for place, n in enumerate(run) if n not in loose.middles]
        counts.add(len(labelled))
        # What stands behind the last page of the form is no answer that runs on.
        series |= dict.fromkeys(run[1 : labelled[-1] + 1], head)
        shown = [loose.sheets[run[place]] for place in labelled]
        if any(a.form != b.form or a.is_same_page(b) for a, b in combinations(shown, 2)):
            return {}
    return series if len(counts) == 1 and series.keys() >= {*loose.rest} else {}


def _are_next(one: Loose, other: Loose) -> bool:
    """Whether a file is numbered as the next after another, or by a later time."""
    if one.series != other.series or one.number is None or other.number is None:
        return False
    first, second = int(one.number), int(other.number)
    return second == first + 1 or (len(one.number) >= _A_TIME and second > first)


def _denies(head: Sheet, sheet: Sheet) -> bool:
    """Whether what the page says of whose it is speaks against the head: another number, or seals of which
    one is another unit's and none is its own."""
    numbers = {one.page.identity for one in (head, sheet)} - {None}
    borne = [bears(seal.readings, name) for seal in sheet.page.seals for name in head.names]
    return len(numbers) > 1 or (False in borne and True not in borne)


def _may_stand_between(files: Sequence[Loose], own: Sequence[int], n: int) -> bool:
    """Whether the names of the files leave it open that a page stands between others."""
    numbers = sorted(int(files[m].number or 0) for m in own)
    if len({files[m].series for m in own}) > 1 or len(set(numbers)) < len(own):
        return True
    if files[n].series == files[own[0]].series:
        return numbers[0] < int(files[n].number or 0) < numbers[-1]
    ordered = [files[m] for m in sorted(own)]
    return not all(map(_are_next, ordered, ordered[1:]))
