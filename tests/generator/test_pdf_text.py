import io

import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from models.errors import GenerationError
from tests.pdf_views import (
    FLAVOURS,
    PROSE,
    darkness,
    form_named,
    height_of_ink,
    ink,
    make,
    rendered,
    squeezed,
    text_in,
    with_values,
)


class TestLongAnswers:
    TEXT = "\n".join([PROSE * 6] * 12)

    def test_break_over_pages_in_a_flat_form_and_nothing_is_cut(self) -> None:
        it = make(
            form_named("pilot-application"),
            with_values("pilot-application", overview=self.TEXT),
            fillable=False,
        )
        places = it.places["sealform:overview"]
        assert [place.page for place in places] == [1, 2, 3]
        assert squeezed(text_in(it.document.data, places)) == squeezed(self.TEXT)
        pages = rendered(it.document.data)
        codes = [code.text for page in pages for code in zxingcpp.read_barcodes(page)]
        assert [text for text in codes if not text.startswith("SV1/")] == [
            it.identity.qr_payload(number) for number in range(1, len(pages) + 1)
        ]

    def test_make_their_row_grow_in_a_fillable_form(self) -> None:
        text = "\n".join([PROSE * 5] * 5)
        it = make(
            form_named("pilot-application"), with_values("pilot-application", overview=text), fillable=True
        )
        (place,) = it.places["sealform:overview"]
        assert place.box.y1 - place.box.y0 > 12.5 / 2.54 * 72 + 20
        assert height_of_ink(rendered(it.document.data), place) > 12.5 / 2.54 * 72, "the value is that long"

    def test_are_set_smaller_where_a_fillable_page_is_too_short(self) -> None:
        text = "\n".join([PROSE * 5] * 9)
        it = make(
            form_named("pilot-application"), with_values("pilot-application", overview=text), fillable=True
        )
        (place,) = it.places["sealform:overview"]
        shown = make(
            form_named("pilot-application"), with_values("pilot-application", overview=PROSE), fillable=True
        )
        small = darkness(rendered(it.document.data), place) / len(text)
        normal = darkness(rendered(shown.document.data), shown.places["sealform:overview"][0]) / len(PROSE)
        assert (7 / 10.5) ** 2 * 0.95 < small / normal < 0.95, "letters take less ink, and none is missing"

    def test_that_no_page_can_hold_are_an_error_that_names_thefield_of(self) -> None:
        record = with_values("pilot-application", overview=self.TEXT * 2)
        with pytest.raises(GenerationError, match="申报主体概况"):
            make(form_named("pilot-application"), record, fillable=True)

    @pytest.mark.parametrize("text", ["字" * 60_001, "字\n" * 2_000])
    def test_of_any_length_are_refused_before_they_cost_time(self, text: str) -> None:
        record = with_values("pilot-application", overview=text)
        with pytest.raises(GenerationError, match="超过 60000 个"):
            make(form_named("pilot-application"), record, fillable=False)

    def test_make_a_table_inside_the_form_grow(self) -> None:
        form = form_named("enterprise-filing")
        rows = [
            {"source": f"第{number}种能源", "consumption": None, "supplier": None} for number in range(1, 41)
        ]
        it = make(form, with_values(form.name, sources=tuple(rows)), fillable=False)
        for number in range(40):
            assert (
                squeezed(text_in(it.document.data, it.places[f"sealform:sources[{number}].source"]))
                == f"第{number + 1}种能源"
            )
        assert [place.page for place in it.places["sealform:sources"]] == [1, 2]


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
        it = make(
            form_named("pilot-application"),
            with_values("pilot-application", overview=text, leader=text),
            fillable,
        )
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
        [
            "A" * 300,
            "，" * 200,
            "0123456789" * 30,
            "（" * 100,
            "http://example.com/" + "a/b-c?d=1&e=2" * 20,
            "Щ" * 200,
            "……" * 90,
        ],
    )
    def test_of_endless_words_stays_in_its_cell(self, word: str) -> None:
        it = make(
            form_named("pilot-application"),
            with_values("pilot-application", leader_title=word, tasks=word),
            fillable=False,
        )
        for name in ("leader_title", "tasks"):
            assert squeezed(text_in(it.document.data, it.places[f"sealform:{name}"])) == word

    @pytest.mark.parametrize("fillable", FLAVOURS)
    @pytest.mark.parametrize(
        ("character", "named"),
        [("\U0001f600", "“😀”（U\\+1F600）"), ("𠮷", "“𠮷”（U\\+20BB7）"), ("\ue000", "（U\\+E000）")],
    )
    def test_with_a_character_that_the_fonts_lack_is_an_error_that_names_it(
        self, character: str, named: str, fillable: bool
    ) -> None:
        record = with_values("pilot-application", leader=f"王{character}")
        with pytest.raises(GenerationError, match=f"“申报负责人”第 2 个字符{named}"):
            make(form_named("pilot-application"), record, fillable)

    @pytest.mark.parametrize(
        "character", ["\x00", "\x07", "\x1b", "\x7f", "\u200b", "\u202e", "\ufeff", "\ud800"]
    )
    def test_with_a_character_that_cannot_be_seen_is_an_error_that_names_its_code(
        self, character: str
    ) -> None:
        with pytest.raises(GenerationError, match=rf"“申报负责人”第 2 个字符.*U\+{ord(character):04X}"):
            make(
                form_named("pilot-application"),
                with_values("pilot-application", leader=f"王{character}"),
                False,
            )

    def test_in_the_definition_itself_is_found_as_well(self) -> None:
        form = form_named("enterprise-filing").model_copy(update={"notes": ("注意\U0001f600",)})
        with pytest.raises(GenerationError, match="U\\+1F600"):
            make(form, None, False)

    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.text(
            st.sampled_from("一丁龙碳，。（）“”《》…—·abcXYZ 0189-_/\\#$@*<>[]{}()'\"&%~^`|;:,.!?+=℃㎡①×"),
            min_size=1,
            max_size=400,
        )
    )
    def test_of_any_kind_is_found_in_its_place(self, text: str) -> None:
        values = {"overview": text, "address": text, "leader": text}
        it = make(form_named("pilot-application"), with_values("pilot-application", **values), fillable=False)
        for name in values:
            assert squeezed(text_in(it.document.data, it.places[f"sealform:{name}"])) == squeezed(text)
