"""Signing in, one-time links, passwords, and what is shown to whom."""

import re
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from service.store.accounts import ROLES
from service.web.html_pages import PAGES, Page
from tests.service.pages.conftest import Contexts, Visit
from tests.service.pages.serving import PASSWORD, Service


def test_a_new_user_sets_a_password_by_the_link_and_signs_in(service: Service, contexts: Contexts) -> None:
    link = service.administrator.ask(
        "POST", "/users", json={"name": "lin", "full_name": "林", "role": "clerk"}
    )["link"]
    page = contexts(None).new_page()
    page.goto(link)
    page.get_by_label("新密码").fill(PASSWORD)
    page.get_by_label("再输一次").fill(PASSWORD + "!")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="不一致")).to_be_visible()
    page.get_by_label("再输一次").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="去登录").click()
    page.get_by_label("登录名").fill("lin")
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="收件箱")).to_be_visible()


def test_a_wrong_password_is_told_and_nothing_else(service: Service, contexts: Contexts) -> None:
    page = contexts(None).new_page()
    page.goto(f"{service.url}/login")
    page.get_by_label("登录名").fill("nobody")
    page.get_by_label("密码").fill("not the password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="登录名或密码不对")).to_be_visible()


def test_who_asks_for_a_page_before_signing_in_comes_to_it_afterwards(
    service: Service, contexts: Contexts
) -> None:
    person = service.person("reader", "reviewer")
    page = contexts(None).new_page()
    page.goto(f"{service.url}/forms")
    expect(page).to_have_url(re.compile("/login"))
    page.get_by_label("登录名").fill(person.name)
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="表格", exact=True)).to_be_visible()


def test_signing_in_leads_to_no_other_site(service: Service, contexts: Contexts) -> None:
    person = service.person("reader", "reviewer")
    page = contexts(None).new_page()
    page.goto(f"{service.url}/login?next=//example.org/login")
    page.get_by_label("登录名").fill(person.name)
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{service.url}/")


def test_a_page_that_a_role_may_not_see_says_so(service: Service, visit: Visit) -> None:
    page = visit("/admin", service.person("clerk", "clerk"))
    expect(page.get_by_role("heading")).to_have_text("没有权限查看这一页")
    expect(page.get_by_role("navigation", name="主导航").get_by_role("link", name="管理")).to_have_count(0)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.template)
def test_a_page_is_for_those_who_may_and_others_are_sent_to_sign_in(page: Page, service: Service) -> None:
    path = re.sub(r"{[^}]+}", "1", page.path)
    nobody = httpx.get(service.url + path)
    assert (nobody.status_code, nobody.headers["location"]) == (303, f"/login?next={quote(path)}")
    for role, can in ROLES.items():
        allowed = page.scope is None or page.scope in can
        assert service.person(f"one-{role}", role).client.get(path).status_code == (200 if allowed else 403)


def test_nothing_that_bears_a_session_is_kept_by_the_browser(service: Service) -> None:
    for path in ("/", "/forms", "/admin"):
        answer = service.administrator.client.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert "data-csrf" in answer.text
    assert "data-csrf" not in httpx.get(f"{service.url}/login").text


def test_a_session_that_has_ended_is_told_without_leaving_the_page(
    service: Service, contexts: Contexts
) -> None:
    person = service.person("expired", "reviewer")
    page = contexts(person).new_page()
    page.goto(f"{service.url}/forms")
    page.wait_for_selector("#form option", state="attached")
    person.client.delete("/api/v1/session")
    page.get_by_role("link", name="Word 文档").click()
    expect(page.get_by_role("alert").get_by_role("link", name="重新登录")).to_have_attribute(
        "href", re.compile("^/login[?]next=%2Fforms")
    )


def test_leaving_ends_the_session(service: Service, contexts: Contexts) -> None:
    person = service.person("leaver", "clerk")
    page: Tab = contexts(person).new_page()
    page.goto(service.url)
    page.locator("#account summary").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    assert person.client.get("/api/v1/session").status_code == 401
