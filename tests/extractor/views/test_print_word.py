"""Word files as LibreOffice prints them: the evidence gets page and box, and nothing that a document links to
is fetched."""

import http.server
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from extractor import Options, Source, extract, open_view, part_bytes, print_word, print_words, tables_of
from extractor.readers.office import to_pdf
from models.errors import ConverterMissing, Hostile, NoView
from models.writing import key
from tests.conftest import FIXTURES
from tests.extractor import documents

INBOX = FIXTURES / "inbox"


@pytest.fixture(scope="module", autouse=True)
def _office() -> None:
    if shutil.which("soffice") is None:
        pytest.skip("needs LibreOffice: soffice is not on the path")


def _text_at(pdf: bytes, page: int, box) -> str:
    """What pdfium finds in a box."""
    with pypdfium2.PdfDocument(pdf) as document:
        height = document[page - 1].get_height()
        return key(
            document[page - 1]
            .get_textpage()
            .get_text_bounded(box.x0, height - box.y1, box.x1, height - box.y0)
        )


@pytest.mark.parametrize(
    "name", ["mail_word_and_logo.eml", "X01_lo_A01_lit_ballot_check.doc", "T37_html_gbk_renamed.doc"]
)
def test_evidence_from_word_shows_where_its_value_stands_on_the_page(forms, name):
    source = Source.at(INBOX / name)
    results = extract(source, forms)
    (result,), printed = print_words(source, results)
    ((part, one),) = printed.items()
    view = open_view(one.pdf, next(each for each in result.parts if each.name == part))
    checked = 0
    for field in result.fields.values():
        assert all(seen.cell and seen.page and seen.box for seen in field.evidence)
        if isinstance(field.value, str) and field.raw:
            texts = "".join(_text_at(one.pdf, seen.page, seen.box) for seen in field.evidence)
            assert key(field.raw)[:20] in texts
            checked += 1
    assert checked >= 10
    assert any(len(field.evidence) == 2 for field in result.fields.values()), "a cell breaks over two pages"
    assert view.image(1, 1).startswith(b"\xff\xd8")
    assert {each.pages for each in result.parts if each.name != part} <= {()}


def test_where_libreoffice_is_missing_the_table_that_was_read_is_shown(forms):
    source, without = (
        Source.at(INBOX / "A01_lit_ballot_check.docx"),
        replace(Options(), office="no-such-program"),
    )
    results = extract(source, forms)
    assert print_words(source, results, without) == (results, {})
    data = part_bytes(source, "A01_lit_ballot_check.docx")
    with pytest.raises(ConverterMissing):
        print_word(data, without)
    lines = [one for one in tables_of(data) if "line" in one]
    (table,) = [one for one in tables_of(data) if "table" in one]
    assert lines
    assert table["table"] == 0
    assert table["rows"] == 11
    assert table["columns"] == 4
    addresses = {(cell["row"], cell["column"]): cell["text"] for cell in table["cells"]}
    for field in results[0].fields.values():
        for seen in field.evidence:
            assert key(field.raw or "") in key(addresses[seen.cell.row, seen.cell.column])
    with pytest.raises(NoView):
        tables_of((INBOX / "A08_printed.pdf").read_bytes())


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """The address of a server, and what it was asked for."""
    requests: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            self.send_error(404)

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", requests
    server.shutdown()
    server.server_close()


def _green(pdf: bytes) -> int:
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [page.render().to_numpy().astype(int) for page in document]
    return sum(
        int(((page[..., 1] > 200) & (page[..., 0] < 80) & (page[..., 2] < 80)).sum()) for page in pages
    )


def test_nothing_that_a_document_links_to_is_fetched(asked, tmp_path: Path):
    address, requests = asked
    secret = tmp_path / "secret.png"
    Image.new("RGB", (200, 200), (0, 255, 0)).save(secret)
    images = "".join(
        f'<p><img src="{link}" width="100" height="100"></p>'
        for link in (f"{address}/a.png", secret.as_uri())
    )
    page = (
        f'<html><head><link rel="stylesheet" href="{address}/a.css"></'
        f"head><body><p>hello</p>{images}</body></html>"
    )
    pictures = "".join(
        '<draw:frame svg:width="3cm" svg:height="3cm" text:anchor-type="as-char">'
        f'<draw:image xlink:href="{link}"/></draw:frame>'
        for link in (f"{address}/b.png", secret.as_uri())
    )
    names = "urn:oasis:names:tc:opendocument:xmlns"
    flat = (
        f'<office:document xmlns:office="{names}:office:1.0" '
        f'xmlns:text="{names}:text:1.0" xmlns:draw="{names}:drawing:1.0" '
        f'xmlns:svg="{names}:svg-compatible:1.0" xmlns:xlink="http:/'
        '/www.w3.org/1999/xlink" office:version="1.2" '
        'office:mimetype="application/vnd.oasis.opendocument.text">'
        f"<office:body><office:text><text:p>hello{pictures}</text:p>"
        "</office:text></office:body></office:document>"
    )
    for text, suffix in ((page, ".html"), (flat, ".fodt")):
        pdf = to_pdf(text.encode(), suffix, "soffice", 60)
        with pypdfium2.PdfDocument(pdf) as document:
            assert "hello" in "".join(page.get_textpage().get_text_bounded() for page in document)
        assert _green(pdf) == 0
    assert requests == []


def test_a_hostile_file_is_refused_before_libreoffice_sees_it(monkeypatch):
    entities = (
        '<!DOCTYPE a [<!ENTITY b "c">]><w:document xmlns:w="http://'
        'schemas.openxmlformats.org/wordprocessingml/2006/main"/>'
    )
    monkeypatch.setattr("extractor.views.print_word.to_pdf", lambda *_: pytest.fail("it was printed"))
    with pytest.raises(Hostile):
        print_word(documents.docx("", parts={"word/document.xml": entities}))
