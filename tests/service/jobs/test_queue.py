"""An upload and its job are stored together, and no job is there twice."""

import pytest
from dbos import DBOSClient

from service.jobs.queue import APPLICATION
from service.store import records
from service.store.tables import uploads
from service.store.uploads import Arrival, StoredFile, begin_reading, create
from service.store.versions import Editor
from tests.service.jobs.office import WORD, Office

FILE = StoredFile("a.docx", "a" * 64, 10)


def _jobs(office: Office) -> dict[str, str]:
    client = DBOSClient(system_database_engine=office.database.engine, application_name=APPLICATION)
    return {one.workflow_id: one.status for one in client.list_workflows()}


def test_a_job_is_there_when_its_transaction_is_committed_and_not_before(office: Office) -> None:
    def fail() -> None:
        with office.database.write() as connection:
            upload, _ = create(connection, Arrival([FILE], "page"), "user:1", office.database.now())
            office.queue.enqueue(connection, upload)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert _jobs(office) == {}
    upload = office.send((WORD.name, b"x"))
    assert _jobs(office) == {f"upload-{upload}-0": "ENQUEUED"}


def test_an_upload_that_waits_is_not_queued_twice_but_one_to_be_read_again_is(office: Office) -> None:
    upload = office.send((WORD.name, b"x"))
    with office.database.write() as connection:
        office.queue.enqueue(connection, upload)
        assert begin_reading(connection, upload, office.database.now())
        office.queue.enqueue(connection, upload, tries=2, pause=60.0)
        office.queue.enqueue(connection, upload, tries=2, pause=60.0)
    assert _jobs(office) == {f"upload-{upload}-0": "ENQUEUED", f"upload-{upload}-1": "DELAYED"}


def test_what_a_person_has_read_again_is_another_job_even_if_none_was_begun(office: Office) -> None:
    upload = office.send((WORD.name, b"x"))
    (submission,) = office.submissions(upload)
    by = Editor("user:1", office.database.now())
    with office.database.write() as connection:
        version = records.decide(connection, submission.id, submission.version, "withdraw", by)
        version = records.decide(connection, submission.id, version, "reopen", by)
        records.decide(connection, submission.id, version, "retry", by)
        office.queue.enqueue(connection, upload)
        assert (
            connection.scalar(
                uploads.select().with_only_columns(uploads.c.state).where(uploads.c.id == upload)
            )
            == "received"
        )
    assert set(_jobs(office)) == {f"upload-{upload}-0", f"upload-{upload}-1"}


def test_what_the_queue_does_not_know_of_is_queued_once(office: Office) -> None:
    begun, waiting = office.send((WORD.name, b"x")), office.send((WORD.name, b"y"))
    with office.database.write() as connection:
        begin_reading(connection, begun, office.database.now())
        forgotten, _ = create(connection, Arrival([FILE], "page"), "user:1", office.database.now())
        done, _ = create(connection, Arrival([FILE], "page"), "user:1", office.database.now())
        connection.execute(uploads.update().where(uploads.c.id == done).values(state="done"))
    assert [office.queue.enqueue_forgotten(), office.queue.enqueue_forgotten()] == [1, 0]
    assert set(_jobs(office)) == {f"upload-{one}-0" for one in (begun, waiting, forgotten)}
