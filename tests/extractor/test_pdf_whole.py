"""Nothing in a PDF is dropped without a word: what an independent reader finds on its pages stands in the
ledger."""

import unicodedata
from collections import Counter
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from extractor import Options, Source, extract
from models.ledger import PartLedger
from tests.extractor.composed_pdf import composed
from tests.extractor.test_pdf_silent import FORM


def letters(text: str) -> Counter[str]:
    """The letters and digits of a text, however they are written."""
    return Counter(char for char in unicodedata.normalize("NFKC", text) if char.isalnum())


def painted(data: bytes) -> Counter[str]:
    """What pdfium's text page finds, shown or not; a character painted on itself, which makes it bold, counts
    once."""
    found: Counter[str] = Counter()
    with pdfium.PdfDocument(data) as document:
        for page in document:
            text = page.get_textpage()
            chars = ((text.get_text_range(at, 1), text.get_charbox(at)) for at in range(text.count_chars()))
            found += letters(
                "".join(char for char, _ in {(char, tuple(round(n) for n in box)): 0 for char, box in chars})
            )
    return found


def dropped(data: bytes, held: list[str], tmp_path: Path) -> Counter[str]:
    """What stands in the file and not in its ledger; all that its fields and notes hold must stand there word
    for word."""
    path, ledgers = tmp_path / "a.pdf", list[PartLedger]()
    path.write_bytes(data)
    extract(Source.at(path), {"shown": FORM}, Options(), book=ledgers.append)
    texts = [entry.text for one in ledgers for entry in one.entries]
    booked = letters("".join(texts))
    return (painted(data) | sum(map(letters, held), Counter())) - booked


@pytest.mark.parametrize("seed", range(20))
def test_all_that_pdfium_finds_on_a_page_stands_in_the_ledger(seed: int, tmp_path: Path) -> None:
    data, made = composed(seed)
    assert dropped(data, made.held, tmp_path) == Counter(), made.kinds


@pytest.mark.accept
@pytest.mark.parametrize("seed", range(1000, 1300))
def test_all_that_pdfium_finds_on_three_hundred_files_stands_in_the_ledger(seed: int, tmp_path: Path) -> None:
    data, made = composed(seed)
    assert dropped(data, made.held, tmp_path) == Counter(), made.kinds
