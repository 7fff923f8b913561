"""Answers among printed words: each is right, or goes to a person."""

from pathlib import Path
from typing import Any

import pytest

from extractor import Source, extract
from extractor.answers.cell_parts import split
from extractor.text.passage import Passage, Place
from models.form import FormCell
from models.page import Line, Run
from models.record import FieldResult
from tests.extractor.documents import cell, docx, paragraph, row, table
from tests.service.forms.sentence_form import FORM

CHOSEN, TAUGHT, CAREER = (next(iter(row.cells)) for row in FORM.rows[1:])


def words(of: FormCell, text: str) -> dict[str, str]:
    passage = Passage.of([Line(spans=(Run(text=line),)) for line in text.split("\n")], Place())
    return {name: one.words.strip() for name, one in split(of, [passage]).values.items()}


def read(folder: Path, **texts: str) -> tuple[dict[str, FieldResult], set[str]]:
    """The form as somebody typed it anew, and the codes of what was told."""
    blank = {
        "ways": "□考试 □评审 □其他：________",
        "taught": "□无 □有，共____人 □计划，时间为____年__月",
        "career": "本人____于____年__月至____年__月在________单位从事相关工作，特此说明。",
    } | texts
    rows = [
        row("姓名", texts.get("person", ""), "电话", ""),
        *(
            row(label, cell(blank[name], properties='<w:gridSpan w:val="3"/>'))
            for label, name in (("取得方式", "ways"), ("带徒情况", "taught"), ("工作经历", "career"))
        ),
    ]
    path = folder / "a.docx"
    path.write_bytes(docx(paragraph("职业经历证明申请表") + table(*rows)))
    (result,) = extract(Source.at(path), {FORM.name: FORM})
    return dict(result.fields), {finding.code for finding in result.findings}


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("□考试 □评审 ☑其他：破格认定", "破格认定"),
        ("□考试 □评审 ☑其他：__破格认定__", "破格认定"),
        ("□考试 □评审 ☑其他（破格认定）", "破格认定"),
        ("□考试 □评审 ☑其他 破格认定", "破格认定"),
        ("□考试；□评审；☑其他：破格认定；", "破格认定"),
        # An option's word in what was written is no option: that has its box.
        ("□考试 □评审 ☑其他：免考试直接评审", "免考试直接评审"),
        ("☑其他：破格认定\n□考试 □评审", "破格认定"),
        ("考试□ 评审□ 其他☑：破格认定", "破格认定"),
        ("□考试 □评审 □其他：________", "________"),
        ("□考试 □评审 □其他：", ""),
    ],
)
def test_what_is_written_beside_an_option_is_a_value_of_its_own(text: str, other: str) -> None:
    found = words(CHOSEN, text)
    assert found["other_way"].strip("_") == other.strip("_")
    assert not other.strip("_") or other not in found["ways"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (
            "☑准予 □不予（理由：____）\n许可证号：W031  有效期至：2024年9月20日\n（印章）",
            ("", "W031", "2024年9月20日"),
        ),
        ("□准予 ☑不予（理由：材料不全）\n许可证号：  有效期至：\n（印章）", ("材料不全", "", "")),
        (
            "□准予 ☑不予（理由：材料（原件）不全）\n许可证号：W031  有效期至：",
            ("材料（原件）不全", "W031", ""),
        ),
        ("□准予 ☑不予（理由：缺原件（章）\n许可证号：W031  有效期至：", ("缺原件（章）", "W031", "")),
    ],
)
def test_what_is_written_beside_the_last_option_ends_before_the_next_place(
    text: str, values: tuple[str, str, str]
) -> None:
    content: list[dict[str, Any]] = [
        {"kind": "choice", "name": "what", "options": ["准予", "不予"]},
        {"kind": "text", "name": "why", "prompt": "（理由：", "beside": "不予"},
        {"kind": "text", "name": "number", "label": "许可证号", "prompt": "许可证号："},
        {"kind": "date", "name": "until", "label": "有效期至", "prompt": "有效期至："},
        {"kind": "seal", "name": "seal", "label": "盖章", "prompt": "（印章）"},
    ]
    read_ = words(FormCell.model_validate({"label": "决定", "columns": 4, "content": content}), text)
    assert (read_["why"].strip("_"), read_["number"], read_["until"]) == values


def test_words_before_and_units_behind_a_blank_are_print() -> None:
    found = words(TAUGHT, "□无 ☑有，共 12 人 □计划，时间为____年__月")
    assert found["learners"] == "12 人"
    assert "共" not in found["taught"]
    assert words(TAUGHT, "□无 □有，共____人 ☑计划，时间为2024年3月")["planned"] == "2024年3月"


@pytest.mark.parametrize(
    ("texts", "values", "told"),
    [
        ({"ways": "□考试 ☑评审 □其他：____"}, {"ways": ("评审",), "other_way": None}, set()),
        ({"ways": "□考试 □评审 ☑其他：破格"}, {"ways": ("其他",), "other_way": "破格"}, set()),
        ({"ways": "□考试 □评审 ☑其他：____"}, {"ways": ("其他",)}, {"choice-text-missing"}),
        ({"ways": "☑考试 □评审 □其他：破格"}, {"other_way": "破格"}, {"choice-text-unticked"}),
        (
            {"taught": "□无 ☑有，共12人 □计划，时间为____年__月"},
            {"taught": ("有",), "planned": None},
            set(),
        ),
    ],
)
def test_the_option_and_its_words_are_judged_together(
    texts: dict[str, str], values: dict[str, Any], told: set[str], tmp_path: Path
) -> None:
    fields, codes = read(tmp_path, **texts)
    assert {name: fields[name].value for name in values} == values
    assert {code for code in codes if code.startswith("choice-")} == told
    doubtful = {"choice-text-missing": ["other_way"], "choice-text-unticked": ["ways", "other_way"]}
    for code in told:
        assert all(fields[name].decision == "review" for name in doubtful[code])
    if not told:
        assert {name: fields[name].decision for name in values} == dict.fromkeys(values, "accept")


def sentence(person: str, began: str, ended: str, place: str) -> str:
    return f"本人{person}于{began}至{ended}在{place}单位从事相关工作，特此说明。"


@pytest.mark.parametrize(
    ("person", "place"),
    [
        ("张伟", "青禾纸业公司"),
        (" 张伟 ", " 青禾纸业公司 "),
        ("__张伟__", "__青禾纸业公司__"),
        # The words of the sentence stand in names, too.
        ("于小明", "于家村委员会"),
        ("甘至诚", "青禾纸业公司"),
        ("在野", "青禾纸业公司"),
    ],
)
def test_a_sentence_is_taken_apart_by_its_words(person: str, place: str, tmp_path: Path) -> None:
    fields, _ = read(tmp_path, career=sentence(person, "2019年3月", "2022年12月", place))
    got = {name: fields[name].value for name in ("me", "began", "ended", "place")}
    assert got == {
        "me": person.strip(" _"),
        "began": "2019-03",
        "ended": "2022-12",
        "place": place.strip(" _"),
    }
    assert {fields[name].decision for name in got} == {"accept"}


@pytest.mark.parametrize(
    "career",
    [
        # The words of the sentence were changed.
        "本人张伟从2019年3月到2022年12月在青禾纸业公司单位从事相关工作，特此说明。",
        "张伟2019年3月2022年12月青禾纸业公司",
    ],
)
def test_what_can_be_taken_apart_in_two_ways_goes_to_a_person(career: str, tmp_path: Path) -> None:
    fields, _ = read(tmp_path, career=career)
    right = {"me": "张伟", "began": "2019-03", "ended": "2022-12"}
    for name, value in right.items():
        assert fields[name].value == value or fields[name].decision == "review"
    assert fields["place"].decision == "review"


@pytest.mark.parametrize(
    ("text", "several"),
    [("张在在线公司工作", True), ("张伟在青禾公司工作", False), ("张伟在在线公司工作", True)],
)
def test_words_that_may_end_a_name_or_begin_one_are_told(text: str, several: bool) -> None:
    content = [
        {"kind": "text", "name": "who"},
        {"kind": "text", "name": "place", "label": "单位", "prompt": "在", "inline": True},
        {"kind": "printed", "text": "工作", "inline": True},
    ]
    one = FormCell.model_validate({"label": "经历", "content": content})
    shares = split(one, [Passage.of([Line(spans=(Run(text=text),))], Place())])
    assert set(shares.others) == ({"who", "place"} if several else set())


def test_an_empty_sentence_is_empty(tmp_path: Path) -> None:
    fields, codes = read(tmp_path)
    assert {one.value for one in fields.values()} == {None}
    assert {one.decision for one in fields.values()} == {"accept"}
    assert codes == set()
