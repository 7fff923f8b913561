"""A bureau of 5,000 applications whose reader is made worse in week 3: that is noticed as soon as theory
says, answered, and the figure holds the truth."""

from collections import Counter

import numpy as np
import pytest

from service.proof.judgement.interval import Counted
from service.proof.judgement.plan import plan
from service.proof.judgement.strata import Stratum, figure
from tests.service.proof.bureau import (
    CONFUSED,
    DAYS_A_WEEK,
    DIGITS,
    MINUTES,
    TARGET,
    WORSE,
    Bureau,
    noticed_by,
)

_WEEK_3 = 2 * DAYS_A_WEEK


@pytest.fixture(scope="module")
def bureau() -> Bureau:
    lived = Bureau(7)
    lived.run()
    return lived


def test_a_reader_that_is_worse_is_noticed_and_answered_where_it_is_worse(bureau: Bureau) -> None:
    assert bureau.rate(0, _WEEK_3) < TARGET
    week_3 = bureau.rate(_WEEK_3, _WEEK_3 + DAYS_A_WEEK)
    assert week_3 > 3 * TARGET
    first = min(day for day, _ in bureau.alarms)
    assert first >= _WEEK_3, "no alarm while the reader was well"
    assert {alarm.scope.source for _, alarm in bureau.alarms} == {WORSE.source}
    assert {alarm.scope.kind for _, alarm in bureau.alarms} <= DIGITS
    assert bureau.rate(_WEEK_3 + 2 * DAYS_A_WEEK, 8 * DAYS_A_WEEK) < TARGET, "back under the target"


def test_a_draw_never_takes_more_than_the_minutes_of_a_day(bureau: Bureau) -> None:
    assert len(bureau.spent) == 8 * DAYS_A_WEEK
    assert max(bureau.spent.values()) <= MINUTES * 60


def _affected(bureau: Bureau, days: range) -> Counter[str]:
    """How many were looked at of each kind in which the reader gets worse."""
    found: Counter[str] = Counter()
    for (day, one), number in bureau.looked.items():
        if day in days and one.source == WORSE.source and one.kind in DIGITS:
            found[one.kind] += number
    return found


def test_it_is_noticed_within_as_many_samples_as_theory_says(bureau: Bureau) -> None:
    """Theory: each kind from that source by itself, exactly. That it may be noticed in several at once, which
    it leaves out, only makes it sooner."""
    before = _affected(bureau, range(_WEEK_3))
    quiet = np.ones(30)
    for number in before.values():
        quiet *= 1 - np.array(noticed_by(CONFUSED, max(1, round(number / _WEEK_3)), 30, number))
    expected, late = 1 + quiet[:-1].sum(), int(np.argmax(quiet < 0.05)) + 1
    days, samples = [], []
    for seed in range(20, 26):
        one = Bureau(seed, stops=True)
        one.run()
        days.append(one.alarms[0][0] - _WEEK_3 + 1)
        samples.append(sum(number for (day, _), number in one.looked.items() if day >= _WEEK_3))
    told = f"noticed after {days} days, {samples} samples; theory {expected:.1f} days, 95 % by day {late}"
    assert np.mean(days) <= expected, told
    assert max(days) <= late, told
    assert np.mean(samples) < 300, told


def test_a_reader_that_keeps_to_the_target_hardly_ever_gives_an_alarm() -> None:
    """Exactly, for one group of which 10 values are looked at each day of 12 weeks."""
    assert noticed_by(TARGET / 3, 10, 60)[-1] < 0.005


def test_the_bound_covers_the_truth_in_200_repetitions() -> None:
    """Each time another 5,000 applications, of which a part is looked at as the plan says."""
    random = np.random.default_rng(11)
    strata = [
        Stratum(form, kind, source)  # type: ignore[arg-type]
        for form in ("a", "b")
        for kind in ("text", "phone", "choice", "date")
        for source in ("word", "scan")
    ]
    sizes = {one: 5000 // 2 * (1 if one.source == "word" else 2) // 3 for one in strata}
    seconds = {"text": 8.0, "phone": 8.0, "date": 8.0, "choice": 4.0}
    known = {one: Counted(size, 0, 0) for one, size in sizes.items()}
    drawn = plan(known, sizes, seconds, 0.02, 20 * MINUTES * 60).each
    held = 0
    for _ in range(200):
        rate = {one: float(random.exponential(0.004 if one.source == "scan" else 0.0002)) for one in strata}
        wrong = {one: int(random.binomial(sizes[one], min(rate[one], 1))) for one in strata}
        counts = {
            one: Counted(
                sizes[one],
                drawn.get(one, 0),
                int(random.hypergeometric(wrong[one], sizes[one] - wrong[one], drawn.get(one, 0))),
            )
            for one in strata
        }
        truth = sum(wrong.values()) / sum(sizes.values())
        found = figure(counts)
        held += found.lower <= truth <= found.upper
    assert held >= 190, f"{held} of 200"
