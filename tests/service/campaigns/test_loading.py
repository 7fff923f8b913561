"""A campaign is loaded strictly, with the files that belong to it, and every problem is told at its line."""

import shutil
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from models.errors import BadUsage, DefinitionError
from service.campaigns.loading import SHIPPED, known_campaigns, load_campaign, problems
from service.campaigns.twice import KeyedTwice
from service.forms.definitions import load_forms
from tests.service.campaigns.calls import at

FORMS = load_forms()


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The campaigns and calendars in a folder of the test's own."""
    shutil.copytree(SHIPPED, tmp_path / "campaigns")
    shutil.copytree(SHIPPED.parent / "calendars", tmp_path / "calendars")
    return tmp_path / "campaigns"


def _changed(folder: Path, old: str, new: str, name: str = "near-zero-carbon-2021") -> list[str]:
    path = folder / f"{name}.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return problems(path, FORMS)


@pytest.mark.parametrize("name", list(known_campaigns()))
def test_every_shipped_campaign_is_sound(name: str) -> None:
    assert problems(known_campaigns()[name], FORMS) == []
    assert load_campaign(name, FORMS).campaign.name == name


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("title: 近零碳", "titel: 近零碳", "没有“titel”这一项，应为 title？"),
        ("date: 2021-02-09", "date: 2月9日", "应为日期，如 2021-02-09"),
        ("Asia/Shanghai", "Asia/Wuhan", "没有这个时区"),
        ("Asia/Shanghai", "../etc", "没有这个时区"),
        ("form: pilot-application", "form: pilot", "没有名为“pilot”的表格"),
        ("unit: organization", "unit: organisation", "没有字段“organisation”"),
        ("least: 5", 'least: "5"', "应为整数"),
        ("late: ask", "late: maybe", "应为 ask、accept、refuse"),
        ("templates/名单.docx", "templates/别的.docx", "无法打开模板"),
        ("../calendars/2021.yaml", "../calendars/2022.yaml", "无法打开文件"),
        ("grace_working_days: 0", "grace_working_days: 300", "没有 2022 年的日历"),
    ],
)
def test_a_problem_is_told_with_its_place_in_chinese(copied: Path, old: str, new: str, told: str) -> None:
    found = _changed(copied, old, new)
    assert any(told in one for one in found), found
    assert all(".yaml:" in one for one in found)


def test_an_hour_without_quotes_is_told_as_what_yaml_makes_of_it(copied: Path) -> None:
    found = _changed(copied, 'closes: "17:30"', "closes: 17:30", "carbon-filing-2026")
    assert any("应为加引号的时刻" in one for one in found), found


def test_several_problems_are_told_at_once_in_the_order_of_lines(copied: Path) -> None:
    _changed(copied, "Asia/Shanghai", "Asia/Wuhan")
    found = _changed(copied, "unit: organization", "unit: nobody")
    lines = [int(one.split(":")[1]) for one in found]
    assert len(lines) == 2
    assert lines == sorted(lines)


def test_a_register_with_a_wrong_code_or_a_unit_twice_is_told_by_its_row(copied: Path) -> None:
    path = copied / "重点排放单位名册.xlsx"
    book = load_workbook(path)
    sheet = book.worksheets[0]
    sheet["B2"] = "9165" + str(sheet["B2"].value)[5:]
    sheet["A4"] = sheet["A3"].value
    book.save(path)
    found = problems(copied / "carbon-filing-2026.yaml", FORMS)
    assert any("第 2 行" in one and "末位校验" in one for one in found), found
    assert any("第 4 行" in one and "与第 3 行重复" in one for one in found), found


def test_a_register_that_is_none_or_is_missing_is_told(copied: Path) -> None:
    path = copied / "重点排放单位名册.xlsx"
    book = Workbook()
    book.worksheets[0].append(["别的"])
    book.save(path)
    assert "没有找到表头" in problems(copied / "carbon-filing-2026.yaml", FORMS)[0]
    path.unlink()
    assert "没有这个文件" in problems(copied / "carbon-filing-2026.yaml", FORMS)[0]


def test_a_template_with_a_word_that_nothing_stands_for_is_told(copied: Path) -> None:
    from docx import Document

    document = Document()
    document.add_paragraph("{推荐部门}：请{催}")
    document.save(str(copied / "templates" / "催报函.docx"))
    (found,) = problems(copied / "near-zero-carbon-2021.yaml", FORMS)
    assert "不认识的 催" in found
    (copied / "templates" / "催报函.docx").write_bytes(b"PK nothing")
    (found,) = problems(copied / "near-zero-carbon-2021.yaml", FORMS)
    assert "不是 .docx 文件" in found


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(BadUsage, match="near-zero-carbon-2021"):
        load_campaign("nothing", FORMS)
    with pytest.raises(DefinitionError):
        load_campaign("nothing.yaml", FORMS)


def test_fields_that_two_people_key_are_those_of_the_call_that_was_open_then(copied: Path) -> None:
    path = copied / "near-zero-carbon-2021.yaml"
    text = path.read_text("utf-8")
    path.write_text(f"{text}\nclosed: 2021-06-30\nkeyed_twice: [contact, no_such]\n", "utf-8")
    (told,) = problems(path, FORMS)
    assert "没有可以录入的字段“no_such”" in told
    path.write_text(f"{text}\nclosed: 2021-06-30\nkeyed_twice: [contact]\n", "utf-8")
    (copied / "carbon-filing-2026.yaml").write_text("name: [", "utf-8")

    class Forms:
        def current(self) -> object:
            return FORMS

    asked = KeyedTwice(Forms(), copied)  # type: ignore[arg-type]
    assert asked("pilot-application", at("2021-02-05 10:00")) == {"contact"}
    assert asked("pilot-application", at("2021-08-05 10:00")) == set()
    assert asked("enterprise-filing", at("2021-02-05 10:00")) == set()
