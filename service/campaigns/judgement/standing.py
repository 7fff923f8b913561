"""What came for a campaign, taken together: submissions to applications, and how many there are of each kind
(pure).

Nothing falls between: each submission is a copy of an application, of another form, or unread, and a test
adds them up.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, cast

from models.campaign import Campaign, OrganiserGroup, Stage
from models.writing import key
from service.campaigns.judgement.applicants import Eligibility, Units, judge_eligibility
from service.campaigns.judgement.attribution import Attribution, Roster, judge_attribution
from service.campaigns.judgement.entries import Entry, Ruling
from service.campaigns.judgement.timing import Clock, Timing, judge_timing

State = Literal["in-review", "returned", "accepted", "rejected", "withdrawn"]
STATES: Mapping[State, str] = {
    "in-review": "待复核", "returned": "已退回补正", "accepted": "已受理", "rejected": "不予受理",
    "withdrawn": "已撤回",
}  # fmt: skip
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Application:
    """What one applicant applies for, in one or more copies of which the last one counts. `doubts` are what a
    person has to decide; `misses` the material of the running stages that is not there."""

    entry: Entry
    copies: tuple[Entry, ...]
    unit: str
    title: str
    timing: Timing
    eligibility: Eligibility
    attribution: Attribution
    state: State
    doubts: tuple[str, ...]
    material: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)

    @property
    def is_resubmitted(self) -> bool:
        """Whether it came more than once."""
        return len(self.copies) > 1

    def counts_for(self, campaign: Campaign) -> bool:
        """Whether it counts towards an organiser's quota: not taken back or refused, and in time."""
        if self.state in ("withdrawn", "rejected") or self.eligibility.verdict == "no":
            return False
        if self.timing.verdict == "late":
            return campaign.applying.late == "accept"
        return self.timing.verdict in ("in-time", "grace")


Memory = dict[tuple[int, ...], Application]


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

    def count(self, of: Callable[[Application], str | None]) -> Counter[str | None]:
        """How many applications there are of each kind that `of` tells."""
        return Counter(map(of, self.applications))

    def domains(self) -> Mapping[str, int]:
        """{domain: applications that count}, in the campaign's order; those without one are not in it."""
        counted = Counter(
            one.eligibility.domain for one in self.applications if one.counts_for(self.campaign)
        )
        return {domain.name: counted[domain.name] for domain in self.campaign.domains}

    def quotas(self) -> list[Quota]:
        """A row for each organiser, in the roster's order."""
        by: dict[str, list[Application]] = {}
        for one in self.applications:
            by.setdefault(one.attribution.organiser or "", []).append(one)
        return [
            _quota(self.campaign, group, member.name, by.get(member.name, ()))
            for group, member in self.campaign.members()
        ]

    def unassigned(self) -> list[Application]:
        """Those of which nothing tells through whom they came."""
        return [one for one in self.applications if one.attribution.organiser is None]

    def waiting(self) -> list[Application]:
        """Those about which a person has to decide something."""
        return [one for one in self.applications if one.doubts and one.state not in ("withdrawn", "rejected")]


def _quota(campaign: Campaign, group: OrganiserGroup, name: str, held: Iterable[Application]) -> Quota:
    every = list(held)
    counted = [one for one in every if one.counts_for(campaign)]
    return Quota(group, name, len(every), len(counted), sum(bool(one.doubts) for one in counted))


@dataclass(frozen=True)
class Judge:
    """What judgement needs beside an entry: the campaign, its time, its register, its roster. `memory`
    are the applications of the last time by what they were made of, so that what is the same is not judged
    again."""

    campaign: Campaign
    clock: Clock
    units: Units
    roster: Roster
    memory: "Memory" = field(default_factory=dict, init=False, compare=False)

    def timing(self, entry: Entry) -> Timing:
        """Whether the form came in time; a person's word goes before the clock."""
        if entry.ruling.in_time is not None:
            told = f"人工认定{f'：{entry.ruling.reason}' if entry.ruling.reason else ''}"
            return Timing("in-time" if entry.ruling.in_time else "late", True, told)
        return judge_timing(self.campaign, self.campaign.applying, self.clock, entry.arrival)

    def stand(self, entries: Iterable[Entry]) -> Standing:
        """All of `entries` together."""
        ours, unread, strays = _sorted(self.campaign, entries)
        groups = _grouped(self.campaign, ours)
        brought = self._material(groups, [*unread, *strays])
        materials: dict[int, dict[str, list[Entry]]] = {}
        for (number, name), parts in brought.items():
            materials.setdefault(number, {})[name] = parts
        made = self._applications(groups, materials)
        used = {entry.key for parts in brought.values() for entry in parts}
        named = self.campaign.fields.unit
        alone = Counter(one.entry.key_of(named) for one in made if one.unit and one.state != "withdrawn")
        made = [_with_siblings(one, alone[one.entry.key_of(named)]) for one in made]
        return Standing(
            self.campaign,
            made,
            [entry for entry in unread if entry.key not in used],
            [entry for entry in strays if entry.key not in used],
            [entry for entry in [*unread, *strays] if entry.key in used],
            self._missing({one.entry.key_of(named) for one in made if one.state != "withdrawn"}),
        )

    def _applications(
        self, groups: Sequence[Sequence[Entry]], materials: Mapping[int, Mapping[str, Sequence[Entry]]]
    ) -> list[Application]:
        made, memory = list[Application](), dict[tuple[int, ...], Application]()
        for number, copies in enumerate(groups):
            name, brought = tuple(map(id, copies)), materials.get(number, {})
            known = self.memory.get(name)
            # An application holds its copies, so that none of these numbers is another's by now.
            same = known is not None and not brought and not any(map(_is_any, known.material.values()))
            one = known if known is not None and same else self._application(copies, brought)
            memory[name] = one
            made.append(one)
        self.memory.clear()
        self.memory.update(memory)
        return made

    def _application(self, copies: Sequence[Entry], brought: Mapping[str, Sequence[Entry]]) -> Application:
        fields, ruling = self.campaign.fields, _said(copies)
        entry = copies[-1].ruled(ruling)
        timing, doubts = self._first_timing(copies)
        if ruling.is_said and not copies[-1].ruling.is_said:
            doubts.append("人工意见：是对此前一份作出的，又有新的一份，请确认")
        eligibility = judge_eligibility(self.campaign, self.units, entry)
        attribution = judge_attribution(self.campaign, self.roster, entry)
        doubts += [f"申报资格：{eligibility.reason}"] if eligibility.verdict == "doubt" else []
        doubts += [] if attribution.sure else [f"推荐渠道：{attribution.reason}"]
        doubts += _scoring_doubts(self.campaign, ruling)
        if entry.handling == "withdrawn" and any(copy.handling != "withdrawn" for copy in copies[:-1]):
            doubts.append("撤回：最后一份已撤回，此前的一份没有，请核对是否全部撤回")
        return Application(
            entry,
            tuple(copies),
            entry.text(fields.unit) or "",
            entry.text(fields.title) or "",
            timing,
            eligibility,
            attribution,
            _state(entry),
            tuple(doubts),
            {stage.name: _parts(stage, brought.get(stage.name, ())) for stage in self.campaign.stages[1:]},
        )

    def _first_timing(self, copies: Sequence[Entry]) -> tuple[Timing, list[str]]:
        """The timing of the copy that came first, because who was in time may correct what he sent; told
        where a later one came after the end."""
        every = [self.timing(copy) for copy in copies]
        # A person's word on any copy is about the application.
        ruled = [
            timing for copy, timing in zip(copies, every, strict=True) if copy.ruling.in_time is not None
        ]
        if ruled:
            return ruled[-1], []
        first, last = every[0], every[-1]
        doubts = [] if first.sure else [f"时限：{first.reason}"]
        if first.verdict == "late" and self.campaign.applying.late == "ask":
            doubts = [f"时限：{first.reason}"]
        if first.verdict in ("in-time", "grace") and last.verdict == "late":
            doubts.append(f"时限：首次提交在限期内，重新提交的一份{last.reason}")
        return first, doubts

    def _material(
        self, groups: Sequence[Sequence[Entry]], loose: Sequence[Entry]
    ) -> dict[tuple[int, str], list[Entry]]:
        """{(application, stage): what came for it}: the submissions that name the applicant's unit in a
        file's name or the subject, and a document that the stage asks for. One that names two units
        is nobody's."""
        unit = self.campaign.fields.unit
        names = {
            copies[-1].key_of(unit): number for number, copies in enumerate(groups) if copies[-1].text(unit)
        }
        found: dict[tuple[int, str], list[Entry]] = {}
        for entry in loose:
            told = key(" ".join([*entry.files, entry.subject or ""]))
            named = {name for name in names if name and name in told}
            longest = {name for name in named if not any(name in other for other in named - {name})}
            for stage in self.campaign.stages[1:]:
                if len(longest) == 1 and any(_parts(stage, [entry]).values()):
                    found.setdefault((names[next(iter(longest))], stage.name), []).append(entry)
        return found

    def _missing(self, came: set[str]) -> list[str]:
        register = self.campaign.register_
        if register is None or not register.expected:
            return []
        return [row.unit for row in self.units.rows if key(row.unit) not in came]


def _scoring_doubts(campaign: Campaign, ruling: Ruling) -> list[str]:
    """What is to be done about points, once anybody gave some or recommended anything."""
    lacks = ruling.scores_lack(campaign.reviewers)
    if lacks and ruling.total is not None:
        return ["评分：等第二位复核人评分"]
    if lacks and ruling.recommendation is not None:
        return ["评分：有初审意见，还没有评分"]
    most = campaign.scoring.apart if campaign.scoring else None
    if most is not None and ruling.apart > most:
        return [f"评分：两位复核人的总分相差 {ruling.apart} 分，超过 {most} 分，请复议"]
    return []


def _is_any(parts: Mapping[str, bool]) -> bool:
    return any(parts.values())


def _said(copies: Iterable[Entry]) -> Ruling:
    """What persons decided on an application: on whichever copy, the last word on each question."""
    ruling = Ruling()
    for copy in copies:
        ruling = ruling.before(copy.ruling)
    return ruling


def _parts(stage: Stage, entries: Iterable[Entry]) -> Mapping[str, bool]:
    """{document that the stage asks for: whether it is among what came}."""
    told = key(" ".join(name for entry in entries for name in (*entry.files, entry.subject or "")))
    return {one.name: any(key(word) in told for word in one.known_by) for one in stage.material}


def _sorted(campaign: Campaign, entries: Iterable[Entry]) -> tuple[list[Entry], list[Entry], list[Entry]]:
    """Those of the campaign's form, those that could not be read, and those of other forms."""
    ours, unread, strays = list[Entry](), list[Entry](), list[Entry]()
    form = campaign.form
    for entry in entries:
        is_unread = entry.handling in ("waiting", "unreadable") or entry.form is None
        (unread if is_unread else ours if entry.form == form else strays).append(entry)
    return ours, unread, strays


def _moment(entry: Entry) -> datetime:
    known = [one for one in (entry.arrival.received, entry.arrival.sent) if one is not None]
    return min(known, default=_NEVER)


def _grouped(campaign: Campaign, entries: Sequence[Entry]) -> list[list[Entry]]:
    """Copies of one application, the earliest first: what a person said replaces another, and what bears the
    same unit and the same title."""
    known = {entry.key for entry in entries}
    # Only of those that are a copy of another; most are not.
    heads: dict[str, str] = {}

    def head(name: str) -> str:
        while name in heads:
            name = heads[name]
        return name

    def join(one: str, other: str) -> None:
        first, second = head(one), head(other)
        if first != second:
            heads[first] = second

    named: dict[tuple[str, str], str] = {}
    unit, title = campaign.fields.unit, campaign.fields.title
    for entry in entries:
        if entry.replaced_by in known:
            join(entry.key, str(entry.replaced_by))
        names = entry.key_of(unit), entry.key_of(title)
        if all(names) and (other := named.setdefault(names, entry.key)) != entry.key:
            join(entry.key, other)
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(head(entry.key), []).append(entry)
    replaced = {entry.key for entry in entries if entry.replaced_by in known}
    return [
        sorted(group, key=lambda one: (one.key not in replaced, _moment(one))) if len(group) > 1 else group
        for group in groups.values()
    ]


def _state(entry: Entry) -> State:
    if entry.handling in ("waiting", "open", "unreadable"):
        return "in-review"
    return cast(State, entry.handling)


def _with_siblings(one: Application, same_unit: int) -> Application:
    """Told where the same unit applies more than once, for different things."""
    if same_unit < 2 or one.state == "withdrawn":
        return one
    told = f"重复：同一单位有 {same_unit} 份名称不同的申请，请核对是否为同一申请"
    return Application(**{**one.__dict__, "doubts": (*one.doubts, told)})
