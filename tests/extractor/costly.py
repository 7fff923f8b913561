"""Files of few bytes that are much work: each of one kind beyond what a form has, so that it must be refused,
and some just under it, which must still be cheap. `python -m benchmarks.costs` measures what they cost."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_OFD = 'xmlns:ofd="http://www.ofdspec.org/2016"'
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override '
    'PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
_HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_CID_FONT = (
    b"<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[<</Type/Font/Subtype"
    b"/CIDFontType2/BaseFont/X/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>%s>>]>>"
)


def pdf(objects: Sequence[bytes]) -> bytes:
    """A PDF of numbered objects, the first of which is its catalogue."""
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.7\n")
    for number, one in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n" % number + one + b"\nendobj\n")
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table))
    return out.getvalue()


def stream(content: bytes, said: bytes = b"") -> bytes:
    """A stream of a PDF, packed."""
    packed = zlib.compress(content, 9)
    return b"<<%s/Filter/FlateDecode/Length %d>>stream\n" % (said, len(packed)) + packed + b"\nendstream"


def page(
    content: bytes,
    *more: bytes,
    font: bytes = _HELVETICA,
    resources: bytes = b"",
    said: bytes = b"",
    count: int = 1,
) -> bytes:
    """A PDF of `count` pages that share `content`; objects of `more` are numbered from 5 on."""
    own = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 3 0 R/Resources<</Font<</F 4 0 R>>%s>>%s>>"
    )
    first = 5 + len(more)
    kids = b" ".join(b"%d 0 R" % number for number in range(first, first + count))
    head = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count)]
    return pdf([*head, stream(content), font, *more, *[own % (resources, said)] * count])


def _scattered(count: int, operators: bytes) -> bytes:
    return b"".join(b"%d %d " % (n % 560, n * 7 % 830) + operators for n in range(count))


def _truetype() -> bytes:
    """A font whose only table names each of four thousand million characters."""
    cmap = struct.pack(">HHHHL", 0, 1, 3, 10, 12)
    cmap += struct.pack(">HHLLL", 12, 0, 28, 0, 1) + struct.pack(">LLL", 0, 0xFFFFFFFF, 0)
    return (
        b"\0\1\0\0"
        + struct.pack(">HHHH", 1, 0, 0, 0)
        + struct.pack(">4sLLL", b"cmap", 0, 28, len(cmap))
        + cmap
    )


def docx(body: str) -> bytes:
    """A Word file whose body is `body`."""
    return _zipped(
        {
            "[Content_Types].xml": _TYPES,
            "_rels/.rels": _RELATIONS,
            "word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>",
        }
    )


def table(cells: str, rows: int) -> str:
    """A table of Word of as many rows with these cells."""
    return f"<w:tbl>{f'<w:tr>{cells}</w:tr>' * rows}</w:tbl>"


def cell(text: str) -> str:
    """A cell of Word."""
    return f"<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>"


def ofd(content: str, resources: str = "") -> bytes:
    """An OFD of one page."""
    document = (
        f"<ofd:Document {_OFD}><ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox>"
        "</ofd:PageArea><ofd:DocumentRes>Res.xml</ofd:DocumentRes></ofd:CommonData><ofd:Pages>"
        '<ofd:Page ID="1" BaseLoc="Page.xml"/></ofd:Pages></ofd:Document>'
    )
    return _zipped(
        {
            "OFD.xml": f'<ofd:OFD {_OFD} DocType="OFD" Version="1.0"><ofd:DocBody><ofd:DocRoot>'
            "Doc/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
            "Doc/Document.xml": document,
            "Doc/Res.xml": f'<ofd:Res {_OFD} BaseLoc="."><ofd:CompositeGraphicUnits>{resources}'
            "</ofd:CompositeGraphicUnits></ofd:Res>",
            "Doc/Page.xml": f'<ofd:Page {_OFD}><ofd:Content><ofd:Layer ID="2">{content}</ofd:Layer>'
            "</ofd:Content></ofd:Page>",
        }
    )


def _zipped(parts: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
        # Nothing that can be packed, so that what is left is not taken for a bomb by its ratio.
        file.writestr("x.bin", b"".join(struct.pack(">Q", pow(3, n, 2**61 - 1)) for n in range(30_000)))
    return packed.getvalue()


def _text_objects(count: int) -> str:
    return "".join(
        f'<ofd:TextObject ID="{n}" Boundary="{n % 200} {n * 7 % 290} 10 4" Font="1" Size="3">'
        '<ofd:TextCode X="0" Y="3">ab</ofd:TextCode></ofd:TextObject>'
        for n in range(count)
    )


def _drawing(number: int, inner: str) -> str:
    unit = "ofd:CompositeGraphicUnit"
    return f'<{unit} ID="{number}"><ofd:Content>{inner}</ofd:Content></{unit}>'


def _drawings_in_drawings() -> bytes:
    """Drawings that hold the next one a hundred times, eighteen deep, and paint nothing."""
    use = '<ofd:CompositeObject ID="1" ResourceID="{}"/>'
    units = "".join(_drawing(n, use.format(n + 1) * 100) for n in range(1, 19))
    return ofd(use.format(1), units)


_BOXES = _scattered(3_000, b"20 8 re 0.5 g f ")
_STYLES = b"".join(b"p.a%d{color:red}" % number for number in range(1_999))


@dataclass(frozen=True)
class Costly:
    """A file that is made when it is wanted."""

    suffix: str
    make: Callable[[], bytes]


REFUSED: Mapping[str, Costly] = {
    "operators of a PDF": Costly("pdf", lambda: page(b"q Q " * 900_000)),
    "a path of a PDF": Costly("pdf", lambda: page(b"0 0 m " + b"1 1 l " * 600_000 + b"S")),
    "numbers in an array of a PDF": Costly("pdf", lambda: page(b"BT [" + b"1 " * 1_600_000 + b"] TJ ET")),
    "brackets of a PDF": Costly("pdf", lambda: page(b"[" * 1_600_000)),
    "a form drawn again and again": Costly(
        "pdf",
        lambda: page(
            b"/X Do " * 4_000,
            stream(b"q Q " * 100_000, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]"),
            resources=b"/XObject<</X 5 0 R>>",
        ),
    ),
    "an annotation again and again": Costly(
        "pdf",
        lambda: page(
            b"",
            b"<</Type/Annot/Subtype/Stamp/Rect[0 0 9 9]/AP<</N 6 0 R>>>>",
            stream(b"q Q " * 100_000, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]"),
            said=b"/Annots[%s]" % (b"5 0 R " * 4_000),
        ),
    ),
    "the same page three hundred times": Costly(
        "pdf", lambda: page(b"BT /F 4 Tf " + b"(abcdefghij) Tj " * 400 + b"ET", count=300)
    ),
    "a picture drawn again and again": Costly(
        "pdf",
        lambda: page(
            b"500 0 0 500 0 0 cm " + b"/I Do " * 4_000,
            stream(
                bytes(1_000 * 1_000),
                b"/Type/XObject/Subtype/Image/Width 1000/Height 1000/BitsPerComponent 8"
                b"/ColorSpace/DeviceGray",
            ),
            resources=b"/XObject<</I 5 0 R>>",
        ),
    ),
    "a shading again and again": Costly(
        "pdf",
        lambda: page(
            b"/S sh " * 2_000,
            b"<</ShadingType 2/ColorSpace/DeviceRGB/Coords[0 0 500 500]/Function<</FunctionType 2/N 1"
            b"/Domain[0 1]/C0[0 0 0]/C1[1 1 1]>>/Extend[true true]>>",
            resources=b"/Shading<</S 5 0 R>>",
        ),
    ),
    "a range of codes of a font": Costly(
        "pdf",
        lambda: page(
            b"BT /F 8 Tf (ab) Tj ET",
            stream(b"1 beginbfrange <00000000> <0FFFFFFF> <0000> endbfrange"),
            font=b"<</Type/Font/Subtype/Type1/BaseFont/X/ToUnicode 5 0 R>>",
        ),
    ),
    "characters of a TrueType font": Costly(
        "pdf",
        lambda: page(
            b"BT /F 8 Tf <0001> Tj ET",
            stream(_truetype()),
            font=_CID_FONT % b"/FontDescriptor<</Type/FontDescriptor/FontName/X/FontFile2 5 0 R>>",
        ),
    ),
    "tags of Word": Costly("docx", lambda: docx("<w:p/>" * 700_000)),
    "cells of Word": Costly("docx", lambda: docx(table("<w:tc><w:p/></w:tc>" * 50, 220))),
    "lines of Word": Costly("docx", lambda: docx("<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 16_000)),
    "characters of Word": Costly("docx", lambda: docx(table(cell("某" * 90_000), 5))),
    "characters of a cell of Word": Costly("docx", lambda: docx(table(cell("某" * 110_000), 1))),
    "tags of HTML": Costly("html", lambda: b"<html><body><table><tr>" + b"<td>a" * 210_000),
    "rules of HTML": Costly(
        "html",
        lambda: b"<html><style>" + b"p{color:red}" * 1_999 + b"</style><body>" + b"<p>x" * 2_000,
    ),
    "objects of OFD": Costly("ofd", lambda: ofd(_text_objects(150_000))),
    "a path of OFD": Costly(
        "ofd",
        lambda: ofd(
            '<ofd:PathObject ID="1" Boundary="0 0 9 9"><ofd:AbbreviatedData>M 0 0 '
            + "L 1 1 " * 300_000
            + "</ofd:AbbreviatedData></ofd:PathObject>"
        ),
    ),
    "drawings of OFD in drawings": Costly("ofd", _drawings_in_drawings),
}

ALLOWED: Mapping[str, Costly] = {
    "operators of a PDF": Costly("pdf", lambda: page(b"q Q " * 490_000)),
    "a path of a PDF": Costly("pdf", lambda: page(b"0 0 m " + b"1 1 l " * 320_000 + b"S")),
    "fields of colour under text": Costly(
        "pdf",
        lambda: page(_BOXES + b"BT /F 8 Tf " + _scattered(3_500, b"Td (abcdefghij) Tj ") + b"ET"),
    ),
    "pages of text": Costly(
        "pdf", lambda: page(b"BT /F 9 Tf " + _scattered(190, b"Td (abcdefghij) Tj ") + b"ET", count=125)
    ),
    "tags of Word": Costly("docx", lambda: docx("<w:p/>" * 390_000)),
    "runs of Word": Costly("docx", lambda: docx(f"<w:p>{'<w:r><w:t>a</w:t></w:r>' * 29_000}</w:p>")),
    "cells of Word": Costly("docx", lambda: docx(table("<w:tc><w:p/></w:tc>" * 40, 240))),
    "labels of Word": Costly("docx", lambda: docx(table(cell("职务") + cell("单位"), 4_900))),
    "lines of Word": Costly("docx", lambda: docx("<w:p><w:r><w:t>职务：单位：某</w:t></w:r></w:p>" * 14_000)),
    "a long answer": Costly(
        "docx", lambda: docx(table(cell("单位") + cell("某公司2021年1月1日" * 7_000), 1))
    ),
    "marks": Costly("docx", lambda: docx(table(cell("类型") + cell("□城镇 √商业 " * 2_400), 1))),
    "cells of HTML": Costly("html", lambda: b"<table>" + (b"<tr>" + b"<td>a" * 20) * 480),
    "paragraphs of HTML": Costly(
        "html", lambda: b"<html><style>" + _STYLES + b"</style><body>" + b'<p class="a1 a2">x' * 14_000
    ),
    "objects of OFD": Costly("ofd", lambda: ofd(_text_objects(29_000))),
}
