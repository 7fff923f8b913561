"""An application that was returned and what answers it, as they look: the notice and its day, old and new
side by side."""

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from service.forms.definitions import load_forms
from tests.service import applicants
from tests.service.mail_server import taking_mail
from tests.service.pages.conftest import Contexts, Visit
from tests.service.pages.samples import FORM, filled
from tests.service.pages.serving import Service, running
from tests.service.pages.test_accessible import expect_sound
from tests.service.pages.walking import arrived

DEFINITION = load_forms()[FORM]
PHONE, MAIL = (
    next(name for name, one in DEFINITION.fields.items() if one.kind == kind) for kind in ("phone", "email")
)


@pytest.fixture(scope="module")
def pair(service: Service, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, int]:
    """One that was returned for its phone number, and the answer, in which the mail's address changed too and
    the phone number did not."""
    folder, who = tmp_path_factory.mktemp("pair"), service.administrator
    (first,) = arrived(who, filled(folder, 880, {PHONE: "看不清"}))
    letter = who.ask("GET", f"/submissions/{first['id']}/letter")["text"]
    who.ask(
        "POST", f"/submissions/{first['id']}/decision", json={"move": "return", "reason": letter},
        headers={"If-Match": f'"{first["version"]}"'},
    )  # fmt: skip
    answer = who.client.get(f"/api/v1/submissions/{first['id']}/correction", params={"pdf": False})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        (name,) = [name for name in archive.namelist() if "申请表" in name]
        form = archive.read(name)
    data = applicants.in_word(form, DEFINITION, {MAIL: "somebody@else.example"})
    (second,) = arrived(who, applicants.write(folder, "补正.docx", data))
    return int(first["id"]), int(second["id"])


def test_old_and_new_stand_side_by_side_and_only_what_differs(
    pair: tuple[int, int], visit: Visit, axe: str, tmp_path: Path
) -> None:
    first, second = pair
    page = visit(f"/submissions/{second}")
    table = page.get_by_role("region", name="补正前后对照表")
    rows = table.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("要求补正，没有补正（通知第 1 项）")
    expect(rows.nth(1)).to_contain_text("somebody@else.example")
    expect(rows.nth(1)).to_contain_text("没有要求，改动了")
    note = page.get_by_label("补正前后对照", exact=True)
    expect(note.get_by_role("link", name=f"第 {first} 号")).to_have_attribute("href", f"/submissions/{first}")
    expect(note).to_contain_text("按表格编号认定")
    page.get_by_label("补正前后对照", exact=True).screenshot(path=tmp_path / "side-by-side.png")
    rows.nth(1).get_by_role("button").click()
    expect(page.locator(f"#field-{MAIL}")).to_contain_text("没有要求补正，却由")
    expect(page.locator(f"#field-{MAIL} .chip")).to_have_text("待核对")
    expect_sound(page, axe)


def test_what_was_returned_says_its_number_and_what_answered_it(
    pair: tuple[int, int], visit: Visit, axe: str
) -> None:
    first, second = pair
    page = visit(f"/submissions/{first}")
    expect(page.get_by_text(f"{first}-1 号，已由第 {second} 号答复")).to_be_visible()
    expect(page.get_by_role("link", name="下载补正材料")).to_be_visible()
    assert page.locator("#sending").count() == 0
    expect_sound(page, axe)


@pytest.mark.accept
def test_a_notice_is_sent_by_a_button_where_a_server_is_set(
    contexts: Contexts, axe: str, tmp_path: Path
) -> None:
    with taking_mail() as box:
        (tmp_path / "service").mkdir()
        place = {"SEALFORM_SMTP": f"127.0.0.1:{box.port}", "SEALFORM_SMTP_FROM": "notice@bureau.example"}
        with running(tmp_path / "service", {**place, "SEALFORM_SMTP_SECURITY": "none"}) as service:
            who = service.administrator
            (first,) = arrived(who, filled(tmp_path, 881, {PHONE: "看不清", MAIL: "office@unit.example"}))
            who.ask(
                "POST", f"/submissions/{first['id']}/decision",
                json={"move": "return", "reason": "1. 电话看不清。"},
                headers={"If-Match": f'"{first["version"]}"'},
            )  # fmt: skip
            page = contexts(who).new_page()
            page.goto(f"{service.url}/submissions/{first['id']}")
            page.locator("#sending summary").click()
            assert box.mails == []
            expect_sound(page, axe)
            page.locator("#sending").get_by_role("button", name="发出").click()
            expect(page.locator("#messages")).to_contain_text("已发送到 office@unit.example", timeout=60_000)
            expect(page.locator("#sending summary")).to_have_text("已发送，再发一次")
            ((sender, to, _),) = box.mails
            assert (sender, to) == ("notice@bureau.example", ["office@unit.example"])
            log = who.ask("GET", "/audit", params={"subject": f"submission:{first['id']}"})["items"]
            assert "notice-sent" in {entry["action"] for entry in log}
