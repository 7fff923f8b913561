import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.writing import compact, excerpt, key, one_line, tidy
from tests.models.kinds import HOSTILE

TEXTS = HOSTILE | st.text(
    alphabet="中文 \u3000\u00a0\u0301\uff9eAé１ㄱ가\x1c\x85\u2028\r\n\t\u200b\ufeff.﹘︲—￣İ²", max_size=60
)


@pytest.mark.parametrize("function", [tidy, one_line, compact, key])
@given(text=TEXTS)
def test_making_text_regular_twice_is_making_it_regular_once(function, text):
    once = function(text)
    assert function(once) == once


@given(TEXTS)
def test_with_blanks_kept_compact_is_stable_too(text):
    once = compact(text, blank=" ")
    assert compact(once, blank=" ") == once
    assert "  " not in once


@given(TEXTS)
def test_one_line_is_one_line_without_blanks_at_its_ends(text):
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert line == line.strip()


@given(TEXTS)
def test_tidy_changes_no_word(text):
    assert key(tidy(text)) == key(text)
    assert key(one_line(text)) == key(text)


@given(TEXTS)
def test_a_key_holds_only_letters_digits_and_ideographs(text):
    assert all(character.isalnum() for character in key(text))


@given(st.text(alphabet="武汉市青山区", min_size=2, max_size=8))
def test_blanks_between_ideographs_say_nothing(words):
    for blank in (" ", "\u3000", "  ", "\t", "\u200b"):
        assert tidy(blank.join(words)) == words
    assert one_line("\n".join(words)) == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＡＢＣ１２３", "ABC123"), ("第 1 期", "第 1 期"), ("Green Town", "Green Town"),
        ("绿城 Green", "绿城 Green"),
        ("a\u2014b", "a\u2014b"),
        ("（ 甲 ）", "（甲）"), (" 甲\r\n\r\n乙 ", "甲\n\n乙"), ("甲，乙；丙", "甲，乙；丙"),
        ("10\u2012 20", "10- 20"),
    ],
)  # fmt: skip
def test_tidy_keeps_what_a_person_wrote(text, expected):
    assert tidy(text) == expected


def test_a_superscript_or_a_number_in_a_circle_never_becomes_a_digit():
    assert compact("10²") == "10²"
    assert compact("①２") == "①2"
    assert compact("3½") == "3½"


def test_keys_are_the_same_for_the_same_words():
    assert key("企（事）业 单位：") == key("企(事)业单位") == "企事业单位"
    assert key("E－mail") == key("ｅ-ＭＡＩＬ") == "email"


def test_many_accents_on_one_letter_are_dropped_and_a_few_are_not():
    assert key("é") == key("e\u0301")
    assert compact("e\u0301") == "é"
    assert len(compact("e" + "\u0301\u0316" * 1000)) < 10


@given(TEXTS | st.just("长" * 500))
def test_an_excerpt_is_short_and_on_one_line(text):
    quoted = excerpt(text)
    assert len(quoted) <= 61
    assert len(quoted.splitlines()) <= 1
    assert len(text) > 60 or quoted == one_line(text)
