"""What a worker process does to itself, before the first submission and after each, to take only its share
and leave nothing."""

import ctypes
import multiprocessing
import os
import signal
import sys
import tempfile
from pathlib import Path

# Where a process has its temporary files; `{}` stands for its id.
FOLDER = "reader-{}"
_PR_SET_PDEATHSIG = 1
# Bytes of freed memory that a process may keep.
_KEPT = 256 << 20
# Each of these libraries would start a thread a core in every worker.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


def prepare(scratch: Path, megabytes: int, threads: int) -> None:
    """Makes this process a worker: temporary files in a folder of its own in `scratch`, so much address
    space, so many threads a library, and no life after its parent's."""
    parent = multiprocessing.parent_process()
    die_with_parent(signal.SIGKILL, parent.pid if parent else None)
    _limit_memory(megabytes)
    folder = scratch / FOLDER.format(os.getpid())
    folder.mkdir(mode=0o700, exist_ok=True)
    # By the variable for programs that are started from here, by the attribute because this process may have
    # looked already.
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    for name in _THREADS:
        os.environ.setdefault(name, str(threads))


def die_with_parent(number: signal.Signals, parent: int | None) -> None:
    """Lets this process get a signal when its parent dies, whose id is `parent`: one that is busy, or hangs,
    would not notice that there is nobody any more to work for (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
        if parent is not None and os.getppid() != parent:
            os._exit(1)


def is_running(process: int) -> bool:
    """Whether there is a process with this id on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _limit_memory(megabytes: int) -> None:
    if sys.platform == "linux":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        wanted = megabytes << 20
        resource.setrlimit(
            resource.RLIMIT_AS, (wanted if most == resource.RLIM_INFINITY else min(wanted, most), most)
        )


def give_back_memory() -> None:
    """Gives the system what this process has freed, where that is more than a page needs again. By itself the
    C library keeps it for the next time, in pieces that fit less and less, and a process grows from picture
    to picture (malloc_trim(3)); given back each time, it costs a tenth of a page's time to have anew."""
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallinfo2"):
        library.mallinfo2.restype = _Mallinfo
        if library.mallinfo2().fordblks > _KEPT:
            library.malloc_trim(0)


class _Mallinfo(ctypes.Structure):
    """What glibc says of its memory, in bytes (mallinfo(3)); `fordblks` is free."""

    _fields_ = (("before", ctypes.c_size_t * 8), ("fordblks", ctypes.c_size_t), ("keepcost", ctypes.c_size_t))
