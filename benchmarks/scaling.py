"""Whether pages cost more as more processes read them: `python -m benchmarks.scaling [CORES] [PAGES]`.

1, 2, 4 and 8 processes of one thread each read the same page PAGES (4) times, all pinned to the same CORES
(2). What a page costs in seconds of a core tells what processes take from each other (caches, memory,
switching); pages a second tell what the machine gives. From that follows how many cores a million pages a day
take. What the database bears is measured by `benchmarks.service_million`.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from extractor.limits import PictureLimits
from extractor.scan.decode import pdf_pictures

_ROOT = Path(__file__).parent.parent
_SCAN = _ROOT / "fixtures" / "inbox" / "scan_stamped.pdf"
PROCESSES = (1, 2, 4, 8)
_DAY, _MACHINES, _PAGES_A_DAY = 86_400, 8, 1_000_000
# Each reads once to be warm, and says so; told to go, it reads, and says what that took.
_PROGRAM = """
import json, sys, time
from pathlib import Path
from extractor import Options, Source, extract
from service.forms.definitions import load_forms

forms, page = load_forms(), Source.at(Path(sys.argv[1]))
extract(page, forms, Options())
print("{}", flush=True)
sys.stdin.readline()
begun = time.process_time()
for _ in range(int(sys.argv[2])):
    extract(page, forms, Options())
print(json.dumps({"core": time.process_time() - begun}), flush=True)
"""


class Scale(NamedTuple):
    """How many processes read, how many pages a second all together, and seconds of a core a page."""

    processes: int
    rate: float
    core: float


def measure(page: Path, processes: int, cores: set[int], pages: int) -> Scale:
    """Lets so many processes read the same page, each so many times, after all are warm."""
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(page), str(pages)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1"},
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        for _ in range(processes)
    ]
    for reader in readers:
        assert reader.stdout
        reader.stdout.readline()
    begun = time.perf_counter()
    for reader in readers:
        assert reader.stdin
        reader.stdin.write("go\n")
        reader.stdin.flush()
    spent = [json.loads(reader.communicate()[0])["core"] for reader in readers]
    count = processes * pages
    return Scale(processes, count / (time.perf_counter() - begun), sum(spent) / count)


def main(cores: int, pages: int) -> None:
    """Prints a line for each number of processes, and what follows for many machines."""
    pinned = set(sorted(os.sched_getaffinity(0))[:cores])
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.png"
        _write_page(page)
        scales = []
        for processes in PROCESSES:
            scales.append(one := measure(page, processes, pinned, pages))
            alone = scales[0].core
            print(
                f"  {one.processes} processes on {len(pinned)} cores: {one.rate:5.2f} pages/s, "
                f"{one.core:5.2f} s of a core a page, {one.core / alone:4.2f} x one process",
                flush=True,
            )
    busy = next(one for one in scales if one.processes >= len(pinned))
    needed = _PAGES_A_DAY * busy.core / _DAY
    print(
        f"  {_PAGES_A_DAY:,} pages a day: {needed:.0f} cores that do nothing else, "
        f"{needed / _MACHINES:.1f} on each of {_MACHINES} machines"
    )


def _write_page(path: Path) -> None:
    import cv2

    picture = next(iter(pdf_pictures(_SCAN.read_bytes(), (1,), PictureLimits())))
    cv2.imwrite(str(path), cv2.cvtColor(picture.colour, cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:]]
    main(*given, *(2, 4)[len(given) :])
