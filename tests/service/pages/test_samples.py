"""The pages of blind samples: a tick is one key, a text its characters and Enter, nothing tells what was
read, and the figure is the one of the service."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from models.aliases import Alias
from service.forms.definitions import load_forms
from service.proof import aliases
from service.proof.judgement.aliases import Answer, Proposal, Tried
from service.store.database import Database
from service.store.proof_tables import proof_alias_runs, proof_samples
from tests.service.pages.conftest import Visit
from tests.service.pages.samples import FORM, filled
from tests.service.pages.sampling import draw_now
from tests.service.pages.serving import Service, running
from tests.service.pages.test_accessible import RULES
from tests.service.pages.walking import Keys

FIELDS = load_forms()[FORM].fields
SIZES = [(1366, 768), (390, 844)]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One of its own: samples are drawn of all that a service has read."""
    with running(tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.fixture(scope="module")
def drawn(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder: Path = tmp_path_factory.mktemp("samples")
    for upload in service.administrator.upload(*(filled(folder, seed) for seed in (61, 62))):
        service.administrator.read(upload)
    assert draw_now(service) > 15
    database = Database(f"sqlite:///{service.folder / 'data/sealform.db'}")
    yield database
    database.close()


def _states(database: Database) -> dict[int, Any]:
    with database.read() as connection:
        return {row.id: row for row in connection.execute(proof_samples.select())}


def _opened(visit: Visit, *arguments: Any, **more: Any) -> Page:
    page = visit("/samples", *arguments, **more)
    expect(page.locator("#sample")).to_be_visible()
    return page


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True])
def test_the_pages_fit_and_can_be_looked_at(
    visit: Visit, drawn: Database, size: tuple[int, int], dark: bool, tmp_path: Path
) -> None:
    for path, wanted in (("/samples", "#sample img"), ("/quality", "#figures tbody tr")):
        page = visit(path, size=size, dark=dark)
        expect(page.locator(wanted).first).to_be_visible(timeout=60_000)  # Word has to be printed first
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        page.screenshot(path=tmp_path / "page.png")


def test_a_person_keys_everything_by_keys_alone_a_tick_with_one(
    service: Service, visit: Visit, drawn: Database
) -> None:
    """Each answer as the accepted value says it, so that all come out right. A key takes a third of a second;
    what is looked at and thought takes people 3 s."""
    page = _opened(visit, service.person("sampler", "reviewer"))
    keys, ticks, texts = Keys(page), list[int](), list[int]()
    before = _states(drawn)
    for _ in range(40):
        if not page.locator("#sample").is_visible():
            break
        src = page.locator("#pictures img").first.get_attribute("src") or ""
        number = int(src.split("/")[5])
        row = before[number]
        strokes = _answer(keys, row)
        (ticks if row.kind == "choice" and FIELDS[row.field].max == 1 else texts).append(strokes)
        page.wait_for_function(
            f"() => !document.querySelector('#pictures img')?.src.includes('/samples/{number}/')"
            " || document.querySelector('#sample').hidden"
        )
    assert set(ticks) == {1}, "a tick is one key"
    assert max(ticks) / 3 + 3 <= 4
    short = [strokes for strokes in texts if strokes <= 12]
    assert len(short) > 5
    assert max(short) / 3 + 3 <= 8
    states = {row.state for row in _states(drawn).values()}
    assert states == {"right"}, states
    expect(page.locator("#done")).to_contain_text("现在没有要录的")
    shown = visit("/quality")
    whole = service.administrator.ask("GET", "/proof/figures")["figures"][0]
    first = shown.locator("#figures tbody").first
    expect(first).to_contain_text(str(whole["looked"]))
    expect(first).to_contain_text("尚未证明")
    with shown.expect_download() as download:
        shown.keyboard.press("d")
    assert download.value.suggested_filename.endswith(".xlsx")


def _answer(keys: Keys, row: Any) -> int:
    """Presses what says the accepted value; how many keys that took."""
    field, before = FIELDS[row.field], keys.strokes
    if row.value is None:
        keys.press("Alt+0" if field.widget not in ("options", "mark") else "0")
    elif field.widget == "options":
        for option in row.value:
            keys.press(str(field.options.index(option) + 1))
        if field.max != 1:
            keys.press("Enter")
    else:
        text = field.format(field.from_json(row.value))
        expect(keys.page.locator("#keyed")).to_be_focused()
        keys.page.keyboard.insert_text(text)
        keys.strokes += len(text)
        keys.press("Enter")
    return keys.strokes - before


def test_what_is_not_keyed_or_has_no_reading_is_said_and_what_is_illegible_goes_on(
    service: Service, visit: Visit, drawn: Database
) -> None:
    draw_now(service)
    page = _opened(visit, service.person("careful", "reviewer"))
    deadline = time.monotonic() + 30
    while page.locator("#keyed[type=text]").count() == 0 and time.monotonic() < deadline:
        title = page.locator("#asked").inner_text()
        page.keyboard.press("x")
        page.wait_for_function("(title) => document.querySelector('#asked').textContent !== title", arg=title)
    page.keyboard.press("Enter")
    expect(page.locator("#why")).to_contain_text("还没有录入")
    first = page.locator("#pictures img").first.get_attribute("src")
    page.keyboard.press("Alt+x")
    expect(page.locator("#pictures img").first).not_to_have_attribute("src", first or "")
    assert [row.state for row in _states(drawn).values()].count("second") >= 1


def test_who_may_not_correct_is_shown_the_figure_alone(service: Service, visit: Visit) -> None:
    page = visit("/quality", service.person("clerk", "clerk"))
    expect(page.get_by_text("从更正中学习")).to_have_count(0)
    expect(page.locator("#verdict")).not_to_contain_text("正在读取")
    expect(page.get_by_role("link", name="抽查", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="下载抽查结果")).to_have_count(0)


def test_a_candidate_is_tried_on_the_page_and_what_did_not_pass_can_t_be_used(visit: Visit) -> None:
    page = visit("/quality")
    page.get_by_role("button", name="试算").click()
    expect(page.locator("#lesson")).to_contain_text("没有通过，不能采用")
    expect(page.locator("#lesson-against li").first).to_be_visible()
    expect(page.locator("#lesson-tried tbody tr")).to_have_count(3)
    expect(page.get_by_role("button", name="采用", exact=True)).to_be_hidden()
    expect(page.get_by_role("button", name="退回原来的")).to_be_hidden()


def test_a_label_in_other_words_is_shown_with_its_evidence_used_and_taken_back(
    service: Service, visit: Visit, drawn: Database, axe: str
) -> None:
    cell = next(one for one in load_forms()[FORM].cells() if one.label and len(one.fields) == 1)
    alias = Alias(FORM, cell.fields[0].name, "label", "另一种写法")
    good = [Tried(n, alias.field, Answer(None, False, False), Answer("甲", True, True)) for n in (1, 2, 3)]
    bad = [Tried(n, alias.field, Answer(None, False, False), Answer("乙", False, True)) for n in (1, 2, 3)]
    found = [
        (Proposal(alias, (1, 2, 3), ("user:99",)), good),
        (Proposal(replace(alias, text="别的写法"), (1, 2, 3), ("user:99",)), bad),
    ]
    now = datetime.now(UTC)
    with drawn.write() as connection:
        run = {"asked_at": now, "asked_by": "user:1", "begun_at": now}
        number = connection.execute(proof_alias_runs.insert().values(run)).inserted_primary_key[0]
        aliases.end(connection, number, found, now)
    page = visit("/quality")
    listed = page.locator("#aliases > li")
    expect(listed).to_have_count(2)
    mine = listed.filter(has_text="“另一种写法”")
    expect(mine).to_contain_text(f"当作栏目名“{cell.label}”")
    expect(mine).to_contain_text("3 份申请里这样印")
    expect(mine).to_contain_text("漏过的错误 0 → 0，要人看的 3 → 0")
    expect(listed.filter(has_text="“别的写法”")).to_contain_text("没有通过，不能采用：漏过的错误会增加")
    expect(page.get_by_role("button", name="采用“别的写法”")).to_have_count(0)
    mine.locator("summary").click()
    expect(mine.locator("details li")).to_have_count(3)
    page.evaluate(axe)
    found = page.evaluate("(rules) => axe.run(document, rules)", RULES)["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    page.get_by_role("button", name="采用“另一种写法”").click()
    expect(mine).to_contain_text("采用中")
    page.get_by_role("button", name="停用“另一种写法”").click()
    expect(page.get_by_role("button", name="采用“另一种写法”")).to_be_visible()
