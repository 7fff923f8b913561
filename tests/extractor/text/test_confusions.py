"""Every row of the confusions is in force: what was read is turned into what was meant, or doubted for it."""

import pytest

from extractor import rungs
from extractor.text import confusions
from extractor.text.confusions import Confusion, by_character
from extractor.text.passage import Passage, Place
from extractor.weighing.spelling import respell
from models.fields import EmailField, Field, PhoneField, ProseField, TextField
from models.page import Line, Run

EMAIL, PHONE = EmailField(kind="email", name="email"), PhoneField(kind="phone", name="phone")
TEXT, PROSE = TextField(kind="text", name="title"), ProseField(kind="prose", name="overview")
ROWS: list[tuple[Field, Confusion]] = [
    *((PHONE, row) for row in confusions.AMONG_DIGITS),
    *((EMAIL, row) for row in (*confusions.AMONG_LETTERS, *confusions.QUICK, confusions.AT)),
    *((TEXT, row) for row in confusions.RARE),
    *((PROSE, row) for row in confusions.STROKES),
]


@pytest.mark.parametrize(
    ("field", "row", "read"), [(field, row, char) for field, row in ROWS for char in row.read]
)
def test_what_was_read_for_another_is_turned_or_doubted(field: Field, row: Confusion, read: str) -> None:
    at = row.example.index(row.meant)
    text = row.example[:at] + read + row.example[at + len(row.meant) :]
    spans = tuple(Run(text=char, confidence=0.999) for char in text)
    passage = respell(field, Passage.of([Line(spans=spans)], Place(page=1)))
    meant = passage.text == row.example
    doubted = (row.meant, rungs.EVEN) in passage.spans[at].others
    assert meant or doubted
    assert passage.spans[at].confidence <= rungs.STRONG


def test_every_row_says_what_is_taken_for_what_and_where_it_was_seen() -> None:
    for _, row in ROWS:
        assert row.meant in row.example
        assert row.seen
        assert row.meant not in row.read


def test_no_character_may_mean_two_things_in_one_place() -> None:
    for rows in (
        confusions.AMONG_DIGITS,
        confusions.AMONG_LETTERS,
        confusions.QUICK,
        confusions.RARE,
        confusions.STROKES,
    ):
        assert len(by_character(rows)) == sum(len(row.read) for row in rows)
