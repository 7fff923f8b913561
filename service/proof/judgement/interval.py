"""Confidence intervals of a share of errors, exact for one sample and safe for several of unequal weight.

No package of the lock has the quantile of the beta distribution, so that it is computed here: the incomplete
beta function by its continued fraction (NIST DLMF 8.17.22, Lentz's algorithm), its inverse by bisection.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from math import exp, lgamma, log, log1p

LEVEL = 0.95
_TINY = 1e-300
_TERMS = 1000
_HALVINGS = 60


@dataclass(frozen=True)
class Interval:
    """A share of errors and the bounds that hold it with a confidence of `LEVEL`; all from 0 to 1."""

    share: float
    lower: float
    upper: float


# Nothing is known.
UNKNOWN = Interval(0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Counted:
    """A stratum: how many values were accepted in it (`population`), how many of these were looked at
    (`looked`), and how many of these were wrong."""

    population: int
    looked: int
    wrong: int


def clopper_pearson(wrong: float, looked: float, level: float = LEVEL) -> Interval:
    """Return the two-sided interval of Clopper and Pearson (1934, "The use of confidence or fiducial limits
    illustrated in the case of the binomial", Biometrika 26) for `wrong` of `looked`, which need not be
    whole."""
    if looked <= 0:
        return UNKNOWN
    outside = (1 - level) / 2
    lower = 0.0 if wrong <= 0 else beta_quantile(outside, wrong, looked - wrong + 1)
    upper = 1.0 if wrong >= looked else beta_quantile(1 - outside, wrong + 1, looked - wrong)
    return Interval(wrong / looked, lower, upper)


def stratified(strata: Iterable[Counted], level: float = LEVEL) -> Interval:
    """Return the interval of the share of errors in all strata together, each weighed by its population.

    The counts are turned into an effective number of errors and of samples in the manner of Fay and Feuer
    (1997, "Confidence intervals for directly standardized rates: a method based on the gamma distribution",
    Statistics in Medicine 16), whose upper bound takes the next error to fall where a sample weighs most. The
    interval is then Clopper's and Pearson's of these, which it is exactly where all samples weigh the same.
    A stratum of which nothing was looked at has to be joined with another before (`joined`); here its share
    is taken to be wholly unknown.
    """
    some = [one for one in strata if one.population > 0]
    total = sum(one.population for one in some)
    seen = [one for one in some if one.looked > 0]
    if not seen:
        return UNKNOWN
    unseen = sum(one.population for one in some if one.looked <= 0) / total
    weights = [(one.population / total / one.looked, one.wrong) for one in seen]
    share = sum(weight * wrong for weight, wrong in weights)
    spread = sum(weight * weight * wrong for weight, wrong in weights)
    heaviest = max(weight for weight, _ in weights)
    outside = (1 - level) / 2
    lower = 0.0
    if share > 0:
        looked, wrong = share / spread, share * share / spread
        lower = beta_quantile(outside, wrong, max(looked - wrong, 0) + 1)
    mean, more = share + heaviest, spread + heaviest * heaviest
    looked, wrong = mean / more, mean * mean / more - 1
    upper = 1.0 if looked <= wrong else beta_quantile(1 - outside, wrong + 1, looked - wrong)
    return Interval(share, lower, min(1.0, upper + unseen))


def effective(strata: Iterable[Counted]) -> float:
    """Return how many samples of equal weight tell as much of the upper bound, where none is wrong."""
    some = [one for one in strata if one.population > 0]
    total = sum(one.population for one in some)
    if not some or any(one.looked <= 0 for one in some):
        return 0.0
    return 1 / max(one.population / total / one.looked for one in some)


@cache
def needed(target: float, wrong: int = 0, level: float = LEVEL) -> int:
    """Return the least number of samples, all of one weight, that puts the upper bound at or under `target`
    when `wrong` of them are wrong."""

    def fits(looked: int) -> bool:
        return clopper_pearson(wrong, looked, level).upper <= target

    most = wrong + 1
    while not fits(most):
        most *= 2
    least = most // 2
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if fits(middle) else (middle, most)
    return most


def beta_quantile(share: float, a: float, b: float) -> float:
    """Return x with I_x(a, b) = `share`; a, b > 0."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_share(middle, a, b) < share else (low, middle)
    return (low + high) / 2


def beta_share(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of DLMF 8.17.22 at x, by the modified algorithm of Lentz."""
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    whole = d
    for m in range(1, _TERMS):
        for top in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away(1 + top * d)
            c = _away(1 + top / c)
            whole *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return whole


def _away(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
