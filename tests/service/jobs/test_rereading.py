"""A new edition of a definition: what would change is told before anything does, then it is read again, what
a person settled stays, and it can be taken back."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from extractor import Options
from models.form import FormDefinition
from service.forms.definitions import load_forms
from service.jobs import rereading
from service.processes.pool import LastingPool, Limits
from service.store import audit, listing, records, regrouping, replay
from service.store.changes import Change
from service.store.forms import FormStore
from service.store.versions import Editor
from tests.records import random_record
from tests.service.jobs.office import Office
from tests.service.pages.samples import FORM, filled

RIGHT = load_forms()[FORM]
PHONE, MAIL = (
    next(name for name, one in RIGHT.fields.items() if one.kind == kind) for kind in ("phone", "email")
)
ONE_DATABASE = pytest.mark.parametrize("office", ["sqlite"], indirect=True)


def _mistaken() -> FormDefinition:
    """An earlier edition, in which the field of the phone number has another name."""
    plain = RIGHT.model_dump()
    for item in (item for row in plain["rows"] for cell in row["cells"] for item in cell["content"]):
        if item.get("name") == PHONE:
            item["name"] = "fax"
    return FormDefinition.model_validate({**plain, "version": "0"})


@ONE_DATABASE
def test_what_a_new_edition_would_change_is_told_and_then_done_and_can_be_taken_back(
    office: Office, tmp_path: Path
) -> None:
    now, forms = datetime.now(UTC), FormStore(office.database)
    forms.add({FORM: _mistaken()}, "user:1", now)
    upload = office.send_file(filled(tmp_path, 7))
    worker = office.hire("w1")
    office.wait_until(lambda: office.are_done([upload]))
    (one,) = office.submissions(upload)
    with office.database.write() as connection:
        wanted = [Change(MAIL, text="new@example.com")]
        records.correct(connection, one.id, 1, wanted, forms.get(FORM, "0"), Editor("user:1", now))
        before = listing.whole(connection, one.id).record
    forms.add({FORM: RIGHT}, "user:1", now)

    with LastingPool(Limits(), office.temporary) as pool:
        place = office.database, office.blobs, forms, FORM, pool, Options()
        (foreseen,) = rereading.foresee(*place)
    right, title = _number(RIGHT, 7), RIGHT.titles[PHONE]
    assert [change for change in foreseen.changes if change.title == title] == [
        rereading.Change(title, right, None), rereading.Change(title, None, right),
    ]  # fmt: skip
    assert (foreseen.submission, foreseen.error) == (one.id, None)
    assert office.submissions(upload)[0].version == 2, "nothing is changed by looking"

    assert rereading.reread(office.database, office.queue, forms, FORM, Editor("cli", now)) == 1
    office.wait_until(lambda: office.are_done([upload]))
    (again,) = office.submissions(upload)
    assert (again.status, again.form_version) == ("in-review", RIGHT.version)
    with office.database.read() as connection:
        record = listing.whole(connection, one.id).record
        assert record is not None
        assert (record.content[PHONE], record.content[MAIL]) == (right, "new@example.com")
        assert record.marks[MAIL]["by"] == "user:1"
        assert rereading.affected(connection, forms, FORM) == {}
    with office.database.write() as connection:
        regrouping.undo(connection, upload, forms.get, Editor("user:1", datetime.now(UTC)))
        record = listing.whole(connection, one.id).record
        assert record == before
    with office.database.read() as connection:
        assert (audit.verify(connection)[2], list(replay.departures(connection))) == ([], [])
    office.dismiss(worker)


def _number(form: FormDefinition, seed: int) -> str:
    """The phone number in the file of that seed."""
    return str(random_record(form, seed).values[PHONE])
