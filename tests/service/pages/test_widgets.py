"""Every kind of field has its widget, made from the definition alone: a form that is nothing like the first
one is edited too."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.service.pages.conftest import Contexts
from tests.service.pages.samples import filled
from tests.service.pages.serving import Service
from tests.service.pages.walking import arrived, card, field_of, opened, write


@pytest.fixture
def filing(service: Service, tmp_path: Path) -> dict[str, Any]:
    """A submission of the form that has numbers, dates, options of which many may be chosen, and rows."""
    return arrived(service.administrator, filled(tmp_path, 41))[0]


def test_each_kind_is_typed_as_a_person_writes_it(
    service: Service, contexts: Contexts, filing: dict[str, Any]
) -> None:
    reviewer = service.person("fuhe", "reviewer")
    page: Page = contexts(reviewer).new_page()
    opened(page, service, filing["id"])
    fields = reviewer.ask("GET", f"/submissions/{filing['id']}")["fields"]
    typed = {
        "number": "1,234.5",
        "date": "2019.3.8",
        "phone": "027-85807053",
        "text": "改过的内容",
        "prose": "第一行\n第二行",
    }
    expected = {
        "date": "2019-03-08",
        "phone": "027-85807053",
        "text": "改过的内容",
        "prose": "第一行\n第二行",
    }
    chosen = {kind: next(name for name, field in fields.items() if field["kind"] == kind) for kind in typed}
    for kind, name in chosen.items():
        answer = card(page, name).locator("input, textarea").first
        write(answer, typed[kind])
        answer.press("Enter")
    expect(page.locator("#saving")).to_have_text("已保存")
    for kind, value in expected.items():
        assert field_of(reviewer, filing["id"], chosen[kind])["value"] == value
    assert field_of(reviewer, filing["id"], chosen["number"])["value"]["amount"] == "1234.5"


def test_rows_are_typed_in_a_table_and_one_more_is_always_there(
    service: Service, contexts: Contexts, filing: dict[str, Any]
) -> None:
    reviewer = service.person("fuhe", "reviewer")
    page: Page = contexts(reviewer).new_page()
    opened(page, service, filing["id"])
    fields = reviewer.ask("GET", f"/submissions/{filing['id']}")["fields"]
    name = next(name for name, field in fields.items() if field["kind"] == "rows")
    before, rows = fields[name]["value"], card(page, name).locator("tbody tr")
    expect(rows).to_have_count(len(before) + 1)
    texts = ["天然气", "12", "某燃气公司"]
    for at, text in enumerate(texts):
        write(rows.nth(len(before)).locator("input").nth(at), text)
    expect(rows).to_have_count(len(before) + 2)
    page.keyboard.press("Enter")
    expect(page.locator("#saving")).to_have_text("已保存")
    after = field_of(reviewer, filing["id"], name)["value"]
    assert after[:-1] == before
    assert [value["amount"] if isinstance(value, dict) else value for value in after[-1].values()] == texts
