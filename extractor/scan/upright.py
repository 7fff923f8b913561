"""Makes a picture of a page upright and flat, guided by the ruled lines on it.

Photos show a page turned, in perspective, bent and in shadow; scans are turned and skewed. All of that except
the shadow is found from straight pieces of line: two vanishing points give the perspective, and the slope
that is left gives the bend. One resampling corrects it all.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor.scan.frames import TERMS, Bend, lay_flat, moved
from models.page import Frame, Warp

Gray = NDArray[np.uint8]
Colour = NDArray[np.uint8]
Floats = NDArray[np.float64]

_WORK = 1400  # long side of the picture on which lines are looked for
_LONGEST = 3520  # A4 at 300 dpi: reading gains nothing above it
# What tells a photo from a scan: the sheet fills less of the working picture, or a point of it strays farther
# against the others, in pixels. What strays less than the last of them is not moved at all.
_FULL, _FARTHEST, _STILL = 0.93, 25, 1.2
_SMALLEST = 64  # a picture less high or wide holds no page
_A4 = (595.3, 841.9)
# Which way rows of text run is told on a picture with this long side: the grey of ink there, the sizes of
# characters in pixels, and how many there must be. A step to the next is level or upright, where one way is
# so much longer, a run of several so much wider.
_GLANCE, _INK, _GLYPHS, _FEWEST = 1000, 90, (6, 30), 12
_ALONG, _RUN = 1.5, 2.2
# Shadow is reckoned with on a quarter of the picture: of its long side, characters are thinner than the first
# part, and the second smooths what is left.
_QUARTER, _STROKE, _SMOOTH = 0.25, 160, 500
# of the picture's long side, and in degrees off a main direction: which pieces of line count
_SHORTEST, _ASKEW = 0.03, 12
_SPANNED = 0.5  # of the picture: a few lines in a corner of the page would invent a perspective
# 1 over the distance of the horizon, in halves of the long side: a page is never taken from nearer
_NEAREST = 0.5
_TINY = 1e-9
# Least squares in which outliers lose weight: rounds, and the error that halves a weight, of directions and
# of slopes.
_ROUNDS, _DIRECTION_ERROR, _SLOPE_ERROR = 8, 0.01, 0.004
_PRIOR = 1e-3  # of all weights, that a vanishing point is far away
_LEVELLING, _BENDING = 1e-6, 2e-3  # ridge on the lower and on the higher powers of a bend
_LEAST_PIECES, _LEAST_BENT = 4, 6  # pieces of line that tell a perspective, and a bend
# points a side at which movement is measured, and how far from the middle, in sides of the picture
_GRID, _RIM = 7, 0.45
# A sheet on a darker ground: the ground's least share of the picture, by how many levels it is darker, what
# part of the rim may be bright, and the sheet's own least share.
_GROUND, _DARKER, _BRIGHT_RIM, _SHEET = 0.04, 40, 0.5, 0.3
# How often light is reckoned with before a sheet is told from its ground, by every how many pixels, and how
# bright paper becomes.
_LIGHTINGS, _SPARSE, _PAPER = 2, 4, 200.0


@dataclass(frozen=True)
class Flat:
    """An upright, flat page. `colour` is RGB as taken; `scale` is its pixels a point, `frame` how it came out
    of its picture."""

    colour: Colour
    scale: float
    warped: bool
    frame: Frame | None = None


@dataclass(frozen=True)
class _Lines:
    """Pieces of straight line, one a row: x0, y0, x1, y1, in pixels of the working picture from its
    middle."""

    level: Floats
    upright: Floats


def flatten(colour: Colour, points: tuple[float, float] | None) -> Flat:
    """The page in `colour` (RGB) with level rows; which of the four ways is up is not decided here.

    `points` is the page's size where the file says so; a photo's is taken to be A4.
    """
    frame = _frame(colour, points)
    return Flat(lay_flat(colour, frame), frame.scale, frame.warp is not None, frame)


def _frame(colour: Colour, points: tuple[float, float] | None) -> Frame:
    height, width = colour.shape[:2]
    if min(height, width) < _SMALLEST:
        return as_it_is((width, height), _A4)
    zoom = min(1.0, _WORK / max(height, width))
    work = np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), np.uint8)
    if zoom < 1:
        work = np.asarray(cv2.resize(work, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA), np.uint8)
    lines = _find_lines(lit(work))
    sheet = _sheet(work)
    # A scanner has no perspective and bends nothing, and a few lines in a corner of the page would invent
    # either.
    told = sheet is not None or _spread(lines, work.shape) > _SPANNED
    half = max(work.shape[:2]) / 2
    back = _straightening(lines, half) if told else _rotation(lines)
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
    """The frame of a picture of `size` (width, height) that shows a page of so many points, and is not to be
    laid flat."""
    return Frame(picture=size, flat=size, scale=max(size[0] / points[0], size[1] / points[1]))


def lies_sideways(ink: Gray) -> bool:
    """Whether rows of text run up and down: neighbours in a row are nearer to each other than rows are. `ink`
    is 255 where dark."""
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
    apart = middles[:, None, :] - middles[None, :, :]
    distance = np.hypot(apart[..., 0], apart[..., 1])
    np.fill_diagonal(distance, np.inf)
    nearest = distance.argmin(axis=1)
    step = np.abs(apart[np.arange(len(middles)), nearest])
    # A run of text also merges into components that are longer than they are wide.
    runs = int((wide > _RUN * high).sum()) - int((high > _RUN * wide).sum())
    down, across = (int((step[:, way] > _ALONG * step[:, 1 - way]).sum()) for way in (1, 0))
    return down - across - 2 * runs > 0


def lit(gray: Gray) -> Gray:
    """`gray` without its shadow: paper becomes white everywhere."""
    side = max(gray.shape)
    small = cv2.resize(gray, None, fx=_QUARTER, fy=_QUARTER, interpolation=cv2.INTER_AREA)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (max(3, side // _STROKE) | 1,) * 2)
    paper = cv2.GaussianBlur(
        cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel), (0, 0), max(1.0, side / _SMOOTH)
    )
    paper = cv2.resize(paper, (gray.shape[1], gray.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(gray, np.maximum(paper, 1), scale=255), np.uint8)


def _find_lines(gray: Gray) -> _Lines:
    """Long straight pieces of line near the two main directions, from the middle of the picture."""
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(gray)[0]
    empty = np.zeros((0, 4))
    if found is None:
        return _Lines(empty, empty)
    height, width = gray.shape
    pieces = found[:, 0].astype(np.float64) - np.array([width, height, width, height]) / 2
    lengths = np.hypot(pieces[:, 2] - pieces[:, 0], pieces[:, 3] - pieces[:, 1])
    long = lengths > _SHORTEST * max(gray.shape)
    pieces, lengths = pieces[long], lengths[long]
    if len(pieces) < _LEAST_PIECES:
        return _Lines(empty, empty)
    angles = np.degrees(np.arctan2(pieces[:, 3] - pieces[:, 1], pieces[:, 2] - pieces[:, 0]))
    # The main direction is where a quarter of a turn holds most length.
    folded = np.radians(angles * 4)
    main = np.degrees(np.angle(np.sum(lengths**2 * np.exp(1j * folded)))) / 4
    off_level = (angles - main + 90) % 180 - 90
    off_upright = (angles - main) % 180 - 90
    level, upright = pieces[np.abs(off_level) < _ASKEW], pieces[np.abs(off_upright) < _ASKEW]
    return _Lines(_pointing(level, 0), _pointing(upright, 1))


def _pointing(pieces: Floats, axis: int) -> Floats:
    """The pieces with their ends in order along `axis`."""
    swap = pieces[:, axis] > pieces[:, axis + 2]
    pieces = pieces.copy()
    pieces[swap] = pieces[swap][:, [2, 3, 0, 1]]
    return pieces


def _spread(lines: _Lines, shape: tuple[int, ...]) -> float:
    """The part of the picture that the pieces of line span."""
    points = np.concatenate([lines.level, lines.upright]).reshape(-1, 2)
    if not len(points):
        return 0.0
    width, height = points.max(axis=0) - points.min(axis=0)
    return float(width * height / (shape[0] * shape[1]))


def _straightening(lines: _Lines, half: float) -> Floats:
    """The homography that takes the working picture (from its middle) to one with level and upright lines."""
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
    """Where the pieces meet, homogeneous, in units of `half`; by least squares, the outliers losing
    weight."""
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
        # Perspective is told by lines far apart; a prior holds the point near infinity where there are none.
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
    turned = np.concatenate([lines.level, lines.upright[:, [1, 0, 3, 2]] * [1, -1, 1, -1]])
    if not len(turned):
        return np.eye(3)
    angles = np.arctan2(turned[:, 3] - turned[:, 1], turned[:, 2] - turned[:, 0])
    lengths = np.hypot(turned[:, 3] - turned[:, 1], turned[:, 2] - turned[:, 0])
    angles = (angles + np.pi / 2) % np.pi - np.pi / 2
    order = np.argsort(angles)
    angle = angles[order][np.searchsorted(np.cumsum(lengths[order]), lengths.sum() / 2)]
    c, s = np.cos(-angle), np.sin(-angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def _bends(lines: _Lines, back: Floats, half: float) -> tuple[Bend, Bend]:
    level = moved(back, lines.level.reshape(-1, 2)).reshape(-1, 4)
    upright = moved(back, lines.upright.reshape(-1, 2)).reshape(-1, 4)[:, [1, 0, 3, 2]]
    return _bend(level, half), _bend(upright, half)


def _unbent(half: float) -> Bend:
    return Bend(np.zeros(len(TERMS)), half)


def _bend(pieces: Floats, half: float) -> Bend:
    """The bend that the slopes of `pieces` (along, across, along, across) tell of, by robust ridge
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
    return Bend(solution, half)


def _flat_points(points: Floats, back: Floats, level: Bend, upright: Bend) -> Floats:
    straight = moved(back, points)
    x, y = straight[:, 0], straight[:, 1]
    return np.column_stack([x - upright.offset(y, x), y - level.offset(x, y)])


def _movement(back: Floats, level: Bend, upright: Bend, shape: tuple[int, ...]) -> float:
    """The farthest that a point of the page moves against its neighbourhood, in pixels of the working
    picture."""
    steps = np.linspace(-_RIM, _RIM, _GRID)
    xs, ys = np.meshgrid(steps * shape[1], steps * shape[0])
    points = np.column_stack([xs.ravel(), ys.ravel()])
    strayed = _flat_points(points, back, level, upright) - points
    return float(np.abs(strayed - np.median(strayed, axis=0)).max())


def _target(
    work: Gray, sheet: Floats | None, back: Floats, level: Bend, upright: Bend
) -> tuple[float, float, float, float]:
    """The part of the flat plane to keep: the sheet where it stands out from what it lies on, else the whole
    picture."""
    height, width = work.shape[:2]
    if sheet is None:
        sheet = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    points = _flat_points(sheet - np.array([width, height]) / 2, back, level, upright)
    x0, y0 = np.percentile(points, 1, axis=0)
    x1, y1 = np.percentile(points, 99, axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def _sheet(work: Gray) -> Floats | None:
    """The outline of a bright sheet on a darker ground, None where the paper fills the picture."""
    small = cv2.resize(work, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    closed = cv2.morphologyEx(
        cv2.GaussianBlur(small, (0, 0), 1.5), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)
    )
    gray = np.asarray(closed, np.uint8)
    bright = _brighter(gray)
    for _ in range(_LIGHTINGS):
        # Where light falls from one side, paper in the shade may be darker than the middle between paper and
        # ground.
        gray = _evenly_lit(gray, bright)
        bright = _brighter(gray)
    dark = gray[bright == 0]
    # Of a black picture, as a covered lens takes it, nothing is bright.
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
    """255 where `gray` is of the brighter of two kinds (Otsu 1979)."""
    return np.asarray(cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1], np.uint8)


def _evenly_lit(gray: Gray, bright: Gray) -> Gray:
    """`gray` as if light fell evenly on what is `bright`: over a sheet, its logarithm is nearly a plane."""
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


def _paper(width: float, height: float) -> tuple[float, float]:
    short, long = _A4
    return (short, long) if height >= width else (long, short)
