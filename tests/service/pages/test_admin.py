"""Administration: users, tokens, the log."""

import re

import httpx
from playwright.sync_api import expect

from tests.service.pages.conftest import Visit
from tests.service.pages.serving import PASSWORD, Service, signed_in


def test_a_new_user_gets_a_link_that_is_shown_once(service: Service, visit: Visit) -> None:
    page = visit("/admin")
    page.get_by_label("登录名").fill("wu")
    page.get_by_label("姓名").fill("吴开源")
    page.get_by_label("角色", exact=True).select_option(label="复核员")
    page.get_by_role("button", name="新建用户").click()
    link = page.get_by_role("group", name=re.compile("吴开源")).get_by_role("textbox")
    expect(link).to_be_focused()
    person = signed_in(service.url, "wu", link.input_value())
    assert "decide" in person.ask("GET", "/session")["user"]["can"]
    page.reload()
    expect(page.get_by_role("row", name=re.compile("吴开源"))).to_contain_text("可登录")
    expect(page.get_by_text("只能用一次")).to_have_count(0)


def test_the_link_is_copied_by_a_button(service: Service, visit: Visit) -> None:
    service.administrator.ask("POST", "/users", json={"name": "copied", "full_name": "", "role": "clerk"})
    page = visit("/admin")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("row", name=re.compile("copied")).get_by_role("button", name="重新生成链接").click()
    page.get_by_role("button", name="复制").click()
    expect(page.get_by_text("已复制")).to_be_visible()
    assert "/link/" in page.evaluate("navigator.clipboard.readText()")


def test_a_user_who_is_stopped_can_t_sign_in_until_that_is_undone(service: Service, visit: Visit) -> None:
    service.person("stopped", "clerk")
    page = visit("/admin")
    row = page.get_by_role("row", name=re.compile("stopped"))
    row.get_by_role("button", name="停用").click()
    expect(row).to_contain_text("已停用")
    credentials = {"name": "stopped", "password": PASSWORD}
    assert httpx.post(f"{service.url}/api/v1/session", json=credentials).status_code == 401
    page.get_by_role("button", name="撤销").click()
    expect(row).to_contain_text("可登录")
    assert httpx.post(f"{service.url}/api/v1/session", json=credentials).status_code == 200


def test_one_can_t_take_the_administration_from_oneself(visit: Visit) -> None:
    page = visit("/admin")
    row = page.get_by_role("row", name=re.compile("^admin"))
    expect(row.get_by_role("combobox")).to_be_disabled()
    expect(row.get_by_role("button")).to_have_count(0)


def test_a_token_is_shown_once_works_and_is_stopped_by_two_presses(service: Service, visit: Visit) -> None:
    page = visit("/admin#tokens")
    page.get_by_label("给哪个系统用").fill("档案系统")
    page.get_by_role("button", name="新建令牌").click()
    token = page.get_by_role("group", name=re.compile("档案系统")).get_by_role("textbox").input_value()
    ask = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{service.url}/api/v1/submissions", headers=ask).status_code == 200
    page.reload()
    assert token not in page.content()
    row = page.get_by_role("row", name=re.compile("档案系统"))
    row.get_by_role("button", name="停用").click()
    row.get_by_role("button", name="再按一次停用").click()
    expect(row).to_contain_text("已停用")
    assert httpx.get(f"{service.url}/api/v1/submissions", headers=ask).status_code == 401


def test_the_log_names_who_did_what_and_is_verified(visit: Visit) -> None:
    page = visit("/admin#audit")
    rows = page.get_by_role("table", name="日志").get_by_role("row")
    expect(rows.filter(has_text="登录").first).to_be_visible()
    page.get_by_role("button", name="校验日志").click()
    expect(page.get_by_text("日志完整")).to_be_visible()


def test_a_webhook_to_a_host_that_is_not_allowed_is_refused_and_says_why(visit: Visit) -> None:
    page = visit("/admin#webhooks")
    expect(page.get_by_text("SEALFORM_WEBHOOK_HOSTS")).to_be_visible()
    page.get_by_label("对方的网址").fill("https://elsewhere.example.org/x")
    page.get_by_role("button", name="新建推送").click()
    expect(page.get_by_role("alert").get_by_text("elsewhere.example.org")).to_be_visible()
