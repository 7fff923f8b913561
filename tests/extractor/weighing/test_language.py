import pytest

from extractor import rungs
from extractor.text.passage import Passage, Place
from extractor.weighing import language
from extractor.weighing.calibration import signs_of
from extractor.weighing.spelling import corroborate, respell
from models.fields import AddressField, ProseField, TextField
from models.page import Line, Run

TEXT, PROSE = TextField(kind="text", name="title"), ProseField(kind="prose", name="overview")
ADDRESS = AddressField(kind="address", name="address")


def _read(text, doubts):
    """A passage read off a picture; `doubts` gives for some characters their confidence and their rivals."""
    runs = (
        Run(text=char, confidence=doubts.get(at, (0.999,))[0], others=tuple(doubts.get(at, (0, ()))[1]))
        for at, char in enumerate(text)
    )
    return Passage.of([Line(spans=tuple(runs))], Place(page=1))


def _likeliest(text, doubts):
    choices = [list(doubts.get(at, {char: 1.0}).items()) for at, char in enumerate(text)]
    return "".join(max(shares, key=shares.get) for shares in language.weighed(choices, 0.7).shares)


def test_places_and_words_are_known():
    assert _likeliest("汉江区豹解街道", {4: {"解": 0.9, "澥": 0.03}}) == "汉江区豹澥街道"
    assert _likeliest("辖区旁住人口", {2: {"旁": 0.76, "常": 0.084}}) == "辖区常住人口"


def test_two_characters_of_a_word_are_told_together():
    doubts = {3: {"工": 0.6, "公": 0.2}, 4: {"室": 0.6, "宝": 0.3}}
    assert _likeliest("综合办工室主任", doubts) == "综合办公室主任"


def test_a_short_text_may_begin_with_a_surname():
    assert _likeliest("对伟佳", {0: {"对": 0.52, "叶": 0.47}}) == "叶伟佳"


def test_only_digits_stand_among_digits():
    assert _likeliest("面积6l66平方米", {3: {"l": 0.5, "1": 0.3}}) == "面积6166平方米"


def test_what_stands_before_a_thing_that_is_counted_is_a_number():
    assert _likeliest("能源管理部等3个部门", {6: {"3": 0.57, "了": 0.427}}) == "能源管理部等3个部门"
    assert _likeliest("走了一天", {1: {"3": 0.3, "了": 0.6}}) == "走了一天"


def test_the_shares_of_a_place_add_up_to_one_however_long_the_text_is():
    choices = [[("说", 0.6), ("话", 0.4)]] * 2000
    assert all(sum(one.values()) == pytest.approx(1) for one in language.weighed(choices, 0.7).shares)


def test_what_only_the_language_says_is_for_a_person():
    mended = respell(TEXT, _read("综合办工室", {3: (0.96, [("公", 0.03)])}))
    assert (mended.text, mended.spans[3].confidence) == ("综合办公室", rungs.EVEN)
    assert mended.spans[3].others[0] == ("工", 0.96)


def test_a_character_that_fits_nothing_is_less_sure():
    read = respell(ADDRESS, _read("江汉区豹解街", {4: (0.993, [("澥", 0.005)])}))
    assert read.spans[4].confidence < 0.9


def test_a_word_makes_surer_what_was_read_and_not_what_was_guessed():
    for sure, at_least in ((0.9, rungs.NAMED), (0.5, 0.0)):
        read = respell(TEXT, _read("副校长", {1: (sure, [("枚", 0.05)])})).spans[1]
        assert read.confidence == max(sure, at_least)


def test_a_digit_that_words_make_a_character_still_counts_as_one():
    passage = respell(PROSE, _read("年节电55万4瓦时", {6: (0.45, [("千", 0.4)])}))
    assert passage.text == "年节电55万千瓦时"
    assert signs_of(PROSE, passage, 8.0)["least"] <= 0


def test_other_answers_do_not_outvote_the_language():
    own = respell(TEXT, _read("武汉豹解职业学院", {3: (0.82, [("澥", 0.07)])}))
    assert own.text == "武汉豹澥职业学院"
    doubts = {3: (0.98, [("澥", 0.005)])}
    again = {name: respell(TEXT, _read("武汉豹解职业学院示范工程", doubts)) for name in ("a", "b", "c")}
    weighed = corroborate({"unit": own, **again}, [(name, "unit") for name in again])
    assert weighed["unit"].spans[3].confidence <= rungs.LIKELIER
    assert all(weighed[name].spans[3].confidence <= rungs.STRONG for name in again)


def test_characters_that_the_file_holds_stand_around_those_that_were_read():
    typed = Passage.of([Line(spans=(Run(text="装机容"),))], Place())
    whole = Passage.of(
        [Line(spans=(Run(text="装机容"), *_read("重", {0: (0.7, [("量", 0.25)])}).spans))], Place()
    )
    assert respell(PROSE, whole).text == f"{typed.text}量"


def test_counts_are_packed_and_read_as_they_are():
    counts = [
        {language.key(*codes): float(times) for times, codes in enumerate(some, 1)}
        for some in (
            [(0x4E00,), (0x9FFF,)],
            [(0, 0x4E00), (0x9FFF, 0)],
            [(0x9FFF, 0x4E01, 0x9FFE), (1, 2, 3)],
        )
    ]
    table = language._Table(language.packed(counts, {"王": 0.1}, {"伟": 2}))
    read = (table._pairs, table._triples)
    assert [{key: round(one.of(key)) for key in one.keys} for one in read] == counts[1:]
    assert table._pairs.of(language.key(1, 1)) == table._triples.of(1 << 47) == 0
    assert [round(each) for each in table._pairs.after(0)] == [1, 1]
