"""What the tests of the service share."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from argon2 import PasswordHasher

from service.cli import main
from service.store import passwords
from tests.service import dovecot

FIXTURES = Path(__file__).parents[2] / "fixtures"


class Ran(NamedTuple):
    """What a run of the command line left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Ran]


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Passwords are hashed with the least work. As much as the service asks for would be a third of the time
    of the tests that sign somebody in."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture
def inbox() -> Path:
    return FIXTURES / "inbox"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own to work in, and nothing set in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("SEALFORM_"):
            monkeypatch.delenv(name)


@pytest.fixture
def returned(tmp_path: Path, inbox: Path) -> Path:
    """Two good submissions and one that can't be read."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    for name in ("A01_lit_ballot_check.docx", "B11_fontswitch_R_w2.docx", "T43_truncated.docx"):
        shutil.copy(inbox / name, folder)
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `sealform` in this process; it always ends by SystemExit."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ran(int(left.value.code or 0), said.out, said.err)

    return run


@pytest.fixture(scope="module")
def imap() -> Iterator[dovecot.Dovecot]:
    if not shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin"):
        pytest.skip("needs dovecot (Debian: dovecot-imapd)")
    with dovecot.running() as running:
        yield running


@pytest.fixture
def box(request: pytest.FixtureRequest) -> str:
    """A folder of the mailbox that no other test uses."""
    return request.node.name.removeprefix("test_")[:60]


@pytest.fixture
def mail(run: Run, imap: dovecot.Dovecot, box: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `sealform mail` on the test's own folder, into `tmp_path/in`, with the password in the
    environment."""
    monkeypatch.setenv("SEALFORM_MAIL_PASSWORD", dovecot.PASSWORD)

    def mail(*more: object, url: str | None = None, folder: str | None = None, into: str = "in") -> Ran:
        where = ("--imap", url or imap.url(), "--folder", folder or box, "--ca", imap.certificate)
        return run("mail", *where, "-o", tmp_path / into, *more)

    return mail
