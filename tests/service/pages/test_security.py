"""The page of one's own logins: the second factor from the first look to signing in by it, and sessions."""

import time

from playwright.sync_api import expect

from service.store.second_factor import code_at
from tests.service.pages.conftest import Contexts, Visit
from tests.service.pages.serving import PASSWORD, Service


def _code(secret: str, steps: int = 0) -> str:
    return code_at(secret, int(time.time()) // 30 + steps)


def test_a_second_factor_is_set_up_and_asked_for_at_the_next_sign_in(
    service: Service, visit: Visit, contexts: Contexts
) -> None:
    person = service.person("two-factors", "reviewer")
    page = visit("/security", person)
    page.locator("#begin-password").fill("not the password")
    page.get_by_role("button", name="开始设置").click()
    expect(page.get_by_role("alert").filter(has_text="密码不对")).to_be_visible()
    page.locator("#begin-password").fill(PASSWORD)
    page.get_by_role("button", name="开始设置").click()
    picture = page.get_by_alt_text("动态验证码的二维码")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    secret = (page.locator("#secret").text_content() or "").replace(" ", "")
    page.get_by_label("输入应用现在显示的 6 位数字").fill(_code(secret, -1))
    page.get_by_role("button", name="启用").click()
    expect(page.locator("#codes-list li")).to_have_count(10)
    recovery = page.locator("#codes-list li").first.text_content() or ""
    page.get_by_role("button", name="已保管好").click()
    expect(page.locator("#factor-state")).to_have_text("已启用，还有 10 个恢复码。")

    other = contexts(None).new_page()
    other.goto(f"{service.url}/login")
    other.get_by_label("登录名").fill(person.name)
    other.get_by_label("密码", exact=True).fill(PASSWORD)
    other.keyboard.press("Enter")
    expect(other.get_by_label("动态验证码")).to_be_focused()
    other.get_by_label("动态验证码").fill("000000")
    other.keyboard.press("Enter")
    expect(other.get_by_role("alert").filter(has_text="验证码不对")).to_be_visible()
    other.get_by_label("动态验证码").fill(recovery)
    other.keyboard.press("Enter")
    expect(other.get_by_role("heading", name="收件箱")).to_be_visible()

    page.reload()
    page.get_by_role("button", name="结束登录").first.click()
    expect(page.get_by_role("button", name="结束登录")).to_have_count(0)
    other.reload()
    expect(other.get_by_role("heading", name="登录")).to_be_visible()

    page.locator("#remove-password").fill(PASSWORD)
    page.get_by_label("6 位数字或恢复码").fill(_code(secret, 1))
    page.get_by_role("button", name="停用动态验证码").click()
    expect(page.get_by_role("button", name="开始设置")).to_be_visible()
