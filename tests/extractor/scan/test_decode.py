"""Pictures are decoded as viewers show them: every page, on white paper, and the damaged ones too."""

import io
import re
import struct

import numpy as np
import pytest
from PIL import Image

from extractor.arrival import kind_of
from extractor.limits import PictureLimits
from extractor.scan.decode import decode
from models.errors import Damaged, TooManyPages, TooManyPixels
from tests.extractor.arrival.test_intake import picture


@pytest.mark.parametrize(("kind", "pages"), [("TIFF", 3), ("GIF", 3), ("WEBP", 3), ("PNG", 3), ("MPO", 1)])
def test_every_frame_of_an_animation_is_a_page_and_a_preview_is_none(kind: str, pages: int) -> None:
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "green", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])
    seen = [int(page.colour[20, 20].argmax()) for page in decode(buffer.getvalue())]
    assert seen == list(range(pages))
    assert [int(page.colour[20, 20].argmax()) for page in decode(buffer.getvalue(), only=pages)] == [
        pages - 1
    ]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_of_too_many_frames_is_refused_before_any_is_read(kind: str) -> None:
    frames = [Image.new("L", (60, 40), 10 * number) for number in range(6)]
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])
    assert len(list(decode(buffer.getvalue(), PictureLimits(pages=6)))) == 6
    with pytest.raises(TooManyPages):
        next(decode(buffer.getvalue(), PictureLimits(pages=5)))


def _page_with_ink(mode: str) -> Image.Image:
    """A white page, or one of nothing, with a black bar in its upper half."""
    page = Image.new("L", (60, 40), 255)
    page.paste(0, (0, 0, 60, 20))
    if mode in ("RGBA", "LA"):
        page = Image.merge("LA", (Image.new("L", page.size, 0), page.point(lambda level: 255 - level)))
        return page.convert(mode)
    if mode == "P":
        page = page.point(lambda level: level // 255).convert("P")
        page.putpalette([0, 0, 0, 0, 0, 0])
        page.info["transparency"] = 1
    return page


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white_paper(mode: str) -> None:
    buffer = io.BytesIO()
    _page_with_ink(mode).save(buffer, "PNG")
    (page,) = decode(buffer.getvalue())
    assert (page.colour[10, 30] == 0).all()
    assert (page.colour[30, 30] == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("white", [4095, 65535])
def test_greys_of_sixteen_bits_are_scaled(kind: str, white: int) -> None:
    levels = np.full((40, 60), white, np.uint16)
    levels[:20] = white // 4
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, kind)
    (page,) = decode(buffer.getvalue())
    assert page.colour.shape == (40, 60, 3)
    assert (page.colour[10, 30] == 63).all()
    assert (page.colour[30, 30] == 255).all()


def test_a_photo_without_its_end_is_read_and_told() -> None:
    # Always the same noise: of some the last bits make up a whole picture without the mark of the end.
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(7).integers(90, 170, (400, 600, 3), np.uint8)).save(buffer, "JPEG")
    whole = buffer.getvalue()
    (page,) = decode(whole[:-2])
    (known,) = decode(whole)
    assert known.damage is None
    assert page.damage == "图片不完整，缺少末尾，只读取了已有的部分"
    assert (page.colour == known.colour).all()


def test_a_photo_with_a_film_behind_its_end_is_whole_and_one_with_a_picture_in_it_may_lack_its_end() -> None:
    whole = picture(600, 400, "JPEG")
    (film,) = decode(whole + b"\0\0\0\x18ftypmp42" + b"\1" * 100_000)
    assert film.damage is None
    small = picture(60, 40, "JPEG")
    with_small = whole[:2] + b"\xff\xe5" + struct.pack(">H", len(small) + 2) + small + whole[2:]
    (cut,) = decode(with_small[:-500])
    assert cut.damage is not None
    with pytest.raises(TooManyPixels):
        next(decode(whole[:-2], PictureLimits(pixels=1000)))


@pytest.mark.parametrize("kind", ["PNG", "GIF", "TIFF", "BMP"])
def test_what_is_wrong_with_a_picture_is_said_without_names_of_programs(kind: str) -> None:
    data = picture(600, 400, kind)
    with pytest.raises(Damaged) as caught:
        list(decode(data[: len(data) // 2]))
    assert not re.search("[A-Za-z]", str(caught.value))


@pytest.mark.parametrize("options", [{"no_jp2": False}, {"no_jp2": True}], ids=["file", "codestream"])
def test_jpeg_2000_is_a_picture(options: dict[str, bool]) -> None:
    buffer = io.BytesIO()
    _page_with_ink("RGB").convert("RGB").save(buffer, "JPEG2000", **options)
    assert kind_of(buffer.getvalue()) == "image"
    (page,) = decode(buffer.getvalue())
    assert page.colour.shape == (40, 60, 3)
    assert page.colour[5, 30].max() < 60 < 200 < page.colour[35, 30].min()
    with pytest.raises(Damaged):
        list(decode(buffer.getvalue()[:60]))


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "LA"),
     ("PNG", "P"), ("PNG", "1"), ("PNG", "I;16"), ("TIFF", "1"), ("TIFF", "CMYK"), ("TIFF", "F"),
     ("BMP", "RGB"),
     ("WEBP", "RGB"), ("GIF", "P")],
)  # fmt: skip
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_huge_picture_is_decoded_smaller_and_shows_the_same(kind: str, mode: str, orientation: int) -> None:
    base = _page_with_ink("RGB").convert("RGB").resize((960, 640))
    image = (
        Image.fromarray(np.asarray(base.convert("L"), np.uint16) * 257)
        if mode == "I;16"
        else base.convert(mode)
    )
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    said = {"exif": exif} if kind in ("JPEG", "PNG", "TIFF", "WEBP") else {}
    image.save(buffer, kind, dpi=(240, 240), **said)
    (whole,) = decode(buffer.getvalue())
    for most, factor in ((960 * 640, 1), (960 * 640 - 1, 2), (960 * 640 // 16, 4)):
        (small,) = decode(buffer.getvalue(), PictureLimits(whole=most))
        height, width = whole.colour.shape[:2]
        assert small.colour.shape == (height // factor, width // factor, 3)
        assert small.points == whole.points
        seen = small.colour.astype(int) - whole.colour[factor // 2 :: factor, factor // 2 :: factor].astype(
            int
        )
        assert np.abs(seen).mean() < 6


def test_the_pages_of_a_huge_tiff_are_all_there() -> None:
    frames = [Image.new("RGB", (600, 400), colour) for colour in ("red", "green", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "TIFF", save_all=True, append_images=frames[1:])
    pages = list(decode(buffer.getvalue(), PictureLimits(whole=100_000)))
    assert [int(page.colour[20, 20].argmax()) for page in pages] == [0, 1, 2]
    assert {page.colour.shape for page in pages} == {(200, 300, 3)}
    (second,) = decode(buffer.getvalue(), PictureLimits(whole=100_000), only=2)
    assert int(second.colour[20, 20].argmax()) == 1
