"""TNEF: the winmail.dat that Outlook sends instead of attachments ([MS-OXTNEF])."""

import struct
from collections.abc import Iterator
from typing import Any

from extractor.arrival.containers import mapi
from extractor.arrival.containers.base import Budget, Contents, Inner
from extractor.arrival.containers.body import disks, from_html
from extractor.arrival.containers.charsets import code_page, decode, last_step
from extractor.limits import ContainerLimits
from models.errors import Damaged, TooMany, UnreadableFile

SIGNATURE = b"\x78\x9f\x3e\x22"
_ATTACHMENT = 2
_START, _TITLE, _DATA, _PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
_MESSAGE_PROPERTIES, _CODE_PAGE, _SUBJECT, _BODY = 0x00069003, 0x00069007, 0x00018004, 0x0002800C
_MESSAGE_OBJECT = bytes.fromhex("0703020000000000c000000000000046")
_COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
_MULTIPLE, _NAMED = 0x1000, 0x8000
_SIZES = {
    0x0001: 0, 0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4, 0x000B: 4,
    0x0014: 8, 0x0040: 8, 0x0048: 16,
}  # fmt: skip
_MOST_VALUES = 100_000


def open_tnef(data: bytes, name: str, limits: ContainerLimits) -> Contents:
    """Return the files in a winmail.dat; it raises as `open_container` does."""
    if len(data) < 6 or not data.startswith(SIGNATURE):
        raise Damaged("winmail.dat 不完整，无法打开")
    charset, whole = "gb18030", True
    message: dict[int, Any] = {}
    attached: list[dict[int, Any]] = []
    try:
        for level, kind, value in _attributes(data):
            if kind == _CODE_PAGE and len(value) >= 4:
                charset = code_page(int.from_bytes(value[:4], "little")) or charset
            elif level == _ATTACHMENT and kind == _START:
                attached.append({})
            elif level == _ATTACHMENT and attached:
                _note(attached[-1], kind, value, charset)
            elif kind == _MESSAGE_PROPERTIES:
                message |= _properties(value, charset)
            elif kind in (_SUBJECT, _BODY):
                message.setdefault(
                    {_SUBJECT: mapi.SUBJECT, _BODY: mapi.BODY}[kind], decode(value.rstrip(b"\0"), charset)
                )
            if len(attached) > limits.entries:
                raise TooMany(f"邮件中的附件超过 {limits.entries} 个")
    except (struct.error, IndexError) as error:
        if not attached:
            raise Damaged("winmail.dat 不完整，无法打开") from error
        whole = False
    budget = Budget(limits, len(data))
    files = [_file(one, number, budget) for number, one in enumerate(attached, 1)]
    if not whole:
        files.append(Inner("其余附件", error=Damaged("winmail.dat 不完整")))
    page = mapi.page_of(message)
    said = mapi.message_of(message)
    return Contents(
        tuple(files),
        said if said.subject or said.body else None,
        disks(said.body, from_html(page) if page else ""),
    )


def _attributes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (level, number, value) of each attribute. Anything behind the last whole one is ignored."""
    at = 6
    while at + 9 <= len(data) and data[at] in (1, 2):
        level, kind, length = struct.unpack_from("<BII", data, at)
        value = data[at + 9 : at + 9 + length]
        if len(value) < length:
            raise struct.error("cut off")
        yield level, kind, value
        at += 9 + length + 2


def _note(attachment: dict[int, Any], kind: int, value: bytes, charset: str) -> None:
    if kind == _DATA:
        attachment[mapi.DATA] = value
    elif kind == _TITLE:
        attachment.setdefault(mapi.SHORT_NAME, decode(value.rstrip(b"\0"), charset))
    elif kind == _PROPERTIES:
        found = _properties(value, charset)
        # A small picture of the file may come under the same number; the file itself has its own attribute.
        attachment |= {
            key: one for key, one in found.items() if key != mapi.DATA or mapi.DATA not in attachment
        }


def _file(attachment: dict[int, Any], number: int, budget: Budget) -> Inner:
    data = attachment.get(mapi.DATA, b"")
    name = mapi.name_of(attachment, f"附件{number}")
    if isinstance(data, bytes) and data.startswith(_MESSAGE_OBJECT + SIGNATURE):
        data, name = data[len(_MESSAGE_OBJECT) :], last_step(name if "." in name else f"{name}.dat")
    elif isinstance(data, bytes) and data[16:24] == _COMPOUND:
        data = data[16:]  # the object's class ID stands before it
    try:
        content = budget.take(data if isinstance(data, bytes) else b"", len(data))
        return Inner(name, content, inline=bool(attachment.get(mapi.CONTENT_ID)))
    except UnreadableFile as error:
        return Inner(name, error=error)


def _properties(data: bytes, charset: str) -> dict[int, Any]:
    """Return property values by number; named properties are skipped."""
    found: dict[int, Any] = {}
    (count,), at = struct.unpack_from("<I", data), 4
    for _ in range(min(count, _MOST_VALUES)):
        if at + 4 > len(data):
            break
        kind, number = struct.unpack_from("<HH", data, at)
        at += 4
        if number >= _NAMED:
            at = _past_name(data, at)
        values, at = _values(data, at, kind, charset)
        if number < _NAMED and values:
            found[number] = values[0]
    return found


def _past_name(data: bytes, at: int) -> int:
    (is_text,) = struct.unpack_from("<I", data, at + 16)
    (length,) = struct.unpack_from("<I", data, at + 20)
    return at + 24 + (_padded(length) if is_text == 1 else 0)


def _values(data: bytes, at: int, kind: int, charset: str) -> tuple[list[Any], int]:
    plain = kind & ~_MULTIPLE
    size = _SIZES.get(plain)
    count = 1
    if kind & _MULTIPLE or size is None:
        (count,) = struct.unpack_from("<I", data, at)
        at += 4
    values: list[Any] = []
    for _ in range(min(count, _MOST_VALUES)):
        length = size
        if length is None:
            (length,) = struct.unpack_from("<I", data, at)
            at += 4
        value = data[at : at + length]
        if len(value) < length:
            raise struct.error("cut off")
        at += _padded(length)
        values.append(_value(plain, value, charset))
    return values, at


def _value(kind: int, value: bytes, charset: str) -> Any:
    if kind == mapi.UNICODE:
        return value.decode("utf-16-le", "replace").rstrip("\0")
    if kind == mapi.STRING8:
        return decode(value.rstrip(b"\0"), charset)
    if kind == mapi.TIME:
        return mapi.filetime(int.from_bytes(value, "little"))
    if kind in (mapi.BINARY, mapi.OBJECT):
        return value
    return int.from_bytes(value, "little")


def _padded(length: int) -> int:
    return (length + 3) & ~3
