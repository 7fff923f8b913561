"""Batches that were grouped wrong on purpose are put right by keyboard in a real browser: what was read of
them then is right, the keys are counted, the log holds, and it can be taken back."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.service.pages.batches import Batch, batches, pages, typed, unit, whole, write
from tests.service.pages.conftest import Visit
from tests.service.pages.serving import ROOT, Person, Service
from tests.service.pages.test_accessible import expect_sound
from tests.service.pages.walking import Keys

# Of the twelve, those that each run of the tests takes.
_USUAL = ("second pages changed places", "two are one", "a letter is with the form")
_EVERY = [
    pytest.param(one, id=one.name, marks=() if one.name in _USUAL else pytest.mark.accept)
    for one in batches()
]
_MOST_KEYS = 9


def _now(person: Person, submission: int) -> dict[str, Any]:
    return dict(person.ask("GET", f"/submissions/{submission}/grouping"))


def _places(now: dict[str, Any]) -> list[list[tuple[str, int | None]]]:
    return [[(piece["part"], piece["page"]) for piece in one["pieces"]] for one in now["groups"]]


def _put(person: Person, now: dict[str, Any], batch: Batch) -> dict[str, Any]:
    """Groups it wrong."""
    known = [(one["submission"], one["version"]) for one in now["groups"]]
    known += [(None, 0)] * (len(batch.wrong) - len(known))
    wrong = [*batch.wrong, *([()] * (len(known) - len(batch.wrong)))]
    groups = [
        {
            "submission": submission, "version": version, "form": batch.said.get(number),
            "pieces": [{"part": part, "page": page} for part, page in places],
        }
        for number, ((submission, version), places) in enumerate(zip(known, wrong, strict=True))
    ]  # fmt: skip
    first = now["groups"][0]["submission"]
    if _places(now) != [list(places) for places in batch.wrong] or batch.said:
        person.ask("PUT", f"/submissions/{first}/grouping", json={"groups": groups})
        person.read(now["upload"])
    return _now(person, first)


def _records(person: Person, now: dict[str, Any]) -> list[Any]:
    found = [person.ask("GET", f"/submissions/{one['submission']}") for one in now["groups"]]
    names = ("status", "fields", "findings", "error", "unit", "form")
    return [{name: one[name] for name in names} for one in found]


def _saved(page: Page) -> None:
    expect(page.locator("#messages")).to_contain_text("已按新的分组读取", timeout=60_000)


@pytest.mark.parametrize("batch", _EVERY)
def test_a_batch_that_was_grouped_wrong_is_put_right_by_keyboard(
    batch: Batch, service: Service, visit: Visit, tmp_path: Path
) -> None:
    person = service.administrator
    (upload,) = person.upload(*write(tmp_path / "batch", batch), together=True)
    first = person.read(upload)[0]["id"]
    wrong = _put(person, _now(person, first), batch)
    assert _places(wrong) == [list(places) for places in batch.wrong]
    before = _records(person, wrong)
    first = wrong["groups"][0]["submission"]

    page = visit(f"/submissions/{first}/grouping")
    expect(page.locator(".piece:focus")).to_be_visible()
    keys = Keys(page)
    keys.press(*batch.keys)
    keys.press("Control+Enter")
    _saved(page)

    right = _now(person, first)
    assert _places(right) == [list(places) for places in batch.right]
    print(f"{batch.name}: {keys.strokes} keys")
    assert keys.strokes <= _MOST_KEYS
    for one, places in zip(right["groups"], batch.right, strict=True):
        shown = person.ask("GET", f"/submissions/{one['submission']}")
        assert shown["status"] == "in-review", shown["error"]
        assert shown["unit"] == unit(_seed(batch, places))
        assert not [finding for finding in shown["findings"] if finding["severity"] == "error"]
    assert person.ask("GET", "/audit/verify")["sound"] is True

    person.ask("POST", f"/submissions/{first}/grouping/undo")
    again = _now(person, first)
    assert _places(again) == [list(places) for places in batch.wrong]
    assert _records(person, again) == before
    assert person.ask("GET", "/audit/verify")["sound"] is True


def test_a_page_that_came_with_another_s_papers_is_put_to_its_own_by_keyboard(
    service: Service, visit: Visit, axe: str, tmp_path: Path
) -> None:
    """Two uploads, each with an application; the first lacks its second page, which came with the other."""
    person = service.administrator
    first, other = pages(typed(31)), typed(32)
    lone = Batch("lone", {"31-1.pdf": first[0]}, [], [], [])
    mixed = Batch("mixed", {"32.pdf": whole(other, first[1])}, [], [], [])
    numbers, uploads = [], []
    for batch in (lone, mixed):
        (upload,) = person.upload(*write(tmp_path / batch.name, batch), together=True)
        uploads.append(upload)
        numbers.append(person.read(upload)[0]["id"])
    both = [_now(person, number) for number in numbers]
    # However it was grouped by itself: the stray page is the second application's.
    everything = [[("32.pdf", 1), ("32.pdf", 2), ("32.pdf", 3)]]
    both[1] = _put(person, both[1], Batch("", {}, everything, [], []))
    before = [_records(person, one) for one in both]

    page = visit(f"/submissions/{numbers[0]}/grouping")
    expect(page.locator(".piece:focus")).to_be_visible()
    keys = Keys(page)
    keys.press("b")
    keys.press(*str(both[1]["groups"][0]["submission"]))
    keys.press("Enter")
    expect(page.get_by_role("heading", name="（另一次来件）")).to_be_visible()
    expect_sound(page, axe)
    keys.press("ArrowRight", "ArrowRight", "1", "Control+Enter")
    _saved(page)
    assert keys.strokes <= _MOST_KEYS

    right = [_now(person, one["groups"][0]["submission"]) for one in both]
    assert _places(right[0])[0] == [("31-1.pdf", 1), ("32.pdf", 3)]
    assert _places(right[1])[0] == [("32.pdf", 1), ("32.pdf", 2)]
    for one, seed in zip(right, (31, 32), strict=True):
        shown = person.ask("GET", f"/submissions/{one['groups'][0]['submission']}")
        assert (shown["status"], shown["unit"]) == ("in-review", unit(seed))
        assert not [finding for finding in shown["findings"] if finding["severity"] == "error"]
    files = [person.ask("GET", f"/uploads/{upload}")["files"] for upload in uploads]
    assert [[file["name"] for file in one] for one in files] == [["31-1.pdf"], ["32.pdf"]]
    assert set(files[1][0]["submissions"]) == {one["groups"][0]["submission"] for one in both}
    picture = person.client.get(f"/api/v1/submissions/{numbers[0]}/parts/1/pages/3.webp")
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/webp")
    assert person.ask("GET", "/audit/verify")["sound"] is True

    person.ask("POST", f"/submissions/{numbers[0]}/grouping/undo")
    assert [_records(person, _now(person, number["groups"][0]["submission"])) for number in both] == before
    assert person.ask("GET", "/audit/verify")["sound"] is True


def _seed(batch: Batch, places: Any) -> int:
    part, page = places[0]
    return 11 + (page - 1) // 2 if part == "一起.pdf" else int(part.partition("-")[0].partition(".")[0])


def test_the_page_is_sound_for_everybody_and_shows_what_is_turned(
    service: Service, visit: Visit, axe: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    person = service.administrator
    scan = Batch("scan", {"扫描.png": _scan()}, [], [], [])
    files = write(tmp_path / "batch", batches()[0]), write(tmp_path / "scan", scan)
    (upload,) = person.upload(*files[0], *files[1], together=True)
    first = person.read(upload, 120)[0]["id"]
    page = visit(f"/submissions/{first}/grouping")
    expect(page.locator(".piece:focus")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("2")
    page.locator('[data-key^="扫描.png"]').focus()
    page.keyboard.press("t")
    expect(page.get_by_role("button", name="扫描.png 第 1 页，转了 90 度")).to_be_visible()
    expect(page.locator("#now")).to_have_text("改了 2 步，还没有保存")
    if request.config.getoption("--screenshots", default=False):
        page.wait_for_function("() => [...document.images].every((one) => one.complete)")
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=ROOT / "docs/screenshots/grouping-light.png")
    expect_sound(page, axe)
    page.keyboard.press("u")
    page.keyboard.press("u")
    expect(page.locator("#save")).to_be_disabled()


def _scan() -> bytes:
    """A picture of a page with hardly anything on it, which is read at once."""
    picture, out = Image.new("RGB", (620, 877), "white"), io.BytesIO()
    ImageDraw.Draw(picture).rectangle((60, 60, 560, 300), outline="black", width=3)
    picture.save(out, "PNG")
    return out.getvalue()
