"""Fetching from a mailbox: everything once, whole, and nothing changed on the server."""

import datetime
import errno
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from service.mail import imap as mailbox
from service.mail.folder import LOCK, STATE, MailFolder, Record
from service.mail.imap import Listed
from service.sources import select
from tests.service.dovecot import Dovecot, message, messages_in

ROOT = Path(__file__).parents[3]


def test_each_message_is_fetched_once_and_whole(mail, imap: Dovecot, box: str, tmp_path: Path) -> None:
    first, later = [message("one"), message("two", 3000)], [message("three"), message("four")]
    imap.deliver(*first, folder=box)
    ran = mail()
    assert (ran.code, len(ran.lines)) == (0, 2)
    assert messages_in(tmp_path / "in") == sorted(first)
    assert {(tmp_path / "in" / line["file"]).read_bytes() for line in ran.lines} == set(first)
    assert [(line["state"], line["subject"], line["sender"], line["date"]) for line in ran.lines] == [
        ("fetched", "one", "unit@park.cn", "2026-11-21T10:00:00+08:00"),
        ("fetched", "two", "unit@park.cn", "2026-11-21T10:00:00+08:00"),
    ]
    assert "新收取 2 封" in ran.err
    again = mail()
    assert (again.code, again.out) == (0, "")
    assert "新收取 0 封" in again.err
    imap.deliver(*later, folder=box)
    assert [line["subject"] for line in mail().lines] == ["three", "four"]
    assert messages_in(tmp_path / "in") == sorted([*first, *later])


def test_nothing_is_changed_on_the_server(mail, imap: Dovecot, box: str) -> None:
    imap.deliver(message("one"), message("two"), folder=box)
    with imap.client() as client:
        client.select_folder(box)
        client.add_flags([2], [rb"\Flagged"])
    assert mail().code == 0
    with imap.client() as client:
        client.select_folder(box, readonly=True)
        flags = {
            uid: set(found[b"FLAGS"]) - {rb"\Recent"}
            for uid, found in client.fetch([1, 2], ["FLAGS"]).items()
        }
    assert flags == {1: set(), 2: {rb"\Flagged"}}


def test_the_client_says_what_it_is(mail, imap: Dovecot, box: str) -> None:
    imap.deliver(message("one"), folder=box)
    assert mail().code == 0
    assert "ID sent: name=Sealform" in imap.log


def test_the_folder_is_an_input_of_extract(mail, imap: Dovecot, box: str, tmp_path: Path) -> None:
    imap.deliver(message("one"), folder=box)
    mail()
    assert {STATE, LOCK} < {path.name for path in (tmp_path / "in").iterdir()}
    selection = select([tmp_path / "in"])
    assert [submission.path.suffix for submission in selection.submissions] == [".eml"]
    assert {reason for _, reason in selection.left_out} == {"隐藏文件或系统文件"}


def test_a_folder_with_a_chinese_name_is_found_and_an_unknown_one_told_with_those_there_are(
    mail, imap: Dovecot
) -> None:
    imap.deliver(message("one"), folder="申报/材料&表")
    assert len(mail(folder="申报/材料&表").lines) == 1
    wrong = mail(folder="申报表", into="other")
    assert wrong.code == 1
    assert "没有邮件夹“申报表”，已有：" in wrong.err
    assert "申报/材料&表" in wrong.err
    # A name mistyped once does not spoil the folder on the disk.
    assert len(mail(folder="申报/材料&表", into="other").lines) == 1


def test_limit_leaves_the_rest_for_the_next_run(mail, imap: Dovecot, box: str) -> None:
    imap.deliver(*(message(str(number)) for number in range(5)), folder=box)
    ran = mail("--limit", 2)
    assert (ran.code, [line["subject"] for line in ran.lines]) == (0, ["0", "1"])
    assert "留待下次 3 封" in ran.err
    assert [line["subject"] for line in mail("--limit", 2).lines] == ["2", "3"]
    assert [line["subject"] for line in mail("--limit", 2).lines] == ["4"]


def test_since_leaves_out_what_came_before(mail, imap: Dovecot, box: str) -> None:
    imap.deliver(message("now"), folder=box)
    with imap.client() as client:
        client.append(box, message("then"), msg_time=datetime.datetime(2020, 1, 1, 12))
    assert [line["subject"] for line in mail("--since", "2021-01-01").lines] == ["now"]
    assert [line["subject"] for line in mail().lines] == ["then"]
    assert mail("--since", "yesterday").code == 2


def test_a_message_over_the_limit_is_named_and_fetched_once_it_is_allowed(
    mail, imap: Dovecot, box: str, tmp_path: Path
) -> None:
    big = message("大文件", 100_000)
    imap.deliver(message("one"), big, message("two"), folder=box)
    ran = mail("--max-bytes", 50_000)
    assert ran.code == 1
    assert [(line["state"], line["subject"], line["file"] is None) for line in ran.lines] == [
        ("fetched", "one", False),
        ("too-large", "大文件", True),
        ("fetched", "two", False),
    ]
    assert "UID 2《大文件》unit@park.cn" in ran.err
    again = mail("--max-bytes", 50_000)
    assert (again.code, again.out) == (1, "")
    assert "UID 2《大文件》" in again.err
    assert [line["subject"] for line in mail().lines] == ["大文件"]
    assert big in messages_in(tmp_path / "in")
    assert mail().code == 0


def test_a_message_larger_than_a_piece_is_put_together(
    mail, imap: Dovecot, box: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "PIECE", 1000)
    sizes = [len(message("", 0)), *range(1900, 2100, 7)]
    sent = [message("x" * 10, size) + b"y" * (size % 66) for size in sizes]
    imap.deliver(*sent, message("z") + b"." * (3000 - len(message("z"))), folder=box)
    assert mail().code == 0
    found = messages_in(tmp_path / "in")
    assert len(found) == len(sent) + 1
    assert set(sent) < set(found)


SUBJECTS = {
    "../../../etc/passwd": "etc_passwd",
    'a\\b:c*d?e"f<g>h|i\t\x00j': "a_b_c_d_e_f_g_h_i",
    "=?utf-8?B?55Sz5oql?=\r\n =?utf-8?B?6KGoCuihqA==?=": "申报表_表",
    "=?gb2312?B?yeqxqLHt?=": "申报表",
    "=?utf-8?B?!!!?=": "无主题",
    "=?nonsense?B?yeqxqLHt?=": "申报表",
    "申报" * 3000: "申报申报",
    ".hidden": "hidden",
    "\u202etxt.exe": "txt_exe",
    "CON": "CON",
    "": "无主题",
}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_becomes_a_safe_name(subject: str, mail, imap: Dovecot, tmp_path: Path) -> None:
    box = "names-" + hashlib.sha1(subject.encode()).hexdigest()
    sent = message(subject.replace("\x00", ""))
    imap.deliver(sent, folder=box)
    (line,) = mail(folder=box).lines
    (path,) = (tmp_path / "in").glob("*.eml")
    assert line["file"] == path.name
    assert path.read_bytes() == sent
    assert len(path.name.encode()) < 200
    assert SUBJECTS[subject] in path.name
    assert all(part.isalnum() or part in "_-." for part in path.name)


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_raw_eight_bit_headers_are_read(charset: str, mail, imap: Dovecot, tmp_path: Path) -> None:
    box = f"raw-{charset}"
    imap.deliver(message("关于申报的函".encode(charset)), folder=box)
    (line,) = mail(folder=box).lines
    assert line["subject"] == "关于申报的函"
    assert "关于申报的函" in line["file"]


def _start(imap: Dovecot, box: str, target: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "service.cli", "mail", "--imap", imap.url(box), "-o", str(target)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    return subprocess.Popen(
        [*command, "--ca", str(imap.certificate)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_kill_at_any_point_loses_nothing_and_doubles_nothing(
    mail, imap: Dovecot, box: str, tmp_path: Path
) -> None:
    sent = [message(str(number), 200_000) for number in range(40)]
    imap.deliver(*sent, folder=box)
    target = tmp_path / "in"
    for share in (3, 9, 20):
        process = _start(imap, box, target)
        try:
            limit = time.monotonic() + 60
            while len(list(target.glob("*.eml"))) < share and time.monotonic() < limit:
                time.sleep(0.001)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert all(path.read_bytes() in sent for path in target.glob("*.eml"))
        assert len(list(target.glob("*.eml"))) < 40
    assert mail().code == 0
    assert messages_in(target) == sorted(sent)
    assert {path.name for path in target.glob(".*")} == {STATE, LOCK}


def test_ctrl_c_keeps_what_was_fetched_and_ends_with_130(
    mail, imap: Dovecot, box: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    imap.deliver(*(message(str(number)) for number in range(4)), folder=box)
    keep = MailFolder.keep
    # A shell that runs tests in the background lets them ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))

    def interrupted(self: MailFolder, uidvalidity: int, listed: Listed, *more: Any) -> Record | None:
        if listed.uid == 3:
            signal.raise_signal(signal.SIGINT)
        return keep(self, uidvalidity, listed, *more)

    with monkeypatch.context() as patch:
        patch.setattr(MailFolder, "keep", interrupted)
        ran = mail()
    assert (ran.code, [line["subject"] for line in ran.lines]) == (130, ["0", "1"])
    assert "已中断，新收取 2 封" in ran.err
    assert [line["subject"] for line in mail().lines] == ["2", "3"]


def test_a_full_disk_is_no_fault_of_the_network(
    mail, imap: Dovecot, box: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap.deliver(message("one"), folder=box)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("service.atomic_files.os.fsync", full)
        ran = mail()
    assert (ran.code, ran.out) == (2, "")
    assert "磁盘已满" in ran.err
    assert "重新连接" not in ran.err
    assert messages_in(tmp_path / "in") == []
    assert len(mail().lines) == 1


def test_a_file_without_its_line_is_known_again_and_a_torn_line_dropped(
    mail, imap: Dovecot, box: str, tmp_path: Path
) -> None:
    imap.deliver(message("one"), message("two"), message("three"), folder=box)
    whole = [{key: value for key, value in line.items() if key != "arrived"} for line in mail().lines]
    state = tmp_path / "in" / STATE
    lines = state.read_bytes().splitlines(keepends=True)
    state.write_bytes(b"".join(lines[:2]) + lines[2][:30])
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "in").glob("*.eml")}
    ran = mail()
    assert [{key: value for key, value in line.items() if key != "arrived"} for line in ran.lines] == whole[
        1:
    ]
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "in").glob("*.eml")} == before
    assert [json.loads(line)["uid"] for line in state.read_bytes().splitlines()[1:]] == [1, 2, 3]


def test_a_file_of_another_mailbox_is_not_taken_for_the_message(
    mail, imap: Dovecot, box: str, tmp_path: Path
) -> None:
    imap.deliver(message("mine"), folder=box)
    (line,) = mail().lines
    (tmp_path / "in" / STATE).unlink()
    (tmp_path / "in" / line["file"]).write_bytes(message("theirs"))
    assert mail().code == 0
    assert sorted(messages_in(tmp_path / "in")) == [message("mine"), message("theirs")], (
        "nothing that was there is lost"
    )


def test_after_a_new_uidvalidity_only_what_is_not_there_is_written(
    mail, imap: Dovecot, box: str, tmp_path: Path
) -> None:
    # The same Message-ID does not make the same message: a reply sent again with another attachment has it
    # too.
    twice = [message("two"), message("two") + b"changed\r\n"]
    imap.deliver(message("one"), twice[0], folder=box)
    old = mail().lines
    with imap.client() as client:
        client.delete_folder(box)
    imap.deliver(message("three"), message("one"), message("one"), *twice, folder=box)
    ran = mail()
    assert ran.code == 0
    assert [line["state"] for line in ran.lines] == [
        "fetched",
        "duplicate",
        "duplicate",
        "duplicate",
        "fetched",
    ]
    assert ran.lines[0]["uidvalidity"] != old[0]["uidvalidity"]
    assert [line["file"] for line in ran.lines[1:4]] == [old[0]["file"], old[0]["file"], old[1]["file"]]
    assert messages_in(tmp_path / "in") == sorted([message("one"), message("three"), *twice])
    assert "与已有的相同 3 封" in ran.err
    assert mail().out == ""


def test_two_runs_at_once_are_refused(mail, imap: Dovecot, box: str, tmp_path: Path) -> None:
    imap.deliver(message("one"), folder=box)
    mail()
    with (tmp_path / "in" / LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = mail()
    assert (ran.code, ran.out) == (2, "")
    assert "另一个 sealform mail" in ran.err


def test_a_folder_of_another_mailbox_is_refused(mail, imap: Dovecot, box: str) -> None:
    imap.deliver(message("one"), folder=box)
    imap.deliver(message("two"), folder=f"{box}-2")
    assert mail().code == 0
    ran = mail(folder=f"{box}-2")
    assert (ran.code, ran.out) == (2, "")
    assert "不能再收取" in ran.err
