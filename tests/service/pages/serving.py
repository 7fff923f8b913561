"""The real service for tests of its pages: a process on a port of its own, with a database in a folder of its
own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[3]
PASSWORD = "夜来风雨声-花落知多少"
_TO_START, _TO_STOP = 30.0, 20.0


@dataclass
class Person:
    """Somebody who is signed in: requests as a browser of theirs would send them, and its cookie."""

    client: httpx.Client
    name: str

    @property
    def cookies(self) -> list[dict[str, Any]]:
        return [
            {"name": cookie.name, "value": cookie.value or "", "url": str(self.client.base_url)}
            for cookie in self.client.cookies.jar
        ]

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """The body of the answer, which must be no refusal."""
        answer = self.client.request(method, f"/api/v1{path}", **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def upload(self, *paths: Path, together: bool = False, form: str | None = None) -> list[int]:
        """Sends files; the numbers of the uploads."""
        files = [("files", (path.name, path.read_bytes())) for path in paths]
        data = {"together": str(together).lower()} | ({"form": form} if form else {})
        return [upload["id"] for upload in self.ask("POST", "/uploads", files=files, data=data)["uploads"]]

    def read(self, upload: int, seconds: float = 60.0) -> list[dict[str, Any]]:
        """The submissions of an upload, once it was read."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            state = self.ask("GET", f"/uploads/{upload}")
            if state["state"] == "done":
                return list(state["submissions"])
            time.sleep(0.1)
        raise AssertionError(f"upload {upload} was not read in {seconds:.0f} s: {state}")


@dataclass
class Service:
    """A running service, at `url`, with its administrator."""

    url: str
    folder: Path
    administrator: Person
    log: Path
    people: dict[str, Person] = field(default_factory=dict)

    def person(self, name: str, role: str) -> Person:
        """A signed-in user of that role, made at the first call."""
        if name not in self.people:
            made = self.administrator.ask(
                "POST", "/users", json={"name": name, "full_name": "", "role": role}
            )
            self.people[name] = signed_in(self.url, name, made["link"])
        return self.people[name]


def signed_in(url: str, name: str, link: str) -> Person:
    """Sets a password by the one-time link, and signs in."""
    client = httpx.Client(base_url=url, timeout=30)
    secret = link.rpartition("/")[2]
    client.post("/api/v1/session/password", json={"link": secret, "new": PASSWORD}).raise_for_status()
    answer = client.post("/api/v1/session", json={"name": name, "password": PASSWORD})
    answer.raise_for_status()
    client.headers["X-CSRF-Token"] = answer.json()["csrf"]
    return Person(client, name)


@contextmanager
def running(folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Service]:
    """`sealform serve` with its worker; its process group is gone afterwards."""
    port = _free_port()
    log = folder / "serve.log"
    variables = {name: value for name, value in os.environ.items() if not name.startswith("SEALFORM_")}
    variables |= {
        "SEALFORM_DATA": str(folder / "data"), "SEALFORM_JOBS": "1", "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        **(environment or {}),
    }  # fmt: skip
    command = [sys.executable, "-m", "service.cli", "serve", "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        link = _first_link(process, log)
        _wait(process, log, url)
        yield Service(url, folder, signed_in(url, "admin", link), log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_TO_STOP)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _first_link(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _TO_START
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"http\S+/link/[\w-]+", log.read_text("utf-8", errors="replace"))
        if found:
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"no link for the administrator: {log.read_text('utf-8', errors='replace')[-2000:]}")


def _wait(process: subprocess.Popen[bytes], log: Path, url: str) -> None:
    deadline = time.monotonic() + _TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{url}/login", timeout=2)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the service does not answer: {log.read_text('utf-8', errors='replace')[-2000:]}")


def now() -> datetime:
    """The time of the service."""
    return datetime.now(UTC)
