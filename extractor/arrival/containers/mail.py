"""Mail in MIME, whole or damaged, and mailboxes of it."""

import binascii
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message as Mime
from email.parser import BytesParser
from itertools import islice

from extractor.arrival.containers.base import Budget, Contents, Inner
from extractor.arrival.containers.body import (
    BODY_NAME,
    disks,
    from_html,
    has_table,
    links_of,
    make_message,
    shown_in,
)
from extractor.arrival.containers.charsets import decode, last_step
from extractor.arrival.containers.headers import moment, parameters, sender, unbase64, words
from extractor.limits import ContainerLimits
from models.errors import Damaged, Hostile, TooMany, UnreadableFile
from models.record import Message

_MOST_NESTED = 100
_LONGEST_HEADER = 10_000
_FOXMAIL = re.compile(rb"\x10{7}\x11{6}S\r?\n")
_MBOX = re.compile(rb"(?m)^From [^\n]*\n(?=[!-9;-~]{1,76}:)")
_BOUNDARY = re.compile(rb"(?m)^--(\S[^\r\n\"]{0,70}?)[ \t]*\r?$")
_BEGIN = re.compile(rb"(?m)^begin [0-7]{3} ([^\r\n]{1,200})\r?\n")
# Parts in which servers report on a message to the programs that sent it.
_BY_MACHINES = frozenset({
    "message/delivery-status", "message/global-delivery-status", "message/disposition-notification",
    "text/rfc822-headers",
})  # fmt: skip
_SUFFIXES = {
    "message/rfc822": ".eml", "text/html": ".html", "text/plain": ".txt", "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif", "application/pdf": ".pdf", "application/msword": ".doc", "text/calendar": ".ics",
}  # fmt: skip


class _Raw(email.policy.Compat32):
    """Headers as they came. The policies of `email` fail on some headers that are really sent."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        # The time that `email` takes for a header's parameters grows with the square of its length.
        return name, value[:_LONGEST_HEADER]

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


_POLICY = _Raw()


@dataclass
class _Text:
    """The message's own text, as it is gathered from its parts."""

    plain: list[str] = field(default_factory=list)
    pages: list[tuple[bytes, str]] = field(default_factory=list)

    def words(self) -> str:
        plain = "\n".join(self.plain)
        return plain if plain.strip() else "\n".join(from_html(page, charset) for page, charset in self.pages)


def open_mail(data: bytes, name: str, limits: ContainerLimits) -> Contents:
    """Return the message and its attachments; it raises as `open_container` does."""
    mime, text, budget = _parsed(data, limits), _Text(), Budget(limits, len(data))
    parts = list(_parts(mime, text, 0))
    shown = frozenset[str]().union(*(shown_in(page) for page, _ in text.pages))
    files = [one for number, part in enumerate(parts, 1) for one in _files(part, number, shown, budget)]
    files += [file for piece in text.plain for file in _uuencoded(piece, budget)]
    if len(files) > limits.entries:
        raise TooMany(f"邮件中的附件超过 {limits.entries} 个")
    page, charset = text.pages[0] if text.pages else (b"", "")
    if page and has_table(decode(page, charset)):
        files.append(Inner(BODY_NAME, decode(page, charset).encode("utf-8"), body=True))
    links = disks(text.words(), *(links_of(page, charset) for page, charset in text.pages))
    return Contents(tuple(files), _message(mime, text), links)


def open_mailbox(data: bytes, name: str, limits: ContainerLimits) -> Contents:
    """Return the messages of an mbox, or of a mailbox of Foxmail, each as a file."""
    marks = list((_FOXMAIL if data.startswith(b"\x10") else _MBOX).finditer(data))
    if len(marks) > limits.entries:
        raise TooMany(f"邮箱文件含 {len(marks)} 封邮件，超过 {limits.entries} 封")
    if not marks:
        raise Damaged("邮箱文件不完整，无法打开")
    ends = [*(mark.start() for mark in marks[1:]), len(data)]
    budget, files = Budget(limits, len(data)), []
    for number, (mark, end) in enumerate(zip(marks, ends, strict=True), 1):
        content = data[mark.end() : end]
        if not data.startswith(b"\x10"):
            content = re.sub(rb"(?m)^>(>*From )", rb"\1", content)
        files.append(_kept(f"第{number}封.eml", content, budget))
    return Contents(tuple(files))


def _parsed(data: bytes, limits: ContainerLimits) -> "Mime[str, str]":
    """Return the tree of a message. Messages with too many parts or levels are refused before they are
    parsed."""
    data = data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if (envelope := _MBOX.match(data)) is not None:
        data = data[envelope.end() :]
    if (
        data[:200_000].lower().count(b"boundary=") > _MOST_NESTED
        or data.lower().count(b"\ncontent-type:") > limits.entries * 5
    ):
        raise Hostile("邮件的层次或部分过多")
    if data.count(b"\n--") > limits.entries * 50:
        raise TooMany(f"邮件中的附件超过 {limits.entries} 个")
    try:
        return _mended(BytesParser(policy=_POLICY).parsebytes(data))
    except RecursionError as error:
        raise Hostile("邮件嵌套层数过多") from error


def _mended(mime: "Mime[str, str]") -> "Mime[str, str]":
    """Return a multipart message whose boundary is missing or wrong, split by the boundary that it uses."""
    said = mime.get("content-type", "") or ""
    if not said.strip().lower().startswith("multipart/") or mime.is_multipart():
        return mime
    payload = _raw(mime)
    found = _BOUNDARY.search(payload)
    if found is None:
        return mime
    kind = said.split(";")[0].strip()
    head = (
        b"Content-Type: "
        + kind.encode("ascii", "replace")
        + b'; boundary="'
        + found[1].removesuffix(b"--")
        + b'"\n\n'
    )
    again = BytesParser(policy=_POLICY).parsebytes(head + payload)
    if again.is_multipart():
        mime.set_payload(again.get_payload())
    return mime


def _parts(mime: "Mime[str, str]", text: _Text, depth: int) -> "Iterator[Mime[str, str]]":
    """Yield the parts that are files; put the message's own text into `text`."""
    if depth > _MOST_NESTED:
        raise Hostile("邮件嵌套层数过多")
    kind = _type(mime)
    payload = mime.get_payload()
    if isinstance(payload, list) and not kind.startswith("message/"):
        alternatives = kind == "multipart/alternative"
        for inner in payload:
            # The alternative that a mail program shows instead of the plain text may hold the pictures.
            if isinstance(inner, Mime):
                yield from _parts(_mended(inner), text, depth + 1)
        if alternatives and len(text.plain) > 1 and not text.plain[-1].strip():
            text.plain.pop()
    elif kind in ("text/plain", "text/html") and not _is_attached(mime):
        data, charset = _decoded(mime), parameters(mime.get("content-type", "")).get("charset", "")
        if kind == "text/plain":
            text.plain.append(decode(data, charset))
        else:
            text.pages.append((data, charset))
    elif kind not in _BY_MACHINES:
        yield mime


def _is_attached(mime: "Mime[str, str]") -> bool:
    disposition = (mime.get("content-disposition", "") or "").strip().lower()
    return disposition.startswith("attachment") or bool(_said_name(mime))


def _type(mime: "Mime[str, str]") -> str:
    said = (mime.get("content-type", "") or "").split(";")[0].strip().lower()
    return said if "/" in said else "text/plain"


def _said_name(mime: "Mime[str, str]") -> str:
    disposition, kind = (
        parameters(mime.get("content-disposition", "")),
        parameters(mime.get("content-type", "")),
    )
    return disposition.get("filename") or kind.get("name") or ""


def _raw(mime: "Mime[str, str]") -> bytes:
    """Return the bytes of a part as they came. If `email` knew the encoding and charset, it would change
    them."""
    if isinstance(mime.get_payload(), list):
        return b""
    bare = Mime(policy=_POLICY)
    bare.set_payload(mime._payload)  # type: ignore[attr-defined]
    data = bare.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _decoded(mime: "Mime[str, str]") -> bytes:
    data = _raw(mime)
    encoding = (mime.get("content-transfer-encoding", "") or "").strip(" \t\"';.").lower()
    if encoding == "base64":
        # Data that never was base64 is better taken as it came.
        return data if len(re.findall(rb"[^A-Za-z0-9+/=\s]", data)) * 20 > len(data) else unbase64(data)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
        return next((content for _, content in _packed(data)), b"")
    return data


def _files(mime: "Mime[str, str]", number: int, shown: frozenset[str], budget: Budget) -> list[Inner]:
    kind, said = _type(mime), _said_name(mime)
    name = last_step(said) if said.strip() else f"附件{number}{_SUFFIXES.get(kind, '')}"
    try:
        is_message = kind.startswith("message/")
        data = _nested(mime, kind) if is_message else _decoded(mime)
        if is_message and "." not in name:
            name += ".eml"
        identity = (mime.get("content-id", "") or "").strip().strip("<>")
        disposition = (mime.get("content-disposition", "") or "").strip().lower()
        is_shown = bool(identity) and (identity in shown or disposition.startswith("inline"))
        return [Inner(name, budget.take(data, len(data)), inline=is_shown)]
    except UnreadableFile as error:
        return [Inner(name, error=error)]


def _kept(name: str, data: bytes, budget: Budget) -> Inner:
    try:
        return Inner(name, budget.take(data, len(data)))
    except UnreadableFile as error:
        return Inner(name, error=error)


def _nested(mime: "Mime[str, str]", kind: str) -> bytes:
    """Return the bytes of a message inside a message, even of an encoded one, which the standard forbids."""
    if kind == "message/partial":
        raise Damaged(
            "邮件被拆成几封发送，这只是其中一封",
            advice="请申报单位把附件放在一封邮件中重新发送，或用压缩包分几次发送",
        )
    if kind == "message/external-body":
        raise Damaged("附件没有随邮件发来，邮件中只写了它在哪里", advice="请申报单位重新发送，并附上文件本身")
    payload = mime.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    encoding = (mime.get("content-transfer-encoding", "") or "").strip().lower()
    if not isinstance(inner, Mime):
        return _decoded(mime)
    try:
        data = inner.as_bytes(policy=_POLICY)
    except (UnicodeError, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        raise Damaged("转发的邮件已损坏") from error
    if encoding == "base64" and not inner.keys():
        return unbase64(data)
    return binascii.a2b_qp(data) if encoding == "quoted-printable" else data


def _uuencoded(text: str, budget: Budget) -> Iterator[Inner]:
    """Yield the files that old programs put into the text itself."""
    whole = ((name, data) for name, data in _packed(text.encode("utf-8", "replace")) if data)
    for name, data in islice(whole, budget.limits.entries + 1):
        yield _kept(last_step(decode(name)), data, budget)


def _packed(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name, content) of each file in a text. The time grows only linearly with the text's length."""
    at = 0
    while (begin := _BEGIN.search(text, at)) is not None:
        end = text.find(b"\nend", begin.end() - 1)
        if end < 0:
            return
        yield begin[1], _uudecoded(text[begin.end() : end])
        at = end + 4


def _uudecoded(lines: bytes) -> bytes:
    found = []
    for line in lines.splitlines():
        try:
            found.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some programs pad the line beyond its length.
            count = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
            try:
                found.append(binascii.a2b_uu(line[:count]))
            except binascii.Error:
                return b""
    return b"".join(found)


def _message(mime: "Mime[str, str]", text: _Text) -> Message:
    name, address = sender(mime.get("from") or mime.get("sender") or mime.get("reply-to"))
    # Each server puts its own line above those of the servers before it.
    last = (mime.get("received") or "").rpartition(";")[2]
    return make_message(
        sender=name,
        address=address,
        time=moment(mime.get("date"), last),
        received=moment(last),
        subject=words(mime.get("subject")),
        body=text.words(),
        replied=_replied(mime),
    )


def _replied(mime: "Mime[str, str]") -> str:
    """Return the ids that a message refers to, the nearest first: References names the nearest last."""
    before = (mime.get("references", "") or "").split()
    return " ".join([mime.get("in-reply-to", "") or "", *reversed(before)])
