"""Tables of a font that pdfminer would write out without end, looked at before it does."""

import io
import struct
from collections.abc import Iterator, Mapping

from pdfminer.cmapdb import CMapParser, FileUnicodeMap
from pdfminer.pdftypes import PDFStream, resolve1
from pdfminer.psparser import PSKeyword
from pdfminer.utils import choplist, nunpack

from models.errors import Hostile

# More characters than this no font has (ISO 32000-1, 9.7.4), and no table of them more bytes.
MOST_CHARACTERS = 65_535
_MOST_BYTES = 6 << 20
# Characters of Unicode: a table of a TrueType font may name each once.
_MOST_NAMED = 0x110000
_TOO_LARGE = "PDF 字体的编码表大得不合常理"


def check_tables(spec: Mapping[str, object]) -> None:
    """Looks at what a font's dictionary says of its characters.

    Raises:
        Hostile: it names more of them than any font has.
    """
    says = resolve1(spec.get("ToUnicode"))
    if isinstance(says, PDFStream):
        table = says.get_data()
        if len(table) > _MOST_BYTES:
            raise Hostile(_TOO_LARGE)
        _Ranges(table).run()
    described = resolve1(spec.get("FontDescriptor"))
    program = resolve1(described.get("FontFile2")) if isinstance(described, dict) else None
    if isinstance(program, PDFStream) and sum(_spans(program.get_data())) > _MOST_NAMED:
        raise Hostile(_TOO_LARGE)


class _Ranges(CMapParser):
    """pdfminer's reader of a table of codes, which only counts what its ranges would become."""

    def __init__(self, table: bytes) -> None:
        super().__init__(FileUnicodeMap(), io.BytesIO(table))
        self._count = 0

    def do_keyword(self, pos: int, token: PSKeyword) -> None:
        if token not in (self.KEYWORD_ENDBFRANGE, self.KEYWORD_ENDCIDRANGE):
            super().do_keyword(pos, token)
            return
        for start, end, _ in choplist(3, [given for _, given in self.popall()]):
            if isinstance(start, bytes) and isinstance(end, bytes):
                self._count += max(0, nunpack(end) - nunpack(start))
        if self._count > 4 * MOST_CHARACTERS:
            raise Hostile(_TOO_LARGE)


def _spans(font: bytes) -> Iterator[int]:
    """How many characters each group of a TrueType font's table of format 12 names."""
    try:
        tables = (struct.unpack_from(">4sLLL", font, 12 + 16 * n) for n in range(font[4] << 8 | font[5]))
        base = next((offset for name, _, offset, _ in tables if name == b"cmap"), None)
        if base is None:
            return
        for number in range(struct.unpack_from(">H", font, base + 2)[0]):
            at = base + struct.unpack_from(">L", font, base + 8 + 8 * number)[0]
            if struct.unpack_from(">H", font, at)[0] != 12:
                continue
            for group in range(struct.unpack_from(">L", font, at + 12)[0]):
                start, end = struct.unpack_from(">LL", font, at + 16 + 12 * group)
                yield max(0, end - start + 1)
    except (struct.error, IndexError):
        # pdfminer too gets no further than this.
        return
