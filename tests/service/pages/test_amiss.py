"""What is wrong with an application, named where its review begins."""

from playwright.sync_api import expect

from tests.service.pages.conftest import Visit
from tests.service.pages.serving import Service
from tests.service.pages.walking import ONE_DOUBT, arrived, opened


def test_what_is_wrong_is_named_above_the_fields_and_one_click_away(service: Service, visit: Visit) -> None:
    submission = arrived(service.administrator, ONE_DOUBT)[0]
    page = opened(visit("/"), service, submission["id"])
    fields = service.administrator.ask("GET", f"/submissions/{submission['id']}")["fields"]
    wrong = [
        field["title"]
        for field in fields.values()
        if any(finding["severity"] == "error" for finding in field["findings"])
    ]
    assert len(wrong) > 2
    note = page.locator("#amiss")
    expect(note).to_contain_text(f"{len(wrong)} 栏有错误")
    expect(note.get_by_role("button")).to_have_text(wrong)
    note.get_by_role("button", name=wrong[-1]).click()
    expect(page.locator(".field-card.current")).to_contain_text(wrong[-1])
    expect(page.locator(".field-card.current")).to_be_in_viewport()
