"""A cell with a printed answer, and what a pen draws on it; read by no engine."""

import cv2
import numpy as np

from extractor.scan.flat import FlatPage, Place, ReadLine
from extractor.scan.layers import take_apart
from extractor.scan.readings import Glyph, Reading
from extractor.scan.ruling import find_grids
from extractor.scan.upright import Flat
from tests.extractor import drawing

SIZE, X, Y = 36, 520, 360
BLACK, BLUE, RED = (25, 25, 30), (30, 45, 150), (205, 30, 40)
INKS = (BLACK, BLUE, RED)


class Form:
    """A label, and a cell with `words` in it, at (X, Y), characters SIZE wide."""

    def __init__(self, words="武汉清源商业管理有限公司"):
        self.picture = drawing.blank(1500, 900)
        drawing.table(self.picture, [200, 480, 1400], [300, 480, 660])
        drawing.write(self.picture, [(240, Y, "申报单位"), (X, Y, words)], SIZE)
        self.lines = [self.line(words, X, Y, (0, 1))]

    def line(self, words, x, y, cell):
        """What an engine would say of `words` at (x, y)."""
        steps = np.cumsum([0, *(drawing.font(SIZE).getlength(char) for char in words)])
        wide = steps[-1]
        glyphs = tuple(
            Glyph(char, (a + b) / 2 / wide, 0.99)
            for char, a, b in zip(words, steps[:-1], steps[1:], strict=True)
        )
        return ReadLine(Place((x - 3, y, x + wide + 3, y + SIZE + 10), cell), Reading(glyphs))

    def draw(self, points, ink=BLACK, width=4):
        """A stroke through points, in widths of a character from where the answer begins."""
        places = [(round((X + SIZE * x) * 8), round((Y + 11 + SIZE * y) * 8)) for x, y in points]
        layer = np.full_like(self.picture, 255)
        cv2.polylines(layer, [np.array(places, np.int32)], False, ink, width, cv2.LINE_AA, 3)
        self.picture = np.minimum(self.picture, layer)

    def write(self, words, x, y, ink=BLACK, size=SIZE):
        """Writes words at a place in widths of a character from where the answer begins; ink darkens what it
        lies on."""
        layer = drawing.blank(1500, 900)
        drawing.write(layer, [(round(X + SIZE * x), round(Y + SIZE * y), words)], size)
        coloured = np.where(layer < 128, np.array(ink, np.uint8), np.uint8(255)).astype(np.uint8)
        self.picture = np.minimum(self.picture, coloured)

    def page(self, rings=()):
        layers = take_apart(Flat(self.picture, drawing.SCALE, False))
        return FlatPage.of(layers, find_grids(layers.text, drawing.SCALE), list(rings)).reading(self.lines)
