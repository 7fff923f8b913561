"""A Word file as its parts. They are found by relationships, never by fixed names, and refused where no
honest file is like that."""

import base64
import io
import lzma
import posixpath
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from lxml import etree

from extractor.limits import ZipLimits
from extractor.work import Allowance
from models.errors import Damaged, Hostile, TooLarge, UnsupportedKind
from models.identity import Identity

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_RELATIONSHIPS = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_PKG = "{http://schemas.microsoft.com/office/2006/xmlPackage}"
# WordprocessingML 2003 uses nearly the same names as its successors, in another namespace.
_WORD_2003 = {
    b"http://schemas.microsoft.com/office/word/2003/wordml": b"http://schemas.openxmlformats.org/"
    b"wordprocessingml/2006/main"
}
# ISO 29500 Strict says the same in other namespaces; after this every part speaks the transitional dialect.
_STRICT = {
    b"http://purl.oclc.org/ooxml/wordprocessingml/main": b"http://schemas.openxmlformats.org/"
    b"wordprocessingml/2006/main",
    b"http://purl.oclc.org/ooxml/officeDocument/relationships": b"http://schemas.openxmlformats.org/"
    b"officeDocument/2006/relationships",
    b"http://purl.oclc.org/ooxml/officeDocument/math": b"http://schemas.openxmlformats.org/"
    b"officeDocument/2006/math",
    b"http://purl.oclc.org/ooxml/drawingml/": b"http://schemas.openxmlformats.org/drawingml/2006/",
}


@dataclass(frozen=True)
class Relationship:
    """A link from one part to another. External targets are never followed."""

    kind: str
    target: str
    external: bool


class Parts(ABC):
    """The parts of an OOXML document, found by relationships and parsed on demand, without DTDs, entities or
    network."""

    @abstractmethod
    def has(self, name: str) -> bool:
        """Tell whether there is a part of that name."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return the bytes of a part that is not XML.

        Raises:
            Damaged: it is missing or its data are inconsistent. TooLarge: more bytes than one part may have.
        """

    @abstractmethod
    def xml(self, name: str) -> etree._Element:
        """Return the root element of a part, in the transitional namespaces.

        Raises:
            Damaged: it is missing or not well-formed. Hostile: it has a document type, which no Word file
            has. TooLarge: it has more bytes than one part may have.
        """

    def relationships(self, name: str) -> Mapping[str, Relationship]:
        """Return {id: relationship} of a part, or of the package itself where `name` is empty."""
        folder, base = posixpath.split(name)
        rels = posixpath.join(folder, "_rels", f"{base}.rels")
        if not self.has(rels):
            return {}
        found = {}
        for item in self.xml(rels).iter(f"{_RELATIONSHIPS}Relationship"):
            external = item.get("TargetMode") == "External"
            target = item.get("Target", "")
            if not external:
                target = posixpath.normpath(posixpath.join("/" + folder, target)).lstrip("/")
            found[item.get("Id", "")] = Relationship(
                kind=item.get("Type", "").rsplit("/", 1)[-1], target=target, external=external
            )
        return found

    def related(self, name: str, kind: str) -> list[str]:
        """Return the parts that `name` links to by relationships whose type ends in `kind`."""
        links = self.relationships(name).values()
        return [
            link.target for link in links if link.kind == kind and not link.external and self.has(link.target)
        ]

    @cached_property
    def main(self) -> str:
        """The name of the part that holds the document.

        Raises:
            UnsupportedKind: the package is no Word document.
        """
        main = self.related("", "officeDocument")
        if not main or self.xml(main[0]).tag != f"{W}document":
            raise UnsupportedKind("不是 Word 文档")
        return main[0]

    def identity(self) -> Identity | None:
        """Return the identity that we wrote into the document when we made it."""
        for name in self.related(self.main, "customXml"):
            root = self.xml(name)
            identity = Identity.from_xml(str(root.tag), {str(k): str(v) for k, v in root.attrib.items()})
            if identity:
                return identity
        return None


class Package(Parts):
    """A zip archive of parts: .docx, .docm, .dotx."""

    def __init__(self, data: bytes, limits: ZipLimits) -> None:
        """
        Raises:
            Damaged: it is not a complete zip archive. TooLarge: it unpacks to more than `limits`.
        """
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise Damaged("Word 文件不完整，无法打开") from error
        entries = self._zip.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        if len(entries) > limits.entries or unpacked > limits.unpacked_bytes:
            raise TooLarge(f"解压后过大（{unpacked >> 20} MB，{len(entries)} 个部件）")
        if unpacked > 10 << 20 and unpacked > limits.ratio * len(data):
            raise Hostile("压缩比异常，疑似压缩炸弹")
        self._limits, self._tags, self._counted = limits, Allowance(limits.tags, "XML 标签"), set[str]()
        self._names = {entry.filename.lstrip("/").lower(): entry for entry in entries}

    def has(self, name: str) -> bool:
        return name.lstrip("/").lower() in self._names

    def read(self, name: str) -> bytes:
        entry = self._names.get(name.lstrip("/").lower())
        if entry is None:
            raise Damaged(f"Word 文件缺少部件 {name}")
        if entry.file_size > self._limits.xml_bytes:
            raise TooLarge(f"部件 {name} 过大")
        try:
            return self._zip.read(entry)
        except (
            zipfile.BadZipFile,
            zlib.error,
            lzma.LZMAError,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
            ValueError,
        ) as error:
            raise Damaged(f"Word 文件的部件 {name} 已损坏") from error

    def xml(self, name: str) -> etree._Element:
        data = self.read(name)
        # Each part once: that we look at one more often is no fault of the file's.
        if name not in self._counted:
            self._counted.add(name)
            self._tags.spend(data.count(b"<"))
        return parse_xml(data, name)


class FlatPackage(Parts):
    """All parts in one XML file: flat OPC (`pkg:package`), or WordprocessingML 2003 (`w:wordDocument`)."""

    def __init__(self, data: bytes, limits: ZipLimits) -> None:
        """
        Raises:
            Damaged, Hostile, TooLarge: see `Parts.xml`. UnsupportedKind: it is neither of the two.
        """
        if len(data) > limits.xml_bytes:
            raise TooLarge("XML 文件过大")
        Allowance(limits.tags, "XML 标签").spend(data.count(b"<"))
        for old, new in _WORD_2003.items():
            data = data.replace(old, new)
        root = parse_xml(data, "document.xml")
        self._parts: dict[str, etree._Element] = {}
        self._binary: dict[str, bytes] = {}
        if root.tag == f"{W}wordDocument":
            self._read_2003(root)
        elif root.tag == f"{_PKG}package":
            for part in root.iterfind(f"{_PKG}part"):
                name = part.get(f"{_PKG}name", "").lstrip("/").lower()
                for content in part.iterfind(f"{_PKG}xmlData/*"):
                    self._parts[name] = content
                for content in part.iterfind(f"{_PKG}binaryData"):
                    self._binary[name] = _decoded(content.text or "")
        else:
            raise UnsupportedKind("不是 Word 文档")

    def _read_2003(self, root: etree._Element) -> None:
        """Store one document as the parts that it would have today."""
        root.tag = f"{W}document"
        self._parts["document.xml"] = root
        links = {"": [("officeDocument", "document.xml")], "document.xml": []}
        styles = root.find(f"{W}styles")
        if styles is not None:
            self._parts["styles.xml"] = styles
            links["document.xml"].append(("styles", "styles.xml"))
        for name, targets in links.items():
            rels = etree.Element(f"{_RELATIONSHIPS}Relationships")
            for number, (kind, target) in enumerate(targets):
                etree.SubElement(
                    rels, f"{_RELATIONSHIPS}Relationship", Id=f"r{number}", Type=f"/{kind}", Target=target
                )
            self._parts[f"_rels/{name}.rels"] = rels

    def has(self, name: str) -> bool:
        return name.lstrip("/").lower() in {*self._parts, *self._binary}

    def read(self, name: str) -> bytes:
        if name.lstrip("/").lower() not in self._binary:
            raise Damaged(f"Word 文件缺少部件 {name}")
        return self._binary[name.lstrip("/").lower()]

    def xml(self, name: str) -> etree._Element:
        if name.lstrip("/").lower() not in self._parts:
            raise Damaged(f"Word 文件缺少部件 {name}")
        return self._parts[name.lstrip("/").lower()]


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError as error:
        raise Damaged("Word 文件的部件已损坏") from error


def parse_xml(data: bytes, name: str) -> etree._Element:
    """Parse one part; see `Parts.xml` for what is refused."""
    for strict, transitional in _STRICT.items():
        if strict in data:
            data = data.replace(strict, transitional)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if b"<!DOCTYPE" in data[:4096]:
            raise Hostile(f"部件 {name} 带有文档类型声明") from error
        raise Damaged(f"部件 {name} 不是完整的 XML") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Hostile(f"部件 {name} 带有文档类型声明")
    return root
