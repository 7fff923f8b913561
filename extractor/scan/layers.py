"""Separates the inks of a flat page into layers: black and blue text, red ink, and what is bluer than
print."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.upright import Flat, lit, lit_by, shade
from models.page import Frame

Gray = NDArray[np.uint8]

# Grey levels go from 0, black, to 255, white.
PAPER = 150  # grey level of the text layer: a darker pixel is ink, and no shade of paper or of a seal
_RED = 35  # levels: red ink is redder than green and blue by more
# Levels by which the channels of a grey pixel may differ. A copy without colour has no difference, paper
# scanned in colour has a larger one.
_GREY = 2
_PARTS = 12  # of a picture, in which colour is looked for one after the other
_SHIMMER = 40  # level of the red channel under red ink: what is no lighter becomes black
_UNDER_RED = 130  # levels above `_SHIMMER` at which the red channel under red ink becomes white paper
_BLUER = 35  # levels: blue ink is bluer than red and green by at least so much
_VIVID = 1.6  # the factor by which redness is strengthened
# The stretching of faint print.
_INKED = 0.5  # percent of the pixels that are ink at least
_BLACKER = 10  # levels: black is darker than the lightest of those by so much
_FAINTEST = 110  # grey level: the lightest that black may be
_PAPER = 235  # grey level from which on all is white
# By one, two, three quarters counter-clockwise.
_TURNS = (cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE)


@dataclass(frozen=True)
class Layers:
    """The layers of a page, each height x width with 8 bits a pixel.

    `text`: grey without red ink, on white paper. `all`: grey with every ink. `redness`: how red a pixel is,
    strengthened. `red`: 255 where there is red ink. `pen`: how much bluer than red and green a pixel is, in
    levels. `scale`: pixels a point. `frame`: how the page came out of its picture. `paper`: how light its
    paper was before it was made white, at a quarter of the scale; None where that is not known. `stamped`:
    255 where the ink of a stamp was taken off; None without any.
    """

    text: Gray
    all: Gray
    redness: Gray
    red: Gray
    pen: Gray
    scale: float
    frame: Frame | None = None
    paper: Gray | None = None
    stamped: Gray | None = None

    @property
    def black(self) -> Gray:
        """The text layer without what is bluer than print: blue pens, and blue stamps."""
        return np.asarray(cv2.bitwise_or(self.text, cv2.inRange(self.pen, _BLUER, 255)), np.uint8)

    @property
    def inks(self) -> Gray:
        """The text layer together with red ink, in grey."""
        return np.asarray(cv2.min(self.text, self.all), np.uint8)

    def with_red(self, other: "Layers") -> "Layers":
        """Return the page with the red ink of `other`, the same page before red ink was taken off."""
        return replace(self, all=other.all, redness=other.redness, red=other.red)

    def part(self, x0: int, y0: int, x1: int, y1: int) -> "Layers":
        """Return the part of the page inside a box, in pixels."""
        layers = (self.text, self.all, self.redness, self.red, self.pen)
        text, everything, redness, red, pen = (np.ascontiguousarray(layer[y0:y1, x0:x1]) for layer in layers)
        return replace(
            self, text=text, all=everything, redness=redness, red=red, pen=pen, paper=None, stamped=None
        )

    def turned(self, quarters: int) -> "Layers":
        """Return the page turned counter-clockwise by `quarters` quarter turns."""
        if quarters % 4 == 0:
            return self
        layers = (self.text, self.all, self.redness, self.red, self.pen)
        text, everything, redness, red, pen = (
            np.asarray(cv2.rotate(layer, _TURNS[quarters % 4 - 1]), np.uint8) for layer in layers
        )
        frame = self.frame and self.frame.model_copy(
            update={"quarters": (self.frame.quarters + quarters) % 4}
        )
        paper, stamped = (
            None if layer is None else np.ascontiguousarray(np.rot90(layer, quarters))
            for layer in (self.paper, self.stamped)
        )
        return replace(
            self, text=text, all=everything, redness=redness, red=red, pen=pen, frame=frame, paper=paper,
            stamped=stamped,
        )  # fmt: skip


def take_apart(flat: Flat) -> Layers:
    """Return the layers of `flat`. Red ink reflects red light, so it nearly vanishes in the red channel. The
    shimmer that is left is lifted to white."""
    raw = cv2.split(flat.colour)
    gray = np.asarray(raw[0] if flat.plain else cv2.cvtColor(flat.colour, cv2.COLOR_RGB2GRAY), np.uint8)
    paper = shade(gray)
    everything = lit_by(gray, paper)
    channels = [everything] * 3 if flat.plain else [lit(np.asarray(channel, np.uint8)) for channel in raw]
    red_light, other = channels[0], cv2.max(channels[1], channels[2])
    redness = cv2.subtract(red_light, other)
    _, red = cv2.threshold(redness, _RED, 255, cv2.THRESH_BINARY)
    text = red_light
    if red.any():
        # Where red ink lies on paper, the paper becomes white. Where it lies on print, the red channel is
        # dark and stays so.
        near = cv2.dilate(red, np.ones((3, 3), np.uint8))
        text = cv2.copyTo(
            cv2.max(cv2.LUT(text, _table(-_SHIMMER, 255 / _UNDER_RED)), text), near, text.copy()
        )
    vivid = np.asarray(cv2.LUT(redness, _table(0, _VIVID)), np.uint8)
    pen = cv2.subtract(channels[2], cv2.max(channels[0], channels[1]))
    return Layers(
        _stretched(np.asarray(text, np.uint8)),
        everything,
        vivid,
        np.asarray(red, np.uint8),
        pen,
        flat.scale,
        flat.frame,
        paper,
    )


def is_coloured(colour: NDArray[np.uint8]) -> bool:
    """Tell whether a picture (RGB, height x width x 3) has a pixel that is not grey. Every third row and
    column is looked at. A difference of 2 levels comes from compression."""
    for part in np.array_split(colour[::3, ::3], _PARTS):  # the first tells of most
        red, green, blue = cv2.split(np.ascontiguousarray(part)) if part.size else (part, part, part)
        most, least = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
        if part.size and cv2.subtract(most, least).max() > _GREY:
            return True
    return False


def _stretched(gray: Gray) -> Gray:
    """Return the picture with its paper white and its ink black, so that faint print has the contrast that
    recognisers were trained on."""
    low = min(max(percentile(gray, _INKED) - _BLACKER, 0), _FAINTEST)
    return np.asarray(cv2.LUT(gray, _table(-low, 255 / (_PAPER - low))), np.uint8)


def _table(more: float, times: float) -> Gray:
    """Return (value + more) * times for each value from 0 to 255. To look it up costs a tenth of calculating
    it for each pixel."""
    return np.clip((np.arange(256, dtype=np.float32) + more) * times, 0, 255).astype(np.uint8)


def percentile(gray: Gray, percent: float) -> float:
    """Return the grey level of that percentile, as `numpy.percentile` does, but from a histogram instead of
    sorting all pixels."""
    below = np.cumsum(cv2.calcHist([gray], [0], None, [256], [0, 256]).ravel().astype(np.int64))
    at = (gray.size - 1) * percent / 100
    first, second = (
        int(np.searchsorted(below, rank, side="right")) for rank in (int(at), min(int(at) + 1, gray.size - 1))
    )
    share = at - int(at)
    # So `numpy` does it, and both agree to the last digit.
    return second - (second - first) * (1 - share) if share >= 0.5 else first + (second - first) * share
