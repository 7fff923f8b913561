"""Pages shown as they were read: what lies in the box of the evidence is the ink that was read there,
whatever the file was."""

import hashlib
import io
import math
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import RectangleObject

from extractor import Options, Source, ViewLimits, extract, open_view, part_bytes
from extractor.readers.by_kind import open_file
from extractor.readers.pdf import read_pdf
from extractor.scan.ocr import PaddleOcr
from extractor.scan.upright import flatten
from models.errors import NoView, UnreadableFile
from models.page import Box, Frame, Pages, Table
from models.record import Part, PartPage
from tests.conftest import FIXTURES
from tests.extractor import drawing
from tests.extractor.pdfs import turned, typeset
from tests.extractor.readers.test_ofd import layer, ofd, words

INBOX = FIXTURES / "inbox"
ENGINE = PaddleOcr()


def _seen(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def _said(picture):
    """What a recogniser makes of a picture of one line."""
    return ENGINE.recognise([picture])[0].text.replace(" ", "")


def _grown(box, more=2.0):
    return Box(x0=max(0, box.x0 - more), y0=max(0, box.y0 - more), x1=box.x1 + more, y1=box.y1 + more)


def _file(picture, kind="PNG", **more):
    data = io.BytesIO()
    Image.fromarray(picture).save(data, kind, **more)
    return data.getvalue()


def _form(name="武汉花山商业管理有限公司"):
    picture = drawing.blank()
    drawing.table(picture, [150, 450, 1500], [300, 400, 500, 620, 900, 1400])
    drawing.write(picture, [
        (640, 200, "试点申请表"), (170, 330, "申报单位"), (470, 330, name), (170, 430, "申报负责人"),
        (470, 430, "赵雨晴"),
        (170, 540, "联系人电话"), (470, 540, "027-85807053"), (170, 740, "联系地址"),
        (470, 740, "洪山区花山大道18号"),
        (170, 1100, "主体概况"), (470, 1100, "园区占地三百亩，入驻企业八十家"),
    ], size=36)  # fmt: skip
    return picture


def _part(pages: Pages) -> Part:
    """The part as its result would have it, through JSON and back."""
    sizes = tuple(PartPage.of(page) for page in pages.pages)
    part = Part(name="a", sha256="0" * 64, state="read", pages=sizes)
    return Part.model_validate_json(part.model_dump_json())


_TABLE = """#table(columns: (1fr, 2fr), [申报单位], [武汉花山商业管理有限公司], [负责人], [赵雨晴],
[联系地址], [洪山区花山大道十八号])"""


def _cells_of(pages):
    return [cell for block in pages.pages[0].blocks if isinstance(block, Table) for cell in block.cells]


def _check_cells(data, least=4):
    """Reads a file, and reads again what its view shows of the box of each line in its cells."""
    pages = open_file(data, Options(ocr=ENGINE)).pages
    assert isinstance(pages, Pages)
    view = open_view(data, _part(pages))
    for page in pages.pages:
        lines = [
            line
            for block in page.blocks
            if isinstance(block, Table)
            for cell in block.cells
            for line in cell.lines
            if line.text
        ]
        assert len(lines) >= least
        for line in lines:
            box = Box(
                x0=min(s.box.x0 for s in line.spans), y0=min(s.box.y0 for s in line.spans),
                x1=max(s.box.x1 for s in line.spans), y1=max(s.box.y1 for s in line.spans),
            )  # fmt: skip
            picture = _seen(view.image(page.number, 3, _grown(box, 1), encoding="png"))
            assert _said(picture) == line.text.replace(" ", ""), page.number
    return pages, view


def test_a_photo_is_shown_flat_and_the_right_way_up():
    pages, view = _check_cells(_file(np.rot90(drawing.photographed(_form())), "JPEG", quality=92))
    frame = pages.pages[0].frame
    assert frame is not None
    assert frame.warp is not None
    assert frame.quarters == 3
    high, wide = _seen(view.image(1, 1.0)).shape[:2]
    assert (wide, high) == (round(pages.pages[0].width), round(pages.pages[0].height))


def test_every_page_of_a_tiff_is_shown():
    first, second = (
        Image.fromarray(_form(name)).convert("1")
        for name in ("武汉花山商业管理有限公司", "青山区百步亭社区居委会")
    )
    data = io.BytesIO()
    first.save(
        data, "TIFF", save_all=True, append_images=[second.rotate(180)], compression="group4", dpi=(200, 200)
    )
    pages, _ = _check_cells(data.getvalue())
    assert [page.frame.quarters for page in pages.pages] == [0, 2]


def test_a_scanned_page_of_a_pdf_is_shown_in_its_frame():
    _check_cells(_file(np.ascontiguousarray(np.rot90(drawing.turned(_form(), 1.5))), "PDF", resolution=200))


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("by_content", [False, True])
def test_a_digital_page_that_is_shown_sideways_is_read_and_shown_upright(turn, by_content):
    data = turned(typeset(_TABLE), turn, by_content=by_content)
    pages, view = _check_cells(data)
    upright = read_pdf(typeset(_TABLE)).pages
    assert [block.text for block in _cells_of(pages)] == [block.text for block in _cells_of(upright)]
    assert (pages.pages[0].width, pages.pages[0].height) == (420, 300)
    shown, right = (
        _seen(one.image(1, 2, encoding="png")) for one in (view, open_view(typeset(_TABLE), _part(upright)))
    )
    assert np.abs(shown.astype(int) - right).mean() < 4
    assert pages.pages[0].quarters in (1, 2, 3)


def test_each_photo_of_a_folder_is_shown_with_the_fields_that_it_is_evidence_for(forms):
    source = Source.at(INBOX / "photos")
    (result,) = extract(source, forms, Options(ocr=ENGINE))
    parts = [Part.model_validate(part) for part in result.to_json()["parts"]]
    assert [(part.name, [page.number for page in part.pages]) for part in parts] == [
        ("1.jpg", [1]),
        ("2.jpg", [1]),
    ]
    views = {part.name: open_view(part_bytes(source, part.name), part) for part in parts}
    short = [one for one in result.fields.values() if isinstance(one.value, str) and len(one.raw or "") < 24]
    assert {seen.part for one in short for seen in one.evidence} <= set(views)
    assert len(short) >= 8
    for one in short:
        for seen in one.evidence:
            picture = _seen(views[seen.part].image(seen.page, 3, _grown(seen.box, 1), encoding="png"))
            assert _said(picture) == (one.raw or "").replace(" ", "")


def test_with_the_seal_off_red_ink_is_gone_and_print_is_not():
    data = part_bytes(Source.at(INBOX / "photos"), "2.jpg")
    with Image.open(io.BytesIO(data)) as image:
        flat = flatten(np.asarray(image.convert("RGB")), None)
    size = flat.colour.shape[1] / flat.scale, flat.colour.shape[0] / flat.scale
    pages = (PartPage(number=1, width=size[0], height=size[1], frame=flat.frame),)
    view = open_view(data, Part(name="2.jpg", sha256="", state="read", pages=pages))
    stamped, clear = (
        _seen(view.image(1, 2, seal_off=off, encoding="png")).astype(int) for off in (False, True)
    )
    assert stamped.shape == clear.shape
    red = stamped[..., 0] - np.maximum(stamped[..., 1], stamped[..., 2])
    assert (red > 60).mean() > 0.003
    assert (clear[..., 0] == clear[..., 1]).all()
    assert (clear[red > 60] > 200).mean() > 0.9
    print_ = (stamped.max(axis=2) < 70) & (red < 10)
    print_[:8], print_[-8:], print_[:, :8], print_[:, -8:] = False, False, False, False
    assert (clear[print_] < 150).mean() > 0.9


@pytest.fixture(scope="module")
def printed():
    return (INBOX / "A08_printed.pdf").read_bytes()


def _moved(data, turn):
    """The PDF with its paper's corner elsewhere and its pages turned."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    for page in writer.pages:
        left, bottom, right, top = (float(side) for side in page.mediabox)
        page.add_transformation((1, 0, 0, 1, 100, -50))
        page.mediabox = RectangleObject((left + 60, bottom - 90, right + 160, top + 20))
        page.cropbox = RectangleObject((left + 100, bottom - 50, right + 100, top - 50))
        page.rotate(turn)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize("turn", [None, 0, 90, 180])
def test_a_digital_page_is_shown_wherever_its_paper_lies(printed, turn):
    data = printed if turn is None else _moved(printed, turn)
    pages = read_pdf(data).pages
    view = open_view(data, _part(pages))
    width, height = pages.pages[0].width, pages.pages[0].height
    whole = _seen(view.image(1, 2, encoding="png")).astype(int)
    assert whole.shape[:2] == pytest.approx((height * 2, width * 2), abs=1)
    cells = [
        c
        for b in pages.pages[0].blocks
        if isinstance(b, Table)
        for c in b.cells
        if c.box and 2 <= len(c.text) < 24
    ]
    assert len(cells) >= 10 or turn
    for number, cell in enumerate(cells):
        box = _grown(cell.box, -3)
        part = _seen(view.image(1, 2, box, encoding="png")).astype(int)
        x0, y0 = round(box.x0 * 2), round(box.y0 * 2)
        same = whole[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]]
        assert (part < 128).mean() == pytest.approx((same < 128).mean(), abs=0.01)
        if number % 4 == 1 and not turn and "\n" not in cell.text:
            spans = [span.box for line in cell.lines for span in line.spans]
            tight = Box(
                x0=min(b.x0 for b in spans),
                y0=min(b.y0 for b in spans),
                x1=max(b.x1 for b in spans),
                y1=max(b.y1 for b in spans),
            )
            assert _said(_seen(view.image(1, 4, _grown(tight), encoding="png"))) == cell.text.replace(" ", "")


def test_what_a_field_of_a_pdf_holds_is_shown(forms):
    source = Source.at(INBOX / "fillable_returned.pdf")
    (result,) = extract(source, forms)
    view = open_view(part_bytes(source, "fillable_returned.pdf"), result.parts[0])
    short = [
        one for one in result.fields.values() if isinstance(one.value, str) and one.raw and len(one.raw) < 16
    ]
    assert len(short) >= 5
    for one in short[:5]:
        assert (
            _said(_seen(view.image(one.evidence[0].page, 4, _grown(one.evidence[0].box), encoding="png")))
            == one.raw
        )


def test_a_scanned_page_of_an_ofd_is_shown_and_a_painted_one_is_refused():
    media = '<ofd:MultiMedia ID="9" Type="Image"><ofd:MediaFile>a.png</ofd:MediaFile></ofd:MultiMedia>'
    resources = f"<ofd:MultiMedias>{media}</ofd:MultiMedias>"
    scanned = '<ofd:ImageObject Boundary="0 0 210 297" CTM="210 0 0 297 0 0" ResourceID="9"/>'
    data = ofd(
        [layer(words("申请表", 20, 20)), layer(scanned)], {"Doc_0/Res/a.png": _file(_form())}, resources
    )
    size = (1654, 2339)
    frame = Frame(picture=size, flat=size, scale=drawing.SCALE, quarters=2)
    pages = (
        PartPage(number=1, width=595, height=842),
        PartPage(number=2, width=595.4, height=842, frame=frame),
    )
    view = open_view(data, Part(name="a", sha256="", state="read", pages=pages))
    shown = _seen(view.image(2, drawing.SCALE, encoding="png"))
    assert np.abs(np.rot90(shown, 2).astype(int) - _form()).mean() < 2
    with pytest.raises(NoView):
        view.image(1, 1)


def test_a_file_that_was_not_read_is_shown_as_it_came(printed):
    data = _file(np.ascontiguousarray(_form()[:1200]))
    view = open_view(data, Part(name="a", sha256="", state="unreadable"))
    assert _seen(view.image(1, 1654 / view.pages[0].width, encoding="png")).shape == (1200, 1654, 3)
    whole = open_view(printed, Part(name="a", sha256="", state="unreadable"))
    assert [page.number for page in whole.pages] == [1, 2]
    with pytest.raises(UnreadableFile):
        open_view(printed[:3000], Part(name="a", sha256="", state="unreadable"))
    with pytest.raises(NoView):
        open_view((INBOX / "A01_lit_ballot_check.docx").read_bytes(), Part(name="a", sha256="", state="read"))


def test_no_picture_is_larger_than_the_limit_and_no_box_leaves_the_page(printed):
    view = open_view(printed, _part(read_pdf(printed).pages), limits=ViewLimits(pixels=100_000, side=500))
    high, wide = _seen(view.image(1, 1e9)).shape[:2]
    assert high * wide <= 101_000
    assert max(high, wide) <= 501
    assert max(_seen(view.image(1, 1e6, Box(x0=10, y0=10, x1=590, y1=11))).shape) <= 501
    for box in (
        Box(x0=-50, y0=-50, x1=1e6, y1=1e6),
        Box(x0=5e3, y0=5e3, x1=6e3, y1=6e3),
        Box(x0=30, y0=30, x1=30, y1=30),
    ):
        assert _seen(view.image(1, 1, box)).size > 0
    tiny = _seen(view.image(1, 1e-9))
    assert tiny.size > 0
    for scale in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="scale"):
            view.image(1, scale)
    with pytest.raises(NoView):
        view.image(3, 1)


def test_pictures_come_in_each_encoding(printed):
    view = open_view(printed, _part(read_pdf(printed).pages))
    for encoding, kind in (("jpeg", "JPEG"), ("png", "PNG"), ("webp", "WEBP")):
        assert Image.open(io.BytesIO(view.image(1, 0.5, encoding=encoding))).format == kind


def test_the_bytes_of_every_part_are_found_again_by_its_name(tmp_path: Path, forms, printed):
    message = EmailMessage()
    message["From"], message["Subject"] = "a@b.cn", "申请"
    message.set_content("见附件")
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(printed)))
    word = (INBOX / "A01_lit_ballot_check.docx").read_bytes()
    writer.add_attachment("里面.docx", word)
    holder = io.BytesIO()
    writer.write(holder)
    message.add_attachment(holder.getvalue(), maintype="application", subtype="pdf", filename="表.pdf")
    message.add_attachment(
        (INBOX / "archive_gbk_names.zip").read_bytes(),
        maintype="application",
        subtype="zip",
        filename="包.zip",
    )
    message.add_attachment(word, maintype="application", subtype="octet-stream", filename="又一次.docx")
    path = tmp_path / "m.eml"
    path.write_bytes(message.as_bytes())
    source = Source.at(path)
    parts = extract(source, forms)[0].parts
    found = {part.name: part for part in parts}
    assert {"m.eml/表.pdf", "m.eml/表.pdf/里面.docx", "m.eml/又一次.docx"} <= set(found)
    for part in parts:
        if part.state == "read" and not part.name.endswith((".eml", ".zip")):
            assert hashlib.sha256(part_bytes(source, part.name)).hexdigest() == part.sha256, part.name
    assert part_bytes(source, "m.eml/又一次.docx") == word
    with pytest.raises(NoView):
        part_bytes(source, "m.eml/无.docx")
    few = replace(Options(), limits=replace(Options().limits, file_bytes=10))
    with pytest.raises(UnreadableFile):
        part_bytes(source, "m.eml", few)
