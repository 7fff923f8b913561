"""What the first file costs, from a cold start: `python -m benchmarks.starting [COUNT]`.

Each file is read by the command in processes of its own, COUNT times (5), and the median is told: seconds on
the clock, seconds of a core, and the most memory of one process. The clock counts only on a machine that does
nothing else.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

_INBOX = Path(__file__).parent.parent / "fixtures" / "inbox"
FILES = ("A01_lit_ballot_check.docx", "fillable_returned.pdf", "photos/1.jpg", "scan_clean.pdf")
_COUNT = 5


class Start(NamedTuple):
    """What reading one file took; `memory` is in bytes."""

    seconds: float
    core: float
    memory: int


def run(path: Path) -> Start:
    """Reads one file as the command does."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "extract", str(path), "-o", f"{folder}/results.jsonl"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Of all its processes; those that it started are waited for by itself.
        _, _, spent = os.wait4(process.pid, 0)
        process.returncode = 0
    return Start(time.perf_counter() - begun, spent.ru_utime + spent.ru_stime, spent.ru_maxrss << 10)


def main(count: int) -> None:
    """Prints a line a file. The files take turns."""
    starts: dict[str, list[Start]] = {name: [] for name in FILES}
    for _ in range(count):
        for name, seen in starts.items():
            seen.append(run(_INBOX / name))
    print(f"from a cold start, median of {count}")
    for name, seen in starts.items():
        seconds, core, memory = (statistics.median(column) for column in zip(*seen, strict=True))
        print(f"  {name:28} {seconds:5.2f} s   {core:5.2f} s of a core   {int(memory) >> 20:5} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _COUNT)
