"""Lines that a light bleached towards an end, told from lines that end."""

import numpy as np
import pytest

from extractor.scan.faded import find_faded
from tests.extractor.scan.pens import SIZE, Form, X

WORDS = "江夏区沙湖景区管理委员会"


def _bleached(form, read, *, from_left):
    """The page of a form over half of which a light lies; the first `read` characters on the dark side were
    read."""
    at = X + SIZE * (len(WORDS) - read + 0.4 if from_left else read - 0.4)
    beyond = (at - np.arange(form.picture.shape[1])) * (1 if from_left else -1)
    light = np.clip(beyond / (2.5 * SIZE) + 0.75, 0, 1)[None, :, None]
    form.picture = (form.picture + (255 - form.picture) * light).astype(np.uint8)
    words, start = (WORDS[-read:], X + SIZE * (len(WORDS) - read)) if from_left else (WORDS[:read], X)
    y0 = form.lines[0].place.box[1]
    form.lines = [form.line(words, start, y0, (0, 1))]
    return form.page()


def test_a_line_that_ends_is_not_faded():
    assert not find_faded(Form(WORDS).page())


@pytest.mark.parametrize("from_left", [True, False])
@pytest.mark.parametrize("read", [5, 6])
def test_a_line_that_gets_paler_towards_an_end_may_go_on(read, from_left):
    assert len(find_faded(_bleached(Form(WORDS), read, from_left=from_left))) == 1


def test_a_short_pale_line_is_not_faded():
    form = Form(WORDS)
    form.picture = (form.picture * 0.4 + 255 * 0.6).astype(np.uint8)
    assert not find_faded(form.page())
