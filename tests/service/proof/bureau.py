"""A simulated bureau: applications whose truth is known, a reader that says how sure it is, and the daily
draw of what it accepted. No file and no recogniser: readings are drawn, not recorded from scans."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import comb

import numpy as np

from extractor import threshold
from models.fields import Field
from service.forms.definitions import load_forms
from service.proof.judgement.agreement import can_be_keyed
from service.proof.judgement.interval import Counted, clopper_pearson
from service.proof.judgement.plan import plan
from service.proof.judgement.strata import Source, Stratum
from service.proof.judgement.watch import ALARM_LEVEL, Alarm, Scope, alarms, tightened

TARGET = 0.001
MINUTES = 10
DAYS_A_WEEK = 5
SHARES: Mapping[Source, float] = {"word": 0.3, "pdf": 0.2, "scan": 0.35, "photo": 0.15}
STEPS = tuple(threshold(share) for share in (0.0005, 0.0002, 0.0001))
# Kinds whose values are mostly digits, which is what the reader confuses once it is worse.
DIGITS = frozenset({"phone", "number", "date", "credit-code", "id-card", "bank-account", "postcode"})
WORSE = Scope(source="scan")
CONFUSED = 0.12


def fields() -> list[tuple[str, Field]]:
    """(form, field) of each field of the shipped forms that a sample may be of."""
    forms = load_forms()
    return [(name, one) for name in sorted(forms) for one in forms[name].fields.values() if _short(one)]


def _short(one: Field) -> bool:
    return not (one.is_long or one.widget == "table") and can_be_keyed(one, None)


def seconds(kinds: Mapping[str, bool]) -> dict[str, float]:
    """What looking at one of a kind takes: 4 s for a tick, 8 s for a short text."""
    return {kind: 4.0 if ticked else 8.0 for kind, ticked in kinds.items()}


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

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        asked = fields()
        self.by_form: dict[str, list[str]] = defaultdict(list)
        for form, one in asked:
            self.by_form[form].append(one.kind)
        self.strata = [
            Stratum(form, kind, source)
            for form, kinds in self.by_form.items()
            for kind in sorted(set(kinds))
            for source in SHARES
        ]
        self.seconds = seconds({one.kind: one.entered != "written" for _, one in asked})

    def run(self) -> None:
        """Lives through all weeks, a day at a time."""
        days = self.weeks * DAYS_A_WEEK
        for day in range(days):
            if self.stops and self.alarms:
                return
            readings = self._read(day, self.applications // days)
            self._look(day, readings)
            self._watch(day)

    def _read(self, day: int, applications: int) -> dict[Stratum, list[tuple[float, bool]]]:
        """{stratum: [(how sure, whether right)]} of what is accepted on a day."""
        sources = list(SHARES)
        came = Counter(self.random.choice(len(sources), applications, p=list(SHARES.values())).tolist())
        made: dict[Stratum, list[tuple[float, bool]]] = defaultdict(list)
        for number, count in sorted(came.items()):
            for form, kinds in self.by_form.items():
                some = count // len(self.by_form)
                for kind in kinds:
                    one = Stratum(form, kind, sources[number])
                    made[one] += self._values(one, some, day)
        return made

    def _values(self, one: Stratum, count: int, day: int) -> list[tuple[float, bool]]:
        if one.source in ("word", "pdf"):
            sure, right = np.full(count, 0.995), self.random.random(count) >= 2e-5
        else:
            # Most readings are nearly certain, some are not.
            doubt = np.where(self.random.random(count) < 0.85, 0.0006, 0.1) * self.random.exponential(
                1, count
            )
            sure = 1 - np.minimum(doubt, 1)
            right = self.random.random(count) >= doubt / 5
            if day >= self.worse_from and one.source == WORSE.source and one.kind in DIGITS:
                right &= self.random.random(count) >= CONFUSED
        least = max(
            [threshold(TARGET) if one.source in ("scan", "photo") else 0.0]
            + [least for scope, least in self.rules.items() if scope.holds(one)]
        )
        taken = sure >= least
        self.accepted[day, one] += int(taken.sum())
        self.silent[day, one] += int((taken & ~right).sum())
        return list(zip(sure[taken].tolist(), right[taken].tolist(), strict=True))

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
        self.wrong_today = defaultdict(list)
        for one, number in sorted(made.each.items()):
            for at in self.random.choice(len(readings[one]), number, replace=False):
                sure, right = readings[one][at]
                self.looked[day, one] += 1
                if not right:
                    self.found[day, one] += 1
                    self.wrong_today[one].append(sure)

    def _watch(self, day: int) -> None:
        for alarm in alarms(self.counts(self.since), TARGET):
            self.alarms.append((day, alarm))
            wrong = [
                sure for one, some in self.wrong_today.items() if alarm.scope.holds(one) for sure in some
            ]
            self.rules[alarm.scope] = tightened(self.rules.get(alarm.scope, 0.0), wrong, STEPS)
            self.since[alarm.scope] = day + 1

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
