"""The first pages that somebody meets, and that none is wider than a phone."""

import re

import pytest
from playwright.sync_api import expect

from service.web import guide
from service.web.html_pages import PAGES
from service.web.html_pages import Page as PageOf
from tests.service.pages.conftest import Visit
from tests.service.pages.serving import Service
from tests.service.pages.walking import ONE_DOUBT

PHONE = (390, 844)
PATHS = (
    "/", "/forms", "/questions", "/export", "/admin", "/password", "/api/v1/docs", "/nowhere",
    "/submissions/999999", "/guide", "/guide/definitions",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_page_is_wider_than_a_phone(visit: Visit, path: str) -> None:
    page = visit(path, size=PHONE)
    expect(page.locator("h1").first).to_be_visible()
    page.wait_for_timeout(300)
    width, shown = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= shown


def test_a_record_that_is_missing_leads_back(visit: Visit) -> None:
    page = visit("/submissions/999999")
    expect(page.get_by_role("heading", name="没有这份申请")).to_be_visible()
    page.get_by_role("link", name="回到收件箱").click()
    expect(page.get_by_role("heading", name="收件箱")).to_be_visible()


@pytest.mark.parametrize("page", [one for one in PAGES if one.section], ids=lambda page: page.template)
def test_the_guide_is_linked_at_the_section_of_the_page(page: PageOf) -> None:
    assert f'id="{page.section}"' in guide.text(guide.GUIDE)


def test_help_is_one_click_away_and_leads_to_its_place(visit: Visit) -> None:
    page = visit("/questions")
    page.get_by_role("link", name="指南", exact=True).click()
    expect(page.get_by_role("heading", name="按题复核")).to_be_in_viewport()
    page.get_by_role("link", name="表格定义").click()
    expect(page).to_have_url(re.compile("/guide/definitions$"))
    assert page.locator("main img").count() == 0


def test_the_page_of_the_interface_opens_an_operation(visit: Visit) -> None:
    page = visit("/api/v1/docs")
    page.locator("summary", has_text="/api/v1/uploads").first.click()
    expect(page.get_by_text("multipart/form-data").first).to_be_visible()


_SMALL = """() => [...document.querySelectorAll('main button, main .button, main select, main input')]
    .filter((one) => one.offsetParent && !['checkbox', 'radio', 'file'].includes(one.type))
    .map((one) => [one.id || one.textContent.trim() || one.name, one.getBoundingClientRect().height])
    .filter(([, high]) => high && high < 43).map(([name, high]) => `${name}: ${high}`)"""


@pytest.mark.parametrize("where", ["inbox", "review", "wall"])
def test_on_a_phone_all_is_pressed_with_a_thumb_and_no_key_is_shown(
    service: Service, visit: Visit, where: str
) -> None:
    one = service.administrator.read(service.administrator.upload(ONE_DOUBT)[0])[0]
    field = one["doubtful_fields"][0]["name"]
    path = {
        "inbox": "/",
        "review": f"/submissions/{one['id']}",
        "wall": f"/questions/{one['form']}/{field}",
    }[where]
    page = visit(path, size=PHONE)
    page.wait_for_selector({"inbox": "#rows tr", "review": ".field-card", "wall": ".tile"}[where])
    page.wait_for_timeout(500)
    width, shown = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width <= shown
    assert page.locator("kbd:visible").count() == 0

    assert page.evaluate(_SMALL) == []
