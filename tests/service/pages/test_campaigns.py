"""The page of campaigns: what it says is what the service says, and what is decided on it holds."""

import io
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Page, expect

from service.forms.definitions import load_forms
from tests.service.pages.conftest import Visit
from tests.service.pages.samples import filled, unit
from tests.service.pages.serving import ROOT, Service

NAME = "carbon-filing-2026"
PATH = f"/campaigns?name={NAME}"
SEEDS = (81, 82)
LETTER, PILOT = "near-zero-carbon-2021", "pilot-application"


@pytest.fixture(scope="module", autouse=True)
def came(service: Service, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder: Path = tmp_path_factory.mktemp("campaign")
    for upload in service.administrator.upload(*(filled(folder, seed) for seed in SEEDS)):
        service.administrator.read(upload)


def _figures(service: Service) -> dict[str, Any]:
    said: dict[str, Any] = service.administrator.ask("GET", f"/campaigns/{NAME}")
    return said


def _units() -> list[str]:
    form = load_forms()["enterprise-filing"]
    return [unit(form, seed) for seed in SEEDS]


def _opened(visit: Visit, *arguments: Any, **more: Any) -> Page:
    page = visit(PATH, *arguments, **more)
    page.wait_for_selector("#waiting-rows tr")
    page.wait_for_selector("#organisers svg")
    return page


def test_the_page_says_what_the_service_says(service: Service, visit: Visit) -> None:
    page, said = _opened(visit), _figures(service)
    expect(page.locator("#campaign-now")).to_contain_text(f"申请 {said['applications']} 份")
    assert page.locator("#stages li").count() == len(said["stages"])
    label = page.locator("#organisers svg").get_attribute("aria-label") or ""
    for row in said["organisers"]:
        assert f"{row['called']} {row['counted']}/{row['most']}" in label
    assert page.locator("#funnel svg rect.bar").count() == 9
    assert page.locator("#waiting-rows tr").count() == min(50, said["waiting"])


def test_what_others_do_is_seen_at_once_and_takes_nothing_from_who_is_deciding(
    service: Service, visit: Visit
) -> None:
    page, before = _opened(visit), _figures(service)
    page.locator("#waiting-rows summary").first.click()
    page.get_by_label("理由").first.fill("正在写")
    expect(page.locator("#whose dt")).to_have_text(["还没有分给谁"])
    (other,) = service.administrator.ask("GET", f"/campaigns/{NAME}/applications", params={"limit": 1})[
        "items"
    ]
    me = int(service.administrator.ask("GET", "/session")["user"]["id"].split(":")[-1])
    for who, told in ((me, 2), (None, 1)):
        path = f"/submissions/{other['submission']}/assignee"
        service.administrator.ask("PUT", path, json={"user": who})
        expect(page.locator("#whose dt")).to_have_count(told, timeout=15_000)
    assert _figures(service)["applications"] == before["applications"]
    expect(page.get_by_label("理由").first).to_have_value("正在写")


def test_who_was_to_apply_and_did_not_is_told(service: Service, visit: Visit) -> None:
    page, missing = _opened(visit), _figures(service)["missing_units"]
    told = page.locator("#missing-units")
    expect(told.locator("summary")).to_have_text(f"应报未报 {len(missing)} 家")
    told.locator("summary").click()
    expect(told).to_contain_text(missing[0])


@pytest.mark.parametrize("size", [(1366, 768), (390, 844)])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_runs_over_the_edge(visit: Visit, size: tuple[int, int], dark: bool) -> None:
    page = _opened(visit, size=size, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    box = page.locator("#organisers svg").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= size[0]


def test_a_decision_is_made_by_keys_alone_and_holds(service: Service, visit: Visit) -> None:
    before = _figures(service)
    page = _opened(visit)
    page.keyboard.press("j")
    expect(page.locator("#waiting-rows tr:first-child a")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    row = page.locator("#waiting-rows tr:first-child")
    chosen = row.locator("select").first.input_value()
    assert chosen == before["organisers"][0]["organiser"]
    row.get_by_label("申报资格").select_option("true")
    row.get_by_label("时限").select_option("true")
    row.get_by_label("理由").fill("电话核实")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("已记下")
    expect(page.locator("#waiting-rows tr")).to_have_count(before["waiting"] - 1)
    after = _figures(service)
    assert after["organisers"][0]["counted"] == before["organisers"][0]["counted"] + 1


def test_who_may_not_decide_sees_no_way_to(service: Service, visit: Visit) -> None:
    page = _opened(visit, service.person("clerk", "clerk"))
    expect(page.get_by_text("作出决定")).to_have_count(0)
    expect(page.get_by_role("button", name="下载台账和催报函")).to_have_count(0)


def test_the_papers_are_downloaded(visit: Visit) -> None:
    page = _opened(visit)
    with page.expect_download() as download:
        page.keyboard.press("d")
    assert download.value.suggested_filename == f"{NAME}.zip"


def test_another_campaign_is_chosen_and_stays_in_the_address(visit: Visit) -> None:
    page = _opened(visit)
    page.get_by_label("选择活动").select_option(LETTER)
    expect(page.locator("#stages li")).to_have_count(2)
    assert page.url.endswith(f"?name={LETTER}")
    page.reload()
    expect(page.locator("#stages li")).to_have_count(2)


def test_rows_of_the_announced_list_are_settled_on_the_page(
    service: Service, visit: Visit, tmp_path: Path
) -> None:
    form = load_forms()[PILOT]
    for upload in service.administrator.upload(filled(tmp_path, 83, form=form)):
        service.administrator.read(upload)
    book = Workbook()
    book.worksheets[0].append(["序号", "试点名称", "申报单位"])
    book.worksheets[0].append([1, "某个试点", unit(form, 83)])
    book.worksheets[0].append([2, "远方", "上海远方集团"])
    book.save(tmp_path / "省名单.xlsx")
    page = visit(f"/campaigns?name={LETTER}")
    expect(page.locator("#outcome-now")).to_contain_text("还没有导入")
    expect(page.get_by_role("button", name="下载名单和公示")).to_be_disabled()
    page.get_by_label("上级公布的名单").set_input_files(tmp_path / "省名单.xlsx")
    page.get_by_role("button", name="导入名单").click()
    expect(page.locator("#announced-body tr")).to_have_count(2)
    first = page.locator("#announced-body tr").first
    first.get_by_label("是哪一份").select_option(index=1)
    first.get_by_role("button", name="确认对应").click()
    expect(page.locator("#announced-body tr")).to_have_count(1)
    page.get_by_label("是哪一份").select_option("none")
    page.get_by_role("button", name="确认对应").click()
    expect(page.locator("#outcome-now")).to_contain_text("待核对 0 行")
    expect(page.locator("#outcome-lists dd").first).to_have_text("1 份")
    with page.expect_download() as download:
        page.get_by_role("button", name="下载名单和公示").click()
    assert download.value.suggested_filename == f"{LETTER}-lists.zip"
    page.get_by_label("连同已对应的行").check()
    page.get_by_role("button", name="重新确认").first.click()
    expect(page.locator("#outcome-now")).to_contain_text("待核对 1 行")
    said: dict[str, Any] = service.administrator.ask("GET", f"/campaigns/{LETTER}/outcome")
    assert (said["doubted"], said["total"]) == (1, 2)


def test_the_bureaus_own_sheet_is_looked_over_and_filled_in(visit: Visit, tmp_path: Path) -> None:
    book = Workbook()
    for row in (["汇总表"], ["序号", "企业名称", "联系电话（手机）", "备注"]):
        book.worksheets[0].append(row)
    book.save(tmp_path / "模板.xlsx")
    page = _opened(visit)
    page.get_by_label("汇总表模板").set_input_files(tmp_path / "模板.xlsx")
    expect(page.locator("#own-columns tbody tr")).to_have_count(4)
    phone = page.get_by_label("“联系电话（手机）”填什么")
    assert phone.locator("option:checked").inner_text() == "联系电话"
    page.get_by_label("“备注”填什么").select_option(label="状态")
    with page.expect_download() as download:
        page.get_by_role("button", name="下载汇总表").click()
    filled_in = load_workbook(io.BytesIO(download.value.path().read_bytes())).worksheets[0]
    rows = {row[1]: row for row in filled_in.iter_rows(min_row=3, values_only=True)}
    for name in _units():
        assert rows[name][2]
        assert rows[name][3] == "待复核"
    with page.expect_download() as download:
        page.get_by_role("button", name="按推荐部门各一份").click()
    assert download.value.suggested_filename == f"{NAME}-summary.zip"


def test_what_fits_no_campaign_is_placed_once(service: Service, visit: Visit) -> None:
    unreadable = ROOT / "fixtures/inbox/T43_truncated.docx"
    for upload in service.administrator.upload(unreadable):
        service.administrator.read(upload)
    waits = service.administrator.ask("GET", "/placements")["total"]
    page = _opened(visit)
    expect(page.locator("#placing-now")).to_contain_text(f"有 {waits} 份看不出属于哪个活动")
    row = page.locator("#placing-body tr", has_text="T43_truncated").first
    row.get_by_label("属于哪个活动").select_option("none")
    row.get_by_role("button", name="归入").click()
    expect(page.locator("#messages")).to_contain_text("已归入")
    assert service.administrator.ask("GET", "/placements")["total"] == waits - 1
    page.get_by_label("看已经人工归入的").check()
    expect(page.locator("#placing-body")).to_contain_text("已确认不属于任何活动")


def test_points_are_given_and_told_once_both_reviewers_have(service: Service, visit: Visit) -> None:
    page = _opened(visit)
    row = page.locator("#waiting-rows tr").first
    row.get_by_text("作出决定").click()
    for number, points in enumerate(("30", "20", "25")):
        row.locator("fieldset.scores input").nth(number).fill(points)
    expect(row.locator("fieldset.scores output")).to_have_text("合计 75 分")
    row.get_by_role("button", name="记下决定").click()
    expect(page.locator("#waiting-rows")).to_contain_text("评分：等第二位复核人评分")
    other = _opened(visit, service.person("other-reviewer", "reviewer"))
    row = other.locator("#waiting-rows tr", has_text="等第二位复核人").first
    row.get_by_text("作出决定").click()
    assert [one.input_value() for one in row.locator("fieldset.scores input").all()] == ["", "", ""]


def test_units_are_links_to_their_submissions(visit: Visit) -> None:
    page = _opened(visit)
    names = page.locator("#waiting-rows a").all_inner_texts()
    assert set(names) & set(_units())
    page.locator("#waiting-rows a").first.click()
    page.wait_for_url("**/submissions/*")
