"""What pdfplumber does for us, and where its own way gives a wrong answer: each step that stays ours has its
case here.

`docs/decisions.md` names them. Where a case here fails because pdfplumber has learnt it, our step can go.
"""

import io
import random
from itertools import pairwise

import pdfplumber
import pytest
from pdfplumber.page import Page
from pdfplumber.table import snap_edges
from pdfplumber.utils.exceptions import MalformedPDFException
from pypdf import PdfWriter
from pypdf.generic import RectangleObject

from extractor.readers.painted.rules import DOUBLE, MAX_CROSSINGS, SNAP
from extractor.readers.pdf import read_pdf
from tests.extractor.pdfs import cells, saved, say, stressed, tables, texts, ticks, typeset, written

_TABLE = "".join(
    f"{line} l S\n"
    for line in (
        "50 250 m 300 250",
        "50 230 m 300 230",
        "50 210 m 300 210",
        "50 210 m 50 250",
        "150 210 m 150 250",
    )
)
_WORDS = say("name", 60, 235) + say("Li Si", 160, 235) + say("town", 60, 215) + say("Wuhan", 160, 215)


def plumbed(data: bytes) -> Page:
    """The first page as pdfplumber has it."""
    return pdfplumber.open(io.BytesIO(data)).pages[0]


def test_a_table_is_the_one_that_pdfplumber_finds() -> None:
    data = written(_TABLE + "300 210 m 300 250 l S\n" + _WORDS)
    page = plumbed(data)
    (table,) = page.find_tables()
    boxes = [cell.box for cell in cells(data).values() if cell.box]
    assert sorted((box.x0, box.y0, box.x1, box.y1) for box in boxes) == sorted(table.cells)


def test_a_qr_code_is_no_table() -> None:
    dice = random.Random(1)
    dots = [
        f"{50 + 1.7 * (i % 25)} {50 + 1.7 * (i // 25)} 1.7 1.7 re f\n"
        for i in range(625)
        if dice.random() < 0.5
    ]
    assert tables(read_pdf(written("".join(dots) + say("under it", 50, 30)))) == []


def test_more_rules_than_a_form_has_are_no_table_and_cost_no_time() -> None:
    level = "".join(f"10 {10 + 3.4 * i} m 388 {10 + 3.4 * i} l S\n" for i in range(82))
    plumb = "".join(f"{10 + 3.6 * i} 10 m {10 + 3.6 * i} 286 l S\n" for i in range(105))
    assert MAX_CROSSINGS < 82 * 105
    assert tables(read_pdf(written(level + plumb))) == []


@pytest.mark.parametrize(
    "hidden",
    [
        say("GHOST", before="3 Tr"),
        say("GHOST", before="1 g"),
        say("GHOST", before="0 0 10 10 re W n"),
        say("GHOST") + "q 1 g 40 190 200 40 re f Q\n",
        "/OC /Off BDC " + say("GHOST") + "EMC\n",
    ],
    ids=["invisible", "white", "clipped", "covered", "layer"],
)
def test_visibility_is_ours(hidden: str) -> None:
    data = written(
        hidden + say("seen", y=100),
        catalog="/OCProperties<</OCGs[110 0 R]/D<</OFF[110 0 R]>>>>",
        resources="/Properties<</Off 110 0 R>>",
        streams={110: ("/Type/OCG/Name(off)", "")},
    )
    assert texts(data) == ["seen"]
    assert "GHOST" in plumbed(data).extract_text()


def test_what_a_page_shows_of_its_paper_is_ours() -> None:
    writer = PdfWriter(clone_from=io.BytesIO(written(say("GHOST", y=250) + say("seen", y=100))))
    writer.pages[0].cropbox = RectangleObject((0, 0, 400, 200))
    data = saved(writer)
    assert texts(data) == ["seen"]
    (line,) = (block for page in read_pdf(data).pages.pages for block in page.blocks)
    assert line.box
    assert "GHOST" in plumbed(data).extract_text()
    # From the top of paper that nobody sees.
    assert plumbed(data).extract_words()[-1]["top"] == pytest.approx(line.box.y0 + 100, abs=1)


def test_form_fields_and_notes_are_ours() -> None:
    note = "/Type/Annot/Subtype/FreeText/F 4/Rect[50 100 300 120]/Contents(typed)"
    data = written(say("printed"), annotations=[note])
    assert texts(data) == ["printed", "typed"]
    assert plumbed(data).extract_text() == "printed"


def test_marks_are_ours() -> None:
    data = written("50 200 10 10 re S 52 202 m 58 208 l S\n" + say("school", 64, 201))
    assert ticks(data) == ["ticked"]
    assert plumbed(data).extract_text() == "school"


def test_words_painted_twice_are_bold() -> None:
    data = written(say("Name") + say("Name", 50.3))
    assert (texts(data), stressed(data, "bold")) == (["Name"], "Name")
    assert plumbed(data).extract_text() != "Name"
    # It can drop the second, and with it what it was painted for.
    assert {char["fontname"] for char in plumbed(data).dedupe_chars().chars} == {"Helvetica"}


def test_lines_through_words_are_ours_because_a_chain_of_lines_becomes_one() -> None:
    heights = (203.5, 201.7, 198.9, 197.1)
    assert max(a - b for a, b in pairwise(heights)) < SNAP
    content = (
        say("old", 50)
        + say("new", 72)
        + "".join(
            f"{x} {y} m {x + 18} {y} l S\n" for x, ys in ((50, heights[:2]), (72, heights[2:])) for y in ys
        )
    )
    data = written(content)
    assert (stressed(data, "strike").strip(), stressed(data, "underline")) == ("old", "new")
    page = plumbed(data)
    assert len({round(edge["top"], 2) for edge in snap_edges(page.edges, SNAP, SNAP)}) == 1
    assert len({round(edge["top"], 2) for edge in snap_edges(page.edges, DOUBLE, DOUBLE)}) == 2


def test_open_sides_of_a_table_are_ours() -> None:
    data = written(_TABLE.replace("50 210 m 50 250 l S\n", "") + _WORDS)
    assert [cell.text for cell in cells(data).values()] == ["name", "Li Si", "town", "Wuhan"]
    assert plumbed(data).find_tables() == []


def test_rules_that_stop_short_are_ours() -> None:
    short = (
        _TABLE.replace("50 230 m 300 230", "95 230 m 300 230").replace("150 210 m 150 250 l S\n", "")
        + "300 210 m 300 250 l S\n"
    )
    data = written(short + say("name", 60, 235) + say("town", 60, 215))
    assert [cell.text for cell in cells(data).values()] == ["name", "town"]
    assert plumbed(data).find_tables() == []


def test_lines_are_ours_because_small_letters_beside_large_ones_are_torn_off() -> None:
    data = written(say("1040", 50, 200, 14) + say("of 2026", 86, 200, 9))
    assert texts(data) == ["1040 of 2026"]
    assert plumbed(data).extract_text().splitlines() != ["1040 of 2026"]


def test_blanks_are_ours_because_no_tolerance_is_right_for_both_scripts() -> None:
    chinese = typeset("花山街903号")
    latin = written(say("LED", 50) + say("lamps", 50 + 23.34 + 12 * 0.22))
    assert (texts(chinese), texts(latin)) == (["花山街903号"], ["LED lamps"])
    for ratio, parts in ((0.18, (3, 2)), (0.3, (1, 1))):
        assert (
            tuple(len(plumbed(data).extract_words(x_tolerance_ratio=ratio)) for data in (chinese, latin))
            == parts
        )


def test_tables_without_rules_are_ours_because_a_letter_is_none() -> None:
    lines = [
        "We ask that the pilot zone be",
        "made known by the end of the",
        "year and that all who live in",
        "it can say what they think.",
    ]
    data = written("".join(say(line, 50, 250 - 14 * i) for i, line in enumerate(lines)))
    assert texts(data) == lines
    (table,) = plumbed(data).extract_tables({"vertical_strategy": "text", "horizontal_strategy": "text"})
    assert table[0] == ["We a"]


def test_a_page_that_pdfplumber_fails_at_is_read() -> None:
    data = written(say("seen"), page="/TrimBox[/a /a /a /a]")
    assert texts(data) == ["seen"]
    with pytest.raises(MalformedPDFException):
        plumbed(data)


def test_metadata_that_multiply_are_not_followed_as_pdfplumber_would() -> None:
    tens = [f"/A[{f'{number} 0 R ' * 10}]" for number in range(21, 35)]
    data = written(say("seen"), annotations=[*tens, "/A(end)"]).replace(
        b"/Root 1 0 R", b"/Root 1 0 R/Info 20 0 R"
    )
    assert texts(data) == ["seen"]
