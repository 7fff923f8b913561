"""Pictures of small forms, drawn for the tests of the scan reader."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SCALE = 200 / 72  # a page at 200 dpi

Picture = NDArray[np.uint8]


def blank(width: int = 1654, height: int = 2339) -> Picture:
    """White paper, A4 at 200 dpi."""
    return np.full((height, width, 3), 255, np.uint8)


def table(picture: Picture, xs: list[int], ys: list[int], thickness: int = 2) -> None:
    """Rules a grid of lines at `xs` and `ys`."""
    for x in xs:
        cv2.line(picture, (x, ys[0]), (x, ys[-1]), (0, 0, 0), thickness)
    for y in ys:
        cv2.line(picture, (xs[0], y), (xs[-1], y), (0, 0, 0), thickness)


def font(size: int) -> ImageFont.FreeTypeFont:
    """The serif face that the project embeds into its own PDF files."""
    import pylopdf_fonts_zh_cn

    folder = Path(next(iter(pylopdf_fonts_zh_cn.__path__)))
    return ImageFont.truetype(str(sorted(folder.rglob("*.[ot]t[fc]"))[0]), size)


def write(picture: Picture, texts: list[tuple[int, int, str]], size: int = 34) -> None:
    """Writes each text with its upper left corner at (x, y)."""
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    for x, y, text in texts:
        draw.text((x, y), text, font=font(size), fill=(10, 10, 10))
    picture[:] = np.asarray(image)


def turned(picture: Picture, degrees: float) -> Picture:
    """The picture, turned about its middle."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(picture, matrix, (width, height), borderValue=(255, 255, 255)), np.uint8)


def photographed(picture: Picture) -> Picture:
    """The sheet on a dark desk, in perspective and bent."""
    desk = cv2.copyMakeBorder(picture, 150, 150, 150, 150, cv2.BORDER_CONSTANT, value=(70, 60, 60))
    high, wide = desk.shape[:2]
    corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    seen = corners + np.array([[60, 30], [-40, 70], [50, -20], [-30, 40]], np.float32)
    tilted = cv2.warpPerspective(
        desk, cv2.getPerspectiveTransform(corners, seen), (wide, high), borderValue=(60, 50, 50)
    )
    ys, xs = np.mgrid[0:high, 0:wide].astype(np.float32)
    return np.asarray(
        cv2.remap(tilted, xs, ys + 9 * np.sin(xs / wide * np.pi).astype(np.float32), cv2.INTER_LINEAR),
        np.uint8,
    )
