import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter

from generator.acroform import fill_in
from generator.filling import fill
from models.errors import GenerationError
from models.fields import ChoiceField, RowsField
from models.identity import Tag
from tests.pdf_views import (
    FORMS,
    PROSE,
    Made,
    by_poppler,
    expected_tags,
    height_of_ink,
    ink,
    made,
    needs_chinese_font,
    part,
    rendered,
    squeezed,
    structure_of,
    text_in,
    texts_of,
    widgets_of,
)


@pytest.mark.parametrize("name", FORMS)
class TestFillableForm:
    def test_names_its_fields_by_their_tags_in_the_order_of_the_form(self, name: str) -> None:
        for seed in (None, 1):
            it = made(name, seed, fillable=True)
            wanted = expected_tags(it.form, it.record, widgets=True)
            assert [_qualified(widget) for widget in widgets_of(it.document.data)] == wanted
            fields = PdfReader(io.BytesIO(it.document.data)).get_fields()
            assert fields is not None
            assert [key for key, field in fields.items() if "/FT" in field] == wanted

    def test_is_walked_through_by_tab_in_the_order_of_the_form(self, name: str) -> None:
        it = made(name, None, fillable=True)
        reader = PdfReader(io.BytesIO(it.document.data))
        assert [page.get("/Tabs") for page in reader.pages] == ["/S"] * len(reader.pages)
        elements = [
            element
            for element in structure_of(reader.trailer["/Root"]["/StructTreeRoot"])
            if element["/S"] == "/Form"
        ]
        assert [_qualified(element["/K"][0]["/Obj"]) for element in elements] == expected_tags(
            it.form, None, widgets=True
        )
        numbers = reader.trailer["/Root"]["/StructTreeRoot"]["/ParentTree"]["/Nums"]
        parents = dict(zip(numbers[::2], numbers[1::2], strict=True))
        for element in elements:
            assert parents[element["/K"][0]["/Obj"]["/StructParent"]].get_object() == element
            assert element["/P"]["/S"] == "/TD"

    def test_tells_by_a_tooltip_what_each_field_is(self, name: str) -> None:
        it = made(name, None, fillable=True)
        for widget in widgets_of(it.document.data):
            tag = Tag.read(_qualified(widget))
            assert tag is not None
            title, field = it.form.titles[tag.field], it.form.fields[tag.field]
            if isinstance(field, ChoiceField):
                assert tag.option is not None
                title = f"{title}：{field.options[tag.option]}"
            elif isinstance(field, RowsField):
                assert tag.row is not None
                title += (
                    f"第{tag.row + 1}行{next(c.label for c in field.columns if c.field.name == tag.column)}"
                )
            assert widget["/TU"] == title

    def test_has_its_widgets_in_their_places(self, name: str) -> None:
        it = made(name, 1, fillable=True)
        for number, page in enumerate(PdfReader(io.BytesIO(it.document.data)).pages, 1):
            for widget in (ref.get_object() for ref in page["/Annots"]):
                place = next(place for place in it.places[_qualified(widget)] if place.page == number)
                x0, y0, x1, y1 = (float(side) for side in widget["/Rect"])
                assert x0 >= place.box.x0 - 0.01
                assert x1 <= place.box.x1 + 0.01
                assert 841.89 - y1 >= place.box.y0 - 0.01
                assert 841.89 - y0 <= place.box.y1 + 0.01

    def test_holds_the_values_of_the_record_and_its_page_does_not(self, name: str) -> None:
        it = made(name, 1, fillable=True)
        fields = PdfReader(io.BytesIO(it.document.data)).get_fields()
        assert fields is not None
        values = {
            tag: field["/V"] for tag, field in fields.items() if field.get("/FT") == "/Tx" and "/V" in field
        }
        assert values == texts_of(it.form, it.record)
        ticked = {
            tag for tag, field in fields.items() if field.get("/FT") == "/Btn" and field["/V"] == "/Yes"
        }
        assert ticked == {str(tag) for tag in fill(it.form, it.record).ticked}
        for tag in values:
            assert squeezed(text_in(it.document.data, it.places[tag])) == ""

    def test_shows_guidance_until_something_is_written(self, name: str) -> None:
        it = made(name, None, fillable=True)
        pages = rendered(it.document.data)
        guided = [field for field in it.form.fields.values() if field.guidance]
        assert guided
        for field in guided:
            (place,) = it.places[f"sealform:{field.name}"]
            assert (part(pages, place) < 200).sum() > 300
            filled = rendered(fill_in(it.document.data, {place.tag: "一"}))
            assert 0 < (part(filled, place) < 200).sum() < 100

    def test_shows_in_viewers_what_pypdf_fills_in(self, name: str, tmp_path: Path) -> None:
        needs_chinese_font()
        it = made(name, None, fillable=True)
        values = {
            tag: PROSE if it.form.fields[_name(tag)].kind == "prose" else "临江某某"
            for tag in _some_text_tags(it)
        }
        filled = _by_pypdf(it.document.data, values)
        for pages in (rendered(filled), by_poppler(filled, tmp_path)):
            for tag, text in values.items():
                (place,) = it.places[tag]
                assert ink(pages, place) > 60, (tag, text)
                if text == PROSE:
                    assert height_of_ink(pages, place) > 18, "it is wrapped"

    def test_shows_in_viewers_the_right_glyphs_for_what_pypdf_fills_in(
        self, name: str, tmp_path: Path
    ) -> None:
        needs_chinese_font()
        it = made(name, None, fillable=True)
        thin, thick = (dict.fromkeys(_some_text_tags(it), char * 3) for char in "一霸")
        (tmp_path / "thin").mkdir()
        (tmp_path / "thick").mkdir()
        one, other = _by_pypdf(it.document.data, thin), _by_pypdf(it.document.data, thick)
        for few, many in (
            (rendered(one), rendered(other)),
            (by_poppler(one, tmp_path / "thin"), by_poppler(other, tmp_path / "thick")),
        ):
            for tag in thin:
                (place,) = it.places[tag]
                assert ink(many, place) > 3 * ink(few, place) > 0

    def test_shows_what_is_filled_in_by_us_wrapped_in_every_viewer(self, name: str, tmp_path: Path) -> None:
        it = made(name, None, fillable=True)
        tags = _text_tags(it)
        values: dict[str, str | bool] = dict.fromkeys(tags, "临江市高新区某某园区管委会")
        values |= {tag: PROSE * 3 for tag in tags if it.form.fields[_name(tag)].kind == "prose"}
        values |= {place.tag: True for place in it.document.places if "/" in place.tag}
        filled = fill_in(it.document.data, values)
        assert len(filled) < 200_000
        shown = [rendered(filled), by_poppler(filled, tmp_path)]
        for tag, value in values.items():
            (place,) = it.places[tag]
            amounts = [ink(pages, place) for pages in shown]
            assert min(amounts) > (10 if value is True else 200)
            assert max(amounts) < 1.5 * min(amounts), "both show the same"
        again = PdfReader(io.BytesIO(filled)).get_fields()
        assert again is not None
        assert {tag: again[tag]["/V"] for tag in values} == {
            tag: "/Yes" if value is True else value for tag, value in values.items()
        }


def _qualified(widget: Any) -> str:
    return f"{widget['/Parent']['/T']}.{widget['/T']}" if "/Parent" in widget else str(widget["/T"])


def _text_tags(it: Made) -> list[str]:
    return [tag for tag in expected_tags(it.form, None, widgets=True) if "/" not in tag]


def _some_text_tags(it: Made) -> list[str]:
    """One of each kind, because pypdf takes its time for every field."""
    tags = _text_tags(it)
    return [
        next(tag for tag in tags if it.form.fields[_name(tag)].kind == kind)
        for kind in ("text", "prose", "date")
    ]


def _name(tag: str) -> str:
    read = Tag.read(tag)
    assert read is not None
    return read.field


def _by_pypdf(pdf: bytes, values: Mapping[str, str]) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    writer.update_page_form_field_values(None, dict(values))
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


class TestFillIn:
    def blank(self) -> bytes:
        return made("pilot-application", None, fillable=True).document.data

    def test_sets_smaller_what_is_too_long_for_its_box(self) -> None:
        it = made("pilot-application", None, fillable=True)
        short, long = "临江市高新区某某园", "临江市高新区某某园" * 4
        (place,) = it.places["sealform:leader"]
        amounts = [ink(rendered(fill_in(self.blank(), {place.tag: text})), place) for text in (short, long)]
        assert amounts[0] < amounts[1] < 4 * amounts[0] * 0.9

    def test_refuses_what_no_size_makes_fit_and_names_thefield_of(self) -> None:
        with pytest.raises(GenerationError, match="“申报负责人”太长"):
            fill_in(self.blank(), {"sealform:leader": "临江市" * 100})

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"sealform:nothing": "x"}, "sealform:nothing"),
            ({"sealform:leader": True}, "申报负责人"),
            ({"sealform:types/0": "城镇"}, "申报类型：城镇"),
            ({"sealform:leader": "王\U0001f600"}, "“申报负责人”第 2 个字符“😀”"),
        ],
    )
    def test_refuses_what_the_form_cannot_hold(self, values: dict[str, str | bool], message: str) -> None:
        with pytest.raises(GenerationError, match=message):
            fill_in(self.blank(), values)

    @pytest.mark.parametrize("data", [b"", b"no pdf", b"%PDF-1.7\n%%EOF"])
    def test_refuses_what_is_no_pdf(self, data: bytes) -> None:
        with pytest.raises(GenerationError, match="不是可填写的 PDF"):
            fill_in(data, {"sealform:leader": "王"})

    def test_takes_a_tick_away_again(self) -> None:
        ticked = fill_in(self.blank(), {"sealform:types/1": True})
        cleared = PdfReader(io.BytesIO(fill_in(ticked, {"sealform:types/1": False}))).get_fields()
        assert cleared is not None
        assert cleared["sealform:types/1"]["/V"] == "/Off"
