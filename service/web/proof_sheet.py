"""The figures of blind samples as a workbook."""

import io
from decimal import Decimal

from service.export.workbook import Book, Cell
from service.proof.figures import BY_HAND, GROUPS, Told

STANDINGS = {"kept": "达到目标", "unproven": "尚未证明", "passed": "超过目标"}
_HEADINGS = (
    "分组", "名称", "自动采纳", "已抽查", "有误", "误率（‰）", "下限（‰）", "上限（‰）", "与目标相比",
)  # fmt: skip
_COUNT, _SHARE = "0", "0.00"


def proof_sheet(told: Told, target: float) -> bytes:
    """Returns an .xlsx with a line for each figure, and below them what they are held against."""
    book = Book()
    sheet = book.sheet("抽查结果", _HEADINGS)

    def whole(number: int) -> Cell:
        return Cell(Decimal(number), _COUNT)

    def share(number: float) -> Cell:
        return Cell(Decimal(f"{number * 1000:.4f}"), _SHARE)

    for one in told.figures:
        interval = one.interval
        sheet.append(
            [
                Cell(GROUPS[one.group]), Cell(one.called), whole(one.accepted), whole(one.looked),
                whole(one.wrong), share(interval.share), share(interval.lower), share(interval.upper),
                Cell(STANDINGS[one.standing]),
            ]
        )  # fmt: skip
    empty = [Cell(None)] * (len(_HEADINGS) - 6)
    for words, value in (("目标", target), ("人工录入（Paulsen 等，2012）", BY_HAND)):
        row = [Cell("对照"), Cell(words), *[Cell(None)] * 3, share(value), *empty]
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
