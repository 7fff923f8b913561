"""Labels and prompts in words that the form does not know, told by the values that people found beside
them."""

from extractor.answers import unknown_aliases
from models.form import FormDefinition
from models.page import Cell, Line, Page, Pages, Run, Table

FORM = FormDefinition.model_validate({
    "name": "filing", "version": "1", "title": "备案表", "columns": [4, 12],
    "rows": [
        {"cells": [{"label": "企业名称", "content": [{"kind": "text", "name": "unit"}]}]},
        {"cells": [{"label": "通讯地址", "content": [{"kind": "address", "name": "address"}]}]},
        {"cells": [{"label": "填报日期", "content": [{"kind": "date", "name": "day"}]}]},
        {"cells": [{"label": "类型", "content": [
            {"kind": "choice", "name": "types", "options": ["园区", "社区", "企事业单位"], "max": 1},
        ]}]},
        {"cells": [{"label": "经办", "content": [
            {"kind": "text", "name": "contact", "label": "经办人", "prompt": "姓名："},
            {"kind": "phone", "name": "phone", "label": "经办人电话", "prompt": "手机："},
        ]}]},
    ],
})  # fmt: skip
RIGHT = {"address": "云泽市甲路1号"}


def _pages(*rows: tuple[str, ...]) -> Pages:
    cells = [
        Cell(row=row, column=column, lines=(Line(spans=(Run(text=text),)),))
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
    ]
    return Pages(reader="scan", pages=(Page(number=1, blocks=(Table(index=0, cells=tuple(cells)),)),))


def _found(right: dict[str, str], *rows: tuple[str, ...]) -> list[tuple[str, str, str]]:
    return [(one.field, one.place, one.text) for one in unknown_aliases(FORM, _pages(*rows), right)]


def test_the_words_beside_a_value_are_the_label_that_was_not_found() -> None:
    found = _found(RIGHT, ("企业名称", "甲公司"), ("单位住所", "云泽市甲路1号"), ("填报日期", "2026年1月2日"))
    assert found == [("address", "label", "单位住所")]


def test_so_are_the_words_before_a_colon_in_the_value_s_own_cell_and_those_above_it() -> None:
    assert _found(RIGHT, ("企业名称", "甲公司"), ("住所：云泽市甲路1号", "")) == [
        ("address", "label", "住所")
    ]
    above = _found(RIGHT, ("单位住所", "企业名称"), ("云泽市甲路1号", "甲公司"))
    assert above == [("address", "label", "单位住所")]


def test_a_value_is_told_by_its_kind_not_by_how_it_is_written() -> None:
    found = _found({"day": "2026-01-02"}, ("企业名称", "甲公司"), ("申报时间", "2026年1月2日"))
    assert found == [("day", "label", "申报时间")]


def test_a_prompt_in_other_words_is_told_inside_a_cell_whose_label_is_known() -> None:
    row = ("经办", "联络手机：13800138000")
    assert _found({"phone": "13800138000"}, ("企业名称", "甲公司"), row) == [("phone", "prompt", "联络手机")]


def test_a_value_that_stands_twice_or_nowhere_tells_nothing() -> None:
    twice = (("单位住所", "云泽市甲路1号"), ("注册地", "云泽市甲路1号"))
    assert _found(RIGHT, ("企业名称", "甲公司"), *twice) == []
    assert _found(RIGHT, ("企业名称", "甲公司"), ("单位住所", "别处")) == []


def test_a_label_that_is_known_or_an_answer_or_no_word_is_never_taken() -> None:
    assert _found(RIGHT, ("通讯地址", "云泽市甲路1号")) == [], "its own label was found"
    assert _found(RIGHT, ("经办", "云泽市甲路1号")) == [], "another field's"
    both = {**RIGHT, "unit": "甲公司"}
    assert _found(both, ("甲公司", "云泽市甲路1号")) == []
    assert _found(RIGHT, ("企业名称", "甲公司"), ("2.1", "云泽市甲路1号")) == []


def test_the_option_that_is_missing_and_was_chosen_stands_there_in_other_words() -> None:
    types = {"types": "企事业单位"}
    (found,) = unknown_aliases(FORM, _pages(("类型", "□园区 □社区 ☑企业及机构")), types)
    assert (found.field, found.place, found.text, found.option) == (
        "types",
        "option",
        "企业及机构",
        "企事业单位",
    )
    assert unknown_aliases(FORM, _pages(("类型", "□园区 □社区 ☑企业及机构")), {"types": "社区"}) == []
    assert unknown_aliases(FORM, _pages(("类型", "□园区 ☑企业及机构")), types) == [], "two are missing"
    assert unknown_aliases(FORM, _pages(("类型", "□园区 □社区 ☑企业 及机构")), types) == [], "two words"
