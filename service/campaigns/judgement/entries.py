"""What judgement is passed on: a submission's values, when it arrived and from whom, and what a person
said of it (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

from models.campaign import Recommendation
from models.writing import key

# Where a submission stands in its handling. `open`: nobody has decided on it; `waiting`: not read yet.
Handling = Literal["waiting", "open", "unreadable", "returned", "accepted", "rejected", "withdrawn"]


@dataclass(frozen=True)
class Arrival:
    """When it came. `received` is when we had it: `exact` where that is the mailbox's own time, otherwise no
    later than that. `sent` is what the sender's own clock said, `stamped` what the mail itself says of the
    last server on its way, which whoever hands a mail in could have written."""

    received: datetime | None = None
    exact: bool = False
    sent: datetime | None = None
    stamped: datetime | None = None


@dataclass(frozen=True)
class Ruling:
    """What persons decided, which goes before what is judged here; None: nobody has."""

    organiser: str | None = None
    may_apply: bool | None = None
    in_time: bool | None = None
    recommendation: Recommendation | None = None
    reason: str | None = None
    second: str | None = None
    scores: Mapping[str, int] | None = None
    second_scores: Mapping[str, int] | None = None
    scored_by: str | None = None

    @property
    def total(self) -> Fraction | None:
        """The points of a reviewer, or of two the mean; None where nobody gave any."""
        given = [sum(one.values()) for one in (self.scores, self.second_scores) if one]
        return Fraction(sum(given), len(given)) if given else None

    @property
    def apart(self) -> int:
        """How many points two reviewers lie apart."""
        if not self.scores or not self.second_scores:
            return 0
        return abs(sum(self.scores.values()) - sum(self.second_scores.values()))

    def scores_lack(self, reviewers: int) -> int:
        """How many of so many `reviewers` have given no points yet."""
        return max(0, reviewers - bool(self.scores) - bool(self.second_scores))

    @property
    def is_said(self) -> bool:
        """Whether anybody decided anything."""
        return self != Ruling()

    def before(self, later: "Ruling") -> "Ruling":
        """This one, with all that `later` says instead."""
        said = {name: value for name, value in later.__dict__.items() if value is not None}
        return replace(self, **said)


@dataclass(frozen=True)
class Entry:
    """A submission as the campaign sees it. `unsettled` are fields whose values nobody vouches for, and
    `unweighed` those of which a part is not vouched for; `files` are the names of what came with
    it, and `assignee` is whose work it is."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    unsettled: frozenset[str] = frozenset()
    unweighed: frozenset[str] = frozenset()
    arrival: Arrival = Arrival()
    sender: str | None = None
    handling: Handling = "open"
    ruling: Ruling = Ruling()
    files: tuple[str, ...] = ()
    subject: str | None = None
    form: str | None = None
    replaced_by: str | None = None
    assignee: str | None = None

    def text(self, name: str | None) -> str | None:
        """The field's value where it is a text that says something."""
        value = self.values.get(name) if name else None
        return value.strip() or None if isinstance(value, str) else None

    @cached_property
    def _keys(self) -> dict[str, str]:
        return {}

    def key_of(self, name: str) -> str:
        """The field's text as `models.writing.key` compares it, empty where it says nothing; kept, because a
        campaign asks for it at each look."""
        if name not in self._keys:
            self._keys[name] = key(self.text(name) or "")
        return self._keys[name]

    def ruled(self, ruling: Ruling) -> "Entry":
        """The entry with what persons decided."""
        return replace(self, ruling=ruling)
