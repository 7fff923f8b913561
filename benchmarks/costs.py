"""What files cost that are made to cost much, each in a process of its own: seconds of a core and the most
memory. `python -m benchmarks.costs [PATH…]` measures these files instead of those of
`tests/extractor/costly.py`."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.extractor.costly import ALLOWED, REFUSED

# What a file may cost, in seconds of a core and in bytes.
SECONDS, MEMORY = 10.0, 1 << 30
# The engine that reads pictures takes half a gigabyte, and seconds to load, whatever it reads.
_PROGRAM = """
import resource, sys
from pathlib import Path
from extractor import Source
from service.forms.definitions import load_forms
from service.processes.pool import options_of, read_submission
from service.settings import Settings

def spent():
    return [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]

forms, options = load_forms(), options_of(Settings())
before = sum(one.ru_utime + one.ru_stime for one in spent())
try:
    lines = read_submission(Source.at(Path(sys.argv[1])), forms, options)
    outcome = ", ".join((line["error"] or {}).get("code", line["status"]) for line in lines)
except BaseException as error:
    outcome = repr(error)[:60]
after = spent()
seconds = sum(one.ru_utime + one.ru_stime for one in after) - before
print(f"{seconds:.1f} {max(one.ru_maxrss for one in after) << 10} {outcome}")
"""


def cost(path: Path) -> tuple[float, int, str]:
    """(seconds of a core, bytes of memory, what came of it) for the file at `path`."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM, path], capture_output=True, text=True, check=False)
    if done.returncode:
        return float("inf"), 0, f"ended with {done.returncode}"
    seconds, memory, outcome = done.stdout.strip().split(" ", 2)
    return float(seconds), int(memory), outcome


def main(given: list[str]) -> int:
    """Prints a line a file; 1 where one costs more than it may."""
    over = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, path in _files(given, Path(folder)):
            seconds, memory, outcome = cost(path)
            is_over = seconds > SECONDS or memory > MEMORY
            over += is_over
            mark = "  OVER" if is_over else ""
            print(f"{name:50} {seconds:6.1f} s {memory >> 20:6} MiB  {outcome}{mark}", flush=True)
    return min(over, 1)


def _files(given: list[str], folder: Path) -> list[tuple[str, Path]]:
    if given:
        return [(Path(one).name, Path(one)) for one in given]
    made = []
    for kind, files in (("refused", REFUSED), ("allowed", ALLOWED)):
        for number, (name, one) in enumerate(files.items()):
            path = folder / f"{kind}-{number}.{one.suffix}"
            path.write_bytes(one.make())
            made.append((f"{kind}: {name}", path))
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
