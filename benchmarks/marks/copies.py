"""Copies a sheet as scanners, fax machines, copiers and cameras do."""

from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]

DPI = 300  # the resolution of drawn sheets
PROFILES = ("fine", "office", "coarse", "fax", "copier", "photo")


def copied(
    sheet: Picture, profile: str, r: Random, skew: float = 1.2, whole: bool = True
) -> tuple[Picture, Floats]:
    """Returns the copy of `sheet` (RGB at 300 dpi), and the matrix that takes a point of the sheet to one of
    the copy.

    `skew` bounds the turn, in degrees. With `whole` off, `sheet` is a part of a sheet: there is no desk
    around it, and light falls evenly on it.
    """
    noise = np.random.default_rng(r.getrandbits(32))
    dpi = {
        "fine": 300,
        "office": 200,
        "coarse": r.choice([130, 150, 170]),
        "fax": 200,
        "copier": 200,
        "photo": r.choice([170, 200, 250]),
    }[profile]
    if profile == "photo" and whole:
        out, matrix = _on_a_desk(sheet, dpi, r, noise)
    else:
        out, matrix = _turned(sheet, r.uniform(-skew, skew), dpi / DPI)
    if profile == "fine":
        return _grain(out, noise, 2), matrix
    if profile == "fax":
        gray = _grain(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY), noise, r.uniform(6, 16))
        if r.random() < 0.3:
            gray.flat[noise.integers(0, gray.size, gray.size // 1500)] = 0
        return _colour(np.where(gray < r.randint(120, 190), 0, 255).astype(np.uint8)), matrix
    if profile == "copier":
        gray = cv2.GaussianBlur(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY), (0, 0), 0.7).astype(np.float32)
        low, high = r.uniform(30, 110), r.uniform(170, 235)
        gray = np.clip((gray - low) / (high - low) * 255, 0, 255).astype(np.uint8)
        if r.random() < 0.3:
            gray = cv2.erode(gray, np.ones((2, 2), np.uint8))
        return _pressed(_colour(_grain(gray, noise, 5)), 75), matrix
    if profile == "coarse":
        gray = cv2.GaussianBlur(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY), (0, 0), r.uniform(0.4, 0.7))
        return _pressed(_colour(_grain(gray, noise, 6)), 65), matrix
    blurred = cv2.GaussianBlur(out, (0, 0), r.uniform(0.5, 1.1 if profile == "photo" else 0.7))
    return _pressed(_grain(blurred, noise, r.uniform(4, 7)), r.randint(68, 85)), matrix


def _turned(sheet: Picture, degrees: float, zoom: float) -> tuple[Picture, Floats]:
    high, wide = sheet.shape[:2]
    turn = np.vstack([cv2.getRotationMatrix2D((wide / 2, high / 2), degrees, 1.0), [0, 0, 1]])
    flat = cv2.warpAffine(sheet, turn[:2], (wide, high), flags=cv2.INTER_LINEAR, borderValue=(255, 255, 255))
    small = cv2.resize(flat, (round(wide * zoom), round(high * zoom)), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), np.diag([zoom, zoom, 1.0]) @ turn


def _on_a_desk(sheet: Picture, dpi: int, r: Random, noise: np.random.Generator) -> tuple[Picture, Floats]:
    high, wide = sheet.shape[:2]
    zoom = dpi / DPI
    pad = 0.07 * wide
    size = (round((wide + 2 * pad) * zoom), round((high + 2 * pad) * zoom))
    corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32)
    seen = (
        (corners + pad) * zoom + [[r.uniform(-0.04, 0.04) * size[0] for _ in "xy"] for _ in range(4)]
    ).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(corners, seen)
    desk = np.full(
        (size[1], size[0], 3), [r.randint(60, 150), r.randint(50, 120), r.randint(40, 100)], np.uint8
    )
    soft = cv2.GaussianBlur(sheet, (0, 0), 0.5 / zoom)
    cv2.warpPerspective(
        soft, matrix, size, dst=desk, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
    )
    ys, xs = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    way = r.uniform(0, 6.3)
    fall = ((xs / size[0] - 0.5) * np.cos(way) + (ys / size[1] - 0.5) * np.sin(way)) * r.uniform(0.1, 0.6)
    light = np.clip(0.9 - fall, 0.4, 1.05)[..., None] * np.array(
        [1.0, r.uniform(0.94, 1), r.uniform(0.84, 0.97)], np.float32
    )
    return np.clip(desk * light, 0, 255).astype(np.uint8), matrix


def _grain(picture: Picture, noise: np.random.Generator, spread: float) -> Picture:
    cv2.setRNGSeed(int(noise.integers(1 << 31)))
    grain = cv2.randn(np.empty(picture.shape, np.int16), (0,) * 4, (spread,) * 4)
    return np.asarray(cv2.add(picture, grain, dtype=cv2.CV_8U), np.uint8)


def _colour(gray: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), np.uint8)


def _pressed(picture: Picture, quality: int) -> Picture:
    return np.asarray(
        cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR),
        np.uint8,
    )
