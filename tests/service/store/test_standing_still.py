"""Writers that stand still, and machines that vanish: nobody else waits for them for long."""

import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.forms.definitions import load_forms
from service.store import audit, database, records
from service.store.database import Database
from service.store.tables import uploads
from service.store.uploads import Arrival, StoredFile, begin_reading, create
from tests.service.databases import postgresql
from tests.service.submissions import line
from tests.service.web.serving import Served

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _append(on: Database) -> None:
    with on.write() as connection:
        audit.append(connection, NOW, "system", "test", "service:test")


def test_who_stands_still_in_the_middle_of_writing_loses_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_IDLE", 300)
    with postgresql() as kept:
        with pytest.raises(sa.exc.DBAPIError), kept.write() as stuck:  # noqa: PT012
            audit.append(stuck, NOW, "system", "test", "service:stuck")
            started = time.monotonic()
            _append(kept)
            assert time.monotonic() - started < 15
            audit.append(stuck, NOW, "system", "test", "service:stuck")
        _append(kept)
        with kept.read() as connection:
            assert audit.verify(connection)[::2] == (2, [])


def test_who_waits_for_one_that_stands_still_gives_up_so_that_it_holds_up_nobody_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database, "_LOCKED", 300)
    with postgresql() as kept, kept.write(patient=True) as stuck:
        audit.append(stuck, NOW, "system", "test", "service:stuck")
        with pytest.raises(sa.exc.OperationalError):
            _append(kept)


def test_whoever_works_for_long_in_one_transaction_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_IDLE", 100)
    with postgresql() as kept:
        with kept.write(patient=True) as connection:
            time.sleep(0.5)
            audit.append(connection, NOW, "system", "test", "service:test")
        for patient in (kept.read, kept.snapshot):
            with patient() as connection:
                time.sleep(0.5)
                assert audit.verify(connection)[0] == 1


def test_both_ends_of_a_connection_notice_within_seconds_that_the_other_is_gone() -> None:
    with postgresql() as kept:
        if kept.url.host is None:
            pytest.skip("the server is reached without a network")
        with kept.read() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            with socket.socket(fileno=driver.fileno()) as here:
                options = (
                    socket.TCP_KEEPIDLE,
                    socket.TCP_KEEPINTVL,
                    socket.TCP_KEEPCNT,
                    socket.TCP_USER_TIMEOUT,
                )
                ours = [here.getsockopt(socket.IPPROTO_TCP, one) for one in options]
                here.detach()
            names = (
                "tcp_keepalives_idle",
                "tcp_keepalives_interval",
                "tcp_keepalives_count",
                "tcp_user_timeout",
            )
            theirs = [
                connection.scalar(sa.text(f"SELECT setting::int FROM pg_settings WHERE name = '{name}'"))
                for name in names
            ]
        assert ours == theirs == [5, 3, 3, 15_000]


def test_what_the_address_of_the_database_says_itself_counts() -> None:
    with postgresql() as kept:
        said = kept.url.update_query_dict({"options": "-c statement_timeout=77777", "keepalives_idle": "60"})
        other = Database(said.render_as_string(hide_password=False))
        with other.read() as connection:
            assert connection.scalar(sa.text("SHOW statement_timeout")) == "77777ms"
        assert other.url.query["keepalives_idle"] == "60"
        other.close()


def test_who_was_thought_dead_and_ends_a_reading_while_another_begins_it_anew_ends_it_for_good() -> None:
    form = next(iter(load_forms().values()))
    with postgresql() as kept:
        with kept.write() as connection:
            arrival = Arrival([StoredFile("s1.docx", f"{1:064x}", 100)], "page")
            upload, _ = create(connection, arrival, "user:1", NOW)
            assert begin_reading(connection, upload, NOW)
        begun: list[bool] = []

        def begin() -> None:
            with kept.write() as connection:
                begun.append(begin_reading(connection, upload, NOW))

        other = threading.Thread(target=begin)
        with kept.write() as connection:
            records.finish(connection, upload, [line(form)], lambda *_: form, "w1", 1.5, NOW)
            other.start()
            time.sleep(1)
            assert other.is_alive()
        other.join()
        assert begun == [False]
        with kept.read() as connection:
            assert connection.scalar(sa.select(uploads.c.state)) == "done"


def test_a_store_of_blobs_that_does_not_answer_holds_up_those_alone_who_upload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answered = threading.Event(), threading.Event()
    with postgresql() as kept:
        service = Served(kept, tmp_path)
        client, codes = service.system("upload", "see"), list[int]()
        holds = service.context.blobs.holds

        def slowly(sha256: str) -> bool:
            if sending.is_alive() and kept_already.is_set():
                asked.set()
                answered.wait(60)
            return holds(sha256)

        def send() -> None:
            codes.append(client.post("/api/v1/uploads", files={"files": ("a.docx", b"x")}).status_code)

        kept_already, sending = threading.Event(), threading.Thread(target=send)
        put = service.context.blobs.put

        def put_first(*given: object, **more: object) -> object:
            blob = put(*given, **more)  # type: ignore[arg-type]
            kept_already.set()
            return blob

        monkeypatch.setattr(service.context.blobs, "holds", slowly)
        monkeypatch.setattr(service.context.blobs, "put", put_first)
        sending.start()
        assert asked.wait(60)
        started = time.monotonic()
        _append(kept)
        took = time.monotonic() - started
        answered.set()
        sending.join()
        assert took < 10
        assert codes == [201]
