"""A cell that holds a seal, a signature and a date: what belongs to which."""

import pytest

from extractor.answers.cell_parts import split
from extractor.text.passage import Passage, Place
from models.form import FormCell
from models.page import Line, Run

CELL = FormCell.model_validate(
    {
        "label": "承诺",
        "content": [
            {"kind": "seal", "name": "seal", "prompt": "单位（盖章）："},
            {"kind": "signature", "name": "signature", "prompt": "负责人（签字）："},
            {"kind": "date", "name": "day"},
        ],
    }
)


def _parts(*lines):
    passage = Passage.of([Line(spans=(Run(text=line),)) for line in lines], Place(page=1))
    return {name: part.words.strip() for name, part in split(CELL, [passage]).values.items()}


@pytest.mark.parametrize("day", ["2021年2月9日", "2021年2日9日", "2021年1.月.18日", "2021年月19日"])
def test_a_day_under_a_name_is_the_day_even_where_a_stamp_marred_it(day):
    """Met on a fax: 许勇强 2021年2日9日 passed for a typed signature, and the day for missing."""
    parts = _parts("单位（盖章）：", "负责人（签字）：许勇强", day)
    assert parts == {"seal": "", "signature": "许勇强", "day": day}


def test_no_mark_loses_what_looks_like_a_day_where_the_day_is_known():
    parts = _parts("单位（盖章）：2020年2日9日立", "负责人（签字）：许勇强", "2021年2月9日")
    assert parts["day"] == "2021年2月9日"
    assert "2020年2日9日" in parts["seal"]
