"""What is drawn, whether values agree, when there is an alarm, and what is asked for then."""

from typing import Any

import pytest

from models.fields import ChoiceField, NumberField, PhoneField, SealField, TextField
from service.proof.judgement.agreement import Keyed, agreed, can_be_keyed, outcome, same, truth
from service.proof.judgement.interval import Counted, Interval, effective
from service.proof.judgement.plan import plan, wanted
from service.proof.judgement.strata import Stratum, figure, grouped, joined, source_of
from service.proof.judgement.watch import EVERYTHING, Scope, alarms, standing, tightened

TEXT = TextField(name="told", kind="text")
PHONE = PhoneField(name="call", kind="phone")
SEAL = SealField(name="stamp", kind="seal")
A, B = Stratum("f", "text", "word"), Stratum("f", "phone", "scan")
SECONDS = {"text": 8.0, "phone": 8.0}


def _said(*values: Any) -> list[Keyed]:
    return [Keyed(value) for value in values]


@pytest.mark.parametrize(
    ("keyed", "state"),
    [
        ([], "first"),
        (_said("武汉 绿源"), "right"),
        (_said("武汉绿洲"), "second"),
        ([Keyed(None, legible=False)], "second"),
        (_said("武汉绿洲", "武汉绿源"), "right"),
        (_said("武汉绿洲", "武汉绿洲"), "wrong"),
        (_said(None, None), "wrong"),
        (_said("武汉绿洲", "武汉绿州"), "third"),
        (_said("武汉绿洲", "武汉绿州", "武汉绿州"), "wrong"),
        (_said("武汉绿洲", "武汉绿州", "武汉绿舟"), "unclear"),
        ([Keyed(None, legible=False)] * 2, "unclear"),
    ],
)
def test_a_value_is_wrong_only_when_two_say_the_same_other_one(keyed: list[Keyed], state: str) -> None:
    assert outcome(TEXT, "武汉绿源", keyed) == state


def test_two_people_settle_a_field_that_is_keyed_twice_and_a_third_decides() -> None:
    assert agreed(TEXT, _said("甲")) == "second"
    assert agreed(TEXT, _said("甲", "甲")) == "right"
    assert agreed(TEXT, _said("甲", "乙")) == "third"
    assert agreed(TEXT, _said("甲", "乙", "乙")) == "right"
    assert agreed(TEXT, _said("甲", "乙", "丙")) == "unclear"
    assert truth(TEXT, _said("甲", "乙", "乙")) == Keyed("乙")


def test_values_agree_as_far_as_accepting_covers_them() -> None:
    assert same(TEXT, "甲、乙", "甲，乙")
    assert not same(TEXT, "甲1", "甲7")
    assert not same(TEXT, "12.5", "125")
    assert same(TEXT, "12.5", "12．5")
    assert not same(TEXT, "甲", None)
    assert same(TEXT, None, None)
    assert same(SEAL, {"present": True, "text": "印", "agrees": True}, {"present": True, "agrees": True})
    assert not same(SEAL, {"present": True, "agrees": True}, {"present": True, "agrees": False})
    assert not same(SEAL, {"present": True}, {"present": False})
    number = NumberField(name="n", kind="number", unit="吨")
    as_json = number.to_json(number.parse("12.50"))
    assert same(number, as_json, number.to_json(number.parse("12.5")))


def test_what_is_long_is_not_keyed_again() -> None:
    choice = ChoiceField(name="c", kind="choice", options=("甲" * 90, "乙"))
    assert can_be_keyed(choice, ["甲" * 90])
    assert can_be_keyed(TEXT, "一" * 80)
    assert not can_be_keyed(TEXT, "一" * 81)


def _field(**place: Any) -> dict[str, Any]:
    return {"evidence": [{"part": "a", **place}] if place else []}


def test_a_source_is_told_by_what_the_page_was_made_from() -> None:
    flat = {"back": [1, 0, 0, 0, 1, 0, 1e-7, 1e-6, 1], "half": 700.0}
    leaning = {**flat, "back": [1, 0, 0, 0, 1, 0, -2.8e-5, 1.8e-5, 1]}
    frames = [None, {"warp": None}, {"warp": flat}, {"warp": leaning}]
    parts: Any = [
        {"name": "a", "pages": [{"number": n, "frame": frame} for n, frame in enumerate(frames, 1)]}
    ]
    told = [source_of(_field(page=n), parts) for n in (1, 2, 3, 4)]  # type: ignore[arg-type]
    assert told == ["pdf", "scan", "scan", "photo"]
    assert source_of(_field(cell={"table": 0, "row": 0, "column": 0}), parts) == "word"  # type: ignore[arg-type]


def test_a_stratum_that_nobody_looked_at_is_joined_with_its_like() -> None:
    other = Stratum("g", "phone", "scan")
    counts = {A: Counted(100, 10, 0), B: Counted(100, 10, 1), other: Counted(50, 0, 0)}
    assert joined(counts) == [Counted(100, 10, 0), Counted(150, 10, 1)]
    assert figure(counts).share == pytest.approx(0.06)
    assert set(grouped(counts, lambda one: one.source)) == {"scan", "word"}


def test_a_draw_goes_by_population_and_stays_within_the_minutes() -> None:
    counts = {A: Counted(9000, 0, 0), B: Counted(1000, 0, 0)}
    made = plan(counts, {A: 9000, B: 1000}, SECONDS, 0.001, 600)
    assert made.total == 75
    assert made.seconds <= 600
    assert 6 <= made.each[B] <= 9
    after = {A: Counted(9000, made.each[A], 0), B: Counted(1000, made.each[B], 0)}
    assert effective(list(after.values())) > 60


def test_errors_ask_for_more_samples_where_they_were_and_in_all() -> None:
    calm = {A: Counted(9000, 700, 0), B: Counted(1000, 80, 0)}
    worried = {A: Counted(9000, 700, 0), B: Counted(1000, 80, 2)}
    assert wanted(worried, 0.001) > wanted(calm, 0.001)
    each = [plan(one, {A: 500, B: 500}, SECONDS, 0.001, 800).each[B] for one in (calm, worried)]
    assert each[1] > each[0]


def test_errors_in_one_kind_ask_for_more_samples_of_its_source() -> None:
    like, unlike = Stratum("f", "email", B.source), Stratum("f", "email", "word")
    calm = {one: Counted(1000, 80, 0) for one in (B, like, unlike)}
    worried = {**calm, B: Counted(1000, 80, 3)}
    more = []
    for counts in (calm, worried):
        each = plan(counts, dict.fromkeys(counts, 500), {**SECONDS, "email": 8.0}, 0.001, 800).each
        more.append(each.get(like, 0) - each.get(unlike, 0))
    assert abs(more[0]) <= 1
    assert more[1] > 10


def test_a_draw_takes_no_more_than_there_is_nor_than_is_needed() -> None:
    assert plan({A: Counted(5, 0, 0)}, {A: 3}, SECONDS, 0.001, 600).each == {A: 3}
    assert plan({}, {}, SECONDS, 0.001, 600).total == 0
    proven = {A: Counted(10_000, 9000, 0)}
    assert plan(proven, {A: 500}, SECONDS, 0.001, 1e6).total == wanted(proven, 0.001) == 62


def test_how_a_figure_stands_to_the_target() -> None:
    assert standing(Interval(0, 0, 0.0009), 0.001) == "kept"
    assert standing(Interval(0, 0, 0.002), 0.001) == "unproven"
    assert standing(Interval(0.01, 0.002, 0.02), 0.001) == "passed"


def test_an_alarm_names_the_group_that_explains_it() -> None:
    fine = {
        Stratum("f", kind, source): Counted(1000, 100, 0)  # type: ignore[arg-type]
        for kind in ("text", "phone")
        for source in ("word", "scan")
    }
    assert alarms(fine, 0.001) == []
    worse = {**fine, B: Counted(1000, 100, 3)}
    (found,) = alarms(worse, 0.001)
    assert found.scope == Scope(kind="phone", source="scan")
    assert (found.looked, found.wrong) == (100, 3)
    assert found.interval.lower > 0.001
    assert alarms({**fine, B: Counted(1000, 100, 1)}, 0.001) == []


def test_one_error_is_enough_where_another_kind_from_the_source_is_read_worse() -> None:
    """Elsewhere it is not, and where nothing is wrong nothing is held back."""
    other, elsewhere = Stratum("f", "email", B.source), Stratum("f", "date", "word")
    counts = {A: Counted(9000, 900, 0), other: Counted(1000, 400, 1), elsewhere: Counted(1000, 400, 1)}
    assert alarms(counts, 0.001) == []
    known = alarms(counts, 0.001, suspected=[B.source])
    assert [one.scope for one in known] == [Scope(kind="email", source=B.source)]
    found = alarms({**counts, B: Counted(1000, 100, 3)}, 0.001)
    scopes = {Scope(kind="phone", source=B.source), Scope(kind="email", source=B.source)}
    assert {one.scope for one in found} == scopes


def test_an_upper_bound_that_passes_the_target_it_had_kept_is_an_alarm() -> None:
    counts = {A: Counted(50_000, 3600, 0), B: Counted(2000, 150, 1)}
    assert alarms(counts, 0.001) == []
    (found,) = alarms(counts, 0.001, was_kept=True)
    assert found.scope == Scope(kind="phone", source="scan")


def test_a_tightening_asks_for_more_than_any_wrong_value_had() -> None:
    steps = (0.9773, 0.99164, 0.9996)
    assert tightened(0.0, [0.98], steps) == 0.99164
    assert tightened(0.9773, [0.5], steps) == 0.99164
    assert tightened(0.99164, [0.9999], steps) == EVERYTHING
    assert tightened(EVERYTHING, [], steps) == EVERYTHING
