"""Counts how many marked questions are read right, read wrong, or sent to a person, by kind of mark.

python -m benchmarks.marks.measure --sheets 48 --seed 5000 [--recordings DIR]
"""

import argparse
from collections import Counter, defaultdict
from pathlib import Path

from benchmarks.marks.questions import KINDS, Drawn
from benchmarks.marks.sheets import ROWS, Sheet, make_sheet
from extractor.answers.choice import read_choice
from extractor.scan.ocr import OcrEngine, PaddleOcr
from extractor.scan.read import Picture, read_page
from extractor.scan.recorded import RecordedOcr
from extractor.text.passage import Passage, Place
from models.fields import ChoiceField
from models.page import Cell, Page, Table, Tick

_A4 = (595.3, 841.9)
_ACCEPT_FROM = 0.975  # the least confidence that accepts a question by its marks alone


def judged(drawn: Drawn, cell: Cell) -> str:
    """Returns `right`, `review` (right, but sent to a person), `review-wrong`, or `SILENT` (wrong, and nobody
    looks)."""
    options = ChoiceField(kind="choice", name="question", options=drawn.options)
    reading = read_choice(options, "题目", Passage.of(cell.lines, Place()))
    wanted = tuple(drawn.options[n] for n in drawn.chosen) or None
    # The words before the options are the form's. Where a definition is known, the matcher removes them.
    doubts = [
        doubt
        for doubt in reading.doubts
        if doubt.is_doubt and not (drawn.lead and doubt.code == "choice-extra-text")
    ]
    accepted = min(reading.confidence, reading.seen) >= _ACCEPT_FROM and not doubts
    accepted = accepted and bool(cell.text.strip())  # a form prints its options
    if reading.value == wanted:
        return "right" if accepted else "review"
    return "SILENT" if accepted else "review-wrong"


def read_sheet(sheet: Sheet, engine: OcrEngine) -> Page:
    points = None if sheet.profile == "photo" else _A4
    return read_page(Picture(sheet.picture, points), 1, engine)


def cells_of(page: Page) -> list[Cell] | None:
    """Returns the cells right of the labels, from the top down, or None where the table was not found
    whole."""
    tables = [block for block in page.blocks if isinstance(block, Table)]
    cells = [cell for table in tables for cell in table.cells if cell.column == 1]
    return cells if len(cells) == ROWS else None


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--sheets", type=int, default=48)
    asked.add_argument("--seed", type=int, default=5000)
    asked.add_argument("--recordings", type=Path, help="where what the recogniser says is kept between runs")
    asked.add_argument("--wrong", action="store_true", help="tell each wrong row")
    given = asked.parse_args()
    table: dict[str, Counter[str]] = defaultdict(Counter)
    profiles: dict[str, Counter[str]] = defaultdict(Counter)
    for seed in range(given.seed, given.seed + given.sheets):
        sheet = make_sheet(seed)
        engine: OcrEngine = PaddleOcr()
        if given.recordings:
            engine = RecordedOcr(given.recordings / f"{seed}.jsonl", engine)
        cells = cells_of(read_sheet(sheet, engine))
        if cells is None:
            print(seed, sheet.profile, "table not found")
            continue
        for number, (drawn, cell) in enumerate(zip(sheet.rows, cells, strict=True)):
            if drawn is None:
                seen = any(isinstance(span, Tick) for line in cell.lines for span in line.spans)
                outcome, kind = "mark in prose" if seen else "clean prose", "prose"
            else:
                outcome, kind = judged(drawn, cell), drawn.kind
                profiles[sheet.profile][outcome] += 1
            table[kind][outcome] += 1
            if given.wrong and outcome not in ("right", "review", "clean prose"):
                print(
                    seed,
                    number,
                    sheet.profile,
                    kind,
                    outcome,
                    drawn and [drawn.options[n] for n in drawn.chosen],
                    repr(cell.text),
                )
    for kind in (*KINDS, "prose"):
        print(f"{kind:12}", dict(table[kind]))
    total = sum((table[kind] for kind in KINDS), Counter[str]())
    for profile, counts in profiles.items():
        print(f"{profile:12}", dict(counts))
    print("all questions", dict(total))


if __name__ == "__main__":
    main()
