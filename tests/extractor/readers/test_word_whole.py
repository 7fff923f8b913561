"""Whatever stands in a Word file stands in what is read of it: in the lines, in a remark at its place, or
aside."""

import io
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from lxml import etree

from extractor.limits import ZipLimits
from extractor.readers.word import read_word
from extractor.text import tick_signs
from models.page import Line, Pages, Remark, Run
from tests.conftest import Convert
from tests.extractor.composed_word import composed
from tests.extractor.word_contents import KINDS

TEXT = "txt:Text (encoded):UTF8"
MARKS = tick_signs.EMPTY | tick_signs.TICKED | tick_signs.TICK | tick_signs.CROSS
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# Files for one start of LibreOffice, which doesn't always live through many.
BATCH = 40


def characters(text: str) -> Counter[str]:
    """How often each character stands in a text; any tick, picture and sign of a symbol font counts as the
    same."""
    found: Counter[str] = Counter()
    for char in unicodedata.normalize("NFKC", text.replace("图片", "□")):
        if char in MARKS or 0xE000 <= ord(char) < 0xF900:
            char = "□"
        found["-" if char in "\u2010\u2011" else char] += (
            not char.isspace() and char not in "\ufeff\u200b\xad"
        )
    return +found


def stands_in(pages: Pages) -> str:
    """All that a reader saw."""
    spans = [span for line in _lines(pages) for span in line.spans]
    seen = [span.text if isinstance(span, Run | Remark) else "□" for span in spans]
    return "".join([*seen, *(aside.text for aside in pages.aside)])


def _lines(pages: Pages) -> Iterator[Line]:
    for page in pages.pages:
        for block in page.blocks:
            yield from (
                [block] if isinstance(block, Line) else [line for cell in block.cells for line in cell.lines]
            )


def written_in(data: bytes) -> str:
    """The characters in the XML of a file: in its body, its headers, footers and notes. Of alternative
    content one branch is enough."""
    package = zipfile.ZipFile(io.BytesIO(data))
    names = [
        name
        for name in package.namelist()
        if (name.startswith("word/") and name.endswith("s.xml")) or "ocument.xml" in name
    ]
    names += [name for name in package.namelist() if name.startswith(("word/header", "word/footer"))]
    roots = [
        etree.fromstring(package.read(name))
        for name in names
        if not name.endswith(("numbering.xml", ".rels"))
    ]
    return "".join(text for root in roots for text in _texts(root))


def _texts(element: etree._Element) -> Iterator[str]:
    if str(element.tag).endswith("}AlternateContent") and len(element) > 1:
        one, other = ("".join(_texts(branch)) for branch in element)
        yield from [one] if one == other else [one, other]
        return
    yield from [
        element.text or "",
        element.get("string", ""),
        element.get("descr", ""),
        element.get("alt", ""),
    ]
    for child in element:
        if not str(child.tag).endswith("}LockedField"):
            yield from _texts(child)


def lost(seeds: Iterable[int]) -> dict[int, Counter[str]]:
    """What the XML holds and the reader dropped."""
    found = {}
    for seed in seeds:
        data, _ = composed(seed)
        missing = characters(written_in(data)) - characters(stands_in(read_word(data, ZipLimits())))
        if missing:
            found[seed] = missing
    return found


def unseen_by_reader(seeds: range, folder: Path, soffice: Convert) -> dict[int, Counter[str]]:
    """What LibreOffice shows and the reader dropped."""
    found = {}
    for start in range(seeds.start, seeds.stop, BATCH):
        files = {}
        for seed in seeds[start - seeds.start : start - seeds.start + BATCH]:
            files[seed] = folder / f"c{seed}.docx"
            files[seed].write_bytes(composed(seed)[0])
        for (seed, path), text in zip(files.items(), soffice(list(files.values()), TEXT), strict=True):
            read = read_word(path.read_bytes(), ZipLimits())
            missing = characters(text.read_text("utf-8")) - characters(stands_in(read))
            if missing:
                found[seed] = missing
            path.unlink()
            text.unlink()
    return found


def test_the_composer_uses_all_its_kinds() -> None:
    assert {kind for seed in range(200) for kind in composed(seed)[1]} == set(KINDS)


def test_every_character_that_a_file_holds_is_told() -> None:
    assert not lost(range(200))


def test_what_libreoffice_shows_is_read_or_told(tmp_path: Path, soffice: Convert) -> None:
    assert not unseen_by_reader(range(40), tmp_path, soffice)


@pytest.mark.accept
def test_what_libreoffice_shows_of_two_thousand_files_is_read_or_told(
    tmp_path: Path, soffice: Convert
) -> None:
    assert not lost(range(1000, 3000))
    assert not unseen_by_reader(range(1000, 3000), tmp_path, soffice)
