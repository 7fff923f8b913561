"""When a stage ends, and whether what arrived is in time (pure).

An hour is an hour of the campaign's own zone. What is known of an arrival may be a bound only: a mail
that was fetched in time arrived in time, but one that was fetched late may have lain in the mailbox before.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Literal

from models.calendars import Calendar
from models.campaign import Campaign, Deadline, Stage
from service.campaigns.judgement.entries import Arrival

Punctuality = Literal["in-time", "grace", "late", "unknown"]
WORDS: dict[Punctuality, str] = {
    "in-time": "按时", "grace": "宽限期内", "late": "逾期", "unknown": "到达时间不明",
}  # fmt: skip
_DAY = timedelta(days=1)
# More working days than this are no deadline: the calendar would be asked for years that it has not.
_FARTHEST = 800


class NoCalendar(LookupError):
    """Working days are asked for of a year whose calendar is not there."""

    def __init__(self, year: int) -> None:
        super().__init__(year)
        self.year = year


@dataclass(frozen=True)
class Clock:
    """The campaign's own time: its zone, and the days of the years that it has calendars of."""

    zone: tzinfo
    years: Mapping[int, Calendar]

    def day(self, moment: datetime.datetime) -> datetime.date:
        """The day that `moment` is on, there."""
        return moment.astimezone(self.zone).date()

    def works(self, day: datetime.date) -> bool:
        """Whether the bureau works on that day.

        Raises:
            NoCalendar: of that year there is none.
        """
        calendar = self.years.get(day.year)
        if calendar is None:
            raise NoCalendar(day.year)
        if day in calendar.workdays:
            return True
        return day.weekday() < 5 and not any(one.first <= day <= one.last for one in calendar.holidays)

    def after(self, day: datetime.date, count: int) -> datetime.date:
        """The working day that is the `count`th after `day`; `day` itself where that is none."""
        for _ in range(_FARTHEST):
            if not count:
                break
            day += _DAY
            count -= self.works(day)
        return day

    def left(self, now: datetime.datetime, stage: Stage) -> int:
        """Whole days from today to the last day of the stage; below 0 when it is over."""
        return (self.last_day(stage.deadline) - self.day(now)).days

    def last_day(self, deadline: Deadline) -> datetime.date:
        """The last day on which it is in time."""
        day = deadline.date
        if deadline.working_days_after is not None:
            day = self.after(day, deadline.working_days_after)
        return day if deadline.includes_day else day - _DAY

    def end(self, stage: Stage) -> datetime.datetime:
        """The first moment that is no more in time."""
        return self._closing(self.last_day(stage.deadline), stage.deadline)

    def grace_end(self, stage: Stage) -> datetime.datetime:
        """The first moment that is no more within the grace either."""
        day = self.last_day(stage.deadline)
        return self._closing(self.after(day, stage.grace_working_days), stage.deadline)

    def _closing(self, day: datetime.date, deadline: Deadline) -> datetime.datetime:
        if deadline.closes is None:
            return datetime.datetime.combine(day + _DAY, datetime.time(), self.zone)
        # What arrives in the last minute is in time: 17:30 is said of clocks that show minutes.
        return datetime.datetime.combine(day, deadline.closes, self.zone) + timedelta(minutes=1)

    def shown(self, moment: datetime.datetime) -> str:
        """`moment` as a person there writes it."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")


@dataclass(frozen=True)
class Timing:
    """Whether it is in time, with the reason; `sure` where what is known of the arrival leaves no other
    answer."""

    verdict: Punctuality
    sure: bool
    reason: str
    moment: datetime.datetime | None = None


def judge_timing(campaign: Campaign, stage: Stage, clock: Clock, arrival: Arrival) -> Timing:
    """Whether what arrived so is in time for `stage`."""
    received, sent, stamped = arrival.received, arrival.sent, arrival.stamped
    if campaign.arrival == "sent" and sent is not None:
        return _of(stage, clock, sent, f"发出时间 {clock.shown(sent)}", sure=True)
    if received is not None and (arrival.exact or _verdict(stage, clock, received) == "in-time"):
        how = "到达邮箱" if arrival.exact else "系统收到"
        return _of(stage, clock, received, f"{how}的时间 {clock.shown(received)}", sure=True)
    if stamped is not None and not arrival.exact:
        return _by_stamp(stage, clock, stamped, received)
    if sent is None:
        if received is None:
            return Timing("unknown", False, "没有到达时间，请核对原邮件或登记")
        told = f"系统收到的时间 {clock.shown(received)}，此前何时到达不明"
        return _of(stage, clock, received, told, sure=False)
    told = f"发件人写的发出时间 {clock.shown(sent)}"
    if received is not None:
        told += f"，系统收到的时间 {clock.shown(received)}"
    found = _of(stage, clock, sent, told, sure=False)
    if found.verdict == "late":
        return Timing("late", True, found.reason, found.moment)
    return Timing(found.verdict, False, f"{found.reason}；到达邮箱的时间不明，请核对", found.moment)


def _by_stamp(
    stage: Stage, clock: Clock, stamped: datetime.datetime, received: datetime.datetime | None
) -> Timing:
    """By the time of the last server that had it: nobody makes himself late, but somebody could make himself
    punctual."""
    told = f"邮件中末一台收信服务器记的时间 {clock.shown(stamped)}"
    if received is not None:
        told += f"，系统收到的时间 {clock.shown(received)}"
        stamped = min(stamped, received)
    found = _of(stage, clock, stamped, told, sure=True)
    if found.verdict == "late":
        return found
    return Timing(found.verdict, False, f"{found.reason}；邮件不是由系统从邮箱收取的，请核对", found.moment)


def _verdict(stage: Stage, clock: Clock, moment: datetime.datetime) -> Punctuality:
    if moment < clock.end(stage):
        return "in-time"
    return "grace" if moment < clock.grace_end(stage) else "late"


def _of(stage: Stage, clock: Clock, moment: datetime.datetime, told: str, *, sure: bool) -> Timing:
    verdict = _verdict(stage, clock, moment)
    end = clock.end(stage)
    # Midnight belongs to the day before, as people say it.
    last = clock.shown(end - timedelta(minutes=1))
    reason = {
        "in-time": f"{told}，截止 {last}",
        "grace": f"{told}，已过截止 {last}，在宽限的 {stage.grace_working_days} 个工作日内",
        "late": f"{told}，已过截止 {last}",
    }[verdict]
    if verdict == "late":
        reason += {"ask": "，是否接受由人决定", "accept": "，按规定仍予接受", "refuse": "，按规定不予接受"}[
            stage.late
        ]
    return Timing(verdict, sure, reason, moment)
