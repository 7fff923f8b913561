"""What the machines share, on one of their own: a cluster of PostgreSQL, and moto's S3 server, which lives in
an environment by its own lock because it wants many libraries."""

import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.machines.network import Host

_USER = "postgres"
_LOCK = Path(__file__).parent / "requirements.lock"
_S3_PORT = 5000
BUCKET = "sealform"


def binaries() -> Path | None:
    """The folder of PostgreSQL's programs, the newest of Debian's; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Cluster:
    """A cluster in `folder` that runs on `host`. This machine reaches it through `folder` as well."""

    def __init__(self, host: Host, folder: Path) -> None:
        programs = binaries()
        assert programs is not None
        self._host, self._folder, self._programs = host, folder, programs
        folder.mkdir()
        shutil.chown(folder, _USER, _USER)
        self._run("initdb", "-D", str(folder / "data"), "-A", "trust", "--no-locale", "-E", "UTF8")
        with (folder / "data/pg_hba.conf").open("a") as file:
            file.write("host all all 10.77.0.0/24 trust\n")
        self.start()

    @property
    def url(self) -> str:
        """The database as the machines reach it."""
        return f"postgresql://{_USER}@{self._host.address}/postgres"

    @property
    def local_url(self) -> str:
        """The database as this machine reaches it."""
        return f"postgresql://{_USER}@/postgres?host={self._folder}"

    def start(self) -> None:
        said = f"-c listen_addresses=* -c unix_socket_directories={self._folder} -c max_connections=200"
        self._control("start", "-o", said, "-l", str(self._folder / "log"))

    def crash(self) -> None:
        """Ends it as a loss of current would."""
        self._control("stop", "-m", "immediate")

    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-w", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        owner = pwd.getpwnam(_USER)
        command = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        subprocess.run(
            self._host.command([*command, str(self._programs / program), *arguments]),
            check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


@contextmanager
def cluster(host: Host, folder: Path) -> Iterator[Cluster]:
    made = Cluster(host, folder)
    try:
        yield made
    finally:
        made.crash()


def s3_server(folder: Path) -> Path:
    """The program of the S3 server, installed in `folder` where it isn't yet, as the lock pins it.

    Raises:
        subprocess.CalledProcessError: it can't be installed, as where there is no package index.
    """
    program = folder / "bin/moto_server"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
        install = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(_LOCK)]
        subprocess.run([str(folder / "bin/python"), "-m", "pip", *install], check=True, capture_output=True)
    return program


def serve_s3(host: Host, program: Path) -> dict[str, str]:
    """Starts the S3 server on `host`, with an empty bucket; what the machines must have in their
    environment."""
    subprocess.Popen(
        host.command([str(program), "-H", "0.0.0.0", "-p", str(_S3_PORT)]),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://{host.address}:{_S3_PORT}"
    put = ["curl", "-sf", "-X", "PUT", f"http://127.0.0.1:{_S3_PORT}/{BUCKET}"]
    deadline = time.monotonic() + 60
    while subprocess.run(host.command(put), capture_output=True).returncode:
        if time.monotonic() > deadline:
            raise TimeoutError("the S3 server does not answer")
        time.sleep(0.2)
    return {
        "SEALFORM_BLOBS": f"s3://{BUCKET}/kept", "AWS_ENDPOINT_URL": address, "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any",
    }  # fmt: skip
