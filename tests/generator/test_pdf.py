import datetime
import io
import re
from typing import Any

import numpy
import pdfplumber
import pytest
import zxingcpp
from pypdf import PdfReader

from generator.filling import fill
from models.errors import GenerationError
from models.form import FormDefinition
from models.identity import Identity
from models.record import Record
from tests.pdf_views import (
    FLAVOURS,
    FORMS,
    SEEDS,
    expected_tags,
    field_of,
    fonts_of,
    form_named,
    ink,
    made,
    make,
    rendered,
    squeezed,
    structure_of,
    text_in,
    texts_of,
)
from tests.records import random_record


@pytest.mark.parametrize("fillable", FLAVOURS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", FORMS)
class TestEveryPdf:
    def test_is_on_a4_tagged_and_has_a_title_and_a_language(
        self, name: str, seed: int | None, fillable: bool
    ) -> None:
        it = made(name, seed, fillable)
        reader = PdfReader(io.BytesIO(it.document.data))
        root = reader.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"]
        assert root["/Lang"].startswith("zh")
        assert reader.metadata is not None
        assert reader.metadata.title == it.form.title
        kinds = [element["/S"] for element in structure_of(root["/StructTreeRoot"])]
        assert kinds.count("/TR") >= len(it.form.rows)
        for page in reader.pages:
            assert [round(float(side)) for side in page.mediabox] == [0, 0, 595, 842]

    def test_tells_programs_which_copy_of_which_form_it_is(
        self, name: str, seed: int | None, fillable: bool
    ) -> None:
        it = made(name, seed, fillable)
        metadata = PdfReader(io.BytesIO(it.document.data)).metadata
        assert metadata is not None
        assert metadata.keywords is not None
        assert Identity.from_qr(metadata.keywords) == (it.identity, None)

    def test_embeds_its_fonts_as_subsets(self, name: str, seed: int | None, fillable: bool) -> None:
        fonts = list(fonts_of(made(name, seed, fillable).document.data))
        assert fonts
        for font in fonts:
            descendant = font["/DescendantFonts"][0].get_object()
            assert re.fullmatch(r"/[A-Z]{6}\+Noto\w+-Regular", descendant["/BaseFont"])
            assert "/FontFile3" in descendant["/FontDescriptor"]

    def test_bears_a_code_on_every_page_that_names_form_version_instance_and_page(
        self, name: str, seed: int | None, fillable: bool
    ) -> None:
        it = made(name, seed, fillable)
        pages = rendered(it.document.data)
        codes = [[code.text for code in zxingcpp.read_barcodes(page)] for page in pages]
        # That of the values stands on one page beside it.
        read = [[text for text in page if not text.startswith("SV1/")] for page in codes]
        assert read == [[it.identity.qr_payload(number)] for number in range(1, len(pages) + 1)]

    def test_says_title_version_instance_and_page_in_words_on_every_page(
        self, name: str, seed: int | None, fillable: bool
    ) -> None:
        it = made(name, seed, fillable)
        reader = PdfReader(io.BytesIO(it.document.data))
        for number, page in enumerate(reader.pages, 1):
            words = squeezed(page.extract_text())
            line = f"{it.form.title}版本{it.form.version}编号7K3QX9ZT2M第{number}页，共{len(reader.pages)}页"
            assert squeezed(line) in words

    def test_says_where_everything_lies(self, name: str, seed: int | None, fillable: bool) -> None:
        it = made(name, seed, fillable)
        assert sorted(it.places) == sorted(expected_tags(it.form, it.record, widgets=False))
        pages = len(PdfReader(io.BytesIO(it.document.data)).pages)
        for place in it.document.places:
            assert 1 <= place.page <= pages
            assert place.box.x0 >= 0
            assert place.box.y0 >= 0
            assert place.box.x1 <= 595.3
            assert place.box.y1 <= 841.9
            assert min(place.box.x1 - place.box.x0, place.box.y1 - place.box.y0) >= 8.9

    def test_gives_no_two_fields_the_same_place(self, name: str, seed: int | None, fillable: bool) -> None:
        places = made(name, seed, fillable).document.places
        for one in places:
            for other in places:
                if field_of(one) != field_of(other) and one.page == other.page:
                    width = min(one.box.x1, other.box.x1) - max(one.box.x0, other.box.x0)
                    height = min(one.box.y1, other.box.y1) - max(one.box.y0, other.box.y0)
                    assert width < 0.1 or height < 0.1, (one, other)

    def test_draws_a_tick_in_just_the_boxes_of_the_chosen_options(
        self, name: str, seed: int | None, fillable: bool
    ) -> None:
        it = made(name, seed, fillable)
        pages = rendered(it.document.data)
        options = [place for place in it.document.places if "/" in place.tag]
        assert options
        ticked = {place.tag for place in options if ink(pages, place) > 10}
        assert ticked == {str(tag) for tag in fill(it.form, it.record).ticked}
        for place in options:
            assert ink(pages, place, inside=-1) > 40, "the box itself"

    def test_is_the_same_bytes_for_the_same_identity(
        self, name: str, seed: int | None, fillable: bool
    ) -> None:
        it = made(name, seed, fillable)
        assert make(it.form, it.record, fillable).document == it.document


@pytest.mark.parametrize("fillable", FLAVOURS)
@pytest.mark.parametrize("name", FORMS)
def test_a_blank_form_is_small(name: str, fillable: bool) -> None:
    assert len(made(name, None, fillable).document.data) < 150_000


@pytest.mark.parametrize("name", FORMS)
def test_a_flat_form_is_vouched_for_as_accessible(name: str) -> None:
    reader = PdfReader(io.BytesIO(made(name, 1, fillable=False).document.data))
    assert reader.xmp_metadata is not None
    assert "pdfuaid:part>1<" in reader.xmp_metadata.rdf_root.ownerDocument.toxml()


@pytest.mark.parametrize("name", FORMS)
def test_everything_that_the_form_prints_is_there(name: str) -> None:
    it = made(name, None, fillable=False)
    with pdfplumber.open(io.BytesIO(it.document.data)) as document:
        words = squeezed("".join(char["text"] for page in document.pages for char in page.chars))
    wanted = [it.form.title, *it.form.notes, *([it.form.heading] if it.form.heading else [])]
    for cell in it.form.cells():
        wanted += [cell.label or "", *(item.text for item in cell.content if item.kind == "printed")]
        for field in cell.fields:
            wanted += [field.prompt or "", *field.guidance, *getattr(field, "options", ())]
            wanted += [column.label for column in getattr(field, "columns", ())]
    assert [text for text in wanted if squeezed(text) not in words] == []


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", FORMS)
def test_each_value_of_a_flat_form_is_found_where_its_place_is(name: str, seed: int) -> None:
    it = made(name, seed, fillable=False)
    for tag, text in texts_of(it.form, it.record).items():
        assert squeezed(text_in(it.document.data, it.places[tag])) == squeezed(text), tag


@pytest.mark.parametrize("name", FORMS)
def test_both_flavours_look_alike_and_have_the_same_places(name: str) -> None:
    for seed in (None, 1):
        flat, fillable = made(name, seed, False), made(name, seed, True)
        assert fillable.document.places == flat.document.places
        for one, other in zip(rendered(flat.document.data), rendered(fillable.document.data), strict=True):
            difference = numpy.abs(numpy.asarray(one).astype(int) - numpy.asarray(other)) > 96
            assert difference.mean() < 0.002


@pytest.mark.parametrize("fillable", FLAVOURS)
def test_what_an_applicant_signs_and_seals_is_never_filled_in(fillable: bool) -> None:
    form = form_named("pilot-application")
    blank, filled = made(form.name, None, fillable), random_record(form, 5)
    marks = {
        name: form.fields[name].parse("有：临江市某某单位") for name in ("pledge_seal", "pledge_signature")
    }
    marked = make(form, filled.model_copy(update={"values": marks}), fillable)
    for one, other in zip(rendered(blank.document.data), rendered(marked.document.data), strict=True):
        assert one.tobytes() == other.tobytes()


class TestOtherLayouts:
    def form(self, columns: list[float], **row: Any) -> FormDefinition:
        content = [
            {"kind": "text", "name": "a", "prompt": "经办人：", "align": "center"},
            {"kind": "number", "name": "b", "label": "数", "unit": "吨", "prompt": "合计"},
            {"kind": "date", "name": "c", "label": "日期", "prompt": "时间："},
        ]
        cells = [{"label": "名称", "columns": len(columns) - 1, "content": content}]
        raw = {
            "name": "t",
            "version": "1",
            "title": "试表",
            "columns": columns,
            "rows": [{"cells": cells, **row}],
        }
        return FormDefinition.model_validate(raw)

    @pytest.mark.parametrize("fillable", FLAVOURS)
    def test_with_prompts_have_the_answers_behind_them(self, fillable: bool) -> None:
        form = self.form([4, 10])
        values = {"a": "王小明", "b": form.fields["b"].parse("12.5"), "c": datetime.date(2021, 2, 5)}
        it = make(form, Record(form="t", version="1", values=values), fillable)
        if not fillable:
            for tag, text in texts_of(form, it.record).items():
                assert squeezed(text_in(it.document.data, it.places[tag])) == text
        words = squeezed(PdfReader(io.BytesIO(it.document.data)).pages[0].extract_text())
        assert "经办人：" in words
        assert "吨" in words
        for place in it.document.places:
            assert ink(rendered(it.document.data), place) > 30

    def test_a_number_in_another_unit_is_not_printed_with_the_unit_of_the_form(self) -> None:
        form = self.form([4, 10])
        it = make(
            form,
            Record(form="t", version="1", values={"b": form.fields["b"].parse("3万立方米")}),
            fillable=False,
        )
        assert squeezed(text_in(it.document.data, it.places["sealform:b"])) == "3万立方米"
        assert "吨" not in PdfReader(io.BytesIO(it.document.data)).pages[0].extract_text()

    def test_wide_ones_lie_across_the_page(self) -> None:
        it = make(self.form([8, 18]), None, fillable=True)
        box = PdfReader(io.BytesIO(it.document.data)).pages[0].mediabox
        assert (round(float(box.width)), round(float(box.height))) == (842, 595)
        assert all(place.box.x1 <= 842 for place in it.document.places)

    def test_too_wide_ones_are_an_error(self) -> None:
        with pytest.raises(GenerationError, match="宽 40 厘米"):
            make(self.form([10, 30]), None, fillable=False)

    @pytest.mark.parametrize("fillable", FLAVOURS)
    def test_rows_higher_than_a_page_are_an_error(self, fillable: bool) -> None:
        with pytest.raises(GenerationError, match="高于一页"):
            make(self.form([4, 10], height=40), None, fillable)
