"""Fits the costs by which a seal's text is compared with a name, and compares them with those in
`extractor/weighing/seal_names.py`.

    python -m benchmarks.seal_names [--seals 300] [--seed 1]

Seals with invented names are drawn in red, grey and black, round and oval, with or without a number at their
foot, in five faces; then they are copied by four scanners, found, unrolled and read. Each cost stands for one
error, and is minus the logarithm of how often that error happened to a character. The errors are: another
character was read without the right one among its rivals; an extra character was surely read; a character was
not read; a sign was read that belongs to no name. Each seal is also weighed against its own name and against
the similar name of another unit, which shows what the two thresholds let through. The costs are fitted over
all readings, and over the clear ones, because only a clear reading can say that a name is another's.

The committed costs are round figures of 2026-11-22; neither a script nor the readings were kept. Accepting
another unit's seal is the worse error, so the costs were set high, and this script does not give them again.
Its results of 2026-11-29 stand beside them in `extractor/weighing/seal_names.py`.
"""

import argparse
import math
from collections import Counter
from collections.abc import Sequence
from random import Random

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz.distance import Levenshtein

from benchmarks.marks.copies import DPI, Picture
from benchmarks.writing import SCANNERS, paper, prints, scanned
from extractor import rungs
from extractor.scan.ocr import OcrEngine, PaddleOcr
from extractor.scan.readings import Reading
from extractor.scan.seals.find import find_seals
from extractor.scan.seals.inscription import read_seal
from extractor.weighing import seal_names
from extractor.weighing.seal_names import bears, cost
from models.page import Run
from models.writing import key

_INKS = {"red": (205, 30, 45), "grey": (120, 120, 120), "black": (25, 25, 25)}
_PLACES = "武汉市 东西湖区 江岸区 江夏区 黄陂区 洪山区 汉阳区 青山区 蔡甸区 新洲区"
_NAMES = "百步亭 花山 云栖 晴川 梅花岭 豹澥 金银湖 白沙洲 南湖 关山 长丰 后湖 龙泉 天河 知音"
_KINDS = (
    "商业管理有限公司 科技股份有限公司 水务集团有限公司 社区居民委员会 小学 中学 研究院 生态环境分局 园区管理委员会 "
    "物业服务有限公司 新能源有限公司 人民医院"
)
Runs = tuple[Run, ...]


def named(r: Random) -> str:
    """Returns an invented unit's name."""
    return r.choice(_PLACES.split()) + r.choice(_NAMES.split()) + r.choice(_KINDS.split())


def near(name: str, r: Random) -> str:
    """Returns the name of another unit that shares most of `name`: of another place, of the same group, or
    with one other character."""
    others = [
        name.replace(old, new)
        for words in (_PLACES, _NAMES, _KINDS)
        for old in words.split()
        if old in name
        for new in words.split()
        if new != old
    ]
    return r.choice([other for other in others if other != name])


def stamp(sheet: Picture, name: str, face: str, ink: tuple[int, int, int], r: Random) -> None:
    """Draws a seal with a star and a name along its rim in the middle of the sheet, worn and turned as real
    seals are."""
    across = round(r.uniform(38, 44) / 25.4 * DPI)
    side, middle = across + 20, across / 2 + 10
    image = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(image)
    width = round(0.028 * across)
    draw.ellipse([10, 10, side - 10, side - 10], outline=255, width=width)
    star = [(0.13 if point % 2 == 0 else 0.05, math.pi * (point / 5 - 0.5)) for point in range(10)]
    draw.polygon(
        [(middle + across * far * math.cos(way), middle + across * far * math.sin(way)) for far, way in star],
        fill=255,
    )
    size = round(min(0.125 * across, 2.1 * across / max(len(name), 8)))
    span = math.radians(min(270, 24 * len(name) + 20))
    signs = [(char, size, span * (number / (len(name) - 1) - 0.5), 0.0) for number, char in enumerate(name)]
    if r.random() < 0.5:
        # A number at the foot is small, and read from below.
        signs += [
            (r.choice("0123456789"), round(0.05 * across), math.radians(180 + 4.5 * (6 - n)), 180.0)
            for n in range(13)
        ]
    for char, high, way, more in signs:
        glyph = Image.new("L", (2 * high, 2 * high), 0)
        ImageDraw.Draw(glyph).text(
            (high, high), char, font=ImageFont.truetype(face, high), fill=255, anchor="mm"
        )
        glyph = glyph.rotate(more - math.degrees(way), resample=Image.Resampling.BICUBIC)
        far = across / 2 - width - 0.78 * high
        image.paste(
            255,
            (round(middle + far * math.sin(way) - high), round(middle - far * math.cos(way) - high)),
            glyph,
        )
    if r.random() < 0.3:
        image = image.resize((side, round(0.72 * side)), Image.Resampling.BICUBIC)
    noise = np.random.default_rng(r.getrandbits(32))
    worn = np.asarray(image.rotate(r.uniform(-14, 14), resample=Image.Resampling.BICUBIC), np.float32) / 255
    cloudy = cv2.resize(
        noise.random((24, 24)).astype(np.float32), worn.shape[::-1], interpolation=cv2.INTER_CUBIC
    )
    specks = cv2.GaussianBlur(noise.random(worn.shape).astype(np.float32), (0, 0), 1.2)
    worn = (
        np.clip(worn * np.clip(0.6 + 0.5 * cloudy, 0.35, 1) * np.where(specks < 0.44, 0.25, 1), 0, 1)[
            ..., None
        ]
        * 0.95
    )
    top, left = (sheet.shape[0] - worn.shape[0]) // 2, (sheet.shape[1] - worn.shape[1]) // 2
    part = sheet[top : top + worn.shape[0], left : left + worn.shape[1]]
    part[:] = (part * (1 - worn) + worn * np.array(ink, np.float32)).astype(np.uint8)


def readings(name: str, ink: str, r: Random, engine: OcrEngine) -> list[Runs]:
    """Returns the readings of a seal with `name`, the surest first, or nothing where the seal is not found,
    or is found as several."""
    sheet = paper(900, 900)
    stamp(sheet, name, r.choice(prints(5)), _INKS[ink], r)
    layers, _ = scanned(sheet, r.choice(SCANNERS), r)
    rings = find_seals(layers)
    return (
        [_runs(reading) for reading in read_seal(layers, rings[0], [], engine) if reading.glyphs]
        if len(rings) == 1
        else []
    )


def _runs(reading: Reading) -> Runs:
    return tuple(
        Run(text=glyph.text, confidence=glyph.confidence, others=glyph.others) for glyph in reading.glyphs
    )


def happened(reading: Runs, name: str) -> Counter[str]:
    """Counts in a reading how often the error of each cost happened, and of how many characters. The reading
    is turned to begin where it fits best."""
    turns = [reading[start:] + reading[:start] for start in range(len(reading))]
    best = min(turns, key=lambda turn: Levenshtein.distance([key(run.text) for run in turn], list(name)))
    counts = Counter(characters=len(name))
    for code in Levenshtein.opcodes([key(run.text) for run in best], list(name)):
        read, wanted = best[code.src_start : code.src_end], name[code.dest_start : code.dest_end]
        if code.tag == "replace":
            counts["misread"] += len(wanted)
            counts["UNTHOUGHT"] += sum(
                char not in dict(run.others) for run, char in zip(read, wanted, strict=True)
            )
        elif code.tag == "insert":
            counts["MISSED"] += len(wanted)
        elif code.tag == "delete":
            named_ones = [run for run in read if seal_names._NAMED.fullmatch(key(run.text))]
            counts["UNASKED"] += sum(run.confidence >= rungs.STRONG for run in named_ones)
            counts["STRAY"] += len(read) - len(named_ones)
    return counts


def _tell_costs(counts: Counter[str], clear: Counter[str]) -> None:
    for title, one in (("all", counts), ("clear", clear)):
        print(f"{title}: {one['characters']} characters, {one['misread']} misread")
    print(f"{'':10} {'committed':>10} {'fitted':>8} {'seen':>6} {'clear':>8} {'seen':>6}")
    for name in ("UNTHOUGHT", "UNASKED", "MISSED", "STRAY"):
        # Half a case is added, because not having seen an error does not prove that it never happens.
        fitted = [-math.log((one[name] + 0.5) / (one["characters"] + 1)) for one in (counts, clear)]
        print(
            f"{name:10} {getattr(seal_names, f'_{name}'):10.1f}",
            f"{fitted[0]:8.1f} {counts[name]:6} {fitted[1]:8.1f} {clear[name]:6}",
        )


def _tell_names(own: Sequence[float], others: Sequence[float], verdicts: Counter[tuple[str, object]]) -> None:
    print(
        "cost of its own name, of a hundred the 50th, 90th, 95th, 99th:",
        np.percentile(own, [50, 90, 95, 99]).round(1).tolist(),
    )
    print(
        "cost of a near name, of a hundred the 1st, 5th, 10th, 50th:",
        np.percentile(others, [1, 5, 10, 50]).round(1).tolist(),
    )
    print(f"borne up to {seal_names._BEARS}, another's from {seal_names._DIFFERS}:")
    for whose in ("own", "near"):
        print(
            f"  {whose:5}",
            {str(told): count for (of, told), count in sorted(verdicts.items(), key=str) if of == whose},
        )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seals", type=int, default=300)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    engine = PaddleOcr()
    counts, clear, verdicts = Counter[str](), Counter[str](), Counter[tuple[str, object]]()
    own: list[float] = []
    others: list[float] = []
    for number in range(given.seals):
        r = Random(f"{given.seed}/{number}")
        name = named(r)
        found = readings(name, r.choice(list(_INKS)), r, engine)
        if not found:
            continue
        other = near(name, r)
        counts += happened(found[0], name)
        if sum(run.confidence for run in found[0]) > rungs.CLEAR * len(found[0]):
            clear += happened(found[0], name)
        own.append(min(cost(reading, name) for reading in found))
        others.append(min(cost(reading, other) for reading in found))
        verdicts["own", bears(found, name)] += 1
        verdicts["near", bears(found, other)] += 1
    print(f"{len(own)} of {given.seals} seals found and read")
    _tell_costs(counts, clear)
    _tell_names(own, others, verdicts)


if __name__ == "__main__":
    main()
