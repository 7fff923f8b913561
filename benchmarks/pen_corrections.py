"""Counts how many corrections by pen on filled forms, copied by scanners and a camera, are read right, go to
a person, or pass wrong.

    python -m benchmarks.pen_corrections FORMS --hands FOLDER [--seed 1] [--fields 4] [--plain]
        [--recordings FOLDER] --out FOLDER

FORMS holds filled forms as PDF with text; the values of their fields, and their places, are read off that
text. On the first page of each form, some fields are corrected by pen, each in one of `KINDS` and one of
`INKS`, and the others are left as they are; then the page is copied and read as a picture. A correction is
silent where a value other than the new one is accepted; where nothing is left of a field, no value is right.
Kind `answer` is not a correction: the value that stood there is written by pen. Fields that are not corrected
are counted as kind `none`. Seeds below 100 are for tuning, the others for reporting.
"""

import argparse
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
import pypdfium2 as pdfium
from PIL import Image

from benchmarks.marks.copies import DPI, Picture, copied
from benchmarks.writing import pens, write
from extractor import Options, Source, extract
from extractor.scan.ocr import PaddleOcr
from extractor.scan.recorded import RecordedOcr
from models.record import Result
from models.writing import key
from service.forms.definitions import load_forms

KINDS = ("strike", "strike-beside", "strike-above", "over", "insert", "scribble", "answer")
INKS = {"black": (25, 25, 30), "blue": (30, 45, 150), "red": (205, 30, 40)}
_COPIES = ("fine", "office", "office", "photo", "copier")
_POINT = DPI / 72
_LONGEST = 30  # characters of a value that is corrected

# What a stroke more makes of a digit, and the stroke, in widths and heights of it.
_MORE = {
    ("1", "7"): [(-0.6, 0.12), (0.4, 0.02)],
    ("1", "4"): [(0.3, 0.0), (-0.6, 0.65), (1.1, 0.62)],
    ("3", "8"): [(0.6, 0.04), (0.12, 0.22), (0.5, 0.48), (0.06, 0.75), (0.55, 0.98)],
    ("0", "8"): [(0.12, 0.52), (0.9, 0.48)],
    ("5", "6"): [(0.2, 0.42), (0.08, 0.75), (0.4, 0.98)],
    ("7", "9"): [(0.1, 0.05), (0.05, 0.45), (0.7, 0.42)],
}

Chars = list[tuple[str, float, float, float, float]]


@dataclass(frozen=True)
class Corrected:
    """What became of a field: its kind and ink, the old value, and the new one (None: nothing stands
    there)."""

    kind: str
    ink: str
    old: str
    new: str | None


def chars_of(page: pdfium.PdfPage) -> Chars:
    """Returns the characters of a page with their boxes, in pixels from the top left."""
    text, high = page.get_textpage(), page.get_height()
    found = []
    for number in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(number)
        char = text.get_text_range(number, 1)
        if char.strip():
            found.append(
                (char, left * _POINT, (high - top) * _POINT, right * _POINT, (high - bottom) * _POINT)
            )
    return found


def places(result: Result, chars: Chars) -> Mapping[str, Chars]:
    """Returns the characters of each short value that stands in one row of the first page."""
    found = {}
    for name, field in result.fields.items():
        words = "".join((field.raw or "").split())
        if (
            not isinstance(field.value, str)
            or not 2 <= len(words) <= _LONGEST
            or key(field.value) != key(words)
        ):
            continue
        for seen in field.evidence:
            if seen.page != 1 or seen.box is None:
                continue
            box = [
                side * _POINT for side in (seen.box.x0 - 2, seen.box.y0 - 2, seen.box.x1 + 2, seen.box.y1 + 2)
            ]
            own = [
                one
                for one in chars
                if box[0] < (one[1] + one[3]) / 2 < box[2] and box[1] < (one[2] + one[4]) / 2 < box[3]
            ]
            if "".join(one[0] for one in own) == words and max(one[2] for one in own) < min(
                one[4] for one in own
            ):
                found[name] = own
    return found


def leave_out_long(sheet: Picture, result: Result) -> None:
    """Wipes the long answers off the first page. Nothing is corrected in them, and reading them takes most of
    the time."""
    for field in result.fields.values():
        for seen in field.evidence if len(field.raw or "") > 2 * _LONGEST else ():
            if seen.page == 1 and seen.box is not None:
                x0, y0, x1, y1 = (
                    round(side * _POINT) for side in (seen.box.x0, seen.box.y0, seen.box.x1, seen.box.y1)
                )
                sheet[y0 - 2 : y1 + 6, x0:x1] = 255


def _drawn(
    sheet: Picture, points: list[tuple[float, float]], ink: tuple[int, int, int], r: Random, width: int
) -> None:
    """Draws a stroke of a pen through `points`, a little shaky. The ink darkens what it lies on."""
    shaken = np.array([(x + r.gauss(0, 1.2), y + r.gauss(0, 1.2)) for x, y in points], np.float64)
    steps = np.linspace(0, len(points) - 1, 24 * len(points))
    line = np.stack([np.interp(steps, range(len(points)), shaken[:, axis]) for axis in (0, 1)], 1)
    line = cv2.GaussianBlur(line, (1, 9), 0, sigmaY=2.5)
    layer = np.full_like(sheet, 255)
    cv2.polylines(layer, [np.rint(line * 8).astype(np.int32)], False, ink, width, cv2.LINE_AA, 3)
    np.minimum(sheet, layer, out=sheet)


def _around(chars: Chars) -> tuple[float, float, float, float]:
    return (
        min(c[1] for c in chars),
        min(c[2] for c in chars),
        max(c[3] for c in chars),
        max(c[4] for c in chars),
    )


def _struck(sheet: Picture, chars: Chars, ink: tuple[int, int, int], r: Random) -> None:
    x0, y0, x1, y1 = _around(chars)
    high, width, more = y1 - y0, r.choice((4, 5, 6, 8)), r.uniform(-0.1, 0.5) * (y1 - y0)
    kind = r.choice(("straight", "straight", "wavy", "double", "oblique"))
    for down in (0.36, 0.64) if kind == "double" else (r.uniform(0.4, 0.62),):
        at = y0 + down * high
        rise = r.uniform(-0.08, 0.08) * high
        points = [(x0 - more, at - rise), (x1 + more, at + rise)]
        if kind == "wavy":
            count = max(4, round((x1 - x0) / high * 2))
            points = [
                (x0 - more + n * (x1 - x0 + 2 * more) / count, at + (-1) ** n * r.uniform(0.08, 0.16) * high)
                for n in range(count + 1)
            ]
        elif kind == "oblique":
            points = [(x0 - more / 2, y0 + 0.95 * high), (x1 + more / 2, y0 + 0.05 * high)][
                :: r.choice((1, 1))
            ]
        _drawn(sheet, points, ink, r, width)


def _scribbled(sheet: Picture, chars: Chars, ink: tuple[int, int, int], r: Random) -> None:
    x0, y0, x1, y1 = _around(chars)
    high, step = y1 - y0, r.uniform(0.14, 0.3) * (y1 - y0)
    count = max(6, round((x1 - x0 + 0.4 * high) / step))
    points = [
        (x0 - 0.2 * high + n * step, (y0 if n % 2 else y1) + r.uniform(-0.15, 0.15) * high)
        for n in range(count + 1)
    ]
    _drawn(sheet, points, ink, r, r.choice((4, 5, 6)))


def correct(
    sheet: Picture,
    chars: Chars,
    kind: str,
    ink: tuple[int, int, int],
    other: str,
    hands: list[str],
    room: float,
    r: Random,
) -> str | None:
    """Corrects on `sheet` the value that `chars` spell. `other` is a value to write instead; `room` is where
    the cell ends. Returns the new value, or None where nothing is left."""
    x0, y0, x1, y1 = _around(chars)
    high, face = y1 - y0, r.choice(hands)
    words = "".join(char for char, *_ in chars)
    if kind == "strike":
        _struck(sheet, chars, ink, r)
        return None
    if kind == "scribble":
        _scribbled(sheet, chars, ink, r)
        return None
    if kind in ("strike-beside", "strike-above"):
        _struck(sheet, chars, ink, r)
        beside = kind == "strike-beside"
        size = high * (1.5 if beside else 1.15)
        wide = sum(0.5 if char.isascii() else 0.95 for char in other) * size
        if beside and x1 + 0.7 * high + wide < room:
            write(sheet, other, (x1 + 0.7 * high, (y0 + y1) / 2), face, size, ink, r.uniform(-2, 2))
        else:
            write(
                sheet,
                other,
                (max(0.0, min(x0, room - wide)), y0 - 0.65 * high),
                face,
                high * 1.15,
                ink,
                r.uniform(-1, 1),
            )
        return other
    if kind == "answer":
        sheet[round(y0) - 4 : round(y1) + 5, round(x0) - 4 : round(x1) + 5] = 255
        write(sheet, words, (x0, (y0 + y1) / 2), face, high * 1.3, ink, r.uniform(-1, 1))
        return words
    return (_written_over if kind == "over" else _inserted)(sheet, chars, ink, hands, r)


def _another(char: str, r: Random) -> str:
    """A character of the same kind."""
    pool = "0123456789" if char.isdigit() else "abcdehkmnrsuwxy" if char.isascii() else "东西南北中大新华建成"
    return r.choice([one for one in pool if one != char])


def _written_over(
    sheet: Picture, chars: Chars, ink: tuple[int, int, int], hands: list[str], r: Random
) -> str:
    """One or two characters made into others: by others upon them, or, of a digit, by a stroke more."""
    high, words = _around(chars)[3] - _around(chars)[1], [char for char, *_ in chars]
    first = r.randrange(1, len(chars))
    face, size, pressed = r.choice(hands), high * r.uniform(1.1, 1.6), r.choice((1, 2, 2))
    for at in range(first, min(first + r.choice((1, 1, 1, 2)), len(chars))):
        char, left, top, right, bottom = chars[at]
        ways = [(to, way) for (old, to), way in _MORE.items() if old == char]
        if ways and r.random() < 0.3:
            words[at], way = r.choice(ways)
            points = [(left + x * (right - left), top + y * (bottom - top)) for x, y in way]
            _drawn(sheet, points, ink, r, r.choice((4, 5, 6)))
            continue
        words[at] = _another(char, r)
        for _ in range(pressed):
            place = (left - r.uniform(-0.05, 0.15) * high, (top + bottom) / 2 + r.uniform(-0.1, 0.1) * high)
            write(sheet, words[at], place, face, size, ink)
    return "".join(words)


def _inserted(sheet: Picture, chars: Chars, ink: tuple[int, int, int], hands: list[str], r: Random) -> str:
    """One to three characters put in above or below, by one of the signs that say where, or by none."""
    _, y0, _, y1 = _around(chars)
    high, words, face = y1 - y0, "".join(char for char, *_ in chars), r.choice(hands)
    at = r.randrange(1, len(chars))
    more = "".join(_another(chars[at][0], r) for _ in range(r.choice((1, 1, 1, 2, 3))))
    between = (chars[at - 1][3] + chars[at][1]) / 2
    under = r.random() < 0.15
    size = high * r.uniform(0.75, 1.2)
    wide = sum(0.5 if char.isascii() else 0.95 for char in more) * size
    # (x, y) in heights of the line from between the characters, where it is written from above.
    signs: dict[str, list[tuple[float, float]]] = {
        "caret": [(-0.3, 0.75), (0.0, 0.3), (0.3, 0.75)],
        "tick": [(-0.3, -0.75), (0.0, -0.3), (0.25, -0.8)],
        "slash": [(-0.1, 0.7), (0.12, -0.7)],
        "bracket": [(-0.6, -0.3), (-0.6, -0.6), (0.0, -0.6), (0.0, 0.3)],
        "none": [],
    }
    points = signs[r.choice(("caret", "caret", "tick", "slash", "bracket", "none"))]
    middle, way = (y0 + y1) / 2, -1 if under else 1
    if points:
        _drawn(sheet, [(between + x * high, middle + way * y * high) for x, y in points], ink, r, 4)
    write(sheet, more, (between - wide / 2, middle - way * r.uniform(0.95, 1.15) * high), face, size, ink)
    return words[:at] + more + words[at:]


def _edge_behind(sheet: Picture, chars: Chars) -> float:
    """Where the cell ends in which `chars` stand: the next upright rule behind them."""
    _, y0, x1, y1 = _around(chars)
    rows = slice(round(1.3 * y0 - 0.3 * y1), round(1.3 * y1 - 0.3 * y0))
    ruled = (sheet[rows, round(x1) :].max(axis=2) < 128).all(axis=0)
    return round(x1) + float(ruled.argmax()) if ruled.any() else 0.95 * sheet.shape[1]


@dataclass(frozen=True)
class Sheet:
    """A page as it arrives, as a picture file, and what became of each of its fields."""

    name: str
    data: bytes
    fields: Mapping[str, Corrected]


def sheets(
    forms: list[Path], hands: list[str], seed: int, count: int, kinds: Sequence[str], plain: bool
) -> Iterator[Sheet]:
    """Yields each form with `count` of its fields corrected, each in one of `kinds`. With `plain`, the form
    without corrections comes before it, copied in the same way."""
    combinations = [(kind, ink) for kind in kinds for ink in INKS]
    known, turn = [], 0
    for path in forms:
        result = extract(Source.at(path, path.name), load_forms(None))[0]
        document = pdfium.PdfDocument(path.read_bytes())
        picture = np.ascontiguousarray(document[0].render(scale=_POINT).to_numpy()[..., :3][..., ::-1])
        leave_out_long(picture, result)
        known.append((path.stem, picture, places(result, chars_of(document[0]))))
    for number, (name, picture, own) in enumerate(known):
        r = Random(f"{seed}/{name}")
        chosen = r.sample(sorted(own), min(count, len(own)))
        pen, fields = picture.copy(), {}
        for field, chars in own.items():
            old = "".join(char for char, *_ in chars)
            fields[field] = Corrected("none", "none", old, old)
            if field in chosen:
                kind, ink = combinations[(turn + seed) % len(combinations)]
                turn += 1
                _, _, others = known[(number + 1) % len(known)]
                other = "".join(char for char, *_ in others.get(field, [])) or old[::-1]
                room = _edge_behind(picture, chars)
                new = correct(pen, chars, kind, INKS[ink], other, hands, room, r)
                fields[field] = Corrected(kind, ink, old, new)
        profile, draw = r.choice(_COPIES), r.getrandbits(32)
        before = {field: Corrected("none", "before", one.old, one.old) for field, one in fields.items()}
        for label, sheet, told in [*([("plain", picture, before)] if plain else []), ("pen", pen, fields)]:
            copy, _ = copied(sheet, profile, Random(draw))
            data = io.BytesIO()
            Image.fromarray(copy).save(data, "PNG", dpi=(200, 200))
            yield Sheet(f"{name}-{profile}-{label}.png", data.getvalue(), told)


def judged(one: Corrected, value: object, decision: str) -> tuple[bool, bool, bool]:
    """Returns whether the field was read right, whether it was sent to a person, and whether a wrong value
    was accepted."""
    right = key(str(value or "")) == key(one.new or "")
    return right, decision != "accept", not right and decision == "accept"


def told_of(sheet: str, fields: Mapping[str, Corrected], result: Result) -> Iterator[dict[str, Any]]:
    """Yields what became of each field of a sheet, and what was read."""
    for name, one in fields.items():
        read = result.fields.get(name)
        value, decision = (read.value, read.decision) if read else (None, "review")
        right, review, silent = judged(one, value, decision)
        doubts = [finding.code for finding in result.findings if finding.field == name]
        yield {
            "sheet": sheet, "field": name, **vars(one), "value": value, "doubts": doubts,
            "right": right, "review": review, "silent": silent,
        }  # fmt: skip


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("forms", type=Path, help="a folder of filled forms as PDF")
    asked.add_argument("--hands", type=Path, required=True, help="a folder with pens' faces")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--fields", type=int, default=4, help="how many of a page are corrected")
    asked.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    asked.add_argument("--plain", action="store_true", help="read each form without corrections too")
    asked.add_argument("--recordings", type=Path, help="where what the engine says is kept for another run")
    asked.add_argument(
        "--out", type=Path, required=True, help="where the pages are kept to look at, and what was read"
    )
    given = asked.parse_args()
    engine = (
        RecordedOcr(given.recordings / f"pen-{given.seed}.jsonl", PaddleOcr())
        if given.recordings
        else PaddleOcr()
    )
    counts: dict[tuple[str, str], Counter[str]] = {}
    given.out.mkdir(parents=True, exist_ok=True)
    told = given.out / "read.jsonl"
    told.unlink(missing_ok=True)
    for sheet in sheets(
        sorted(given.forms.glob("*.pdf")),
        pens(given.hands),
        given.seed,
        given.fields,
        given.kinds,
        given.plain,
    ):
        path = given.out / sheet.name
        path.write_bytes(sheet.data)
        result = extract(Source.at(path), load_forms(None), Options(ocr=engine))[0]
        with told.open("a", encoding="utf-8") as file:
            for line in told_of(sheet.name, sheet.fields, result):
                file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
                for whole in ((line["kind"], line["ink"]), (line["kind"], "all")):
                    counts.setdefault(whole, Counter()).update(
                        fields=1, right=line["right"], review=line["review"], silent=line["silent"]
                    )
    for (kind, ink), count in sorted(counts.items()):
        print(
            f"{kind:14} {ink:7}",
            *(f"{word} {count[word]:4} " for word in ("fields", "right", "review", "silent")),
        )


if __name__ == "__main__":
    main()
