"""A campaign to which submissions come, change and go: what is kept is what a judgement of everything at once
would be."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.campaigns.judgement.entries import Arrival, Entry, Ruling
from service.campaigns.judgement.judging import Judge
from service.campaigns.summary import figures
from tests.service.campaigns.calls import at, call, entry
from tests.service.campaigns.whole import judged_whole

_UNITS = ["甲有限公司", "甲有限公司乙分公司", "江岸区人民政府", "丙 有限公司", None]
_FORM = call().campaign.form

arrivals = st.sampled_from(
    [
        Arrival(at("2021-02-05 10:00"), exact=True),
        Arrival(at("2021-02-11 10:00"), exact=True),
        Arrival(),
        Arrival(sent=at("2021-02-08 01:00")),
    ]
)
rulings = st.sampled_from(
    [
        Ruling(),
        Ruling(),
        Ruling(may_apply=False, reason="不符"),
        Ruling(in_time=True),
        Ruling(organiser="武汉市教育局"),
    ]
)
applications = st.builds(
    lambda unit, title, form, **more: replace(entry(unit=unit, title=title), form=form, **more),
    st.sampled_from(_UNITS),
    st.sampled_from(["一号", "二号", None]),
    st.sampled_from([_FORM, _FORM, _FORM, "enterprise-filing", None]),
    handling=st.sampled_from(["open", "open", "waiting", "returned", "accepted", "rejected", "withdrawn"]),
    arrival=arrivals,
    ruling=rulings,
    replaced_by=st.sampled_from([None, None, "0", "1", "2", "nowhere"]),
)
materials = st.builds(
    lambda first, second, subject: Entry(
        "",
        handling="unreadable",
        files=(f"{first or ''}申报材料.docx", f"{second or ''}.pdf"),
        subject=subject,
    ),
    st.sampled_from(_UNITS),
    st.sampled_from(_UNITS),
    st.sampled_from([None, "丙有限公司", "资料"]),
)
events = st.lists(
    st.tuples(st.integers(0, 7), st.one_of(applications, applications, materials, st.none()), st.booleans()),
    max_size=14,
)


def _play(judge: Judge, played: list[tuple[int, Entry | None, bool]]) -> None:
    running, there = judge.running(), dict[int, Entry]()
    for place, came, is_looked_at in [*played, (0, None, True)]:
        if came is None:
            running.drop(place)
            there.pop(place, None)
        else:
            there[place] = replace(came, key=str(place))
            running.put(place, there[place])
        if is_looked_at:
            whole = judged_whole(judge, [there[one] for one in sorted(there)])
            assert running.standing() == whole
            assert [one.key for one in running.entries()] == [str(one) for one in sorted(there)]


@settings(deadline=None, max_examples=60)
@given(events)
def test_what_is_kept_is_what_is_judged_anew_after_any_sequence_of_events(
    played: list[tuple[int, Entry | None, bool]],
) -> None:
    _play(call().judge, played)


@pytest.mark.accept
@settings(deadline=None, max_examples=5_000)
@given(events)
def test_it_is_the_same_over_thousands_of_sequences(played: list[tuple[int, Entry | None, bool]]) -> None:
    _play(call().judge, played)


def test_the_missing_units_of_a_register_follow_what_comes_and_goes() -> None:
    loaded = call("carbon-filing-2026")
    rows, field = loaded.judge.units.rows, loaded.campaign.fields.unit
    running = loaded.judge.running()
    for place, row in enumerate(rows):
        running.put(place, Entry(str(place), {field: row.unit}, form=loaded.campaign.form))
    assert running.standing().missing_units == []
    running.put(0, Entry("0", {field: rows[0].unit}, form=loaded.campaign.form, handling="withdrawn"))
    running.drop(1)
    assert running.standing().missing_units == [rows[0].unit, rows[1].unit]


def test_only_what_an_event_touches_is_judged_again() -> None:
    running = call().judge.running()
    for number in range(50):
        running.put(number, entry(str(number), unit=f"第{number}有限公司"))
    before = running.standing().applications
    running.put(7, entry("7", unit="第7有限公司", handling="accepted"))
    after = running.standing().applications
    assert [one for one, other in zip(before, after, strict=True) if one is not other] == [before[7]]


def test_the_figures_are_counted_from_each_application() -> None:
    came = [
        entry(
            str(number),
            unit=f"第{number}{'有限公司' if number % 3 else '协会'}",
            handling=handling,
            arrival=arrival,
        )
        for number, (handling, arrival) in enumerate(
            (handling, arrival)
            for handling in ("open", "accepted", "rejected", "withdrawn")
            for arrival in (Arrival(at("2021-02-05 10:00"), exact=True), Arrival(sent=at("2021-02-11 10:00")))
        )
    ]
    standing = call().judge.stand(came)
    said = figures(standing, call().judge.clock, at("2021-02-20 10:00"))
    every = standing.applications
    assert said["counted"] == sum(one.counted for one in every)
    assert said["waiting"] == len(standing.waiting()) == sum(one.waits for one in every)
    assert said["ineligible"] == sum(one.eligibility.verdict != "may" for one in every)
    assert said["ageing"] == {"2 天内": 0, "3 至 7 天": 0, "8 至 14 天": 1, "超过 14 天": 1}
    for kind, count in said["asked"].items():
        told = [one for one in standing.waiting() if any(doubt.startswith(kind) for doubt in one.doubts)]
        assert count == len(told)
