import datetime

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Unparsable
from tests.models.kinds import DATE, DATES

HAN = "〇一二三四五六七八九"
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def spelled(number: int) -> str:
    tens, ones = divmod(number, 10)
    return ("十" if tens == 1 else HAN[tens] + "十" if tens else "") + (HAN[ones] if ones else "")


def capital(number: int) -> str:
    words = spelled(number)
    return ("壹" + words if words.startswith("十") else words).translate(
        str.maketrans("一二三四五六七八九十", "壹贰叁肆伍陆柒捌玖拾")
    )


WRITINGS = {
    "年月日": lambda y, m, d: f"{y:04d}年{m}月{d}日",
    "two digits": lambda y, m, d: f"{y:04d}年{m:02d}月{d:02d}日",
    "号": lambda y, m, d: f"{y:04d}年{m}月{d}号",
    "no 日": lambda y, m, d: f"{y:04d}年{m}月{d}",
    "blanks": lambda y, m, d: f"  {y:04d} 年 {m} 月 {d} 日 ",
    "blanks in numbers": lambda y, m, d: " ".join(f"{y:04d}年{m}月{d}日"),
    "lines": lambda y, m, d: f"{y:04d}年{m}月\n{d}日",
    "full width": lambda y, m, d: f"{y:04d}年{m}月{d}日".translate(FULL_WIDTH),
    "points": lambda y, m, d: f"{y:04d}.{m}.{d}",
    "full-width points": lambda y, m, d: f"{y:04d}．{m:02d}．{d:02d}",
    "hyphens": lambda y, m, d: f"{y:04d}-{m:02d}-{d:02d}",
    "full-width hyphens": lambda y, m, d: f"{y:04d}－{m}－{d}",
    "slashes": lambda y, m, d: f"{y:04d}/{m}/{d}",
    "list commas": lambda y, m, d: f"{y:04d}、{m}、{d}",
    "label": lambda y, m, d: f"日期：{y:04d}年{m}月{d}日",
    "Chinese": lambda y, m, d: "".join(HAN[int(c)] for c in f"{y:04d}") + f"年{spelled(m)}月{spelled(d)}日",
    "circles": lambda y, m, d: (
        "".join(HAN[int(c)] for c in f"{y:04d}").replace("〇", "○") + f"年{spelled(m)}月{spelled(d)}日"
    ),
    "letters O": lambda y, m, d: (
        "".join(HAN[int(c)] for c in f"{y:04d}").replace("〇", "O") + f"年{spelled(m)}月{spelled(d)}日"
    ),
    "capitals": lambda y, m, d: (
        "".join("零壹贰叁肆伍陆柒捌玖"[int(c)] for c in f"{y:04d}") + f"年零{capital(m)}月零{capital(d)}日"
    ),
    "short tens": lambda y, m, d: f"{y:04d}年{m}月{spelled(d).replace('二十', '廿').replace('三十', '卅')}日",
}


@pytest.mark.parametrize("writing", WRITINGS.values(), ids=WRITINGS)
@given(day=DATES)
def test_a_day_of_any_year_is_read_in_every_usual_writing(writing, day):
    assert DATE.parse(writing(day.year, day.month, day.day)) == day


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)))
def test_eight_digits_are_a_day(day):
    assert DATE.parse(f"{day:%Y%m%d}") == day
    assert DATE.parse(f"{day:%Y %m %d}") == day


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("二〇二一年元月五日", "2021-01-05"),
        ("二〇二一年一〇月三〇日", "2021-10-30"),
        ("2021年二月5日", "2021-02-05"),
        ("（2021年2月5日）", "2021-02-05"),
        ("2021.2.5。", "2021-02-05"),
        ("2021年2月5日 2021年2月5日", "2021-02-05"),
        ("2021.1.21", "2021-01-21"),
    ],
)
def test_less_usual_writings(text, day):
    assert DATE.parse(text) == datetime.date.fromisoformat(day)


@pytest.mark.parametrize(
    "text",
    [
        "年  月  日",
        "____年__月__日",
        "年月日",
        "/",
        "——",
        "：",
        "日期：",
        "日期：  年  月  日",
        "（  年  月  日）",
    ],
)
def test_the_places_of_a_date_are_no_date(text):
    assert DATE.parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "2021年2月5日-2021年3月1日", "2021年2月5日、2021年2月6日", "2021.2.5-2021.3.1",
        "2021年2月5日至3月1日",
        "2021年2月5-8日",
        "2021.2.5-8", "2021年2-5日", "2021.2-5", "2021/2-5", "2021年2.5日",
        "21年2月5日", "021年2月5日", "12021年2月5日", "202年2月5日", "1 2021年2月5日", "廿一年二月五日",
        "2021年2月30日", "2021年13月1日", "2021年0月1日", "2021年2月0日", "2021.2.51", "2021年2月29日",
        "20210230",
        "0000年1月1日",
        "2021年2月", "2021年", "2月5日", "2021.2", "2021年  月5日", "2021年2月  日", "年2月5日",
        "2021年2月5日前", "2021年2月5日止", "2021年2月5日6", "不晚于2021年2月5日", "-2021年2月5日",
        "①2021年2月5日",
        "2021-2-5-6",
        "2021.2.1 2", "2021 1 2", "2021.1 2.1", "202102051", "2021205", "120210205", "20210205 20210206",
        "2O21年2月5日", "2021年l月5日", "2021年2月S日", "2021年一二月三日", "2021年二一月三日",
        "2021年2月三一日",
        "2021年2月五十日", "正月初五", "2021年腊月五日",
        "02/05/2021", "5/2/2021", "05-02-2021", "无", "暂定", "٢٠٢١年2月5日",
    ],
)  # fmt: skip
def test_a_doubtful_date_is_never_guessed(text):
    with pytest.raises(Unparsable) as caught:
        DATE.parse(text)
    assert caught.value.message


@given(DATES, st.characters(exclude_categories=["Zs", "Cc", "Cf", "Mn", "Me", "Mc", "Lm", "Sk"]))
def test_a_character_more_at_either_end_is_stop_or_doubt(day, extra):
    for text in (DATE.format(day) + extra, extra + DATE.format(day), f"{day:%Y.%m.%d}{extra}"):
        try:
            assert DATE.parse(text) == day
        except Unparsable:
            continue


@pytest.mark.parametrize(
    "data",
    [
        20210205,
        "20210205",
        "86400",
        0,
        1.5,
        "2021-2-5",
        "2021-02-30",
        "2021-02-05T00:00:00",
        "",
        True,
        datetime.datetime(2021, 2, 5),
    ],
)
def test_only_a_day_in_iso_writing_is_taken_from_json(data):
    with pytest.raises(pydantic.ValidationError):
        DATE.from_json(data)


def test_a_day_out_of_all_reason_is_a_finding():
    assert [finding.code for finding in DATE.check(datetime.date(1921, 2, 5), "日期")] == ["date-range"]
    assert not DATE.check(datetime.date(2021, 2, 5), "日期")
