"""How a process that reads is begun: as a copy of this one where that is safe, or else anew.

A copy has what this process has loaded, which is a third of what it costs to read a Word file. But it
also has the locks of other threads, in whatever state they are, and nobody who would open them. So a process
is copied only where this one has no other thread, not even one that a library runs by itself. Only Linux says
so.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

_THREADS_OF_THIS = "/proc/self/task"
# They keep threads and memory of their own, and read how many threads they may have as they are loaded.
_NEVER_COPIED = ("numpy", "cv2", "onnxruntime")


def can_copy() -> bool:
    """Returns whether a process may be begun as a copy of this one."""
    return (
        sys.platform == "linux"
        and threading.current_thread() is threading.main_thread()
        and not any(name in sys.modules for name in _NEVER_COPIED)
        and _threads() == 1
    )


def _threads() -> int:
    """Returns how many threads this process has; many where that can't be told."""
    try:
        return len(os.listdir(_THREADS_OF_THIS))
    except OSError:
        return sys.maxsize


class _Process(SpawnProcess):
    """A process that is a copy of this one, or is begun anew."""

    @staticmethod
    def _Popen(process_obj: BaseProcess) -> Any:
        if can_copy():
            from multiprocessing.popen_fork import Popen

            return Popen(process_obj)
        return SpawnProcess._Popen(process_obj)


class Context(SpawnContext):
    """What `multiprocessing` needs to know to begin such processes. Their locks and pipes are those of
    processes that are begun anew, because those that replace them will be."""

    if not TYPE_CHECKING:
        Process = _Process


@contextmanager
def hearing_no_signals() -> Iterator[None]:
    """Inside, this thread hears neither Ctrl-C nor a closed terminal, nor do threads and processes that it
    begins, as long as they live."""
    numbers = {signal.SIGINT, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
