"""Whether a place for a signature bears one, from the ink and the text on a page."""

import pytest

from extractor import rungs
from extractor.answers.prompts import find_prompt
from extractor.answers.signatures import observe_signature
from extractor.text.passage import Passage, Place
from models.fields import SignatureField
from models.page import Box, InkMark, Line, Page, Run, SealMark

FIELD = SignatureField(kind="signature", name="signature", prompt="申报负责人（签字）：", required=True)
CELL = Box(x0=100, y0=100, x1=500, y1=200)


def _line(x, y, text, confidence=0.99):
    runs = [
        Run(text=char, box=Box(x0=x + 12 * i, y0=y, x1=x + 12 * i + 12, y1=y + 14), confidence=confidence)
        for i, char in enumerate(text)
    ]
    return Line(spans=tuple(runs))


def _ink(x, y, sure, width=50, height=20):
    return InkMark(box=Box(x0=x, y0=y, x1=x + width, y1=y + height), confidence=sure)


PROMPT = _line(110, 140, "申报负责人（签字）：")


def _seen(*ink, written="", date="", prompt=PROMPT, coloured=True, lacks_seal=False, names=(), seals=()):
    page = Page(number=1, ink=ink, coloured=coloured, seals=seals)
    words = Passage.of([_line(230, 140, written)], Place(page=1))
    dates = Passage.of([_line(110, 160, date)], Place(page=1))
    whole = Passage.of([prompt], Place(page=1, box=CELL))
    at = find_prompt(FIELD.prompt, FIELD.prompt_aliases, whole)
    cell = [(page, CELL)]
    return observe_signature(
        FIELD, "签字", at, words, [dates], cell, "a.pdf", lacks_seal=lacks_seal, names=names
    )


def test_no_ink_behind_the_prompt_is_surely_no_signature():
    seen = _seen()
    assert not seen.value.present
    assert seen.confidence >= rungs.ACCEPTED


@pytest.mark.parametrize("y", [128, 138, 148])
def test_ink_behind_the_prompt_or_a_little_above_or_below_it_is_one(y):
    seen = _seen(_ink(250, y, 0.99))
    assert seen.value.present
    assert seen.confidence >= rungs.ACCEPTED
    assert seen.evidence[0].box.x0 == 250


def test_what_was_read_of_the_ink_is_its_text():
    assert _seen(_ink(230, 138, 0.99), written="张伟").value.text == "张伟"


@pytest.mark.parametrize("written", ["收文专用章", "2021.2.10 第875号"])
def test_the_words_of_a_stamp_in_the_place_for_a_name_go_to_a_person(written):
    """Met on a copy without colour: the bureau's own stamp was accepted as a signature."""
    assert _seen(_ink(230, 138, 0.99), written=written).confidence < rungs.ACCEPTED


@pytest.mark.parametrize("written", ["欧阳娜娜", "张伟", "张伟 1", "张伟 2021.2.10"])
def test_names_and_a_date_beside_them_are_a_signature(written):
    assert _seen(_ink(230, 138, 0.99), written=written).confidence >= rungs.ACCEPTED


def test_ink_on_a_copy_without_colour_may_be_the_seal_that_was_not_seen():
    """The rests of a worn seal on a fax had been accepted as a signature."""
    ink = _ink(230, 138, 0.99)
    assert _seen(ink, coloured=False).confidence >= rungs.ACCEPTED
    assert _seen(ink, lacks_seal=True).confidence >= rungs.ACCEPTED
    doubted = _seen(ink, coloured=False, lacks_seal=True)
    assert doubted.value.present
    assert doubted.confidence < rungs.ACCEPTED


@pytest.mark.parametrize(
    ("written", "names", "is_name"),
    [
        ("叶志霞", ("叶志霞", "总经理"), True),
        ("叶志宇", ("叶志霞",), True),
        ("叶霞", ("叶志霞",), False),
        ("罗军", ("罗军",), True),
        ("罗平", ("罗军",), False),
        ("区小学", ("叶志霞",), False),
        ("", ("叶志霞",), False),
    ],
)
def test_ink_that_says_a_name_of_the_form_is_not_what_is_left_of_a_seal(written, names, is_name):
    ink = _ink(230, 138, 0.99)
    seen = _seen(ink, written=written, coloured=False, lacks_seal=True, names=names)
    assert (seen.confidence >= rungs.ACCEPTED) == is_name


@pytest.mark.parametrize(
    ("written", "coloured", "x", "is_sure"),
    [("", False, 230, False), ("", True, 230, True), ("张伟", False, 230, True), ("", False, 400, True)],
)
def test_ink_on_a_seal_of_a_grey_copy_may_be_print_where_no_name_was_read(written, coloured, x, is_sure):
    """The end of the prompt under a seal's inscription had been accepted as a signature."""
    seal = SealMark(box=Box(x0=200, y0=60, x1=320, y1=180), confidence=0.99)
    seen = _seen(_ink(x, 138, 0.99), written=written, coloured=coloured, seals=(seal,))
    assert (seen.confidence >= rungs.ACCEPTED) == is_sure


def test_doubtful_ink_goes_to_a_person():
    assert _seen(_ink(230, 138, 0.3)).confidence < rungs.ACCEPTED
    assert _seen(_ink(230, 138, 0.7)).confidence < rungs.ACCEPTED


@pytest.mark.parametrize("ink", [(), (_ink(230, 140, 0.02, 24, 12),)])
def test_a_typed_name_is_no_signature_and_goes_to_a_person(ink):
    seen = _seen(*ink, written="张伟")
    assert not seen.value.present
    assert [doubt.code for doubt in seen.doubts] == ["signature-typed"]


def test_a_date_written_by_hand_on_the_next_line_is_no_signature():
    seen = _seen(_ink(230, 160, 0.99, 100, 14), date="　　　　　　　　　　2021年2月5日")
    assert not seen.value.present


def test_ink_in_the_cell_that_is_not_behind_the_prompt_goes_to_a_person():
    seen = _seen(_ink(110, 180, 0.99))
    assert seen.confidence < rungs.ACCEPTED


def test_ink_outside_the_cell_is_none_of_it():
    assert _seen(_ink(230, 300, 0.99)).confidence >= rungs.ACCEPTED


def test_without_the_prompt_nobody_can_be_sure():
    assert _seen(_ink(230, 138, 0.99), prompt=_line(110, 140, "某某")).confidence < rungs.ACCEPTED


@pytest.mark.parametrize(
    ("printed", "end"),
    [
        ("申报负责人（签字）：", 230),
        ("申报负责人（签", 194),
        ("申报贡责人（签字）：", 230),
        ("申报负责人（签刘日", 194),
    ],
    ids=["whole", "cut off", "misread", "with what follows"],
)
def test_a_prompt_ends_where_its_own_characters_end(printed, end):
    _, box = find_prompt(
        FIELD.prompt, (), Passage.of([_line(300, 110, "盖章"), _line(110, 140, printed)], Place(page=1))
    )
    assert box.y0 == 140
    assert box.x1 == pytest.approx(end, abs=1)


def _alone(*ink, written="", prompt=None):
    """A cell that prints no prompt, of a form that has none."""
    page = Page(number=1, ink=ink)
    words = Passage.of([_line(230, 140, written)], Place(page=1))
    field = SignatureField(kind="signature", name="signature", prompt=prompt)
    return observe_signature(field, "签字", None, words, [], [(page, CELL)], "a.pdf")


@pytest.mark.parametrize("written", ["　　年　　月　　日", "____年____月____日", "2021年3月5日"])
def test_a_date_behind_the_prompt_is_no_name(written):
    seen = _seen(written=written)
    assert not seen.value.present
    assert not seen.doubts
    assert seen.confidence >= rungs.ACCEPTED


def test_a_date_written_by_hand_behind_the_prompt_is_no_signature():
    assert not _seen(_ink(232, 138, 0.99, 100, 18), written="2021年3月5日").value.present
    beside = _seen(_ink(232, 138, 0.99, 24, 18), _ink(262, 138, 0.99, 100, 18), written="张伟 2021年3月5日")
    assert beside.value.present
    assert beside.value.text == "张伟"


def test_without_a_printed_prompt_all_of_the_cell_is_the_place():
    signed, empty = _alone(_ink(300, 150, 0.99)), _alone()
    assert signed.value.present
    assert signed.confidence >= rungs.ACCEPTED
    assert not empty.value.present
    assert empty.confidence >= rungs.ACCEPTED


def test_an_empty_cell_is_never_signed_although_its_prompt_was_not_found():
    assert not _alone(prompt="签字：").value.present
    assert _alone(prompt="签字：").confidence < rungs.ACCEPTED


@pytest.mark.parametrize(("kind", "code"), [("thumb", "signature-thumb"), ("chop", "signature-chop")])
def test_what_is_pressed_instead_of_a_signature_goes_to_a_person_under_its_name(kind, code):
    mark = _ink(250, 130, 0.5, 40, 50).model_copy(update={"kind": kind})
    seen = _seen(mark)
    assert seen.confidence < rungs.ACCEPTED
    assert [doubt.code for doubt in seen.doubts] == [code]
    assert seen.evidence[0].box == mark.box


@pytest.mark.parametrize("kind", ["thumb", "chop"])
def test_what_is_pressed_beside_a_signature_is_told(kind):
    mark = _ink(350, 130, 0.5, 40, 50).model_copy(update={"kind": kind})
    seen = _seen(_ink(240, 138, 0.99), mark)
    assert seen.value.present
    assert seen.confidence >= rungs.ACCEPTED
    assert [(doubt.code, doubt.is_doubt) for doubt in seen.doubts] == [("signature-beside", False)]
