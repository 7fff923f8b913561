"""Reads the text on a seal. The text along its rim is unrolled into a line; the rows of a square seal are cut
apart."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from extractor import rungs
from extractor.scan.flat import FlatPage
from extractor.scan.layers import Layers
from extractor.scan.ocr import OcrEngine
from extractor.scan.readings import Reading
from extractor.scan.seals.ring import Ring
from models.page import Run, SealMark

Gray = NDArray[np.uint8]
Floats = NDArray[np.float64]

_ROWS = 96  # rows of a strip of the rim
_OUTSIDE = 0.14  # of the smaller half axis: a strip begins so far outside the outline
_DEPTH = 0.56  # of the smaller half axis: it ends so far inside the outline
_ROW = (_OUTSIDE + _DEPTH) / (_ROWS - 1)  # of the smaller half axis: from a row to the next
_LINE = 48  # pixels: height of the line that is read
_MARGIN = 7  # pixels: paper around its characters
_ROOM = 0.2  # of the larger half axis: what is cut out around a seal
_RIM = 0.975  # of the half axes: where another seal's outline is taken off
_RIM_WIDTH = 0.07  # of its half axis: how broad it is taken off
_STRAIGHT = 0.9  # of the half axis: longer straight lines are ruled
_HALO = 0.4  # points: standard deviation of the blur that smooths a seal's colour
_OUTLINE = 0.97  # of the half axes: where a black seal's own outline is looked for
_OUTLINE_WIDTH = 0.04  # of the half axis: how broad it is there
# Of the way from the outline's darkness to black: what is darker is print. A level leaves some of the print
# over a letter, or takes some of the letter. Of 83 seals on grey copies 36 are told to bear their name at the
# first alone, 49 at the first two, 53 at all, and none of 912 near names at any (2026-11-30).
_DARKER = (0.35, 0.2, 0.1)
_FINE = 2001  # points at which an outline is measured
_MEAN = 0.78  # of the outline's length: length of the row of characters, which stands further in
_PIECES = 90  # pieces of the way round in which the outline's place is told
_SPREADS = (8.0, 4.0, 2.0, 2.0)  # rows of error that quarter a place's weight, a figure a round
_FULL_INK = 98  # percentile of a line's pixels: as dark is full ink
# Where a name stands:
_COMMON = 70  # percent of the parts round the seal in which its ink may be missing
_PAPER_WITHIN = 0.16  # of the smaller half axis: paper begins so far inside the outline at most
_NAME_WITHIN = 0.3  # of the smaller half axis: from there to the characters' middle at most
_FAINT = 0.15  # share of the characters' ink: rows with less hold none
_EXTRA = 10  # the name's height over this is added on each side
_LOWEST = 12  # rows: least height of a name
_EMPTY = 0.25  # share of a full column's ink: columns with less are a gap between characters
_USUAL = 80  # percentile of the ink of columns: a full column
_FROM_FOOT = 0.8  # share by which a gap counts less for each whole way round that it is from the seal's foot
# A square seal:
_SQUARE_SIDE = 200  # pixels to which its longer side is scaled
_FRAME = 0.06  # of its shorter side: breadth of its frame
_GAP = 0.3  # share of a full row's ink: rows of pixels with less are a gap between rows of characters
_FULL_ROW = 75  # percentile of the ink of rows of pixels: a full row
_LEAST_ROW = 0.4  # of the highest row of characters: least height of another
_PARTS = 36  # parts round a seal in which a name is looked for
_PAPER = 60  # level of darkness: what is no darker is no outline
_BLACK = 215  # level of darkness: a seal that is darker can't be told from print


def read_seals(page: FlatPage, engine: OcrEngine) -> tuple[SealMark, ...]:
    """Return the seals of the page, in the order of its rings, with the text on each. Raises
    OcrUnavailable."""
    return tuple(
        _mark(
            page,
            ring,
            read_seal(page.layers, ring, [other for other in page.rings if other is not ring], engine),
        )
        for ring in page.rings
    )


def _mark(page: FlatPage, ring: Ring, readings: Sequence[Reading]) -> SealMark:
    """Return a seal with its readings, of which the first is the surest."""
    runs = tuple(
        tuple(
            Run(text=glyph.text, confidence=glyph.confidence, others=glyph.others) for glyph in reading.glyphs
        )
        for reading in readings
        if reading.glyphs
    )
    text = "".join(run.text for run in runs[0]).strip() if runs else ""
    # An outline with a name to read along it is a seal, however faint or broken.
    sure = max(ring.confidence, rungs.NAMED) if is_sure(readings[0]) else ring.confidence
    return SealMark(
        box=page.in_points(ring.box), text=text or None, confidence=sure,
        shape=ring.shape, red=ring.red, readings=runs,
    )  # fmt: skip


def read_seal(layers: Layers, ring: Ring, others: Sequence[Ring], engine: OcrEngine) -> list[Reading]:
    """Return the readings of a seal, the surest first. `ring` is its outline in pixels of the page, `others`
    are those of the other seals.

    It is read in two ways, since a recogniser can be sure of a wrong character, and in more where neither
    gives a sure reading. Raises OcrUnavailable.
    """
    readings: list[Reading] = []
    for line in _views(*_cut_out(layers, ring, others)):
        readings.append(_joined(engine.recognise(line)))
        if len(readings) > 1 and any(is_sure(reading) for reading in readings):
            break
    return sorted(readings, key=lambda reading: -reading.confidence)


def _cut_out(layers: Layers, ring: Ring, others: Sequence[Ring]) -> tuple[Layers, Ring, list[Ring]]:
    """Cut out the part of the page around the seal, and move the rings to it."""
    box, room = ring.box, _ROOM * max(ring.rx, ring.ry)
    left, top = max(0, round(box[0] - room)), max(0, round(box[1] - room))
    right, bottom = max(left + 1, round(box[2] + room)), max(top + 1, round(box[3] + room))

    def moved(one: Ring) -> Ring:
        return replace(one, x=one.x - left, y=one.y - top)

    return layers.part(left, top, right, bottom), moved(ring), [moved(other) for other in others]


def _views(layers: Layers, ring: Ring, others: Sequence[Ring]) -> Iterator[list[Gray]]:
    """Yield pictures of the lines of a seal, made in one way after the other."""
    for ink in _inks(layers, ring):
        _forget(ink, ring, others)
        if ring.shape == "square":
            # Nothing but the characters says which side is up.
            for angle in (0, 180, 90, 270):
                yield _rows_of(ink, replace(ring, angle=ring.angle + angle))
        else:
            strip = _unrolled(ink, ring, proportional=False)
            yield [_line(strip)]
            if ring.shape == "oval":
                yield [_line(_unrolled(ink, ring, proportional=True))]


def is_sure(reading: Reading) -> bool:
    """Tell whether each character was read surely, and there are enough for a name."""
    return len(reading.glyphs) > 3 and min(glyph.confidence for glyph in reading.glyphs) > rungs.STRONG


def _joined(rows: Sequence[Reading]) -> Reading:
    """Join the readings of rows into one, without spaces."""
    return Reading(tuple(glyph for row in rows for glyph in row.glyphs if glyph.text.strip()))


def _forget(ink: Gray, ring: Ring, others: Sequence[Ring]) -> None:
    """Take the outlines of other seals off `ink`, in place."""
    for other in others:
        if (
            other.shape != "square"
            and math.hypot(other.x - ring.x, other.y - ring.y) < ring.rx + other.rx + ring.ry
        ):
            size = (round(other.rx * _RIM), round(other.ry * _RIM))
            width = max(2, round(_RIM_WIDTH * other.rx))
            cv2.ellipse(ink, (round(other.x), round(other.y)), size, other.angle, 0, 360, 0.0, width)


def _inks(layers: Layers, ring: Ring) -> Iterator[Gray]:
    """Yield pictures of the seal's own ink, paper 0: of a red seal by light, by colour, and by both; of
    another by light only, with print taken off at several levels, as far as it is darker."""
    dark = cv2.subtract(np.full_like(layers.all, 255), layers.all)
    if not ring.red:
        dark = cv2.subtract(dark, _ruled(dark, round(_STRAIGHT * ring.rx)))
        yield from _without_print(dark, ring)
        return
    # Most pictures keep colour coarser than light. Therefore light draws the characters, and colour only
    # tells where they are.
    reach = max(3, round(layers.scale)) | 1
    near = cv2.dilate(
        cv2.GaussianBlur(layers.redness, (0, 0), _HALO * layers.scale), np.ones((reach, reach), np.uint8)
    )
    print_ = cv2.subtract(np.full_like(layers.text, 255), layers.text)
    gate = np.clip(near.astype(np.float32) * 4, 0, 255) * (255 - print_.astype(np.float32)) / 255
    yield (dark * gate / 255).astype(np.uint8)
    yield layers.redness.copy()
    yield cv2.addWeighted((dark * gate / 255).astype(np.uint8), 0.5, layers.redness, 0.5, 0)


def _ruled(dark: Gray, least: int) -> Gray:
    """Return the straight lines, level or upright, of at least `least` pixels."""
    level, upright = (
        cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones(size, np.uint8)) for size in ((1, least), (least, 1))
    )
    return np.asarray(cv2.dilate(cv2.max(level, upright), np.ones((3, 3), np.uint8)), np.uint8)


def _without_print(dark: Gray, ring: Ring) -> Iterator[Gray]:
    """Paint print over in the ink of a seal on a grey copy, at each level of `_DARKER`. Red ink is paler than
    print there, so that what is darker than the outline is print. A seal as dark as print stays as it is."""
    outline = np.zeros_like(dark)
    size = (round(ring.rx * _OUTLINE), round(ring.ry * _OUTLINE))
    cv2.ellipse(
        outline,
        (round(ring.x), round(ring.y)),
        size,
        ring.angle,
        0,
        360,
        255,
        max(1, round(_OUTLINE_WIDTH * ring.rx)),
    )
    drawn = dark[outline > 0]
    drawn = drawn[drawn > _PAPER]
    own = float(np.median(drawn)) if len(drawn) else 255.0
    if own > _BLACK:
        yield dark.copy()
        return
    for darker in _DARKER:
        printed = np.uint8(255) * (dark > own + darker * (255 - own))
        yield np.asarray(
            cv2.inpaint(dark, cv2.dilate(printed, np.ones((3, 3), np.uint8)), 3, cv2.INPAINT_TELEA), np.uint8
        )


@dataclass(frozen=True)
class _Outline:
    """The places of a strip's columns on the page. Each is a point on the outline, in pixels, and a direction
    inwards; `unit` is the smaller half axis in pixels."""

    x: Floats
    y: Floats
    inwards_x: Floats
    inwards_y: Floats
    unit: float

    @classmethod
    def of(cls, ring: Ring, proportional: bool) -> "_Outline":
        """Place the columns clockwise from the foot, in steps of equal length. The direction inwards is at a
        right angle to the outline; with `proportional`, for a round seal that was drawn out, it is to the
        middle."""
        turn, unit = math.radians(ring.angle), min(ring.rx, ring.ry)
        fine = np.linspace(0, 2 * math.pi, _FINE)
        run = np.concatenate(
            [[0.0], np.cumsum(np.hypot(ring.rx * np.sin(fine[:-1]), ring.ry * np.cos(fine[:-1])))]
        )
        around = run[-1] * (fine[1] - fine[0])
        columns = max(8, round(around * _MEAN / unit / _ROW))
        # The page's foot, as an angle of the ellipse's own axes.
        foot = math.atan2(math.cos(turn) * ring.rx, math.sin(turn) * ring.ry) % (2 * math.pi)
        start = float(np.interp(foot, fine, run))
        theta = np.interp((start + np.arange(columns) / columns * run[-1]) % run[-1], run, fine)
        x, y = ring.rx * np.cos(theta), ring.ry * np.sin(theta)
        across, down = -ring.ry * np.cos(theta), -ring.rx * np.sin(theta)
        norm = np.hypot(across, down)

        def on_page(x: Floats, y: Floats) -> tuple[Floats, Floats]:
            return x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)

        if proportional:
            across, down, norm = -x, -y, np.full_like(x, unit)
        page_x, page_y = on_page(x, y)
        return cls(ring.x + page_x, ring.y + page_y, *on_page(across / norm, down / norm), unit)

    def strip(self, ink: Gray, shift: Floats) -> Floats:
        """Return the rim as a strip of `_ROWS` rows, from outside inwards. `shift` tells how many rows
        further in each column starts."""
        rows = (np.arange(_ROWS)[:, None] + shift[None, :]) * _ROW - _OUTSIDE
        xs, ys = self.x + rows * self.unit * self.inwards_x, self.y + rows * self.unit * self.inwards_y
        strip = cv2.remap(
            ink, xs.astype(np.float32), ys.astype(np.float32), cv2.INTER_LINEAR, borderValue=0.0
        )
        return np.asarray(strip, np.float64)


def _unrolled(ink: Gray, ring: Ring, proportional: bool = False) -> Floats:
    """Return the rim as a strip with a level outline. A seal on a bent sheet is only nearly an ellipse."""
    outline = _Outline.of(ring, proportional)
    flat = np.zeros(len(outline.x))
    for _ in range(2):
        flat = flat + _strayed(outline.strip(ink, flat))
    return outline.strip(ink, flat)


def _strayed(strip: Floats) -> Floats:
    """Return by how many rows the outline lies further in than it should, for each column. A Fourier series
    of three waves round the seal is fitted by least squares, in which outliers lose weight."""
    window = max(3, strip.shape[1] // _PIECES) | 1
    smooth = cv2.blur(strip, (window, 3), borderType=cv2.BORDER_REFLECT)[:, ::window]
    here = _OUTSIDE / _ROW
    look = slice(0, round(2 * here))
    at, strength = smooth[look].argmax(axis=0), smooth[look].max(axis=0)
    angles = 2 * math.pi * np.arange(0, strip.shape[1], window) / strip.shape[1]
    waves = [np.ones_like(angles)] + [f(k * angles) for k in (1, 2, 3) for f in (np.cos, np.sin)]
    basis = np.column_stack(waves)
    weight = strength / max(float(strength.max()), 1.0)
    fitted = np.full_like(angles, np.median(at))
    for spread in _SPREADS:
        trust = weight / (1 + ((at - fitted) / spread) ** 2) ** 2
        factors = np.linalg.lstsq(basis * np.sqrt(trust)[:, None], at * np.sqrt(trust), rcond=None)[0]
        fitted = basis @ factors
    everywhere = 2 * math.pi * np.arange(strip.shape[1]) / strip.shape[1]
    columns = [np.ones_like(everywhere)] + [f(k * everywhere) for k in (1, 2, 3) for f in (np.cos, np.sin)]
    return np.asarray(np.column_stack(columns) @ factors - here)


def _line(strip: Floats) -> Gray:
    """Return the characters of a strip as a line to be read, cut at the longest stretch without any."""
    top, bottom = _rows(strip)
    band = strip[top:bottom]
    band = np.roll(band, -_gap(band), axis=1)
    start, end = _extent(band)
    return _as_line(band[:, start:end])


def _as_line(band: Floats) -> Gray:
    """Return ink as a line to be read, RGB, `_LINE` pixels high: dark on white, with a margin."""
    zoom = (_LINE - 2 * _MARGIN) / band.shape[0]
    size = (max(1, round(band.shape[1] * zoom)), _LINE - 2 * _MARGIN)
    scaled = cv2.resize(band, size, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR)
    scaled = scaled * (255 / max(float(np.percentile(scaled, _FULL_INK)), 1.0))
    padded = cv2.copyMakeBorder(scaled, _MARGIN, _MARGIN, _MARGIN, _MARGIN, cv2.BORDER_CONSTANT, value=0.0)
    return np.asarray(
        cv2.cvtColor(255 - np.clip(padded, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2RGB), np.uint8
    )


def _rows(strip: Floats) -> tuple[int, int]:
    """Return the first row and the row after the last of the name's characters: the first ink inside the
    outline that goes round most of the seal."""
    parts = [part.mean(axis=1) for part in np.array_split(strip, _PARTS, axis=1)]
    # A star or a row of its own inside the name takes fewer parts of the way round.
    common = np.percentile(parts, _COMMON, axis=0)
    here = round(_OUTSIDE / _ROW)
    edge = here + int(np.argmin(common[here : here + round(_PAPER_WITHIN / _ROW)]))
    peak = edge + int(np.argmax(common[edge : edge + round(_NAME_WITHIN / _ROW)]))
    level = common[edge] + _FAINT * (common[peak] - common[edge])
    faint = np.nonzero(common <= level)[0]
    above, below = faint[(faint < peak) & (faint >= edge)], faint[faint > peak]
    top = int(above[-1]) if len(above) else edge
    bottom = int(below[0]) + 1 if len(below) else _ROWS
    more = max(1, (bottom - top) // _EXTRA)
    return max(top - more, edge), max(bottom + more, top + _LOWEST)


def _gap(band: Floats) -> int:
    """Return the column in the middle of the longest stretch without characters. A serial number at the foot
    stands near the outline only."""
    ink, level = _column_ink(band)
    width = band.shape[1]
    smooth = cv2.blur(np.concatenate([ink, ink])[None, :], (5, 1)).ravel()
    empty = np.concatenate([[False], smooth < level, [False]])
    edges = np.flatnonzero(np.diff(empty.astype(int)))
    best = (0.0, 0)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        middle = (start + end) // 2 % width
        # The strip begins at the seal's foot, where the gap of most seals is.
        away = min(middle, width - middle) / width
        best = max(best, ((end - start) * (1 - _FROM_FOOT * away), int(middle)))
    return best[1]


def _column_ink(band: Floats) -> tuple[Floats, float]:
    """Return the ink of each column in the middle rows, and the amount below which it is a gap."""
    ink = band[band.shape[0] // 3 : -(band.shape[0] // 5)].mean(axis=0)
    return ink, _EMPTY * float(np.percentile(ink, _USUAL))


def _extent(band: Floats) -> tuple[int, int]:
    """Return the first and the last column of the characters, with some room."""
    ink, level = _column_ink(band)
    columns = np.nonzero(cv2.blur(ink[None, :], (5, 1)).ravel() > level)[0]
    if not len(columns):
        return 0, band.shape[1]
    room = band.shape[0] // 8
    return max(0, int(columns[0]) - room), min(band.shape[1], int(columns[-1]) + room)


def _rows_of(ink: Gray, ring: Ring) -> list[Gray]:
    """Return the rows of characters inside a square seal's frame, as lines to be read."""
    millimetre = 2 * max(ring.rx, ring.ry) / _SQUARE_SIDE
    width, height = (max(8, round(2 * half / millimetre)) for half in (ring.rx, ring.ry))
    turn = math.radians(ring.angle)
    matrix = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]) * millimetre
    offset = np.array([ring.x, ring.y]) - matrix @ np.array([width / 2, height / 2])
    flat = cv2.warpAffine(
        ink, np.column_stack([matrix, offset]), (width, height), flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP
    )
    frame = round(_FRAME * min(width, height))
    inside = flat[frame:-frame, frame:-frame].astype(np.float64)
    profile = cv2.blur(inside.mean(axis=1)[None, :], (3, 1)).ravel()
    inked = profile > _GAP * float(np.percentile(profile, _FULL_ROW))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inked, [False]]).astype(int)))
    least = _LEAST_ROW * max(
        (end - start for start, end in zip(edges[::2], edges[1::2], strict=True)), default=0
    )
    return [
        _as_line(inside[max(0, start - 2) : end + 2])
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        if end - start > least
    ]
