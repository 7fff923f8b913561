"""Draws a sheet of questions in a table, with prose in some rows, for measuring the whole reader from picture
to chosen options."""

from dataclasses import dataclass
from random import Random

import cv2
import numpy as np

from benchmarks.marks.copies import PROFILES, Picture, copied
from benchmarks.marks.questions import KINDS, LISTS, Drawn, Row

_PAGE = (3508, 2480)
LEFT, MIDDLE, _RIGHT, TOP, HIGH = 180, 520, 2320, 260, 158
ROWS = 19
_PROSE = 3  # rows of prose
# Words with frames in them, which a careless reader takes for boxes.
_WORDS = (
    "常住人口 国有土地 田间管理 日常回收 因地制宜 固体废物 项目目标 园区入口 四至范围 图册目录 困难群众 白天噪声 由区财政 囤积 "
    "圆形 口径 品牌 回用 中水 面积"
)


@dataclass(frozen=True)
class Sheet:
    """A copy of a sheet. `rows` are its questions from the top down, with None for a row of prose."""

    picture: Picture
    profile: str
    rows: tuple[Drawn | None, ...]


def ruled_page() -> Picture:
    """Returns a page with a table of `ROWS` rows of two cells, in which nothing is written."""
    page = np.full((*_PAGE, 3), 255, np.uint8)
    bottom = TOP + ROWS * HIGH
    for y in range(TOP, bottom + 1, HIGH):
        cv2.line(page, (LEFT, y), (_RIGHT, y), (0, 0, 0), 4)
    for x in (LEFT, MIDDLE, _RIGHT):
        cv2.line(page, (x, TOP), (x, bottom), (0, 0, 0), 4)
    return page


def make_sheet(seed: int) -> Sheet:
    """Makes the sheet of `seed`. Kinds and profiles take turns, so that some tens of sheets hold all
    pairs."""
    r = Random(seed)
    page = ruled_page()
    kinds = [KINDS[(seed * (ROWS - _PROSE) + n) % len(KINDS)] for n in range(ROWS - _PROSE)] + [""] * _PROSE
    r.shuffle(kinds)
    rows: list[Drawn | None] = []
    for number, kind in enumerate(kinds):
        size = r.randint(38, 52)
        y = TOP + number * HIGH + (HIGH - size) // 2
        Row(page, (LEFT + 40, y), size, r, "none", ()).write(
            r.choice(["申报类型", "项目性质", "类别", "是否首次"])
        )
        row = Row(page, (MIDDLE + r.randint(30, 120), y), size, r, kind, tuple(r.choice(LISTS).split()))
        if kind:
            rows.append(row.draw())
        else:
            row.write("".join(r.sample(_WORDS.split(), 6)))
            rows.append(None)
    profile = PROFILES[seed % len(PROFILES)]
    return Sheet(copied(page, profile, r)[0], profile, tuple(rows))
