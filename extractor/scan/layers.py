"""Separates the layers of a flat page: what is written in black or blue, what is stamped in red, what is
ruled."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.upright import Flat, lit
from models.page import Frame

Gray = NDArray[np.uint8]

# Of the text layer, whose paper is white: a pixel that is darker is ink, and no shade of paper or of a seal.
PAPER = 150
_RED = 35  # how much more red than green and blue makes red ink
# Levels by which the channels of a grey pixel may differ: a copy without colour has none, paper scanned in
# colour more.
_GREY = 2
# levels of the red channel under red ink: what is no lighter stays black, from the sum on is paper
_SHIMMER, _UNDER_RED = 40, 130
_BLUER = 35  # how much more blue than red and green makes blue ink
_VIVID = 1.6  # how much redness is strengthened
# Faint print: the percent of pixels that are ink at least, by how many levels black is darker than the
# lightest of those, how light it is at most, and from which level on is paper.
_INKED, _BLACKER, _FAINTEST, _PAPER = 0.5, 10, 110, 235


@dataclass(frozen=True)
class Layers:
    """`text`: grey, paper white, red ink gone. `all`: grey with everything. `redness`: how red. `red`: 255
    where red ink stands.

    `pen`: how much bluer than print. `scale`: pixels a point. `frame`: how the page came out of its picture.
    """

    text: Gray
    all: Gray
    redness: Gray
    red: Gray
    pen: Gray
    scale: float
    frame: Frame | None = None

    @property
    def black(self) -> Gray:
        """The text layer without what is bluer than print: pens, and stamps that are not red."""
        return np.asarray(
            cv2.copyTo(np.full_like(self.text, 255), cv2.inRange(self.pen, _BLUER, 255), self.text.copy()),
            np.uint8,
        )

    @property
    def inks(self) -> Gray:
        """The text layer with red ink, grey."""
        return np.asarray(cv2.min(self.text, self.all), np.uint8)

    def part(self, x0: int, y0: int, x1: int, y1: int) -> "Layers":
        """A part of the page, in pixels."""
        layers = (self.text, self.all, self.redness, self.red, self.pen)
        text, everything, redness, red, pen = (np.ascontiguousarray(layer[y0:y1, x0:x1]) for layer in layers)
        return replace(self, text=text, all=everything, redness=redness, red=red, pen=pen)

    def turned(self, quarters: int) -> "Layers":
        """The page turned by so many quarters, counter-clockwise."""
        if quarters % 4 == 0:
            return self
        layers = (self.text, self.all, self.redness, self.red, self.pen)
        text, everything, redness, red, pen = (
            np.ascontiguousarray(np.rot90(layer, quarters)) for layer in layers
        )
        frame = self.frame and self.frame.model_copy(
            update={"quarters": (self.frame.quarters + quarters) % 4}
        )
        return replace(self, text=text, all=everything, redness=redness, red=red, pen=pen, frame=frame)


def take_apart(flat: Flat) -> Layers:
    """The layers of `flat`. Red ink reflects red light, so it vanishes in the red channel; what shimmers
    through is lifted."""
    raw = cv2.split(flat.colour)
    # Copies in grey or black and white have three channels alike.
    plain = all(np.array_equal(raw[0], other) for other in raw[1:])
    channels = (
        [lit(np.asarray(raw[0], np.uint8))] * 3
        if plain
        else [lit(np.asarray(channel, np.uint8)) for channel in raw]
    )
    red_light, other = channels[0], cv2.max(channels[1], channels[2])
    redness = cv2.subtract(red_light, other)
    _, red = cv2.threshold(redness, _RED, 255, cv2.THRESH_BINARY)
    text = red_light
    if red.any():
        # Where red ink lies on paper the paper is restored; where it lies on print the red channel is dark,
        # and stays.
        near = cv2.dilate(red, np.ones((3, 3), np.uint8))
        text = cv2.copyTo(
            cv2.max(cv2.LUT(text, _table(-_SHIMMER, 255 / _UNDER_RED)), text), near, text.copy()
        )
    everything = channels[0] if plain else lit(cv2.cvtColor(flat.colour, cv2.COLOR_RGB2GRAY))
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
    )


def is_coloured(colour: NDArray[np.uint8]) -> bool:
    """Whether any pixel is of another colour than grey; a few levels are what compression does."""
    red, green, blue = (colour[::3, ::3, channel] for channel in range(3))
    least, most = np.minimum(np.minimum(red, green), blue), np.maximum(np.maximum(red, green), blue)
    return bool((most - least).max() > _GREY)


def _stretched(gray: Gray) -> Gray:
    """Paper to white, ink to black: faint print gets the contrast that readers were trained on."""
    low = min(max(_percentile(gray, _INKED) - _BLACKER, 0), _FAINTEST)
    return np.asarray(cv2.LUT(gray, _table(-low, 255 / (_PAPER - low))), np.uint8)


def _table(more: float, times: float) -> Gray:
    """(value + more) * times for each value of a pixel: looking it up costs a tenth of reckoning it a
    pixel."""
    return np.clip((np.arange(256, dtype=np.float32) + more) * times, 0, 255).astype(np.uint8)


def _percentile(gray: Gray, percent: float) -> float:
    """As numpy's, from a histogram instead of an order of all pixels."""
    below = np.cumsum(cv2.calcHist([gray], [0], None, [256], [0, 256]).ravel().astype(np.int64))
    at = (gray.size - 1) * percent / 100
    first, second = (
        int(np.searchsorted(below, rank, side="right")) for rank in (int(at), min(int(at) + 1, gray.size - 1))
    )
    return first + (second - first) * (at - int(at))
