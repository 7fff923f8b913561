"""Fits the weights that tell a character which somebody wrote over, and counts what they and the committed
ones find.

    python -m benchmarks.written_over FORMS --hands FOLDER --scans FOLDER [--seed 11] [--fields 8]

On FORMS, filled forms as PDF, values are written over by `benchmarks.pen_corrections`; the characters at
which the new value differs from the old one are the ones to find. The scans bear no corrections. The weights
are fitted to the short answers of all that; a seed and scans of their own tell what they are worth. Those in
`extractor/scan/written_over.py` were fitted on 2026-11-30 to seeds 511 and 512 of 24 forms and 36 scans.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np

from benchmarks.calibration import logistic
from benchmarks.pen_corrections import sheets
from benchmarks.writing import pens
from extractor import Options, Source, extract
from extractor.scan import pen_marks, written_over
from extractor.scan.ocr import PaddleOcr
from extractor.scan.written_over import Gray, Mask, Written, features, least_likely, likelihood, with_others
from service.forms.definitions import load_forms

_ALIKE = 0.6  # of a line and a value: they are the same


@dataclass(frozen=True)
class Line:
    """A line as it was weighed: its characters, what the weights weigh of each, and how likely each was
    written over by the committed weights, and from which probability on it counts."""

    text: str
    features: tuple[tuple[float, ...], ...]
    likely: tuple[float, ...]
    least: float
    changed: frozenset[int] = frozenset()


@contextmanager
def watching(into: list[Line]) -> Iterator[None]:
    """Keeps all lines that are looked at meanwhile."""
    looks = pen_marks.written_over

    def looked(lines: Sequence[Written], ink: Mask, levels: Gray) -> list[bool]:
        weighed = [written_over.weigh(line, written_over._seen(line, ink, levels)) for line in lines]
        for line, own in zip(lines, with_others(weighed), strict=True):
            into.append(
                Line(
                    "".join(one.text for one, _ in own),
                    tuple(features(*one) for one in own),
                    tuple(likelihood(*one) for one in own),
                    least_likely(line),
                )
            )
        return looks(lines, ink, levels)

    pen_marks.written_over = looked
    try:
        yield
    finally:
        pen_marks.written_over = looks


def changed(text: str, old: str, new: str) -> frozenset[int]:
    """The characters of a line that reads `old` or `new`, at which the two differ."""
    differ = {number for number, (a, b) in enumerate(zip(old, new, strict=False)) if a != b}
    found: set[int] = set()
    for whole in (old, new):
        match = SequenceMatcher(None, text, whole, autojunk=False)
        if match.ratio() > _ALIKE:
            for _, first, last, start, _ in match.get_opcodes():
                found |= {number for number in range(first, last) if start + number - first in differ}
    return frozenset(found)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("forms", type=Path, help="a folder of filled forms as PDF")
    asked.add_argument("--hands", type=Path, required=True, help="a folder with pens' faces")
    asked.add_argument("--scans", type=Path, required=True, help="a folder of scans without corrections")
    asked.add_argument("--seed", type=int, default=11)
    asked.add_argument("--fields", type=int, default=8)
    given = asked.parse_args()
    options, known = Options(ocr=PaddleOcr()), load_forms(None)
    lines: list[Line] = []
    with watching(lines):
        for path in sorted(given.scans.iterdir()):
            extract(Source.at(path), known, options)
    plain = len(lines)
    forms = sorted(given.forms.glob("*.pdf"))
    for sheet in sheets(forms, pens(given.hands), given.seed, given.fields, ("over",), False):
        before = len(lines)
        with watching(lines):
            path = given.forms / sheet.name
            path.write_bytes(sheet.data)
            try:
                extract(Source.at(path), known, options)
            finally:
                path.unlink()
        values = [
            tuple("".join(filter(str.isalnum, value)) for value in (one.old, one.new or ""))
            for one in sheet.fields.values()
            if one.kind == "over"
        ]
        for number in range(before, len(lines)):
            line = lines[number]
            own = frozenset(at for old, new in values for at in changed(line.text, old, new))
            lines[number] = replace(line, changed=own)
    short = [line for line in lines if line.least == written_over._LIKELY]
    table = np.array([one for line in short for one in line.features])
    told = np.array([number in line.changed for line in short for number in range(len(line.text))], float)
    print("fitted", logistic(table, told, np.ones(len(told))).round(3).tolist())
    for name, wanted, chosen in (
        ("written over", True, [line for line in lines if line.changed]),
        ("others, short", False, [line for line in lines[:plain] if line.least == written_over._LIKELY]),
        (
            "others, prose",
            False,
            [line for line in lines[:plain] if line.least == written_over._LIKELY_IN_PROSE],
        ),
    ):
        found = sum(max(line.likely, default=0.0) >= line.least for line in chosen)
        print(f"{name:14} {len(chosen):5} lines, {found:4} found {'right' if wanted else 'wrongly'}")


if __name__ == "__main__":
    main()
