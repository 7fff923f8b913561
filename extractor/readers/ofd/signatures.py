"""Seals and signatures of an OFD: where they show, who signed, and whether what they sign is still what it
was."""

import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import datetime

from extractor.readers.ofd.package import POINTS, Element, Package, child, children, located, numbers, text
from models.errors import UnreadableFile
from models.page import Box, DigitalSignature

# GB/T 33190-2016, 18.2.2: the digest of each part, by the number of its method.
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
    """The signatures that the part `name` lists; `pages` are the numbers of pages by their IDs."""
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
    """False where a signed part was changed or is gone. That none was does not say that the signature itself
    is valid, which can't be told here: None."""
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
    """The seal's own name: the first text in Chinese of the structure that GB/T 38540 and GM/T 0031 give
    it."""
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
    """Where signatures show on a page."""
    return [one.box for one in found if one.page == page and one.box is not None]
