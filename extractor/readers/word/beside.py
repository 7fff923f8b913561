"""The parts of a Word file beside its text: headers and footers with their watermarks, building blocks, and
the page's background."""

from collections.abc import Iterator

from extractor.readers.word.elements import said
from extractor.readers.word.package import Parts, W
from models.errors import Damaged
from models.page import Aside, AsideKind

_KINDS: dict[str, AsideKind] = {"header": "header", "footer": "footer", "glossaryDocument": "glossary"}
# Word 2003 writes these among the settings of a section.
_INSIDE: dict[str, AsideKind] = {f"{W}hdr": "header", f"{W}ftr": "footer", f"{W}background": "picture"}


def beside_the_text(package: Parts) -> Iterator[Aside]:
    """Yield asides for what every page shows round the text of a document, and for what no page shows.

    Raises:
        Damaged: the document itself can't be read. An unreadable part beside it becomes an unknown aside.
    """
    for kind, aside in _KINDS.items():
        for name in package.related(package.main, kind):
            try:
                text = said(package.xml(name))
            except Damaged as error:
                aside, text = "unknown", str(error)
            if text:
                yield Aside(kind=aside, text=text)
    for element in package.xml(package.main).iter(*_INSIDE):
        if text := said(element):
            yield Aside(kind=_INSIDE[str(element.tag)], text=text)
