"""Print that a pen changed without a stroke through it, told as ink that was not read."""

from dataclasses import replace
from io import BytesIO
from itertools import pairwise

import numpy as np
import pylopdf_fonts_zh_cn
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfReader

from extractor.scan.flat import Place, ReadLine
from extractor.scan.layers import PAPER
from extractor.scan.lost_characters import has_lost_character
from extractor.scan.pen_marks import find_pen_marks
from extractor.scan.readings import Glyph, Reading
from extractor.scan.written_over import Written, written_over
from service.forms.shipped import SAMPLES
from tests.extractor import drawing
from tests.extractor.scan.pens import BLACK, BLUE, INKS, RED, SIZE, Form, X, Y

WORDS = "武汉清源商业管理有限公司"
PALER = (95, 95, 95)


@pytest.mark.parametrize("words", [WORDS, "zhb_6716@sina.com", "027-87459335", "（武汉）清源，公司"])
def test_print_alone_has_none(words):
    assert not find_pen_marks(Form(words).page())


def test_a_character_of_a_name_that_was_not_read_is_told_by_how_wide_the_ink_is():
    form = Form("任芳峰")
    (line,) = form.lines
    first, _, last = line.reading.glyphs
    x0, y0, x1, y1 = line.place.box
    # In a box that is high, as that of a short line, so wide a step may be one of large characters.
    high = Place((x0, y0 - 12, x1, y1 + 12), line.place.cell)
    form.lines = [replace(line, place=high, reading=Reading((first, last)))]
    assert find_pen_marks(form.page())
    for name in ("任峰", "任 峰", "四川", "丁一", "任芳峰"):
        assert not find_pen_marks(Form(name).page())


@pytest.mark.parametrize("ink", [BLUE, RED])
def test_a_character_in_colour_over_another(ink):
    form = Form(WORDS)
    form.write("新", 4, -0.05, ink, SIZE + 6)
    assert find_pen_marks(form.page())


def test_an_answer_in_blue_and_a_printed_line_to_write_on_are_none():
    form = Form(" ")
    form.write(WORDS, 0, 0, BLUE)
    form.draw([(-0.5, 0.98), (13, 0.98)], BLACK, 2)
    form.lines = [form.line(WORDS, X, Y, (0, 1))]
    assert not find_pen_marks(form.page())


def test_rules_in_blue_are_no_ink_of_a_pen():
    form = Form("陈文静")
    (line,) = form.lines
    # A short line's box reaches to the rule under it, as a detector draws it in a low row.
    x0, y0, x1, _ = line.place.box
    form.lines = [replace(line, place=Place((x0, y0, x1, 484), line.place.cell))]
    form.picture[478:483, 200:1401] = (31, 78, 200)
    page = form.page()
    assert page.ruling.grids
    assert not find_pen_marks(page)


@pytest.mark.parametrize("ink", INKS)
def test_a_small_character_put_in_above(ink):
    form = Form("027-87459335")
    form.write("5", 4, -0.75, ink, 26)
    assert find_pen_marks(form.page())


def test_a_character_that_was_read_as_a_line_above_its_place():
    form = Form(WORDS)
    form.write("大", 4, -1.2)
    form.lines.append(form.line("大", X + 4 * SIZE, Y - 1.2 * SIZE, (0, 1)))
    assert find_pen_marks(form.page())


def test_the_last_words_of_a_paragraph_are_not_put_in_above_the_next():
    form = Form(WORDS)
    form.write("武汉市洪山区沙湖路综合楼", 0, 2.3)
    form.write("楼层", 0, 1.2)
    form.lines += [
        form.line("楼层", X, Y + 1.2 * SIZE, (0, 1)),
        form.line("武汉市洪山区沙湖路综合楼", X, Y + 2.3 * SIZE, (0, 1)),
    ]
    assert not find_pen_marks(form.page())


def test_the_feet_of_a_line_whose_box_is_drawn_tight_were_not_put_in_above_the_next():
    words = "武汉清源商业管理有限公共电兆"
    form = Form(words)
    form.write(words, 0, 1.2)
    form.lines.append(form.line(words, X, Y + 1.2 * SIZE, (0, 1)))
    x0, y0, x1, _ = form.lines[0].place.box
    tight = Place((x0, y0 + 8, x1 - 8, y0 + 8 + 0.85 * SIZE), (0, 1))
    form.lines[0] = replace(form.lines[0], place=tight)
    assert not find_pen_marks(form.page())


@pytest.mark.parametrize(("at", "is_put_in"), [(0, False), (6, True)])
def test_the_last_words_of_a_full_cell_were_not_put_in_above_the_next_one(at, is_put_in):
    first, last, below = "武汉市洪山区沙湖路综合楼屋顶分布式光伏发电项目", "全。", "新建充电桩及其管理平台"
    form = Form("")
    form.lines = []
    for words, x, y, cell in (first, 0, 30, 1), (last, at, 72, 1), (below, 0, 128, 3):
        form.write(words, x, y / SIZE)
        form.lines.append(form.line(words, X + x * SIZE, Y + y, (0, cell)))
    # The box of the last words is drawn wide, and reaches over the edge of their row.
    x0, y0, x1, y1 = form.lines[1].place.box
    form.lines[1] = replace(form.lines[1], place=Place((x0, y0 + 6, x1, y1 + 12), (0, 1)))
    assert bool(find_pen_marks(form.page())) == is_put_in


def test_ink_between_two_characters_that_is_none_of_them():
    form = Form(WORDS)
    (line,) = form.lines
    glyphs = [glyph for number, glyph in enumerate(line.reading.glyphs) if number != 5]
    form.lines = [ReadLine(line.place, Reading(tuple(glyphs)))]
    assert find_pen_marks(form.page())


def test_red_writing_beside_print_and_such_that_nobody_read():
    beside, alone = Form("武汉清源"), Form(" ")
    beside.write("大冶", 5, 0, RED)
    beside.lines = [beside.line("武汉清源 大冶", X, Y, (0, 1))]
    alone.write("大冶", 0, 0, RED)
    alone.lines = []
    assert find_pen_marks(beside.page())
    assert find_pen_marks(alone.page())


def test_boxes_for_ticking_are_left_to_who_reads_ticks():
    form = Form("□商业□园区")
    form.draw([(0.2, 0.5), (0.5, 0.9), (1.4, -0.1)], BLUE, 6)
    assert not find_pen_marks(form.page())


def test_a_tick_s_glyph_is_enough_for_that():
    form = Form("□商业")
    (line,) = form.lines
    form.lines = [ReadLine(line.place, Reading((Glyph("☑", 0.1, 0.9), *line.reading.glyphs[1:])))]
    form.draw([(0.2, 0.5), (0.5, 0.9), (1.4, -0.1)], RED, 6)
    assert not find_pen_marks(form.page())


@pytest.mark.parametrize("ink", INKS)
def test_a_character_put_in_above_reaches_over_the_edge_of_a_low_cell(ink):
    form = Form(" ")
    form.write(WORDS, 0, -1.4)
    form.lines = [form.line(WORDS, X, Y - 1.4 * SIZE, (0, 1))]
    assert not find_pen_marks(form.page())
    form.write("新", 4, -2.2, ink, 30)
    assert find_pen_marks(form.page())


def test_a_name_with_a_character_like_a_box_is_looked_at_too():
    form = Form("武汉古田商业管理")
    form.write("新", 4, -0.05, RED, SIZE + 6)
    assert find_pen_marks(form.page())


@pytest.mark.parametrize("words", [WORDS, "027-87459335", "一是建设屋顶分布式光伏二是改造"])
@pytest.mark.parametrize("number", [2, 5])
def test_a_character_written_over_in_the_same_ink(words, number):
    form = Form(words)
    assert not find_pen_marks(form.page())
    x = sum(drawing.font(SIZE).getlength(char) for char in words[:number]) / SIZE
    form.write("8" if words.isascii() else "重", x, 0.02)
    form.write("6" if words.isascii() else "建", x + 0.05, -0.03)
    assert find_pen_marks(form.page())


@pytest.mark.parametrize(
    ("words", "number", "new", "ink"),
    [
        ("027-81475352", 6, "1", PALER),
        ("项目经理", 3, "南", PALER),
        ("局长", 1, "大", BLACK),
        ("蔡梅", 1, "成", BLACK),
    ],
)
def test_a_character_whose_strokes_are_thicker_or_paler_than_its_neighbours(words, number, new, ink):
    """Met on copies whose reader was sure of the old characters. On a grey copy a coloured pen is paler."""
    form = Form(words)
    assert not find_pen_marks(form.page())
    x = sum(drawing.font(SIZE).getlength(char) for char in words[:number]) / SIZE
    form.write(new, x + 0.05, 0, ink)
    assert find_pen_marks(form.page())


def test_a_character_that_reaches_lower_than_its_neighbours():
    """Met on a copy whose reader was sure of the old one. Ends as level as here tell, though they are few."""
    form = Form("二级调研员")
    form.write("中", 3.1, 0.25, BLACK, 30)
    assert find_pen_marks(form.page())


def test_a_character_that_was_not_read_in_a_long_line_that_the_reader_placed_roughly():
    form = Form("武汉古田水务集团近零碳排放示范工程")
    (line,) = form.lines
    off = {"近": 0.01, "碳": -0.01}
    glyphs = [replace(one, at=one.at + off.get(one.text, 0.0)) for one in line.reading.glyphs]
    form.lines = [replace(line, reading=Reading(tuple(one for one in glyphs if one.text != "零")))]
    assert find_pen_marks(form.page())


def test_a_small_red_stroke_over_print_is_seen():
    form = Form(WORDS)
    form.draw([(4.2, 0.3), (4.45, 0.5)], RED, 3)
    assert find_pen_marks(form.page())


@pytest.mark.parametrize("read", ["cell above", "no cell", "not at all"])
def test_a_character_put_in_above_on_the_edge_of_its_cell(read):
    form = Form(WORDS)
    form.write("新", 4, -2.0, BLACK, 30)
    form.write(WORDS, 0, -1.4)
    (line,) = form.lines
    x0, y0, x1, y1 = line.place.box
    form.lines = [replace(line, place=Place((x0, y0 - 1.4 * SIZE, x1, y1 - 1.4 * SIZE), line.place.cell))]
    if read != "not at all":
        put_in = form.line("新", X + 4 * SIZE, Y - 2.2 * SIZE, None if read == "no cell" else (0, 0))
        form.lines.append(put_in)
    assert find_pen_marks(form.page())


@pytest.mark.parametrize("off", [0, 20])
def test_print_on_the_edge_of_its_row_is_not_put_in_where_the_row_stands_level(off):
    """Met in a face whose text touches the rule above it: a printed 职务 sent the row above to a person."""
    form, top = Form(" "), 472
    form.write(WORDS, 0, (432 - Y) / SIZE)
    form.write("职务", 4, (top - Y) / SIZE)
    form.write("负责人", -8, (top + off - Y) / SIZE)
    form.lines = [
        form.line(WORDS, X, 420, (0, 1)),
        form.line("职务", X + 4 * SIZE, top, (0, 3)),
        form.line("负责人", X - 8 * SIZE, top + off, (0, 2)),
    ]
    assert bool(find_pen_marks(form.page())) == bool(off)


def test_a_stroke_in_blue_between_black_characters():
    form = Form("武汉  清源商业")
    form.draw([(2.3, 1.2), (2.6, -0.4)], BLUE, 5)
    assert find_pen_marks(form.page())


def test_writing_in_blue_behind_a_printed_prompt_is_an_answer():
    form = Form(" ")
    form.write("联系人：", 0, 0)
    form.write("赵雨晴", 4.1, 0, BLUE)
    form.lines = [form.line("联系人：赵雨晴", X, Y, (0, 1))]
    assert not find_pen_marks(form.page())


def test_a_character_that_the_reader_left_out_between_two_others_is_told_by_the_ink_there():
    """项华经理, over which a pen had written, was read as 项经理, and every character surely."""
    form = Form("项华经理")
    form.draw([(1.2, 0.1), (1.8, 0.9), (1.2, 0.9)], BLACK, 6)
    ink = form.page().clear < PAPER
    assert not has_lost_character(form.lines[0], ink, SIZE)
    places = zip("项经理", (0.18, 0.61, 0.9), strict=True)  # where the recogniser saw them
    left_out = replace(form.lines[0], reading=Reading(tuple(Glyph(char, at, 0.99) for char, at in places)))
    assert has_lost_character(left_out, ink, SIZE)
    spaced = Form("张　三")
    assert not has_lost_character(spaced.lines[0], spaced.page().clear < PAPER, SIZE)


def test_a_thin_stroke_that_alone_reaches_below_a_line_of_print():
    form = Form("17748526915")
    form.draw([(1.75, 0.2), (1.85, 1.05)], BLACK, 2)
    assert find_pen_marks(form.page())


@pytest.mark.parametrize(("low", "is_over"), [(1, False), (3, True)])
def test_a_digit_that_a_coarse_copy_set_a_pixel_lower_is_not_written_over(low, is_over):
    words, em = "13829657593", 17
    sheet = np.zeros((60, 200), np.bool_)
    for number, _ in enumerate(words):
        sheet[20 : 33 + low * (number == 3), 10 + 9 * number : 14 + 9 * number] = True
    glyphs = tuple(Glyph(digit, (n + 0.5) / len(words), 0.99) for n, digit in enumerate(words))
    line = ReadLine(Place((8.0, 18.0, 8.0 + 9 * len(words), 36.0), (0, 1)), Reading(glyphs))
    assert written_over([Written(line, em, 26.5)], sheet, _levels(sheet)) == [is_over]


def test_a_line_whose_digits_end_at_one_edge_only_is_by_hand_and_not_written_over():
    """A hand keeps its digits on the line and lets them rise as they come."""
    words, em = "13829657593", 40
    sheet = np.zeros((100, 400), np.bool_)
    for number, high in enumerate((20, 26, 21, 25, 20, 26, 22, 25, 20, 26, 36)):
        sheet[60 - high : 60, 10 + 22 * number : 20 + 22 * number] = True
    glyphs = tuple(Glyph(digit, (n + 0.5) / len(words), 0.99) for n, digit in enumerate(words))
    line = ReadLine(Place((4.0, 20.0, 4.0 + 22 * len(words), 64.0), (0, 1)), Reading(glyphs))
    assert written_over([Written(line, em, 47.0)], sheet, _levels(sheet)) == [False]


def test_a_reader_s_doubt_alone_tells_no_writing_over():
    form = Form(WORDS)
    unsure = [
        replace(glyph, confidence=0.2 if at == 4 else 0.99)
        for at, glyph in enumerate(form.lines[0].reading.glyphs)
    ]
    assert not _over(form, unsure)
    form.draw([(4.2, 0.3), (4.8, 0.7)], BLACK, 3)
    assert _over(form, unsure)


def test_in_prose_a_character_is_written_over_where_it_is_far_blacker():
    form = Form(WORDS)
    form.lines += [form.line(WORDS, X, Y + 50 * row, (0, 1)) for row in (-2, -1, 1)]
    for row in (-2, -1, 1):
        form.write(WORDS, 0, 50 * row / SIZE)
    assert not find_pen_marks(form.page())
    form.write("重", 4, 0.02)
    form.write("建", 4.05, -0.03)
    assert find_pen_marks(form.page())


def test_a_wide_letter_s_ink_is_not_its_neighbour_s_where_the_engine_told_their_places_roughly():
    """The 7 of a code that was read 13 pixels to the right of where it stands, nearer to the Q than to its
    own left edge."""
    scan = PdfReader(SAMPLES / "清晰的扫描件.pdf").pages[0].images[0].data
    ink = np.asarray(Image.open(BytesIO(scan)).convert("L")) < PAPER
    x0, y0, x1, y1 = 1572, 490, 2053, 559
    at = [17, 40, 63, 86, 109, 132, 155, 184, 212, 258, 281, 304, 342, 362, 396, 419, 442, 476]
    glyphs = [Glyph(char, x / (x1 - x0), 0.9999) for char, x in zip("91420106MA4L7Q2R8F", at, strict=True)]
    line = ReadLine(Place((x0, y0, x1, y1), (0, 1)), Reading(tuple(glyphs)))
    written = Written(line, 40.0, 524.0)
    assert written_over([written], ink, _levels(ink)) == [False]
    six, seven = (slice(x0 + start, x0 + start + 20) for start in (170, 319))
    ink[y0:y1, seven] |= np.roll(ink[y0:y1, six], 2, axis=1)
    assert written_over([written], ink, _levels(ink)) == [True]


def test_a_character_that_is_as_black_on_other_lines_comes_from_a_face_of_its_own():
    form = Form(WORDS)
    form.lines += [form.line(WORDS, X, Y + 50 * row, (0, row)) for row in (-2, 1)]
    for row in (-2, 1):
        form.write(WORDS, 0, 50 * row / SIZE)
    form.draw([(4.3, 0.2), (4.7, 0.8)], BLACK, 6)
    ink = form.page().clear < PAPER
    written = [Written(line, SIZE, (line.place.box[1] + line.place.box[3]) / 2) for line in form.lines]
    assert written_over(written, ink, _levels(ink)) == [True, False, False]
    for row in (-2, 1):
        form.draw([(4.3, 50 * row / SIZE + 0.2), (4.7, 50 * row / SIZE + 0.8)], BLACK, 6)
    ink = form.page().clear < PAPER
    assert written_over(written, ink, _levels(ink)) == [False, False, False]
    # Such as were not read surely may all be written over.
    unsure = [
        replace(one, line=replace(one.line, reading=Reading(tuple(map(_unsure, one.line.reading.glyphs)))))
        for one in written
    ]
    assert written_over(unsure, ink, _levels(ink)) == [True, True, True]


def _unsure(glyph: Glyph) -> Glyph:
    """The glyph, less sure if it is the one over which a stroke is drawn."""
    return replace(glyph, confidence=0.6) if glyph.text == WORDS[4] else glyph


def _levels(ink: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The grey levels of a page whose ink is all black."""
    return np.where(ink, 0, 255).astype(np.uint8)


def _over(form: Form, glyphs: list[Glyph] | None = None) -> bool:
    """Whether a character of the form's line was written over."""
    line = form.lines[0]
    if glyphs is not None:
        line = replace(line, reading=Reading(tuple(glyphs)))
    _, y0, _, y1 = line.place.box
    clear = form.page().clear
    (told,) = written_over([Written(line, SIZE, (y0 + y1) / 2)], clear < PAPER, clear)
    return told


def test_ink_of_the_next_line_parts_no_digits() -> None:
    """Tops of the next line's characters reach into the rows below, between two digits and beside them."""
    form = Form("年节电约283万千瓦时左右")
    assert not _over(form)
    form.draw([(4.4, 1.05), (4.7, 1.05)], BLACK, 3)
    form.draw([(5.7, 1.05), (5.8, 1.05)], BLACK, 3)
    assert not _over(form)
    form.draw([(5.2, 0.2), (5.45, 0.85)], BLACK, 6)
    assert _over(form)


def test_letters_that_a_face_draws_as_one_piece_are_not_written_over() -> None:
    form = Form("oﬃce2204@mail")
    wide = form.lines[0].place.box[2] - form.lines[0].place.box[0]
    glyphs = [glyph for glyph in form.lines[0].reading.glyphs if glyph.text != "ﬃ"]
    at = next(glyph.at for glyph in form.lines[0].reading.glyphs if glyph.text == "ﬃ")
    step = 0.28 * SIZE / wide
    joined = [Glyph(char, at + n * step, 0.99) for n, char in zip((-1, 0, 1), "ffi", strict=True)]
    assert not _over(form, sorted([*glyphs, *joined], key=lambda glyph: glyph.at))


def test_a_letter_over_which_an_f_hangs_is_not_written_over() -> None:
    """No column parts the two, so that the o's ink counted as the f's."""
    words, em = "green833@foxmai", 36
    font = ImageFont.truetype(str(pylopdf_fonts_zh_cn.serif_path()), em)
    sheet = Image.new("L", (400, 90), 255)
    ImageDraw.Draw(sheet).text((20, 20), words, font=font, fill=0)
    levels = np.asarray(sheet)
    ends = [font.getlength(words[:at]) for at in range(len(words) + 1)]
    middles = [(left + right) / 2 / ends[-1] for left, right in pairwise(ends)]
    glyphs = tuple(Glyph(char, at, 0.99) for char, at in zip(words, middles, strict=True))
    line = ReadLine(Place((20.0, 20.0, 20.0 + ends[-1], 67.0), (0, 1)), Reading(glyphs))
    assert written_over([Written(line, em, 47.0)], levels < PAPER, levels) == [False]


def test_of_many_characters_in_few_lines_some_differ_by_chance() -> None:
    form = Form(WORDS)
    form.draw([(4.3, 0.2), (4.7, 0.8)], BLACK, 5)
    clear = form.page().clear
    (line,) = form.lines
    short = Written(line, SIZE, (line.place.box[1] + line.place.box[3]) / 2, 2, 24)
    assert written_over([short], clear < PAPER, clear) == [True]
    assert written_over([replace(short, characters=60)], clear < PAPER, clear) == [False]
