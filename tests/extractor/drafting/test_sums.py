"""Budgets, lists with their sums, statements to be signed, and rows of cells with words of their own: drafted
from Word, and read back."""

from datetime import date
from pathlib import Path

import pytest

from extractor.drafting.blanks import sentence
from extractor.drafting.grid import blank_rows, with_heads
from extractor.drafting.kinds import kind_of
from extractor.drafting.loose import asked_in
from extractor.drafting.marks import is_mark
from models.fields import ChoiceField, DateField, RowsField, SealField, SignatureField, TextField
from models.page import Box, Cell, Line, Run, Table
from tests.extractor.drafting.round_trip import drafted
from tests.extractor.drafting.round_trip import read as read_back
from tests.extractor.drafting.test_big_tables import amount, one, read, saved
from tests.extractor.drafting.test_outside import of_lines


def test_each_sum_of_a_counted_budget_is_a_field(tmp_path: Path) -> None:
    def form(*values: str) -> bytes:
        return saved(
            one("序号", "科目", "合计", "专项经费", "自筹经费"),
            one("1", "设备费", *values[:3]),
            one("2", "材料费", *values[3:6]),
            ((1, 2, "合    计"), *one(*values[6:])),
        )

    definition = drafted(form(*[""] * 9))
    titles = [
        over + label for label in ("设备费", "材料费", "合计") for over in ("合计", "专项经费", "自筹经费")
    ]
    assert list(definition.titles.values()) == titles
    # The numbers of the rows are among the answers.
    values = ["3", "2", "1", "5.5", "3", "2.5", "8.5", "5", "3.5"]
    assert read(definition, form(*values), tmp_path) == dict(zip(titles, values, strict=True))


def test_sums_under_a_table_inside_the_form_have_a_field_under_each_column(tmp_path: Path) -> None:
    def form(*sums: str) -> bytes:
        return saved(
            one("序号", "名称", "数量", "购置日期", "账面原值"),
            one("1", "", "", "", ""),
            one("2", "", "", "", ""),
            ((1, 2, "合计"), *one(sums[0], "——", sums[1])),
            ((1, 2, "备注"), (1, 3, "")),
            lines=("申报日期：    年  月  日        金额单位：元",),
        )

    definition = drafted(form("", ""))
    assert list(definition.titles.values())[1:] == ["明细", "数量合计", "账面原值合计", "备注"]
    (rows,) = (field for field in definition.fields.values() if isinstance(field, RowsField))
    assert [column.field.kind for column in rows.columns] == ["text", "text", "number", "date", "number"]
    found = read_back(definition, form("12", "50400"), tmp_path)
    assert found["数量合计"] == amount("12", "")
    assert found["账面原值合计"] == amount("50400", "元")


def test_rows_that_a_code_counts_are_a_table_inside_the_form() -> None:
    heads = [Cell(row=0, column=n, lines=(Line(spans=(Run(text=t),)),)) for n, t in enumerate("号名值")]
    rows = [
        [Cell(row=r, column=n, lines=(Line(spans=(Run(text=t),)),)) for n, t in enumerate((code, "", ""))]
        for r, code in enumerate(("IP01", "IP02", "IP03"), 1)
    ]
    assert blank_rows(heads, rows) == len(rows)
    definition = drafted(saved(one("编号", "名称", "授权号"), one("IP01", "", ""), one("IP02", "", "")))
    assert [field.kind for field in definition.fields.values()] == ["rows"]


def test_a_row_of_cells_with_words_of_their_own_is_drafted_right_of_a_label_of_two_rows(
    tmp_path: Path,
) -> None:
    def form(*values: str) -> bytes:
        return saved(
            one("项目名称", values[0], "联系人", values[1]),
            ((2, 1, "主要影响"), (1, 1, values[2]), (2, 1, "采取措施"), (1, 1, f"有措施：{values[3]}")),
            one(f"依托设施：{values[4]}", f"无措施：{values[5]}"),
        )

    definition = drafted(form("", "", "□废气\n□噪声", "", "", ""))
    assert list(definition.titles.values()) == [
        "项目名称", "联系人", "主要影响", "有措施", "依托设施", "无措施",
    ]  # fmt: skip
    (choice,) = (field for field in definition.fields.values() if isinstance(field, ChoiceField))
    assert choice.options == ("废气", "噪声")
    found = read_back(definition, form("喷漆房", "申磊", "☑废气\n□噪声", "吸附", "管网", ""), tmp_path)
    assert found["主要影响"] == ("废气",)
    assert (found["有措施"], found["依托设施"]) == ("吸附", "管网")


def test_options_behind_a_label_of_a_whole_row_are_no_part_of_it(tmp_path: Path) -> None:
    def form(*boxes: str) -> bytes:
        options = "首次报送（请填写全部信息）", "无变化（不需重新填写）"
        said = " ".join(box + text for box, text in zip(boxes, options, strict=True))
        return saved(one("姓名", ""), ((1, 2, f"信息是否发生变化： {said}"),))

    definition = drafted(form("□", "□"))
    found = read_back(definition, form("□", "☑"), tmp_path)
    assert found["信息是否发生变化"] == ("无变化（不需重新填写）",)


def test_a_day_under_a_name_beside_options_is_its_own(tmp_path: Path) -> None:
    def form(box: str, name: str, day: str) -> bytes:
        return saved(one("姓名", ""), one("审查意见", f"{box}符合条件\n□不符合条件\n审查人：{name}\n{day}"))

    definition = drafted(form("□", "        ", "年  月  日"))
    assert [field.kind for field in definition.fields.values()] == ["text", "choice", "text", "date"]
    found = read_back(definition, form("☑", "石金山", "2024年3月22日"), tmp_path)
    assert list(found.values())[1:] == [("符合条件",), "石金山", date(2024, 3, 22)]


def test_a_stamp_behind_the_day_of_a_line_is_a_place_of_its_own() -> None:
    blank = of_lines(
        ["申请书", "法定代表人（签名）：                    年  月  日        （企业公章）"], ("名称", "")
    )
    kinds = [type(field) for field in drafted(blank).fields.values()]
    assert kinds == [SignatureField, DateField, SealField, TextField]


def test_heads_that_end_a_page_stand_over_the_places_on_the_next() -> None:
    def row(number: int, *texts: str, top: float) -> tuple[Cell, ...]:
        return tuple(
            Cell(
                row=number,
                column=n,
                lines=(Line(spans=(Run(text=text),)),),
                box=Box(x0=100 * n, y0=top, x1=100 * n + 100, y1=top + 20),
            )
            for n, text in enumerate(texts)
        )

    heads = row(0, "申报单位意见", "主管部门意见", top=780)
    places = row(0, "负责人：\n（公章）\n   年  月  日", "负责人：\n（公章）\n   年  月  日", top=60)
    blocks = with_heads([Table(index=0, cells=heads), Table(index=1, cells=places)])
    (table,) = blocks
    assert isinstance(table, Table)
    assert [cell.row for cell in table.cells] == [-1, -1, 0, 0]
    apart = [Table(index=0, cells=heads), Table(index=1, cells=row(0, "设备费", "", top=60))]
    assert with_heads(apart) == apart


def test_what_is_signed_under_heads_beside_one_label_stands_under_them(tmp_path: Path) -> None:
    def form(*values: str) -> bytes:
        cells = [
            f"{said}\n组长签名：       \n{day}" for said, day in zip(values[::2], values[1::2], strict=True)
        ]
        return saved(one("考察时间", "党小组意见", "党支部意见"), one("第一季度", *cells))

    definition = drafted(form(*["", "   年  月  日"] * 2))
    given = ("思想端正", "2023年6月30日", "继续培养", "2023年7月3日")
    found = read_back(definition, form(*given), tmp_path)
    assert (found["党小组意见"], found["党支部意见"]) == ("思想端正", "继续培养")
    assert (found["党小组意见日期"], found["党支部意见日期"]) == (date(2023, 6, 30), date(2023, 7, 3))


def test_a_sentence_goes_on_behind_options_that_a_comma_leads_to(tmp_path: Path) -> None:
    def form(box: str, many: str, much: str) -> bytes:
        said = f"经审批，{box}同意  □不同意纳入低保，保障人数{many}人，月保障金{much}元。"
        return saved(one("姓名", ""), one("审批意见", said))

    definition = drafted(form("□", "____", "____"))
    assert [field.kind for field in definition.fields.values()] == ["text", "choice", "number", "number"]
    found = read_back(definition, form("☑", "2", "1180"), tmp_path)
    assert list(found.values())[2:] == [amount("2", "人"), amount("1180", "元")]


def test_drawn_places_behind_words_of_their_own_are_told_cell_by_cell(tmp_path: Path) -> None:
    def form(*values: str) -> bytes:
        cells = [f"{label}：{value}万元" for label, value in zip(("资产", "负债"), values, strict=True)]
        return saved(((1, 1, "名称"), (1, 2, "")), one("财务状况", *cells))

    definition = drafted(form("______", "______"))
    assert list(definition.titles.values()) == ["名称", "资产", "负债"]
    found = read_back(definition, form("1820", "640"), tmp_path)
    assert (found["资产"], found["负债"]) == (amount("1820", "万元"), amount("640", "万元"))


def test_the_last_count_of_a_list_has_a_place_behind_it() -> None:
    assert [one.before for one in sentence(["1.____   2."])] == ["1.", "2."]
    assert sentence(["符合第2.____"]) == ()


@pytest.mark.parametrize(
    ("label", "text", "kind"),
    [
        ("租赁期起", "", "date"),
        ("有效期至", "", "date"),
        ("入党时间", "    年  月  日", "date"),
        ("入党时间", "", "month"),
    ],
)
def test_a_label_of_a_time_is_told(label: str, text: str, kind: str) -> None:
    assert kind_of(label, text)[0] == kind


def test_what_names_a_table_beside_places_is_print() -> None:
    def is_blank(text: str) -> bool:
        return not text.strip()

    line = "单位编号：            登记类型：            表号：社险01表"
    assert [label for label, _ in asked_in(line, is_blank, may_be_filled=True)] == ["单位编号", "登记类型"]
    assert [label for label, _ in asked_in("NO：      ", is_blank, may_be_filled=True)] == ["NO"]
    assert is_mark("申请人（签字按印）：")
