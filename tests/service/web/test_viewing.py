"""Who looked at which application, in the log where the bureau wants that."""

from pathlib import Path

import sqlalchemy as sa

from service.settings import Settings
from service.store import audit, replay
from service.store.tables import audit_log
from tests.service.web.readings import submitted
from tests.service.web.serving import Served, served


def _views(service: Served) -> list[tuple[str, str]]:
    query = sa.select(audit_log.c.actor, audit_log.c.subject).where(audit_log.c.action == "view")
    with service.context.database.read() as connection:
        return [(row.actor, row.subject) for row in connection.execute(query.order_by(audit_log.c.seq))]


def test_nobody_is_noted_where_it_is_not_wanted(service: Served) -> None:
    client = service.signed_in("reviewer")
    client.get(f"/api/v1/submissions/{submitted(service, client)}")
    assert _views(service) == []


def test_a_look_at_an_application_or_its_file_is_noted_once_for_a_while(tmp_path: Path) -> None:
    with served(tmp_path, Settings(log_views=True)) as service:
        clerk, reviewer = service.signed_in("clerk"), service.signed_in("reviewer")
        number = submitted(service, clerk)
        assert _views(service) == []
        assert clerk.get("/api/v1/submissions").status_code == 200
        for path in ("", "/history", "/parts/0", "/pages"):
            assert clerk.get(f"/api/v1/submissions/{number}{path}").status_code == 200
        assert reviewer.get(f"/api/v1/submissions/{number}/parts/0").status_code == 200
        assert service.client().get(f"/api/v1/submissions/{number}").status_code == 401
        assert clerk.get("/api/v1/submissions/99").status_code == 404
        both = [("user:1", f"submission:{number}"), ("user:2", f"submission:{number}")]
        assert _views(service) == both
        service.clock.forward(minutes=11)
        clerk.get(f"/api/v1/submissions/{number}")
        assert _views(service) == [*both, both[0]]


def test_a_wall_of_answers_tells_whose_and_the_log_and_the_records_still_agree(tmp_path: Path) -> None:
    with served(tmp_path, Settings(log_views=True)) as service:
        client = service.signed_in("reviewer")
        number = submitted(service, client)
        client.get(f"/api/v1/submissions/{number}")
        (asked,) = client.get("/api/v1/questions").json()["items"]
        wall = client.get(f"/api/v1/questions/{asked['form']}/{asked['field']}")
        assert wall.json()["items"][0]["submission"] == number
        assert _views(service)[-1] == ("user:1", f"form:{asked['form']}")
        with service.context.database.snapshot() as connection:
            assert audit.verify(connection)[2] == []
            assert list(replay.departures(connection)) == []


def test_an_export_is_noted_whatever_is_set(service: Served) -> None:
    client = service.signed_in("reviewer")
    submitted(service, client)
    assert client.get("/api/v1/export", params={"format": "xlsx"}).status_code == 200
    with service.context.database.read() as connection:
        assert "export" in list(connection.scalars(sa.select(audit_log.c.action)))
