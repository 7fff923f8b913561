"""From the readings of a submission to the ledger of each file, in which everything in the file is booked
once."""

from collections.abc import Iterator, Sequence

from extractor.answers import entries_booked, units_of
from extractor.results import Read
from models.ledger import Booking, Entry, PartLedger
from models.page import Pages


def ledgers(reads: Sequence[Read]) -> Iterator[PartLedger]:
    """Yield the ledger of each file. Things on pages of no application were told with the state of the file,
    or as lost pages."""
    for read in reads:
        booked = [entry for document in read.documents for entry in document.entries()]
        for part in read.parts():
            entries = [entry for name, entry in booked if name == part.name]
            if read.seen and part.name == read.name:
                way = Booking(way="told", by=part.state if read.error else "pages-unsure")
                entries += _unread_pages(read.seen, {n for one in read.documents for n in one.pages}, way)
                entries += _unbooked(read.seen, entries, way)
            yield PartLedger(part=part.name, state=part.state, entries=tuple(entries))


def _unread_pages(seen: Pages, matched: set[int], way: Booking) -> Iterator[Entry]:
    left = seen.model_copy(update={"pages": tuple(page for page in seen.pages if page.number not in matched)})
    units = units_of(left)
    yield from entries_booked(
        units, dict.fromkeys((number for unit in units for number in unit.passage.numbers), way)
    )


def _unbooked(seen: Pages, entries: Sequence[Entry], way: Booking) -> Iterator[Entry]:
    """Yield asides on pages that belong to no application, and asides on no page in a file of several."""
    booked = {(entry.page, entry.text) for entry in entries if entry.kind == "aside"}
    for one in seen.aside:
        if (one.page, one.text) not in booked:
            yield Entry(kind="aside", text=one.text, booking=way, page=one.page, box=one.box)
