"""Administrative divisions: by their names, in full or in part, and by their codes."""

import random

import pytest

from models.fields.division import divisions
from tests.models.kinds import DIVISION


def test_every_division_of_the_table_is_read_by_its_full_name_and_by_its_code() -> None:
    table = divisions()
    assert len(table) > 3_000
    assert len({one.code for one in table}) == len({one.whole for one in table}) == len(table)
    for one in table:
        assert DIVISION.parse(one.whole) == one.whole == DIVISION.parse(one.code)
        assert DIVISION.check(one.whole, "所在地") == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("武汉江岸区", "湖北省武汉市江岸区"),
        ("湖北 武汉市 江岸区", "湖北省武汉市江岸区"),
        ("湖北省-武汉市-江岸区（420102）", "湖北省武汉市江岸区"),
        ("内蒙古呼和浩特市", "内蒙古自治区呼和浩特市"),
        ("湖北恩施利川市", "湖北省恩施土家族苗族自治州利川市"),
        ("北京市朝阳区", "北京市朝阳区"),
        ("湖北省仙桃市", "湖北省仙桃市"),
        ("吉林省吉林市", "吉林省吉林市"),
    ],
)
def test_names_in_part_and_codes_mean_the_full_name(text: str, value: str) -> None:
    assert DIVISION.parse(text) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("鼓楼区", "4 处同名"),
        ("江汗区", "没有这个名称"),
        ("420102江汉区", "名称与代码不符"),
        ("999999", "没有"),
    ],
)
def test_what_is_none_or_several_is_kept_and_told(text: str, why: str) -> None:
    value = DIVISION.parse(text)
    assert value == text
    (finding,) = DIVISION.check(value, "所在地")
    assert finding.code == "division-unknown"
    assert why in finding.message


def test_a_full_name_with_one_character_misread_is_hardly_ever_another_division() -> None:
    dice, signs = random.Random(1), sorted({sign for one in divisions() for sign in one.whole})
    trials, passed = 20_000, 0
    for _ in range(trials):
        name = dice.choice(divisions()).whole
        at = dice.randrange(len(name))
        misread = name[:at] + dice.choice(signs) + name[at + 1 :]
        value = DIVISION.parse(misread)
        passed += value is not None and value != name and not DIVISION.check(value, "所在地")
    assert passed / trials < DIVISION.passes / 20


def test_names_are_found_in_a_text() -> None:
    text = "注册地：湖北省武汉市江岸区，邮编 430014"
    assert [text[start:end] for start, end in DIVISION.find(text)] == ["湖北省武汉市江岸区"]
