"""Finds rings that a pen drew around words, takes them off the picture, and reads their rows again.

Sizes are in ems: an em is the height of the row's print.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.flat import FlatPage, Place, ReadLine
from extractor.scan.lines import read_places
from extractor.scan.ocr import OcrEngine
from extractor.scan.option_rows import OUT, Row

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

_LOWEST, _HIGHEST, _NARROWEST = 1.05, 2.4, 0.8  # ems: its height, and its least width
_RUN = 0.35  # ems: least width over which it reaches beyond the print both above and below
_OPEN = 0.5  # ems: gap in it at most
_NEAR = 0.12  # ems: ink so near to an oval is its own
_CLOSED = 0.78  # share of the oval that has ink, at least
_BAND = 0.15  # ems on either side of the oval that are taken off with it
_TURNS, _STEPS = 72, 40  # places along an oval, and across it, where its ink is looked for
_STRAY = (0.7, 1.35)  # times as far out: nearest and farthest that a ring may stray from its oval
_INSIDE = 0.9  # of an oval's half axes: characters whose middle is farther out are not in it


@dataclass(frozen=True)
class _Oval:
    """An oval in pixels of a row's part."""

    x: float
    y: float
    rx: float
    ry: float

    def out(self, x: Floats, y: Floats) -> Floats:
        """Return how far out places are, 1 being on the oval."""
        return np.asarray(np.hypot((x - self.x) / self.rx, (y - self.y) / self.ry), np.float64)


def find_rings(row: Row, pens: Mask, ink: Mask) -> list[_Oval]:
    """Return the rings of a row, those of coloured pens first told by their own ink alone."""
    found: list[_Oval] = []
    for mask in (pens[row.part], ink[row.part]):
        count, labels, stats, _ = cv2.connectedComponentsWithStats(
            cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        )
        for label in range(1, count):
            wide, high = int(stats[label, 2]), int(stats[label, 3])
            if wide < _NARROWEST * row.em or not _LOWEST * row.em < high:
                continue
            oval = _oval(labels == label, mask, row)
            if oval and all(abs(oval.x - one.x) > one.rx for one in found):
                found.append(oval)
    return found


def _oval(blot: Mask, ink: Mask, row: Row) -> _Oval | None:
    """Return the ring that a connected component of `ink` is, or holds; None where it is none."""
    em = row.em
    high = len(blot)
    top, bottom = blot.argmax(axis=0), high - 1 - blot[::-1].argmax(axis=0)
    beyond = blot.any(axis=0) & (top < row.top - OUT * em) & (bottom > row.bottom + OUT * em)
    gap = max(3, round(_OPEN * em)) | 1
    joined = cv2.morphologyEx(
        np.pad(beyond, gap).astype(np.uint8)[None], cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8)
    )[0][gap:-gap]
    steps = np.flatnonzero(np.diff(np.concatenate([[0], joined, [0]])))
    for start, end in zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True):
        if end - start < _RUN * em:
            continue
        columns = start + np.flatnonzero(beyond[start:end])
        xs = np.concatenate([columns, columns]).astype(np.float64)
        ys = np.concatenate([top[columns], bottom[columns]]).astype(np.float64)
        oval = _through(xs, ys)
        for _ in range(3):
            if oval is None or oval.rx > len(blot[0]) or oval.ry > high:
                oval = None
                break
            own_y, own_x = (ends.astype(np.float64) for ends in np.nonzero(blot))
            near = np.abs(oval.out(own_x, own_y) - 1) * min(oval.rx, oval.ry) < 2 * _NEAR * em
            oval = _through(own_x[near], own_y[near])
        if oval and _is_ring(oval, ink, em):
            return oval
    return None


def _through(xs: Floats, ys: Floats) -> _Oval | None:
    """Return the level oval that lies nearest to places, by least squares; None where there is none."""
    if len(xs) < 8:
        return None
    x0, y0 = xs.mean(), ys.mean()
    size = max(np.ptp(xs), np.ptp(ys), 1.0)
    x, y = (xs - x0) / size, (ys - y0) / size
    (a, b, c, d), *_ = np.linalg.lstsq(np.stack([x * x, y * y, x, y], 1), np.ones(len(x)), rcond=None)
    if a <= 0 or b <= 0:
        return None
    at_x, at_y = -c / (2 * a), -d / (2 * b)
    square = 1 + a * at_x**2 + b * at_y**2
    return _Oval(
        float(x0 + size * at_x),
        float(y0 + size * at_y),
        float(size * np.sqrt(square / a)),
        float(size * np.sqrt(square / b)),
    )


def _is_ring(oval: _Oval, ink: Mask, em: float) -> bool:
    """Tell whether an oval is as large as a ring around words, and has ink nearly all along."""
    if not _LOWEST * em < 2 * oval.ry < _HIGHEST * em or 2 * oval.rx < _NARROWEST * em:
        return False
    turns = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    near = max(1, round(_NEAR * em))
    thick = cv2.dilate(ink.astype(np.uint8), np.ones((2 * near + 1, 2 * near + 1), np.uint8))
    xs, ys = oval.x + oval.rx * np.cos(turns), oval.y + oval.ry * np.sin(turns)
    high, wide = ink.shape
    on = [
        0 <= x < wide and 0 <= y < high and bool(thick[int(y), int(x)])
        for x, y in zip(xs.tolist(), ys.tolist(), strict=True)
    ]
    return float(np.mean(on)) > _CLOSED


def _as_drawn(oval: _Oval, inked: Mask) -> tuple[Floats, Floats]:
    """Return how far out a ring was drawn at each of some turns (radians): a hand draws no oval."""
    turns = np.linspace(-np.pi, np.pi, _TURNS, endpoint=False)
    outs = np.linspace(*_STRAY, _STEPS)
    ys = np.rint(oval.y + oval.ry * np.outer(np.sin(turns), outs)).astype(int)
    xs = np.rint(oval.x + oval.rx * np.outer(np.cos(turns), outs)).astype(int)
    inside = (ys >= 0) & (ys < inked.shape[0]) & (xs >= 0) & (xs < inked.shape[1])
    on = inside & inked[np.clip(ys, 0, inked.shape[0] - 1), np.clip(xs, 0, inked.shape[1] - 1)]
    drawn = np.ones(_TURNS)
    for n in range(_TURNS):
        if on[n].any():
            # Its own stroke is the one nearest to the oval; print may stand on either side.
            edges = np.flatnonzero(np.diff(np.concatenate([[0], on[n].astype(np.int8), [0]])))
            runs = [(outs[a] + outs[b - 1]) / 2 for a, b in zip(edges[::2], edges[1::2], strict=True)]
            drawn[n] = min(runs, key=lambda out: abs(out - 1))
    around = np.stack([np.roll(drawn, n) for n in range(-2, 3)])
    return turns, np.median(around, axis=0)


def with_rings(ovals: Sequence[_Oval], row: Row, page: FlatPage) -> tuple[FlatPage, Row]:
    """Return the page with the characters inside the rings of a row marked."""
    lines = [_bordered(line, ovals, row) for line in row.lines]
    changed = {id(old): new for old, new in zip(row.lines, lines, strict=True)}
    page = page.reading([changed.get(id(line), line) for line in page.lines])
    return page, replace(row, lines=lines)


def _bordered(line: ReadLine, ovals: Sequence[_Oval], row: Row) -> ReadLine:
    """Return a line with its characters inside rings marked."""
    inside = tuple(
        any(abs((a + b) / 2 - row.left - oval.x) < _INSIDE * oval.rx for oval in ovals)
        for a, b in line.glyph_boxes()
    )
    return replace(line, bordered=inside if any(inside) else ())


def without_rings(
    ovals: Sequence[_Oval], row: Row, page: FlatPage, ink: Mask, engine: OcrEngine
) -> tuple[FlatPage, Row]:
    """Return the page with the rings of a row taken off, the row read again, and the characters inside them
    marked."""
    ys, xs = np.mgrid[0 : row.part[0].stop - row.part[0].start, 0 : row.part[1].stop - row.part[1].start]
    band, inked = np.zeros(xs.shape, np.bool_), ink[row.part]
    for oval in ovals:
        turns = np.arctan2((ys - oval.y) / oval.ry, (xs - oval.x) / oval.rx)
        drawn = np.interp(turns, *_as_drawn(oval, inked), period=2 * np.pi)
        band |= np.abs(oval.out(xs, ys) - drawn) * min(oval.rx, oval.ry) < _BAND * row.em
    lifted, clear, red, pen = (
        page.lifted.copy(),
        page.clear.copy(),
        page.layers.red.copy(),
        page.layers.pen.copy(),
    )
    lifted[row.part][band] = clear[row.part][band] = 255
    red[row.part][band] = pen[row.part][band] = 0
    boxes = [line.place.box for line in row.lines]
    left, top = row.left, row.part[0].start
    room = row.em / 8
    box = (
        min([box[0] for box in boxes] + [left + oval.x - oval.rx for oval in ovals]),
        top + row.top - room,
        max([box[2] for box in boxes] + [left + oval.x + oval.rx for oval in ovals]),
        top + row.bottom + room,
    )
    box = (max(0.0, box[0]), max(0.0, box[1]), box[2], box[3])
    new = read_places([Place(box, row.lines[0].place.cell)], clear, engine)
    page = replace(page, lifted=lifted, clear=clear, layers=replace(page.layers, red=red, pen=pen))
    if not new:
        return page, row
    line = _bordered(new[0], ovals, row)
    others = [one for one in page.lines if not any(one is old for old in row.lines)]
    return page.reading([*others, line]), replace(row, lines=[line])
