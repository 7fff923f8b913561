import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
import zxingcpp
from lxml import etree

from generator import Document, generate, new_identity
from generator.filling import fill
from models.errors import GenerationError
from models.fields import Seal
from models.form import FormDefinition
from models.identity import INSTANCE_ALPHABET, Identity, Tag
from models.record import Record
from tests.conftest import Convert, Forms
from tests.records import random_record

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
IDENTITY = "7K06QXD6S7"
NAMES = ["pilot-application", "enterprise-filing"]

# The sequences of the schema (ECMA-376, part 4, wml.xsd), in full where we use an element; Word refuses a
# file whose children stand in another order. w14 elements come last in w:sdtPr, as Word writes them.
ORDER = {
    "tbl": "tblPr tblGrid tr",
    "tr": "tblPrEx trPr tc",
    "tc": "tcPr p",
    "p": "pPr r",
    "r": "rPr t",
    "sdt": "sdtPr sdtEndPr sdtContent",
    "sdtPr": "rPr alias tag id lock placeholder temporary showingPlcHdr dataBinding label tabIndex "
    "equation comboBox date docPartObj docPartList dropDownList picture "
    "richText text citation group bibliography checkbox",
    "date": "dateFormat lid storeMappedDataAs calendar",
    "checkbox": "checked checkedState uncheckedState",
    "pPr": "pStyle keepNext keepLines pageBreakBefore framePr widowControl "
    "numPr suppressLineNumbers pBdr shd tabs "
    "suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct "
    "autoSpaceDE autoSpaceDN bidi adjustRightInd snapToGrid "
    "spacing ind contextualSpacing mirrorIndents suppressOverlap jc "
    "textDirection textAlignment textboxTightWrap outlineLvl "
    "divId cnfStyle rPr sectPr pPrChange",
    "rPr": "rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline "
    "shadow emboss imprint noProof snapToGrid vanish "
    "webHidden color spacing w kern position sz szCs highlight "
    "u effect bdr shd fitText vertAlign rtl cs em lang",
    "tblPr": "tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize "
    "tblStyleColBandSize tblW jc tblCellSpacing tblInd "
    "tblBorders shd tblLayout tblCellMar tblLook",
    "tblBorders": "top left start bottom right end insideH insideV",
    "tblCellMar": "top left start bottom right end",
    "trPr": "cnfStyle divId gridBefore gridAfter wBefore wAfter cantSplit "
    "trHeight tblHeader tblCellSpacing jc hidden",
    "tcPr": "cnfStyle tcW gridSpan hMerge vMerge tcBorders shd noWrap "
    "tcMar textDirection tcFitText vAlign hideMark",
    "sectPr": "headerReference footerReference footnotePr endnotePr type "
    "pgSz pgMar paperSrc pgBorders lnNumType pgNumType "
    "cols formProt vAlign noEndnote titlePg textDirection bidi rtlGutter docGrid printerSettings",
    "style": "name aliases basedOn next link autoRedefine hidden uiPriority "
    "semiHidden unhideWhenUsed qFormat locked personal "
    "personalCompose personalReply rsid pPr rPr tblPr trPr tcPr tblStylePr",
    "settings": "zoom defaultTabStop characterSpacingControl compat themeFontLang "
    "clrSchemeMapping decimalSymbol listSeparator",
}
# Here the schema lets children mix, but for the first.
FREE_AFTER_FIRST = {"p", "r"}


def made(form: FormDefinition, record: Record | None = None) -> Document:
    return generate(form, "docx", Identity(form=form.name, version=form.version, instance=IDENTITY), record)


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def body(data: bytes) -> Any:
    return etree.fromstring(parts(data)["word/document.xml"])


def written(element: Any) -> str:
    """The text of an element, line breaks as such."""
    signs = {W + "br": "\n", W + "tab": "\t"}
    return "".join(e.text or "" if e.tag == W + "t" else signs.get(e.tag, "") for e in element.iter())


def properties_of(control: Any) -> dict[str, str]:
    return {etree.QName(e).localname: e.get(W + "val", "") for e in control.find(W + "sdtPr")}


def controls(data: bytes) -> dict[Tag, Any]:
    """The tagged content controls of a document."""
    found = {}
    for control in body(data).iter(W + "sdt"):
        tag = Tag.read(properties_of(control).get("tag", ""))
        if tag is not None:
            assert tag not in found, f"{tag} twice"
            found[tag] = control
    return found


def is_ticked(control: Any) -> bool:
    return bool(control.find(f".//{W14}checked").get(W14 + "val") == "1")


def places(form: FormDefinition, record: Record | None) -> Iterator[Tag]:
    """Every place that a form should have a control for."""
    for name, field in form.fields.items():
        if field.kind == "choice":
            yield from (Tag(field=name, option=number) for number in range(len(field.options)))
        elif field.kind == "rows":
            rows = max(field.blank_rows, len(record.values[name]) if record else 0)
            yield from (
                Tag(field=name, row=row, column=column.field.name)
                for row in range(rows)
                for column in field.columns
            )
        else:
            yield Tag(field=name)


@pytest.fixture(scope="session")
def documents(forms: Forms, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each form blank and filled in, as files by their stem."""
    folder = tmp_path_factory.mktemp("documents")
    files = {}
    for name in NAMES:
        for state, record in (("blank", None), ("filled", random_record(forms[name], 1))):
            path = files[f"{name}-{state}"] = folder / f"{name}-{state}.docx"
            path.write_bytes(made(forms[name], record).data)
    return files


@pytest.mark.parametrize("name", NAMES)
def test_every_place_of_a_form_has_one_tagged_control_that_cannot_be_deleted(forms: Forms, name: str) -> None:
    for record in (None, random_record(forms[name], 2)):
        found = controls(made(forms[name], record).data)
        assert list(found) == list(places(forms[name], record))
        assert {properties_of(control)["lock"] for control in found.values()} == {"sdtLocked"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(5))
def test_every_value_of_a_record_stands_in_its_control_exactly_once(
    forms: Forms, name: str, seed: int
) -> None:
    form = forms[name]
    record = random_record(form, seed)
    data = made(form, record).data
    filling, found = fill(form, record), controls(data)
    assert filling.texts
    for tag, control in found.items():
        if tag.option is not None:
            assert is_ticked(control) == (tag in filling.ticked)
            assert written(control) == ("☒" if tag in filling.ticked else "☐")
        elif tag in filling.texts:
            assert written(control) == filling.texts[tag]
            assert "showingPlcHdr" not in properties_of(control)
        else:
            assert "showingPlcHdr" in properties_of(control)


@pytest.mark.parametrize("name", NAMES)
def test_a_blank_form_shows_placeholders_that_say_nothing_when_read_as_answers(
    forms: Forms, name: str
) -> None:
    form = forms[name]
    for tag, control in controls(made(form).data).items():
        if tag.option is not None:
            assert not is_ticked(control)
            continue
        assert "showingPlcHdr" in properties_of(control)
        field: Any = form.fields[tag.field]
        if tag.column is not None:
            field = next(column.field for column in field.columns if column.field.name == tag.column)
        if field.guidance:
            assert [line.strip() for line in written(control).split("\n")] == list(field.guidance)
        else:
            assert field.parse(written(control)) is None


def test_dates_show_the_places_of_a_day_and_numbers_their_unit(forms: Forms) -> None:
    found = controls(made(forms["enterprise-filing"]).data)
    assert written(found[Tag(field="founded")]) == "    年    月    日"
    assert written(found[Tag(field="energy")]).strip() == "吨标准煤"


@pytest.mark.parametrize("name", NAMES)
def test_whatever_the_form_prints_is_locked_against_editing(forms: Forms, name: str) -> None:
    form = forms[name]
    locked = [
        written(control)
        for control in body(made(form).data).iter(W + "sdt")
        if properties_of(control)["lock"] == "sdtContentLocked"
    ]
    for cell in form.cells():
        assert cell.label is None or cell.label in locked
        for item in cell.content:
            words = item.text if item.kind == "printed" else item.prompt
            assert words is None or words in locked
    assert form.title in locked
    assert set(form.notes) <= set(locked)


@pytest.mark.parametrize("name", NAMES)
def test_the_parts_are_well_formed_with_unique_ids_and_children_in_schema_order(
    forms: Forms, name: str
) -> None:
    data = made(forms[name], random_record(forms[name], 4)).data
    for part, content in parts(data).items():
        if part.endswith((".xml", ".rels")):
            root = etree.fromstring(content)
            if part.startswith("word/"):
                for element in root.iter():
                    must_be_in_order(element)
    ids = [control.find(f"{W}sdtPr/{W}id").get(W + "val") for control in body(data).iter(W + "sdt")]
    assert len(set(ids)) == len(ids)


def must_be_in_order(element: Any) -> None:
    name = etree.QName(element).localname
    if name not in ORDER or etree.QName(element).namespace not in (W[1:-1], W14[1:-1]):
        return
    children = [etree.QName(child).localname for child in element]
    order = ORDER[name].split()
    if name in FREE_AFTER_FIRST:
        assert order[0] not in children[1:], f"{name}: {children}"
        return
    assert set(children) <= set(order), f"{name}: {children}"
    assert children == sorted(children, key=order.index), f"{name}: {children}"


@pytest.mark.parametrize("name", NAMES)
def test_every_row_fills_the_grid_and_every_cell_ends_with_a_paragraph(forms: Forms, name: str) -> None:
    form = forms[name]
    (table,) = body(made(form, random_record(form, 4)).data).iter(W + "tbl")
    widths = [int(column.get(W + "w")) for column in table.iter(W + "gridCol")]
    assert [round(width / 567, 1) for width in widths] == list(form.columns)
    for row in table.iter(W + "tr"):
        spans = [
            int(span.get(W + "val")) if (span := cell.find(f"{W}tcPr/{W}gridSpan")) is not None else 1
            for cell in row.iter(W + "tc")
        ]
        assert sum(spans) == len(widths)
        assert sum(int(cell.find(f"{W}tcPr/{W}tcW").get(W + "w")) for cell in row.iter(W + "tc")) == sum(
            widths
        )
        assert all(cell[-1].tag == W + "p" for cell in row.iter(W + "tc"))


def test_a_label_beside_a_table_inside_the_form_spans_all_its_rows(forms: Forms) -> None:
    form = forms["enterprise-filing"]
    merges = [merge.get(W + "val") for merge in body(made(form).data).iter(W + "vMerge")]
    assert merges == ["restart", None, None, None, None]


def test_a_table_inside_the_form_grows_with_its_answers(forms: Forms) -> None:
    form = forms["enterprise-filing"]
    rows = tuple({"source": f"能源{number}", "consumption": None, "supplier": None} for number in range(7))
    record = Record(form=form.name, version=form.version, values={"sources": rows})
    found = controls(made(form, record).data)
    assert [written(found[Tag(field="sources", row=row, column="source")]) for row in range(7)] == [
        f"能源{row}" for row in range(7)
    ]


def test_only_rows_with_prose_may_break_over_pages(forms: Forms) -> None:
    rows = list(body(made(forms["pilot-application"]).data).iter(W + "tr"))
    breakable = [written(row.find(W + "tc")) for row in rows if row.find(f"{W}trPr/{W}cantSplit") is None]
    assert breakable == ["申报主体概况", "试点重点任务和重大项目情况简介"]


@pytest.mark.parametrize(("width", "page"), [(8, (21, 29.7)), (9.5, (21, 29.7)), (12, (29.7, 21))])
def test_the_page_lies_on_its_side_where_the_table_is_too_wide_to_stand(
    width: float, page: tuple[float, float]
) -> None:
    definition = {
        "name": "wide",
        "version": "1",
        "title": "宽表",
        "columns": [width, width],
        "rows": [{"cells": [{"columns": 2}]}],
    }
    section = body(made(FormDefinition.model_validate(definition)).data).find(f".//{W}sectPr")
    size, margins = section.find(W + "pgSz"), section.find(W + "pgMar")
    sides = [int(size.get(W + "w")), int(size.get(W + "h"))]
    assert [round(side / 567, 1) for side in sides] == list(page)
    assert sides[0] - int(margins.get(W + "left")) - int(margins.get(W + "right")) >= 2 * width * 567 - 2


def test_the_identity_stands_in_a_custom_xml_part_that_the_document_links_to(forms: Forms) -> None:
    form = forms["pilot-application"]
    files = parts(made(form).data)
    root = etree.fromstring(files["customXml/item1.xml"])
    assert Identity.from_xml(root.tag, {str(k): str(v) for k, v in root.attrib.items()}) == Identity(
        form=form.name, version=form.version, instance=IDENTITY
    )
    assert b"customXml/item1.xml" in files["word/_rels/document.xml.rels"]
    assert b"itemProps1.xml" in files["customXml/_rels/item1.xml.rels"]
    assert b'PartName="/customXml/itemProps1.xml"' in files["[Content_Types].xml"]


def test_nothing_is_left_of_the_template_that_the_library_starts_from(forms: Forms) -> None:
    files = parts(made(forms["pilot-application"]).data)
    core = etree.fromstring(files["docProps/core.xml"])
    assert [(etree.QName(e).localname, e.text) for e in core] == [("title", "试点申请表")]
    assert {name.split("/")[0] for name in files} == {
        "[Content_Types].xml",
        "_rels",
        "docProps",
        "word",
        "customXml",
    }
    assert not [name for name in files if re.search("thumbnail|app.xml|numbering|stylesWithEffects", name)]


def test_a_new_identity_is_of_its_form_and_unlike_any_other(forms: Forms) -> None:
    form = forms["pilot-application"]
    every = {new_identity(form) for _ in range(100)}
    assert len(every) == 100
    assert all((one.form, one.version) == (form.name, form.version) for one in every)
    assert all(re.fullmatch(f"[{INSTANCE_ALPHABET}]{{10}}", one.instance) for one in every)


def record_of(form: FormDefinition, **values: Any) -> Record:
    return Record(form=form.name, version=form.version, values=values)


@pytest.mark.parametrize(
    "character", ["\x00", "\x07", "\x0b", "\r", "\x7f", "\x85", "\ud800", "\ufffe", "\uffff"]
)
def test_a_character_that_no_file_can_hold_is_refused_by_field_and_code(forms: Forms, character: str) -> None:
    form = forms["pilot-application"]
    with pytest.raises(GenerationError) as caught:
        made(form, record_of(form, organization=f"某单{character}位"))
    assert f"“申报单位”第 3 个字符 U+{ord(character):04X}" in str(caught.value)


def test_markup_in_a_value_is_only_text(forms: Forms) -> None:
    form = forms["pilot-application"]
    value = "</w:t><w:br/>&amp;<![CDATA[x]]> 　\t“'\""
    data = made(form, record_of(form, organization=value, overview="  一\n\n二\t三\U00020000")).data
    found = controls(data)
    assert written(found[Tag(field="organization")]) == value
    assert written(found[Tag(field="overview")]) == "  一\n\n二\t三\U00020000"


def test_a_record_that_does_not_belong_to_the_form_is_refused(forms: Forms) -> None:
    form, other = forms["pilot-application"], forms["enterprise-filing"]
    with pytest.raises(GenerationError, match="enterprise-filing"):
        made(form, random_record(other, 1))
    with pytest.raises(GenerationError, match="没有字段 nonsense"):
        made(form, record_of(form, nonsense="x"))
    with pytest.raises(GenerationError, match="没有“工厂”这个选项"):
        made(form, record_of(form, types=("工厂",)))


def test_a_seal_is_never_printed_whatever_the_record_says(forms: Forms) -> None:
    form = forms["pilot-application"]
    data = made(form, record_of(form, pledge_seal=Seal(present=True, text="武汉某单位", agrees=True))).data
    assert written(controls(data)[Tag(field="pledge_seal")]).strip() == ""
    assert "武汉某单位" not in written(body(data))


def test_libreoffice_saves_every_value_once_and_keeps_ticks_placeholders_and_identity(
    forms: Forms, documents: dict[str, Path], soffice: Convert
) -> None:
    for (stem, source), path in zip(
        documents.items(), soffice(list(documents.values()), "docx"), strict=True
    ):
        before, after, files = source.read_bytes(), path.read_bytes(), parts(path.read_bytes())
        assert [written(cell) for cell in body(after).iter(W + "tc")] == [
            written(cell) for cell in body(before).iter(W + "tc")
        ], stem
        assert ticks(after) == ticks(before)
        assert len(list(body(after).iter(W + "showingPlcHdr"))) == len(
            list(body(before).iter(W + "showingPlcHdr"))
        )
        items = [
            etree.fromstring(content)
            for name, content in files.items()
            if re.fullmatch(r"customXml/item\d+\.xml", name)
        ]
        assert IDENTITY in [root.get("instance") for root in items]


def ticks(data: bytes) -> list[str]:
    return [box.get(W14 + "val") for box in body(data).iter(W14 + "checked")]


def test_the_code_in_the_header_can_be_read_from_every_page_at_200_dpi(
    forms: Forms, documents: dict[str, Path], soffice: Convert
) -> None:
    pages = 0
    for stem, path in zip(documents, soffice(list(documents.values()), "pdf"), strict=True):
        form = forms[stem.rpartition("-")[0]]
        with pypdfium2.PdfDocument(path) as document:
            for page in document:
                codes = zxingcpp.read_barcodes(page.render(scale=200 / 72).to_pil())
                expected = Identity(form=form.name, version=form.version, instance=IDENTITY)
                assert [Identity.from_qr(code.text) for code in codes] == [(expected, None)], stem
                pages += 1
    assert pages >= len(documents)
