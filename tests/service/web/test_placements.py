"""Submissions that fit no campaign, or several: asked about once, and in no campaign before."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from service.forms.shipped import CAMPAIGNS
from service.settings import Settings
from service.store import audit, replay
from service.store.tables import submissions
from tests.service.kept import FORMS
from tests.service.submissions import store
from tests.service.web.serving import Served, served

OLD, NEW = "near-zero-carbon-2021", "near-zero-carbon-2022"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Served]:
    """Two calls with the same form, both open in December 2021."""
    folder = tmp_path / "calls"
    folder.mkdir()
    text = (CAMPAIGNS / f"{OLD}.yaml").read_text("utf-8")
    text = text.replace("../calendars", str((CAMPAIGNS.parent / "calendars").resolve()))
    text = text.replace("templates/", f"{(CAMPAIGNS / 'templates').resolve()}/")
    (folder / f"{OLD}.yaml").write_text(f"{text}\nclosed: 2021-12-31\n", "utf-8")
    new = text.replace(f"name: {OLD}", f"name: {NEW}").replace(
        "form: pilot-application\n", "form: pilot-application\n    opens: 2021-12-01\n"
    )
    for year in ("2021-02-09", "2021-02-24"):
        new = new.replace(f"date: {year}", f"date: {year.replace('2021-02', '2021-12')}")
    (folder / f"{NEW}.yaml").write_text(new, "utf-8")
    with served(tmp_path, Settings(campaigns=folder)) as running:
        yield running


def _came(service: Served, seed: int, at: datetime, form: str = "pilot-application") -> int:
    number = store(service.context.database, FORMS[form], seed)
    with service.context.database.write() as connection:
        connection.execute(submissions.update().where(submissions.c.id == number).values(received_at=at))
    return number


def _place(client: Any, number: int, version: int, campaign: str | None) -> Response:
    headers = {"If-Match": f'"{version}"'}
    answer: Response = client.put(
        f"/api/v1/placements/{number}", json={"campaign": campaign}, headers=headers
    )
    return answer


def _in(client: Any, name: str) -> list[int]:
    items = client.get(f"/api/v1/campaigns/{name}/applications").json()["items"]
    return [one["submission"] for one in items]


def test_what_fits_none_or_several_is_in_no_campaign_until_a_person_says_so_once(service: Served) -> None:
    client = service.signed_in("reviewer")
    old = _came(service, 1, datetime(2021, 2, 5, tzinfo=UTC))
    both = _came(service, 2, datetime(2021, 12, 10, tzinfo=UTC))
    new = _came(service, 3, datetime(2022, 1, 10, tzinfo=UTC))
    none = _came(service, 4, datetime(2021, 12, 10, tzinfo=UTC), "enterprise-filing")
    asked = client.get("/api/v1/placements").json()
    assert [(one["submission"], one["fits"]) for one in asked["items"]] == [(both, [OLD, NEW]), (none, [])]
    assert (_in(client, OLD), _in(client, NEW)) == ([old], [new])
    assert _place(client, both, 0, "nothing").status_code == 422
    assert _place(client, both, 0, NEW).status_code == 204
    assert _place(client, none, 0, None).headers["ETag"] == '"1"'
    assert client.get("/api/v1/placements").json() == {"items": [], "total": 0}
    assert (_in(client, OLD), _in(client, NEW)) == ([old], [both, new])
    assert _place(client, both, 0, OLD).status_code == 409
    assert _place(client, 99, 0, OLD).status_code == 404
    # A mistake is put right.
    assert _place(client, both, 1, OLD).status_code == 204
    assert (_in(client, OLD), _in(client, NEW)) == ([old, both], [new])
    placed = client.get("/api/v1/placements", params={"placed": True}).json()["items"]
    assert [(one["submission"], one["campaign"], one["version"]) for one in placed] == [
        (both, OLD, 2), (none, None, 1),
    ]  # fmt: skip
    with service.context.database.read() as connection:
        assert audit.verify(connection)[2] == []
        assert list(replay.departures(connection)) == []
