"""The announced list, matched by name, and the bureau's own: each application is in one place."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.campaigns.judgement.entries import Arrival, Entry, Ruling
from service.campaigns.judgement.outcome import AnnouncedRow, Outcome, decide_outcome
from tests.service.campaigns.calls import call, entry

UNIT, TITLE = "武汉启明科技有限公司", "启明近零碳工厂"
OTHER = {"unit": "武汉青禾物业管理有限公司", "title": "青禾近零碳社区", "domain": ["社区"]}


def _decided(rows: list[AnnouncedRow], *entries: Entry) -> Outcome:
    return decide_outcome(call().judge.stand(entries), rows)


def _keys(outcome: Outcome) -> dict[str, list[str]]:
    return {
        name: [one.entry.key for one in getattr(outcome, name)]
        for name in ("higher", "own", "not_chosen", "withdrawn")
    } | {"undecided": [one.entry.key for one, _ in outcome.undecided]}


def test_who_is_announced_is_on_the_higher_list_and_the_rest_by_their_recommendation() -> None:
    found = _decided(
        [AnnouncedRow(2, UNIT, TITLE)],
        entry("a", ruling=Ruling(recommendation="higher", reason="好")),
        entry("b", **OTHER, ruling=Ruling(recommendation="own", reason="中")),
        entry("c", unit="丙有限公司", ruling=Ruling(recommendation="none", reason="弱")),
        entry("d", unit="丁有限公司", handling="withdrawn"),
        entry("e", unit="戊有限公司", handling="rejected"),
        entry("f", unit="己有限公司"),
    )
    assert _keys(found) == {
        "higher": ["a"], "own": ["b"], "not_chosen": ["c", "e"], "withdrawn": ["d"], "undecided": ["f"],
    }  # fmt: skip
    assert found.doubts == []


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (AnnouncedRow(2, "武汉启明科技公司", TITLE), "相近的有“武汉启明科技有限公司"),
        (AnnouncedRow(2, "上海远方集团", "远方"), "没有对应的申请"),
    ],
)
def test_a_row_that_fits_none_exactly_puts_nobody_on_the_list_and_is_told(
    row: AnnouncedRow, told: str
) -> None:
    found = _decided([row], entry("a", ruling=Ruling(recommendation="higher", reason="好")))
    assert found.higher == []
    assert told in found.doubts[0]
    # And who is nearly meant is not put on another list either.
    assert _keys(found)["undecided"] == (["a"] if "相近" in told else [])


def test_a_row_that_fits_two_is_told() -> None:
    one = entry("a", ruling=Ruling(recommendation="own", reason="中"))
    two = entry("b", title="第二个", ruling=Ruling(recommendation="own", reason="中"))
    found = _decided([AnnouncedRow(2, UNIT, None)], one, two)
    assert "同名" in found.doubts[0]
    assert found.higher == found.own == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"handling": "withdrawn"}, "已撤回"),
        ({"ruling": Ruling(recommendation="none", reason="弱")}, "初审意见是“不推荐”"),
    ],
)
def test_what_does_not_go_together_with_the_announcement_is_told(more: dict[str, object], told: str) -> None:
    found = _decided([AnnouncedRow(2, UNIT, TITLE)], entry("a", **more))
    assert _keys(found)["higher"] == ["a"]
    assert told in found.doubts[0]


def test_the_same_row_twice_is_told() -> None:
    found = _decided([AnnouncedRow(2, UNIT, TITLE), AnnouncedRow(3, UNIT, None)], entry("a"))
    assert any("是同一申请" in told for told in found.doubts)
    assert _keys(found)["higher"] == ["a"]


def test_what_a_person_said_of_a_row_goes_before_its_names() -> None:
    one = entry("a", ruling=Ruling(recommendation="own", reason="中"))
    two = entry("b", **OTHER, ruling=Ruling(recommendation="own", reason="中"))
    misspelt, other = AnnouncedRow(2, "武汉启明科技公司", TITLE), AnnouncedRow(3, "上海远方集团", "远方")
    against = AnnouncedRow(4, OTHER["unit"], OTHER["title"])
    standing = call().judge.stand([one, two])
    asked = decide_outcome(standing, [misspelt, other, against])
    assert [bool(row.doubt) for row in asked.rows] == [True, True, True]
    assert [near.entry.key for near in asked.rows[0].nearly] == ["a"]
    settled = decide_outcome(standing, [misspelt, other, against], {2: "a", 3: None, 4: "b"})
    assert settled.doubts == []
    assert [row.by_person for row in settled.rows] == [True] * 3
    assert {name: keys for name, keys in _keys(settled).items() if keys} == {"higher": ["a", "b"]}
    gone = decide_outcome(standing, [misspelt], {2: "z"})
    assert "已不在" in gone.doubts[0]


def test_two_rows_that_a_person_took_for_one_application_are_told() -> None:
    rows = [AnnouncedRow(2, UNIT, TITLE), AnnouncedRow(3, "别的名字", None)]
    found = decide_outcome(call().judge.stand([entry("a")]), rows, {3: "a"})
    assert "是同一申请" in found.doubts[0]


@pytest.mark.parametrize(("exact", "place"), [(True, "not_chosen"), (False, "undecided")])
def test_nobody_is_turned_down_for_a_lateness_that_is_not_sure(exact: bool, place: str) -> None:
    loaded = call("carbon-filing-2026")
    fields = loaded.campaign.fields
    late = datetime(2026, 6, 30, tzinfo=loaded.judge.clock.zone)
    arrival = Arrival(late, exact=exact, sent=late if exact else None)
    one = Entry(
        "a", {fields.unit: "甲公司", fields.title: "甲公司"}, arrival=arrival, form=loaded.campaign.form
    )
    assert _keys(decide_outcome(loaded.judge.stand([one]), []))[place] == ["a"]


def test_the_likeliest_of_those_that_a_row_may_mean_comes_first() -> None:
    came = [
        entry("a", unit="武汉启明科技股份公司", title="启明零碳"),
        entry("b", unit="武汉启明科技有限公同", title="启明近零碳"),
        entry("c", unit="武汉青禾物业管理有限公司", title="青禾近零碳社区"),
    ]
    (row,) = decide_outcome(call().judge.stand(came), [AnnouncedRow(2, UNIT, TITLE)]).rows
    assert [near.entry.key for near in row.nearly] == ["b", "a"]
    (row,) = decide_outcome(call().judge.stand(came), [AnnouncedRow(2, None, "启明零碳厂")]).rows
    assert [near.entry.key for near in row.nearly] == ["a", "b"]


entries = st.builds(
    lambda number, unit, title, handling, recommendation, late: entry(
        f"k{number}",
        unit=unit,
        title=title,
        handling=handling,
        ruling=Ruling(recommendation=recommendation, in_time=late),
    ),
    st.integers(0, 9),
    st.sampled_from([UNIT, "武汉启朋科技有限公司", "江岸区人民政府", ""]),
    st.sampled_from([TITLE, "别的"]),
    st.sampled_from(["open", "returned", "accepted", "rejected", "withdrawn"]),
    st.sampled_from([None, "higher", "own", "none"]),
    st.sampled_from([None, True, False]),
)
rows = st.builds(
    AnnouncedRow,
    st.integers(2, 9),
    st.sampled_from([UNIT, "无关", None]),
    st.sampled_from([TITLE, "无", None]),
)


@settings(deadline=None)
@given(st.lists(entries, max_size=8, unique_by=lambda one: one.key), st.lists(rows, max_size=3))
def test_every_application_is_in_exactly_one_place(came: list[Entry], announced: list[AnnouncedRow]) -> None:
    standing = call().judge.stand(came)
    found = _keys(decide_outcome(standing, announced))
    every = sorted(key for keys in found.values() for key in keys)
    assert every == sorted(one.entry.key for one in standing.applications)
