"""The intervals: exact where that can be computed another way, and safe where it can't."""

from collections import Counter
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.proof.judgement.interval import (
    UNKNOWN,
    Counted,
    beta_quantile,
    clopper_pearson,
    effective,
    needed,
    stratified,
)


def _at_most(wrong: int, looked: int, share: float) -> float:
    """The probability of no more than `wrong` of `looked`, term by term."""
    return sum(comb(looked, n) * share**n * (1 - share) ** (looked - n) for n in range(wrong + 1))


@settings(max_examples=60, deadline=None)
@given(looked=st.integers(1, 400), data=st.data())
def test_the_bounds_are_where_the_binomial_tails_are_a_fortieth(looked: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, looked))
    found = clopper_pearson(wrong, looked)
    assert found.lower <= found.share <= found.upper
    if wrong < looked:
        assert _at_most(wrong, looked, found.upper) == pytest.approx(0.025, rel=1e-6)
    if wrong:
        assert 1 - _at_most(wrong - 1, looked, found.lower) == pytest.approx(0.025, rel=1e-6)


def test_the_interval_is_the_one_of_the_tables() -> None:
    """Of 10 trials with 1 success, as printed in tables since Clopper and Pearson: 0.25 % to 44.5 %."""
    found = clopper_pearson(1, 10)
    assert (round(found.lower, 4), round(found.upper, 4)) == (0.0025, 0.4450)
    assert clopper_pearson(0, 0) == UNKNOWN
    assert beta_quantile(0.5, 3, 3) == pytest.approx(0.5)


@pytest.mark.parametrize(("wrong", "size"), [(0, 3688), (1, 5570), (2, 7223)])
def test_the_size_that_is_needed_is_the_least_that_does(wrong: int, size: int) -> None:
    assert needed(0.001, wrong) == size
    assert clopper_pearson(wrong, size).upper <= 0.001 < clopper_pearson(wrong, size - 1).upper


def test_strata_that_are_sampled_alike_are_as_one_sample() -> None:
    parts = [Counted(500, 50, 1), Counted(1000, 100, 0), Counted(250, 25, 2)]
    whole, found = clopper_pearson(3, 175), stratified(parts)
    assert [found.share, found.lower, found.upper] == pytest.approx([whole.share, whole.lower, whole.upper])
    assert effective(parts) == pytest.approx(175)


def test_a_stratum_that_was_hardly_looked_at_widens_the_bound_and_an_unseen_one_adds_its_share() -> None:
    even = stratified([Counted(1000, 100, 0), Counted(1000, 100, 0)])
    uneven = stratified([Counted(1000, 190, 0), Counted(1000, 10, 0)])
    assert uneven.upper > 4 * even.upper
    assert stratified([Counted(900, 1000, 0), Counted(100, 0, 0)]).upper > 0.1
    assert effective([Counted(900, 1000, 0), Counted(100, 0, 0)]) == 0
    assert stratified([Counted(100, 0, 0)]) == UNKNOWN == stratified([])


@pytest.mark.parametrize("rates", [(0.0005, 0.0005, 0.0005), (0.0, 0.0, 0.02), (0.004, 0.0, 0.0)])
def test_the_upper_bound_holds_however_errors_lie_in_strata_of_unequal_weight(
    rates: tuple[float, ...],
) -> None:
    """400 samples each, of strata whose weights differ by 1 to 6; the bound of 97.5 % may fail by chance in
    25 of 1,000 and no more than about 15 beyond that."""
    random, sizes, looked = np.random.default_rng(5), (60_000, 30_000, 10_000), (300, 500, 400)
    truth = sum(rate * size for rate, size in zip(rates, sizes, strict=True)) / sum(sizes)
    drawn = Counter(map(tuple, random.binomial(looked, rates, (1000, 3)).tolist()))
    held = 0
    for wrong, times in drawn.items():
        counts = [Counted(*one) for one in zip(sizes, looked, wrong, strict=True)]
        held += times * (stratified(counts).upper >= truth)
    assert held >= 960
