"""Counts on how many PDFs each of our own steps changes the answer against pdfplumber's own way.

    python -m benchmarks.plumber [PATH...]

PATH is a file or a folder; without any, the samples and the forms that we write are read. Both read the same
bytes. Their outputs are compared: letters, tables' cells, the text in cells that both have, marks, and pages
that must be read as pictures. `docs/decisions.md` gives the figures.
"""

import io
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pdfplumber
from pdfplumber.page import Page as Plumbed

from extractor.readers.pdf import PdfReading, read_pdf
from generator import generate, new_identity
from models.errors import UnreadableFile
from models.geometry import Rect
from models.page import Cell, Line, Page, Run, Table, Tick
from service.forms.definitions import load_forms

_INBOX = Path(__file__).parent.parent / "fixtures" / "inbox"
# From so many letters on, a difference counts as text. Fewer may be a mark that somebody wrote as a letter.
_TEXT = 3
_NEAR = 4.0  # points


def main(paths: Sequence[str]) -> None:
    """Prints on how many files there is each difference."""
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for path in _files([Path(path) for path in paths] or [_INBOX, *_own(Path(folder))]):
            found.update(differences(path.read_bytes()) | {"files"})
    for name, count in sorted(found.items(), key=lambda item: -item[1]):
        print(f"{count:5}  {name}")


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(path.rglob("*.pdf")) if path.is_dir() else [path]


def _own(folder: Path) -> Iterator[Path]:
    for form in load_forms(None).values():
        for kind in ("pdf", "pdf-flat"):
            path = folder / f"{form.name}-{kind}.pdf"
            path.write_bytes(generate(form, kind, new_identity(form)).data)
            yield path


def differences(data: bytes) -> set[str]:
    """Returns the names of the differences between what we read from a PDF and what pdfplumber finds in
    it."""
    try:
        reading = read_pdf(data)
    except UnreadableFile:
        return {"refused by us"}
    try:
        with pdfplumber.open(io.BytesIO(data)) as pdf:
            pairs = zip(reading.pages.pages, pdf.pages, strict=True)
            return {name for ours, theirs in pairs for name in _on_page(reading, ours, theirs)}
    except Exception:  # Whatever the error is, pdfplumber gives no text here.
        return {"fails in pdfplumber, read by us"}


def _on_page(reading: PdfReading, ours: Page, theirs: Plumbed) -> Iterator[str]:
    if ours.number in reading.scanned:
        if theirs.chars:
            yield "page must be read as a picture, pdfplumber has text for it"
        return
    spans = [span for line in _lines(ours) for span in line.spans]
    read = Counter(_letters("".join(span.text for span in spans if isinstance(span, Run))))
    plumbed = Counter(_letters("".join(char["text"] for char in theirs.chars)))
    if (plumbed - read).total() >= _TEXT:
        yield "letters in pdfplumber that nobody sees, or twice for bold"
    if (read - plumbed).total() >= _TEXT:
        yield "letters of form fields and notes that pdfplumber lacks"
    if any(isinstance(span, Tick) for span in spans):
        yield "marks: none in pdfplumber"
    if any(isinstance(span, Run) and "strike" in span.emphasis for span in spans):
        yield "struck-out words, plain in pdfplumber"
    yield from _in_tables([block for block in ours.blocks if isinstance(block, Table)], theirs)


def _in_tables(tables: Sequence[Table], theirs: Plumbed) -> Iterator[str]:
    cells = {cell: text for table in theirs.find_tables() for cell, text in _texts(theirs, table.cells)}
    unmatched = dict(cells)
    for cell in (cell for table in tables for cell in table.cells):
        box = _box(cell)
        twin = next(
            (
                other
                for other in unmatched
                if max(abs(a - b) for a, b in zip(box, other, strict=True)) <= _NEAR
            ),
            None,
        )
        if twin is None:
            yield "cells that pdfplumber has not"
            continue
        ours, other = cell.text, unmatched.pop(twin)
        if _letters(ours) == _letters(other):
            if ours.count("\n") != other.count("\n"):
                yield "lines that only the cell broke, or a line torn, in pdfplumber"
            elif " ".join(ours.split()) != " ".join(other.split()):
                yield "blanks within a line"
    if unmatched:
        yield "cells that only pdfplumber has"


def _texts(page: Plumbed, cells: Sequence[Rect]) -> Iterator[tuple[Rect, str]]:
    for cell in cells:
        yield cell, page.within_bbox(cell, strict=False).extract_text()


def _box(cell: Cell) -> Rect:
    return (cell.box.x0, cell.box.y0, cell.box.x1, cell.box.y1) if cell.box else (0, 0, 0, 0)


def _lines(page: Page) -> Iterator[Line]:
    for block in page.blocks:
        if isinstance(block, Line):
            yield block
        else:
            yield from (line for cell in block.cells for line in cell.lines)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


if __name__ == "__main__":
    main(sys.argv[1:])
