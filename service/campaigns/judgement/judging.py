"""What is judged of an application by its copies: in time, may apply, through whom, and what a person has to
decide (pure)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from models.campaign import Campaign
from service.campaigns.judgement.applicants import Eligibility, Units, judge_eligibility
from service.campaigns.judgement.attribution import Roster, judge_attribution
from service.campaigns.judgement.entries import Entry, Ruling
from service.campaigns.judgement.material import documents, is_complete
from service.campaigns.judgement.running import Running
from service.campaigns.judgement.standing import Application, Standing, State
from service.campaigns.judgement.timing import Clock, Timing, judge_timing


@dataclass(frozen=True)
class Judge:
    """What judgement needs beside an entry: the campaign, its time, its register, its roster."""

    campaign: Campaign
    clock: Clock
    units: Units
    roster: Roster

    def timing(self, entry: Entry) -> Timing:
        """Whether the form came in time; a person's word goes before the clock."""
        if entry.ruling.in_time is not None:
            told = f"人工认定{f'：{entry.ruling.reason}' if entry.ruling.reason else ''}"
            return Timing("in-time" if entry.ruling.in_time else "late", True, told)
        return judge_timing(self.campaign, self.campaign.applying, self.clock, entry.arrival)

    def running(self) -> Running:
        """The campaign with nothing in it yet, to which entries come one by one."""
        return Running(self.campaign, self.units, self.application)

    def stand(self, entries: Iterable[Entry]) -> Standing:
        """All of `entries` together, in their order."""
        running = self.running()
        for place, entry in enumerate(entries):
            running.put(place, entry)
        return running.standing()

    def application(self, copies: Sequence[Entry], brought: Mapping[str, Sequence[Entry]]) -> Application:
        """The application whose copies these are, the earliest first; `brought` is what came for it at later
        stages, by their names."""
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
        state, later = _state(entry), self.campaign.stages[1:]
        material = {stage.name: documents(stage, brought.get(stage.name, ())) for stage in later}
        return Application(
            entry,
            tuple(copies),
            entry.text(fields.unit) or "",
            entry.text(fields.title) or "",
            timing,
            eligibility,
            attribution,
            state,
            tuple(doubts),
            _counts(self.campaign, state, eligibility, timing),
            material,
            tuple(stage.name for stage in later if is_complete(stage, material[stage.name])),
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


def _counts(campaign: Campaign, state: State, eligibility: Eligibility, timing: Timing) -> bool:
    """Whether it counts towards an organiser's quota: not taken back or refused, and in time."""
    if state in ("withdrawn", "rejected") or eligibility.verdict == "no":
        return False
    if timing.verdict == "late":
        return campaign.applying.late == "accept"
    return timing.verdict in ("in-time", "grace")


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


def _said(copies: Iterable[Entry]) -> Ruling:
    """What persons decided on an application: on whichever copy, the last word on each question."""
    ruling = Ruling()
    for copy in copies:
        ruling = ruling.before(copy.ruling)
    return ruling


def _state(entry: Entry) -> State:
    if entry.handling in ("waiting", "open", "unreadable"):
        return "in-review"
    return cast(State, entry.handling)
