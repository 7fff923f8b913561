"""The commands, and what they put on paper: the sheet of all applications, letters, drafts, lists."""

import email
import email.policy
import io
import json
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import Workbook, load_workbook

from generator.letter import Table, fill_letter, placeholders
from models.errors import GenerationError
from service.campaigns.loading import SHIPPED
from service.campaigns.wording import KEY, RULED, score_headings
from service.results import encode
from tests.service.campaigns.calls import call
from tests.service.campaigns.results import result_line
from tests.service.conftest import Run

HOSTILE = '=HYPERLINK("http://x")&<w:p>{活动}'


@pytest.fixture
def results(tmp_path: Path) -> Path:
    loaded, path = call(), tmp_path / "r.jsonl"
    mine = {"sender": "a@jiangan.example", "sent": "2021-02-05T10:00:00+08:00", "domain": ["企事业单位"]}
    lines = [
        result_line(loaded, "1.eml", unit="武汉启明科技有限公司", title="启明近零碳工厂", **mine),
        result_line(loaded, "2.eml", unit=f"{HOSTILE}有限公司", title="+1", **mine),
        result_line(
            loaded, "3.eml", unit="丙有限公司", title="丙", **mine | {"sent": "2021-02-10T01:00:00+08:00"}
        ),
        result_line(loaded, "4.docx", error={"code": "damaged", "message": "损坏"}),
        result_line(loaded, "5.docx", form="enterprise-filing", unit="x"),
    ]
    path.write_bytes(encode(lines))
    return path


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    """The record of a mailbox: when the first three messages were in it."""
    folder = tmp_path / "mail"
    folder.mkdir()
    arrived = {"1.eml": "2021-02-05T02:01:00+00:00", "2.eml": "2021-02-09T15:59:00+00:00",
               "3.eml": "2021-02-10T02:00:00+00:00", "9.eml": "1970-01-01T00:00:00+00:00"}  # fmt: skip
    lines = [{"mailbox": "m"}, *({"file": name, "arrived": at} for name, at in arrived.items())]
    (folder / ".sealform-mail.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return folder


def _status(run: Run, *arguments: object) -> dict[str, Any]:
    ran = run("campaign", "status", "near-zero-carbon-2021", *arguments, "--json")
    assert ran.code == 0, ran.err
    said: dict[str, Any] = json.loads(ran.out)
    return said


def _texts(path: Path) -> list[str]:
    document = Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [paragraph.text for paragraph in document.paragraphs] + cells


def test_status_says_every_figure_and_tells_what_is_none_of_the_campaigns(
    run: Run, results: Path, mail: Path
) -> None:
    said = _status(run, results, "--mail", mail, "--at", "2021-02-20T09:00")
    assert said["submissions"] == 5
    assert (said["applications"], said["unread"], said["strays"]) == (3, 1, 1)
    assert said["timing"] == {"in-time": 2, "grace": 0, "late": 1, "unknown": 0}
    assert said["organisers"][0]["came"] == 3
    assert [stage["days_left"] for stage in said["stages"]] == [-11, 4]
    plain = run("campaign", "status", "near-zero-carbon-2021", results, "--at", "2021-02-20")
    assert "江岸区人民政府：来 3，计入 2，缺 3，待核对 2" in plain.out
    assert "尚无申报：江汉区人民政府" in plain.out


def test_without_the_mailboxes_own_time_what_a_sender_wrote_is_asked_about(run: Run, results: Path) -> None:
    said = _status(run, results, "--at", "2021-02-20")
    assert said["timing"]["in-time"] == 2
    assert said["waiting"] == 3


def test_what_came_after_the_moment_is_left_out_and_told(run: Run, results: Path, mail: Path) -> None:
    ran = run(
        "campaign",
        "status",
        "near-zero-carbon-2021",
        results,
        "--mail",
        mail,
        "--at",
        "2021-02-05T11:00",
        "--json",
    )
    assert json.loads(ran.out)["applications"] == 1
    assert "此刻之后到达的 2 件没有计入" in ran.err


def test_what_a_person_wrote_into_the_sheet_goes_before_what_was_judged(
    run: Run, results: Path, mail: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "台账.xlsx"
    _status(run, results, "--mail", mail, "--at", "2021-02-20", "-o", sheet)
    book = load_workbook(sheet)
    first = book.worksheets[0]
    columns = {cell.value: cell.column for cell in first[1]}
    wanted = {
        "3.eml#1": {"in_time": "是", "organiser": "市教育局", "reason": "来电说明"},
        "1.eml#1": {"handling": "撤回"},
        "2.eml#1": {"recommendation": "推荐省级", "reason": "基础好", "second": "王"},
    }
    for row in first.iter_rows(min_row=2):
        for what, text in wanted.get(row[columns[KEY] - 1].value, {}).items():
            row[columns[RULED[what]] - 1].value = text
    book.save(sheet)
    said = _status(run, results, "--mail", mail, "--at", "2021-02-20", "--rulings", sheet)
    assert said["timing"]["late"] == 0
    assert said["states"]["withdrawn"] == 1
    assert next(row for row in said["organisers"] if row["organiser"] == "武汉市教育局")["counted"] == 1
    # What was read back is written again, so that nothing is lost from one sheet to the next.
    again = tmp_path / "again.xlsx"
    _status(run, results, "--mail", mail, "--at", "2021-02-20", "--rulings", sheet, "-o", again)
    kept = [[cell.value for cell in row] for row in load_workbook(again).worksheets[0].iter_rows(min_row=2)]
    second = next(row for row in kept if row[columns[KEY] - 1] == "2.eml#1")
    assert second[columns[RULED["recommendation"]] - 1] == "推荐省级"
    assert _status(run, results, "--mail", mail, "--at", "2021-02-20", "--rulings", again) == said


@pytest.mark.parametrize(
    ("what", "text", "told"),
    [
        ("organiser", "市气象局", "没有“市气象局”这个推荐部门"),
        ("handling", "算了", "应为 受理、退回、不予受理、撤回"),
        ("recommendation", "推荐省级", "应写“理由”"),
        ("in_time", "大概", "应为 是、"),
    ],
)
def test_a_ruling_that_nobody_can_understand_is_refused_with_its_row(
    run: Run, results: Path, tmp_path: Path, what: str, text: str, told: str
) -> None:
    book = Workbook()
    book.worksheets[0].append([KEY, RULED[what]])
    book.worksheets[0].append(["1.eml#1", text])
    book.save(tmp_path / "r.xlsx")
    ran = run("campaign", "status", "near-zero-carbon-2021", results, "--rulings", tmp_path / "r.xlsx")
    assert ran.code == 2
    assert told in ran.err
    assert "第 2 行" in ran.err


def _rulings(path: Path) -> Path:
    book = Workbook()
    book.worksheets[0].append([KEY, RULED["recommendation"], RULED["reason"], RULED["in_time"]])
    for key, said, on_time in (
        ("1.eml#1", "推荐省级", "是"),
        ("2.eml#1", "建议市级", "是"),
        ("3.eml#1", "不推荐", ""),
    ):
        book.worksheets[0].append([key, said, "理由", on_time])
    book.save(path)
    return path


def test_lists_are_made_of_the_announced_one_in_the_usual_form_without_a_formula(
    run: Run, results: Path, tmp_path: Path
) -> None:
    book = Workbook()
    for row in (["附件"], ["序号", "试点名称", "申报单位"], [1, "启明近零碳工厂", "武汉启明科技有限公司"]):
        book.worksheets[0].append(row)
    book.save(tmp_path / "省.xlsx")
    out = tmp_path / "out"
    command = ["campaign", "lists", "near-zero-carbon-2021", results, "-o", out, "--at", "2021-03-20"]
    more = ["--announced", tmp_path / "省.xlsx", "--rulings", _rulings(tmp_path / "r.xlsx")]
    ran = run(*command, *more)
    assert ran.code == 0, ran.err
    outcomes = call().campaign.outcomes
    province = load_workbook(out / f"名单/{outcomes.higher_list}.xlsx").worksheets[0]
    rows = [[cell.value for cell in row] for row in province.iter_rows()]
    assert rows == [
        ["序号", "单位", "名称", "领域", "推荐部门"],
        ["1", "武汉启明科技有限公司", "启明近零碳工厂", "企事业单位", "江岸区"],
    ]
    city = out / f"名单/{outcomes.own_list}.docx"
    assert f"{HOSTILE}有限公司" in _texts(city)
    assert "（共1项）" in _texts(city)
    assert any("丙" in text for text in _texts(out / f"名单/{outcomes.not_chosen}.docx"))
    notice = " ".join(_texts(out / f"名单/公示_{outcomes.own_list}.docx"))
    # Five working days from the next one: 20 March 2021 is a Saturday.
    assert "公示期自2021年3月22日至2021年3月26日" in notice
    for path in out.rglob("*.xlsx"):
        cells = [cell for sheet in load_workbook(path) for row in sheet.iter_rows() for cell in row]
        assert {cell.data_type for cell in cells} <= {"s", "n"}
        assert all(cell.value is None or isinstance(cell.value, str) for cell in cells)
    assert run(*command, *more).code == 2  # nothing is written over
    # Of a year without a calendar, the days of the notice are left to a person, and nothing else.
    ran = run(*command, *more, "--overwrite", "--at", "2024-01-05")
    assert (ran.code, "没有 2024 年的日历" in ran.err) == (0, True)
    assert "公示期自    年  月  日至" in " ".join(_texts(out / f"名单/公示_{outcomes.own_list}.docx"))


def test_a_reminder_says_the_figures_and_its_mail_is_a_draft_that_nobody_sent(
    run: Run, results: Path, mail: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(
        "campaign", "lists", "near-zero-carbon-2021", results, "--mail", mail, "-o", out, "--at", "2021-02-08"
    )
    members = list(call().campaign.members())
    assert len(list((out / "催报").glob("*.docx"))) == len(list((out / "催报").glob("*.eml"))) == len(members)
    words = "".join(_texts(out / "催报/江岸区.docx"))
    assert "应于2021年2月9日24时前报送" in words
    assert "报送的申请共1项，其中按时且有效的1项。按要求原则上不少于5项，尚缺4项" in words
    assert "启明近零碳工厂" in words
    assert "{" not in words
    assert "尚未收到" in "".join(_texts(out / "催报/江汉区.docx"))
    data = (out / "催报/江岸区.eml").read_bytes()
    draft = email.message_from_bytes(data, policy=email.policy.default)
    assert draft["X-Unsent"] == "1"
    assert "Date" not in draft
    body, (attached,) = draft.get_body(), draft.iter_attachments()
    assert body is not None
    assert "尚缺4项" in body.get_content()
    assert attached.get_content() == (out / "催报/江岸区.docx").read_bytes()


def test_a_campaign_without_a_higher_list_ends_with_its_own(run: Run, tmp_path: Path) -> None:
    loaded = call("carbon-filing-2026")
    unit, code = loaded.judge.units.rows[0].unit, loaded.judge.units.rows[0].code
    line = result_line(loaded, "1.eml", unit=unit, title=unit, code=code, sender="office@park.example",
                       sent="2026-05-06T10:00:00+06:00")  # fmt: skip
    (tmp_path / "r.jsonl").write_bytes(encode([line]))
    book = Workbook()
    points = score_headings(loaded.campaign)
    book.worksheets[0].append([KEY, RULED["recommendation"], RULED["reason"], *points.values()])
    book.worksheets[0].append(["1.eml#1", "通过", "齐全", "38", "25", 27, "36", "25", "26"])
    book.save(tmp_path / "r.xlsx")
    command = ["campaign", "lists", "carbon-filing-2026", tmp_path / "r.jsonl", "-o", tmp_path / "o"]
    ran = run(*command, "--at", "2026-06-01", "--rulings", tmp_path / "r.xlsx", "--final")
    assert ran.code == 0, ran.err
    rows = list(load_workbook(tmp_path / "o/名单/备案名单.xlsx").worksheets[0].values)
    assert (rows[0][5], rows[1][1:]) == ("得分", (unit, unit, "碳排放管理备案", "北山工业园", "88.5"))
    table = Document(str(tmp_path / "o/名单/备案名单.docx")).tables[0]
    assert [cell.text for cell in table.rows[1].cells][4:] == ["北山工业园", "88.5"]
    notice = Document(str(tmp_path / "o/名单/公示_备案名单.docx")).tables[0]
    assert "88.5" not in [cell.text for cell in notice.rows[1].cells]
    book.worksheets[0]["D2"], book.worksheets[0]["I2"] = "41", ""
    book.save(tmp_path / "wrong.xlsx")
    wrong = run(*command, "--overwrite", "--rulings", tmp_path / "wrong.xlsx", "--final")
    assert (wrong.code, "应为 0 至 40 的整数" in wrong.err, "减排成效" in wrong.err) == (2, True, True)
    assert "应报未报 5 家" in run("campaign", "status", "carbon-filing-2026", tmp_path / "r.jsonl").out
    first = call().campaign.name
    refused = run("campaign", "lists", first, tmp_path / "r.jsonl", "-o", tmp_path / "p", "--final")
    assert refused.code == 2
    assert "要等上级的名单" in refused.err


def _template(*paragraphs: str) -> bytes:
    document = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    # Word breaks words into runs as it likes.
    broken = document.add_paragraph()
    for piece in ("致{称", "呼", "}：", "好"):
        broken.add_run(piece)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def test_a_template_is_filled_whatever_runs_word_made_of_it() -> None:
    made = fill_letter(
        _template("{表}", "{空}"), {"称呼": "甲\x00\n乙", "空": ""}, "表", Table("ab", ["1<"], [2, 2])
    )
    document = Document(io.BytesIO(made))
    assert [paragraph.text for paragraph in document.paragraphs] == ["致甲", "乙：好"]
    assert [[cell.text for cell in row.cells] for row in document.tables[0].rows] == [["a", "b"], ["1", "<"]]
    assert placeholders(_template("{表}")) == {"称呼", "表"}


def test_a_word_that_nothing_is_given_for_makes_no_letter() -> None:
    with pytest.raises(GenerationError, match="称呼"):
        fill_letter(_template(), {})


def test_the_shipped_templates_are_word_files_with_known_places_only() -> None:
    for path in sorted((SHIPPED / "templates").glob("*.docx")):
        assert "表格" in placeholders(path.read_bytes())
