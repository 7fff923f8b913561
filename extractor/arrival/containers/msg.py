"""Messages that Outlook saved as .msg ([MS-OXMSG]): a compound file whose streams are properties."""

import io
import re
import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import olefile

from extractor.arrival.containers import mapi
from extractor.arrival.containers.base import Budget, Contents, Inner
from extractor.arrival.containers.body import BODY_NAME, disks, from_html, has_table, links_of, shown_in
from extractor.arrival.containers.charsets import code_page, decode
from extractor.limits import ContainerLimits
from models.errors import Damaged, TooDeep, TooMany, UnreadableFile, UnsupportedKind

_ATTACHMENT = "__attach_version1.0_"
_STREAM = r"__substg1\.0_[0-9A-Fa-f]{8}"
_FIXED = "__properties_version1.0"
_EMBEDDED = f"__substg1.0_{mapi.DATA:04X}{mapi.OBJECT:04X}"
# Bytes before the first entry: of the message itself, of a message inside it, of an attachment.
_TOP, _INSIDE, _ATTACHED = 32, 24, 8
_DEEPEST = 8


def open_msg(data: bytes, name: str, limits: ContainerLimits) -> Contents:
    """Return the files of a .msg. Those of a message inside it lie in a folder named after that message. It
    raises as `open_container` does."""
    try:
        return _Reader(data, limits).contents((), 0)
    except (OSError, struct.error, IndexError, TypeError, AttributeError, KeyError) as error:
        raise Damaged("邮件文件不完整，无法打开") from error


class _Reader:
    def __init__(self, data: bytes, limits: ContainerLimits) -> None:
        self._ole = olefile.OleFileIO(io.BytesIO(data))
        self._budget = Budget(limits, len(data))
        self._streams: dict[tuple[str, ...], list[str]] = {}
        self._storages: dict[tuple[str, ...], set[str]] = {}
        for path in self._ole.listdir(streams=True, storages=False):
            self._streams.setdefault(tuple(path[:-1]), []).append(path[-1])
            for depth in range(len(path) - 1):
                self._storages.setdefault(tuple(path[:depth]), set()).add(path[depth])

    def contents(self, folder: tuple[str, ...], depth: int) -> Contents:
        """Return the message in one storage, with its files."""
        properties = self._properties(folder, _INSIDE if folder else _TOP, "")
        page = mapi.page_of(properties)
        attached = sorted(
            one for one in self._storages.get(folder, ()) if one.lower().startswith(_ATTACHMENT)
        )
        if len(attached) > self._budget.limits.entries:
            raise TooMany(f"邮件中的附件超过 {self._budget.limits.entries} 个")
        message, charset = mapi.message_of(properties), _charset(properties)
        shown = shown_in(page) if page else frozenset()
        files = [
            one
            for number, each in enumerate(attached, 1)
            for one in self._files((*folder, each), number, charset, shown, depth)
        ]
        if page and has_table(page):
            files.append(
                Inner(
                    BODY_NAME, page if isinstance(page, bytes) else page.encode("utf-8", "replace"), body=True
                )
            )
        return Contents(
            tuple(files),
            message,
            disks(message.body, from_html(page), links_of(page)) if page else disks(message.body),
        )

    def _files(
        self, folder: tuple[str, ...], number: int, charset: str, shown: frozenset[str], depth: int
    ) -> Sequence[Inner]:
        """Return an attachment; a message inside the message returns its own files."""
        properties = self._properties(folder, _ATTACHED, charset)
        embedded = (*folder, _EMBEDDED)
        if _EMBEDDED in self._storages.get(folder, ()):
            name = mapi.name_of(properties, f"邮件{number}")
            if _FIXED not in self._streams.get(embedded, ()):
                return [Inner(name, error=UnsupportedKind("暂不能读取嵌在邮件正文中的对象"))]
            if depth >= _DEEPEST:
                return [Inner(name, error=TooDeep("邮件套了太多层"))]
            inner = self.contents(embedded, depth + 1)
            outer = Inner(
                name,
                inner.message.body.encode() if inner.message else b"",
                message=inner.message,
                opened=True,
            )
            return [
                outer,
                *(
                    replace(one, name=f"{name}/{one.name}", message=one.message or inner.message)
                    for one in inner.files
                ),
            ]
        data = properties.get(mapi.DATA)
        content = data if isinstance(data, bytes) else b""
        name = mapi.name_of(properties, f"附件{number}")
        identity = str(properties.get(mapi.CONTENT_ID) or "").strip("<>\0")
        try:
            is_shown = bool(identity and identity in shown) or bool(properties.get(mapi.HIDDEN))
            return [Inner(name, self._budget.take(content, len(content)), inline=is_shown)]
        except UnreadableFile as error:
            return [Inner(name, error=error)]

    def _properties(self, folder: tuple[str, ...], header: int, charset: str) -> dict[int, Any]:
        """Return all properties of one storage, by number."""
        found = self._fixed(folder, header)
        charset = charset or _charset(found)
        for name in self._streams.get(folder, ()):
            if not re.fullmatch(_STREAM, name):
                continue
            code = int(name[-8:], 16)
            number, kind = code >> 16, code & 0xFFFF
            if kind not in (mapi.UNICODE, mapi.STRING8, mapi.BINARY):
                continue
            value = self._ole.openstream([*folder, name]).read()
            if kind == mapi.UNICODE:
                found[number] = value.decode("utf-16-le", "replace").rstrip("\0")
            else:
                found[number] = decode(value, charset).rstrip("\0") if kind == mapi.STRING8 else value
        return found

    def _fixed(self, folder: tuple[str, ...], header: int) -> dict[int, Any]:
        """Return the properties of a fixed size."""
        has_any = _FIXED in self._streams.get(folder, ())
        data = self._ole.openstream([*folder, _FIXED]).read()[header:] if has_any else b""
        found: dict[int, Any] = {}
        for at in range(0, len(data) - 15, 16):
            kind, number, _, value = struct.unpack_from("<HHIQ", data, at)
            if kind == mapi.TIME:
                found[number] = mapi.filetime(value)
            elif kind in (0x0002, 0x0003, 0x000B):
                found[number] = value & 0xFFFFFFFF
        return found


def _charset(properties: mapi.Properties) -> str:
    """Return the charset of texts that are not in Unicode: by default that of Chinese Windows."""
    for number in (mapi.MESSAGE_CODE_PAGE, mapi.INTERNET_CODE_PAGE):
        page = properties.get(number)
        if isinstance(page, int) and page:
            return code_page(page) or "gb18030"
    return "gb18030"
