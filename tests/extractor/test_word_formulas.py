"""Formulas and numbers of lists in an answer of a Word file: on the line, or to review."""

from pathlib import Path

import pytest

from tests.extractor.documents import cell, paragraph, run
from tests.extractor.test_word_silent import SPAN, WORD, accepted, related, results


def math(xml: str) -> str:
    """An equation, its texts in braces."""
    runs = xml.replace("{", "<m:r><m:t>").replace("}", "</m:t></m:r>")
    return f"<m:oMath>{runs}</m:oMath>"


FRACTION = math("<m:f><m:fPr/><m:num>{3}</m:num><m:den>{4}</m:den></m:f>")


POWER = math("<m:sSup><m:e>{10}</m:e><m:sup>{5}</m:sup></m:sSup>")


BRACKETS = math("<m:d><m:dPr/><m:e>{±5%}</m:e></m:d>")


def eq(instruction: str) -> str:
    marks = [f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "end")]
    return f"{marks[0]}<w:r><w:instrText>{instruction}</w:instrText></w:r>{marks[1]}"


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (FRACTION, "3/4"),
        (BRACKETS, "(±5%)"),
        (POWER, "10^5"),
        (math("<m:f><m:num>{a+b}</m:num><m:den>{2}</m:den></m:f>"), "(a+b)/2"),
        (eq(r"EQ \F(3,4)"), "3/4"),
        (eq(r"eq \f(a+b;2)"), "(a+b)/2"),
        (eq(r"EQ 10\s\up8(5)"), "10^5"),
        (eq(r"EQ \r(3,8)"), "3√8"),
    ],
)
def test_a_formula_in_a_long_text_is_written_on_the_line(formula: str, text: str, tmp_path: Path) -> None:
    assert (
        accepted(tmp_path, policy=paragraph("较基准年下降", formula, run("。")))["policy"]
        == f"较基准年下降{text}。"
    )


@pytest.mark.parametrize("formula", [FRACTION, POWER, BRACKETS, eq(r"EQ \F(3,4)"), eq(r"EQ \X(5)")])
def test_a_formula_in_a_short_answer_goes_to_review(formula: str, tmp_path: Path) -> None:
    assert "energy" not in accepted(tmp_path, energy=paragraph("18650", formula))


@pytest.mark.parametrize(
    "formula", [math("<m:nary><m:e>{5}</m:e></m:nary>"), eq(r"EQ \A(1,2)"), eq("EQ \\F(3,4")]
)
def test_a_formula_that_cannot_be_put_on_a_line_goes_to_review(formula: str, tmp_path: Path) -> None:
    assert "policy" not in accepted(tmp_path, policy=paragraph("较基准年下降", formula, run("。")))


def numbering(shown: str, kind: str = "decimal", start: int = 1) -> dict[str, str | bytes]:
    """A list of which an item begins with `shown`."""
    level = (
        f'<w:lvl w:ilvl="0"><w:start w:val="{start}"/><w:numFmt '
        f'w:val="{kind}"/><w:lvlText w:val="{shown}"/></w:lvl>'
    )
    lists = (
        f'<w:abstractNum w:abstractNumId="7">{level}</w:abstractNum><w:num '
        'w:numId="1"><w:abstractNumId w:val="7"/></w:num>'
    )
    return related("numbering", f'<w:numbering xmlns:w="{WORD}">{lists}</w:numbering>')


def item(text: str) -> str:
    return f'<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>{run(text)}</w:p>'


@pytest.mark.parametrize(
    ("shown", "kind", "first", "second"),
    [
        ("%1.", "decimal", "1. ", "2. "),
        ("第%1项：", "chineseCounting", "第一项：", "第二项："),
        ("（%1）", "lowerLetter", "（a）", "（b）"),
    ],
)
def test_the_numbers_of_a_list_are_a_part_of_a_long_text(
    shown: str, kind: str, first: str, second: str, tmp_path: Path
) -> None:
    policy = cell(item("改造，资金见第二项。"), item("光伏。"), properties=SPAN.format(3))
    found = accepted(tmp_path, numbering(shown, kind), policy=policy)["policy"]
    assert found == f"{first}改造，资金见第二项。\n{second}光伏。"


def test_a_number_of_a_list_that_may_be_the_answer_goes_to_review(tmp_path: Path) -> None:
    policy = cell("管理员人数：", item(""), "每季度核算一次。", properties=SPAN.format(3))
    found = results(tmp_path, numbering("%1.", start=3), policy=policy)["policy"]
    assert (found.decision, found.value) == ("review", "管理员人数：\n3.\n每季度核算一次。")
    assert "energy" not in accepted(tmp_path, numbering("%1."), energy=cell(item("吨")))
    assert "policy" not in accepted(
        tmp_path, numbering("%1.", "hebrew1"), policy=cell(item("核算。"), properties=SPAN.format(3))
    )


def test_dots_before_lines_are_nothing(tmp_path: Path) -> None:
    assert (
        accepted(tmp_path, numbering("•", "bullet"), policy=cell(item("核算。"), properties=SPAN.format(3)))[
            "policy"
        ]
        == "核算。"
    )
