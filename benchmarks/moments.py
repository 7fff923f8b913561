"""Counts how times are read from worn scans: months, periods, times of day, days with a time, and days.

    python -m benchmarks.moments --seeds 900 901 --copies 4

A form of such fields is filled in at random, printed by LibreOffice, so that no code bears the values out,
rendered, worn as a sheet is by copying and scanning, and read back by the real engine. Told of each kind: how
many values were read right, silently wrong, and put before a person; every wrong one is printed.
"""

import argparse
import io
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pypdfium2 as pdfium
from PIL import Image

from extractor import Limits, Options, Source, extract, print_docx
from generator import generate, new_identity
from models.form import FormDefinition
from models.record import Record
from service.forms.invented import random_record

_KINDS = ("month", "period", "time", "date-time", "date")
_ROWS = 4  # fields of each kind
_DPI = 200
# A busy machine takes its time to print.
_PATIENT = Options(limits=Limits(conversion_seconds=600))
# Degrees of turn, blur in pixels, grey levels of noise, JPEG quality, and how pale the ink is: a clean sheet,
# a copy, and a copy of a copy.
_WEAR = {"scan": (0.5, 0.0, 5, 75, 1.0), "copy": (0.9, 0.9, 12, 55, 0.8), "fax": (1.2, 1.4, 18, 40, 0.65)}


def main() -> None:
    """Prints the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[900, 901])
    parser.add_argument("--copies", type=int, default=4, help="forms a seed, of each wear")
    parser.add_argument("--wear", nargs="+", choices=_WEAR, default=list(_WEAR))
    given = parser.parse_args()
    form, counts = _form(), Counter[tuple[str, str]]()
    for seed in given.seeds:
        for copy in range(given.copies):
            record = random_record(form, Random(1000 * seed + copy))
            printed = print_docx(generate(form, "docx", new_identity(form), record).data, _PATIENT)
            for wear in given.wear:
                _count(form, record, _worn(printed, wear, seed + copy), counts, f"{seed}-{copy} {wear}")
    for kind in _KINDS:
        told = {name: counts[kind, name] for name in ("read", "right", "silent", "asked")}
        print(f"{kind:<10}", *(f"{name} {number}" for name, number in told.items()))


def _form() -> FormDefinition:
    rows = [
        {
            "cells": [
                {"label": f"{title}时间{number}", "content": [{"kind": kind, "name": f"{name}{number}"}]}
                for kind, title, name in pair
            ]
        }
        for number in range(1, _ROWS + 1)
        for pair in (
            (("month", "出生", "m"), ("period", "起止", "p")),
            (("time", "到达", "t"), ("date-time", "会议", "dt")),
        )
    ]
    days = [
        {"cells": [{"label": f"签订日期{n}", "columns": 3, "content": [{"kind": "date", "name": f"d{n}"}]}]}
        for n in range(1, _ROWS + 1)
    ]
    whole = {"name": "moments", "version": "1", "title": "时间登记表", "columns": [3, 5.5, 3, 5.5]}
    return FormDefinition.model_validate({**whole, "rows": rows + days})


def _worn(pdf: bytes, wear: str, seed: int) -> bytes:
    turn, blur, noise, quality, ink = _WEAR[wear]
    dice, sheets = np.random.default_rng(seed), []
    for page in pdfium.PdfDocument(pdf):
        image = page.render(scale=_DPI / 72).to_pil().convert("L")
        image = image.rotate(turn * dice.uniform(-1, 1), Image.Resampling.BICUBIC, fillcolor=255)
        grey = 255 - (255 - np.asarray(image, np.float32)) * ink
        grey = cv2.GaussianBlur(grey, (0, 0), blur) if blur else grey
        grey += dice.normal(0, noise, grey.shape)
        file = io.BytesIO()
        Image.fromarray(grey.clip(0, 255).astype("uint8")).save(file, "JPEG", quality=quality)
        sheets.append(Image.open(file))
    file = io.BytesIO()
    first, *more = sheets
    first.save(file, "TIFF", save_all=True, append_images=more, dpi=(_DPI, _DPI), compression="tiff_lzw")
    return file.getvalue()


def _count(
    form: FormDefinition, record: Record, data: bytes, counts: Counter[tuple[str, str]], where: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.tif")
        path.write_bytes(data)
        result = extract(Source.at(path), {form.name: form}, Options(form=form.name))[0]
    for name, value in record.values.items():
        kind, one = form.fields[name].kind, result.fields[name]
        is_right, is_asked = one.value == value, one.decision == "review"
        counts[kind, "read"] += 1
        counts[kind, "right"] += is_right
        counts[kind, "asked"] += is_asked
        counts[kind, "silent"] += not (is_right or is_asked)
        if not is_right:
            print(where, name, "asked" if is_asked else "SILENT", value, "<-", one.value, repr(one.raw))


if __name__ == "__main__":
    main()
