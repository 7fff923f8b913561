"""Finds where in a picture the sheet of paper lies: on a table, as a photo shows it, or in a window, as a
screenshot of a program for letters or PDF shows it."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]

# A sheet on a darker ground:
_GROUND = 0.04  # share of the picture: least area of the ground
_DARKER = 40  # levels by which the ground is darker
_BRIGHT_RIM = 0.5  # share of the picture's rim that may be bright
_SHEET = 0.3  # share of the picture: least area of the sheet
# How to even the light out before a sheet is told from its ground:
_LIGHTINGS = 2  # rounds
_SPARSE = 4  # pixels from one that is looked at to the next
_PAPER = 200.0  # grey level that paper gets
# A page in a window:
_WHITE = 246  # grey level: paper on a screen is no darker
_EXACT = 1  # levels by which the ground of a window differs from itself
_NEAR = (
    12  # levels from the ground: nearly all so near to it is exactly of it, while a photo has some of each
)
_PURE = 0.9  # least share that is
_AROUND = 0.12  # share of the picture: least area of such ground
_SPECK = 9  # pixels: what is of the ground's level and no larger lies in a page
_BAR = 0.13  # of the picture's shorter side: bars and panes of a program are no wider, a page is
_PAGE = 0.12  # share of the picture: least area of a page
_WHOLE = 0.97  # share of its rectangle that a page fills
_OFF = 5  # pixels beside a page where its ground is seen
_BESIDE = 0.9  # share of its height on which it is
_MARGIN = (2, 0.04)  # pixels, and share of a page's width: from where to where it has a bare margin
_ENDS = 0.05  # share of its height at either end, where the ruler of a program may lie over the page
_GAP = 0.97  # share of a row of its pixels that a gap between ruler and page takes
_BARE = 0.99  # share of the rest of the margin that is paper
# Ruled lines that run across what was taken for the edge of a sheet:
_ALONG = np.linspace(0, 1, 21)[:, None, None]  # places along a piece of line at which it is looked at
_ROOM = 0.1  # of the sheet's width or height: its own edges, and what they throw, lie no farther out
_PARTLY = 0.2  # share of a piece that lies on one side of the edge at least
_IN_LINE = 4  # pixels: a piece that goes on lies no farther beside the line
_BESIDE_EACH_OTHER = 0.1  # of the sheet's width or height: the sides of a table are farther apart


def sheet_in(work: Gray) -> Floats | None:
    """Return the outline of the sheet in a picture, n x 2 in its pixels. It is None where the paper fills the
    picture. `work` is in grey, its long side no longer than some 1400 pixels."""
    shown = _shown(work)
    return _lying(work) if shown is None else shown


def is_crossed(sheet: Floats, directions: Sequence[Floats]) -> bool:
    """Tell whether two ruled lines or more, well apart, go on far outside an outline. What lies on a table
    ends at the edge of the sheet, while a shadow's edge may lie across it. `sheet`: points of the outline, n
    x 2. `directions`: pieces of straight line of each of the two directions, n x 4, x0, y0, x1, y1."""
    first, last = sheet.min(axis=0), sheet.max(axis=0)
    room = _ROOM * (last - first)
    for across, pieces in enumerate(directions):
        points = pieces[:, :2] + _ALONG * (pieces[:, 2:] - pieces[:, :2])
        inside = ((points > first) & (points < last)).all(axis=2).mean(axis=0)
        outside = ((points < first - room) | (points > last + room)).any(axis=2).mean(axis=0)
        within, beyond = pieces[inside > _PARTLY], points[:, outside > _PARTLY]
        way = within[:, 2:] - within[:, :2]
        normals = np.column_stack([-way[:, 1], way[:, 0]]) / np.maximum(np.hypot(*way.T), 1)[:, None]
        # How far each point of each piece beyond lies beside each line within: points x pieces x lines.
        off = np.abs(beyond @ normals.T - (within[:, :2] * normals).sum(axis=1))
        going_on = (off.max(axis=0) < _IN_LINE).any(axis=1)
        places = beyond[:, going_on, 1 - across].mean(axis=0)
        side = (last - first)[1 - across]
        if len(places) and float(places.max() - places.min()) > _BESIDE_EACH_OTHER * side:
            return True
    return False


def _shown(work: Gray) -> Floats | None:
    """Return the outline of the pages that a window shows on its ground, or None where there is no window.

    Only a computer draws ground that is all of one level. What stands out from it are pages, and bars and
    panes, which are narrower, and which have other bars beside them.
    """
    counts = cv2.calcHist([work], [0], None, [256], [0, 256]).ravel()
    level = int(counts[:_WHITE].argmax())
    near, exact = (counts[max(0, level - far) : level + far + 1].sum() for far in (_NEAR, _EXACT))
    if exact < max(_AROUND * work.size, _PURE * near):
        return None
    ground = np.asarray(cv2.inRange(work, level - _EXACT, level + _EXACT), np.uint8)
    ground = np.asarray(
        cv2.morphologyEx(ground, cv2.MORPH_OPEN, np.ones((_SPECK, _SPECK), np.uint8)), np.uint8
    )
    side = round(_BAR * min(work.shape))
    # Bars end at the picture's edge, and are no broader for that.
    framed = cv2.copyMakeBorder(cv2.bitwise_not(ground), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    opened = cv2.morphologyEx(
        framed, cv2.MORPH_OPEN, np.ones((side, side), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    broad = np.ascontiguousarray(opened[1:-1, 1:-1])
    _, _, stats, _ = cv2.connectedComponentsWithStats(broad)
    pages = [page for stat in stats[1:].tolist() if (page := _page(work, ground > 0, stat))]
    if not pages:
        return None
    x0, y0 = (min(page[side] for page in pages) for side in (0, 1))
    x1, y1 = (max(page[side] for page in pages) for side in (2, 3))
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


def _page(work: Gray, ground: Bits, stat: Sequence[int]) -> tuple[int, int, int, int] | None:
    """Return the rectangle (x0, y0, x1, y1) of a page in a window, or None where it is none. `stat` is what
    OpenCV tells of a connected component: its left, top, width, height and area."""
    x0, top, wide, high, area = stat
    x1 = x0 + wide
    if area < max(_PAGE * work.size, _WHOLE * wide * high) or x0 < _OFF or x1 + _OFF >= work.shape[1]:
        return None
    # Where a bar touches the page, other parts of the bar stand beside it, and no ground.
    level = ground[top : top + high, x0 - _OFF] & ground[top : top + high, x1 + _OFF]
    rows = np.flatnonzero(level)
    if not len(rows) or level.sum() < _BESIDE * (rows[-1] - rows[0]):
        return None
    y0, y1 = top + int(rows[0]), top + int(rows[-1]) + 1
    margin = slice(_MARGIN[0], max(_MARGIN[0] + 1, round(_MARGIN[1] * wide)))
    end = round(_ENDS * (y1 - y0))
    # A ruler lies over the page, with a gap between the two from side to side.
    gaps = np.flatnonzero((work[y0 : y0 + end, x0:x1] < _WHITE).mean(axis=1) > _GAP)
    y0 += int(gaps[-1]) + 1 if len(gaps) else 0
    paper = work[y0 + end : max(y0 + end + 1, y1 - end), x0:x1] >= _WHITE
    sides = [paper[:, margin], paper[:, ::-1][:, margin]]
    return (x0, y0, x1, y1) if all(float(part.mean()) > _BARE for part in sides) else None


def _lying(work: Gray) -> Floats | None:
    """Return the outline of a bright sheet on a darker ground, n x 2 in pixels of `work`. It is None where
    the paper fills the picture."""
    small = cv2.resize(work, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    closed = cv2.morphologyEx(
        cv2.GaussianBlur(small, (0, 0), 1.5), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)
    )
    gray = np.asarray(closed, np.uint8)
    bright = _brighter(gray)
    for _ in range(_LIGHTINGS):
        # Where light falls from one side, paper in the shade may be darker than the threshold between paper
        # and ground.
        gray = _evenly_lit(gray, bright)
        bright = _brighter(gray)
    dark = gray[bright == 0]
    # In a black picture, as a covered lens takes it, nothing is bright.
    if dark.size == gray.size or dark.size < _GROUND * gray.size:
        return None
    if float(np.median(gray[bright > 0])) - float(np.median(dark)) < _DARKER:
        return None
    rim = np.concatenate([bright[0], bright[-1], bright[:, 0], bright[:, -1]])
    if (rim > 0).mean() > _BRIGHT_RIM:
        return None
    outlines, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(outlines, key=cv2.contourArea)
    if cv2.contourArea(largest) < _SHEET * gray.size:
        return None
    return np.asarray(largest[:, 0] * 2 + 0.5, np.float64)


def _brighter(gray: Gray) -> Gray:
    """Return a mask, 255 where `gray` is above Otsu's threshold (Otsu 1979)."""
    return np.asarray(cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1], np.uint8)


def _evenly_lit(gray: Gray, bright: Gray) -> Gray:
    """Return `gray` as if light fell evenly on what is `bright`. Over a sheet, the logarithm of the light is
    nearly a plane."""
    inner = cv2.erode(bright, np.ones((5, 5), np.uint8))[::_SPARSE, ::_SPARSE] > 0
    if inner.sum() < _SPARSE**2:
        return gray
    y, x = (np.linspace(-0.5, 0.5, side) for side in gray.shape)
    ys, xs = np.meshgrid(y[::_SPARSE], x[::_SPARSE], indexing="ij")
    design = np.column_stack([np.ones(int(inner.sum())), ys[inner], xs[inner]])
    height, down, across = np.linalg.lstsq(
        design, np.log(gray[::_SPARSE, ::_SPARSE][inner] + 1.0), rcond=None
    )[0]
    light = np.outer(np.exp(height + down * y), np.exp(across * x))
    return np.asarray(np.clip(_PAPER / light * gray, 0, 255), np.uint8)
