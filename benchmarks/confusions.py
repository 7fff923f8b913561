"""Counts how often each confusion of `extractor/text/confusions.py` is met today, and whether the reader is
sure of it.

    python -m benchmarks.confusions --hands FOLDER [--copies 12] [--seed 1]

Every example is drawn in print and in pens' faces, copied by four scanners, and read. At each place of the
meant character, three things are counted: how often one of the row's wrong characters was read there, how
often surely, and how often the right one was.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

from rapidfuzz.distance import Levenshtein

from benchmarks.writing import INKS, SCANNERS, moved, paper, pens, prints, scanned, write
from extractor import rungs
from extractor.scan.lines import crop
from extractor.scan.ocr import OcrEngine, PaddleOcr
from extractor.scan.readings import Glyph
from extractor.text import confusions
from extractor.text.confusions import Confusion

_ROWS = (
    *confusions.AMONG_DIGITS,
    *confusions.AMONG_LETTERS,
    *confusions.QUICK,
    confusions.AT,
    *confusions.RARE,
    *confusions.STROKES,
)


def read(row: Confusion, face: str, r: Random, engine: OcrEngine) -> tuple[Glyph, ...]:
    """Reads the example of `row` as one line. It is drawn in `face` and copied by a scanner."""
    size = r.randint(40, 60)
    sheet = paper(round(size * (4 + len(row.example))), 4 * size)
    box = write(sheet, row.example, (size, 2 * size), face, size, r.choice(INKS), r.uniform(-1, 1))
    layers, matrix = scanned(sheet, r.choice(SCANNERS), r)
    x0, y0, x1, y1 = moved(box, matrix)
    room = 0.15 * (y1 - y0)
    (reading,) = engine.recognise([crop(layers.text, (x0 - room, y0 - room, x1 + room, y1 + room))])
    return reading.glyphs


def places(row: Confusion, glyphs: tuple[Glyph, ...]) -> Iterator[Glyph | None]:
    """Yields what was read at each place where `row.meant` stands in its example, or None where nothing or
    more than one character was read."""
    said = [glyph.text for glyph in glyphs]
    for start in range(len(row.example)):
        if not row.example.startswith(row.meant, start):
            continue
        end = start + len(row.meant)
        left = Levenshtein.opcodes(list(row.example), said)
        found = [
            code
            for code in left
            if code.src_start < end and code.src_end > start and code.tag in ("equal", "replace", "delete")
        ]
        at = {
            code.dest_start + max(0, start - code.src_start)
            for code in found
            if code.dest_end > code.dest_start
        }
        yield glyphs[min(at)] if at and min(at) < len(glyphs) else None


def count(row: Confusion, face: str, copies: int, seed: int, engine: OcrEngine) -> Counter[str]:
    """Counts what was read in place of the meant character, over so many copies."""
    counts: Counter[str] = Counter()
    for number in range(copies):
        for glyph in places(row, read(row, face, Random(f"{seed}/{row.example}/{face}/{number}"), engine)):
            counts["places"] += 1
            if glyph is not None and glyph.text in row.read and glyph.text != row.meant:
                counts["confused"] += 1
                counts["surely"] += glyph.confidence >= rungs.SETTLED
            counts["right"] += glyph is not None and glyph.text == row.meant[:1]
    return counts


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--hands", type=Path, required=True, help="a folder with pens' faces")
    asked.add_argument("--copies", type=int, default=12, help="of each example in each face")
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    engine = PaddleOcr()
    kinds = {"print": prints(5), "pen": pens(given.hands)}
    print(
        f"{'read':12} {'meant':6} {'faces':6} {'places':>7} {'confused':>9} "
        f"{'surely':>7} {'right':>7} {'in the table':>12}"
    )
    for row in _ROWS:
        for kind, chosen in kinds.items():
            counts = sum(
                (count(row, face, given.copies, given.seed, engine) for face in chosen), Counter[str]()
            )
            told = " ".join(
                f"{counts[name]:>{wide}}"
                for name, wide in (("places", 7), ("confused", 9), ("surely", 7), ("right", 7))
            )
            before = "{} of {}".format(*row.drawn) if kind == "pen" else ""
            print(f"{row.read:12} {row.meant:6} {kind:6} {told} {before:>12}", flush=True)


if __name__ == "__main__":
    main()
