"""How long a run still takes: a scan takes a hundred times as long as a Word file, so that it is not enough
to count what is done."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from heapq import heapreplace
from pathlib import Path

from extractor import Source

# Seconds that a submission takes before any of its run is known, by what its files are, on two cores.
_TEXT, _CONVERTED, _PDF, _PICTURE, _SCAN = 0.7, 4.0, 1.5, 12.0, 18.0
_PICTURES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".heic", ".heif", ".bmp", ".webp"})
_OLD = frozenset({".doc", ".wps", ".rtf", ".odt"})
# A PDF that weighs more is made of pictures.
_LIGHT_PDF = 150_000
# How much of what is known already the first guess counts for, in seconds.
_GUESS = 0.25
# Part of the guess: what is done sooner was not read, and tells nothing of what is.
_REFUSED = 0.1
# A submission that takes longer than expected takes at least so much longer, of what it has taken.
_OVERDUE = 0.25


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
        self._seen: dict[float, list[float]] = {}
        self._begin()

    def done(self, name: str, seconds: float | None) -> None:
        """A submission was read; its seconds are not known where its process died."""
        if name in self._waiting:
            self._waiting.remove(name)
        self._began.pop(name, None)
        if seconds is not None and name in self._guess and seconds > _REFUSED * self._guess[name]:
            self._seen.setdefault(self._guess[name], []).append(seconds)
        self._begin()

    def left(self) -> float | None:
        """Seconds until the last one is read; None before anything is known of this machine."""
        if not self._seen and self._waiting:
            return None
        now, expected = self._clock(), {guess: self._like(guess) for guess in set(self._guess.values())}
        ends = [0.0] * self._jobs
        # As they are taken: in order, by whoever is free first.
        for name in self._waiting:
            spent = now - self._began[name] if name in self._began else 0.0
            heapreplace(ends, ends[0] + max(expected[self._guess[name]] - spent, _OVERDUE * spent))
        return max(ends)

    def _like(self, guess: float) -> float:
        """What one of which so much was expected takes, by its like and by the pace of all."""
        every = [(other, seconds) for other, many in self._seen.items() for seconds in many]
        pace = (sum(seconds for _, seconds in every) + _GUESS) / (sum(other for other, _ in every) + _GUESS)
        seen = self._seen.get(guess, [])
        return (sum(seen) + _GUESS * guess * pace) / (len(seen) + _GUESS)

    def _begin(self) -> None:
        for name in self._waiting[: self._jobs]:
            self._began.setdefault(name, self._clock())


def shows_pages(submission: Source) -> bool:
    """Whether files of a submission look like pictures of pages."""
    return any(_guess_file(path) in (_PICTURE, _SCAN) for _, path in submission.files())


def _guess(submission: Source) -> float:
    return sum(_guess_file(path) for _, path in submission.files()) or _TEXT


def _guess_file(path: Path) -> float:
    suffix = path.suffix.lower()
    if suffix in _PICTURES:
        return _PICTURE
    if suffix == ".pdf":
        with suppress(OSError):
            return _SCAN if path.stat().st_size > _LIGHT_PDF else _PDF
    return _CONVERTED if suffix in _OLD else _TEXT
