"""Draws questions as real paper has them, and marks that people set there by hand: tiny boxes, boxes that the
mark fills, 口 for a box, options that are lettered or have no box at all, crossed out or underlined.

    python -m benchmarks.marks.by_hand --sheets 12 --seed 1 [--recordings DIR] [--wrong]

Of a question of kind `underlined` nothing is ticked, and one option underlined: to choose it is right, and so
is to choose none, if a person looks.
"""

import argparse
from collections import Counter, defaultdict
from pathlib import Path
from random import Random

from benchmarks.marks import pen as pens
from benchmarks.marks.copies import PROFILES, copied
from benchmarks.marks.measure import cells_of, judged, read_sheet
from benchmarks.marks.pen import Pen
from benchmarks.marks.questions import LISTS, Drawn, Row
from benchmarks.marks.sheets import HIGH, LEFT, MIDDLE, ROWS, TOP, Sheet, ruled_page
from extractor.scan.ocr import OcrEngine, PaddleOcr
from extractor.scan.recorded import RecordedOcr
from models.geometry import meets

KINDS = (
    "tiny", "tiny-fill", "filling", "mouth", "lettered-ring", "lettered-tick", "bare-ring", "bare-tick",
    "crossed-out", "joined", "underlined",
)  # fmt: skip
# What a form prints for an option with a sign in it, which no definition may hold.
_JOINED = {
    "生产生活": "生产、生活", "办公商业": "办公/商业", "风电光伏": "风电/光伏", "水电气": "水、电、气", "学校医院": "学校／医院",
    "其他": "其他",
}  # fmt: skip
_LISTS = {
    "crossed-out": ("是 否", "有 无", "同意 不同意"),
    "joined": ("生产生活 办公商业 其他", "风电光伏 水电气", "学校医院 办公商业 水电气 其他"),
}


class HandRow(Row):
    """A question that is being drawn, of one of `KINDS`."""

    def draw(self) -> Drawn:
        r, drawn = self.r, self.drawn
        number = r.randrange(len(drawn.options))
        drawn.chosen = (number,)
        lettered, bare = (
            self.kind.startswith("lettered"),
            self.kind in ("bare-ring", "bare-tick", "crossed-out"),
        )
        separator = (
            r.choice(["  ", "   ", "；"])
            if lettered or self.kind == "joined"
            else r.choice(["  ", "；", "/", "   "])
        )
        if self.kind == "mouth" or separator == "/":
            separator = "  " if not bare else separator
        letters = []
        for at, option in enumerate(drawn.options):
            if at:
                self.write(separator)
            start = self.x
            if lettered:
                self.write("ABCDEFG"[at] + r.choice([".", "．", "、"]))
                letters.append((start, self.y, self.x, self.y + self.size))
            elif self.kind == "mouth":
                self.write("口")
                side = self.size * 0.8
                drawn.boxes.append(
                    (start + self.size * 0.1, self.y + self.size * 0.1, start + side, self.y + side)
                )
            elif not bare:
                self._box(at)
            start = self.x
            self.write(_JOINED.get(option, option))
            drawn.words.append((start, self.y, self.x, self.y + self.size))
        self._by_hand(number, letters)
        return drawn

    def _by_hand(self, number: int, letters: list[pens.Rect]) -> None:
        r, drawn, pen = self.r, self.drawn, Pen(self.sheet, self.r, self.size)
        words = drawn.words[number]
        if self.kind in ("tiny", "mouth", "joined"):
            pens.STROKES[r.choice(["tick", "tick", "cross", "slash"])](pen, drawn.boxes[number])
        elif self.kind in ("tiny-fill", "filling"):
            pens.fill(pen, drawn.boxes[number])
        elif self.kind == "lettered-ring":
            pens.ring(pen, letters[number])
        elif self.kind == "bare-ring":
            pens.ring(pen, words)
        elif self.kind in ("lettered-tick", "bare-tick"):
            x0, y0, _, y1 = letters[number] if letters else words
            away = r.uniform(0.5, 0.8) * self.size
            pens.tick(pen, (x0 - away, y0, x0 - away + 0.7 * self.size, y1), r.uniform(0.7, 1.0))
        elif self.kind == "underlined":
            x0, _, x1, y1 = words
            pen.stroke(
                [(x0, y1 + 0.12 * self.size), (x1, y1 + r.uniform(0.08, 0.2) * self.size)], self.size * 0.04
            )
        elif self.kind == "crossed-out":
            for other, (x0, y0, x1, y1) in enumerate(drawn.words):
                if other != number:
                    level = (y0 + y1) / 2
                    pen.stroke(
                        [(x0 - 5, level + r.gauss(0, 4)), (x1 + 5, level + r.gauss(0, 4))], self.size * 0.04
                    )


def make_sheet(seed: int) -> Sheet:
    """Makes the sheet of `seed`, a question of one of `KINDS` in each row."""
    r = Random(f"by hand {seed}")
    page = ruled_page()
    rows: list[Drawn | None] = []
    for number in range(ROWS):
        kind = KINDS[(seed * ROWS + number) % len(KINDS)]
        size = r.randint(38, 52)
        y = TOP + number * HIGH + (HIGH - size) // 2
        Row(page, (LEFT + 40, y), size, r, "none", ()).write(
            r.choice(["申报类型", "项目性质", "类别", "是否首次"])
        )
        options = _LISTS.get(kind, LISTS)
        own = r.randint(20, 28) if kind.startswith("tiny") else size
        row = HandRow(page, (MIDDLE + r.randint(30, 120), y), own, r, kind, tuple(r.choice(options).split()))
        rows.append(row.draw())
    profile = PROFILES[seed % len(PROFILES)]
    return Sheet(copied(page, profile, r)[0], profile, tuple(rows))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--sheets", type=int, default=12)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--recordings", type=Path, help="where what the recogniser says is kept between runs")
    asked.add_argument("--wrong", action="store_true", help="tell each row that was not right")
    given = asked.parse_args()
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for seed in range(given.seed, given.seed + given.sheets):
        sheet = make_sheet(seed)
        engine: OcrEngine = PaddleOcr()
        if given.recordings:
            engine = RecordedOcr(given.recordings / f"by-hand-{seed}.jsonl", engine)
        page = read_sheet(sheet, engine)
        cells = cells_of(page)
        if cells is None:
            print(seed, sheet.profile, "table not found")
            continue
        for drawn, cell in zip(sheet.rows, cells, strict=True):
            assert drawn is not None, "each row holds a question"
            outcome = judged(drawn, cell)
            if outcome == "SILENT" and cell.box and any(meets(cell.box, box) for box in page.unread):
                outcome = "review-wrong"  # as in the whole reader, which doubts a cell with unread ink
            table[drawn.kind][outcome] += 1
            if given.wrong and outcome in ("SILENT", "review-wrong"):
                chosen = [drawn.options[n] for n in drawn.chosen]
                print(seed, sheet.profile, drawn.kind, outcome, chosen, repr(cell.text), flush=True)
    for kind in KINDS:
        print(f"{kind:14}", dict(table[kind]))
    print("all questions ", dict(sum((table[kind] for kind in KINDS), Counter[str]())))


if __name__ == "__main__":
    main()
