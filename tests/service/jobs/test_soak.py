"""Workers are killed in mid-read, one for good, and the API too: each upload ends in exactly one result, and
nothing is left."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

import httpx
import pytest

from models.form import FormDefinition
from service.store import accounts
from tests.service.inboxes import Share, make_inbox
from tests.service.jobs.office import INBOX, WORD, Office

UPLOADS, CLIENTS = 200, 8
MOST_SECONDS = 1500


def test_twenty_uploads_survive_the_death_of_a_worker(office: Office) -> None:
    mark = office.folder / "mark"
    form = (WORD.name, WORD.read_bytes())
    first = office.send_order(f"once {mark} nap", form)
    word = [
        office.send_file(path) for path in sorted(INBOX.glob("*.docx")) if not path.name.startswith("T44")
    ][:16]
    uploads = [
        first,
        *word,
        office.send_file(INBOX / "scan_clean.pdf"),
        office.send_file(INBOX / "T43_truncated.docx"),
    ]
    uploads += [office.send((f"{number}.docx", form[1])) for number in range(20 - len(uploads))]
    doomed = office.hire("doomed", jobs=2, seconds=300)
    office.wait_until(mark.exists, 120)
    doomed.kill()
    doomed.wait()
    assert not office.are_done([first])
    other = office.hire("other", jobs=2, seconds=300)
    office.wait_until(lambda: office.are_done(uploads), 300)
    assert office.present() == {"other"}
    office.dismiss(other)
    office.assert_one_final_result_each(uploads)
    assert {office.error(upload) for upload in uploads} == {None, "damaged"}
    office.assert_nothing_is_left()


class Service:
    """The API as a process of its own, without a worker, that can be killed; and a system that may upload."""

    def __init__(self, office: Office) -> None:
        self._office = office
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        with office.database.write() as connection:
            user = accounts.create_user(
                connection, "owner", "", "administrator", "system", office.database.now()
            )
            owner = accounts.Actor(f"user:{user}", "owner", accounts.ROLES["administrator"])
            _, self._token = accounts.create_token(
                connection, "clients", ("upload",), owner, office.database.now()
            )
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "service.cli", "serve", "--no-worker", "--port", str(self._port)]
        self.process = self._office.start("api", command)
        return self.process

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def upload(self, path: Path) -> int:
        """Sends a file, as often as it takes: its name is the key by which a request that came twice is
        known."""
        deadline = time.monotonic() + 120
        while True:
            try:
                answer = httpx.post(
                    f"http://127.0.0.1:{self._port}/api/v1/uploads",
                    headers={"Authorization": f"Bearer {self._token}", "Idempotency-Key": path.stem},
                    files=[("files", (path.name, path.read_bytes()))],
                    timeout=60,
                )
            except httpx.TransportError:
                assert time.monotonic() < deadline, "the API does not come back"
                time.sleep(0.2)
                continue
            assert answer.status_code == 201, answer.text
            return int(answer.json()["uploads"][0]["id"])


class Clients:
    """Eight who upload what is in `files` at the same time. `sent` are the uploads that were acknowledged,
    `gone` the errors."""

    def __init__(self, service: Service, files: Sequence[Path]) -> None:
        self.sent: list[int] = []
        self.gone: list[BaseException] = []
        self._service = service
        self._waiting: SimpleQueue[Path] = SimpleQueue()
        for path in files:
            self._waiting.put(path)
        self._threads = [threading.Thread(target=self._work) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        try:
            while True:
                self.sent.append(self._service.upload(self._waiting.get_nowait()))
        except Empty:
            return
        except BaseException as error:
            self.gone.append(error)

    def join(self) -> list[int]:
        for thread in self._threads:
            thread.join()
        assert self.gone == []
        return self.sent


@pytest.mark.accept
def test_two_hundred_uploads_survive_the_death_of_every_worker_and_of_the_api(
    office: Office, forms: Mapping[str, FormDefinition]
) -> None:
    share = Share(files=UPLOADS, hostile=6, pdf=4, scans=2, orders=("kill", "raise", "segfault"))
    inbox = make_inbox(office.folder / "inbox", forms, share, seed=200)
    service = Service(office)
    began = time.monotonic()
    first, second = (office.hire(name, silence=6.0, seconds=300) for name in ("first", "second"))
    clients = Clients(service, [inbox.folder / name for name in inbox.names])
    office.wait_until(lambda: len(clients.sent) >= UPLOADS // 4, MOST_SECONDS)
    service.kill()
    service.start()
    office.wait_until(
        lambda: _done(office) >= UPLOADS // 10 and "reading" in office.states().values(), MOST_SECONDS
    )
    first.kill()
    first.wait()
    first = office.hire("first", silence=6.0, seconds=300)
    office.wait_until(
        lambda: _done(office) >= UPLOADS // 3 and "reading" in office.states().values(), MOST_SECONDS
    )
    second.kill()
    second.wait()
    uploads = clients.join()
    sent = time.monotonic() - began
    office.wait_until(lambda: office.are_done(uploads), MOST_SECONDS)
    print(f"{len(uploads)} uploads sent in {sent:.0f} s, read after {time.monotonic() - began:.0f} s")
    assert sorted(uploads) == sorted(office.states()), "what was acknowledged is there, and nothing else"
    office.assert_one_final_result_each(uploads)
    failed = {one.name for upload in uploads for one in office.submissions(upload) if one.error_code}
    assert failed == inbox.hostile
    again = [office.row(upload).attempts for upload in uploads]
    print(f"{sum(again) - len(again)} readings were begun again")
    office.dismiss(first)
    service.process.terminate()
    # The server hands the signal on when it has ended well.
    assert service.process.wait(30) in (0, -signal.SIGTERM)
    office.assert_nothing_is_left()


def _done(office: Office) -> int:
    return sum(state == "done" for state in office.states().values())
