"""Submissions taken together: copies of an application, what counts, and that nothing falls between."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.campaign import Campaign
from service.campaigns.judgement.entries import Arrival, Entry, Ruling
from service.campaigns.judgement.standing import Standing
from service.campaigns.summary import figures
from tests.service.campaigns.calls import at, call, entry

IN_TIME, LATE = Arrival(at("2021-02-05 10:00"), exact=True), Arrival(at("2021-02-11 10:00"), exact=True)
SENDER = "a@jiangan.example"


def _stand(*entries: Entry) -> Standing:
    return call().judge.stand(entries)


def test_the_same_unit_and_title_again_is_one_application_of_which_the_last_counts() -> None:
    first = entry("a", domain=["城镇"], arrival=IN_TIME)
    second = entry("b", title="启明 近零碳工厂", arrival=Arrival(at("2021-02-08 10:00"), exact=True))
    (one,) = _stand(second, first).applications
    assert [copy.key for copy in one.copies] == ["a", "b"]
    assert one.is_resubmitted
    assert one.eligibility.verdict == "may"


def test_who_was_in_time_may_correct_later_and_that_is_told() -> None:
    (one,) = _stand(entry("a", arrival=IN_TIME), entry("b", arrival=LATE)).applications
    assert one.timing.verdict == "in-time"
    assert any("重新提交的一份" in doubt for doubt in one.doubts)


def test_what_a_person_said_replaces_another_is_one_application_whatever_its_name() -> None:
    (one,) = _stand(entry("a", replaced_by="b"), entry("b", unit="另一家有限公司", title="别的")).applications
    assert one.unit == "另一家有限公司"


def test_what_a_person_decided_holds_for_a_later_copy_too_and_is_asked_about_again() -> None:
    first = entry("a", ruling=Ruling(organiser="武汉市教育局", recommendation="own", reason="中"))
    (one,) = _stand(first, entry("b", arrival=Arrival(at("2021-02-08 10:00"), exact=True))).applications
    assert one.entry.key == "b"
    assert one.attribution.organiser == "武汉市教育局"
    assert one.entry.ruling.recommendation == "own"
    assert any("对此前一份作出的" in doubt for doubt in one.doubts)


def test_two_titles_of_one_unit_are_two_applications_and_both_are_asked_about() -> None:
    standing = _stand(entry("a"), entry("b", title="另一个项目"))
    assert len(standing.applications) == 2
    assert all(any("同一单位有 2 份" in doubt for doubt in one.doubts) for one in standing.applications)


def test_without_a_name_nothing_is_taken_together() -> None:
    assert len(_stand(entry("a", unit=None), entry("b", unit=None)).applications) == 2


def test_a_later_copy_that_is_withdrawn_beside_an_earlier_one_is_asked_about() -> None:
    later = entry("b", handling="withdrawn", arrival=Arrival(at("2021-02-06 10:00"), exact=True))
    (one,) = _stand(entry("a"), later).applications
    assert one.state == "withdrawn"
    assert any("此前的一份没有" in doubt for doubt in one.doubts)


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({}, True),
        ({"handling": "accepted"}, True),
        ({"handling": "returned"}, True),
        ({"handling": "withdrawn"}, False),
        ({"handling": "rejected"}, False),
        ({"arrival": LATE}, False),
        ({"arrival": Arrival()}, False),
        ({"arrival": LATE, "ruling": Ruling(in_time=True)}, True),
        ({"ruling": Ruling(in_time=False)}, False),
        ({"ruling": Ruling(may_apply=False)}, False),
    ],
)
def test_what_counts_is_in_time_and_not_taken_back_or_refused(more: dict[str, Any], counts: bool) -> None:
    standing = _stand(entry(sender=SENDER, **more))
    assert standing.applications[0].counted is counts
    first = standing.quotas()[0]
    assert (first.organiser, first.came, first.counted) == ("江岸区人民政府", 1, int(counts))
    assert first.lacks == 5 - counts


def test_what_the_campaign_says_of_late_ones_is_data() -> None:
    judge = call().judge
    data = judge.campaign.model_dump(by_alias=True, mode="json")
    for late, counts, asked in (("ask", False, True), ("accept", True, False), ("refuse", False, False)):
        data["stages"][0]["late"] = late
        campaign = Campaign.model_validate(data)
        (one,) = replace(judge, campaign=campaign).stand([entry(arrival=LATE, sender=SENDER)]).applications
        assert one.counted is counts
        assert bool(one.doubts) is asked


def test_material_of_a_later_stage_is_laid_to_the_application_whose_unit_it_names() -> None:
    unread = [
        Entry("m1", handling="unreadable", files=("武汉启明科技有限公司申报材料.docx",)),
        Entry("m2", handling="unreadable", files=("武汉启明科技有限公司营业执照.docx",)),
        Entry("m3", handling="unreadable", files=("实施方案.docx",), subject="武汉青禾科技有限公司"),
        Entry(
            "m4", handling="unreadable", files=("武汉启明科技有限公司、武汉青禾科技有限公司实施方案.docx",)
        ),
    ]
    standing = _stand(entry("a"), entry("b", unit="武汉青禾科技有限公司", title="青禾"), *unread)
    assert [one.material["material"]["申报材料"] for one in standing.applications] == [True, True]
    assert [one.key for one in standing.material] == ["m1", "m3"]
    assert [one.key for one in standing.unread] == ["m2", "m4"]
    said = figures(standing, call().judge.clock, at("2021-02-20 10:00"))
    assert said["stages"][1]["complete"] == 2


def test_the_units_of_a_register_that_are_expected_and_did_not_come_are_missing() -> None:
    loaded = call("carbon-filing-2026")
    rows, field = loaded.judge.units.rows, loaded.campaign.fields.unit
    came = Entry("a", {field: rows[0].unit}, form=loaded.campaign.form)
    assert list(loaded.judge.stand([came]).missing_units) == [row.unit for row in rows[1:]]
    withdrawn = replace(came, handling="withdrawn")
    assert list(loaded.judge.stand([withdrawn]).missing_units) == [row.unit for row in rows]


ones = st.builds(
    lambda number, unit, form, handling, arrival, replaced: replace(
        entry(f"k{number}", unit=unit, handling=handling, arrival=arrival), form=form, replaced_by=replaced
    ),
    st.integers(0, 9),
    st.sampled_from(["甲有限公司", "乙有限公司", "江岸区人民政府", None]),
    st.sampled_from(["pilot-application", "pilot-application", "enterprise-filing", None]),
    st.sampled_from(["open", "unreadable", "returned", "accepted", "rejected", "withdrawn"]),
    st.sampled_from([IN_TIME, LATE, Arrival(), Arrival(sent=at("2021-02-08 01:00"))]),
    st.sampled_from([None, "k1", "k2", "nowhere"]),
)


@settings(deadline=None)
@given(st.lists(ones, max_size=10, unique_by=lambda one: one.key))
def test_every_submission_is_in_exactly_one_place_and_the_figures_add_up(entries: list[Entry]) -> None:
    standing = _stand(*entries)
    placed = [copy.key for one in standing.applications for copy in one.copies]
    placed += [one.key for one in (*standing.unread, *standing.strays, *standing.material)]
    assert sorted(placed) == sorted(one.key for one in entries)
    said = figures(standing, call().judge.clock, at("2021-02-08 12:00"))
    assert said["submissions"] == len(entries)
    assert sum(said["timing"].values()) == sum(said["states"].values()) == said["applications"]
    came = sum(row["came"] for row in said["organisers"])
    assert came + said["unassigned"] == said["applications"]
    assert all(one.doubts for one in standing.applications if not one.attribution.sure)
