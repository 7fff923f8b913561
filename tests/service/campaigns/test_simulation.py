"""A simulated call from the first mail to the lists, by the commands: every figure as its own books have it.

Thirty of the Word files are made and read for real; the others, and the scans with their seals, stand as
lines of the results file, since what is tested here is the campaign and not the reading.
"""

import json
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from openpyxl import Workbook, load_workbook

from extractor import Options, Source
from generator import generate, new_identity
from models.form import FormDefinition
from models.record import Record
from service.campaigns.loading import Loaded, load_campaign
from service.campaigns.wording import KEY, RULED
from service.forms.definitions import load_forms
from service.processes.pool import read_submission
from service.results import Line, encode
from tests.records import random_record
from tests.service.campaigns import simulation
from tests.service.campaigns.calls import at
from tests.service.campaigns.results import result_line
from tests.service.campaigns.simulation import Came, Simulation
from tests.service.conftest import Run

READ_FOR_REAL = 30
WORDS = {"higher": "推荐省级", "own": "建议市级", "none": "不推荐"}


class Played:
    """The call in a folder: the campaign, what was read, when mails reached the box, and the books."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "call.yaml"
        self.file.write_text(simulation.campaign_text(), "utf-8")
        forms = load_forms()
        self.loaded: Loaded = load_campaign(str(self.file), forms)
        self.books = Simulation(self.loaded)
        typed = [one for one in self.books.came if not one.is_scan][:READ_FOR_REAL]
        lines = [
            _read(self.loaded, forms, folder, one) if one in typed else _line(self.loaded, one)
            for one in self.books.came
        ]
        self.results = folder / "results.jsonl"
        self.results.write_bytes(encode(lines))
        record = [{"mailbox": "m"}, *(_arrived(one) for one in self.books.came)]
        (folder / ".sealform-mail.jsonl").write_text("\n".join(map(json.dumps, record)), "utf-8")

    def rulings(self, now: datetime, *, reviewed: bool = False) -> Path:
        """What persons wrote by `now`: what was taken back or sent back, and after the review what is
        recommended, and who may apply all the same or not."""
        book = Workbook()
        sheet = book.worksheets[0]
        sheet.append([KEY, *RULED.values()])
        for one in self.books.applied:
            said = dict.fromkeys(RULED, "")
            if one.returned and one.returned <= now:
                said["handling"] = "退回"
            if one.withdrawn and one.withdrawn <= now:
                said["handling"] = "撤回"
            if reviewed:
                said |= {
                    "recommendation": WORDS[one.recommendation],
                    "reason": "综合评价",
                    "organiser": one.organiser,
                }
                said["may_apply"] = "" if one.may_apply else "不可"
                said["in_time"] = "否" if one.is_late else ""
            copies = [
                source for source, moment in zip(one.sources, one.arrivals, strict=True) if moment <= now
            ]
            if copies and any(said.values()):
                sheet.append([f"{copies[-1]}#1", *said.values()])
        path = self.folder / f"rulings-{now:%m%d}.xlsx"
        book.save(path)
        return path

    def status(self, run: Run, now: datetime, *more: object) -> dict[str, Any]:
        ran = run(
            "campaign", "status", self.file, self.results, "--mail", self.folder,
            "--rulings", self.rulings(now), "--at", f"{now:%Y-%m-%dT%H:%M}", "--json", *more,
        )  # fmt: skip
        assert ran.code == 0, ran.err
        said: dict[str, Any] = json.loads(ran.out)
        return said


def _arrived(one: Came) -> dict[str, str]:
    return {"file": one.source, "arrived": one.at.astimezone(UTC).isoformat()}


def _line(loaded: Loaded, one: Came) -> Line:
    unweighed = ("seal",) if one.is_scan else ()
    return result_line(
        loaded, one.source, sender=one.sender, sent=one.at.isoformat(), unweighed=unweighed, **one.values
    )


def _read(loaded: Loaded, forms: dict[str, FormDefinition], folder: Path, one: Came) -> Line:
    """A mail with a Word file in it, made and read as any other."""
    form, fields = loaded.form, loaded.campaign.fields
    values = dict(random_record(form, int(one.source[:3])).values)
    values |= {fields.unit: one.values["unit"], fields.title: one.values["title"]}
    values |= {str(fields.domain): tuple(one.values["domain"]), str(fields.address): one.values["address"]}
    document = generate(
        form, "docx", new_identity(form), Record(form=form.name, version=form.version, values=values)
    )
    message = EmailMessage()
    message["From"], message["Subject"] = f"bgs <{one.sender}>", "申请表"
    message["Date"] = one.at
    message.set_content("见附件。")
    message.add_attachment(document.data, maintype="application", subtype="msword", filename="申请表.docx")
    path = folder / one.source
    path.write_bytes(message.as_bytes())
    (line,) = read_submission(Source.at(path), forms, Options())
    return {**line, "source": one.source}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return Played(tmp_path_factory.mktemp("call"))


def test_the_call_is_as_the_issue_wants_it(played: Played) -> None:
    books, campaign = played.books, played.loaded.campaign
    assert simulation.is_as_shipped(campaign)
    assert [len(group.members) for group in campaign.organisers] == [13, 6]
    assert len(books.applied) == 120
    assert sum(one.is_late for one in books.applied) == 10
    assert sum(not one.may_apply for one in books.applied) == 8
    assert sum(len(one.arrivals) == 2 for one in books.applied) == 6
    assert sum(one.withdrawn is not None for one in books.applied) == 5
    assert sum(one.trap and bool(one.tell & {"mail", "seal"}) for one in books.applied) == 5
    lines = [json.loads(text) for text in played.results.read_text("utf-8").splitlines()]
    assert (
        sum(any(part["name"].endswith(".docx") for part in line["parts"]) for line in lines) == READ_FOR_REAL
    )


@pytest.mark.parametrize("day", simulation.DAYS)
def test_every_figure_is_as_the_books_have_it_on_four_days(run: Run, played: Played, day: str) -> None:
    now = at(day)
    said, books = played.status(run, now), played.books.books(now)
    assert {name: said[name] for name in books} == books
    assert said["stages"][0]["days_left"] == (at("2021-02-09 12:00").date() - now.date()).days


@pytest.mark.parametrize("day", [simulation.DAYS[-1]])
def test_attribution_is_right_where_it_is_sure_and_marked_where_it_is_wrong(
    run: Run, played: Played, day: str, tmp_path: Path
) -> None:
    sheet = tmp_path / "台账.xlsx"
    said = played.status(run, at(day), "-o", sheet)
    first = load_workbook(sheet).worksheets[0]
    head, *rows = first.iter_rows(values_only=True)
    columns = {name: place for place, name in enumerate(head)}
    truth = {f"{source}#1": one for one in played.books.applied for source in one.sources}
    called = {member.name: member.called for _, member in played.loaded.campaign.members()}
    sure = right = wrong_unmarked = 0
    for row in rows:
        one, found = truth[str(row[columns[KEY]])], row[columns["推荐部门"]]
        is_sure = "推荐渠道：" not in (row[columns["待核对"]] or "")
        is_right = found == called[one.organiser]
        sure, right = sure + is_sure, right + (is_sure and is_right)
        wrong_unmarked += is_sure and not is_right
    assert len(rows) == said["applications"] == 120
    assert sure - right == wrong_unmarked == 0
    assert sure >= 70, "a program that is never sure is of no use"
    assert said["unsure_organiser"] == 120 - sure


def test_after_persons_have_answered_the_quotas_are_those_of_the_books(run: Run, played: Played) -> None:
    now = at(simulation.DAYS[-1])
    reviewed = played.rulings(now, reviewed=True)
    ran = run(
        "campaign", "status", played.file, played.results, "--mail", played.folder, "--rulings", reviewed,
        "--at", f"{now:%Y-%m-%dT%H:%M}", "--json",
    )  # fmt: skip
    said, through = json.loads(ran.out), played.books.through(now)
    ineligible = {one.number for one in played.books.applied if not one.may_apply}
    for row in said["organisers"]:
        came, counted = through[row["organiser"]]
        refused = sum(
            one.number in ineligible
            and one.organiser == row["organiser"]
            and not one.is_late
            and not one.withdrawn
            for one in played.books.applied
        )
        assert (row["came"], row["counted"]) == (came, counted - refused), row
        assert row["lacks"] == max(0, row["least"] - counted + refused)
    assert said["missing_organisers"] == [name for name, (came, _) in through.items() if not came]
    assert len(said["missing_organisers"]) == 3
    assert said["unassigned"] == said["unsure_organiser"] == 0


def _rows(path: Path) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in load_workbook(path).worksheets[0].iter_rows(min_row=2, values_only=True)]


def test_the_two_lists_hold_whom_the_books_say_and_nobody_else(
    run: Run, played: Played, tmp_path: Path
) -> None:
    now, books = at("2021-03-15 09:00"), played.books
    live = [one for one in books.applied if one.may_apply and not one.is_late and not one.withdrawn]
    chosen = [one for one in live if one.recommendation == "higher"][::2]
    book = Workbook()
    book.worksheets[0].append(["序号", "试点名称", "申报单位"])
    for number, one in enumerate(chosen, 1):
        # Printed with a blank here and there, as lists are.
        book.worksheets[0].append([number, f"{one.title[:2]} {one.title[2:]}", one.unit])
    misspelt = next(one for one in live if one.recommendation == "own")
    book.worksheets[0].append([99, misspelt.title.replace("试点", "示范"), misspelt.unit])
    book.save(tmp_path / "省.xlsx")
    ran = run(
        "campaign", "lists", played.file, played.results, "--mail", played.folder, "-o", tmp_path / "o",
        "--rulings", played.rulings(now, reviewed=True), "--announced", tmp_path / "省.xlsx",
        "--at", f"{now:%Y-%m-%dT%H:%M}",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert misspelt.unit in ran.err
    said, folder = played.loaded.campaign.outcomes, tmp_path / "o" / "名单"
    own = [one for one in live if one.recommendation in ("higher", "own") and one not in chosen]
    own.remove(misspelt)
    out = [one for one in books.applied if one not in live and not one.withdrawn]
    out += [one for one in live if one.recommendation == "none"]
    called = {member.name: member.called for _, member in played.loaded.campaign.members()}
    for title, wanted in ((said.higher_list, chosen), (said.own_list, own), (said.not_chosen, out)):
        rows = _rows(folder / f"{title}.xlsx")
        assert {row[1:] for row in rows} == {
            (one.unit, one.title, one.domain, called[one.organiser]) for one in wanted
        }, title
        assert [row[0] for row in rows] == [str(number) for number in range(1, len(wanted) + 1)]
        table = Document(str(folder / f"{title}.docx")).tables[0]
        assert [tuple(cell.text for cell in row.cells) for row in table.rows][1:] == rows
    (waiting,) = _rows(folder / "待定和疑问.xlsx")
    assert waiting[1] == misspelt.unit


def test_a_reminder_goes_to_each_organiser_with_the_figures_of_the_books(
    run: Run, played: Played, tmp_path: Path
) -> None:
    now = at(simulation.DAYS[1])
    reviewed = played.rulings(now, reviewed=True)
    run(
        "campaign", "lists", played.file, played.results, "--mail", played.folder, "-o", tmp_path / "o",
        "--rulings", reviewed, "--at", f"{now:%Y-%m-%dT%H:%M}",
    )  # fmt: skip
    through = played.books.through(now)
    here = [one for one in played.books.applied if one.arrivals[0] <= now]
    for _, member in played.loaded.campaign.members():
        document = Document(str(tmp_path / "o" / "催报" / f"{member.called}.docx"))
        text = "".join(paragraph.text for paragraph in document.paragraphs)
        assert f"报送的申请共{through[member.name][0]}项" in text
        names = {row.cells[1].text for row in document.tables[0].rows[1:]} - {"尚未收到"}
        assert names == {one.unit for one in here if one.organiser == member.name}
