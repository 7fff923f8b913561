"""The work of people: counted from what they did, on one application that nobody touched and one that was
corrected."""

import csv
import io

import pytest
import sqlalchemy as sa

from service.store.proof_tables import proof_focus
from service.store.tables import records
from tests.service.web.readings import DOUBTED, of_unit, reading
from tests.service.web.serving import Served


def test_what_was_touched_asked_and_corrected_is_counted(service: Served) -> None:
    who = service.signed_in("administrator")
    numbers = [of_unit(service, who, unit) for unit in ("武汉甲公司", "武汉乙公司")]
    with service.context.database.write() as connection:
        # One in which nothing was doubtful.
        marks = {name: {"state": "read"} for name in reading()["fields"]}
        connection.execute(records.update().where(records.c.submission_id == numbers[0]).values(marks=marks))
    path = f"/api/v1/submissions/{numbers[1]}"
    version = who.get(path).json()["version"]
    form = service.context.forms.get("pilot-application", who.get(path).json()["form_version"])
    name = form.caption[0]
    changes = [{"field": DOUBTED, "text": "new@example.cn"}, {"field": name, "text": "另一个名称"}]
    changed = who.patch(f"{path}/fields", json={"changes": changes}, headers={"If-Match": f'"{version}"'})
    assert changed.status_code == 200, changed.text
    for seconds in (30, 60.5):
        assert who.post(f"{path}/focus", json={"seconds": seconds}).status_code == 204
    told = who.get("/api/v1/proof/work").json()
    fields = len(reading()["fields"])
    assert (told["applications"], told["untouched"]) == (2, 1)
    assert (told["fields"], told["untouched_fields"]) == (2 * fields, 2 * fields - 2)
    corrected = {one["title"]: (one["count"], one["silent"]) for one in told["corrected"]}
    assert corrected == {form.titles[DOUBTED]: (1, 0), form.titles[name]: (1, 1)}
    assert (told["timed"], told["minutes"]) == (1, pytest.approx(1.51, abs=0.01))
    rows = list(csv.reader(io.StringIO(who.get("/api/v1/proof/work.csv").content.decode("utf-8-sig"))))
    assert ["申请", "读取的申请", "2", "1", "其中：无须任何人处理的"] in rows
    service.clock.forward(days=40)
    system = service.system("see")
    assert system.get("/api/v1/proof/work").json()["applications"] == 0
    assert system.get("/api/v1/proof/work", params={"weeks": 12}).json()["applications"] == 2


def test_only_people_are_timed_for_what_there_is(service: Served) -> None:
    who = service.signed_in("administrator")
    assert who.post("/api/v1/submissions/99/focus", json={"seconds": 3}).status_code == 404
    for wrong in (0, -1, 601, "many"):
        assert who.post("/api/v1/submissions/99/focus", json={"seconds": wrong}).status_code == 422
    assert service.system("see").post("/api/v1/submissions/1/focus", json={"seconds": 3}).status_code == 422
    with service.context.database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(proof_focus)) == 0
