"""Workers on both databases: what they read, what they leave to others, and how they stop."""

import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extractor import Options
from service.definitions import load_forms
from service.jobs.desk import Telling
from service.sources import Source
from service.store import workers
from service.store.uploads import begin_reading
from tests.service.jobs.office import INBOX, WORD, Office

ONE_DATABASE = pytest.mark.parametrize("office", ["sqlite"], indirect=True)
FORM = (WORD.name, WORD.read_bytes())


def test_what_was_queued_before_any_worker_lived_is_read_and_the_worker_stops_when_told(office: Office) -> None:
    upload = office.send(FORM)
    twice = office.send(("附件/扫描 (1).docx", FORM[1]), ("../../etc/passwd", b"x"), ("附件/扫描 (1).docx", b"y"))
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
    passing = office.send_order(f"once {mark} segfault", FORM)
    hanging, hogging = office.send_order("hang"), office.send_order("hog")
    broken = office.send_file(INBOX / "T44_encrypted_123456.docx")
    poison = office.send(FORM)
    for _ in range(3):
        with office.database.write() as connection:
            begin_reading(connection, poison, datetime.now(UTC))
    every = [passing, hanging, hogging, broken, poison]
    worker = office.hire("w1", jobs=2, seconds=3)
    office.wait_until(lambda: office.are_done(every), 120)
    assert {one: (office.error(one), office.row(one).attempts) for one in every} == {
        passing: (None, 2), hanging: ("timed-out", 3), hogging: ("reader-crashed", 3), broken: ("encrypted", 1),
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


def test_the_part_that_is_being_read_is_told(tmp_path: Path) -> None:
    told = tmp_path / "progress.json"
    source = Source.of("两份", tmp_path, [("b.docx", WORD), ("../a.docx", WORD)])
    (line,) = Telling(told)(source, load_forms(), Options())
    assert [part["name"] for part in line["parts"]] == ["a.docx", "b.docx"]
    assert told.read_text() == '{"part": "a.docx", "done": 0}'
