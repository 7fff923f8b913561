"""The parts of an OFD. The XML of a part gives the locations of others, relative to itself."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from extractor.arrival.containers.zipped import open_zip
from extractor.limits import ContainerLimits, ZipLimits
from extractor.readers.word.package import parse_xml
from extractor.work import Allowance
from models.errors import Damaged, Encrypted, UnreadableFile

Element = etree._Element
POINTS = 72 / 25.4  # points in a millimetre, the unit of OFD


class Package:
    """A zip of parts, unpacked within the limits. Names are compared without case, because the programs that
    write them do so."""

    def __init__(self, data: bytes, limits: ZipLimits) -> None:
        contents = open_zip(
            data, "", ContainerLimits(limits.entries, limits.xml_bytes, limits.unpacked_bytes, limits.ratio)
        )
        self._tags = Allowance(limits.tags, "XML 标签")
        self._parts: dict[str, bytes] = {}
        self._errors: dict[str, UnreadableFile] = {}
        for file in contents.files:
            name = _normal(file.name)
            if file.error:
                self._errors[name] = file.error
            else:
                self._parts[name] = file.data
        if self.has("Encryptions.xml"):
            raise Encrypted("OFD 文件设有密码")

    def has(self, name: str) -> bool:
        """Tell whether there is a part of that name."""
        return _normal(name) in self._parts

    def read(self, name: str) -> bytes:
        """Return the bytes of a part. Raise Damaged if it is missing, or the error that prevented
        unpacking."""
        if _normal(name) in self._errors:
            raise self._errors[_normal(name)]
        if not self.has(name):
            raise Damaged(f"OFD 文件缺少部件 {name}")
        return self._parts[_normal(name)]

    def xml(self, name: str) -> Element:
        """The root of a part. Raises Damaged, Hostile as `parse_xml` does, TooMuchWork."""
        data = self.read(name).removeprefix(b"\xef\xbb\xbf")
        # As often as it is read: pages may name the same part, and each is painted.
        self._tags.spend(data.count(b"<"))
        return parse_xml(data, name)


def _normal(name: str) -> str:
    return posixpath.normpath("/" + name.replace("\\", "/")).lstrip("/").lower()


def located(base: str, location: str | None) -> str:
    """Return the name of the part that `location` means in the part `base`."""
    location = (location or "").strip().replace("\\", "/")
    return location if location.startswith("/") else posixpath.join(posixpath.dirname(base), location)


def kind(element: Element) -> str:
    """Return the name of an element without its namespace; empty for a node that is no element."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def children(element: Element | None, *names: str) -> Iterator[Element]:
    """Yield the child elements with one of some names."""
    for child in element if element is not None else ():
        if kind(child) in names:
            yield child


def child(element: Element | None, name: str) -> Element | None:
    """Return the first child of a name."""
    return next(children(element, name), None)


def text(element: Element | None, name: str) -> str:
    """Return the text of the first child of a name; empty where there is none."""
    found = child(element, name)
    return (found.text or "").strip() if found is not None else ""


def numbers(value: str | None) -> tuple[float, ...]:
    """Return the numbers in an attribute; none where any of them is no number."""
    try:
        found = tuple(float(one) for one in (value or "").split())
    except ValueError:
        return ()
    return found if all(abs(one) < 1e7 for one in found) else ()


@dataclass
class Resources:
    """The things that pages refer to by number: fonts by their names, pictures by their parts, drawing styles
    and composite drawings."""

    fonts: dict[str, str] = field(default_factory=dict)
    media: dict[str, str] = field(default_factory=dict)
    styles: dict[str, Element] = field(default_factory=dict)
    drawings: dict[str, Element] = field(default_factory=dict)

    def add(self, package: Package, name: str) -> None:
        """Add what a resource part defines."""
        root = package.xml(name)
        base = posixpath.join(located(name, root.get("BaseLoc") or "."), "x")
        for element in root.iter():
            number = element.get("ID") or ""
            if kind(element) == "Font":
                self.fonts[number] = element.get("FontName") or element.get("FamilyName") or ""
            elif kind(element) == "MultiMedia":
                self.media[number] = located(base, text(element, "MediaFile"))
            elif kind(element) == "DrawParam":
                self.styles[number] = element
            elif kind(element) == "CompositeGraphicUnit":
                self.drawings[number] = element


@dataclass(frozen=True)
class Document:
    """One document of an OFD: its part, its root, the resources it refers to, and its templates by number."""

    name: str
    root: Element
    resources: Resources
    templates: Mapping[str, str]
    box: tuple[float, ...]
    signatures: str = ""


def open_document(package: Package) -> Document:
    """Return the first document of the package; the others are versions of it. Raise Damaged without one."""
    body = child(package.xml("OFD.xml"), "DocBody")
    if body is None:
        raise Damaged("OFD 文件中没有文档")
    name = located("OFD.xml", text(body, "DocRoot"))
    root = package.xml(name)
    common = child(root, "CommonData")
    resources = Resources()
    for one in children(common, "PublicRes", "DocumentRes"):
        where = located(name, one.text)
        if package.has(where):
            resources.add(package, where)
    templates = {
        one.get("ID") or "": located(name, one.get("BaseLoc")) for one in children(common, "TemplatePage")
    }
    signatures = text(body, "Signatures")
    box = numbers(text(child(common, "PageArea"), "PhysicalBox"))
    return Document(
        name, root, resources, templates, box, located("OFD.xml", signatures) if signatures else ""
    )
