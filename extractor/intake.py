"""Bytes -> parts: what a file is by its content, and the limits that every file is held to."""

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import olefile

from extractor.pdf import Attachment, PdfLimits
from extractor.word.package import ZipLimits
from models.errors import Damaged, Encrypted, TooLarge, UnreadableFile, UnsupportedKind
from models.record import Part, PartState
from models.writing import one_line

Kind = Literal["word", "word-xml", "html", "doc", "rtf", "odt", "pdf", "image"]

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_KNOWN = {
    b"Rar!": "RAR 压缩包",
    b"7z\xbc\xaf": "7z 压缩包",
}
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"BM", b"GIF8")
# A file in a file is read, a file in that is only told of.
_DEEPEST = 1
_LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_WORD_XML = (b"<w:wordDocument", b"schemas.microsoft.com/office/2006/xmlPackage")
_HTML = re.compile(rb"(?is)(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|meta)\b")
_MHTML = re.compile(rb"(?i)(?:mime-version|from|subject|date|content-type):[^\n]*\n")


@dataclass(frozen=True)
class Limits:
    """What one submission may cost to look at."""

    file_bytes: int = 100 << 20
    parts: int = 200
    conversion_seconds: float = 60.0
    zip: ZipLimits = field(default_factory=ZipLimits)
    pdf: PdfLimits = field(default_factory=PdfLimits)


@dataclass(frozen=True)
class Source:
    """A submission on disk: a file, or a folder whose files are its parts; `name` is what people call it."""

    name: str
    path: Path

    @classmethod
    def at(cls, path: Path, name: str | None = None) -> "Source":
        """The submission at `path`; nothing is read yet."""
        return cls(name if name is not None else path.as_posix(), path)

    def files(self) -> list[tuple[str, Path]]:
        """(name, path) of each part, in the order of their names, 2.jpg before 10.jpg."""
        if not self.path.is_dir():
            return [(self.path.name, self.path)]
        paths = (path for path in self.path.rglob("*") if path.is_file() and not path.is_symlink())
        named = ((path.relative_to(self.path), path) for path in paths)
        kept = [(name.as_posix(), path) for name, path in named if not any(map(is_left_out, name.parts))]
        return sorted(kept, key=lambda one: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", one[0])])


def is_left_out(name: str) -> bool:
    """Whether a file of that name is no answer of anybody: hidden, a lock file of Word, a folder view of Windows."""
    return name.startswith((".", "~$")) or name.lower() in _LEFT_BY_SYSTEMS


@dataclass(frozen=True)
class Arrived:
    """A part as it arrived: its bytes, or the error that kept them from being read; `depth` counts the files it lies in."""

    name: str
    sha256: str
    data: bytes = b""
    error: UnreadableFile | None = None
    depth: int = 0

    def part(self, state: PartState) -> Part:
        """The part in the state that it ended in."""
        return Part(name=self.name, sha256=self.sha256, state=state)


def arrivals(source: Source, limits: Limits) -> list[Arrived]:
    """Every part of the submission, none left out.

    Raises:
        TooLarge: more parts than `limits` allow. Damaged: there is nothing there.
    """
    files = source.files()
    if len(files) > limits.parts:
        raise TooLarge(f"一次提交含 {len(files)} 个文件，超过 {limits.parts} 个")
    if not files:
        raise Damaged("文件夹是空的")
    return [_arrival(name, path, limits) for name, path in files]


def _arrival(name: str, path: Path, limits: Limits) -> Arrived:
    try:
        size = path.stat().st_size
        if size > limits.file_bytes:
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            return Arrived(name, digest, error=TooLarge(f"文件有 {size >> 20} MB，超过 {limits.file_bytes >> 20} MB"))
        data = path.read_bytes()
    except OSError as error:
        return Arrived(name, hashlib.sha256().hexdigest(), error=Damaged(f"文件无法打开：{error.strerror}"))
    return Arrived(name, hashlib.sha256(data).hexdigest(), data)


def inside(outer: Arrived, files: Iterable[Attachment], room: int, limits: Limits) -> list[Arrived]:
    """The files in a part, as parts named after it; where there is no room for so many, or one lies too deep, it says so."""
    found: dict[str, Arrived] = {}
    for count, file in enumerate(files):
        name = plain = f"{outer.name}/{one_line(file.name).strip('. /') or '附件'}"
        number = 1
        while name in found:
            number += 1
            name = f"{plain}（{number}）"
        error = _refused(file, outer.depth + 1, count < room, limits)
        digest = hashlib.sha256(file.data).hexdigest()
        found[name] = Arrived(name, digest, b"" if error else file.data, error, outer.depth + 1)
    return list(found.values())


def _refused(file: Attachment, depth: int, has_room: bool, limits: Limits) -> UnreadableFile | None:
    if depth > _DEEPEST:
        return UnsupportedKind("附件中的附件不读取", advice="请申报单位单独提交该文件")
    if not has_room:
        return TooLarge(f"一次提交连同附件超过 {limits.parts} 个文件")
    if len(file.data) > limits.file_bytes:
        return TooLarge(f"文件有 {len(file.data) >> 20} MB，超过 {limits.file_bytes >> 20} MB")
    return None


def kind_of(data: bytes) -> Kind:
    """Which reader a file needs, by its content; its name says nothing.

    Raises:
        UnsupportedKind: there is none for it. Encrypted: it needs a password. Damaged: it is empty or cut off.
    """
    if not data.strip(b"\0\r\n\t "):
        raise Damaged("文件是空的")
    if data.startswith(b"PK\x03\x04"):
        return _zip_kind(data)
    if data.startswith(_OLE):
        return _ole_kind(data)
    # Readers of PDF look for its mark in the first kilobyte: mail gateways and printers put lines before it.
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"{\\rtf"):
        return "rtf"
    if data.startswith(_IMAGES) or (data.startswith(b"RIFF") and data[8:12] == b"WEBP"):
        return "image"
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if any(name in head for name in _WORD_XML):
        return "word-xml"
    if _HTML.match(head) or _MHTML.match(head):
        return "html"
    known = next((words for magic, words in _KNOWN.items() if data.startswith(magic)), None)
    raise UnsupportedKind(f"暂不能读取{f' {known} ' if known else '这类文件'}")


def _ole_kind(data: bytes) -> Kind:
    """Binary Word, also WPS's; flag 0x0100 at offset 10 of its main stream says that it is encrypted ([MS-DOC] 2.5.2)."""
    try:
        ole = olefile.OleFileIO(io.BytesIO(data))
        if ole.exists("EncryptedPackage"):
            raise Encrypted("文件设有打开密码")
        if not ole.exists("WordDocument"):
            raise UnsupportedKind("暂不能读取这类 Office 文件")
        information = ole.openstream("WordDocument").read(12)
    except (OSError, ValueError, IndexError) as error:
        raise Damaged("文件不完整，无法打开") from error
    if len(information) == 12 and int.from_bytes(information[10:12], "little") & 0x0100:
        raise Encrypted("文件设有打开密码")
    return "doc"


def _zip_kind(data: bytes) -> Kind:
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
        names = set(package.namelist())
        open_document = "mimetype" in names and package.getinfo("mimetype").file_size < 100 and package.read("mimetype")
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise Damaged("文件不完整，无法打开") from error
    if "[Content_Types].xml" in names:
        return "word"
    if open_document and open_document.startswith(b"application/vnd.oasis.opendocument.text"):
        return "odt"
    raise UnsupportedKind("暂不能读取压缩包或此类文档")
