"""Prepares a worker process before its first submission and cleans up after each, so that it takes only its
share of the machine and leaves nothing behind."""

import ctypes
import multiprocessing
import os
import signal
import sys
import tempfile
from pathlib import Path

# The folder for a process's temporary files; `{}` stands for its process id.
FOLDER = "reader-{}"
_PR_SET_PDEATHSIG = 1
_ARENA_MAX = -8
# The bytes of freed memory that a process may keep.
_KEPT = 256 << 20
# Without these variables, each of these libraries would start one thread for each core in every worker.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


def prepare(scratch: Path, megabytes: int, threads: int) -> None:
    """Makes this process a worker. It gets a folder of its own in `scratch` for temporary files, `megabytes`
    MiB of address space and `threads` threads for each library, and it dies with its parent."""
    parent = multiprocessing.parent_process()
    die_with_parent(signal.SIGKILL, parent.pid if parent else None)
    _limit_memory(megabytes)
    share_freed_memory()
    folder = scratch / FOLDER.format(os.getpid())
    folder.mkdir(mode=0o700, exist_ok=True)
    # The variable is for programs that this process starts. The attribute is set too, because this process
    # may have looked the folder up already.
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    for name in _THREADS:
        os.environ.setdefault(name, str(threads))


def die_with_parent(number: signal.Signals, parent: int | None) -> None:
    """Lets this process get the signal `number` when its parent, whose id is `parent`, dies. A process that
    is busy or hangs would not notice that nobody waits for its work any more (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
        if parent is not None and os.getppid() != parent:
            os._exit(1)


def is_running(process: int) -> bool:
    """Returns whether there is a process with this id on this machine."""
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


def share_freed_memory() -> None:
    """Lets a thread take memory that any other has freed. The C library would keep it for the thread that had
    it (M_ARENA_MAX in mallopt(3)), and every thread that reads a page would hold as much as one does. No time
    is lost, since threads seldom ask at once. To be called before there are further threads."""
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(_ARENA_MAX, 1)


def give_back_memory() -> None:
    """Gives freed memory back to the system, where it is more than the next page needs. The C library would
    keep it for later, in pieces that fit less and less, and the process would grow with every picture
    (malloc_trim(3)). Giving it back after each submission would cost a tenth of a page's time to get it
    again."""
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "mallinfo2"):
        library.mallinfo2.restype = _Mallinfo
        if library.mallinfo2().fordblks > _KEPT:
            library.malloc_trim(0)


class _Mallinfo(ctypes.Structure):
    """What glibc reports about its memory, in bytes (mallinfo(3)); `fordblks` is free memory."""

    _fields_ = (("before", ctypes.c_size_t * 8), ("fordblks", ctypes.c_size_t), ("keepcost", ctypes.c_size_t))
