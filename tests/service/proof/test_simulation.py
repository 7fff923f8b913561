"""A bureau of 5,000 applications, drawn from recorded readings, whose reader is made worse in week 3: that is
noticed as soon as theory says, answered, and the figure holds the truth."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from service.proof.judgement.interval import Counted
from service.proof.judgement.plan import plan
from service.proof.judgement.strata import Stratum, figure
from tests.service.proof.bureau import (
    DAYS_A_WEEK,
    MINUTES,
    SHARES,
    TARGET,
    WORSE,
    Bureau,
    noticed_by,
    worse_shares,
)
from tests.service.proof.recorded import Reading, applications

_WEEK_3 = 2 * DAYS_A_WEEK
_SEEDS = range(20, 26)


@pytest.fixture(scope="module")
def bureau() -> Bureau:
    lived = Bureau(7)
    lived.run()
    return lived


def _rates() -> dict[str, float]:
    """The share of what the worse reader accepts that is wrong, of each kind in which some is."""
    accepted, silent = Counter[str](), Counter[str]()
    for one in (one for readings in applications()[WORSE.source] for one in readings):  # type: ignore[index]
        taken, wrong = worse_shares(one)
        accepted[one.stratum.kind] += taken  # type: ignore[assignment]
        silent[one.stratum.kind] += wrong  # type: ignore[assignment]
    return {kind: wrong / accepted[kind] for kind, wrong in silent.items() if wrong > 0}


def test_readings_of_every_source_were_recorded_and_some_are_wrong() -> None:
    found = applications()
    assert set(found) == set(SHARES)
    assert sum(map(len, found.values())) >= 140
    assert len(found["scan"]) >= 40
    assert any(not one.right for readings in found["scan"] for one in readings)
    assert any(not one.accepted for readings in found["scan"] for one in readings)


def test_a_reader_that_is_worse_is_noticed_and_answered_where_it_is_worse(bureau: Bureau) -> None:
    weeks = [1000 * bureau.rate(n * DAYS_A_WEEK, (n + 1) * DAYS_A_WEEK) for n in range(bureau.weeks)]
    raised = [(day, alarm.scope.kind, alarm.scope.source) for day, alarm in bureau.alarms]
    told = f"silent a thousand by week {[round(week, 2) for week in weeks]}, alarms {raised}"
    print(told)
    assert bureau.rate(0, _WEEK_3) < TARGET, told
    assert weeks[2] > 3, told
    assert min(day for day, _ in bureau.alarms) >= _WEEK_3, "no alarm while the reader was well"
    assert {alarm.scope.source for _, alarm in bureau.alarms} == {WORSE.source}, told
    assert {alarm.scope.kind for _, alarm in bureau.alarms} <= {None, *_rates()}, told
    assert bureau.rate(_WEEK_3 + 2 * DAYS_A_WEEK, 8 * DAYS_A_WEEK) < TARGET, f"back under the target: {told}"


def test_a_draw_never_takes_more_than_the_minutes_of_a_day(bureau: Bureau) -> None:
    assert len(bureau.spent) == 8 * DAYS_A_WEEK
    assert max(bureau.spent.values()) <= MINUTES * 60


def _affected(bureau: Bureau, days: range, kinds: set[str]) -> Counter[str]:
    """How many were looked at of each kind in which the reader gets worse."""
    found: Counter[str] = Counter()
    for (day, one), number in bureau.looked.items():
        if day in days and one.source == WORSE.source and one.kind in kinds:
            found[one.kind] += number
    return found


def test_it_is_noticed_within_as_many_samples_as_theory_says(bureau: Bureau) -> None:
    """Theory: each kind from that source by itself, exactly. That it may be noticed in several at once, which
    it leaves out, only makes it sooner."""
    rates = _rates()
    before = _affected(bureau, range(_WEEK_3), set(rates))
    quiet = np.ones(30)
    for kind, number in before.items():
        quiet *= 1 - np.array(noticed_by(rates[kind], max(1, round(number / _WEEK_3)), 30, number))
    expected, late = 1 + quiet[:-1].sum(), int(np.argmax(quiet < 0.05)) + 1
    days, samples = [], []
    for seed in _SEEDS:
        one = Bureau(seed, stops=True)
        one.run()
        days.append(one.alarms[0][0] - _WEEK_3 + 1)
        samples.append(sum(number for (day, _), number in one.looked.items() if day >= _WEEK_3))
    told = f"noticed after {days} days, {samples} samples; theory {expected:.1f} days, 95 % by day {late}"
    print(told)
    assert np.mean(days) <= expected + 1, told
    assert max(days) <= late + 1, told


def test_a_reader_that_keeps_to_the_target_hardly_ever_gives_an_alarm() -> None:
    """Exactly, for one group of which 10 values are looked at each day of 12 weeks."""
    assert noticed_by(TARGET / 3, 10, 60)[-1] < 0.005


@pytest.mark.parametrize("most", [0.0, 0.02, 0.1])
def test_the_bound_covers_the_truth_in_200_repetitions(most: float) -> None:
    """Each time another 5,000 applications drawn from what was recorded, of which scans were read by a reader
    that takes one digit for another by up to so large a share; a part is looked at as the plan says."""
    random = np.random.default_rng(11)
    seconds = {one.stratum.kind: 8.0 for one in _every()}
    held, wrong_ones = 0, 0
    for _ in range(200):
        sizes, wrong = _drawn(random, random.uniform(0, most))
        known = {one: Counted(size, 0, 0) for one, size in sizes.items()}
        drawn = plan(known, sizes, seconds, 0.02, 20 * MINUTES * 60).each
        counts = {}
        for one, size in sizes.items():
            looked = drawn.get(one, 0)
            found = int(random.hypergeometric(wrong[one], size - wrong[one], looked)) if size else 0
            counts[one] = Counted(size, looked, found)
        truth = sum(wrong.values()) / sum(sizes.values())
        interval = figure(counts)
        held += interval.lower <= truth <= interval.upper
        wrong_ones += truth > 0
    print(f"{held} of 200 hold the truth, which was over 0 in {wrong_ones}")
    assert held >= 190, f"{held} of 200"


def _every() -> list[Reading]:
    return [one for some in applications().values() for readings in some for one in readings]


def _drawn(random: np.random.Generator, confused: float) -> tuple[dict[Stratum, int], dict[Stratum, int]]:
    """How many values 5,000 applications have accepted of each stratum, and how many of these are wrong."""
    sizes, wrong = defaultdict[Stratum, int](int), defaultdict[Stratum, int](int)
    came = random.multinomial(5000, list(SHARES.values()))
    for source, count in zip(SHARES, came.tolist(), strict=True):
        some = applications()[source]
        for readings, times in zip(
            some, random.multinomial(count, [1 / len(some)] * len(some)).tolist(), strict=True
        ):
            for one in readings:
                taken, silent = worse_shares(one, confused if source == WORSE.source else 0.0)
                accepted = int(random.binomial(times, taken))
                sizes[one.stratum] += accepted
                wrong[one.stratum] += int(random.binomial(accepted, silent / taken)) if taken else 0
    return sizes, wrong
