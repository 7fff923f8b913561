"""The kind of a file, told by its content alone; its name counts for nothing."""

import io
import re
import zipfile
import zlib
from typing import Literal, NoReturn

import olefile

from extractor.arrival.zips import CutOff, found, listed
from models.errors import Damaged, Encrypted, Hostile, OtherKind, TooMany, UnsupportedKind

Kind = Literal[
    "word", "word-xml", "html", "doc", "rtf", "odt", "pdf", "ofd", "image",
    "mail", "mbox", "msg", "tnef", "zip", "tar", "packed", "7z", "rar", "signed",
]  # fmt: skip
# Kinds that are opened for the files inside them and hold nothing to read themselves.
CONTAINERS: frozenset[Kind] = frozenset(
    {"mail", "mbox", "msg", "tnef", "zip", "tar", "packed", "7z", "rar", "signed"}
)

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_JPEG_2000 = (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")  # a file, and a bare codestream
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"BM", b"GIF8", *_JPEG_2000)
_HEIF = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif"})
_CONTAINERS: dict[bytes, Kind] = {
    b'x\x9f>"': "tnef",
    b"7z\xbc\xaf'\x1c": "7z",
    b"Rar!\x1a\x07": "rar",
    b"\x1f\x8b\x08": "packed",
    b"BZh": "packed",
    b"\xfd7zXZ\0": "packed",
    b"\x10" * 7 + b"\x11" * 6 + b"S": "mbox",
}
# Kinds of file that no applicant fills in.
_OTHERS = {
    b"MZ": "可执行程序",
    b"\x7fELF": "可执行程序",
    b"\xca\xfe\xba\xbe": "可执行程序",
    b"\xcf\xfa\xed\xfe": "可执行程序",
    b"#!": "脚本程序",
    b"L\0\0\0\x01\x14\x02\0": "快捷方式",
    b"[InternetShortcut]": "网址快捷方式",
    b"\x1aE\xdf\xa3": "视频",
    b"FLV\x01": "视频",
    b"\0\0\x01\xba": "视频",
    bytes.fromhex("3026b2758e66cf11"): "视频",
    b"ID3": "音频",
    b"OggS": "音频",
    b"fLaC": "音频",
    b"#!AMR": "音频",
    b"BEGIN:VCALENDAR": "日程",
    b"BEGIN:VCARD": "名片",
    b"OTTO": "字体",
    b"\0\x01\0\0\0": "字体",
    b"ttcf": "字体",
    b"SQLite format 3\0": "数据库",
    b"!BDN": "Outlook 数据文件",
}
_UNREAD = {
    b"AC10": "CAD 图纸",
    b"8BPS": "Photoshop 图片",
    b"\xd7\xcd\xc6\x9a": "WMF 图片",
    b"<svg": "SVG 图片",
    b"CAJ": "CAJ 文献",
    b"Founder CEB": "方正 CEB 文件",
    b"PK\x07\x08": "分卷压缩包",
    b"PK00": "分卷压缩包",
    b"MSCF": "CAB 压缩包",
}
# The object identifiers by which a PKCS #7 file declares its type. Mail programs send only signed and
# encrypted ones.
_PKCS7 = bytes.fromhex("06092a864886f70d0107")
_SIGNED_DATA, _ENVELOPED_DATA = _PKCS7 + b"\x02", _PKCS7 + b"\x03"
_OFFICE_STREAMS = {
    "Workbook": "Excel 表格", "Book": "Excel 表格", "PowerPoint Document": "演示文稿",
    "VisioDocument": "Visio 图",
}  # fmt: skip
_OFFICE_FOLDERS = {"xl": "Excel 表格", "ppt": "演示文稿", "visio": "Visio 图"}
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument."

# The first entries of the packages of Office, OpenDocument and OFD.
_FIRST_OF_DOCUMENTS = (
    "[Content_Types].xml", "_rels/", "customXml/", "docProps/", "word/", "xl/", "ppt/", "mimetype",
    "content.xml", "OFD.xml",
)  # fmt: skip

_MOST_ENTRIES = 100_000

_WORD_XML = (b"<w:wordDocument", b"schemas.microsoft.com/office/2006/xmlPackage")
_HTML = re.compile(
    rb"(?is)(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|meta)\b"
)
_HEADER = re.compile(rb"([!-9;-~]{1,76})[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*")
# The headers of a sent message. A web archive has some of a message's headers, but was never sent to anybody.
_OF_MAIL = frozenset(
    {b"from", b"to", b"subject", b"date", b"message-id", b"received", b"return-path", b"delivered-to", b"cc"}
)
_OF_MIME = frozenset({b"mime-version", b"content-type", b"content-transfer-encoding"})
_SAVED_PAGE = re.compile(rb"(?im)^(?:from:\s*<saved by|snapshot-content-location:)")
_PAGE = re.compile(rb"(?im)^content-type:\s*(?:multipart/related|text/html)")
_ENVELOPE = re.compile(rb"From [^\n]*\n(?=[!-9;-~]{1,76}:)")


def kind_of(data: bytes) -> Kind:
    """Return the reader that a file needs.

    Raises:
        UnsupportedKind: no reader exists for it. OtherKind: no form is returned in this kind.
        Encrypted: it needs a password. Damaged: it is empty or cut off. TooMany: it is a zip of more files
            than can be listed.
    """
    if not data.strip(b"\0\r\n\t "):
        raise Damaged("文件是空的")
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(data)
    if data.startswith(_OLE):
        return _ole_kind(data)
    for magic, kind in _CONTAINERS.items():
        if data.startswith(magic):
            return kind
    # PDF readers look for the mark in the first kilobyte, because mail gateways and printers put lines before
    # it.
    if b"%PDF-" in data[:1024] and _text_kind(data) is None:
        return "pdf"
    if data.startswith(b"{\\rtf"):
        return "rtf"
    if _is_image(data):
        return "image"
    if data.startswith(b"0") and _PKCS7 in data[:64]:
        return _pkcs7_kind(data)
    if _is_tar(data):
        return "tar"
    return _text_kind(data) or _refuse(data)


def _is_image(data: bytes) -> bool:
    is_heif = data[4:8] == b"ftyp" and bool({data[at : at + 4] for at in range(8, 64, 4) if at != 12} & _HEIF)
    return is_heif or data.startswith(_IMAGES) or (data.startswith(b"RIFF") and data[8:12] == b"WEBP")


def _is_tar(data: bytes) -> bool:
    """Tell whether the checksum of the first header is right, as it is in tar files of every age."""
    header = data[:512]
    stated = header[148:156].strip(b" \0")
    if len(header) < 512 or not header[0] or not re.fullmatch(rb"[0-7]+", stated):
        return False
    return int(stated, 8) == sum(header[:148]) + 8 * 0x20 + sum(header[156:])


def _text_kind(data: bytes) -> Kind | None:
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<") and any(name in head for name in _WORD_XML):
        return "word-xml"
    if _HTML.match(head):
        return "html"
    if (line := _ENVELOPE.match(head)) is not None:
        # A single message behind a mailbox's separator line is that message.
        return "mbox" if b"\nFrom " in data[line.end() :] else "mail"
    return _message_kind(data[:65536].lstrip(b"\xef\xbb\xbf \t\r\n"))


def _message_kind(head: bytes) -> Kind | None:
    """Tell a message from a web archive by the headers at the very start."""
    names, at = set(), 0
    while (header := _HEADER.match(head, at)) is not None:
        names.add(header[1].lower())
        at = header.end()
    if not names & (_OF_MAIL | _OF_MIME):
        return None
    if _SAVED_PAGE.search(head[:at]):
        return "html"
    if not names & _OF_MIME:
        return "mail" if len(names & _OF_MAIL) >= 2 else None
    return "mail" if names & _OF_MAIL or not _PAGE.search(head[:at]) else "html"


def _refuse(data: bytes) -> NoReturn:
    for magic, words in _OTHERS.items():
        if data.startswith(magic):
            raise OtherKind(f"这是{words}，不是申请表")
    if data[4:8] == b"ftyp" or data[4:8] == b"moov" or (data.startswith(b"RIFF") and data[8:12] == b"AVI "):
        raise OtherKind("这是视频，不是申请表")
    if (data.startswith(b"RIFF") and data[8:12] == b"WAVE") or data[:2] in (b"\xff\xfb", b"\xff\xf1"):
        raise OtherKind("这是音频，不是申请表")
    known = next((words for magic, words in _UNREAD.items() if data.startswith(magic)), None)
    if known is None and b"\0" not in data[:4096]:
        known = "纯文本文件"
    raise UnsupportedKind(f"暂不能读取 {known}" if known else "暂不能读取这类文件")


def _pkcs7_kind(data: bytes) -> Kind:
    """Return "signed" for a signed envelope with content; refuse any other."""
    from extractor.arrival.containers.smime import signed_content

    if _ENVELOPED_DATA in data[:64]:
        raise Encrypted("邮件是加密的（S/MIME）", advice="请申报单位不加密重新发送")
    try:
        if _SIGNED_DATA in data[:64] and signed_content(data) is not None:
            return "signed"
    except RecursionError as error:
        raise Hostile("嵌套层数过多") from error
    raise OtherKind("这是邮件的数字签名，不是申请表")


def is_message(data: bytes) -> bool:
    """Tell whether the signed content is a message or a part of one, which needs no sender of its own."""
    return _message_kind(data[:65536].lstrip(b"\r\n")) is not None


def _ole_kind(data: bytes) -> Kind:
    """Tell binary Word, also WPS's, from a message of Outlook. Flag 0x0100 at offset 10 of Word's main stream
    says that it is encrypted ([MS-DOC] 2.5.2)."""
    try:
        ole = olefile.OleFileIO(io.BytesIO(data))
        if ole.exists("EncryptedPackage"):
            raise Encrypted("文件设有打开密码")
        if ole.exists("__properties_version1.0"):
            return "msg"
        if not ole.exists("WordDocument"):
            known = next(
                (words for name, words in _OFFICE_STREAMS.items() if ole.exists(name)), "这类 Office 文件"
            )
            raise UnsupportedKind(f"暂不能读取 {known}")
        information = ole.openstream("WordDocument").read(12)
    except (OSError, ValueError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged("文件不完整，无法打开") from error
    if len(information) == 12 and int.from_bytes(information[10:12], "little") & 0x0100:
        raise Encrypted("文件设有打开密码")
    return "doc"


def check_directory(data: bytes) -> None:
    """Refuse a zip whose directory may have more entries than its reader has memory for.

    Raises:
        TooMany: there may be too many. Entries of uncompressed archives inside it count too.
    """
    if data.count(b"PK\x01\x02") > _MOST_ENTRIES:
        raise TooMany(f"压缩包中的文件超过 {_MOST_ENTRIES} 个")


def _zip_kind(data: bytes) -> Kind:
    """Return the kind that the entries of a package show; a package that shows none is an archive."""
    check_directory(data)
    try:
        package = listed(data)
        names = set(package.namelist())
        stated = (
            "mimetype" in names and package.getinfo("mimetype").file_size < 100 and package.read("mimetype")
        )
    except CutOff as error:
        # A part of a document is useless; of an archive, the files that are whole can be read.
        first = next(found(data), None)
        if first is None or first.compress_size > len(data) or first.filename.startswith(_FIRST_OF_DOCUMENTS):
            raise Damaged("文件不完整，无法打开") from error
        return "zip"
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        EOFError,
    ) as error:
        raise Damaged("文件不完整，无法打开") from error
    kind = stated.decode("ascii", "replace").strip() if stated else ""
    if "[Content_Types].xml" in names:
        folders = {name.partition("/")[0] for name in names}
        if "word" not in folders and (
            known := next((_OFFICE_FOLDERS[name] for name in _OFFICE_FOLDERS if name in folders), None)
        ):
            raise UnsupportedKind(f"暂不能读取 {known}")
        return "word"
    if kind.startswith(f"{_OPEN_DOCUMENT}text"):
        return "odt"
    if kind.startswith("application/"):
        raise UnsupportedKind(
            f"暂不能读取{' OpenDocument 表格或演示文稿' if kind.startswith(_OPEN_DOCUMENT) else '这类文档'}"
        )
    if any(name.lower().lstrip("/") == "ofd.xml" for name in names):
        return "ofd"
    if names & {"AndroidManifest.xml", "META-INF/MANIFEST.MF"}:
        raise OtherKind("这是可执行程序，不是申请表")
    return "zip"
