"""Cells that hold a label and its place, right of a label of all of them; opinions, numbers and stamps that
only what stands over them tells. Drafted from Word, and read back."""

import io
from datetime import date
from pathlib import Path

from docx import Document
from docx.oxml.ns import qn

from extractor import spots_in
from generator import generate_from, new_identity
from models.fields import DateField, NumberField, PeriodField, SealField, TextField
from tests.extractor.drafting.round_trip import drafted, read
from tests.extractor.drafting.round_trip import saved as saved_document
from tests.extractor.drafting.test_big_tables import amount, saved
from tests.extractor.drafting.test_outside import of_lines


def test_words_and_a_colon_in_a_cell_are_the_label_of_the_rest_of_it(tmp_path: Path) -> None:
    rows = (
        ((2, 1, "毕业院校"), (1, 2, "全日制教育：{}"), (2, 1, "专业"), (1, 2, "全日制教育：{}")),
        ((1, 2, "在职教育：{}"), (1, 2, "在职教育：{}")),
        ((1, 1, "节水管理员"), (1, 3, "{}"), (1, 2, "电话：{}")),
        ((1, 2, "姓名："), (1, 4, "{}")),
    )

    def sheet(*values: str) -> bytes:
        given = iter(values)
        return saved(
            *(tuple((r, c, text.replace("{}", next(given)) if "{}" in text else text) for r, c, text in row)
              for row in rows)
        )  # fmt: skip

    form = drafted(sheet(*[""] * 7))
    titles = ["全日制教育", "专业全日制教育", "在职教育", "专业在职教育", "节水管理员", "电话", "姓名"]
    assert list(form.titles.values()) == titles
    values = ["四川大学", "水工结构", "武汉大学", "水文", "武彩虹", "13930022716", "杨启明"]
    assert read(form, sheet(*values), tmp_path) == dict(zip(titles, values, strict=True))


def test_options_behind_words_and_a_colon_are_told_cell_by_cell(tmp_path: Path) -> None:
    def sheet(*boxes: str) -> bytes:
        cells = [f"{words}：{box}" for words, box in zip(("场地", "水电", "防护"), boxes, strict=True)]
        return saved(
            ((1, 1, "安装条件"), (1, 2, cells[0]), (1, 1, cells[1]), (1, 2, cells[2])),
            ((1, 1, "备注"), (1, 5, "")),
        )

    form = drafted(sheet(*["□具备 □不具备"] * 3))
    assert list(form.titles.values()) == ["场地", "水电", "防护", "备注"]
    found = read(form, sheet("☑具备 □不具备", "□具备 ☑不具备", "☑具备 □不具备"), tmp_path)
    assert [found[title] for title in ("场地", "水电", "防护")] == [("具备",), ("不具备",), ("具备",)]


def test_under_a_label_of_opinions_room_is_for_one(tmp_path: Path) -> None:
    day = "{}" + " " * 20 + "年    月    日"
    rows = (
        ((3, 1, "会签意见"), (1, 1, "公安交警"), (1, 3, day)),
        ((1, 1, "园林部门"), (1, 3, day)),
        ((1, 1, "主要领导"), (1, 3, "{}\n签字：            年   月   日")),
    )
    form = drafted(saved(*(tuple((r, c, text.format(" ")) for r, c, text in row) for row in rows)))
    kinds = {title: form.fields[name].kind for name, title in form.titles.items()}
    assert kinds == {
        "公安交警": "text", "公安交警日期": "date", "园林部门": "text", "园林部门日期": "date",
        "主要领导": "text", "主要领导签字": "signature", "主要领导日期": "date",
    }  # fmt: skip
    filled = "同意，做好疏导。     2024年7月22日"
    found = read(
        form,
        saved(
            ((3, 1, "会签意见"), (1, 1, "公安交警"), (1, 3, filled)),
            ((1, 1, "园林部门"), (1, 3, day.format(" "))),
            ((1, 1, "主要领导"), (1, 3, "同意。\n签字：          2024年7月25日")),
        ),
        tmp_path,
    )
    assert (found["公安交警"], found["公安交警日期"]) == ("同意，做好疏导。", date(2024, 7, 22))
    assert (found["主要领导"], found["主要领导日期"]) == ("同意。", date(2024, 7, 25))


def test_a_day_in_an_opinion_s_cell_is_asked_for() -> None:
    form = drafted(saved(((1, 1, "部门意见"), (1, 3, "\n\n        年    月    日"))))
    assert [type(field) for field in form.fields.values()] == [TextField, DateField]


def test_what_is_counted_at_several_times_is_a_number_in_the_unit_of_all() -> None:
    form = drafted(
        saved(
            ((2, 1, "经费（万元）"), (1, 1, "来源"), (1, 1, "计划数"), (1, 1, "实际支出")),
            ((1, 1, "财政拨款"), (1, 1, ""), (1, 1, "")),
            ((3, 1, "用水"), (1, 1, "季度"), (1, 1, "第一季度"), (1, 1, "合计")),
            ((1, 1, "上年实际"), (1, 1, ""), (1, 1, "")),
            ((1, 1, "本年申请"), (1, 1, ""), (1, 1, "")),
            lines=("计量单位：立方米",),
        )
    )
    units = {
        form.titles[name]: field.unit for name, field in form.fields.items() if isinstance(field, NumberField)
    }
    assert units["第一季度上年实际"] == units["合计本年申请"] == "立方米"


def test_each_blank_behind_a_single_letter_is_called_by_it(tmp_path: Path) -> None:
    text = "长{0}  宽{0}  深{0}"
    form = drafted(saved(((1, 1, "尺寸（米）"), (1, 3, text.format("~"))), ((1, 1, "备注"), (1, 3, ""))))
    assert list(form.titles.values()) == ["尺寸长", "尺寸宽", "尺寸深", "备注"]
    filled = saved(((1, 1, "尺寸（米）"), (1, 3, "长186  宽1.4  深2.1")), ((1, 1, "备注"), (1, 3, "无")))
    found = read(form, filled, tmp_path)
    assert found["尺寸宽"] == amount("1.4", "米")


def test_what_an_option_asks_to_be_written_is_never_more_than_a_line() -> None:
    box = "□准予    □不予（理由：________________）\n许可证号：________     有效期至：    年   月   日\n（印章）"
    form = drafted(saved(((1, 1, "决定"), (1, 3, box)), ((1, 1, "备注"), (1, 3, ""))))
    kinds = [field.kind for field in form.fields.values()]
    assert kinds == ["choice", "text", "text", "date", "seal", "prose"]


def test_two_stamped_cells_beside_each_other_are_two() -> None:
    places = [
        f"{who}（盖章）\n\n{name}：\n        年   月   日"
        for who, name in (("用户", "填表人"), ("部门", "审核人"))
    ]
    form = drafted(saved(((1, 2, places[0]), (1, 2, places[1]))))
    assert list(form.titles.values()) == [
        "用户盖章", "填表人", "用户日期", "部门盖章", "审核人", "部门日期",
    ]  # fmt: skip


def test_a_counted_heading_in_a_cell_has_the_room_under_it() -> None:
    form = drafted(saved(((1, 4, "一、购置理由（必要性、先进性、使用率）\n"),), ((1, 4, "二、效益分析\n"),)))
    assert [(form.titles[name], field.kind) for name, field in form.fields.items()] == [
        ("购置理由", "prose"), ("效益分析", "prose"),
    ]  # fmt: skip


def test_a_stamp_alone_under_a_line_with_a_place_belongs_to_it() -> None:
    lines = ["参会回执", "单位：________", "意见建议：____________", "（单位盖章）", "    年    月    日"]
    form = drafted(of_lines(lines))
    assert [type(field) for field in form.fields.values()][-2:] == [SealField, DateField]
    document = Document()
    document.add_paragraph("参会回执")
    document.add_paragraph("（单位盖章）")
    document.add_table(1, 2).cell(0, 0).text = "姓名"
    assert [field.kind for field in drafted(saved_document(document)).fields.values()] == ["text"]


def test_from_when_on_until_when_is_a_period() -> None:
    form = drafted(saved(((1, 1, "期限"), (1, 3, "自    年   月   日起至    年   月   日止"))))
    assert [type(field) for field in form.fields.values()] == [PeriodField]


def test_a_unit_may_be_for_each_day() -> None:
    form = drafted(saved(((1, 1, "用水量（m³/日）"), (1, 3, ""))))
    (field,) = form.fields.values()
    assert isinstance(field, NumberField)
    assert field.unit == "m³/日"


def test_room_behind_words_of_a_narrow_cell_begins_no_new_line() -> None:
    """Met on a form whose cell ends with 电话：; eight blanks behind it made its row, and all below, move."""
    data = saved(((1, 1, "管理员"), (1, 1, ""), (1, 1, "电话：")))
    form = drafted(data)
    spots, _ = spots_in(form, data)
    made, lost = generate_from(data, form, new_identity(form), spots)
    assert lost == ()
    body = Document(io.BytesIO(made.data)).element.body
    rooms = ["".join(text.text for text in one.iter(qn("w:t"))) for one in body.iter(qn("w:sdt"))]
    assert rooms == [" " * 8, " "]


def test_the_answer_under_a_long_statement_is_not_taken_for_a_part_of_it(tmp_path: Path) -> None:
    said = "本申请人依照有关规定申请变更登记、备案，提交材料真实有效。" * 3

    def form(signed: str, day: str) -> bytes:
        return saved(((1, 1, "名称"), (1, 1, "某厂")), ((1, 2, f"{said}\n负责人签字：{signed}\n{day}"),))

    definition = drafted(form("            ", "   年   月   日"))
    found = read(definition, form("殷秋实", "2024年4月2日"), tmp_path)
    assert found["负责人签字日期"] == date(2024, 4, 2)
