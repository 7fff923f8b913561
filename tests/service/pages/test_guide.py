"""The clerk's guide tells the truth: its commands run, its buttons and keys are on the pages, its pictures
are there."""

import itertools
import re
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook
from playwright.sync_api import Page, expect

from tests.service.conftest import Run
from tests.service.pages.conftest import Contexts
from tests.service.pages.serving import ROOT, Service
from tests.service.pages.walking import INBOX, ONE_DOUBT, arrived

GUIDE = ROOT / "docs/guide.zh.md"
TEXT = GUIDE.read_text("utf-8")
COMMANDS = re.findall(r"^sealform .+$", TEXT, re.MULTILINE)
# What does not end by itself, or needs a mailbox: their options are looked up instead.
LASTING = ("serve", "worker", "mail")
# All that one can press, choose or follow, and all keys of the sheet of keys, as a person sees them.
_SEEN = """() => [...document.querySelectorAll('button, a, summary, label, legend, option, h1, h2')]
  .map((one) => { const copy = one.cloneNode(true);
    copy.querySelectorAll('kbd, .unseen').forEach((kbd) => kbd.remove());
    return copy.textContent.trim(); })"""
_KEYS = (
    """() => [...document.querySelectorAll('#keys-list dt')].flatMap((row) => row.textContent.split(' / '))"""
)
_PAGES = (
    "/",
    "/forms",
    "/forms/new?form=enterprise-filing",
    "/campaigns?name=near-zero-carbon-2021",
    "/export",
    "/admin",
    "/questions",
    "/samples",
    "/quality",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_guide_runs(
    command: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, name, *arguments = shlex.split(command)
    if name in LASTING:
        told = run(name, "--help").out
        missing = [
            argument
            for argument in arguments
            if argument.startswith("-") and not re.search(rf"{argument}\b", told)
        ]
        assert missing == []
        return
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "fixtures/roster.xlsx", "名册.xlsx")
    Path("收件").mkdir()
    shutil.copy(INBOX / "A01_lit_ballot_check.docx", "收件")
    shutil.copy(INBOX / "A01_lit_ballot_check.docx", "补贴申请表.docx")
    if name == "campaign":
        _campaign(run, arguments[0])
    ran = run(name, *arguments)
    # Something that is missing here, and rows of the sample roster that are wrong on purpose, are told by the
    # exit code.
    assert ran.code == 0 or name in ("doctor", "prefill"), ran.err
    written = [
        argument
        for before, argument in itertools.pairwise(arguments)
        if before in ("-o", "--xlsx", "--ledger")
    ]
    assert all(Path(path).exists() for path in written)


def _campaign(run: Run, command: str) -> None:
    """What the commands of a campaign need: a definition, results, and the sheet that another one writes."""
    text = (ROOT / "fixtures/campaigns/near-zero-carbon-2021.yaml").read_text("utf-8")
    Path("活动.yaml").write_text(text.replace("../calendars", "calendars"), "utf-8")
    for folder in ("campaigns/templates", "calendars"):
        shutil.copytree(ROOT / "fixtures" / folder, Path(folder).name)
    assert run("extract", "收件", "-o", "结果.jsonl").code == 0
    if command == "summary":
        book = Workbook()
        book.worksheets[0].append(["序号", "单位", "名称"])
        book.save("汇总表模板.xlsx")
    if command == "lists":
        assert run("campaign", "status", "活动.yaml", "结果.jsonl", "-o", "申请台账.xlsx").code == 0


@pytest.mark.parametrize("picture", re.findall(r"\]\((screenshots/[^)]+)\)", TEXT))
def test_a_picture_of_the_guide_is_there(picture: str) -> None:
    assert (GUIDE.parent / picture).is_file()


def test_every_button_and_key_of_the_guide_is_on_a_page(service: Service, contexts: Contexts) -> None:
    submission = arrived(service.administrator, ONE_DOUBT)[0]
    page: Page = contexts(service.administrator).new_page()
    question = f"/questions/{submission['form']}/{submission['doubtful_fields'][0]['name']}"
    seen, keys = set[str](), set[str]()
    own = f"/submissions/{submission['id']}"
    for path in (*_PAGES, own, f"{own}/grouping", question):
        page.goto(service.url + path)
        page.wait_for_load_state("networkidle") if path == "/admin" else page.wait_for_timeout(600)
        if path.startswith("/campaigns"):
            page.wait_for_selector("#waiting-rows tr")
        seen |= set(page.evaluate(_SEEN))
        page.get_by_role("button", name="按键").click()
        keys |= set(page.evaluate(_KEYS))
        page.keyboard.press("Escape")
    page.goto(f"{service.url}/submissions/{submission['id']}")
    page.locator(".field-card.current").press("1")
    expect(page.get_by_role("button", name="放弃修改")).to_be_visible()
    seen |= set(page.evaluate(_SEEN))
    seen |= _seen_after_deciding(page)
    assert _missing(re.findall("「([^」]+)」", TEXT), seen) == []
    assert _missing(re.findall("<kbd>([^<]+)</kbd>", TEXT), keys | {"Alt"}) == []


def _seen_after_deciding(page: Page) -> set[str]:
    """The buttons that come with a decision: the message that takes it back, and what can be done
    afterwards."""
    address = page.url
    page.locator("[data-move=return]").click()
    page.locator("#reason").fill("1. 请盖章。")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#messages button", has_text="撤销")).to_be_visible()
    seen = set(page.evaluate(_SEEN))
    page.goto(address)
    expect(page.get_by_role("button", name="重新打开")).to_be_visible()
    expect(page.get_by_role("link", name="下载补正材料")).to_be_visible()
    return seen | set(page.evaluate(_SEEN))


def _missing(wanted: Sequence[str], seen: set[str]) -> list[str]:
    return sorted(set(wanted) - seen)
