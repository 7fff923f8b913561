"""What comes of a campaign: the list that was announced above, matched by name, and the bureau's own (pure).

An application is on exactly one of the lists, or among the undecided, or was taken back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from rapidfuzz import fuzz, process

from models.writing import key
from service.campaigns.judgement.standing import Application, Standing

_MOST_ALIKE = 200  # a row that may mean more than that is no name
_NEAR = 75  # of 100: names that likely mean the same, for a person to look at


@dataclass(frozen=True)
class AnnouncedRow:
    """A row of the announced list, `number` as the spreadsheet counts."""

    number: int
    unit: str | None
    title: str | None

    def __str__(self) -> str:
        return f"第 {self.number} 行“{'，'.join(word for word in (self.unit, self.title) if word)}”"


@dataclass(frozen=True)
class Matched:
    """What a row of the announced list was taken for: `found`, or none. `by_person` says that somebody said
    so, `doubt` why somebody should; `nearly` are those that may be meant, the likeliest first."""

    row: AnnouncedRow
    found: Application | None = None
    by_person: bool = False
    doubt: str | None = None
    nearly: tuple[Application, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """The lists, and what became of each row of the announced one."""

    higher: list[Application] = field(default_factory=list)
    own: list[Application] = field(default_factory=list)
    not_chosen: list[Application] = field(default_factory=list)
    undecided: list[tuple[Application, str]] = field(default_factory=list)
    withdrawn: list[Application] = field(default_factory=list)
    rows: list[Matched] = field(default_factory=list)

    @property
    def doubts(self) -> list[str]:
        """What a person should look at, a row each."""
        return [one.doubt for one in self.rows if one.doubt]


# {row: the application that it means, by any of its copies' keys; None: none of ours}, as persons said.
Settled = Mapping[int, str | None]


class Memory:
    """The applications' names as they were the last time, and what rows were like, so that rows are not
    compared with all names again while these are the same."""

    def __init__(self) -> None:
        self.units: list[str] = []
        self.titles: list[str] = []
        self.by_unit: Mapping[str, list[int]] = {}
        self.by_title: Mapping[str, list[int]] = {}
        self.alike: dict[tuple[str, str], list[int]] = {}
        self._keys: dict[str | None, str] = {}

    def key_of(self, words: str | None) -> str:
        """A row's words as names are compared."""
        if words not in self._keys:
            self._keys[words] = key(words or "")
        return self._keys[words]

    def learn(self, units: list[str], titles: list[str]) -> None:
        """Takes in the names as they are now."""
        if (self.units, self.titles) == (units, titles):
            return
        self.units, self.titles = units, titles
        self.by_unit, self.by_title = _places(units), _places(titles)
        self.alike = {}


def decide_outcome(
    standing: Standing,
    announced: Sequence[AnnouncedRow],
    settled: Settled = MappingProxyType({}),
    memory: Memory | None = None,
) -> Outcome:
    """Which application is on which list. A row that fits none exactly, or several, puts none on it, unless a
    person said which one it means."""
    made, names = Outcome(), _Names(standing, memory or Memory())
    chosen: dict[str, AnnouncedRow] = {}
    for row in announced:
        one = _matched(standing, names, row, settled)
        if one.found is not None:
            key_ = one.found.entry.key
            if key_ in chosen:
                one = replace(one, doubt=f"{row}与{chosen[key_]}是同一申请")
            chosen.setdefault(key_, row)
        made.rows.append(one)
    nearly = {near.entry.key for one in made.rows if one.doubt for near in one.nearly} - chosen.keys()
    for application in standing.applications:
        key_ = application.entry.key
        _place(standing, made, application, key_ in chosen, key_ in nearly)
    return made


def _matched(standing: Standing, names: "_Names", row: AnnouncedRow, settled: Settled) -> Matched:
    if row.number in settled:
        said = settled[row.number]
        if said is None:
            return Matched(row, by_person=True)
        one = names.by_key.get(said)
        if one is not None:
            return Matched(row, one, by_person=True)
        return Matched(row, doubt=f"{row}曾对应编号 {said}，这份申请已不在，请重新确认")
    found = names.exactly(row)
    if len(found) == 1:
        return Matched(row, found[0], doubt=_against(standing, found[0], row))
    nearly = tuple(found or names.nearly(row))
    return Matched(row, doubt=_unmatched(row, found, nearly), nearly=nearly)


def _place(standing: Standing, made: Outcome, one: Application, is_chosen: bool, is_nearly: bool) -> None:
    if is_chosen:
        made.higher.append(one)
    elif one.state == "withdrawn":
        made.withdrawn.append(one)
    elif is_nearly:
        made.undecided.append((one, "上级名单中有相近的名称，请核对"))
    elif _is_out(standing, one):
        made.not_chosen.append(one)
    elif not one.counted:
        made.undecided.append((one, one.timing.reason))
    elif one.entry.ruling.recommendation is None:
        made.undecided.append((one, "没有初审意见"))
    elif one.eligibility.verdict == "doubt":
        made.undecided.append((one, one.eligibility.reason))
    else:
        made.own.append(one)


def _is_out(standing: Standing, one: Application) -> bool:
    """Whether somebody, or a rule that the campaign says to be final, has turned it down."""
    if one.state == "rejected" or one.eligibility.verdict == "no":
        return True
    if one.entry.ruling.recommendation == "none":
        return True
    if one.timing.verdict != "late":
        return False
    is_final = standing.campaign.applying.late == "refuse" and one.timing.sure
    return is_final or one.entry.ruling.in_time is False


class _Names:
    """The applications by their names."""

    def __init__(self, standing: Standing, memory: Memory) -> None:
        self._known, self._memory = standing.applications, memory
        unit, title = standing.campaign.fields.unit, standing.campaign.fields.title
        memory.learn(
            [one.entry.key_of(unit) for one in self._known], [one.entry.key_of(title) for one in self._known]
        )

    @cached_property
    def by_key(self) -> Mapping[str, Application]:
        """The applications by all of their copies."""
        return {copy.key: one for one in self._known for copy in one.copies}

    def exactly(self, row: AnnouncedRow) -> list[Application]:
        """Those that bear all names of the row."""
        unit, title = self._memory.key_of(row.unit), self._memory.key_of(row.title)
        if not unit and not title:
            return []
        known = self._memory
        places = known.by_unit.get(unit, ()) if unit else known.by_title.get(title, ())
        return [self._known[place] for place in places if not title or known.titles[place] == title]

    def nearly(self, row: AnnouncedRow) -> list[Application]:
        """Those that a row may mean that fits none exactly: that bear one of its names, or names that are
        alike on the whole. Units of one kind end alike, so that one name alone says little."""
        unit, title = self._memory.key_of(row.unit), self._memory.key_of(row.title)
        kept = self._memory.alike
        if (unit, title) not in kept:
            alike = self._alike(unit, title)
            places = sorted(alike, key=lambda place: (-alike[place], place))
            kept[unit, title] = places[:_MOST_ALIKE]
        return [self._known[place] for place in kept[unit, title]]

    def _alike(self, unit: str, title: str) -> dict[int, float]:
        """{application: how alike its names are}."""
        half = {*self._memory.by_unit.get(unit, ())} if unit else set()
        half |= {*self._memory.by_title.get(title, ())} if title else set()
        if half:
            return {place: self._likeness(unit, title, place) for place in half}
        said = unit or title
        if not said:
            return {}
        # The mean of two can't reach the bound where one of them is further below it than the other can be
        # above.
        least = 2 * _NEAR - 100 if unit and title else _NEAR
        names = self._memory.units if unit else self._memory.titles
        near = process.extract(said, names, scorer=fuzz.ratio, score_cutoff=least, limit=None)
        alike = {place: self._likeness(unit, title, place) for _, _, place in near}
        return {place: found for place, found in alike.items() if found >= _NEAR}

    def _likeness(self, unit: str, title: str, place: int) -> float:
        """How alike names are, of 100, over the names that there are."""
        pairs = ((unit, self._memory.units[place]), (title, self._memory.titles[place]))
        found = [fuzz.ratio(announced, ours) for announced, ours in pairs if announced]
        return sum(found) / len(found)


def _places(names: Sequence[str]) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        found.setdefault(name, []).append(place)
    return found


def _unmatched(row: AnnouncedRow, found: Sequence[Application], nearly: Sequence[Application]) -> str:
    if found:
        return f"{row}与 {len(found)} 份申请同名，请写明单位和名称"
    near = "、".join(f"“{one.unit}，{one.title}”" for one in nearly[:3])
    if near:
        return f"{row}没有完全同名的申请，相近的有{near}；请确认是哪一份"
    return f"{row}没有对应的申请"


def _against(standing: Standing, one: Application, row: AnnouncedRow) -> str | None:
    """What does not go together with being on the list."""
    words = standing.campaign.outcomes.words()
    told = []
    if one.state in ("withdrawn", "rejected"):
        told.append("申请已撤回或不予受理")
    if one.entry.ruling.recommendation not in (None, "higher"):
        told.append(f"初审意见是“{words[one.entry.ruling.recommendation]}”")
    return f"{row}在上级名单中，但{'，'.join(told)}" if told else None
