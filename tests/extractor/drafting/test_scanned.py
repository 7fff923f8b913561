"""Tables as the reader of pictures gives them, drafted: what is left of a frame, rows that break over a page,
notes that pass for a row, groups side by side."""

from collections.abc import Sequence

from extractor.drafting import Draft, draft
from extractor.drafting.grid import with_whole_places
from extractor.drafting.kinds import unit_of, with_unit
from models.form import FormDefinition
from models.page import Box, Cell, Line, Page, Pages, Run, Table
from service.forms.drafts import field_name
from tests.extractor.answers.sheets import line, scan, sheet, words
from tests.extractor.answers.test_match import lay, values

_EDGES = (0.0, 100.0, 200.0, 300.0, 400.0)


def _drafted(*tables: Sequence[Sequence[str]], edges: Sequence[float] = _EDGES) -> Draft:
    """The draft of a page for each table; the last cell of a row goes to its end."""
    pages = []
    for number, rows in enumerate(tables):
        cells = [
            Cell(
                row=r,
                column=c,
                column_span=(span := len(edges) - 1 - c if c == len(row) - 1 else 1),
                lines=tuple(Line(spans=(Run(text=line),)) for line in text.split("\n") if line),
                box=Box(x0=edges[c], y0=50.0 * r, x1=edges[c + span], y1=50.0 * r + 50),
            )
            for r, row in enumerate(rows)
            for c, text in enumerate(row)
        ]
        pages.append(Page(number=number + 1, blocks=(Table(index=number, cells=tuple(cells)),)))
    return draft(Pages(reader="scan", pages=tuple(pages)), "a-form", field_name)


def _kinds(drafted: Draft) -> list[tuple[str, list[str]]]:
    """Of each cell with a label what it asks for, each by its own label."""
    cells = (cell for row in drafted.form["rows"] for cell in row["cells"] if "label" in cell)
    return [(cell["label"], [item.get("label", item["kind"]) for item in cell["content"]]) for cell in cells]


def test_what_is_left_of_a_frame_beside_an_inner_table_is_no_cell() -> None:
    drafted = _drafted([["", "姓名", "", ""], ["", "电话", ""]], edges=(0.0, 6.0, 100.0, 200.0, 300.0))
    assert [label for label, _ in _kinds(drafted)] == ["姓名", "电话"]


def test_a_label_whose_last_character_stands_on_the_next_page_is_one() -> None:
    drafted = _drafted(
        [["姓名", ""], ["推荐单位意", ""]],
        [["见", "（盖章）\n    年  月  日"], ["承诺人签字：            年  月  日"]],
        edges=_EDGES[:3],
    )
    assert [label for label, _ in _kinds(drafted)] == ["姓名", "推荐单位意见", "承诺人签字"]


def test_notes_that_pass_for_a_row_of_a_table_ask_for_nothing() -> None:
    drafted = _drafted([["姓名", ""]], [["填表说明：", "1.请用黑色钢笔填写。"]], edges=_EDGES[:3])
    assert [label for label, _ in _kinds(drafted)] == ["姓名"]


def _lines(*texts: str) -> Pages:
    box = Box(x0=50, y0=50, x1=400, y1=62)
    lines = tuple(Line(spans=(Run(text=text, box=box),), box=box) for text in texts)
    return Pages(reader="scan", pages=(Page(number=1, blocks=lines),))


def test_a_label_at_a_line_s_end_has_its_place_on_paper() -> None:
    pages = _lines(
        "提取申请书",
        "尊敬的负责人：",
        "工作单位：",
        "身份证号码：",
        "申请如下：",
        "经办人：        复核人：        ",
    )
    drafted = draft(pages, "a-form", field_name)
    assert [label for label, _ in _kinds(drafted)] == ["工作单位", "身份证号码", "经办人", "复核人"]


def test_a_day_far_behind_a_label_is_a_place_of_its_own() -> None:
    drafted = draft(
        _lines("提取申请书", "经办人：        复核人：_____________年_月__日"), "a-form", field_name
    )
    assert _kinds(drafted) == [("经办人", ["text"]), ("复核人", ["text", "日期"])]
    drafted = draft(
        _lines("提取申请书", "有效期至：____年__月__日    复核人：        "), "a-form", field_name
    )
    assert _kinds(drafted) == [("有效期至", ["date"]), ("复核人", ["text"])]


def test_of_groups_side_by_side_the_second_is_named_by_its_heading() -> None:
    heads = Table(
        index=0,
        cells=tuple(
            Cell(row=0, column=2 * n, column_span=2, lines=(Line(spans=(Run(text=text),)),))
            for n, text in enumerate(("原所有人", "现所有人"))
        )
        + tuple(
            Cell(row=r, column=c, lines=(Line(spans=(Run(text=text),)),) if text else ())
            for r, text in ((2, "姓名"), (3, "电话"))
            for c, text in enumerate((text, "", text, ""))
        ),
    )
    pages = Pages(reader="pdf", pages=(Page(number=1, blocks=(heads,)),))
    drafted = draft(pages, "a-form", field_name)
    assert _kinds(drafted) == [
        ("姓名", ["text"]), ("姓名", ["现所有人姓名"]), ("电话", ["phone"]), ("电话", ["现所有人电话"]),
    ]  # fmt: skip


def test_an_exponent_that_was_read_as_a_digit_is_a_unit() -> None:
    assert with_unit("text", "建筑面积", "      m2") == {"kind": "number", "unit": "m²"}
    assert unit_of("容积（m3）") == "m³"


def test_a_label_that_rules_beside_it_seemed_to_part_is_one() -> None:
    """Met on a scan: the rules of a table inside the cell beside 展览信息 passed for its own."""

    def cell(row: int, column: int, text: str = "", *, sure: bool = True) -> Cell:
        lines = (Line(spans=(Run(text=text),)),) if text else ()
        return Cell(row=row, column=column, lines=lines, sure=sure)

    cells = [
        cell(0, 0, sure=False), cell(0, 1, "展览名称"), cell(0, 2),
        cell(1, 0, "展览信息", sure=False), cell(1, 1, "布展日期"), cell(1, 2),
        cell(2, 0, sure=False), cell(2, 1, "展位数"), cell(2, 2),
    ]  # fmt: skip
    pages = Pages(reader="scan", pages=(Page(number=1, blocks=(Table(index=0, cells=tuple(cells)),)),))
    assert [label for label, _ in _kinds(draft(pages, "a-form", field_name))] == [
        "展览名称",
        "布展日期",
        "展位数",
    ]


def _page(*lines: tuple[str, float, float]) -> Pages:
    """A page of lines, each with its left edge and its top."""
    made = tuple(line(words(text, x, y)) for text, x, y in lines)
    return scan(sheet(1, line(words("承诺书", 250, 40)), *made))


def test_a_sentence_that_a_page_breaks_is_one_and_is_read_as_one() -> None:
    right = "专用账户（开户行：________________________"
    blank = _page(
        (right, 50, 100), ("____，账号：__________），联系人______。", 50, 120), ("电话：________", 50, 160)
    )
    form = FormDefinition.model_validate(draft(blank, "a-form", field_name).form)
    assert [form.titles[name] for name in form.fields] == ["开户行", "账号", "联系人", "电话"]
    filled = _page(
        ("专用账户（开户行：河北省唐山市迁西县城关迁西农商银行股份", 50, 100),
        ("公司，账号：5012000812345），联系人冯立志。", 50, 120),
        ("电话：03155670123", 50, 160),
    )
    found = values(lay(filled, form))
    assert found["kai_hu_hang"] == "河北省唐山市迁西县城关迁西农商银行股份公司"


def test_what_stands_under_a_full_line_is_part_of_its_sentence_alone() -> None:
    title = ("桂阳省教育科学规划课题立项申请书及项目承诺保证书承诺书承诺书", 130, 100)
    drafted = draft(_page(title, ("课题名称____________________", 50, 120)), "a-form", field_name)
    assert [label for label, _ in _kinds(drafted)] == ["课题名称"]


def _unsure(text: str, column: int, left: float, right: float) -> Cell:
    lines = tuple(Line(spans=(Run(text=one),)) for one in text.split("\n") if one)
    box = Box(x0=left, y0=0, x1=right, y1=120)
    return Cell(row=0, column=column, lines=lines, box=box, sure=False)


def test_room_left_of_marks_behind_a_rule_that_none_is_sure_of_is_theirs() -> None:
    label = Cell(
        row=0, column=0, lines=(line(words("主管部门意见", 5, 50)),), box=Box(x0=0, y0=0, x1=90, y1=120)
    )
    marks = _unsure("（盖章）\n    年   月   日", 2, 170, 240)
    table = Table(index=0, cells=(label, _unsure("", 1, 90, 170), marks))
    page = Page(number=1, blocks=(table,))
    found = _kinds(draft(Pages(reader="scan", pages=(page,)), "a-form", field_name))
    assert found == [("主管部门意见", ["text", "主管部门意见盖章", "主管部门意见日期"])]


def test_a_strip_too_narrow_to_write_in_is_part_of_the_heading_beside_it() -> None:
    (one,) = with_whole_places([_unsure("姓名", 1, 90, 146), _unsure("", 2, 146, 152)])
    assert (one.text, one.column_span) == ("姓名", 2)
