"""What a bureau's own corrections teach of how sure the reader may be, and the test that a lesson has to pass
(pure).

A lesson turns the reader's confidence into another one, for each kind of field and each source by itself: a
line through the log odds (Platt 1999), drawn from cases of which the truth is known, and held to the identity
where these are few. It changes decisions only by confidence; a doubt by a rule stays a doubt. As much is
accepted as lets no more errors be expected than before, by the same lines: so that what it gains comes from
knowing better which kinds are sure, and not from believing everything a little more.

It is tried on cases that it was not drawn from, and on reference cases that no bureau can change. Who would
teach it wrong things on purpose has to do so against both, and against what everybody else says.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from math import exp, lgamma, log

from service.proof.judgement.interval import clopper_pearson

_LEAST_CASES = 60  # of a kind and a source, before anything is drawn from them
_HELD = 12.0  # cases that speak for leaving the confidence as it is
_STEPS = 40
_MOST_ODDS = 14.0
_LEAST_OF_ALL = 25  # cases, before shares are compared
_LEVEL = 0.999
_MARGIN = 0.75  # of the errors that were expected before
_LOWEST = 0.9  # nothing less sure is believed, whatever was learned
_MANY = 3.0
_UNLIKELY = 1e-3


@dataclass(frozen=True)
class Case:
    """A reading of which the truth is known: how `sure` the reader was, whether it was right, whether a rule
    sends it to a person anyway (`doubted`), how many readings it stands for, and `who` said what is right;
    None: no person of the bureau did."""

    name: str
    kind: str
    source: str
    sure: float
    right: bool
    doubted: bool = False
    weight: float = 1.0
    who: str | None = None

    @property
    def group(self) -> str:
        """The kind and the source that it is learned with."""
        return f"{self.kind}/{self.source}"

    @property
    def is_kept_back(self) -> bool:
        """Whether it is one to try a lesson on, and none to draw it from."""
        return sha256(self.name.encode()).digest()[0] % 2 == 1


@dataclass(frozen=True)
class Line:
    """The line through the log odds of one group."""

    shift: float
    slope: float

    def sure(self, before: float) -> float:
        """How sure the reader may be that was so sure `before`."""
        return 1 / (1 + exp(-max(-_MOST_ODDS, min(_MOST_ODDS, self.shift + self.slope * odds(before)))))


@dataclass(frozen=True)
class Lesson:
    """Lines by group, and how sure the reader must be in these to be believed."""

    lines: Mapping[str, Line] = field(default_factory=dict)
    least: float = 1.0


NOTHING = Lesson()


def odds(sure: float) -> float:
    """The log odds of a confidence, within bounds."""
    return max(-_MOST_ODDS, min(_MOST_ODDS, log(max(sure, 1e-9) / max(1 - sure, 1e-9))))


def is_accepted(lesson: Lesson, case: Case, least: float) -> bool:
    """Whether nobody would be asked to look, by the lesson."""
    line = lesson.lines.get(case.group)
    if case.doubted:
        return False
    return line.sure(case.sure) >= lesson.least if line else case.sure >= least


@dataclass(frozen=True)
class Replay:
    """Decisions on cases before and after a lesson, in readings that they stand for: silent errors, and what
    a person looks at. `changed` are the cases whose decision is another one."""

    cases: int = 0
    silent: tuple[float, float] = (0.0, 0.0)
    review: tuple[float, float] = (0.0, 0.0)
    changed: Sequence[Case] = ()
    opened: Sequence[Case] = ()

    @property
    def newly_silent(self) -> list[Case]:
        """Those that are wrong and would not be looked at any more."""
        return [case for case in self.opened if not case.right]


def replay(cases: Iterable[Case], lesson: Lesson, least: float) -> Replay:
    """What the lesson would have decided."""
    every = list(cases)
    before = [is_accepted(NOTHING, case, least) for case in every]
    after = [is_accepted(lesson, case, least) for case in every]

    def silent(taken: Sequence[bool]) -> float:
        return sum(
            case.weight for case, is_taken in zip(every, taken, strict=True) if is_taken and not case.right
        )

    def review(taken: Sequence[bool]) -> float:
        return sum(case.weight for case, is_taken in zip(every, taken, strict=True) if not is_taken)

    changed = [case for case, one, other in zip(every, before, after, strict=True) if one != other]
    opened = [case for case, one, other in zip(every, before, after, strict=True) if other and not one]
    return Replay(
        len(every), (silent(before), silent(after)), (review(before), review(after)), changed, opened
    )


@dataclass(frozen=True)
class Candidate:
    """A lesson and how it did: on the bureau's own cases that were kept back, on all of them, and on the
    reference. `against` is why it must not go live; empty: it may."""

    lesson: Lesson
    kept_back: Replay
    own: Replay
    reference: Replay
    against: tuple[str, ...] = ()
    dropped: Mapping[str, str] = field(default_factory=dict)

    @property
    def may_go_live(self) -> bool:
        """Whether it passed."""
        return not self.against


def candidate(own: Sequence[Case], reference: Sequence[Case], least: float, target: float) -> Candidate:
    """Draws a lesson from one half of the bureau's cases, leaves out each group that does harm, and tries the
    rest."""
    first = [case for case in own if not case.is_kept_back]
    lines = {group: drawn(cases) for group, cases in _grouped(first).items() if len(cases) >= _LEAST_CASES}
    dropped = dict[str, str]()
    lesson = _bounded(lines, first, least)
    # One group at a time, the one that would let most errors pass, until none does.
    back = [case for case in own if case.is_kept_back]
    while guilty := _guilty(lesson, (back, own, reference), least, target):
        dropped[guilty] = "会漏过错误"
        lesson = _bounded({name: line for name, line in lesson.lines.items() if name != guilty}, first, least)
    tried = tuple(replay(some, lesson, least) for some in (back, own, reference))
    against = [
        *_against(tried, lesson, dropped, target),
        *_against_persons(own, least),
        *_against_reference(own, reference, least),
    ]
    first_, all_, known = tried
    return Candidate(lesson, first_, all_, known, tuple(against), dropped)


def _bounded(lines: Mapping[str, Line], cases: Iterable[Case], least: float) -> Lesson:
    """The lesson of these lines that accepts as much as lets no more errors be expected than before."""
    some = [case for case in cases if case.group in lines and not case.doubted]
    sure = sorted(((lines[case.group].sure(case.sure), case) for case in some), key=lambda one: -one[0])
    most = _MARGIN * sum(case.weight * (1 - now) for now, case in sure if case.sure >= least)
    expected, bound = 0.0, 1.0
    for now, case in sure:
        expected += case.weight * (1 - now)
        if expected > most:
            break
        bound = now
    return Lesson(lines, max(bound, _LOWEST))


def _guilty(lesson: Lesson, tried: Sequence[Sequence[Case]], least: float, target: float) -> str | None:
    """The group of which most wrong readings would not be looked at any more, where that is not made good by
    others of which fewer are missed; None: errors do not increase."""
    for cases, allowed in zip(tried, _allowances(tried, target), strict=True):
        one = replay(cases, lesson, least)
        if one.silent[1] > one.silent[0] + allowed:
            wrong = [case.group for case in one.newly_silent]
            return max(sorted(set(wrong)), key=wrong.count)
    return None


def _allowances(tried: Sequence[Sequence[Case]], target: float) -> tuple[float, float, float]:
    """How many silent errors there may be more: on the bureau's own cases none, on the reference, whose paper
    is another's, as many as the target promises at most."""
    return 0.0, 0.0, target * len(tried[-1])


def _against(tried: Sequence[Replay], lesson: Lesson, dropped: Mapping[str, str], target: float) -> list[str]:
    told = []
    if not lesson.lines:
        few = f"没有一类有足够的例子（{2 * _LEAST_CASES} 项）"
        told.append("试过的各类都会漏过错误" if dropped else few)
    named = ("未参与学习的例子", "本单位的全部例子", "随程序附带的例子")
    for words, one, more in zip(named, tried, (0.0, 0.0, target * tried[-1].cases), strict=True):
        if one.silent[1] > one.silent[0] + more:
            told.append(f"{words}中，漏过的错误会增加")
    if lesson.lines and tried[0].review[1] >= tried[0].review[0]:
        told.append("未参与学习的例子中，要人看的不会减少")
    return told


def _against_persons(own: Sequence[Case], least: float) -> list[str]:
    """Whose word of what is right does not go together with everybody else's: of the readings that the reader
    was unsure of, or of those that it was sure of, quite another share is wrong."""
    told = []
    for who in sorted({case.who for case in own if case.who is not None}):
        mine = [case for case in own if case.who == who]
        others = [case for case in own if case.who != who]
        for is_sure in (False, True):
            one, other = _wrong_and_right(mine, least, is_sure), _wrong_and_right(others, least, is_sure)
            if min(fewer_by_chance(one, other), fewer_by_chance(other, one)) < _UNLIKELY:
                told.append(f"{who} 的更正与其他人的不一致")
                break
    return told


def _against_reference(own: Sequence[Case], reference: Sequence[Case], least: float) -> list[str]:
    """Whether what is said to be wrong can't be, by the reference: of a kind hardly any of what the reader
    was unsure of, or of all far too many of what was accepted."""
    told = []
    for kind in sorted({case.kind for case in own}):
        mine, known = (
            _wrong_and_right([case for case in some if case.kind == kind], least, is_sure=False)
            for some in (own, reference)
        )
        if mine[0] * sum(known) < known[0] * sum(mine) and fewer_by_chance(mine, known) < _UNLIKELY:
            told.append(f"没有把握的读数中（{kind}），被认为有误的少得不合常理")
    mine_, known_ = (_share(some, least, 1.01) for some in (own, reference))
    if mine_ and known_ and mine_[0] > _MANY * known_[1]:
        told.append("有把握的读数中，被认为有误的多得不合常理")
    return told


def _wrong_and_right(cases: Iterable[Case], least: float, is_sure: bool) -> tuple[int, int]:
    """How many of the readings that the reader was sure of, or unsure, were wrong, and how many right."""
    some = [case.right for case in cases if (case.sure >= least) == is_sure and not case.doubted]
    return some.count(False), some.count(True)


def fewer_by_chance(mine: tuple[int, int], known: tuple[int, int]) -> float:
    """The probability that so few of mine are wrong by chance alone, if the share is the same as among those
    that are known: Fisher's exact test, one-sided."""
    wrong, total = mine[0] + known[0], sum(mine) + sum(known)
    whole, lowest = _log_ways(total, wrong), max(0, wrong - sum(known))
    chances = (
        exp(_log_ways(sum(mine), n) + _log_ways(sum(known), wrong - n) - whole)
        for n in range(lowest, mine[0] + 1)
    )
    return min(1.0, sum(chances))


def _log_ways(total: int, some: int) -> float:
    """The logarithm of how many ways there are to choose some of all."""
    return lgamma(total + 1) - lgamma(some + 1) - lgamma(total - some + 1)


def _share(cases: Iterable[Case], low: float, high: float) -> tuple[float, float] | None:
    """The bounds of the share of wrong readings among those of which the reader was so sure."""
    some = [case.right for case in cases if low <= case.sure < high and not case.doubted]
    if len(some) < _LEAST_OF_ALL:
        return None
    found = clopper_pearson(some.count(False), len(some), _LEVEL)
    return found.lower, found.upper


def drawn(cases: Sequence[Case]) -> Line:
    """The line that fits best, by Newton's method, held to the identity; one wrong reading of middling
    confidence is added, because that none was seen does not prove that there is none."""
    shift, slope = 0.0, 1.0
    points = [(odds(case.sure), float(case.right), case.weight) for case in cases if not case.doubted]
    points.append((0.0, 0.0, 1.0))
    for _ in range(_STEPS):
        # The slopes and the bend of the penalty.
        g0, g1, h00, h01, h11 = -_HELD * shift, -_HELD * (slope - 1), _HELD, 0.0, _HELD
        for at, right, weight in points:
            sure = 1 / (1 + exp(-max(-_MOST_ODDS, min(_MOST_ODDS, shift + slope * at))))
            bend = weight * sure * (1 - sure)
            g0, g1 = g0 + weight * (right - sure), g1 + weight * (right - sure) * at
            h00, h01, h11 = h00 + bend, h01 + bend * at, h11 + bend * at * at
        determinant = h00 * h11 - h01 * h01
        step0 = (h11 * g0 - h01 * g1) / determinant
        step1 = (h00 * g1 - h01 * g0) / determinant
        shift, slope = shift + max(-2.0, min(2.0, step0)), slope + max(-2.0, min(2.0, step1))
    # Confidence speaks for a reading.
    return Line(round(shift, 4), round(max(slope, 0.05), 4))


def _grouped(cases: Iterable[Case]) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for case in cases:
        if not case.doubted:
            found.setdefault(case.group, []).append(case)
    return dict(sorted(found.items()))
