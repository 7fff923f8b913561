"""`check --trial`: a definition is filled, printed and read back before it goes out."""

import re
from pathlib import Path

import pytest

from tests.service.forms.test_definitions_page import EXAMPLES

pytestmark = pytest.mark.usefixtures("elsewhere")

GOOD = """
name: visit-record
version: "1"
title: 走访登记表
columns: [3, 5, 3, 5]
rows:
  - cells:
      - {label: 姓名, content: [{kind: text, name: visitor}]}
      - {label: 联系电话, content: [{kind: phone, name: telephone}]}
  - cells:
      - {label: 类别, content: [{kind: choice, name: sort, options: [初访, 回访], max: 1}]}
      - {label: 日期, content: [{kind: date, name: day}]}
"""
# The guidance is a word of the answers, so that nobody can tell whether it was left standing there.
BAD = GOOD.replace("{kind: text, name: visitor}", "{kind: text, name: visitor, guidance: [云泽市]}")

TIMES = next(text for text in EXAMPLES if "kind: period" in text)


def test_a_form_that_is_read_well_passes(run) -> None:
    Path("form.yaml").write_text(GOOD, "utf-8")
    ran = run("check", "form.yaml", "--trial", "--copies", 2)
    assert (ran.code, ran.out) == (0, "")
    assert "试读 16 处，读对 16 处，读错又没有提示的 0 处，要人看的 0 处" in ran.err


def test_what_reads_badly_is_told_with_the_reason(run) -> None:
    Path("form.yaml").write_text(BAD, "utf-8")
    ran = run("check", "form.yaml", "--trial", "--copies", 6)
    assert ran.code == 1
    assert {line.partition("）")[0] for line in ran.out.splitlines()} == {
        "form.yaml：“姓名”（Word",
        "form.yaml：“姓名”（PDF",
    }
    assert "读错又没有提示的 0 处" in ran.err
    assert "次：" in ran.out
    assert "读成“" in ran.out


def test_a_prompt_that_would_run_into_the_answers_is_no_definition(run) -> None:
    prompted = GOOD.replace("{kind: text, name: visitor}", "{kind: text, name: visitor, prompt: 云}")
    Path("form.yaml").write_text(prompted, "utf-8")
    ran = run("check", "form.yaml")
    assert ran.code == 2
    assert "rows[0].cells[0].content[0].prompt：应以冒号、空格等结尾，否则分不清“云”和填写的字" in ran.out


def test_a_prompt_that_is_a_word_of_the_answers_splits_none(run) -> None:
    prompted = GOOD.replace("{kind: text, name: visitor}", '{kind: text, name: visitor, prompt: "云："}')
    Path("form.yaml").write_text(prompted, "utf-8")
    ran = run("check", "form.yaml", "--trial", "--copies", 6)
    assert (ran.code, ran.out) == (0, "")


def test_times_and_counts_come_back_from_word_and_pdf(run) -> None:
    Path("form.yaml").write_text(TIMES, "utf-8")
    ran = run("check", "form.yaml", "--trial", "--copies", 2)
    assert (ran.code, ran.out) == (0, "")


@pytest.mark.accept
def test_times_and_counts_come_back_from_scans_right_and_before_a_person(run) -> None:
    Path("form.yaml").write_text(TIMES, "utf-8")
    ran = run("check", "form.yaml", "--trial", "--copies", 3, "--scan")
    read, right, silent = map(int, re.findall(r"试读 (\d+) 处，读对 (\d+) 处，.*的 (\d+) 处，要", ran.err)[0])
    assert (right, silent) == (read, 0)


def test_a_definition_with_problems_is_not_tried(run) -> None:
    Path("form.yaml").write_text(GOOD.replace("kind: phone", "kind: fone"), "utf-8")
    ran = run("check", "form.yaml", "--trial")
    assert (ran.code, "试读" in ran.err) == (2, False)
