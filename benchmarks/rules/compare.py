"""Reads the same files with rules found in several ways, and writes what `sealform extract` would, one
results file a way.

    python -m benchmarks.rules.compare FILE... --weights rules.onnx --recordings DIR --out DIR

`hand` is the product; `network` gives the lattice the network's strokes instead; `both` the hand-made ones
and, where none of these lies, what the network saw; `rescue` does so only where the hand-made ways found
little. What the engine says is kept, so that a second way costs a fraction.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.rules.network import Finder, joined
from extractor import Options, Source, extract
from extractor.scan import ruling, strokes
from extractor.scan.ocr import PaddleOcr
from extractor.scan.recorded import RecordedOcr
from extractor.scan.strokes import Strokes
from models.geometry import Rect
from sealform import load_forms
from service.results import Line, ResultsFile, line_of

Gray = NDArray[np.uint8]

WAYS = ("hand", "rescue", "both", "network")
_NEAR = 5.0  # pixels: a stroke of both ways lies no farther from itself


@contextmanager
def finding(way: str, finder: Finder) -> Iterator[None]:
    """Lets rules be found by `way` meanwhile."""
    if way == "hand":
        yield
    elif way == "rescue":
        with patch.object(ruling, "_tables", _rescuing(finder)):
            yield
    else:
        with _strokes(way, finder):
            yield


@contextmanager
def _strokes(way: str, finder: Finder) -> Iterator[None]:
    """Gives the lattice the network's strokes meanwhile, alone or beside the hand-made ones."""
    picture: list[Gray] = []
    of = ruling._Seen.of.__func__  # type: ignore[attr-defined]

    def seen(cls: type, gray: Gray, faint: bool) -> ruling._Seen:
        picture[:] = [gray]
        return of(cls, gray, faint)  # type: ignore[no-any-return]

    def found(
        ink: Gray, darkness: NDArray[np.int16], length: int, shorter: int = 0, ends: Gray | None = None
    ) -> Strokes:
        gray = picture[0] if ends is None else np.ascontiguousarray(picture[0].T)
        network = finder.strokes(gray, darkness, length)
        if way == "network":
            return network
        hand = strokes.find_strokes(ink, darkness, length, shorter, ends)
        return joined(hand, network, darkness, length, _NEAR)

    with patch.object(ruling._Seen, "of", classmethod(seen)), patch.object(ruling, "find_strokes", found):
        yield


def _rescuing(finder: Finder) -> Callable[..., ruling._Found]:
    """Returns a way to find tables that asks the network too where faint lines are looked for, which is where
    the hand-made ways found little, and takes what is worth more."""
    tables = ruling._tables

    def rescued(gray: Gray, boxes: Sequence[Rect], *how: object, **more: object) -> ruling._Found:
        found = tables(gray, boxes, *how, **more)  # type: ignore[arg-type]
        if True not in how:
            return found
        with _strokes("both", finder):
            other = tables(gray, boxes, *how, **more)  # type: ignore[arg-type]
        return other if ruling._worth(other.grids, boxes) > ruling._worth(found.grids, boxes) else found

    return rescued


class _Reader:
    """Reads files. Remembers what hand-made ways gave where they never looked for faint lines: `rescue` gives
    the same there."""

    def __init__(self, recordings: Path) -> None:
        self._recordings, self._forms = recordings, load_forms(None)
        self._same: dict[Path, list[Line]] = {}

    def read(self, paths: Sequence[Path], way: str, out: Path) -> None:
        """Writes the results of all files, and tells what finding their tables cost."""
        spent, pages, is_faint = 0.0, 0, False
        find, tables = ruling.find_grids, ruling._tables

        def timed(*told: object, **more: object) -> ruling.Ruling:
            nonlocal spent, pages
            started = time.thread_time()
            found: ruling.Ruling = find(*told, **more)  # type: ignore[arg-type]
            spent, pages = spent + time.thread_time() - started, pages + 1
            return found

        def noted(*told: object, **more: object) -> ruling._Found:
            nonlocal is_faint
            is_faint |= told[-1] is True
            return tables(*told, **more)  # type: ignore[arg-type]

        with ResultsFile(out) as results, patch("extractor.scan.steps.find_grids", timed):
            for path in paths:
                lines, is_faint = self._same.get(path) if way == "rescue" else None, False
                if lines is None:
                    engine = RecordedOcr(self._recordings / f"{path.stem}.jsonl", PaddleOcr())
                    with patch.object(ruling, "_tables", noted):
                        found = extract(Source.at(path), self._forms, Options(ocr=engine))
                    lines = [line_of(one) for one in found]
                if way == "hand" and not is_faint:
                    self._same[path] = lines
                results.append(lines)
                print(way, path.name, flush=True)
        print(f"{way}: {1000 * spent / max(pages, 1):.0f} ms of a core for tables, {pages} pages read anew")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("paths", type=Path, nargs="+")
    asked.add_argument("--weights", type=Path, required=True)
    asked.add_argument("--recordings", type=Path, required=True)
    asked.add_argument("--out", type=Path, required=True)
    asked.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    reader = _Reader(given.recordings)
    for way in given.ways:
        with finding(way, Finder(given.weights)):
            reader.read(given.paths, way, given.out / f"{way}.jsonl")


if __name__ == "__main__":
    main()
