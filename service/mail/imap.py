"""Reads a mailbox over IMAP: the mailbox's address, and a connection that can read but never change anything.

The folder is opened by EXAMINE and messages are fetched with BODY.PEEK (RFC 3501, 6.3.2 and 6.4.5), so
nothing is marked as read, moved or deleted. Every error of the network, the server or the library is raised
as one of our own errors.
"""

import imaplib
import ipaddress
import logging
import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import SplitResult, unquote, urlsplit

from imapclient import IMAPClient, SocketTimeout

from models.errors import BadUsage, MailboxError, MailboxUnreachable, MessageUnreadable

# The bytes of a message that are asked for, and held in memory, at a time.
PIECE = 4 << 20
# Message numbers in one SEARCH. A number takes at most eleven bytes, and imaplib takes no line over a million
# bytes.
_A_SEARCH = 50_000
_A_LISTING = 200
# The bytes that a reply may carry beside the text that was asked for.
_SLACK = 1 << 20
_HEAD = "BODY.PEEK[HEADER.FIELDS (SUBJECT FROM DATE MESSAGE-ID)]"

_PORTS = {"imaps": 993, "imap": 143}
_EXAMPLE = "网址应形如 imaps://user%40bureau.cn@imap.example.cn:993/INBOX"
_TEMPORARY = re.compile(r"\[(UNAVAILABLE|INUSE|SERVERBUG|LIMIT)\]", re.IGNORECASE)
_CODE_ADVICE = "163、126、QQ 等邮箱请用网页“设置”中生成的授权码，不是登录密码；并在“设置”中开启 IMAP，用户名写完整的邮箱地址"

# The library warns in English about replies that are not ASCII. Our own errors report what matters of them.
logging.getLogger("imapclient").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Address:
    """The address of a folder of a mailbox. `security` is "tls" (from the first byte), "starttls" (before the
    login) or "none" (plain text)."""

    host: str
    port: int
    user: str
    folder: str
    security: Literal["tls", "starttls", "none"]

    @classmethod
    def parse(cls, url: str, folder: str | None = None, insecure: bool = False) -> Self:
        """Returns the address that an IMAP URL (RFC 5092) means. `folder` stands in for the URL's path;
        without either, the folder is INBOX.

        Raises:
            BadUsage: the URL has no such meaning, holds a password, or asks for plain text on a network. The
                message never repeats the URL, because the URL may hold a password.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError as error:
            raise BadUsage("--imap 的网址有误", advice=_EXAMPLE) from error
        if (
            parts.scheme not in _PORTS
            or not parts.hostname
            or not parts.username
            or parts.query
            or parts.fragment
        ):
            raise BadUsage("--imap 的网址有误", advice=f"{_EXAMPLE}，特殊字符写成 %40 这样的形式")
        if parts.password is not None:
            raise BadUsage(
                "密码不能写在网址中", advice="请设置环境变量 SEALFORM_MAIL_PASSWORD，或在提示时输入"
            )
        user, path = unquote(parts.username), unquote(parts.path.strip("/"))
        if not user.isprintable():
            raise BadUsage("--imap 的网址有误：用户名中有控制字符")
        if folder and path and folder != path:
            raise BadUsage(f"网址中的邮件夹“{path}”与 --folder 给出的不同", advice="请只写一处")
        return cls(parts.hostname, port, user, folder or path or "INBOX", _security(parts, insecure))

    @property
    def account(self) -> str:
        """Returns the mailbox without the folder, for a person to read."""
        return f"{self.user}@{self.host}"


def _security(parts: SplitResult, insecure: bool) -> Literal["tls", "starttls", "none"]:
    if not insecure:
        return "tls" if parts.scheme == "imaps" else "starttls"
    if parts.scheme != "imap" or not _is_loopback(parts.hostname or ""):
        raise BadUsage(
            "--insecure 只能用于本机的 imap:// 地址",
            advice="请用 imaps://，或去掉 --insecure 以使用 STARTTLS",
        )
    return "none"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class Listed:
    """What the server says about a message before it is fetched: `size` is in bytes, `arrived` is when it
    came."""

    uid: int
    size: int
    arrived: datetime


class Session:
    """A connection that is logged in and has the folder open for reading only."""

    def __init__(self, address: Address, client: Any) -> None:
        """Takes a fresh connection. `open` logs in and opens the folder; `connected` makes the connection and
        the session, and closes them."""
        self._client = client
        self._address = address
        self.uidvalidity = 0
        self._count = 0

    def open(self, password: str) -> None:
        """Logs in and opens the folder.

        Raises:
            MailboxError: the server refuses the password or the folder.
            MailboxUnreachable: the connection broke, or the server asks to come back later.
        """
        with _speaking("登录"):
            if self._client.has_capability("LOGINDISABLED"):
                raise MailboxError("服务器不许在这个连接上登录", advice="请改用 imaps:// 的网址")
            self._log_in(password)
            self._identify()
        with _speaking("打开邮件夹"):
            try:
                opened = self._client.select_folder(self._address.folder, readonly=True)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:
                raise self._no_folder(error) from error
        self.uidvalidity, self._count = int(opened.get(b"UIDVALIDITY", 0)), int(opened[b"EXISTS"])
        if not self.uidvalidity:
            raise MailboxError(
                "服务器没有给出 UIDVALIDITY，无法可靠地分辨新旧邮件", advice="请联系邮箱的服务商"
            )

    def _log_in(self, password: str) -> None:
        # LOGIN takes only ASCII.
        plain = not (password + self._address.user).isascii()
        try:
            (self._client.plain_login if plain else self._client.login)(self._address.user, password)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            said = _shown(error)
            if _TEMPORARY.search(said):
                raise MailboxUnreachable(f"服务器暂时不能登录：{said}") from error
            raise MailboxError(f"{self._address.account} 登录失败：{said}", advice=_CODE_ADVICE) from error

    def _identify(self) -> None:
        """Sends the client's name (RFC 2971). 163 and 126 open no folder for a client that has not said what
        it is."""
        if self._client.has_capability("ID"):
            try:
                self._client.id_(
                    {"name": "Sealform", "version": metadata.version("sealform"), "vendor": "Sealform"}
                )
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error:
                # The server does not want the name. Nothing else depends on it.
                return

    def _no_folder(self, error: Exception) -> MailboxError:
        folder, said = self._address.folder, _shown(error)
        names = [name for flags, _, name in self._client.list_folders() if b"\\Noselect" not in flags]
        if folder in names or folder.upper() == "INBOX":
            return MailboxError(f"服务器拒绝打开邮件夹“{folder}”：{said}", advice=_CODE_ADVICE)
        return MailboxError(
            f"没有邮件夹“{folder}”，已有：{'、'.join(map(printable, names[:50]))}",
            advice="请用 --folder 给出其中之一",
        )

    def uids(self, since: date | None = None) -> list[int]:
        """Returns the UIDs of the folder's messages in ascending order; with `since`, only of messages that
        came on that day or later."""
        found: set[int] = set()
        with _speaking("查找邮件"):
            for first in range(1, self._count + 1, _A_SEARCH):
                numbers = f"{first}:{min(first + _A_SEARCH - 1, self._count)}"
                found.update(self._client.search([numbers, "SINCE", since] if since else [numbers]))
        return sorted(found)

    def listed(self, uids: Sequence[int]) -> Iterator[Listed]:
        """Yields size and arrival of those of `uids` that are still there."""
        for first in range(0, len(uids), _A_LISTING):
            found = self._sizes(uids[first : first + _A_LISTING])
            for uid, data in sorted(found.items()):
                arrived = data.get(b"INTERNALDATE") or datetime(1970, 1, 1, tzinfo=UTC)
                yield Listed(uid, int(data.get(b"RFC822.SIZE", 0)), arrived)

    def _sizes(self, uids: Sequence[int]) -> dict[int, dict[bytes, Any]]:
        """Returns what the server says about each of `uids`. Where the server refuses, one damaged message is
        the cause, which it can't measure. The list is halved until that message is found; it is then known by
        its UID alone."""
        try:
            with _speaking("查看邮件大小"):
                found: dict[int, dict[bytes, Any]] = self._client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
                return found
        except MailboxUnreachable:
            raise
        except MailboxError:
            if len(uids) == 1:
                return {uids[0]: {}}
            half = len(uids) // 2
            return {**self._sizes(uids[:half]), **self._sizes(uids[half:])}

    def head(self, uid: int) -> bytes:
        """Returns the header lines that tell a person which message it is, or nothing where the server does
        not give them."""
        try:
            found = self._fetch(uid, _HEAD)
        except MessageUnreadable:
            return b""
        return next((value for key, value in found.items() if key.startswith(b"BODY[")), None) or b""

    def pieces(self, uid: int, size: int) -> Iterator[bytes]:
        """Yields the bytes of a message, `PIECE` at a time, or nothing where the message has gone. `size` is
        the server's figure, which is often not exact. The message ends where the server has no more.

        Raises:
            MessageUnreadable: the server refuses this message, or answers something that was not asked.
            MailboxUnreachable: the connection broke.
        """
        offset = 0
        while True:
            found = self._fetch(uid, f"BODY.PEEK[]<{offset}.{PIECE}>")
            if not found and not offset:
                return
            # A server that does not support partial FETCH sends the whole message, and its answer names no
            # offset.
            whole = not offset and b"BODY[]" in found
            name = b"BODY[]" if whole else b"BODY[]<%d>" % offset
            # NIL also says that there is no more. An answer without the name says nothing at all.
            piece = found.get(name) or b""
            if name not in found or (size and not piece and not offset):
                raise MessageUnreadable(f"服务器没有给出邮件（UID {uid}）的内容")
            yield piece
            offset += len(piece)
            if whole or not piece or (len(piece) < PIECE and offset >= size):
                return

    def _fetch(self, uid: int, what: str) -> dict[bytes, Any]:
        with _speaking("收取邮件"):
            try:
                found: dict[bytes, Any] = self._client.fetch([uid], [what]).get(uid, {})
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:
                raise MessageUnreadable(f"服务器不给出邮件（UID {uid}）：{_shown(error)}") from error
        return found


@contextmanager
def connected(
    address: Address, password: str, authority: Path | None = None, timeout: float = 60.0, most: int = PIECE
) -> Iterator[Session]:
    """Opens a session, and logs out at the end. `authority` is a file of certificates to trust instead of the
    system's. Each wait may take `timeout` seconds. No reply may carry more than `most` bytes of a message.

    Raises:
        BadUsage: `authority` can't be used.
        MailboxError: the server can't be trusted, or refuses.
        MailboxUnreachable: there is no connection.
    """
    client = _connect(address, _trust(authority), timeout)
    _bound(client, max(most, PIECE) + _SLACK)
    session = Session(address, client)
    try:
        session.open(password)
        yield session
    except BaseException:
        # Logging out from a server that no longer answers would take another time-out.
        with suppress(Exception):
            client.shutdown()
        raise
    with suppress(Exception):
        client.logout()


def _trust(authority: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(authority) if authority else None)
    except (OSError, ssl.SSLError) as error:
        raise BadUsage(f"--ca 不是 PEM 格式的证书文件：{authority}") from error


def _connect(address: Address, trust: ssl.SSLContext, timeout: float) -> Any:
    """Opens a connection as secure as `address` asks for, before the login."""
    place = f"{address.host}:{address.port}"
    try:
        with _speaking(f"连接 {place} "):
            client = IMAPClient(
                address.host,
                address.port,
                ssl=address.security == "tls",
                ssl_context=trust,
                timeout=SocketTimeout(min(timeout, 30.0), timeout),
            )
            client.normalise_times = False
            if address.security == "starttls":
                _start_tls(client, trust, place)
            return client
    except MailboxUnreachable as error:
        raise _permanent(error.__cause__, address) or error from error.__cause__


def _start_tls(client: Any, trust: ssl.SSLContext, place: str) -> None:
    try:
        if not client.has_capability("STARTTLS"):
            raise MailboxError(
                f"{place} 不支持 STARTTLS，密码会以明文传送，已停止", advice="请改用 imaps:// 的网址"
            )
        client.starttls(trust)
    except BaseException:
        with suppress(Exception):
            client.shutdown()
        raise


def _permanent(cause: BaseException | None, address: Address) -> MailboxError | None:
    """Returns the error of a connection where another try would not help, or None where it might."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return MailboxError(
            f"{address.host} 的证书不可信（{cause.verify_message}），已停止，密码没有发出",
            advice="请核对网址中的服务器名称和本机的时间；单位自建的证书用 --ca 给出其根证书",
        )
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
        return MailboxError(
            f"与 {address.host}:{address.port} 不能建立 TLS 连接（{cause.reason}）",
            advice="请核对端口：imaps:// 一般为 993，imap:// 一般为 143",
        )
    if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
        return MailboxError(f"找不到服务器 {address.host}", advice="请核对网址中的服务器名称")
    return None


def _bound(client: Any, most: int) -> None:
    """Refuses a reply that announces more than `most` bytes, before any of it is held in memory. It replaces
    `read`, which imaplib lets one override."""
    read = client._imap.read

    def bounded(size: int) -> bytes:
        if size > most:
            raise imaplib.IMAP4.abort(f"a literal of {size} bytes")
        data: bytes = read(size)
        return data

    client._imap.read = bounded


@contextmanager
def _speaking(what: str) -> Iterator[None]:
    """Turns errors of the network into our own. Only the network is used inside, so an OSError is never a
    disk's."""
    try:
        yield
    except imaplib.IMAP4.abort as error:
        raise MailboxUnreachable(f"{what}时连接中断：{_shown(error)}") from error
    except imaplib.IMAP4.error as error:
        raise MailboxError(f"{what}时服务器拒绝：{_shown(error)}") from error
    except TimeoutError as error:
        raise MailboxUnreachable(f"{what}时服务器没有应答") from error
    except OSError as error:
        raise MailboxUnreachable(f"{what}时网络出错：{error.strerror or error}") from error
    except ValueError as error:
        raise MailboxUnreachable(f"{what}时服务器的应答不合规定：{_shown(error)}") from error


def _shown(error: Exception) -> str:
    """Returns the server's words, fit for one line of a terminal."""
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    text = re.sub(r"""^(select failed: |login failed: )|^b(['"])(.*)\2$""", r"\3", text)
    return printable(text)[:200]


def printable(text: str) -> str:
    """Returns `text` without characters that could control a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)
