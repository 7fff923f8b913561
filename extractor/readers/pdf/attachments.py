"""Files inside a PDF: a portfolio's documents, and the files attached to a page."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pdfminer.pdfdocument import PDFDocument
from pdfminer.pdfpage import PDFPage
from pdfminer.pdftypes import PDFStream, resolve1
from pdfminer.psparser import PSLiteral
from pdfminer.utils import decode_text

from extractor.arrival import Attachment
from models.errors import TooLarge

_DEPTH = 16


def attached(
    document: PDFDocument, pages: Sequence[PDFPage], most: int, most_bytes: int
) -> tuple[Attachment, ...]:
    """Return the files inside, first in the order of the tree of names, then in the order of their pages.

    Raises:
        TooLarge: there are more than `most`, or together they have more than `most_bytes` bytes.
    """
    found: list[Attachment] = []
    total = 0
    for specification in _specifications(document, pages):
        stream = _stream(specification)
        if stream is None:
            continue
        name = next((_text(specification[key]) for key in ("UF", "F") if key in specification), "")
        data = _content(stream, most_bytes - total)
        total += len(data)
        if len(found) >= most or total > most_bytes:
            raise TooLarge("PDF 中的附件太多或太大")
        found.append(Attachment(name.replace("\\", "/").rpartition("/")[2] or f"附件{len(found) + 1}", data))
    return tuple(found)


def _specifications(document: PDFDocument, pages: Iterable[PDFPage]) -> Iterator[dict[str, Any]]:
    names = resolve1(document.catalog.get("Names"))
    tree = resolve1(names.get("EmbeddedFiles")) if isinstance(names, dict) else None
    yield from _leaves(tree, _DEPTH)
    for page in pages:
        annotations = resolve1(page.annots)
        for item in annotations if isinstance(annotations, list) else []:
            annotation = resolve1(item)
            subtype = resolve1(annotation.get("Subtype")) if isinstance(annotation, dict) else None
            specification = resolve1(annotation.get("FS")) if isinstance(annotation, dict) else None
            if (
                isinstance(subtype, PSLiteral)
                and subtype.name == "FileAttachment"
                and isinstance(specification, dict)
            ):
                yield specification


def _leaves(node: Any, depth: int) -> Iterator[dict[str, Any]]:
    if not isinstance(node, dict) or depth == 0:
        return
    for leaf in (resolve1(node.get("Names")) or [])[1::2]:
        specification = resolve1(leaf)
        if isinstance(specification, dict):
            yield specification
    for kid in resolve1(node.get("Kids")) or []:
        yield from _leaves(resolve1(kid), depth - 1)


def _stream(specification: dict[str, Any]) -> PDFStream | None:
    files = resolve1(specification.get("EF"))
    stream = (
        next((resolve1(files[key]) for key in ("UF", "F") if key in files), None)
        if isinstance(files, dict)
        else None
    )
    return stream if isinstance(stream, PDFStream) else None


def _content(stream: PDFStream, most: int) -> bytes:
    raw = stream.get_rawdata()
    if raw is not None and stream.decipher is None and len(stream.get_filters()) == 1:
        try:
            # Unpacked with a limit first, because pdfminer has none.
            if len(zlib.decompressobj().decompress(raw, most + 1)) > most:
                raise TooLarge("PDF 中的附件太多或太大")
        except zlib.error:
            pass
    return stream.get_data()


def _text(value: Any) -> str:
    value = resolve1(value)
    return decode_text(value) if isinstance(value, bytes) else ""
