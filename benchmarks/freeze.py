"""Records what must stay equal while code is restructured, in a folder, and compares two such folders.

    python -m benchmarks.freeze BEFORE --also DIR…     the tree as it is
    python -m benchmarks.freeze AFTER --also DIR…      the tree after a change
    python -m benchmarks.freeze BEFORE --compare AFTER
    python -m benchmarks.freeze AFTER --also DIR… --compare BEFORE      both at once

A recording holds the results of every submission in fixtures/inbox and in each DIR, the help of every
command, the OpenAPI document, and a backup of a service that read a few of the samples and was worked with.
Everything goes through the command line and HTTP, so that the same script runs before and after a change.
What differs from run to run (moments, salts, digests over them, process ids) is left out. `cpu.json` holds
the CPU time of reading, for information; it is not compared. Each difference is printed on a line, and the
exit code is then 1.
"""

import argparse
import gzip
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from typer.main import get_command

from service.cli import app

_ROOT = Path(__file__).parent.parent
_INBOX = _ROOT / "fixtures" / "inbox"
_SEALFORM = [sys.executable, "-m", "service.cli"]
_JOBS = 2
# Long, because reaching a time limit on a busy machine would look like a difference.
_SECONDS = 1800
# The files that the service reads: Word, a mail, an archive, a form that was filled in on the screen, a scan,
# a form with doubts, a damaged file.
_SEEDS = (
    "A01_lit_ballot_check.docx", "mail_word_and_logo.eml", "archive_gbk_names.zip", "fillable_returned.pdf",
    "scan_clean.pdf",
    "A22_none_selected.docx", "T43_truncated.docx",
)  # fmt: skip
_PASSWORD = "夜来风雨声-花落知多少"
_CPU = "cpu.json"

# Columns and keys that differ between any two runs; and patterns of moments and process ids inside texts.
_OF_A_RUN = {
    "salt", "hash", "previous", "digests", "password", "digest", "prefix", "secret", "seconds", "worker",
    "head",
    "made_at",
}  # fmt: skip
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
_WORKER = re.compile(r"\bworker:[^\"\s]+")


def main(arguments: list[str] | None = None) -> int:
    """Records, compares, or does both. Returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where to write; read where it is there already")
    parser.add_argument(
        "--also", type=Path, nargs="+", default=[], metavar="DIR", help="further folders of submissions"
    )
    parser.add_argument(
        "--compare", type=Path, metavar="OTHER", help="print what differs from this recording"
    )
    given = parser.parse_args(arguments)
    if not given.folder.exists():
        record(given.folder, [_INBOX, *given.also])
    if given.compare is None:
        return 0
    found = differences(given.compare, given.folder)
    for one in found:
        print(one)
    print(f"{len(found)} differences", file=sys.stderr)
    return 1 if found else 0


def record(folder: Path, inboxes: list[Path]) -> None:
    """Writes a recording to `folder`, which must not exist. It exists only once everything is in it."""
    partial = folder.with_name(folder.name + ".partial")
    (partial / "results").mkdir(parents=True)
    (partial / "help").mkdir()
    costs = {inbox.name: _read(inbox, partial / "results" / f"{inbox.name}.json") for inbox in inboxes}
    for name, words in _commands(get_command(app)).items():
        (partial / "help" / f"{name}.txt").write_text(_ask(*words, "--help"), "utf-8")
    with tempfile.TemporaryDirectory() as data, _service(Path(data)) as client:
        _write(partial / "openapi.json", client.get("/api/v1/openapi.json").raise_for_status().json())
        _work(client)
        _ask("backup", "-o", str(Path(data) / "backup.tar"), data=Path(data))
        _write(partial / "backup.json", of_every_run(_unpacked(Path(data) / "backup.tar")))
    _write(partial / _CPU, costs)
    partial.rename(folder)


def _read(inbox: Path, target: Path) -> dict[str, float | None]:
    """Writes the results of all submissions in `inbox`, and returns the cost of reading them."""
    with tempfile.TemporaryDirectory() as scratch:
        output, before = Path(scratch) / "results.jsonl", _cpu()
        limits = ["--jobs", str(_JOBS), "--time-limit", str(_SECONDS)]
        _ask("extract", str(inbox), "-o", str(output), *limits, expected=(0, 1))
        spent = _cpu() - before
        lines = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    for line in lines:  # trees lie in different places
        line["source"] = Path(line["source"]).relative_to(inbox.parent).as_posix()
    lines.sort(key=lambda line: (line["source"], line.get("application", 1)))
    _write(target, {f"{line['source']}#{line.get('application', 1)}": line for line in lines})
    parts = {
        (line["source"], part["name"]): part
        for line in lines
        for part in line["parts"]
        if part["state"] == "read"
    }
    pages = sum(max(1, len(part.get("pages") or ())) for part in parts.values())
    return {
        "cpu_seconds": round(spent, 1),
        "pages": pages,
        "cpu_seconds_a_page": round(spent / pages, 3) if pages else None,
    }


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _commands(command: Any, words: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    """Returns the words of every command and of every group of commands, by a name for its file."""
    found = {"-".join(("sealform", *words)): words}
    for name, inner in getattr(command, "commands", {}).items():
        found |= _commands(inner, (*words, name))
    return found


def _environment(data: Path | None = None) -> dict[str, str]:
    """Returns the environment for our commands, without the settings of an installation on this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEALFORM_")}
    ours = {
        "PYTHONPATH": str(_ROOT),
        "COLUMNS": "100",
        "SEALFORM_TIME_LIMIT": str(_SECONDS),
        "SEALFORM_JOBS": "1",
    }
    return {**kept, **ours, **({"SEALFORM_DATA": str(data)} if data else {})}


def _ask(*arguments: str, data: Path | None = None, expected: tuple[int, ...] = (0,)) -> str:
    """Returns the standard output of a command."""
    ran = subprocess.run(
        [*_SEALFORM, *arguments],
        env=_environment(data),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode not in expected:
        raise SystemExit(f"sealform {' '.join(arguments)}: exit code {ran.returncode}\n{ran.stderr[-2000:]}")
    return ran.stdout


@contextmanager
def _service(data: Path) -> Iterator[httpx.Client]:
    """Runs `sealform serve` with its worker on a database of its own, and yields a client that is signed in
    as administrator."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = data / "serve.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*_SEALFORM, "serve", "--port", str(port)],
            env=_environment(data), stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            start_new_session=True,
        )  # fmt: skip
    try:
        link = _awaited(
            lambda: re.search(r"/link/(\S+)", log.read_text("utf-8", "replace")), "the first link"
        )[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            _awaited(lambda: _answers(client), "an answer")
            client.post("/api/v1/session/password", json={"link": link, "new": _PASSWORD}).raise_for_status()
            answer = client.post(
                "/api/v1/session", json={"name": "admin", "password": _PASSWORD}
            ).raise_for_status()
            client.headers["X-CSRF-Token"] = answer.json()["csrf"]
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/login").is_success
    except httpx.TransportError:
        return False


def _awaited(look: Any, what: str) -> Any:
    """Returns what `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    raise SystemExit(f"waited in vain for {what}")


def _work(client: httpx.Client) -> None:
    """Works with the service: the samples are read one after the other, the first is confirmed and accepted,
    the second is returned, and a user and a token are added."""
    submissions: list[int] = []
    for name in _SEEDS:
        made = client.post(
            "/api/v1/uploads", files={"files": (name, (_INBOX / name).read_bytes())}
        ).raise_for_status()
        address = f"/api/v1/uploads/{made.json()['uploads'][0]['id']}"
        _awaited(
            lambda address=address: client.get(address).json()["state"] == "done", f"the reading of {name}"
        )
        submissions += [one["id"] for one in client.get(address).json()["submissions"]]
    first, second, *_ = (f"/api/v1/submissions/{number}" for number in submissions)
    shown = client.get(first).raise_for_status()
    changes = [{"field": field} for field in shown.json()["fields"]]
    answer = client.patch(
        f"{first}/fields", json={"changes": changes, "reason": "已核对"}, headers=_seen(shown)
    ).raise_for_status()
    client.post(f"{first}/decision", json={"move": "accept"}, headers=_seen(answer)).raise_for_status()
    back = {"move": "return", "reason": "请补充材料"}
    client.post(f"{second}/decision", json=back, headers=_seen(client.get(second))).raise_for_status()
    client.post(
        "/api/v1/users", json={"name": "li", "full_name": "李四", "role": "reviewer"}
    ).raise_for_status()
    client.post("/api/v1/tokens", json={"name": "archive", "scopes": ["see", "export"]}).raise_for_status()


def _seen(answer: httpx.Response) -> dict[str, str]:
    return {"If-Match": answer.headers["ETag"]}


def _unpacked(path: Path) -> dict[str, Any]:
    """Returns the members of a backup: the rows of its tables, and the sizes of its blobs."""
    found: dict[str, Any] = {}
    with tarfile.open(path) as tar:
        for member in tar:
            content = tar.extractfile(member)
            data = content.read() if content else b""
            if member.name.endswith(".jsonl.gz"):
                found[member.name] = [json.loads(line) for line in gzip.decompress(data).splitlines()]
            else:
                found[member.name] = json.loads(data) if member.name.endswith(".json") else len(data)
    for table in found["manifest.json"]["tables"].values():
        del table["sha256"]  # over moments and salts
    return found


def of_every_run(value: Any) -> Any:
    """Returns `value`, as JSON holds it, without what belongs to one run alone."""
    if isinstance(value, dict):
        return {
            name: "…" if name in _OF_A_RUN and inner else of_every_run(inner) for name, inner in value.items()
        }
    if isinstance(value, list):
        return [of_every_run(inner) for inner in value]
    return _WORKER.sub("worker:…", _MOMENT.sub("…", value)) if isinstance(value, str) else value


def differences(before: Path, after: Path) -> list[str]:
    """Returns the differences between two recordings, a line for each value: its place, what it was and what
    it is."""
    names = sorted(
        {
            path.relative_to(folder)
            for folder in (before, after)
            for path in folder.rglob("*")
            if path.is_file()
        }
    )
    found = []
    for name in (name for name in names if name.as_posix() != _CPU):
        was, now = _content(before / name), _content(after / name)
        found += [f"{name}: {where}: {old} -> {new}" for where, old, new in _differing(was, now)]
    return found


def _content(path: Path) -> Any:
    if not path.is_file():
        return _Absent
    text = path.read_text("utf-8")
    return json.loads(text) if path.suffix == ".json" else dict(enumerate(text.splitlines(), 1))


def _differing(was: Any, now: Any, where: str = "") -> Iterator[tuple[str, str, str]]:
    if isinstance(was, dict) and isinstance(now, dict):
        for name in [*was, *(name for name in now if name not in was)]:
            yield from _differing(was.get(name, _Absent), now.get(name, _Absent), f"{where}/{name}")
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for place, (old, new) in enumerate(zip(was, now, strict=True)):
            yield from _differing(old, new, f"{where}/{place}")
    elif was != now or type(was) is not type(now):
        yield where, _shown(was), _shown(now)


class _Absent:
    """Marks a place where nothing stands, not even null."""


def _shown(value: Any) -> str:
    if value is _Absent:
        return "(absent)"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 300 else text[:300] + "…"


def _write(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
