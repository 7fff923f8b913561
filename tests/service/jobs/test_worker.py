"""Workers on both databases: what they read, what they leave to others, and how they stop."""

import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extractor import Options
from generator import generate, new_identity
from models.errors import TimedOut
from service.forms.definitions import load_forms
from service.jobs.desk import _Glance
from service.processes.readers import Telling
from service.sources import Source
from service.store import records, workers
from service.store.uploads import begin_reading
from service.store.versions import Editor
from tests.records import random_record
from tests.service.databases import sqlite
from tests.service.jobs.office import INBOX, WORD, Office
from tests.service.readers import ORDER

ONE_DATABASE = pytest.mark.parametrize("office", ["sqlite"], indirect=True)
FORM = (WORD.name, WORD.read_bytes())


def test_what_was_queued_before_any_worker_lived_is_read_and_the_worker_stops_when_told(
    office: Office,
) -> None:
    upload = office.send(FORM)
    twice = office.send(
        ("附件/扫描 (1).docx", FORM[1]), ("../../etc/passwd", b"x"), ("附件/扫描 (1).docx", b"y")
    )
    worker = office.hire("w1")
    office.wait_until(lambda: office.are_done([upload, twice]))
    office.dismiss(worker)
    assert office.line(upload)["parts"][0]["name"] == WORD.name
    names = {part["name"] for part in office.line(twice)["parts"]}
    assert names == {"附件/扫描 (1).docx", "附件/扫描 (1).docx（2）", "etc/passwd"}
    office.assert_one_final_result_each([upload, twice])
    assert office.present() == set()
    assert "DBOS" not in office.said("w1")
    office.assert_nothing_is_left()


@ONE_DATABASE
def test_what_fails_costs_itself_and_is_tried_again_where_it_may_pass(office: Office) -> None:
    mark = office.folder / "mark"
    poison = office.send(FORM)
    for _ in range(3):
        with office.database.write() as connection:
            begin_reading(connection, poison, datetime.now(UTC))
    passing = office.send_order(f"once {mark} segfault", FORM)
    worker = office.hire("w1", jobs=2, seconds=3)
    # Its reader dies alone: where two die at once, the pool begins both files anew in the same attempt.
    office.wait_until(mark.exists)
    hanging, hogging = office.send_order("hang"), office.send_order("hog")
    broken = office.send_file(INBOX / "T44_encrypted_123456.docx")
    every = [passing, hanging, hogging, broken, poison]
    office.wait_until(lambda: office.are_done(every), 120)
    assert {one: (office.error(one), office.row(one).attempts) for one in every} == {
        passing: (None, 2), hanging: ("timed-out", 3), hogging: ("reader-crashed", 3),
        broken: ("encrypted", 1),
        poison: ("reader-crashed", 4),
    }  # fmt: skip
    assert "先后中断 3 次" in office.line(poison)["error"]["message"]
    assert office.row(passing).progress is None
    office.assert_one_final_result_each(every)
    office.dismiss(worker)
    office.assert_nothing_is_left()


def test_a_worker_that_was_thought_dead_and_comes_back_does_no_harm(office: Office) -> None:
    mark = office.folder / "mark"
    uploads = [office.send_order(f"once {mark} nap", FORM), *(office.send(FORM) for _ in range(2))]
    frozen = office.hire("frozen", jobs=2)
    office.wait_until(mark.exists)
    office.freeze(frozen)
    helper = office.hire("helper", jobs=2)
    office.wait_until(lambda: office.present() == {"helper"} and office.are_done(uploads))
    for process in (frozen.pid, *office.mark.alive(b"spawn_main")):
        os.kill(process, signal.SIGCONT)
    office.wait_until(lambda: office.present() == {"helper", "frozen"})
    last = office.send(FORM)
    office.wait_until(lambda: office.are_done([last]))
    office.dismiss(helper)
    office.dismiss(frozen)
    office.assert_one_final_result_each([*uploads, last])
    office.assert_nothing_is_left()


@ONE_DATABASE
def test_a_worker_that_is_told_to_stop_leaves_what_takes_too_long_to_others(office: Office) -> None:
    mark = office.folder / "mark"
    upload = office.send_order(f"once {mark} hang", FORM)
    worker = office.hire("w1")
    office.wait_until(mark.exists)
    office.dismiss(worker)
    assert office.present() == set()
    assert office.mark.wait_for_end() == {}
    assert office.row(upload).state == "reading"
    other = office.hire("w2")
    office.wait_until(lambda: office.are_done([upload]))
    office.dismiss(other)
    assert office.error(upload) is None
    office.assert_one_final_result_each([upload])
    office.assert_nothing_is_left()


@ONE_DATABASE
def test_a_name_that_is_taken_is_refused_and_a_worker_ends_with_its_parent(office: Office) -> None:
    with office.database.write() as connection:
        workers.say_alive(connection, "w1", "another-machine", 1, datetime.now(UTC))
    refused = office.hire("w1", silence=60)
    assert refused.wait(60) != 0
    assert "已有名为“w1”的工作进程" in office.said("w1")
    parent = office.hire("w2", parent=True)
    office.wait_until(lambda: "w2" in office.present())
    parent.kill()
    parent.wait()
    assert office.mark.wait_for_end(60) == {}
    assert "w2" not in office.present()


@ONE_DATABASE
def test_of_files_that_came_apart_one_that_hangs_or_kills_costs_itself_alone_and_can_be_tried_again(
    office: Office,
) -> None:
    mark = office.folder / "mark"
    orders = [("0锁.txt", ORDER + b"hang"), ("00杀.txt", ORDER + f"once {mark} kill".encode())]
    uploads = [office.send(order, FORM, ("表二.docx", _other_form()), apart=True) for order in orders]
    worker = office.hire("w1", seconds=4)
    office.wait_until(lambda: office.are_done(uploads), 120)
    hanging, killing = (office.submissions(upload) for upload in uploads)
    assert [(one.name, one.error_code) for one in hanging] == [
        (FORM[0], None), ("表二.docx", None), ("0锁.txt", "timed-out"),
    ]  # fmt: skip
    # It kills but once, and after that it is what it says: no form.
    assert [(one.name, one.error_code) for one in killing] == [
        (FORM[0], None), ("表二.docx", None), ("00杀.txt", "unsupported-kind"),
    ]  # fmt: skip
    with office.database.write() as connection:
        by = Editor("user:1", datetime.now(UTC))
        records.decide(connection, killing[2].id, killing[2].version, "retry", by)
        office.queue.enqueue(connection, uploads[1])
    office.wait_until(lambda: office.are_done(uploads), 120)
    again = office.submissions(uploads[1])
    assert [(one.name, one.version) for one in again] == [(FORM[0], 1), ("表二.docx", 1), ("00杀.txt", 3)]
    office.dismiss(worker)
    office.assert_nothing_is_left()


def _other_form() -> bytes:
    form = load_forms()["enterprise-filing"]
    return generate(form, "docx", new_identity(form), random_record(form, 2)).data


def test_a_part_that_takes_too_long_is_given_up_and_several_that_were_begun_at_once_have_the_time_of_all(
    tmp_path: Path,
) -> None:
    with sqlite(tmp_path) as database:
        glance = _Glance(database, 1, tmp_path / "progress.json", 3, 0.2)
        glance.place.write_text('{"part": "3.jpg", "done": 2}')
        glance()
        time.sleep(0.3)
        glance()
        glance.place.write_text('{"part": "4.docx", "done": 3}')
        glance()
        time.sleep(0.3)
        with pytest.raises(TimedOut):
            glance()


def test_the_part_that_is_being_read_is_told(tmp_path: Path) -> None:
    told = tmp_path / "progress.json"
    source = Source.of("两份", tmp_path, [("b.docx", WORD), ("../a.docx", WORD)])
    (line,) = Telling(told)(source, load_forms(), Options())
    assert [part["name"] for part in line["parts"]] == ["a.docx", "b.docx"]
    assert told.read_text() == '{"part": "a.docx", "done": 0}'
