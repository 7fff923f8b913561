"""A bureau's own Word file filled for its definition: nothing of its look changes, what can't be placed is
told, and what was filled in is read back."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from extractor import Limits, Options, Source, extract, print_docx
from extractor.readers.pdf import read_pdf
from generator import generate_from, new_identity
from models.fields import RowsField
from models.form import FormDefinition
from models.page import Table
from models.record import Record
from models.template import Unplaced
from service.forms.definitions import load_form, problems
from service.forms.templates import Template, template_of
from tests.service.own_form import FORM, VALUES, own_form

_LABELS = {
    "申请单位",
    "成立日期",
    "联系电话",
    "预算",
    "购置方式",
    "设备清单",
    "名称",
    "数量",
    "申请理由",
    "单位意见",
}
_SCALE = 2


def _form(folder: Path) -> FormDefinition:
    path = folder / "form.yaml"
    path.write_text(FORM, "utf-8")
    return load_form(path)


def _template(folder: Path, data: bytes) -> tuple[FormDefinition, Template]:
    (folder / "forms").mkdir()
    (folder / "forms" / "own.docx").write_bytes(data)
    form = _form(folder)
    template = template_of(form, folder, Options())
    assert template
    return form, template


def _record(form: FormDefinition) -> Record:
    values = {name: form.fields[name].from_json(value) for name, value in VALUES.items()}
    return Record(form=form.name, version=form.version, values=values)


def _made(
    form: FormDefinition, template: Template, record: Record | None, *, is_print: bool = False
) -> bytes:
    made, unplaced = generate_from(
        template.data, form, new_identity(form), template.spots, record, is_print=is_print
    )
    assert unplaced == ()
    return made.data


def _picture(pdf: bytes) -> np.ndarray:
    (page,) = pypdfium2.PdfDocument(pdf)
    return np.asarray(page.render(scale=_SCALE).to_pil().convert("L")).astype(int)


@pytest.fixture(scope="module")
def printed() -> bytes:
    """The template as LibreOffice prints it."""
    return print_docx(own_form())


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The template filled in, as LibreOffice prints it."""
    form, template = _template(tmp_path_factory.mktemp("filled"), own_form())
    return print_docx(_made(form, template, _record(form), is_print=True))


def test_a_blank_of_a_template_looks_as_the_template_to_the_pixel(tmp_path: Path, printed: bytes) -> None:
    form, template = _template(tmp_path, own_form())
    assert template.unplaced == ()
    before, after = _picture(printed), _picture(print_docx(_made(form, template, None)))
    assert np.abs(before - after).max() == 0


def test_every_place_of_a_template_has_a_control_with_our_tag(tmp_path: Path) -> None:
    form, template = _template(tmp_path, own_form())
    with zipfile.ZipFile(io.BytesIO(_made(form, template, None))) as package:
        xml = package.read("word/document.xml").decode()
        identity = [name for name in package.namelist() if b"urn:sealform" in package.read(name)]
    written = [name for name, field in form.fields.items() if field.entered == "written"]
    written = [name for name in written if not isinstance(form.fields[name], RowsField)]
    tags = [*(f"sealform:{name}" for name in written), *(f"sealform:ways/{n}" for n in range(3))]
    tags += [f"sealform:items[{row}].{column}" for row in range(2) for column in ("item", "amount")]
    assert {tag: xml.count(f'"{tag}"') for tag in tags} == dict.fromkeys(tags, 1)
    assert len(identity) == 1


@pytest.mark.parametrize("suffix", [".docx", ".pdf"])
def test_a_prefilled_template_is_read_back_and_accepted(suffix: str, tmp_path: Path, filled: bytes) -> None:
    form, template = _template(tmp_path, own_form())
    path = tmp_path / f"a{suffix}"
    path.write_bytes(filled if suffix == ".pdf" else _made(form, template, _record(form)))
    (result,) = extract(Source(path.name, path), {form.name: form})
    read = {name: form.fields[name].to_json(one.value) for name, one in result.fields.items()}
    assert {name: read[name] for name in VALUES} == VALUES
    decided = {name: one.decision for name, one in result.fields.items() if name in VALUES}
    assert decided == dict.fromkeys(VALUES, "accept")


def test_nothing_but_the_cells_of_answers_changes_when_a_template_is_filled_in(
    printed: bytes, filled: bytes
) -> None:
    after = _picture(filled)
    blocks = read_pdf(printed, Limits().pdf).pages.pages[0].blocks
    (table,) = (block for block in blocks if isinstance(block, Table))
    changed = np.abs(_picture(printed) - after) > 0
    kept = 0
    for cell in table.cells:
        x0, y0, x1, y1 = (
            round(edge * _SCALE) for edge in (cell.box.x0, cell.box.y0, cell.box.x1, cell.box.y1)
        )
        part = changed[y0:y1, x0:x1]
        if cell.text.strip() in _LABELS:
            assert not part.any(), cell.text
            kept += 1
        changed[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1] = False
    assert kept == len(_LABELS)
    # Outside the table only the line with the blanks may change, and no rule of the table.
    rows = np.flatnonzero(changed.any(axis=1))
    assert rows.size
    assert rows.max() < table.box.y0 * _SCALE


def test_rows_that_a_template_lacks_are_copies_of_its_last(tmp_path: Path) -> None:
    form, template = _template(tmp_path, own_form())
    values = dict(_record(form).values)
    items = [{"item": f"设备{n}", "amount": {"amount": str(n), "unit": "台"}} for n in range(1, 6)]
    values["items"] = form.fields["items"].from_json(items)
    record = Record(form=form.name, version=form.version, values=values)
    path = tmp_path / "a.docx"
    path.write_bytes(_made(form, template, record))
    (result,) = extract(Source(path.name, path), {form.name: form})
    assert form.fields["items"].to_json(result.fields["items"].value) == items
    assert result.fields["reason"].value == VALUES["reason"]


def test_what_has_no_place_is_told_by_its_label(tmp_path: Path) -> None:
    form, template = _template(tmp_path, own_form(breaks=True))
    assert [str(one) for one in template.unplaced] == [
        "模板中没有放进“联系电话”：没有找到这个标题",
        "模板中没有放进“购置方式”：选项“公开招标、询价、网上商城”前没有方框",
    ]
    assert isinstance(template.unplaced[0], Unplaced)
    assert form.template == "forms/own.docx"


@pytest.mark.parametrize(
    "path", ["../own.docx", "/etc/own.docx", "a/../../own.docx", "C:own.docx", "own.pdf"]
)
def test_a_template_never_leaves_the_folder_of_its_definition(path: str, tmp_path: Path) -> None:
    definition = tmp_path / "form.yaml"
    definition.write_text(FORM.replace("forms/own.docx", path), "utf-8")
    assert ["template" in problem for problem in problems(definition)] == [True]
