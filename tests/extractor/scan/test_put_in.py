"""Writing above a struck line and between the characters of another gets into its place."""

from dataclasses import replace

from extractor.scan.put_in import put_in
from extractor.scan.struck import mark_struck
from tests.extractor import drawing
from tests.extractor.scan.pens import SIZE, Form, X, Y


def _put(form):
    page, _ = mark_struck(form.page())
    return put_in(page)


def test_characters_above_a_line_are_put_between_those_below_them():
    form = Form()
    form.lines.append(form.line("新", X + 3.6 * SIZE, Y - 1.2 * SIZE, (0, 1)))
    page, doubted = _put(form)
    assert [line.reading.text for line in page.lines] == ["武汉清源新商业管理有限公司"]
    assert len(doubted) == 2


def test_a_digit_is_not_put_among_words():
    form = Form()
    form.lines.append(form.line("5", X + 3.6 * SIZE, Y - 1.2 * SIZE, (0, 1)))
    assert len(_put(form)[0].lines) == 2


def test_a_line_that_begins_a_text_is_not_put_into_the_next():
    form = Form()
    form.lines.append(form.line("新", X, Y - 1.2 * SIZE, (0, 1)))
    page, doubted = _put(form)
    assert len(page.lines) == 2
    assert not doubted


def test_a_new_value_above_a_struck_one_belongs_to_its_cell():
    edge = 480  # pixels: between the two rows
    for struck, cell in (((True,) * 12, (0, 3)), ((), (0, 1))):
        form = Form()
        old = form.line("武汉清源商业管理有限公司", X, edge, (0, 3))
        form.lines = [replace(old, struck=struck), form.line("东湖学院", X, edge - 1.3 * SIZE, (0, 1))]
        page, _ = put_in(form.page())
        assert [line.place.cell for line in page.lines] == [(0, 3), cell]


def test_the_end_of_a_wrapped_option_is_not_put_into_the_answer_below_it():
    """单位 of 企事业单位, on the edge of the row, had made 黄单位陂区 of the unit's name."""
    edge, low = 480, 505  # pixels: the rule between the two rows, and the lower answer
    form = Form()
    form.lines = [
        form.line("□园区；□企事业", 520, edge - 2.4 * SIZE, (0, 1)),
        form.line("单位", 500, edge - 0.9 * SIZE, (0, 1)),
        form.line("申报单位", 240, low, (0, 2)),
        form.line("黄陂区后官湖小学", 490, low, (0, 3)),
    ]
    page, doubted = _put(form)
    assert "黄陂区后官湖小学" in [line.reading.text for line in page.lines]
    assert not doubted


def test_characters_as_wide_as_the_whole_answer_below_them_are_put_into_it():
    """The answer stands level with its label, so that it is no second line."""
    form = Form("副科长")
    form.lines.append(form.line("南北建", X - 0.5 * SIZE, Y - 1.2 * SIZE, (0, 1)))
    assert len(_put(form)[0].lines) == 2
    form.lines.append(form.line("职务", 240, Y, (0, 0)))
    page, doubted = _put(form)
    assert [line.reading.text for line in page.lines if line.place.cell == (0, 1)] == ["副南北建科长"]
    assert len(doubted) == 2


def test_the_end_of_an_answer_that_stands_level_with_its_label_is_not_put_into_it():
    form = Form("green.7256@126.c")
    form.lines += [form.line("om", X + 3, Y + 1.2 * SIZE, (0, 1)), form.line("邮箱", 240, Y, (0, 0))]
    page, doubted = _put(form)
    assert [line.reading.text for line in page.lines if line.place.cell == (0, 1)] == [
        "green.7256@126.c",
        "om",
    ]
    assert not doubted


def test_the_end_of_a_text_in_the_middle_of_its_cell_is_a_line_of_its_own():
    form = Form()
    left, right = 480, 1400  # pixels: the edges of the answer's cell
    words = "统一社会信用代码"
    form.lines = [
        form.line(part, (left + right - len(part) * SIZE) / 2, Y + n * 1.3 * SIZE, (0, 1))
        for n, part in enumerate((words[:6], words[6:]))
    ]
    below = form.line("纳税人识别号", X + 3 * SIZE, Y + 2.6 * SIZE, (0, 3))
    form.lines.append(below)
    page, doubted = _put(form)
    assert [line.reading.text for line in page.lines] == [words[:6], words[6:], "纳税人识别号"]
    assert not doubted


def test_the_beginning_of_a_text_in_the_middle_of_its_cell_is_a_line_of_its_own():
    form, middle = Form(), 940  # pixels: of the answers' column
    parts = ("担保融", "资金额", "（人民币万元）")

    def lines(step):
        ys = (Y - step * SIZE, Y, Y + 1.2 * SIZE)
        return [form.line(part, middle - len(part) * SIZE / 2, y, (0, 1))
                for part, y in zip(parts, ys, strict=True)]  # fmt: skip

    # The line in the middle stands level with its row.
    label = form.line("申报单位", 240, Y, (0, 0))
    form.lines = [*lines(1.2), label]
    page, doubted = _put(form)
    assert [line.reading.text for line in page.lines] == [*parts, "申报单位"]
    assert not doubted
    # What was written closer above the text may have been put in.
    form.lines = [*lines(0.9), label]
    assert _put(form)[1]


def test_a_word_in_the_middle_of_its_cell_is_not_put_into_the_line_under_it():
    form = Form()
    form.picture = drawing.blank(1500, 900)
    drawing.table(form.picture, [200, 480, 1400], [300, 352, 404, 660])
    middle = 940  # pixels: of the answers' column
    form.lines = [
        form.line("主题词", middle - 1.5 * SIZE, 307, (0, 1)),
        form.line("课题名称", middle - 2 * SIZE, 355, (0, 3)),
    ]
    page, _ = _put(form)
    assert [line.reading.text for line in page.lines] == ["主题词", "课题名称"]


def test_more_characters_than_the_whole_answer_has_are_put_into_it():
    form = Form("谢婷")
    form.lines += [
        form.line("北新成", X - 0.5 * SIZE, Y - 1.2 * SIZE, (0, 1)),
        form.line("联系人", 240, Y, (0, 0)),
    ]
    page, doubted = _put(form)
    assert [line.reading.text for line in page.lines if line.place.cell == (0, 1)] == ["谢北新成婷"]
    assert len(doubted) == 2
