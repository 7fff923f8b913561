"""Takes dirt of a scanner's rollers off a page: bands of grey specks that run down the sheet, through text
and rules.

What is printed is as dark under a band as beside it, while the ground is darkened by as much as above and
below. So the page is divided by its ground. How dark that is, and how much it varies, is measured where
nothing is printed, or between the characters where text is dense.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import Rect

Gray = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_SOIL = 215  # grey level: ground that is darker is soiled
_BLOCKS = 12  # blocks of a page from its top to its bottom
_BARE = 0.2  # share of a block's rows in a column that must be bare to tell
_LEAST = 0.04  # share of a column's bare ground that is soiled at least
_TIMES = 5.0  # times the share that is usual on the page
GLANCE = 3  # at a glance each so-manieth row is looked at
_SUSPECT = 0.5  # part of a soiled column's share that makes one suspect then
_WIDE = 1.0  # points over which a column's share is smoothed
_AROUND = 2.0  # points around lines of text that are not looked at
_BEYOND = 3.0  # points to the side of soiled columns that are cleaned, too: a band fades out
_INK = 70  # grey level: what is darker is ink, not ground
_EDGE = 1.0  # points around ink between which no ground is measured, since the edges of characters are grey
_RULED = 20.0  # points: ink that runs straight on so far is a rule; specks do not
_RULE_DARK = 150  # grey level: a rule is darker
_PALE = 25.0  # levels by which a pale rule is darker than paper at least
_STRETCH = 20.0  # points along a rule of dashes over which its darkness is averaged
_FEWEST = 6  # such stretches that tell of a rule
_END = 0.3  # of its usual darkness: a rule goes on where it is darker
_STEADY = 0.2  # share of that darkness: its standard deviation from stretch to stretch, which dirt exceeds
_COUNTED = 255  # rows
_COLUMNS = 256  # columns that are looked at at once
_EVEN = 0.25  # share of that darkness: its standard deviation along a rule, which that of specks exceeds
_HIGH, _ACROSS = 20.0, 1.0  # points: height and width of the surroundings in which ground is measured
_BETWEEN = 0.1  # weight of the ground between characters, against that of bare ground
_KNOWN = 0.01  # share of the surroundings that must be ground
_FAINT = 5.0  # levels: ground that is darkened by less is clean
# Standard deviations: ground that is darker than usual by so much still becomes white, in lines of text and
# elsewhere, where a speck that is left looks like a character.
_SPREAD, _WIDER = 1.0, 2.5
_DARKEST = 60.0  # grey level: no ground counts as darker


def soiled_columns(gray: Gray, bare: Mask, scale: float) -> Mask:
    """Return a mask of the columns of a page that are soiled all the way down.

    `gray`: the page, height x width; `bare`: where its ground lies bare; `scale`: pixels a point. A band
    shows in most of the blocks into which the sheet is cut.
    """
    bands = _columns_over(1.0, gray, bare, scale)
    for first, last in _stretches(bands):
        if _is_dashed(gray[:, first:last], scale):
            bands[first:last] = False
    return bands


def seems_soiled(gray: Gray, bare: Mask, scale: float) -> bool:
    """Tell by some of its rows whether a page may have soiled columns. Most have none. `gray` and `bare` hold
    each row of those for `soiled_columns` whose number is a multiple of `GLANCE`; dashes can't be told from
    specks in them."""
    return bool(_columns_over(_SUSPECT, gray, bare, scale).any())


def _columns_over(part: float, gray: Gray, bare: Mask, scale: float) -> Mask:
    """Return a mask of the columns that have more than a part of the share that makes one soiled."""
    ground = bare.astype(np.uint8)
    soil = cv2.bitwise_and(ground, cv2.inRange(gray, 0, _SOIL - 1))
    shares = []
    # A picture out of a mail may have fewer rows than there are blocks.
    height, width = gray.shape
    for rows in np.array_split(np.arange(height), min(_BLOCKS, height)):
        block = slice(int(rows[0]), int(rows[-1]) + 1)
        seen, soiled = (_counted(mask[block]) for mask in (ground, soil))
        share = soiled / np.maximum(seen, 1)
        shares.append(np.where(seen >= _BARE * len(rows), share, np.nan))
    told = np.array(shares)
    told = np.where(np.isfinite(told).sum(axis=0) > _BLOCKS / 3, told, 0.0)
    column = np.nanmedian(told, axis=0)
    wide = min(width, max(1, round(_WIDE * scale)))
    column = np.convolve(column, np.ones(wide) / wide, "same")
    return np.asarray(column > part * max(_LEAST, _TIMES * float(np.median(column))), np.bool_)


def _is_dashed(strip: Gray, scale: float) -> bool:
    """Tell whether a strip down the page holds a rule of dots or dashes rather than dirt. It is as dark all
    along, and ends with its table, while specks come in patches and go on to the edge of the sheet."""
    dark = 255.0 - strip.min(axis=1)
    size = max(1, round(_STRETCH * scale))
    if len(dark) < _BLOCKS * size:
        return False
    means = dark[: len(dark) // size * size].reshape(-1, size).mean(axis=1)
    inked = np.flatnonzero(means > _FAINT)
    inked = inked[means[inked] > _END * float(np.median(means[inked]))] if len(inked) else inked
    if len(inked) < _FEWEST or (inked[0] == 0 and inked[-1] == len(means) - 1):
        return False
    along = means[inked[0] + 1 : inked[-1]]  # at its ends, a stretch may be half empty
    return float(along.std()) < _STEADY * float(along.mean())


def _counted(mask: Gray) -> NDArray[np.int64]:
    """Return how many pixels of each column of a mask (1) are set. As many rows as a byte counts are added up
    at once."""
    parts = (mask[top : top + _COUNTED] for top in range(0, len(mask), _COUNTED))
    return np.asarray(np.sum([part.sum(axis=0, dtype=np.uint8) for part in parts], axis=0, dtype=np.int64))


def without_bands(text: Gray, boxes: Sequence[Rect], scale: float) -> Gray | None:
    """Return the text layer of a page, height x width, without bands of dirt; None where it has none.

    `boxes`: bounding boxes of its lines in pixels, of which some may be dirt; `scale`: pixels a point.
    """
    some = np.ascontiguousarray(text[::GLANCE])
    bare = (_rules(some, scale, GLANCE) == 0) & (_lines(some.shape, boxes, scale, GLANCE) == 0)
    if not seems_soiled(some, bare, scale):
        return None
    rules = _rules(text, scale)
    lines = _lines(text.shape, boxes, scale)
    columns = soiled_columns(text, (rules == 0) & (lines == 0), scale)
    if not columns.any():
        return None
    wide = np.ones((1, 2 * round(_BEYOND * scale) + 1), np.uint8)
    columns = cv2.dilate(columns.astype(np.uint8)[None, :], wide)[0] > 0
    cleaned = text.copy()
    for first, last in _stretches(columns):
        part = slice(max(0, first - 1), last + 1)
        cleaned[:, part] = _lifted(text[:, part], rules[:, part], lines[:, part], scale)
    return cleaned


def _lifted(text: Gray, rules: Gray, lines: Gray, scale: float) -> Gray:
    """Return a strip of the page divided by its ground. `rules`, `lines`: masks, not 0 where they are."""
    near = 2 * round(_EDGE * scale) + 1
    inked = cv2.dilate((text < _INK).astype(np.uint8), np.ones((near, near), np.uint8)) > 0
    weight = np.where(lines > 0, _BETWEEN, 1.0) * (rules == 0) * ((lines == 0) | ~inked)
    depth = 255.0 - text
    size = (2 * round(_ACROSS * scale / 2) + 1, 2 * round(_HIGH * scale / 2) + 1)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(cv2.blur(values, size, borderType=cv2.BORDER_REFLECT), np.float64)

    whole = np.maximum(mean(weight), 1e-3)
    usual = mean(weight * depth) / whole
    spread = np.sqrt(np.maximum(mean(weight * depth**2) / whole - usual**2, 0.0))
    darkest = 255.0 - usual - np.where(lines > 0, _SPREAD, _WIDER) * spread
    ground = np.where((usual > _FAINT) & (whole > _KNOWN), np.maximum(darkest, _DARKEST), 255.0)
    return np.clip(text * (255.0 / ground), 0, 255).astype(np.uint8)


def _rules(text: Gray, scale: float, every: int = 1) -> Gray:
    """Return a mask, 255 where ink runs straight on as a rule does, or is pale but even all along, as an
    upright rule is and specks are not. `text` holds each so-manieth row of the page, as `every` says."""
    ink = cv2.inRange(text, 0, _RULE_DARK - 1)
    long, high = round(_RULED * scale), round(_RULED * scale / every)
    level, upright = (
        cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(shape, np.uint8)) for shape in ((1, long), (high, 1))
    )
    even = _even(cv2.bitwise_not(text), high)
    return np.asarray(cv2.dilate(level | upright | even, np.ones((3, 3), np.uint8)), np.uint8)


def _even(depth: Gray, long: int) -> Gray:
    """Return a mask, 255 where the `long` pixels of the column around are dark but hardly differ. `depth`: by
    how many levels each pixel is darker than white."""
    even = np.zeros_like(depth)
    # Columns don't depend on each other. Some at a time stay in the cache, and need no memory for a page.
    for left in range(0, depth.shape[1], _COLUMNS):
        part = np.ascontiguousarray(depth[:, left : left + _COLUMNS])
        total = cv2.boxFilter(part, cv2.CV_32F, (1, long), normalize=False)
        square = cv2.sqrBoxFilter(part, cv2.CV_32F, (1, long), normalize=False)
        # The variance is the mean square less the squared mean.
        square *= np.float32(long / (1 + _EVEN**2))
        steady = cv2.compare(square, cv2.multiply(total, total), cv2.CMP_LT)
        even[:, left : left + _COLUMNS] = steady & cv2.compare(total, _PALE * long, cv2.CMP_GT)
    return even


def _lines(shape: tuple[int, ...], boxes: Sequence[Rect], scale: float, every: int = 1) -> Gray:
    """Return a mask, 255 on and around lines of text. A box that is higher than wide may be dirt. The mask
    holds each so-manieth row of the page, as `every` says."""
    mask, around = np.zeros(shape, np.uint8), round(_AROUND * scale)
    for box in boxes:
        x0, y0, x1, y1 = (round(side) for side in box)
        if x1 - x0 > y1 - y0:
            top, bottom = (y0 - around) // every, -(-(y1 + around) // every)
            cv2.rectangle(mask, (x0 - around, top), (x1 + around, bottom), 255, -1)
    return mask


def _stretches(columns: Mask) -> list[tuple[int, int]]:
    """Return (first, behind the last) of each stretch of columns."""
    turns = np.flatnonzero(np.diff(np.concatenate([[False], columns, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in turns.reshape(-1, 2)]
