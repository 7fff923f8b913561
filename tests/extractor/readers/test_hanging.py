"""Words beside several lines of a cell, at half their height."""

from dataclasses import dataclass

import pytest

from extractor.readers.painted.hanging import hung
from models.geometry import Rect


@dataclass(frozen=True)
class Word:
    """A word in one piece."""

    text: str
    box: Rect


def _said(*rows: Word) -> list[str]:
    return ["".join(word.text for word in row) for row in hung([[row] for row in rows])]


def _line(text: str, x: float, y: float) -> Word:
    return Word(text, (x, y, x + 10 * len(text), y + 10))


def test_a_prompt_before_two_lines_stands_before_the_first() -> None:
    rows = (_line("云泽市青禾纸业", 20, 0), _line("云", 10, 7), _line("有限公司", 20, 14))
    assert _said(*rows) == ["云云泽市青禾纸业", "有限公司"]


def test_a_unit_behind_two_lines_stands_behind_the_last() -> None:
    rows = (_line("一二三", 0, 0), _line("万元", 40, 7), _line("四五", 0, 14))
    assert _said(*rows) == ["一二三", "四五万元"]


def test_beside_four_lines_it_stands_before_all_of_them() -> None:
    lines = [_line("甲乙丙", 20, y) for y in (0, 14, 28, 42)]
    assert _said(*lines[:2], _line("注", 0, 21), *lines[2:]) == ["注甲乙丙", *["甲乙丙"] * 3]


@pytest.mark.parametrize(
    "rows",
    [
        (_line("　　第一段", 20, 0), _line("第二行", 0, 14), _line("第三行", 20, 28)),
        (_line("居中", 20, 0), _line("居中的长行", 0, 12), _line("居中", 20, 24)),
        (_line("第一行", 0, 0), _line("下", 40, 4)),
    ],
    ids=["indented", "centred", "below"],
)
def test_lines_of_a_text_stay_where_they_are(rows: tuple[Word, ...]) -> None:
    assert _said(*rows) == [row.text for row in rows]
