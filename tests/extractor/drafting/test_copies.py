"""Several filled copies of a form: what differs between them is an answer, what they share is print."""

import io
from typing import Any

import pytest
from docx import Document

from extractor import draft_form
from models.form import FormDefinition
from service.forms.drafts import field_name
from tests.extractor.drafting.test_arrangements import put

# Of each cell what is printed, {} where people write.
_FORM = (
    ("单位名称", "{}", "联系人", "{}"),
    ("经济性质", "{}", "联系电话", "{}"),
    ("成立时间", "{}", "职工人数", "{}人"),
    ("经办人及电话", "经办人：{}  电话：{}", "备注", "{}"),
    ("单位意见", "{}\n（盖章）\n{}年{}月{}日", "申请理由", "（200字以内）\n{}"),
)
_BLANKS = (
    "", "", "□国有 □民营 □外资", "", "    年  月  日", "    ", "        ", "        ", "", "", "    ", "  ", "  ", "",
)  # fmt: skip
_COPIES = (
    ("云泽市青禾纸业有限公司", "韩素琴", "□国有 ☑民营 □外资", "13871520946", "2009年4月16日", "36", "冯立秋",
     "13871520941", "无", "同意", "2021", "3", "9", "更新两条生产线，每年节电四十万度。"),
    ("云泽市恒达机械有限公司", "韩建国", "☑国有 □民营 □外资", "13871527755", "2013年8月2日", "128", "马静",
     "13609331147", "急件", "情况属实，同意", "2021", "3", "12", "购置除尘设备，改善厂区环境。"),
    ("陇西中药材公司", "祁小兰", "□国有 □民营 ☑外资", "18993142268", "1998年12月30日", "9", "雒梅", "15101756630",
     "补报", "同意上报", "2021", "4", "1", "建设冷库一座。"),
)  # fmt: skip


def _docx(values: tuple[str, ...], extra: tuple[tuple[str, ...], ...] = ()) -> bytes:
    given = iter(values)
    rows = [
        tuple("".join((next(given) if n else "") + part for n, part in _parts(text)) for text in row)
        for row in _FORM
    ]
    document = Document()
    document.add_paragraph("企业补助申请表")
    put(document, *rows, *extra)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _parts(text: str) -> list[tuple[int, str]]:
    """The printed parts of a text; each but the first stands behind an answer, which comes before it."""
    first, *rest = text.split("{}")
    return [(0, first), *((1, part) for part in rest)]


def _asked(form: dict[str, Any]) -> list[tuple[str, str]]:
    definition = FormDefinition.model_validate(form)
    return [(definition.titles[name], field.kind) for name, field in definition.fields.items()]


def test_of_several_filled_copies_the_draft_is_that_of_the_blank_form() -> None:
    blank = draft_form(_docx(_BLANKS), "a", field_name).form
    first, *others = map(_docx, _COPIES)
    found = draft_form(first, "a", field_name, copies=others)
    assert _asked(found.form) == _asked(blank)
    assert _asked(draft_form(first, "a", field_name).form) != _asked(blank)
    assert not any("已有文字" in guess.text for guess in found.guesses)


@pytest.mark.parametrize("number", range(3))
def test_no_answer_of_any_copy_stands_in_the_draft(number: int) -> None:
    files = list(map(_docx, _COPIES))
    found = draft_form(files.pop(number), "a", field_name, copies=files).form
    for answer in ("韩素琴", "青禾", "恒达", "马静", "1387152", "节电", "冷库", "急件", "同意"):
        assert answer not in str(found)


def test_a_copy_with_other_cells_is_told_and_changes_nothing() -> None:
    first, other = _docx(_COPIES[0]), _docx(_COPIES[1], (("附件", "", "页数", ""),))
    found = draft_form(first, "a", field_name, copies=[other])
    assert [one.text for one in found.guesses if "第 2 份" in one.text and one.is_doubt]
    assert found.form["rows"] == draft_form(first, "a", field_name).form["rows"]
