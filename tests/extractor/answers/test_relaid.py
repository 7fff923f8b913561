"""Rows of a table without rules, parted anew by the labels that the form is known to have."""

import pytest

from extractor.answers.labels import labels_of
from extractor.answers.relaid import relaid
from extractor.answers.units import units_of
from models.form import FormDefinition
from models.page import Box, Cell, Line, Table
from tests.extractor.answers.sheets import line, scan, sheet, words

FORM = FormDefinition.model_validate(
    {
        "name": "small", "version": "1", "title": "小表", "columns": [3, 5, 3, 5],
        "rows": [
            {"cells": [{"label": "申报单位", "columns": 3, "content": [{"kind": "text", "name": "unit"}]}]},
            {
                "cells": [
                    {"label": "申报负责人", "content": [{"kind": "text", "name": "leader"}]},
                    {"label": "电子邮箱", "content": [{"kind": "text", "name": "mail"}]},
                ]
            },
            {
                "cells": [
                    {
                        "label": "重点任务和重大项目情况", "columns": 3,
                        "content": [{"kind": "prose", "name": "tasks"}],
                    }
                ]
            },
            {
                "cells": [
                    {
                        "label": "申报承诺", "columns": 3,
                        "content": [
                            {"kind": "seal", "name": "own", "label": "单位盖章", "prompt": "（单位盖章）"},
                            {"kind": "date", "name": "day", "label": "承诺日期"},
                        ],
                    }
                ]
            },
            {
                "cells": [
                    {
                        "label": "推荐意见", "columns": 3,
                        "content": [
                            {"kind": "prose", "name": "opinion"},
                            {"kind": "seal", "name": "seal", "label": "推荐盖章", "prompt": "（推荐部门盖章）"},
                        ],
                    }
                ]
            },
        ],
    }
)  # fmt: skip
LEFT, BORDER, RIGHT = 60, 150, 500
LONG = "建设屋顶分布式光伏若干平方米新建充电桩若"


def _cell(row: int, column: int, y0: float, y1: float, *lines: Line, sure: bool = False) -> Cell:
    """A cell of the labels, or of the answers beside them."""
    box = Box(x0=(LEFT, BORDER)[column], y0=y0, x1=(BORDER, RIGHT)[column], y1=y1)
    return Cell(row=row, column=column, lines=lines, box=box, sure=sure)


def _rows(*cells: Cell) -> list[list[str]]:
    """The texts of each row once the form was laid over a table of these cells."""
    box = Box(x0=LEFT, y0=90, x1=RIGHT, y1=max(cell.box.y1 for cell in cells if cell.box))
    units = relaid(labels_of(FORM), units_of(scan(sheet(1, Table(index=0, cells=cells, box=box)))))
    found: dict[int, list[str]] = {}
    for unit in units:
        assert unit.cell
        found.setdefault(unit.cell.row, []).append("".join(unit.passage.text.split()))
    return list(found.values())


def _label(text: str, y: float) -> Line:
    return line(words(text, LEFT + 5, y))


def _said(text: str, y: float) -> Line:
    return line(words(text, BORDER + 5, y))


def test_two_labels_close_together_are_two_rows() -> None:
    labels = (_label("申报单位", 100), _label("申报负责", 122), _label("人", 138))
    answers = (_said("武汉墨水湖物业", 100), _said("陈文静", 130))
    assert _rows(_cell(0, 0, 90, 160, *labels), _cell(0, 1, 90, 160, *answers)) == [
        ["申报单位", "武汉墨水湖物业"], ["申报负责人", "陈文静"],
    ]  # fmt: skip


def test_a_label_whose_lines_were_taken_for_two_is_one_row() -> None:
    cells = (
        _cell(0, 0, 90, 120, _label("申报单位", 100)), _cell(0, 1, 90, 120, _said("武汉墨水湖物业", 100)),
        _cell(1, 0, 120, 150, _label("重点任务和重", 130)), _cell(1, 1, 120, 150, _said(LONG, 130)),
        _cell(2, 0, 150, 180, _label("大项目情况", 146)), _cell(2, 1, 150, 180, _said("干个", 146)),
    )  # fmt: skip
    assert _rows(*cells) == [["申报单位", "武汉墨水湖物业"], ["重点任务和重大项目情况", LONG + "干个"]]


def test_another_label_of_the_row_gets_a_cell_of_its_own_also_on_two_lines() -> None:
    own = line(words("陈文静", 155, 130), words("电子", 300, 122), words("bgs@", 340, 122, 6))
    more = line(words("邮箱", 300, 138), words("qq.com", 340, 138, 6))
    cells = (
        _cell(0, 0, 90, 120, _label("申报单位", 100)), _cell(0, 1, 90, 120, _said("武汉墨水湖物业", 100)),
        _cell(1, 0, 120, 160, _label("申报负责人", 130)), _cell(1, 1, 120, 160, own, more),
    )  # fmt: skip
    assert _rows(*cells)[1] == ["申报负责人", "陈文静", "电子邮箱", "bgs@qq.com"]


@pytest.mark.parametrize("y", [118, 131])
def test_what_only_one_row_prints_belongs_to_that(y: float) -> None:
    opinion = (_said("（推荐部门盖章）", y), _said("同意", y + 16))
    cells = (
        _cell(0, 0, 90, 110, _label("申报单位", 100)), _cell(0, 1, 90, 110, _said("武汉墨水湖物业", 100)),
        _cell(1, 0, 110, 190, _label("推荐意见", 152)), _cell(1, 1, 110, 190, *opinion),
    )  # fmt: skip
    assert _rows(*cells)[1] == ["推荐意见", "（推荐部门盖章）同意"]


@pytest.mark.parametrize("text", ["2021年2月9日", "二〇二一年二月九日"])
def test_a_day_at_which_the_row_before_ends_is_not_of_the_next(text: str) -> None:
    opinion = (_said(text, 118), _said("同意", 140), _said("（推荐部门盖章）", 156))
    cells = (
        _cell(0, 0, 90, 110, _label("申报承诺", 100)), _cell(0, 1, 90, 110, _said("（单位盖章）", 100)),
        _cell(1, 0, 110, 190, _label("推荐意见", 146)), _cell(1, 1, 110, 190, *opinion),
    )  # fmt: skip
    assert _rows(*cells)[1] == ["推荐意见", "同意（推荐部门盖章）"]


def test_of_two_lines_read_in_one_go_a_label_is_known_by_its_characters() -> None:
    own = line(words("陈文静", 155, 130), words("电箱子邮", 300, 130, 7), words("bgs@qq.com", 340, 130, 6))
    cells = (
        _cell(0, 0, 90, 120, _label("申报单位", 100)), _cell(0, 1, 90, 120, _said("武汉墨水湖物业", 100)),
        _cell(1, 0, 120, 160, _label("申报负责人", 130)), _cell(1, 1, 120, 160, own),
    )  # fmt: skip
    assert _rows(*cells)[1] == ["申报负责人", "陈文静", "电箱子邮", "bgs@qq.com"]


def test_where_other_words_stand_among_the_labels_rows_stay_as_they_are() -> None:
    labels = (_label("申报单位", 100), _label("注意事项", 120), _label("推荐意见", 140))
    answers = (_said("武汉墨水湖物业", 100), _said("同意", 140))
    assert len(_rows(_cell(0, 0, 90, 160, *labels), _cell(0, 1, 90, 160, *answers))) == 1


def test_rows_between_rules_that_were_seen_stay_as_they_are() -> None:
    labels = (_label("申报单位", 100), _label("申报负责人", 130))
    answers = (_said("武汉墨水湖物业", 100), _said("陈文静", 130))
    cells = (_cell(0, 0, 90, 160, *labels, sure=True), _cell(0, 1, 90, 160, *answers))
    assert len(_rows(*cells)) == 1
