"""Tries the measures by which `extractor/scan/unread_ink.py` finds writing that nobody read, each of them
made smaller and larger.

    python -m benchmarks.unread_ink --hands FOLDER [--cells 120] [--seed 1]

Cells are filled with lines in print and in pens' faces, close together or apart, with added specks and
dashes, and copied by four scanners. In every second cell, one to three lines are left out of what was read,
as by a detector that passes over them. Two errors are counted: lines left out that were not found, and places
found where everything was read. They are counted for the measures as they are, and with one measure at a time
changed.

The measures are round figures of 2026-11-22; neither a script nor the pages were kept. So this script fits
none of them; it says whether another figure would do better on what is drawn here. Its results of 2026-11-29
stand beside the measures in `extractor/scan/unread_ink.py`.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import cv2
import numpy as np

from benchmarks.writing import INKS, SCANNERS, moved, paper, pens, prints, scanned, write
from extractor.scan import unread_ink
from extractor.scan.grids import Grid, GridBox
from extractor.scan.layers import Layers
from extractor.scan.lines import Place, ReadLine
from extractor.scan.readings import Glyph, Reading
from extractor.scan.ruling import Ruling
from models.geometry import Rect

MEASURES = (
    "HIGHEST",
    "LOWEST",
    "LINE",
    "NARROWEST",
    "FULL",
    "SPARSE",
    "LEAST",
    "VALLEY",
    "SHORT",
    "EDGE",
    "EMS",
    "TALLEST",
)
_FACTORS = (0.6, 0.8, 1.0, 1.25, 1.6)
_WORDS = "单位下设综合办公室运行保障部能源管理部等个部门建立了能源统计台账和碳排放核算制度已安装分项计量电表智能水表"


@dataclass(frozen=True)
class Sample:
    """A scanned cell, the lines that were read in it, and the boxes of the lines that were not."""

    layers: Layers
    ruling: Ruling
    lines: tuple[ReadLine, ...]
    missing: tuple[Rect, ...]


def sample(r: Random, lacks: bool, hands: list[str]) -> Sample:
    """Makes a cell of four to seven lines, the last one short. With `lacks`, some consecutive lines were not
    read."""
    size, rows = r.randint(40, 54), r.randint(4, 7)
    pitch = size * r.uniform(0.95, 1.6)
    is_print = r.random() < 0.4
    face, ink = r.choice(prints(5) if is_print else hands), r.choice(INKS)
    sheet = paper(26 * size, round((rows + 2) * pitch) + 2 * size)
    texts = [
        "".join(r.choices(_WORDS, k=r.randint(20, 22) if row < rows - 1 else r.randint(2, 20)))
        for row in range(rows)
    ]
    waver = 0.0 if is_print else 0.05 * size
    boxes = [
        write(
            sheet,
            text,
            (1.5 * size, size + pitch * (row + 1) + r.gauss(0, waver)),
            face,
            size,
            ink,
            r.gauss(0, 0.01 * waver),
        )
        for row, text in enumerate(texts)
    ]
    for _ in range(r.randint(0, 12)):
        cv2.circle(
            sheet,
            (r.randrange(sheet.shape[1]), r.randrange(sheet.shape[0])),
            r.randint(1, 4),
            (60, 60, 60),
            -1,
        )
    for _ in range(r.randint(0, 2)):
        # A remnant of a ruled line, or a line that was drawn with a ruler.
        x, y = r.randrange(20 * size), round(size + pitch * (r.randrange(rows) + 1.5))
        cv2.rectangle(
            sheet,
            (x, y),
            (x + round(size * r.uniform(1, 5)), y + round(size * r.uniform(0.03, 0.2))),
            (40, 40, 40),
            -1,
        )
    layers, matrix = scanned(sheet, r.choice(SCANNERS), r, skew=0.2)
    high, wide = layers.text.shape
    ruling = Ruling((_grid(wide, high),), np.zeros_like(layers.text))
    boxes = [moved(box, matrix) for box in boxes]
    first = r.randrange(rows) if lacks else rows
    lost = range(first, min(rows, first + r.randint(1, 3)))
    read = tuple(
        _read(text, box, r)
        for row, (text, box) in enumerate(zip(texts, boxes, strict=True))
        if row not in lost
    )
    return Sample(layers, ruling, read, tuple(boxes[row] for row in lost))


def _grid(wide: int, high: int) -> Grid:
    return Grid(
        (GridBox(0, 0, 1, 1, (0.0, 0.0, float(wide), float(high))),), (0.0, 0.0, float(wide), float(high))
    )


def _read(text: str, box: Rect, r: Random) -> ReadLine:
    """Returns the line as a detector frames it: a little larger than its ink, or with pieces of its
    neighbours."""
    x0, y0, x1, y1 = box
    room = (y1 - y0) * (r.uniform(0.3, 0.5) if r.random() < 0.3 else r.uniform(0.02, 0.12))
    glyphs = tuple(Glyph(char, (at + 0.5) / len(text), 0.95) for at, char in enumerate(text))
    return ReadLine(Place((x0 - room, y0 - room, x1 + room, y1 + room), (0, 0)), Reading(glyphs))


def mistakes(samples: list[Sample]) -> tuple[int, int]:
    """Counts the left-out lines that were not found, and the places that were found where everything had been
    read."""
    missed = false = 0
    for one in samples:
        found = unread_ink.find_unread(one.layers.text, one.ruling, one.lines, (), one.layers.scale)
        missed += sum(not any(_holds(place.box, line) for place in found) for line in one.missing)
        false += sum(not any(_holds(place.box, line) for line in one.missing) for place in found)
    return missed, false


def _holds(box: Rect, line: Rect) -> bool:
    """Returns whether a place belongs to the line: its middle is level with the line."""
    return line[1] < (box[1] + box[3]) / 2 < line[3] and box[0] < line[2] and box[2] > line[0]


@contextmanager
def changed(name: str, factor: float) -> Iterator[float]:
    """Sets one of the measures to `factor` times its value while the block runs, and yields the usual
    value."""
    before = getattr(unread_ink, f"_{name}")
    setattr(unread_ink, f"_{name}", before * factor)
    try:
        yield before
    finally:
        setattr(unread_ink, f"_{name}", before)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--hands", type=Path, required=True, help="a folder with pens' faces")
    asked.add_argument("--cells", type=int, default=120)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    hands = pens(given.hands)
    samples = [
        sample(Random(f"{given.seed}/{number}"), bool(number % 2), hands) for number in range(given.cells)
    ]
    left_out = sum(len(one.missing) for one in samples)
    print(
        f"{left_out} lines left out of {len(samples)} cells; not found /"
        " found where all was read, by each measure's factor"
    )
    print(f"{'':10} {'committed':>10}" + "".join(f"{factor:>10}" for factor in _FACTORS))
    for name in MEASURES:
        counts = []
        for factor in _FACTORS:
            with changed(name, factor) as before:
                counts.append("{} / {}".format(*mistakes(samples)))
        print(f"{name:10} {before:>10}" + "".join(f"{count:>10}" for count in counts), flush=True)


if __name__ == "__main__":
    main()
