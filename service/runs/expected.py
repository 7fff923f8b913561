"""How long a run still takes: a scan takes a hundred times as long as a Word file, so that it is not enough
to count what is done."""

import re
import struct
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from heapq import heapreplace
from pathlib import Path
from typing import Literal

from extractor import Source

Kind = Literal["typed", "digital", "converted", "pictured"]

# Seconds that a file takes before any of its run is known: of a processor of 2026, for the files of
# `fixtures/inbox` and 200 dpi scans of dense forms (`tests/service/runs/test_expected.py` has each). The
# first page of a form has most of its print.
_TEXT, _PDF, _CONVERTED, _PAGE, _NEXT_PAGE = 0.08, 0.3, 3.0, 5.0, 1.8
# Seconds more of the first of its kind in each process, which loads libraries for it; models are loaded
# ahead.
_LOADS: Mapping[Kind, float] = {"typed": 0.15, "digital": 0.4, "converted": 0.0, "pictured": 0.5}
_PICTURES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".heic", ".heif", ".bmp", ".webp"})
_OLD = frozenset({".doc", ".wps", ".rtf", ".odt"})
# Old names are often given to what needs no conversion: web pages, and Word's own XML.
_MARKUP = b"<"
_HOLDS = frozenset({".eml", ".msg", ".mbox", ".zip", ".7z", ".rar", ".tar", ".gz"})
# A PDF, a mail or an archive that weighs more holds pictures of pages, one in so many bytes.
_LIGHT, _PAGE_BYTES = 150_000, 500_000
# The beginning of a PDF that is looked at; a picture in it with such sides is one of a page.
_LOOKED_AT, _SIDE, _NEAR = 2 << 20, 700, 300
_IMAGE = re.compile(rb"/Subtype\s*/Image\b")
_SIDES = re.compile(rb"/(Width|Height)\s+(\d{1,6})\b")
_MOST_FRAMES = 500
# How much of what is known of a kind counts on as the next of it is done: a machine gets busy, and free
# again.
_KEPT = 0.8
# How much of what is known already the first guess counts for, in seconds.
_GUESS = 0.15
# Part of the guess: what is done sooner was not read, and tells nothing of what is.
_REFUSED = 0.1
# A submission that takes longer than expected takes at least so much longer, of what it has taken.
_OVERDUE = 0.25


@dataclass(frozen=True)
class _Guess:
    """What a submission is like, and the seconds that it takes before any is known."""

    kind: Kind
    seconds: float


class Expected:
    """What is left of a run of `jobs` processes, from the times of what is done: of its like, and, where
    nothing like it is done yet, from how much faster or slower than expected all else was."""

    def __init__(
        self, submissions: Sequence[Source], jobs: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._jobs, self._clock = jobs, clock
        self._guess = {one.name: _guess(one) for one in submissions}
        self._waiting = list(self._guess)
        self._began: dict[str, float] = {}
        # Of each kind the seconds that were guessed of what is done, and those that it took.
        self._seen: dict[Kind, tuple[float, float]] = {}
        self._read = Counter[Kind]()
        self._begin()

    def done(self, name: str, seconds: float | None) -> None:
        """A submission was read; its seconds are not known where its process died."""
        if name in self._waiting:
            self._waiting.remove(name)
        self._began.pop(name, None)
        guess = self._guess.get(name)
        if seconds is not None and guess is not None and seconds > _REFUSED * guess.seconds:
            guessed, took = self._seen.get(guess.kind, (0.0, 0.0))
            expected = guess.seconds + self._loads(guess.kind, self._read)
            self._seen[guess.kind] = _KEPT * guessed + expected, _KEPT * took + seconds
            self._read[guess.kind] += 1
        self._begin()

    def left(self) -> float | None:
        """Seconds until the last one is read; None before anything is known of this machine."""
        if not self._seen and self._waiting:
            return None
        now = self._clock()
        pace = {kind: self._pace(kind) for kind in {guess.kind for guess in self._guess.values()}}
        ends, begun = [0.0] * self._jobs, self._read.copy()
        # As they are taken: in order, by whoever is free first.
        for name in self._waiting:
            spent = now - self._began[name] if name in self._began else 0.0
            guess = self._guess[name]
            expected = (guess.seconds + self._loads(guess.kind, begun)) * pace[guess.kind]
            begun[guess.kind] += 1
            heapreplace(ends, ends[0] + max(expected - spent, _OVERDUE * spent))
        return max(ends)

    def _pace(self, kind: Kind) -> float:
        """How much longer than guessed one of a kind takes, by its like and by all."""
        every = list(self._seen.values())
        all_ = (sum(took for _, took in every) + _GUESS) / (sum(guessed for guessed, _ in every) + _GUESS)
        guessed, took = self._seen.get(kind, (0.0, 0.0))
        return (took + _GUESS * all_) / (guessed + _GUESS)

    def _loads(self, kind: Kind, begun: Mapping[Kind, int]) -> float:
        """The seconds that the next of a kind takes for what its process has not loaded yet."""
        return _LOADS[kind] if begun[kind] < self._jobs else 0.0

    def _begin(self) -> None:
        for name in self._waiting[: self._jobs]:
            self._began.setdefault(name, self._clock())


def shows_pages(submission: Source) -> bool:
    """Whether files of a submission look like pictures of pages."""
    return any(_guess_file(path).kind == "pictured" for _, path in submission.files())


def _guess(submission: Source) -> _Guess:
    every = [_guess_file(path) for _, path in submission.files()] or [_Guess("typed", _TEXT)]
    return _Guess(max(every, key=lambda one: one.seconds).kind, sum(one.seconds for one in every))


def _guess_file(path: Path) -> _Guess:
    suffix, pages = path.suffix.lower(), 0
    with suppress(OSError):
        if suffix in _PICTURES:
            pages = _frames(path) if suffix.startswith(".tif") else 1
        elif suffix == ".pdf":
            pages = _pages_in(path)
        elif suffix in _HOLDS and path.stat().st_size > _LIGHT:
            pages = max(1, path.stat().st_size // _PAGE_BYTES)
        elif suffix in _OLD and path.open("rb").read(1) != _MARKUP:
            return _Guess("converted", _CONVERTED)
    if pages:
        return _Guess("pictured", _PAGE + _NEXT_PAGE * (pages - 1))
    return _Guess("digital", _PDF) if suffix == ".pdf" else _Guess("typed", _TEXT)


def _pages_in(path: Path) -> int:
    """How many pictures of pages a PDF seems to hold, by the sides of its pictures."""
    size = path.stat().st_size
    with path.open("rb") as file:
        data = file.read(_LOOKED_AT)
    found = 0
    for one in _IMAGE.finditer(data):
        around = data[max(0, one.start() - _NEAR) : one.end() + _NEAR]
        sides = {name: int(number) for name, number in _SIDES.findall(around)}
        found += len(sides) == 2 and min(sides.values()) >= _SIDE
    return round(found * max(1.0, size / _LOOKED_AT)) or int(size > _LIGHT and b"/Font" not in data)


def _frames(path: Path) -> int:
    """How many pictures a TIFF has; 1 where that is not to be seen."""
    with path.open("rb") as file, suppress(struct.error, KeyError):
        order = {b"II": "<", b"MM": ">"}[file.read(2)]
        at, found = struct.unpack(f"{order}2xI", file.read(6))[0], 0
        while at and found < _MOST_FRAMES:
            file.seek(at)
            file.seek(12 * struct.unpack(f"{order}H", file.read(2))[0], 1)
            at, found = struct.unpack(f"{order}I", file.read(4))[0], found + 1
        return max(1, found)
    return 1
