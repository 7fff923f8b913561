"""Our codes on a scan: read under a seal and turned, and taken out of the picture before it is read."""

import io

import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageDraw

from extractor.scan.qr import Codes, read_codes
from generator import generate, new_identity
from models.coded import decode
from models.record import Record
from service.forms.definitions import load_forms
from tests.records import random_record

FORM = load_forms()["pilot-application"]
IDENTITY = new_identity(FORM)
RECORD = Record(form=FORM.name, version=FORM.version, values=random_record(FORM, 1).values)


@pytest.fixture(scope="module")
def sheet() -> np.ndarray:
    """The last page at 200 dpi, as RGB."""
    data = generate(FORM, "pdf-flat", IDENTITY, RECORD).data
    document = pdfium.PdfDocument(data)
    page = document[len(document) - 1]
    return np.ascontiguousarray(page.render(scale=200 / 72, rev_byteorder=True).to_numpy()[..., :3])


def _said(found: Codes) -> object:
    said = decode(FORM, found.values or "")
    return said and {name: RECORD.values[name] == value for name, value in said.values.items()}


@pytest.mark.parametrize("turns", range(4))
def test_identity_and_values_are_read_however_the_page_lies(sheet: np.ndarray, turns: int) -> None:
    found = read_codes(np.ascontiguousarray(np.rot90(sheet, turns)))
    assert found.identity == IDENTITY
    assert set(dict(_said(found) or {}).values()) == {True}  # type: ignore[call-overload]


def test_a_seal_over_the_code_hides_nothing_and_stays_when_the_code_is_taken_out(sheet: np.ndarray) -> None:
    found = read_codes(sheet)
    x0, y0 = found.places[0].min(axis=0)
    x1, y1 = found.places[0].max(axis=0)
    picture = Image.fromarray(sheet)
    ImageDraw.Draw(picture).ellipse(
        (int(x0) - 60, int(y0) + 20, int(x1) - 60, int(y1) + 60), outline=(200, 30, 45), width=12
    )
    stamped = np.minimum(np.asarray(picture), np.where(sheet < 128, 90, 255)).astype(np.uint8)
    stamped[..., 0] = np.where(sheet[..., 0] < 128, sheet[..., 0], stamped[..., 0])
    again = read_codes(stamped)
    assert again.values == found.values
    bare = again.without(stamped)
    inside = bare[y0:y1, x0:x1]
    assert (inside.max(axis=2) < 128).mean() < 0.02
    assert ((inside[..., 0] > 150) & (inside[..., 1] < 120)).any()
    assert (bare[: y0 - 10] == stamped[: y0 - 10]).all()


def test_a_page_without_codes_is_left_as_it_is() -> None:
    white = np.full((300, 200, 3), 255, np.uint8)
    found = read_codes(white)
    assert (found.identity, found.values) == (None, None)
    assert found.without(white) is white


def test_a_blank_form_has_no_code_of_values() -> None:
    data = generate(FORM, "pdf", IDENTITY).data
    page = pdfium.PdfDocument(io.BytesIO(data))[0]
    picture = np.ascontiguousarray(page.render(scale=200 / 72, rev_byteorder=True).to_numpy()[..., :3])
    assert (read_codes(picture).identity, read_codes(picture).values) == (IDENTITY, None)


def test_a_code_of_values_that_cannot_be_read_is_told(sheet: np.ndarray) -> None:
    assert not read_codes(sheet).lost
    (place,) = read_codes(sheet).places
    (x0, y0), (x1, y1) = place.min(axis=0), place.max(axis=0)
    torn = sheet.copy()
    # Its corners stay, the middle of it is smeared.
    inner = torn[y0 + 60 : y1 - 60, x0 + 60 : x1 - 60]
    inner[:] = np.random.default_rng(1).integers(0, 2, inner.shape[:2])[..., None] * 255
    found = read_codes(torn)
    assert (found.identity, found.values, found.lost) == (IDENTITY, None, True)


def test_a_page_without_colour_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its red channel is the page itself, and was looked at again wherever there was no code."""
    looked = []
    monkeypatch.setattr("extractor.scan.qr._codes", lambda picture: looked.append(picture.shape) or ())
    page = np.full((200, 100, 3), 255, np.uint8)
    assert read_codes(page, plain=True) == Codes()
    assert read_codes(page) == Codes()
    assert looked == [(200, 100), (200, 100, 3), (200, 100)]
