"""Decides when an upload is read again, which workers are dead, and whose jobs are taken over. The functions
here are pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.errors import is_lasting
from service.results import Line


@dataclass(frozen=True)
class Tempo:
    """The times of a worker, in seconds. `poll` is the time between two looks into the queue, and `beat` the
    time between two signs of life. After `silence` without one a worker counts as dead. `grace` is what the
    current jobs get when a worker is told to stop. `pauses` are the waits before another try, after a failure
    that may pass. `lives` is a number, not a time: when so many workers have died over a submission, it is
    read no more."""

    poll: float = 0.5
    beat: float = 3.0
    silence: float = 15.0
    grace: float = 20.0
    pauses: tuple[float, ...] = (5.0, 60.0)
    lives: int = 5


def pause_before_another(lines: Sequence[Line], tries: int, pauses: Sequence[float]) -> float | None:
    """Returns the seconds until an upload is read again, after try number `tries` (counted from 1) gave
    `lines`. Returns None where the lines are final: because something was read, because another try would
    fail too, or because there were enough tries."""
    errors = [line.get("error") for line in lines]
    may_pass = all(errors) and not all(is_lasting(str(error["code"])) for error in errors if error)
    return pauses[tries - 1] if may_pass and tries <= len(pauses) else None


class Watch:
    """Finds the silent workers by this process's own clock, because the clocks of several machines don't
    agree."""

    def __init__(self, silence: float) -> None:
        self._silence = silence
        self._heard: dict[str, tuple[Any, float]] = {}

    def silent(self, signs: Mapping[str, Any], now: float) -> set[str]:
        """Returns the workers whose sign of life has been the same for too long at `now`. `signs` holds the
        last sign of life by the worker's name."""
        before = self._heard
        self._heard = {
            name: before[name] if name in before and before[name][0] == sign else (sign, now)
            for name, sign in signs.items()
        }
        return {name for name, (_, since) in self._heard.items() if now - since >= self._silence}


@dataclass(frozen=True)
class Takeover:
    """The jobs to put back into the queue. `now` holds those to put back at once, each with the worker that
    had it. `lost` holds the jobs that this worker seems to have lost itself. They are put back if they still
    seem lost the next time."""

    now: Mapping[str, str]
    lost: frozenset[str]


def takeover(
    pending: Mapping[str, str],
    living: Collection[str],
    me: str,
    at_work: Collection[str],
    lost: Collection[str],
) -> Takeover:
    """Decides what becomes of the jobs that were begun. `pending` holds the worker of each, `at_work` the
    jobs that `me` is really reading, and `lost` the lost jobs of the last takeover. A missing job is given a
    second look, because a job that was taken from the queue a moment ago may not be at work yet."""
    missing = {job for job, worker in pending.items() if worker == me and job not in at_work}
    orphans = {job for job, worker in pending.items() if worker != me and worker not in living}
    again = missing & set(lost)
    return Takeover({job: pending[job] for job in sorted(orphans | again)}, frozenset(missing - again))
