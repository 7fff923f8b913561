"""When the figure asks for more review, and how much more: the alarm, and the steps of tightening."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from service.proof.judgement.interval import Interval
from service.proof.judgement.strata import Counts, Source, Stratum, added, figure

Standing = Literal["kept", "unproven", "passed"]
# An alarm of one group among many, looked at every day, has to be surer than a figure that is only shown; and
# one error alone may be the slip of two people.
ALARM_LEVEL = 0.99
_LEAST_WRONG = 2
# Nothing is as sure as this: everything goes to a person.
EVERYTHING = 1.01


@dataclass(frozen=True)
class Scope:
    """The values that a tightening is about; None means any."""

    form: str | None = None
    kind: str | None = None
    source: Source | None = None

    @property
    def narrowness(self) -> int:
        """How much it says of its values: of groups with the same errors the narrowest is named."""
        return sum(one is not None for one in (self.form, self.kind, self.source))

    def holds(self, one: Stratum) -> bool:
        """Tell whether values of that stratum are among them."""
        return all(
            mine is None or mine == its
            for mine, its in ((self.form, one.form), (self.kind, one.kind), (self.source, one.source))
        )


@dataclass(frozen=True)
class Alarm:
    """Values of which more are wrong than the target allows, for all that is known."""

    scope: Scope
    interval: Interval
    looked: int
    wrong: int


def standing(interval: Interval, target: float) -> Standing:
    """Return how a figure stands to the target: shown to keep it, not shown yet, or shown to break it."""
    if interval.lower > target:
        return "passed"
    return "kept" if interval.upper <= target else "unproven"


def alarms(
    counts: Counts, target: float, was_kept: bool = False, suspected: Collection[Source] = ()
) -> list[Alarm]:
    """Return the groups whose errors are certainly more than the target allows: all, each source, kind and
    form, and each kind from each source. The surest comes first; a group that another explains, because
    without it nothing is amiss, is left out. `was_kept` says that the figure of all had been shown to keep
    the target: that its upper bound passes it is then an alarm by itself. In a source of which a kind breaks
    the target, now or before (`suspected`), one error of another kind is enough: what reads one kind worse,
    such as a scanner or a digit taken for another, seldom reads that kind alone worse."""
    scopes = {Scope()}
    for one in counts:
        scopes |= {Scope(source=one.source), Scope(kind=one.kind), Scope(form=one.form)}
        scopes.add(Scope(kind=one.kind, source=one.source))
    found: list[Alarm] = []
    rest = dict(counts)
    while True:
        some = [alarm for scope in sorted(scopes, key=repr) if (alarm := _alarm(rest, scope, target))]
        if not some:
            break
        surest = max(some, key=lambda one: (one.interval.lower, one.scope.narrowness, repr(one.scope)))
        found.append(surest)
        rest = {one: count for one, count in rest.items() if not surest.scope.holds(one)}
    sources = {*suspected, *(one.scope.source for one in found if one.scope.source)}
    likes = {Scope(kind=one.kind, source=one.source) for one in rest if one.source in sources}
    for scope in sorted(likes, key=repr):
        if like := _alarm(rest, scope, target, least_wrong=1, by="share"):
            found.append(like)
    if was_kept and not found:
        whole = figure(counts)
        if whole.upper > target and (worst := _worst(counts)):
            found.append(worst)
    return found


def _alarm(
    counts: Counts, scope: Scope, target: float, least_wrong: int = _LEAST_WRONG,
    by: Literal["lower", "share"] = "lower",
) -> Alarm | None:  # fmt: skip
    mine = {one: count for one, count in counts.items() if scope.holds(one)}
    wrong, looked = (
        sum(count.wrong for count in mine.values()),
        sum(count.looked for count in mine.values()),
    )
    if wrong < least_wrong:
        return None
    interval = figure(mine, ALARM_LEVEL)
    known = interval.lower if by == "lower" else interval.share
    return Alarm(scope, interval, looked, wrong) if known > target else None


def _worst(counts: Counts) -> Alarm | None:
    """Return the kind from a source that has most errors, where there are some."""
    by: dict[Scope, list[Counts]] = {}
    for one, count in counts.items():
        by.setdefault(Scope(kind=one.kind, source=one.source), []).append({one: count})
    found = [(scope, added(some)) for scope, some in by.items()]
    told = [
        Alarm(
            scope,
            figure(mine, ALARM_LEVEL),
            sum(count.looked for count in mine.values()),
            sum(count.wrong for count in mine.values()),
        )
        for scope, mine in found
    ]
    wrong = [one for one in told if one.wrong]
    return max(wrong, key=lambda one: (one.interval.lower, repr(one.scope))) if wrong else None


def tightened(now: float, wrong: Iterable[float], steps: Sequence[float]) -> float:
    """Return the least confidence that is asked for next, where `now` is asked for: the first of `steps` (in
    ascending order) above it that none of the `wrong` values had; `EVERYTHING` where there is none."""
    surest = max(wrong, default=0.0)
    return next((step for step in steps if step > now and step > surest), EVERYTHING)
