"""Lines whose first or last characters the detector left out."""

import pytest

from extractor.scan.cut_short import read_to_ends
from extractor.scan.flat import FlatPage, Place, ReadLine
from extractor.scan.layers import take_apart
from extractor.scan.readings import Glyph, Reading
from extractor.scan.ruling import find_grids
from extractor.scan.upright import Flat
from tests.extractor import drawing

EM, LEFT, TOP = 38, 520, 420


def _reading(text):
    return Reading(tuple(Glyph(char, (n + 0.5) / len(text), 0.99) for n, char in enumerate(text)))


class _Engine:
    """Says what is written, and keeps how wide the pictures were."""

    name = "fixed"

    def __init__(self, text):
        self.text, self.wide = text, []

    def recognise(self, lines):
        self.wide += [line.shape[1] for line in lines]
        return [_reading(self.text) for _ in lines]


def _page(written, first, last, *more):
    """A page with a cell in which characters are written, and those from `first` to `last` were read."""
    picture = drawing.blank()
    drawing.table(picture, [200, 500, 1400], [300, 600])
    drawing.write(picture, [(LEFT, TOP, written), *more], size=EM)
    layers = take_apart(Flat(picture, drawing.SCALE, False))
    page = FlatPage.of(layers, find_grids(layers.text, drawing.SCALE), [])
    box = (LEFT + EM * first - 2.0, TOP + 2.0, LEFT + EM * last + 2.0, TOP + EM + 14.0)
    return page.reading([ReadLine(Place(box, (0, 1)), _reading(written[first:last]))])


@pytest.mark.parametrize(("first", "last"), [(1, 5), (0, 4), (1, 4)])
def test_a_line_is_read_to_its_ends(first, last):
    engine = _Engine("二级调研员")
    found, dark = read_to_ends(_page("二级调研员", first, last), engine)
    assert [line.reading.text for line in found.lines] == ["二级调研员"]
    assert dark == ()
    assert engine.wide[0] > EM * 5


def test_a_line_with_bare_paper_beside_it_is_read_once():
    engine = _Engine("二级调研员")
    page = _page("二级调研员", 0, 5, (LEFT + EM * 10, TOP, "二"))
    assert read_to_ends(page, engine) == (page, ())
    assert not engine.wide


def test_what_goes_on_beside_a_line_for_long_is_no_character():
    engine = _Engine("二级调研员")
    read_to_ends(_page("级调研员——————", 0, 4), engine)
    assert not engine.wide


def test_a_box_for_ticking_beside_a_line_is_none_of_its_characters():
    page = _page("□级调研员", 1, 5)
    found, dark = read_to_ends(page, _Engine("口级调研员"))
    assert found.lines == page.lines
    assert dark == ()


def test_ink_beside_a_line_that_makes_other_words_of_it_goes_to_a_person():
    page = _page("二级调研员", 1, 5)
    found, dark = read_to_ends(page, _Engine("一组调研员"))
    assert found.lines == page.lines
    assert len(dark) == 1
