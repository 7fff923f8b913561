"""Whether a bureau's own Word file looks as before once answers have their places in it.

Each form is drafted, and the blank that is made of its file is printed beside the file itself. No ink of the
file may be lost or moved, and none be new outside the answers' places, by more than a pixel of 100 dpi: where
a line's characters are parted, LibreOffice rounds where each part begins.
"""

import argparse
import io
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pypdfium2
from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from numpy.typing import NDArray

from benchmarks.drafts.forms import Form
from benchmarks.drafts.written import add_forms, forms_asked
from benchmarks.office import converted
from extractor import draft_form, spots_in
from generator import generate_from, new_identity
from models.form import FormDefinition
from service.forms.drafts import field_name

_SCALE = 100 / 72  # pixels of a point
_INK = 128  # of 255: what is darker is ink
_FAINT = 208  # a thin line between two pixels is no darker in either
_REACH = 1  # pixels
_Looks = list[NDArray[np.uint8]]  # of each page


def main() -> None:
    """Print each form whose blank looks other than its file, and how many do."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_forms(parser)
    given = parser.parse_args()
    forms = list(forms_asked(given))
    printed = _printed([one for form in forms for one in _made(form)])
    counts: Counter[str] = Counter()
    for number, form in enumerate(forms):
        told = _difference(*map(_pages, printed[3 * number : 3 * number + 3]))
        counts["other" if told else "same"] += 1
        if told:
            print(f"{given.first + number} {form.title}：{told}")
    print(dict(counts))


def _made(drawn: Form) -> list[bytes]:
    """A form's own file, the blank made of it, and the same with what is in the answers' places in white."""
    form = FormDefinition.model_validate(draft_form(drawn.blank, "drafted", field_name).form)
    spots, _ = spots_in(form, drawn.blank)
    blank = generate_from(drawn.blank, form, new_identity(form), spots)[0].data
    return [drawn.blank, blank, _in_white(blank)]


def _in_white(data: bytes) -> bytes:
    document = Document(io.BytesIO(data))
    for control in document.element.body.iter(qn("w:sdt")):
        for run in control.iter(qn("w:r")):
            look = run.get_or_add_rPr()
            for old in look.findall(qn("w:color")):
                look.remove(old)
            color = OxmlElement("w:color")
            color.set(qn("w:val"), "FFFFFF")
            look.append(color)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _printed(documents: list[bytes]) -> list[bytes]:
    """What LibreOffice prints of each, in one run."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number:04}.docx") for number in range(len(documents))]
        for path, data in zip(paths, documents, strict=True):
            path.write_bytes(data)
        return [path.read_bytes() for path in converted(paths, "pdf")]


def _difference(file: _Looks, blank: _Looks, white: _Looks) -> str:
    """In what the pages of a blank differ from those of its file; nothing where they look the same."""
    if len(file) != len(blank):
        return f"{len(file)} pages, {len(blank)} pages"
    for number, (page, made, print_) in enumerate(zip(file, blank, white, strict=True), 1):
        if page.shape != made.shape:
            return f"page {number} is of another size"
        lost, new = (page < _INK) & ~_near(made), (print_ < _INK) & ~_near(page)
        if lost.any() or new.any():
            rows = np.flatnonzero((lost | new).any(axis=1)) / _SCALE
            return (
                f"page {number}, from {rows[0]:.0f} to {rows[-1]:.0f} pt: {lost.sum()} lost, {new.sum()} new"
            )
    return ""


def _pages(data: bytes) -> _Looks:
    pages = pypdfium2.PdfDocument(data)
    return [np.asarray(page.render(scale=_SCALE).to_pil().convert("L")) for page in pages]


def _near(page: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where a page has ink, though it be faint, and what lies beside it."""
    wide = np.pad(page < _FAINT, _REACH)
    high, broad = page.shape
    near = range(2 * _REACH + 1)
    return np.logical_or.reduce([wide[y : y + high, x : x + broad] for y in near for x in near])


if __name__ == "__main__":
    main()
