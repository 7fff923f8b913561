from extractor.scan.flat import FlatPage, Place, ReadLine
from extractor.scan.layers import take_apart
from extractor.scan.readings import Glyph, Reading
from extractor.scan.ruling import find_grids
from extractor.scan.unread_ink import find_unread, read_unread
from extractor.scan.upright import Flat
from tests.extractor import drawing

TEXT = "单位下设综合办公室、运行保障部等部门"


class _Engine:
    """Reads everything in the same way, so that only what is asked for is tested."""

    name = "fixed"

    def __init__(self, text, confidence):
        self.reading = Reading(
            tuple(Glyph(char, (n + 0.5) / len(text), confidence) for n, char in enumerate(text))
        )

    def recognise(self, lines):
        return [self.reading for _ in lines]


def _cell(pitch=60, rows=4):
    """A page with a cell full of lines."""
    picture = drawing.blank()
    drawing.table(picture, [200, 500, 1400], [300, 900])
    drawing.write(picture, [(520, 320 + pitch * row, TEXT) for row in range(rows)], size=38)
    layers = take_apart(Flat(picture, drawing.SCALE, False))
    return FlatPage.of(layers, find_grids(layers.text, drawing.SCALE), [])


def _read(*rows, pitch=60):
    glyphs = tuple(Glyph(char, (n + 0.5) / len(TEXT), 0.99) for n, char in enumerate(TEXT))
    return [
        ReadLine(
            Place((515.0, 318.0 + pitch * row, 1215.0, 318.0 + pitch * row + 48), (0, 1)), Reading(glyphs)
        )
        for row in rows
    ]


def test_nothing_is_unread_where_every_line_was_found():
    page = _cell()
    assert find_unread(page.reading(_read(0, 1, 2, 3))) == []


def test_a_line_that_the_detector_passed_over_is_found_in_its_cell():
    page = _cell()
    (place,) = find_unread(page.reading(_read(0, 1, 3)))
    assert place.cell == (0, 1)
    assert abs(place.box[1] - 445) < 12
    assert place.box[2] - place.box[0] > 600


def test_lines_that_nearly_touch_are_told_apart():
    page = _cell(pitch=44)
    found = find_unread(page.reading(_read(0, pitch=44)))
    assert len(found) == 3


def test_a_line_is_found_between_two_whose_boxes_hold_pieces_of_it():
    page = _cell()
    tall = [
        ReadLine(Place((x0, y0 - 22, x1, y1 + 22), line.place.cell), line.reading)
        for line in _read(0, 2)
        for x0, y0, x1, y1 in [line.place.box]
    ]
    (place,) = find_unread(page.reading([*tall, *_read(3)]))
    # The line's middle is at 402.
    assert place.box[1] < 394
    assert place.box[3] > 410


def test_a_short_line_that_touches_a_longer_one_is_a_line_too():
    page = _cell(pitch=40, rows=3)
    page.clear[400:450, 600:1300] = 255
    found = find_unread(page.reading(_read(0, pitch=40)))
    assert len(found) == 2


def test_specks_and_commas_are_no_lines():
    page = _cell(rows=2)
    page.clear[700:706, 800:806] = 0
    page.clear[780:790, 900:904] = 0
    assert find_unread(page.reading(_read(0, 1))) == []


def test_what_can_be_read_becomes_a_line_and_what_cannot_is_told():
    page = _cell()
    found, dark = read_unread(page.reading(_read(0, 1, 3)), _Engine(TEXT, 0.95))
    assert [line.reading.text for line in found.lines[3:]] == [TEXT]
    assert dark == ()
    found, dark = read_unread(page.reading(_read(0, 1, 3)), _Engine(TEXT, 0.4))
    assert found.lines[3:] == ()
    assert len(dark) == 1
