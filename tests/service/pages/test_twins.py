"""The same again, as it looks: told in the inbox and on the review page, settled by keyboard and mouse, told
before an export."""

import csv
import io
import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from generator import new_identity
from service.forms.definitions import load_forms
from tests.service.pages.conftest import Visit
from tests.service.pages.samples import FORM, filled, unit
from tests.service.pages.serving import Service
from tests.service.pages.test_accessible import RULES
from tests.service.pages.walking import arrived

DEFINITION = load_forms()[FORM]
# A field that people change between two sendings, and one that tells who applies.
EMAIL, UNIT = "reporter_email", DEFINITION.caption[0]
_seeds = itertools.count(700)


@pytest.fixture
def seed() -> int:
    """Of a unit that no other test has."""
    return next(_seeds)


def _note(page: Page, other: int) -> Locator:
    return page.get_by_role("group", name=f"疑似与第 {other} 号重复")


def _arrive(service: Service, path: Path) -> int:
    return int(arrived(service.administrator, path)[0]["id"])


def _shown(service: Service, submission: int) -> dict[str, Any]:
    return dict(service.administrator.ask("GET", f"/submissions/{submission}"))


@pytest.fixture
def twice(service: Service, tmp_path: Path, seed: int) -> tuple[int, int]:
    """The same unit's form, the second time with another address of mail."""
    return _arrive(service, filled(tmp_path, seed)), _arrive(
        service, filled(tmp_path, seed, {EMAIL: "new@example.com"})
    )


def test_the_same_file_twice_is_told_in_the_inbox_with_a_way_to_the_other(
    service: Service, visit: Visit, tmp_path: Path, seed: int
) -> None:
    path = filled(tmp_path, seed)
    first, again = _arrive(service, path), _arrive(service, path)
    page = visit(f"/?q={path.name}")
    rows = page.locator("#rows tr")
    for own, other in ((first, again), (again, first)):
        row = page.locator(f'#rows tr[data-id="{own}"]')
        expect(row.locator(".twins")).to_have_text(f"疑似重复：第 {other} 号")
        expect(row).not_to_contain_text("没有疑问")
    page.keyboard.press("A")
    expect(page.get_by_text("列表中没有可以直接受理的申请")).to_be_visible()
    page.get_by_text("更多条件").click()
    page.get_by_label("只看疑似重复").check()
    expect(rows).to_have_count(2)
    expect(page).to_have_url(re.compile("twins=true"))
    page.get_by_role("link", name=f"第 {first} 号", exact=True).click()
    page.wait_for_url(re.compile(rf"/submissions/{first}$"))
    expect(_note(page, again)).to_contain_text("与后来收到的")
    expect(_note(page, again)).to_contain_text("文件完全相同；各栏内容都相同")


def test_by_keyboard_alone_it_replaces_the_other_and_that_is_taken_back(
    service: Service, visit: Visit, twice: tuple[int, int]
) -> None:
    first, again = twice
    page = visit(f"/submissions/{again}")
    expect(_note(page, first)).to_contain_text(f"单位和表格相同；有 1 栏不同：{DEFINITION.titles[EMAIL]}")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name=f"替换原来的第 {first} 号")).to_be_focused()
    page.keyboard.press("Enter")
    expect(_note(page, first)).to_have_count(0)
    expect(page.get_by_role("status").get_by_text("已替换原来的")).to_be_visible()
    expect(page.locator("#settled")).to_be_focused()
    old, new = _shown(service, first), _shown(service, again)
    assert (old["status"], old["replaced_by"], new["replaces"]) == ("withdrawn", again, first)
    page.keyboard.press("z")
    expect(_note(page, first)).to_be_visible()
    assert _shown(service, first)["status"] == "in-review"
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Tab")
    expect(_note(page, first).get_by_role("button", name="是另一份")).to_be_focused()
    page.keyboard.press("Enter")
    expect(_note(page, first)).to_have_count(0)
    page.keyboard.press("Control+Enter")
    page.wait_for_function("(id) => !location.pathname.endsWith(`/${id}`)", arg=again)
    assert [_shown(service, number)["status"] for number in twice] == ["in-review", "accepted"]


def test_by_mouse_it_is_another_and_the_history_says_so_on_both_sides(
    service: Service, visit: Visit, twice: tuple[int, int]
) -> None:
    first, again = twice
    beside, page = visit(f"/submissions/{again}"), visit(f"/submissions/{first}")
    page.get_by_role("button", name="是另一份").dblclick()
    for one, other in ((page, again), (beside, first)):
        expect(_note(one, other)).to_have_count(0)
        expect(one.locator("#alerts .toast")).to_have_count(0)
        one.get_by_text(f"与第 {other} 号不是同一份").click()
        one.locator("#show-history").click()
        expect(one.locator("#history")).to_contain_text("确认是另一份")
        expect(one.locator("#history")).to_contain_text(f"编号 {other}")
    page.get_by_role("button", name="撤销这个结论").click()
    for one, other in ((page, again), (beside, first)):
        expect(_note(one, other)).to_be_visible()


def test_what_was_unfolded_stays_so_when_somebody_else_changes_the_application(
    service: Service, visit: Visit, twice: tuple[int, int]
) -> None:
    first, again = twice
    page = visit(f"/submissions/{first}")
    page.get_by_role("button", name="是另一份").click()
    page.get_by_text(f"与第 {again} 号不是同一份").click()
    back = page.get_by_role("button", name="撤销这个结论")
    back.focus()
    me = int(service.administrator.ask("GET", "/session")["user"]["id"].split(":")[-1])
    service.administrator.ask("PUT", f"/submissions/{first}/assignee", json={"user": me})
    expect(page.locator("#assignee")).to_contain_text("由我处理")
    expect(back).to_be_focused()
    back.click()
    expect(_note(page, again)).to_be_visible()


def test_by_mouse_the_earlier_one_gives_way_too(
    service: Service, visit: Visit, twice: tuple[int, int]
) -> None:
    first, again = twice
    page = visit(f"/submissions/{first}")
    page.get_by_role("button", name=f"由第 {again} 号替换这一份").click()
    expect(page.locator("#status")).to_have_text("已撤回")
    expect(page.get_by_role("link", name=f"编号 {again}")).to_be_visible()
    assert _shown(service, again)["replaces"] == first


def test_a_form_of_ours_that_came_back_under_another_name_is_told(
    service: Service, visit: Visit, tmp_path: Path, seed: int
) -> None:
    identity = new_identity(DEFINITION)
    first = _arrive(service, filled(tmp_path, seed, identity=identity))
    again = _arrive(service, filled(tmp_path, seed, {UNIT: "改名以后的公司"}, identity))
    expect(_note(visit(f"/submissions/{again}"), first)).to_contain_text(
        f"表格编号相同；有 1 栏不同：{DEFINITION.titles[UNIT]}"
    )


def test_an_export_says_beforehand_what_may_be_in_it_twice_and_what_it_leaves_out(
    service: Service, visit: Visit, twice: tuple[int, int], seed: int
) -> None:
    first, again = twice

    def taken(page: Page) -> list[dict[str, str]]:
        with page.expect_download() as download:
            page.get_by_role("button", name="下载", exact=True).click()
        rows = csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"), newline=""))
        return [row for row in rows if unit(DEFINITION, seed) in row.values()]

    page = visit("/export")
    page.locator("#form").select_option(FORM)
    page.get_by_label("全部", exact=True).check()
    page.get_by_label("CSV").check()
    expect(page.locator("#twins")).to_contain_text("份疑似重复，还没有处理。文件中“疑似重复（编号）”一列注明")
    assert {row["编号"]: row["疑似重复（编号）"] for row in taken(page)} == {
        str(first): str(again),
        str(again): str(first),
    }
    page.get_by_label("疑似重复（编号）", exact=True).uncheck()
    expect(page.locator("#twins")).to_contain_text("文件里看不出来")
    version = {"If-Match": f'"{_shown(service, again)["version"]}"'}
    service.administrator.ask(
        "POST", f"/submissions/{again}/twins/{first}", json={"verdict": "replaces"}, headers=version
    )
    page.reload()
    page.locator("#form").select_option(FORM)
    page.get_by_label("全部", exact=True).check()
    page.get_by_label("CSV").check()
    expect(page.locator("#replaced")).to_have_text(re.compile(r"已被替换 \d+ 份，不导出"))
    assert [row["编号"] for row in taken(page)] == [str(again)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_told_of_twins_is_accessible(
    visit: Visit, axe: str, twice: tuple[int, int], theme: str
) -> None:
    for address in ("/?twins=true", f"/submissions/{twice[0]}", "/export"):
        page = visit(address, dark=theme == "dark")
        expect(page.locator(".twins, .twin, #columns li").first).to_be_visible()
        page.evaluate(axe)
        found = page.evaluate("(rules) => axe.run(document, rules)", RULES)["violations"]
        grave = [one for one in found if one["impact"] in ("serious", "critical")]
        assert grave == [], f"{address}: {json.dumps(grave, ensure_ascii=False)[:2000]}"
