"""A form as a PDF, for printing or for filling in on the screen.

Both kinds look the same, and every answer has the same place in both.
"""

import io
from collections.abc import Iterator
from typing import Any

import segno

from generator.acroform import add_widgets
from generator.document import Document
from generator.filling import Filling, Notes, fill
from generator.pdf_places import Spots
from generator.pdf_sheet import Sheet
from generator.typesetting import draw, must_have_glyphs, typeset
from models.coded import encode
from models.errors import GenerationError
from models.fields import ChoiceField, NumberField, RowsField
from models.form import FormDefinition, Item, Printed
from models.identity import Identity
from models.record import Record

# Sizes of values in points. The first is the proper one; the others serve values that overflow a page.
_SIZES = (10.5, 9.0, 8.0, 7.0)
_QUESTION = """(
  spots: query(<spot>).map(it => {
    let at = it.location().position()
    (it.value, at.page, at.x.pt(), at.y.pt())
  }),
  tall: query(<tall>).map(it => it.value.row),
  pages: query(<page>).len(),
)"""


def generate_pdf(
    form: FormDefinition,
    identity: Identity,
    record: Record | None = None,
    notes: Notes | None = None,
    *,
    fillable: bool,
) -> Document:
    """Return `form` as an A4 PDF, with the values of `record` where there is one; `fillable` makes it an
    AcroForm, and `notes` mark what is to be corrected.

    A row grows with its value. In a form for printing, long rows break over pages. A widget can't break, so
    that a fillable form sets a value smaller that is longer than a page.

    Raises:
        GenerationError: see `generator.filling.fill`; or the fonts lack a character, the form is wider than
            A4, a row is higher than a page, or a value is too long for a widget.
    """
    sheet = _sheet(form, identity, record, notes, fillable)
    for size in _SIZES if fillable else _SIZES[:1]:
        pdf, facts = _with_codes(sheet, size)
        if not facts["tall"]:
            break
    else:
        row = form.titles[sheet.field_of_row(facts["tall"][0])]
        raise GenerationError(
            f"“{row}”一行高于一页，放不下", advice="请缩短填写内容，或改发不可填写的 PDF、Word 表格"
        )
    spots = Spots(facts["spots"], sheet)
    if fillable:
        pdf = add_widgets(pdf, list(spots.widgets(size)), table_cells=sheet.cell_numbers())
    return Document(data=pdf, suffix=".pdf", places=tuple(spots.places()))


def draw_pdf(
    form: FormDefinition, identity: Identity, record: Record | None, resolution: float
) -> list[bytes]:
    """Return the pages of the form for printing: a PNG each, `resolution` pixels an inch, for viewing.

    Raises:
        GenerationError: as `generate_pdf`.
    """
    sheet, size = _sheet(form, identity, record, None, fillable=False), _SIZES[0]
    _, facts = _with_codes(sheet, size)
    return draw("form.typ", {**sheet.build(size), "codes": _codes(sheet, facts["pages"])}, resolution)


def _sheet(
    form: FormDefinition, identity: Identity, record: Record | None, notes: Notes | None, fillable: bool
) -> Sheet:
    filling = fill(form, record, notes)
    must_have_glyphs(_all_texts(filling))
    said = encode(form, identity, record.values) if record else None
    return Sheet(filling, identity, fillable, _code(said) if said else None)


def _all_texts(filling: Filling) -> Iterator[tuple[str, str]]:
    """Yield each text that will be printed, with what people call its place."""
    form = filling.form
    notice = (filling.notes.number,) if filling.notes else ()
    for text in (form.title, form.heading or "", form.version, *filling.aside, *notice):
        yield form.title, text
    for cell in form.cells():
        where = cell.label or form.title
        yield where, cell.label or ""
        for item in cell.content:
            yield where, "\n".join(_own_words(item))
    for tag, text in filling.texts.items():
        yield form.titles[tag.field], text


def _own_words(item: Item) -> Iterator[str]:
    if isinstance(item, Printed):
        yield item.text
        return
    yield item.prompt or ""
    yield from item.guidance
    if isinstance(item, ChoiceField):
        yield from item.options
    if isinstance(item, NumberField):
        yield item.unit
    if isinstance(item, RowsField):
        yield from (column.label for column in item.columns)
        yield from (column.field.unit for column in item.columns if isinstance(column.field, NumberField))


def _with_codes(sheet: Sheet, size: float) -> tuple[bytes, Any]:
    """Return the pages, each with its QR code. The number of pages is known only after they are set."""
    data, pages = sheet.build(size), sheet.likely_pages()
    while True:
        codes = _codes(sheet, pages)
        # The widgets add the last marks of accessibility to a fillable form, so Typst can't vouch for it.
        pdf, facts = typeset(
            "form.typ", {**data, "codes": codes}, _QUESTION, tags=True, vouch=not sheet.fillable
        )
        if facts["pages"] <= pages:
            return pdf, facts
        pages = facts["pages"]


def _codes(sheet: Sheet, pages: int) -> list[str]:
    return [_code(sheet.identity.qr_payload(page)) for page in range(1, pages + 1)]


def _code(payload: str) -> str:
    file = io.BytesIO()
    segno.make(payload, error="m", micro=False).save(file, kind="svg", border=2, xmldecl=False, svgns=True)
    return file.getvalue().decode()
