"""Counts how options that were chosen by hand on a printed form are read: with boxes and without, ringed,
ticked, crossed out, underlined, in three inks, copied by six devices.

    python -m benchmarks.ticked_options --questions 380 --seed 1 [--recordings FOLDER] --out FOLDER

Each sheet is a form of its own with a question in each row, whose definition the whole reader is given, so
that what is counted is what a person would be shown. No field is required: the form itself asks nothing back.
Seeds below 100 are for tuning, the others for reporting. OUT keeps the sheets and, in `read.jsonl`, what was
read of each question.
"""

import argparse
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from PIL import Image

from benchmarks.marks import pen as pens
from benchmarks.marks.copies import PROFILES, Picture, copied
from benchmarks.marks.pen import Pen
from benchmarks.marks.questions import LISTS, Drawn, Row
from benchmarks.marks.sheets import HIGH, LEFT, MIDDLE, ROWS, TOP, ruled_page
from extractor import Options, Source, extract
from extractor.scan.ocr import OcrEngine, PaddleOcr
from extractor.scan.recorded import RecordedOcr
from models.form import FormDefinition

INKS = {"black": (25, 25, 30), "blue": (30, 45, 150), "red": (205, 30, 40)}
# Options without boxes, lettered or bare, then options with boxes.
BARE = ("ring", "tick", "tick-on", "tick-behind", "strike-others", "underline", "nothing")
LETTERED = ("letter-ring", "letter-tick", "word-ring")
BOXED = ("mouth", "tiny", "tiny-fill", "box-tick", "box-ring", "box-word-ring", "box-two", "box-nothing")
KINDS = (*BARE, *LETTERED, *BOXED)
_LABELS = (
    "申报类型", "项目性质", "所属行业", "是否首次", "经营状况", "用地方式", "建设类别", "资金来源", "人员身份", "技术等级",
    "服务对象", "场所类型", "办理方式", "结算方式", "处置方法", "监测内容", "管理级别", "评定结果", "审核意见",
)  # fmt: skip
_SHORT_LISTS = ("是 否", "有 无", "男 女", "同意 不同意")
_BETWEEN = ("tick", "tick-behind", "letter-tick")  # kinds of which the mark stands between two options
_FEW = 3  # options at most of a question whose others are crossed out


@dataclass(frozen=True)
class Question:
    """A question on a sheet: how it was answered, in which ink, by which options."""

    drawn: Drawn
    ink: str


class _Asked(Row):
    """A question that is being drawn, of one of `KINDS`, and answered in a colour."""

    def ask(self, ink: tuple[int, int, int]) -> Drawn:
        r, drawn, kind = self.r, self.drawn, self.kind
        if kind == "box-two":
            drawn.chosen = tuple(sorted(r.sample(range(len(drawn.options)), 2)))
        elif kind not in ("nothing", "box-nothing"):
            drawn.chosen = (r.randrange(len(drawn.options)),)
        if kind.startswith("tiny"):
            self.shape, self.side = "square", r.randint(14, 22)  # 9 to 15 pixels at 200 dpi
        letters = self._printed()
        pen = Pen(self.sheet, r, self.size)
        pen.colour, pen.width = ink, max(2, round(self.size * r.uniform(0.05, 0.12)))
        for number in drawn.chosen:
            self._answered(number, letters, pen)
        return drawn

    def _printed(self) -> list[pens.Rect]:
        r, drawn, letters = self.r, self.drawn, []
        boxed = self.kind in BOXED
        separator = r.choice(["  ", "   ", "；", "    "] + ([] if boxed else ["/", " / ", "、"]))
        if self.kind in _BETWEEN:
            separator = r.choice(["     ", "      ", "；   "])  # else nobody can tell whose the tick is
        point = r.choice(".．、")
        for at, option in enumerate(drawn.options):
            if at:
                self.write(separator)
            start = self.x
            if self.kind in LETTERED:
                self.write("ABCDEFG"[at] + point)
                letters.append((start, self.y, self.x, self.y + self.size))
            elif self.kind == "mouth":
                self.write("口")
                edge = self.size * 0.1
                drawn.boxes.append((start + edge, self.y + edge, self.x - edge, self.y + self.size - edge))
            elif boxed:
                self._box(at)
            start = self.x
            self.write(option)
            drawn.words.append((start, self.y, self.x, self.y + self.size))
        return letters

    def _answered(self, number: int, letters: Sequence[pens.Rect], pen: Pen) -> None:
        r, drawn, kind, size = self.r, self.drawn, self.kind, self.size
        x0, y0, x1, y1 = words = drawn.words[number]
        if kind in ("ring", "word-ring", "box-word-ring"):
            pens.ring(pen, words)
        elif kind == "letter-ring":
            pens.ring(pen, letters[number])
        elif kind == "box-ring":
            pens.ring(pen, drawn.boxes[number])
        elif kind in ("tick", "letter-tick"):
            left = letters[number][0] if letters else x0
            away = r.uniform(0.45, 0.75) * size
            pens.tick(pen, (left - away, y0, left - away + 0.6 * size, y1), r.uniform(0.6, 0.9))
        elif kind == "tick-on":
            middle = (x0 + x1) / 2 + r.uniform(-0.2, 0.2) * (x1 - x0)
            pens.tick(pen, (middle - size / 2, y0, middle + size / 2, y1), r.uniform(0.8, 1.3))
        elif kind == "tick-behind":
            away = r.uniform(0.0, 0.15) * size
            pens.tick(pen, (x1 + away, y0, x1 + away + 0.6 * size, y1), r.uniform(0.6, 0.9))
        elif kind == "underline":
            under = y1 + r.uniform(0.08, 0.25) * size
            pen.stroke([(x0, under), ((x0 + x1) / 2, under), (x1, under + r.gauss(0, 0.06) * size)], 1.5)
        elif kind == "strike-others":
            for other, (left, top, right, bottom) in enumerate(drawn.words):
                if other != number:
                    level, tilt = (top + bottom) / 2 + r.gauss(0, 0.08) * size, r.gauss(0, 0.1) * size
                    pen.stroke([(left - 5, level - tilt), (right + 5, level + tilt)], 1.5)
        elif kind == "tiny-fill":
            pens.fill(pen, drawn.boxes[number])
        else:
            pens.STROKES[r.choice(["tick", "tick", "tick", "cross", "slash"])](pen, drawn.boxes[number])


@dataclass(frozen=True)
class Sheet:
    """A copy of a sheet, and the questions on it from the top down."""

    picture: Picture
    profile: str
    questions: tuple[Question, ...]

    def form(self) -> FormDefinition:
        """Returns the definition of the sheet's form."""
        rows = [
            {"cells": [{"label": label, "content": [self._asks(number)]}]}
            for number, label in enumerate(_LABELS)
        ]
        whole = {"name": "options", "version": "1", "title": "选项登记表", "columns": [3, 14]}
        return FormDefinition.model_validate({**whole, "rows": rows})

    def _asks(self, number: int) -> dict[str, object]:
        drawn = self.questions[number].drawn
        most = {} if drawn.kind == "box-two" else {"max": 1}
        return {"kind": "choice", "name": f"q{number}", "options": list(drawn.options), **most}


def make_sheet(seed: int, number: int) -> Sheet:
    """Makes sheet `number` of a seed. All pairs of kinds and inks take turns, and so do the devices."""
    r = Random(f"ticked options {seed} {number}")
    page = ruled_page()
    pairs = [(kind, ink) for kind in KINDS for ink in INKS]
    head = Row(page, (900, 130), 64, r, "none", ())
    head.write("选项登记表")
    questions = []
    for row in range(ROWS):
        kind, ink = pairs[(number * ROWS + row + 7 * seed) % len(pairs)]
        size = r.randint(36, 50)
        y = TOP + row * HIGH + (HIGH - size) // 2
        Row(page, (LEFT + 40, y), size, r, "none", ()).write(_LABELS[row])
        lists = [one for one in LISTS if kind != "box-two" or one.count(" ") > 1]
        if kind == "strike-others":
            lists = [*_SHORT_LISTS, *(one for one in LISTS if one.count(" ") < _FEW)]
        options = tuple(r.choice(lists).split())
        asked = _Asked(page, (MIDDLE + r.randint(30, 120), y), size, r, kind, options)
        questions.append(Question(asked.ask(INKS[ink]), ink))
    profile = PROFILES[(number + seed) % len(PROFILES)]
    return Sheet(copied(page, profile, r)[0], profile, tuple(questions))


def read(sheet: Sheet, path: Path, engine: OcrEngine) -> Iterator[dict[str, object]]:
    """Yields what was read of each question of a sheet, which is kept at `path`."""
    data = io.BytesIO()
    Image.fromarray(sheet.picture).save(data, "PNG", dpi=(200, 200))
    path.write_bytes(data.getvalue())
    form = sheet.form()
    result = extract(Source.at(path), {form.name: form}, Options(form=form.name, ocr=engine))[0]
    for number, question in enumerate(sheet.questions):
        drawn, found = question.drawn, result.fields.get(f"q{number}")
        told = found.value if found else None
        value = (told,) if isinstance(told, str) else tuple(told or ())
        wanted = tuple(drawn.options[n] for n in drawn.chosen)
        asked = found is None or found.decision != "accept"
        doubts = [one.code for one in result.findings if one.field == f"q{number}"]
        yield {
            "sheet": path.name, "row": number, "device": sheet.profile,
            "kind": drawn.kind, "ink": question.ink,
            "options": drawn.options, "wanted": wanted, "value": value, "raw": found.raw if found else None,
            "right": value == wanted, "review": asked, "silent": value != wanted and not asked,
            "doubts": doubts,
        }  # fmt: skip


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--questions", type=int, default=380, help="as many as fill whole sheets are drawn")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--recordings", type=Path, help="where what the engine says is kept for another run")
    asked.add_argument("--out", type=Path, required=True)
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    counts: dict[str, Counter[str]] = {}
    with (given.out / "read.jsonl").open("w", encoding="utf-8") as told:
        for number in range(-(-given.questions // ROWS)):
            sheet = make_sheet(given.seed, number)
            engine: OcrEngine = PaddleOcr()
            if given.recordings:
                engine = RecordedOcr(given.recordings / f"options-{given.seed}-{number}.jsonl", engine)
            for line in read(sheet, given.out / f"{number:03}-{sheet.profile}.png", engine):
                told.write(json.dumps(line, ensure_ascii=False) + "\n")
                for whole in (line["kind"], line["ink"], line["device"], "all"):
                    counts.setdefault(str(whole), Counter()).update(
                        questions=1, right=line["right"], review=line["review"], silent=line["silent"]
                    )
            told.flush()
    for name in (*KINDS, *INKS, *PROFILES, "all"):
        count = counts.get(name, Counter())
        print(
            f"{name:14}", *(f"{word} {count[word]:4} " for word in ("questions", "right", "review", "silent"))
        )


if __name__ == "__main__":
    main()
