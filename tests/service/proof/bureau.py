"""A simulated bureau: applications whose truth is known, how the reader read them, and the daily draw of what
it accepted. The readings were recorded (`recorded.py`); a bureau draws whole applications from them, with
replacement, so that what goes together in one stays together. Nothing is read here."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from math import comb

import numpy as np

from extractor import threshold
from service.proof.judgement.interval import Counted, clopper_pearson
from service.proof.judgement.plan import plan
from service.proof.judgement.strata import Source, Stratum
from service.proof.judgement.watch import ALARM_LEVEL, Alarm, Scope, alarms, tightened
from tests.service.proof.recorded import Reading, applications, misread

TARGET = 0.001
MINUTES = 10
DAYS_A_WEEK = 5
SHARES: Mapping[Source, float] = {"word": 0.3, "pdf": 0.2, "scan": 0.35, "photo": 0.15}
STEPS = tuple(threshold(share) for share in (0.0005, 0.0002, 0.0001))
# From week 3 on the reader takes this digit for that one, in one place of so many, wherever a scan has it.
DIGIT, OTHER, CONFUSED = "3", "8", 0.1
WORSE = Scope(source="scan")
_TICK, _TEXT = 4.0, 8.0  # seconds that looking at one takes
_TICKED = frozenset({"choice", "seal", "signature"})


def worse(one: Reading, random: np.random.Generator) -> Reading:
    """How the worse reader reads it: as sure as before, but some digits are others. What the field's own
    rules then find amiss goes to a person."""
    places = [n for n, char in enumerate(one.text or "") if char == DIGIT]
    at = tuple(n for n in places if random.random() < CONFUSED) if places else ()
    if not at or not one.accepted or one.text is None:
        return one
    says_the_same = misread(one.field, one.text, DIGIT, OTHER, at)
    if says_the_same is None:
        return replace(one, accepted=False)
    return replace(one, right=one.right and says_the_same)


def worse_shares(one: Reading, confused: float = CONFUSED) -> tuple[float, float]:
    """How likely the worse reader's reading is accepted, and accepted and wrong; exactly, over all sets of
    digits that it may take for others."""
    if not one.accepted:
        return 0.0, 0.0
    places = [n for n, char in enumerate(one.text or "") if char == DIGIT]
    accepted = silent = 0.0
    for count in range(len(places) + 1):
        for at in combinations(places, count):
            chance = confused**count * (1 - confused) ** (len(places) - count)
            same = True if not at else misread(one.field, str(one.text), DIGIT, OTHER, at)
            accepted += 0.0 if same is None else chance
            silent += 0.0 if same is None or (same and one.right) else chance
    return min(1.0, accepted), min(accepted, silent)


@dataclass
class Bureau:
    """`seed` decides everything. `least` is asked for in each scope that was tightened, since the day."""

    seed: int
    applications: int = 5000
    weeks: int = 8
    worse_from: int = 10  # the day, the first of week 3
    stops: bool = False  # at the first alarm
    rules: dict[Scope, float] = field(default_factory=dict)
    since: dict[Scope, int] = field(default_factory=dict)
    accepted: Counter[tuple[int, Stratum]] = field(default_factory=Counter)
    silent: Counter[tuple[int, Stratum]] = field(default_factory=Counter)
    looked: Counter[tuple[int, Stratum]] = field(default_factory=Counter)
    found: Counter[tuple[int, Stratum]] = field(default_factory=Counter)
    alarms: list[tuple[int, Alarm]] = field(default_factory=list)
    spent: dict[int, float] = field(default_factory=dict)
    wrong: dict[tuple[int, Stratum], list[float]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        self.recorded = applications()
        self.strata = sorted({
            one.stratum for some in self.recorded.values() for readings in some for one in readings
        })  # fmt: skip
        self.seconds = {one.kind: _TICK if one.kind in _TICKED else _TEXT for one in self.strata}

    def run(self) -> None:
        """Lives through all weeks, a day at a time."""
        days = self.weeks * DAYS_A_WEEK
        for day in range(days):
            if self.stops and self.alarms:
                return
            readings = self._read(day, self.applications // days)
            self._look(day, readings)
            self._watch(day)

    def _read(self, day: int, count: int) -> dict[Stratum, list[tuple[float, bool]]]:
        """{stratum: [(how sure, whether right)]} of what is accepted on a day."""
        sources = list(SHARES)
        made: dict[Stratum, list[tuple[float, bool]]] = defaultdict(list)
        for number in self.random.choice(len(sources), count, p=list(SHARES.values())).tolist():
            some = self.recorded[sources[number]]
            for one in some[int(self.random.integers(len(some)))]:
                self._take(one, day, made)
        return made

    def _take(self, one: Reading, day: int, made: dict[Stratum, list[tuple[float, bool]]]) -> None:
        if day >= self.worse_from and one.stratum.source == WORSE.source:
            one = worse(one, self.random)
        least = max((least for scope, least in self.rules.items() if scope.holds(one.stratum)), default=0.0)
        if one.accepted and one.said >= least:
            self.accepted[day, one.stratum] += 1
            self.silent[day, one.stratum] += not one.right
            made[one.stratum].append((one.said, one.right))

    def counts(self, since: Mapping[Scope, int] | int = 0, until: int = 1 << 30) -> dict[Stratum, Counted]:
        """What is known of each stratum, since a day or since what is about it was tightened."""

        def first(one: Stratum) -> int:
            if isinstance(since, int):
                return since
            return max((day for scope, day in since.items() if scope.holds(one)), default=0)

        starts = {one: first(one) for one in self.strata}
        sums = {one: [0, 0, 0] for one in self.strata}
        for place, of in enumerate((self.accepted, self.looked, self.found)):
            for (day, one), number in of.items():
                if starts[one] <= day < until:
                    sums[one][place] += number
        return {one: Counted(*some) for one, some in sums.items()}

    def _look(self, day: int, readings: Mapping[Stratum, Sequence[tuple[float, bool]]]) -> None:
        available = {one: len(values) for one, values in readings.items()}
        made = plan(self.counts(), available, self.seconds, TARGET, MINUTES * 60)
        self.spent[day] = made.seconds
        for one, number in sorted(made.each.items()):
            for at in self.random.choice(len(readings[one]), number, replace=False):
                sure, right = readings[one][at]
                self.looked[day, one] += 1
                if not right:
                    self.found[day, one] += 1
                    self.wrong[day, one].append(sure)

    def _watch(self, day: int) -> None:
        for alarm in alarms(self.counts(self.since), TARGET, suspected=self.suspected):
            self.alarms.append((day, alarm))
            wrong = [
                sure
                for (found, one), some in self.wrong.items()
                if alarm.scope.holds(one) and found >= self.since.get(alarm.scope, 0)
                for sure in some
            ]
            self.rules[alarm.scope] = tightened(self.rules.get(alarm.scope, 0.0), wrong, STEPS)
            self.since[alarm.scope] = day + 1

    @property
    def suspected(self) -> set[Source]:
        """The sources of which some values are held back."""
        return {scope.source for scope in self.rules if scope.source}

    def rate(self, first: int, end: int) -> float:
        """The true share of silent errors among what was accepted on these days."""
        days = range(first, end)
        wrong = sum(count for (day, _), count in self.silent.items() if day in days)
        return wrong / sum(count for (day, _), count in self.accepted.items() if day in days)


def noticed_by(rate: float, a_day: int, days: int, before: int = 0) -> list[float]:
    """The probability that so many errors as make an alarm were found by the end of each day, of a group of
    which `a_day` values are looked at and a share of `rate` is wrong since the first of these days, when
    `before` had been looked at and found right: by adding up the binomial distribution over all ways that
    make no alarm, day by day."""
    quiet, noticed = {0: 1.0}, []
    for day in range(1, days + 1):
        after: dict[int, float] = defaultdict(float)
        for wrong, chance in quiet.items():
            for more in range(a_day + 1):
                some = comb(a_day, more) * rate**more * (1 - rate) ** (a_day - more)
                if some > 1e-12:
                    after[wrong + more] += chance * some
        looked = before + a_day * day
        quiet = {
            wrong: chance
            for wrong, chance in after.items()
            if wrong < 2 or clopper_pearson(wrong, looked, ALARM_LEVEL).lower <= TARGET
        }
        noticed.append(1 - sum(quiet.values()))
    return noticed
