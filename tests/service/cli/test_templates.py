"""`blank`, `prefill` and `check` with a definition that names its Word file."""

import json
from pathlib import Path

import pytest

from tests.service.own_form import FORM, VALUES, own_form

pytestmark = pytest.mark.usefixtures("elsewhere")


def _write(*, breaks: bool = False) -> None:
    Path("forms").mkdir()
    Path("forms/own.docx").write_bytes(own_form(breaks=breaks))
    Path("form.yaml").write_text(FORM, "utf-8")
    Path("record.json").write_text(json.dumps(VALUES), "utf-8")


def test_a_record_goes_out_in_the_bureaus_own_file_and_comes_back(run) -> None:
    _write()
    assert run("check", "form.yaml").code == 0
    assert run("blank", "form.yaml", "-o", "blank.docx").code == 0
    assert run("prefill", "form.yaml", "record.json", "-o", "a.docx").code == 0
    Path("only").mkdir()
    Path("only/form.yaml").write_text(FORM, "utf-8")
    (line,) = run("extract", "a.docx", "--forms", "only").lines
    assert {name: line["fields"][name]["value"] for name in VALUES} == VALUES


def test_what_the_file_has_no_place_for_is_told_and_the_exit_code_is_1(run) -> None:
    _write(breaks=True)
    told = "模板中没有放进“联系电话”：没有找到这个标题"
    ran = run("blank", "form.yaml", "-o", "blank.docx")
    assert (ran.code, told in ran.err, Path("blank.docx").exists()) == (1, True, True)
    assert "有 2 栏没有放进去" in ran.err
    ran = run("check", "form.yaml")
    assert (ran.code, told in ran.out) == (2, True)


def test_a_template_that_is_missing_or_elsewhere_is_bad_usage(run, tmp_path: Path) -> None:
    _write()
    Path("forms/own.docx").rename(tmp_path.parent / f"{tmp_path.name}.docx")
    ran = run("blank", "form.yaml", "-o", "blank.docx")
    assert (ran.code, "没有模板文件" in ran.err, Path("blank.docx").exists()) == (2, True, False)
    Path("forms/own.docx").symlink_to(tmp_path.parent / f"{tmp_path.name}.docx")
    ran = run("blank", "form.yaml", "-o", "blank.docx")
    assert (ran.code, "不在定义文件所在的文件夹中" in ran.err) == (2, True)


def test_a_template_that_is_no_word_file_is_told(run) -> None:
    _write()
    Path("forms/own.docx").write_bytes(b"PK no zip")
    ran = run("blank", "form.yaml", "-o", "blank.docx")
    assert (ran.code, "Traceback" in ran.err, Path("blank.docx").exists()) == (1, False, False)
