"""No serious problem of accessibility on any page, light or dark; and every page once in a picture, to be
looked at."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.service.foreign_form import foreign_form
from tests.service.pages.conftest import Contexts, Visit
from tests.service.pages.samples import filled
from tests.service.pages.sampling import agree, draw_now
from tests.service.pages.serving import ROOT, Service

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}

PHONE: ViewportSize = {"width": 390, "height": 844}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@dataclass(frozen=True)
class Look:
    """A page in a state in which it is looked at; `open` says that nobody is signed in."""

    name: str
    path: str
    prepare: Callable[[Page], object]
    open: bool = False


def _inbox(page: Page) -> None:
    page.wait_for_selector("#rows tr")
    page.keyboard.press("A")
    page.keyboard.press("j")


def _keys(page: Page) -> None:
    page.wait_for_selector("#rows tr")
    page.keyboard.press("?")


def _roster(page: Page) -> None:
    page.wait_for_selector("#form option", state="attached")
    page.locator("#roster").set_input_files(ROOT / "fixtures/roster.xlsx")
    page.wait_for_selector("#sample-page img")
    page.evaluate("scrollTo(0, 0)")


def _making(page: Page) -> None:
    page.locator("#file").set_input_files(
        {"name": "备案表.docx", "mimeType": "application/zip", "buffer": foreign_form()}
    )
    page.wait_for_selector("#pages .box", timeout=90_000)
    page.locator(".field-line").nth(10).click()
    page.evaluate("scrollTo(0, 0)")


def _campaign(page: Page) -> None:
    page.wait_for_selector("#waiting-rows tr")
    page.wait_for_selector("#organisers svg")
    page.wait_for_selector("#placing-body tr")
    page.locator("#own-file").set_input_files(ROOT / "fixtures/roster.xlsx")
    page.wait_for_selector("#own-columns tbody tr")
    page.locator("#waiting-rows summary").first.click()
    page.evaluate("scrollTo(0, 0)")


def _deciding(page: Page) -> None:
    _campaign(page)
    page.evaluate("document.querySelector('#waiting-title').scrollIntoView()")


def _sample(page: Page) -> None:
    """Word has to be printed before there is a cut-out."""
    drawn = "() => document.querySelector('#pictures img')?.naturalWidth > 0"
    page.wait_for_function(drawn, timeout=60_000)


def _token(page: Page) -> None:
    page.get_by_label("给哪个系统用").fill("汇总平台")
    page.get_by_role("button", name="新建令牌").click()
    page.wait_for_selector("#token-shown input")


LOOKS = (
    Look("login", "/login", lambda page: page.wait_for_selector("#login"), open=True),
    Look("link", "/link/none", lambda page: page.wait_for_selector("#password-form"), open=True),
    Look("password", "/password", lambda page: page.wait_for_selector("#password-form")),
    Look("inbox", "/", _inbox),
    Look("keys", "/", _keys),
    Look("forms", "/forms?form=pilot-application", _roster),
    Look("form-new", "/forms/new", lambda page: page.wait_for_selector("#known option", state="attached")),
    Look("form-making", "/forms/new", _making),
    Look("samples", "/samples", _sample),
    Look("quality", "/quality", lambda page: page.wait_for_selector("#work dt")),
    Look("campaigns", "/campaigns?name=near-zero-carbon-2021", _campaign),
    Look("campaigns-deciding", "/campaigns?name=near-zero-carbon-2021", _deciding),
    Look("export", "/export", lambda page: page.wait_for_selector("#columns li")),
    Look("guide", "/guide", lambda page: page.wait_for_selector("main h2")),
    Look("api", "/api/v1/docs", lambda page: page.wait_for_selector("main details"), open=True),
    Look("security", "/security", lambda page: page.wait_for_selector("#sessions li")),
    Look("admin-users", "/admin#users", lambda page: page.wait_for_selector("#user-rows tr")),
    Look("admin-tokens", "/admin#tokens", _token),
    Look("admin-webhooks", "/admin#webhooks", lambda page: page.wait_for_selector("#webhook-events input")),
    Look("admin-audit", "/admin#audit", lambda page: page.wait_for_selector("#audit-rows tr")),
)


@pytest.fixture(scope="module")
def busy(service: Service, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Something of each kind to be seen."""
    folder = tmp_path_factory.mktemp("busy")
    names = (
        "A22_none_selected.docx",
        "T43_truncated.docx",
        "mail_word_and_logo.eml",
        "fillable_returned.pdf",
    )
    paths = [ROOT / "fixtures/inbox" / name for name in names]
    done = [
        service.administrator.read(upload)
        for upload in service.administrator.upload(*paths, filled(folder, 31), filled(folder, 32))
    ]
    draw_now(service)
    agree(service, service.person("sampler", "reviewer"), 12)
    accepted = done[-1][0]
    version = {"If-Match": f'"{accepted["version"]}"'}
    service.administrator.ask(
        "POST", f"/submissions/{accepted['id']}/decision", json={"move": "accept"}, headers=version
    )


def _open(look: Look, service: Service, contexts: Contexts) -> Page:
    page: Page = contexts(None if look.open else service.administrator).new_page()
    page.goto(service.url + look.path)
    look.prepare(page)
    return page


def _in(theme: Literal["light", "dark"], page: Page) -> None:
    page.emulate_media(color_scheme=theme)
    expect(page.locator("html")).to_have_attribute("data-theme", theme)


def expect_sound(page: Page, axe: str) -> None:
    """No serious problem of accessibility on a page as it now is, light and dark."""
    page.evaluate(axe)
    for theme in THEMES:
        _in(theme, page)
        found = page.evaluate("(rules) => axe.run(document, rules)", RULES)["violations"]
        grave = [one for one in found if one["impact"] in ("serious", "critical")]
        told = [
            (one["id"], [node["html"][:160] + str(node.get("failureSummary"))[:200] for node in one["nodes"]])
            for one in grave
        ]
        assert grave == [], f"{theme}: {json.dumps(told, ensure_ascii=False, indent=1)}"
    _in(THEMES[0], page)


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_axe_finds_no_serious_problem(look: Look, service: Service, contexts: Contexts, axe: str) -> None:
    page = _open(look, service, contexts)
    expect_sound(page, axe)
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than a phone"


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_every_page_has_its_picture(
    look: Look, service: Service, contexts: Contexts, screenshots: Path
) -> None:
    page = _open(look, service, contexts)
    for theme in THEMES:
        _in(theme, page)
        page.wait_for_timeout(400)
        page.screenshot(path=screenshots / f"{look.name}-{theme}.png")


def test_the_theme_that_was_chosen_stays(visit: Visit) -> None:
    page = visit("/password")
    for theme in ("light", "dark"):
        page.locator("#theme").click()
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_first_tab_leads_past_the_bar(visit: Visit) -> None:
    page = visit("/forms")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
