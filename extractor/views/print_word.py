"""Printed Word files: their pages as LibreOffice prints them, so that a person sees the evidence there.

Where LibreOffice is missing or fails, `tables_of` gives the table that was read instead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.arrival import Source, kind_of
from extractor.options import Options
from extractor.readers.by_kind import TYPED, read_typed
from extractor.readers.office import to_pdf
from extractor.readers.pdf import read_pdf
from extractor.views.draw_pages import part_bytes
from extractor.views.find_cells import Places, place_cells, with_places
from models.errors import NoView, UnreadableFile
from models.page import Line, Pages, Table
from models.record import PartPage, Result


@dataclass(frozen=True)
class Printed:
    """A Word file as `pdf`, its pages, and the places of its cells on them."""

    pdf: bytes
    pages: tuple[PartPage, ...]
    places: Places


def print_word(data: bytes, options: Options = Options()) -> Printed:
    """Print a file of cells without pages (Word, RTF, HTML ...) with LibreOffice.

    Raises:
        NoView: it is of another kind. ConverterMissing: LibreOffice is not installed. TimedOut: it took too
            long. UnreadableFile: it can't be read, which shows before LibreOffice gets it.
    """
    typed = _typed(data, options)
    pdf = to_pdf(data, TYPED[kind_of(data)].suffix, options.office, options.limits.conversion_seconds)
    drawn = read_pdf(pdf, options.limits.pdf, is_own_print=True).pages
    return Printed(pdf, tuple(PartPage.of(page) for page in drawn.pages), place_cells(typed, drawn))


def print_words(
    source: Source, results: Sequence[Result], options: Options = Options()
) -> tuple[list[Result], dict[str, Printed]]:
    """Return the results of a submission with page and box in their evidence from Word files, whose parts now
    have pages. Return also each of these files as printed, by its part's name. Files that can't be printed
    stay unchanged."""
    printed: dict[str, Printed] = {}
    for part in results[0].parts if results else ():
        if part.state == "read" and not part.pages:
            try:
                printed[part.name] = print_word(part_bytes(source, part.name, options), options)
            except (UnreadableFile, NoView):
                continue
    return [_with_pages(result, printed) for result in results], printed


def _with_pages(result: Result, printed: dict[str, Printed]) -> Result:
    for name, one in printed.items():
        result = with_places(result, name, one.places)
    parts = (
        part.model_copy(update={"pages": printed[part.name].pages}) if part.name in printed else part
        for part in result.parts
    )
    return result.model_copy(update={"parts": tuple(parts)})


def tables_of(data: bytes, options: Options = Options()) -> list[dict[str, Any]]:
    """Return the content of a file of cells without pages, in order, as JSON: {"line": text}, or {"table":
    its index, "rows", "columns", "cells": [{"row", "column", "row_span", "column_span", "text"}]}. All
    numbers count from 0.

    Raises:
        NoView: it is of another kind. UnreadableFile: it can't be read.
    """
    return [one for page in _typed(data, options).pages for block in page.blocks for one in _block(block)]


def _typed(data: bytes, options: Options) -> Pages:
    if kind_of(data) not in TYPED:
        raise NoView("不是 Word 文件")
    return read_typed(data, options)


def _block(block: Table | Line) -> Iterator[dict[str, Any]]:
    if isinstance(block, Line):
        if block.text.strip():
            yield {"line": block.text}
        return
    yield {
        "table": block.index,
        "rows": max((cell.row + cell.row_span for cell in block.cells), default=0),
        "columns": max((cell.column + cell.column_span for cell in block.cells), default=0),
        "cells": [
            {**cell.model_dump(include={"row", "column", "row_span", "column_span"}), "text": cell.text}
            for cell in block.cells
        ],
    }
