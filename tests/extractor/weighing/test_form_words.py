from hypothesis import given
from hypothesis import strategies as st

from extractor import rungs
from extractor.text.passage import Passage, Place
from extractor.weighing.form_words import FormWords, sure_words, words_beside
from extractor.weighing.spelling import respell
from models.fields import AddressField, TextField
from models.page import Line, Run

SURE = 0.999
TITLE = FormWords(["近零碳排放区示范工程试点申请表"])
TEXT = TextField(kind="text", name="title")


def _runs(text, doubts=None):
    """Characters read off a picture; `doubts` gives for some their confidence and their rivals."""
    doubts = doubts or {}
    return [
        Run(text=char, confidence=confidence, others=tuple(others))
        for char, (confidence, others) in ((char, doubts.get(at, (SURE, ()))) for at, char in enumerate(text))
    ]


def _respelled(field, text, doubts, words):
    passage = Passage.of([Line(spans=tuple(_runs(text, doubts)))], Place(page=1))
    return respell(field, passage, words)


def test_a_doubtful_character_in_words_of_the_form_is_the_forms():
    doubts = {7: (0.93, (("诙", 0.03), ("碳", 0.014)))}
    read = _respelled(TEXT, "湖北晴川能近零恢排放示范工程", doubts, TITLE)
    assert read.text == "湖北晴川能近零碳排放示范工程"
    assert read.spans[7].others[0] == ("恢", 0.93)


def test_two_doubtful_characters_side_by_side_are_told_together():
    doubts = {1: (0.9, (("零", 0.03),)), 2: (0.41, (("碳", 0.07),))}
    assert _respelled(TEXT, "近苓恢排放示范工程", doubts, TITLE).text == "近零碳排放示范工程"


def test_what_the_reader_did_not_think_of_is_for_a_person():
    found = TITLE.spelled(_runs("近零恢排放示范工程", {2: (0.93, ())}))
    assert found == {2: ("碳", rungs.EVEN)}


def test_a_character_read_surely_stays_whatever_the_form_says():
    assert TITLE.spelled(_runs("近零氮排放示范工程")) == {}


def test_nothing_is_told_beyond_the_last_character_that_is_the_same():
    assert TITLE.spelled(_runs("减排放区示范", {0: (0.9, ())})) == {}


def test_words_of_another_answer_keep_a_dictionary_from_changing_a_name():
    doubts = {6: (0.9, (("中", 0.08),))}
    words = FormWords(sure_words([(char, SURE) for char in "武汉市申心湖研究院，1号"]))
    field = AddressField(kind="address", name="address")
    assert _respelled(field, "武汉市汉阳区申心湖大道", doubts, FormWords([])).text != "武汉市汉阳区申心湖大道"
    assert _respelled(field, "武汉市汉阳区申心湖大道", doubts, words).text == "武汉市汉阳区申心湖大道"


def test_an_answer_does_not_bear_out_itself():
    """Met on worn paper: 白沙州街 of an address stood in the address's own dictionary, above the unit's name."""
    answers = {"address": ["武汉市东西湖区白沙州街"], "unit": ["东西湖区白沙洲街道办事处"]}
    words = words_beside((), answers)["address"]
    found = words.spelled(_runs("武汉市东西湖区白沙州街", {9: (0.981, (("洲", 0.019),))}))
    assert found == {9: ("州", rungs.EVEN)}
    assert words.spelled(_runs("武汉市东西湖区白沙州街", {9: (0.9, (("洲", 0.1),))}))[9][0] == "洲"


def test_a_character_read_surely_is_for_a_person_where_more_answers_hold_another():
    words = words_beside((), {
        "project": [],
        "unit": ["武汉百步亭置业有限公司"],
        "overview": ["武汉百步亭置业有限公司位于江岸区"],
    })  # fmt: skip
    assert words["project"].spelled(_runs("武汉白步亭置业示范工程")) == {2: ("白", rungs.EVEN)}
    assert words["project"].spelled(_runs("百步亭置业示范工程")) == {}
    begins = words_beside((), {"project": [], "unit": ["百步亭置业有限公司"]})["project"]
    assert begins.spelled(_runs("白步亭置业示范工程")) == {0: ("白", rungs.EVEN)}


def test_as_many_answers_with_the_same_character_bear_it_out():
    words = words_beside((), {
        "unit": [],
        "project": ["武汉白步亭置业示范工程"],
        "overview": ["武汉百步亭置业有限公司位于江岸区"],
    })["unit"]  # fmt: skip
    assert words.spelled(_runs("武汉百步亭置业有限公司")) == {}


def test_names_that_part_after_the_same_words_may_differ():
    words = FormWords([], ["江岸区望江街道办事处", "武汉市望江街"])
    assert words.spelled(_runs("江岸区望江大道")) == {}
    assert words.spelled(_runs("汉阳区望江大道")) == {}


@given(st.text("近零碳排放示范工程恢苓", min_size=1, max_size=12), st.data())
def test_only_doubtful_characters_are_told_and_never_as_more_than_named(text, data):
    sure = [data.draw(st.floats(0.3, 1.0)) for _ in text]
    runs = [Run(text=char, confidence=one) for char, one in zip(text, sure, strict=True)]
    for at, (_, confidence) in TITLE.spelled(runs).items():
        assert runs[at].confidence < rungs.CERTAIN
        assert confidence <= max(rungs.NAMED, runs[at].confidence)
