"""Forms in one big table as bureaus draw them: groups at the left, years side by side with their units,
headings over options, covers with blanks under which a line is drawn. Drafted, and read back."""

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

from docx import Document
from docx.text.paragraph import Paragraph

from extractor import spots_in
from extractor.drafting.kinds import is_blank, kind_of
from generator import generate_from, new_identity
from models.fields import ChoiceField, NumberField, PeriodField, ProseField, RowsField
from models.fields.number import Amount
from models.form import FormDefinition
from models.record import Record
from tests.extractor.drafting.round_trip import drafted, result_of

Cells = tuple[tuple[int, int, str], ...]  # rows and columns that each goes over, and its text


def saved(*rows: Cells, lines: tuple[str, ...] = ()) -> bytes:
    """Lines, `~` as a blank with a line under it, and a table."""
    document = Document()
    document.add_paragraph("申请表")
    for line in lines:
        _write(document.add_paragraph(), line)
    width = max((sum(cell[1] for cell in row) for row in rows), default=0)
    table = document.add_table(len(rows), width, "Table Grid") if rows else None
    taken: set[tuple[int, int]] = set()
    for number, row in enumerate(rows):
        column = 0
        for high, wide, text in row:
            while (number, column) in taken:
                column += 1
            taken |= {(number + r, column + c) for r in range(high) for c in range(wide)}
            assert table is not None
            cell = table.cell(number, column).merge(table.cell(number + high - 1, column + wide - 1))
            for n, line in enumerate(text.split("\n")):
                _write(cell.paragraphs[0] if n == 0 else cell.add_paragraph(), line)
            column += wide
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _write(paragraph: Paragraph, line: str) -> None:
    for number, part in enumerate(line.split("~")):
        paragraph.add_run("          " * bool(number)).underline = True
        paragraph.add_run(part)


def read(form: FormDefinition, data: bytes, folder: Path) -> dict[str, Any]:
    """The values that are read, by title; none may go to a person."""
    result = result_of(form, data, folder)
    assert {form.titles[name] for name, one in result.fields.items() if one.decision == "review"} == set()
    return {form.titles[name]: one.value for name, one in result.fields.items()}


def amount(number: str, unit: str) -> Amount:
    return Amount(amount=Decimal(number), unit=unit)


def one(*texts: str) -> Cells:
    return tuple((1, 1, text) for text in texts)


def test_years_right_of_a_group_are_a_field_each(tmp_path: Path) -> None:
    def form(*values: str) -> bytes:
        return saved(
            ((1, 1, "名称"), (1, 3, "宏远公司")),
            ((3, 1, "财务状况"), *one("年度", "净资产（万元）", "利润（万元）")),
            one("第一年", *values[:2]),
            one("第二年", *values[2:]),
        )

    definition = drafted(form("", "", "", ""))
    found = read(definition, form("820", "65", "910", "71"), tmp_path)
    assert found["净资产第一年"] == amount("820", "万元")
    assert found["利润第二年"] == amount("71", "万元")


def test_a_column_of_units_is_print_and_counts_its_rows(tmp_path: Path) -> None:
    def form(*values: str) -> bytes:
        return saved(
            one("指标", "计量单位", "2022年", "2023年"),
            one("工业总产值", "万元", *values[:2]),
            one("综合能耗", "吨标准煤", *values[2:]),
        )

    definition = drafted(form("", "", "", ""))
    assert all(isinstance(field, NumberField) for field in definition.fields.values())
    found = read(definition, form("8600", "9100", "41200", "40310"), tmp_path)
    assert found == {
        "2022年工业总产值": amount("8600", "万元"),
        "2023年工业总产值": amount("9100", "万元"),
        "2022年综合能耗": amount("41200", "吨标准煤"),
        "2023年综合能耗": amount("40310", "吨标准煤"),
    }


def test_counted_rows_of_statistics_have_a_place_under_each_head(tmp_path: Path) -> None:
    def form(*values: str) -> bytes:
        return saved(
            one("代码", "能源名称", "计量单位", "购进量", "消费量"),
            one("甲", "乙", "丙", "1", "2"),
            one("01", "原煤", "吨", *values[:2]),
            one("02", "热力", "百万千焦", *values[2:]),
        )

    definition = drafted(form("", "", "", ""))
    found = read(definition, form("2400", "2115", "31.6", "30.2"), tmp_path)
    assert found == {
        "购进量原煤": amount("2400", "吨"),
        "消费量原煤": amount("2115", "吨"),
        "购进量热力": amount("31.6", "百万千焦"),
        "消费量热力": amount("30.2", "百万千焦"),
    }


def test_two_rows_of_heads_name_their_places_together(tmp_path: Path) -> None:
    def form(*values: str) -> bytes:
        return saved(
            ((2, 1, "指标"), (1, 2, "县道"), (1, 2, "乡道")),
            one("本月", "累计", "本月", "累计"),
            one("养护里程", *values[:4]),
            one("投入资金", *values[4:]),
        )

    definition = drafted(form(*[""] * 8))
    found = read(definition, form("86", "774", "120", "1080", "31", "240", "18", "160"), tmp_path)
    assert found["县道累计养护里程"] == "774"
    assert found["乡道本月养护里程"] == "120"
    assert len(found) == 8


def test_a_blank_between_words_and_a_unit_is_a_place_right_of_a_label() -> None:
    form = drafted(saved(one("巡查次数", "计划~次", "实际~次", "路况等级", "□优 □良")))
    kinds = {form.titles[name]: field.kind for name, field in form.fields.items()}
    assert kinds["路况等级"] == "choice"


def test_a_unit_between_a_label_and_its_place_is_print(tmp_path: Path) -> None:
    def form(*values: str) -> bytes:
        heads = ("指标名称", "计量单位", "本期")
        return saved(
            one(*heads, *heads),
            one("工业总产值", "万元", values[0], "综合能耗", "吨标准煤", values[1]),
            one("产品产量", "吨", values[2], "单位产品能耗", "千克标煤/吨", values[3]),
        )

    definition = drafted(form("", "", "", ""))
    found = read(definition, form("3672", "1984", "9850", "201.4"), tmp_path)
    assert found == {
        "工业总产值": amount("3672", "万元"),
        "综合能耗": amount("1984", "吨标准煤"),
        "产品产量": amount("9850", "吨"),
        "单位产品能耗": amount("201.4", "千克标煤/吨"),
    }


def test_a_unit_that_is_the_head_of_a_column_is_asked_for() -> None:
    form = drafted(
        saved(((4, 1, "已修课程"), *one("课程", "成绩", "学分")), *[one("", "", "") for _ in range(3)])
    )
    (rows,) = form.fields.values()
    assert isinstance(rows, RowsField)
    assert [column.label for column in rows.columns] == ["课程", "成绩", "学分"]


def test_heads_are_not_counted_in_the_money_of_their_row() -> None:
    form = drafted(
        saved(
            ((3, 1, "预算（元）"), *one("项目", "标准", "人数", "金额")),
            one("交通补助", "", "", ""),
            one("交通费用", "", "", ""),
        )
    )
    units = {form.titles[name]: getattr(field, "unit", None) for name, field in form.fields.items()}
    assert units["金额交通补助"] == "元"
    assert units["人数交通补助"] == ""


def test_a_label_of_several_rows_may_have_a_smaller_one_right_of_it(tmp_path: Path) -> None:
    def form(place: str, kept: str) -> bytes:
        return saved(
            ((2, 1, "主要影响"), *one("废气", "排放去向", place)), ((1, 1, "固废去向"), (1, 2, kept))
        )

    definition = drafted(form("", ""))
    found = read(definition, form("无组织排放", "外售"), tmp_path)
    assert found == {"排放去向": "无组织排放", "固废去向": "外售"}


def test_answers_in_columns_are_filled_in_the_form_s_own_file(tmp_path: Path) -> None:
    data = saved(
        one("指标", "计量单位", "2022年", "2023年"),
        one("工业总产值", "万元", "", ""),
        one("综合能耗", "吨标准煤", "", ""),
    )
    definition = drafted(data)
    spots, unplaced = spots_in(definition, data)
    assert unplaced == ()
    values = {
        name: amount(str(70 + n), field.unit)
        for n, (name, field) in enumerate(definition.fields.items())
        if isinstance(field, NumberField)
    }
    record = Record(form=definition.name, version=definition.version, values=values)
    made, lost = generate_from(data, definition, new_identity(definition), spots, record)
    assert lost == ()
    found = read(definition, made.data, tmp_path)
    assert found == {definition.titles[name]: value for name, value in values.items()}


def test_from_when_to_when_is_the_heading_of_a_column_and_no_blank() -> None:
    assert not is_blank("起止年月")
    assert is_blank("自   年   月起至   年   月止")
    headings = one("起止年月", "学校", "学历")
    rows = saved(((4, 1, "学习经历"), *headings), *[one("", "", "")] * 3)
    (field,) = drafted(rows).fields.values()
    assert isinstance(field, RowsField)
    assert isinstance(field.columns[0].field, PeriodField)


def test_options_alone_under_a_heading_are_called_by_that() -> None:
    (field,) = drafted(
        saved(((1, 2, "所属技术领域（限选一项）"),), ((1, 2, "□电子信息 □新材料 □先进制造"),))
    ).fields.values()
    assert isinstance(field, ChoiceField)
    assert (field.options, field.max) == (("电子信息", "新材料", "先进制造"), 1)
    form = drafted(saved(((1, 2, "所属技术领域"),), ((1, 2, "□电子信息 □新材料"),)))
    assert list(form.titles.values()) == ["所属技术领域"]


def test_a_group_within_a_row_is_no_answer_to_the_left_of_it(tmp_path: Path) -> None:
    def form(*values: str) -> bytes:
        a, b, c, d = values
        return saved(
            (
                (2, 1, "资金来源（万元）"),
                (1, 1, "拨款金额"),
                (1, 1, a),
                (2, 1, "上年结转"),
                *one("财政资金", b),
            ),
            one("自筹资金", c, "其他资金", d),
        )

    definition = drafted(form("", "", "", ""))
    assert [field.kind for field in definition.fields.values()] == ["number", "text", "number", "text"]
    assert read(definition, form("40", "3", "8", "2"), tmp_path)["拨款金额"] == amount("40", "万元")


def test_a_cover_without_colons_is_drafted_and_read(tmp_path: Path) -> None:
    def form(*values: str) -> bytes:
        labels = ("课 题 名 称", "课 题 负 责 人", "负责人所在单位")
        lines = tuple(f"{label} {value}" for label, value in zip(labels, values, strict=True))
        return saved(one("电话", ""), lines=lines)

    definition = drafted(form("~~~", "~~~", "~~~"))
    assert list(definition.titles.values()) == ["课题名称", "课题负责人", "负责人所在单位", "电话"]
    document = Document()
    document.add_paragraph("申请表")
    for label, value in (
        ("课 题 名 称", "小规模学校研究"),
        ("课 题 负 责 人", "覃月华"),
        ("负责人所在单位", "实验小学"),
    ):
        paragraph = document.add_paragraph(f"{label} ")
        paragraph.add_run(value).underline = True
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "电话", "0778-2288110"
    file = io.BytesIO()
    document.save(file)
    found = read(definition, file.getvalue(), tmp_path)
    assert (found["课题名称"], found["课题负责人"]) == ("小规模学校研究", "覃月华")
    assert found["负责人所在单位"] == "实验小学"


def test_blanks_before_the_kinds_of_places_are_called_by_them(tmp_path: Path) -> None:
    definition = drafted(saved(one("经营场所", "~省~市~县（区）"), one("联系人", "")))
    assert list(definition.titles.values())[:3] == ["经营场所省", "经营场所市", "经营场所县（区）"]
    found = read(
        definition, saved(one("经营场所", "河北省沧州市运河县（区）"), one("联系人", "窦小波")), tmp_path
    )
    assert (found["经营场所省"], found["经营场所市"], found["经营场所县（区）"]) == ("河北", "沧州", "运河")


def test_a_sentence_goes_on_behind_its_boxes(tmp_path: Path) -> None:
    text = "现住房为{}自有 □租赁 □单位宿舍，人均建筑面积{}平方米，月租金{}元。"
    definition = drafted(saved(one("住房情况", text.format("□", "______", "______")), one("姓名", "")))
    kinds = [field.kind for field in definition.fields.values()]
    assert kinds == ["choice", "number", "number", "text"]
    found = read(
        definition, saved(one("住房情况", text.format("☑", "9.5", "800")), one("姓名", "冉启芳")), tmp_path
    )
    assert found["人均建筑面积"] == amount("9.5", "平方米")
    assert found["住房情况"] == ("自有",)


def test_who_writes_the_own_name_is_asked_for_at_a_line_s_end_without_room() -> None:
    opinion = "\n\n经办人：\n（盖章）\n   年  月  日"
    definition = drafted(saved(one("社区意见", opinion, "街道意见", opinion)))
    assert list(definition.titles.values()) == [
        "社区意见", "经办人", "社区意见盖章", "社区意见日期",
        "街道意见", "街道意见经办人", "街道意见盖章", "街道意见日期",
    ]  # fmt: skip


def test_one_who_reviews_signs_and_has_no_opinion_by_that() -> None:
    cell = "审核人签字：          \n\n（审核专用章）\n    年   月   日"
    definition = drafted(saved(one("单位负责人签字：      \n\n（公章）", cell)))
    assert [field.kind for field in definition.fields.values()] == [
        "signature", "seal", "signature", "seal", "date",
    ]  # fmt: skip


def test_units_at_the_end_of_a_line_count_the_sums_of_money() -> None:
    line = "填报单位：                    （公章）          单位：万元、吨标准煤"
    definition = drafted(saved(one("总投资", "", "节能量（吨标准煤）", ""), lines=(line,)))
    units = {definition.titles[n]: f.unit for n, f in definition.fields.items() if isinstance(f, NumberField)}
    assert units == {"总投资": "万元", "节能量": "吨标准煤"}
    assert "单位" not in definition.titles.values()


def test_a_mark_that_says_not_whose_it_is_has_its_label_s_name() -> None:
    line = "申请人名称：~~~（签字或盖章）"
    definition = drafted(saved(one("电话", ""), lines=(line,)))
    assert list(definition.titles.values())[:2] == ["申请人名称", "申请人名称盖章"]


def test_a_kind_of_paper_is_no_number_of_it() -> None:
    assert kind_of("身份证件类型")[0] == "text"
    assert kind_of("身份证件号码")[0] == "id-card"
    assert kind_of("主要成果")[0] == "prose"


def test_a_heading_with_room_before_a_line_of_places_is_one() -> None:
    lines = ("一、节能目标完成情况", "", "二、存在问题及措施", "", "填表人：________    电话：__________")
    definition = drafted(saved(lines=lines))
    assert [isinstance(field, ProseField) for field in definition.fields.values()] == [
        True,
        True,
        False,
        False,
    ]


def test_options_before_marks_are_the_opinion() -> None:
    cell = "经查验，□符合 □不符合备案条件。\n经办人：            （盖章）\n年   月   日"
    definition = drafted(saved(one("审核意见", cell)))
    assert [field.kind for field in definition.fields.values()] == ["choice", "text", "seal", "date"]


def test_a_time_at_the_end_of_a_list_makes_the_list_no_date() -> None:
    assert kind_of("出访任务、所赴国家及停留时间")[0] == "text"
    assert kind_of("停留时间")[0] == "date"


def test_units_behind_a_place_are_no_part_of_its_answer(tmp_path: Path) -> None:
    line = "填报单位：{}          金额单位：万元"
    definition = drafted(saved(one("总投资", ""), lines=(line.format("~~~"),)))
    found = read(definition, saved(one("总投资", "85"), lines=(line.format("隆化县农业局"),)), tmp_path)
    assert found["填报单位"] == "隆化县农业局"


def test_a_label_that_says_who_is_no_place() -> None:
    definition = drafted(saved(one("负责人：", "", "电话：", "")))
    assert list(definition.titles.values()) == ["负责人", "电话"]
