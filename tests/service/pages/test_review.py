"""The review page, used as it is meant to be: by the keyboard, by several people at once, on a network that
breaks."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.service.pages.conftest import Contexts, Visit
from tests.service.pages.keyboard import PROPOSAL, PROPOSED
from tests.service.pages.serving import Person, Service
from tests.service.pages.walking import (
    INBOX,
    ONE_DOUBT,
    THREE_DOUBTS,
    Keys,
    alone,
    arrived,
    card,
    field_of,
    opened,
    write,
)

# What the walk may take: strokes in all, and ms from a key to the frame that answers it. The quickest key is
# held to that, because the machine of a test does other things too; all of them are printed.
MOST_STROKES, MOST_MS = 8, 100
_PICTURE_THERE = (
    "() => performance.getEntriesByType('resource').find((one) => one.name.includes('scale=2')).responseEnd"
)


@pytest.fixture(scope="module")
def fax(service: Service) -> dict[str, Any]:
    """A submission with three doubtful fields, read off a fax."""
    return alone(service.administrator, arrived(service.administrator, THREE_DOUBTS))[0]


@pytest.fixture
def reviewer(service: Service) -> Person:
    return service.person("fuhe", "reviewer")


@pytest.fixture
def doubtful(service: Service) -> dict[str, Any]:
    """A fresh submission with one doubtful field, the options."""
    return arrived(service.administrator, ONE_DOUBT)[0]


@pytest.fixture
def page(service: Service, contexts: Contexts, reviewer: Person, doubtful: dict[str, Any]) -> Page:
    """The review page of that submission."""
    made: Page = contexts(reviewer).new_page()
    return opened(made, service, doubtful["id"])


def _doubts(submission: dict[str, Any]) -> list[str]:
    return [one["name"] for one in submission["doubtful_fields"]]


def test_what_nobody_weighed_of_an_accepted_value_stands_on_its_chip(
    service: Service, contexts: Contexts, reviewer: Person, fax: dict[str, Any]
) -> None:
    page: Page = contexts(reviewer).new_page()
    opened(page, service, fax["id"])
    fields = reviewer.ask("GET", f"/submissions/{fax['id']}")["fields"]
    told = {
        name: field["remark"]
        for name, field in fields.items()
        if field["remark"] and field["state"] == "read"
    }
    assert "标点未核对" in told.values()
    for name, remark in told.items():
        expect(card(page, name).locator(".chip")).to_have_text(f"自动读取，{remark}")


def test_three_doubtful_fields_and_a_word_take_eight_keys_and_the_next_submission_opens(
    service: Service, contexts: Contexts, reviewer: Person, fax: dict[str, Any], doubtful: dict[str, Any]
) -> None:
    page: Page = contexts(reviewer).new_page()
    opened(page, service, fax["id"])
    keys, names = Keys(page), _doubts(fax)
    assert len(names) == 3
    # A person looks at the page first; meanwhile the next submission is fetched.
    page.wait_for_timeout(1500)
    keys.started = time.monotonic()
    keys.watch()
    expect(card(page, names[0])).to_have_class(re.compile("current"))
    keys.press("1", "Enter")  # a verdict on the seal
    expect(card(page, names[1])).to_have_class(re.compile("current"))
    keys.press("Enter")
    expect(card(page, names[2])).to_have_class(re.compile("current"))
    keys.press("e", "Control+a")
    page.keyboard.insert_text("同意推荐。")
    keys.press("Enter")
    expect(page.locator("#settled")).to_contain_text("已全部核对")
    times = keys.times()
    # Something else is missing on this fax, so that accepting it asks for a word.
    assert reviewer.ask("GET", f"/submissions/{fax['id']}")["errors"] > 0
    keys.press("Control+Enter")
    expect(page.locator("#reason")).to_be_focused()
    page.keyboard.insert_text("电话核实过")
    started = time.monotonic()
    keys.press("Control+Enter")
    page.wait_for_function("(id) => !location.pathname.endsWith(`/${id}`)", arg=fax["id"])
    told = (
        f"ms a key: {[round(one) for one in times]}; the next one "
        f"after {(time.monotonic() - started) * 1000:.0f} ms"
    )
    print(
        f"\nthree doubtful fields: {keys.strokes} keystrokes; {told}; "
        f"{time.monotonic() - keys.started:.1f} s in all"
    )
    now = reviewer.ask("GET", f"/submissions/{fax['id']}")
    assert now["status"] == "accepted"
    assert now["fields"][names[0]]["value"]["agrees"] is True
    assert now["fields"][names[2]]["text"] == "同意推荐。"
    assert {now["fields"][name]["by"] for name in names} == {now["fields"][names[0]]["by"]}
    exported = reviewer.client.get(
        "/api/v1/export", params={"format": "jsonl", "form": fax["form"], "status": "accepted"}
    )
    assert "同意推荐。" in exported.text
    assert keys.strokes <= MOST_STROKES
    assert min(times) <= MOST_MS


def test_a_page_that_was_drawn_before_is_there_sooner(
    service: Service, contexts: Contexts, reviewer: Person, fax: dict[str, Any]
) -> None:
    page: Page = contexts(reviewer).new_page()
    views = []
    for _ in range(3):
        opened(page, service, fax["id"])
        expect(page.locator(".sheet img")).to_have_js_property("complete", True, timeout=60_000)
        views.append(page.evaluate(_PICTURE_THERE))
    print(
        "\nfirst view, ms from the address to the picture: "
        f"{[round(view) for view in views]} (at first with an empty cache)"
    )
    assert min(views[1:]) < views[0]


def test_what_is_doubtful_comes_first_by_tab_and_stands_in_the_order_of_the_form(
    page: Page, doubtful: dict[str, Any], reviewer: Person
) -> None:
    name = _doubts(doubtful)[0]
    assert page.locator("#fields > section").first.get_attribute("data-field") == name
    tops = page.evaluate("""() => Object.fromEntries([...document.querySelectorAll('#fields > section')]
        .map((card) => [card.dataset.field, card.offsetTop]))""")
    assert sorted(tops, key=lambda one: tops[one]) == list(_fields(reviewer, doubtful))
    expect(card(page, name).locator("input").first).to_be_focused()


def test_a_digit_chooses_an_option_and_enter_saves_it(
    page: Page, doubtful: dict[str, Any], reviewer: Person
) -> None:
    name = _doubts(doubtful)[0]
    page.keyboard.press("2")
    expect(page.locator("#saving")).to_contain_text("未保存")
    page.keyboard.press("Enter")
    expect(page.locator("#saving")).to_have_text("已保存")
    field = field_of(reviewer, doubtful["id"], name)
    assert (field["state"], field["value"]) == (
        "corrected",
        [card(page, name).locator("input").nth(1).input_value()],
    )


def test_undo_brings_the_doubt_back(page: Page, doubtful: dict[str, Any], reviewer: Person) -> None:
    name = _doubts(doubtful)[0]
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(page.locator("#saving")).to_have_text("已保存")
    page.keyboard.press("u")
    expect(card(page, name)).to_have_class(re.compile("doubtful"))
    expect(card(page, name).locator("input").nth(2)).not_to_be_checked()
    field = field_of(reviewer, doubtful["id"], name)
    assert (field["state"], field["value"]) == ("doubtful", None)


def test_a_submission_with_doubts_is_not_accepted(
    page: Page, doubtful: dict[str, Any], reviewer: Person
) -> None:
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages")).to_contain_text("还有 1 项待核对")
    assert reviewer.ask("GET", f"/submissions/{doubtful['id']}")["status"] == "in-review"


def test_what_has_no_reading_stays_with_its_reason(
    page: Page, doubtful: dict[str, Any], reviewer: Person
) -> None:
    name = next(name for name, field in _fields(reviewer, doubtful).items() if field["kind"] == "date")
    write(card(page, name).locator("input"), "某年某月")
    page.keyboard.press("Enter")
    expect(card(page, name).get_by_role("alert")).to_contain_text("不是完整的日期")
    expect(card(page, name).locator("input")).to_have_value("某年某月")
    expect(page.locator("#saving")).to_contain_text("未保存")


def _fields(person: Person, submission: dict[str, Any]) -> dict[str, Any]:
    return dict(person.ask("GET", f"/submissions/{submission['id']}")["fields"])


def _text_field(person: Person, submission: dict[str, Any]) -> str:
    return next(name for name, field in _fields(person, submission).items() if field["kind"] == "text")


def test_what_was_typed_survives_a_reload(page: Page, doubtful: dict[str, Any], reviewer: Person) -> None:
    name = _text_field(reviewer, doubtful)
    write(card(page, name).locator("input"), "还没有写完")
    page.reload()
    expect(card(page, name).locator("input")).to_have_value("还没有写完")
    expect(page.locator("#saving")).to_contain_text("未保存 1 项")
    assert field_of(reviewer, doubtful["id"], name)["text"] != "还没有写完"


def test_a_correction_survives_a_dropped_connection_and_a_reload(
    page: Page, doubtful: dict[str, Any], reviewer: Person
) -> None:
    name = _text_field(reviewer, doubtful)
    page.context.set_offline(True)
    write(card(page, name).locator("input"), "断网时改的名称")
    page.keyboard.press("Enter")
    expect(page.locator("#saving")).to_contain_text("未保存 1 项")

    def refuse(route: Route) -> None:
        if route.request.method == "PATCH":
            route.abort("connectionrefused")
        else:
            route.continue_()

    page.route("**/api/v1/**", refuse)
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("#saving")).to_contain_text("未保存 1 项")
    expect(card(page, name).locator("input")).to_have_value("断网时改的名称")
    assert field_of(reviewer, doubtful["id"], name)["text"] != "断网时改的名称"
    page.unroute("**/api/v1/**")
    expect(page.locator("#saving")).to_have_text("已保存")
    assert field_of(reviewer, doubtful["id"], name)["text"] == "断网时改的名称"
    expect(card(page, name).locator("input")).to_have_value("断网时改的名称")


@pytest.fixture
def colleague(service: Service, contexts: Contexts, doubtful: dict[str, Any]) -> Page:
    """Another reviewer who has the same submission open."""
    made: Page = contexts(service.person("tongshi", "reviewer")).new_page()
    return opened(made, service, doubtful["id"])


def test_two_reviewers_who_change_different_fields_both_keep_theirs(
    page: Page, colleague: Page, doubtful: dict[str, Any], reviewer: Person
) -> None:
    options, text = _doubts(doubtful)[0], _text_field(reviewer, doubtful)
    write(card(colleague, text).locator("input"), "同事改的名称")
    colleague.keyboard.press("Enter")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    for one in (page, colleague):
        expect(one.locator("#saving")).to_have_text("已保存")
        expect(card(one, text).locator("input")).to_have_value("同事改的名称")
        expect(card(one, options).locator("input").first).to_be_checked()


@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_two_reviewers_who_change_the_same_field_see_both_sides(
    page: Page, colleague: Page, doubtful: dict[str, Any], reviewer: Person, choice: str
) -> None:
    name = _text_field(reviewer, doubtful)
    write(card(page, name).locator("input"), "我写的名称")
    write(card(colleague, name).locator("input"), "同事写的名称")
    colleague.keyboard.press("Enter")
    expect(colleague.locator("#saving")).to_have_text("已保存")
    page.keyboard.press("Enter")
    sides = card(page, name).locator(".versus")
    expect(sides).to_contain_text("同事写的名称")
    expect(sides).to_contain_text("我写的名称")
    assert field_of(reviewer, doubtful["id"], name)["text"] == "同事写的名称"
    sides.locator(f"button.{choice}").press("Enter")
    expect(sides).to_be_hidden()
    expect(page.locator("#saving")).to_have_text("已保存")
    kept = "我写的名称" if choice == "mine" else "同事写的名称"
    expect(card(page, name).locator("input")).to_have_value(kept)
    assert field_of(reviewer, doubtful["id"], name)["text"] == kept


def test_returning_sends_the_letter_that_was_edited(
    page: Page, doubtful: dict[str, Any], reviewer: Person
) -> None:
    page.keyboard.press("Alt+r")
    reason = page.get_by_label("退回补正", exact=False)
    expect(reason).to_have_value(re.compile("未填写"))
    # What nobody has looked at is not filled into the form that goes back.
    waiting = page.locator(".field-card.doubtful").count()
    assert waiting
    expect(page.locator(".deciding")).to_contain_text(f"还有 {waiting} 栏待核对")
    reason.press("Control+End")
    page.keyboard.insert_text("\n请于周五前补正。")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages")).to_contain_text("退回补正")
    now = reviewer.ask("GET", f"/submissions/{doubtful['id']}")
    last = reviewer.ask("GET", f"/submissions/{doubtful['id']}/history")["items"][0]
    assert now["status"] == "returned"
    assert last["reason"].endswith("请于周五前补正。")
    page.keyboard.press("z")
    expect(page).to_have_url(re.compile(rf"/submissions/{doubtful['id']}$"))
    expect(page.locator("#status")).to_have_text("待复核")


def test_who_takes_a_decision_back_at_once_stays_though_the_next_one_was_on_its_way(
    page: Page, doubtful: dict[str, Any]
) -> None:
    page.keyboard.press("Alt+r")
    expect(page.get_by_label("退回补正", exact=False)).to_have_value(re.compile("未填写"))
    # The next submission comes slowly, and the undoing before it.
    page.evaluate(
        """(own) => {
          const fetched = window.fetch;
          window.fetch = async (url, ...rest) => {
            const answer = await fetched(url, ...rest);
            const other = /\\/submissions(\\/\\d+)?(\\?.*)?$/.test(url) && !url.endsWith(`/${own}`);
            if (other) await new Promise((done) => setTimeout(done, 1500));
            return answer;
          };
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        doubtful["id"],
    )
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages")).to_contain_text("退回补正")
    page.keyboard.press("z")
    expect(page.locator("#status")).to_have_text("待复核")
    page.wait_for_timeout(2000)
    expect(page).to_have_url(re.compile(rf"/submissions/{doubtful['id']}$"))


def test_the_history_of_a_field_tells_who_changed_it_from_what_to_what(
    page: Page, doubtful: dict[str, Any], reviewer: Person
) -> None:
    name = _text_field(reviewer, doubtful)
    before = field_of(reviewer, doubtful["id"], name)["text"]
    write(card(page, name).locator("input"), "新的名称")
    page.keyboard.press("Enter")
    expect(page.locator("#saving")).to_have_text("已保存")
    card(page, name).get_by_role("button", name="历史").click()
    entry = page.locator("#history li").first
    expect(entry.locator("del")).to_contain_text(before)
    expect(entry.locator("ins")).to_contain_text("新的名称")
    expect(entry).to_contain_text("fuhe")


def test_a_clerk_sees_the_answers_and_changes_none(
    service: Service, contexts: Contexts, doubtful: dict[str, Any]
) -> None:
    page: Page = contexts(service.person("jingban", "clerk")).new_page()
    opened(page, service, doubtful["id"])
    expect(card(page, _doubts(doubtful)[0]).locator("input").first).to_be_disabled()
    expect(page.locator("#moves [data-move]")).to_have_count(0)


def test_a_failure_to_read_is_told_with_its_file(service: Service, visit: Visit) -> None:
    broken = arrived(service.administrator, INBOX / "T43_truncated.docx")[0]
    page = visit(f"/submissions/{broken['id']}")
    expect(page.locator("#problems")).to_contain_text("文件")
    expect(page.locator("#moves [data-move=retry]")).to_be_visible()


def test_what_an_applicant_wrote_is_never_markup(
    page: Page, doubtful: dict[str, Any], reviewer: Person
) -> None:
    name = _text_field(reviewer, doubtful)
    text = '<img src=x onerror="document.title=1">&lt;b&gt;'
    version = reviewer.ask("GET", f"/submissions/{doubtful['id']}")["version"]
    changes = {"changes": [{"field": name, "text": text}]}
    reviewer.ask(
        "PATCH", f"/submissions/{doubtful['id']}/fields", headers={"If-Match": f'"{version}"'}, json=changes
    )
    expect(card(page, name).locator("input")).to_have_value(text)
    assert page.locator("#fields img[src=x]").count() == 0


def test_the_number_of_what_is_proposed_leaves_it_chosen(
    service: Service, contexts: Contexts, reviewer: Person
) -> None:
    proposed = arrived(service.administrator, PROPOSED)[0]
    name = _doubts(proposed)[0]
    read = field_of(reviewer, proposed["id"], name)
    page: Page = contexts(reviewer).new_page()
    opened(page, service, proposed["id"])
    page.keyboard.press(str(PROPOSAL))
    page.keyboard.press("Enter")
    expect(page.locator("#saving")).to_have_text("已保存")
    kept = field_of(reviewer, proposed["id"], name)
    assert (kept["state"], kept["value"]) == ("confirmed", read["value"])


def test_keys_that_are_shown_never_become_an_answer(
    service: Service, contexts: Contexts, reviewer: Person, doubtful: dict[str, Any]
) -> None:
    fax = arrived(service.administrator, THREE_DOUBTS)[0]
    name = _doubts(fax)[2]
    read = field_of(reviewer, fax["id"], name)
    page: Page = contexts(reviewer).new_page()
    opened(page, service, fax["id"])
    for key in ("Enter", "Enter", "h", "s", "r", "Escape", "u", "n"):
        page.keyboard.press(key)
    page.keyboard.press("Control+Enter")
    now = reviewer.ask("GET", f"/submissions/{fax['id']}")
    assert now["status"] == "in-review"
    assert (now["fields"][name]["text"], now["fields"][name]["state"]) == (read["text"], "doubtful")


def test_what_is_half_typed_is_taken_for_no_answer(
    page: Page, doubtful: dict[str, Any], reviewer: Person
) -> None:
    name = _text_field(reviewer, doubtful)
    before = field_of(reviewer, doubtful["id"], name)
    card(page, name).locator("input").click()
    page.keyboard.type("hs")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages")).to_contain_text("改过还没有确认")
    page.keyboard.press("Tab")
    page.locator("#unit").click()
    page.keyboard.press("n")
    page.wait_for_timeout(300)
    assert field_of(reviewer, doubtful["id"], name) == before


def test_a_required_field_that_is_empty_is_confirmed_only_by_saying_so(
    page: Page, doubtful: dict[str, Any], reviewer: Person
) -> None:
    name = _doubts(doubtful)[0]
    page.keyboard.press("Enter")
    expect(card(page, name).get_by_role("alert")).to_contain_text("必填，现在是空的")
    page.keyboard.press("Enter")
    assert field_of(reviewer, doubtful["id"], name)["state"] == "doubtful"
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    expect(page.locator("#saving")).to_have_text("已保存")
    kept = field_of(reviewer, doubtful["id"], name)
    assert (kept["state"], kept["value"]) == ("confirmed", None)
