"""The review pages looked at: no serious problem of accessibility, nothing cut off at 200 %, and a picture of
each."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.service.pages.conftest import Contexts
from tests.service.pages.keyboard import PROPOSED
from tests.service.pages.serving import Service
from tests.service.pages.test_accessible import PHONE, RULES
from tests.service.pages.walking import INBOX, ONE_DOUBT, THREE_DOUBTS, arrived

# Half of 1366 x 768: what a browser has at 200 %.
HALF: ViewportSize = {"width": 683, "height": 384}


@dataclass(frozen=True)
class Look:
    """A page in a state in which it is looked at; in `path`, names of `Seen`."""

    name: str
    path: str
    prepare: Callable[[Page], object]


@dataclass(frozen=True)
class Seen:
    """What there is to look at."""

    fax: int
    colour: int
    word: int
    form: str
    mark: str
    options: str


def _picture(page: Page) -> None:
    expect(page.locator(".sheet")).to_be_visible(timeout=60_000)
    expect(page.locator(".sheet img")).to_have_js_property("complete", True, timeout=60_000)


def _sealless(page: Page) -> None:
    _picture(page)
    page.locator(".verdicts input:checked").first.focus()
    page.keyboard.press("Alt+s")
    expect(page.locator("#seal-off")).to_have_attribute("aria-pressed", "true")
    _picture(page)


def _letter(page: Page) -> None:
    _picture(page)
    page.keyboard.press("Alt+r")
    expect(page.locator("#reason")).not_to_have_value("")


def _history(page: Page) -> None:
    _picture(page)
    page.keyboard.press("Alt+h")
    expect(page.locator("#history li").first).to_be_visible()


def _tiles(page: Page) -> None:
    expect(page.locator(".tile").first).to_be_visible()
    page.keyboard.press("Space")


LOOKS = (
    Look("review", "/submissions/{fax}", _picture),
    Look("review-colour", "/submissions/{colour}", _sealless),
    Look("review-word", "/submissions/{word}", _picture),
    Look("review-return", "/submissions/{colour}", _letter),
    Look("review-history", "/submissions/{fax}", _history),
    Look("questions", "/questions", lambda page: page.wait_for_selector("#questions a")),
    Look("wall-seals", "/questions/{form}/{mark}", _tiles),
    Look("wall-options", "/questions/{form}/{options}", _tiles),
)


@pytest.fixture(scope="module")
def seen(service: Service) -> Seen:
    fax, colour, word, *_ = arrived(
        service.administrator, THREE_DOUBTS, INBOX / "scan_stamped.pdf", ONE_DOUBT, PROPOSED
    )
    mark, options = fax["doubtful_fields"][0]["name"], word["doubtful_fields"][0]["name"]
    return Seen(fax["id"], colour["id"], word["id"], fax["form"], mark, options)


def _open(look: Look, seen: Seen, service: Service, contexts: Contexts, **more: Any) -> Page:
    page: Page = contexts(service.person("fuhe", "reviewer"), **more).new_page()
    page.goto(service.url + look.path.format(**vars(seen)))
    look.prepare(page)
    return page


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_axe_finds_no_serious_problem_and_nothing_is_cut_off_at_200_percent(
    look: Look, dark: bool, seen: Seen, service: Service, contexts: Contexts, axe: str
) -> None:
    page = _open(look, seen, service, contexts, dark=dark)
    page.evaluate(axe)
    found = page.evaluate("(rules) => axe.run(document, rules)", RULES)["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical")]
    told = [
        (one["id"], [node["html"][:160] + str(node.get("failureSummary"))[:200] for node in one["nodes"][:3]])
        for one in grave
    ]
    assert grave == [], json.dumps(told, ensure_ascii=False, indent=1)
    for size in (HALF, PHONE):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_every_page_has_its_picture(
    look: Look, dark: bool, seen: Seen, service: Service, contexts: Contexts, screenshots: Path
) -> None:
    page = _open(look, seen, service, contexts, dark=dark)
    page.wait_for_timeout(1500)
    page.screenshot(path=screenshots / f"{look.name}-{'dark' if dark else 'light'}.png")
