"""A mail server that takes mails over TCP, as far as a sender needs one: SMTP's commands, and a password."""

import base64
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Box:
    """What arrived: (envelope's sender, recipients, message) each; and what the server asks or refuses."""

    port: int = 0
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    login: tuple[str, str] | None = None
    refuses: str | None = None


class _Talk(socketserver.StreamRequestHandler):
    box: Box

    def handle(self) -> None:
        self._say("220 test ESMTP")
        sender, to, known = "", list[str](), self.box.login is None
        while line := self.rfile.readline().decode("latin-1").strip():
            verb, _, rest = line.partition(" ")
            verb = verb.upper()
            if verb == "EHLO":
                self._say("250-test", "250 AUTH PLAIN")
            elif verb == "AUTH":
                _, user, password = base64.b64decode(rest.split(" ")[1]).decode().split("\0")
                known = (user, password) == self.box.login
                self._say("235 welcome" if known else "535 no")
            elif verb == "MAIL" and not known:
                self._say("530 who are you")
            elif verb == "MAIL":
                sender, to = rest, []
                self._say("250 ok")
            elif verb == "RCPT" and self.box.refuses and self.box.refuses in rest:
                self._say("550 nobody")
            elif verb == "RCPT":
                to.append(rest.partition("<")[2].partition(">")[0])
                self._say("250 ok")
            elif verb == "DATA":
                self._say("354 go on")
                self.box.mails.append((sender.partition("<")[2].partition(">")[0], to, self._body()))
                self._say("250 taken")
            elif verb == "QUIT":
                self._say("221 bye")
                break
            else:
                self._say("250 ok")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def _body(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)


@contextmanager
def taking_mail(login: tuple[str, str] | None = None) -> Iterator[Box]:
    """A server on a port of its own, and what it takes."""
    box = Box(login=login)
    handler = type("Talk", (_Talk,), {"box": box})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()
