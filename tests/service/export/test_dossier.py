"""The dossier: all of a submission in one file, whatever names and texts it came with."""

import io
import json
import re
import shutil
import zipfile
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from extractor import Options, Source
from models.fields import EmailField
from service.blobs import FolderBlobs
from service.export.cutouts import Crop, cut_out
from service.export.dossier import gather, safe_name, write_dossier
from service.forms.definitions import load_forms
from service.page_pictures import Views
from service.picture_shelf import forget
from service.processes.pool import read_submission
from service.sealing import no_keys
from service.settings import Settings
from service.store import audit
from service.store.database import Database
from service.store.tables import results, uploads
from service.store.uploads import StoredFile, insert_submission
from tests.service import submissions as made
from tests.service.databases import sqlite

INBOX = Path(__file__).parents[3] / "fixtures/inbox"
PILOT = load_forms()["pilot-application"]
EMAIL = next(name for name, field in PILOT.fields.items() if isinstance(field, EmailField))
HOSTILE = [
    "../../etc/passwd", "..\\..\\boot.ini", "C:\\x.docx", "/root/x", "a/../b.pdf", "..", ".", "", "CON",
    "nul.txt", "a\x00b.doc",
    "申请\u202excod.exe", "x" * 400 + ".docx", "长" * 300 + ".pdf", "<script>.pdf", "a\nb.pdf", "\ud800.pdf",
    "trailing. ",
]  # fmt: skip


@pytest.fixture
def lite(tmp_path: Path):  # type: ignore[no-untyped-def]
    with sqlite(tmp_path) as opened:
        yield opened


def _keep(blobs: FolderBlobs, name: str, data: bytes) -> StoredFile:
    kept = blobs.put(io.BytesIO(data))
    return StoredFile(name, kept.sha256, kept.bytes)


def _dossier(database: Database, blobs: FolderBlobs, submission: int, *crops: Crop) -> zipfile.ZipFile:
    target = io.BytesIO()
    with database.read() as connection:
        known = gather(connection, submission, PILOT)
    write_dossier(target, known, blobs, crops, made.NOW)
    return zipfile.ZipFile(target)


def test_it_holds_the_originals_the_record_and_the_log(lite: Database, tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "blobs")
    files = [_keep(blobs, "申请表.docx", b"one" * 100_000), _keep(blobs, "扫描.pdf", b"two")]
    submission = made.store(lite, PILOT, files=files)
    made.correct(lite, submission, PILOT, EMAIL, "new@example.com")
    made.move(lite, submission, "accept", "材料齐全")
    archive = _dossier(lite, blobs, submission, Crop(EMAIL, 2, b"webp"))
    assert archive.testzip() is None
    assert archive.namelist() == [
        "原件/01-申请表.docx", "原件/02-扫描.pdf",
        f"字段截图/01-{PILOT.titles[EMAIL]}-第2页.webp", "record.json", "汇总表.xlsx", "审核记录.html",
    ]  # fmt: skip
    assert archive.read("原件/01-申请表.docx") == b"one" * 100_000
    record = json.loads(archive.read("record.json"))
    assert (record["status"], record["fields"][EMAIL]) == ("accepted", "new@example.com")
    assert [file["missing"] for file in record["files"]] == [False, False]
    assert load_workbook(io.BytesIO(archive.read("汇总表.xlsx")))[PILOT.title].max_row == 2


def test_the_page_tells_who_changed_what_when_and_the_hash_of_each_entry(
    lite: Database, tmp_path: Path
) -> None:
    submission = made.store(lite, PILOT)
    before = made.line(PILOT)["fields"][EMAIL]["value"]
    made.correct(lite, submission, PILOT, EMAIL, "new@example.com")
    made.move(lite, submission, "return", "缺少公章")
    page = _dossier(lite, FolderBlobs(tmp_path / "b"), submission).read("审核记录.html").decode()
    with lite.read() as connection:
        for row in connection.execute(audit.audit_log.select()):
            assert row.hash in page
    assert re.search(rf"{re.escape(before)}</td><td>new@example.com</td>", page)
    assert "缺少公章" in page
    assert "退回补正" in page
    assert "user:1" in page
    assert "（内容已不在系统中）" in page, "its file is not among the blobs"


def test_the_page_stands_alone_and_no_text_in_it_is_markup(lite: Database, tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)>\"'</td><script>alert(2)</script>{{ 7*7 }}"
    submission = made.store(lite, PILOT, files=[StoredFile(evil, "a" * 64, 1)], overview=evil)
    page = _dossier(lite, FolderBlobs(tmp_path / "b"), submission).read("审核记录.html").decode()
    tags: set[str] = set()

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            tags.add(tag)
            assert not {name for name, _ in attributes} & {"src", "href", "style", "onerror"}

    Tags().feed(page)
    assert tags & {"script", "img", "link", "iframe"} == set()
    assert "{{ 7*7 }}" in page
    assert "http://" not in page
    assert "https://" not in page


def test_what_was_erased_is_told_and_the_rest_stays(lite: Database, tmp_path: Path) -> None:
    submission = made.store(lite, PILOT)
    with lite.write() as connection:
        audit.erase(connection, [f"submission:{submission}"])
        connection.execute(uploads.update().values(purged_at=made.NOW))
    archive = _dossier(lite, FolderBlobs(tmp_path / "b"), submission)
    page = archive.read("审核记录.html").decode()
    assert "（已清除）" in page
    assert made.line(PILOT)["fields"][EMAIL]["value"] not in page
    assert not any(name.startswith("原件/") for name in archive.namelist())


def test_what_was_read_off_a_page_is_cut_out_of_it(tmp_path: Path) -> None:
    blobs, sample = FolderBlobs(tmp_path / "blobs"), INBOX / "A08_printed.pdf"
    (line,) = read_submission(Source.at(sample, sample.name), load_forms(), Options())
    seen = {
        name for name, field in line["fields"].items() if any(one.get("box") for one in field["evidence"])
    }
    assert seen
    with closing(Views(Settings(data=tmp_path), blobs, no_keys())) as views:
        file = _keep(blobs, sample.name, sample.read_bytes())
        crops = cut_out([file], line, views)
        assert {crop.field for crop in crops} == seen
        assert all(crop.picture[8:12] == b"WEBP" for crop in crops)
        forget(Settings(data=tmp_path), [file.sha256])
        blobs.delete(file.sha256)
        assert cut_out([file], line, views) == [], "the file is gone"


def test_what_was_read_in_a_cell_of_word_is_cut_out_of_the_printed_page(tmp_path: Path) -> None:
    if shutil.which("soffice") is None:
        pytest.skip("needs LibreOffice: soffice is not on the path")
    blobs, sample = FolderBlobs(tmp_path / "blobs"), INBOX / "A01_lit_ballot_check.docx"
    (line,) = read_submission(Source.at(sample, sample.name), load_forms(), Options())
    with closing(Views(Settings(data=tmp_path), blobs, no_keys())) as views:
        crops = cut_out([_keep(blobs, sample.name, sample.read_bytes())], line, views)
    assert {name for name, field in line["fields"].items() if field["evidence"]} == {
        crop.field for crop in crops
    }


def test_nothing_of_other_applications_is_in_it_and_its_own_are_taken_out_of_what_holds_both(
    lite: Database, tmp_path: Path
) -> None:
    blobs = FolderBlobs(tmp_path / "b")
    names = ["s.docx", "s.docx", "mail.eml", "乙公司的函.txt"]
    files = [_keep(blobs, name, str(number).encode()) for number, name in enumerate(names)]
    submission = made.store(lite, PILOT, files=files)
    (first, second) = (
        name for name, _ in Source.of("", tmp_path, [("s.docx", tmp_path), ("s.docx", tmp_path / "x")]).parts
    )
    told = {
        first: [1],
        second: [2],
        "mail.eml": [],
        "mail.eml/a.docx": [2],
        "mail.eml/b.docx": [1],
        names[3]: [],
    }
    parts = [
        {"name": name, "sha256": "a" * 64, "state": "read", "applications": numbers}
        for name, numbers in told.items()
    ]
    with lite.write() as connection:
        connection.execute(results.update().values(line={**made.line(PILOT), "parts": parts}))
        insert_submission(connection, 1, 2, "a.docx", None, made.NOW)
    with lite.read() as connection:
        known = gather(connection, submission, PILOT)
    target = io.BytesIO()
    write_dossier(target, known, blobs, [], made.NOW, {"mail.eml/b.docx": b"taken out"})
    archive = zipfile.ZipFile(target)
    assert {name: archive.read(name) for name in archive.namelist() if name.startswith("原件/")} == {
        "原件/01-s.docx": b"0", "原件/02-b.docx": b"taken out",
    }  # fmt: skip
    for name in ("record.json", "审核记录.html"):
        assert "乙公司的函" not in archive.read(name).decode()
        assert "a.docx" not in archive.read(name).decode()


def test_hostile_names_stay_inside_and_are_all_there(lite: Database, tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "blobs")
    names = [name for name in HOSTILE if "\x00" not in name and "\ud800" not in name]
    files = [_keep(blobs, name, str(number).encode()) for number, name in enumerate(names)]
    archive = _dossier(lite, blobs, made.store(lite, PILOT, files=files))
    out = tmp_path / "out"
    archive.extractall(out)
    inside = sorted(path for path in out.rglob("*") if path.is_file() and path.parent.name == "原件")
    assert [path.read_text() for path in inside] == [str(number) for number in range(len(names))]


@given(
    name=st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(codec=None), max_size=60)),
    number=st.integers(1, 120),
)
def test_a_safe_name_is_one_plain_name_on_every_system(name: str, number: int) -> None:
    safe = safe_name(name, number)
    assert PurePosixPath(safe).parts == (safe,)
    assert PureWindowsPath(safe).parts == (safe,)
    assert safe.startswith(f"{number:02d}-")
    assert len(safe.encode()) <= 200
    assert safe == safe.strip(" .")
    assert safe_name(name, number + 1) != safe


def test_a_name_keeps_its_ending() -> None:
    assert safe_name("长" * 300 + ".pdf", 1).endswith("长.pdf")
