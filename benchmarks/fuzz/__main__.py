"""`make fuzz MINUTES=10 [SEED=1]`: mutations of every fixture, in the pool as the product runs it, until the
time is over. What must not be ends in the table below and in `fuzz-found/`: a crash, an error that nobody
named, a file over its memory or twice its time, a temporary file or a process left."""

import argparse
import itertools
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.fuzz.mutations import mutate
from benchmarks.fuzz.watched import Seen, read_watched
from extractor import Source
from models.errors import UnreadableFile
from service.forms.definitions import load_forms
from service.processes.pool import LastingPool, Limits, options_of
from service.processes.scratch import scratch_folder
from service.settings import Settings

_ROOT = Path(__file__).parents[2]
_FOUND = Path("fuzz-found")
# Files that take the engine for pictures, or LibreOffice: seconds each, so that they come up less often.
_SLOW = frozenset({".jpg", ".png", ".tif", ".heic", ".doc", ".rtf", ".odt", ".wps"})
_SLOW_SHARE = 0.04
_LARGE = 300_000  # bytes, from which on a PDF is scanned pages
_TWICE, _GIGABYTE = 2, 1 << 30


def fixtures(more: list[Path]) -> list[Path]:
    """Every fixture that a submission may be, and the files in other folders."""
    folders = [_ROOT / "fixtures" / "inbox", *more]
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def _is_slow(path: Path) -> bool:
    return path.suffix.lower() in _SLOW or path.stat().st_size > _LARGE


def _chosen(files: list[Path], seed: int) -> Iterator[tuple[Path, int]]:
    """(file, seed of its mutation) without end, the same for the same `seed`."""
    chance = random.Random(seed)
    slow, quick = [one for one in files if _is_slow(one)], [one for one in files if not _is_slow(one)]
    for number in itertools.count():
        of = slow if slow and (not quick or chance.random() < _SLOW_SHARE) else quick
        yield chance.choice(of), seed * 1_000_000 + number


def main() -> int:
    """Runs until the time is over; 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("folders", type=Path, nargs="*", help="more files to begin with")
    given = parser.parse_args()
    settings = Settings.read({})
    options, forms, found = options_of(settings), load_forms(), Counter[str]()
    outcomes, slowest, largest, count = Counter[str](), 0.0, 0, 0
    until = time.monotonic() + 60 * given.minutes
    with scratch_folder() as scratch, tempfile.TemporaryDirectory() as folder:
        with LastingPool(Limits(1, settings.time_limit, settings.memory_limit), scratch) as pool:
            for path, seed in _chosen(fixtures(given.folders), given.seed):
                if time.monotonic() > until:
                    break
                file = Path(folder) / f"{seed}{path.suffix}"
                file.write_bytes(mutate(path.read_bytes(), seed))
                started = time.monotonic()
                done = pool.call(Source.at(file), forms, options, read_watched, lambda: None)
                seconds, count = time.monotonic() - started, count + 1
                outcomes.update(_named(done.outcome))
                slowest = max(slowest, seconds)
                largest = max(largest, done.outcome.memory if isinstance(done.outcome, Seen) else 0)
                wrong = _wrong(done.outcome, seconds, settings.time_limit)
                if wrong:
                    _FOUND.mkdir(exist_ok=True)
                    (_FOUND / f"{path.stem}-{seed}{path.suffix}").write_bytes(file.read_bytes())
                    found.update(wrong)
                    print(f"{path.name} {seed}: {'; '.join(wrong)}", flush=True)
                file.unlink()
        if left := [one.name for one in scratch.rglob("*") if one.is_file() and one.name != "owner"]:
            found[f"temporary files left: {left[:3]}"] += len(left)
    print(
        f"{count} files, seed {given.seed}: slowest {slowest:.1f} s, most memory {largest >> 20} MiB; "
        + ", ".join(f"{code} {n}" for code, n in outcomes.most_common())
    )
    for what, times in found.most_common():
        print(f"FOUND {times} x {what}")
    return 1 if found else 0


def _named(outcome: Seen | UnreadableFile) -> tuple[str, ...]:
    return outcome.codes if isinstance(outcome, Seen) else (outcome.code,)


def _wrong(outcome: Seen | UnreadableFile, seconds: float, limit: float) -> list[str]:
    wrong = [f"took {seconds:.0f} s"] if seconds > _TWICE * limit else []
    if isinstance(outcome, UnreadableFile):
        return [*wrong, f"{outcome.code}: {outcome.message}"]
    over = [f"memory {outcome.memory >> 30} GiB"] if outcome.memory > 2 * _GIGABYTE else []
    return [*wrong, *outcome.defects, *over]


if __name__ == "__main__":
    sys.exit(main())
