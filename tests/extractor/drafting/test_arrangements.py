"""Forms that are arranged as bureaus arrange them: tables beside each other, the same form twice on a page,
boxes and numbers in the rows of a table. Drafted, filled in their own file, and read back."""

from pathlib import Path
from typing import Any

from docx import Document

from extractor import Source, extract, spots_in
from generator import generate_from, new_identity
from models.fields import ChoiceField, RowsField, SignatureField
from models.form import FormDefinition
from models.record import Record
from tests.extractor.drafting.round_trip import drafted, saved


def put(parent: Any, *rows: tuple[str, ...]) -> None:
    """A table of these rows in a document or a cell."""
    table = parent.add_table(len(rows), len(rows[0]))
    table.style = "Table Grid"
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            table.cell(r, c).text = text


def filled(data: bytes, form: FormDefinition, folder: Path, **values: Any) -> dict[str, Any]:
    """What is read of the form's own file with these values, by title; nothing may go to a person."""
    names = {title: name for name, title in form.titles.items()}
    record = Record(
        form=form.name,
        version=form.version,
        values={names[title]: value for title, value in values.items()},
    )
    spots, unplaced = spots_in(form, data)
    assert unplaced == ()
    made, lost = generate_from(data, form, new_identity(form), spots, record)
    assert lost == ()
    path = folder / "a.docx"
    path.write_bytes(made.data)
    (result,) = extract(Source.at(path), {form.name: form})
    assert {name for name, one in result.fields.items() if one.decision == "review"} == set()
    return {form.titles[name]: one.value for name, one in result.fields.items()}


def test_tables_beside_each_other_are_read_one_after_the_other(tmp_path: Path) -> None:
    document = Document()
    document.add_paragraph("车辆交接单")
    outer = document.add_table(1, 2)
    put(outer.cell(0, 0), ("移交人", ""), ("移交里程", ""))
    put(outer.cell(0, 1), ("接收人", ""), ("接收里程", ""))
    data = saved(document)
    form = drafted(data)
    assert list(form.titles.values()) == ["移交人", "移交里程", "接收人", "接收里程"]
    values = {"移交人": "张伟", "移交里程": "820公里", "接收人": "李娜", "接收里程": "964公里"}
    assert filled(data, form, tmp_path, **values) == values


def test_a_form_that_stands_twice_on_a_page_is_drafted_once(tmp_path: Path) -> None:
    document = Document()
    for _ in range(2):
        document.add_paragraph("样品领取单")
        put(document, ("样品名称", "", "领取人", ""))
        document.add_paragraph("……………裁剪线……………")
    data = saved(document)
    form = drafted(data)
    assert list(form.titles.values()) == ["样品名称", "领取人"]
    assert form.notes == ()
    assert filled(data, form, tmp_path, 样品名称="河水", 领取人="张伟") == {
        "样品名称": "河水",
        "领取人": "张伟",
    }


def test_boxes_in_rows_are_ticked_and_numbers_before_rows_are_print(tmp_path: Path) -> None:
    document = Document()
    document.add_paragraph("设备核查记录表")
    put(
        document,
        ("序号", "设备名称", "是否在用", "核查人签字"),
        *((f"{n}", "", "□是 □否", "") for n in (1, 2, 3)),
    )
    data = saved(document)
    form = drafted(data)
    (field,) = form.fields.values()
    assert isinstance(field, RowsField)
    count, device, used, sign = (column.field for column in field.columns)
    assert isinstance(used, ChoiceField)
    assert isinstance(sign, SignatureField)
    rows = tuple({device.name: name, used.name: (told,)} for name, told in (("水泵", "是"), ("风机", "否")))
    (read,) = filled(data, form, tmp_path, **{form.titles[field.name]: rows}).values()
    assert [(row[count.name], row[device.name], row[used.name]) for row in read] == [
        ("1", "水泵", ("是",)),
        ("2", "风机", ("否",)),
    ]


def test_what_is_written_above_the_title_ends_there(tmp_path: Path) -> None:
    document = Document()
    document.add_paragraph("编号：__________")
    document.add_paragraph("固体废物转移联系单")
    put(document, ("废物名称", "", "运输单位", ""))
    data = saved(document)
    form = drafted(data)
    values = {"编号": "A-12", "废物名称": "废机油", "运输单位": "清源公司"}
    assert filled(data, form, tmp_path, **values) == values


def test_answers_of_two_persons_stand_each_under_its_heading(tmp_path: Path) -> None:
    document = Document()
    document.add_paragraph("房屋租赁登记表")
    put(
        document,
        ("项目", "出租人（甲方）", "承租人（乙方）"),
        ("姓名", "", ""),
        ("联系电话", "", ""),
        ("证件", "□身份证 □护照", "□身份证 □护照"),
    )
    put(document, ("指标", "2022年", "2023年"), ("销售收入（万元）", "", ""), ("职工人数", "", ""))
    form = drafted(saved(document))
    assert list(form.titles.values()) == [
        "出租人姓名", "承租人姓名", "出租人联系电话", "承租人联系电话", "出租人证件", "承租人证件",
        "2022年销售收入", "2023年销售收入", "2022年职工人数", "2023年职工人数",
    ]  # fmt: skip
    tables = document.tables
    for table, row, texts in (
        (0, 1, ("王力", "宁霞")), (0, 2, ("", "13852170633")), (0, 3, ("□身份证 ☑护照", "☑身份证 □护照")),
        (1, 1, ("820", "951")), (1, 2, ("64", "")),
    ):  # fmt: skip
        for column, text in enumerate(texts, 1):
            tables[table].cell(row, column).text = text
    assert _accepted(saved(document), form, tmp_path) == {
        "出租人姓名": "王力", "承租人姓名": "宁霞", "出租人联系电话": None, "承租人联系电话": "13852170633",
        "出租人证件": "护照", "承租人证件": "身份证", "2022年销售收入": "820万元",
        "2023年销售收入": "951万元", "2022年职工人数": "64", "2023年职工人数": None,
    }  # fmt: skip


def test_answers_under_other_headings_go_to_a_person(tmp_path: Path) -> None:
    form = drafted(_of_two(("男方", "女方"), ("", "")))
    same, other = (_of_two(heads, ("高文斌", "蒋雨晴")) for heads in (("男方", "女方"), ("女方", "男方")))
    assert _accepted(same, form, tmp_path) == {
        "男方姓名": "高文斌", "女方姓名": "蒋雨晴", "男方籍贯": "高文斌", "女方籍贯": "蒋雨晴",
    }  # fmt: skip
    assert set(_accepted(other, form, tmp_path).values()) == {None}


def _of_two(heads: tuple[str, str], answers: tuple[str, str]) -> bytes:
    document = Document()
    document.add_paragraph("申请结婚登记声明书")
    put(document, ("", *heads), ("姓名", *answers), ("籍贯", *answers))
    return saved(document)


def _accepted(data: bytes, form: FormDefinition, folder: Path) -> dict[str, Any]:
    """What is read and accepted, as people write it, by title; None for what is empty or goes to a person."""
    path = folder / "b.docx"
    path.write_bytes(data)
    (result,) = extract(Source.at(path), {form.name: form})
    return {
        form.titles[name]: form.fields[name].format(one.value)  # type: ignore[arg-type]
        if one.decision == "accept" and one.value
        else None
        for name, one in result.fields.items()
    }
