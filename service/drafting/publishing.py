"""The gate: a definition goes into force only where it was filled in, printed, worn and read back well, or
where somebody says why it goes out all the same."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from models.errors import ReadsBadly
from models.form import FormDefinition
from service.forms.trials import Report
from service.store.forms import FormStore

_MOST_TOLD = 10


class Trials(Protocol):
    """What knows how a definition fares when it is tried."""

    def kept(self, form: FormDefinition) -> Report | None:
        """Returns what a trial found that was already made, or None."""

    def report(self, form: FormDefinition) -> Report:
        """Returns what a trial finds, which is made now unless there was one."""


def publish(
    forms: FormStore,
    form: FormDefinition,
    trials: Trials,
    reason: str,
    actor: str,
    now: Callable[[], datetime],
) -> None:
    """Puts `form` in force, which is tried first unless that was done. The figures stand in the log, with
    the `reason` where it needed one. Whoever gives a reason beforehand does not wait for a trial, and the log
    says that there was none. A definition that was in force before is not tried again, but for one that the
    service took from a folder and nobody ever tried.

    Raises:
        ReadsBadly: it reads badly, and there is no reason.
        Conflict: it differs from the known definition of its name and version.
    """
    if forms.knows(form) and form not in forms.untried():
        forms.add({form.name: form}, actor, now())
        return
    found = trials.kept(form) or (None if reason else trials.report(form))
    passes = found is not None and found.passes
    if found is not None and not passes and not reason:
        told = "；".join(found.told[:_MOST_TOLD])
        raise ReadsBadly(f"这份表格试填后读不好：{found.summary}。{told}")
    details = {"trial": found.figures if found else "none"} | ({} if passes else {"reason": reason})
    forms.add({form.name: form}, actor, now(), details)
