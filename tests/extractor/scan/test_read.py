"""The scan reader as a whole, with the engine that ships."""

import io
import socket
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from extractor.scan import decode, read
from extractor.scan.ocr import OcrSettings, PaddleOcr
from models.errors import Damaged, OcrUnavailable, TooManyPixels
from models.page import Line, Page, Table, Tick
from tests.extractor import drawing

ENGINE = PaddleOcr()


@pytest.fixture
def no_network(monkeypatch):
    """Every attempt to reach another machine fails."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the scan reader asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def _form():
    """A small form: labels, values, an e-mail over two lines, a question with its second option ticked."""
    picture = drawing.blank()
    drawing.table(picture, [150, 450, 1050], [300, 400, 500, 620, 900])
    cv2.line(picture, (750, 400), (750, 500), (0, 0, 0), 2)
    texts = [
        (640, 200, "试点申请表"), (170, 330, "申报单位"), (470, 330, "武汉花山商业管理有限公司"),
        (170, 430, "申报负责人"), (470, 430, "赵雨晴"), (770, 430, "职务"),
        (170, 540, "申报类型"), (170, 700, "电子邮箱"), (470, 640, "shangyeguanlibangong@wuhan."),
        (470, 690, "gov.cn"),
    ]  # fmt: skip
    for number, option in enumerate(["城镇", "商业", "社区"]):
        x = 480 + 180 * number
        cv2.rectangle(picture, (x, 544), (x + 32, 576), (40, 40, 40), 2)
        texts.append((x + 44, 540, option))
    drawing.write(picture, texts, size=36)
    stroke = np.array([[664, 556], [674, 570], [700, 530]])
    cv2.polylines(picture, [stroke], False, (20, 20, 90), 5)
    return picture


def _cells(page: Page) -> list[str]:
    return [cell.text for block in page.blocks if isinstance(block, Table) for cell in block.cells]


def _read(picture) -> Page:
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "PNG", dpi=(200, 200))
    (page,) = read.read_scan(data.getvalue(), ENGINE).pages
    return page


EXPECTED = [
    "申报单位", "武汉花山商业管理有限公司", "申报负责人", "赵雨晴", "职务",
    "申报类型", "☐城镇☑商业☐社区", "电子邮箱", "shangyeguanlibangong@wuhan.gov.cn",
]  # fmt: skip


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("quarters", [0, 1, 2])
def test_a_form_is_read_whichever_way_it_lies(quarters):
    page = _read(np.ascontiguousarray(np.rot90(drawing.turned(_form(), 1.2), quarters)))
    assert [text.replace(" ", "") for text in _cells(page)] == EXPECTED
    assert [block.text for block in page.blocks if isinstance(block, Line)] == ["试点申请表"]
    assert page.height > page.width


def test_pages_that_two_cores_read_at_once_are_as_one_reads_them():
    sheets = [_form(), np.ascontiguousarray(np.rot90(_form(), 2)), _form()]
    read_by = {}
    for engine in (ENGINE, PaddleOcr(OcrSettings(threads=2))):
        pictures = [decode.Picture(sheet, (595.3, 841.9)) for sheet in sheets]
        read_by[engine] = read.read_pictures(pictures, engine).pages
    alone, together = read_by.values()
    assert together == alone
    assert [block.index for page in together for block in page.blocks if isinstance(block, Table)] == [
        0,
        1,
        2,
    ]


def test_what_is_wrong_with_an_earlier_page_is_told_first(monkeypatch):
    def broken(sheet, number, engine):
        raise OcrUnavailable(f"第 {number} 页")

    def pictures():
        yield decode.Picture(drawing.blank(300, 400), None)
        raise Damaged("第 2 页")

    monkeypatch.setattr("extractor.scan.steps.read_sheet", broken)
    with pytest.raises(OcrUnavailable, match="第 1 页"):
        read.read_pictures(pictures(), PaddleOcr(OcrSettings(threads=2)))


def test_boxes_are_in_points_of_the_upright_page():
    page = _read(_form())
    (table,) = (block for block in page.blocks if isinstance(block, Table))
    edges = (table.box.x0, table.box.y0, table.box.x1, table.box.y1)
    assert edges == pytest.approx([v * 72 / 200 for v in (150, 300, 1050, 900)], abs=2)
    ticked = [
        span for cell in table.cells for line in cell.lines for span in line.spans if isinstance(span, Tick)
    ][1]
    assert (ticked.box.x0, ticked.box.y0) == pytest.approx((660 * 0.36, 544 * 0.36), abs=3)


def test_a_blank_page_is_a_page_with_nothing_on_it():
    page = _read(drawing.blank())
    assert page.blocks == page.seals == page.ink == ()


def test_every_page_of_a_tiff_is_decoded():
    data = io.BytesIO()
    frames = [Image.fromarray(drawing.blank(300, 400)).convert("1") for _ in range(3)]
    frames[0].save(
        data, "TIFF", save_all=True, append_images=frames[1:], compression="group4", dpi=(200, 200)
    )
    found = list(decode.decode(data.getvalue()))
    assert [picture.colour.shape for picture in found] == [(400, 300, 3)] * 3


def test_what_is_no_image_is_damaged():
    with pytest.raises(Damaged):
        list(decode.decode(b"\xff\xd8\xff\xe0" + bytes(100)))


def test_an_image_over_the_limit_is_refused_before_it_is_decoded():
    data = io.BytesIO()
    Image.fromarray(drawing.blank(300, 400)).save(data, "PNG")
    with pytest.raises(TooManyPixels):
        list(decode.decode(data.getvalue(), decode.PictureLimits(pixels=1000)))


def test_importing_the_extractor_loads_no_imaging_library():
    code = (
        "import extractor.pipeline, sys; print([m for m in ('cv2', 'numpy', 'PIL', "
        "'paddleocr', 'onnxruntime') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
