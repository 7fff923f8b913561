"""What became of what stands over or beside the text: seals, ink, writing that was not read, tagged places
(pure)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from extractor.answers.books import Books
from models.findings import Finding
from models.geometry import area, meets, shared_area
from models.ledger import Booking, Entry, Kind
from models.page import Aside, AsideKind, Box, Page, Pages
from models.record import Observation
from models.writing import excerpt, key

_OVER = 0.6  # of its area: ink that lies so far on text was read with it
_EDGE = 6.0  # points from the edge of the page, where a scanner draws the rim of the sheet

# Of what a reader leaves out of the lines, what somebody may have meant for whoever reads the form.
_TOLD: frozenset[AsideKind] = frozenset({"note", "comment", "object", "value", "unknown"})
# What puts an answer in doubt that it lies on.
_DOUBTS: Mapping[AsideKind, str] = {"comment": "comment-on-answer", "value": "text-unseen"}

Fields = Mapping[tuple[int, Box], str]


def with_marks(books: Books, pages: Pages, observations: Sequence[Observation]) -> Books:
    """The books with the marks of `pages`, and with what is to be told of those that are nobody's."""
    marks = tuple(_marks(books, pages, observations))
    stray = dict.fromkeys(entry.page for entry in marks if entry.booking.by == "ink-elsewhere")
    told = [Finding.of("ink-elsewhere", page=number) for number in stray]
    beside = dict.fromkeys(one.text for one in pages.aside if one.kind in _TOLD and one.text.strip())
    told += [Finding.of("aside-told", text=excerpt(text)) for text in beside]
    return replace(books, marks=(*marks, *map(_beside, pages.aside)), told=(*books.told, *told))


def doubted_beside(
    observations: Iterable[Observation], pages: Pages, titles: Mapping[str, str]
) -> list[Observation]:
    """The observations, in doubt where a note, or a value that does not show, lies on the answer; of a page
    that was turned or bent flat, wherever it lies there. Only pages that are pictures have such, the lines of
    others hold remarks."""
    placed = [
        (one, _DOUBTS[one.kind]) for one in pages.aside if one.box and one.kind in _DOUBTS and key(one.text)
    ]
    # Boxes of the file lie elsewhere on a page that was turned or bent flat.
    flat = {
        page.number: page.frame is None or (page.frame.warp is None and not page.frame.quarters)
        for page in pages.pages
    }
    found = []
    for one in observations:
        beside = [
            Finding.of(code, one.field, title=titles[one.field], text=excerpt(aside.text))
            for aside, code in placed
            if any(_lies_on(aside, seen.page, seen.box, flat) for seen in one.evidence)
        ]
        found.append(one.doubted(beside))
    return found


def _lies_on(aside: Aside, page: int | None, box: Box | None, flat: Mapping[int, bool]) -> bool:
    if aside.page != page or box is None or aside.box is None:
        return False
    return not flat.get(page or 0, True) or meets(box, aside.box)


def _beside(one: Aside) -> Entry:
    """What the reader left out of the lines: told, or left out for a reason that has a name."""
    way = (
        Booking(way="told", by="aside-told")
        if one.kind in _TOLD
        else Booking(way="noise", by=f"aside-{one.kind}")
    )
    return Entry(kind="aside", text=one.text, booking=way, page=one.page, box=one.box)


def _marks(books: Books, pages: Pages, observations: Sequence[Observation]) -> Iterator[Entry]:
    fields: dict[tuple[int, Box], list[str]] = {}
    for one in observations:
        for seen in one.evidence:
            if seen.page is not None and seen.box is not None:
                fields.setdefault((seen.page, seen.box), []).append(one.field)
    answered = {place: "、".join(dict.fromkeys(names)) for place, names in fields.items()}
    inked = any(page.ink or page.unread for page in pages.pages)
    text = [entry for entry in books.entries() if entry.box] if inked else []
    for page in pages.pages:
        for seal in page.seals:
            name = answered.get((page.number, seal.box))
            way = Booking(way="answer", by=name) if name else Booking(way="told", by="seal-elsewhere")
            yield Entry(kind="seal", text=seal.text or "", booking=way, page=page.number, box=seal.box)
        boxes: list[tuple[Kind, Box]] = [("ink", mark.box) for mark in page.ink]
        boxes += [("unread", box) for box in page.unread]
        for kind, box in boxes:
            way = _way_of_ink(kind, box, page, answered, text)
            yield Entry(kind=kind, text="", booking=way, page=page.number, box=box)
    known = {one.field for one in observations}
    for control in pages.controls:
        name = control.tag.field
        way = Booking(way="answer", by=name) if name in known else Booking(way="told", by="control-unknown")
        yield Entry(kind="control", text=control.text or "", booking=way)


def _way_of_ink(kind: Kind, box: Box, page: Page, answered: Fields, text: Sequence[Entry]) -> Booking:
    """Ink is an answer where a field shows it, what the text is that it lies on, or nothing but the rim of
    the sheet."""
    if (page.number, box) in answered:
        return Booking(way="answer", by=answered[page.number, box])
    size = area((box.x0, box.y0, box.x1, box.y1))
    under = [
        entry
        for entry in text
        if kind == "ink" and entry.page == page.number and entry.box and meets(entry.box, box)
    ]
    most = max(under, key=lambda entry: shared_area(entry.box, box) if entry.box else 0.0, default=None)
    if most and most.box and shared_area(most.box, box) >= _OVER * size:
        return most.booking
    names = [
        name for (number, place), name in answered.items() if number == page.number and meets(place, box)
    ]
    if names:
        return Booking(way="answer", by="、".join(dict.fromkeys(names)))
    wide, high = page.width or 0.0, page.height or 0.0
    if min(box.x0, wide - box.x1) < _EDGE or min(box.y0, high - box.y1) < _EDGE:
        return Booking(way="noise", by="page-edge")
    return Booking(way="told", by="ink-elsewhere")
