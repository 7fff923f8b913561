"""A call that is made up: who applies, through whom, when, and what becomes of it; with its own books.

The books are kept by whoever makes the call up, from what it decided, and never by the code that is tested.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import yaml

from models.campaign import Campaign
from service.campaigns.loading import SHIPPED, Loaded
from tests.service.campaigns.calls import at, call

APPLICATIONS, LATE, INELIGIBLE, TWICE, WITHDRAWN, DISTRICTS, DEPARTMENTS = 120, 10, 8, 6, 5, 13, 6
DAYS = ("2021-02-03 18:00", "2021-02-08 18:00", "2021-02-09 23:59", "2021-02-20 18:00")
_DEADLINE = at("2021-02-10 00:00")

# (domain, how names of those who may apply end, how those of some who may not)
_KINDS = (
    ("城镇", ("街道办事处", "人民政府"), ("社区居民委员会",)),
    ("园区", ("工业园管理委员会", "科技园区管理委员会"), ("科技有限公司",)),
    ("社区", ("社区居民委员会", "村村民委员会", "物业管理有限公司"), ("医院",)),
    ("校园", ("小学", "中学", "职业技术学院"), ("教育科技有限公司",)),
    ("商业", ("商业管理有限公司", "风景区管理委员会", "置业有限公司"), ("街道办事处",)),
    ("企事业单位", ("科技股份有限公司", "医院", "机械厂"), ("有限公司黄陂分公司",)),
)
# What is to be seen of the organiser; most of it in two ways, some in none.
_TELLS = (
    ("mail", "address"), ("mail", "address"), ("seal", "address"), ("seal", "address"), ("mail",), ("seal",),
    ("mail", "seal"), ("address",), (),
)  # fmt: skip
_FIRST = "启恒青澄远嘉丰安承德清景明和瑞兴盛宏光华"
_SECOND = "明润禾江帆木泽澜宇恩芳海晏开源令仪铭心慈"


@dataclass
class Applied:
    """What the books hold of an application. `tell` says what of its organiser can be seen: the mail, the
    seal, the address, or several; `trap` that a sign speaks for another."""

    number: int
    unit: str
    title: str
    domain: str
    organiser: str
    may_apply: bool
    arrivals: list[datetime]
    tell: frozenset[str]
    trap: bool = False
    withdrawn: datetime | None = None
    returned: datetime | None = None
    recommendation: str = "none"
    sources: list[str] = field(default_factory=list)

    @property
    def is_late(self) -> bool:
        return self.arrivals[0] >= _DEADLINE


@dataclass(frozen=True)
class Came:
    """A submission, as it is to be written and sent."""

    source: str
    at: datetime
    sender: str | None
    values: Mapping[str, Any]
    is_scan: bool


class Simulation:
    """The whole call, always the same for a seed."""

    def __init__(self, loaded: Loaded, seed: int = 21) -> None:
        self._dice = random.Random(seed)
        self.campaign = loaded.campaign
        self._members = {member.name: member for _, member in self.campaign.members()}
        self.applied = list(self._applications())
        self.came = [one for applied in self.applied for one in self._sent(applied)]

    def _applications(self) -> Iterator[Applied]:
        dice = self._dice
        names = [f"{a}{b}" for a in _FIRST for b in _SECOND]
        dice.shuffle(names)
        groups = [[m.name for m in group.members] for group in self.campaign.organisers]
        roles = {name: dice.sample(range(APPLICATIONS), size) for name, size in
                 (("late", LATE), ("not", INELIGIBLE), ("twice", TWICE), ("gone", WITHDRAWN))}  # fmt: skip
        # Two districts and a department send nothing, so that there is somebody to miss.
        busy = [*groups[0][:-2], *groups[1][:-1]]
        for number in range(APPLICATIONS):
            domain, good, bad = _KINDS[number % len(_KINDS)]
            name, organiser = names[number], busy[(number * 7) % len(busy)]
            may = number not in roles["not"]
            unit = f"武汉{name}{dice.choice(good if may else bad)}"
            first = at("2021-02-01 08:00") + timedelta(minutes=dice.randrange(8 * 24 * 60))
            if number in roles["late"]:
                first = _DEADLINE + timedelta(minutes=dice.randrange(5 * 24 * 60))
            arrivals = [first]
            if number in roles["twice"]:
                arrivals.append(first + timedelta(hours=dice.randrange(2, 20)))
            tell = frozenset(dice.choice(_TELLS))
            yield Applied(
                number, unit, f"{name}近零碳试点", domain, organiser, may, arrivals, tell,
                trap=number % 17 == 5, recommendation=dice.choice(("higher", "own", "own", "none")),
                withdrawn=arrivals[-1] + timedelta(days=1) if number in roles["gone"] else None,
                returned=arrivals[-1] + timedelta(hours=20)
                if number % 13 == 4 and number not in roles["gone"] else None,
            )  # fmt: skip

    def _sent(self, applied: Applied) -> Iterator[Came]:
        """Its submissions. A trap is a sign of somebody else: another's mailbox, or another's seal."""
        member, fields = self._members[applied.organiser], self.campaign.fields
        district = member.places[0] if member.places else self._dice.choice(self._districts())
        told = set(applied.tell)
        other = self._members[self._dice.choice([name for name in self._members if name != member.name])]
        sender, seal = None, None
        if "mail" in told:
            sender = f"bgs@{member.mail[0]}"
        if "seal" in told:
            seal = member.seals[0]
        if applied.trap and "seal" in told:
            sender = f"bgs@{other.mail[0]}"
        elif applied.trap and "mail" in told:
            seal = other.seals[0]
        for copy, moment in enumerate(applied.arrivals):
            source = f"{applied.number:03d}-{copy}.eml"
            applied.sources.append(source)
            address = (
                f"武汉市{district}{applied.unit[2:4]}路{applied.number + 1}号"
                if "address" in told
                else "武汉市"
            )
            values = {
                "unit": applied.unit, "title": applied.title, "domain": [applied.domain], "address": address,
                "seal": seal,
            }  # fmt: skip
            yield Came(source, moment, sender or f"lxr{applied.number}@qq.com", values, seal is not None)
        assert fields.seal is not None

    def _districts(self) -> list[str]:
        return [member.places[0] for member in self._members.values() if member.places]

    def books(self, now: datetime) -> dict[str, Any]:
        """Every figure as it should be at `now`, from the books alone."""
        here = [one for one in self.applied if one.arrivals[0] <= now]
        copies = {one.number: sum(moment <= now for moment in one.arrivals) for one in here}
        gone = {one.number for one in here if one.withdrawn and one.withdrawn <= now}
        returned = {one.number for one in here if one.returned and one.returned <= now}
        counted = [one for one in here if not one.is_late and one.number not in gone]
        return {
            "submissions": sum(copies.values()),
            "applications": len(here),
            "resubmitted": sum(count > 1 for count in copies.values()),
            "timing": {
                "in-time": sum(not one.is_late for one in here), "grace": 0,
                "late": sum(one.is_late for one in here), "unknown": 0,
            },
            "states": {
                "in-review": len(here) - len(gone) - len(returned), "returned": len(returned), "accepted": 0,
                "rejected": 0, "withdrawn": len(gone),
            },
            "ineligible": sum(not one.may_apply for one in here),
            "counted": len(counted),
            "domains": {
                domain.name: sum(one.domain == domain.name for one in counted)
                for domain in self.campaign.domains
            },
        }  # fmt: skip

    def through(self, now: datetime) -> Mapping[str, tuple[int, int]]:
        """{organiser: (came, counted)} at `now`, by the books."""
        here = [one for one in self.applied if one.arrivals[0] <= now]
        came = Counter(one.organiser for one in here)
        counted = Counter(
            one.organiser for one in here if not one.is_late and not (one.withdrawn and one.withdrawn <= now)
        )
        return {name: (came[name], counted[name]) for name in self._members}


def campaign_text() -> str:
    """The shipped campaign with as many organisers as the call has, as YAML; its paths are whole."""
    data = yaml.safe_load((SHIPPED / "near-zero-carbon-2021.yaml").read_text("utf-8"))
    for group, size in zip(data["organisers"], (DISTRICTS, DEPARTMENTS), strict=True):
        group["members"] = group["members"][:size]
    data["calendars"] = [str((SHIPPED / one).resolve()) for one in data["calendars"]]
    data["letters"] = {name: str(SHIPPED / one) for name, one in data["letters"].items()}
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


def is_as_shipped(campaign: Campaign) -> bool:
    """Whether all but the roster is the shipped campaign's."""
    shipped = call().campaign
    same = ("stages", "fields", "applicants", "domains", "criteria", "outcomes", "announced")
    return all(getattr(campaign, name) == getattr(shipped, name) for name in same)
