"""Ink behind a prompt, told from print and from nothing, with pens and marks of many kinds; drawn, and read
by no engine."""

import math

import cv2
import numpy as np
import pytest

from extractor import rungs
from extractor.scan import handwriting, upright
from extractor.scan.flat import FlatPage, Place, ReadLine
from extractor.scan.layers import take_apart
from extractor.scan.readings import Glyph, Reading
from extractor.scan.ruling import Ruling
from extractor.scan.seals.ring import Ring
from tests.extractor import drawing

SIZE = 36
PROMPT = "申报负责人（签字）："
X, Y = 100, 300
END = X + SIZE * len(PROMPT)
BLACK, BLUE, PENCIL = (20, 20, 25), (30, 45, 140), (110, 110, 112)


def _line(x, y, text):
    """What an engine would say of `text` written at (x, y)."""
    glyphs = tuple(Glyph(char, (i + 0.5) / len(text), 0.99) for i, char in enumerate(text))
    return ReadLine(Place((x, y - 2, x + SIZE * len(text), y + SIZE + 10), (0, 0)), Reading(glyphs))


def _form(*typed):
    """A prompt with the line of a date under it, and more that was typed."""
    picture = drawing.blank(1400, 700)
    texts = [(X, Y, PROMPT), (X, Y + 60, "二〇二一年二月五日"), *typed]
    drawing.write(picture, texts, SIZE)
    return picture, [_line(*text) for text in texts]


def _marks(picture, lines, rings=()):
    layers = take_apart(upright.Flat(picture, drawing.SCALE, False))
    ruling = Ruling((), np.zeros(layers.text.shape, np.uint8))
    page = FlatPage.of(layers, ruling, [ring.shaded(layers.text) for ring in rings])
    return handwriting.find_ink(page.reading(lines))


def _behind(marks):
    """The surest ink behind the prompt."""
    behind = (mark for mark in marks if (mark.box.x0 + mark.box.x1) / 2 * drawing.SCALE > END - 10)
    return max((mark.confidence for mark in behind if mark.box.y0 * drawing.SCALE < Y + SIZE), default=0.0)


def _sign(picture, colour=BLACK, width=4, high=60, x=END + 40, y=Y + 20):
    """A flourish of loops that rises and falls, drawn with a pen, no character of any font."""
    t = np.linspace(0, 6 * math.pi, 240)
    xs = x + t / (6 * math.pi) * 3 * high + 0.35 * high * np.sin(t)
    ys = y - high / 2 * np.cos(t) * (0.4 + 0.6 * np.abs(np.sin(t / 5)))
    cv2.polylines(
        picture, [np.rint(np.stack([xs, ys], 1)).astype(np.int32)], False, colour, width, cv2.LINE_AA
    )


def test_nothing_behind_a_prompt_is_no_ink():
    assert _behind(_marks(*_form())) == 0.0


@pytest.mark.parametrize(
    ("colour", "width", "high"),
    [
        (BLACK, 4, 60),
        (BLUE, 4, 60),
        (BLACK, 12, 70),
        (BLACK, 2, 60),
        (PENCIL, 4, 60),
        (BLACK, 3, 36),
        (BLACK, 6, 170),
    ],
    ids=["ball pen", "blue pen", "marker", "thin pen", "pencil", "very small", "very large"],
)
def test_strokes_that_were_not_read_are_writing(colour, width, high):
    picture, lines = _form()
    _sign(picture, colour, width, high)
    assert _behind(_marks(picture, lines)) > rungs.ACCEPTED


def test_a_signature_that_slants_off_above_its_line_is_writing():
    picture, lines = _form()
    _sign(picture, y=Y - 25)
    assert _behind(_marks(picture, lines)) > rungs.ACCEPTED


def test_a_signature_that_was_read_as_characters_is_writing():
    picture, lines = _form()
    _sign(picture)
    assert _behind(_marks(picture, [*lines, _line(END + 40, Y - 10, "张伟明")])) > rungs.ACCEPTED


def test_a_signature_in_one_line_with_its_prompt_is_writing():
    picture, lines = _form()
    _sign(picture)
    assert _behind(_marks(picture, [_line(X, Y, PROMPT + "王五六"), *lines[1:]])) > rungs.ACCEPTED


def test_a_signature_in_the_prompts_line_of_which_nothing_was_read_is_writing():
    picture, lines = _form()
    _sign(picture)
    x0, y0, _, y1 = lines[0].place.box
    wide = ReadLine(
        Place((x0, y0, END + 300, y1), (0, 0)),
        Reading(
            tuple(
                Glyph(g.text, g.at * (END - x0) / (END + 300 - x0), g.confidence)
                for g in lines[0].reading.glyphs
            )
        ),
    )
    assert _behind(_marks(picture, [wide, *lines[1:]])) > rungs.ACCEPTED


@pytest.mark.parametrize("apart", [0, 40])
def test_a_typed_name_looks_like_the_print_before_it(apart):
    picture, lines = _form((END + apart, Y, "张伟明"))
    assert 0 < _behind(_marks(picture, lines)) < 0.3


def test_specks_are_no_writing():
    picture, lines = _form()
    random = np.random.default_rng(3)
    for x, y in random.integers((END, Y - 30), (END + 600, Y + 40), (40, 2)):
        cv2.circle(picture, (int(x), int(y)), 1, (40, 40, 40), -1)
    assert _behind(_marks(picture, lines)) < 0.5


def test_a_line_to_sign_on_is_no_writing():
    picture, lines = _form()
    cv2.line(picture, (END + 10, Y + 40), (END + 500, Y + 40), BLACK, 2)
    assert _behind(_marks(picture, lines)) < 0.5


@pytest.mark.parametrize("colour", [BLACK, BLUE, (190, 30, 40)], ids=["black", "blue", "red"])
@pytest.mark.parametrize("falls", [0, 14], ids=["level", "slanting"])
def test_a_line_along_a_ruler_is_no_writing(colour, falls):
    picture, lines = _form()
    cv2.line(picture, (END + 30, Y + 15), (END + 300, Y + 15 + falls), colour, 5, cv2.LINE_AA)
    assert _behind(_marks(picture, lines)) == 0.0


def test_a_stamped_name_is_for_a_person_to_judge():
    picture, lines = _form()
    cv2.rectangle(picture, (END + 60, Y - 20), (END + 140, Y + 60), (215, 30, 40), 6)
    cv2.line(picture, (END + 70, Y + 20), (END + 130, Y + 20), (215, 30, 40), 8)
    assert _behind(_marks(picture, lines)) == 0.5


def test_a_red_seal_over_the_place_is_no_writing():
    picture, lines = _form()
    cv2.circle(picture, (END + 120, Y), 160, (215, 30, 40), 9)
    assert _behind(_marks(picture, lines, [Ring(END + 120, Y, 160, 160, 0, True, 0.98)])) == 0.0


def test_a_black_seal_over_the_place_is_no_writing_and_hides_none():
    ring = Ring(END + 120, Y, 160, 160, 0, False, 0.95)
    picture, lines = _form()
    cv2.circle(picture, (END + 120, Y), 156, BLACK, 9)
    assert _behind(_marks(picture, lines, [ring])) < 0.3
    _sign(picture, high=80)
    assert _behind(_marks(picture, lines, [ring])) > 0.5


def test_what_is_left_of_a_seals_star_is_hardly_writing():
    ring = Ring(END + 90, Y + 18, 160, 160, 0, False, 0.95)
    picture, lines = _form()
    cv2.circle(picture, (END + 90, Y + 18), 156, (140, 140, 140), 9)
    _sign(picture, high=30, width=6, x=END + 50, y=Y + 18)
    assert 0.5 < _behind(_marks(picture, lines)) > _behind(_marks(picture, lines, [ring])) <= 0.6


def test_a_blue_seal_over_the_place_is_no_signature():
    picture, lines = _form()
    x, y, radius = END + 150, Y + 30, 150
    cv2.circle(picture, (x, y), radius, (40, 70, 200), 9)
    letters = drawing.blank(picture.shape[1], picture.shape[0])
    drawing.write(letters, [(x - 128, y - 30, "街"), (x - 120, y + 8, "道"), (x + 86, y - 20, "办")], 38)
    picture[letters[..., 0] < 128] = (40, 70, 200)
    marks = _marks(picture, lines, [Ring(x, y, radius, radius, 0.0, False, 0.9)])
    assert _behind(marks) <= rungs.LIKELIER


@pytest.mark.parametrize("step", [38, 40])
def test_print_set_close_is_no_thumb(step):
    """Met on a photo: the end of a pledge in three narrow lines passed for the print of a thumb."""
    picture, lines = _form()
    rows = [(1, "建设示范"), (0, "园区建设示范"), (1, "项目申请")]
    words = [(X + SIZE * at, Y + 140 + n * step, row) for n, (at, row) in enumerate(rows)]
    drawing.write(picture, words, SIZE)
    sure = [_line(*text) for text in words]
    glyphs = [tuple(Glyph(one.text, one.at, 0.999) for one in line.reading.glyphs) for line in sure]
    sure = [ReadLine(line.place, Reading(made)) for line, made in zip(sure, glyphs, strict=True)]
    assert not [mark for mark in _marks(picture, [*lines, *sure]) if mark.kind == "thumb"]
