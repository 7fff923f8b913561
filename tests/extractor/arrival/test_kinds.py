"""Kinds of file that call themselves Word, or once were: each is told by its content and read as what it
is."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest

from extractor import Limits, Options, Source, extract
from extractor.arrival.kinds import CONTAINERS, Kind, kind_of
from extractor.limits import ZipLimits
from extractor.readers.by_kind import READERS
from extractor.readers.html import read_html
from extractor.readers.word import read_word_xml
from extractor.readers.word.activex import read_activex
from generator import generate, new_identity
from models.errors import Damaged, Hostile, SealformError, UnsupportedKind
from models.form import FormDefinition
from models.page import Cell, Line, Pages, Table
from tests.conftest import Convert
from tests.extractor.documents import NAMESPACES, docx, paragraph, row, table
from tests.records import random_record

W2003 = "http://schemas.microsoft.com/office/word/2003/wordml"
AUX = "http://schemas.microsoft.com/office/word/2003/auxHint"
PAGE = (
    "<html><head><style>td{}</style><title>x</title></head><body><h1>小表</h1><table>"
    "<tr><td>名称</td><td colspan=2>甲<br>乙</td></tr>"
    "<tr><td rowspan=2>类型</td><td><span style=\"font-family:'Wingdings "
    "2'\">R</span>城镇&nbsp;</td><td>□商业</td></tr>"
    "<tr><td><input type=checkbox checked>园区</td><td><b>丁</b><span "
    "style='display:none'>藏</span><script>x</script></td></tr>"
    "</table><p>注</p></body></html>"
)


def cells(pages: Pages) -> list[tuple[int, int, int, int, str]]:
    every = [block for page in pages.pages for block in page.blocks if isinstance(block, Table)]
    return [_placed(cell) for one in every for cell in one.cells]


def _placed(cell: Cell) -> tuple[int, int, int, int, str]:
    return cell.row, cell.column, cell.row_span, cell.column_span, cell.text


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (docx(paragraph("甲")), "word"),
        (b"{\\rtf1 x}", "rtf"),
        (
            f'<?mso-application progid="Word.Document"?><w:wordDocument xmlns:w="{W2003}"/>'.encode(),
            "word-xml",
        ),
        (b'<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"/>', "word-xml"),
        (PAGE.encode("gb18030"), "html"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html></html>", "html"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n", "html"),
    ],
)
def test_a_file_is_told_by_its_content(data: bytes, kind: str) -> None:
    assert kind_of(data) == kind


def test_a_web_page_is_read_with_its_spans_marks_and_hidden_text() -> None:
    pages = read_html(PAGE.replace("<head>", '<head><meta charset="gb2312">').encode("gb18030"))
    assert cells(pages) == [
        (0, 0, 1, 1, "名称"), (0, 1, 1, 2, "甲\n乙"),
        (1, 0, 2, 1, "类型"), (1, 1, 1, 1, "☑城镇\xa0"), (1, 2, 1, 1, "□商业"),
        (2, 1, 1, 1, "☑园区"), (2, 2, 1, 1, "丁"),
    ]  # fmt: skip
    assert [block.text for block in pages.pages[0].blocks if isinstance(block, Line)] == ["小表", "注"]


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "utf-16"])
def test_a_web_page_s_encoding_is_found_out(charset: str) -> None:
    data = (
        PAGE.encode(charset)
        if charset != "utf-16"
        else PAGE.replace("<head>", '<head><meta charset="utf-16">').encode("utf-8")
    )
    assert cells(read_html(data))[0][4] == "名称"


def test_a_web_archive_is_read_like_its_page() -> None:
    body = base64.encodebytes(PAGE.encode("gb18030")).decode()
    head = 'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="x"\n\n--x\n'
    part = f'Content-Type: text/html; charset="gb2312"\nContent-Transfer-Encoding: base64\n\n{body}\n--x--\n'
    assert cells(read_html((head + part).encode()))[0][4] == "名称"
    with pytest.raises(Damaged):
        read_html(b"MIME-Version: 1.0\nContent-Type: text/plain\n\nhello")


def test_web_pages_nested_beyond_reason_are_refused() -> None:
    with pytest.raises((Hostile, Damaged)):
        read_html(b"<html><body>" + b"<div>" * 5000 + b"x")


def test_word_2003_xml_is_read() -> None:
    body = f"<wx:sect>{paragraph('小表')}{table(row('类型', '甲'))}</wx:sect>"
    data = (
        f'<w:wordDocument xmlns:w="{W2003}" xmlns:wx="{AUX}">'
        f"<w:body>{body}</w:body></w:wordDocument>".encode()
    )
    assert [text for *_, text in cells(read_word_xml(data, ZipLimits()))] == ["类型", "甲"]


def test_flat_packages_are_read() -> None:
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{relation}" Target="word/document.xml"/></Relationships>'
    )
    document = f"<w:document {NAMESPACES}><w:body>{table(row('类型', '甲'))}</w:body></w:document>"
    parts = "".join(
        f'<pkg:part pkg:name="{name}"><pkg:xmlData>{xml}</pkg:xmlData></pkg:part>'
        for name, xml in (("/_rels/.rels", rels), ("/word/document.xml", document))
    )
    data = (
        '<pkg:package xmlns:pkg="http://schemas.microsoft.com/'
        f'office/2006/xmlPackage">{parts}</pkg:package>'.encode()
    )
    assert [text for *_, text in cells(read_word_xml(data, ZipLimits()))] == ["类型", "甲"]


def test_other_xml_is_no_word_document() -> None:
    with pytest.raises(UnsupportedKind):
        read_word_xml(b"<a/>", ZipLimits())
    with pytest.raises(Hostile):
        read_word_xml(b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', ZipLimits())


def test_what_is_no_compound_file_holds_no_control() -> None:
    assert read_activex(b"nonsense") is None
    assert read_activex(b"") is None


def test_a_missing_converter_says_how_to_get_it(tmp_path: Path, forms: Mapping[str, FormDefinition]) -> None:
    path = tmp_path / "a.doc"
    path.write_bytes(b"{\\rtf1 x}")
    error = extract(Source.at(path), forms, Options(office="no-such-program"))[0].error
    assert error is not None
    assert error.code == "converter-missing"
    assert "libreoffice" in error.message


def test_a_conversion_that_takes_too_long_is_ended(
    tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    program = tmp_path / "slow"
    program.write_text("#!/bin/sh\nsleep 60 &\nwait\n")
    program.chmod(0o755)
    path = tmp_path / "a.rtf"
    path.write_bytes(b"{\\rtf1 x}")
    error = extract(
        Source.at(path), forms, Options(office=str(program), limits=Limits(conversion_seconds=0.5))
    )[0].error
    assert error is not None
    assert error.code == "timed-out"


@pytest.mark.parametrize("suffix", ["doc", "rtf", "odt"])
def test_a_form_saved_in_another_kind_of_file_is_read(
    suffix: str, tmp_path: Path, forms: Mapping[str, FormDefinition], soffice: Convert
) -> None:
    for form in forms.values():
        record = random_record(form, 3)
        path = tmp_path / f"{form.name}.docx"
        path.write_bytes(generate(form, "docx", new_identity(form), record).data)
        saved = soffice([path], suffix)[0]
        result = extract(Source.at(saved), forms)[0]
        assert result.error is None
        got, want = result.record().to_json(form), record.to_json(form)
        wrong = {name for name in want if got[name] != want[name]}
        assert {name for name in wrong if result.fields[name].decision == "accept"} == set()
        assert len(wrong) <= 1, wrong


def test_every_kind_is_opened_or_read() -> None:
    assert not CONTAINERS & READERS.keys()
    assert CONTAINERS | READERS.keys() == set(get_args(Kind))


def test_any_bytes_after_a_known_beginning_end_in_an_error_of_ours() -> None:
    for start in (b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1"), b"\x89PNG", b"<a", b"\0"):
        with pytest.raises(SealformError):
            kind_of(start + b"\x07" * 700)
