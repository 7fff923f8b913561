import datetime
import io
import random
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook

from generator import generate, new_identity
from generator.roster import RosterRow, file_name, read_roster
from generator.sheet import SheetLimits
from models.errors import RosterError
from models.fields import Amount
from models.form import FormDefinition
from models.record import Record
from tests.conftest import FIXTURES, Forms

SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def pilot(forms: Forms) -> FormDefinition:
    return forms["pilot-application"]


@pytest.fixture
def filing(forms: Forms) -> FormDefinition:
    return forms["enterprise-filing"]


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    return saved(book)


def saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def rows_of(form: FormDefinition, *rows: list[Any]) -> list[RosterRow]:
    return list(read_roster(form, workbook(*rows)))


def values_of(form: FormDefinition, *rows: list[Any]) -> Any:
    (row,) = rows_of(form, *rows)
    assert row.problems == ()
    assert row.record is not None
    return row.record.values


def refusal(form: FormDefinition, data: bytes, limits: SheetLimits | None = None) -> str:
    with pytest.raises(RosterError) as caught:
        list(read_roster(form, data, limits or SheetLimits()))
    return str(caught.value)


def replaced(data: bytes, part: str, old: str, new: str) -> bytes:
    """A workbook with a string of one of its parts replaced."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(file, "w") as target:
        for name in source.namelist():
            text = source.read(name)
            assert name != part or old.encode() in text
            target.writestr(name, text.replace(old.encode(), new.encode()) if name == part else text)
    return file.getvalue()


def test_the_sample_roster_gives_four_records_and_names_each_fault_of_the_bad_row(
    pilot: FormDefinition,
) -> None:
    rows = list(read_roster(pilot, (FIXTURES / "roster.xlsx").read_bytes()))
    assert [(row.number, row.record is not None) for row in rows] == [
        (3, True),
        (4, True),
        (5, False),
        (6, True),
        (7, True),
    ]
    assert [problem.message for problem in rows[2].problems] == [
        "第5行 D列“申报类型”：没有“工厂”这个选项，可选：城镇、商业、园区、校园、社区、企事业单位",
        "第5行 J列“邮箱”：“电子邮箱”不是有效的电子邮箱：baoxie.example.com",
    ]
    second = rows[1].record
    assert second is not None
    assert second.values["types"] == ("园区",)
    assert (second.values["leader_title"], second.values["contact_title"]) == ("副主任", "工程师")
    assert second.values["phone"] == "13807150126"
    assert second.values["overview"] == "园区占地面积约86万平方米，入驻企业57家。\n主导产业为智能装备。"
    assert "tasks" not in second.values


def test_every_good_row_of_the_sample_roster_makes_a_document_of_its_own_name(pilot: FormDefinition) -> None:
    taken: set[str] = set()
    records = [
        row.record for row in read_roster(pilot, (FIXTURES / "roster.xlsx").read_bytes()) if row.record
    ]
    assert all(generate(pilot, "docx", new_identity(pilot), record).data for record in records)
    assert [file_name(pilot, record, taken) for record in records] == [
        "汉阳区墨水湖街道办事处",
        "武汉青菱智造产业园管理委员会",
        "武汉龙阳职业技术学院",
        "武汉沙湖水务科技股份有限公司",
    ]


def test_headings_may_be_names_titles_labels_or_aliases_in_any_writing(pilot: FormDefinition) -> None:
    values = values_of(
        pilot,
        ["organization", " 申报 负责人：", "申报负责人职务", "E-MAIL"],
        ["某单位", "张三", "主任", "a@example.com"],
    )
    assert values == {
        "organization": "某单位",
        "leader": "张三",
        "leader_title": "主任",
        "email": "a@example.com",
    }


def test_a_shared_label_belongs_to_the_field_that_stands_left_of_it(pilot: FormDefinition) -> None:
    values = values_of(pilot, ["申报联系人", "职务", "申报负责人", "职务"], ["李四", "科长", "张三", "主任"])
    assert values == {"contact": "李四", "contact_title": "科长", "leader": "张三", "leader_title": "主任"}
    assert values_of(pilot, ["申报联系人", "职务"], ["李四", "科长"])["contact_title"] == "科长"


def test_shared_labels_are_given_out_in_order_where_there_are_as_many_as_fields(
    pilot: FormDefinition,
) -> None:
    values = values_of(pilot, ["职务", "职务", "申报单位"], ["主任", "科长", "某单位"])
    assert (values["leader_title"], values["contact_title"]) == ("主任", "科长")


def test_a_shared_label_that_could_be_either_is_refused(pilot: FormDefinition) -> None:
    message = refusal(pilot, workbook(["申报单位", "职务"], ["某单位", "主任"]))
    assert "B列“职务”不能确定是哪一栏" in message
    assert "申报负责人职务、申报联系人职务" in message


def test_unknown_headings_are_listed_together_with_their_columns(pilot: FormDefinition) -> None:
    roster = read_roster(pilot, workbook(["申报单位", "星座", "申请名称", "爱好"], ["某单位", "x", "y", "z"]))
    assert roster.left_out == ("B列“星座”", "D列“爱好”")


def test_two_columns_for_one_field_are_refused(pilot: FormDefinition) -> None:
    message = refusal(pilot, workbook(["申报单位", "organization"], ["甲", "乙"]))
    assert "A列“申报单位”、B列“organization”" in message


def test_seals_are_no_columns_of_a_roster(pilot: FormDefinition) -> None:
    roster = read_roster(pilot, workbook(["申报单位", "申报单位盖章"], ["甲", "有"]))
    assert roster.left_out == ("B列“申报单位盖章”",)


def test_the_headings_may_stand_below_a_title_and_remarks_and_rows_may_be_blank(
    pilot: FormDefinition,
) -> None:
    rows = rows_of(
        pilot, ["名册"], [], ["说明"], ["序号", "申报单位"], [1, "甲单位"], [], [2, None], [3, "乙单位"]
    )
    assert [(row.number, row.record.values if row.record else None) for row in rows] == [
        (5, {"organization": "甲单位"}),
        (8, {"organization": "乙单位"}),
    ]


def test_a_value_under_no_heading_is_a_problem_of_its_row(pilot: FormDefinition) -> None:
    (row,) = rows_of(pilot, ["申报单位"], ["甲单位", "多余"])
    assert row.record is None
    assert [problem.message for problem in row.problems] == ["第2行 B列：这一列没有栏目名称"]


def test_numbers_and_dates_of_cells_become_the_text_a_person_would_write(filing: FormDefinition) -> None:
    values = values_of(
        filing,
        ["企业名称", "统一社会信用代码", "联系电话", "成立日期", "年营业收入", "填报日期"],
        [
            "甲公司",
            91420100,
            13800000000.0,
            datetime.datetime(2003, 1, 7),
            0.1 + 0.2,
            datetime.date(2021, 2, 5),
        ],
    )
    assert values["credit_code"] == "91420100"
    assert values["telephone"] == "13800000000"
    assert (values["founded"], values["reported"]) == (datetime.date(2003, 1, 7), datetime.date(2021, 2, 5))
    assert values["revenue"] == Amount(amount=Decimal("0.3"), unit="万元")


def test_a_number_whose_format_shows_another_is_a_problem_and_a_padded_one_is_read_as_shown(
    filing: FormDefinition,
) -> None:
    book = Workbook()
    book.worksheets[0].append(["企业名称", "统一社会信用代码", "年营业收入"])
    book.worksheets[0].append(["甲公司", 91420100, 850])
    book.worksheets[0].append(["乙公司", 91420100, 93205000])
    for place, shape in (("B2", "0" * 10), ("C2", '0"万元"'), ("C3", '0!.0,"万元"')):
        book.worksheets[0][place].number_format = shape
    good, bad = read_roster(filing, saved(book))
    assert good.record is not None
    assert good.record.values["credit_code"] == "0091420100"
    assert good.record.values["revenue"] == Amount(amount=Decimal(850), unit="万元")
    assert bad.record is None
    assert [(problem.column, "数字格式" in problem.message) for problem in bad.problems] == [("C", True)]


def test_a_number_of_more_digits_than_a_spreadsheet_keeps_is_a_problem(filing: FormDefinition) -> None:
    heading = ["企业名称", "统一社会信用代码"]
    for number in (914201005879123000, 9.14201005879123e17, 10**15):
        (row,) = rows_of(filing, heading, ["甲公司", number])
        assert row.record is None
        assert "超过 15 位" in row.problems[0].message
    assert values_of(filing, heading, ["甲公司", 10**15 - 1])["credit_code"] == "9" * 15
    assert values_of(filing, heading, ["甲公司", "914201005879123456"])["credit_code"] == "914201005879123456"


def test_what_cells_merged_over_several_rows_say_holds_for_each(filing: FormDefinition) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["一家企业一行"])
    sheet.append(["企业名称", "法定代表人", "联系电话"])
    sheet.append(["甲公司", "张三", "13800000001"])
    sheet.append([None, "李四", "13800000002"])
    sheet.append(["乙公司", "王五"])
    for place in ("A1:C1", "A3:A4", "B5:C5"):
        sheet.merge_cells(place)
    first, second, third = read_roster(filing, saved(book))
    assert first.record is not None
    assert second.record is not None
    assert [row.record.values["company"] for row in (first, second) if row.record] == ["甲公司", "甲公司"]
    assert second.record.values["representative"] == "李四"
    assert third.record is None
    assert "几列合并" in third.problems[0].message


def test_more_merged_cells_than_a_sheet_may_have_are_refused(filing: FormDefinition) -> None:
    merged = '<mergeCell ref="A2:A1048576"/>' * 3_000
    data = workbook(["企业名称"], *(["甲"] for _ in range(100)))
    data = replaced(data, SHEET, "</sheetData>", f"</sheetData><mergeCells>{merged}</mergeCells>")
    assert "合并的单元格过多" in refusal(filing, data)


@pytest.mark.parametrize("heading", ["企业名称", "序号"])
def test_a_row_that_a_filter_hides_is_a_problem(filing: FormDefinition, heading: str) -> None:
    other = {"企业名称": "法定代表人", "序号": "企业名称"}[heading]
    book = Workbook()
    for row in ([heading, other], ["1", "甲"], ["2", "乙"]):
        book.worksheets[0].append(row)
    book.worksheets[0].row_dimensions[3].hidden = True
    first, hidden = read_roster(filing, saved(book))
    assert first.record is not None
    assert (hidden.number, hidden.record) == (3, None)
    assert "隐藏" in hidden.problems[0].message


@pytest.mark.filterwarnings("error")
def test_a_strict_workbook_is_refused_with_what_to_do(filing: FormDefinition) -> None:
    old, new = (
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "http://purl.oclc.org/ooxml/officeDocument",
    )
    assert "另存为普通的 .xlsx" in refusal(
        filing, replaced(workbook(["企业名称"], ["甲"]), "_rels/.rels", old, f"{new}/relationships")
    )


def test_an_array_formula_without_its_result_is_a_problem(pilot: FormDefinition) -> None:
    data = workbook(["申报单位", "申报负责人"], ["甲单位", '=UPPER("wang")'])
    (row,) = read_roster(pilot, replaced(data, SHEET, "<f>UPPER", '<f t="array" ref="B2">UPPER'))
    assert [problem.column for problem in row.problems] == ["B"]
    assert "公式没有保存计算结果" in row.problems[0].message


def test_a_formula_counts_by_its_saved_result_and_is_a_problem_without_one(pilot: FormDefinition) -> None:
    data = workbook(["申报单位", "申报负责人"], ["甲单位", '=UPPER("wang")'])
    (row,) = read_roster(pilot, data)
    assert [problem.column for problem in row.problems] == ["B"]
    assert "公式没有保存计算结果" in row.problems[0].message
    calculated = replaced(
        data,
        SHEET,
        '<c r="B2"><f>UPPER("wang")</f><v></v>',
        '<c r="B2" t="str"><f>UPPER("wang")</f><v>WANG</v>',
    )
    (row,) = read_roster(pilot, calculated)
    assert row.record is not None
    assert row.record.values["leader"] == "WANG"


def test_an_error_in_a_cell_is_a_problem(pilot: FormDefinition) -> None:
    book = Workbook()
    book.worksheets[0].append(["申报单位", "申报负责人"])
    book.worksheets[0].append(["甲单位", "#N/A"])
    book.worksheets[0]["B2"].data_type = "e"
    (row,) = read_roster(pilot, saved(book))
    assert [problem.message for problem in row.problems] == ["第2行 B列“申报负责人”：公式出错：#N/A"]


def test_a_control_character_is_a_problem_of_its_row(pilot: FormDefinition) -> None:
    for escaped, code in (("_x0007_", "U+0007"), ("_xD800_", "U+D800")):
        data = replaced(workbook(["申报单位"], ["甲单BELL位"]), SHEET, "BELL", escaped)
        (row,) = read_roster(pilot, data)
        assert row.record is None
        assert f"第 3 个字符 {code} 是控制字符" in row.problems[0].message


def test_line_breaks_typed_on_windows_are_line_breaks(pilot: FormDefinition) -> None:
    (row,) = read_roster(
        pilot, replaced(workbook(["申报主体概况"], ["一段BREAK二段"]), SHEET, "BREAK", "_x000D_\n")
    )
    assert row.record is not None
    assert row.record.values["overview"] == "一段\n二段"


def test_hidden_sheets_are_ignored_and_two_rosters_are_refused(pilot: FormDefinition) -> None:
    book = Workbook()
    book.worksheets[0].append(["申报单位"])
    book.worksheets[0].append(["甲单位"])
    second = book.create_sheet("旧名册")
    second.append(["申报单位"])
    assert "“Sheet”、“旧名册”" in refusal(pilot, saved(book))
    second.sheet_state = "hidden"
    assert len(list(read_roster(pilot, saved(book)))) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "没有找到表头"),
        (b"\x00\x01\x02", "不是 .xlsx、.xls 或 .csv"),
        (b"\xff\xff\xff", "不是 .xlsx、.xls 或 .csv"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n\x00", "不是 .xlsx、.xls 或 .csv"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "密码"),
        (b"PK\x03\x04" + bytes(100), "损坏"),
    ],
)
def test_what_is_no_workbook_is_refused_with_advice(pilot: FormDefinition, data: bytes, words: str) -> None:
    assert words in refusal(pilot, data)


def test_a_zip_that_is_no_workbook_and_a_truncated_workbook_are_refused(pilot: FormDefinition) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "损坏" in refusal(pilot, file.getvalue())
    assert "损坏" in refusal(pilot, (FIXTURES / "roster.xlsx").read_bytes()[:3000])


def test_entities_in_a_part_are_not_expanded(pilot: FormDefinition) -> None:
    declaration = '<!DOCTYPE x [<!ENTITY a "MANY"><!ENTITY b "&a;&a;&a;&a;">]>'
    data = workbook(["申报单位"], ["WORD"])
    bomb = replaced(replaced(data, SHEET, "<worksheet", f"{declaration}<worksheet"), SHEET, "WORD", "&b;")
    assert "损坏" in refusal(pilot, bomb)


def test_a_workbook_without_headings_is_refused_with_the_headings_it_may_have(pilot: FormDefinition) -> None:
    assert "申请名称、申报类型" in refusal(pilot, workbook(["甲", "乙"], ["丙", "丁"]))
    assert "没有找到表头" in refusal(pilot, workbook())


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (SheetLimits(bytes=1000), "MB"),
        (SheetLimits(unpacked_bytes=1000), "解压"),
        (SheetLimits(rows=2), "2 行"),
        (SheetLimits(columns=1), "1 列"),
    ],
)
def test_a_workbook_over_a_limit_is_refused(pilot: FormDefinition, limits: SheetLimits, words: str) -> None:
    assert words in refusal(pilot, workbook(["申报单位", "申报负责人"], ["甲", "乙"], ["丙", "丁"]), limits)


def record_of(form: FormDefinition, **values: str) -> Record:
    return Record(form=form.name, version=form.version, values=values)


def test_files_are_named_after_the_unit_that_other_fields_mention(
    pilot: FormDefinition, filing: FormDefinition
) -> None:
    taken: set[str] = set()
    assert (
        file_name(pilot, record_of(pilot, project_name="某工程", organization="武汉某单位"), taken)
        == "武汉某单位"
    )
    assert file_name(pilot, record_of(pilot, organization="武汉某单位"), taken) == "武汉某单位-2"
    assert file_name(pilot, record_of(pilot, organization="武汉某单位"), taken) == "武汉某单位-3"
    assert file_name(filing, record_of(filing, company="某公司", reporter="张三"), taken) == "某公司"


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ('甲<>:"/\\|?*乙', "甲_乙"),
        ("CON", "_CON"),
        ("lpt1.txt", "_lpt1.txt"),
        ("甲\u202e乙\u200b", "甲乙"),
        ("单位. ", "单位"),
        ("///", "试点申请表"),
        ("", "试点申请表"),
        ("长" * 100, "长" * 40),
    ],
)
def test_a_file_name_is_safe_whatever_the_unit_is_called(pilot: FormDefinition, unit: str, name: str) -> None:
    assert file_name(pilot, record_of(pilot, organization=unit), set()) == name


def test_names_that_differ_in_case_alone_are_told_apart(pilot: FormDefinition) -> None:
    taken: set[str] = set()
    names = [
        file_name(pilot, record_of(pilot, organization=unit), taken)
        for unit in ("abc公司", "ABC公司", "Abc公司")
    ]
    assert names == ["abc公司", "ABC公司-2", "Abc公司-3"]


def test_a_corrupted_workbook_gives_rows_or_is_refused_and_never_fails_otherwise(
    pilot: FormDefinition,
) -> None:
    whole = (FIXTURES / "roster.xlsx").read_bytes()
    dice, refused = random.Random(1), 0
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 20)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            list(read_roster(pilot, bytes(data)))
        except RosterError:
            refused += 1
    assert refused > 30
