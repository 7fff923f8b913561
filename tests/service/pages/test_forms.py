"""The page of forms: blank ones, a roster looked over, one file for each good row."""

import io
import re
import zipfile

from openpyxl import load_workbook
from playwright.sync_api import Download, expect

from extractor import Options, Source, extract
from service.forms.definitions import load_forms
from tests.service.cli.test_trials import GOOD
from tests.service.pages.conftest import Visit
from tests.service.pages.serving import ROOT, Service

ROSTER = ROOT / "fixtures/roster.xlsx"  # four good rows and a bad one
FORM = "pilot-application"


def _bytes(download: Download) -> bytes:
    return download.path().read_bytes()


def test_each_kind_of_blank_is_downloaded(visit: Visit) -> None:
    page = visit(f"/forms?form={FORM}")
    expect(page.locator("#form")).to_have_value(FORM)
    for name, start in (
        ("Word 文档", b"PK"),
        ("可填写的 PDF", b"%PDF"),
        ("打印用 PDF", b"%PDF"),
        ("名册模板", b"PK"),
    ):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        assert _bytes(download.value).startswith(start)
        assert re.match(r"[一-鿿]+\.\w+", download.value.suggested_filename)


def test_a_roster_is_looked_over_and_becomes_a_zip_of_forms_that_can_be_read_again(
    visit: Visit, tmp_path: object
) -> None:
    page = visit(f"/forms?form={FORM}")
    page.locator("#roster").set_input_files(ROSTER)
    expect(page.locator("#preview-summary")).to_have_text("5 行，可以生成 4 份，1 行有问题，不会生成")
    rows = page.get_by_role("region", name="名册各行").locator("tbody tr")
    expect(rows.filter(has_text="有问题").get_by_role("listitem")).not_to_have_count(0)
    expect(page.locator("#sample-page img")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="生成并下载").click()
    with zipfile.ZipFile(io.BytesIO(_bytes(download.value))) as packed:
        made = [name for name in packed.namelist() if name.endswith(".docx")]
        assert len(made) == 4
        units = {name.removesuffix(".docx") for name in made}
        first = packed.read(made[0])
    path = tmp_path / "first.docx"  # type: ignore[operator]
    path.write_bytes(first)
    (result,) = extract(Source.at(path), load_forms(), Options())
    values = {str(field["value"]) for field in result.to_json()["fields"].values()}
    assert values & units, "the name of a file is the unit that it is for"


def test_the_sample_shows_the_row_that_was_chosen(visit: Visit) -> None:
    page = visit(f"/forms?form={FORM}")
    page.locator("#roster").set_input_files(ROSTER)
    expect(page.locator("#sample-page img")).to_be_visible()
    first = page.locator("#sample-page img").get_attribute("src")
    page.get_by_role("button", name=re.compile("^看 .* 的样张")).last.click()
    expect(page.locator("#sample-page img")).not_to_have_attribute("src", first or "")
    expect(page.locator("#sample-title")).to_have_text(re.compile("^样张：."))


def test_a_roster_in_which_no_unit_stands_yet_says_so(visit: Visit) -> None:
    page = visit(f"/forms?form={FORM}")
    with page.expect_download() as download:
        page.get_by_text("名册模板（.xlsx）").click()
    template = {"name": "名册.xlsx", "mimeType": "application/zip", "buffer": _bytes(download.value)}
    page.locator("#roster").set_input_files(template)
    expect(page.locator("#preview-summary")).to_have_text("名册里还没有填写单位（示例一行不算）")


def test_a_file_that_is_no_roster_is_told(visit: Visit) -> None:
    page = visit(f"/forms?form={FORM}")
    page.locator("#roster").set_input_files(
        {"name": "x.xlsx", "mimeType": "application/zip", "buffer": b"no sheet"}
    )
    expect(page.get_by_role("alert").get_by_text("名册")).to_be_visible()
    expect(page.locator("#preview")).to_be_hidden()


def test_two_versions_stand_side_by_side(service: Service, visit: Visit) -> None:
    for text in (GOOD, GOOD.replace('"1"', '"2"').replace("联系电话", "手机号码")):
        service.administrator.ask("POST", "/forms", params={"reason": "试"}, content=text.encode())
    page = visit("/forms?form=visit-record")
    expect(page.locator("#versions-sum")).to_have_text("1 栏有变化")
    changed = page.locator("#compared tr.changed")
    expect(changed).to_contain_text("标题由“联系电话”改为“手机号码”")
    page.locator("#version-old").select_option("2")
    expect(page.locator("#versions-sum")).to_have_text("栏目相同")


def test_the_template_has_the_columns_of_the_form(service: Service, visit: Visit) -> None:
    page = visit(f"/forms?form={FORM}")
    with page.expect_download() as download:
        page.get_by_role("link", name="名册模板").click()
    sheet = load_workbook(io.BytesIO(_bytes(download.value))).active
    assert sheet is not None
    text = {str(cell.value) for row in sheet.iter_rows(max_row=5) for cell in row}
    titles = {field["title"] for field in service.administrator.ask("GET", f"/forms/{FORM}")["fields"]}
    assert len(text & titles) > 5
