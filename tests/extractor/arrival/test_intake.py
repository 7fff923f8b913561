"""Everything that arrives is opened, every part ends in a named state, and nothing is lost."""

import base64
import hashlib
import io
import json
import os
import shutil
import struct
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from extractor import Limits, Options, Source, extract
from extractor.arrival.intake import Intake
from extractor.limits import PictureLimits
from extractor.scan.decode import decode
from generator import generate, new_identity
from models.errors import TooManyPages
from models.form import FormDefinition
from models.record import Result
from tests.extractor.arrival.outlook import tnef
from tests.extractor.arrival.test_archives import rar, seven, tar, zipped
from tests.extractor.arrival.test_mail import attachment, encoded, mail
from tests.extractor.documents import cell, docx, paragraph, row, table
from tests.records import random_record

NAMED = {"read", "not-a-form", "duplicate", "unreadable", "too-large", "encrypted"}
# A page of 64 by 48 pixels, its left half red, as telephones store photos.
HEIC = base64.b64decode("""
AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9j
AAAAAERAAAEAAQAAAAABoQABAAAAAAAAAIcAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA/Wlw
cnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AA
AAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAA
QAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWB
AgMFhAAAAI9tZGF0AAAAgygBrxOA+BDhp//8TSj/+nXPD9PMiYlW/qlxUfhij/89rY/JKRa6aLjI6mh8LZa/H9EEOpVIlW+HQUEtuQb/hdTD
lbZrZhM/3ct4hE3uYR6YdHMyfpLKX4N7hFyMZtHJpQ7nV/TUoZTg0LYllmhz/kKO5zORJX+rPrSSjUGTzz9cU/7W
""")


@pytest.fixture(scope="module")
def filled(forms: Mapping[str, FormDefinition]) -> dict[int, bytes]:
    form = next(iter(forms.values()))
    return {
        seed: generate(form, "docx", new_identity(form), random_record(form, seed)).data for seed in (1, 2)
    }


def read(
    data: bytes, name: str, folder: Path, forms: Mapping[str, FormDefinition], limits: Limits | None = None
) -> list[Result]:
    path = folder / name
    path.write_bytes(data)
    return extract(Source.at(path), forms, Options(limits=limits or Limits()))


def states(results: list[Result]) -> dict[str, str]:
    return {part.name: part.state for part in results[0].parts}


def codes(results: list[Result]) -> list[str]:
    return [finding.code for finding in results[0].findings]


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((width, height), 20).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


def letter(*parts: bytes, page: bytes = b"<p>x</p>", subject: str = "申报材料") -> bytes:
    text = b"Content-Type: text/html; charset=gbk\r\n\r\n" + page
    head = b"Subject: " + encoded(subject, "gbk") + b"\r\nDate: Fri, 5 Feb 2021 10:00:00 +0800\r\n"
    return mail(text, *parts, headers=head)


def test_a_mail_with_an_archive_gives_its_applications_and_goes_with_each(
    tmp_path: Path, forms: Mapping[str, FormDefinition], filled: dict[int, bytes]
) -> None:
    archive = zipped(
        {"甲公司/申请表.docx": filled[1], "乙公司/申请表.docx": filled[2], "乙公司/Thumbs.db": b"x"}
    )
    results = read(
        letter(attachment(b"attachment; filename=" + encoded("申报.zip", "gbk"), archive)),
        "来信.eml",
        tmp_path,
        forms,
    )
    assert states(results) == {
        "来信.eml": "read", "来信.eml/申报.zip": "read",
        "来信.eml/申报.zip/甲公司/申请表.docx": "read", "来信.eml/申报.zip/乙公司/申请表.docx": "read",
    }  # fmt: skip
    assert [result.application for result in results] == [1, 2]
    for result in results:
        data = json.loads(json.dumps(result.to_json()))
        assert (data["message"]["subject"], data["message"]["time"]) == (
            "申报材料",
            "2021-02-05T10:00:00+08:00",
        )
    assert {one.part for field in results[1].fields.values() for one in field.evidence} == {
        "来信.eml/申报.zip/乙公司/申请表.docx"
    }


@pytest.mark.parametrize("pack", [zipped, tar, seven, lambda files: tar(files, "w:xz"), rar])
def test_every_kind_of_archive_is_opened(
    pack, tmp_path: Path, forms: Mapping[str, FormDefinition], filled: dict[int, bytes]
) -> None:
    if pack is rar and shutil.which("bsdtar") is None:
        pytest.skip("needs bsdtar")
    results = read(pack({"folder/form.docx": filled[1]}), "any name", tmp_path, forms)
    assert states(results) == {"any name": "read", "any name/folder/form.docx": "read"}
    assert results[0].message is None


def test_the_message_of_a_part_is_the_nearest_one(
    tmp_path: Path, forms: Mapping[str, FormDefinition], filled: dict[int, bytes]
) -> None:
    inner = letter(attachment(b"attachment; filename=a.docx", filled[1]), subject="内")
    outer = letter(
        attachment(b"attachment; filename=in.eml", inner),
        attachment(b"attachment; filename=b.docx", filled[2]),
        subject="外",
    )
    results = read(outer, "out.eml", tmp_path, forms)
    assert [result.message.subject for result in results if result.message] == ["内", "外"]


def test_the_sender_of_what_outlook_packed_is_that_of_the_mail(
    tmp_path: Path, forms: Mapping[str, FormDefinition], filled: dict[int, bytes]
) -> None:
    packed = tnef(("表.docx", filled[1]))
    (result,) = read(
        letter(attachment(b"attachment; filename=winmail.dat", packed)), "m.eml", tmp_path, forms
    )
    assert states([result]) == {
        "m.eml": "read",
        "m.eml/winmail.dat": "read",
        "m.eml/winmail.dat/表.docx": "read",
    }
    assert result.message is not None
    assert (result.message.address, result.message.subject) == ("a@x.cn", "申报材料")


def test_every_named_state_is_reached_and_told(
    tmp_path: Path, forms: Mapping[str, FormDefinition], filled: dict[int, bytes]
) -> None:
    locked = bytearray(zipped({"form.docx": filled[2]}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    files = {
        "form.docx": filled[1], "copy.docx": filled[1], "notice.docx": docx(paragraph("会议通知")),
        "cut.docx": filled[2][:-300],
        "film.mp4": b"\0\0\0\x20ftypisom" + bytes(99), "large.bin": bytes(300_000),
        "locked.zip": bytes(locked),
    }  # fmt: skip
    results = read(zipped(files), "a.zip", tmp_path, forms, Limits(file_bytes=200_000))
    assert states(results) == {
        "a.zip": "read", "a.zip/form.docx": "read", "a.zip/copy.docx": "duplicate",
        "a.zip/notice.docx": "not-a-form",
        "a.zip/cut.docx": "unreadable", "a.zip/film.mp4": "not-a-form", "a.zip/large.bin": "too-large",
        "a.zip/locked.zip": "read",
        "a.zip/locked.zip/form.docx": "encrypted",
    }  # fmt: skip
    told = {
        "part-duplicate",
        "part-not-form",
        "part-unreadable",
        "part-other-kind",
        "part-too-large",
        "part-encrypted",
    }
    assert told <= set(codes(results))
    assert len(results) == 1


def test_each_part_has_the_sum_of_its_bytes(
    tmp_path: Path, forms: Mapping[str, FormDefinition], filled: dict[int, bytes]
) -> None:
    data = zipped({"form.docx": filled[1]})
    parts = {part.name: part.sha256 for part in read(data, "a.zip", tmp_path, forms)[0].parts}
    assert parts == {
        "a.zip": hashlib.sha256(data).hexdigest(),
        "a.zip/form.docx": hashlib.sha256(filled[1]).hexdigest(),
    }


def test_small_pictures_in_the_text_are_left_out_with_a_reason(
    tmp_path: Path, forms: Mapping[str, FormDefinition], filled: dict[int, bytes]
) -> None:
    logo = attachment(b"inline; filename=logo.png", picture(200, 60), b"image/png", b"Content-ID: <logo>\r\n")
    results = read(
        letter(attachment(b"attachment; filename=a.docx", filled[1]), logo, page=b'<img src="cid:logo">'),
        "m.eml",
        tmp_path,
        forms,
    )
    assert states(results) == {"m.eml": "read", "m.eml/a.docx": "read", "m.eml/logo.png": "not-a-form"}
    assert "part-left-out" in codes(results)
    assert [part.name for part in results[0].parts] == ["m.eml", "m.eml/a.docx", "m.eml/logo.png"]


def test_a_large_picture_in_the_text_may_be_a_page_and_is_kept(tmp_path: Path) -> None:
    photo = attachment(
        b"inline; filename=page.jpg", picture(900, 1200, "JPEG"), b"image/jpeg", b"Content-ID: <page>\r\n"
    )
    path = tmp_path / "m.eml"
    path.write_bytes(letter(photo, page=b'<img src="cid:page">'))
    arrived = Intake(Limits()).arrivals(Source.at(path))
    assert [(one.name, one.inline, one.settled, bool(one.data)) for one in arrived] == [
        ("m.eml", False, "read", False), ("m.eml/page.jpg", True, None, True),
    ]  # fmt: skip
    assert arrived[1].folder == "m.eml"
    assert arrived[1].message is not None


def test_a_mail_that_only_links_to_a_cloud_disk_says_so(
    tmp_path: Path, forms: Mapping[str, FormDefinition], filled: dict[int, bytes]
) -> None:
    page = "材料较大，见 <a href='https://pan.baidu.com/s/1abc'>百度网盘</a>".encode("gbk")
    (result,) = read(letter(page=page), "m.eml", tmp_path, forms)
    assert result.error is not None
    assert "pan.baidu.com" in result.error.message
    assert codes([result]) == ["link-only"]
    assert states([result]) == {"m.eml": "not-a-form"}
    results = read(
        letter(attachment(b"attachment; filename=a.docx", filled[1]), page=page), "n.eml", tmp_path, forms
    )
    assert results[0].error is None
    assert "link-besides" in codes(results)


def test_a_mail_without_files_says_so_and_keeps_its_words(
    tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    (result,) = read(letter(page="材料稍后补发".encode("gbk")), "m.eml", tmp_path, forms)
    assert result.error is not None
    assert (result.error.code, states([result])) == ("not-a-form", {"m.eml": "not-a-form"})
    assert result.message is not None
    assert result.message.body == "材料稍后补发"


def test_a_form_typed_into_the_mail_is_read_where_no_file_is_one(
    tmp_path: Path, forms: Mapping[str, FormDefinition], filled: dict[int, bytes]
) -> None:
    form = next(iter(forms.values()))
    labels = [cell.label for cell in form.cells() if cell.label]
    page = "<table>" + "".join(f"<tr><td>{label}</td><td>甲</td></tr>" for label in labels) + "</table>"
    results = read(letter(page=page.encode("gbk")), "m.eml", tmp_path, forms)
    assert results[0].form is form
    assert states(results)["m.eml/正文.html"] == "read"
    results = read(
        letter(attachment(b"attachment; filename=a.docx", filled[1]), page=page.encode("gbk")),
        "n.eml",
        tmp_path,
        forms,
    )
    assert states(results) == {"n.eml": "read", "n.eml/a.docx": "read"}
    lay_out = "<table>" + "<tr><td>a</td><td>b</td></tr>" * 9 + "</table>"
    assert states(read(letter(page=lay_out.encode()), "o.eml", tmp_path, forms)) == {"o.eml": "not-a-form"}


@pytest.mark.parametrize("deepest", [1, 2, 3])
def test_boxes_in_boxes_are_opened_to_a_depth(
    deepest: int, tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    data, names = docx(paragraph("会议通知")), ["a.docx", "b.zip", "c.zip", "d.zip"]
    for name in names:
        data = zipped({name: data})
    (result,) = read(data, "e.zip", tmp_path, forms, Limits(depth=deepest))
    assert list(states([result]).values()) == ["read"] * (deepest + 1) + ["too-large"]
    assert len(result.parts) == deepest + 2
    assert result.parts[-1].state == "too-large"
    assert result.error is not None
    assert result.error.code == "too-deep"


def test_an_archive_that_holds_itself_ends(tmp_path: Path, forms: Mapping[str, FormDefinition]) -> None:
    data = zipped({"same one.zip": zipped({"a.docx": docx(paragraph("会议通知"))})})
    double = zipped({"1.zip": data, "2.zip": data})
    assert list(states(read(double, "a.zip", tmp_path, forms)).values()).count("duplicate") == 1


def test_a_bomb_costs_itself_and_says_so(
    tmp_path: Path, forms: Mapping[str, FormDefinition], filled: dict[int, bytes]
) -> None:
    results = read(zipped({"form.docx": filled[1], "bomb.bin": bytes(30 << 20)}), "a.zip", tmp_path, forms)
    assert states(results) == {"a.zip": "read", "a.zip/form.docx": "read", "a.zip/bomb.bin": "unreadable"}
    layers = zipped({"x.zip": zipped({f"{n} of many": bytes([n]) * (9 << 20) for n in range(5)})})
    result = read(layers, "b.zip", tmp_path, forms, Limits(unpacked_bytes=20 << 20))
    assert list(states(result).values()).count("too-large") == 3


def test_a_folder_that_cannot_be_looked_into_is_a_part_that_could_not_be_read(
    tmp_path: Path,
    forms: Mapping[str, FormDefinition],
    filled: dict[int, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "申报" / "closed").mkdir(parents=True)
    (tmp_path / "申报" / "form.docx").write_bytes(filled[1])
    scan = os.scandir

    def refuse(path: str | Path) -> object:
        # Not by its mode: whoever may do everything may look into any folder.
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    results = extract(Source.at(tmp_path / "申报"), forms)
    assert states(results) == {"closed": "unreadable", "form.docx": "read"}
    assert "part-unreadable" in codes(results)


def test_a_file_that_has_gone_or_become_a_pipe_says_what_to_look_at(
    tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    os.mkfifo(tmp_path / "pipe.docx")
    for name in ("pipe.docx", "gone.docx"):
        (result,) = extract(Source.at(tmp_path / name, name), forms)
        assert result.error is not None
        assert (result.error.code, [(part.name, part.state) for part in result.parts]) == (
            "damaged",
            [(name, "unreadable")],
        )
        assert "是否还在原处" in result.error.message


@pytest.mark.parametrize("size", [(1, 1), (2, 900), (1_000_000, 1)])
def test_a_dot_or_a_line_is_no_form_and_no_defect(
    size: tuple[int, int], tmp_path: Path, forms: Mapping[str, FormDefinition], filled: dict[int, bytes]
) -> None:
    buffer = io.BytesIO()
    Image.new("1", size).save(buffer, "PNG")
    results = read(zipped({"form.docx": filled[1], "dot.png": buffer.getvalue()}), "a.zip", tmp_path, forms)
    assert states(results)["a.zip/dot.png"] == "not-a-form"


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_black_picture_among_photos_is_no_defect_of_ours(
    tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    for number, shade in enumerate((255, 0, 255)):
        Image.new("RGB", (900, 1200), (shade,) * 3).save(tmp_path / f"{number}.png")
    (result,) = extract(Source.at(tmp_path), forms)
    assert result.error is not None
    assert result.error.code == "not-a-form"


def test_parts_over_the_number_are_named_one_by_one(
    tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    for number in range(4):
        (tmp_path / f"{number}.docx").write_bytes(docx(paragraph(f"会议通知{number}")))
    (result,) = extract(Source.at(tmp_path), forms, Options(limits=Limits(parts=2)))
    assert list(states([result]).values()) == ["not-a-form", "not-a-form", "too-large", "too-large"]
    assert result.error is not None
    assert result.error.code == "too-many-files"


def test_no_path_of_an_archive_is_used(
    tmp_path: Path, forms: Mapping[str, FormDefinition], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../up.docx", docx(paragraph("一")))
        archive.writestr(str(tmp_path / "abs.docx"), docx(paragraph("二")))
    results = read(buffer.getvalue(), "a.zip", tmp_path, forms)
    assert list(states(results))[1] == "a.zip/up.docx"
    assert all(".." not in name for name in states(results))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.zip", "work"]


def test_a_photo_that_lacks_its_end_and_shows_no_form_is_damaged_and_not_said_to_be_none(
    tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    results = read(picture(600, 400, "JPEG")[:-2], "a.jpg", tmp_path, forms)
    assert states(results) == {"a.jpg": "unreadable"}
    assert results[0].error is not None
    assert "缺少末尾" in results[0].error.message


def test_photos_of_telephones_are_decoded() -> None:
    (page,) = decode(HEIC)
    assert page.colour.shape == (48, 64, 3)
    assert page.colour[24, 8, 0] > 150
    assert (page.colour[24, 8, 1:] < 90).all()


@pytest.mark.parametrize("kind", ["WEBP", "BMP", "GIF", "JPEG", "PNG", "TIFF"])
def test_pictures_of_every_kind_are_decoded(kind: str) -> None:
    (page,) = decode(picture(60, 40, kind))
    assert page.colour.shape == (40, 60, 3)


@pytest.mark.parametrize(("count", "circle"), [(60_000, False), (20_000, True)])
def test_a_tiff_of_more_pages_than_can_be_counted_is_refused_at_once(count: int, circle: bool) -> None:
    places = [8 + number * 18 for number in range(count)]
    after = [*places[1:], places[0] if circle else 0]
    pages = (struct.pack("<HHHIII", 1, 256, 4, 1, 8, place) for place in after)
    started = time.monotonic()
    with pytest.raises(TooManyPages):
        list(decode(b"II*\0" + struct.pack("<I", 8) + b"".join(pages)))
    assert time.monotonic() - started < 5


def test_a_document_of_too_many_pages_is_refused(tmp_path: Path, forms: Mapping[str, FormDefinition]) -> None:
    buffer = io.BytesIO()
    frames = [Image.new("1", (60, 40)) for _ in range(5)]
    frames[0].save(buffer, "TIFF", save_all=True, append_images=frames[1:])
    for limits, code in (
        (PictureLimits(pages=4), "too-many-pages"),
        (PictureLimits(pixels=2000), "too-many-pixels"),
    ):
        (result,) = read(buffer.getvalue(), "a.tif", tmp_path, forms, Limits(pictures=limits))
        assert result.error is not None
        assert (result.error.code, result.parts[0].state) == (code, "too-large")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_arrives_ends_in_named_states(
    data: st.DataObject, tmp_path: Path, forms: Mapping[str, FormDefinition]
) -> None:
    note = docx(table(row(cell("项目"), cell("会议"))))
    inner = data.draw(
        st.sampled_from([zipped({"附件一.docx": note}), tar({"b.docx": note}), seven({"c.docx": note}), note])
    )
    whole = bytearray(
        letter(
            attachment(b"attachment; filename=a", inner),
            attachment(b"inline", b"\x89PNG\r\n\x1a\n" + bytes(40)),
        )
    )
    for _ in range(data.draw(st.integers(0, 20))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    del whole[data.draw(st.integers(len(whole) // 2, len(whole))) :]
    results = read(bytes(whole), "m.eml", tmp_path, forms)
    assert results
    assert {part.state for part in results[0].parts} <= NAMED
    assert "m.eml" in states(results)
    json.dumps(results[0].to_json())
