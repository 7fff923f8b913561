"""Small PDFs for tests: typeset with Chinese fonts, or written object by object where every operator
matters."""

import io
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import pylopdf_fonts_zh_cn
import typst
from pypdf import PdfReader, PdfWriter

from extractor.readers.pdf import PdfReading, read_pdf
from models.page import Cell, Line, Picture, Run, Span, Table, Tick

_PREAMBLE = """#set page(width: 420pt, height: 300pt, margin: 30pt)
#set text(font: "Noto Sans SC", size: 11pt)
"""


@cache
def typeset(body: str) -> bytes:
    """A PDF of Typst markup in Noto Sans SC, its pages 420 by 300 points."""
    fonts = Path(pylopdf_fonts_zh_cn.sans_path()).parent
    return bytes(
        typst.compile(
            (_PREAMBLE + body).encode(), format="pdf", font_paths=[str(fonts)], ignore_system_fonts=True
        )
    )


def written(
    content: str,
    annotations: Iterable[str] = (),
    resources: str = "",
    catalog: str = "",
    streams: Mapping[int, tuple[str, str]] | None = None,
    page: str = "",
) -> bytes:
    """A PDF of one page, 400 by 300 points, with Helvetica as F1 and ZapfDingbats as F2.

    `annotations` are their dictionaries without the brackets; `streams` are further objects: number from 100,
        dictionary, data.
    """
    numbers = range(20, 20 + len(listed := list(annotations)))
    objects = {
        1: f"<</Type/Catalog/Pages 2 0 R {catalog}>>",
        2: "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents 4 0 R {page}"
        f"/Annots[{' '.join(f'{n} 0 R' for n in numbers)}]"
        f"/Resources<</Font<</F1 5 0 R/F2 6 0 R>>{resources}>>>>",
        4: _stream("", content),
        5: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        6: "<</Type/Font/Subtype/Type1/BaseFont/ZapfDingbats>>",
        **{number: f"<<{annotation}>>" for number, annotation in zip(numbers, listed, strict=True)},
        **{number: _stream(*stream) for number, stream in (streams or {}).items()},
    }
    body, places = "%PDF-1.7\n", {}
    for number, text in objects.items():
        places[number] = len(body.encode("latin-1"))
        body += f"{number} 0 obj\n{text}\nendobj\n"
    start = len(body.encode("latin-1"))
    body += "xref\n" + "".join(f"{number} 1\n{place:010} 00000 n \n" for number, place in places.items())
    return (body + f"trailer<</Size 999/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").encode("latin-1")


def _stream(dictionary: str, data: str) -> str:
    return f"<<{dictionary}/Length {len(data.encode('latin-1'))}>>stream\n{data}\nendstream"


def say(text: str, x: float = 50, y: float = 200, size: float = 12, before: str = "") -> str:
    """Operators that show a Latin text at a place from the bottom left."""
    return f"q {before} BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET Q\n"


def with_pages(data: bytes, count: int) -> bytes:
    """The first page of a PDF so many times."""
    writer, page = PdfWriter(), PdfReader(io.BytesIO(data)).pages[0]
    for _ in range(count):
        writer.add_page(page)
    return saved(writer)


def turned(data: bytes, turn: int, by_content: bool = False) -> bytes:
    """A PDF whose pages are shown turned by so many degrees, clockwise: by their entry, or by their content
    on a page as large."""
    writer = PdfWriter(clone_from=io.BytesIO(data))
    for page in writer.pages:
        page.rotate(turn)
        if by_content:
            page.transfer_rotation_to_content()
    return saved(writer)


def saved(writer: PdfWriter) -> bytes:
    """What a pypdf writer would write to a file."""
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def cells(data: bytes) -> dict[tuple[int, int], Cell]:
    """The cells of a PDF's first table by row and column."""
    return {(cell.row, cell.column): cell for cell in tables(read_pdf(data))[0].cells}


def tables(reading: PdfReading) -> list[Table]:
    """All tables in order."""
    return [block for page in reading.pages.pages for block in page.blocks if isinstance(block, Table)]


def texts(data: bytes) -> list[str]:
    """The text of each line outside tables that has any."""
    lines = (block for page in read_pdf(data).pages.pages for block in page.blocks if isinstance(block, Line))
    return [line.text for line in lines if line.text.strip()]


def spans(data: bytes) -> list[Span]:
    """Every span outside tables and in them, in order."""
    found: list[Span] = []
    for page in read_pdf(data).pages.pages:
        for block in page.blocks:
            lines = (
                [block] if isinstance(block, Line) else [line for cell in block.cells for line in cell.lines]
            )
            found += [span for line in lines for span in line.spans]
    return found


def ticks(data: bytes) -> list[str]:
    """The states of all ticks."""
    return [span.state for span in spans(data) if isinstance(span, Tick)]


def pictures(data: bytes) -> list[str]:
    """The kinds of all pictures."""
    return [span.kind for span in spans(data) if isinstance(span, Picture)]


def stressed(data: bytes, emphasis: str) -> str:
    """All text with an emphasis."""
    return "".join(span.text for span in spans(data) if isinstance(span, Run) and emphasis in span.emphasis)
