"""Delivers webhook messages to other systems. Each message is signed, goes only to an allowed host, and is
tried again until it arrives or another try makes no sense."""

import hashlib
import hmac
import ipaddress
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import groupby

import httpx

from models.errors import Invalid
from service.settings import Settings
from service.store import events
from service.store.audit import canonical
from service.store.database import Database
from service.store.events import Delivery, Outcome

_log = logging.getLogger(__name__)

SIGNATURE = "Sealform-Signature"
Resolve = Callable[[str, int], Sequence[str]]
Clock = Callable[[], datetime]

_AT_A_TIME = 8
_PAUSE = 2.0
_CONNECT_SECONDS, _SECONDS = 5.0, 10.0


def new_client() -> httpx.Client:
    """Returns an HTTP client that uses no proxy, follows no redirects, and trusts the certificates that this
    machine trusts. It keeps no connections, because a kept connection to an address may have been made in the
    name of another host."""
    return httpx.Client(
        trust_env=False,
        follow_redirects=False,
        verify=ssl.create_default_context(),
        timeout=httpx.Timeout(_SECONDS, connect=_CONNECT_SECONDS),
        limits=httpx.Limits(max_keepalive_connections=0),
        headers={"User-Agent": "Sealform"},
    )


def run(database: Database, settings: Settings, clock: Clock, stop: threading.Event) -> None:
    """Sends the messages that are due until `stop` is set. Several processes may do so at once."""
    with new_client() as client:
        while not stop.is_set():
            try:
                tried = deliver_due(database, settings, clock, client)
            except Exception as error:
                # A database that is out of reach comes back. Claimed messages are tried again when their
                # lease has ended.
                _log.error("messages: %s", type(error).__name__)
                tried = 0
            if not tried:
                stop.wait(_PAUSE)


def resolve(host: str, port: int) -> Sequence[str]:
    """Returns the addresses of `host`.

    Raises:
        OSError: it has none.
    """
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def deliver_due(
    database: Database, settings: Settings, clock: Clock, client: httpx.Client, resolve: Resolve = resolve
) -> int:
    """Sends some of the messages that are due, and returns how many were tried; 0 means that none is due. A
    message may arrive twice, where a process died between sending it and noting that it did."""
    # This cheap look comes first: on SQLite all processes that claim wait for each other, and mostly there is
    # nothing to claim.
    with database.read() as connection:
        if not events.are_due(connection, clock()):
            return 0
    with database.write() as connection:
        claimed = events.claim(connection, clock(), _AT_A_TIME)
    by_hook = [
        list(group)
        for _, group in groupby(
            sorted(claimed, key=lambda one: (one.webhook, one.id)), lambda one: one.webhook
        )
    ]

    def send(group: Iterable[Delivery]) -> None:
        for delivery in group:
            outcome = _send(delivery, settings, client, clock(), resolve)
            with database.write() as connection:
                events.settle(connection, delivery, outcome, clock())

    if by_hook:
        # Each webhook has a thread of its own, so that a slow receiver delays only its own messages.
        with ThreadPoolExecutor(len(by_hook)) as pool:
            list(pool.map(send, by_hook))
    return len(claimed)


def check_url(text: str, hosts: Sequence[str]) -> httpx.URL:
    """Returns the address of a webhook.

    Raises:
        Invalid: it is not an address, or its host is not one of `hosts`.
    """
    try:
        url = httpx.URL(text)
        host = url.raw_host.decode("ascii").lower()
    except (httpx.InvalidURL, UnicodeError):
        raise Invalid("推送地址有误", advice="应为 https://主机/路径") from None
    if url.scheme not in ("https", "http") or not host or url.userinfo or url.fragment:
        raise Invalid("推送地址有误", advice="应为 https://主机/路径，不带用户名和 #")
    if host not in hosts:
        raise Invalid(
            f"不允许推送到“{url.host}”",
            advice="请装系统的人把主机名写进设置 SEALFORM_WEBHOOK_HOSTS，再重新启动服务",
        )
    return url


def sign(secret: str, at: int, body: bytes) -> str:
    """Returns the header by which a receiver knows that `body` comes from us and was sent at `at`, in seconds
    since 1970."""
    code = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={code}"


def _send(
    delivery: Delivery, settings: Settings, client: httpx.Client, now: datetime, resolve: Resolve
) -> Outcome:
    try:
        url = check_url(delivery.url, settings.webhook_hosts)
        address = _address(url, resolve)
    except Invalid as error:
        return Outcome(error=error.message, is_final=True)
    except (OSError, UnicodeError):
        return Outcome(error="找不到主机")
    body = canonical(delivery.body).encode()
    headers = {
        "Host": url.netloc.decode("ascii"), "Content-Type": "application/json",
        "Sealform-Event": str(delivery.body["event"]),
        SIGNATURE: sign(delivery.secret, int(now.timestamp()), body),
    }  # fmt: skip
    # The connection goes to the address that was checked, because the name may resolve to another address the
    # next time.
    request = client.build_request(
        "POST",
        url.copy_with(host=address),
        content=body,
        headers=headers,
        extensions={"sni_hostname": url.raw_host.decode("ascii")},
    )
    try:
        answer = client.send(request, stream=True)
        answer.close()
    except httpx.TimeoutException:
        return Outcome(error="对方没有及时应答")
    except httpx.ConnectError:
        return Outcome(error="连接不上对方")
    except httpx.HTTPError:
        return Outcome(error="连接中断，对方没有完整应答")
    if answer.is_success:
        return Outcome(answer.status_code)
    words = "对方要求转到别处，未予跟随" if answer.has_redirect_location else f"对方应答 {answer.status_code}"
    return Outcome(answer.status_code, words)


def _address(url: httpx.URL, resolve: Resolve) -> str:
    """Returns the first address of the host that a message may go to.

    Raises:
        Invalid: there is none.
        OSError: the host has no address.
    """
    host = url.raw_host.decode("ascii").lower()
    found = resolve(host, url.port or (443 if url.scheme == "https" else 80))
    # An administrator who allows localhost or a literal address means that. Any other name that resolves to a
    # special address may have been pointed there by an attacker.
    is_meant = host == "localhost" or _is_address(host)
    for address in found:
        if is_meant or not _is_special(address):
            return address
    raise Invalid(f"“{url.host}”指向本机或特殊的地址，不允许推送")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_special(address: str) -> bool:
    known = ipaddress.ip_address(address.partition("%")[0])
    known = getattr(known, "ipv4_mapped", None) or known
    return (
        known.is_loopback
        or known.is_link_local
        or known.is_multicast
        or known.is_unspecified
        or known.is_reserved
    )
