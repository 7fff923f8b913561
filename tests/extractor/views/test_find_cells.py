"""Cells of a Word file, found again on its printed pages."""

from hypothesis import given
from hypothesis import strategies as st

from extractor.views.find_cells import place_cells, with_places
from models.page import Box, Cell, CellAddress, Line, Page, Pages, Run, Table
from models.record import Evidence, FieldResult, Result

Rows = list[list[str]]


def _cell(row, column, text, box=None):
    return Cell(row=row, column=column, lines=(Line(spans=(Run(text=text),)),) if text else (), box=box)


def _typed(*tables: Rows) -> Pages:
    blocks = [
        Table(
            index=n,
            cells=tuple(_cell(r, c, text) for r, row in enumerate(rows) for c, text in enumerate(row)),
        )
        for n, rows in enumerate(tables)
    ]
    return Pages(reader="word", pages=(Page(number=1, blocks=tuple(blocks)),))


def _drawn(*pages: list[Rows]) -> Pages:
    """A page a list of tables; the box of a cell tells its page, row and column."""
    made, index = [], 0
    for number, tables in enumerate(pages, 1):
        blocks = []
        for rows in tables:
            cells = [
                _cell(r, c, text, _box(index, r, c))
                for r, row in enumerate(rows)
                for c, text in enumerate(row)
            ]
            blocks.append(Table(index=index, cells=tuple(cells)))
            index += 1
        made.append(Page(number=number, width=595, height=842, blocks=tuple(blocks)))
    return Pages(reader="pdf", pages=tuple(made))


def _box(table, row, column):
    return Box(
        x0=100 * column, y0=1000 * table + 20 * row, x1=100 * column + 90, y1=1000 * table + 20 * row + 18
    )


def _at(table, row, column):
    return CellAddress(table=table, row=row, column=column)


FORM = [
    ["申请名称", "近零碳园区试点"],
    ["负责人", "姚宇航", "职务", ""],
    ["联系人", "郝梓萱", "职务", "主任"],
    ["意见", "同意推荐申报。"],
]


def test_each_cell_is_found_also_an_empty_one():
    places = place_cells(_typed(FORM), _drawn([FORM]))
    expected = {_at(0, r, c): ((1, _box(0, r, c)),) for r, row in enumerate(FORM) for c in range(len(row))}
    assert places == expected


def test_a_row_that_breaks_over_pages_has_a_place_on_each():
    long = [["概况", "一二三四五六七八九十甲乙丙丁戊己庚辛壬癸"], ["意见", "同意"]]
    drawn = _drawn(
        [[FORM[0], ["概况", "一二三四五六七八九十"]]], [[["", "甲乙丙丁戊己庚辛壬癸"], ["意见", "同意"]]]
    )
    places = place_cells(_typed([FORM[0], *long]), drawn)
    assert places[_at(0, 1, 1)] == ((1, _box(0, 1, 1)), (2, _box(1, 0, 1)))
    assert places[_at(0, 1, 0)] == ((1, _box(0, 1, 0)),), "nothing of it stands on the second page"
    assert places[_at(0, 2, 1)] == ((2, _box(1, 1, 1)),)


def test_a_table_that_only_one_of_them_sees_moves_nothing():
    other = [["目录", "页码"], ["说明", "3"]]
    assert place_cells(_typed(FORM), _drawn([other, FORM]))[_at(0, 0, 1)] == ((1, _box(1, 0, 1)),)
    assert place_cells(_typed(other, FORM), _drawn([FORM]))[_at(1, 3, 1)] == ((1, _box(0, 3, 1)),)


def test_what_is_not_alike_has_no_place():
    assert place_cells(_typed([["项目", "金额"]]), _drawn([[["姓名", "电话"]]])) == {}
    assert place_cells(_typed(), _drawn([FORM])) == {}


def test_a_document_of_too_many_rows_is_left_alone():
    rows = [[str(n)] for n in range(1000)]
    assert place_cells(_typed(rows), _drawn([rows])) == {}


_WORDS = st.text(alphabet="一二三四五六七八九十甲乙丙丁", min_size=3, max_size=12)


@given(st.lists(st.lists(_WORDS, min_size=1, max_size=4), min_size=1, max_size=8, unique_by=tuple), st.data())
def test_wherever_the_pages_break_every_cell_is_found(rows, data):
    cuts = sorted(data.draw(st.sets(st.integers(1, len(rows)))) - {len(rows)})
    pages = [rows[start:end] for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    places = place_cells(_typed(rows), _drawn(*([page] for page in pages)))
    for number, (start, page) in enumerate(zip([0, *cuts], pages, strict=True)):
        for r, row in enumerate(page):
            for c in range(len(row)):
                assert (number + 1, _box(number, r, c)) in places[_at(0, start + r, c)]


def test_evidence_gets_page_and_box_and_keeps_its_cell():
    seen = (
        Evidence(part="a.docx", cell=_at(0, 1, 1)),
        Evidence(part="b.docx", cell=_at(0, 1, 1)),
        Evidence(part="a.docx"),
    )
    result = Result(
        source="a",
        fields={"x": FieldResult(value=None, raw="", confidence=1, decision="accept", evidence=seen)},
    )
    one, other = (1, _box(0, 1, 1)), (2, _box(1, 0, 1))
    placed = with_places(result, "a.docx", {_at(0, 1, 1): (one, other)}).fields["x"].evidence
    assert [(e.part, e.page, e.box) for e in placed] == [
        ("a.docx", *one),
        ("a.docx", *other),
        ("b.docx", None, None),
        ("a.docx", None, None),
    ]
    assert all(e.cell == _at(0, 1, 1) for e in placed[:3])
