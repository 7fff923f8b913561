"""What the tests of the review pages do as a reviewer does it: press keys, which are counted, and wait for
what they do."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.service.pages.serving import ROOT, Person, Service

INBOX = ROOT / "fixtures/inbox"
# One doubtful field of options, a fraction of a second to read.
ONE_DOUBT = INBOX / "A22_none_selected.docx"
# A black and white fax of two pages: three doubtful fields, ten seconds to read.
THREE_DOUBTS = INBOX / "scan_fax.tif"

# From a key to the frame in which its effect was painted.
_TIMER = """() => {
  window.keyTimes = [];
  addEventListener('keydown', () => {
    const start = performance.now();
    requestAnimationFrame(() => setTimeout(() => window.keyTimes.push(performance.now() - start)));
  }, true);
}"""


@dataclass
class Keys:
    """The keyboard of one page, counted; Ctrl and Alt with another key are one stroke, typed text is none."""

    page: Page
    strokes: int = 0
    started: float = field(default_factory=time.monotonic)

    def watch(self) -> None:
        """Times each key from now on."""
        self.page.evaluate(_TIMER)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.strokes += 1

    def times(self) -> list[float]:
        """Milliseconds from each key to its frame."""
        self.page.wait_for_timeout(50)
        return [float(time) for time in self.page.evaluate("window.keyTimes")]


def arrived(person: Person, *paths: Path, seconds: float = 90.0) -> list[dict[str, Any]]:
    """Uploads each file as a submission of its own; the submissions once they were read, in the order of the
    files."""
    return [person.read(upload, seconds)[0] for upload in person.upload(*paths)]


def alone(person: Person, submissions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The submissions as they are once somebody said that each is another than what came before from the same
    file."""
    now = [person.ask("GET", f"/submissions/{one['id']}") for one in submissions]
    for place, one in enumerate(now):
        for twin in one["unsettled_twins"]:
            path, version = f"/submissions/{one['id']}", {"If-Match": f'"{now[place]["version"]}"'}
            now[place] = person.ask(
                "POST", f"{path}/twins/{twin}", headers=version, json={"verdict": "another"}
            )
    return now


def opened(page: Page, service: Service, submission: int) -> Page:
    """The review page of a submission, once its fields are there."""
    page.goto(f"{service.url}/submissions/{submission}")
    expect(page.locator("#status")).to_be_visible()
    return page


def card(page: Page, name: str) -> Any:
    """The card of a field."""
    return page.locator(f'[data-field="{name}"]')


def write(answer: Locator, text: str) -> None:
    """Writes `text` into an input, in the place of what stood there, as somebody who clicks into it."""
    answer.click()
    answer.fill(text)


def field_of(person: Person, submission: int, name: str) -> dict[str, Any]:
    """What the service holds of a field."""
    return dict(person.ask("GET", f"/submissions/{submission}")["fields"][name])
