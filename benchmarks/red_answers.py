"""Counts how many answers in red ink, copied in colour and in grey, are read right, go to a person, or pass
wrong, and whether answers in black beside them, and on a form printed in red, are read as before.

    python -m benchmarks.red_answers FORMS --hands FOLDER [--seed 1] [--recordings FOLDER] --out FOLDER

FORMS holds filled forms as PDF with text, as for `benchmarks.pen_corrections`. On the first page of each,
every second answer is wiped off and written again in red, by a pen's face or typed; a round red stamp may lie
over one of them, or close beside; and on every fourth form all that is printed but the answers is red as
well. An answer that is still black is of kind `black`. Seeds below 100 are for tuning, the others for
reporting.
"""

import argparse
import io
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pypdfium2 as pdfium
from PIL import Image, ImageDraw, ImageFont

from benchmarks.marks.copies import DPI, Picture, copied
from benchmarks.pen_corrections import Chars, Corrected, chars_of, leave_out_long, places, told_of
from benchmarks.writing import pens, prints, write
from extractor import Options, Source, extract
from extractor.scan.ocr import PaddleOcr
from extractor.scan.recorded import RecordedOcr
from service.forms.definitions import load_forms

# Pens of several makes: bright, dark, orange, faint, and one that leaves a thin line.
REDS = ((205, 30, 40), (150, 20, 35), (225, 60, 30), (225, 95, 105), (190, 25, 80))
BLACK = (20, 20, 25)
STAMPS = ("none", "none", "over", "near")
_COPIES = ("fine", "office", "office", "photo", "copier")
_POINT = DPI / 72
_ACROSS = 500  # pixels of a stamp, 42 mm
_UNITS = "武汉东湖绿色低碳产业发展有限公司"


@dataclass(frozen=True)
class Sheet:
    """A page as it arrives, as a picture file, and what stands in each of its fields; `stamp` is where a
    stamp lies, by the field that it was set on."""

    name: str
    data: bytes
    fields: Mapping[str, Corrected]


def stamp(sheet: Picture, x: float, y: float, r: Random) -> None:
    """Sets a round stamp with a name and a star, its middle at (x, y)."""
    side = _ACROSS + 20
    mask, middle = Image.new("L", (side, side), 0), side / 2
    draw = ImageDraw.Draw(mask)
    draw.ellipse([10, 10, side - 10, side - 10], outline=255, width=14)
    star = [
        (
            middle + radius * math.sin(n * math.pi / 5),
            middle - radius * math.cos(n * math.pi / 5),
        )
        for n, radius in enumerate((70, 27) * 5)
    ]
    draw.polygon(star, fill=255)
    font = ImageFont.truetype(prints(1)[0], 58)
    for n, char in enumerate(_UNITS):
        angle = math.radians(-125 + 250 * n / (len(_UNITS) - 1))
        glyph = Image.new("L", (120, 120), 0)
        ImageDraw.Draw(glyph).text((60, 60), char, font=font, fill=255, anchor="mm")
        glyph = glyph.rotate(-math.degrees(angle), resample=Image.Resampling.BICUBIC)
        at = (
            round(middle + 0.78 * _ACROSS / 2 * math.sin(angle)) - 60,
            round(middle - 0.78 * _ACROSS / 2 * math.cos(angle)) - 60,
        )
        mask.paste(255, at, glyph)
    turned = np.asarray(mask.rotate(r.uniform(-15, 15)), np.float32)[..., None] / 255 * r.uniform(0.75, 0.95)
    left, top = round(x - middle), round(y - middle)
    rows = slice(max(0, top), min(sheet.shape[0], top + side))
    columns = slice(max(0, left), min(sheet.shape[1], left + side))
    part = turned[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    ink = 1 - part * (1 - np.array((215, 30, 45), np.float32) / 255)
    sheet[rows, columns] = (sheet[rows, columns] * ink).astype(np.uint8)


def _reddened(sheet: Picture, answers: list[Chars], red: tuple[int, int, int]) -> None:
    """Makes all print red but the answers."""
    kept = np.zeros(sheet.shape[:2], np.bool_)
    for chars in answers:
        for _, x0, y0, x1, y1 in chars:
            kept[round(y0) - 4 : round(y1) + 5, round(x0) - 4 : round(x1) + 5] = True
    # Rules stay black.
    dark = (sheet.max(axis=2) < 200).astype(np.uint8)
    rules = np.zeros_like(dark)
    for kernel in (np.ones((1, 150), np.uint8), np.ones((150, 1), np.uint8)):
        rules |= cv2.morphologyEx(dark, cv2.MORPH_OPEN, kernel)
    kept |= cv2.dilate(rules, np.ones((3, 3), np.uint8)) > 0
    dark_part = (255 - sheet.astype(np.float32)) / 255
    coloured = (255 - dark_part * (255 - np.array(red, np.float32))).astype(np.uint8)
    sheet[:] = np.where(kept[..., None], sheet, coloured)


def _answered(
    sheet: Picture, chars: Chars, hands: list[str], r: Random, ink: tuple[int, int, int] | None
) -> str:
    """Writes the value that `chars` spell again in red, or in `ink`, and returns how."""
    x0, y0 = min(c[1] for c in chars), min(c[2] for c in chars)
    x1, y1 = max(c[3] for c in chars), max(c[4] for c in chars)
    high, words, red = y1 - y0, "".join(c[0] for c in chars), r.choice(REDS)
    sheet[round(y0) - 4 : round(y1) + 5, round(x0) - 4 : round(x1) + 5] = 255
    typed = r.random() < 0.3
    face, size = (
        (r.choice(prints(5)), high * 1.12) if typed else (r.choice(hands), high * r.uniform(1.15, 1.5))
    )
    turn = 0.0 if typed else r.uniform(-1.5, 1.5)
    write(sheet, words, (x0, (y0 + y1) / 2), face, size, ink or red, turn)
    return "typed" if typed else "pen"


def sheets(
    forms: list[Path], hands: list[str], seed: int, ink: tuple[int, int, int] | None = None
) -> Iterator[Sheet]:
    """Yields each form with every second of its answers in red, or in `ink`."""
    for number, path in enumerate(forms):
        r = Random(f"{seed}/{path.stem}")
        result = extract(Source.at(path, path.name), load_forms(None))[0]
        document = pdfium.PdfDocument(path.read_bytes())
        sheet = np.ascontiguousarray(document[0].render(scale=_POINT).to_numpy()[..., :3][..., ::-1])
        leave_out_long(sheet, result)
        own = places(result, chars_of(document[0]))
        printed = "red" if number % 4 == 3 else "black"
        if printed == "red":
            _reddened(sheet, list(own.values()), r.choice(REDS[:3]))
        chosen = r.sample(sorted(own), (len(own) + 1) // 2)
        stamps = r.choice(STAMPS)
        fields = {}
        for name, chars in own.items():
            words = "".join(char for char, *_ in chars)
            kind = _answered(sheet, chars, hands, r, ink) if name in chosen else "black"
            fields[name] = Corrected(kind, f"{stamps}/{printed}", words, words)
        if stamps != "none" and chosen:
            chars = own[r.choice(chosen)]
            x0, x1 = min(c[1] for c in chars), max(c[3] for c in chars)
            y = (min(c[2] for c in chars) + max(c[4] for c in chars)) / 2
            away = _ACROSS / 2 + r.uniform(10, 60)
            x = r.uniform(x0, x1) if stamps == "over" else x1 + away
            stamp(sheet, x, y + r.uniform(-0.5, 0.5) * _ACROSS, r)
        profile = r.choice(_COPIES)
        copy, _ = copied(sheet, profile, r)
        data = io.BytesIO()
        Image.fromarray(copy).save(data, "PNG", dpi=(200, 200))
        yield Sheet(f"{path.stem}-{profile}-{stamps}-{printed}.png", data.getvalue(), fields)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("forms", type=Path, help="a folder of filled forms as PDF")
    asked.add_argument("--hands", type=Path, required=True, help="a folder with pens' faces")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--black", action="store_true", help="the same answers in black, to compare with")
    asked.add_argument("--recordings", type=Path, help="where what the engine says is kept for another run")
    asked.add_argument("--out", type=Path, required=True, help="where the pages are kept, and what was read")
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    engine = (
        RecordedOcr(given.recordings / f"red-{given.seed}.jsonl", PaddleOcr())
        if given.recordings
        else PaddleOcr()
    )
    forms = sorted(given.forms.glob("*.pdf"))
    counts: dict[tuple[str, str], Counter[str]] = {}
    with (given.out / "read.jsonl").open("w", encoding="utf-8") as file:
        for sheet in sheets(forms, pens(given.hands), given.seed, BLACK if given.black else None):
            path = given.out / sheet.name
            path.write_bytes(sheet.data)
            result = extract(Source.at(path), load_forms(None), Options(ocr=engine))[0]
            for line in told_of(sheet.name, sheet.fields, result):
                file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
                for whole in ((line["kind"], line["ink"]), (line["kind"], "all")):
                    counts.setdefault(whole, Counter()).update(
                        fields=1, right=line["right"], review=line["review"], silent=line["silent"]
                    )
    for (kind, where), count in sorted(counts.items()):
        print(
            f"{kind:6} {where:12}",
            *(f"{word} {count[word]:4} " for word in ("fields", "right", "review", "silent")),
        )


if __name__ == "__main__":
    main()
