"""How many values are looked at in a day, and of which strata: by the target and by what is known so far,
within the minutes that a bureau gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import ceil, sqrt

from service.proof.judgement.interval import Counted, effective, needed
from service.proof.judgement.strata import Counts, Source, Stratum, joined

# Working days in which the target should be shown to be kept, and those of the window of which the figure is.
HORIZON, WINDOW = 20, 60
# How much more or less often than by its share a stratum may be looked at, because of what was found there.
_TILT = 2.0


@dataclass(frozen=True)
class Plan:
    """What to draw today: how many of each stratum, and the seconds that looking at them will take."""

    each: Mapping[Stratum, int]
    seconds: float

    @property
    def total(self) -> int:
        """How many in all."""
        return sum(self.each.values())


def wanted(counts: Counts, target: float) -> int:
    """Return how many to look at today, if minutes did not matter: what is lacking until the upper bound is
    at `target` with no more errors than were found, over `HORIZON` days, and never less than keeps it there
    while old samples leave the window."""
    wrong = sum(count.wrong for count in counts.values())
    size = needed(target, wrong)
    lacking = size - effective(joined(counts))
    return ceil(max(lacking / HORIZON, size / WINDOW))


def plan(
    counts: Counts,
    available: Mapping[Stratum, int],
    seconds: Mapping[str, float],
    target: float,
    most_seconds: float,
) -> Plan:
    """Return how many to draw of each stratum of which there are `available` values.

    `counts` are those of the window, today's population included and what waits to be looked at counted as
    looked at; `seconds` says what looking at one of a kind takes. The next is always taken where a sample
    would weigh most, which keeps the upper bound lowest; strata in which more errors were found are looked at
    more often, by the rule of Neyman (1934, "On the two different aspects of the representative method"),
    that the number goes with the spread.
    """
    pull, taken, spent = _pulls(counts, target), dict[Stratum, int](), 0.0

    def weight(one: Stratum) -> tuple[float, Stratum]:
        looked = counts.get(one, _NONE).looked + taken.get(one, 0)
        return -pull.get(one, 0.0) / (looked + 0.5), one

    waiting = [weight(one) for one, number in available.items() if number > 0]
    heapify(waiting)
    left = wanted(counts, target)
    while waiting and left > 0:
        _, chosen = heappop(waiting)
        if spent + seconds[chosen.kind] > most_seconds:
            continue
        taken[chosen] = taken.get(chosen, 0) + 1
        spent, left = spent + seconds[chosen.kind], left - 1
        if taken[chosen] < available[chosen]:
            heappush(waiting, weight(chosen))
    return Plan(taken, spent)


_NONE = Counted(0, 0, 0)


def _pulls(counts: Counts, target: float) -> dict[Stratum, float]:
    """Return how strongly each stratum asks for samples: its population by the spread that its errors so far
    let expect, held near to its population alone."""
    total = sum(count.population for count in counts.values()) or 1
    # As if one error in 1 / target had been seen before, so that what was not looked at is as the target.
    # What reads one kind from a source worse may read others from it worse too.
    by_source = {source: _of_source(counts, source) for source in {one.source for one in counts}}
    rates = {
        one: max((some.wrong + 1) / (some.looked + 1 / target) for some in (count, by_source[one.source]))
        for one, count in counts.items()
        if count.population > 0
    }
    usual = sqrt(target)
    return {
        one: counts[one].population / total * min(_TILT, max(1 / _TILT, sqrt(rate) / usual))
        for one, rate in rates.items()
    }


def _of_source(counts: Counts, source: Source) -> Counted:
    """Return the counts of all strata of a source together."""
    some = [count for one, count in counts.items() if one.source == source]
    return Counted(
        sum(one.population for one in some), sum(one.looked for one in some), sum(one.wrong for one in some)
    )
