"""Counts how many values of stamped scans of our own filled PDFs are taken from the code on the paper, and
whether each print that was altered afterwards goes to a person.

    python -m benchmarks.coded_values --kit FOLDER [--n 60] [--altered 20] [--seed 7000] [--recordings FILE]

FOLDER holds the kit that scans are made with: `scan.py` (seals, handwriting, devices) and `conditions.py`
(wear). Forms are filled by `generate`, printed, stamped, signed, worn on every other sheet, scanned by one
of four devices. On those that are altered, one value of the first page is covered with paper and printed anew
with other words of the same length.
"""

import argparse
import importlib
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from extractor import Kept, Options, Source, extract
from extractor.scan.recorded import RecordedOcr
from generator import generate, new_identity
from models.coded import decode, encode
from models.form import FormDefinition
from models.record import Record, Result
from models.writing import key
from service.forms.definitions import load_forms
from tests.records import random_record

_DEVICES = ("office200", "clean300", "gray150", "turned")
_DPI = {"clean300": 300, "gray150": 150}
_WORN = ("crease", "rollers", "streaks", "received_stamp", "holes", "bleed")
# What a form prints where it is stamped.
_SEALS = ("（盖章）", "部门盖章）")
_FACE = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc"
_LIKE = {
    **dict(zip("0123456789", "8765432109", strict=True)),
    **dict(zip("王李张刘陈", "玉季弓到东", strict=True)),
}
Sheet = NDArray[np.uint8]


class Kit:
    """The kit that scans are made with."""

    def __init__(self, folder: Path) -> None:
        sys.path.insert(0, str(folder))
        self.scan = importlib.import_module("scan")
        self.wear = importlib.import_module("conditions").CONDITIONS

    def printed(self, data: bytes) -> list[Sheet]:
        """The pages of a PDF as they leave the printer."""
        drawn = (page.render(scale=self.scan.PT).to_numpy() for page in flattened(data))
        return [np.ascontiguousarray(page[..., :3][..., ::-1]) for page in drawn]

    def scanned(
        self, pages: list[Sheet], places: list[Any], unit: str, device: str, worn: bool, r: Random
    ) -> bytes:
        """The pages stamped and signed where the form asks for it, worn and scanned, as a PDF. Where it asks
        for no seal there is one at the foot, beside the code or on it."""
        for number, (page, _, y0, x1, y1) in enumerate(places):
            seal = self.scan.seal(unit, r)
            self.scan.multiply(pages[page], seal, x1 + r.uniform(0, 200), (y0 + y1) / 2 + r.uniform(-40, 60))
            if not number:
                name = self.scan.handwriting("王小明", r, 75)
                self.scan.multiply(pages[page], name, x1 + 250, y1 + 190)
        if not places:
            high, wide = pages[-1].shape[:2]
            seal = self.scan.seal(unit, r)
            self.scan.multiply(pages[-1], seal, wide * r.uniform(0.3, 0.75), high * 0.93)
        if worn:
            condition = self.wear[r.choice(_WORN)]
            pages = [np.ascontiguousarray(condition(page, r)) for page in pages]
        return bytes(
            self.scan.to_pdf([self.scan.degrade(page, device, r) for page in pages], _DPI.get(device, 200))
        )

    def altered(
        self, data: bytes, pages: list[Sheet], form: FormDefinition, record: Record, r: Random
    ) -> str:
        """Covers a value and prints another in its place, and returns the field."""
        chars = self.scan.char_boxes(data)
        text = "".join(char[1] for char in chars)
        names = [name for name, field in form.fields.items() if field.entered == "written"]
        r.shuffle(names)
        every = [
            form.fields[name].format(value) for name, value in record.values.items() if value is not None
        ]
        for name in names:
            value = record.values.get(name)
            shown = form.fields[name].format(value) if value is not None else ""
            at = text.find(shown) if 4 <= len(shown) <= 24 and "\n" not in shown else -1
            # Where another value holds the same words, it may be that one's print.
            alone = sum(shown in words for words in every) == 1
            if at >= 0 and alone and _other(shown) != shown:
                self._print_over(pages, chars[at : at + len(shown)], _other(shown))
                return name
        raise ValueError("no value can be altered")

    def _print_over(self, pages: list[Sheet], chars: list[Any], words: str) -> None:
        page = pages[chars[0][0]]
        x0, y0 = min(char[2] for char in chars), min(char[3] for char in chars)
        x1, y1 = max(char[4] for char in chars), max(char[5] for char in chars)
        page[round(y0) - 2 : round(y1) + 3, round(x0) - 2 : round(x1) + 3] = 255
        picture = Image.fromarray(page)
        size = 10.5 * self.scan.PT
        font = ImageFont.truetype(_FACE, round(size))
        for char, word in zip(chars, words, strict=True):
            middle = ((char[2] + char[4]) / 2, (y0 + y1) / 2)
            ImageDraw.Draw(picture).text(middle, word, font=font, fill=(10, 10, 10), anchor="mm")
        page[:] = np.asarray(picture)


def flattened(data: bytes) -> pdfium.PdfDocument:
    """A PDF with what stands in its fields as a part of its pages. So it is printed; on a screen, fields are
    tinted and their letters have coloured edges."""
    document = pdfium.PdfDocument(data)
    document.init_forms()
    for number in range(len(document) if document.formenv else 0):
        page = document[number]
        page.flatten(pdfium.raw.FLAT_PRINT)
        page.close()
    return document


def _other(shown: str) -> str:
    """Other words of the same length: one digit, or one character, changed in the middle."""
    places = [n for n, char in enumerate(shown) if char in _LIKE]
    if not places:
        return shown[:1] + "新" + shown[2:]
    at = places[len(places) // 2]
    return shown[:at] + _LIKE[shown[at]] + shown[at + 1 :]


def measure(args: argparse.Namespace) -> Counter[str]:
    """Makes the sheets and reads them."""
    kit, forms, count = Kit(args.kit), load_forms(), Counter[str]()
    options = Options()
    if args.recordings:
        options = replace(options, ocr=RecordedOcr(args.recordings, options.ocr))
    known = list(forms.values())
    for number in range(args.n + args.altered):
        seed = args.seed + number
        r, form = Random(seed), known[seed % len(known)]
        record = Record(form=form.name, version=form.version, values=random_record(form, seed).values)
        identity = new_identity(form)
        data = generate(form, "pdf" if seed % 4 < 2 else "pdf-flat", identity, record).data
        pages = kit.printed(data)
        flat = data if seed % 4 >= 2 else generate(form, "pdf-flat", identity, record).data
        changed = kit.altered(flat, pages, form, record, r) if number >= args.n else None
        unit = str(record.values.get((*form.applicant, *form.fields)[0]))
        chars = kit.scan.char_boxes(flat)
        places = [place for words in _SEALS if (place := kit.scan.find(chars, words))]
        scan = kit.scanned(pages, places, unit, _DEVICES[number % 4], number % 2 == 1, r)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "scan.pdf"
            path.write_bytes(scan)
            kept = Kept(Path(folder) / "kept")
            (result,) = extract(Source.at(path), {form.name: form}, replace(options, kept=kept))
            read = [kept.get(name) for name in kept.names()]
        is_read = any(page.coded for pages in read if pages for page in pages.pages)
        count["sheets: code read" if is_read else "sheets: code not read"] += 1
        if not is_read:
            print(f"{number} the code was not read")
        if args.keep:
            (args.keep / f"{number:03}.pdf").write_bytes(scan)
        _count(count, number, form, record, encode(form, identity, record.values) or "", result, changed)
    return count


def _count(
    count: Counter[str], number: int, form: FormDefinition, record: Record, code: str, result: Result,
    changed: str | None,
) -> None:  # fmt: skip
    said = decode(form, code)
    assert said is not None
    if changed is not None:
        one = result.fields.get(changed)
        found = one is None or one.decision == "review"
        count["altered: to a person" if found else "altered: SILENT"] += 1
        count["altered: both shown"] += bool(one and record.values[changed] in one.alternatives)
        if not found and one is not None:
            print(f"{number} SILENT {changed}: {one.raw!r}")
        return
    if result.error:
        count["sheets: failed"] += 1
        return
    codes = {finding.code for finding in result.findings}
    twins = 0
    for name in (*said.values, *said.rest):
        one = result.fields[name]
        is_right = _key(form, name, one.value) == _key(form, name, record.values[name])
        kind = "in the code" if name in said.values else "checksum"
        count[f"{kind}: all"] += 1
        count[f"{kind}: accepted right"] += one.decision == "accept" and is_right
        count[f"{kind}: SILENT"] += one.decision == "accept" and not is_right
        twins += is_right and name in said.values
        if one.decision != "accept" or not is_right:
            told = [finding.code for finding in result.findings if finding.field == name]
            print(f"{number} {name} {one.decision} right={is_right} {told} {one.raw!r}")
    count["sheets: all"] += 1
    print(number, sorted(codes), twins, len(said.values), flush=True)


def _key(form: FormDefinition, name: str, value: Any) -> str | None:
    """What a value says, whatever its line breaks and punctuation."""
    return None if value is None else key(form.fields[name].format(value))


def main() -> None:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kit", type=Path, required=True)
    parser.add_argument("--n", type=int, default=60)
    parser.add_argument("--altered", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7000)
    parser.add_argument("--recordings", type=Path)
    parser.add_argument("--keep", type=Path)
    for name, number in sorted(measure(parser.parse_args()).items()):
        print(f"{name}: {number}")


if __name__ == "__main__":
    main()
