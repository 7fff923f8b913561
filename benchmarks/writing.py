"""Draws words in print and in pens' faces and copies them, for benchmarks that need writing with known
content.

Pens' faces are not installed with the project. `npm pack @fontsource/long-cang` (and `zhi-mang-xing`,
`liu-jian-mao-cao`, all under the OFL) gives three of them. The file `*-chinese-simplified-400-normal.woff2`
of each goes into the folder for `--hands`.
"""

from pathlib import Path
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.marks.copies import DPI, Picture, copied
from benchmarks.marks.questions import faces
from extractor.scan.layers import Layers, take_apart
from extractor.scan.upright import Flat
from models.geometry import Rect

# Four kinds of scanner. A camera is left out, because what it does to a sheet is undone before anything is
# measured on it.
SCANNERS = ("fine", "office", "fax", "copier")
INKS = ((20, 20, 30), (20, 30, 110), (10, 10, 10))


def pens(folder: Path) -> list[str]:
    """Returns the pens' faces in `folder`. Exits with an error where there are none."""
    found = sorted(str(path) for path in folder.iterdir() if path.suffix in (".ttf", ".otf", ".woff2"))
    if not found:
        raise SystemExit(f"{folder} holds no .ttf, .otf or .woff2")
    return found


def prints(count: int) -> list[str]:
    """Returns `count` faces of print, the project's own first."""
    return [path for path, _ in faces()][:count]


def paper(width: int, height: int) -> Picture:
    """Returns a white sheet; the size is in pixels at 300 dpi."""
    return np.full((height, width, 3), 255, np.uint8)


def write(
    sheet: Picture,
    text: str,
    at: tuple[float, float],
    face: str,
    size: float,
    ink: tuple[int, int, int],
    turn: float = 0,
) -> Rect:
    """Writes `text` with the middle of its left edge at `at`, turned by `turn` degrees, and returns the box
    of its ink."""
    font = ImageFont.truetype(face, round(size))
    room = round(size)
    left, top, right, bottom = font.getbbox(text, anchor="lm")
    mask = Image.new("L", (round(right - left) + 2 * room, round(bottom - top) + 2 * room), 0)
    ImageDraw.Draw(mask).text((room - left, room - top), text, font=font, fill=255, anchor="lm")
    turned = np.asarray(mask.rotate(turn, resample=Image.Resampling.BICUBIC), np.float32)[..., None] / 255
    x, y = round(at[0] - room + left), round(at[1] - room + top)
    high, wide = turned.shape[:2]
    rows, columns = (
        slice(max(0, y), min(sheet.shape[0], y + high)),
        slice(max(0, x), min(sheet.shape[1], x + wide)),
    )
    part = turned[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]
    sheet[rows, columns] = (sheet[rows, columns] * (1 - part) + np.array(ink, np.float32) * part).astype(
        np.uint8
    )
    ys, xs = np.nonzero(part[..., 0] > 0.3)
    if not len(xs):
        return (float(x), float(y), float(x), float(y))
    return tuple(
        float(v)
        for v in (
            columns.start + xs.min(),
            rows.start + ys.min(),
            columns.start + xs.max() + 1,
            rows.start + ys.max() + 1,
        )
    )  # type: ignore[return-value]


def scanned(sheet: Picture, scanner: str, r: Random, skew: float = 0.6) -> tuple[Layers, NDArray[np.float64]]:
    """Returns the layers of the sheet as a scanner copies it, and the matrix from places of the sheet to
    those of the copy."""
    picture, matrix = copied(sheet, scanner, r, skew=skew, whole=False)
    scale = DPI / 72 * picture.shape[1] / sheet.shape[1]
    return take_apart(Flat(np.ascontiguousarray(picture), scale, False)), matrix


def moved(box: Rect, matrix: NDArray[np.float64]) -> Rect:
    """Returns an upright box around the place to which `matrix` moves `box`."""
    x0, y0, x1, y1 = box
    corners = np.array([[[x, y] for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]], np.float64)
    places = cv2.perspectiveTransform(corners, matrix)[0]
    (left, top), (right, bottom) = places.min(axis=0).tolist(), places.max(axis=0).tolist()
    return (left, top, right, bottom)
