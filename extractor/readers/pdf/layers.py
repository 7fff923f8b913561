"""Optional content: the layers of a PDF that can be switched off (ISO 32000-1, 8.11)."""

from collections.abc import Mapping
from typing import Any

from pdfminer.pdftypes import PDFObjRef, resolve1
from pdfminer.psparser import PSLiteral


class Layers:
    """The optional content that is switched off in the document's default state."""

    def __init__(self, catalog: Mapping[str, Any]) -> None:
        properties = resolve1(catalog.get("OCProperties")) or {}
        default = resolve1(properties.get("D")) or {}
        every = self._ids(properties.get("OCGs"))
        off = self._ids(default.get("OFF"))
        if name_of(default.get("BaseState")) == "OFF":
            off |= every - self._ids(default.get("ON"))
        self._off = off

    @staticmethod
    def _ids(refs: Any) -> set[int]:
        listed = resolve1(refs)
        return (
            {ref.objid for ref in listed if isinstance(ref, PDFObjRef)} if isinstance(listed, list) else set()
        )

    def hides(self, content: Any) -> bool:
        """Tell whether `content`, a reference to an optional-content group or membership, is not shown."""
        if isinstance(content, PDFObjRef) and content.objid in self._off:
            return True
        group = resolve1(content)
        if not isinstance(group, dict) or "OCGs" not in group:
            return False
        members = group["OCGs"] if isinstance(group["OCGs"], PDFObjRef) else None
        listed = resolve1(group["OCGs"])
        refs = listed if isinstance(listed, list) else [members]
        hidden = [isinstance(ref, PDFObjRef) and ref.objid in self._off for ref in refs]
        policy = name_of(group.get("P")) or "AnyOn"
        shown = {"AllOn": not any(hidden), "AnyOff": any(hidden), "AllOff": all(hidden)}.get(
            policy, not all(hidden)
        )
        return bool(hidden) and not shown


def name_of(value: Any) -> str:
    """Return a PDF name as text; empty where the value is not a name."""
    value = resolve1(value)
    return str(value.name) if isinstance(value, PSLiteral) else ""
