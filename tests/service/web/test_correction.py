"""Returning an application: the notice, the form again with what is right, and the draft of a mail."""

import email
import email.policy
import io
import random
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pdfplumber
import pytest
from docx import Document
from docx.shared import Cm
from PIL import Image
from pypdf import PdfReader
from starlette.testclient import TestClient

from extractor import Options, Source
from generator import generate, new_identity
from models.errors import MailNotSent
from models.fields import ChoiceField, EmailField, PhoneField
from models.record import Record
from service.corrections.sending import send
from service.export.notice import Defect, Notice, write_notice, write_template
from service.forms.definitions import load_forms
from service.runs.batch import read_submission
from service.settings import MailServer, Settings
from service.store import notices as stored
from tests.records import random_record
from tests.service import submissions as made
from tests.service.mail_server import taking_mail
from tests.service.web.readings import FAILED, finish, reading, upload
from tests.service.web.serving import Served, served

FORM = load_forms()["pilot-application"]
API = "/api/v1"
INBOX = Path(__file__).parents[3] / "fixtures" / "inbox"
# No option is ticked in it, and it bears neither seals nor signatures.
SAMPLE = INBOX / "A22_none_selected.docx"
EMAIL = next(name for name, field in FORM.fields.items() if isinstance(field, EmailField))
PHONE = next(name for name, field in FORM.fields.items() if isinstance(field, PhoneField))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = replace(Settings(), contact="市生态环境局 王工 027-85807053", correction_days=5)
    with served(tmp_path_factory.mktemp("correction"), settings) as service:
        yield service


@pytest.fixture(scope="module")
def reviewer(running: Served) -> TestClient:
    return running.signed_in("reviewer")


@pytest.fixture(scope="module")
def returned(running: Served, reviewer: TestClient) -> int:
    """A real file that was read, and returned with the letter as it was drafted."""
    (line,) = read_submission(Source.at(SAMPLE, SAMPLE.name), load_forms(), Options())
    (number,) = finish(running, upload(reviewer, SAMPLE.name, SAMPLE.read_bytes())["id"], line)
    letter = reviewer.get(f"{API}/submissions/{number}/letter").json()["text"]
    now = reviewer.get(f"{API}/submissions/{number}")
    sent = reviewer.post(
        f"{API}/submissions/{number}/decision",
        json={"move": "return", "reason": letter},
        headers={"If-Match": now.headers["ETag"]},
    )
    assert sent.status_code == 200, sent.text
    return number


def _papers(client: TestClient, number: int, pdf: bool = False) -> dict[str, bytes]:
    answer = client.get(f"{API}/submissions/{number}/correction", params={"pdf": pdf})
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name.partition("-")[2]: archive.read(name) for name in archive.namelist()}


def _read(data: bytes, folder: Path) -> dict[str, Any]:
    """What reading the form gives that came back as it was sent."""
    (folder / "again.docx").write_bytes(data)
    (line,) = read_submission(Source.at(folder / "again.docx"), {FORM.name: FORM}, Options())
    return line


def _words(data: bytes) -> str:
    document = Document(io.BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def _errors(client: TestClient, number: int) -> list[Mapping[str, Any]]:
    found = client.get(f"{API}/submissions/{number}").json()
    every = [*found["findings"], *(one for field in found["fields"].values() for one in field["findings"])]
    return [one for one in every if one["severity"] == "error"]


def test_the_notice_names_every_error_once_with_what_to_do_and_when(
    reviewer: TestClient, returned: int
) -> None:
    words = _words(_papers(reviewer, returned)["补正通知书.docx"])
    errors = _errors(reviewer, returned)
    assert len(errors) >= 3
    for one in errors:
        assert words.count(one["message"]) == 1
    assert "请在这一栏加盖单位公章" in words
    # 2026-11-22 is a Sunday.
    assert "2026年11月27日" in words
    assert "5个工作日" in words
    assert "王工" in words
    assert f"补正〔2026〕{returned}-1 号" in words
    assert "{" not in words


def test_the_form_again_holds_what_is_right_and_nothing_that_is_wrong(
    reviewer: TestClient, returned: int, tmp_path: Path
) -> None:
    again = _papers(reviewer, returned)["申请表（待补正）.docx"]
    line = _read(again, tmp_path)
    was = reviewer.get(f"{API}/submissions/{returned}").json()["fields"]
    wrong = {one["field"] for one in _errors(reviewer, returned)}
    doubtful = {name for name, field in was.items() if field["state"] == "doubtful"}
    for name, field in FORM.fields.items():
        if field.is_mark:
            continue
        kept = None if name in wrong | doubtful else was[name]["value"]
        assert line["fields"][name]["value"] == kept, name
    assert sum(one["value"] is not None for one in line["fields"].values()) >= 8


def test_the_mail_is_a_draft_to_the_address_on_the_form_with_both_papers(
    reviewer: TestClient, returned: int
) -> None:
    mail = email.message_from_bytes(_papers(reviewer, returned)["补正通知.eml"], policy=email.policy.default)
    address = reviewer.get(f"{API}/submissions/{returned}").json()["fields"][EMAIL]["value"]
    assert (mail["X-Unsent"], mail["To"]) == ("1", address.split(";")[0])
    assert [part.get_filename() for part in mail.iter_attachments()] == [
        "补正通知书.docx",
        "申请表（待补正）.docx",
    ]


def test_what_the_reviewer_wrote_is_what_the_notice_says(
    running: Served, reviewer: TestClient, tmp_path: Path
) -> None:
    number = made.store(running.context.database, FORM, 5)
    title = FORM.titles[PHONE]
    said = f"某单位：\n\n以下内容需要补正：\n1. “{title}”打不通，请换一个；\n2. 请附上可行性报告。\n\n请补正后重新提交。"
    made.move(running.context.database, number, "return", said)
    papers = _papers(reviewer, number)
    document = Document(io.BytesIO(papers["补正通知书.docx"]))
    rows = [[cell.text for cell in row.cells] for row in document.tables[0].rows][1:]
    # What to do stands beside each, also where no finding says it.
    assert [(row[1], row[2]) for row in rows] == [
        (f"“{title}”打不通，请换一个", "请重新填写这一栏"),
        ("请附上可行性报告", "请按左栏所说改正后重新提交"),
    ]
    assert "并重新签字、盖章。" in _words(papers["补正通知书.docx"])
    line = _read(papers["申请表（待补正）.docx"], tmp_path)
    assert line["fields"][PHONE]["value"] is None


def test_nobody_is_asked_to_stamp_what_has_no_seal_or_needs_it_once(
    running: Served, reviewer: TestClient
) -> None:
    typed = load_forms()["enterprise-filing"]
    number = made.store(running.context.database, typed, 5)
    made.move(running.context.database, number, "return", "1. 请核对。")
    assert "地方。" in _words(_papers(reviewer, number)["补正通知书.docx"])


def test_a_second_round_has_a_number_of_its_own_and_each_is_in_the_log(
    running: Served, reviewer: TestClient
) -> None:
    number = made.store(running.context.database, FORM, 6)
    for one in ("return", "reopen", "return"):
        made.move(running.context.database, number, one, "1. 请盖章。")  # type: ignore[arg-type]
    assert f"{number}-2 号" in _words(_papers(reviewer, number)["补正通知书.docx"])
    admin = running.signed_in("administrator")
    log = admin.get(f"{API}/audit", params={"subject": f"submission:{number}"}).json()["items"]
    assert "correction" in {entry["action"] for entry in log}


def test_what_could_not_be_read_has_no_notice(running: Served, reviewer: TestClient) -> None:
    (number,) = finish(running, upload(reviewer)["id"], reading(**FAILED))
    assert reviewer.get(f"{API}/submissions/{number}/correction").status_code == 409
    assert reviewer.get(f"{API}/submissions/999/correction").status_code == 404


def test_the_bureaus_own_template_is_filled_wherever_its_words_stand(
    running: Served, returned: int, tmp_path: Path
) -> None:
    document = Document(io.BytesIO(write_template()))
    document.add_table(rows=1, cols=1).cell(0, 0).text = "经办：{联系}"
    document.sections[0].header.paragraphs[0].text = "某市生态环境局 {编号}"
    template = tmp_path / "notice.docx"
    document.save(str(template))
    settings = replace(running.context.settings, notice_template=template)
    with served(tmp_path / "service", settings) as other:
        number = made.store(other.context.database, FORM, 7)
        made.move(other.context.database, number, "return", "1. 请盖章。")
        client = other.signed_in("reviewer")
        notice = _papers(client, number)["补正通知书.docx"]
        assert "经办：市生态环境局 王工" in _words(notice)
        assert f"{number}-1 号" in Document(io.BytesIO(notice)).sections[0].header.paragraphs[0].text
        template.write_bytes(b"no Word file")
        assert client.get(f"{API}/submissions/{number}/correction").status_code == 400


def test_cut_outs_stand_in_their_own_size_inside_their_cell() -> None:
    def picture(wide: int) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", (wide, 90)).save(file, "PNG", dpi=(180, 180))
        return file.getvalue()

    defects = (Defect("甲", "乙", (picture(1800), picture(90))),)
    day = date(2026, 12, 4)
    notice = Notice("1 号", "某单位", "某表", defects, day, day, 4, "王工")
    document = Document(io.BytesIO(write_notice(notice)))
    wide, small = document.inline_shapes
    assert Cm(3) < wide.width < document.tables[0].columns[3].width
    assert (round(small.width.cm, 2), round(small.height.cm, 2)) == (1.27, 1.27)
    # Otherwise LibreOffice keeps a gap of its own beside each, and cuts them off at the edge of the cell.
    assert {shape._inline.get(side) for shape in (wide, small) for side in ("distL", "distR")} == {"0"}


def _planted(seed: int) -> tuple[Record, dict[str, Any]]:
    """A record with defects of several kinds, and what stands in each field that has one."""
    dice = random.Random(seed)
    choice = next(field for field in FORM.fields.values() if isinstance(field, ChoiceField))
    text = next(field for field in FORM.fields.values() if field.kind == "text" and field.required)
    wrong = {
        choice.name: choice.options[:2],
        PHONE: "1234567890123",
        EMAIL: "office@nowhere",
        text.name: None,
    }
    chosen = {name: wrong[name] for name in dice.sample(sorted(wrong), dice.randint(1, 3))}
    record = random_record(FORM, seed)
    return Record(form=FORM.name, version=FORM.version, values={**record.values, **chosen}), chosen


_ACCEPT = [pytest.param(seed, marks=pytest.mark.accept) for seed in range(43, 80)]


@pytest.mark.parametrize("seed", [40, 41, 42, *_ACCEPT])
def test_every_planted_defect_is_in_the_notice_and_no_right_value_is_asked_for_again(
    running: Served, reviewer: TestClient, tmp_path: Path, seed: int
) -> None:
    record, planted = _planted(seed)
    data = generate(FORM, "docx", new_identity(FORM), record).data
    (number,) = finish(running, upload(reviewer, f"{seed}.docx", data)["id"], _read(data, tmp_path))
    papers = _papers(reviewer, number)
    words = _words(papers["补正通知书.docx"])
    assert [name for name in planted if FORM.titles[name] not in words] == []
    again = _read(papers["申请表（待补正）.docx"], tmp_path)["fields"]
    for name, field in FORM.fields.items():
        if not field.is_mark:
            kept = None if name in planted else field.to_json(record.values.get(name))
            assert again[name]["value"] == kept, name
    # What is filled in is accepted: the form that was sent is the one that comes back.
    right = {**record.values, **{name: random_record(FORM, seed).values[name] for name in planted}}
    mended = generate(
        FORM, "docx", new_identity(FORM), Record(form=FORM.name, version=FORM.version, values=right)
    )
    errors = {one["field"] for one in _read(mended.data, tmp_path)["findings"] if one["severity"] == "error"}
    assert errors & set(planted) == set()


def test_what_is_past_its_day_is_on_a_list_and_closed_by_one_step(running: Served) -> None:
    # A session would be over by then.
    system, number = running.system("see", "decide"), made.store(running.context.database, FORM, 90)
    letter = {"move": "return", "reason": "1. 请盖章。"}
    seen = {"If-Match": system.get(f"{API}/submissions/{number}").headers["ETag"]}
    shown = system.post(f"{API}/submissions/{number}/decision", json=letter, headers=seen).json()
    (notice,) = shown["correction"]["notices"]
    assert (notice["due"], notice["days_left"], notice["overdue"]) == ("2026-11-27", 5, False)

    def overdue() -> list[int]:
        listed = system.get(f"{API}/submissions", params={"overdue": True}).json()["items"]
        notices = system.get(f"{API}/notices", params={"state": "overdue"}).json()["items"]
        assert {one["id"] for one in listed} == {one["submission"] for one in notices}
        return [one["id"] for one in listed]

    assert number not in overdue()
    with running.context.database.read() as connection:
        ends = stored.present(connection, number).ends_at  # type: ignore[union-attr]
    before = running.clock.now
    running.clock.now = ends
    try:
        assert number in overdue()
        item = {"id": number, "version": shown["version"]}
        body = {"move": "withdraw", "reason": "逾期未补正", "items": [item]}
        (done,) = system.post(f"{API}/decisions", json=body).json()["items"]
        assert done["problem"] is None
        assert number not in overdue()
    finally:
        running.clock.now = before
    (notice,) = system.get(f"{API}/submissions/{number}").json()["correction"]["notices"]
    assert notice["state"] == "closed"


def test_the_papers_of_a_round_stay_what_they_were(
    running: Served, reviewer: TestClient, tmp_path: Path
) -> None:
    number = made.store(running.context.database, FORM, 91)
    made.move(running.context.database, number, "return", f"1. “{FORM.titles[PHONE]}”打不通。")
    first, again = (_papers(reviewer, number) for _ in range(2))
    instances = {_read(one["申请表（待补正）.docx"], tmp_path)["instance"] for one in (first, again)}
    assert len(instances) == 1
    assert None not in instances


def test_the_pdf_is_what_libreoffice_prints_of_the_notice(reviewer: TestClient, returned: int) -> None:
    papers = _papers(reviewer, returned, pdf=True)
    assert list(papers) == [
        "补正通知书.docx", "补正通知书.pdf", "申请表（待补正）.docx", "申请表（待补正）.pdf", "补正通知.eml",
    ]  # fmt: skip
    with pdfplumber.open(io.BytesIO(papers["补正通知书.pdf"])) as pages:
        printed = "".join(page.extract_text() for page in pages.pages)
    assert f"补正〔2026〕{returned}-1 号" in printed.replace("\n", "")
    fields = PdfReader(io.BytesIO(papers["申请表（待补正）.pdf"])).get_fields() or {}
    assert len(fields) > 10


def _returned(service: Served, seed: int, **values: Any) -> int:
    number = made.store(service.context.database, FORM, seed, **values)
    made.move(service.context.database, number, "return", "1. 请盖章。")
    return number


def test_nothing_is_sent_unless_a_server_is_set(running: Served, reviewer: TestClient) -> None:
    answer = reviewer.post(f"{API}/submissions/{_returned(running, 92)}/correction/sending")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_a_notice_is_sent_to_the_address_on_the_form_and_the_reply_is_known_by_it(tmp_path: Path) -> None:
    with taking_mail(("bureau", "secret")) as box:
        server = MailServer("127.0.0.1", box.port, "notice@bureau.example", "none", "bureau", "secret")
        assert "secret" not in repr(server)
        with served(tmp_path, replace(Settings(), smtp=server)) as service:
            client = service.signed_in("reviewer")
            number = _returned(service, 93, **{EMAIL: "office@unit.example;other@unit.example"})
            sent = client.post(f"{API}/submissions/{number}/correction/sending")
            assert sent.status_code == 200, sent.text
            ((sender, to, data),) = box.mails
            assert (sender, to) == ("notice@bureau.example", ["office@unit.example"])
            mail = email.message_from_bytes(data, policy=email.policy.default)
            assert (mail["X-Unsent"], sent.json()["number"] in mail["Subject"]) == (None, True)
            names = [part.get_filename() for part in mail.iter_attachments()]
            assert {"补正通知书.docx", "申请表（待补正）.docx", "申请表（待补正）.pdf"} <= set(names)
            (notice,) = client.get(f"{API}/submissions/{number}").json()["correction"]["notices"]
            assert notice["sent"] is True
            with service.context.database.read() as connection:
                assert stored.present(connection, number).message_id == mail["Message-ID"]  # type: ignore[union-attr]
            admin = service.signed_in("administrator")
            log = admin.get(f"{API}/audit", params={"subject": f"submission:{number}"}).json()["items"]
            assert "notice-sent" in {entry["action"] for entry in log}
            box.refuses = "office@unit.example"
            refused = client.post(f"{API}/submissions/{number}/correction/sending")
            assert (refused.status_code, refused.json()["code"]) == (502, "mail-not-sent")
            assert "office" not in refused.json()["detail"]
            box.login = ("bureau", "another")
            assert client.post(f"{API}/submissions/{number}/correction/sending").status_code == 502
            # What did not go out is in the log, too, as begun and not as sent.
            log = admin.get(f"{API}/audit", params={"subject": f"submission:{number}"}).json()["items"]
            actions = [entry["action"] for entry in log]
            assert (actions.count("notice-sending"), actions.count("notice-sent")) == (3, 1)
            # One that is under review has no notice yet.
            alone = made.store(service.context.database, FORM, 94)
            assert client.post(f"{API}/submissions/{alone}/correction/sending").status_code == 409
    with pytest.raises(MailNotSent):
        send(server, data)
