"""Writers that stand still, and machines that vanish: nobody else waits for them for long."""

import threading
import time
from datetime import UTC, datetime

import sqlalchemy as sa

from service.forms.definitions import load_forms
from service.store import records
from service.store.tables import uploads
from service.store.uploads import Arrival, StoredFile, begin_reading, create
from tests.service.databases import postgresql
from tests.service.submissions import line

NOW = datetime(2026, 3, 1, tzinfo=UTC)


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
