"""The text of a message: the words that a clerk needs, and the links to files."""

import re
import struct
from collections.abc import Iterable
from datetime import datetime

from lxml import etree, html

from extractor.arrival.containers.charsets import code_page, decode
from models.record import Message
from models.writing import one_line, tidy

# The name of a message's text where it is read as a form.
BODY_NAME = "正文.html"
_MOST_BODY = 4_000  # characters
_MOST_LINE = 400
_MOST_PAGE = 2 << 20
_LINK = re.compile(r"(?i)\bhttps?://([a-z0-9.-]{3,120})(?::\d+)?[/?#]?[!#-&*-;=?-~]*")
# Hosts that store people's files. A link to one of them is an attachment that did not come along.
_CLOUD_DISKS = (
    "pan.baidu.com", "yun.baidu.com", "eyun.baidu.com", "drive.weixin.qq.com", "wx.mail.qq.com",
    "mail.qq.com", "ftn.qq.com",
    "exmail.qq.com", "weiyun.com", "docs.qq.com", "dashi.163.com", "mail.163.com", "fs.163.com", "u.163.com",
    "yun.139.com",
    "caiyun.139.com", "cloud.189.cn", "pan.wo.cn", "aliyundrive.com", "alipan.com", "quark.cn", "lanzou.com",
    "lanzoux.com",
    "lanzoui.com", "lanzouw.com", "jianguoyun.com", "123pan.com", "ctfile.com", "115.com", "kdocs.cn",
    "feishu.cn", "dingtalk.com",
    "wenshushu.cn", "cowtransfer.com", "airportal.cn", "360yunpan.com", "yunpan.com", "dropbox.com",
    "onedrive.live.com", "1drv.ms",
    "drive.google.com", "sharepoint.com", "wetransfer.com", "icloud.com", "mega.nz",
)  # fmt: skip
_MESSAGE_ID, _MOST_REFERENCES = re.compile(r"<[!-;=?-~]{1,200}>"), 20
# Hosts that also serve pages; only these paths are downloads.
_ONLY_PATHS = {
    "mail.qq.com": ("ftn", "download", "cgi-bin/ftn"),
    "mail.163.com": ("large-attachment", "filehub", "bigfile"),
    "wx.mail.qq.com": ("ftn", "download"), "exmail.qq.com": ("ftn", "download"),
}  # fmt: skip


def make_message(
    sender: str,
    address: str,
    time: datetime | None,
    subject: str,
    body: str,
    received: datetime | None = None,
    replied: str = "",
) -> Message:
    """Return a message in a form fit to be kept: short, and without characters that no text has. `replied`
    has the ids of the mails that it replies to, the nearest first."""
    text = tidy(re.sub(r"\n\s*\n+", "\n", _plain(body[: 4 * _MOST_BODY]))).strip()
    return Message(
        sender=one_line(_plain(sender))[:_MOST_LINE] or None,
        address=one_line(_plain(address))[:_MOST_LINE] or None,
        time=time,
        received=received,
        subject=one_line(_plain(subject))[:_MOST_LINE] or None,
        body=text if len(text) <= _MOST_BODY else text[:_MOST_BODY] + "…",
        references=tuple(dict.fromkeys(_MESSAGE_ID.findall(replied)))[:_MOST_REFERENCES],
    )


def _plain(text: str) -> str:
    """Return `text` without control characters and unpaired surrogates."""
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text)
    return text.encode("utf-8", "replace").decode("utf-8")


def disks(*texts: str) -> tuple[str, ...]:
    """Return the hosts of cloud disks that `texts` link to, each once, in order."""
    found: dict[str, None] = {}
    for text in texts:
        for link in _LINK.finditer(text[:_MOST_PAGE].replace("&amp;", "&")):
            host = link[1].lower().strip(".")
            known = next((disk for disk in _CLOUD_DISKS if host == disk or host.endswith(f".{disk}")), None)
            if known and all(
                one in link[0].lower() for one in [_one_of(_ONLY_PATHS.get(known), link[0].lower())]
            ):
                found[host] = None
    return tuple(found)


def _one_of(paths: Iterable[str] | None, link: str) -> str:
    return "" if paths is None else next((path for path in paths if f"/{path}" in link), "\0")


def from_html(page: bytes | str, charset: str | None = None) -> str:
    """Return the text of a web page as lines; nothing is fetched."""
    root = _root(page, charset)
    if root is None:
        return ""
    for silent in root.xpath("//script|//style|//head|//title"):
        silent.drop_tree()
    for ending in root.xpath("//br|//p|//div|//tr|//li"):
        ending.tail = "\n" + (ending.tail or "")
    for cell in root.xpath("//td|//th"):
        cell.tail = "\t" + (cell.tail or "")
    return str(root.text_content())


def links_of(page: bytes | str, charset: str | None = None) -> str:
    """Return everything that a web page links to, one link a line."""
    root = _root(page, charset)
    return "" if root is None else "\n".join(str(link) for link in root.xpath("//@href"))


def shown_in(page: bytes | str) -> frozenset[str]:
    """Return the Content-IDs of the pictures that a web page shows."""
    text = page if isinstance(page, str) else page.decode("latin-1")
    return frozenset(found.strip("<>") for found in re.findall(r"(?i)cid:\s*([^\s\"'>)]{1,250})", text))


def has_table(page: bytes | str) -> bool:
    """Tell whether a web page has a table that may be a form. A form has at least five rows with several
    cells; a table for layout has fewer."""
    root = _root(page, None)
    return root is not None and sum(1 for row in root.iter("tr") if len(row.findall("td")) > 1) >= 5


def _root(page: bytes | str, charset: str | None) -> html.HtmlElement | None:
    text = page if isinstance(page, str) else decode(page[:_MOST_PAGE], charset or _declared(page))
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text[:_MOST_PAGE]).replace("\0", "")
    try:
        return html.document_fromstring(
            text, parser=html.HTMLParser(no_network=True, huge_tree=False, remove_comments=True)
        )
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        return None


def _declared(page: bytes) -> str | None:
    found = re.search(rb"(?i)charset\s*=\s*[\"']?([\w-]+)", page[:4096])
    return found[1].decode("ascii") if found else None


# [MS-OXRTFCP] 2.1.3.1: the beginning of every dictionary.
_RTF_START = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss "
    rb"\fmodern \fscript \fdecor MS Sans SerifSymbolArial"
    rb"Times New RomanCourier{\colortbl\red0\green0\blue0"
    + b"\r\n"
    + rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_COMPRESSED, _UNCOMPRESSED = 0x75465A4C, 0x414C454D


def from_rtf(data: object) -> str:
    """Return the text of a body in compressed RTF ([MS-OXRTFCP]); empty where it is not one."""
    if not isinstance(data, bytes) or len(data) < 16:
        return ""
    size, raw, magic, _ = struct.unpack_from("<4I", data)
    if magic == _UNCOMPRESSED:
        return _rtf_text(data[16 : 16 + raw])
    return _rtf_text(_inflated(data[16 : size + 4], min(raw, _MOST_PAGE))) if magic == _COMPRESSED else ""


def _inflated(data: bytes, most: int) -> bytes:
    window = bytearray(4096)
    window[: len(_RTF_START)] = _RTF_START
    place, found, at = len(_RTF_START), bytearray(), 0
    while at < len(data) and len(found) < most:
        flags, at = data[at], at + 1
        for bit in range(8):
            if not flags >> bit & 1:
                piece, at = data[at : at + 1], at + 1
            else:
                if at + 2 > len(data):
                    return bytes(found)
                reference, at = int.from_bytes(data[at : at + 2], "big"), at + 2
                offset, length = reference >> 4, (reference & 15) + 2
                if offset == place:
                    return bytes(found)
                piece = b""
                for step in range(length):
                    byte = window[(offset + step) % 4096]
                    piece += bytes([byte])
                    window[(place + step) % 4096] = byte
            for byte in piece:
                window[place] = byte
                place = (place + 1) % 4096
            found += piece
    return bytes(found)


_RTF_TOKEN = re.compile(
    rb"\\'([0-9a-fA-F]{2})|\\([a-zA-Z]+)(-?\d+)? ?|\\(.)|([{}])|([^\\{}\r\n]+)", re.DOTALL
)
_RTF_SILENT = frozenset(
    {b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"mhtmltag", b"generator", b"object"}
)


def _rtf_text(rtf: bytes) -> str:
    """Return the words of a text in RTF. A web page packed in it gives the same words."""
    found: list[bytes] = []
    wide: list[tuple[int, str]] = []
    silent, stack = False, []
    for token in _RTF_TOKEN.finditer(rtf):
        code, word, number, symbol, brace, text = token.groups()
        if brace == b"{":
            stack.append(silent)
        elif brace == b"}":
            silent = stack.pop() if stack else False
        elif word in _RTF_SILENT or symbol == b"*":
            silent = True
        elif silent:
            continue
        elif code:
            found.append(bytes([int(code, 16)]))
        elif word in (b"par", b"line", b"row"):
            found.append(b"\n")
        elif word == b"u" and number:
            wide.append((len(found), chr(int(number) % 0x10000)))
            found.append(b"")
        elif text:
            found.append(text)
    page = re.search(rb"\\ansicpg(\d{3,5})", rtf[:4096])
    return _joined(found, dict(wide), code_page(int(page[1])) if page else "gb18030")


def _joined(pieces: list[bytes], wide: dict[int, str], charset: str) -> str:
    out, run = [], b""
    for number, piece in enumerate(pieces):
        if number in wide:
            out += [decode(run, charset), wide[number]]
            run = b""
        else:
            run += piece
    return "".join([*out, decode(run, charset)])
