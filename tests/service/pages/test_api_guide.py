"""The guide for other systems tells the truth: its curl and its Python run against a real service."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service.webhooks import sign
from tests.service.pages.serving import ROOT, Service
from tests.service.pages.walking import INBOX

TEXT = (ROOT / "docs/api.zh.md").read_text("utf-8")
CURL = [code for code in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) if code.startswith("curl ")]
PYTHON = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture(scope="module")
def environment(service: Service) -> dict[str, str]:
    made = service.administrator.ask(
        "POST", "/tokens", json={"name": "对接", "scopes": ["upload", "see", "export"]}
    )
    return {**os.environ, "SEALFORM": service.url, "TOKEN": made["token"], "NO_PROXY": "127.0.0.1"}


def _place(folder: Path) -> None:
    shutil.copy(INBOX / "A01_lit_ballot_check.docx", folder / "申请表.docx")


def test_the_lines_of_curl_upload_wait_and_take_out(
    service: Service, environment: dict[str, str], tmp_path: Path
) -> None:
    if not shutil.which("curl"):
        pytest.skip("needs curl")
    _place(tmp_path)
    upload, wait, look, changes, export = CURL

    def run(line: str) -> str:
        done = subprocess.run(
            ["bash", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    made = json.loads(run(upload))["uploads"][0]["id"]
    assert json.loads(run(upload))["uploads"][0]["id"] == made, "the same key makes nothing new"
    wait = wait.replace("/uploads/1", f"/uploads/{made}")
    deadline = time.monotonic() + 60
    while (state := json.loads(run(wait)))["state"] != "done":
        assert time.monotonic() < deadline, state
        time.sleep(0.5)
    number = state["submissions"][0]["id"]
    fields = json.loads(run(look.replace("/submissions/1", f"/submissions/{number}")))["fields"]
    assert {"value", "state"} <= set(
        next(iter(fields.values()) if isinstance(fields, dict) else iter(fields))
    )
    assert number in {one["id"] for one in json.loads(run(changes))["items"]}
    run(export)
    assert str(number) in (tmp_path / "申请.csv").read_text("utf-8-sig")


def test_the_python_does_the_same(environment: dict[str, str], tmp_path: Path) -> None:
    _place(tmp_path)
    ran = subprocess.run(
        [sys.executable, "-c", PYTHON[0]],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert ran.returncode == 0, ran.stderr
    assert "in-review" in ran.stdout


def test_a_refusal_ends_the_python_with_its_words(environment: dict[str, str], tmp_path: Path) -> None:
    _place(tmp_path)
    ran = subprocess.run(
        [sys.executable, "-c", PYTHON[0]], cwd=tmp_path, env={**environment, "TOKEN": "sf_wrong"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 1
    assert "请使用有效的令牌" in ran.stderr


def test_a_message_is_known_by_its_signature() -> None:
    given: dict[str, object] = {}
    exec(PYTHON[1], given)
    body, now = b'{"event": "submission.accepted"}', int(time.time())
    is_ours = given["is_ours"]
    assert is_ours("secret", sign("secret", now, body), body)  # type: ignore[operator]
    assert not is_ours("secret", sign("other", now, body), body)  # type: ignore[operator]
    assert not is_ours("secret", sign("secret", now - 600, body), body)  # type: ignore[operator]
