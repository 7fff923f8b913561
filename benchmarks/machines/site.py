"""The service on its machines: the API on two of them, a worker on each of three, the rest on a fourth."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from benchmarks.machines import shared
from benchmarks.machines.network import Network, network
from service.forms.definitions import load_forms
from service.jobs.queue import Queue
from service.store import accounts, workers
from service.store.database import Database
from service.store.forms import FormStore
from service.store.tables import uploads

ROOT = Path(__file__).parents[2]
MACHINES, WITH_API, STORE = ("a", "b", "c"), ("a", "b"), "store"
_API_PORT, _PROXY_PORT = 8000, 8080
_CLOCK = "clock.so"


def compiler() -> str | None:
    """The compiler of C, which makes what gives each machine a clock of its own."""
    return shutil.which("cc")


@dataclass
class Site:
    """All of it. `code` is where each machine's program lies."""

    network: Network
    cluster: shared.Cluster
    database: Database
    folder: Path
    environment: Mapping[str, str]
    token: str
    code: dict[str, Path] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where the hub finds the proxy."""
        return f"http://127.0.0.1:{_PROXY_PORT}"

    def start(self, name: str) -> None:
        """Starts what runs on a machine."""
        self.start_worker(name)
        if name in WITH_API:
            api = ["serve", "--no-worker", "--host", "0.0.0.0", "--port", str(_API_PORT)]
            self._run(name, "api", api)

    def start_worker(self, name: str) -> None:
        self._run(name, "worker", ["worker", "--jobs", "1", "--name", name])

    def set_clock(self, name: str, seconds: int) -> None:
        """Moves the wall clock of a machine so far from the right time; its processes notice at once."""
        with (self.folder / f"clock-{name}").open("r+b") as file:
            file.write(seconds.to_bytes(8, sys.byteorder, signed=True))

    def start_proxy(self) -> None:
        places = [f"{self.network[name].address}:{_API_PORT}" for name in WITH_API]
        self._in_hub("proxy", ["benchmarks.machines.proxy", str(_PROXY_PORT), *places])

    def start_senders(self, files: Path, count: int, out: Path) -> "subprocess.Popen[bytes]":
        more = [self.address, self.token, str(files), str(count), str(out)]
        return self._in_hub("senders", ["benchmarks.machines.senders", *more])

    def start_reviewers(self, out: Path) -> "subprocess.Popen[bytes]":
        return self._in_hub(
            "reviewers", ["benchmarks.machines.reviewers", self.address, self.token, str(out)]
        )

    def done(self) -> int | None:
        """How many uploads were read; None while the database doesn't answer."""
        try:
            with self.database.read() as connection:
                return connection.scalar(
                    sa.select(sa.func.count()).select_from(uploads).where(uploads.c.state == "done")
                )
        except sa.exc.DBAPIError:
            return None

    def wait_until_ready(self, seconds: float = 600.0) -> None:
        """Until every API is ready and every worker has said that it lives."""
        deadline = time.monotonic() + seconds
        for name in WITH_API:
            place = f"http://{self.network[name].address}:{_API_PORT}/readyz"
            look = self.network.hub.command(["curl", "-sf", "-m", "60", place])
            while subprocess.run(look, capture_output=True).returncode:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{name} does not get ready: {self.said()}")
                time.sleep(0.2)
        while not set(MACHINES) <= self._workers():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not all workers live: {self.said()}")
            time.sleep(0.2)

    def _workers(self) -> set[str]:
        with self.database.read() as connection:
            return {row.name for row in workers.living(connection)}

    def said(self) -> str:
        """The ends of all logs."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"{path.name}: {path.read_text(errors='replace')[-1500:]}" for path in logs)

    def _run(self, name: str, what: str, command: Sequence[str]) -> None:
        data = self.folder / f"data-{name}"
        data.mkdir(exist_ok=True)
        clock = {
            "LD_PRELOAD": str(self.folder / _CLOCK), "MACHINE_CLOCK": str(self.folder / f"clock-{name}"),
        }  # fmt: skip
        code = self.code.get(name, ROOT)
        environment = {
            **_plain(), "PYTHONPATH": str(code), "SEALFORM_DATA": str(data), "TMPDIR": str(data),
            "SEALFORM_DATABASE_URL": self.cluster.url, **self.environment, **clock,
        }  # fmt: skip
        self._start(
            f"{name}-{what}", self.network[name].command([sys.executable, "-m", "service.cli", *command]),
            environment, code,
        )  # fmt: skip

    def _in_hub(self, what: str, command: Sequence[str]) -> "subprocess.Popen[bytes]":
        inside = self.network.hub.command([sys.executable, "-m", *command])
        return self._start(what, inside, {**_plain(), "PYTHONPATH": str(ROOT)}, ROOT)

    def _start(
        self, what: str, command: Sequence[str], environment: Mapping[str, str], where: Path
    ) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(
                command, env=environment, cwd=where, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip


@contextmanager
def site(folder: Path, s3: Path, code: Mapping[str, Path] | None = None) -> Iterator[Site]:
    """The service, with its machines not yet started; at the end nothing is left of it but `folder`."""
    with network((*MACHINES, STORE)) as net, shared.cluster(net[STORE], folder / "cluster") as cluster:
        environment = shared.serve_s3(net[STORE], s3)
        database = Database(cluster.local_url)
        try:
            database.migrate()
            Queue(database)
            FormStore(database).add(load_forms(), "system", datetime.now(UTC))
            made = Site(net, cluster, database, folder, environment, _token(database), dict(code or {}))
            make_clock(folder)
            for name in MACHINES:
                (folder / f"clock-{name}").write_bytes(bytes(8))
            made.start_proxy()
            yield made
        finally:
            database.close()


def make_clock(folder: Path) -> Path:
    """Makes what gives the processes of a machine a clock of their own; it belongs into LD_PRELOAD."""
    made = folder / _CLOCK
    source = Path(__file__).parent / "clock.c"
    command = [str(compiler()), "-O2", "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return made


def _token(database: Database) -> str:
    with database.write() as connection:
        now = datetime.now(UTC)
        user = accounts.create_user(connection, "owner", "", "administrator", "system", now)
        owner = accounts.Actor(f"user:{user}", "owner", accounts.ROLES["administrator"])
        scopes: tuple[accounts.Scope, ...] = ("upload", "see", "correct", "decide")
        return accounts.create_token(connection, "senders", scopes, owner, now)[1]


def _plain() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEALFORM_")}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1"}
