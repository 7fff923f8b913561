"""Reading returned Word forms against python-docx, which most programs of this kind are built on.

The peer opens the file and takes the text of every cell, nothing more: no ticks, no fields, no decisions. Both read the
same files in turns, so that whatever else the machine does falls on both; the figures are medians of CPU seconds.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import docx
from docx.opc.exceptions import PackageNotFoundError

from extractor import Source, extract
from service.definitions import load_forms

_ROUNDS = 15
_INBOX = Path(__file__).parent.parent / "fixtures" / "inbox"


def run() -> list[tuple[str, float, float]]:
    """(name, milliseconds of CPU a file, ratio to the peer) for each contestant."""
    forms = load_forms(None)
    files = [path for path in sorted(_INBOX.glob("*.docx")) if _opens(path)]

    def ours(path: Path) -> None:
        extract(Source.at(path), forms)

    def theirs(path: Path) -> None:
        for table in docx.Document(str(path)).tables:
            for row in table.rows:
                for cell in row.cells:
                    _ = cell.text

    contestants: dict[str, Callable[[Path], None]] = {"sealform extract": ours, "python-docx cell.text": theirs}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(_ROUNDS):
        for path in files:
            for name, read in contestants.items():
                start = time.process_time()
                read(path)
                times[name].append(time.process_time() - start)
    medians = {name: statistics.median(measured) * 1000 for name, measured in times.items()}
    peer = medians["python-docx cell.text"]
    return [(name, median, median / peer) for name, median in medians.items()]


def _opens(path: Path) -> bool:
    """Files that nobody can open are left out, for both."""
    try:
        docx.Document(str(path))
    except PackageNotFoundError:
        return False
    return True
