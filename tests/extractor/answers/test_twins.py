"""Labels that stand twice in a form are told apart by where they stand, or a person looks."""

import pytest

from extractor.answers.match import Match
from models.form import FormDefinition
from models.page import Box, Cell, Line, Page, Pages, Run, Table
from tests.extractor.answers.test_match import doubts, lay, values

_GROUPS = ("old", "new")
_LABELS = {"name": "姓名", "number": "证件号码"}


def _form(*, side_by_side: bool) -> FormDefinition:
    """Two groups of the same labels, beside each other or one under the other."""

    def cell(group: str, name: str) -> dict[str, object]:
        content = [{"kind": "text", "name": f"{group}_{name}", "label": f"{group}{name}"}]
        return {"label": _LABELS[name], "columns": 1, "content": content}

    cells = [[cell(group, name) for group in _GROUPS] for name in _LABELS]
    if not side_by_side:
        cells = [[{**cell(group, name), "columns": 3}] for group in _GROUPS for name in _LABELS]
    return FormDefinition.model_validate(
        {"name": "twins", "version": "1", "title": "转移表", "columns": [2, 4, 2, 4],
         "rows": [{"cells": row} for row in cells]}
    )  # fmt: skip


def _read(form: FormDefinition, *cells: tuple[int, int, float, str]) -> Match:
    """Cells of a PDF, each (row, column, top, text)."""
    made = tuple(
        Cell(
            row=row,
            column=column,
            lines=tuple(Line(spans=(Run(text=line),)) for line in text.split("\n") if line),
            box=Box(x0=100.0 * column, y0=top, x1=100.0 * column + 100, y1=top + 20),
        )
        for row, column, top, text in cells
    )
    page = Page(number=1, width=600, height=800, blocks=(Table(index=0, cells=made),))
    return lay(Pages(reader="pdf", pages=(page,)), form)


def test_of_groups_side_by_side_one_may_stand_lower_than_the_other() -> None:
    """Met on a PDF: the rows of the left one were pushed down, and both owners of a car were mixed up."""
    found = _read(
        _form(side_by_side=True),
        (0, 2, 100, "姓名"), (0, 3, 100, "白雪梅"),
        (1, 0, 108, "姓名"), (1, 1, 108, "闫立新"),
        (2, 2, 120, "证件号码"), (2, 3, 120, "B2"),
        (3, 0, 128, "证件号码"), (3, 1, 128, "A1"),
    )  # fmt: skip
    assert [values(found)[f"{group}_name"] for group in _GROUPS] == ["闫立新", "白雪梅"]
    assert [values(found)[f"{group}_number"] for group in _GROUPS] == ["A1", "B2"]


def test_the_label_of_a_group_that_is_read_as_lines_of_a_cell_makes_its_twin_doubtful() -> None:
    found = _read(
        FormDefinition.model_validate(
            {"name": "one", "version": "1", "title": "转移表", "columns": [2, 4, 2, 4], "rows": [
                {"cells": [{"label": "车主", "columns": 3, "content": [{"kind": "prose", "name": "owner"}]}]},
                {"cells": [{"label": "姓名", "columns": 3, "content": [{"kind": "text", "name": "name"}]}]},
            ]}
        ),
        (0, 0, 100, "车主"), (0, 1, 100, "姓名\t闫立新\n证件号码\tA1"),
        (1, 0, 120, "姓名"), (1, 1, 120, "白雪梅"),
    )  # fmt: skip
    assert "label-repeated" in doubts(found, "name")


def test_a_prompt_of_which_only_the_beginning_was_read_is_no_second_label() -> None:
    """Met on a fax: the seal hid （签字） behind the prompt."""
    signature = {"kind": "signature", "name": "signature", "prompt": "车主（签字）："}
    form = FormDefinition.model_validate(
        {"name": "one", "version": "1", "title": "转移表", "columns": [2, 10], "rows": [
            {"cells": [{"label": "车主", "content": [{"kind": "text", "name": "owner"}]}]},
            {"cells": [{"label": "承诺", "content": [{"kind": "printed", "text": "所填属实。"}, signature]}]},
            {"cells": [{"label": "备注", "content": [{"kind": "text", "name": "note"}]}]},
        ]}
    )  # fmt: skip
    found = _read(
        form,
        (0, 0, 100, "车主"), (0, 1, 100, "闫立新"),
        (1, 0, 120, "承诺"), (1, 1, 120, "所填属实。\n车主"),
        (2, 0, 140, "备注"), (2, 1, 140, "无"),
    )  # fmt: skip
    assert "label-repeated" not in doubts(found, "owner")


@pytest.mark.parametrize("lost", _LABELS)
def test_a_label_whose_twin_is_lost_is_doubted_where_nothing_between_tells_which_it_is(lost: str) -> None:
    cells = []
    for row, (name, old, new) in enumerate([("name", "闫立新", "白雪梅"), ("number", "A1", "B2")]):
        texts = ["" if name == lost else _LABELS[name], old, _LABELS[name], new]
        cells += [(row, column, 100.0 + 20 * row, text) for column, text in enumerate(texts)]
    found = _read(_form(side_by_side=True), *cells)
    assert "label-repeated" in {*doubts(found, f"old_{lost}"), *doubts(found, f"new_{lost}")}


def test_groups_under_each_other_are_told_apart_by_what_stands_between() -> None:
    cells = [
        (row, column, 100.0 + 20 * row, text)
        for row, pair in enumerate([("姓名", "闫立新"), ("证件号码", "A1"), ("姓名", "白雪梅")])
        for column, text in enumerate(pair)
    ]
    found = _read(_form(side_by_side=False), *cells)
    assert [values(found)[f"{group}_name"] for group in _GROUPS] == ["闫立新", "白雪梅"]
    assert not doubts(found, "old_name")
