"""A flat page, taken apart: what is written in black or blue, what is stamped in red, what is ruled."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.upright import Flat, lit

Gray = NDArray[np.uint8]

_RED = 35  # how much more red than green and blue makes red ink


@dataclass(frozen=True)
class Layers:
    """`text`: grey, paper white, red ink gone. `all`: grey with everything. `redness`: how red. `red`: 255 where red ink stands.

    `pen`: how much bluer than print. `scale`: pixels a point.
    """

    text: Gray
    all: Gray
    redness: Gray
    red: Gray
    pen: Gray
    scale: float

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
        text, everything, redness, red, pen = (np.ascontiguousarray(np.rot90(layer, quarters)) for layer in layers)
        return replace(self, text=text, all=everything, redness=redness, red=red, pen=pen)


def take_apart(flat: Flat) -> Layers:
    """The layers of `flat`. Red ink reflects red light, so it vanishes in the red channel; what shimmers through is lifted."""
    channels = [lit(np.ascontiguousarray(flat.colour[..., i])) for i in range(3)]
    red_light, other = channels[0], np.maximum(channels[1], channels[2])
    redness = cv2.subtract(red_light, other)
    red = np.where(redness > _RED, 255, 0).astype(np.uint8)
    text = red_light
    if red.any():
        # Where red ink lies on paper the paper is restored; where it lies on print the red channel is dark, and stays.
        near = cv2.dilate(red, np.ones((3, 3), np.uint8)) > 0
        lifted = np.clip((text.astype(np.float32) - 40) * (255 / 130), 0, 255).astype(np.uint8)
        text = np.where(near, np.maximum(lifted, text), text)
    everything = lit(cv2.cvtColor(flat.colour, cv2.COLOR_RGB2GRAY))
    vivid = np.clip(redness.astype(np.float32) * 1.6, 0, 255).astype(np.uint8)
    pen = cv2.subtract(channels[2], cv2.max(channels[0], channels[1]))
    return Layers(_stretched(text), everything, vivid, red, pen, flat.scale)


def _stretched(gray: Gray) -> Gray:
    """Paper to white, ink to black: faint print gets the contrast that readers were trained on."""
    dark = float(np.percentile(gray, 0.5))
    low = min(max(dark - 10, 0), 110)
    return np.clip((gray.astype(np.float32) - low) * (255 / (235 - low)), 0, 255).astype(np.uint8)
