"""Content controls that are bound to data. Word shows what the data say, whatever text was saved with the
control."""

import re
from functools import cached_property

from lxml import etree

from extractor.readers.word.package import Parts, W

# Elements by name and position, and at most an attribute at the end. Word writes only such paths, and none of
# them takes long to look up.
_STEP = r"/(?:[\w.-]+:)?[\w.-]+(?:\[\d{1,6}\])?"
_PATH = re.compile(rf"(?:{_STEP}){{1,50}}(?:/@(?:[\w.-]+:)?[\w.-]+)?")
_PREFIX = re.compile(r"xmlns:([\w.-]+)\s*=\s*(?:'([^']*)'|\"([^\"]*)\")")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class Bindings:
    """The data that a document's controls may be bound to: its own XML, and its properties."""

    def __init__(self, package: Parts) -> None:
        self._package = package

    @cached_property
    def _stores(self) -> dict[str, etree._Element]:
        package, found = self._package, {}
        for name in package.related(package.main, "customXml"):
            ids = [
                value
                for part in package.related(name, "customXmlProps")
                for value in _item_ids(package.xml(part))
            ]
            found[ids[0] if ids else name] = package.xml(name)
        for kind in ("core-properties", "extended-properties"):
            found |= {name: package.xml(name) for name in package.related("", kind)}
        return found

    def shown(self, properties: etree._Element) -> str | None:
        """Return what Word shows in a control with these `w:sdtPr`. Return None where it is not bound, or
        bound to nothing that exists."""
        binding = properties.find(f"{W}dataBinding")
        path = "" if binding is None else binding.get(f"{W}xpath", "")
        if binding is None or not _PATH.fullmatch(path):
            return None
        prefixes = {m[1]: m[2] or m[3] or "" for m in _PREFIX.finditer(binding.get(f"{W}prefixMappings", ""))}
        own = self._stores.get(binding.get(f"{W}storeItemID", "").upper())
        for root in self._stores.values() if own is None else [own]:
            try:
                places = root.getroottree().xpath(path, namespaces=prefixes)
            except etree.XPathError:
                continue
            if isinstance(places, list) and places:
                return _listed(properties, _text(places[0]))
        return None


def _item_ids(root: etree._Element) -> list[str]:
    return [str(value).upper() for name, value in root.attrib.items() if str(name).endswith("}itemID")]


def _text(place: object) -> str | None:
    """Return the text that a path leads to; None where it has child elements, as in the data of rich text."""
    if isinstance(place, etree._Element):
        return None if len(place) else place.text or ""
    return str(place)


def _listed(properties: etree._Element, value: str | None) -> str | None:
    """Return the words of the entry with this value, in a control with a list; `value` itself otherwise."""
    for item in properties.iterfind(f"*/{W}listItem"):
        if item.get(f"{W}value") == value:
            return item.get(f"{W}displayText") or value
    return value


def says_the_same(stored: str, shown: str) -> bool:
    """Tell whether a control shows what its data say; a date may be written in other ways."""
    if "".join(stored.split()) == "".join(shown.split()):
        return True
    date = _DATE.match(stored)
    return date is not None and [int(n) for n in date[0].split("-")] == [
        int(n) for n in re.findall(r"\d{1,4}", shown)
    ]
