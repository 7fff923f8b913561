"""Tests that we read what we print and somebody scans: flat PDFs rendered at 200 dpi, through the real
engine."""

import json
from collections.abc import Mapping
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from extractor import Source, extract
from generator import generate, new_identity
from models.form import FormDefinition
from models.writing import key
from tests.records import random_record

DPI = 200


def share_equal(folder: Path, forms: Mapping[str, FormDefinition], seeds: range) -> float:
    """Returns the share of fields that come back equal, apart from line breaks and punctuation."""
    equal, every = 0, 0
    for form in forms.values():
        for seed in seeds:
            record = random_record(form, seed)
            path = folder / f"{form.name}-{seed}.tif"
            document = pdfium.PdfDocument(generate(form, "pdf-flat", new_identity(form), record).data)
            first, *more = [page.render(scale=DPI / 72).to_pil().convert("RGB") for page in document]
            first.save(path, save_all=True, append_images=more, compression="tiff_lzw", dpi=(DPI, DPI))
            result = extract(Source.at(path), forms)[0]
            assert result.form is form, path
            got, want = result.record().to_json(form), record.to_json(form)
            for name in want:
                every += 1
                same = _plain(got[name]) == _plain(want[name])
                equal += same
                if not same:
                    print(path.name, name, result.fields[name].decision, want[name], got[name])
    return equal / every


def _plain(value: object) -> str:
    return key(json.dumps(value, ensure_ascii=False, sort_keys=True).replace("\\n", ""))


def test_a_rendered_form_is_read_back(tmp_path: Path, forms: Mapping[str, FormDefinition]) -> None:
    assert share_equal(tmp_path, forms, range(1)) >= 0.9


@pytest.mark.accept
def test_twenty_rendered_records_of_each_form_are_read_back(
    tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    assert share_equal(tmp_path, forms, range(20)) >= 0.98
