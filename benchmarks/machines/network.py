"""Machines as network namespaces on one bridge, which is in a namespace of its own too, so that nothing of
this machine's network is touched. Needs root and `ip` (Debian: iproute2)."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_NET = "10.77.0"
_NOWHERE = "02:00:00:00:00:77"


def is_possible() -> bool:
    """Whether namespaces can be made here."""
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("unshare"):
        return False
    name = f"sf{secrets.token_hex(3)}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode == 0
    if made:
        _ip("netns", "del", name)
    return made


@dataclass(frozen=True)
class Host:
    """A machine of the network."""

    name: str
    namespace: str
    address: str
    port: str  # of the bridge, in the namespace of the hub

    def command(self, command: Sequence[str]) -> list[str]:
        """`command` as it runs there, with a host name of its own."""
        inside = ["unshare", "--uts", "sh", "-c", f'hostname {self.name} && exec "$@"', "sh"]
        return ["ip", "netns", "exec", self.namespace, *inside, *command]

    def processes(self) -> list[int]:
        """The processes that run there."""
        told = subprocess.run(["ip", "netns", "pids", self.namespace], capture_output=True, text=True)
        return [int(one) for one in told.stdout.split()]

    def signal(self, number: int) -> None:
        """Sends a signal to all processes there."""
        for process in self.processes():
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def end(self, seconds: float = 0.0) -> None:
        """Ends all processes there, after so many seconds in which they may do so themselves."""
        if seconds:
            self.signal(signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        while self.processes():
            self.signal(signal.SIGKILL)
            time.sleep(0.05)


class Network:
    """The hub and the machines; `hub` is where the proxy and the senders are."""

    def __init__(self, names: Sequence[str]) -> None:
        self._tag = secrets.token_hex(2)
        self.hub = Host("hub", f"sf{self._tag}-hub", f"{_NET}.254", "")
        self._hosts = {
            name: Host(name, f"sf{self._tag}-{name}", f"{_NET}.{number}", f"{name[:6]}{self._tag}")
            for number, name in enumerate(names, 1)
        }
        _ip("netns", "add", self.hub.namespace)
        self._in_hub("link", "add", "br0", "type", "bridge")
        self._in_hub("addr", "add", f"{self.hub.address}/24", "dev", "br0")
        for device in ("lo", "br0"):
            self._in_hub("link", "set", device, "up")
        for host in self._hosts.values():
            self._add(host)

    def __getitem__(self, name: str) -> Host:
        return self._hosts[name]

    def cut(self, name: str) -> None:
        """Takes a machine off the network: what is sent to it or by it vanishes without a word."""
        self._in_hub("link", "set", self._hosts[name].port, "nomaster")

    def join(self, name: str) -> None:
        """Brings it back."""
        self._in_hub("link", "set", self._hosts[name].port, "master", "br0")

    def deafen(self, name: str, to: str) -> None:
        """What `name` sends to the machine `to` vanishes; all else arrives."""
        told = ["lladdr", _NOWHERE, "nud", "permanent", "dev", "eth0"]
        _ip("-n", self._hosts[name].namespace, "neigh", "replace", self._hosts[to].address, *told)

    def undeafen(self, name: str, to: str) -> None:
        """Lets it arrive again."""
        _ip("-n", self._hosts[name].namespace, "neigh", "del", self._hosts[to].address, "dev", "eth0")

    def break_down(self, name: str) -> None:
        """A machine without current: whoever spoke with it is told nothing."""
        self.cut(name)
        self._hosts[name].end()
        # With the namespace go its connections, which would say goodbye once it is back.
        _ip("netns", "del", self._hosts[name].namespace)

    def replace(self, name: str) -> None:
        """Puts a machine of the same address in the place of one that broke down."""
        self._add(self._hosts[name])

    def close(self) -> None:
        for host in (*self._hosts.values(), self.hub):
            host.end()
            subprocess.run(["ip", "netns", "del", host.namespace], capture_output=True)

    def _add(self, host: Host) -> None:
        _ip("netns", "add", host.namespace)
        # The other end goes with a namespace, but not before its last process is gone.
        subprocess.run(["ip", "-n", self.hub.namespace, "link", "del", host.port], capture_output=True)
        peer = ("peer", "name", "eth0", "netns", host.namespace)
        self._in_hub("link", "add", host.port, "type", "veth", *peer)
        self._in_hub("link", "set", host.port, "master", "br0", "up")
        _ip("-n", host.namespace, "addr", "add", f"{host.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", host.namespace, "link", "set", device, "up")

    def _in_hub(self, *arguments: str) -> None:
        _ip("-n", self.hub.namespace, *arguments)


@contextmanager
def network(names: Sequence[str]) -> Iterator[Network]:
    """Machines of these names; at the end nothing is left of them."""
    made = Network(names)
    try:
        yield made
    finally:
        made.close()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
