"""When a reading is tried again, which workers are dead, and whose work is taken over (pure)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.errors import is_lasting
from service.results import Line


@dataclass(frozen=True)
class Tempo:
    """In seconds: `poll` between two looks into the queue, `beat` between two signs of life, `silence` after
    which a worker is dead, `grace` for what is being read when a worker is to stop, `pauses` before another
    try of what failed for a reason that may pass. A submission over which `lives` workers died is read no
    more."""

    poll: float = 0.5
    beat: float = 3.0
    silence: float = 15.0
    grace: float = 20.0
    pauses: tuple[float, ...] = (5.0, 60.0)
    lives: int = 5


def pause_before_another(lines: Sequence[Line], tries: int, pauses: Sequence[float]) -> float | None:
    """Seconds until what gave `lines` on try number `tries`, counted from 1, is read again; None where these
    lines are final, because something was read, because it would fail again, or because it was tried often
    enough."""
    errors = [line.get("error") for line in lines]
    may_pass = all(errors) and not all(is_lasting(str(error["code"])) for error in errors if error)
    return pauses[tries - 1] if may_pass and tries <= len(pauses) else None


class Watch:
    """Tells which workers are silent, by this process's own clock: clocks of several machines don't agree."""

    def __init__(self, silence: float) -> None:
        self._silence = silence
        self._heard: dict[str, tuple[Any, float]] = {}

    def silent(self, signs: Mapping[str, Any], now: float) -> set[str]:
        """Those of `signs` (a worker's last sign of life by its name) who have shown the same one for too
        long at `now`."""
        before = self._heard
        self._heard = {
            name: before[name] if name in before and before[name][0] == sign else (sign, now)
            for name, sign in signs.items()
        }
        return {name for name, (_, since) in self._heard.items() if now - since >= self._silence}


@dataclass(frozen=True)
class Takeover:
    """`now` are the jobs to put back into the queue, each with the worker that had it; `lost` are those that
    seem to be lost by this worker itself, and are put back if they still do the next time."""

    now: Mapping[str, str]
    lost: frozenset[str]


def takeover(
    pending: Mapping[str, str],
    living: Collection[str],
    me: str,
    at_work: Collection[str],
    lost: Collection[str],
) -> Takeover:
    """What becomes of the jobs that were begun. `pending` has the worker of each, `at_work` are those that
    `me` really reads, and
    `lost` is what the last takeover said. A job that was taken from the queue a moment ago may not be at work
        yet."""
    missing = {job for job, worker in pending.items() if worker == me and job not in at_work}
    orphans = {job for job, worker in pending.items() if worker != me and worker not in living}
    again = missing & set(lost)
    return Takeover({job: pending[job] for job in sorted(orphans | again)}, frozenset(missing - again))
