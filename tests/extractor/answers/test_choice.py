from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.answers.choice import ChoiceReading, read_choice
from extractor.text.passage import Passage, Place
from models.fields import ChoiceField
from models.page import Line, Picture, Run, Span, Tick

OPTIONS = ("城镇", "商业", "园区", "校园", "社区", "企事业单位")
FIELD = ChoiceField(kind="choice", name="kind", options=OPTIONS, min=1, max=1)


def read(*spans: Span | str, field: ChoiceField = FIELD) -> ChoiceReading:
    line = Line(spans=tuple(Run(text=span) if isinstance(span, str) else span for span in spans))
    return read_choice(field, "类型", Passage.of([line], Place()))


def is_sure(reading: ChoiceReading) -> bool:
    return reading.confidence >= 0.95 and not reading.doubts


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("□城镇  □商业  ☑园区  □校园  □社区  □企事业单位", ["园区"]),
        ("□ 城镇；□ 商业；√ 园区；□ 校园；□ 社区；□ 企事业单位", ["园区"]),
        ("□城镇 □√商业 □园区 □校园 □社区 □企事业单位", ["商业"]),
        ("√□城镇  □商业  □园区  □校园  □社区  □企事业单位", ["城镇"]),
        ("□城镇  □商业√  □园区  □校园  □社区  □企事业单位", ["商业"]),
        ("□城镇  □商业  √□园区  □校园  □社区  □企事业单位", ["园区"]),
        ("□城镇 □商业 □园区 □校园 □社区 □企事业单位√", ["企事业单位"]),
        ("○城镇 ●商业 ○园区 ○校园 ○社区 ○企事业单位", ["商业"]),
        ("口城镇 口商业 口园区 ☑校园 口社区 口企事业单位", ["校园"]),
        ("□城镇 □商业 □园区 □校园 □V社区 □企事业单位", ["社区"]),
        ("[ ]城镇 [ ]商业 [ ]园区 [√]校园 [ ]社区 [ ]企事业单位", ["校园"]),
        ("城镇（ ）商业（ ）园区（√）校园（ ）社区（ ）企事业单位（ ）", ["园区"]),
        ("×城镇 ×商业 √园区 ×校园 ×社区 ×企事业单位", ["园区"]),
        ("□城镇 ✅商业 □园区 □校园 □社区 □企事业单位", ["商业"]),
        ("□城 镇 ☑商　业 □园 区 □校园 □社\t区 □企事业单位", ["商业"]),
        ("□城镇\n☑商业\n□园区\n□校园\n□社区\n□企事业单位", ["商业"]),
        ("☑社区", ["社区"]),
        ("校园", ["校园"]),
        ("城镇√  商业  园区  校园  社区  企事业单位", ["城镇"]),
        ("□城镇 □商业 □园区 ☒\ufe0f校园 □社区 □企事业单位", ["校园"]),
        ("□城镇 √\u20de商业 □园区 □校园 □社区 □企事业单位", ["商业"]),
    ],
)
def test_a_clear_mark_is_read_and_needs_nobody(text: str, chosen: list[str]) -> None:
    reading = read(text)
    assert list(reading.value or ()) == chosen
    assert is_sure(reading), reading.doubts


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("□城镇□商业√□园区□校园□社区□企事业单位", {("商业",), ("园区",)}),
        ("□城镇 □商业 √ □园区 □校园 □社区 □企事业单位", {("商业",), ("园区",)}),
        (
            "□城镇 □商业 ×园区 □校园 □社区 □企事业单位",
            {("园区",), ("城镇", "商业", "校园", "社区", "企事业单位")},
        ),
    ],
)
def test_a_mark_that_can_be_read_in_two_ways_goes_to_review_with_both(
    text: str, readings: set[tuple[str, ...]]
) -> None:
    reading = read(text)
    assert reading.confidence < 0.95
    assert {reading.value, *reading.alternatives} == readings
    assert [doubt.code for doubt in reading.doubts] == ["choice-ambiguous"]


def test_untouched_boxes_choose_nothing() -> None:
    assert read("□城镇 □商业 □园区 □校园 □社区 □企事业单位").value is None


def test_words_that_are_no_option_keep_the_answer_from_being_accepted() -> None:
    assert not is_sure(read("不是 ☑园区"))
    assert not is_sure(read("□城镇 ☑商业 □园区 □校园 □社区 □企事业单位 其他：学校"))


def test_words_alone_that_name_no_option_have_no_reading() -> None:
    reading = read("工业")
    assert reading.value is None
    assert [doubt.code for doubt in reading.doubts] == ["unparsable"]


def test_the_only_option_left_with_an_empty_box_is_inferred() -> None:
    reading = read("□企事业单位")
    assert reading.value == ("企事业单位",)
    assert [doubt.code for doubt in reading.doubts] == ["choice-inferred"]


@pytest.mark.parametrize("emphasis", ["highlight", "border", "colour", "underline", "bold"])
def test_the_only_option_that_is_stressed_is_inferred(emphasis: str) -> None:
    stressed = Run(text="园区", emphasis=frozenset([emphasis]))  # type: ignore[list-item]
    reading = read("□城镇 □商业 □", stressed, " □校园 □社区 □企事业单位")
    assert reading.value == ("园区",)
    assert not is_sure(reading)


def test_emphasis_on_every_option_says_nothing() -> None:
    every = Run(text="□城镇 □商业 ☑园区 □校园 □社区 □企事业单位", emphasis=frozenset(["underline", "bold"]))
    assert read(every).value == ("园区",)
    assert is_sure(read(every))


def test_the_options_that_were_not_struck_out_are_inferred() -> None:
    struck = frozenset(["strike"])
    gone = "□校园 □社区 □企事业单位"
    reading = read(
        Run(text="□城镇", emphasis=struck),
        " □商业 ",
        Run(text="□园区", emphasis=struck),
        Run(text=gone, emphasis=struck),
    )  # type: ignore[arg-type]
    assert reading.value == ("商业",)
    assert not is_sure(reading)


def test_a_tick_on_a_struck_option_goes_to_review() -> None:
    reading = read(
        "□城镇 ", Run(text="☑商业", emphasis=frozenset(["strike"])), " ☑园区 □校园 □社区 □企事业单位"
    )
    assert not is_sure(reading)
    assert ("园区",) in reading.alternatives


def test_a_picture_beside_the_options_goes_to_review() -> None:
    assert not is_sure(read("□城镇 ", Picture(kind="shape"), " ☑商业 □园区 □校园 □社区 □企事业单位"))
    guessed = read("□城镇 □商业 ", Picture(kind="picture"), "园区 □校园 □社区 □企事业单位")
    assert guessed.value == ("园区",)
    assert not is_sure(guessed)


def test_a_box_that_cannot_be_judged_goes_to_review() -> None:
    assert not is_sure(read(Tick(state="unclear"), "城镇 □商业 ☑园区 □校园 □社区 □企事业单位"))


def test_an_answer_is_seen_as_surely_as_its_least_sure_tick() -> None:
    reading = read(Tick(state="ticked", confidence=0.7), "城镇 □商业 □园区 □校园 □社区 □企事业单位")
    assert reading.value == ("城镇",)
    assert reading.seen == 0.7


def test_all_options_may_be_ticked_where_all_may_be_chosen() -> None:
    many = ChoiceField(kind="choice", name="many", options=("甲", "乙", "丙"))
    assert is_sure(read("☑甲 ☑乙 ☑丙", field=many))
    assert not is_sure(read("☑甲 ☑乙 ☑丙", field=many.model_copy(update={"max": 1})))


def test_an_option_that_contains_another_is_told_from_it() -> None:
    nested = ChoiceField(kind="choice", name="nested", options=("单位", "企事业单位"))
    assert read("□单位 ☑企事业单位", field=nested).value == ("企事业单位",)


MARKED = {
    "ballot": ("☑", "☐"),
    "cross": ("☒", "□"),
    "solid": ("■", "□"),
    "tick": ("√", "□"),
    "boxtick": ("□√", "□"),
    "circle": ("●", "○"),
}


@given(
    chosen=st.sets(st.sampled_from(OPTIONS), min_size=1, max_size=3),
    style=st.sampled_from(sorted(MARKED)),
    separator=st.sampled_from(["；", "  ", " ", "、", "\t", "\n", "；\n"]),
    gap=st.sampled_from(["", " ", "\u3000"]),
)
def test_printed_marks_before_their_options_are_always_read(
    chosen: set[str], style: str, separator: str, gap: str
) -> None:
    on, off = MARKED[style]
    text = separator.join((on if option in chosen else off) + gap + option for option in OPTIONS)
    reading = read(text)
    assert set(reading.value or ()) == chosen
    assert is_sure(reading)


@given(st.text(alphabet="□☑√×口V[]（） \n园区城镇社商业不是", max_size=40))
def test_any_text_at_all_gets_a_reading_of_known_options(text: str) -> None:
    reading = read(text)
    assert set(reading.value or ()) <= set(OPTIONS)
    assert 0 <= reading.confidence <= 1


def test_what_is_sure_does_not_depend_on_how_runs_are_cut() -> None:
    text = "□城镇 □√商业 □园区 □校园 □社区 □企事业单位"
    for first, second in product(range(0, len(text), 5), repeat=2):
        cut = sorted((first, second))
        assert read(text[: cut[0]], text[cut[0] : cut[1]], text[cut[1] :]) == read(text)


def scanned(*marks: str) -> ChoiceReading:
    """The options behind boxes in the states `marks`, as read off a picture; an empty string is a box that
    was overlooked."""
    spans: list[Span | str] = []
    for mark, option in zip(marks, OPTIONS, strict=False):
        spans += [Tick(state=mark, confidence=0.998)] if mark else []  # type: ignore[arg-type]
        spans += [Run(text=char, confidence=0.99) for char in option + " "]
    return read(*spans, field=FIELD.model_copy(update={"options": OPTIONS[: len(marks)]}))


def test_a_blackened_box_alone_chooses():
    reading = scanned("empty", "filled", "empty")
    assert (reading.value, reading.doubts) == (("商业",), ())
    assert reading.confidence > 0.99


def test_a_blackened_box_beside_a_ticked_one_is_taken_for_undone_and_told():
    reading = scanned("ticked", "filled", "empty")
    assert (reading.value, reading.alternatives) == (("城镇",), (("城镇", "商业"),))
    assert [doubt.code for doubt in reading.doubts] == ["choice-ambiguous"]
    assert "涂黑" in reading.doubts[0].message


def test_a_tick_that_was_struck_out_does_not_choose():
    reading = scanned("corrected", "ticked", "empty")
    assert reading.value == ("商业",)
    assert [doubt.code for doubt in reading.doubts] == ["choice-ambiguous"]
    assert scanned("corrected", "empty").value is None
    assert scanned("corrected", "empty").doubts


@pytest.mark.parametrize(
    ("marks", "value"),
    [
        (("empty", "unclear", "empty"), ("商业",)),
        (("ticked", "unclear", "empty"), ("城镇",)),
        (("unclear", "unclear", "empty"), None),
    ],
)
def test_a_box_in_doubt_chooses_only_alone_and_never_unseen(marks, value):
    reading = scanned(*marks)
    assert reading.value == value
    assert reading.doubts


@pytest.mark.parametrize("marks", [("ticked", "", "empty"), ("", "", ""), ("", "empty", "empty")])
def test_an_option_without_a_box_in_a_picture_is_doubted_since_boxes_may_be_overlooked(marks):
    assert scanned(*marks).doubts


def test_a_box_that_only_the_recogniser_saw_makes_the_choice_no_surer_than_it_was():
    spans = [Run(text=char, confidence=0.5 if char in "□√" else 0.99) for char in "√城镇□商业"]
    reading = read(*spans, field=FIELD.model_copy(update={"options": OPTIONS[:2]}))
    assert reading.value == ("城镇",)
    assert reading.seen == 0.5


def _read_off(text, underlined, emphasis="underline"):
    """The characters of `text` as read off a picture, those at the places `underlined` with a stroke."""
    return [
        Run(text=char, confidence=0.99, emphasis=frozenset([emphasis] * (number in underlined)))
        if char != "□"
        else Tick(state="empty", confidence=0.99)
        for number, char in enumerate(text)
    ]


@pytest.mark.parametrize("underlined", [{5, 6}, {5}, {6}])
def test_an_option_that_a_pen_underlined_is_proposed_and_goes_to_a_person(underlined):
    field = ChoiceField(kind="choice", name="kind", options=("城镇", "商业", "园区"))
    reading = read(*_read_off("□城镇 □商业 □园区", underlined), field=field)
    assert reading.value == ("商业",)
    assert not is_sure(reading)


def test_a_stroke_under_less_than_half_of_an_option_is_told():
    field = ChoiceField(kind="choice", name="kind", options=("农业", "企事业单位"))
    reading = read(*_read_off("□农业 □企事业单位", {6, 7}), field=field)
    assert not is_sure(reading)
    assert is_sure(read(*_read_off("□农业 □企事业单位", set()), field=field))


def test_where_options_have_no_boxes_the_one_that_is_not_struck_out_is_proposed():
    field = ChoiceField(kind="choice", name="kind", options=("是", "否"))
    reading = read(*_read_off("是 否", {2}, "strike"), field=field)
    assert reading.value == ("是",)
    assert not is_sure(reading)


def test_where_more_options_are_left_than_may_be_chosen_the_pen_chose_the_one_that_it_went_through():
    field = ChoiceField(kind="choice", name="kind", options=("农业", "工业", "其他"), max=1)
    reading = read(*_read_off("农业 工业 其他", {3, 4}, "strike"), field=field)
    assert reading.value == ("工业",)
    assert not is_sure(reading)


@pytest.mark.parametrize(
    ("text", "ringed", "chosen"),
    [
        ("农业 工业 其他", {3, 4}, "工业"),
        ("A.农业 B.工业 C.其他", {6, 7}, "工业"),
        ("A.农业 B 工业 C.其他", {5}, "工业"),
        ("A.农业 B.二业 C.其他", {7, 8}, "工业"),
        ("农业 √ 其他", {}, "工业"),
    ],
)
def test_what_a_pen_ringed_is_proposed_also_where_its_letter_alone_or_nothing_was_read(text, ringed, chosen):
    field = ChoiceField(kind="choice", name="kind", options=("农业", "工业", "其他"), max=1)
    reading = read(*_read_off(text, ringed, "border"), field=field)
    assert reading.value == (chosen,)
    assert not is_sure(reading)


def test_an_option_that_alone_was_not_read_off_a_picture_bears_the_mark():
    field = ChoiceField(kind="choice", name="kind", options=("农业", "工业", "其他"), max=1)
    reading = read(*_read_off("农业 V业 其他", {}), field=field)
    assert reading.value == ("工业",)
    assert not is_sure(reading)
    # Of two options the other may as well have been crossed out.
    two = ChoiceField(kind="choice", name="kind", options=("农业", "工业"), max=1)
    assert not is_sure(read(*_read_off("农业 V业", {}), field=two))


@pytest.mark.parametrize(
    ("text", "unsure", "chosen"),
    [
        ("A.农业 B.工业 其他", {}, ("其他",)),
        ("A.农业 &工业 C.其他", {}, ("工业",)),
        ("农业；·工业；其他", {}, ("工业",)),
        ("农业 工业 其他", {3}, ("工业",)),
        ("农业 工业 其他", {}, ()),
        ("农业 工业 其他", {0, 3}, ()),
        ("A.农业 工业 其他", {}, ()),
    ],
)
def test_of_options_without_boxes_the_one_that_was_read_unlike_the_others_is_proposed(text, unsure, chosen):
    field = ChoiceField(kind="choice", name="kind", options=("农业", "工业", "其他"), max=1)
    spans = [Run(text=char, confidence=0.6 if n in unsure else 0.99) for n, char in enumerate(text)]
    reading = read(*spans, field=field)
    assert (reading.value or ()) == chosen
    assert not is_sure(reading)


def test_an_option_without_its_box_bears_the_mark_also_where_that_reaches_another_one():
    field = ChoiceField(kind="choice", name="kind", options=("农业", "工业", "其他"), max=1)
    reading = read(*_read_off("□农业 工业 □其他", {8}, "border"), field=field)
    assert reading.value == ("工业",)
    assert not is_sure(reading)


def test_an_option_that_was_not_read_among_empty_boxes_bears_the_mark():
    field = ChoiceField(kind="choice", name="kind", options=("是", "否"), max=1)
    reading = read(*_read_off("□是 囚", {}), field=field)
    assert reading.value == ("否",)
    assert not is_sure(reading)


def test_where_all_options_look_struck_out_the_strokes_that_were_seen_singly_count():
    field = ChoiceField(kind="choice", name="kind", options=("优秀", "合格", "不合格"), max=1)
    spans = [
        replace_emphasis(run, {"strike", "crossed"} if n < 5 else {"strike"})
        for n, run in enumerate(_read_off("优秀、合格、不合格", {}))
    ]
    reading = read(*spans, field=field)
    assert reading.value == ("不合格",)
    assert not is_sure(reading)


def replace_emphasis(run, emphasis):
    return run.model_copy(update={"emphasis": frozenset(emphasis)})


def test_a_tick_s_stroke_through_one_of_two_characters_strikes_nothing_out():
    spans = _read_off("□城镇 □商业", {1}, "strike")
    spans[0] = Tick(state="ticked", confidence=0.99)
    field = ChoiceField(kind="choice", name="kind", options=("城镇", "商业"))
    reading = read(*spans, field=field)
    assert reading.value == ("城镇",)
    assert is_sure(reading)


@pytest.mark.parametrize(
    ("text", "chosen"),
    [("☐学校/医院 ☐办公/商业 ☑水、电、气", "水电气"), ("☐学校/医院 ☑办公／ 商业 ☐水、电、气", "办公商业")],
)
def test_signs_that_a_form_prints_within_an_option_part_no_options(text, chosen):
    reading = read(text, field=FIELD.model_copy(update={"options": ("学校医院", "办公商业", "水电气")}))
    assert (reading.value, is_sure(reading)) == ((chosen,), True)


def test_options_that_others_make_up_together_are_told_from_these():
    options = FIELD.model_copy(update={"options": ("水", "电", "水电")})
    assert read("☐水、☑电、☐水电", field=options).value == ("电",)


def _on_paper(*parts: str) -> ChoiceReading:
    """Options of any number as read off a picture: a part that names a state is a box, another one words."""
    spans: list[Span] = []
    for part in parts:
        if part in ("empty", "ticked", "unclear"):
            spans.append(Tick(state=part, confidence=0.99))  # type: ignore[arg-type]
        else:
            spans += [Run(text=char, confidence=0.99) for char in part]
    return read(*spans, field=FIELD.model_copy(update={"max": None}))


@pytest.mark.parametrize("rest", ["", "园", "园；"])
@pytest.mark.parametrize("state", ["unclear", "ticked"])
def test_an_option_of_which_the_words_were_lost_is_told_by_its_place_among_the_others(
    rest: str, state: str
) -> None:
    """A ring that chooses an option goes through its words."""
    last = ("empty", "校园", "empty", "社区", "empty", "企事业单位")
    reading = _on_paper("empty", "城镇；", "empty", "商业；", state, rest, *last)
    assert reading.value == ("园区",)
    assert [doubt.code for doubt in reading.doubts] == ["choice-ambiguous"]
    first = _on_paper(state, "诚", "empty", "商业；", "empty", "园区", *last)
    assert first.value == ("城镇",)
    assert first.doubts


def test_where_a_box_is_missing_too_nothing_is_told_by_place() -> None:
    last = ("empty", "校园", "empty", "社区", "empty", "企事业单位")
    reading = _on_paper("empty", "城镇", "ticked", "empty", *last)
    assert reading.doubts


def test_two_rings_choose_two_options_and_rings_around_most_choose_none() -> None:
    words = [*zip(["unclear", "empty", "empty", "unclear", "empty", "empty"], OPTIONS, strict=True)]
    assert _on_paper(*(part for pair in words for part in pair)).value == ("城镇", "校园")
    words = [("unclear", option) for option in OPTIONS]
    assert _on_paper(*(part for pair in words for part in pair)).value is None


def test_a_cross_or_something_unread_beside_one_of_options_without_boxes_chooses_it() -> None:
    """Crosses and scribbles are read as characters: the other option had been proposed, as if it lacked a
    box."""
    two = FIELD.model_copy(update={"options": ["男", "女"], "max": 1})
    for text, chosen in (("X男 女", "男"), ("男 X女", "女"), ("州男\n女", "男"), ("男 M女", "女")):
        reading = read(*(Run(text=char, confidence=0.99) for char in text), field=two)
        assert reading.value == (chosen,), text
        assert reading.doubts
