from itertools import pairwise

import pytest

from benchmarks.calibration import Sample, fit, thresholds
from extractor import rungs
from extractor.text.passage import Passage, Place
from extractor.weighing.calibration import legibility, probability, probability_of, signs_of, threshold
from extractor.weighing.coefficients import THRESHOLDS, WEIGHTS
from models.fields import AddressField, DateField, EmailField, NumberField, PhoneField, ProseField, TextField
from models.page import Line, Run

TEXT, EMAIL = TextField(kind="text", name="title"), EmailField(kind="email", name="email")
PROSE = ProseField(kind="prose", name="overview")
ADDRESS = AddressField(kind="address", name="address")


def _read(text, doubts=None):
    spans = tuple(Run(text=char, confidence=(doubts or {}).get(at, 0.999)) for at, char in enumerate(text))
    return Passage.of([Line(spans=spans)], Place(page=1))


def _sure(field, passage, legible=5.0):
    return probability(field, signs_of(field, passage, legible))


def test_what_a_file_holds_has_no_signs():
    typed = Passage.of([Line(spans=(Run(text="高级工程师"),))], Place())
    assert signs_of(TEXT, typed, 5.0) == {}


def test_a_doubtful_character_makes_a_reading_less_probable():
    assert _sure(TEXT, _read("高级工程师", {2: 0.4})) < _sure(TEXT, _read("高级工程师"))


def test_a_doubtful_full_stop_matters_in_an_address_of_mail_and_not_in_words():
    assert signs_of(TEXT, _read("工程师。", {3: 0.2}), 5.0) == signs_of(TEXT, _read("工程师。"), 5.0)
    assert _sure(EMAIL, _read("a.b@c.cn", {1: 0.2})) < _sure(EMAIL, _read("a.b@c.cn"))


def test_an_empty_box_among_words_is_a_character_that_nobody_could_name():
    boxed = _sure(TEXT, _read("武汉市□口区", {3: 0.5}), 9.0)
    assert boxed < threshold(0.001) <= _sure(TEXT, _read("武汉市硚口区"), 9.0)


def test_a_long_text_with_a_doubtful_digit_is_never_accepted():
    text = "占地面积约23026平方米，" * 20
    assert _sure(PROSE, _read(text, {6: 0.85}), 9.0) <= 0.5
    assert _sure(PROSE, _read(text, {0: 0.85}), 9.0) > _sure(PROSE, _read(text, {6: 0.85}), 9.0)


@pytest.mark.parametrize("field", [PROSE, TEXT, NumberField(kind="number", name="cost", unit="万元")])
def test_a_doubtful_point_between_digits_matters_as_a_digit_does(field):
    assert _sure(field, _read("8.1万元", {1: 0.5}), 9.0) < _sure(field, _read("8.1万元"), 9.0)
    assert _sure(field, _read("8万元。1", {3: 0.5}), 9.0) == _sure(field, _read("8万元。1"), 9.0)


def test_a_digit_of_a_short_answer_that_another_may_stand_for_is_for_a_person():
    """Met in a hand that nobody had drawn before: 148号 was read 198号, the 9 with 0.956."""
    assert _sure(ADDRESS, _read("江汉区花山街198号", {7: 0.956}), 9.0) <= 0.5
    assert _sure(ADDRESS, _read("江汉区花山街198号", {7: 0.98}), 9.0) >= threshold(0.001)
    assert _sure(ADDRESS, _read("江汉区花山街198号", {4: 0.956}), 9.0) >= threshold(0.001)


def test_words_that_a_reader_of_a_hand_doubts_are_for_a_person():
    """Met in hands that nobody had drawn before: 行政接 for 行政楼, 崇阳 for 紫阳."""
    doubted = _read("江汉区紫阳社区居民委员会", {3: 0.85})
    assert _sure(TEXT, doubted, 4.5) <= 0.5
    assert _sure(TEXT, doubted, 6.0) >= threshold(0.001)
    assert _sure(TEXT, _read("江汉区紫阳社区居民委员会", {3: 0.95}), 4.5) >= threshold(0.001)


def test_a_mark_hardly_read_before_a_number_may_be_its_first_digit():
    """Met on a fax, with a bracket: （5个 for 75个, in a long text that was accepted."""

    def read(rivals):
        spans = list(_read("接入计量点位/5个；" * 9).spans)
        spans[6] = Run(text="/", confidence=0.8, others=rivals)
        return Passage.of([Line(spans=tuple(spans))], Place(page=1))

    assert _sure(PROSE, read((("1", 0.13), ("7", 0.01))), 9.0) <= 0.5
    assert _sure(PROSE, read((("|", 0.13),)), 9.0) >= threshold(0.001)


def test_a_bracket_beside_a_number_without_its_partner_may_be_a_digit():
    """Met on worn paper: 511)号 for 510号, and the reader was sure of each character."""
    assert _sure(TEXT, _read("沙湖路511)号"), 9.0) < threshold(0.001)
    assert _sure(PROSE, _read("点位（5个；" * 9), 9.0) <= 0.5
    assert _sure(TEXT, _read("沙湖路(511)号"), 9.0) >= threshold(0.001)
    assert _sure(PROSE, _read("1）建设屋顶光伏；2）新建充电桩" * 5), 9.0) >= threshold(0.001)


def test_a_letter_of_a_code_that_may_be_another_goes_to_a_person():
    """Met on a clean scan: OY2024 for QY2024, the O at 0.89."""
    assert _sure(TEXT, _read("OY2024-C-061", {0: 0.9}), 9.0) <= 0.5
    assert _sure(TEXT, _read("QY2024-C-061", {7: 0.98}), 9.0) <= 0.5
    assert _sure(TEXT, _read("QY2024-C-061", {7: 0.995}), 9.0) >= threshold(0.001)
    assert _sure(TEXT, _read("约4500m", {5: 0.92}), 9.0) >= threshold(0.001)
    # A word in letters bears itself out, and so does what has a check character.
    assert _sure(TEXT, _read("OPPO有限公司2024年", {0: 0.95}), 9.0) >= threshold(0.001)
    assert _sure(EMAIL, _read("ab2024@qq.com", {0: 0.95}), 9.0) > 0.5


def test_a_doubtful_digit_in_a_short_text_is_never_accepted_and_a_character_may_be():
    assert _sure(TEXT, _read("望江街983号综合楼", {4: 0.85}), 9.0) <= 0.5
    assert _sure(TEXT, _read("望江街983号综合楼", {7: 0.85}), 9.0) > 0.9


def test_a_mark_hardly_read_between_a_number_and_its_word_may_be_a_digit():
    assert _sure(TEXT, _read("望江街98:号", {5: 0.75}), 9.0) < threshold(0.001)
    assert _sure(TEXT, _read("望江街98:号"), 9.0) >= threshold(0.001)


def test_what_stands_between_the_digits_of_a_telephone_number_does_not_matter():
    phone = PhoneField(kind="phone", name="phone")
    assert _sure(phone, _read("027-85807053", {3: 0.5})) == _sure(phone, _read("027-85807053"))


def test_a_date_with_a_doubtful_digit_is_never_accepted():
    date = DateField(kind="date", name="date")
    assert _sure(date, _read("2021年1月2日", {7: 0.6}), 9.0) <= 0.5


@pytest.mark.parametrize(
    ("text", "is_accepted"), [("2021年1月2", False), ("2021年1月22", True), ("2021年1月2日", True)]
)
def test_a_date_that_ends_in_one_digit_lacks_what_may_be_another(text, is_accepted):
    date = DateField(kind="date", name="date")
    assert (_sure(date, _read(text)) > rungs.EVEN) == is_accepted


def test_an_address_of_mail_with_a_character_that_may_be_another_is_never_accepted():
    assert _sure(EMAIL, _read("bqs@163.com", {1: 0.5}), 9.0) <= 0.5
    assert _sure(EMAIL, _read("bqs@163.com", {1: 0.9}), 9.0) > 0.5


def test_writing_that_is_read_badly_is_less_legible():
    assert legibility([_read("工程师", {1: 0.3})]) < legibility([_read("工程师")])


def test_no_sign_speaks_against_a_reading():
    assert all(weight >= 0 for kind in WEIGHTS.values() for name, weight in kind.items() if name != "bias")


def test_a_stricter_target_asks_for_more():
    assert all(strict[1] >= lax[1] for strict, lax in pairwise(THRESHOLDS))
    assert threshold(0.0) == 1.0
    assert threshold(0.001) >= threshold(0.01)


def test_a_fit_finds_the_share_of_right_readings():
    samples = [
        Sample("text", {"least": float(n % 10)}, right=(n // 10) % 10 < n % 10, doubted=False)
        for n in range(2000)
    ]
    weights = fit(samples)
    assert probability_of(weights, "text", {"least": 8.0}) == pytest.approx(0.8, abs=0.08)
    assert probability_of(weights, "text", {"least": 2.0}) == pytest.approx(0.2, abs=0.08)


def test_thresholds_keep_to_the_share_of_errors_that_they_allow():
    samples = [
        Sample("text", {"least": float(n % 10)}, right=(n // 10) % 10 < n % 10, doubted=False)
        for n in range(2000)
    ]
    weights = fit(samples)
    for share, least in thresholds(samples, weights):
        accepted = [one for one in samples if probability_of(weights, "text", one.signs) >= least]
        assert (
            sum(1 - probability_of(weights, "text", one.signs) for one in accepted)
            <= share * len(samples) + 1
        )
