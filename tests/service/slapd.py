"""A real OpenLDAP of our own: on a free port of two loopback addresses, with a certificate for the second, in
a temporary folder."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ldap3 import MODIFY_REPLACE, SYNC, Connection, Server

from tests.service.dovecot import make_certificate

BASE = "dc=bureau,dc=test"
PEOPLE, GROUPS = f"ou=people,{BASE}", f"ou=groups,{BASE}"
READER, READER_PASSWORD = f"cn=reader,{BASE}", "reads (all) \\ *"
_ROOT, _ROOT_PASSWORD = f"cn=root,{BASE}", "root of the test"
# Not one of this machine's usual names, so that TLS is asked for.
TLS_HOST = "127.0.0.2"
_MANAGE_REFERRALS = ("2.16.840.1.113730.3.4.2", True, None)

# `bind_anon_dn` lets whoever gives a name and no password in as nobody, as some servers do.
_CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {home}/pid
allow bind_anon_dn
referral ldap://127.0.0.1:{trap}
TLSCACertificateFile {home}/cert.pem
TLSCertificateFile {home}/cert.pem
TLSCertificateKeyFile {home}/key.pem
database mdb
suffix "{base}"
rootdn "{root}"
rootpw "{password}"
directory {home}/data
overlay memberof
memberof-memberof-ad memberOf
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by * none
"""


@dataclass
class Slapd:
    """A running server. `heard` are connections to where its referrals lead."""

    home: Path
    port: int
    tls: int
    trap: socket.socket
    people: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def certificate(self) -> Path:
        return self.home / "cert.pem"

    def was_trapped(self) -> bool:
        """Whether anybody followed a referral."""
        try:
            self.trap.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def add_person(self, uid: str, password: str | None, full_name: str = "", rdn: str = "") -> str:
        """Returns the full name of somebody new."""
        dn = f"{rdn or f'uid={uid}'},{PEOPLE}"
        about: dict[str, Any] = {"uid": uid, "cn": full_name or uid, "sn": uid}
        if password is not None:
            about["userPassword"] = password
        self._add(dn, ["inetOrgPerson"], about)
        return dn

    def add_group(self, name: str, members: Sequence[str], below: str = GROUPS) -> str:
        dn = f"cn={name},{below}"
        self._add(dn, ["groupOfNames"], {"cn": name, "member": [READER, *members]})
        return dn

    def add_unix_group(self, name: str, uids: Sequence[str]) -> None:
        about = {"cn": name, "gidNumber": "1", "memberUid": list(uids)}
        self._add(f"cn={name},{GROUPS}", ["posixGroup"], about)

    def add_referral(self, name: str) -> None:
        about = {"cn": name, "ref": f"ldap://127.0.0.1:{self.trap.getsockname()[1]}/{BASE}"}
        self._add(f"cn={name},{PEOPLE}", ["referral", "extensibleObject"], about, [_MANAGE_REFERRALS])

    def change(self, dn: str, **values: Any) -> None:
        with self._root() as root:
            lists = {name: one if isinstance(one, list) else [one] for name, one in values.items()}
            told = {name: [(MODIFY_REPLACE, some)] for name, some in lists.items()}
            assert root.modify(dn, told), root.result

    def rename(self, dn: str, rdn: str) -> None:
        with self._root() as root:
            assert root.modify_dn(dn, rdn), root.result

    def remove(self, dn: str) -> None:
        with self._root() as root:
            assert root.delete(dn), root.result

    def _add(self, dn: str, kinds: list[str], about: Mapping[str, Any], controls: Any = None) -> None:
        with self._root() as root:
            assert root.add(dn, kinds, dict(about), controls), root.result

    def _root(self) -> Any:
        server = Server("127.0.0.1", self.port, get_info="NO_INFO", connect_timeout=5)
        return Connection(
            server, _ROOT, _ROOT_PASSWORD, auto_bind=True, client_strategy=SYNC, check_names=False
        )


@contextmanager
def running() -> Iterator[Slapd]:
    """Starts a server with nobody in it but who reads it, and ends it."""
    program = shutil.which("slapd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/libexec")
    if program is None:
        pytest.skip("needs slapd (apt-get install slapd)")
    with tempfile.TemporaryDirectory(prefix="slapd-") as name, socket.socket() as trap:
        home = Path(name)
        (home / "data").mkdir()
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        trap.setblocking(False)
        make_certificate(home, TLS_HOST, "IP")
        one = Slapd(home, _free_port(), _free_port(), trap)
        (home / "slapd.conf").write_text(
            _CONFIG.format(
                home=home, trap=trap.getsockname()[1], base=BASE, root=_ROOT, password=_ROOT_PASSWORD,
                reader=READER,
            )
        )  # fmt: skip
        places = [f"ldap://127.0.0.1:{one.port}", f"ldap://{TLS_HOST}:{one.port}"]
        places += [f"ldaps://{TLS_HOST}:{one.tls}", f"ldaps://127.0.0.3:{one.tls}"]
        with (home / "log").open("w") as log:
            process = subprocess.Popen(
                [program, "-f", str(home / "slapd.conf"), "-h", " ".join(places), "-d", "0"],
                stdout=log, stderr=log,
            )  # fmt: skip
            try:
                _wait_for(one, process)
                _begin(one)
                yield one
            finally:
                process.terminate()
                process.wait(20)


def _begin(one: Slapd) -> None:
    one._add(BASE, ["dcObject", "organization"], {"dc": "bureau", "o": "bureau"})
    for place in ("people", "groups", "others"):
        one._add(f"ou={place},{BASE}", ["organizationalUnit"], {"ou": place})
    reader = {"cn": "reader", "sn": "reader", "userPassword": READER_PASSWORD}
    one._add(READER, ["person"], reader)


def _free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port


def _wait_for(one: Slapd, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError(f"slapd ended: {(one.home / 'log').read_text()}")
        try:
            socket.create_connection(("127.0.0.1", one.port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("slapd did not start")
