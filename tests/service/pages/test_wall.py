"""One question across all submissions: seen side by side, confirmed and corrected many at once, taken
back."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.service.pages.conftest import Contexts
from tests.service.pages.serving import Person, Service
from tests.service.pages.walking import ONE_DOUBT, arrived, field_of


@pytest.fixture
def reviewer(service: Service) -> Person:
    return service.person("fuhe", "reviewer")


@pytest.fixture
def three(service: Service) -> list[dict[str, Any]]:
    """Three submissions in which the same field is doubtful."""
    return arrived(service.administrator, ONE_DOUBT, ONE_DOUBT, ONE_DOUBT)


@pytest.fixture
def field(three: list[dict[str, Any]]) -> str:
    return str(three[0]["doubtful_fields"][0]["name"])


@pytest.fixture
def page(
    service: Service, contexts: Contexts, reviewer: Person, three: list[dict[str, Any]], field: str
) -> Page:
    """The wall of that field."""
    made: Page = contexts(reviewer).new_page()
    made.goto(f"{service.url}/questions/{three[0]['form']}/{field}")
    expect(_tile(made, three[-1])).to_be_visible()
    return made


def _tile(page: Page, submission: dict[str, Any]) -> Locator:
    return page.locator(f'[data-submission="{submission["id"]}"]')


def _states(person: Person, submissions: list[dict[str, Any]], field: str) -> list[str]:
    return [field_of(person, one["id"], field)["state"] for one in submissions]


def test_the_list_of_questions_leads_to_the_wall(
    service: Service, contexts: Contexts, reviewer: Person, three: list[dict[str, Any]]
) -> None:
    page = contexts(reviewer).new_page()
    page.goto(f"{service.url}/questions")
    page.get_by_role("link", name=three[0]["doubtful_fields"][0]["title"], exact=True).press("Enter")
    expect(_tile(page, three[0])).to_be_visible()


def test_what_is_selected_is_answered_together_and_taken_back_together(
    page: Page, reviewer: Person, three: list[dict[str, Any]], field: str
) -> None:
    _tile(page, three[0]).focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.locator("#count")).to_contain_text("已选 2 份")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("已确认 2 份")
    assert _states(reviewer, three, field) == ["corrected", "corrected", "doubtful"]
    page.keyboard.press("z")
    expect(page.locator("#messages")).to_contain_text("已撤销 2 份")
    assert _states(reviewer, three, field) == ["doubtful"] * 3
    expect(_tile(page, three[0]).locator("input").first).not_to_be_checked()


def test_enter_confirms_the_tile_in_focus_and_goes_to_the_next(
    page: Page, reviewer: Person, three: list[dict[str, Any]], field: str
) -> None:
    _tile(page, three[0]).focus()
    page.keyboard.press("0")
    expect(_tile(page, three[0])).to_contain_text("未保存：没有填写")
    page.keyboard.press("Enter")
    expect(_tile(page, three[1])).to_be_focused()
    expect(_tile(page, three[0])).to_contain_text("已确认")
    assert _states(reviewer, three, field) == ["confirmed", "doubtful", "doubtful"]


def test_a_required_answer_that_is_empty_is_not_confirmed_without_saying_so(
    page: Page, reviewer: Person, three: list[dict[str, Any]], field: str
) -> None:
    _tile(page, three[0]).focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("1")
    for one in three[:2]:
        expect(_tile(page, one).locator("input").first).to_be_checked()
    page.keyboard.press("Escape")
    expect(_tile(page, three[0]).locator("input").first).not_to_be_checked()
    page.keyboard.press("Escape")
    _tile(page, three[2]).focus()
    page.keyboard.press("Enter")
    expect(_tile(page, three[2])).to_contain_text("必填")
    expect(_tile(page, three[2])).to_be_focused()
    assert _states(reviewer, three, field) == ["doubtful"] * 3


def test_what_somebody_else_settled_meanwhile_is_shown_and_not_written_over(
    page: Page, service: Service, reviewer: Person, three: list[dict[str, Any]], field: str
) -> None:
    options = _tile(page, three[0]).locator("input")
    theirs = {"changes": [{"field": field, "value": [options.nth(3).input_value()]}]}
    version = {"If-Match": f'"{three[0]["version"]}"'}
    service.person("tongshi", "reviewer").ask(
        "PATCH", f"/submissions/{three[0]['id']}/fields", headers=version, json=theirs
    )
    _tile(page, three[0]).focus()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(_tile(page, three[0])).to_contain_text("已定为")
    expect(options.nth(3)).to_be_checked()
    assert field_of(reviewer, three[0]["id"], field)["value"] == [options.nth(3).input_value()]


def test_an_answer_survives_a_dropped_connection(
    page: Page, reviewer: Person, three: list[dict[str, Any]], field: str
) -> None:
    page.context.set_offline(True)
    _tile(page, three[1]).focus()
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator("#saving")).to_contain_text("未保存")
    page.context.set_offline(False)
    expect(page.locator("#saving")).to_have_text("已保存")
    assert _states(reviewer, three, field) == ["doubtful", "corrected", "doubtful"]
