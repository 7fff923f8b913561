"""A process of the service that gets the same upload several times at once, when it is told to go:
`python -m tests.service.web.sender DATABASE-URL FOLDER AUTHORIZATION`. It writes each answer's status and
uploads as JSON."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from service.store.database import Database
from tests.service.web.serving import Served

AT_ONCE = 6


def _send(client: TestClient) -> tuple[int, Any]:
    answer = client.post(
        "/api/v1/uploads", files=[("files", ("a.docx", b"a"))], headers={"Idempotency-Key": "k1"}
    )
    return answer.status_code, [one["id"] for one in answer.json().get("uploads", ())]


def main(url: str, folder: str, authorization: str) -> None:
    """Answers and ends."""
    service = Served(Database(url), Path(folder))
    clients = [service.client(Authorization=authorization) for _ in range(AT_ONCE)]
    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        print(json.dumps(list(threads.map(_send, clients))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
