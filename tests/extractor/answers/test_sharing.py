"""Several fields in one cell with no printed words between them: each value is right or goes to a person."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from extractor import Options, Source, extract
from extractor.answers.labels import align
from extractor.answers.match import match
from extractor.answers.units import units_of
from extractor.weighing.decide import decide
from generator import generate, new_identity
from models.form import FormDefinition
from models.page import Cell, Line, Page, Pages, Run, Table
from models.record import FieldResult, Record
from tests.extractor.documents import cell, docx, row, table

KINDS: Mapping[str, Mapping[str, Any]] = {
    "text": {"kind": "text"},
    "note": {"kind": "text"},
    "phone": {"kind": "phone"},
    "email": {"kind": "email"},
    "date": {"kind": "date"},
    "cost": {"kind": "number", "unit": "万元"},
    "sort": {"kind": "choice", "options": ["企业", "机关"], "min": 1, "max": 1},
    "sign": {"kind": "signature"},
    "seal": {"kind": "seal"},
}


def form_of(
    *names: str, optional: Sequence[str] = (), more: Mapping[str, Mapping[str, Any]] | None = None
) -> FormDefinition:
    """A form with one row for a name and one whose cell holds fields of these names."""
    plain = [{**KINDS[name], "name": name, "label": name, "required": name not in optional} for name in names]
    content = [{**field, **(more or {}).get(str(field["name"]), {})} for field in plain]
    rows = [
        {"cells": [{"label": "单位名称", "content": [{"kind": "text", "name": "unit"}]}]},
        {"cells": [{"label": "经办人及联系方式", "content": content}]},
    ]
    return FormDefinition.model_validate(
        {"name": "shared", "version": "1", "title": "小表", "columns": [4, 12], "rows": rows}
    )


def read(form: FormDefinition, text: str) -> dict[str, FieldResult]:
    rows = [("单位名称", "清源水务公司"), ("经办人及联系方式", text)]
    cells = [
        Cell(
            row=row,
            column=column,
            lines=tuple(Line(spans=(Run(text=line),) if line else ()) for line in words.split("\n")),
        )
        for row, pair in enumerate(rows)
        for column, words in enumerate(pair)
    ]
    pages = Pages(reader="word", pages=(Page(number=1, blocks=(Table(index=0, cells=tuple(cells)),)),))
    return decide(form, match(pages, align(form, units_of(pages)), "a.docx").observations).fields


def accepted(form: FormDefinition, text: str) -> dict[str, Any]:
    found = read(form, text)
    sure = [name for name in found if name != "unit" and found[name].decision == "accept"]
    return {name: form.fields[name].to_json(found[name].value) for name in sure}


@pytest.mark.parametrize("between", [" ", "/", "，", "\n", "、  "])
def test_a_name_and_a_number_in_one_cell_are_taken_apart(between: str) -> None:
    for names in (("text", "phone"), ("phone", "text")):
        for one, other in (("张晓明", "138 7123 4567"), ("13871234567", "张晓明")):
            assert accepted(form_of(*names), one + between + other) == {
                "text": "张晓明",
                "phone": "13871234567",
            }


def test_brackets_round_a_value_go_with_it() -> None:
    assert accepted(form_of("text", "phone"), "张晓明（13871234567）") == {
        "text": "张晓明",
        "phone": "13871234567",
    }


@pytest.mark.parametrize(
    ("names", "text", "values"),
    [
        (("text", "email"), "张晓明 zhang@qq.com", {"text": "张晓明", "email": "zhang@qq.com"}),
        (("text", "phone", "email"), "张晓明 85807053 z@qq.com",
         {"text": "张晓明", "phone": "85807053", "email": "z@qq.com"}),
        (("phone", "email"), "85807053、85807054/z@qq.com",
         {"phone": "85807053;85807054", "email": "z@qq.com"}),
        (("text", "date"), "同意推荐。 2021年3月5日", {"text": "同意推荐。", "date": "2021-03-05"}),
        (("text", "cost"), "光伏改造 12.5万元", {"text": "光伏改造", "cost": {"amount": "12.5", "unit": "万元"}}),
        (("sort", "text"), "☑企业 □机关 张晓明", {"sort": ["企业"], "text": "张晓明"}),
        (("sort", "phone"), "☑企业 □机关 13871234567", {"sort": ["企业"], "phone": "13871234567"}),
        (("seal", "phone"), "13871234567",
         {"seal": {"present": False, "text": None, "agrees": None}, "phone": "13871234567"}),
    ],
)  # fmt: skip
def test_values_with_a_shape_go_to_the_fields_of_their_kinds(
    names: tuple[str, ...], text: str, values: dict[str, Any]
) -> None:
    assert accepted(form_of(*names, optional=["seal"]), text) == values


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (("text", "phone"), "张晓明13871234567"),  # a text may end with digits
        (("text", "phone"), "张晓明 1387123456"),  # a digit short
        (("text", "phone"), "张晓明 13871234567 李四"),
        (("text", "phone"), "电话：13871234567 张晓明"),
        (("text", "phone"), "张晓明 电话13871234567"),
        (("text", "phone"), "13871234567"),
        (("text", "phone"), "张晓明 8号楼 85807053 027-8580"),
        (("text", "email"), "张晓明 zhang san@qq.com"),
        (("text", "email"), "张晓明 zhang\nsan@qq.com"),
        (("text", "email"), "张晓明zhang@qq.com"),
        (("text", "date"), "同意2021年3月5日前完成"),
        (("text", "date"), "同意/2021年3月5日至2021年4月5日"),
        (("phone", "email"), "13871234567zhang@qq.com"),
        (("text", "note"), "张晓明 李四"),
        (("text", "note"), "张晓明"),
        (("text", "cost"), "光伏2期 12.5万元"),
        (("text", "sign"), "同意 张晓明"),
        (("sort", "text"), "☑企业 □机关 某企业"),
        (("sort", "text"), "□企业 □机关 √ 张晓明"),
    ],
)
def test_what_can_be_divided_in_several_ways_goes_to_a_person_whole(
    names: tuple[str, ...], text: str
) -> None:
    found = read(form_of(*names), text)
    assert {found[name].decision for name in names if name != "sign"} == {"review"}


def test_a_date_on_a_line_of_its_own_is_sure_whatever_stands_on_the_others() -> None:
    found = read(form_of("text", "date"), "同意（推荐部门盖\n2021年3月5日")
    assert (found["text"].decision, found["date"].decision) == ("review", "accept")


def test_a_doubtful_division_comes_with_the_pieces_to_choose_from() -> None:
    found = read(form_of("text", "note"), "张晓明 李四")
    assert (found["text"].value, found["note"].value) == ("张晓明", "李四")
    assert set(found["text"].alternatives) == {"李四", "张晓明李四"}


def test_guidance_that_was_left_is_no_answer_of_either() -> None:
    form = form_of("text", "phone", more={"text": {"guidance": ["请填写姓名和手机号码"]}})
    assert accepted(form, "请填写姓名和手机号码\n张晓明 13871234567") == {
        "text": "张晓明",
        "phone": "13871234567",
    }
    assert not accepted(form, "请填写姓名和手机号码")


def test_an_optional_field_may_be_left_empty() -> None:
    assert accepted(form_of("text", "phone", optional=["phone"]), "张晓明") == {
        "text": "张晓明",
        "phone": None,
    }
    assert accepted(form_of("text", "phone", optional=["text"]), "13871234567") == {
        "text": None,
        "phone": "13871234567",
    }
    assert "text" not in accepted(form_of("text", "phone", optional=["phone"]), "张晓明 1387123456")


PROMPTS = {"text": {"prompt": "姓名："}, "phone": {"prompt": "电话："}}


def test_printed_prompts_divide_as_ever() -> None:
    form = form_of("text", "phone", more=PROMPTS)
    assert accepted(form, "姓名：张晓明13871234567 电话：85807053") == {
        "text": "张晓明13871234567",
        "phone": "85807053",
    }


def test_what_is_left_of_a_prompt_that_was_not_found_is_no_answer() -> None:
    assert not accepted(form_of("text", "phone", more=PROMPTS), "姓名：张晓明 电活 13871234567")


# -- whatever stands there

_NAMES = st.text("张晓明王伟同意推荐", min_size=2, max_size=4)
_ENDS = st.sampled_from(["A座", "3室", "201", "（武汉）公司", "。", "-2", "Tom", "8号 李"])
_TEXTS = _NAMES | st.builds("{}{}".format, _NAMES, _ENDS)
_PHONES = (
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
    | st.from_regex(r"027-8[0-9]{7}", fullmatch=True)
    | st.from_regex(r"8[0-9]{7}", fullmatch=True)
    | st.from_regex(r"138 [0-9]{4} [0-9]{4}", fullmatch=True)
)
_EMAILS = st.from_regex(r"[a-z]{1,5}[0-9]{0,3}@(qq|163|whu\.edu)\.(com|cn)", fullmatch=True)
_DATES = st.dates(datetime.date(1990, 1, 1), datetime.date(2100, 1, 1))
_DATED = _DATES.map(lambda day: f"{day.year}年{day.month}月{day.day}日") | _DATES.map(
    lambda day: day.isoformat()
)
_VALUES = {"text": _TEXTS, "note": _TEXTS, "phone": _PHONES, "email": _EMAILS, "date": _DATED}
_PAIRS = [("text", "phone"), ("text", "email"), ("text", "date"), ("phone", "email"), ("text", "note")]


@st.composite
def _cells(draw: st.DrawFn) -> tuple[tuple[str, ...], dict[str, str], str]:
    names = draw(st.permutations(draw(st.sampled_from(_PAIRS))))
    values = {name: draw(_VALUES[name]) for name in names}
    written = draw(st.permutations(names))
    return (
        tuple(names),
        values,
        draw(st.sampled_from([" ", "/", "，", "\n", ""])).join(values[name] for name in written),
    )


@settings(max_examples=400, deadline=None)
@given(_cells())
@example((("text", "phone"), {"text": "张三2", "phone": "13871234567"}, "张三213871234567"))
@example((("text", "phone"), {"text": "张三8", "phone": "5807053"}, "张三85807053"))
@example((("text", "email"), {"text": "张三Tom", "email": "z@qq.com"}, "张三Tomz@qq.com"))
@example((("text", "email"), {"text": "张三-2", "email": "a@qq.com"}, "张三-2a@qq.com"))
@example((("text", "date"), {"text": "第1", "date": "2021年3月5日"}, "第12021年3月5日"))
def test_each_value_of_a_composed_cell_is_right_or_in_review(
    cell: tuple[tuple[str, ...], dict[str, str], str],
) -> None:
    names, values, text = cell
    form = form_of(*names)
    for name, got in accepted(form, text).items():
        field = form.fields[name]
        assert got == field.to_json(field.parse(values[name])), (name, text)


# -- through the readers


def files(form: FormDefinition, record: Record, folder: Path) -> Iterator[tuple[str, Path]]:
    """What our generator makes of a record, and what a scanner makes of that on paper."""
    for kind, name in (("docx", "a.docx"), ("pdf", "a.pdf"), ("pdf-flat", "b.pdf")):
        path = folder / name
        path.write_bytes(generate(form, kind, new_identity(form), record).data)
        yield kind, path
    (page,) = (page.render(scale=200 / 72).to_pil().convert("RGB") for page in pdfium.PdfDocument(path))
    page.save(folder / "c.png", dpi=(200, 200))
    yield "scan", folder / "c.png"


@pytest.mark.parametrize(
    "values",
    [
        {"text": "张晓明", "phone": "13871234567"},
        {"phone": "027-85807053", "email": "zhang@qq.com"},
        {"text": "张晓明", "date": datetime.date(2021, 3, 5)},
    ],
)
def test_a_cell_with_two_answers_is_read_alike_from_every_kind_of_file(
    values: dict[str, Any], tmp_path: Path
) -> None:
    form = form_of(*values)
    record = Record(form=form.name, version=form.version, values={"unit": "清源水务公司", **values})
    for kind, path in files(form, record, tmp_path):
        (result,) = extract(Source.at(path), {form.name: form})
        assert result.error is None, kind
        for name, wanted in values.items():
            found = result.fields[name]
            assert found.value == wanted, (kind, name)
            assert found.decision == "accept" or kind == "scan", (kind, name)


@pytest.mark.parametrize("text", ["张晓明 13871234567", "13871234567/张晓明", "张晓明\n13871234567"])
def test_a_cell_that_somebody_typed_two_answers_into_is_taken_apart(text: str, tmp_path: Path) -> None:
    form, path = form_of("text", "phone"), tmp_path / "a.docx"
    path.write_bytes(
        docx(table(row("单位名称", "清源水务公司"), row("经办人及联系方式", cell(*text.split("\n")))))
    )
    (result,) = extract(Source.at(path), {form.name: form}, Options(form=form.name))
    assert {name: (one.value, one.decision) for name, one in result.fields.items() if name != "unit"} == {
        "text": ("张晓明", "accept"), "phone": ("13871234567", "accept"),
    }  # fmt: skip


def test_our_controls_tell_apart_what_the_page_does_not(tmp_path: Path) -> None:
    form, path = form_of("text", "note"), tmp_path / "a.docx"
    record = Record(
        form=form.name, version=form.version, values={"unit": "清源", "text": "张晓明", "note": "李四"}
    )
    path.write_bytes(generate(form, "docx", new_identity(form), record).data)
    (result,) = extract(Source.at(path), {form.name: form})
    assert {name: (one.value, one.decision) for name, one in result.fields.items()} == {
        "unit": ("清源", "accept"), "text": ("张晓明", "accept"), "note": ("李四", "accept"),
    }  # fmt: skip
