"""Which aliases of labels and prompts are proposed by what people found beside them, and whether a
alias may go live by what it does to applications of which the truth is known (pure)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from models.aliases import Alias

_AGAIN = 3  # applications in which an alias stands, before it is proposed
_MOST = 10  # proposals of one run, since each is tried by itself


@dataclass(frozen=True)
class Seen:
    """An alias in an application, and who said what is right there."""

    alias: Alias
    submission: int
    who: str


@dataclass(frozen=True)
class Proposal:
    """An alias with its evidence: the applications in which it stands, and who corrected these."""

    alias: Alias
    submissions: tuple[int, ...]
    people: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What is read of a field: whether that is right, and whether nobody would be asked."""

    value: Any
    is_right: bool
    is_accepted: bool

    @property
    def is_silent(self) -> bool:
        """Whether it is wrong, and nobody would be asked."""
        return self.is_accepted and not self.is_right


@dataclass(frozen=True)
class Tried:
    """A field of which the truth is known, read without an alias and with it."""

    submission: int
    field: str
    before: Answer
    after: Answer


def proposals(seen: Iterable[Seen]) -> list[Proposal]:
    """Return what is proposed, the most frequent first. An alias that stands for two fields of a form tells
    neither, and is left out."""
    by: dict[tuple[str, ...], list[Seen]] = {}
    for one in seen:
        by.setdefault(one.alias.same, []).append(one)
    stands_for = Counter((form, words) for form, _, _, _, words in by)
    found = []
    for (form, _, _, _, words), some in by.items():
        submissions = tuple(sorted({one.submission for one in some}))
        if len(submissions) < _AGAIN or stands_for[form, words] > 1:
            continue
        ((alias, _),) = Counter(one.alias for one in some).most_common(1)
        found.append(Proposal(alias, submissions, tuple(sorted({one.who for one in some}))))
    return sorted(found, key=lambda one: (-len(one.submissions), one.alias))[:_MOST]


def against(tried: Sequence[Tried], alias: Alias) -> list[str]:
    """Return why an alias must not go live; empty: it may."""
    told = []
    silent = [sum(one.is_silent for one in some) for some in _sides(tried)]
    review = [sum(not one.is_accepted for one in some) for some in _sides(tried)]
    spoilt = sum(one.before.is_right and not one.after.is_right for one in tried)
    if silent[1] > silent[0]:
        told.append("漏过的错误会增加")
    if spoilt:
        told.append(f"原来读对的，有 {spoilt} 项会读错")
    if review[1] >= review[0]:
        told.append("要人看的不会减少")
    own = [one for one in tried if one.field == alias.field and one.before.value != one.after.value]
    wrong = sum(not one.after.is_right for one in own)
    # What stands beside the words is another thing as often: they are another label.
    if own and 2 * wrong >= len(own):
        told.append(f"这样读出的 {len(own)} 项中，有 {wrong} 项与核对过的内容不同")
    return told


def _sides(tried: Sequence[Tried]) -> tuple[list[Answer], list[Answer]]:
    return [one.before for one in tried], [one.after for one in tried]


def report(tried: Sequence[Tried], alias: Alias) -> dict[str, Any]:
    """Return how an alias did, as JSON: silent errors and what a person looks at, before and after, why it
    must not go live, and each field that would be read otherwise."""
    before, after = _sides(tried)
    return {
        "cases": len(tried),
        "applications": len({one.submission for one in tried}),
        "silent": [sum(one.is_silent for one in some) for some in (before, after)],
        "review": [sum(not one.is_accepted for one in some) for some in (before, after)],
        "against": against(tried, alias),
        "changed": [
            {
                "submission": one.submission,
                "field": one.field,
                "accepted": one.after.is_accepted,
                "right": one.after.is_right,
            }
            for one in tried
            if (one.before.value, one.before.is_accepted) != (one.after.value, one.after.is_accepted)
        ],
    }
