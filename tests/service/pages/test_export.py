"""The page of export: a form, columns in the chosen order, a format; kept as a preset."""

import csv
import io
import re
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from service.export.files import FORMATS
from tests.service.pages.conftest import Visit
from tests.service.pages.samples import FORM, filled
from tests.service.pages.serving import Service


@pytest.fixture(scope="module", autouse=True)
def accepted(service: Service, tmp_path_factory: pytest.TempPathFactory) -> None:
    """One accepted application, and one under review."""
    folder = tmp_path_factory.mktemp("accepted")
    first, _ = [
        service.administrator.read(one)[0]
        for one in service.administrator.upload(filled(folder, 51), filled(folder, 52))
    ]
    version = {"If-Match": f'"{first["version"]}"'}
    service.administrator.ask(
        "POST", f"/submissions/{first['id']}/decision", json={"move": "accept"}, headers=version
    )


def _titles(page: Page) -> list[str]:
    return [one.strip() for one in page.locator("#columns li label").all_inner_texts()]


def _opened(visit: Visit) -> Page:
    page = visit("/export")
    page.locator("#form").select_option(FORM)
    expect(page.locator("#columns-count")).to_contain_text("已选")
    return page


def _downloaded(page: Page) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name="下载", exact=True).click()
    return download.value.path().read_bytes()


def test_the_columns_that_were_chosen_come_in_their_order(visit: Visit) -> None:
    page = _opened(visit)
    page.get_by_role("button", name="全不选").click()
    expect(page.get_by_role("button", name="下载", exact=True)).to_be_disabled()
    chosen = _titles(page)[3:5]
    for title in chosen:
        page.get_by_label(title, exact=True).check()
    page.get_by_label(chosen[1], exact=True).press("Alt+ArrowUp")
    expect(page.get_by_label(chosen[1], exact=True)).to_be_focused()
    page.get_by_label("CSV").check()
    rows = list(csv.reader(io.StringIO(_downloaded(page).decode("utf-8-sig"))))
    assert rows[0] == chosen[::-1]


def test_only_what_was_accepted_goes_out_unless_all_is_asked_for(visit: Visit) -> None:
    page = _opened(visit)
    counts = []
    for which in ("只导出已受理的", "全部"):
        page.get_by_label(which, exact=True).check()
        expect(page.locator("#told")).to_contain_text("份已受理的申请" if not counts else "份申请")
        told = re.search(r"(\d+) 份", page.locator("#told").inner_text())
        sheet = load_workbook(io.BytesIO(_downloaded(page))).active
        assert sheet is not None
        counts.append(sheet.max_row)
        assert told is not None
        assert int(told[1]) == sheet.max_row - 1, "what the page said before"
    assert counts[0] < counts[1]


def test_every_format_is_offered_and_the_first_one_chosen(visit: Visit) -> None:
    offered = _opened(visit).locator("input[name=format]")
    assert offered.evaluate_all("all => all.map((one) => one.value)") == list(FORMATS)
    expect(offered.first).to_be_checked()


# The first answer that tells the columns comes when the second one is long there.
_LATE = """
const ask = window.fetch;
let late = true;
window.fetch = async (...asked) => {
  if (late && String(asked[0].url ?? asked[0]).includes("/export/columns")) {
    late = false;
    await new Promise((done) => setTimeout(done, 1500));
  }
  return ask(...asked);
};
"""


def test_a_late_answer_does_not_undo_what_was_chosen_since(visit: Visit) -> None:
    page = visit("/export")
    page.add_init_script(_LATE)
    page.reload()
    page.locator("#form").select_option(FORM)
    expect(page.locator("#columns-count")).to_contain_text("已选")
    page.get_by_role("button", name="全不选").click()
    page.get_by_label(_titles(page)[3], exact=True).check()
    page.wait_for_timeout(2000)
    expect(page.locator("#columns-count")).to_contain_text("已选 1 /")


def test_a_choice_is_kept_as_a_preset_and_its_deletion_can_be_undone(visit: Visit, tmp_path: Path) -> None:
    page = _opened(visit)
    page.get_by_role("button", name="全不选").click()
    title = _titles(page)[3]
    page.get_by_label(title, exact=True).check()
    page.get_by_label("JSON").check()
    page.get_by_label("把现在的选择存为方案").fill("月报")
    page.keyboard.press("Enter")
    expect(page.get_by_text("已保存方案“月报”")).to_be_visible()
    page.reload()
    page.get_by_label("方案", exact=True).select_option("月报")
    expect(page.get_by_label("JSON")).to_be_checked()
    expect(page.locator("#columns-count")).to_contain_text("已选 1 /")
    page.get_by_role("button", name="删除").click()
    expect(page.locator("#preset option")).to_have_count(1)
    page.get_by_role("button", name="撤销").click()
    expect(page.locator("#preset option:checked")).to_have_text("月报")
