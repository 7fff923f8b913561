import io
import re
from typing import Any

import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject

from extractor.readers.painted.rendering import Look
from extractor.readers.pdf import read_pdf
from models.page import Cell, Remark, Run, Tick
from tests.extractor.pdfs import (
    cells,
    pictures,
    saved,
    say,
    spans,
    stressed,
    tables,
    texts,
    ticks,
    typeset,
    written,
)

FORM = """#table(columns: (70pt, 100pt, 70pt, 100pt), inset: 6pt,
  [申请名称], table.cell(colspan: 3)[东湖近零碳园区试点],
  [申报单位], [武汉某某公司], [联系人], [张三],
  table.cell(rowspan: 2)[联系方式], [电话], table.cell(colspan: 2)[027-85807053],
  [地址], table.cell(colspan: 2)[珞瑜路 1 号])
"""
BOX = "50 200 10 10 re S\n"
_RULES = [(50, 250, 300, 250), (50, 220, 300, 220), *((x, 220, x, 250) for x in (50, 140, 230, 300))]
TABLE = "".join(f"{a} {b} m {c} {d} l S\n" for a, b, c, d in _RULES) + say("unit", 60, 232)
WIDGET = "/Type/Annot/Subtype/Widget/F 4"
APPEARANCE = "/Type/XObject/Subtype/Form/BBox[0 0 {} {}]/Resources<</Font<</F1 5 0 R/F2 6 0 R>>>>"


# -- tables


def test_a_ruled_table_is_read_with_its_spans() -> None:
    found = cells(typeset(FORM))
    assert found[0, 1].text == "东湖近零碳园区试点"
    assert (found[0, 1].column_span, found[2, 0].row_span, found[2, 2].column_span) == (3, 2, 2)
    assert [found[at].text for at in ((1, 1), (1, 3), (2, 1), (3, 2))] == [
        "武汉某某公司",
        "张三",
        "电话",
        "珞瑜路 1 号",
    ]


def test_boxes_are_in_points_from_the_top_left() -> None:
    box = cells(typeset(FORM))[0, 0].box
    assert box
    assert (box.x0, box.y0, box.x1) == pytest.approx((30, 30, 100), abs=1)


def test_a_turned_page_is_read_as_it_is_shown() -> None:
    writer = PdfWriter(clone_from=io.BytesIO(typeset("#rotate(90deg, reflow: true)[" + FORM + "]")))
    writer.pages[0].rotate(270)
    assert cells(saved(writer))[1, 3].text == "张三"


def test_rules_may_be_double_thin_rectangles_or_pictures() -> None:
    lines = [
        (50, 250, 300, 250),
        (50, 230, 300, 230),
        (50, 210, 300, 210),
        (50, 210, 50, 250),
        (150, 210, 150, 250),
        (300, 210, 300, 250),
    ]
    double = "".join(
        f"{a} {b} m {c} {d} l S {a + 1.5} {b + 1.5} m {c + 1.5} {d + 1.5} l S\n" for a, b, c, d in lines
    )
    filled = "".join(f"{a} {b} {max(c - a, 0.5)} {max(d - b, 0.5)} re f\n" for a, b, c, d in lines)
    drawn = "".join(
        f"q {max(c - a, 0.5)} 0 0 {max(d - b, 0.5)} {a} {b} cm /Im Do Q\n" for a, b, c, d in lines
    )
    image = {100: ("/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", "\x00")}
    for content in (double, filled, drawn):
        text = say("name", 60, 235) + say("Li Si", 160, 235) + say("town", 60, 215) + say("Wuhan", 160, 215)
        found = cells(written(content + text, resources="/XObject<</Im 100 0 R>>", streams=image))
        assert {at: cell.text for at, cell in found.items()} == {
            (0, 0): "name",
            (0, 1): "Li Si",
            (1, 0): "town",
            (1, 1): "Wuhan",
        }


def test_rules_inside_a_picture_of_the_empty_table_are_found() -> None:
    size, rows = (250, 60), bytearray(b"\xff" * 250 * 60)
    for x in range(250):
        for y in (0, 1, 29, 30, 58, 59):
            rows[y * 250 + x] = 0
    for y in range(60):
        for x in (0, 1, 100, 248, 249):
            rows[y * 250 + x] = 0
    image = {
        100: (
            f"/Subtype/Image/Width {size[0]}/Height {size[1]}/BitsPerComponent 8/ColorSpace/DeviceGray",
            rows.decode("latin-1"),
        )
    }
    text = say("name", 60, 235) + say("Li Si", 160, 235) + say("town", 60, 205) + say("Wuhan", 160, 205)
    found = cells(
        written(
            "q 250 0 0 60 50 195 cm /Im Do Q\n" + text, resources="/XObject<</Im 100 0 R>>", streams=image
        )
    )
    assert [cell.text for cell in found.values()] == ["name", "Li Si", "town", "Wuhan"]


def test_a_table_open_at_its_sides_is_closed() -> None:
    rules = "50 250 m 300 250 l S 50 230 m 300 230 l S 50 210 m 300 210 l S 150 210 m 150 250 l S\n"
    found = cells(written(rules + say("name", 60, 235) + say("Li Si", 160, 235)))
    assert [found[0, 0].text, found[0, 1].text] == ["name", "Li Si"]


def test_a_form_without_rules_is_read_by_its_columns_and_left_to_a_person() -> None:
    rows = [("name", "Li Si"), ("unit", "Wuhan Works"), ("phone", "027-85807053")]
    found = cells(
        written(
            "".join(
                say(label, 50, 250 - 20 * i) + say(value, 150, 250 - 20 * i)
                for i, (label, value) in enumerate(rows)
            )
        )
    )
    assert [(found[i, 0].text, found[i, 1].text) for i in range(3)] == rows
    assert all(
        span.confidence < 0.9
        for cell in found.values()
        for line in cell.lines
        for span in line.spans
        if isinstance(span, Run)
    )


def test_a_row_that_breaks_over_pages_goes_on_on_the_next() -> None:
    reading = read_pdf(typeset("#table(columns: (80pt, 200pt), [概况], [" + "年客流量十万人次。" * 40 + "])"))
    first, second = tables(reading)
    assert len(reading.pages.pages) == 2
    assert second.cells[0].text == ""
    assert (first.cells[1].text + second.cells[1].text).replace("\n", "") == "年客流量十万人次。" * 40


def test_lines_that_only_the_cell_broke_are_one_and_others_are_not() -> None:
    broken = say("wangxiaoming_", 145, 240, 10) + say("3714@a.com", 145, 228, 10)
    wrapped = say("Wuhan Donghu", 145, 240, 10) + say("Works", 145, 228, 10)
    begun = say("1. trees", 145, 240, 10) + say("2. water", 145, 228, 10)
    assert [cells(written(TABLE + lines))[0, 1].text for lines in (broken, wrapped, begun)] == [
        "wangxiaoming_3714@a.com", "Wuhan Donghu Works", "1. trees\n2. water",
    ]  # fmt: skip


def test_a_table_in_a_cell_is_read_row_by_row() -> None:
    inner = "#table(columns: (50pt, 40pt), [项目], [投资额万元], [光伏], [1260])"
    found = cells(typeset(f"#table(columns: (60pt, 200pt), inset: 8pt, [任务], [{inner}])"))
    assert found[0, 1].text == "项目\t投资额万元\n光伏\t1260"


# -- what can't be seen does not count


@pytest.mark.parametrize(
    "hidden",
    [
        say("GHOST", before="3 Tr"),
        say("GHOST", before="1 g"),
        say("GHOST", before="0 0 10 10 re W n"),
        say("GHOST", x=500),
        say("GHOST", before="/Clear gs"),
        say("GHOST") + "q 1 g 40 190 200 40 re f Q\n",
        say("GHOST") + "q 200 0 0 40 40 190 cm /Im Do Q\n",
        "/OC /Off BDC " + say("GHOST") + "EMC\n",
    ],
    ids=[
        "render mode 3",
        "white",
        "clipped",
        "off the page",
        "transparent",
        "under a white field",
        "under a picture",
        "layer off",
    ],
)
def test_text_that_nobody_sees_is_left_out(hidden: str) -> None:
    data = written(
        hidden + say("seen", y=100),
        resources="/ExtGState<</Clear<</ca 0>>>>/XObject<</Im 100 0 R>>/Properties<</Off 101 0 R>>",
        catalog="/OCProperties<</OCGs[101 0 R]/D<</OFF[101 0 R]>>>>",
        streams={
            100: ("/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", "\xf0"),
            101: ("/Type/OCG/Name(hidden)", ""),
        },
    )
    assert [text for text in texts(data) if text] == ["seen"]


def test_white_text_on_a_dark_field_is_seen() -> None:
    assert texts(written("0 g 40 190 200 40 re f\n" + say("seen", before="1 g"))) == ["seen"]


def _scan(text: str) -> bytes:
    rows = b"".join(bytes(0 if (x // 3 + y // 3) % 5 == 0 else 255 for x in range(100)) for y in range(75))
    image = {
        100: (
            "/Subtype/Image/Width 100/Height 75/BitsPerComponent 8/ColorSpace/DeviceGray",
            rows.decode("latin-1"),
        )
    }
    return written(
        "q 400 0 0 300 0 0 cm /Im Do Q\n" + text, resources="/XObject<</Im 100 0 R>>", streams=image
    )


@pytest.mark.parametrize(
    "layer",
    ["", say("an old reading of the scan that says something else", before="3 Tr"), say("typed on it")],
)
def test_a_scan_goes_to_the_image_reader_whatever_text_lies_on_it(layer: str) -> None:
    reading = read_pdf(_scan(layer))
    assert reading.scanned == (1,)
    assert reading.pages.pages[0].blocks == ()


def test_a_page_that_is_a_picture_alone_is_not_drawn_to_see_that(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    draw = Look.of

    def of(page: Any, dpi: int = 100) -> Look:
        drawn.append(dpi)
        return draw(page, dpi)

    monkeypatch.setattr(Look, "of", of)
    assert read_pdf(_scan("")).scanned == (1,)
    assert not drawn
    assert read_pdf(_scan(say("typed on it"))).scanned == (1,)
    assert drawn


def test_a_blank_page_is_no_scan() -> None:
    assert read_pdf(written("")).scanned == ()


def _with_shifted_unicode(data: bytes) -> bytes:
    """The same page, its fonts claiming of each glyph that it is the character so many code points on."""
    writer = PdfWriter(clone_from=io.BytesIO(data))
    for font in writer.pages[0]["/Resources"]["/Font"].values():  # type: ignore[index]
        font = font.get_object()
        text = font["/ToUnicode"].get_object().get_data().decode("ascii")
        shifted = re.sub(r"<([0-9A-Fa-f]{4})>(\s*\n|$)", lambda m: f"<{int(m[1], 16) + 7:04X}>{m[2]}", text)
        stream = DecodedStreamObject()
        stream.set_data(shifted.encode("ascii"))
        font[NameObject("/ToUnicode")] = writer._add_object(stream)
    return saved(writer)


def test_a_page_whose_fonts_lie_about_their_characters_is_read_as_an_image() -> None:
    honest = typeset(FORM)
    assert read_pdf(honest).scanned == ()
    assert read_pdf(_with_shifted_unicode(honest)).scanned == (1,)


def test_a_radical_is_the_character_it_looks_like() -> None:
    # Chromium writes these for 长江文化青年.
    assert texts(typeset("⻓江⽂化⻘年")) == ["长江文化青年"]


# -- emphasis and marks


def test_rules_under_and_through_words_and_fields_behind_them_are_emphasis() -> None:
    data = typeset("#underline[甲] #strike[乙] #highlight[丙] #text(fill: red)[丁] 戊")
    assert [stressed(data, kind) for kind in ("underline", "strike", "highlight", "colour")] == [
        "甲",
        "乙",
        "丙",
        "丁",
    ]


@pytest.mark.parametrize(
    ("drawn", "state"),
    [
        (BOX, "empty"),
        (BOX + "52 205 m 54 202 l 58 208 l S\n", "ticked"),
        (BOX + "50 200 m 60 210 l S 50 210 m 60 200 l S\n", "ticked"),
        ("0 g 50 200 10 10 re f\n", "ticked"),
        (BOX + "53 203 4 4 re f\n", "ticked"),
        (BOX + say("x", 52, 202, 9), "ticked"),
        (BOX + "BT /F2 9 Tf 52 202 Td (4) Tj ET\n", "ticked"),
        (BOX + "52 205 m 56 201 l 75 225 l S\n", "unclear"),
        ("50 200 m 60 200 l S 60 200 m 60 210 l S 60 210 m 50 210 l S 50 210 m 50 200 l S\n", "empty"),
    ],
    ids=["box", "check", "cross", "black", "dot", "letter", "dingbat", "by hand", "four lines"],
)
def test_drawn_boxes_are_ticks(drawn: str, state: str) -> None:
    data = written(drawn + say("park", 65, 202))
    assert ticks(data) == [state]
    assert texts(data)[-1].endswith("park")


def test_signs_of_symbol_fonts_are_marks_by_their_codes() -> None:
    data = written(
        "BT /F2 12 Tf 50 200 Td (n) Tj 20 0 Td (o) Tj 20 0 Td (4) Tj 20 0 Td (8) Tj ET\n"
        + say("park", 150, 200)
    )
    assert ticks(data) == ["ticked", "empty", "tick", "cross"]


def test_literal_marks_stay_characters() -> None:
    assert texts(typeset("√城镇 ○商业")) == ["√城镇 ○商业"]


def test_pictures_stand_in_their_cells() -> None:
    image = {100: ("/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", "\x40")}
    rules = "50 100 300 100 re S 150 100 m 150 200 l S\n"
    data = written(
        rules + "q 60 0 0 60 200 120 cm /Im Do Q\n", resources="/XObject<</Im 100 0 R>>", streams=image
    )
    assert [
        span.kind
        for line in cells(data)[0, 1].lines
        for span in line.spans
        if not isinstance(span, Run | Tick)
    ] == ["picture"]


# -- form fields and annotations


def _field(name: str, more: str, box: str = "[150 230 300 245]") -> str:
    return f"{WIDGET}/T({name})/Rect{box}{more}"


def _cell_of(data: bytes) -> Cell:
    return cells(data)[0, 1]


def test_a_text_field_counts_in_its_cell_with_and_without_appearance() -> None:
    shown = {100: (APPEARANCE.format(150, 15), "/Tx BMC BT /F1 10 Tf 2 4 Td (Wuhan Works) Tj ET EMC")}
    with_look = written(TABLE, [_field("unit", "/FT/Tx/V(Wuhan Works)/AP<</N 100 0 R>>")], streams=shown)
    without = written(TABLE, [_field("unit", "/FT/Tx/V(Wuhan Works)")])
    assert [_cell_of(data).text for data in (with_look, without)] == ["Wuhan Works", "Wuhan Works"]
    assert read_pdf(with_look).pages.mismatches == ()


def test_what_is_cut_off_of_a_field_is_told_of_its_own_cell_and_not_of_the_next() -> None:
    shown = {100: (APPEARANCE.format(60, 15), "BT /F1 10 Tf 2 4 Td (13871520946 ext 9865 17) Tj ET")}
    for value, told in (("13871520946 ext 9865 17", 1), ("13871520946 ext", 2)):
        field = _field("unit", f"/FT/Tx/V({value})/AP<</N 100 0 R>>", "[145 225 205 240]")
        read = cells(written(TABLE, [field], streams=shown))
        remarks = [
            [span.text for line in read[at].lines for span in line.spans if isinstance(span, Remark)]
            for at in ((0, 1), (0, 2))
        ]
        assert len(remarks[0]) == told
        assert remarks[1] == []


def test_where_a_field_shows_something_else_than_it_holds_the_look_counts_and_it_is_told() -> None:
    shown = {100: (APPEARANCE.format(150, 15), "BT /F1 10 Tf 2 4 Td (old name) Tj ET")}
    data = written(TABLE, [_field("sealform:unit", "/FT/Tx/V(new name)/AP<</N 100 0 R>>")], streams=shown)
    reading = read_pdf(data)
    assert _cell_of(data).text == "old name"
    assert [control.text for control in reading.pages.controls] == ["new name"]
    told = reading.pages.mismatches[0]
    assert (told.shown, told.stored, told.tag and told.tag.field, told.page) == (
        "old name",
        "new name",
        "unit",
        1,
    )


def test_the_value_counts_where_viewers_draw_fields_anew() -> None:
    shown = {100: (APPEARANCE.format(150, 15), "BT /F1 10 Tf 2 4 Td (old name) Tj ET")}
    fields = [_field("unit", "/FT/Tx/V(new name)/AP<</N 100 0 R>>")]
    assert (
        _cell_of(written(TABLE, fields, catalog="/AcroForm<</NeedAppearances true>>", streams=shown)).text
        == "new name"
    )


@pytest.mark.parametrize(
    ("more", "state", "told"),
    [
        ("/FT/Btn/V/Yes/AS/Yes/AP<</N<</Yes 100 0 R/Off 101 0 R>>>>", "ticked", False),
        ("/FT/Btn/V/Off/AS/Off/AP<</N<</Yes 100 0 R/Off 101 0 R>>>>", "empty", False),
        ("/FT/Btn/V/Yes", "ticked", False),
        ("/FT/Btn", "empty", False),
        ("/FT/Btn/V/Yes/AS/Off/AP<</N<</Yes 100 0 R/Off 101 0 R>>>>", "unclear", True),
        ("/FT/Btn/V/Yes/AS/Yes/AP<</N<</Yes 101 0 R/Off 101 0 R>>>>", "unclear", True),
        ("/FT/Btn/Ff 32768/V/Yes/AS/Yes/AP<</N<</Yes 100 0 R/Off 101 0 R>>>>", "ticked", False),
    ],
    ids=[
        "on",
        "off",
        "on without look",
        "off without look",
        "value and look differ",
        "on but nothing shows",
        "radio",
    ],
)
def test_check_boxes_and_radio_buttons_are_ticks(more: str, state: str, told: bool) -> None:
    looks = {
        100: (APPEARANCE.format(12, 12), "BT /F2 10 Tf 2 2 Td (4) Tj ET"),
        101: (APPEARANCE.format(12, 12), ""),
    }
    data = written(
        BOX + say("park", 70, 202), [_field("sealform:types/2", more, "[49 199 61 211]")], streams=looks
    )
    assert ticks(data) == [state]
    assert next(span.tag.option for span in spans(data) if isinstance(span, Tick) and span.tag) == 2
    assert bool(read_pdf(data).pages.mismatches) == told


def test_of_a_list_only_what_was_chosen_counts() -> None:
    data = written(TABLE, [_field("unit", "/FT/Ch/V(b)/Opt[[(a)(Town)][(b)(Park)]]")])
    assert _cell_of(data).text == "Park"


def test_typewriter_text_counts_and_a_hidden_note_does_not() -> None:
    typed = {100: (APPEARANCE.format(150, 15), "BT /F1 10 Tf 2 4 Td (typed) Tj ET")}
    note = "/Type/Annot/Subtype/FreeText/Rect[150 230 300 245]/Contents(typed)/AP<</N 100 0 R>>"
    assert _cell_of(written(TABLE, [note], streams=typed)).text == "typed"
    assert _cell_of(written(TABLE, [note + "/F 2"], streams=typed)).text == ""


def test_ink_over_a_box_makes_it_unclear_and_elsewhere_it_is_a_picture() -> None:
    over = "/Type/Annot/Subtype/Ink/Rect[48 198 75 230]/InkList[[52 205 56 201 75 228]]"
    beside = "/Type/Annot/Subtype/Ink/Rect[200 198 260 230]/InkList[[202 205 230 201 258 228]]"
    assert ticks(written(BOX + say("park", 80, 202), [over])) == ["unclear"]
    away = written(BOX + say("park", 80, 202), [beside])
    assert (ticks(away), pictures(away)) == (["empty"], ["ink"])


def test_a_highlight_is_emphasis_and_a_stamp_a_picture() -> None:
    quad = "/QuadPoints[50 215 75 215 50 195 75 195]"
    marked = written(say("park town"), [f"/Type/Annot/Subtype/Highlight/Rect[50 195 75 215]{quad}"])
    assert stressed(marked, "highlight").strip() == "park"
    assert pictures(written(say("park"), ["/Type/Annot/Subtype/Stamp/Rect[200 100 300 200]"])) == ["picture"]
