"""Notices of correction as they are kept, and the answers to them, on both databases."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from service.forms.definitions import load_forms
from service.store import answers, audit, listing, notices, records, replay, settling, twins
from service.store.database import Database
from service.store.notices import Asking
from service.store.tables import records as kept
from service.store.tables import submissions
from service.store.uploads import Arrival, StoredFile, begin_reading, create
from service.store.versions import Editor
from tests.service.submissions import NOW, REVIEWER, line, move, store, version

PILOT = load_forms()["pilot-application"]
UNIT = PILOT.applicant[0]
PHONE, EMAIL = (
    next(name for name, one in PILOT.fields.items() if one.kind == kind) for kind in ("phone", "email")
)
INSTANCE = "7KX2M4N6P8"
END = datetime(2026, 12, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    """What weighing an answer asks of a notice."""

    asked: list[dict[str, Any]]
    given: dict[str, Any]
    number: str = "补正 1 号"
    state: str = "open"
    due: str = "2026-12-04"
    ends_at: datetime = END


def _ask(database: Database, submission: int, **more: Any) -> Any:
    """Returns a submission that is asked for another phone number, all else given; `more` of the notice."""
    move(database, submission, "return", "1. 电话打不通。")
    with database.write() as connection:
        content = dict(listing.whole(connection, submission).record.content)  # type: ignore[union-attr]
        given = {name: value for name, value in content.items() if value is not None and name != PHONE}
        given = {name: value for name, value in given.items() if not PILOT.fields[name].is_mark}
        asked = [{"text": "电话打不通", "remedy": "", "field": PHONE, "code": None}]
        said: dict[str, Any] = {
            "submission": submission, "unit": content[UNIT], "instance": INSTANCE, "asked": asked,
            "given": given, "scheme": "补正〔{年}〕{编号}-{次} 号", "year": 2026, "working_days": 10,
            "due": date(2026, 12, 4), "ends_at": END, **more,
        }  # fmt: skip
        return notices.issue(connection, Asking(**said), REVIEWER)


def _answer(
    database: Database, read: dict[str, Any], now: datetime = NOW, replaces: int | None = None
) -> int:
    with database.write() as connection:
        file = StoredFile("补正.docx", "c" * 64, 100)
        upload, _ = create(connection, Arrival([file], "page", replaces=replaces), "user:1", now)
        begin_reading(connection, upload, now)
        (number,) = records.finish(connection, upload, [read], lambda *_: PILOT, "w1", 1.0, now)
    return number


def _again(database: Database, submission: int, **values: Any) -> dict[str, Any]:
    """What reading the form gives that went with the notice, with these values (JSON)."""
    with database.read() as connection:
        content = connection.scalar(sa.select(kept.c.content).where(kept.c.submission_id == submission))
    read = line(PILOT, 1)
    for name, field in read["fields"].items():
        field["value"] = {**content, **values}[name]
    read["parts"][0]["sha256"] = "d" * 64
    return {**read, "instance": INSTANCE}


def _row(database: Database, submission: int) -> Any:
    with database.read() as connection:
        return connection.execute(submissions.select().where(submissions.c.id == submission)).one()


def _codes(database: Database, submission: int) -> dict[str, str | None]:
    with database.read() as connection:
        record = listing.whole(connection, submission).record
    assert record is not None
    return {one["code"]: one["field"] for one in record.findings if one["code"].startswith("correction")}


def _notice(database: Database, submission: int) -> Any:
    with database.read() as connection:
        return notices.present(connection, submission)


def test_a_notice_is_numbered_kept_and_in_the_log_and_made_once_a_round(database: Database) -> None:
    one, other = store(database, PILOT, 1), store(database, PILOT, 2)
    first = _ask(database, one, scheme="甲〔{年}〕{序号:03} 号", campaign="a-call")
    with database.write() as connection:
        same = notices.issue(connection, _same(first), REVIEWER)
    second = _ask(database, other, scheme="甲〔{年}〕{序号:03} 号", campaign="a-call", instance="B" * 10)
    assert (first.number, same.number, second.number) == (
        "甲〔2026〕001 号",
        "甲〔2026〕001 号",
        "甲〔2026〕002 号",
    )
    move(database, one, "reopen")
    assert _notice(database, one).state == "recalled"
    third = _ask(database, one, scheme="甲〔{年}〕{序号:03} 号", campaign="a-call", instance="C" * 10)
    assert (third.number, third.round, third.state) == ("甲〔2026〕003 号", 2, "open")
    with database.read() as connection:
        assert audit.verify(connection)[2] == []
        assert list(replay.departures(connection)) == []


def _same(row: Any) -> Asking:
    return Asking(
        row.submission_id, row.unit, "Z" * 10, row.asked, row.given, "x", 2026, 10, date(2026, 12, 4), END
    )


def test_two_campaigns_that_number_alike_get_numbers_apart(database: Database) -> None:
    one, other = store(database, PILOT, 1), store(database, PILOT, 2)
    scheme = "补〔{年}〕{序号} 号"
    numbers = [
        _ask(database, number, scheme=scheme, campaign=name, instance=name[0].upper() * 10).number
        for number, name in ((one, "a-call"), (other, "b-call"))
    ]
    assert numbers == ["补〔2026〕1 号", "补〔2026〕1 号（2）"]


def test_the_form_of_a_notice_takes_the_place_of_what_was_returned(database: Database) -> None:
    old = store(database, PILOT, 1)
    _ask(database, old)
    new = _answer(database, _again(database, old, **{PHONE: "027-85807053"}))
    assert (_row(database, old).replaced_by, _row(database, new).replaces) == (new, old)
    assert (_notice(database, old).state, _notice(database, old).answer) == ("answered", new)
    assert (_codes(database, new), _row(database, new).doubtful) == ({}, 0)
    # Nobody has to say that it is the same again.
    move(database, new, "accept")
    with database.read() as connection:
        assert list(replay.departures(connection)) == []


def test_what_changed_unasked_and_what_did_not_though_asked_go_to_a_person(database: Database) -> None:
    old = store(database, PILOT, 1)
    _ask(database, old)
    new = _answer(database, _again(database, old, **{EMAIL: "somebody@else.example"}))
    assert _codes(database, new) == {"correction-unmade": PHONE, "correction-unasked": EMAIL}
    with database.read() as connection:
        assert sorted(listing.doubtful_fields(connection, [new])[new]) == sorted([PHONE, EMAIL])


def test_what_was_asked_for_and_left_empty_is_not_made(database: Database) -> None:
    old = store(database, PILOT, 1)
    _ask(database, old)
    new = _answer(database, _again(database, old, **{PHONE: None}))
    assert _codes(database, new) == {"correction-unmade": PHONE}


def test_a_value_that_was_accepted_and_is_read_the_same_needs_no_second_look(database: Database) -> None:
    old = store(database, PILOT, 1)
    _ask(database, old)
    read = _again(database, old, **{PHONE: "027-85807053"})
    unsure = {"code": "unsure", "severity": "warning", "message": "把握不足"}
    struck = {"code": "text-struck", "severity": "warning", "message": "有划去的文字"}
    for name, finding in ((EMAIL, unsure), (PHONE, unsure), (UNIT, struck)):
        read["fields"][name]["decision"] = "review"
        read["findings"] = [*read["findings"], {**finding, "field": name}]
    new = _answer(database, read)
    with database.read() as connection:
        # What was asked for is looked at as ever, and so is what was struck out.
        assert sorted(listing.doubtful_fields(connection, [new])[new]) == sorted([PHONE, UNIT])


def test_punctuation_that_a_reading_does_not_vouch_for_changes_nothing(database: Database) -> None:
    name = next(name for name, one in PILOT.fields.items() if one.kind == "prose")
    old = store(database, PILOT, 1, **{name: "一期（2台）；二期。\n三期。"})
    _ask(database, old)
    for sure, codes in ((False, {}), (True, {"correction-unasked": name})):
        read = _again(database, old, **{PHONE: "027-85807053", name: "一期(2台);二期。三期。"})
        read["fields"][name] |= {} if sure else {"unweighed": ["punctuation"]}
        tie = answers.Tie(PILOT, _notice(database, old), "instance", {}, "returned", True, NOW)
        line_ = answers.weigh(read, tie, NOW)  # type: ignore[arg-type]
        told = {one["code"]: one["field"] for one in line_["findings"] if one["field"] == name}
        assert told == codes
        assert (line_["fields"][name]["value"] == "一期（2台）；二期。\n三期。") is not sure


@pytest.mark.parametrize(
    ("message", "unit", "ground"),
    [
        ({"references": ["<sealform-1@example.cn>"], "subject": "回复"}, None, "thread"),
        ({"references": [], "subject": "回复：补正通知：试点申请表（补正〔2026〕1-1 号）"}, None, "thread"),
        ({"references": ["<sealform-1@example.cn>"], "subject": "回复"}, "另一家单位有限公司", None),
        ({"references": ["<other@example.cn>"], "subject": "申报材料"}, None, "content"),
    ],
)  # fmt: skip
def test_a_mail_is_known_by_what_it_replies_to_where_the_unit_is_the_same(
    database: Database, message: dict[str, Any], unit: str | None, ground: str | None
) -> None:
    old = store(database, PILOT, 1)
    row = _ask(database, old)
    with database.write() as connection:
        notices.sent(connection, row.id, "<sealform-1@example.cn>")
    values = {PHONE: "027-85807053", **({UNIT: unit} if unit else {})}
    read = {**_again(database, old, **values), "instance": None, "message": message}
    new = _answer(database, read)
    assert _notice(database, old).ground == ground
    assert _row(database, new).replaces == (old if ground else None)


def test_the_numbers_of_a_year_begin_with_the_year_of_the_bureau_s_clock(database: Database) -> None:
    one, other = store(database, PILOT, 1), store(database, PILOT, 2)
    # Seven in the evening of the last of December in Greenwich is the first of January in Wuhan.
    wuhan = timezone(timedelta(hours=8))
    said = {"scheme": "{年}-{序号}", "year": 2027, "ends_at": datetime(2027, 1, 20, tzinfo=wuhan)}
    made = datetime(2026, 12, 31, 19, tzinfo=UTC)
    numbers = []
    for number, instance in ((one, "A" * 10), (other, "B" * 10)):
        move(database, number, "return", "1. 电话打不通。")
        with database.write() as connection:
            asking = Asking(number, "某单位", instance, [], {}, working_days=1, due=date(2027, 1, 19), **said)  # type: ignore[arg-type]
            numbers.append(notices.issue(connection, asking, Editor("user:1", made)).number)
    assert numbers == ["2027-1", "2027-2"]


def test_an_upload_that_names_what_it_replaces_answers_its_notice(database: Database) -> None:
    old = store(database, PILOT, 1)
    _ask(database, old)
    read = {**_again(database, old, **{EMAIL: "a@b.example"}), "instance": None}
    new = _answer(database, read, replaces=old)
    assert (_notice(database, old).ground, _notice(database, old).answer) == ("named", new)
    assert "correction-unasked" in _codes(database, new)


def test_a_withdrawn_one_stays_withdrawn_and_its_answer_is_told(database: Database) -> None:
    old = store(database, PILOT, 1)
    _ask(database, old)
    move(database, old, "withdraw", "逾期未补正")
    assert _notice(database, old).state == "closed"
    new = _answer(database, _again(database, old, **{PHONE: "027-85807053"}))
    assert (_row(database, old).status, _row(database, old).replaced_by) == ("withdrawn", None)
    assert (_row(database, new).replaces, "correction-closed" in _codes(database, new)) == (None, True)


def test_taking_back_a_closing_asks_again(database: Database) -> None:
    old = store(database, PILOT, 1)
    _ask(database, old)
    move(database, old, "withdraw", "逾期未补正")
    move(database, old, "reopen")
    assert (_row(database, old).status, _notice(database, old).state) == ("returned", "open")
    new = _answer(database, _again(database, old, **{PHONE: "027-85807053"}))
    assert (_row(database, old).replaced_by, _notice(database, old).state) == (new, "answered")
    with database.read() as connection:
        assert list(replay.departures(connection)) == []


def test_one_that_was_withdrawn_by_itself_is_reviewed_when_that_is_taken_back(database: Database) -> None:
    one = store(database, PILOT, 1)
    move(database, one, "withdraw")
    move(database, one, "reopen")
    assert _row(database, one).status == "in-review"


def test_what_was_right_need_not_be_given_again_where_the_definition_says_so(
    database: Database,
) -> None:
    seal = next(name for name, one in PILOT.fields.items() if one.kind == "seal")
    ticks = next(name for name, one in PILOT.fields.items() if one.kind == "choice")
    plain = PILOT.model_dump()
    for row in plain["rows"]:
        for cell in row["cells"]:
            for item in cell["content"]:
                item.update({"given_once": True} if item.get("name") in (seal, ticks) else {})
    once = PILOT.model_validate(plain)
    old = store(database, PILOT, 1)
    with database.read() as connection:
        content = dict(listing.whole(connection, old).record.content)  # type: ignore[union-attr]
    mark = {**(content[seal] or {}), "present": True}
    for form, carried in ((PILOT, {}), (once, {seal: mark, ticks: content[ticks]})):
        read = _again(database, old, **{PHONE: "027-85807053"})
        read["fields"][seal]["value"] = {**mark, "present": False}
        read["fields"][ticks]["value"] = None
        missing = {"code": "seal-missing", "severity": "error", "message": "缺少公章", "field": seal}
        read["findings"] = [*read["findings"], missing]
        given = {**{name: one for name, one in content.items() if one is not None}, seal: mark}
        given.pop(PHONE)
        notice = Asked(asked=[{"field": PHONE}], given=given)
        tie = answers.Tie(form, notice, "instance", content, "returned", True, NOW)
        line_ = answers.weigh(read, tie, NOW)  # type: ignore[arg-type]
        for name, value in carried.items():
            assert (line_["fields"][name]["value"], line_["fields"][name]["decision"]) == (value, "accept")
        told = {(one["code"], one["field"]) for one in line_["findings"]}
        assert {name for code, name in told if code == "correction-carried"} == carried.keys()
        assert (("seal-missing", seal) in told) == (form is PILOT)


def test_one_that_comes_after_the_day_is_told_and_until_then_stands_on_the_list(database: Database) -> None:
    old = store(database, PILOT, 1)
    _ask(database, old)
    for now, overdue in ((END - timedelta(seconds=1), []), (END, [old])):
        with database.read() as connection:
            found = notices.page(connection, now, overdue=True)
        assert [one.submission_id for one in found] == overdue
    new = _answer(database, _again(database, old, **{PHONE: "027-85807053"}), END)
    assert _codes(database, new) == {"correction-late": None}
    assert _row(database, new).replaces == old


def test_an_answer_that_is_returned_itself_begins_a_round_of_its_own(database: Database) -> None:
    old = store(database, PILOT, 1)
    _ask(database, old)
    new = _answer(database, _again(database, old))
    second = _ask(database, new, instance="B" * 10)
    assert (second.submission_id, second.round, second.state) == (new, 1, "open")
    last = _answer(database, {**_again(database, new, **{PHONE: "027-85807053"}), "instance": "B" * 10})
    assert (_row(database, new).replaced_by, _notice(database, new).answer) == (last, last)
    assert _codes(database, last) == {}


def test_a_second_copy_of_an_answer_is_asked_about(database: Database) -> None:
    old = store(database, PILOT, 1)
    _ask(database, old)
    one = _answer(database, _again(database, old, **{PHONE: "027-85807053"}))
    other = _answer(database, _again(database, old, **{PHONE: "027-85807054"}))
    with database.read() as connection:
        assert one in twins.unsettled(connection)[other]
    with database.write() as connection:
        settling.settle(
            connection, other, one, version(connection, other), "replaces", REVIEWER, lambda *_: PILOT
        )
    assert _notice(database, old).answer == other


def test_a_number_of_a_notice_on_another_form_is_no_answer(database: Database) -> None:
    old = store(database, PILOT, 1)
    _ask(database, old)
    filing = load_forms()["enterprise-filing"]
    read = {**line(filing, 1), "instance": INSTANCE}
    with database.write() as connection:
        file = StoredFile("a.docx", "e" * 64, 100)
        upload, _ = create(connection, Arrival([file], "page"), "user:1", NOW)
        begin_reading(connection, upload, NOW)
        records.finish(connection, upload, [read], lambda *_: filing, "w1", 1.0, NOW)
    assert _notice(database, old).state == "open"


def test_a_purge_erases_what_was_asked(database: Database) -> None:
    old = store(database, PILOT, 1)
    _ask(database, old)
    with database.write() as connection:
        notices.forget(connection, old)
        row = notices.present(connection, old)
    assert row is not None
    assert (row.asked, row.given, row.unit, row.number) == ([], {}, None, "补正〔2026〕1-1 号")


def test_two_who_number_at_once_get_two_numbers(database: Database) -> None:
    import threading

    numbers = [store(database, PILOT, seed) for seed in (1, 2, 3, 4)]
    made: list[str] = []

    def work(number: int) -> None:
        row = _ask(database, number, scheme="{序号}", campaign="c", instance=str(number) * 10)
        made.append(row.number)

    threads = [threading.Thread(target=work, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == ["1", "2", "3", "4"]
