import io
import zlib

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject

from extractor.limits import PdfLimits
from extractor.readers.pdf import read_pdf
from generator import generate, new_identity
from models.errors import Damaged, Encrypted, Hostile, TooLarge, UnsupportedKind
from models.identity import Identity
from models.page import Table
from tests.conftest import Forms
from tests.extractor.pdfs import saved, say, texts, typeset, with_pages, written


def test_the_form_is_known_by_the_files_information_or_its_code() -> None:
    identity = Identity(form="pilot-application", version="2021.1", instance="7K3M")
    writer = PdfWriter(clone_from=io.BytesIO(written(say("x"))))
    writer.add_metadata({"/Keywords": identity.qr_payload()})
    assert read_pdf(saved(writer)).pages.identity == identity


def test_an_empty_user_password_opens_and_a_set_one_does_not() -> None:
    for password in ("", "secret"):
        writer = PdfWriter(clone_from=io.BytesIO(written(say("seen"))))
        writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-256")
        if password:
            with pytest.raises(Encrypted):
                read_pdf(saved(writer))
        else:
            assert texts(saved(writer)) == ["seen"]


def test_broken_files_are_damaged_and_files_cut_short_say_so() -> None:
    whole = typeset("申请名称：东湖近零碳园区试点")
    for data in (b"%PDF-1.7\nnothing", whole[:300], b""):
        with pytest.raises(Damaged):
            read_pdf(data)
    assert any("没有传完" in damage for damage in read_pdf(written(say("seen"))[:-7]).pages.damage)


def test_too_many_pages_are_refused_by_number() -> None:
    with pytest.raises(TooLarge, match="12 页"):
        read_pdf(with_pages(written(say("x")), 12), PdfLimits(pages=10))


def test_content_that_explodes_is_hostile() -> None:
    bomb = zlib.compress(b" " * (80 << 20), 9).decode("latin-1")
    with pytest.raises(Hostile):
        read_pdf(
            written(
                "/Fm Do",
                resources="/XObject<</Fm 100 0 R>>",
                streams={100: ("/Subtype/Form/BBox[0 0 1 1]/Filter/FlateDecode", bomb)},
            )
        )


def test_a_form_that_draws_itself_is_hostile_before_pdfium_sees_it() -> None:
    drawing = (
        "/Type/XObject/Subtype/Form/BBox[0 0 400 300]/Resources<</XObject<</X 100 0 R>>>>",
        "/X Do /X Do",
    )
    data = written(say("x") + "/X Do", resources="/XObject<</X 100 0 R>>", streams={100: drawing})
    with pytest.raises(Hostile):
        read_pdf(data)


def test_forms_that_multiply_by_calling_each_other_are_hostile() -> None:
    deep = {
        100 + n: (
            f"/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</Fm {101 + n} 0 R>>>>",
            "/Fm Do " * 10 if n < 8 else "0 0 1 1 re f",
        )
        for n in range(9)
    }
    with pytest.raises(Hostile):
        read_pdf(written("/Fm Do", resources="/XObject<</Fm 100 0 R>>", streams=deep))


def test_a_dynamic_xfa_form_is_refused_with_advice() -> None:
    with pytest.raises(UnsupportedKind) as refused:
        read_pdf(written(say("Please wait..."), catalog="/NeedsRendering true/AcroForm<</XFA(x)>>"))
    assert "打印为 PDF" in refused.value.advice


def test_files_inside_are_handed_out_without_their_paths() -> None:
    writer = PdfWriter(clone_from=io.BytesIO(written(say("cover"))))
    writer.add_attachment("../form.docx", b"PK")
    reading = read_pdf(saved(writer))
    assert [(attachment.name, attachment.data) for attachment in reading.attachments] == [
        ("form.docx", b"PK")
    ]
    assert not reading.is_portfolio


def test_a_page_that_breaks_costs_itself_alone() -> None:
    broken = written(
        "/Fm Do", resources="/XObject<</Fm 100 0 R>>", streams={100: ("/Subtype/Form/BBox[(a) 0 1 1]", "")}
    )
    writer = PdfWriter(clone_from=io.BytesIO(broken))
    writer.add_page(PdfReader(io.BytesIO(written(say("seen")))).pages[0])
    reading = read_pdf(saved(writer))
    assert reading.scanned == (1,)
    assert reading.pages.damage == ("第 1 页的内容有损坏",)
    assert texts(saved(writer)) == ["seen"]


def test_a_font_with_widths_for_characters_that_none_has_is_read_in_time() -> None:
    writer = PdfWriter(clone_from=io.BytesIO(written(say("seen"))))
    inner = DictionaryObject(
        {NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/CIDFontType2")}
    )
    inner[NameObject("/W")] = ArrayObject([NumberObject(0), NumberObject(999_999_999_999), NumberObject(500)])
    font = DictionaryObject(
        {NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type0")}
    )
    font[NameObject("/Encoding")] = NameObject("/Identity-H")
    font[NameObject("/DescendantFonts")] = ArrayObject([writer._add_object(inner)])
    fonts = writer.pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    fonts[NameObject("/F3")] = writer._add_object(font)
    assert texts(saved(writer))[0] == "seen"


def test_a_page_with_hidden_words_all_over_is_read_in_time_and_told() -> None:
    hidden = "".join(say(f"x{n}", x=n % 40 * 10, y=n // 40 * 3, size=2, before="3 Tr") for n in range(4000))
    pages = read_pdf(written(say("seen") + hidden)).pages
    assert pages.damage == ("第 1 页有 4000 处看不见的文字",)
    assert len(pages.aside[0].text) > 4000


def test_what_a_program_set_in_our_form_is_read_as_the_font_that_is_not_embedded_shows_it(
    forms: Forms,
) -> None:
    """pypdf draws a value in SimSun, whose codes are Unicode; pdfminer's map told other characters."""
    form = forms["pilot-application"]
    values = {"organization": "武汉东湖开发区管委会", "phone": "0714-6814989"}
    writer = PdfWriter(clone_from=io.BytesIO(generate(form, "pdf", new_identity(form)).data))
    for page in writer.pages:
        named = {f"sealform:{name}": value for name, value in values.items()}
        writer.update_page_form_field_values(page, named, auto_regenerate=False)
    out = io.BytesIO()
    writer.write(out)
    reading = read_pdf(out.getvalue())
    text = "".join(
        line.text
        for page in reading.pages.pages
        for block in page.blocks
        if isinstance(block, Table)
        for cell in block.cells
        for line in cell.lines
    )
    assert values["organization"] in text
    assert values["phone"] in text
    assert not {f"sealform:{name}" for name in values} & {odd.name for odd in reading.pages.mismatches}
