"""What a worker process does to itself before its first submission, so that it takes no more than its share and leaves nothing."""

import ctypes
import multiprocessing
import os
import signal
import sys
import tempfile
from pathlib import Path

_PR_SET_PDEATHSIG = 1
# Each of these libraries would start a thread a core in every worker.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


def prepare(scratch: Path, megabytes: int, threads: int) -> None:
    """Makes this process a worker: temporary files in `scratch`, so much address space, so many threads a library, and no
    life after its parent's."""
    _die_with_parent()
    _limit_memory(megabytes)
    # By the variable for programs that are started from here, by the attribute because this process may have looked already.
    os.environ["TMPDIR"] = tempfile.tempdir = str(scratch)
    for name in _THREADS:
        os.environ.setdefault(name, str(threads))


def _die_with_parent() -> None:
    """A worker that is busy, or hangs, would not notice that there is nobody any more to read for (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        parent = multiprocessing.parent_process()
        if parent is not None and os.getppid() != parent.pid:
            os._exit(1)


def _limit_memory(megabytes: int) -> None:
    if sys.platform == "linux":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        wanted = megabytes << 20
        resource.setrlimit(resource.RLIMIT_AS, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most))
