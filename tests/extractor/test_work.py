import resource
import time
from dataclasses import replace

import pytest

from extractor import Options
from extractor.limits import Limits, PageLimits, PdfLimits
from extractor.readers.by_kind import open_file
from extractor.work import Allowance, check_pages
from models.errors import Hostile, TooMuchWork
from models.page import Cell, Line, Page, Pages, Run, Table
from tests.extractor.costly import REFUSED

# Seconds of a core, and bytes.
_SECONDS, _MEMORY = 10.0, 1 << 30
# What is counted while it is done takes seconds to reach the usual limits (`python -m benchmarks.costs`).
_OPTIONS = Options(limits=replace(Limits(), pdf=PdfLimits(words=100_000, painted=20_000)))


@pytest.mark.parametrize("name", REFUSED)
def test_a_small_file_that_is_much_work_is_refused_for_what_it_has_too_much_of(name: str) -> None:
    data = REFUSED[name].make()
    assert len(data) < 3 << 20
    started = time.process_time()
    with pytest.raises((TooMuchWork, Hostile)) as refused:
        open_file(data, _OPTIONS)
    assert time.process_time() - started < _SECONDS
    assert refused.value.advice
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10 < 2 * _MEMORY


def test_an_allowance_gives_what_it_holds_and_says_what_there_was_too_much_of() -> None:
    allowance = Allowance(3, "线条")
    allowance.spend(3)
    with pytest.raises(TooMuchWork, match="线条超过 3 个"):
        allowance.spend()


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        (PageLimits(cells=1), "单元格"),
        (PageLimits(pieces=3), "文字、勾选和图片"),
        (PageLimits(characters=3), "字符"),
        (PageLimits(characters_together=1), "一处的字符"),
    ],
)
def test_each_thing_that_pages_hold_is_counted_by_itself(limits: PageLimits, what: str) -> None:
    cells = [Cell(row=0, column=n, lines=(Line(spans=(Run(text="甲乙"),)),)) for n in range(2)]
    pages = Pages(reader="word", pages=(Page(number=1, blocks=(Table(index=0, cells=tuple(cells)),)),))
    check_pages(pages, PageLimits(cells=2, pieces=4, characters=4, characters_together=2))
    with pytest.raises(TooMuchWork, match=f"^{what}超过"):
        check_pages(pages, limits)
