"""`make fuzz MINUTES=10 [SEED=1]`: mutations of every fixture, in the pool as the product runs it, until the
time is over. What must not be ends in the table below and in `fuzz-found/`: a crash, an error that nobody
named, a file over its memory or its time, a temporary file or a process left.

`python -m benchmarks.fuzz --minutes 60 FOLDER…` begins with the files in other folders, too. A kind of file
that costs four times as much gets half the time, and of a kind each file as much, so that scans come up but
don't take all of it. Time is that of the processor, so that a busy machine finds nothing. `--sum FILE` adds
to what earlier runs counted there, and knows what their files cost; `--only .pdf .tif` reads files of these
kinds alone, which seldom come up among others."""

import argparse
import itertools
import json
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from statistics import fmean as mean

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
# Seconds that a file is taken to cost at least, so that what is refused at once doesn't crowd out the rest.
_LEAST = 0.015
# Seconds that a file is taken to cost while none of its kind was read.
_UNKNOWN = 1.0
# So many files wait for the process that reads, so that it never waits for them.
_AHEAD = 8
# By the clock a file may take so many times its limit, since others may be using this machine. What works
# for longer than its limit is ended by `read_watched`.
_BUSY = 20
# A process reads so many files before another takes its place. Each costs a second to start, which is as much
# as a hundred files; the service replaces it ten times as often.
_TASKS = 2_000
_GIGABYTE = 1 << 30


def fixtures(more: list[Path]) -> list[Path]:
    """Every fixture that a submission may be, and the files in other folders."""
    folders = [_ROOT / "fixtures" / "inbox", *more]
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


class _Choice:
    """Which file comes next: every kind comes up, the cheap ones more often, and of a kind the cheap
    files."""

    def __init__(self, files: list[Path], seed: int, costs: dict[str, list[float]]) -> None:
        self._chance = random.Random(seed)
        self._kinds: dict[str, list[Path]] = defaultdict(list)
        for one in files:
            self._kinds[_kind(one)].append(one)
        self._costs = costs
        # Of what is known, costly kinds wait for their turn, so that they don't take the first minutes.
        known = {_kind(one) for one in files if one.name in costs}
        self._spent = {
            kind: self._chance.random() * _charge(self._usual(kind)) if kind in known else 0.0
            for kind in self._kinds
        }
        self.seeds = (seed * 1_000_000 + number for number in itertools.count())

    def __iter__(self) -> Iterator[tuple[Path, int]]:
        while True:
            kind = min(self._spent, key=lambda one: (self._spent[one], self._chance.random()))
            files, usual = self._kinds[kind], self._usual(kind)
            path = self._chance.choices(files, [1 / self._cost(one, usual) for one in files])[0]
            # What is being read counts already: otherwise all that is read ahead would be of one kind.
            self._spent[kind] += _charge(self._cost(path, usual))
            yield path, next(self.seeds)

    def took(self, path: Path, seconds: float) -> None:
        """Remembers what a file made from `path` cost."""
        kind = _kind(path)
        self._spent[kind] += _charge(max(_LEAST, seconds)) - _charge(self._cost(path, self._usual(kind)))
        self._costs.setdefault(path.name, []).append(seconds)

    def _usual(self, kind: str) -> float:
        costs = [mean(self._costs[one.name]) for one in self._kinds[kind] if one.name in self._costs]
        return max(_LEAST, mean(costs)) if costs else _UNKNOWN

    def _cost(self, path: Path, usual: float) -> float:
        costs = self._costs.get(path.name)
        return max(_LEAST, mean(costs)) if costs else usual


def _charge(seconds: float) -> float:
    """What a kind pays for a file. The kind that has paid least is next, so that in the end all have paid as
    much: of time, one whose files cost four times as much gets half."""
    return float(seconds**1.5)


def _kind(path: Path) -> str:
    return path.suffix.lower()


class _Tally:
    """What came of the files, and what must not be. It begins with what `kept` holds, as it was saved."""

    def __init__(self, kept: Path | None) -> None:
        self._kept = kept
        told = json.loads(kept.read_text("utf-8")) if kept and kept.exists() else {}
        self.outcomes, self.kinds = Counter[str](told.get("outcomes")), Counter[str](told.get("kinds"))
        self.slowest, self.largest = told.get("seconds", 0.0), told.get("memory", 0)
        self.costs: dict[str, list[float]] = told.get("costs", {})
        self.found = Counter[str]()

    def save(self) -> None:
        """Keeps what was counted for the next run."""
        if self._kept:
            told = {
                "outcomes": self.outcomes, "kinds": self.kinds, "seconds": self.slowest,
                "memory": self.largest, "costs": {name: costs[-20:] for name, costs in self.costs.items()},
            }  # fmt: skip
            self._kept.write_text(json.dumps(told, ensure_ascii=False), "utf-8")

    def count(self, path: Path, given: Given[Seen], limit: float) -> list[str]:
        """Counts what came of a file made from `path`, and returns what is wrong about it."""
        outcome = given.outcome
        self.kinds[_kind(path)] += 1
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
    parser.add_argument("--sum", type=Path, help="a file that holds the sum over runs")
    parser.add_argument("folders", type=Path, nargs="*", help="more files to begin with")
    parser.add_argument("--only", nargs="+", help="suffixes of the files to read")
    given = parser.parse_args()
    files = [one for one in fixtures(given.folders) if given.only is None or _kind(one) in given.only]
    tally = _Tally(given.sum)
    with scratch_folder() as scratch:
        choice = _Choice(files, given.seed, tally.costs)
        _run(choice, tally, 60 * given.minutes, scratch)
        if left := [one.name for one in scratch.rglob("*") if one.is_file() and one.name != "owner"]:
            tally.found[f"temporary files left: {left[:3]}"] += len(left)
    tally.save()
    print(f"seed {given.seed}, {tally}")
    for what, times in tally.found.most_common():
        print(f"FOUND {times} x {what}")
    return 1 if tally.found else 0


def _run(choice: _Choice, tally: _Tally, seconds: float, scratch: Path) -> None:
    settings, forms = Settings.read({}), load_forms()
    options, until, told = options_of(settings), time.monotonic() + seconds, time.monotonic()
    limits = Limits(1, _BUSY * settings.time_limit, settings.memory_limit, _TASKS)
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
                print(f"… {tally}", flush=True)
                tally.save()


def _end(path: Path, file: Path, given: Given[Seen], choice: _Choice, tally: _Tally, limit: float) -> None:
    choice.took(path, given.outcome.seconds if isinstance(given.outcome, Seen) else limit)
    if wrong := tally.count(path, given, limit):
        _FOUND.mkdir(exist_ok=True)
        (_FOUND / file.name).write_bytes(file.read_bytes())
        print(f"{path.name} {file.stem.rpartition('-')[2]}: {'; '.join(wrong)}", flush=True)
    file.unlink()


if __name__ == "__main__":
    sys.exit(main())
