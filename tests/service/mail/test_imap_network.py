"""Fetching from a mailbox where something is in the way: who may log in, whom to trust, what breaks, what
servers do."""

import fcntl
import io
import json
import os
import select
import socket
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from rich.console import Console

from models.errors import MailboxUnreachable
from service.mail.fetch import Outcome, Patience, Wishes, fetch
from service.mail.folder import LOCK, STATE
from service.mail.imap import Address
from tests.service import dovecot
from tests.service.dovecot import OTHER_PASSWORD, OTHER_USER, PASSWORD, Dovecot, message, messages_in
from tests.service.scripted_imap import MESSAGE, Answer, Script, serving

ROOT = Path(__file__).parents[3]
QUICK = Patience(timeout=10, pause=0.01)


@pytest.fixture
def any_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALFORM_MAIL_PASSWORD", "x")


def library(
    imap: Dovecot, box: str, target: Path, port: int, said: io.StringIO | None = None, **wishes: int
) -> Outcome:
    """The same by the library, over another port and with less patience."""
    address = Address("localhost", port, dovecot.USER, box, "tls")
    console = Console(file=said or io.StringIO(), width=1000)
    return fetch(
        address, PASSWORD, target, Wishes(**wishes), lambda record: None, console, imap.certificate, QUICK
    )


def test_a_password_beyond_ascii_logs_in_too(
    mail, imap: Dovecot, box: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap.deliver(message("one"), folder=box)
    monkeypatch.setenv("SEALFORM_MAIL_PASSWORD", OTHER_PASSWORD)
    assert len(mail(url=imap.url(user=OTHER_USER)).lines) == 1


def test_a_wrong_password_is_told_with_what_to_do_and_never_shown(
    mail, imap: Dovecot, box: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEALFORM_MAIL_PASSWORD", "wrong-password")
    ran = mail()
    assert (ran.code, ran.out) == (1, "")
    assert "登录失败" in ran.err
    assert "授权码" in ran.err
    assert "wrong-password" not in ran.err


@pytest.mark.usefixtures("any_password")
def test_a_certificate_nobody_signed_is_refused_before_the_password_is_sent(
    run, imap: Dovecot, tmp_path: Path
) -> None:
    attempts = imap.log.count("Login:")
    ran = run("mail", "--imap", imap.url(), "-o", tmp_path / "in")
    assert (ran.code, ran.out) == (1, "")
    assert "证书不可信" in ran.err
    wrong_host = imap.url().replace("localhost", "127.0.0.1")
    ran = run("mail", "--imap", wrong_host, "-o", tmp_path / "in2", "--ca", imap.certificate)
    assert (ran.code, "证书不可信" in ran.err) == (1, True)
    assert imap.log.count("Login:") == attempts


def test_starttls_comes_before_the_password(mail, imap: Dovecot, box: str) -> None:
    imap.deliver(message("one"), folder=box)
    url = imap.url().replace("imaps://", "imap://").replace(str(imap.tls), str(imap.plain))
    assert len(mail(url=url).lines) == 1
    logins = [line for line in imap.log.splitlines() if "imap-login: Info: Login:" in line]
    assert "TLS" in logins[-1]


def test_a_port_without_tls_is_told(mail, imap: Dovecot) -> None:
    ran = mail(url=imap.url().replace(str(imap.tls), str(imap.plain)))
    assert ran.code == 1
    assert "请核对端口" in ran.err


@contextmanager
def cut(imap: Dovecot, after: Callable[[int], int]) -> Iterator[int]:
    """A port that leads to the server, and cuts its nth connection once `after(n)` bytes have come back."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_forward_each, args=(listener, imap.tls, after), daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _forward_each(listener: socket.socket, port: int, after: Callable[[int], int]) -> None:
    number = 0
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            number += 1
            behind = socket.create_connection(("127.0.0.1", port))
            threading.Thread(target=_pass, args=(client, behind, 1 << 40), daemon=True).start()
            threading.Thread(target=_pass, args=(behind, client, after(number)), daemon=True).start()


def _pass(source: socket.socket, target: socket.socket, most: int) -> None:
    with suppress(OSError):
        while most > 0 and (data := source.recv(min(65536, most))):
            target.sendall(data)
            most -= len(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def test_a_connection_that_breaks_is_made_again_and_goes_on(imap: Dovecot, box: str, tmp_path: Path) -> None:
    sent = [message(str(number), 300_000) for number in range(12)]
    imap.deliver(*sent, folder=box)
    said = io.StringIO()
    with cut(imap, lambda number: 1_000_000) as port:
        outcome = library(imap, box, tmp_path, port, said)
    assert outcome.left_out == []
    assert messages_in(tmp_path) == sorted(sent)
    assert "重新连接" in said.getvalue()


def test_a_message_that_breaks_every_connection_does_not_cost_the_others(
    imap: Dovecot, box: str, tmp_path: Path
) -> None:
    sent = [message("one"), message("big", 600_000), message("three")]
    imap.deliver(*sent, folder=box)
    with cut(imap, lambda number: 400_000) as port:
        outcome = library(imap, box, tmp_path, port)
    assert [(record.uid, record.state) for record in outcome.left_out] == [(2, "failed")]
    assert messages_in(tmp_path) == sorted([sent[0], sent[2]])
    assert library(imap, box, tmp_path, imap.tls).left_out == []
    assert messages_in(tmp_path) == sorted(sent)


def test_a_server_that_stays_away_ends_the_run_with_what_was_fetched(
    imap: Dovecot, box: str, tmp_path: Path
) -> None:
    sent = [message(str(number), 300_000) for number in range(6)]
    imap.deliver(*sent, folder=box)
    with (
        cut(imap, lambda number: 1_000_000 if number == 1 else 0) as port,
        pytest.raises(MailboxUnreachable, match="再运行"),
    ):
        library(imap, box, tmp_path, port)
    kept = messages_in(tmp_path)
    assert 0 < len(kept) < 6
    assert set(kept) < set(sent)
    assert not [path for path in tmp_path.glob(".*") if path.name not in (STATE, LOCK)]
    assert len(library(imap, box, tmp_path, imap.tls).new) == 6 - len(kept)
    assert messages_in(tmp_path) == sorted(sent)


def scripted(run, script: Script, target: Path, *more: object):
    with serving(script):
        return run("mail", "--imap", script.url, "--insecure", "-o", target, *more)


def _opens_for_the_known(script: Script, command: bytes) -> Answer | None:
    """As 163 and 126 do."""
    known = any(heard.startswith(b'ID ("name" "Sealform"') for heard in script.heard)
    return (
        [b"NO EXAMINE Unsafe Login. Please contact kefu@188.com for help"]
        if command[:7] == b"EXAMINE" and not known
        else None
    )


@pytest.mark.usefixtures("any_password")
def test_a_server_that_opens_folders_only_for_a_client_with_an_id_does(run, tmp_path: Path) -> None:
    script = Script()
    script.answers.append(lambda command: _opens_for_the_known(script, command))
    ran = scripted(run, script, tmp_path)
    assert (ran.code, messages_in(tmp_path)) == (0, [MESSAGE])
    names = [heard.split()[0] for heard in script.heard]
    assert names.index(b"LOGIN") < names.index(b"ID") < names.index(b"EXAMINE")
    assert not {b"SELECT", b"STORE", b"EXPUNGE", b"CLOSE"} & set(names)


@pytest.mark.usefixtures("any_password")
def test_a_server_that_refuses_all_the_same_is_told_with_what_to_do(run, tmp_path: Path) -> None:
    refusal = b"NO EXAMINE Unsafe Login. Please contact kefu@188.com for help"
    ran = scripted(run, Script([lambda command: [refusal] if command[:7] == b"EXAMINE" else None]), tmp_path)
    assert ran.code == 1
    assert "Unsafe Login" in ran.err
    assert "授权码" in ran.err


@pytest.mark.usefixtures("any_password")
@pytest.mark.parametrize("answer", [b"BAD what", b"NO never"])
def test_a_server_that_wants_no_id_is_read(answer: bytes, run, tmp_path: Path) -> None:
    ran = scripted(run, Script([lambda command: [answer] if command[:3] == b"ID " else None]), tmp_path)
    assert (ran.code, messages_in(tmp_path)) == (0, [MESSAGE])


@pytest.mark.usefixtures("any_password")
def test_a_server_that_knows_no_pieces_is_read(run, tmp_path: Path) -> None:
    whole = [b"* 1 FETCH (UID 7 BODY[] {%d}" % len(MESSAGE), MESSAGE + b")"]
    ran = scripted(
        run, Script([lambda command: list(whole) if b"BODY.PEEK[]" in command else None]), tmp_path
    )
    assert (ran.code, messages_in(tmp_path)) == (0, [MESSAGE])


# What a server may answer when it is asked for a message, and what must come of it: the state, and a word of
# the reason.
REFUSALS = {
    b"NO no such thing": ("failed", "no such thing"),
    b"* 1 FETCH (UID 7 BODY[]<0> NIL)": ("failed", "没有给出"),
    b'* 1 FETCH (UID 7 BODY[]<0> "")': ("failed", "没有给出"),
    b'* 1 FETCH (UID 7 BODY[]<5> "Hello")': ("failed", "没有给出"),
    b"* 1 FETCH (UID 7 FLAGS ())": ("failed", "没有给出"),
}


@pytest.mark.usefixtures("any_password")
@pytest.mark.parametrize("answer", REFUSALS)
def test_a_message_that_the_server_does_not_give_fails_and_is_asked_for_again(
    answer: bytes, run, tmp_path: Path
) -> None:
    script = Script([lambda command: [answer] if b"BODY.PEEK[]" in command else None])
    ran = scripted(run, script, tmp_path)
    state, word = REFUSALS[answer]
    assert ran.code == 1
    assert [(line["uid"], line["state"], word in line["reason"]) for line in ran.lines] == [(7, state, True)]
    assert "未收取 UID 7" in ran.err
    assert messages_in(tmp_path) == []
    script.answers.clear()
    again = scripted(run, script, tmp_path)
    assert (again.code, messages_in(tmp_path)) == (0, [MESSAGE])


@pytest.mark.usefixtures("any_password")
def test_a_message_that_the_server_cannot_measure_does_not_cost_the_others(run, tmp_path: Path) -> None:
    def refuse(command: bytes) -> Answer | None:
        if command.startswith(b"UID SEARCH"):
            return [b"* SEARCH 6 7"]
        if b"RFC822.SIZE" in command and b" 7 (" not in command:
            return [b"NO internal error"]
        return [b"NO damaged"] if command.startswith(b"UID FETCH 6 ") else None

    ran = scripted(run, Script([refuse]), tmp_path)
    assert (ran.code, messages_in(tmp_path)) == (1, [MESSAGE])
    assert [(line["uid"], line["state"]) for line in ran.lines] == [(6, "failed"), (7, "fetched")]


@pytest.mark.usefixtures("any_password")
def test_a_message_that_has_gone_meanwhile_is_no_failure(run, tmp_path: Path) -> None:
    ran = scripted(run, Script([lambda command: [] if b"BODY.PEEK[]" in command else None]), tmp_path)
    assert (ran.code, ran.out, messages_in(tmp_path)) == (0, "", [])


@pytest.mark.usefixtures("any_password")
def test_a_message_longer_than_the_server_said_is_still_held_to_the_limit(run, tmp_path: Path) -> None:
    large = b"Subject: one\r\n\r\n" + b"x" * 5000
    whole = [b"* 1 FETCH (UID 7 BODY[]<0> {%d}" % len(large), large + b")"]
    script = Script([lambda command: list(whole) if b"BODY.PEEK[]" in command else None])
    ran = scripted(run, script, tmp_path, "--max-bytes", 1000)
    assert (ran.code, messages_in(tmp_path)) == (1, [])
    assert [(line["state"], line["subject"]) for line in ran.lines] == [("too-large", "one")]
    assert not [path for path in tmp_path.iterdir() if path.name not in (STATE, LOCK)]


def test_a_reply_that_announces_gigabytes_is_refused_before_it_is_held(tmp_path: Path) -> None:
    endless = b"* 1 FETCH (UID 7 BODY[]<0> {4000000000}"
    script = Script([lambda command: [endless] if b"BODY.PEEK[]" in command else None])
    with serving(script):
        address = Address.parse(script.url, insecure=True)
        outcome = fetch(
            address, "x", tmp_path, Wishes(), lambda record: None, Console(file=io.StringIO()), None, QUICK
        )
    assert [(record.state, "4000000000" in str(record.reason)) for record in outcome.left_out] == [
        ("failed", True)
    ]


@pytest.mark.usefixtures("any_password")
def test_a_server_without_starttls_gets_no_password(run, tmp_path: Path) -> None:
    script = Script()
    with serving(script):
        ran = run("mail", "--imap", script.url, "-o", tmp_path)
    assert ran.code == 1
    assert "不支持 STARTTLS" in ran.err
    assert not [heard for heard in script.heard if heard.startswith((b"LOGIN", b"AUTHENTICATE"))]


@pytest.mark.usefixtures("any_password")
def test_what_a_server_says_cannot_steer_the_terminal(run, tmp_path: Path) -> None:
    script = Script(
        [lambda command: [b"NO \x1b]0;owned\x07 \x1b[31mno"] if command.startswith(b"LOGIN") else None]
    )
    ran = scripted(run, script, tmp_path)
    assert ran.code == 1
    assert "owned" in ran.err
    assert not {"\x1b", "\x07"} & set(ran.err)


def test_more_messages_than_one_search_may_name_are_all_found(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, any_password: None
) -> None:
    monkeypatch.setattr("service.mail.imap._A_SEARCH", 2)
    script = Script()
    script.answers.append(
        lambda command: [b"* 5 EXISTS", b"* OK [UIDVALIDITY 1] ok"] if command[:7] == b"EXAMINE" else None
    )
    scripted(run, script, tmp_path)
    assert [heard for heard in script.heard if heard.startswith(b"UID SEARCH")] == [
        b"UID SEARCH 1:2",
        b"UID SEARCH 3:4",
        b"UID SEARCH 5:5",
    ]


WRONG_URLS = {
    "imaps://user:hunter2@host/": "密码不能写在网址中",
    "imaps://host/": "网址有误",
    "https://user@host/": "网址有误",
    "imaps://user@host:port/": "网址有误",
    "imaps://us%0D%0Aer@host/": "控制字符",
    "imap://user@mail.example.cn/ --insecure": "--insecure 只能用于本机",
    "imaps://user@localhost/ --insecure": "--insecure 只能用于本机",
    "imaps://user@host/INBOX --folder 别的": "与 --folder 给出的不同",
}


@pytest.mark.usefixtures("any_password")
@pytest.mark.parametrize("words", WRONG_URLS)
def test_a_wrong_url_is_told_without_showing_it(words: str, run, tmp_path: Path) -> None:
    ran = run("mail", "--imap", *words.split(" "), "-o", tmp_path / "in")
    assert (ran.code, ran.out) == (2, "")
    assert WRONG_URLS[words] in ran.err
    assert "hunter2" not in ran.err
    assert not (tmp_path / "in").exists()


def test_an_address_is_taken_from_the_url() -> None:
    address = Address.parse("imaps://user%40bureau.cn@imap.example.cn/%E7%94%B3%E6%8A%A5/2026")
    assert (address.user, address.host, address.port, address.folder) == (
        "user@bureau.cn",
        "imap.example.cn",
        993,
        "申报/2026",
    )
    assert Address.parse("imap://a@b@[::1]:1143/").user == "a@b"
    assert Address.parse("imap://a@[::1]:1143/", insecure=True).security == "none"
    assert Address.parse("imap://a@imap.example.cn", "已发送") == Address(
        "imap.example.cn", 143, "a", "已发送", "starttls"
    )


def _read_until(terminal: int, words: bytes) -> bytes:
    said = b""
    while words not in said and select.select([terminal], [], [], 30)[0]:
        said += os.read(terminal, 1000)
    return said


def test_on_a_terminal_the_password_is_asked_for_and_not_echoed(
    imap: Dovecot, box: str, tmp_path: Path
) -> None:
    imap.deliver(message("one"), folder=box)
    command = [
        sys.executable,
        "-m",
        "service.cli",
        "mail",
        "--imap",
        imap.url(box),
        "-o",
        str(tmp_path / "in"),
    ]
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [*command, "--ca", str(imap.certificate)],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    ) as process:
        # Whatever is typed before the blank after the colon is thrown away with the echo.
        said = _read_until(ours, "授权码: ".encode())
        os.write(ours, PASSWORD.encode() + b"\n")
        try:
            out, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    said += _read_until(ours, "新收取 1 封".encode())
    assert process.returncode == 0
    assert json.loads(out)["subject"] == "one"
    assert PASSWORD.encode() not in said + out


def test_without_a_password_nothing_is_tried(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEALFORM_MAIL_PASSWORD", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    ran = run("mail", "--imap", "imaps://user@localhost:1/", "-o", tmp_path / "in")
    assert (ran.code, ran.out) == (2, "")
    assert "SEALFORM_MAIL_PASSWORD" in ran.err


def test_a_server_that_is_not_there_is_told_after_some_tries(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    said = io.StringIO()
    with pytest.raises(MailboxUnreachable, match="请检查网络"):
        fetch(
            Address("localhost", port, "a", "INBOX", "tls"),
            "x",
            tmp_path,
            Wishes(),
            lambda record: None,
            Console(file=said, width=1000),
            None,
            QUICK,
        )
    assert said.getvalue().count("重新连接") == QUICK.tries - 1
