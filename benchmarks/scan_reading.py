"""Compares reading scanned pages with PaddleOCR's own pipeline and RapidOCR, in pages a second of the whole
machine.

Sealform is measured as the command runs it: submissions go to a pool of worker processes, and decided records
come back. Each peer reads the same pages' pictures in a process of its own with its own default threads, and
gives only lines of text.
"""

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2

from extractor import Options, Source
from extractor.limits import PictureLimits
from extractor.scan.decode import Picture, decode, pdf_pictures
from extractor.scan.ocr import _weights
from service.forms.definitions import load_forms
from service.processes.pool import Limits
from service.runs.batch import read_all

_ROUNDS = 3
_JOBS = 2
_ROOT = Path(__file__).parent.parent
_INBOX = _ROOT / "fixtures" / "inbox"
_FILES = (
    "scan_clean.pdf",
    "scan_stamped.pdf",
    "scan_sideways.pdf",
    "scan_fax.tif",
    "photos/1.jpg",
    "photos/2.jpg",
)
_PYTHON = _ROOT / ".venv-peers" / "bin" / "python"
_PEERS = ("paddleocr", "rapidocr")


@dataclass(frozen=True)
class Speed:
    """The speed of one reader. `rates` holds pages a second, one for each round. `start` is the seconds until
    the first page could be read, which no rate includes."""

    name: str
    start: float
    rates: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


def run() -> list[Speed]:
    """Returns Sealform's speed first, then its peers'. The rounds of all take turns."""
    with tempfile.TemporaryDirectory() as folder:
        pages = _write_pages(Path(folder))
        ours = Speed("sealform", 0.0)
        with _started(_PEERS, pages) as peers:
            speeds = [
                Speed(name, json.loads(_line(peer))["start"])
                for name, peer in zip(_PEERS, peers, strict=True)
            ]
            for _ in range(_ROUNDS):
                start, rate = _our_round(pages)
                ours = Speed(ours.name, start, [*ours.rates, rate])
                for speed, peer in zip(speeds, peers, strict=True):
                    peer.stdin.write("go\n")
                    peer.stdin.flush()
                    speed.rates.append(len(pages) / json.loads(_line(peer))["seconds"])
    return [ours, *speeds]


def _write_pages(folder: Path) -> list[Path]:
    """Writes every page of the scans as a picture of its own, so that all read the same pixels."""
    pages: list[Path] = []
    for name in _FILES:
        for picture in _pictures(_INBOX / name):
            pages.append(folder / f"{len(pages):02}.png")
            cv2.imwrite(str(pages[-1]), cv2.cvtColor(picture.colour, cv2.COLOR_RGB2BGR))
    return pages


def _pictures(path: Path) -> Iterator[Picture]:
    data, limits = path.read_bytes(), PictureLimits()
    return pdf_pictures(data, (1, 2), limits) if path.suffix == ".pdf" else decode(data, limits)


def _our_round(pages: Sequence[Path]) -> tuple[float, float]:
    """Returns the seconds until each worker has read a page, and the pages a second after that.

    A pool takes waiting submissions in order. When the first `_JOBS` pages have come back, the workers are
    warm. The clock then runs until as many more pages have been read as `pages` holds.
    """
    waiting = [
        Source.at(path, str(number)) for number, path in enumerate([*pages[:_JOBS], *pages, *pages[:_JOBS]])
    ]
    begun = time.perf_counter()
    done = []
    for _ in read_all(waiting, load_forms(None), Options(), Limits(jobs=_JOBS)):
        done.append(time.perf_counter())
    # The last pages keep both workers busy while the last page that counts is read.
    return done[_JOBS - 1] - begun, len(pages) / (done[_JOBS - 1 + len(pages)] - done[_JOBS - 1])


@contextmanager
def _started(names: Sequence[str], pages: Sequence[Path]) -> Iterator[list[Any]]:
    """Starts a process for each peer. It reads `pages` once at its start, and once for each line that it is
    sent."""
    models = json.dumps({part: str(_weights(part, None)) for part in ("det", "rec", "cls")})
    command = [str(_PYTHON), str(Path(__file__).parent / "peers" / "scan.py")]
    processes = [
        subprocess.Popen(
            [*command, name, models, *map(str, pages)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for name in names
    ]
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _line(process: Any) -> str:
    """Returns the next answer, and skips the messages that libraries print to standard output."""
    for line in process.stdout:
        if line.startswith("{"):
            return str(line)
    raise RuntimeError(f"{process.args} ended early")
