"""Compares reading scanned pages with PaddleOCR's own pipeline and RapidOCR, in pages a second of the whole
machine.

Sealform is measured as the command runs it: submissions go to a pool of worker processes, and decided records
come back. Each peer reads the same pages' pictures in a process of its own with its own default threads, and
gives only lines of text. Of these it is told how many of the short answers stand in them, letter by letter;
of ours, how many are the answers to their fields, and how many were accepted and wrong.
"""

import json
import os
import re
import statistics
import subprocess
import tempfile
import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2

from extractor import Options, Source
from extractor.limits import PictureLimits
from extractor.scan.decode import Picture, decode, pdf_pictures
from extractor.scan.ocr import _weights
from service.forms.definitions import load_forms
from service.processes.pool import Limits
from service.results import Line
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
_PEERS = ("paddleocr", "rapidocr", "onnxocr")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_SHORT = 40  # characters of an answer that stands on one line


@dataclass(frozen=True)
class Speed:
    """The speed of one reader. `rates` holds pages a second, one for each round. `start` is the seconds until
    the first page could be read, which no rate includes. `cores` holds seconds of a core a page, which a busy
    machine changes less. `right` is how many of the `asked` answers were read
    right, and `silent` how many were accepted and wrong, which a reader that decides nothing can't have."""

    name: str
    start: float
    rates: list[float] = field(default_factory=list)
    cores: list[float] = field(default_factory=list)
    right: int = 0
    asked: int = 0
    silent: int | None = None

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    @property
    def core(self) -> float:
        return statistics.median(self.cores)


def run() -> list[Speed]:
    """Returns Sealform's speed first, then its peers'. The rounds of all take turns."""
    with tempfile.TemporaryDirectory() as folder:
        pages, truths = _write_pages(Path(folder))
        ours = Speed("sealform", 0.0)
        with _started(_PEERS, pages) as peers:
            speeds = [
                Speed(name, json.loads(_line(peer))["start"])
                for name, peer in zip(_PEERS, peers, strict=True)
            ]
            for _ in range(_ROUNDS):
                start, rate, core, lines = _our_round(pages)
                ours = replace(ours, start=start, rates=[*ours.rates, rate], cores=[*ours.cores, core])
                ours = _judged(ours, lines, truths)
                for place, peer in enumerate(peers):
                    peer.stdin.write("go\n")
                    peer.stdin.flush()
                    told = json.loads(_line(peer))
                    rates = [*speeds[place].rates, len(pages) / told["seconds"]]
                    cores = [*speeds[place].cores, told["core"] / len(pages)]
                    right = sum(
                        _plain(answer) in _plain(text)
                        for text, truth in zip(told["texts"], truths, strict=True)
                        for answer in truth.values()
                    )
                    asked = sum(map(len, truths))
                    speeds[place] = replace(speeds[place], rates=rates, cores=cores, right=right, asked=asked)
    return [ours, *speeds]


def _judged(speed: Speed, lines: Mapping[str, Line], truths: Sequence[Mapping[str, str]]) -> Speed:
    """Returns our speed with what was read right. The lines are by the names of their pages."""
    right = silent = 0
    for number, truth in enumerate(truths):
        fields = lines[f"{number:02}"]["fields"]
        for name, answer in truth.items():
            is_right = name in fields and _plain(str(fields[name]["value"])) == _plain(answer)
            right += is_right
            silent += name in fields and fields[name]["decision"] == "accept" and not is_right
    return replace(speed, right=right, asked=sum(map(len, truths)), silent=silent)


def _plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def _write_pages(folder: Path) -> tuple[list[Path], list[Mapping[str, str]]]:
    """Writes every page of the scans as a picture of its own, so that all read the same pixels. Returns the
    pages, and the short answers of each: those of a form stand on its first page."""
    answers = json.loads((_ROOT / "fixtures" / "inbox-truth.json").read_text("utf-8"))
    pages: list[Path] = []
    truths: list[Mapping[str, str]] = []
    for name in _FILES:
        for number, picture in enumerate(_pictures(_INBOX / name)):
            pages.append(folder / f"{len(pages):02}.png")
            cv2.imwrite(str(pages[-1]), cv2.cvtColor(picture.colour, cv2.COLOR_RGB2BGR))
            fields = answers[name.partition("/")[0]]["fields"] if _is_first(name, number) else {}
            truths.append({one: text for one, text in fields.items() if _is_short(text)})
    return pages, truths


def _is_short(answer: object) -> bool:
    """Tells whether an answer stands on one line as it is; a date is written in other ways."""
    return isinstance(answer, str) and len(answer) <= _SHORT and not _DATE.fullmatch(answer)


def _is_first(name: str, number: int) -> bool:
    return number == 0 and not name.endswith("/2.jpg")


def _pictures(path: Path) -> Iterator[Picture]:
    data, limits = path.read_bytes(), PictureLimits()
    return pdf_pictures(data, (1, 2), limits) if path.suffix == ".pdf" else decode(data, limits)


def _our_round(pages: Sequence[Path]) -> tuple[float, float, float, dict[str, Line]]:
    """Returns the seconds until each worker has read a page, the pages a second after that, the seconds of a
    core that each of these pages took, and the line of each page by its name.

    A pool takes waiting submissions in order. When the first `_JOBS` pages have come back, the workers are
    warm. The clock then runs until as many more pages have been read as `pages` holds.
    """
    waiting = [
        Source.at(path, str(number)) for number, path in enumerate([*pages[:_JOBS], *pages, *pages[:_JOBS]])
    ]
    begun = time.perf_counter()
    done, spent, lines = [], [], dict[str, Line]()
    for one in read_all(waiting, load_forms(None), Options(), Limits(jobs=_JOBS)):
        done.append(time.perf_counter())
        spent.append(_spent_by_children())
        lines[one.submission.path.stem] = one.lines[0]
    # The last pages keep both workers busy while the last page that counts is read.
    first, last = _JOBS - 1, _JOBS - 1 + len(pages)
    rate, core = len(pages) / (done[last] - done[first]), (spent[last] - spent[first]) / len(pages)
    return done[first] - begun, rate, core, lines


def _spent_by_children() -> float:
    """Returns the seconds of a core that the processes which this one started have spent until now."""
    ticks = 0
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            with suppress(OSError):
                # The name before it may hold blanks.
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


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
