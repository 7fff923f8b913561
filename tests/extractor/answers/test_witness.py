"""What the form's own grid says against what was read off a picture."""

from collections.abc import Sequence

import pytest

from extractor.answers.match import Match
from models.form import FormDefinition
from models.page import Box, InkMark, Line, Page, Span, Table
from tests.extractor.answers.sheets import COLUMN, EM, LEFT, cell, grid, line, scan, sheet, words
from tests.extractor.answers.test_match import FORM, FULL, doubts, lay, values
from tests.extractor.answers.test_match import read as typed
from tests.extractor.answers.test_match import table as plain

RIGHT = LEFT + 4 * COLUMN


def read(*blocks: Table | Line) -> Match:
    return read_page(sheet(1, *blocks))


def read_page(page: Page) -> Match:
    return lay(scan(page), FORM)


def written(whole: Table, row: int, column: int, *lines: Sequence[Span]) -> Table:
    """The table with these lines in one of its cells."""
    cells = [
        one.model_copy(update={"lines": tuple(Line(spans=tuple(spans)) for spans in lines)})
        if (one.row, one.column) == (row, column)
        else one
        for one in whole.cells
    ]
    return whole.model_copy(update={"cells": tuple(cells)})


def place(whole: Table, row: int, column: int) -> Box:
    box = next(one.box for one in whole.cells if (one.row, one.column) == (row, column))
    assert box is not None
    return box


def without(whole: Table, *gone: tuple[int, int]) -> Table:
    return whole.model_copy(
        update={"cells": tuple(one for one in whole.cells if (one.row, one.column) not in gone)}
    )


def test_a_form_as_it_went_out_is_not_contradicted() -> None:
    found = read(grid(FULL))
    assert {name: text for name, text in values(found).items() if name != "about"}["day"] == "2021-02-05"
    assert not any(one.doubts for one in found.observations)


def parted(whole: Table, row: int, at: float, right: str) -> Table:
    """The table with a line drawn through the last cell of a row."""
    old = next(one for one in whole.cells if one.row == row and one.column + one.column_span == 4)
    box = old.box
    assert box is not None
    left = old.model_copy(update={"column_span": 1, "box": Box(x0=box.x0, y0=box.y0, x1=at, y1=box.y1)})
    added = cell(right, row, 2, Box(x0=at, y0=box.y0, x1=box.x1, y1=box.y1), 2)
    return whole.model_copy(
        update={
            "cells": tuple(one for each in whole.cells for one in ((left, added) if each is old else (each,)))
        }
    )


def test_a_long_text_with_a_line_drawn_through_it_is_doubted() -> None:
    assert "answer-spread" in doubts(read(parted(grid(FULL), 3, 400, "共三层。")), "about")


def test_a_long_text_in_two_cells_side_by_side_is_doubted_in_any_file() -> None:
    rows = [*FULL[:3], ["单位概况", "占地80亩。", "职工40人。"], FULL[4]]
    assert doubts(typed(plain(rows)), "about") == ["answer-spread"]


@pytest.mark.parametrize("gone", [(1, 2, 3), (2, 3)])
def test_a_cell_that_swallowed_the_next_label_is_parted_and_doubted(gone: tuple[int, ...]) -> None:
    rows = [["王伟", "职务", "主任"][at - 1] for at in gone]
    cells = [place(grid(FULL), 1, at) for at in gone]
    texts = [words(text, box.x0 + 5, box.y0 + 5) for text, box in zip(rows, cells, strict=True)]
    whole = without(grid(FULL), *((1, at) for at in gone))
    box = Box(x0=cells[0].x0, y0=cells[0].y0, x1=cells[-1].x1, y1=cells[-1].y1)
    merged = cell("", 1, gone[0], box, len(gone)).model_copy(update={"lines": (line(*texts),)})
    cells_in_order = sorted((*whole.cells, merged), key=lambda one: (one.row, one.column))
    found = read(whole.model_copy(update={"cells": tuple(cells_in_order)}))
    assert (values(found)["head"], values(found)["head_title"]) == ("王伟", "主任")
    assert "rules-unseen" in doubts(found, "head_title")
    assert ("rules-unseen" in doubts(found, "head")) == (1 in gone)
    assert (values(found)["contact"], doubts(found, "contact")) == ("李芳", [])


def test_a_label_in_the_midst_of_words_parts_no_cell() -> None:
    whole = without(grid(FULL), (1, 2), (1, 3))
    found = read(written(whole, 1, 1, words("王伟职务主任", BOX.x0 + 5, place(whole, 1, 1).y0 + 5)))
    assert doubts(found, "head")


def test_an_empty_cell_beside_the_answer_is_a_line_that_nobody_drew() -> None:
    whole = parted(grid(FULL), 0, 400, "")
    assert doubts(read(whole), "unit") == ["place-unsure"]
    assert not doubts(typed(plain([["单位名称", "清源水务公司", ""], *FULL[1:]])), "unit")


def test_a_mark_that_was_not_seen_in_a_cell_with_a_line_through_it_is_doubted() -> None:
    assert "place-unsure" in doubts(read(parted(grid(FULL), 4, 400, "")), "sign")


def test_an_answer_whose_cell_ends_before_the_form_does_is_doubted() -> None:
    whole = grid(FULL)
    cells = [
        one.model_copy(
            update={"column_span": 1, "box": Box(x0=one.box.x0, y0=one.box.y0, x1=290, y1=one.box.y1)}
        )
        if one.box and (one.row, one.column) == (0, 1)
        else one
        for one in whole.cells
    ]
    found = read(whole.model_copy(update={"cells": tuple(cells)}))
    assert doubts(found, "unit") == ["place-unsure"]
    assert not doubts(found, "head")


def test_a_form_of_which_the_right_half_lost_its_cells_is_doubted_row_by_row() -> None:
    half = [[row[0], row[1]] for row in FULL]
    whole = grid(half, column=COLUMN / 2)
    beside = [line(words("管理委员会", 310, place(whole, row, 0).y0 + 8)) for row in (0, 3)]
    found = read(whole, *beside)
    assert all("place-unsure" in doubts(found, name) for name in ("unit", "about", "day"))


def test_a_label_that_was_swallowed_by_the_answer_before_it_is_told() -> None:
    found = read(grid([FULL[0], ["负责人", "王伟职务主任"], *FULL[2:]]))
    assert doubts(found, "head") == ["place-unsure", "answer-is-label"]
    assert not doubts(found, "contact")


def test_a_row_without_a_label_is_doubted_where_the_next_label_was_not_found() -> None:
    found = read(grid([*FULL[:3], FULL[3], ["", FULL[4][1]]]))
    assert "place-unsure" in doubts(found, "about")
    assert not doubts(
        read(grid([*FULL[:3], ["单位概况", "占地80亩。"], ["", "职工40人。"], FULL[4]])), "about"
    )


def test_a_piece_of_its_own_label_is_no_answer() -> None:
    found = read(grid([["单位名", "名称"], *FULL[1:]]))
    assert doubts(found, "unit") == ["answer-is-label"]
    assert not doubts(found, "head")


BOX = place(grid(FULL), 0, 1)
NAME = words("清源水务公司", BOX.x0 + 5, BOX.y0 + 10)


@pytest.mark.parametrize(
    "other",
    [
        words("第344", BOX.x0 + 5 + 10 * EM, BOX.y0 + 10),
        words("收文章", BOX.x0 + 6 + 6 * EM, BOX.y0 + 6, 18, 20),
        words("收文章", BOX.x0 + 6 + 6 * EM, BOX.y0 + 14),
        words("收文章", BOX.x0 + 6 + 6 * EM, BOX.y0 - 5),
    ],
)
def test_what_is_not_of_one_hand_with_a_short_answer_is_doubted(other: tuple[Span, ...]) -> None:
    found = read(written(grid(FULL), 0, 1, line(NAME, other).spans))
    assert doubts(found, "unit") == ["text-foreign"]
    assert (
        "收文章" in found.observations[0].doubts[0].message
        or "第344" in found.observations[0].doubts[0].message
    )


def test_a_short_answer_that_was_read_in_two_pieces_is_one() -> None:
    more = words("江岸区", BOX.x0 + 6 + 6 * EM, BOX.y0 + 10.5)
    assert not doubts(read(written(grid(FULL), 0, 1, NAME + more)), "unit")


def test_room_for_a_digit_that_was_not_read_is_told() -> None:
    street, number = words("古田路", BOX.x0 + 5, BOX.y0 + 10), words("号", BOX.x0 + 5 + 5.6 * EM, BOX.y0 + 10)

    def house(x: float) -> tuple[Span, ...]:
        return words("85", x, BOX.y0 + 10, EM / 2, EM)

    assert doubts(
        read(written(grid(FULL), 0, 1, street + house(BOX.x0 + 5 + 3.6 * EM) + number)), "unit"
    ) == ["text-foreign"]
    number = words("号", BOX.x0 + 5 + 4.2 * EM, BOX.y0 + 10)
    assert not doubts(read(written(grid(FULL), 0, 1, street + house(BOX.x0 + 5 + 3.1 * EM) + number)), "unit")


# An address as the recogniser placed its characters in a line of columns that are a third of an em wide: in
# ems, the room between each and the next.
TOLD = "武汉市江岸区梅花岭街793号行政楼3楼"
ROOMS = [0.06] * 2 + [0.06, 0.07, 0.07, 0.06, 0.06, 0.06, 0.06, 0.30, 0.18, 0.17, 0.30, 0.06, -0.29, 0.42]
ROOMS += [-0.06, 0.66]


def test_characters_that_were_told_a_column_off_leave_no_room_and_a_lost_digit_does() -> None:
    x, spans = BOX.x0 + 5, list[Span]()
    for char, room in zip(TOLD, [*ROOMS, 0.0], strict=True):
        wide = EM * (0.53 if char.isdigit() else 1.0)
        spans += words(char, x, BOX.y0 + 10, wide, EM)
        x += wide + room * EM
    assert not doubts(read(written(grid(FULL), 0, 1, spans)), "unit")
    del spans[TOLD.index("3")]
    assert doubts(read(written(grid(FULL), 0, 1, spans)), "unit") == ["text-foreign"]


@pytest.mark.parametrize("gap", [1.0, 1.1])
def test_room_for_a_character_that_wore_off_is_told(gap: float) -> None:
    begun, rest = "武汉市晴", "工业园管理处"
    whole = words(begun, BOX.x0 + 5, BOX.y0 + 10)
    assert not doubts(
        read(written(grid(FULL), 0, 1, whole + words(rest, BOX.x0 + 5 + 4 * EM, BOX.y0 + 10))), "unit"
    )
    far = words(rest, BOX.x0 + 5 + (4 + gap) * EM, BOX.y0 + 10)
    assert doubts(read(written(grid(FULL), 0, 1, whole + far)), "unit") == ["text-foreign"]


def test_a_clerk_s_note_in_the_corner_of_a_cell_is_told_and_a_second_line_is_not() -> None:
    note = words("15", BOX.x1 - 3 * EM, BOX.y0 + 10 + 1.2 * EM, EM / 2, EM)
    assert doubts(read(written(grid(FULL), 0, 1, NAME, note)), "unit") == ["text-foreign"]
    second = words("江岸区", BOX.x0 + 5, BOX.y0 + 10 + 1.2 * EM)
    assert not doubts(read(written(grid(FULL), 0, 1, NAME, second)), "unit")


def test_empty_brackets_are_a_misread_digit() -> None:
    assert doubts(
        read(written(grid(FULL), 0, 1, words("古田路91()号", BOX.x0 + 5, BOX.y0 + 10))), "unit"
    ) == ["text-foreign"]


def test_a_stamp_below_a_long_text_is_doubted_and_its_short_last_line_is_not() -> None:
    whole = grid([*FULL[:3], ["单位概况", "占地80亩，建有厂房。\n职工40人。\n\n\n"], FULL[4]])
    box = place(whole, 3, 1)
    lines = [words("占地80亩，建有厂房，职工40", box.x0 + 5, box.y0 + 4 + 14 * n) for n in range(3)]
    last, stamp = (
        words("人。", box.x0 + 5, box.y0 + 46, EM, 18),
        words("收文章", box.x0 + 5, box.y0 + 90, 20, 24),
    )
    assert not doubts(read(written(whole, 3, 1, *lines, last)), "about")
    assert doubts(read(written(whole, 3, 1, *lines, last, stamp)), "about") == ["text-foreign"]


@pytest.mark.parametrize(("gap", "level"), [(1.0, 0.0), (5.0, 0.0), (1.6, 3.0), (5.0, 3.0)])
def test_room_in_a_line_of_a_long_text_is_told(gap: float, level: float) -> None:
    """The rest of the line was read with it, or apart from it and so a little lower."""
    whole = grid([*FULL[:3], ["单位概况", "占地80亩，建有厂房。\n职工40人。\n\n\n"], FULL[4]])
    box = place(whole, 3, 1)
    begun = words("占地80亩建有厂", box.x0 + 5, box.y0 + 4)

    def line(room: float) -> tuple[Span, ...]:
        return begun + words("职工40人有食堂", box.x0 + 5 + (8 + room) * EM, box.y0 + 4 + level)

    assert doubts(read(written(whole, 3, 1, line(gap))), "about") == ["text-foreign"]
    assert not doubts(read(written(whole, 3, 1, line(0.3))), "about")


def test_ink_beside_what_was_read_says_that_the_answer_goes_on() -> None:
    def inked(x: float) -> Page:
        mark = InkMark(box=Box(x0=x, y0=BOX.y0 + 8, x1=x + 60, y1=BOX.y0 + 24), confidence=0.95)
        return sheet(1, written(grid(FULL), 0, 1, NAME)).model_copy(update={"ink": (mark,)})

    assert doubts(read_page(inked(BOX.x0 + 100)), "unit") == ["ink-unread"]
    assert not doubts(read_page(inked(BOX.x0 + 20)), "unit")


def bare(whole: Table, *columns: int) -> list[Line]:
    """The lines of some columns, without their cells."""
    return [one for each in whole.cells if each.column in columns for one in each.lines]


def test_labels_that_lost_their_cells_are_answered_by_the_cells_beside_them() -> None:
    whole = grid(FULL)
    rest = without(whole, *((row, 0) for row in range(5))).model_copy(
        update={"box": Box(x0=170, y0=100, x1=RIGHT, y1=400)}
    )
    found = read(rest, *bare(whole, 0))
    assert {name: values(found)[name] for name in ("unit", "head", "contact", "day")} == {
        "unit": "清源水务公司", "head": "王伟", "contact": "李芳", "day": "2021-02-05",
    }  # fmt: skip
    assert not doubts(found, "unit")


def test_a_label_on_two_lines_may_lose_its_cell() -> None:
    whole = grid(FULL)
    label = place(whole, 3, 0)
    rest = without(whole, *((row, 0) for row in range(5))).model_copy(
        update={"box": Box(x0=170, y0=100, x1=RIGHT, y1=400)}
    )
    lines = [one for one in bare(whole, 0) if one.text != "单位概况"]
    halves = [
        line(words("单位", label.x0 + 5, label.y0 + 3)),
        line(words("概况", label.x0 + 5, label.y0 + 17)),
    ]
    assert values(read(rest, *lines, *halves))["about"] == FULL[3][1]


def test_a_row_without_rules_is_read_by_the_gaps_between_its_parts() -> None:
    rows = [["单位名称", "清源水务公司"], *FULL[1:3]]
    lines = [
        line(*(words(text, LEFT + COLUMN * at, 100 + 40 * row) for at, text in enumerate(cells)))
        for row, cells in enumerate(rows)
    ]
    found = read(*lines, grid(FULL[3:], 260))
    assert {name: value for name, value in values(found).items() if name not in ("about", "day")} == {
        "unit": "清源水务公司", "head": "王伟", "head_title": "主任", "contact": "李芳",
        "contact_title": "科长",
    }  # fmt: skip


def test_lines_between_two_rows_without_rules_may_be_either_s() -> None:
    lines = [
        line(words("单位名称", LEFT, 100), words("清源水务公司", LEFT + COLUMN, 100)),
        line(words("江岸分公司", LEFT + COLUMN, 120)),
        line(words("负责人", LEFT, 150), words("王伟", LEFT + COLUMN, 150)),
    ]
    found = read(*lines, grid(FULL[2:], 260))
    assert "place-unsure" in doubts(found, "unit")


@pytest.mark.parametrize(("options", "doubted"), [("", ["ink-unread"]), ("□是 □否", [])])
def test_options_of_which_none_was_read_on_a_picture_are_doubted(options: str, doubted: list[str]) -> None:
    told = FORM.model_dump(exclude_none=True)
    choice = {"kind": "choice", "name": "first", "options": ["是", "否"]}
    told["rows"][3]["cells"] = [{"label": "首次", "columns": 3, "content": [choice]}]
    filled = [*FULL[:3], ["首次", options], FULL[4]]
    found = lay(scan(sheet(1, grid(filled))), FormDefinition.model_validate(told))
    assert doubts(found, "first") == doubted


def test_of_two_pages_on_one_sheet_each_ends_where_it_ends() -> None:
    """The second page stands right of the first, whose rows therefore do not end before the form does."""
    first, second = grid(FULL[:3], column=60), grid(FULL[3:], index=1, left=320, column=60)
    found = read(first, second)
    assert values(found)["unit"] == "清源水务公司"
    assert not any("place-unsure" in doubts(found, name) for name in ("unit", "head_title", "contact_title"))


def test_a_table_that_holds_the_rest_of_these_rows_is_no_other_page() -> None:
    rows = [row[:2] for row in FULL[:3]]
    left = without(grid(rows, column=60), (0, 1))
    narrow = cell("清源水务公司", 0, 1, Box(x0=110, y0=100, x1=170, y1=140))
    left = left.model_copy(
        update={
            "cells": tuple(sorted((*left.cells, narrow), key=lambda one: (one.row, one.column))),
            "box": Box(x0=50, y0=100, x1=170, y1=220),
        }
    )
    right = grid([row[2:] for row in FULL[1:3]], top=140, index=1, left=180, column=60)
    assert "place-unsure" in doubts(read(left, right), "unit")
