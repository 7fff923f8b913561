"""What holds for the fields of every kind."""

import contextlib
import json
import pickle
import time
from typing import Literal, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from models.errors import Unparsable
from models.fields import Field, FieldBase
from models.fields.date import BLANK_DATE
from models.writing import compact, key, one_line, tidy
from tests.models import kinds

each_value = pytest.mark.parametrize(("field", "values"), kinds.VALUES, ids=lambda x: getattr(x, "name", ""))
each_field = pytest.mark.parametrize("field", kinds.ALL, ids=lambda field: field.name)
# Long enough that quadratic time takes seconds; the limit is generous, because other work may share the
# machine.
LONG = 20_000
HOSTILE = [
    " ", "\n", "\t", "\u3000", "0", "1", "０", "0 0 0 ", "1 ", "2021", "年", "年 ", "年月", "年  月",
    "2021年",
    "2021年2月5日", "一", "二〇", ".", "-", "—", "_",
    ",", ";", "@", "a@", "a@b.cn", "a@b ", "a ", "<", ">", "<a", "<>", ":", "(", ")", "+86", "+86 ", "转",
    "转1", "0-",
    "027-", "027-8580 ", "138 ",
    "13800138000 ", "85807053-", "电话", "座", "约", "约 ", "1,", "1,000", "1.", "有", "有：", "（",
    "（与单位名称相符",
    "有：（与单位名称相符）", "\u0301", "\u0301\u0316", "ﾞ\u0316", "\u200b", "①", "a", "红、", "中 ",
]  # fmt: skip


@each_value
def test_a_formatted_value_is_read_back_as_itself(field, values):
    @given(values)
    @settings(max_examples=40, deadline=None)
    def holds(value):
        assert field.parse(field.format(value)) == value

    holds()


@each_value
def test_a_value_survives_json(field, values):
    @given(values)
    @settings(max_examples=40, deadline=None)
    def holds(value):
        assert field.from_json(json.loads(json.dumps(field.to_json(value)))) == value

    holds()
    assert field.to_json(None) is None
    assert field.from_json(None) is None


@each_value
def test_a_value_survives_the_way_to_another_process(field, values):
    @given(values)
    @settings(max_examples=20, deadline=None)
    def holds(value):
        assert pickle.loads(pickle.dumps(value)) == value

    holds()


@each_value
def test_every_value_can_be_checked_and_put_in_a_sheet(field, values):
    @given(values)
    @settings(max_examples=40, deadline=None)
    def holds(value):
        for finding in field.check(value, "栏目"):
            assert finding.field == field.name
            assert "栏目" in finding.message
        assert field.sheet_value(value) is not None

    holds()
    assert field.sheet_value(None) is None


@each_field
def test_any_text_is_read_the_same_twice_or_is_unparsable(field):
    @given(kinds.HOSTILE)
    @settings(max_examples=200, deadline=None)
    def holds(text):
        try:
            value = field.parse(text)
        except Unparsable:
            return
        if value is not None:
            assert field.parse(field.format(value)) == value
            assert field.from_json(field.to_json(value)) == value
            field.check(value, "栏目")

    holds()


@each_field
@given(blanks=st.text(alphabet=" \u3000\t\n\u200b\xa0", max_size=9))
def test_blanks_say_nothing(field, blanks):
    assert field.parse(blanks.replace("\t", " ")) is None


@pytest.mark.parametrize(
    "field",
    [field for field in kinds.ALL if field not in (kinds.ADDRESS, kinds.DENSITY)],
    ids=lambda field: field.name,
)
def test_long_hostile_text_takes_linear_time(field):
    for unit in HOSTILE:
        # A table has many values, each of which costs its time; and a tail that does not fit makes a pattern
        # go back.
        length = LONG // 10 if field is kinds.ROWS else LONG
        text = f"2021年{unit * (length // len(unit))}!"
        start = time.process_time()
        with contextlib.suppress(Unparsable):
            field.parse(text)
        assert time.process_time() - start < 1, f"{unit!r} many times"


@pytest.mark.parametrize(
    "function", [tidy, one_line, compact, key, lambda text: list(BLANK_DATE.finditer(text))]
)
def test_making_long_text_regular_takes_linear_time(function):
    for unit in HOSTILE:
        start = time.process_time()
        function(unit * (LONG // len(unit)))
        assert time.process_time() - start < 1, f"{unit!r} many times"


@each_field
def test_looking_for_values_in_a_long_text_takes_linear_time(field):
    for unit in (
        "a",
        "1",
        "1 ",
        "1,",
        "a@",
        "a.",
        "@",
        "-",
        "年",
        "2021年2月5日",
        "13800138000 ",
        "红",
        "万元",
        "(",
    ):
        text = unit * (LONG // len(unit))
        start = time.process_time()
        field.find(text)
        field.resembles(text)
        assert time.process_time() - start < 2, f"{unit!r} many times"


@each_value
@settings(deadline=None)
@given(data=st.data())
def test_a_kind_with_a_shape_finds_what_it_writes_whole(field, values, data):
    """All but amounts in another unit, and choices, whose options all stand on the form."""
    value = data.draw(values)
    if field.has_shape and field.kind not in ("choice", "number") and not field.check(value, "栏目"):
        text = field.format(value)
        found = field.find(f"甲 {text} 乙")
        assert (found[0][0], found[-1][1]) == (2, 2 + len(text))


def test_checking_a_long_list_takes_linear_time():
    for field, value in [
        (kinds.EMAIL, "a@" * LONG),
        (kinds.EMAIL, "a." * LONG + "cn"),
        (kinds.PHONE, "1" * LONG),
        (kinds.PHONE, "1;" * LONG),
    ]:
        start = time.process_time()
        field.check(value, "栏目")
        assert time.process_time() - start < 3


@each_field
def test_every_kind_has_a_json_schema_and_a_widget(field):
    assert json.loads(json.dumps(field.json_schema()))
    assert field.widget


def _kinds():
    return [kind for kind in get_args(get_args(Field)[0]) if issubclass(kind, FieldBase)]


def test_there_is_a_field_of_every_kind_here():
    assert {type(field) for field in kinds.ALL} == set(_kinds())


@pytest.mark.parametrize("kind", _kinds())
def test_every_kind_says_all_that_is_asked_of_one_in_words_that_others_know(kind):
    asked = FieldBase.__annotations__.keys() & FieldBase.__class_vars__
    assert len(asked) > 10
    for name in asked:
        TypeAdapter(get_args(FieldBase.__annotations__[name])[0]).validate_python(
            getattr(kind, name), strict=True
        )


def test_no_two_kinds_are_called_the_same():
    assert len({kind.called for kind in _kinds()}) == len(_kinds())


@pytest.mark.parametrize("kind", _kinds())
def test_a_kind_finds_values_where_it_says_that_they_have_a_shape(kind):
    assert kind.has_shape == (kind.find is not FieldBase.find) == (kind.resembles is not FieldBase.resembles)


def test_a_kind_that_leaves_something_unsaid_is_refused_when_it_is_defined():
    with pytest.raises(
        TypeError, match=r"PostcodeField does not say: between_digits, called, entered, .*made_of"
    ):

        class PostcodeField(FieldBase[str]):
            kind: Literal["postcode"]


def test_only_what_is_stamped_or_signed_is_a_mark_and_only_long_words_are_prose():
    assert [field.kind for field in kinds.ALL if field.is_mark] == ["seal", "signature"]
    assert all((field.widget == "mark") == field.is_mark for field in kinds.ALL)
    assert [field.kind for field in kinds.ALL if field.is_prose] == ["prose"]


def test_a_message_quotes_no_more_than_a_reader_bears():
    for field in (kinds.CHOICE, kinds.DATE, kinds.NUMBER, kinds.SEAL, kinds.SIGNATURE):
        with pytest.raises(Unparsable) as caught:
            field.parse("很长" * LONG)
        assert len(caught.value.message) < 200
    for field in (kinds.EMAIL, kinds.PHONE):
        assert len(field.check("很长" * LONG, "栏目")[0].message) < 200
