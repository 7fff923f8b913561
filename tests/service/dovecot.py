"""A real Dovecot of our own: on free ports of the loopback address, with a certificate made for it, in a
temporary folder."""

import hashlib
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from imapclient import IMAPClient

USER = "forms@bureau.cn"
PASSWORD = 'sec"ret \\word'
# Another way into the same mail, with a password that LOGIN can't carry.
OTHER_USER = "other@bureau.cn"
OTHER_PASSWORD = "机密"
# Dovecot serves no mail as root, so a root's tests serve it as this user.
_UNPRIVILEGED = "nobody"

_CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = no
auth_failure_delay = 0
first_valid_uid = 1
mail_location = maildir:{home}/mail:LAYOUT=fs
imap_id_log = *
{users}
passdb {{
  driver = passwd-file
  args = {home}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running server. `home` holds its files, `certificate` is what to trust."""

    home: Path
    plain: int
    tls: int

    @property
    def certificate(self) -> Path:
        return self.home / "cert.pem"

    @property
    def log(self) -> str:
        return (self.home / "log").read_text("utf-8", "replace")

    def url(self, folder: str = "", user: str = USER) -> str:
        return f"imaps://{user.replace('@', '%40')}@localhost:{self.tls}/{folder}"

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        """A client of the test's own, with which it delivers mail and looks at what became of it."""
        with IMAPClient(
            "localhost", self.tls, ssl_context=ssl.create_default_context(cafile=self.certificate)
        ) as client:
            client.login(USER, PASSWORD)
            yield client

    def deliver(self, *messages: bytes, folder: str = "INBOX") -> None:
        with self.client() as client:
            if folder != "INBOX" and not client.folder_exists(folder):
                client.create_folder(folder)
            for message in messages:
                client.append(folder, message)


@contextmanager
def running() -> Iterator[Dovecot]:
    """Starts a Dovecot, and ends it with all its processes."""
    with tempfile.TemporaryDirectory(prefix="dovecot-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        # Its login process has a user of its own, and must reach the sockets.
        home.chmod(0o755)
        server = Dovecot(home, _free_port(), _free_port())
        _configure(server)
        program = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin") or ""
        process = subprocess.Popen(
            [program, "-F", "-c", str(home / "dovecot.conf")], stderr=subprocess.PIPE, text=True
        )
        try:
            _wait_for(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(20)


def _configure(server: Dovecot) -> None:
    home, me = server.home, pwd.getpwuid(os.getuid())
    owner = pwd.getpwnam(_UNPRIVILEGED) if me.pw_uid == 0 else me
    group = "" if me.pw_uid == 0 else f"default_internal_group = {_group(me.pw_gid)}"
    # Where root starts it, it has users of its own, which its package made.
    users = (
        ""
        if me.pw_uid == 0
        else f"default_internal_user = {me.pw_name}\ndefault_login_user = {me.pw_name}\n{group}"
    )
    for folder in ("mail", "home"):
        (home / folder).mkdir()
        os.chown(home / folder, owner.pw_uid, owner.pw_gid)
    (home / "users").write_text(
        f"{USER}:{{PLAIN}}{PASSWORD}\n{OTHER_USER}:{{PLAIN}}{OTHER_PASSWORD}\n", "utf-8"
    )
    text = _CONFIG.format(
        home=home, users=users, uid=owner.pw_uid, gid=owner.pw_gid, plain=server.plain, tls=server.tls
    )
    (home / "dovecot.conf").write_text(text)
    make_certificate(home, "localhost")


def _group(number: int) -> str:
    import grp

    return grp.getgrgid(number).gr_name


def make_certificate(folder: Path, host: str, kind: str = "DNS") -> None:
    """A certificate for `host` that nobody has signed, `cert.pem`, and its `key.pem`."""
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ),
            *("-subj", f"/CN={host}", "-addext", f"subjectAltName={kind}:{host}"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )


def _free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


def _wait_for(server: Dovecot, process: "subprocess.Popen[str]") -> None:
    for _ in range(100):
        if process.poll() is not None:
            raise RuntimeError(f"Dovecot ended: {process.stderr.read() if process.stderr else ''}")
        try:
            with socket.create_connection(("127.0.0.1", server.plain), timeout=5) as client:
                if client.recv(4) == b"* OK":
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"Dovecot does not answer: {server.log}")


def message(subject: str | bytes, size: int = 0) -> bytes:
    """A mail of about `size` bytes, which has the Message-ID that belongs to its subject."""
    raw = subject if isinstance(subject, bytes) else subject.encode()
    head = b"Message-ID: <%s@x>\r\n" % hashlib.sha1(raw).hexdigest().encode()
    head += b"From: unit@park.cn\r\nDate: Sat, 21 Nov 2026 10:00:00 +0800\r\nSubject: " + raw + b"\r\n"
    return head + b"\r\n" + (b"0123456789abcdef" * 4 + b"\r\n") * (size // 66)


def messages_in(folder: Path) -> list[bytes]:
    """What was fetched into a folder, sorted."""
    return sorted(path.read_bytes() for path in folder.glob("*.eml"))
