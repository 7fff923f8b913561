"""Makes a picture of a page upright and flat, guided by the ruled lines on it.

Photos show a page turned, in perspective, bent and in shadow; scans are turned and skewed. Straight pieces of
line tell all of that except the shadow. Two vanishing points give the perspective, and the slope that is left
gives the bend. One resampling corrects it all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.frames import TERMS, Bend, is_plain, lay_flat, moved
from extractor.scan.segments import find_segments
from extractor.scan.sheet_outline import is_crossed, sheet_in
from extractor.scan.skew import text_skew
from extractor.scan.smoothing import blurred, closed
from extractor.scan.stamps import Stamp, without_frames
from models.page import Frame, Warp

Gray = NDArray[np.uint8]
Colour = NDArray[np.uint8]
Floats = NDArray[np.float64]

_WORK = 1400  # pixels: long side of the working picture, on which lines are looked for
_LONGEST = 3520  # pixels: long side of A4 at 300 dpi; reading gains nothing above it
_FULL = 0.93  # share of the working picture's area: where the sheet fills less, the picture is a photo
_FARTHEST = 25  # pixels of it: where a point strays farther against the others, the picture is a photo
_STILL = 1.2  # pixels of it: a scan in which no point strays as far is left as it is
_SMALLEST = 64  # pixels: a picture less high or wide holds no page
_A4 = (595.3, 841.9)  # points: width and height of a sheet
# How to tell which way rows of text run:
_GLANCE = 1000  # pixels: long side of the picture on which it is told
_INK = 90  # level, 255 being full ink, above which a pixel of it is ink
_GLYPHS = (6, 30)  # pixels of it: least and greatest size of a character
_FEWEST = 12  # characters: fewer tell nothing
_ALONG = 1.5  # a step to the next character is level or upright if it is so many times longer that way
_AT_ONCE = 64  # characters whose neighbours are looked for
_RUN = 2.2  # a run of text is so many times longer than thick
# How to tell shadow:
_SQUARE = 4  # pixels along a side that become one of the picture on which it is told
_STROKE = 160  # long side of the whole picture over this: pixels of the quarter that no stroke is thick
_SMOOTH = 500  # long side of the whole picture over this: pixels of the quarter that smooth the shadow
# Which pieces of line count:
_SHORTEST = 0.03  # of the working picture's long side: their least length
_ASKEW = 12  # degrees off a main direction at most
_SPANNED = 0.5  # share of the picture's area: fewer lines, in a corner, would invent a perspective
_NEAREST = 0.5  # half long sides over the distance of the horizon: a page is never photographed from nearer
_TINY = 1e-9  # keeps divisions off 0
# Least squares in which outliers lose weight:
_ROUNDS = 8  # rounds of it
_DIRECTION_ERROR = 0.01  # sine of the angle off a direction that halves a weight
_SLOPE_ERROR = 0.004  # error of a slope, pixels a pixel, that halves a weight
_PRIOR = 1e-3  # share of all weights: belief that a vanishing point is far away
_LEVELLING = 1e-6  # share of all weights: ridge on the terms of a bend of degree 0 and 1
_BENDING = 2e-3  # share of all weights: ridge on its higher terms
_TOGETHER = 0.15  # share of the picture's height: level pieces of line in a lower strip tell no perspective
_LEAST_PIECES, _LEAST_LENGTH = 4, 0.5  # so many pieces of line, together so many long sides, tell how it lies
_LEAST_BENT = 6  # pieces of line: as many tell a bend
_STRAIGHT = 6  # pixels: a piece of straight line bends less
_GRID = 7  # points a side at which movement is measured
_RIM = 0.45  # sides of the picture from its middle to the outermost of these points


@dataclass(frozen=True)
class Flat:
    """A flat page with level rows. `colour` is RGB, height x width x 3, and `scale` its pixels a point.
    `warped` tells whether its picture had to be warped, `plain` whether that is known to have three equal
    channels, `frame` how the page was made from it."""

    colour: Colour
    scale: float
    warped: bool
    frame: Frame | None = None
    plain: bool = False


@dataclass(frozen=True)
class _Lines:
    """Pieces of straight line, n x 4: x0, y0, x1, y1, in pixels of the working picture from its middle."""

    level: Floats
    upright: Floats


def flatten(
    colour: Colour,
    points: tuple[float, float] | None,
    stamps: Sequence[Stamp] = (),
    plain: bool | None = None,
) -> Flat:
    """Lay the page in `colour` (RGB, height x width x 3) flat, with level rows. It does not decide which of
    the four ways is up.

    `points` is the page's width and height in points, where the file tells it. A photo's page is taken to be
    A4. The lines of `stamps` do not tell how the page lies. `plain` tells whether the picture has three equal
    channels, where that is known.
    """
    plain, frame = is_plain(colour) if plain is None else plain, _frame(colour, points, stamps)
    return Flat(lay_flat(colour, frame, plain=plain), frame.scale, frame.warp is not None, frame, plain)


def _frame(colour: Colour, points: tuple[float, float] | None, stamps: Sequence[Stamp] = ()) -> Frame:
    """Return how the page lies in the picture `colour`."""
    height, width = colour.shape[:2]
    if min(height, width) < _SMALLEST:
        return as_it_is((width, height), _A4)
    zoom = min(1.0, _WORK / max(height, width))
    work = np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), np.uint8)
    if zoom < 1:
        work = np.asarray(cv2.resize(work, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA), np.uint8)
    shown = without_frames(lit(work), stamps, zoom)
    lines = _find_lines(shown)
    sheet = sheet_in(work)
    middle = np.array([work.shape[1], work.shape[0]]) / 2
    if sheet is not None and is_crossed(sheet - middle, (lines.level, lines.upright)):
        # What was taken for an edge of the sheet is that of a shadow across it.
        sheet = None
    # A scanner has no perspective and bends nothing. A few lines in a corner of the page would invent either.
    told = sheet is not None or (
        _spread(lines, work.shape) > _SPANNED and not _lie_together(lines, work.shape)
    )
    half = max(work.shape[:2]) / 2
    back = _straightening(lines, half) if told else _rotation(lines)
    if not told and not len(lines.level) + len(lines.upright):
        back = _turned_back(np.radians(text_skew(shown)))
    level, upright = _bends(lines, back, half) if told else (_unbent(half), _unbent(half))
    farthest = _movement(back, level, upright, work.shape)
    target = _target(work, sheet, back, level, upright)
    target_width, target_height = target[2] - target[0], target[3] - target[1]
    photographed = (
        target_width * target_height < _FULL * work.shape[0] * work.shape[1] or farthest > _FARTHEST
    )
    if points is None or photographed:
        points = _paper(target_width, target_height)
    fine = min(1 / zoom, _LONGEST / max(target_width, target_height))
    scale = max(target_width / points[0], target_height / points[1]) * fine
    if farthest < _STILL and not photographed:
        shrunk = min(1.0, fine * zoom)
        return Frame(
            picture=(width, height), flat=(round(width * shrunk), round(height * shrunk)), scale=scale
        )
    warp = Warp(
        zoom=zoom, fine=fine, left=target[0], top=target[1], half=half, back=tuple(back.ravel().tolist()),
        level=tuple(level.weights.tolist()), upright=tuple(upright.weights.tolist()),
    )  # fmt: skip
    return Frame(
        picture=(width, height),
        flat=(round(target_width * fine), round(target_height * fine)),
        scale=scale,
        warp=warp,
    )


def as_it_is(size: tuple[int, int], points: tuple[float, float]) -> Frame:
    """Return the frame of a picture that is not to be laid flat. `size` is its width and height in pixels,
    `points` those of its page in points."""
    return Frame(picture=size, flat=size, scale=max(size[0] / points[0], size[1] / points[1]))


def lies_sideways(ink: Gray) -> bool:
    """Tell whether rows of text run up and down. Neighbours in a row are nearer to each other than rows are.
    `ink`, height x width, is 255 where the page is dark."""
    zoom = min(1.0, _GLANCE / max(ink.shape))
    small = cv2.resize(ink, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
    _, small = cv2.threshold(small, _INK, 255, cv2.THRESH_BINARY)
    _, _, stats, middles = cv2.connectedComponentsWithStats(cv2.dilate(small, np.ones((3, 3), np.uint8)))
    wide, high = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]
    size = np.maximum(wide, high)
    glyphs = (size >= _GLYPHS[0]) & (size <= _GLYPHS[1])
    middles = middles[1:][glyphs]
    if len(middles) < _FEWEST:
        return False
    step = np.abs(middles - middles[_nearest(middles)])
    # Characters of a row also merge into connected components that are longer along the row.
    runs = int((wide > _RUN * high).sum()) - int((high > _RUN * wide).sum())
    down, across = (int((step[:, way] > _ALONG * step[:, 1 - way]).sum()) for way in (1, 0))
    return down - across - 2 * runs > 0


def _nearest(points: Floats) -> NDArray[np.intp]:
    """Return the index of the nearest other point to each of `points` (n x 2)."""
    nearest = np.empty(len(points), np.intp)
    # Some at a time, whose distances stay in the cache.
    for first in range(0, len(points), _AT_ONCE):
        some = points[first : first + _AT_ONCE]
        square = (some[:, None, 0] - points[None, :, 0]) ** 2
        square += (some[:, None, 1] - points[None, :, 1]) ** 2
        square[np.arange(len(some)), first + np.arange(len(some))] = np.inf
        nearest[first : first + len(some)] = square.argmin(axis=1)
    return nearest


def lit(gray: Gray) -> Gray:
    """Return `gray`, height x width, without its shadow: paper becomes white everywhere."""
    return lit_by(gray, shade(gray))


def shade(gray: Gray) -> Gray:
    """Return how light the paper of `gray`, height x width, is under its ink: a picture at a quarter of its
    scale. What is broader than any stroke, such as the print of a thumb, passes for paper."""
    side = max(gray.shape)
    # Whole squares of pixels, since reducing by a fraction takes ten times as long.
    more = [-length % _SQUARE for length in gray.shape]
    whole = cv2.copyMakeBorder(gray, 0, more[0], 0, more[1], cv2.BORDER_REPLICATE) if any(more) else gray
    size = (whole.shape[1] // _SQUARE, whole.shape[0] // _SQUARE)
    small = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (max(3, side // _STROKE) | 1,) * 2)
    return blurred(closed(np.asarray(small, np.uint8), np.asarray(disc, np.uint8)), max(1.0, side / _SMOOTH))


def lit_by(gray: Gray, paper: Gray) -> Gray:
    """Return `gray` with its paper made white, where `paper` is how light that is (`shade`)."""
    if paper.min() == 255:
        return gray  # a scanner has made all paper white
    size = (paper.shape[1] * _SQUARE, paper.shape[0] * _SQUARE)
    whole = cv2.resize(np.maximum(paper, 1), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(gray, whole[: gray.shape[0], : gray.shape[1]], scale=255), np.uint8)


def _find_lines(gray: Gray) -> _Lines:
    """Find long straight pieces of line near the two main directions."""
    height, width = gray.shape
    pieces = find_segments(gray, _SHORTEST * max(gray.shape))
    pieces = pieces - np.array([width, height, width, height]) / 2
    lengths = np.hypot(pieces[:, 2] - pieces[:, 0], pieces[:, 3] - pieces[:, 1])
    if len(pieces) < _LEAST_PIECES or lengths.sum() < _LEAST_LENGTH * max(gray.shape):
        return _Lines(np.zeros((0, 4)), np.zeros((0, 4)))
    angles = np.degrees(np.arctan2(pieces[:, 3] - pieces[:, 1], pieces[:, 2] - pieces[:, 0]))
    # Four times the angle is the same for both main directions, so that their pieces add up.
    folded = np.radians(angles * 4)
    main = np.degrees(np.angle(np.sum(lengths**2 * np.exp(1j * folded)))) / 4
    off_level = (angles - main + 90) % 180 - 90
    off_upright = (angles - main) % 180 - 90
    level, upright = pieces[np.abs(off_level) < _ASKEW], pieces[np.abs(off_upright) < _ASKEW]
    return _Lines(_pointing(level, 0), _pointing(upright, 1))


def _pointing(pieces: Floats, axis: int) -> Floats:
    """Return the pieces (n x 4) with their ends in order along `axis`, 0 for x and 1 for y."""
    swap = pieces[:, axis] > pieces[:, axis + 2]
    pieces = pieces.copy()
    pieces[swap] = pieces[swap][:, [2, 3, 0, 1]]
    return pieces


def _spread(lines: _Lines, shape: tuple[int, ...]) -> float:
    """Return the share of the picture's area that the pieces of line span."""
    points = np.concatenate([lines.level, lines.upright]).reshape(-1, 2)
    if not len(points):
        return 0.0
    width, height = points.max(axis=0) - points.min(axis=0)
    return float(width * height / (shape[0] * shape[1]))


def _lie_together(lines: _Lines, shape: tuple[int, ...]) -> bool:
    """Tell whether all level pieces of line lie at about one height, as the shades of a fold do. With the
    shades of folds down the sheet they span the page, and tell nothing of it."""
    rows = lines.level[:, [1, 3]]
    return len(rows) > 0 and float(rows.max() - rows.min()) < _TOGETHER * shape[0]


def _straightening(lines: _Lines, half: float) -> Floats:
    """Return the homography (3 x 3) that makes the lines level and upright. It maps pixels of the working
    picture from its middle. The line through both vanishing points goes to infinity."""
    level, upright = _vanishing(lines.level, half), _vanishing(lines.upright, half)
    if level is None and upright is None:
        return np.eye(3)
    if level is None or upright is None or min(len(lines.level), len(lines.upright)) < _LEAST_PIECES:
        return _rotation(lines)
    horizon = np.cross(level, upright)
    if abs(horizon[2]) < _TINY or np.abs(horizon[:2] / horizon[2]).max() > _NEAREST:
        return _rotation(lines)
    project = np.array([[1, 0, 0], [0, 1, 0], horizon / horizon[2]])
    along, across = (project @ level)[:2], (project @ upright)[:2]
    along, across = along / np.linalg.norm(along), across / np.linalg.norm(across)
    along, across = along * np.sign(along[0] or 1), across * np.sign(across[1] or 1)
    align = np.eye(3)
    align[:2, :2] = np.linalg.inv(np.stack([along, across], axis=1))
    unit = np.diag([1 / half, 1 / half, 1])
    result: Floats = np.linalg.inv(unit) @ align @ project @ unit
    return result


def _vanishing(pieces: Floats, half: float) -> Floats | None:
    """Return the vanishing point of the pieces (n x 4), homogeneous, in units of `half` (pixels). It is
    found by least squares in which outliers lose weight."""
    if not len(pieces):
        return None
    a = np.column_stack([pieces[:, :2] / half, np.ones(len(pieces))])
    b = np.column_stack([pieces[:, 2:] / half, np.ones(len(pieces))])
    through = np.cross(a, b)
    length = np.linalg.norm(through[:, :2], axis=1, keepdims=True)
    through, middle = through / length, (a + b)[:, :2] / 2
    weights = length[:, 0]
    point: Floats = np.zeros(3)
    if len(pieces) == 1:
        return np.array([*(b - a)[0][:2], 0.0])
    for _ in range(_ROUNDS):
        # Lines far apart tell the perspective. Where there are none, a prior holds the point near infinity.
        normal = through.T @ (through * weights[:, None])
        normal[2, 2] += _PRIOR * weights.sum()
        point = np.linalg.eigh(normal)[1][:, 0]
        toward = point[:2] - middle * point[2]
        along = (b - a)[:, :2] / length
        error = np.abs(along[:, 0] * toward[:, 1] - along[:, 1] * toward[:, 0]) / np.maximum(
            np.linalg.norm(toward, axis=1), _TINY
        )
        weights = length[:, 0] / (1 + (error / _DIRECTION_ERROR) ** 2)
    return point


def _rotation(lines: _Lines) -> Floats:
    """Return the rotation (3 x 3) that makes the lines level and upright: by their median angle, weighted by
    length."""
    turned = np.concatenate([lines.level, lines.upright[:, [1, 0, 3, 2]] * [1, -1, 1, -1]])
    if not len(turned):
        return np.eye(3)
    angles = np.arctan2(turned[:, 3] - turned[:, 1], turned[:, 2] - turned[:, 0])
    lengths = np.hypot(turned[:, 3] - turned[:, 1], turned[:, 2] - turned[:, 0])
    angles = (angles + np.pi / 2) % np.pi - np.pi / 2
    order = np.argsort(angles)
    return _turned_back(angles[order][np.searchsorted(np.cumsum(lengths[order]), lengths.sum() / 2)])


def _turned_back(angle: float) -> Floats:
    """Return the rotation (3 x 3) that makes level what falls to the right by `angle`, in radians."""
    c, s = np.cos(-angle), np.sin(-angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def _bends(lines: _Lines, back: Floats, half: float) -> tuple[Bend, Bend]:
    """Return the bends of level and of upright lines that are left after the homography `back`."""
    level = moved(back, lines.level.reshape(-1, 2)).reshape(-1, 4)
    upright = moved(back, lines.upright.reshape(-1, 2)).reshape(-1, 4)[:, [1, 0, 3, 2]]
    return _bend(level, half), _bend(upright, half)


def _unbent(half: float) -> Bend:
    return Bend(np.zeros(len(TERMS)), half)


def _bend(pieces: Floats, half: float) -> Bend:
    """Fit a bend to the slopes of `pieces` (n x 4: along, across, along, across) by robust ridge
    regression."""
    run = pieces[:, 2] - pieces[:, 0]
    keep = run > 1
    pieces, run = pieces[keep], run[keep]
    if len(pieces) < _LEAST_BENT:
        return _unbent(half)
    slope = (pieces[:, 3] - pieces[:, 1]) / run
    along, across = (pieces[:, 0] + pieces[:, 2]) / 2 / half, (pieces[:, 1] + pieces[:, 3]) / 2 / half
    design = np.column_stack([along**i * across**j for i, j in TERMS])
    ridge = np.diag([_LEVELLING if i + j < 2 else _BENDING for i, j in TERMS])
    weights = run / run.sum()
    solution = np.zeros(len(TERMS))
    for _ in range(_ROUNDS):
        solution = np.linalg.solve(
            design.T @ (design * weights[:, None]) + ridge * weights.sum(), design.T @ (weights * slope)
        )
        error = np.abs(design @ solution - slope)
        weights = run / run.sum() / (1 + (error / _SLOPE_ERROR) ** 2)
    bend = Bend(solution, half)
    # Middles of long pieces may lie one under the other, so that a few strokes beside them would bend all.
    bent = bend.bow(pieces) > _STRAIGHT
    return _unbent(half) if run[bent].sum() > run.sum() / 2 else bend


def _flat_points(points: Floats, back: Floats, level: Bend, upright: Bend) -> Floats:
    """Return where points of the working picture (n x 2, from its middle) lie on the flat page."""
    straight = moved(back, points)
    x, y = straight[:, 0], straight[:, 1]
    return np.column_stack([x - upright.offset(y, x), y - level.offset(x, y)])


def _movement(back: Floats, level: Bend, upright: Bend, shape: tuple[int, ...]) -> float:
    """Return how far a point of the page moves at most, against the median of all, in pixels of the working
    picture."""
    steps = np.linspace(-_RIM, _RIM, _GRID)
    xs, ys = np.meshgrid(steps * shape[1], steps * shape[0])
    points = np.column_stack([xs.ravel(), ys.ravel()])
    strayed = _flat_points(points, back, level, upright) - points
    return float(np.abs(strayed - np.median(strayed, axis=0)).max())


def _target(
    work: Gray, sheet: Floats | None, back: Floats, level: Bend, upright: Bend
) -> tuple[float, float, float, float]:
    """Return the box (x0, y0, x1, y1) of the flat plane to keep, in pixels of the working picture from its
    middle. It holds the sheet, where that stands out from its ground, or else the whole picture."""
    height, width = work.shape[:2]
    if sheet is None:
        sheet = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    points = _flat_points(sheet - np.array([width, height]) / 2, back, level, upright)
    x0, y0 = np.percentile(points, 1, axis=0)
    x1, y1 = np.percentile(points, 99, axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def _paper(width: float, height: float) -> tuple[float, float]:
    """Return the width and height of A4 in points, upright or wide as the page is."""
    short, long = _A4
    return (short, long) if height >= width else (long, short)
