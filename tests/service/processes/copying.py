"""A program that has its processes begun as copies of itself, and tells what became of them: `python -m
tests.service.processes.copying FOLDER [THREAD]`. With THREAD another thread runs meanwhile."""

import json
import os
import resource
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from extractor import Options, Source
from service.processes.pool import Limits, Pool
from service.signals import Stop
from tests.service.readers import do

MEGABYTES, SECONDS = 3000, 2.0
BROKEN = 3  # the code with which it ends where its pool broke
# What only a copy of the process that filled it has.
_filled: list[str] = []


def tell(source: Source, forms: Any, options: Options) -> dict[str, Any]:
    """Does what the file says, and tells about this process."""
    do(source.path.read_text())
    return {
        "process": os.getpid(),
        "copy": bool(_filled),
        "memory": resource.getrlimit(resource.RLIMIT_AS)[0] >> 20,
        "folder": tempfile.gettempdir(),
        "heard": sorted(
            number.name
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            if getattr(signal.getsignal(number), "__self__", None) is not None
            and number not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
        ),
        "threads": threading.active_count(),
    }


def main(folder: Path, *, with_thread: bool) -> None:
    """Prints a line for each order, in turn."""
    _filled.append("before")
    ended = threading.Event()
    if with_thread:
        threading.Thread(target=ended.wait).start()
    with Stop():
        pool = Pool(Limits(jobs=1, seconds=SECONDS, megabytes=MEGABYTES), folder)
        try:
            pool.start()
            for number, order in enumerate(json.loads(sys.stdin.readline())):
                path = folder / str(number)
                path.write_text(order)
                source = Source.at(path)
                task = pool.schedule(source, {}, Options(), tell)
                for _ in pool.ended([task]):
                    given = pool.given(source, task)
                    if given is None:
                        sys.exit(BROKEN)
                    print(
                        json.dumps(given.outcome if isinstance(given.outcome, dict) else given.outcome.code),
                        flush=True,
                    )
        finally:
            ended.set()
            pool.end(now=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), with_thread=len(sys.argv) > 2)
