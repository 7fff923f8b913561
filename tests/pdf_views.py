"""Shows the PDFs that we make as others see them: as viewers draw them, and as programs that extract the text
do."""

import io
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy
import pdfplumber
import pypdfium2
import pytest
import yaml
from PIL import Image
from pypdf import PdfReader

from generator.document import Document, Place
from generator.filling import fill
from generator.pdf import generate_pdf
from models.fields import ChoiceField, NumberField, RowsField, SealField, SignatureField
from models.form import FormDefinition
from models.identity import Identity, Tag
from models.record import Record
from tests.records import random_record

FORMS = ["pilot-application", "enterprise-filing"]
FLAVOURS = [pytest.param(False, id="flat"), pytest.param(True, id="fillable")]
SEEDS = [pytest.param(None, id="blank"), pytest.param(1, id="prefilled")]
DPI = 150
PROSE = "临江市高新区低碳产业园位于长江之滨，占地面积120公顷，入驻企业300余家，单位GDP二氧化碳排放较2020年下降18%。"
POPPLER = shutil.which("pdftoppm")
FOLDER = Path(__file__).parents[1] / "fixtures" / "forms"


@dataclass(frozen=True)
class Made:
    form: FormDefinition
    identity: Identity
    record: Record | None
    document: Document

    @property
    def places(self) -> Mapping[str, list[Place]]:
        return {
            tag: [place for place in self.document.places if place.tag == tag]
            for tag in {p.tag for p in self.document.places}
        }


@cache
def form_named(name: str) -> FormDefinition:
    return FormDefinition.model_validate(yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8")))


@cache
def made(name: str, seed: int | None, fillable: bool) -> Made:
    form = form_named(name)
    return make(form, None if seed is None else random_record(form, seed), fillable)


def make(form: FormDefinition, record: Record | None, fillable: bool) -> Made:
    identity = Identity(form=form.name, version=form.version, instance="7K3QX9ZT2M")
    return Made(form, identity, record, generate_pdf(form, identity, record, fillable=fillable))


def with_values(name: str, **values: Any) -> Record:
    form = form_named(name)
    return Record(form=form.name, version=form.version, values=values)


@lru_cache(maxsize=16)
def rendered(pdf: bytes) -> list[Any]:
    """Returns each page as pdfium shows it, widgets included: grey, 0 is black."""
    document = pypdfium2.PdfDocument(pdf)
    document.init_forms()
    return [page.render(scale=DPI / 72).to_pil().convert("L") for page in document]


def by_poppler(pdf: bytes, folder: Path) -> list[Any]:
    if POPPLER is None:
        pytest.skip("needs poppler: pdftoppm is not on the path")
    (folder / "in.pdf").write_bytes(pdf)
    call = [POPPLER, "-r", str(DPI), "-gray", "-png", str(folder / "in.pdf"), str(folder / "page")]
    told = subprocess.run(call, check=True, timeout=60, capture_output=True).stderr
    if b"Couldn't find 'UniGB" in told:
        # The tables are a separate package, which poppler's package only recommends. Without it, no viewer
        # built on poppler shows Chinese from a font that is named but not embedded.
        pytest.skip("needs poppler-data: poppler has no table of Chinese codes")
    return [Image.open(path).convert("L") for path in sorted(folder.glob("page*.png"))]


def needs_chinese_font() -> None:
    """Skips the test where the system has no Chinese font. Viewers draw changed fields with a font of the
    system."""
    lister = shutil.which("fc-list")
    if (
        lister is None
        or not subprocess.run([lister, ":lang=zh"], capture_output=True, check=True, timeout=60).stdout
    ):
        pytest.skip("needs a Chinese font on the system")


def part(pages: list[Any], place: Place, inside: float = 1.5) -> Any:
    """Returns the pixels of a place, without the rules around it."""
    box, scale = place.box, DPI / 72
    sides = (box.x0 + inside, box.y0 + inside, box.x1 - inside, box.y1 - inside)
    return numpy.asarray(pages[place.page - 1].crop(tuple(round(side * scale) for side in sides)))


def ink(pages: list[Any], place: Place, inside: float = 1.5) -> int:
    return int((part(pages, place, inside) < 128).sum())


def darkness(pages: list[Any], place: Place) -> float:
    """Returns the amount of black in a place, in fully black pixels. Unlike `ink`, it does not fade with the
    size of letters."""
    return float((255 - part(pages, place)).sum() / 255)


def height_of_ink(pages: list[Any], place: Place) -> float:
    """Returns the height from the top of the first line of writing to the foot of the last, in points."""
    rows = (part(pages, place) < 128).any(axis=1).nonzero()[0]
    return float((rows[-1] - rows[0] + 1) * 72 / DPI) if len(rows) else 0


@lru_cache(maxsize=4)
def characters(pdf: bytes) -> list[list[tuple[float, float, str]]]:
    """Returns (x, y, character) with the middle of each character, page by page."""
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        return [
            [
                ((char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2, char["text"])
                for char in page.chars
            ]
            for page in document.pages
        ]


def text_in(pdf: bytes, places: list[Place]) -> str:
    """Returns the characters whose middle lies in one of `places`, in the order of the file."""
    return "".join(
        text
        for place in places
        for x, y, text in characters(pdf)[place.page - 1]
        if place.box.x0 <= x <= place.box.x1 and place.box.y0 <= y <= place.box.y1
    )


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def texts_of(form: FormDefinition, record: Record | None) -> dict[str, str]:
    """Returns the text that should stand in each place; a number without the unit that the form prints behind
    it."""
    found = {}
    for tag, text in fill(form, record).texts.items():
        field = form.fields[tag.field]
        if isinstance(field, RowsField):
            field = next(column.field for column in field.columns if column.field.name == tag.column)
        found[str(tag)] = text.removesuffix(field.unit) if isinstance(field, NumberField) else text
    return found


def expected_tags(form: FormDefinition, record: Record | None, *, widgets: bool) -> list[str]:
    """Returns the tags of all places of a form in its order; with `widgets`, only of those that a person can
    fill in on the screen."""
    tags: list[Tag] = []
    for field in form.fields.values():
        if isinstance(field, ChoiceField):
            tags += [] if widgets else [Tag(field=field.name)]
            tags += [Tag(field=field.name, option=number) for number in range(len(field.options))]
        elif isinstance(field, RowsField):
            count = max(field.blank_rows, len(record.values[field.name]) if record else 0)
            tags += [
                Tag(field=field.name, row=row, column=c.field.name)
                for row in range(count)
                for c in field.columns
            ]
            tags += [] if widgets else [Tag(field=field.name)]
        elif not (widgets and isinstance(field, SealField | SignatureField)):
            tags.append(Tag(field=field.name))
    return [str(tag) for tag in tags]


def widgets_of(pdf: bytes) -> list[Any]:
    return [ref.get_object() for page in PdfReader(io.BytesIO(pdf)).pages for ref in page.get("/Annots", [])]


def fonts_of(pdf: bytes) -> Iterator[Any]:
    """Yields every font that a page or the appearance of a widget draws with."""
    for page in PdfReader(io.BytesIO(pdf)).pages:
        yield from (font.get_object() for font in page["/Resources"]["/Font"].values())
    for widget in widgets_of(pdf):
        if widget["/FT"] == "/Tx":
            yield from (
                font.get_object() for font in widget["/AP"]["/N"]["/Resources"].get("/Font", {}).values()
            )


def structure_of(element: Any) -> Iterator[Any]:
    children = element.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        child = child.get_object()
        if isinstance(child, dict) and "/S" in child:
            yield child
            yield from structure_of(child)


def field_of(place: Place) -> str:
    tag = Tag.read(place.tag)
    assert tag is not None
    return tag.field
