"""A small IMAP server over a real socket that does what real servers do to clients and Dovecot never does."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

# What to answer to one command, before its tagged line; "NO ..." and "BAD ..." take the place of the tagged
# OK.
Answer = list[bytes]
MESSAGE = b"Subject: one\r\n\r\nHello.\r\n"


@dataclass
class Script:
    """Speaks for a folder with one message. `answers` are asked first: each is given a command without its
    tag."""

    answers: list[Callable[[bytes], Answer | None]] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    capabilities: bytes = b"IMAP4rev1 ID"
    port: int = 0

    @property
    def url(self) -> str:
        return f"imap://forms%40163.com@127.0.0.1:{self.port}/"

    def answer(self, command: bytes) -> Answer:
        self.heard.append(command)
        for each in self.answers:
            if (given := each(command)) is not None:
                return given
        if command == b"CAPABILITY":
            return [b"* CAPABILITY " + self.capabilities]
        if command.startswith(b"EXAMINE"):
            return [
                b"* 1 EXISTS",
                b"* 0 RECENT",
                b"* OK [UIDVALIDITY 1] UIDs valid",
                b"* OK [UIDNEXT 8] next",
            ]
        if command.startswith(b"UID SEARCH"):
            return [b"* SEARCH 7"]
        if command.startswith(b"UID FETCH"):
            return self._fetch(command)
        return [b"* BYE"] if command == b"LOGOUT" else []

    def _fetch(self, command: bytes) -> Answer:
        if b"RFC822.SIZE" in command:
            return [
                b'* 1 FETCH (UID 7 RFC822.SIZE %d INTERNALDATE "22-Nov-2026 09:00:00 +0800")' % len(MESSAGE)
            ]
        asked = re.search(rb"<(\d+)\.(\d+)>", command)
        if not asked:
            return [b"* 1 FETCH (UID 7 BODY[HEADER.FIELDS (SUBJECT)] {16}", b"Subject: one\r\n\r\n)"]
        first, count = int(asked[1]), int(asked[2])
        piece = MESSAGE[first : first + count]
        return [b"* 1 FETCH (UID 7 BODY[]<%d> {%d}" % (first, len(piece)), piece + b")"]


@contextmanager
def serving(script: Script) -> Iterator[Script]:
    """Listens on a free port of the loopback address until the block is left."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        script.port = server.getsockname()[1]
        threading.Thread(target=_accept, args=(server, script), daemon=True).start()
        yield script
        server.shutdown(socket.SHUT_RDWR)


def _accept(server: socket.socket, script: Script) -> None:
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            threading.Thread(target=_talk, args=(client, script), daemon=True).start()


def _talk(client: socket.socket, script: Script) -> None:
    with suppress(OSError), client, client.makefile("rwb") as stream:
        stream.write(b"* OK ready\r\n")
        stream.flush()
        for line in stream:
            tag, _, command = line.rstrip(b"\r\n").partition(b" ")
            answer = script.answer(command)
            last = answer.pop() if answer and answer[-1].startswith((b"NO ", b"BAD ")) else b"OK done"
            stream.write(b"".join(each + b"\r\n" for each in [*answer, tag + b" " + last]))
            stream.flush()
