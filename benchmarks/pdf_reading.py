"""Compares reading digital PDFs with pdfplumber's `extract_tables` on the same pages, in CPU time a page.

The peer gives only the text of ruled cells: no ticks, no form fields and no decisions. It gives hidden text
like any other.
"""

import io
import statistics
import time
from collections.abc import Callable

import pdfplumber

from extractor.limits import PdfLimits
from extractor.readers.pdf import read_pdf
from generator import generate, new_identity
from service.forms.definitions import load_forms

_ROUNDS = 7


def run() -> list[tuple[str, float]]:
    """Returns (name, median milliseconds of CPU a page), Sealform first, over the shipped forms as flat and
    as fillable PDF."""
    files = [
        generate(form, kind, new_identity(form)).data
        for form in load_forms(None).values()
        for kind in ("pdf", "pdf-flat")
    ]
    contestants: dict[str, Callable[[bytes], int]] = {"sealform": _ours, "pdfplumber": _theirs}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(_ROUNDS + 1):
        for data in files:
            for name, read in contestants.items():
                start = time.process_time()
                pages = read(data)
                if number:  # the first round loads fonts and libraries
                    times[name].append((time.process_time() - start) / pages)
    return [(name, statistics.median(measured) * 1000) for name, measured in times.items()]


def _ours(data: bytes) -> int:
    return len(read_pdf(data, PdfLimits()).pages.pages)


def _theirs(data: bytes) -> int:
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        for page in pdf.pages:
            page.extract_tables()
        return len(pdf.pages)
