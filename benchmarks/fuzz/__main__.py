"""`make fuzz MINUTES=10 [SEED=1]`: mutations of every fixture, in the pool as the product runs it, until the
time is over. What must not be ends in the table below and in `fuzz-found/`: a crash, an error that nobody
named, a file over its memory or its time, a temporary file or a process left.

`python -m benchmarks.fuzz --minutes 60 FOLDER…` begins with the files in other folders, too. Every kind of
file comes up as often, and of a kind each file the more seldom the more it costs, so that scans don't take
all the time. Time is that of the processor, so that a busy machine finds nothing."""

import argparse
import itertools
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from benchmarks.fuzz.mutations import mutate
from benchmarks.fuzz.watched import Seen, read_watched
from extractor import Source
from models.errors import UnreadableFile
from service.forms.definitions import load_forms
from service.processes.pool import Given, LastingPool, Limits, options_of
from service.processes.scratch import scratch_folder
from service.settings import Settings

_ROOT = Path(__file__).parents[2]
_FOUND = Path("fuzz-found")
# Seconds that a file may cost to come up whenever it is drawn; one of ten times as many comes up one time in
# ten.
_CHEAP = 0.006
# So many files wait for the process that reads, so that it never waits for them.
_AHEAD = 8
# By the clock a file may take so many times its limit, since others may be using this machine.
_BUSY = 5
_GIGABYTE = 1 << 30


def fixtures(more: list[Path]) -> list[Path]:
    """Every fixture that a submission may be, and the files in other folders."""
    folders = [_ROOT / "fixtures" / "inbox", *more]
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


class _Choice:
    """Which file comes next: each kind as often, and of a kind the cheaper ones more often."""

    def __init__(self, files: list[Path], seed: int) -> None:
        self._chance = random.Random(seed)
        self._kinds: dict[str, list[Path]] = defaultdict(list)
        for one in files:
            self._kinds[one.suffix.lower()].append(one)
        self._costs: dict[Path, list[float]] = {one: [] for one in files}
        self.seeds = (seed * 1_000_000 + number for number in itertools.count())

    def __iter__(self) -> Iterator[tuple[Path, int]]:
        kinds = sorted(self._kinds)
        while True:
            path = self._chance.choice(self._kinds[self._chance.choice(kinds)])
            costs = self._costs[path]
            if not costs or self._chance.random() * sum(costs) / len(costs) <= _CHEAP:
                yield path, next(self.seeds)

    def took(self, path: Path, seconds: float) -> None:
        """Remembers what a file of this fixture cost."""
        self._costs[path].append(seconds)


class _Tally:
    """What came of the files, and what must not be."""

    def __init__(self) -> None:
        self.outcomes, self.found, self.kinds = Counter[str](), Counter[str](), Counter[str]()
        self.slowest, self.largest = 0.0, 0

    def count(self, path: Path, given: Given[Seen], limit: float) -> list[str]:
        """Counts what came of a file made from `path`, and returns what is wrong about it."""
        outcome = given.outcome
        self.kinds[path.suffix.lower()] += 1
        if isinstance(outcome, UnreadableFile):
            self.outcomes[outcome.code] += 1
            wrong = [f"{outcome.code}: {outcome.message}"]
        else:
            self.outcomes.update(outcome.codes)
            self.slowest = max(self.slowest, outcome.seconds)
            self.largest = max(self.largest, outcome.memory)
            wrong = list(outcome.defects)
            if outcome.seconds > limit:
                wrong.append(f"took {outcome.seconds:.0f} s")
            if outcome.memory > 2 * _GIGABYTE:
                wrong.append(f"memory {outcome.memory >> 30} GiB")
        self.found.update(wrong)
        return wrong

    def __str__(self) -> str:
        kinds = ", ".join(f"{kind or 'no suffix'} {n}" for kind, n in self.kinds.most_common())
        outcomes = ", ".join(f"{code} {n}" for code, n in self.outcomes.most_common())
        most = f"slowest {self.slowest:.1f} s, most memory {self.largest >> 20} MiB"
        return f"{self.kinds.total()} files: {most}\n  of {kinds}\n  {outcomes}"


def main() -> int:
    """Runs until the time is over; 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("folders", type=Path, nargs="*", help="more files to begin with")
    given = parser.parse_args()
    tally = _Tally()
    with scratch_folder() as scratch:
        _run(_Choice(fixtures(given.folders), given.seed), tally, 60 * given.minutes, scratch)
        if left := [one.name for one in scratch.rglob("*") if one.is_file() and one.name != "owner"]:
            tally.found[f"temporary files left: {left[:3]}"] += len(left)
    print(f"seed {given.seed}, {tally}")
    for what, times in tally.found.most_common():
        print(f"FOUND {times} x {what}")
    return 1 if tally.found else 0


def _run(choice: _Choice, tally: _Tally, seconds: float, scratch: Path) -> None:
    settings, forms = Settings.read({}), load_forms()
    options, until, told = options_of(settings), time.monotonic() + seconds, time.monotonic()
    limits = Limits(1, _BUSY * settings.time_limit, settings.memory_limit)
    coming, waiting = iter(choice), dict[Future[Given[Seen]], tuple[Path, Path]]()
    with (
        tempfile.TemporaryDirectory() as folder,
        LastingPool(limits, scratch) as pool,
        ThreadPoolExecutor(_AHEAD) as threads,
    ):
        while waiting or time.monotonic() < until:
            while len(waiting) < _AHEAD and time.monotonic() < until:
                path, seed = next(coming)
                file = Path(folder) / f"{path.stem}-{seed}{path.suffix}"
                file.write_bytes(mutate(path.read_bytes(), seed))
                call = threads.submit(pool.call, Source.at(file), forms, options, read_watched, lambda: None)
                waiting[call] = path, file
            for call in wait(waiting, return_when=FIRST_COMPLETED).done:
                path, file = waiting.pop(call)
                _end(path, file, call.result(), choice, tally, settings.time_limit)
            if time.monotonic() > told + 60:
                told = time.monotonic()
                print(f"… {tally.kinds.total()} files", flush=True)


def _end(path: Path, file: Path, given: Given[Seen], choice: _Choice, tally: _Tally, limit: float) -> None:
    choice.took(path, given.outcome.seconds if isinstance(given.outcome, Seen) else limit)
    if wrong := tally.count(path, given, limit):
        _FOUND.mkdir(exist_ok=True)
        (_FOUND / file.name).write_bytes(file.read_bytes())
        print(f"{path.name} {file.stem.rpartition('-')[2]}: {'; '.join(wrong)}", flush=True)
    file.unlink()


if __name__ == "__main__":
    sys.exit(main())
