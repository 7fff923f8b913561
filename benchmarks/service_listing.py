"""Measures the service over HTTP on SQLite with 100,000 submissions: the list, search, filters, counts, the
page of one question, and an upload of 30 MB.

The database is generated with a fixed seed; its texts have about 300 Chinese characters, drawn from the words
below. `sealform serve` runs on it without a worker. One client sends requests over a kept connection, with
other words and other days each time.
"""

import contextlib
import itertools
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from models.form import FormDefinition
from service.forms.definitions import load_forms
from service.sealing import keys_of
from service.settings import Settings
from service.store import accounts, search
from service.store.database import Database
from service.store.sealed import Values, is_on
from service.store.tables import (
    counters,
    doubts,
    records,
    results,
    submissions,
    upload_files,
    uploads,
    versions,
)

SUBMISSIONS = 100_000
REQUESTS = 200
_UPLOADS = 5
_UPLOAD_BYTES = 30 << 20
_BATCH = 5_000
_CHARACTERS = 300
_STATUSES = (
    "in-review",
    "accepted",
    "returned",
    "rejected",
    "unreadable",
    "withdrawn",
    "received",
    "reading",
)
_WEIGHTS = (30, 50, 8, 5, 3, 2, 1, 1)
_WORDS = [
    "园区",
    "低碳",
    "改造",
    "光伏",
    "屋顶",
    "储能",
    "余热",
    "回收",
    "社区",
    "商业",
    "综合体",
    "校园",
    "碳排放",
    "核算",
    "体系",
    "平台",
    "建设",
    "示范",
    "项目",
    "绿色",
    "建筑",
    "能源",
    "管理",
    "监测",
    "节能",
    "照明",
    "空调",
    "系统",
    "公共",
    "机构",
    "充电",
    "桩",
    "垃圾",
    "分类",
    "再生",
    "水",
    "利用",
    "植树",
    "碳汇",
    "交易",
    "培训",
    "宣传",
    "居民",
    "参与",
    "工业",
    "废气",
    "治理",
    "循环",
    "经济",
    "物流",
]
_PLACES = [
    "武汉",
    "黄陂",
    "江夏",
    "蔡甸",
    "汉阳",
    "硚口",
    "江岸",
    "青山",
    "洪山",
    "东湖",
    "光谷",
    "沌口",
    "新洲",
    "东西湖",
    "汉南",
    "武昌",
    "江汉",
    "长江",
    "汉口",
    "东风",
]
_TRADES = ["产业园", "科技", "能源", "环保", "物业", "置业", "学院", "医院", "制造", "商贸", "物流", "建设"]
END = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass(frozen=True)
class Speed:
    """The speed of one kind of request in milliseconds: half of the requests took no longer than `median`, 95
    % no longer than `p95`. `cpu` is the service's CPU time for one request, and `work` that of the service
    and of a database beside it, which 95 % stay under. Neither depends much on other load."""

    name: str
    median: float
    p95: float
    cpu: float
    work: float
    requests: int

    def __str__(self) -> str:
        times = f"median {self.median:7.1f} ms   p95 {self.p95:7.1f} ms   CPU {self.cpu:6.1f} ms"
        times += f"   with database p95 {self.work:7.1f} ms"
        return f"{self.name:26} {times}   of {self.requests}"


def run(count: int = SUBMISSIONS) -> list[Speed]:
    """Measures each kind of request, and the upload."""
    with tempfile.TemporaryDirectory() as folder:
        token = fill(Path(folder), count)
        with serving(Path(folder)) as service, service.client(token) as client:
            return [*questions(service, client), _upload(service, client)]


@dataclass(frozen=True)
class Service:
    """A running service: its process, its address, and the name of its database on a server here."""

    process: int
    address: str
    database: str = ""

    def client(self, token: str) -> httpx.Client:
        return httpx.Client(base_url=self.address, headers={"Authorization": f"Bearer {token}"}, timeout=60)

    def cpu(self) -> float:
        """Returns the CPU time that the service has used, in milliseconds."""
        fields = Path(f"/proc/{self.process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def work(self) -> float:
        """Returns the CPU time of the service and of its connections' processes, in milliseconds."""
        spent = 0
        for process in [self.process, *_processes_of(self.database)]:
            for thread in Path(f"/proc/{process}/task").glob("*/schedstat"):
                spent += int(thread.read_text().split()[0])
        return spent / 1e6


def questions(service: Service, client: httpx.Client, times: int = REQUESTS) -> Iterator[Speed]:
    """Every kind of question but the upload, each asked so many times."""
    draw, form = random.Random(2), form_of_most()
    field = next(iter(form.fields))
    walk: list[str | None] = [None]

    def ask(path: str, **wanted: Any) -> dict[str, Any]:
        answer = client.get(f"/api/v1{path}", params=wanted)
        answer.raise_for_status()
        return answer.json()  # type: ignore[no-any-return]

    def page() -> None:
        walk[0] = ask("/submissions", limit=50, **({"cursor": walk[0]} if walk[0] else {}))["next"]

    def day() -> str:
        return (END - timedelta(days=draw.randrange(60, 360))).date().isoformat()

    cases: dict[str, Callable[[], object]] = {
        "list, page after page": page,
        "list by doubts": lambda: ask("/submissions", sort="-doubtful", status="in-review"),
        "list by unit": lambda: ask("/submissions", sort="unit"),
        "search, a common word": lambda: ask("/submissions", q=draw.choice(_WORDS)),
        "search, two words": lambda: ask(
            "/submissions", q=f"{draw.choice(_PLACES)} {draw.choice(_WORDS)}{draw.choice(_WORDS)}"
        ),
        "search, one character": lambda: ask("/submissions", q=draw.choice(_WORDS)[0]),
        "search, nothing found": lambda: ask("/submissions", q="查无此事"),
        "search, a pair nowhere": lambda: ask("/submissions", q="查无"),
        "the inbox by urgency": lambda: ask("/submissions", sort="urgency", status="in-review"),
        "search and filter": lambda: ask(
            "/submissions", q=draw.choice(_WORDS), status="rejected", **{"from": day()}
        ),
        "status, form and days": lambda: ask(
            "/submissions", status=draw.choice(_STATUSES), form=form.name, **{"from": day(), "to": day()}
        ),
        "part of the unit": lambda: ask("/submissions", unit=draw.choice(_PLACES) + draw.choice(_TRADES)),
        "a unit that is not there": lambda: ask("/submissions", unit="查无此单位"),
        "counts": lambda: ask("/submissions/counts"),
        "questions": lambda: ask("/questions"),
        "the wall of a question": lambda: ask(f"/questions/{form.name}/{field}"),
        "one submission": lambda: ask(f"/submissions/{draw.randrange(1, 1000)}"),
    }
    for name, case in cases.items():
        yield measure(service, name, case, times)


def _upload(service: Service, client: httpx.Client) -> Speed:
    # Different each time: the same bytes are kept once.
    numbers = itertools.count()
    bulk = os.urandom(1 << 20) * (_UPLOAD_BYTES >> 20)

    def send() -> None:
        data = next(numbers).to_bytes(8, "big") + bulk
        client.post("/api/v1/uploads", files={"files": ("scan.pdf", data)}).raise_for_status()

    return measure(service, "upload of 30 MB", send, _UPLOADS)


def measure(service: Service, name: str, case: Callable[[], object], times: int) -> Speed:
    """How long `case` takes, once it was done before."""
    case()
    taken, worked, before = list[float](), list[float](), service.cpu()
    for _ in range(times):
        work, started = service.work(), time.perf_counter()
        case()
        taken.append((time.perf_counter() - started) * 1000)
        worked.append(service.work() - work)
    cpu = (service.cpu() - before) / times
    return Speed(name, statistics.median(taken), _p95(taken), cpu, _p95(worked), times)


def _p95(taken: list[float]) -> float:
    return sorted(taken)[min(len(taken) - 1, int(len(taken) * 0.95))]


def _processes_of(database: str) -> list[int]:
    """The processes of a PostgreSQL server here that serve connections to `database`."""
    found = []
    for told in Path("/proc").glob("[0-9]*/cmdline") if database else ():
        with contextlib.suppress(OSError):
            name = told.read_bytes()
            if name.startswith(b"postgres:") and database.encode() in name:
                found.append(int(told.parent.name))
    return found


@contextmanager
def serving(folder: Path, **more: str) -> Iterator[Service]:
    """`sealform serve` on the database in `folder`, with `more` in its environment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "SEALFORM_DATA": str(folder), "SEALFORM_PORT": str(port), **more}
    url = environment.get("SEALFORM_DATABASE_URL", "")
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "serve", "--no-worker"],
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                httpx.get(f"{address}/api/v1/session")
                break
            except httpx.TransportError:
                time.sleep(0.2)
        yield Service(process.pid, address, sa.make_url(url).database or "" if url else "")
    finally:
        process.terminate()
        process.wait(30)


def form_of_most() -> FormDefinition:
    return max(load_forms().values(), key=lambda form: len(form.fields))


def filled(form: FormDefinition) -> tuple[str, str]:
    """The fields that hold something: a text, and the applicant's name."""
    return next(name for name, field in form.fields.items() if field.kind == "prose"), form.applicant[0]


def fill(folder: Path, count: int) -> str:
    """Makes a database with `count` submissions in `folder`, and returns a token for it."""
    settings = Settings.read(os.environ)
    values = Values(keys_of(settings.keys, settings.key_command), on=settings.seal_values)
    database = Database(f"sqlite:///{folder / 'sealform.db'}", values)
    database.migrate()
    draw, form = random.Random(1), form_of_most()
    token = token_of(database)
    for start in range(1, count + 1, _BATCH):
        with database.write() as connection:
            _insert(connection, form, draw, range(start, min(start + _BATCH, count + 1)))
    with database.write() as connection:
        connection.execute(counters.update().where(counters.c.name == "changes").values(value=count))
    database.close()
    return token


def token_of(database: Database) -> str:
    """A token that may do what is measured."""
    with database.write() as connection:
        user = accounts.create_user(connection, "bench", "", "administrator", "system", END)
        owner = accounts.Actor(f"user:{user}", "bench", accounts.ROLES["administrator"])
        return accounts.create_token(connection, "bench", ["see", "upload", "export"], owner, END)[1]


def _insert(connection: sa.Connection, form: FormDefinition, draw: random.Random, numbers: range) -> None:
    rows: dict[str, list[dict[str, Any]]] = {}
    for number in numbers:
        for table, made in submission(form, draw, number).items():
            rows.setdefault(table, []).extend(made)
    for table in (uploads, upload_files, submissions, results, records, versions, doubts):
        if rows.get(table.name):
            connection.execute(table.insert(), rows[table.name])
    if not is_on(connection):
        connection.execute(
            sa.text("INSERT INTO search (rowid, tokens) VALUES (:id, :tokens)"), rows["search"]
        )


def submission(form: FormDefinition, draw: random.Random, number: int) -> dict[str, list[dict[str, Any]]]:
    """The rows of one submission, by table."""
    at = END - timedelta(seconds=draw.randrange(360 * 86_400))
    status = draw.choices(_STATUSES, _WEIGHTS)[0]
    unit = f"{draw.choice(_PLACES)}{draw.choice(_WORDS)}{draw.choice(_TRADES)}{number % 977}有限公司"
    text = "".join(draw.choices(_WORDS, k=_CHARACTERS // 2))
    waiting = draw.sample(list(form.fields), draw.randrange(4)) if status == "in-review" else []
    values: dict[str, Any] = dict.fromkeys(form.fields)
    values |= zip(filled(form), (text, unit), strict=True)
    name, digest, by = f"{unit}.pdf", f"{number:064x}", "worker:w1"
    marks = {
        key: {"state": "doubtful" if key in waiting else "read", "by": by, "at": at.isoformat()}
        for key in values
    }
    row = {
        "id": number, "upload_id": number, "application": 1, "status": status, "name": name, "unit": unit,
        "form": form.name,
        "form_version": form.version, "doubtful": len(waiting), "received_at": at, "updated_at": at,
        "changed": number,
        "version": 1,
    }  # fmt: skip
    action = "accept" if status == "accepted" else "read"
    tokens = " ".join([*search.pairs(name), "xxx", *search.pairs(unit), "xxx", *search.pairs(text)])
    return {
        "uploads": [
            {"id": number, "created_at": at, "created_by": "user:1", "channel": "page", "state": "done"}
        ],
        "upload_files": [{"upload_id": number, "position": 0, "name": name, "sha256": digest, "bytes": 1000}],
        "submissions": [row],
        "results": [
            {
                "submission_id": number,
                "line": _line(values, name, digest),
                "read_at": at,
                "seconds": 1.0,
                "worker": by,
            }
        ],
        "records": [{"submission_id": number, "content": values, "marks": marks, "findings": []}],
        "versions": [
            {"submission_id": number, "version": 1, "at": at, "actor": by, "action": action, "changes": {}}
        ],
        "doubts": [{"submission_id": number, "field": key, "form": form.name} for key in waiting],
        "search": [{"id": number, "tokens": tokens}],
    }


def _line(values: dict[str, Any], name: str, digest: str) -> dict[str, Any]:
    """Returns the result line of a submission."""
    sure = {"raw": None, "confidence": 0.9, "decision": "accept", "evidence": [], "alternatives": []}
    fields = {key: {"value": value, **sure} for key, value in values.items()}
    parts = [{"name": name, "sha256": digest, "state": "read", "applications": [1]}]
    return {"parts": parts, "fields": fields, "findings": [], "error": None}


if __name__ == "__main__":
    for one in run(int(sys.argv[1]) if len(sys.argv) > 1 else SUBMISSIONS):
        print(one)
