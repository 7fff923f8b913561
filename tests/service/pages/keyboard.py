"""What the matrix of keys is made of: every state that a page can be in, and what each key says that it does
there.

A key is shown in a <kbd> beside what it stands for, or in a title in brackets. Its effect is asked of the
page and of the service.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.service.pages.making import drafted
from tests.service.pages.serving import ROOT, Person, Service
from tests.service.pages.walking import INBOX, ONE_DOUBT, THREE_DOUBTS, field_of, opened

# One option of several is ticked in a way that can be read as another: in doubt, with a proposal.
PROPOSED = INBOX / "A06_lit_tick_before_box_mid_nospace.docx"
PROPOSAL = 3
# Every key that is to be seen: [key, what it stands beside].
_SHOWN = """() => {
  const seen = (one) => one.checkVisibility({visibilityProperty: true});
  const words = (host) => { const copy = host.cloneNode(true);
    copy.querySelectorAll('kbd, svg').forEach((one) => one.remove());
    return copy.textContent.trim(); };
  const beside = (kbd) => { const host = kbd.closest('button, a, label');
    return host ? words(host) : kbd.previousSibling.textContent.trim(); };
  const keys = [...document.querySelectorAll('kbd')]
    .filter((one) => seen(one) && one.textContent && !one.closest('#keys-list'));
  const titled = [...document.querySelectorAll('button[title]:not(:disabled)')].filter(seen)
    .map((one) => /^(.+)（(Alt.+)）$/.exec(one.title)).filter(Boolean);
  return [
    ...keys.map((one) => [one.textContent, beside(one)]), ...titled.map(([, words, key]) => [key, words])];
}"""
_SHEET = """() => [...document.querySelectorAll('#keys-list dl > div')].map(
  (row) => [row.querySelector('dd').textContent, row.querySelector('dt').textContent.split(' / ')])"""
# The dialog itself is the system's, so what is heard is that it was asked for.
HEAR_CHOOSING = (
    """() => addEventListener('click', (event) => { window.choosing ||= """
    """event.target.matches('input[type=file]'); }, true)"""
)
_NAMES = {
    "↓": "ArrowDown",
    "↑": "ArrowUp",
    "→": "ArrowRight",
    "←": "ArrowLeft",
    "Esc": "Escape",
    "空格": "Space",
    "Ctrl": "Control",
}


@dataclass
class Desk:
    """A page in some state, the submission that it shows, and who sits before it."""

    page: Page
    service: Service
    person: Person
    submission: dict[str, Any]

    @property
    def field(self) -> str:
        """The field of the wall, and the one that the review page opens at: the last that is in doubt."""
        return str(self.submission["doubtful_fields"][-1]["name"])

    @property
    def card(self) -> Locator:
        """The card or the tile in focus."""
        return self.page.locator(".field-card.current, .tile:focus, .tile:focus-within")

    @property
    def answer(self) -> Locator:
        return self.card.locator("input[type=text], textarea").first

    def held(self) -> dict[str, Any]:
        """What the service holds of the field that is in doubt."""
        return field_of(self.person, self.submission["id"], self.field)

    def now(self) -> dict[str, Any]:
        return dict(self.person.ask("GET", f"/submissions/{self.submission['id']}"))

    def leave(self) -> None:
        """Goes elsewhere, once all is saved, and forgets what the browser kept."""
        self.page.wait_for_function(
            "() => !document.querySelector('#saving')?.textContent.includes('正在保存')"
        )
        self.page.goto(f"{self.service.url}/password")
        self.page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")

    def put_back(self, administrator: Person) -> None:
        """Takes back what was decided and what was changed."""
        path = f"/submissions/{self.submission['id']}"
        while (now := self.now())["version"] != self.submission["version"]:
            version = {"If-Match": f'"{now["version"]}"'}
            if now["status"] != "in-review":
                administrator.ask("POST", f"{path}/decision", headers=version, json={"move": "reopen"})
            elif self.held()["state"] != "doubtful":
                administrator.ask("POST", f"{path}/undo", headers=version)
            else:
                self.submission["version"] = now["version"]

    def shown(self) -> list[tuple[str, str]]:
        """Every key that is to be seen, and what it stands beside."""
        self.page.wait_for_timeout(100)
        return [(key, words) for key, words in self.page.evaluate(_SHOWN)]

    def sheet(self) -> list[tuple[str, list[str]]]:
        """(what it does, keys) of every row of the sheet of keys."""
        self.page.get_by_role("button", name="按键").click()
        return [(does, keys) for does, keys in self.page.evaluate(_SHEET)]


def stroke(shown: str) -> str:
    """The key that is shown so, as playwright calls it."""
    parts = [_NAMES.get(part, part) for part in re.split(r"\+(?=.)", shown)]
    # A capital is a letter with Shift.
    return "+".join([*parts[:-1], f"Shift+{parts[-1]}" if re.fullmatch("[A-Z]", parts[-1]) else parts[-1]])


Press = Callable[[], object]
Effect = Callable[[Desk, Press], object]
# Sits down before a page in the state of that name.
Sit = Callable[[str], Desk]


# ---- states: how a page gets there ------------------------------------------------------------


def _review(desk: Desk) -> None:
    opened(desk.page, desk.service, desk.submission["id"])
    expect(desk.page.locator(".sheet").first).to_be_visible(timeout=60_000)
    expect(desk.page.locator(".field-card.current")).to_be_visible()


def _chosen(desk: Desk) -> None:
    _review(desk)
    desk.page.keyboard.press("1")
    expect(desk.card).to_have_class(re.compile("unsaved"))


def _text(desk: Desk) -> None:
    _review(desk)
    desk.page.keyboard.press("ArrowUp")
    expect(desk.answer).to_be_focused()


def _writing(desk: Desk) -> None:
    _text(desk)
    desk.page.keyboard.press("F2")
    expect(desk.answer).to_be_editable()


def _written(desk: Desk) -> None:
    _writing(desk)
    desk.page.keyboard.type("hs")
    expect(desk.card).to_have_class(re.compile("unsaved"))


def _left(desk: Desk) -> None:
    _written(desk)
    desk.page.locator("#unit").focus()
    expect(desk.answer).not_to_be_editable()


def _mark(desk: Desk) -> None:
    _review(desk)
    desk.page.locator(".verdicts input").first.focus()


def _settled(desk: Desk) -> None:
    _chosen(desk)
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#settled")).to_contain_text("已全部核对")
    expect(desk.page.locator("#saving")).to_have_text("已保存")


def _reason(desk: Desk) -> None:
    _review(desk)
    desk.page.keyboard.press("r")
    expect(desk.page.locator("#reason")).not_to_have_value("")
    expect(desk.page.locator("#reason")).to_be_focused()


def _taken_back(desk: Desk) -> None:
    _chosen(desk)
    desk.page.keyboard.press("Escape")
    expect(desk.page.locator("#messages")).to_contain_text("已放弃")


def _clerk(desk: Desk) -> None:
    opened(desk.page, desk.service, desk.submission["id"])
    expect(desk.page.locator(".sheet").first).to_be_visible(timeout=60_000)
    desk.page.locator("#viewport").focus()


def _letters_off(desk: Desk) -> None:
    _text(desk)
    desk.page.evaluate("localStorage.setItem('sealform.letters', 'off')")
    desk.page.reload()
    expect(desk.page.locator(".field-card.current")).to_be_visible()
    desk.page.keyboard.press("ArrowUp")


def _inbox(desk: Desk) -> None:
    desk.page.goto(desk.service.url)
    desk.page.wait_for_selector("#rows tr")


def _row(desk: Desk) -> None:
    _inbox(desk)
    desk.page.locator("#rows .unit").first.focus()


def _search(desk: Desk) -> None:
    _inbox(desk)
    desk.page.get_by_role("searchbox").focus()


def _one_status(desk: Desk) -> None:
    _inbox(desk)
    desk.page.locator("#counts button", has_text="待复核").click()
    desk.page.evaluate("document.activeElement.blur()")


def _sheet(desk: Desk) -> None:
    _inbox(desk)
    desk.page.keyboard.press("?")
    expect(desk.page.locator("#keys")).to_be_visible()


def _questions(desk: Desk) -> None:
    desk.page.goto(f"{desk.service.url}/questions")
    expect(desk.page.locator("#questions a").first).to_be_focused()


def _further(desk: Desk) -> None:
    _questions(desk)
    desk.page.keyboard.press("ArrowDown")


def _wall(desk: Desk) -> None:
    desk.page.goto(f"{desk.service.url}/questions/{desk.submission['form']}/{desk.field}")
    expect(desk.page.locator(".tile:focus")).to_be_visible()
    desk.page.locator(f'.tile[data-submission="{desk.submission["id"]}"]').focus()


def _wall_chosen(desk: Desk) -> None:
    _wall(desk)
    desk.page.keyboard.press("1")
    expect(desk.card).to_have_class(re.compile("unsaved"))


def _wall_selected(desk: Desk) -> None:
    _wall(desk)
    desk.page.keyboard.press("Space")
    expect(desk.page.locator("#count")).to_contain_text("已选 1 份")


def _wall_writing(desk: Desk) -> None:
    _wall(desk)
    desk.page.keyboard.press("e")
    expect(desk.answer).to_be_editable()


def _wall_written(desk: Desk) -> None:
    _wall_writing(desk)
    desk.page.keyboard.type("hs")
    expect(desk.card).to_have_class(re.compile("unsaved"))


def _plain(path: str) -> Callable[[Desk], None]:
    def prepare(desk: Desk) -> None:
        desk.page.goto(desk.service.url + path)
        desk.page.wait_for_load_state("networkidle")

    return prepare


def _roster(desk: Desk) -> None:
    _plain(f"/forms?form={desk.submission['form']}")(desk)
    desk.page.locator("#roster").set_input_files(ROOT / "fixtures/roster.xlsx")
    expect(desk.page.locator("#make")).to_be_visible()


def _export(desk: Desk) -> None:
    desk.page.goto(f"{desk.service.url}/export")
    expect(desk.page.locator("#columns input").first).to_be_visible()


def _column(desk: Desk) -> None:
    _export(desk)
    desk.page.locator("#columns input").nth(1).focus()


def _making(desk: Desk) -> None:
    """A draft that the service refuses, so that no key makes it read a form back."""
    desk.page.goto(f"{desk.service.url}/forms/new?draft={drafted(desk.service)}")
    expect(desk.page.locator("#pages .box").first).to_be_visible(timeout=60_000)
    desk.page.locator("#form-version").fill("")
    desk.page.locator("#work-title").focus()


def _making_field(desk: Desk) -> None:
    _making(desk)
    desk.page.locator(".field-line").nth(1).click()


def _making_box(desk: Desk) -> None:
    _making(desk)
    desk.page.locator("#pages .box.answer").first.focus()


def _making_held(desk: Desk) -> None:
    _making_box(desk)
    desk.page.keyboard.press("Space")
    desk.page.keyboard.press("ArrowDown")


def _making_writing(desk: Desk) -> None:
    _making_field(desk)
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("#edit-title")).to_be_focused()


@dataclass(frozen=True)
class State:
    """How a page gets into a state, with what submission, before whom."""

    prepare: Callable[[Desk], None]
    file: Path = PROPOSED
    role: str = "reviewer"
    letters: bool = True


STATES: Mapping[str, State] = {
    "review: a proposal in doubt": State(_review),
    "review: nothing chosen in a required field": State(_review, ONE_DOUBT),
    "review: another option chosen": State(_chosen),
    "review: looking at a text": State(_text),
    "review: writing": State(_writing),
    "review: written": State(_written),
    "review: gone elsewhere from what was written": State(_left),
    "review: looking at a mark": State(_mark),
    "review: all settled": State(_settled),
    "review: giving a reason": State(_reason),
    "review: a change was given up": State(_taken_back),
    "review: letters switched off": State(_letters_off),
    "review: a clerk": State(_clerk, role="clerk"),
    "inbox": State(_inbox),
    "inbox: on a row": State(_row),
    "inbox: searching": State(_search),
    "inbox: the sheet of keys": State(_sheet),
    "inbox: one status": State(_one_status),
    "questions": State(_questions),
    "questions: further down": State(_further),
    "wall: on a tile": State(_wall),
    "wall: another option chosen": State(_wall_chosen),
    "wall: selected": State(_wall_selected),
    "wall: looking at a text": State(_wall, THREE_DOUBTS),
    "wall: writing": State(_wall_writing, THREE_DOUBTS),
    "wall: written": State(_wall_written, THREE_DOUBTS),
    "forms": State(_plain("/forms")),
    "forms: a roster is there": State(_roster),
    "making": State(_plain("/forms/new"), role="administrator"),
    "making: a draft is there": State(_making, role="administrator"),
    "making: on a field": State(_making_field, role="administrator"),
    "making: on a box": State(_making_box, role="administrator"),
    "making: a box picked up": State(_making_held, role="administrator"),
    "making: writing": State(_making_writing, role="administrator"),
    "export": State(_export),
    "export: on a column": State(_column),
    "admin": State(_plain("/admin"), role="administrator"),
    "password": State(_plain("/password")),
    "security": State(_plain("/security")),
}
