"""Archives of every kind give their files under the names that were meant, and no more than the limits
allow."""

import bz2
import gzip
import io
import lzma
import shutil
import struct
import subprocess
import tarfile
import time
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import py7zr
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.arrival.containers import open_container
from extractor.arrival.containers import rar as rar_files
from extractor.arrival.containers.base import Inner
from extractor.arrival.containers.charsets import path_like
from extractor.arrival.kinds import kind_of
from extractor.limits import ContainerLimits
from models.errors import (
    Damaged,
    Encrypted,
    Hostile,
    OtherKind,
    TimedOut,
    TooLarge,
    TooMany,
    UnreadableFile,
    UnsupportedKind,
)

NAME = "某区/申请表（盖章）.docx"
ZEROS = bytes(30 << 20)


def opened(data: bytes, **limits: float) -> dict[str, Inner]:
    found = open_container(data, kind_of(data), "box.gz", ContainerLimits(**limits))  # type: ignore[arg-type]
    return {file.name: file for file in found.files}


def contents(data: bytes) -> dict[str, bytes]:
    return {name: file.data for name, file in opened(data).items()}


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, charset: str = "gbk") -> bytes:
    """A zip whose names are in `charset`, and that does not say so, as Chinese packers write it."""
    names = {f"n{number:07d}": name for number, name in enumerate(files)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for mark, name in names.items():
            raw = name.encode(charset)
            archive.writestr("x" * (len(raw) - 8) + mark if len(raw) >= 8 else mark[-len(raw) :], files[name])
    data = buffer.getvalue()
    for mark, name in names.items():
        raw = name.encode(charset)
        data = data.replace(
            ("x" * (len(raw) - 8) + mark if len(raw) >= 8 else mark[-len(raw) :]).encode(), raw
        )
    return data


def tar(files: dict[str, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def seven(files: dict[str, bytes], password: str | None = None, **options: object) -> bytes:
    buffer = io.BytesIO()
    with py7zr.SevenZipFile(buffer, "w", password=password, **options) as archive:  # type: ignore[arg-type]
        for name, data in files.items():
            archive.writestr(data, name)
    return buffer.getvalue()


@pytest.mark.parametrize("charset", ["gbk", "utf-8", "gb18030"])
def test_names_that_do_not_say_their_encoding_are_read(charset: str) -> None:
    files = {NAME: b"1", "plain name.txt": b"2", "某镇\\乙公司.docx": b"3"}
    assert contents(zipped(files, charset=charset)) == files


def test_a_name_in_the_unicode_field_is_believed_while_it_is_about_that_name() -> None:
    raw = b"????????.docx"
    for seen, expected in ((raw, NAME), (b"other", "????????.docx")):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            info = zipfile.ZipInfo(raw.decode())
            field = b"\1" + struct.pack("<I", zlib.crc32(seen)) + NAME.encode()
            info.extra = struct.pack("<HH", 0x7075, len(field)) + field
            archive.writestr(info, b"1")
        assert list(contents(buffer.getvalue())) == [expected]


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_every_usual_method_is_unpacked_and_stops_at_the_limit(method: int) -> None:
    files = {"some text.txt": b"text" * 5000, "empty file": b""}
    assert contents(zipped(files, method)) == files
    found = opened(zipped({"too large.txt": b"x" * 5000, "small one.txt": b"y"}, method), file_bytes=4000)
    assert isinstance(found["too large.txt"].error, TooLarge)
    assert found["small one.txt"].data == b"y"
    bomb = opened(
        zipped({"a bomb of 0": ZEROS}, method) if method else zipped({"a bomb of 0": b""}), ratio=100
    )["a bomb of 0"]
    assert method == zipfile.ZIP_STORED or isinstance(bomb.error, Hostile)


def test_an_unknown_method_and_a_wrong_sum_cost_one_file() -> None:
    data = zipped({"first one": b"a" * 50, "other one": b"b" * 50}, zipfile.ZIP_STORED).replace(
        b"a" * 50, b"a" * 49 + b"c"
    )
    found = opened(data)
    assert isinstance(found["first one"].error, Damaged)
    assert found["other one"].data == b"b" * 50
    odd = bytearray(zipped({"first one": b"a"}, zipfile.ZIP_STORED))
    at = odd.index(b"PK\x01\x02")
    odd[at + 10] = 97
    assert isinstance(opened(bytes(odd))["first one"].error, UnsupportedKind)


def test_a_password_is_told_file_by_file() -> None:
    data = bytearray(zipped({"first one": b"a", "other one": b"b"}, zipfile.ZIP_STORED))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    found = opened(bytes(data))
    assert isinstance(found["first one"].error, Encrypted)
    assert found["other one"].data == b"b"


def test_all_files_together_keep_to_the_limit() -> None:
    found = opened(zipped({f"file number {n}": b"x" * 3000 for n in range(5)}), unpacked_bytes=10_000)
    assert [type(file.error) for file in found.values()] == [type(None)] * 3 + [TooLarge] * 2


def test_files_that_share_their_bytes_are_a_bomb() -> None:
    data = zipped({"first one": b"x" * 1000, "other one": b"x" * 1000})
    at = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", at + 4)
    shared = bytearray(data)
    shared[second + 42 : second + 46] = shared[at + 42 : at + 46]
    with pytest.raises(Hostile):
        opened(bytes(shared))


def test_more_files_than_anybody_sends_are_refused() -> None:
    with pytest.raises(TooMany):
        kind_of(b"PK\x03\x04" + b"PK\x01\x02" * 100_001)
    for data in (
        zipped({f"file {n:04d}": b"" for n in range(30)}),
        tar({str(n): b"" for n in range(30)}),
        seven({str(n): b"1" for n in range(30)}),
    ):
        with pytest.raises(TooMany):
            opened(data, entries=20)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar_is_read_however_it_is_packed(mode: str) -> None:
    files = {NAME: b"1" * 3000, "b.txt": b""}
    assert contents(tar(files, mode)) == files


def test_names_in_tar_may_be_gbk() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT, encoding="gbk") as archive:
        archive.addfile(tarfile.TarInfo("某单位.docx"), io.BytesIO())
    assert list(contents(buffer.getvalue())) == ["某单位.docx"]


def test_links_and_devices_in_tar_are_not_followed() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
            info = tarfile.TarInfo(f"odd{kind!r}")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    assert contents(buffer.getvalue()) == {}


def test_a_header_that_leads_backwards_ends_in_an_error() -> None:
    data = bytearray(tar({"a": b"1", "b": b"2"}))
    data[124:136] = b"\xff" * 4 + (-1536).to_bytes(8, "big", signed=True)
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    with pytest.raises(UnreadableFile):
        opened(bytes(data))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_one_packed_file_is_called_like_its_box(pack) -> None:
    assert contents(pack(b"hello")) == {"box": b"hello"}
    assert contents(pack(b"hello ") + pack(b"you")) == {"box": b"hello you"}
    with pytest.raises((Hostile, TooLarge)):
        opened(pack(ZEROS), file_bytes=20 << 20)
    with pytest.raises(Hostile):
        opened(pack(ZEROS))
    with pytest.raises(Damaged):
        opened(pack(b"hello" * 100)[:-9])


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_members_behind_one_another_are_one_file_and_take_the_time_of_one(pack) -> None:
    started = time.monotonic()
    assert contents(pack(b"a") * 40_000 + pack(b"b" * 50_000)) == {"box": b"a" * 40_000 + b"b" * 50_000}
    assert time.monotonic() - started < 10
    assert isinstance(_refused(pack(b"a") * 5000 + pack(b"end")[:-3]), Damaged)


def _refused(data: bytes) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as raised:
        opened(data)
    return raised.value


def test_7z_is_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = {NAME: b"1" * 3000, "b.txt": b"2"}
    assert contents(seven(files)) == files
    assert list(tmp_path.iterdir()) == []


def test_7z_with_a_password_is_named_so() -> None:
    assert isinstance(opened(seven({"a": b"1"}, password="123456"))["a"].error, Encrypted)
    with pytest.raises(Encrypted):
        opened(seven({"a": b"1"}, password="123456", header_encryption=True))


def test_7z_keeps_to_the_limits() -> None:
    with pytest.raises(Hostile):
        opened(seven({"a": ZEROS}))
    found = opened(seven({"a": b"x" * 9000, "b": b"y"}), file_bytes=5000)
    assert isinstance(found["a"].error, TooLarge)
    assert found["b"].data == b"y"
    with pytest.raises(TooLarge):
        opened(seven({str(n): b"x" * 3000 for n in range(9)}), unpacked_bytes=5000)


def test_7z_that_is_damaged_ends_in_an_error_of_ours() -> None:
    data = bytearray(seven({"a": bytes(range(256)) * 40}))
    data[60] ^= 0xFF
    try:
        found = opened(bytes(data))
    except UnreadableFile:
        return
    assert all(file.error for file in found.values())


def rar(files: dict[str, bytes]) -> bytes:
    """A RAR 4 archive whose files are stored as they are."""
    data = b"Rar!\x1a\x07\x00" + _block(b"\x73\x00\x00\x0d\x00" + bytes(6))
    for name, content in files.items():
        raw = name.encode("gbk")
        body = (
            struct.pack(
                "<IIBIIBBHI", len(content), len(content), 2, zlib.crc32(content), 0, 20, 0x30, len(raw), 0x20
            )
            + raw
        )
        data += _block(struct.pack("<BHH", 0x74, 0x8000, 7 + len(body)) + body) + content
    return data + _block(b"\x7b\x00\x40\x07\x00")


def _block(rest: bytes) -> bytes:
    return struct.pack("<H", zlib.crc32(rest) & 0xFFFF) + rest


def test_rar_is_read_where_its_tool_is_installed() -> None:
    if shutil.which("bsdtar") is None:
        pytest.skip("needs bsdtar")
    files = {"a.docx": b"1" * 3000, "b/c.txt": b"2", "ends like a zip.docx": zipped({"inner file": b"3"})}
    assert contents(rar(files)) == files
    with pytest.raises(Damaged):
        opened(rar(files)[:30])


def test_rar_without_its_tool_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnsupportedKind, match="libarchive-tools"):
        opened(rar({"a": b"1"}))


def _tool(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "bsdtar"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")


def test_a_tool_that_hangs_is_ended_with_all_it_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _tool(tmp_path, "sleep 60 &\nwait", monkeypatch)
    with pytest.raises(TimedOut):
        opened(rar({"a": b"1"}), seconds=0.3)


def test_a_tool_that_was_ended_for_its_time_is_told_so_however_slowly_the_ending_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _tool(tmp_path, "exec sleep 60", monkeypatch)
    end = rar_files._end

    def slowly(process: "subprocess.Popen[bytes]") -> None:
        end(process)
        time.sleep(0.2)

    monkeypatch.setattr(rar_files, "_end", slowly)
    with pytest.raises(TimedOut):
        opened(rar({"a": b"1"}), seconds=0.3)


def test_a_tool_that_writes_without_end_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _tool(tmp_path, "exec cat /dev/zero", monkeypatch)
    with pytest.raises(TooLarge):
        opened(rar({"a": b"1"}), unpacked_bytes=1 << 20)


def test_a_tool_that_asks_for_a_password_is_understood(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _tool(tmp_path, "echo 'bsdtar: Encrypted file is unsupported' >&2; exit 1", monkeypatch)
    with pytest.raises(Encrypted):
        opened(rar({"a": b"1"}))


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "etc/passwd"), ("/etc/passwd", "etc/passwd"), ("C:\\a\\b.docx", "a/b.docx"),
        ("a//./b", "a/b"),
        ("..", "附件"), ("", "附件"), ("a\nb\0c", "a b c"), ("\u202egpj.exe", "gpj.exe"), ("\udcffx", "?x"),
    ],
)  # fmt: skip
def test_no_name_leads_anywhere(name: str, safe: str) -> None:
    assert path_like(name) == safe


@pytest.mark.parametrize(
    ("data", "error", "word"),
    [
        (b"MZ" + bytes(100), OtherKind, "可执行程序"),
        (b"\0\0\0\x20ftypisom" + bytes(100), OtherKind, "视频"),
        (b"RIFF\0\0\0\0WAVEfmt " + bytes(50), OtherKind, "音频"),
        (b"BEGIN:VCALENDAR\r\n", OtherKind, "日程"),
        (b"0\x82\x10\0\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + bytes(50), OtherKind, "数字签名"),
        (b"AC1027" + bytes(50), UnsupportedKind, "CAD"),
        (b"hello, world", UnsupportedKind, "纯文本"),
        (b"PK\x07\x08PK\x03\x04" + bytes(50), UnsupportedKind, "分卷"),
        (zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}), UnsupportedKind, "Excel"),
        (zipped({"META-INF/MANIFEST.MF": b"x"}), OtherKind, "可执行程序"),
    ],
)
def test_what_no_reader_knows_says_what_it_is(data: bytes, error: type[UnreadableFile], word: str) -> None:
    with pytest.raises(error, match=word):
        kind_of(data)


SAMPLES = [
    zipped({NAME: b"text" * 99, "other.txt": b"y"}), zipped({NAME: b"text" * 99}, zipfile.ZIP_BZIP2),
    tar({NAME: b"1" * 600, "b": b"2"}),
    tar({NAME: b"1" * 600}, "w:gz"), seven({NAME: b"1" * 600, "b": b"2"}),
    gzip.compress(b"hello" * 9), lzma.compress(b"hello" * 9),
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_damaged_archives_end_in_an_error_of_ours_or_are_read(sample: bytes, data: st.DataObject) -> None:
    damaged = bytearray(sample)
    for _ in range(data.draw(st.integers(0, 5))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del damaged[data.draw(st.integers(1, len(damaged))) :]
    with suppress(UnreadableFile):
        opened(bytes(damaged))


INSIDE = zipped({"word/document.xml": b"<x/>"}, zipfile.ZIP_STORED)
BOX = zipped({NAME: b"text" * 999, "b.docx": INSIDE}, zipfile.ZIP_STORED, "utf-8")


def test_bytes_behind_an_archive_are_passed_over() -> None:
    for behind in (bytes(100_000), b"\xff" * 70_000, b"PK\x05\x06" + bytes(70_000)):
        assert contents(BOX + behind) == contents(BOX)


def test_an_archive_that_is_cut_off_gives_its_whole_files_and_is_told() -> None:
    inner = zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}, zipfile.ZIP_STORED)
    box = zipped({"1.docx": inner, "2.docx": inner + b"2", "3.docx": inner}, zipfile.ZIP_STORED)
    third = box.find(b"3.docx")
    for cut, whole in ((third + 40, 2), (box.rfind(b"PK\x01\x02"), 3), (len(box) - 22, 3)):
        found = opened(box[:cut])
        assert [name for name, file in found.items() if not file.error] == ["1.docx", "2.docx", "3.docx"][
            :whole
        ]
        assert found["2.docx"].data == inner + b"2"
        assert isinstance(found["压缩包的其余部分"].error, Damaged)
    assert isinstance(opened(box[: third + 40])["3.docx"].error, Damaged)


def test_an_archive_that_is_cut_off_keeps_to_the_limits() -> None:
    bomb = zipped({f"{number}.docx": ZEROS for number in range(3)})
    cut = bomb[: bomb.find(b"PK\x01\x02")]
    assert all(isinstance(file.error, UnreadableFile) for file in opened(cut).values())
    with pytest.raises(TooMany):
        opened(BOX[: BOX.rfind(b"PK\x05\x06")], entries=1)


def test_a_document_that_is_cut_off_is_damaged_and_no_archive() -> None:
    document = zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"})
    with pytest.raises(Damaged):
        kind_of(document[:-30])


@pytest.mark.parametrize("cut", [0, 22])
def test_a_name_in_gbk_is_read_though_the_archive_says_utf8(cut: int) -> None:
    data = bytearray(zipped({NAME: b"1", "b.txt": b"2"}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = -1
        while (place := data.find(mark, place + 1)) >= 0:
            data[place + at + 1] |= 0x08
    found = {
        name: file.data for name, file in opened(bytes(data[: len(data) - cut])).items() if not file.error
    }
    assert found == {NAME: b"1", "b.txt": b"2"}
