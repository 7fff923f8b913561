"""Whether what arrived is in time, by what is known of when it did."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.campaign import Deadline
from service.campaigns.judgement.entries import Arrival
from service.campaigns.judgement.timing import Clock, NoCalendar, judge_timing
from tests.service.campaigns.calls import at, call

LATE_WORDS = {"ask": "由人决定", "refuse": "不予接受"}


def _judged(arrival: Arrival, name: str = "near-zero-carbon-2021"):
    loaded = call(name)
    return judge_timing(loaded.campaign, loaded.campaign.applying, loaded.judge.clock, arrival)


@pytest.mark.parametrize(
    ("moment", "verdict"),
    [("2021-02-09 23:59", "in-time"), ("2021-02-10 00:00", "late"), ("2021-02-01 00:00", "in-time")],
)
def test_the_ninth_is_in_time_to_its_last_minute(moment: str, verdict: str) -> None:
    found = _judged(Arrival(at(moment), exact=True))
    assert (found.verdict, found.sure) == (verdict, True)
    assert "截止 2021-02-09 23:59" in found.reason


def test_an_hour_is_one_of_the_campaigns_zone_wherever_it_is_written() -> None:
    utc = datetime.datetime(2021, 2, 9, 16, 0, tzinfo=datetime.UTC)  # midnight in Wuhan
    assert _judged(Arrival(utc, exact=True)).verdict == "late"
    assert _judged(Arrival(utc - datetime.timedelta(seconds=1), exact=True)).verdict == "in-time"


def test_a_mail_that_was_fetched_in_time_arrived_in_time() -> None:
    found = _judged(Arrival(at("2021-02-09 20:00"), sent=at("2021-02-11 08:00")))
    assert (found.verdict, found.sure) == ("in-time", True)


def test_a_mail_that_was_fetched_late_and_claims_to_be_sent_in_time_is_asked_about() -> None:
    found = _judged(Arrival(at("2021-02-10 09:00"), sent=at("2021-02-09 22:00")))
    assert (found.verdict, found.sure) == ("in-time", False)
    assert "到达邮箱的时间不明" in found.reason


def test_a_mail_whose_own_sender_says_it_is_late_is_late() -> None:
    found = _judged(Arrival(sent=at("2021-02-10 09:00")))
    assert (found.verdict, found.sure) == ("late", True)
    assert "由人决定" in found.reason


def test_the_mailbox_goes_before_what_the_sender_wrote() -> None:
    found = _judged(Arrival(at("2021-02-10 00:05"), exact=True, sent=at("2021-02-08 12:00")))
    assert (found.verdict, found.sure) == ("late", True)


@pytest.mark.parametrize(
    ("stamped", "received", "verdict", "sure"),
    [
        ("2021-02-10 00:00", "2021-02-11 08:00", "late", True),
        ("2021-02-09 23:59", "2021-02-11 08:00", "in-time", False),
        ("2021-02-12 08:00", "2021-02-09 23:00", "in-time", True),  # it was here before it says it came
        ("2021-02-10 00:00", None, "late", True),
    ],
)
def test_the_last_servers_own_line_is_believed_against_the_sender_and_asked_about_for_him(
    stamped: str, received: str | None, verdict: str, sure: bool
) -> None:
    sent = at("2021-02-08 12:00")
    found = _judged(Arrival(at(received) if received else None, sent=sent, stamped=at(stamped)))
    assert (found.verdict, found.sure) == (verdict, sure)
    assert ("收信服务器" in found.reason) == (received != "2021-02-09 23:00")


def test_the_mailbox_goes_before_the_last_servers_line_too() -> None:
    found = _judged(Arrival(at("2021-02-10 00:05"), exact=True, stamped=at("2021-02-09 23:00")))
    assert (found.verdict, found.sure) == ("late", True)


@pytest.mark.parametrize("arrival", [Arrival(), Arrival(at("2021-02-12 08:00"))])
def test_what_came_nobody_knows_when_is_never_sure(arrival: Arrival) -> None:
    assert not _judged(arrival).sure


def test_working_days_and_an_hour_make_a_deadline_and_a_grace() -> None:
    loaded = call("carbon-filing-2026")
    clock, stage = loaded.judge.clock, loaded.campaign.applying
    # Ten working days after 28 April 2026: 1 to 5 May are off, Saturday the 9th is at work.
    assert clock.last_day(stage.deadline) == datetime.date(2026, 5, 14)
    assert clock.end(stage) == datetime.datetime(2026, 5, 14, 17, 31, tzinfo=clock.zone)
    assert clock.grace_end(stage).date() == datetime.date(2026, 5, 18)


@pytest.mark.parametrize(
    ("moment", "verdict"),
    [("2026-05-14T17:30:59", "in-time"), ("2026-05-14T17:31:00", "grace"), ("2026-05-18T17:30:00", "grace"),
     ("2026-05-18T17:31:00", "late")],
)  # fmt: skip
def test_grace_is_told_as_such_and_ends(moment: str, verdict: str) -> None:
    zone = call("carbon-filing-2026").judge.clock.zone
    sent = datetime.datetime.fromisoformat(moment).replace(tzinfo=zone)
    found = _judged(Arrival(sent=sent), "carbon-filing-2026")
    assert (found.verdict, found.sure) == (verdict, True)
    assert ("不予接受" in found.reason) == (verdict == "late")


def test_a_day_that_is_excluded_ends_the_day_before() -> None:
    clock = call().judge.clock
    day = datetime.date(2021, 2, 9)
    assert clock.last_day(Deadline(date=day, includes_day=False)) == datetime.date(2021, 2, 8)


def test_a_year_without_a_calendar_is_never_guessed() -> None:
    with pytest.raises(NoCalendar):
        call().judge.clock.works(datetime.date(2022, 1, 1))


@settings(deadline=None)
@given(st.dates(datetime.date(2021, 1, 1), datetime.date(2021, 11, 1)), st.integers(0, 30))
def test_working_days_are_counted_one_by_one(day: datetime.date, count: int) -> None:
    clock: Clock = call().judge.clock
    found = clock.after(day, count)
    between = (day + datetime.timedelta(days=n) for n in range(1, (found - day).days + 1))
    assert sum(map(clock.works, between)) == count
    assert count == 0 or clock.works(found)
