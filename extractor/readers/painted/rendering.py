"""The look of a page, as pdfium renders it. It tells whether text is there, whether it is what it claims to
be, and where rules run."""

import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pylopdf_fonts_zh_cn
import zxingcpp
from PIL import Image as Picture
from PIL import ImageFont

from extractor.readers.painted.colours import luminance
from extractor.readers.painted.page import Glyph
from extractor.readers.painted.rules import Rule
from models.geometry import Rect
from models.page import TickState

Grey = npt.NDArray[np.uint8]
Sample = npt.NDArray[np.float32]

DPI = 100
# A page with a longer side (points) is rendered at a smaller scale; A0 is 2384 by 3370.
MAX_SIDE = 2_400
_CONTRAST = 16
_DARK = 150
# Letters of at least this luminance can be seen only on dark grounds.
_PALE = 0.9
_NO_TEXT = ("Cc", "Cn", "Co", "Cs")
_SIDE = 24
# How much more a glyph must look like the character that it claims to be than like others of its page, on
# average over a sample. Measured at 100 dpi: Chinese 0.36 to 0.7 where right, at most 0.02 where wrong; Latin
# 0.2 to 0.7 (at 250 dpi) and at most 0.13.
_MARGIN, _LATIN_MARGIN = 0.15, 0.10
_SAMPLE = 14
_LEAST_SAMPLE = 5


class Look:
    """A grey picture of the page, with `scale` pixels a point."""

    def __init__(self, grey: Grey, scale: float) -> None:
        self.grey, self.scale = grey, scale

    @classmethod
    def of(cls, page: Any, dpi: int = DPI) -> "Look":
        """Render a pdfium page with its annotations and form fields."""
        side = max(page.get_size())
        scale = dpi / 72 * min(1.0, MAX_SIDE / max(side, 1.0))
        bitmap = page.render(scale=scale, grayscale=True, draw_annots=True, may_draw_forms=True)
        grey = np.array(bitmap.to_numpy())
        bitmap.close()
        return cls(grey[:, :, 0] if grey.ndim == 3 else grey, scale)

    def crop(self, box: Rect) -> Grey:
        """Return the pixels of a box in points; empty where it lies off the page."""
        x0, y0 = max(0, math.floor(box[0] * self.scale)), max(0, math.floor(box[1] * self.scale))
        x1, y1 = max(x0, math.ceil(box[2] * self.scale)), max(y0, math.ceil(box[3] * self.scale))
        return self.grey[y0:y1, x0:x1]

    def portrait(self, glyph: Glyph, slack: float = 0.12) -> "Sample | None":
        """Return the glyph alone, made comparable. Neighbours on the line are kept out. There is slack above
        and below, because fonts state their height wrongly."""
        x0, y0, x1, y1 = glyph.box
        slack = (y1 - y0) * slack
        left, right = max(0, round(x0 * self.scale)), max(0, round(x1 * self.scale))
        top, bottom = max(0, round((y0 - slack) * self.scale)), max(0, round((y1 + slack) * self.scale))
        return _portrait(self.grey[top:bottom, left:right])

    def shows(self, glyph: Glyph) -> bool:
        """Tell whether anything contrasts where the glyph is painted."""
        x0, y0, x1, y1 = glyph.box
        if glyph.text[:1].isalnum():
            # A rule beside the character must not count as the character.
            dx, dy = (x1 - x0) * 0.12, (y1 - y0) * 0.12
            x0, y0, x1, y1 = x0 + dx, y0 + dy, x1 - dx, y1 - dy
        elif glyph.text == "_":
            # An underscore is drawn below the lowest point that fonts state.
            y1 += (y1 - y0) * 0.2
        pixels = self.crop((x0, y0, x1, y1))
        if not pixels.size or int(pixels.max()) - int(pixels.min()) < _CONTRAST:
            return False
        own = luminance(glyph.colour) if glyph.colour is not None else 0.0
        # Contrast with white paper may come from other characters, over which white ones were put.
        return own < _PALE or abs(float(np.median(pixels)) - 255 * own) >= _CONTRAST

    def frame(self, glyph: Glyph) -> TickState | None:
        """Return the look of a sign of a symbol font: `empty` or `ticked` for a frame, None for no frame."""
        portrait = self.portrait(glyph, slack=0.25)
        return None if portrait is None else _frame_state(portrait)

    def ink(self, box: Rect, without: Iterable[Rect] = ()) -> float:
        """Return the dark share of a box's pixels, without those in the boxes `without`."""
        pixels = self.crop(box)
        if not pixels.size:
            return 0.0
        dark = pixels < _DARK
        left, top = max(0, math.floor(box[0] * self.scale)), max(0, math.floor(box[1] * self.scale))
        for other in without:
            x0, y0 = (
                max(0, math.floor(n * self.scale) - 1 - start)
                for n, start in zip(other[:2], (left, top), strict=True)
            )
            x1, y1 = (
                max(0, math.ceil(n * self.scale) + 1 - start)
                for n, start in zip(other[2:], (left, top), strict=True)
            )
            dark[y0:y1, x0:x1] = False
        return float(dark.mean())

    def rules(self, shortest: float = 30.0) -> tuple[list[Rule], list[Rule]]:
        """Return the level and plumb rules in the picture, in points: unbroken dark runs of at least
        `shortest` points."""
        dark = self.grey < _DARK
        length = int(shortest * self.scale)
        return self._runs(dark, length), self._runs(dark.T, length)

    def _runs(self, dark: npt.NDArray[np.bool_], length: int) -> list[Rule]:
        if dark.shape[1] <= length:
            return []
        sums = np.cumsum(np.pad(dark.astype(np.int32), ((0, 0), (1, 0))), axis=1)
        full = (sums[:, length:] - sums[:, :-length]) == length
        found = []
        for line in np.flatnonzero(full.any(axis=1)):
            edges = np.flatnonzero(np.diff(np.pad(full[line].astype(np.int8), 1)))
            for start, end in zip(edges[::2], edges[1::2], strict=True):
                found.append(
                    Rule(
                        (int(line) + 0.5) / self.scale,
                        int(start) / self.scale,
                        (int(end) + length - 1) / self.scale,
                    )
                )
        return found


def misread_fonts(glyphs: Sequence[Glyph], look: Look, trusted: set[tuple[int, bool]]) -> set[int]:
    """Return the keys of fonts whose characters don't look like what they claim to be: their ToUnicode is
    broken or false.

    A sample of each font's glyphs is compared with the same characters of Noto Sans by normalised correlation
    and, as the measure of chance, with the other characters of the sample. Fonts in `trusted` are skipped;
    fonts that pass are added to it.
    """
    by_font: dict[tuple[int, bool], dict[str, Glyph]] = defaultdict(dict)
    for glyph in glyphs:
        # Digits and letters are a sample of their own, because they carry the amounts and the numbers.
        key = glyph.font_key, glyph.text.isascii()
        if key not in trusted and glyph.upright and len(glyph.text) == 1 and _comparable(glyph.text):
            kept = by_font[key].setdefault(glyph.text, glyph)
            if glyph.size > kept.size:
                by_font[key][glyph.text] = glyph
    wrong = set()
    for font, distinct in by_font.items():
        sample = sorted(distinct.values(), key=lambda glyph: (-glyph.size, glyph.text))[:_SAMPLE]
        seen = [(glyph.text, picture) for glyph in sample if (picture := look.portrait(glyph)) is not None]
        if len(seen) < _LEAST_SAMPLE:
            continue
        if _likeness(seen) < (_LATIN_MARGIN if font[1] else _MARGIN):
            wrong.add(font[0])
        elif len(seen) >= _SAMPLE:
            trusted.add(font)
    return wrong


def _likeness(seen: Sequence[tuple[str, Sample]]) -> float:
    """Return how much more the pictures look like their own characters than like each other's, from about 0
    (chance) to 1."""
    pictures = np.stack([picture.ravel() for _, picture in seen])
    claimed = np.stack([_reference(char).ravel() for char, _ in seen])
    scores = pictures @ claimed.T
    own = float(np.trace(scores)) / len(seen)
    return own - (float(scores.sum()) - float(np.trace(scores))) / (len(seen) * (len(seen) - 1))


def _comparable(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fa5" or (char.isascii() and char.isalnum())


def _portrait(pixels: npt.NDArray[Any]) -> Sample | None:
    """Return the ink cut out, scaled onto a square and normalised, so that the product of two is their
    correlation; None without ink."""
    if pixels.size == 0:
        return None
    paper = float(np.percentile(pixels, 90 if np.median(pixels) > 110 else 10))
    ink = np.abs(pixels.astype(np.float32) - paper)
    if ink.max() < 40:
        return None
    rows, columns = (
        np.flatnonzero((ink > ink.max() * 0.4).any(axis=1)),
        np.flatnonzero((ink > ink.max() * 0.4).any(axis=0)),
    )
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = max(cut.shape)
    high, wide = max(1, round(_SIDE * cut.shape[0] / side)), max(1, round(_SIDE * cut.shape[1] / side))
    small = np.asarray(Picture.fromarray(cut).resize((wide, high), Picture.Resampling.BILINEAR))
    square = np.zeros((_SIDE, _SIDE), np.float32)
    top, left = (_SIDE - high) // 2, (_SIDE - wide) // 2
    square[top : top + high, left : left + wide] = small
    square -= square.mean()
    norm = float(np.linalg.norm(square))
    return square / norm if norm else None


@lru_cache(maxsize=1)
def _face() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(pylopdf_fonts_zh_cn.sans_path()), 20)


@lru_cache(maxsize=4096)
def _reference(char: str) -> Sample:
    mask = _face().getmask(char, mode="L")
    width, height = mask.size
    pixels = np.array(mask, dtype=np.uint8).reshape(height, width)
    portrait = _portrait(np.pad(255 - pixels, 24, constant_values=255))
    return portrait if portrait is not None else np.zeros((_SIDE, _SIDE), np.float32)


def read_codes(look: Look) -> list[str]:
    """Return the texts of the QR codes on the page."""
    return [
        code.text
        for code in zxingcpp.read_barcodes(
            look.grey, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
        )
    ]


def is_legible(glyph: Glyph) -> bool:
    """Tell whether the font says what the glyph is: not a hole, a control or a private-use code."""
    return bool(glyph.text) and not any(
        unicodedata.category(char) in _NO_TEXT or char == "\ufffd" for char in glyph.text
    )


def _frame_state(portrait: "Sample") -> "TickState | None":
    """Return the state of a picture that is a frame; None where it is none."""
    ink = portrait - portrait.min() > 0.22 * (portrait.max() - portrait.min())
    sides = (ink[:6].any(axis=0), ink[-6:].any(axis=0), ink[:, :6].any(axis=1), ink[:, -6:].any(axis=1))
    if min(float(side[3:-3].mean()) for side in sides) < 0.85:
        return None
    return "empty" if float(ink[8:-8, 8:-8].mean()) < 0.06 else "ticked"
