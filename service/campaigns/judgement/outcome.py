"""What comes of a campaign: the list that was announced above, matched by name, and the bureau's own (pure).

An application is on exactly one of the lists, or among the undecided, or was taken back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from models.writing import key
from service.campaigns.judgement.standing import Application, Standing

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
class Outcome:
    """The lists, and what a person should know of them."""

    higher: list[Application] = field(default_factory=list)
    own: list[Application] = field(default_factory=list)
    not_chosen: list[Application] = field(default_factory=list)
    undecided: list[tuple[Application, str]] = field(default_factory=list)
    withdrawn: list[Application] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def decide_outcome(standing: Standing, announced: Sequence[AnnouncedRow]) -> Outcome:
    """Which application is on which list. A row that fits none exactly, or several, puts none on it."""
    made, names = Outcome(), _Names(standing)
    chosen: dict[str, AnnouncedRow] = {}
    for row in announced:
        found = names.exactly(row)
        if len(found) == 1:
            one = found[0]
            if one.entry.key in chosen:
                made.doubts.append(f"{row}与{chosen[one.entry.key]}是同一申请")
            chosen[one.entry.key] = row
            made.doubts.extend(_against(standing, one, row))
        else:
            made.doubts.append(_unmatched(row, found, names.nearly(row)))
    nearly = {one.entry.key for row in announced for one in names.nearly(row)} - chosen.keys()
    for one in standing.applications:
        _place(standing, made, one, one.entry.key in chosen, one.entry.key in nearly)
    return made


def _place(standing: Standing, made: Outcome, one: Application, is_chosen: bool, is_nearly: bool) -> None:
    if is_chosen:
        made.higher.append(one)
    elif one.state == "withdrawn":
        made.withdrawn.append(one)
    elif is_nearly:
        made.undecided.append((one, "上级名单中有相近的名称，请核对"))
    elif _is_out(standing, one):
        made.not_chosen.append(one)
    elif not one.counts_for(standing.campaign):
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
    return standing.campaign.applying.late == "refuse" or one.entry.ruling.in_time is False


class _Names:
    """The applications by their names."""

    def __init__(self, standing: Standing) -> None:
        self._known = [(key(one.unit), key(one.title), one) for one in standing.applications]

    def exactly(self, row: AnnouncedRow) -> list[Application]:
        """Those that bear all names of the row."""
        unit, title = key(row.unit or ""), key(row.title or "")
        if not unit and not title:
            return []
        return [
            one
            for theirs, called, one in self._known
            if (not unit or unit == theirs) and (not title or title == called)
        ]

    def nearly(self, row: AnnouncedRow) -> list[Application]:
        """Those that the row may mean where it fits none exactly: that bear one of its names, or names that
        are alike on the whole. Units of one kind end alike, so that one name alone says little."""
        if len(self.exactly(row)) == 1:
            return []
        unit, title = key(row.unit or ""), key(row.title or "")
        half = [
            one
            for theirs, called, one in self._known
            if (unit and unit == theirs) or (title and title == called)
        ]
        return half or [
            one for theirs, called, one in self._known if _likeness((unit, theirs), (title, called)) >= _NEAR
        ]


def _likeness(*pairs: tuple[str, str]) -> float:
    """How alike names are, of 100, over the names that there are."""
    found = [fuzz.ratio(announced, ours) for announced, ours in pairs if announced]
    return sum(found) / len(found) if found else 0.0


def _unmatched(row: AnnouncedRow, found: Sequence[Application], nearly: Sequence[Application]) -> str:
    if found:
        return f"{row}与 {len(found)} 份申请同名，请写明单位和名称"
    near = "、".join(f"“{one.unit}，{one.title}”" for one in nearly[:3])
    if near:
        return f"{row}没有完全同名的申请，相近的有{near}；确认后请在名单中改成一致的写法"
    return f"{row}没有对应的申请"


def _against(standing: Standing, one: Application, row: AnnouncedRow) -> list[str]:
    """What does not go together with being on the list."""
    words = standing.campaign.outcomes.words()
    told = []
    if one.state in ("withdrawn", "rejected"):
        told.append(f"{row}在上级名单中，但申请已撤回或不予受理")
    if one.entry.ruling.recommendation not in (None, "higher"):
        told.append(f"{row}在上级名单中，但初审意见是“{words[one.entry.ruling.recommendation]}”")
    return told
