"""Files that show a single page each: which of them are one application's pages, and in which order (pure).

A file that bears the form's first labels begins an application. Another file joins it where our number on
both, its seals, its text or the names of the files say so, and nothing contradicts. A file that joins none
stays by itself, and the applications that may lack it say so. A file joined in error puts one unit's answer
into another unit's application; a file left apart only needs a question.
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
# Numbers with so many digits are times, between which no file is missing.
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
        """The common part of file names that were numbered on: everything but the last number."""
        folder, _, last = self.name.rpartition(".")[0].rpartition("/")
        found = _NUMBERED.fullmatch(last)
        return (folder, found["before"], found["after"]) if found else (folder, last)

    @cached_property
    def number(self) -> str | None:
        """The last number in the file's name."""
        found = _NUMBERED.fullmatch(self.name.rpartition(".")[0].rpartition("/")[2])
        return found["number"] if found else None


@dataclass(frozen=True)
class Bundle:
    """The files of one application's pages, in the order of the form. `files` are their places among those
    that were given; `told` is what a person should know about them."""

    files: tuple[int, ...]
    told: tuple[Finding, ...] = ()


def gather(files: Sequence[Loose], forms: Sequence[FormDefinition]) -> tuple[list[Bundle], set[int]]:
    """Return the applications that begin with one of `files`, as far as there is anything to say about them.
    Return also the files that may be pages of an application, but nobody can tell of which. `files` lay
    together."""
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
    """Return the pages of several files as those of one file, in this order, numbered from 1."""
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


def of_file(pages: Pages, numbers: Mapping[int, int]) -> Pages:
    """Return one file's pages out of those of several; `numbers` maps each of its pages to its number in the
    file."""
    kept, tables = [], 0
    for page in pages.pages:
        if page.number in numbers:
            kept.append(page.counted_from(tables).model_copy(update={"number": numbers[page.number]}))
            tables += page.tables
    return Pages(
        reader=pages.reader,
        pages=tuple(kept),
        identity=next((page.identity for page in kept if page.identity), None),
        damage=pages.damage,
    )


class _Files:
    """Loose files with what each shows. `heads` begin an application and `rest` continue one. `middles` have
    a table and hardly a label, so that they may stand in the middle of a long answer."""

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
        """Return the pages of one application in the order of the form; where one of them bears no label, in
        the order of their numbers."""
        if self.middles.intersection(own):
            return sorted(own, reverse=head == max(own))
        return sorted(own, key=lambda n: (n != head, min(self.sheets[n].labels)))

    def lacks(self, owners: Mapping[int, int], head: int, n: int) -> bool:
        """Tell whether the application that begins with `head` lacks the page of the form that `n` shows."""
        own = [self.sheets[m] for m, owner in owners.items() if owner == head]
        return self.sheets[head].form == self.sheets[n].form and not any(
            self.sheets[n].is_same_page(one) for one in own
        )


def _sheet(one: Loose, forms: Sequence[FormDefinition]) -> Sheet:
    page = one.page.model_copy(update={"identity": one.page.identity or one.pages.identity})
    known = [form for form in forms if page.identity and form.name == page.identity.form]
    return sheet_of(Wording.of(one.pages.model_copy(update={"pages": (page,)})), known or forms)


def _owners(loose: _Files) -> dict[int, int]:
    """Return {file: the file that begins its application} for the files of which this is sure."""
    told = {n: own for n in loose.rest if (own := _told(loose.sheets, loose.heads, n)) is not None}
    series = _in_series(loose)
    if any(series.get(n, own) != own for n, own in told.items()):
        # Where pages contradict the names of their files, the names say nothing about other files either.
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
    """Return the head that the page itself names."""
    free = [
        head
        for head in heads
        if sheets[head].form == sheets[n].form and not sheets[head].is_same_page(sheets[n])
    ]
    told = (tell(sheets, free, n) for tell in (by_number, by_seal, by_text) if free)
    return next((own for own in told if own is not None), None)


def _in_series(loose: _Files) -> dict[int, int]:
    """Return {page: the head from which it is numbered on}, where the file names tell it for every page, and
    each head has the same number of pages. The pages of a single application may be numbered backwards."""
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
        # A page behind the last page of the form can't be an answer that runs on.
        series |= dict.fromkeys(run[1 : labelled[-1] + 1], head)
        shown = [loose.sheets[run[place]] for place in labelled]
        if any(a.form != b.form or a.is_same_page(b) for a, b in combinations(shown, 2)):
            return {}
    return series if len(counts) == 1 and series.keys() >= {*loose.rest} else {}


def _are_next(one: Loose, other: Loose) -> bool:
    """Tell whether a file is numbered as the next after another, or by a later time."""
    if one.series != other.series or one.number is None or other.number is None:
        return False
    first, second = int(one.number), int(other.number)
    return second == first + 1 or (len(one.number) >= _A_TIME and second > first)


def _denies(head: Sheet, sheet: Sheet) -> bool:
    """Tell whether the page contradicts the head. It has another number, or one of its seals is another
    unit's and none is the head's."""
    numbers = {one.page.identity for one in (head, sheet)} - {None}
    borne = [bears(seal.readings, name) for seal in sheet.page.seals for name in head.names]
    return len(numbers) > 1 or (False in borne and True not in borne)


def _may_stand_between(files: Sequence[Loose], own: Sequence[int], n: int) -> bool:
    """Tell whether the file names allow a page to stand between others."""
    numbers = sorted(int(files[m].number or 0) for m in own)
    if len({files[m].series for m in own}) > 1 or len(set(numbers)) < len(own):
        return True
    if files[n].series == files[own[0]].series:
        return numbers[0] < int(files[n].number or 0) < numbers[-1]
    ordered = [files[m] for m in sorted(own)]
    return not all(map(_are_next, ordered, ordered[1:]))
