"""Counts how much of the rules on worn pages is found by hand-made ways and by the network.

    python -m benchmarks.rules.measure PDF... --weights rules.onnx --seed 7

Pages of the PDFs, whose rules pdfplumber tells, are worn and copied by `pages.worn`. Told are shares of
length, of level and of upright rules: of what was found, how much is a rule, and of the rules, how much was
found; first of the strokes that the lattice is given, then of the borders of the cells that it makes.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pdfplumber
from numpy.typing import NDArray

from benchmarks.rules.compare import finding
from benchmarks.rules.network import Finder
from benchmarks.rules.pages import worn
from extractor.scan import ruling
from extractor.scan.strokes import Strokes

Gray = NDArray[np.uint8]

_WAYS = ("hand", "network", "both")
_DPI, _LOOKED = 200, 150  # dots per inch at which pages are worn, and at which rules are looked for
_NEAR = 4  # pixels of that: a rule that is found lies no farther off
_SHORT = 12  # points: an edge that is shorter, even with what follows it, is no rule


def pages(path: Path, seed: int) -> Iterator[tuple[Gray, Gray, Gray]]:
    """Yields of each page its worn picture at 150 dpi, and the masks of its level and its upright rules."""
    with pdfplumber.open(path) as file:
        for number, page in enumerate(file.pages):
            picture = np.asarray(
                page.to_image(resolution=_DPI, antialias=True).original.convert("L"), np.uint8
            )
            masks = [_drawn(page, way, picture.shape) for way in ("h", "v")]
            layers = worn([picture, *masks], Random(f"{seed}/{path.stem}/{number}"))
            zoom = _LOOKED / _DPI
            gray, level, upright = (
                np.asarray(cv2.resize(one, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA), np.uint8)
                for one in layers
            )
            yield gray, (level > 100).astype(np.uint8), (upright > 100).astype(np.uint8)


def _drawn(page: pdfplumber.page.Page, way: str, shape: tuple[int, ...]) -> Gray:
    """Returns a mask of the rules of one direction on a page: dots and dashes are joined."""
    mask, points = np.zeros(shape, np.uint8), _DPI / 72
    for edge in page.edges:
        if edge["orientation"] == way:
            ends = [
                (round(edge[x] * points), round(edge[y] * points))
                for x, y in (("x0", "top"), ("x1", "bottom"))
            ]
            cv2.line(mask, ends[0], ends[1], (255,), 3)
    flat = mask if way == "h" else np.ascontiguousarray(mask.T)
    flat = cv2.morphologyEx(flat, cv2.MORPH_CLOSE, np.ones((1, 15), np.uint8))
    flat = cv2.morphologyEx(flat, cv2.MORPH_OPEN, np.ones((1, round(_SHORT * points)), np.uint8))
    return np.asarray(flat if way == "h" else flat.T, np.uint8)


def _along(strokes: Strokes, shape: tuple[int, ...]) -> Gray:
    """Returns a mask of the strokes along the rows."""
    mask = np.zeros(shape, np.uint8)
    for piece in strokes.pieces:
        columns = np.arange(piece.start, piece.end)
        rows = np.rint([piece.level(float(x)) for x in columns]).astype(int)
        mask[np.clip(rows, 0, shape[0] - 1), columns] = 1
    return mask


def _borders(found: ruling.Ruling, shape: tuple[int, ...]) -> tuple[Gray, Gray]:
    """Returns masks of the level and of the upright borders of all cells."""
    level, upright = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    for cell in (cell for grid in found.grids for cell in grid.cells):
        x0, y0, x1, y1 = (round(side) for side in cell.box)
        for y in (y0, y1):
            level[min(max(y, 0), shape[0] - 1), max(x0, 0) : x1] = 1
        for x in (x0, x1):
            upright[max(y0, 0) : y1, min(max(x, 0), shape[1] - 1)] = 1
    return level, upright


def _count(told: Counter[str], what: str, found: Gray, truth: Gray) -> None:
    """Adds the lengths of what was found and of what is there, along the rows."""
    around = np.ones((2 * _NEAR + 1, 1), np.uint8)
    there = cv2.dilate(truth, around)
    told[f"{what} found"] += int(found.sum())
    told[f"{what} right"] += int((found & there).sum())
    # A rule is as long as the columns in which it runs, whatever its thickness.
    middle = _middles(truth)
    told[f"{what} there"] += int(middle.sum())
    told[f"{what} seen"] += int((middle & cv2.dilate(found, around)).sum())


def _middles(truth: Gray) -> Gray:
    """Returns one pixel a column of each rule along the rows: its upper edge."""
    above = np.vstack([np.zeros((1, truth.shape[1]), np.uint8), truth[:-1]])
    return np.asarray(truth & (1 - above), np.uint8)


def look(sheets: Iterable[tuple[Gray, Gray, Gray]], way: str, finder: Finder) -> Counter[str]:
    """Returns lengths in pixels, pages and milliseconds of a core."""
    told: Counter[str] = Counter()
    for gray, level, upright in sheets:
        with finding(way, finder):
            started = time.thread_time()
            seen = ruling._Seen.of(gray, False)
            told["ms"] += round(1000 * (time.thread_time() - started))
            found = ruling.find_grids(gray, _LOOKED / 72)
        told["pages"] += 1
        _count(told, "level strokes", _along(seen.level, gray.shape), level)
        turned = np.ascontiguousarray(upright.T)
        _count(told, "upright strokes", _along(seen.upright, turned.shape), turned)
        borders = _borders(found, gray.shape)
        _count(told, "level borders", borders[0], level)
        _count(told, "upright borders", np.ascontiguousarray(borders[1].T), turned)
    return told


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("paths", type=Path, nargs="+")
    asked.add_argument("--weights", type=Path, required=True)
    asked.add_argument("--seed", type=int, default=7)
    given = asked.parse_args()
    sheets = [sheet for path in given.paths for sheet in pages(path, given.seed)]
    for way in _WAYS:
        told = look(sheets, way, Finder(given.weights))
        print(f"{way}: {told['pages']} pages, {told['ms'] / max(told['pages'], 1):.0f} ms a page for strokes")
        for what in ("level strokes", "upright strokes", "level borders", "upright borders"):
            right = told[f"{what} right"] / max(told[f"{what} found"], 1)
            seen = told[f"{what} seen"] / max(told[f"{what} there"], 1)
            print(f"  {what:16} precision {100 * right:5.1f} %, recall {100 * seen:5.1f} %", flush=True)


if __name__ == "__main__":
    main()
