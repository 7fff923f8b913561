"""Workers on both databases: what they read, what they leave to others, and how they stop."""

import signal
import time
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from service.store import records
from service.store.records import Editor
from service.store.tables import submissions
from service.store.uploads import Arrival, StoredFile, create
from tests.service.jobs.office import WORD, Office

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
