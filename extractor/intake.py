"""Bytes -> parts: what a file is by its content, and the limits that every file is held to."""

import hashlib
import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from extractor.word.package import ZipLimits
from models.errors import Damaged, Encrypted, TooLarge, UnreadableFile, UnsupportedKind
from models.record import Part, PartState

Kind = Literal["word"]

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_KNOWN = {
    b"%PDF": "PDF",
    b"{\\rtf": "RTF",
    b"\xff\xd8\xff": "JPEG 图片",
    b"\x89PNG": "PNG 图片",
    b"II*\0": "TIFF 图片",
    b"MM\0*": "TIFF 图片",
    b"Rar!": "RAR 压缩包",
    b"7z\xbc\xaf": "7z 压缩包",
}


@dataclass(frozen=True)
class Limits:
    """What one submission may cost to look at."""

    file_bytes: int = 100 << 20
    parts: int = 200
    zip: ZipLimits = field(default_factory=ZipLimits)


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
        """(name, path) of each part, in the order of their names."""
        if not self.path.is_dir():
            return [(self.path.name, self.path)]
        return sorted((p.relative_to(self.path).as_posix(), p) for p in self.path.rglob("*") if p.is_file() and not p.is_symlink())


@dataclass(frozen=True)
class Arrived:
    """A part as it arrived: its bytes, or the error that kept them from being read."""

    name: str
    sha256: str
    data: bytes = b""
    error: UnreadableFile | None = None

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
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise Encrypted("文件设有打开密码")
        raise UnsupportedKind("旧版 Word 或 WPS 文件（.doc、.wps）暂不能直接读取")
    known = next((words for magic, words in _KNOWN.items() if data.startswith(magic)), None)
    raise UnsupportedKind(f"暂不能读取{f' {known} ' if known else '这类文件'}")


def _zip_kind(data: bytes) -> Kind:
    try:
        names = set(zipfile.ZipFile(io.BytesIO(data)).namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Damaged("文件不完整，无法打开") from error
    if "[Content_Types].xml" in names:
        return "word"
    raise UnsupportedKind("暂不能读取压缩包或此类文档")
