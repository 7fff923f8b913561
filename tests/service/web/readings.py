"""Submissions for tests of the web: uploaded through the API, and read beforehand, because the worker is not
what is tested."""

import copy
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from extractor import Options, Source
from service.forms.definitions import load_forms
from service.runs.batch import read_submission
from service.store import records
from service.store.uploads import begin_reading
from tests.service.web.serving import Served

SAMPLE = Path(__file__).parents[3] / "fixtures/inbox/A01_lit_ballot_check.docx"
DOUBTED = "email"
FAILED = {
    "form": None,
    "version": None,
    "fields": {},
    "findings": [],
    "error": {"code": "damaged", "message": "文件不完整"},
}


@cache
def _read() -> dict[str, Any]:
    (line,) = read_submission(Source.at(SAMPLE, SAMPLE.name), load_forms(), Options())
    return line


def reading(**changed: Any) -> dict[str, Any]:
    """What reading the sample gave, with one field to be looked at by a person, whatever the reader learns to
    be sure of."""
    line = copy.deepcopy(_read())
    for name, field in line["fields"].items():
        field["decision"] = "review" if name == DOUBTED else "accept"
    return {**line, "status": "review", **changed}


def upload(
    client: TestClient, name: str = "s001.docx", data: bytes | None = None, **fields: str
) -> dict[str, Any]:
    """The upload that sending one file made."""
    answer = client.post("/api/v1/uploads", files={"files": (name, data or SAMPLE.read_bytes())}, data=fields)
    assert answer.status_code == 201, answer.text
    (made,) = answer.json()["uploads"]
    return made  # type: ignore[no-any-return]


def finish(service: Served, number: int, *lines: dict[str, Any]) -> list[int]:
    """Ends the reading of an upload with `lines`."""
    context = service.context
    with context.database.write() as connection:
        assert begin_reading(connection, number, service.clock())
        return records.finish(
            connection, number, lines or [reading()], context.forms.get, "w1", 1.0, service.clock()
        )


def submitted(service: Served, client: TestClient, **changed: Any) -> int:
    """A submission that was uploaded and read."""
    (number,) = finish(service, upload(client)["id"], reading(**changed))
    return number


def of_unit(service: Served, client: TestClient, unit: str, **values: Any) -> int:
    """A submission with the sample's values, but from that unit and in a file of its own, with these
    `values`."""
    data, line = SAMPLE.read_bytes() + f"{unit}{values}".encode(), reading()
    for name, value in {
        service.context.forms.get(line["form"], line["version"]).applicant[0]: unit,
        **values,
    }.items():
        line["fields"][name]["value"] = value
    line["parts"][0]["sha256"] = hashlib.sha256(data).hexdigest()
    (number,) = finish(service, upload(client, data=data)["id"], line)
    return number
