"""The ledger of every sample that holds characters: all that its reader saw stands in it, once, with its
place."""

from collections import Counter
from pathlib import Path

import pytest

from extractor import Options, Source, extract
from extractor.readers.by_kind import open_file
from models.form import FormDefinition
from models.ledger import PartLedger
from models.page import TICK_TEXT, Line, Pages, Remark, Run, Table, Tick

INBOX = Path(__file__).parent.parent.parent / "fixtures" / "inbox"
TYPED = sorted(path for path in INBOX.iterdir() if path.suffix in (".docx", ".doc", ".html", ".xml", ".ofd"))
TYPED += [INBOX / "fillable_returned.pdf", INBOX / "A08_printed.pdf"]


def _seen(pages: Pages) -> Counter[str]:
    """The characters, ticks and pictures of all lines, remarks and asides, without white space."""
    found: Counter[str] = Counter()
    for page in pages.pages:
        for block in page.blocks:
            lines = (
                [line for cell in block.cells for line in cell.lines] if isinstance(block, Table) else [block]
            )
            for span in (span for line in lines if isinstance(line, Line) for span in line.spans):
                if isinstance(span, Run | Remark):
                    found.update(span.text)
                else:
                    found[TICK_TEXT[span.state] if isinstance(span, Tick) else "a picture"] += 1
        found["a seal"] += len(page.seals)
        found["ink"] += len(page.ink) + len(page.unread)
    for one in pages.aside:
        found.update(one.text)
    return +Counter({char: count for char, count in found.items() if not char.isspace()})


def _booked(ledger: PartLedger) -> Counter[str]:
    found: Counter[str] = Counter()
    for entry in ledger.entries:
        if entry.kind in ("text", "tick", "remark", "aside"):
            found.update(entry.text)
        found["a picture"] += entry.kind == "picture"
        found["a seal"] += entry.kind == "seal"
        found["ink"] += entry.kind in ("ink", "unread")
    return +Counter({char: count for char, count in found.items() if not char.isspace()})


@pytest.mark.parametrize("path", TYPED, ids=lambda path: path.name)
def test_the_ledger_holds_all_that_the_reader_saw(path: Path, forms: dict[str, FormDefinition]) -> None:
    ledgers: list[PartLedger] = []
    (result,) = extract(Source(path.name, path), forms, Options(), book=ledgers.append)
    ledger = ledgers[0]
    assert ledger.part == path.name
    try:
        pages = open_file(path.read_bytes(), Options()).pages
    except Exception:
        assert (ledger.entries, result.error is None) == ((), False), (
            "what can't be read has a state and nothing else"
        )
        return
    assert isinstance(pages, Pages)
    assert _booked(ledger) == _seen(pages)
    assert all(entry.booking.by for entry in ledger.entries)
