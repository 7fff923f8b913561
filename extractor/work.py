"""How much work a file makes, counted before and while it is done, so that a small file can't cost much."""

from collections.abc import Iterable

from extractor.limits import PageLimits
from models.errors import TooMuchWork
from models.page import Line, Page, Pages, Run, Table


class Allowance:
    """How much of one thing a file may still have."""

    def __init__(self, most: int, what: str) -> None:
        self._most, self._left, self._what = most, most, what

    def spend(self, count: int = 1) -> None:
        """Takes `count` off.

        Raises:
            TooMuchWork: nothing is left.
        """
        self._left -= count
        if self._left < 0:
            raise TooMuchWork(f"{self._what}超过 {self._most:,} 个，多得不合常理")


def words_in(content: bytes) -> int:
    """About how many words a parser will find: by what parts or begins one, which takes no time to count."""
    return sum(map(content.count, (b" ", b"\n", b"\r", b"\t", b"[", b"<", b"(", b"/"))) + 1


def check_pages(pages: Pages, limits: PageLimits) -> None:
    """Refuses what would take longer to find fields in than any form does.

    Raises:
        TooMuchWork: there are too many cells, lines, marks or characters.
    """
    cells, pieces = Allowance(limits.cells, "单元格"), Allowance(limits.pieces, "文字、勾选和图片")
    characters = Allowance(limits.characters, "字符")
    for page in pages.pages:
        for lines in _together(page, cells):
            within = Allowance(limits.characters_together, "一处的字符")
            for line in lines:
                pieces.spend(1 + len(line.spans))
                count = sum(len(span.text) for span in line.spans if isinstance(span, Run))
                characters.spend(count)
                within.spend(count)


def _together(page: Page, cells: Allowance) -> Iterable[Iterable[Line]]:
    for block in page.blocks:
        if isinstance(block, Table):
            cells.spend(len(block.cells))
            yield from (cell.lines for cell in block.cells)
        else:
            yield (block,)
