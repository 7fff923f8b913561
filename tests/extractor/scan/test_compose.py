"""Words of a cell that stand under each other in several columns come column by column from the right."""

from dataclasses import replace

import cv2
import numpy as np

from extractor.scan.compose import make_page
from extractor.scan.flat import FlatPage, Place, ReadLine
from extractor.scan.layers import Layers
from extractor.scan.readings import Glyph, Reading
from extractor.scan.ruling import find_grids
from models.page import Table
from tests.extractor import drawing

_EM = 34


def _line(text, x, y, ats, cell):
    """What was read in a box higher than the characters, whose middles are at `ats` along it in pixels."""
    box = (float(x), y - 8.0, x + 110.0, y + _EM + 8.0)
    return ReadLine(
        Place(box, cell), Reading(tuple(Glyph(c, at / 110, 0.99) for c, at in zip(text, ats, strict=True)))
    )


def _texts(written, *lines):
    """What the cell left of a table holds in which `written` stands: (x, y, text) each."""
    return _cell(written, lines).text.split("\n")


def _cell(written, lines, streaks=()):
    """That cell. `streaks`: boxes of lines that were taken off the page."""
    picture = drawing.blank()
    drawing.table(picture, [200, 340, 1400], [300, 560])
    drawing.write(picture, [*written, (380, 320, "姓名年龄")], size=_EM)
    gray = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    nothing = np.zeros_like(gray)
    layers = Layers(text=gray, all=gray, redness=nothing, red=nothing, pen=nothing, scale=drawing.SCALE)
    other = ReadLine(
        Place((380.0, 320.0, 380.0 + 4 * _EM, 360.0), (0, 1)),
        Reading(tuple(Glyph(char, (n + 0.5) / 4, 0.99) for n, char in enumerate("姓名年龄"))),
    )
    ruling = replace(find_grids(gray, drawing.SCALE), streaks=streaks)
    page = FlatPage.of(layers, ruling, []).reading([*lines, other])
    (table,) = (block for block in make_page(page, 1).blocks if isinstance(block, Table))
    return table.cells[0]


def test_a_chinese_character_that_a_streak_ran_through_is_doubted() -> None:
    """Met on a scan, where 职工2244人 was read as 2244八, and accepted."""
    line = _line("申八", 215, 330, (7 + _EM / 2, 7 + 1.5 * _EM), (0, 0))
    through = (215 + 1.5 * _EM, 0.0, 219 + 1.5 * _EM, 600.0)
    (read,) = _cell([(222, 330, "申人")], [line], (through,)).lines
    assert [span.confidence < 0.9 for span in read.spans] == [False, True]


def test_columns_of_upright_words_are_read_from_the_right_though_rows_of_them_were_recognised() -> None:
    """Met on a scan, where 个人承诺 was read as 承个诺人; a recogniser's places are not true to the pixel."""
    written = [(285, 330, "个"), (285, 330 + _EM, "人"), (232, 330, "承"), (232, 330 + _EM, "诺")]
    rows = [_line("承个", 215, 330, (30, 78), (0, 0)), _line("诺人", 215, 330 + _EM, (25, 80), (0, 0))]
    assert _texts(written, *rows) == ["个人", "承诺"]


def test_rows_of_words_stay_rows() -> None:
    written = [(222, 330, "申报"), (222, 330 + round(1.5 * _EM), "单位")]
    ats = (7 + _EM / 2, 7 + 1.5 * _EM)
    rows = [
        _line(text, 215, 330 + round(1.5 * _EM) * n, ats, (0, 0)) for n, text in enumerate(("申报", "单位"))
    ]
    assert "".join(_texts(written, *rows)) == "申报单位"
