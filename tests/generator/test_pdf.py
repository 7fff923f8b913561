import datetime
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
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from generator.acroform import fill_in
from generator.document import Document, Place
from generator.filling import fill
from generator.pdf import generate_pdf
from models.errors import GenerationError
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
FOLDER = Path(__file__).parents[2] / "fixtures" / "forms"


@dataclass(frozen=True)
class Made:
    form: FormDefinition
    identity: Identity
    record: Record | None
    document: Document

    @property
    def places(self) -> Mapping[str, list[Place]]:
        return {tag: [place for place in self.document.places if place.tag == tag] for tag in {p.tag for p in self.document.places}}


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
    """Each page as pdfium shows it, widgets included: grey, 0 black."""
    document = pypdfium2.PdfDocument(pdf)
    document.init_forms()
    return [page.render(scale=DPI / 72).to_pil().convert("L") for page in document]


def by_poppler(pdf: bytes, folder: Path) -> list[Any]:
    from PIL import Image

    if POPPLER is None:
        pytest.skip("needs poppler: pdftoppm is not on the path")
    (folder / "in.pdf").write_bytes(pdf)
    subprocess.run([POPPLER, "-r", str(DPI), "-gray", "-png", str(folder / "in.pdf"), str(folder / "page")], check=True, timeout=60)
    return [Image.open(path).convert("L") for path in sorted(folder.glob("page*.png"))]


def needs_chinese_font() -> None:
    """What a viewer draws anew is drawn with a font of the system."""
    lister = shutil.which("fc-list")
    if lister is None or not subprocess.run([lister, ":lang=zh"], capture_output=True, check=True, timeout=60).stdout:
        pytest.skip("needs a Chinese font on the system")


def part(pages: list[Any], place: Place, inside: float = 1.5) -> Any:
    """The pixels of a place, without the rules around it."""
    box, scale = place.box, DPI / 72
    sides = (box.x0 + inside, box.y0 + inside, box.x1 - inside, box.y1 - inside)
    return numpy.asarray(pages[place.page - 1].crop(tuple(round(side * scale) for side in sides)))


def ink(pages: list[Any], place: Place, inside: float = 1.5) -> int:
    return int((part(pages, place, inside) < 128).sum())


def darkness(pages: list[Any], place: Place) -> float:
    """All the black of a place, in fully black pixels: other than `ink` it does not fade with the size of letters."""
    return float((255 - part(pages, place)).sum() / 255)


def height_of_ink(pages: list[Any], place: Place) -> float:
    """From the top of the first line of writing to the foot of the last, in points."""
    rows = (part(pages, place) < 128).any(axis=1).nonzero()[0]
    return float((rows[-1] - rows[0] + 1) * 72 / DPI) if len(rows) else 0


@lru_cache(maxsize=4)
def characters(pdf: bytes) -> list[list[tuple[float, float, str]]]:
    """The middle of each character and itself, page by page."""
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        return [
            [((char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2, char["text"]) for char in page.chars]
            for page in document.pages
        ]


def text_in(pdf: bytes, places: list[Place]) -> str:
    """The characters whose middle lies in one of `places`, in the order of the file."""
    return "".join(
        text
        for place in places
        for x, y, text in characters(pdf)[place.page - 1]
        if place.box.x0 <= x <= place.box.x1 and place.box.y0 <= y <= place.box.y1
    )


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def texts_of(form: FormDefinition, record: Record | None) -> dict[str, str]:
    """What should stand in each place, a number without the unit that the form prints behind it."""
    found = {}
    for tag, text in fill(form, record).texts.items():
        field = form.fields[tag.field]
        if isinstance(field, RowsField):
            field = next(column.field for column in field.columns if column.field.name == tag.column)
        found[str(tag)] = text.removesuffix(field.unit) if isinstance(field, NumberField) else text
    return found


def expected_tags(form: FormDefinition, record: Record | None, *, widgets: bool) -> list[str]:
    """All places of a form in its order; with `widgets` only those that a person can fill in on the screen."""
    tags: list[Tag] = []
    for field in form.fields.values():
        if isinstance(field, ChoiceField):
            tags += [] if widgets else [Tag(field=field.name)]
            tags += [Tag(field=field.name, option=number) for number in range(len(field.options))]
        elif isinstance(field, RowsField):
            count = max(field.blank_rows, len(record.values[field.name]) if record else 0)
            tags += [Tag(field=field.name, row=row, column=c.field.name) for row in range(count) for c in field.columns]
            tags += [] if widgets else [Tag(field=field.name)]
        elif not (widgets and isinstance(field, SealField | SignatureField)):
            tags.append(Tag(field=field.name))
    return [str(tag) for tag in tags]


def widgets_of(pdf: bytes) -> list[Any]:
    return [ref.get_object() for page in PdfReader(io.BytesIO(pdf)).pages for ref in page.get("/Annots", [])]


def fonts_of(pdf: bytes) -> Iterator[Any]:
    """Every font that a page or the appearance of a widget draws with."""
    for page in PdfReader(io.BytesIO(pdf)).pages:
        yield from (font.get_object() for font in page["/Resources"]["/Font"].values())
    for widget in widgets_of(pdf):
        if widget["/FT"] == "/Tx":
            yield from (font.get_object() for font in widget["/AP"]["/N"]["/Resources"].get("/Font", {}).values())


@pytest.mark.parametrize("fillable", FLAVOURS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", FORMS)
class TestEveryPdf:
    def test_is_on_a4_tagged_and_has_a_title_and_a_language(self, name: str, seed: int | None, fillable: bool) -> None:
        it = made(name, seed, fillable)
        reader = PdfReader(io.BytesIO(it.document.data))
        root = reader.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"]
        assert root["/Lang"].startswith("zh")
        assert reader.metadata is not None
        assert reader.metadata.title == it.form.title
        kinds = [element["/S"] for element in _structure(root["/StructTreeRoot"])]
        assert kinds.count("/TR") >= len(it.form.rows)
        for page in reader.pages:
            assert [round(float(side)) for side in page.mediabox] == [0, 0, 595, 842]

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
        read = [[code.text for code in zxingcpp.read_barcodes(page)] for page in pages]
        assert read == [[it.identity.qr_payload(number)] for number in range(1, len(pages) + 1)]

    def test_says_title_version_instance_and_page_in_words_on_every_page(self, name: str, seed: int | None, fillable: bool) -> None:
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
                if _field(one) != _field(other) and one.page == other.page:
                    width = min(one.box.x1, other.box.x1) - max(one.box.x0, other.box.x0)
                    height = min(one.box.y1, other.box.y1) - max(one.box.y0, other.box.y0)
                    assert width < 0.1 or height < 0.1, (one, other)

    def test_draws_a_tick_in_just_the_boxes_of_the_chosen_options(self, name: str, seed: int | None, fillable: bool) -> None:
        it = made(name, seed, fillable)
        pages = rendered(it.document.data)
        options = [place for place in it.document.places if "/" in place.tag]
        assert options
        ticked = {place.tag for place in options if ink(pages, place) > 10}
        assert ticked == {str(tag) for tag in fill(it.form, it.record).ticked}
        for place in options:
            assert ink(pages, place, inside=-1) > 40, "the box itself"

    def test_is_the_same_bytes_for_the_same_identity(self, name: str, seed: int | None, fillable: bool) -> None:
        it = made(name, seed, fillable)
        assert make(it.form, it.record, fillable).document == it.document


def _structure(element: Any) -> Iterator[Any]:
    children = element.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        child = child.get_object()
        if isinstance(child, dict) and "/S" in child:
            yield child
            yield from _structure(child)


def _field(place: Place) -> str:
    tag = Tag.read(place.tag)
    assert tag is not None
    return tag.field


@pytest.mark.parametrize("fillable", FLAVOURS)
@pytest.mark.parametrize("name", FORMS)
def test_a_blank_form_is_small(name: str, fillable: bool) -> None:
    assert len(made(name, None, fillable).document.data) < 150_000


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
    marks = {name: form.fields[name].parse("有：临江市某某单位") for name in ("pledge_seal", "pledge_signature")}
    marked = make(form, filled.model_copy(update={"values": marks}), fillable)
    for one, other in zip(rendered(blank.document.data), rendered(marked.document.data), strict=True):
        assert one.tobytes() == other.tobytes()


class TestLongAnswers:
    TEXT = "\n".join([PROSE * 6] * 12)

    def test_break_over_pages_in_a_flat_form_and_nothing_is_cut(self) -> None:
        it = make(form_named("pilot-application"), with_values("pilot-application", overview=self.TEXT), fillable=False)
        places = it.places["sealform:overview"]
        assert [place.page for place in places] == [1, 2, 3]
        assert squeezed(text_in(it.document.data, places)) == squeezed(self.TEXT)
        pages = rendered(it.document.data)
        assert [code.text for page in pages for code in zxingcpp.read_barcodes(page)] == [
            it.identity.qr_payload(number) for number in range(1, len(pages) + 1)
        ]

    def test_make_their_row_grow_in_a_fillable_form(self) -> None:
        text = "\n".join([PROSE * 5] * 5)
        it = make(form_named("pilot-application"), with_values("pilot-application", overview=text), fillable=True)
        (place,) = it.places["sealform:overview"]
        assert place.box.y1 - place.box.y0 > 12.5 / 2.54 * 72 + 20
        assert height_of_ink(rendered(it.document.data), place) > 12.5 / 2.54 * 72, "the value is that long"

    def test_are_set_smaller_where_a_fillable_page_is_too_short(self) -> None:
        text = "\n".join([PROSE * 5] * 9)
        it = make(form_named("pilot-application"), with_values("pilot-application", overview=text), fillable=True)
        (place,) = it.places["sealform:overview"]
        shown = make(form_named("pilot-application"), with_values("pilot-application", overview=PROSE), fillable=True)
        small = darkness(rendered(it.document.data), place) / len(text)
        normal = darkness(rendered(shown.document.data), shown.places["sealform:overview"][0]) / len(PROSE)
        assert (7 / 10.5) ** 2 * 0.95 < small / normal < 0.95, "letters take less ink, and none is missing"

    def test_that_no_page_can_hold_are_an_error_that_names_the_field(self) -> None:
        record = with_values("pilot-application", overview=self.TEXT * 2)
        with pytest.raises(GenerationError, match="申报主体概况"):
            make(form_named("pilot-application"), record, fillable=True)

    def test_of_any_length_are_refused_before_they_cost_time(self) -> None:
        record = with_values("pilot-application", overview="字" * 200_001)
        with pytest.raises(GenerationError, match="200000"):
            make(form_named("pilot-application"), record, fillable=False)

    def test_make_a_table_inside_the_form_grow(self) -> None:
        form = form_named("enterprise-filing")
        rows = [{"source": f"第{number}种能源", "consumption": None, "supplier": None} for number in range(1, 41)]
        it = make(form, with_values(form.name, sources=tuple(rows)), fillable=False)
        for number in range(40):
            assert squeezed(text_in(it.document.data, it.places[f"sealform:sources[{number}].source"])) == f"第{number + 1}种能源"
        assert [place.page for place in it.places["sealform:sources"]] == [1, 2]


def _pages(it: Made) -> list[Any]:
    return list(PdfReader(io.BytesIO(it.document.data)).pages)


class TestHostileText:
    MARKUP = (
        '#set text(red) $x^2$ \\u{41} "引号" *粗* _斜_ `raw` <label> @ref',
        '#read("/etc/passwd") #include "form.typ" #sys.inputs #panic("x")',
        "= 标题 - 列表 + 一 / 术语: 定义 // 注释 /* x */ [#] {1+1} ~ -- ... ffi",
        "\\ \\\\ ' \" ]] }} )) $$ ## ##",
    )

    @pytest.mark.parametrize("fillable", FLAVOURS)
    @pytest.mark.parametrize("text", MARKUP)
    def test_shows_literally(self, text: str, fillable: bool) -> None:
        it = make(form_named("pilot-application"), with_values("pilot-application", overview=text, leader=text), fillable)
        for name in ("overview", "leader"):
            (place,) = it.places[f"sealform:{name}"]
            if not fillable:
                assert squeezed(text_in(it.document.data, [place])) == squeezed(text)
            else:
                fields = PdfReader(io.BytesIO(it.document.data)).get_fields()
                assert fields is not None
                assert fields[place.tag]["/V"] == text
                assert ink(rendered(it.document.data), place) > 100

    @pytest.mark.parametrize(
        "word",
        ["A" * 300, "，" * 200, "0123456789" * 30, "（" * 100, "http://example.com/" + "a/b-c?d=1&e=2" * 20, "Щ" * 200, "……" * 90],
    )
    def test_of_endless_words_stays_in_its_cell(self, word: str) -> None:
        it = make(form_named("pilot-application"), with_values("pilot-application", leader_title=word, tasks=word), fillable=False)
        for name in ("leader_title", "tasks"):
            assert squeezed(text_in(it.document.data, it.places[f"sealform:{name}"])) == word

    @pytest.mark.parametrize("fillable", FLAVOURS)
    @pytest.mark.parametrize(
        ("character", "named"), [("\U0001f600", "“😀”（U\\+1F600）"), ("𠮷", "“𠮷”（U\\+20BB7）"), ("\ue000", "（U\\+E000）")]
    )
    def test_with_a_character_that_the_fonts_lack_is_an_error_that_names_it(
        self, character: str, named: str, fillable: bool
    ) -> None:
        record = with_values("pilot-application", leader=f"王{character}")
        with pytest.raises(GenerationError, match=f"“申报负责人”第 2 个字符{named}"):
            make(form_named("pilot-application"), record, fillable)

    @pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f", "\u200b", "\u202e", "\ufeff", "\ud800"])
    def test_with_a_character_that_cannot_be_seen_is_an_error_that_names_its_code(self, character: str) -> None:
        with pytest.raises(GenerationError, match=rf"“申报负责人”第 2 个字符.*U\+{ord(character):04X}"):
            make(form_named("pilot-application"), with_values("pilot-application", leader=f"王{character}"), False)

    def test_in_the_definition_itself_is_found_as_well(self) -> None:
        form = form_named("enterprise-filing").model_copy(update={"notes": ("注意\U0001f600",)})
        with pytest.raises(GenerationError, match="U\\+1F600"):
            make(form, None, False)

    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.text(
            st.sampled_from("一丁龙碳，。（）“”《》…—·abcXYZ 0189-_/\\#$@*<>[]{}()'\"&%~^`|;:,.!?+=℃㎡①×"), min_size=1, max_size=400
        )
    )
    def test_of_any_kind_is_found_in_its_place(self, text: str) -> None:
        values = {"overview": text, "address": text, "leader": text}
        it = make(form_named("pilot-application"), with_values("pilot-application", **values), fillable=False)
        for name in values:
            assert squeezed(text_in(it.document.data, it.places[f"sealform:{name}"])) == squeezed(text)


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
        elements = [element for element in _structure(reader.trailer["/Root"]["/StructTreeRoot"]) if element["/S"] == "/Form"]
        assert [_qualified(element["/K"][0]["/Obj"]) for element in elements] == expected_tags(it.form, None, widgets=True)
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
                title += f"第{tag.row + 1}行{next(c.label for c in field.columns if c.field.name == tag.column)}"
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
        values = {tag: field["/V"] for tag, field in fields.items() if field.get("/FT") == "/Tx" and "/V" in field}
        assert values == texts_of(it.form, it.record)
        ticked = {tag for tag, field in fields.items() if field.get("/FT") == "/Btn" and field["/V"] == "/Yes"}
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
        values = {tag: PROSE if it.form.fields[_name(tag)].kind == "prose" else "临江某某" for tag in _some_text_tags(it)}
        filled = _by_pypdf(it.document.data, values)
        for pages in (rendered(filled), by_poppler(filled, tmp_path)):
            for tag, text in values.items():
                (place,) = it.places[tag]
                assert ink(pages, place) > 60, (tag, text)
                if text == PROSE:
                    assert height_of_ink(pages, place) > 18, "it is wrapped"

    def test_shows_in_viewers_the_right_glyphs_for_what_pypdf_fills_in(self, name: str, tmp_path: Path) -> None:
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
    return [next(tag for tag in tags if it.form.fields[_name(tag)].kind == kind) for kind in ("text", "prose", "date")]


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

    def test_refuses_what_no_size_makes_fit_and_names_the_field(self) -> None:
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


class TestOtherLayouts:
    def form(self, columns: list[float], **row: Any) -> FormDefinition:
        content = [
            {"kind": "text", "name": "a", "prompt": "经办人：", "align": "center"},
            {"kind": "number", "name": "b", "label": "数", "unit": "吨", "prompt": "合计"},
            {"kind": "date", "name": "c", "label": "日期", "prompt": "时间："},
        ]
        cells = [{"label": "名称", "columns": len(columns) - 1, "content": content}]
        raw = {"name": "t", "version": "1", "title": "试表", "columns": columns, "rows": [{"cells": cells, **row}]}
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
        it = make(form, Record(form="t", version="1", values={"b": form.fields["b"].parse("3万立方米")}), fillable=False)
        assert squeezed(text_in(it.document.data, it.places["sealform:b"])) == "3万立方米"
        assert "吨" not in PdfReader(io.BytesIO(it.document.data)).pages[0].extract_text()

    def test_wide_ones_lie_across_the_page(self) -> None:
        it = make(self.form([8, 18]), None, fillable=True)
        box = _pages(it)[0].mediabox
        assert (round(float(box.width)), round(float(box.height))) == (842, 595)
        assert all(place.box.x1 <= 842 for place in it.document.places)

    def test_too_wide_ones_are_an_error(self) -> None:
        with pytest.raises(GenerationError, match="宽 40 厘米"):
            make(self.form([10, 30]), None, fillable=False)

    @pytest.mark.parametrize("fillable", FLAVOURS)
    def test_rows_higher_than_a_page_are_an_error(self, fillable: bool) -> None:
        with pytest.raises(GenerationError, match="高于一页"):
            make(self.form([4, 10], height=40), None, fillable)
