"""Lines under blanks, and words that stand upright in several columns, as pages paint them."""

import pytest

from extractor.readers.painted.lines import Piece
from extractor.readers.painted.page import Glyph, Stroke
from extractor.readers.painted.underlines import under_blanks
from extractor.readers.painted.upright import upright_lines


def glyphs(text: str, x: float, y: float, wide: float) -> list[Glyph]:
    boxes = [(x + n * wide, y - 10, x + (n + 1) * wide, y) for n in range(len(text))]
    return [
        Glyph(char, box, 10, "F", 0, 0, None, bold=False, upright=True, z=0, seen=True, baseline=y)
        for char, box in zip(text, boxes, strict=True)
    ]


def line(x0: float, x1: float, y: float) -> Stroke:
    return Stroke(((x0, y), (x1, y)), (x0, y, x1, y), (0, 0, 0), None, 0.5, True, 0, True)


def test_a_line_that_ends_with_the_blanks_on_it_is_no_rule_of_a_table() -> None:
    blanks, border = line(30, 50, 101), line(0, 200, 103)
    kept, found = under_blanks([blanks, border], [*glyphs("休假", 10, 100, 10), *glyphs("    ", 30, 100, 5)])
    assert kept == [border]
    assert [(rule.start, rule.end) for rule in found] == [(30, 50)]


@pytest.mark.parametrize("over", ["休假", "  休", ""])
def test_a_line_under_words_or_under_nothing_is_kept(over: str) -> None:
    stroke = line(30, 50, 101)
    assert under_blanks([stroke], glyphs(over, 30, 100, 20 / max(1, len(over))))[0] == [stroke]


def pieces(columns: list[tuple[str, float, float]], pitch: float) -> list[Piece]:
    return [
        Piece((x, y + n * pitch, x + 10, y + n * pitch + 10), 10, char)
        for text, x, y in columns
        for n, char in enumerate(text)
    ]


def test_upright_columns_are_read_from_the_right() -> None:
    found = upright_lines(pieces([("家庭主要成员及重", 90, 0), ("要社会关系", 75, 5)], 10))
    assert [one.text for one in found] == ["家庭主要成员及重", "要社会关系"]


def test_lines_of_words_are_not_upright() -> None:
    level = [Piece((x, y, x + 10, y + 10), 10, char) for y, text in ((0, "家庭"), (15, "成员"))
             for x, char in zip((0, 10), text, strict=True)]  # fmt: skip
    assert upright_lines(level) == ()
    assert upright_lines(pieces([("简历", 0, 0)], 10)) == ()


def test_the_last_upright_column_may_be_a_single_character() -> None:
    found = upright_lines(pieces([("案情及申请理由概", 90, 0), ("述", 75, 35)], 10))
    assert [one.text for one in found] == ["案情及申请理由概", "述"]
    assert upright_lines(pieces([("案情及申请理由概", 90, 0), ("述", 75, 95)], 10)) == ()


def test_digits_of_one_line_are_no_columns() -> None:
    """Met on a scan: 1358 was read as 85 and 31."""
    digits = [Piece((n * 6.2, 0, n * 6.2 + 6, 10), 10, char) for n, char in enumerate("1358")]
    assert upright_lines(digits) == ()
