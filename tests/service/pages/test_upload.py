"""Many files at once: what came is asked about, not assumed, and each applicant's papers stay its own."""

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from generator import generate, new_identity
from models.record import Record
from service.forms.definitions import load_forms
from tests.extractor.documents import docx, paragraph
from tests.service.pages.conftest import Visit
from tests.service.pages.serving import ROOT, Service
from tests.service.pages.walking import INBOX, opened

READ = 120_000  # ms: the worker reads its first file only after it has loaded what reading takes
FORM = load_forms()["pilot-application"]
TRUTH = json.loads((ROOT / "fixtures/inbox-truth.json").read_text("utf-8"))
SCAN = "scan_clean.pdf"


def _record() -> Record:
    """What the scan of the samples says."""
    told = TRUTH[SCAN]["fields"]
    return Record(
        form=FORM.name,
        version=FORM.version,
        values={name: field.from_json(told[name]) for name, field in FORM.fields.items() if name in told},
    )


@pytest.fixture
def mixed(tmp_path: Path) -> dict[str, Path]:
    """What lies in somebody's folder at the end of a day: two units' forms, a third's as Word file and as
    scan, a form that is damaged, and a letter."""
    data = {
        "甲.docx": (INBOX / "A01_lit_ballot_check.docx").read_bytes(),
        "乙.docx": (INBOX / "A04_lit_box_then_tick.docx").read_bytes(),
        "丙.docx": generate(FORM, "docx", new_identity(FORM), _record()).data,
        "丙扫描.pdf": (INBOX / SCAN).read_bytes(),
        "丁坏.docx": (INBOX / "T43_truncated.docx").read_bytes(),
        "来函.docx": docx(paragraph("关于报送申请材料的函")),
    }
    for name, one in data.items():
        (tmp_path / name).write_bytes(one)
    return {name: tmp_path / name for name in data}


def _line(page: Page, name: str) -> Locator:
    return (
        page.get_by_role("region", name="本次上传")
        .get_by_role("listitem")
        .filter(has=page.get_by_text(name, exact=True))
    )


def _number(link: Locator) -> int:
    return int((link.get_attribute("href") or "").rpartition("/")[2])


def test_of_many_files_each_is_its_unit_s_and_word_and_scan_are_one(
    service: Service, visit: Visit, mixed: dict[str, Path], tmp_path: Path
) -> None:
    page = visit("/?sort=-received_at")
    page.locator("#files").set_input_files(list(mixed.values()))
    expect(page.get_by_text("6 个文件都已处理")).to_be_visible(timeout=READ)
    numbers = {name: _number(_line(page, name).get_by_role("link").first) for name in mixed}
    assert numbers["丙.docx"] == numbers["丙扫描.pdf"]
    assert len(set(numbers.values())) == 5
    for number in set(numbers.values()):
        expect(page.locator(f'#rows tr[data-id="{number}"]')).to_be_visible()
    unit = str(_record().values[FORM.caption[0]])
    expect(_line(page, "丙扫描.pdf").get_by_role("link")).to_have_text(unit)
    expect(_line(page, "丁坏.docx").locator(".status")).to_have_text("无法读取")
    expect(_line(page, "来函.docx").locator(".status")).to_have_text("无法读取")
    detail = {
        name: service.administrator.ask("GET", f"/submissions/{number}") for name, number in numbers.items()
    }
    (upload,) = {one["upload"] for one in detail.values()}
    made = service.administrator.ask("GET", f"/uploads/{upload}")["submissions"]
    assert {one["id"] for one in made} == set(numbers.values())
    assert detail["丁坏.docx"]["error_code"] == "damaged"
    for name in ("甲.docx", "乙.docx"):
        assert detail[name]["name"] == name
        assert not any(finding["code"].startswith("part") for finding in detail[name]["findings"])
    _shows_its_own(opened(page, service, numbers["丙.docx"]), unit, ["丙.docx", "丙扫描.pdf"])
    _shows_its_own(opened(page, service, numbers["甲.docx"]), detail["甲.docx"]["unit"], ["甲.docx"])
    for name, own in (
        ("甲.docx", ["甲.docx"]),
        ("丙.docx", ["丙.docx", "丙扫描.pdf"]),
        ("丁坏.docx", ["丁坏.docx"]),
    ):
        _holds_its_own(service, numbers[name], own, [other for other in mixed if other not in own])


def _shows_its_own(page: Page, unit: str, own: list[str]) -> None:
    expect(page).to_have_title(f"{unit} · 复核 · Sealform")
    expect(page.locator("#part option")).to_have_count(len(own))
    assert [
        text.split(" · ")[0].split("（")[0].strip()
        for text in page.locator("#part option").all_text_contents()
    ] == own


def _holds_its_own(service: Service, number: int, own: list[str], others: list[str]) -> None:
    answer = service.administrator.client.get(f"/api/v1/submissions/{number}/dossier", timeout=120)
    answer.raise_for_status()
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    originals = [name.partition("-")[2] for name in archive.namelist() if name.startswith("原件/")]
    assert originals == own
    texts = "".join(archive.read(name).decode() for name in ("record.json", "审核记录.html"))
    assert [name for name in others if name in texts] == []


def test_folders_in_a_dropped_folder_are_a_sender_s_each(visit: Visit, mixed: dict[str, Path]) -> None:
    page = visit("/")
    _drop_folder(
        page,
        {
            "收到/甲.docx": mixed["甲.docx"],
            "收到/乙公司/乙.docx": mixed["乙.docx"],
            "收到/乙公司/函.docx": mixed["来函.docx"],
        },
    )
    expect(page.get_by_text("3 个文件都已处理")).to_be_visible(timeout=READ)
    expect(_line(page, "收到/乙公司/函.docx").get_by_role("link")).to_have_attribute(
        "href", _line(page, "收到/乙公司/乙.docx").get_by_role("link").get_attribute("href") or ""
    )
    assert _number(_line(page, "收到/甲.docx").get_by_role("link")) != _number(
        _line(page, "收到/乙公司/乙.docx").get_by_role("link")
    )


def _drop_folder(page: Page, files: dict[str, Path]) -> None:
    """Drops a folder, whose entries a page can't make by itself."""
    data: list[dict[str, Any]] = [
        {"path": path, "data": base64.b64encode(file.read_bytes()).decode()} for path, file in files.items()
    ]
    page.evaluate(
        """(files) => {
            const entry = (path, inside) => inside.length === 1 && inside[0].path === path
                ? { isFile: true, fullPath: `/${path}`, file: (done) => done(new File(
                    [Uint8Array.from(atob(inside[0].data), (one) => one.charCodeAt(0))],
                    path.split("/").at(-1))) }
                : { isDirectory: true, fullPath: `/${path}`, createReader: () => {
                    const steps = new Set(inside.map((one) => one.path.slice(path.length + 1).split("/")[0]));
                    const below = (step) =>
                        inside.filter((one) => `${one.path}/`.startsWith(`${path}/${step}/`));
                    const found = [...steps].map((step) => entry(`${path}/${step}`, below(step)));
                    return { readEntries: (done) => done(found.splice(0)) };
                } };
            const root = entry(files[0].path.split("/")[0], files);
            const event = new Event("drop", { bubbles: true, cancelable: true });
            event.dataTransfer = { types: ["Files"], items: [{ webkitGetAsEntry: () => root }], files: [] };
            document.querySelector("#main").dispatchEvent(event);
        }""",
        data,
    )


def test_what_will_become_of_them_is_said_before_they_are_let_go(visit: Visit) -> None:
    page = visit("/")
    for label, words in (
        ("自动判断", "先各算一份"),
        ("同一份申请", "同一份申请"),
        ("每个文件一份", "每个文件作为一份"),
    ):
        page.get_by_label(label).check()
        page.evaluate(
            """() => { const event = new Event("dragenter", { bubbles: true, cancelable: true });
                       event.dataTransfer = { types: ["Files"] };
                       document.querySelector("#main").dispatchEvent(event); }"""
        )
        expect(page.locator("#drop-how")).to_contain_text(words)
        page.evaluate(
            """document.querySelector("#main").dispatchEvent(new Event("dragleave", { bubbles: true }))"""
        )
