"""How a campaign stands at a moment: its applications, and how many there are of each kind (pure).

Nothing falls between: each submission is a copy of an application, of another form, or unread, and a test
adds them up.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from models.campaign import Campaign, OrganiserGroup
from service.campaigns.judgement.applicants import Eligibility
from service.campaigns.judgement.attribution import Attribution
from service.campaigns.judgement.entries import Entry
from service.campaigns.judgement.timing import Punctuality, Timing

State = Literal["in-review", "returned", "accepted", "rejected", "withdrawn"]
STATES: Mapping[State, str] = {
    "in-review": "待复核", "returned": "已退回补正", "accepted": "已受理", "rejected": "不予受理",
    "withdrawn": "已撤回",
}  # fmt: skip


class Facts(NamedTuple):
    """What the figures count of an application; there are few that differ among ten thousand. `asked` are the
    kinds of what a person has to decide, `complete` the stages of which all material is there, and `assignee`
    says whose work it is."""

    state: State
    timing: Punctuality
    eligible: bool
    domain: str | None
    organiser: str | None
    sure: bool
    counted: bool
    resubmitted: bool
    doubted: bool
    asked: tuple[str, ...]
    complete: tuple[str, ...]
    assignee: str | None


@dataclass(frozen=True)
class Application:
    """What one applicant applies for, in one or more copies of which the last one counts. `doubts` are what a
    person has to decide, `counted` whether it counts towards an organiser's quota; `material` is what came of
    the documents that later stages ask for, `complete` the stages of which all is there."""

    entry: Entry
    copies: tuple[Entry, ...]
    unit: str
    title: str
    timing: Timing
    eligibility: Eligibility
    attribution: Attribution
    state: State
    doubts: tuple[str, ...]
    counted: bool
    material: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    complete: tuple[str, ...] = ()

    @property
    def is_resubmitted(self) -> bool:
        """Whether it came more than once."""
        return len(self.copies) > 1

    @property
    def waits(self) -> bool:
        """Whether a person has to decide something about it."""
        return bool(self.doubts) and self.state not in ("withdrawn", "rejected")

    @cached_property
    def facts(self) -> Facts:
        """What the figures count of it."""
        asked = dict.fromkeys(doubt.split("：")[0] for doubt in self.doubts) if self.waits else ()
        return Facts(
            self.state,
            self.timing.verdict,
            self.eligibility.verdict == "may",
            self.eligibility.domain,
            self.attribution.organiser,
            self.attribution.sure,
            self.counted,
            self.is_resubmitted,
            bool(self.doubts),
            tuple(asked),
            self.complete,
            self.entry.assignee,
        )


@dataclass(frozen=True)
class Quota:
    """An organiser's row: how many came through it, how many of them count, of how many a person must still
    decide something, and how many it lacks or has too many."""

    group: OrganiserGroup
    organiser: str
    came: int
    counted: int
    doubtful: int

    @property
    def lacks(self) -> int:
        """How many more it should have."""
        return max(0, (self.group.least or 0) - self.counted)

    @property
    def over(self) -> int:
        """How many more it has than it may."""
        return 0 if self.group.most is None else max(0, self.counted - self.group.most)


@dataclass(frozen=True)
class Standing:
    """The campaign at a moment."""

    campaign: Campaign
    applications: Sequence[Application]
    unread: Sequence[Entry]
    strays: Sequence[Entry]
    material: Sequence[Entry] = ()
    missing_units: Sequence[str] = ()

    @cached_property
    def facts(self) -> Counter[Facts]:
        """How many applications there are of which the same is to be counted."""
        return Counter([one.facts for one in self.applications])

    def domains(self) -> Mapping[str, int]:
        """{domain: applications that count}, in the campaign's order; those without one are not in it."""
        counted = Counter[str | None]()
        for facts, count in self.facts.items():
            counted[facts.domain] += count * facts.counted
        return {domain.name: counted[domain.name] for domain in self.campaign.domains}

    def quotas(self) -> list[Quota]:
        """A row for each organiser, in the roster's order."""
        came, counted, doubtful = Counter[str | None](), Counter[str | None](), Counter[str | None]()
        for facts, count in self.facts.items():
            came[facts.organiser] += count
            counted[facts.organiser] += count * facts.counted
            doubtful[facts.organiser] += count * (facts.counted and facts.doubted)
        return [
            Quota(group, member.name, came[member.name], counted[member.name], doubtful[member.name])
            for group, member in self.campaign.members()
        ]

    def waiting(self) -> list[Application]:
        """Those about which a person has to decide something."""
        return [one for one in self.applications if one.waits]
