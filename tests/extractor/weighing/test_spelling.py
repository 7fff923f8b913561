import pytest

from extractor import rungs
from extractor.text.passage import Passage, Place
from extractor.weighing.spelling import corroborate, respell
from models.fields import AddressField, DateField, EmailField, PhoneField, ProseField, TextField
from models.page import Line, Run

SURE = 0.999


def _read(text, doubts=None):
    """A passage read off a picture; `doubts` gives for some characters their confidence and their rivals."""
    doubts = doubts or {}
    spans = []
    for at, char in enumerate(text):
        confidence, others = doubts.get(at, (SURE, ()))
        spans.append(Run(text=char, confidence=confidence, others=tuple(others)))
    return Passage.of([Line(spans=tuple(spans))], Place(page=1))


def _typed(text):
    return Passage.of([Line(spans=(Run(text=text),))], Place())


EMAIL, PHONE = EmailField(kind="email", name="email"), PhoneField(kind="phone", name="phone")
DATE = DateField(kind="date", name="day")
TEXT, PROSE = TextField(kind="text", name="title"), ProseField(kind="prose", name="overview")


def test_a_one_before_letters_is_an_l_in_an_email_address():
    assert respell(EMAIL, _read("1xr8632@163.com")).text == "lxr8632@163.com"


def test_an_l_between_digits_is_a_one_in_an_email_address():
    assert respell(EMAIL, _read("wh3l4@qq.com")).text == "wh314@qq.com"


def test_digits_that_stand_with_digits_stay():
    for address in ("bgs.1010@163.com", "green10@qq.com", "lxr1954@sina.com"):
        assert respell(EMAIL, _read(address)).text == address


def test_letters_beside_digits_of_a_telephone_number_are_the_digits_they_look_like():
    assert respell(PHONE, _read("l38O0000000")).text == "13800000000"
    assert respell(PHONE, _read("027-85807O53转8Ol")).text == "027-85807053转801"


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("2021年2日9日", "2021年2月9日"),
        ("2021年12日19日", "2021年12月19日"),
        ("2021年1.月.18日", "2021年1 月 18日"),
    ],
)
def test_a_day_that_a_stamp_marred_is_read_and_goes_to_a_person(read, meant):
    """Met on copies without colour."""
    day = respell(DATE, _read(read))
    assert day.text == meant
    assert day.confidence < rungs.ACCEPTED
    assert DATE.parse(day.text) == DATE.parse(meant.replace(" ", ""))


@pytest.mark.parametrize("read", ["2021年2月9日", "2021.2.9", "2021年2月", "9日"])
def test_a_day_without_a_fault_stays(read):
    assert respell(DATE, _read(read)) == _read(read)


def test_what_was_concluded_is_never_sure():
    turned = respell(EMAIL, _read("1xr8632@163.com"))
    assert turned.confidence <= 0.9
    assert turned.spans[0].others[0] == ("1", SURE)


def test_text_that_a_file_holds_is_never_changed():
    for field, text in (
        (EMAIL, "1xr8632@163.com"),
        (PHONE, "l38O0000000"),
        (TEXT, "高級工程師"),
        (PROSE, "Ⅱ栋"),
    ):
        assert respell(field, _typed(text)) == _typed(text)


def test_a_simplified_character_stands_where_its_traditional_fellow_was_read():
    assert respell(TEXT, _read("高級工程师", {1: (0.6, [("级", 0.35)])})).text == "高级工程师"


def test_the_traditional_form_of_a_character_is_no_rival_of_it():
    name = respell(TEXT, _read("李强思", {1: (0.82, [("強", 0.17), ("弦", 0.004)])}))
    assert name.spans[1].confidence == pytest.approx(0.99)
    assert name.spans[1].others == (("弦", 0.004),)
    doubted = respell(TEXT, _read("李强思", {1: (0.82, [("弦", 0.17)])}))
    assert doubted.spans[1].confidence < rungs.STRONG


def test_a_traditional_character_stays_where_nothing_speaks_for_the_simplified_one():
    assert respell(TEXT, _read("李昇", {1: (0.98, [("升", 0.01)])})).text == "李昇"


def test_a_rare_character_is_no_traditional_one():
    assert respell(TEXT, _read("豹澥", {1: (0.6, [("邂", 0.35)])})).text == "豹澥"


def test_two_strokes_before_a_measure_word_are_eleven_and_unsure():
    passage = respell(PROSE, _read("对Ⅱ栋建筑，Ⅱ类水质"))
    assert passage.text == "对11栋建筑，Ⅱ类水质"
    assert len(passage.spans) == len(passage.places) == len(passage.text)
    assert passage.spans[1].confidence <= 0.5


def test_eleven_read_as_one_character_moves_nothing_behind_it_in_a_telephone_number_or_an_address():
    for field, read, meant in (
        (PHONE, "02785Ⅱ7O53", "02785117053"),
        (EMAIL, "a11Ⅱwh3l4@qq.com", "a1111wh314@qq.com"),
    ):
        passage = respell(field, _read(read))
        assert passage.text == meant
        assert len(passage.spans) == len(passage.places) == len(passage.text)


def test_a_misread_character_of_a_name_is_mended_by_its_mention():
    name = _read("武汉白步亭商业管理有限公司", {2: (0.6, [("百", 0.35)])})
    bearer = _read("武汉百步亭商业管理近零碳排放示范工程")
    weighed = corroborate({"unit": name, "project": bearer}, [("project", "unit")])
    assert weighed["unit"].text == "武汉百步亭商业管理有限公司"
    assert weighed["project"].text == bearer.text


def test_a_name_that_is_mentioned_as_it_was_read_is_surer():
    name = _read("武汉百步亭商业管理有限公司", {2: (0.9, [("白", 0.08)])})
    weighed = corroborate({"unit": name, "project": _read("武汉百步亭商业管理示范")}, [("project", "unit")])
    assert weighed["unit"].spans[2].confidence > 0.98


def test_readings_that_contradict_each_other_are_less_sure():
    name = _read("武汉百步亭商业管理有限公司", {2: (0.9, [("白", 0.08)])})
    bearer = _read("武汉白步亭商业管理示范", {2: (0.9, [("百", 0.08)])})
    weighed = corroborate({"unit": name, "project": bearer}, [("project", "unit")])
    assert weighed["unit"].spans[2].confidence < 0.9


def test_another_reading_that_says_something_else_makes_no_character_surer():
    """Met on worn paper: 白 was doubted, and accepted since the reader had hardly thought of 百."""
    name = _read("武汉百步亭商业管理有限公司")
    bearer = _read("武汉白步亭商业管理示范", {2: (0.5, [("自", 0.008), ("百", 0.0012)])})
    weighed = corroborate({"unit": name, "project": bearer}, [("project", "unit")])
    assert weighed["project"].text == bearer.text
    assert weighed["project"].spans[2].confidence == 0.5


def test_another_units_name_is_left_alone():
    name, bearer = _read("武汉云栖科技股份有限公司"), _read("江岸区晴川社区居民委员会近零碳工程")
    assert corroborate({"unit": name, "project": bearer}, [("project", "unit")]) == {
        "unit": name,
        "project": bearer,
    }


def test_a_name_in_a_long_text_is_weighed_too():
    name = _read("黄陂区自步亭小学", {3: (0.5, [("百", 0.4)])})
    prose = _read("黄陂区百步亭小学位于黄陂区，占地面积约54175平方米。")
    assert (
        corroborate({"unit": name, "overview": prose}, [("overview", "unit")])["unit"].text
        == "黄陂区百步亭小学"
    )


def test_addresses_keep_their_letters():
    field = AddressField(kind="address", name="address")
    assert respell(field, _read("行政楼A座l208室")).text == "行政楼A座l208室"


def test_a_round_character_before_a_provider_is_the_at_sign():
    assert respell(EMAIL, _read("bgs.3600ofoxmail.com")).text == "bgs.3600@foxmail.com"
    assert respell(EMAIL, _read("zhb4487owhu.edu.cn")).text == "zhb4487@whu.edu.cn"
    assert respell(EMAIL, _read("foo@foxmail.com")).text == "foo@foxmail.com"


def _surest(text, doubts):
    """How sure the least sure of some characters is, once the address was spelt anew."""
    spelt = respell(EMAIL, _read(text, doubts))
    assert spelt.text == text
    return min(spelt.spans[at].confidence for at in doubts)


def test_a_capital_is_no_rival_of_a_small_letter_in_an_address():
    assert _surest("bgs@whu.net", {1: (0.7, [("G", 0.29)])}) == pytest.approx(0.99)
    assert _surest("bgs@whu.net", {1: (0.7, [("q", 0.29)])}) < 0.8


def test_the_host_of_a_provider_and_the_ending_of_the_countrys_bear_out_their_characters():
    assert _surest("bgs@foxmail.com", {3: (0.85, [("o", 0.12)]), 10: (0.9, [("1", 0.1)])}) > 0.99
    assert _surest("bgs@wuhan.gov.cn", {10: (0.8, [("q", 0.1)])}) > 0.99


@pytest.mark.parametrize(
    ("text", "at"),
    [("bgs@foxmail.com", 1), ("bgs@foxmeil.com", 9), ("bgs@162.com", 6), ("bgs@qq.com.net", 5)],
)
def test_other_characters_of_an_address_are_as_sure_as_they_were_read(text, at):
    assert _surest(text, {at: (0.8, [("c", 0.1)])}) < 0.9


def test_a_domain_ends_as_the_countrys_do():
    assert respell(EMAIL, _read("office@wuhan.qov.cn")).text == "office@wuhan.gov.cn"
    assert respell(EMAIL, _read("office@wuhan.gou.cn")).text == "office@wuhan.gov.cn"
    assert respell(EMAIL, _read("office@wuhan.abc.cn")).text == "office@wuhan.abc.cn"


def test_a_doubtful_character_is_the_one_that_makes_a_word():
    passage = respell(PROSE, _read("装机容重8.3兆瓦", {3: (0.7, [("量", 0.25)])}))
    assert passage.text == "装机容量8.3兆瓦"
    assert passage.spans[3].confidence <= 0.9


def test_a_character_that_makes_a_word_is_surer():
    passage = respell(PROSE, _read("装机容量8.3兆瓦", {3: (0.6, [("重", 0.35)])}))
    assert passage.text == "装机容量8.3兆瓦"
    assert passage.spans[3].confidence > 0.9


def test_a_word_makes_no_character_surer_in_what_may_be_a_name():
    read = respell(TEXT, _read("唐清秀", {1: (0.75, [("涛", 0.24)])})).spans[1]
    assert (read.text, read.confidence) == ("清", 0.5)


def test_a_doubtful_character_of_a_name_is_for_a_person_since_no_word_bears_it_out():
    """Met by hand: 蒋文洋, accepted as 蒋文泽."""
    read = respell(TEXT, _read("蒋文泽", {2: (0.85, [("译", 0.099), ("洋", 0.044)])}))
    assert (read.text, read.spans[2].confidence) == ("蒋文泽", 0.5)
    sure = respell(TEXT, _read("蒋文泽", {2: (0.97, [("洋", 0.02)])}))
    assert sure.spans[2].confidence > 0.9


def test_a_sure_character_is_not_asked_about_words():
    assert respell(PROSE, _read("装机容重8.3兆瓦", {3: (0.998, [("量", 0.002)])})).text == "装机容重8.3兆瓦"


def test_a_number_is_never_made_a_word():
    assert respell(PROSE, _read("对1栋建筑", {1: (0.5, [("一", 0.45)])})).text == "对1栋建筑"


def test_a_q_where_no_word_has_one_is_never_sure():
    read = respell(EMAIL, _read("bqs@163.com")).spans[1]
    assert (read.confidence, read.others[0][0]) == (0.5, "g")
    for address in ("1234@qq.com", "quality@163.com"):
        assert respell(EMAIL, _read(address)).confidence == SURE


def test_a_one_between_a_letter_and_a_digit_may_be_an_l():
    read = respell(EMAIL, _read("office1729@163.com", {6: (0.93, [("l", 0.07)])})).spans[6]
    assert (read.confidence, read.others[0][0]) == (0.5, "l")
    read = respell(EMAIL, _read("officel729@163.com", {6: (0.93, [("1", 0.07)])})).spans[6]
    assert (read.confidence, read.others[0][0]) == (0.5, "1")
    assert respell(EMAIL, _read("office1729@163.com")).confidence == SURE


@pytest.mark.parametrize(
    ("read", "meant"),
    [("qreen@163.com", "green@163.com"), ("zhaoqi@163.com", "zhaoqi@163.com")],
)
def test_a_q_before_a_letter_that_follows_none_is_a_g_if_the_reader_thought_of_one(read, meant):
    at = read.index("q")
    address = respell(EMAIL, _read(read, {at: (0.99, [("g", 0.006)])}))
    assert address.text == meant
    assert address.spans[at].confidence <= 0.5 or read[at + 1] == "i"
    assert respell(EMAIL, _read(read)).text == read


def test_a_rare_character_that_a_quick_hand_makes_of_a_common_one_is_never_sure():
    read = respell(TEXT, _read("胡毓洋")).spans[1]
    assert (read.text, read.confidence, read.others[0][0]) == ("敏", 0.5, "毓")
    assert respell(TEXT, _typed("胡毓洋")).confidence == 1.0


def test_no_character_becomes_a_mark():
    """Met on a folded sheet, where 杨秀磊 was made 杨秀。, and accepted, since marks are not weighed."""
    read = respell(TEXT, _read("杨秀磊", {2: (0.789, [("。", 0.05)])}))
    assert read.text == "杨秀磊"
