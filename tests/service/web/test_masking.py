"""Numbers of persons in lists and exports: whole for those who may see them, covered for the others, and in
the log who saw them."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from models.form import FormDefinition
from service.store import records
from service.store.tables import audit_log, audit_values
from service.store.uploads import Arrival, StoredFile, begin_reading, create
from tests.service.submissions import NOW, correct, line, move, store
from tests.service.web.serving import Served, served

IDENTITY, PHONE, CARD = "420106198001011237", "13871520946", "6222020200123456788"
FORM = FormDefinition.model_validate(
    {
        "name": "persons", "version": "1", "title": "人员登记表", "columns": [4, 6, 6],
        "rows": [
            {"cells": [{"label": "单位", "columns": 2, "content": [{"kind": "text", "name": "unit"}]}]},
            {"cells": [{"label": "证件号", "columns": 2, "content": [{"kind": "id-card", "name": "identity"}]}]},
            {"cells": [{"label": "手机", "columns": 2, "content": [
                {"kind": "phone", "name": "mobile", "masked": True},
            ]}]},
            {"cells": [{"label": "名单", "columns": 2, "content": [{
                "kind": "rows", "name": "people",
                "columns": [
                    {"label": "姓名", "field": {"kind": "text", "name": "called"}},
                    {"label": "卡号", "field": {"kind": "bank-account", "name": "card"}},
                ],
            }]}]},
        ],
    }
)  # fmt: skip
VALUES = {
    "unit": "临江市启明科技有限公司", "identity": IDENTITY, "mobile": PHONE,
    "people": ({"called": "赵安澜", "card": CARD},),
}  # fmt: skip
SECRETS = (IDENTITY, PHONE, CARD)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path) as running:
        running.context.forms.add({FORM.name: FORM}, "system", running.clock())
        number = store(running.context.database, FORM, 1, **VALUES)
        correct(running.context.database, number, FORM, "mobile", "13871520947")
        correct(running.context.database, number, FORM, "mobile", PHONE)
        move(running.context.database, number, "accept")
        yield running


def _said(service: Served, action: str) -> list[dict[str, Any]]:
    """What the log says of each such action, without the salts."""
    with service.context.database.read() as connection:
        entries = connection.scalars(
            sa.select(audit_log.c.seq).where(audit_log.c.action == action).order_by(audit_log.c.seq)
        ).all()
        return [
            {
                row.label: json.loads(row.value)
                for row in connection.execute(audit_values.select().where(audit_values.c.seq == seq))
            }
            for seq in entries
        ]


def _doubted(service: Served, field: str, **values: Any) -> int:
    """A submission of which a field waits for a person."""
    read = line(FORM, 2, **VALUES | values)
    read["fields"][field]["decision"] = "review"
    arrival = Arrival([StoredFile("s2.docx", f"{2:064x}", 100)], "page")
    with service.context.database.write() as connection:
        upload, number = create(connection, arrival, "user:1", NOW)
        begin_reading(connection, upload, NOW)
        records.finish(connection, upload, [read], lambda *_: FORM, "w1", 1.5, NOW)
    return number


def _is_open(text: str) -> bool:
    found = [secret in text for secret in SECRETS]
    assert all(found) or not any(found), "some of them are covered and some are not"
    return found[0]


def _text_of(kind: str, data: bytes) -> str:
    if kind == "xlsx":
        rows = (row for sheet in load_workbook(io.BytesIO(data)) for row in sheet.iter_rows(values_only=True))
        return "\n".join(str(row) for row in rows)
    if kind == "parquet":
        import pyarrow.parquet as pq

        return str(pq.read_table(io.BytesIO(data)).to_pylist())
    return data.decode()


@pytest.mark.parametrize("kind", ["xlsx", "csv", "jsonl", "parquet"])
def test_exports_show_whole_numbers_only_to_those_who_may_see_them(service: Served, kind: str) -> None:
    path = f"/api/v1/export?format={kind}&form={FORM.name}"
    blind, seeing = service.system("export"), service.system("export", "unmask")
    covered, whole = blind.get(path), seeing.get(path)
    assert covered.status_code == whole.status_code == 200
    assert not _is_open(_text_of(kind, covered.content))
    assert "138****0946" in _text_of(kind, covered.content)
    assert _is_open(_text_of(kind, whole.content))
    assert [said["unmasked"] for said in _said(service, "export")] == [False, True]


def test_followers_of_changes_see_them_only_with_the_right_and_that_is_in_the_log(service: Served) -> None:
    assert not _is_open(service.system("export").get("/api/v1/changes").text)
    assert _said(service, "export") == []
    assert _is_open(service.system("export", "unmask").get("/api/v1/changes").text)
    (said,) = _said(service, "export")
    assert said["unmasked"] is True
    assert said["submissions"] == [1]


@pytest.mark.parametrize("path", ["/api/v1/submissions/1", "/api/v1/submissions/1/history"])
def test_who_may_only_look_sees_no_whole_number_anywhere(service: Served, path: str) -> None:
    clerk, reviewer = service.signed_in("clerk"), service.signed_in("reviewer")
    covered, whole = clerk.get(path).text, reviewer.get(path).text
    assert not any(secret in covered for secret in (*SECRETS, "13871520947"))
    assert PHONE in whole
    assert "赵安澜" in covered or "history" in path


def test_who_sees_a_whole_number_of_an_application_is_in_the_log(service: Served) -> None:
    service.signed_in("clerk").get("/api/v1/submissions/1")
    assert _said(service, "view") == []
    service.signed_in("reviewer").get("/api/v1/submissions/1")
    assert len(_said(service, "view")) == 1


def test_the_list_of_answers_to_one_question_is_covered_too(service: Served) -> None:
    _doubted(service, "identity", identity=IDENTITY[:-1] + "1")
    path = f"/api/v1/questions/{FORM.name}/identity"
    covered = service.signed_in("clerk").get(path).text
    assert json.loads(covered)["items"]
    assert IDENTITY[:-1] not in covered
    assert IDENTITY[:-1] in service.signed_in("reviewer").get(path).text
    assert len(_said(service, "view")) == 1


def test_what_is_covered_is_not_written_back_over_what_it_covers(service: Served) -> None:
    store(service.context.database, FORM, 2, **VALUES | {"unit": "另一单位"})
    system = service.system("see", "correct")
    found = system.get("/api/v1/submissions/2").json()
    change = {"changes": [{"field": "mobile", "value": found["fields"]["mobile"]["value"]}]}
    headers = {"If-Match": f'"{found["version"]}"'}
    refused = system.patch("/api/v1/submissions/2/fields", json=change, headers=headers)
    assert refused.status_code == 403
    assert "遮盖" in refused.text
    other = {"changes": [{"field": "unit", "text": "临江市恒润科技有限公司"}]}
    assert system.patch("/api/v1/submissions/2/fields", json=other, headers=headers).status_code == 200


def test_what_is_asked_of_an_applicant_quotes_no_whole_number_to_those_who_may_not_see_it(
    service: Served,
) -> None:
    wrong = IDENTITY[:-1] + "1"
    number = _doubted(service, "identity", identity=wrong, unit="临江市恒润科技有限公司")
    reviewer, clerk = service.signed_in("reviewer"), service.signed_in("clerk")
    letter = reviewer.get(f"/api/v1/submissions/{number}/letter").json()["text"] + f"\n证件号 {wrong} 不对"
    found = reviewer.get(f"/api/v1/submissions/{number}")
    returned = reviewer.post(
        f"/api/v1/submissions/{number}/decision", json={"move": "return", "reason": letter},
        headers={"If-Match": found.headers["ETag"]},
    )  # fmt: skip
    assert returned.status_code == 200, returned.text
    paths = [f"/api/v1/submissions/{number}{end}" for end in ("", "/history", "/letter")]
    for path in (*paths, "/api/v1/notices"):
        assert IDENTITY[:-1] not in clerk.get(path).text, path
    assert IDENTITY[:-1] in reviewer.get(paths[1]).text
    assert service.system("decide").get(f"{paths[0]}/correction?pdf=false").status_code == 403
    assert service.system("decide", "unmask").get(f"{paths[0]}/correction?pdf=false").status_code == 200


def test_a_dossier_holds_the_originals_and_is_not_for_those_who_may_not_see_them(service: Served) -> None:
    assert service.system("export").get("/api/v1/submissions/1/dossier").status_code == 403
    whole = service.system("export", "unmask").get("/api/v1/submissions/1/dossier")
    assert whole.status_code == 200
    assert zipfile.ZipFile(io.BytesIO(whole.content)).namelist()
