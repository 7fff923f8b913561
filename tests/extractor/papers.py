"""Printed forms as a reader of pictures gives them, without a picture: our own PDF, each character a reading
of its own."""

from collections.abc import Mapping

from extractor.answers.labels import align
from extractor.answers.match import match
from extractor.answers.units import units_of
from extractor.applications.group import Document
from extractor.limits import PdfLimits, ZipLimits
from extractor.readers.pdf import read_pdf
from extractor.readers.word import read_word
from generator import generate, new_identity
from models.form import FormDefinition
from models.identity import Identity
from models.page import Cell, Line, Page, Pages, Run, SealMark, Span, Table
from models.record import Record

# What is read for what stands there: the character, how surely, and what else it may be.
Misread = Mapping[str, tuple[str, float, tuple[tuple[str, float], ...]]]

_SURE = 0.999


def scanned(
    form: FormDefinition, record: Record, misread: Misread | None = None, identity: Identity | None = None
) -> Pages:
    """The pages of a printed form, as read off pictures; `identity` is on each page that bears our code."""
    reading = read_pdf(generate(form, "pdf-flat", identity or new_identity(form), record).data, PdfLimits())
    pages = tuple(
        _read_off(page, misread or {}).model_copy(update={"identity": identity})
        for page in reading.pages.pages
    )
    return Pages(reader="scan", pages=pages, identity=identity)


def typed(form: FormDefinition, record: Record) -> Pages:
    """The Word file of the same."""
    return read_word(word_file(form, record), ZipLimits()).model_copy(update={"identity": None})


def word_file(form: FormDefinition, record: Record) -> bytes:
    """The bytes of a Word file, under a number of its own each time."""
    return generate(form, "docx", new_identity(form), record).data


def document(form: FormDefinition, pages: Pages, number: int, name: str) -> Document:
    """What was read of one document."""
    found = match(pages, align(form, units_of(pages)), name)
    instance = pages.identity.instance if pages.identity else None
    return Document(number, (name,), form, instance, pages.reader == "scan", found.observations)


def joined(*several: Pages) -> Pages:
    """The pages of several forms in one file, numbered anew."""
    return ordered([page for pages in several for page in pages.pages])


def ordered(pages: list[Page]) -> Pages:
    """Pages in this order as those of one file."""
    return Pages(
        reader="scan", pages=tuple(page.model_copy(update={"number": n}) for n, page in enumerate(pages, 1))
    )


def stamped(pages: Pages, prompt: str, text: str) -> Pages:
    """The pages with a seal in the cell that shows `prompt`."""
    found = []
    for page in pages.pages:
        cells = [
            cell
            for block in page.blocks
            if isinstance(block, Table)
            for cell in block.cells
            if prompt in cell.text
        ]
        ring = tuple(Run(text=char, confidence=_SURE) for char in text)
        seals = tuple(
            SealMark(box=cell.box, text=text, confidence=0.999, readings=(ring,))
            for cell in cells
            if cell.box
        )
        found.append(page.model_copy(update={"seals": (*page.seals, *seals)}))
    return pages.model_copy(update={"pages": tuple(found)})


def _read_off(page: Page, misread: Misread) -> Page:
    blocks = tuple(
        block.model_copy(update={"cells": tuple(_cell(cell, misread) for cell in block.cells)})
        if isinstance(block, Table)
        else _line(block, misread)
        for block in page.blocks
    )
    return page.model_copy(update={"blocks": blocks})


def _cell(cell: Cell, misread: Misread) -> Cell:
    return cell.model_copy(update={"lines": tuple(_line(line, misread) for line in cell.lines)})


def _line(line: Line, misread: Misread) -> Line:
    spans: list[Span] = []
    for span in line.spans:
        spans += [_character(span, char, misread) for char in span.text] if isinstance(span, Run) else [span]
    return line.model_copy(update={"spans": tuple(spans)})


def _character(run: Run, char: str, misread: Misread) -> Run:
    text, confidence, others = misread.get(char, (char, _SURE, ()))
    return run.model_copy(update={"text": text, "confidence": confidence, "others": others})
