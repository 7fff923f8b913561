"""Seals on paper and the names that they must bear, told by pages alone."""

import pytest

from extractor import rungs
from extractor.answers.labels import align
from extractor.answers.match import match
from extractor.answers.units import units_of
from models.fields import Seal
from models.page import Box, Line, Page, Pages, Run, SealMark, SealShape, Table
from models.record import Observation
from tests.extractor.answers.test_match import FORM, FULL, table

NAME = FULL[0][1]
_HIGH = 100.0


def _on_paper() -> Table:
    """The full form with a place on the page for each cell and line."""
    plain = table(FULL)
    cells = []
    for cell in plain.cells:
        x0, y0 = 50 + 120.0 * cell.column, 50 + _HIGH * cell.row
        box = Box(x0=x0, y0=y0, x1=x0 + 120 * cell.column_span, y1=y0 + _HIGH)
        lines = []
        for number, line in enumerate(cell.lines):
            place = Box(x0=x0 + 5, y0=y0 + 20 * number, x1=x0 + 115, y1=y0 + 20 * number + 14)
            spans = tuple(span.model_copy(update={"box": place}) for span in line.spans)
            lines.append(line.model_copy(update={"box": place, "spans": spans}))
        cells.append(cell.model_copy(update={"box": box, "lines": tuple(lines)}))
    return plain.model_copy(
        update={"cells": tuple(cells), "box": Box(x0=50, y0=50, x1=530, y1=50 + 5 * _HIGH)}
    )


def _reading(text: str, confidence: float = 0.99) -> tuple[Run, ...]:
    return tuple(Run(text=char, confidence=confidence) for char in text)


def _seal(*readings: tuple[Run, ...]) -> Observation:
    """What is observed of the field for a seal where one stands in its cell that was read so."""
    return next(one for one in _observed(_on_paper(), *readings) if one.field == "seal")


def _read(whole: Table) -> Table:
    """The same table with every character read off a picture."""
    cells = []
    for cell in whole.cells:
        lines = []
        for line in cell.lines:
            spans = [span for old in line.spans if isinstance(old, Run) for span in _characters(old)]
            lines.append(line.model_copy(update={"spans": tuple(spans)}))
        cells.append(cell.model_copy(update={"lines": tuple(lines)}))
    return whole.model_copy(update={"cells": tuple(cells)})


def _characters(run: Run) -> list[Run]:
    return [run.model_copy(update={"text": char, "confidence": 0.99}) for char in run.text]


def _observed(whole: Table, *readings: tuple[Run, ...], width: float = 595) -> tuple[Observation, ...]:
    text = "".join(run.text for run in readings[0]) if readings else None
    mark = SealMark(box=Box(x0=300, y0=460, x1=400, y1=540), text=text, confidence=0.98, readings=readings)
    page = Page(number=1, width=width, height=842, blocks=(whole,), seals=(mark,))
    over = Pages(reader="scan", pages=(page,))
    return match(over, align(FORM, units_of(over)), "a.pdf").observations


def test_a_seal_with_the_name_of_the_unit_needs_nobody() -> None:
    seen = _seal(_reading(NAME))
    assert seen.value.agrees is True
    assert not seen.doubts


@pytest.mark.parametrize("text", ["白沙水务公司", "清源物业公司", "江岸区花山镇人民政府"])
def test_the_seal_of_another_unit_is_told(text: str) -> None:
    seen = _seal(_reading(text))
    assert (seen.value.present, seen.value.agrees, seen.value.text) == (True, False, text)
    assert [doubt.code for doubt in seen.doubts] == ["seal-disagrees"]


@pytest.mark.parametrize("readings", [(), (_reading("清藻小冬", 0.4),)])
def test_a_seal_that_could_not_be_compared_must_be_looked_at(readings: tuple[tuple[Run, ...], ...]) -> None:
    seen = _seal(*readings)
    assert (seen.value.present, seen.value.agrees) == (True, None)
    assert [doubt.code for doubt in seen.doubts] == ["seal-uncompared"]
    assert "单位名称" in seen.doubts[0].message


def test_of_two_readings_the_one_with_the_name_counts() -> None:
    assert _seal(_reading("清藻小冬", 0.4), _reading(NAME)).value.agrees is True


def test_a_seal_that_bears_the_name_has_the_name_for_its_text_however_it_was_read() -> None:
    misread = tuple(
        run.model_copy(update={"text": "藻", "confidence": 0.6, "others": ((run.text, 0.4),)})
        if at == 1
        else run
        for at, run in enumerate(_reading(NAME))
    )
    seen = _seal(misread)
    assert (seen.value.agrees, seen.value.text) == (True, NAME)
    assert seen.raw != NAME


def test_a_seal_confirms_the_name_that_was_read() -> None:
    name = next(one for one in _observed(_read(_on_paper()), _reading(NAME)) if one.value == NAME)
    assert name.signs["confirmed"] == 1.0
    assert not name.doubts


def test_a_seal_with_another_name_makes_the_name_doubtful_too() -> None:
    name = next(
        one for one in _observed(_read(_on_paper()), _reading("江岸区花山镇人民政府")) if one.value == NAME
    )
    assert [doubt.code for doubt in name.doubts] == ["name-disagrees"]


def test_a_seal_that_says_the_name_but_for_one_character_makes_it_doubtful() -> None:
    almost = tuple(run.model_copy(update={"confidence": 0.5}) for run in _reading(NAME[:-1] + "会"))
    name = next(one for one in _observed(_read(_on_paper()), almost) if one.value == NAME)
    assert [doubt.code for doubt in name.doubts] == ["name-disagrees"]


def test_a_character_that_only_the_seal_lacks_says_nothing_of_the_name() -> None:
    lost = tuple(run.model_copy(update={"confidence": 0.5}) for run in _reading(NAME[:2] + NAME[3:]))
    observed = _observed(_read(_on_paper()), lost)
    name, seal = (next(one for one in observed if test(one.value)) for test in (NAME.__eq__, _is_uncompared))
    assert not name.doubts
    assert [doubt.code for doubt in seal.doubts] == ["seal-uncompared"]


def _is_uncompared(value: object) -> bool:
    return isinstance(value, Seal) and value.present and value.agrees is None


def test_a_name_that_a_file_holds_needs_no_seal_to_confirm_it() -> None:
    name = next(one for one in _observed(_on_paper(), _reading("江岸区花山镇人民政府")) if one.value == NAME)
    assert not name.doubts
    assert not name.signs


@pytest.mark.parametrize("coloured", [True, False])
def test_a_seal_is_less_surely_absent_from_a_copy_without_colour(coloured: bool) -> None:
    page = Page(number=1, width=595, height=842, blocks=(_on_paper(),), coloured=coloured)
    over = Pages(reader="scan", pages=(page,))
    seal = next(
        one for one in match(over, align(FORM, units_of(over)), "a.pdf").observations if one.field == "seal"
    )
    assert seal.value.present is False
    assert (seal.confidence > rungs.ACCEPTED) is coloured


@pytest.mark.parametrize(
    ("sure", "text"), [(rungs.EVEN, None), (rungs.EVEN, "某某公司"), (rungs.NAMED, None)]
)
def test_ink_with_neither_the_shape_of_a_seal_nor_a_name_goes_to_a_person(
    sure: float, text: str | None
) -> None:
    mark = SealMark(box=Box(x0=300, y0=460, x1=400, y1=540), text=text, confidence=sure)
    page = Page(number=1, width=595, height=842, blocks=(_on_paper(),), seals=(mark,))
    assert (_seals_of(page).confidence < rungs.ACCEPTED) is (sure == rungs.EVEN and text is None)


def _seals_of(page: Page) -> Observation:
    over = Pages(reader="scan", pages=(page,))
    return next(
        one for one in match(over, align(FORM, units_of(over)), "a.pdf").observations if one.field == "seal"
    )


@pytest.mark.parametrize("number", [1, 2])
def test_no_seal_is_said_to_be_missing_while_one_lies_about_that_no_field_claims(number: int) -> None:
    stray = SealMark(
        box=Box(x0=300, y0=700, x1=400, y1=800), text=NAME, confidence=0.98, readings=(_reading(NAME),)
    )
    form = Page(number=1, width=595, height=842, blocks=(_on_paper(),), seals=(stray,) if number == 1 else ())
    back = Page(number=2, width=595, height=842, seals=(stray,) if number == 2 else ())
    over = Pages(reader="scan", pages=(form, back))
    seal = next(
        one for one in match(over, align(FORM, units_of(over)), "a.pdf").observations if one.field == "seal"
    )
    assert seal.value.present is False
    assert [doubt.code for doubt in seal.doubts] == ["seal-unclaimed"]
    assert f"第 {number} 页" in seal.doubts[0].message


def test_a_second_seal_that_nobody_asked_for_is_told() -> None:
    own, other = (SealMark(box=Box(x0=300, y0=y, x1=400, y1=y + 80), confidence=0.98) for y in (460, 700))
    page = Page(number=1, width=595, height=842, blocks=(_on_paper(),), seals=(own, other))
    over = Pages(reader="scan", pages=(page,))
    found = match(over, align(FORM, units_of(over)), "a.pdf")
    assert next(one for one in found.observations if one.field == "seal").value.present is True
    assert [one.code for one in found.findings] == ["seal-elsewhere"]


@pytest.mark.parametrize(
    ("text", "wide", "shape"),
    [("收文专用章2021.2.13第594号", 80, "oval"), ("己政专甲章2021.2.13", 150, "square")],
)
def test_a_stamp_of_arrival_is_no_seal_of_a_unit_and_a_person_looks(
    text: str, wide: float, shape: SealShape
) -> None:
    stamp = SealMark(box=Box(x0=300, y0=460, x1=300 + wide, y1=540), text=text, confidence=0.98, shape=shape)
    seen = _seals_of(Page(number=1, width=595, height=842, blocks=(_on_paper(),), seals=(stamp,)))
    assert seen.value.present is False
    assert [doubt.code for doubt in seen.doubts] == ["seal-unclaimed"]


@pytest.mark.parametrize("column", [0, 1])
def test_whatever_stands_in_a_cell_that_may_be_none_is_doubtful(column: int) -> None:
    whole = _on_paper()
    hazy = [
        cell.model_copy(update={"sure": cell.row not in (0, 4) or cell.column != column})
        for cell in whole.cells
    ]
    found = _observed(whole.model_copy(update={"cells": tuple(hazy)}))
    doubted = {one.field for one in found if "rules-unseen" in [doubt.code for doubt in one.doubts]}
    assert doubted == {"unit", "seal", "sign", "day"}
    assert not any(doubt.code == "rules-unseen" for one in _observed(whole) for doubt in one.doubts)


def test_no_mark_is_said_to_be_missing_where_its_cell_was_not_found() -> None:
    lines = []
    for number, (label, value) in enumerate(
        [("单位名称：", NAME), ("负责人：", "王伟"), ("职务：", "主任"), ("联系人：", "李芳"), ("承诺", "")]
    ):
        box = Box(x0=50, y0=50 + 30 * number, x1=300, y1=70 + 30 * number)
        lines.append(Line(spans=(Run(text=label + value, box=box),), box=box))
    seal = _seals_of(Page(number=1, width=595, height=842, blocks=tuple(lines)))
    assert seal.value.present is False
    assert [doubt.code for doubt in seal.doubts] == ["place-missing"]


def test_a_seal_that_the_side_of_the_paper_cuts_off_is_nobodys_and_a_person_is_asked() -> None:
    observed = _observed(_on_paper(), _reading(NAME), width=401)
    seen = next(one for one in observed if one.field == "seal")
    assert not seen.value.present
    assert "seal-unclaimed" in [doubt.code for doubt in seen.doubts]
