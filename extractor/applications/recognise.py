"""From pages to the forms on them: which pages belong together, which form they are, and what they say."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice, permutations

from extractor.answers import Alignment, Match, Wording, align, match, most
from extractor.applications.group import Document
from extractor.applications.mixed_pages import Sheaf, split
from models.errors import NotAForm
from models.findings import Finding
from models.form import FormDefinition
from models.ledger import Entry
from models.page import Page, Pages
from models.record import Observation

# A document with a smaller share of the form's labels is not that form; a blank form has them all.
_IS_FORM = 0.5
# Another order of the pages must explain so much more, half a label, to be believed.
_BETTER = 0.03
_MOST_SHUFFLED = 4
_SURE_LABEL = 0.9

Forms = Mapping[str, FormDefinition]
# For each page of several files: its file, and its page number there.
Origins = Mapping[int, tuple[str, int]]


def recognise_one(
    pages: Pages, part: str, origins: Origins, forms: Forms, wanted: str | None
) -> list[Document]:
    """Return the content of pages of which a person says that they are one application's: one document, or
    several where each is a whole copy of a form.

    Raises:
        NotAForm: there is none.
    """
    found = recognise(pages, part, origins, forms, wanted)
    seen = {number for one in found for number in one.pages}
    if len(found) > 1 and all(one.is_whole for one in found) and len(seen) == len(pages.pages):
        return found
    return [_document(Sheaf(Wording.of(pages)), part, origins, forms, wanted, False)]


def recognise(
    pages: Pages, part: str, origins: Origins, forms: Forms, wanted: str | None, is_cover: bool = False
) -> list[Document]:
    """Return the content of each form on `pages` of the file `part`, in their order. `wanted` names the only
    form to look for.

    Raises:
        NotAForm: there is none.
    """
    # A file without pages may hold several forms; the form that it states may be only the first of them.
    known = _known_form(pages, forms, wanted) if wanted or pages.reader != "word" else None
    found: list[Document] = []
    lost: list[Page] = []
    for sheaf in split(Wording.of(pages), [known] if known else list(forms.values())):
        try:
            found.append(_document(sheaf, part, origins, forms, wanted, is_cover))
        except NotAForm:
            lost += sheaf.pages.pages
    if not found:
        raise NotAForm("不是已知的申请表")
    told = tuple(_unsure(page.number, part, origins) for page in lost)
    return [replace(found[0], findings=(*found[0].findings, *told)), *found[1:]]


def _unsure(number: int, part: str, origins: Origins) -> Finding:
    name, page = origins.get(number, (part, number))
    return Finding.of("pages-unsure", part=name, page=page)


def _document(
    sheaf: Sheaf, part: str, origins: Origins, forms: Forms, wanted: str | None, is_cover: bool
) -> Document:
    """Return the document that pages of one application make."""
    alignment, pages = _which_form(sheaf.wording, forms, wanted, is_cover)
    found = match(pages, alignment, part)
    identity = pages.identity if pages.identity and pages.identity.form == alignment.form.name else None
    places = [origins.get(page.number, (part, page.number)) for page in pages.pages]
    doubts = [_unsure(number, part, origins) for number in sheaf.unsure]
    doubts += _other_form(sheaf.wording, alignment, forms, wanted)
    return Document(
        number=0,
        names=tuple(dict.fromkeys(name for name, _ in places)),
        form=alignment.form,
        instance=identity.instance if identity else None,
        is_paper=pages.reader == "scan",
        has_paper=any(page.frame for page in pages.pages),
        observations=tuple(_with_origin(one, origins) for one in found.observations),
        findings=(*found.findings, *doubts),
        told=tuple(found.books.told),
        pages=frozenset(page.number for page in pages.pages),
        entries=lambda: _entries(found, part, origins),
        is_whole=alignment.score >= _IS_FORM or _known_form(pages, forms, wanted) is not None,
    )


def _other_form(wording: Wording, alignment: Alignment, forms: Forms, wanted: str | None) -> list[Finding]:
    """That pages bear another form's labels, and hardly those of the form that was asked for."""
    if wanted is None or alignment.score >= _IS_FORM:
        return []
    others = [align(form, wording.units) for form in forms.values() if form.name != wanted]
    best = max(others, key=lambda one: one.score, default=None)
    if best is None or best.score < _IS_FORM:
        return []
    return [Finding.of("other-form", form=best.form.title, wanted=alignment.form.title)]


def _entries(found: Match, part: str, origins: Origins) -> Iterator[tuple[str, Entry]]:
    """Yield the ledger of a document's pages, each entry with its file."""
    for entry in (*found.books.entries(), *found.books.marks):
        name, page = origins.get(entry.page or 0, (part, entry.page))
        yield name, entry.model_copy(update={"page": page})


def _with_origin(observation: Observation, origins: Origins) -> Observation:
    """Return the observation with each page renamed to its own file and page number."""
    if not origins:
        return observation
    placed = []
    for one in observation.evidence:
        part, page = origins.get(one.page or 0, (one.part, one.page))
        placed.append(one.model_copy(update={"part": part, "page": page}))
    return observation.model_copy(update={"evidence": tuple(placed)})


def _known_form(pages: Pages, forms: Forms, wanted: str | None) -> FormDefinition | None:
    """Return the form that was asked for, or that the document states."""
    identity = pages.identity.form if pages.identity else None
    return forms[wanted] if wanted else forms.get(identity or "")


def _which_form(
    wording: Wording, forms: Forms, wanted: str | None, is_cover: bool
) -> tuple[Alignment, Pages]:
    """Return the form, laid over the pages in the order in which it fits best, because sheets get shuffled on
    their way through a scanner. It is the form that was asked for, that the document states, or whose labels
    it bears. A cover must bear the labels, whatever was asked for."""
    known = _known_form(wording.pages, forms, wanted)
    candidates = [
        (form, most(form, wording.units)) for form in ([known] if known is not None else forms.values())
    ]
    best: tuple[Alignment, Pages] | None = None
    for order in _orders(wording):
        for form, reach in candidates:
            if best is not None and reach <= best[0].score + _BETTER:
                continue
            alignment = align(form, order.units)
            if best is None or alignment.score > best[0].score + _BETTER:
                best = alignment, order.pages
    if best is None or (
        (known is None or is_cover) and best[0].score < _IS_FORM and not _is_stamped_page(best[0])
    ):
        raise NotAForm("不是已知的申请表")
    return best


def _is_stamped_page(alignment: Alignment) -> bool:
    """Tell whether pages that are no whole form bear at least a label beside which people stamp or sign."""
    return any(
        find.whole and find.score >= _SURE_LABEL and field.is_mark
        for index, find in alignment.found.items()
        for field in alignment.labels[index].cell.fields
    )


def _orders(wording: Wording) -> Iterator[Wording]:
    """Yield the pages as they came. Where they are few loose sheets, yield them in every other order too."""
    yield wording
    count = len(wording.by_page)
    if wording.pages.reader != "word" and count <= _MOST_SHUFFLED:
        # The first permutation is the order in which they came.
        yield from map(wording.in_order, islice(permutations(range(count)), 1, None))
