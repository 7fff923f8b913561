"""Draws places for signatures and what people set there, and counts what is told right: nothing, a date still
to be filled in, a name by pen, the print of a thumb, a chop with a name, a unit's seal, and several at once.

    python -m benchmarks.signing_places --hands FOLDER [--places 300] [--seed 1] [--wrong FOLDER]

No engine reads anything: the prompt is drawn at a known place. A place is told right if pens, thumbs, chops
and seals are each told where there are such, and nowhere else. Seeds below 100 are for tuning, the others for
reporting.
"""

import argparse
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.marks.copies import DPI, Picture
from benchmarks.red_answers import stamp
from benchmarks.writing import INKS, moved, paper, pens, prints, scanned, write
from extractor.answers.signatures import observe_signature
from extractor.scan.flat import FlatPage, Place, ReadLine
from extractor.scan.handwriting import find_ink
from extractor.scan.readings import Glyph, Reading
from extractor.scan.ruling import find_grids
from extractor.scan.seals.find import find_seals
from extractor.text.passage import Passage
from extractor.text.passage import Place as At
from models.fields import SignatureField
from models.geometry import Rect
from models.page import Box, Line, Run
from models.page import Page as ReadPage

KINDS = (
    "empty", "date", "pen", "thumb", "chop", "seal", "pen thumb", "pen chop", "pen seal", "thumb seal",
)  # fmt: skip
_SCANNERS = ("fine", "office", "office", "copier", "fax")
_MM = DPI / 25.4
_PROMPTS = ("申报负责人（签字）：", "法定代表人签字：", "经办人（签名）：", "签字：")
_SURNAMES, _GIVEN = "赵钱孙李周吴郑王冯陈张刘杨黄何林胡唐", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英"
_PASTES = ((205, 30, 40), (215, 50, 60), (180, 25, 45))


Printed = tuple[str, Rect]
_FIELD = SignatureField(kind="signature", name="signature", prompt="签字：")


@dataclass(frozen=True)
class Told:
    """What stands in a place, and what was told of it."""

    kind: str
    scanner: str
    truth: frozenset[str]
    seen: frozenset[str]


def name(r: Random) -> str:
    """Returns a person's name."""
    return r.choice(_SURNAMES) + "".join(r.sample(_GIVEN, r.choice((1, 2, 2))))


def press(sheet: Picture, mask: Picture, x: float, y: float, ink: tuple[int, int, int]) -> None:
    """Lays ink over the sheet where `mask` is above 0, its middle at (x, y)."""
    high, wide = mask.shape
    left, top = round(x - wide / 2), round(y - high / 2)
    part = sheet[top : top + high, left : left + wide]
    thick = mask[: part.shape[0], : part.shape[1], None].astype(np.float32) / 255
    part[:] = (part * (1 - thick * (1 - np.array(ink, np.float32) / 255))).astype(np.uint8)


def thumb(r: Random) -> Picture:
    """Returns the print of a thumb: ridges around a core, worn, its edge uneven."""
    wide, high = r.uniform(13, 20) * _MM, r.uniform(17, 27) * _MM
    noise = np.random.default_rng(r.getrandbits(32))
    side = round(1.3 * high)
    ys, xs = np.mgrid[0:side, 0:side].astype(np.float32) - side / 2
    wave = cv2.resize(
        noise.normal(0, 1, (6, 6)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC
    )
    period = r.uniform(0.42, 0.6) * _MM
    core_x, core_y = r.uniform(-0.1, 0.1) * wide, r.uniform(-0.05, 0.2) * high
    around = np.hypot((xs - core_x) * r.uniform(1.0, 1.3), ys - core_y) + wave * r.uniform(4, 12)
    if r.random() < 0.4:  # a loop instead of a whorl
        around = around + 0.35 * np.abs(xs - core_x) * (ys > core_y)
    ridges = 0.5 + 0.5 * np.sin(2 * math.pi * around / period) + r.uniform(-0.1, 0.35)
    edge = np.hypot(xs / (wide / 2), ys / (high / 2)) + 0.06 * wave
    inside = np.clip((1 - edge) * 8, 0, 1)
    pressed = np.clip(0.85 + 0.25 * cv2.GaussianBlur(wave, (0, 0), side / 20), 0.3, 1)
    speck = cv2.GaussianBlur(noise.random((side, side)).astype(np.float32), (0, 0), 1.2)
    worn = np.where(speck < r.uniform(0.36, 0.44), 0.3, 1)
    mask = np.clip(cv2.GaussianBlur(np.clip(ridges, 0, 1) * inside * pressed * worn, (0, 0), 0.7), 0, 1)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), r.uniform(-50, 50), 1)
    return np.asarray(
        cv2.warpAffine((mask * r.uniform(190, 250)).astype(np.uint8), turn, (side, side)), np.uint8
    )


def chop(words: str, r: Random) -> Picture:
    """Returns a chop with a name in its frame, in lines or cut out of a full square; some are round."""
    side, filled, is_round = round(r.uniform(11, 20) * _MM), r.random() < 0.3, r.random() < 0.15
    image = Image.new("L", (side + 8, side + 8), 0)
    draw = ImageDraw.Draw(image)
    frame = (4, 4, side + 3, side + 3)
    shape = draw.ellipse if is_round else draw.rectangle
    shape(frame, outline=255, width=round(r.uniform(0.5, 0.9) * _MM), fill=255 if filled else 0)
    told = (words + "印之章")[: 4 if len(words) > 2 or r.random() < 0.6 else 2]
    columns, rows = (2, 2) if len(told) == 4 else (1, 2)
    room = side * (0.66 if is_round else 0.84)
    size = round(room / max(columns, rows))
    font = ImageFont.truetype(r.choice(prints(4)), size)
    for n, char in enumerate(told):
        column, row = columns - 1 - n // rows, n % rows
        at = (
            4 + side / 2 + (column - (columns - 1) / 2) * room / max(columns, rows),
            4 + side / 2 + (row - (rows - 1) / 2) * room / rows,
        )
        draw.text(at, char, font=font, fill=0 if filled else 255, anchor="mm")
    turned = np.asarray(image.rotate(r.uniform(-12, 12), expand=True), np.float32)
    noise = np.random.default_rng(r.getrandbits(32))
    speck = cv2.GaussianBlur(noise.random(turned.shape).astype(np.float32), (0, 0), 1.2)
    return np.asarray(turned * np.where(speck < 0.42, 0.4, 1) * r.uniform(0.8, 0.97), np.uint8)


def place(kind: str, hands: list[str], r: Random) -> tuple[Picture, str, tuple[float, float, float, float]]:
    """Returns a sheet with a ruled cell, its prompt and where that stands, and in the cell what `kind`
    names."""
    size = r.randint(40, 50)
    sheet = paper(2480, 2000)
    cv2.rectangle(sheet, (60, 60), (1940, 1040), (20, 20, 20), 3)
    face, words = r.choice(prints(5)), r.choice(_PROMPTS)
    level = r.uniform(420, 620)
    box = write(sheet, words, (120, level), face, size, (15, 15, 15))
    printed = [(words, box)]
    if kind == "date" or r.random() < 0.4:
        at = box[2] + r.uniform(9, 12) * size
        for n, char in enumerate("年月日"):
            own = write(sheet, char, (at + 2.5 * n * size, level), face, size, (15, 15, 15))
            printed.append((char, own))
    start, black = box[2] + size * r.uniform(0.3, 1.5), r.random() < 0.15
    paste = (35, 35, 40) if black else r.choice(_PASTES)
    if "pen" in kind:
        write(
            sheet,
            name(r),
            (start, level + r.gauss(0, 8)),
            r.choice(hands),
            size * r.uniform(1.2, 2),
            r.choice(INKS),
            r.uniform(-5, 5),
        )
    over = r.uniform(2, 4) * size if r.random() < 0.5 else r.uniform(6, 9) * size
    if "thumb" in kind:
        press(sheet, thumb(r), start + (over if "pen" in kind else 3 * size), level + r.gauss(0, 20), paste)
    if "chop" in kind:
        press(
            sheet,
            chop(name(r), r),
            start + (7.5 * size if "pen" in kind else 3 * size),
            level + r.gauss(0, 20),
            paste,
        )
    if "seal" in kind:
        stamp(sheet, 1500, r.uniform(380, 720), r)
    return sheet, printed


def _line(words: str, box: Rect, cell: tuple[int, int] | None) -> ReadLine:
    """What a recogniser says of `words`, with as much room around them as a detector leaves."""
    x0, y0, x1, y1 = box
    room = 0.2 * (y1 - y0)
    box = (x0 - room, y0 - room, x1 + room, y1 + room)
    glyphs = tuple(Glyph(char, (n + 0.5) / len(words), 0.99) for n, char in enumerate(words))
    return ReadLine(Place(box, cell), Reading(glyphs))


def _told(page: FlatPage, prompt: Rect, behind: list[ReadLine]) -> set[str]:
    """What is told of the place behind `prompt`, where `behind` is what was read there."""
    x0, y0, x1, y1 = (side / page.scale for side in prompt)
    runs = [Run(text=line.reading.text, box=page.in_points(line.place.box)) for line in behind]
    high, wide = page.shape
    shown = ReadPage(number=1, width=wide / page.scale, height=high / page.scale, ink=find_ink(page))
    cell = Box(x0=0.0, y0=max(0.0, y0 - 60), x1=wide / page.scale, y1=y1 + 60)
    one = observe_signature(
        _FIELD, "签字", (1, Box(x0=x0, y0=y0, x1=x1, y1=y1)), Passage.of([Line(spans=tuple(runs))], At(page=1)),
        [], [(shown, cell)], "",
    )  # fmt: skip
    codes = {doubt.code: doubt.message for doubt in one.doubts}
    told = {
        what for what, word in (("thumb", "指印"), ("chop", "名章")) if any(word in m for m in codes.values())
    }
    instead = {"signature-thumb", "signature-chop"} & codes.keys()
    return told | ({"pen"} if one.value.present and not instead else set())


def told_of(kind: str, hands: list[str], r: Random) -> tuple[Told, Picture]:
    """Draws and copies a place, and returns what is told of it, and the copy's grey."""
    sheet, printed = place(kind, hands, r)
    scanner = r.choice(_SCANNERS)
    layers, matrix = scanned(sheet, scanner, r)
    rings = find_seals(layers)
    page = FlatPage.of(layers, find_grids(layers.black, layers.scale, [], layers.inks), rings)
    lines = [
        _line(words, moved(box, matrix), (0, 0) if page.ruling.grids else None) for words, box in printed
    ]
    prompt = lines[0].place.box
    seen = {"seal"} if rings else set()
    seen |= _told(page.reading(lines), prompt, lines[1:])
    truth = set(kind.split()) - {"empty", "date"}
    return Told(kind, scanner, frozenset(truth), frozenset(seen)), layers.all


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--hands", type=Path, required=True, help="a folder with pens' faces")
    asked.add_argument("--places", type=int, default=300)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--wrong", type=Path, help="where the places are kept that were told wrong")
    given = asked.parse_args()
    counts: dict[str, Counter[str]] = {}
    hands = pens(given.hands)
    for number in range(given.places):
        kind = KINDS[number % len(KINDS)]
        one, gray = told_of(kind, hands, Random(f"{given.seed}/{number}"))
        own = counts.setdefault(kind, Counter())
        own["places"] += 1
        own["right"] += one.truth == one.seen
        own.update({f"without {what}": 1 for what in one.truth - one.seen})
        own.update({f"with {what}": 1 for what in one.seen - one.truth})
        if given.wrong and one.truth != one.seen:
            given.wrong.mkdir(parents=True, exist_ok=True)
            told = "-".join(sorted(one.seen)) or "nothing"
            cv2.imwrite(
                str(given.wrong / f"{number:04}-{kind.replace(' ', '+')}-as-{told}-{one.scanner}.png"), gray
            )
    for kind, count in counts.items():
        print(f"{kind:12}", *(f"{word} {n:3} " for word, n in count.items()))


if __name__ == "__main__":
    main()
