"""Seals and signatures of an OFD: where they show, who signed, and whether the signed parts are unchanged."""

import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import datetime

from extractor.readers.ofd.package import POINTS, Element, Package, child, children, located, numbers, text
from models.errors import UnreadableFile
from models.page import Box, DigitalSignature

# The digest methods of GB/T 33190-2016, 18.2.2, by their identifiers.
_METHODS = {
    "1.2.156.10197.1.401": "sm3",
    "MD5": "md5",
    "SHA1": "sha1",
    "1.3.14.3.2.26": "sha1",
    "SHA256": "sha256",
}
_COMMON_TIME = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)[T ]?(\d\d):?(\d\d):?(\d\d)")
_UTF8_STRING = 0x0C
_MOST = 200


def signatures(package: Package, name: str, pages: dict[str, int]) -> Iterator[DigitalSignature]:
    """Yield the signatures that the part `name` lists. `pages` maps the IDs of pages to their numbers."""
    if not name or not package.has(name):
        return
    for one in list(children(package.xml(name), "Signature"))[:_MOST]:
        try:
            yield from _signature(package, located(name, one.get("BaseLoc")), pages)
        except UnreadableFile:
            yield DigitalSignature(intact=False)


def _signature(package: Package, name: str, pages: dict[str, int]) -> Iterator[DigitalSignature]:
    root = package.xml(name)
    information = child(root, "SignedInfo")
    value = located(name, text(root, "SignedValue") or "SignedValue.dat")
    said = DigitalSignature(
        signer=_signer(package.read(value)) if package.has(value) else None,
        signed_at=_time(text(information, "SignatureDateTime")),
        intact=_is_intact(package, name, information),
    )
    stamps = list(children(information, "StampAnnot"))[:_MOST]
    for stamp in stamps:
        box = numbers(stamp.get("Boundary"))
        page = pages.get(stamp.get("PageRef") or "")
        if page is None or len(box) != 4:
            yield said
            continue
        x, y, wide, high = (one * POINTS for one in box)
        yield said.model_copy(
            update={"page": page, "box": Box(x0=x, y0=y, x1=x + max(wide, 0), y1=y + max(high, 0))}
        )
    if not stamps:
        yield said


def _is_intact(package: Package, name: str, information: Element | None) -> bool | None:
    """Return False where a signed part was changed or is gone. Otherwise return None: unchanged parts do not
    prove that the signature itself is valid, and that can't be told here."""
    references = child(information, "References")
    method = (references.get("CheckMethod") or "MD5") if references is not None else ""
    try:
        digest = _METHODS.get(method) or _METHODS.get(method.upper().replace("-", "")) or ""
        hashlib.new(digest)
    except ValueError:
        return None
    for one in children(references, "Reference"):
        if not package.has(located(name, one.get("FileRef"))):
            return False
        found = hashlib.new(digest, package.read(located(name, one.get("FileRef")))).digest()
        if base64.b64encode(found).decode() != "".join(text(one, "CheckValue").split()):
            return False
    return None


def _signer(value: bytes) -> str | None:
    """Return the seal's own name: the first Chinese text of the structure that GB/T 38540 and GM/T 0031
    define."""
    for at in range(len(value) - 2):
        length = value[at + 1]
        if value[at] == _UTF8_STRING and 6 <= length < 0x80 and at + 2 + length <= len(value):
            try:
                found = value[at + 2 : at + 2 + length].decode("utf-8")
            except UnicodeDecodeError:
                continue
            if sum("\u4e00" <= char <= "\u9fff" for char in found) >= 2:
                return found
    return None


def _time(said: str) -> datetime | None:
    found = _COMMON_TIME.search(said)
    try:
        return datetime(*(int(part) for part in found.groups())) if found else None  # type: ignore[arg-type]
    except ValueError:
        return None


def stamps_of(found: tuple[DigitalSignature, ...], page: int) -> list[Box]:
    """Return the places of signatures on a page."""
    return [one.box for one in found if one.page == page and one.box is not None]
