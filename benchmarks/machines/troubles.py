"""What befalls machines: each has a beginning, so many seconds, and an end."""

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.machines.site import STORE, Site

# Longer than a worker may be silent before its jobs are others'.
_LONG, _SHORT = 40.0, 5.0
_HOUR = 3600
# A slow machine runs for a tenth of the time.
_RUNS, _RESTS = 0.05, 0.45


@dataclass(frozen=True)
class Trouble:
    """What befalls, as `begin` does it to a site and `end` takes it back."""

    name: str
    begin: Callable[[Site], object]
    end: Callable[[Site], object]
    seconds: float = _LONG


def _break_down(site: Site) -> None:
    site.network.break_down("a")


def _replace(site: Site) -> None:
    site.network.replace("a")
    site.start("a")


def _restart(site: Site) -> None:
    site.cluster.start()


def _clocks(site: Site) -> None:
    site.set_clock("b", _HOUR)
    site.set_clock("c", -_HOUR)


def _right_clocks(site: Site) -> None:
    site.set_clock("b", 0)
    site.set_clock("c", 0)


class _Slow:
    """Lets a machine run now and then."""

    def __init__(self, name: str) -> None:
        self._name, self._ended = name, threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, site: Site) -> None:
        self._ended.clear()
        self._thread = threading.Thread(target=self._hinder, args=(site,))
        self._thread.start()

    def end(self, site: Site) -> None:
        self._ended.set()
        assert self._thread is not None
        self._thread.join()

    def _hinder(self, site: Site) -> None:
        host = site.network[self._name]
        while not self._ended.wait(_RUNS):
            host.signal(signal.SIGSTOP)
            self._ended.wait(_RESTS)
            host.signal(signal.SIGCONT)


_slow = _Slow("c")
QUIET = Trouble("nothing befalls", lambda site: None, lambda site: None, 0.0)
TROUBLES = (
    QUIET,
    Trouble("a breaks down, and is replaced", _break_down, _replace),
    Trouble("b is cut off", lambda site: site.network.cut("b"), lambda site: site.network.join("b")),
    Trouble(
        "c is not heard by the database",
        lambda site: site.network.deafen("c", STORE),
        lambda site: site.network.undeafen("c", STORE),
    ),
    Trouble("b's clock is an hour ahead, c's an hour behind", _clocks, _right_clocks),
    Trouble(
        "a stands still",
        lambda site: site.network["a"].signal(signal.SIGSTOP),
        lambda site: site.network["a"].signal(signal.SIGCONT),
    ),
    Trouble("c is slow", _slow.begin, _slow.end),
    Trouble("the database crashes", lambda site: site.cluster.crash(), _restart, _SHORT),
)
