"""Turns Ctrl-C, a closed terminal and SIGTERM into one way to stop: between two submissions, never during a
write."""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Stop:
    """Collects stop signals while it is entered. A signal interrupts only `wait`: the wait that is running,
    or the next one."""

    def __init__(self) -> None:
        self._asked = False
        self._waiting = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for name in _SIGNALS:
                # A signal that is ignored stays ignored: a parent such as nohup wants this process to outlive
                # it.
                if signal.getsignal(name) is not signal.SIG_IGN:
                    self._before[name] = signal.signal(name, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, handler in self._before.items():
            signal.signal(name, handler)

    def wait(self, result: Callable[[], T]) -> T:
        """Returns what `result` returns.

        Raises:
            KeyboardInterrupt: a signal came during the wait, or since the last one. It is raised only once,
                so that the cleaning up that follows is not interrupted.
        """
        self._waiting = True
        try:
            if self._asked:
                raise KeyboardInterrupt
            return result()
        finally:
            self._waiting = False

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._asked = True
        if self._waiting:
            self._waiting = False
            raise KeyboardInterrupt
