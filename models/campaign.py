"""What a call for applications is, as data: its stages and deadlines, who may apply, and through whom.

A campaign refers to fields of its form by name, so that no code has to know one. What a form asks for is said
by `models/form.py`; here is said what a bureau makes of what comes back.
"""

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field as Constraint
from pydantic import model_validator

from models.base import Model, Wrong, refuse
from models.fields import ChoiceField, SealField
from models.fields.base import FieldName, Words
from models.form import FormDefinition
from models.identity import FormName
from models.mail_hosts import ANYBODYS
from models.writing import key

Days = Annotated[int, Constraint(ge=0, le=366)]
# What is to become of an application that came too late.
Late = Literal["ask", "accept", "refuse"]
# The three things that a preliminary review may recommend; what they are called, the campaign says.
Recommendation = Literal["higher", "own", "none"]
_BRACES = re.compile(r"\{([^{}:]*)(?::0[1-9])?\}")
_NUMBERED_BY = frozenset({"年", "序号", "编号", "次"})
_SHORTEST_SEAL = 5  # characters: 教育局 stands in the seals of fourteen bureaus
_IN_WORDS = frozenset({"unit", "title", "address", "code"})  # what fields of letters and words hold


class Deadline(Model):
    """A date, or so many working days after one. `closes` is the hour at which that day ends for the call; a
    call that says 之前 in the sense of "not on that day any more" has `includes_day: false`."""

    date: datetime.date
    working_days_after: Days | None = None
    includes_day: bool = True
    closes: datetime.time | None = None


class Material(Model):
    """A document that a later stage asks for. It is known by words in the name of a file."""

    name: Words
    known_by: tuple[Words, ...] = Constraint(min_length=1)
    required: bool = True


class Stage(Model):
    """A step at which applicants send something: the form, or material to an application that was made."""

    name: FormName
    title: Words
    form: FormName | None = None
    material: tuple[Material, ...] = ()
    opens: datetime.date | None = None
    deadline: Deadline
    grace_working_days: Days = 0
    late: Late = "ask"

    @model_validator(mode="after")
    def _asks_for_one_thing(self) -> Self:
        if (self.form is None) == (not self.material):
            raise ValueError("每个阶段应写 form（申请表）或 material（材料），二者取一")
        if self.opens and self.opens > self.deadline.date:
            raise ValueError("opens 不应晚于 deadline 的日期")
        return self


class ApplicantKind(Model):
    """A kind of applicant, known by how its name ends, and in a register by how its code begins."""

    name: Words
    endings: tuple[Words, ...] = Constraint(min_length=1)
    exceptions: tuple[Words, ...] = ()
    codes: tuple[Annotated[str, Constraint(pattern=r"^[0-9A-Z]{1,2}$")], ...] = ()

    @cached_property
    def _keys(self) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        longest_first = sorted(self.endings, key=len, reverse=True)
        return tuple(map(key, self.exceptions)), tuple((key(ending), ending) for ending in longest_first)

    def matches(self, name: str) -> str | None:
        """The ending by which a unit whose name is `name`, as `key` gives it, is of this kind; None where it
        is not."""
        exceptions, endings = self._keys
        if name.endswith(exceptions):
            return None
        return next((ending for end, ending in endings if name.endswith(end)), None)


class Domain(Model):
    """One of the things that can be applied for, by the words of the form's own option, and who may."""

    name: Words
    applicants: tuple[Words, ...] = Constraint(min_length=1)
    aim: Words | None = None


class Register(Model):
    """A list of units as .xlsx, which the bureau keeps; the headings of its columns. `expected`: each of them
    is to apply."""

    file: Words
    unit: Words
    code: Words | None = None
    kind: Words | None = None
    organiser: Words | None = None
    expected: bool = False


class Organiser(Model):
    """Somebody through whom applications come, and how that is seen."""

    name: Words
    short: Words | None = None
    mail: tuple[Words, ...] = ()
    seals: tuple[Words, ...] = ()
    places: tuple[Words, ...] = ()
    people: Words | None = None

    @property
    def called(self) -> str:
        """What it is called in a table."""
        return self.short or self.name

    def senders(self) -> Iterator[str]:
        """Addresses (with @) and hosts of mail, in lower case."""
        return (one.strip().lower() for one in self.mail)


class OrganiserGroup(Model):
    """Organisers of whom the call asks the same: at least, or at most, so many applications."""

    name: FormName
    title: Words
    least: int | None = Constraint(default=None, ge=0)
    most: int | None = Constraint(default=None, ge=1)
    duties: tuple[Words, ...] = ()
    members: tuple[Organiser, ...] = Constraint(min_length=1)

    @model_validator(mode="after")
    def _quota_is_possible(self) -> Self:
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError("least 不应大于 most")
        return self


class Criterion(Model):
    """Something that reviewers weigh, with the most points it can have where the call gives points."""

    name: Words
    points: int | None = Constraint(default=None, ge=1, le=1000)


class Scoring(Model):
    """How points are given: by one reviewer or by two, each before seeing the other's. Totals that lie more
    than `apart` points from each other are talked over again."""

    reviewers: Literal[1, 2] = 1
    apart: int | None = Constraint(default=None, ge=0)

    @model_validator(mode="after")
    def _two_can_be_apart(self) -> Self:
        if self.apart is not None and self.reviewers < 2:
            raise ValueError("只有一位复核人评分时不应写 apart")
        return self


class FieldNames(Model):
    """Which fields of the form say what; a form without one of the last four leaves it out."""

    unit: FieldName
    title: FieldName
    domain: FieldName | None = None
    address: FieldName | None = None
    seal: FieldName | None = None
    code: FieldName | None = None


class Contact(Model):
    """Whom to ask."""

    people: tuple[Words, ...] = Constraint(min_length=1)
    phone: Words
    mail: Annotated[str, Constraint(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


class Outcomes(Model):
    """What the preliminary review can recommend, and what the lists are called. A call with one list only
    has no `higher`."""

    higher: Words | None = None
    own: Words
    none: Words
    higher_list: Words | None = None
    own_list: Words
    not_chosen: Words

    @model_validator(mode="after")
    def _a_list_goes_with_a_recommendation(self) -> Self:
        if (self.higher is None) != (self.higher_list is None):
            raise ValueError("higher 和 higher_list 应同时写，或都不写")
        return self

    def words(self) -> dict[Recommendation, str]:
        """What the recommendations are called; the one for a list that there is not is left out."""
        every: dict[Recommendation, str | None] = {"higher": self.higher, "own": self.own, "none": self.none}
        return {name: words for name, words in every.items() if words}


class Announced(Model):
    """The headings of a list that somebody above announces, by which its rows are known again."""

    unit: Words | None = None
    title: Words | None = None

    @model_validator(mode="after")
    def _has_a_heading(self) -> Self:
        if self.unit is None and self.title is None:
            raise ValueError("应至少写 unit、title 中的一项")
        return self


class Letters(Model):
    """Templates (.docx) of what goes out, each a path beside the campaign's file."""

    reminder: Words
    list: Words
    notice: Words


class Corrections(Model):
    """How applications go back to be corrected: in how many working days an answer is due, and how notices
    are numbered, with {年}, {序号} within the campaign and the year, {编号} and {次} of the submission in it."""

    working_days: Days = Constraint(ge=1)
    number: Words | None = None

    @model_validator(mode="after")
    def _numbers_each_apart(self) -> Self:
        said = set(_BRACES.findall(self.number or ""))
        if unknown := sorted(said - _NUMBERED_BY):
            raise ValueError(f"number 中有不认识的 {{{unknown[0]}}}，可用 {{年}}、{{序号}}、{{编号}}、{{次}}")
        if self.number and "序号" not in said and not {"编号", "次"} <= said:
            raise ValueError("number 中应有 {序号}，或有 {编号} 和 {次}，否则几份通知的编号会相同")
        if self.number and re.sub(_BRACES, "", self.number).count("{"):
            raise ValueError("number 中的 { 没有成对")
        return self


class Campaign(Model):
    """A call as a whole. Paths are relative to the file that it stands in. After the day `closed` nothing
    that comes is taken to be this call's."""

    name: FormName
    title: Words
    number: Words | None = None
    issuer: Words
    contact: Contact
    time_zone: Words
    arrival: Literal["received", "sent"] = "received"
    calendars: tuple[Words, ...] = ()
    closed: datetime.date | None = None
    stages: tuple[Stage, ...] = Constraint(min_length=1)
    fields: FieldNames
    applicants: tuple[ApplicantKind, ...] = Constraint(min_length=1)
    register_: Register | None = Constraint(default=None, alias="register")
    domains: tuple[Domain, ...] = Constraint(min_length=1)
    organisers: tuple[OrganiserGroup, ...] = Constraint(min_length=1)
    criteria: tuple[Criterion, ...] = ()
    scoring: Scoring | None = None
    outcomes: Outcomes
    announced: Announced | None = None
    letters: Letters
    corrections: Corrections | None = None
    four_eyes: bool = False
    keyed_twice: tuple[FieldName, ...] = ()

    @property
    def applying(self) -> Stage:
        """The stage at which the form is sent."""
        return next(stage for stage in self.stages if stage.form)

    @property
    def form(self) -> str:
        """The form that is applied by."""
        return str(self.applying.form)

    def members(self) -> Iterator[tuple[OrganiserGroup, Organiser]]:
        """All organisers with their groups, in order."""
        for group in self.organisers:
            yield from ((group, member) for member in group.members)

    @cached_property
    def points(self) -> dict[str, int]:
        """{criterion: the most points it can have}; empty where the call gives none."""
        return {one.name: one.points for one in self.criteria if one.points}

    @property
    def reviewers(self) -> int:
        """How many give points, 0 where the call has none."""
        return (self.scoring.reviewers if self.scoring else 1) if self.points else 0

    def domain(self, name: str) -> Domain | None:
        """The domain that the form's option `name` means."""
        return next((one for one in self.domains if one.name == name), None)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        refuse(
            type(self).__name__,
            [*_stage_order(self.stages, self.closed), *_references(self), *_evidence(self)],
            self,
        )
        return self


def _stage_order(stages: Sequence[Stage], closed: datetime.date | None) -> Iterator[Wrong]:
    """One stage has the form, and it is the first; none ends before the one before it."""
    if [bool(stage.form) for stage in stages] != [True] + [False] * (len(stages) - 1):
        yield Wrong(("stages",), "应有且只有第一个阶段写 form")
    yield from _different("stages", [stage.name for stage in stages], "阶段的 name")
    if closed is not None and closed < stages[-1].deadline.date:
        yield Wrong(("closed",), f"不应早于最后一个阶段的 {stages[-1].deadline.date}")
    for number, (before, stage) in enumerate(pairwise(stages), 1):
        if stage.deadline.date < before.deadline.date:
            yield Wrong(("stages", number, "deadline"), f"不应早于上一阶段的 {before.deadline.date}")


def _references(campaign: Campaign) -> Iterator[Wrong]:
    """What names a kind of applicant names one that there is."""
    kinds = {kind.name for kind in campaign.applicants}
    yield from _different("applicants", [kind.name for kind in campaign.applicants], "申报主体的 name")
    yield from _different("domains", [domain.name for domain in campaign.domains], "领域的 name")
    used = {name for domain in campaign.domains for name in domain.applicants}
    for number, domain in enumerate(campaign.domains):
        for place, name in enumerate(domain.applicants):
            if name not in kinds:
                expected = f"应为 applicants 中的一种，没有“{name}”"
                yield Wrong(("domains", number, "applicants", place), expected)
    for number, kind in enumerate(campaign.applicants):
        if kind.name not in used:
            yield Wrong(("applicants", number), f"没有领域用到“{kind.name}”")
        for place, exception in enumerate(kind.exceptions):
            if not any(key(exception).endswith(key(ending)) for ending in kind.endings):
                expected = f"“{exception}”不以 endings 中的任何一项结尾，不起作用"
                yield Wrong(("applicants", number, "exceptions", place), expected)
    yield from _different("criteria", [one.name for one in campaign.criteria], "criteria 的 name")
    if len({one.points is None for one in campaign.criteria}) > 1:
        yield Wrong(("criteria",), "points 应各项都写，或都不写")
    if campaign.scoring and not campaign.points:
        yield Wrong(("scoring",), "criteria 中没有 points，不应写 scoring")
    if (campaign.announced is None) != (campaign.outcomes.higher is None):
        yield Wrong(("announced",), "announced 和 outcomes 的 higher 应同时写，或都不写")
    if len(campaign.domains) > 1 and campaign.fields.domain is None:
        yield Wrong(("fields", "domain"), "领域不止一个，应写明由表上的哪一个字段选择")


def _evidence(campaign: Campaign) -> Iterator[Wrong]:
    """No two organisers are known by the same thing, and none by what tells nothing."""
    names = [member.name for _, member in campaign.members()]
    called = Counter(member.called for _, member in campaign.members())
    seen: dict[tuple[str, str], str] = {}
    yield from _different("organisers", [group.name for group in campaign.organisers], "组的 name")
    for number, group in enumerate(campaign.organisers):
        for place, member in enumerate(group.members):
            at = ("organisers", number, "members", place)
            if names.count(member.name) > 1 or called[member.called] > 1:
                yield Wrong(at, f"推荐部门的名称和简称应各不相同，“{member.called}”不止一个")
            if not (member.mail or member.seals or member.places):
                yield Wrong(at, "应至少写 mail、seals、places 中的一项，否则无从识别")
            for what, words in _signs(member):
                if other := seen.get((what, key(words) if what != "mail" else words)):
                    yield Wrong((*at, what), f"“{words}”已用于 {other}")
                seen[what, key(words) if what != "mail" else words] = member.name
                if what == "mail" and words in ANYBODYS:
                    yield Wrong((*at, what), f"“{words}”是公共邮箱，谁都可以用，应写出完整的邮箱地址")
                if what == "seals" and len(key(words)) < _SHORTEST_SEAL:
                    yield Wrong((*at, what), f"“{words}”太短，印文应写全称")


def _signs(member: Organiser) -> Iterator[tuple[str, str]]:
    yield from (("mail", one) for one in member.senders())
    yield from (("seals", one) for one in member.seals)
    yield from (("places", one) for one in member.places)


def _different(where: str, names: Iterable[str], called: str) -> Iterator[Wrong]:
    seen: set[str] = set()
    for number, name in enumerate(names):
        if name in seen:
            yield Wrong((where, number), f"{called}应各不相同，“{name}”不止一个")
        seen.add(name)


def misfits(campaign: Campaign, form: FormDefinition) -> list[Wrong]:
    """What a campaign says of its form that the form does not bear out."""
    wrong = [
        Wrong(("keyed_twice", number), f"表格 {form.name} 没有可以录入的字段“{name}”")
        for number, name in enumerate(campaign.keyed_twice)
        if name not in form.fields or form.fields[name].is_mark or form.fields[name].widget == "table"
    ]
    for what, name in campaign.fields.model_dump().items():
        field = form.fields.get(name) if name else None
        if name and field is None:
            wrong.append(Wrong(("fields", what), f"表格 {form.name} 没有字段“{name}”"))
        elif what == "seal" and field is not None and not isinstance(field, SealField):
            wrong.append(Wrong(("fields", what), f"“{name}”应为盖章的字段（kind: seal）"))
        elif what in _IN_WORDS and field is not None and field.made_of in ("day", "mixed"):
            wrong.append(Wrong(("fields", what), f"“{name}”应为填写文字的字段"))
    choice = form.fields.get(campaign.fields.domain) if campaign.fields.domain else None
    if choice is not None and not isinstance(choice, ChoiceField):
        wrong.append(Wrong(("fields", "domain"), f"“{choice.name}”应为选择的字段（kind: choice）"))
    elif choice is not None:
        options, known = set(choice.options), {domain.name for domain in campaign.domains}
        wrong += [
            Wrong(("domains", number, "name"), f"表格中没有选项“{domain.name}”")
            for number, domain in enumerate(campaign.domains)
            if domain.name not in options
        ]
        missing = "、".join(option for option in choice.options if option not in known)
        wrong += [Wrong(("domains",), f"表格中的选项 {missing} 没有对应的领域")] if missing else []
    return wrong
