"""Draws a question's options in a row, with boxes before or behind them, and marks of one kind on them."""

import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pylopdf_fonts_zh_cn
from fontTools.ttLib import TTCollection, TTFont
from PIL import Image, ImageDraw, ImageFont

from benchmarks.marks import pen as pens
from benchmarks.marks.pen import Pen, Picture, Rect

# Kinds of mark that leave no doubt, and kinds that a person must see unless the reading is sure.
TYPED = ("ballot", "crossed", "solid", "check", "boxcheck", "radio")
PLAIN = ("tick", "cross", "slash", "blot", "fill", "pencil", "sweeping", "several", "none")
ODD = ("all", "ring-box", "ring-option", "beside", "corrected", "blackened", "taken-back", "stray", "stamped")
KINDS = (*TYPED, *PLAIN, *ODD)
_TYPED_SIGNS = {"ballot": "☑", "crossed": "☒", "solid": "■", "check": "√", "boxcheck": "□√", "radio": "●"}
_STATES = {"solid": "filled", "radio": "filled"}

LISTS = (
    "城镇 商业 园区 校园 社区 企事业单位", "是 否", "男 女", "国有 民营 合资 其他", "一般项目 重点项目",
    "有 无",
    "全职 兼职 退休", "初级 中级 高级", "农业 工业 建筑业 服务业 其他", "新建 改建 扩建", "同意 不同意",
    "优秀 合格 不合格",
    "现金 转账 支票", "团体 个人", "国家级 省级 市级 区级", "水源 大气 土壤 噪声 固废 生态",
    "中小学 幼儿园 大学",
    "口岸 码头 机场 车站", "回收 填埋 焚烧", "自有 租用", "博士 硕士 本科 专科", "首次申请 变更 延续 补办",
)  # fmt: skip


@dataclass
class Drawn:
    """A drawn question: the boxes of its options, the state that each shows (in the reader's terms), the
    options that the writer chose, and the words that lead in."""

    options: tuple[str, ...]
    kind: str
    lead: str = ""
    boxes: list[Rect] = field(default_factory=list)
    words: list[Rect] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    chosen: tuple[int, ...] = ()


@cache
def faces() -> tuple[tuple[str, int], ...]:
    """Returns the fonts with Chinese: those of the wheel, and the system's."""
    own = sorted(Path(next(iter(pylopdf_fonts_zh_cn.__path__))).glob("*.otf"))
    return tuple((str(path), 0) for path in own) + _installed(":lang=zh-cn", "城")


@cache
def hands() -> tuple[tuple[str, int], ...]:
    """Returns every font that has Chinese, including handwritten ones."""
    return faces() + _installed(":charset=57CE", "城")


@cache
def symbol_faces() -> tuple[tuple[str, int], ...]:
    """Returns the fonts that have ☑ and ☒; there may be none."""
    return _installed(":charset=2611 2612", "☒")


def _installed(asked: str, char: str) -> tuple[tuple[str, int], ...]:
    try:
        said = subprocess.run(
            ["fc-list", "-f", "%{file}\n", asked], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return ()
    files = sorted({line for line in said.splitlines() if line.endswith((".ttf", ".ttc", ".otf"))})
    return tuple((file, 0) for file in files if ord(char) in _characters(file))


@cache
def _characters(file: str) -> frozenset[int]:
    font = TTCollection(file, lazy=True).fonts[0] if file.endswith(".ttc") else TTFont(file, lazy=True)
    return frozenset(font.getBestCmap())


@cache
def _font(face: tuple[str, int], size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face[0], size, index=face[1])


class Row:
    """A question that is being drawn on `sheet`, from (x, y) on, in characters of `size` pixels."""

    def __init__(
        self, sheet: Picture, at: tuple[int, int], size: int, r: Random, kind: str, options: tuple[str, ...]
    ) -> None:
        self.sheet, self.r, self.size, self.kind = sheet, r, size, kind
        self.x, self.y = at
        self.face = r.choice(faces())
        self.signs = r.choice(symbol_faces() or faces())
        self.shape = (
            "circle" if kind == "radio" or r.random() < 0.08 else r.choice(["glyph", "glyph", "square"])
        )
        self.side = size * r.uniform(0.62, 0.98)
        self.rule = max(1, round(size * r.uniform(0.025, 0.075)))
        self.ink = (r.randint(0, 70),) * 3
        self.drawn = Drawn(options, kind)

    def draw(self) -> Drawn:
        r, drawn = self.r, self.drawn
        several = (
            r.sample(range(len(drawn.options)), r.randint(2, max(2, len(drawn.options) - 1)))
            if len(drawn.options) > 2
            else [0]
        )
        chosen = {"none": [], "all": [*range(len(drawn.options))], "several": several}.get(
            self.kind, [r.randrange(len(drawn.options))]
        )
        if self.kind in TYPED and r.random() < 0.15 and len(drawn.options) > 2:
            chosen = several
        drawn.chosen = tuple(sorted(chosen))
        drawn.states = ["ticked" if n in chosen else "empty" for n in range(len(drawn.options))]
        self._print()
        if self.kind not in TYPED:
            self._mark()
        return drawn

    def _print(self) -> None:
        r, size = self.r, self.size
        separator = r.choice(["；", "；", "  ", " ", "   ", "、", "，", "    ", "/", "；"])
        gap = r.choice(["", "", " "])
        behind = r.random() < 0.12 and separator not in ("", " ")
        self.drawn.lead = r.choice(["", "", "", "", "1.", "（一）", "选择："])
        self.write(self.drawn.lead)
        for number, option in enumerate(self.drawn.options):
            if number:
                self.write(separator)
            if not behind:
                self._box(number)
                self.write(gap)
            start = self.x
            self.write(option)
            self.drawn.words.append((start, self.y, self.x, self.y + size))
            if behind:
                self.write(gap)
                self._box(number)

    def write(self, text: str, face: tuple[str, int] | None = None) -> None:
        """Goes on with `text`, in the row's face or another one."""
        if not text:
            return
        font = _font(face or self.face, self.size)
        width = round(font.getlength(text))
        part = self.sheet[
            self.y - self.size // 2 : self.y + round(1.6 * self.size), self.x : self.x + width + self.size
        ]
        image = Image.fromarray(part)
        ImageDraw.Draw(image).text(
            (0, self.size // 2 + self.size * 0.88), text, font=font, fill=self.ink, anchor="ls"
        )
        part[:] = np.asarray(image)
        self.x += width

    def _box(self, number: int) -> None:
        sign = _TYPED_SIGNS.get(self.kind, "") if number in self.drawn.chosen else ""
        if sign:
            self.drawn.states[number] = _STATES.get(self.kind, "ticked")
        start = self.x
        if sign in ("☑", "☒") and symbol_faces() and self.r.random() < 0.8:
            self.write(sign, self.signs)
        elif sign and sign not in ("☑", "☒", "●", "□√"):
            self.write(sign, self.r.choice([self.face, self.signs]))
        else:
            box = self._frame()
            if sign in ("☑", "☒", "●"):
                self._sign(sign, box)
            elif sign == "□√":
                self.write("√")
            self.drawn.boxes.append(box)
            return
        middle, half = (start + self.x) / 2, self.side / 2
        self.drawn.boxes.append(
            (middle - half, self.y + self.size / 2 - half, middle + half, self.y + self.size / 2 + half)
        )

    def _frame(self) -> Rect:
        """Draws an empty box, as a character or as a shape, and returns its place."""
        if self.shape == "glyph":
            font = _font(self.face, self.size)
            left, top, right, bottom = font.getbbox("□", anchor="ls")
            start, base = self.x, self.y + self.size * 0.88
            self.write("□")
            return (start + left, base + top, start + right, base + bottom)
        side = round(self.side)
        x0, y0 = self.x + round(self.size * 0.06), self.y + round((self.size - side) / 2)
        if self.shape == "circle":
            cv2.circle(
                self.sheet, (x0 + side // 2, y0 + side // 2), side // 2, self.ink, self.rule, cv2.LINE_AA
            )
        else:
            cv2.rectangle(self.sheet, (x0, y0), (x0 + side, y0 + side), self.ink, self.rule)
        self.x += side + round(self.size * 0.14)
        return (x0, y0, x0 + side, y0 + side)

    def _sign(self, sign: str, box: Rect) -> None:
        x0, y0, x1, y1 = (round(v) for v in box)
        side, wide = x1 - x0, max(2, round(self.size * 0.07))
        if sign == "●":
            cv2.circle(
                self.sheet,
                ((x0 + x1) // 2, (y0 + y1) // 2),
                round(side * self.r.choice([0.5, 0.5, 0.28])),
                self.ink,
                -1,
                cv2.LINE_AA,
            )
        elif sign == "☒":
            cv2.line(self.sheet, (x0, y0), (x1, y1), self.ink, wide, cv2.LINE_AA)
            cv2.line(self.sheet, (x1, y0), (x0, y1), self.ink, wide, cv2.LINE_AA)
        else:
            points = [
                [x0 + side // 5, y0 + side // 2],
                [x0 + side * 2 // 5, y1 - side // 6],
                [x1 - side // 8, y0 + side // 6],
            ]
            cv2.polylines(self.sheet, [np.array(points)], False, self.ink, wide, cv2.LINE_AA)

    def _mark(self) -> None:
        r, drawn = self.r, self.drawn
        pen = Pen(self.sheet, r, self.size, faint=self.kind == "pencil")
        hand = (
            self.kind if self.kind in pens.STROKES else r.choice(["tick", "tick", "tick", "cross", "slash"])
        )
        for number in drawn.chosen:
            box = drawn.boxes[number]
            if self.kind == "sweeping":
                pens.tick(pen, box, r.uniform(1.5, 2.2))
            elif self.kind == "ring-box":
                pens.ring(pen, box)
                drawn.states[number] = "unclear"
            elif self.kind == "ring-option":
                x0, y0, x1, y1 = drawn.words[number]
                pens.ring(
                    pen, (min(x0, box[0]), y0, max(x1, box[2]), y1) if r.random() < 0.5 else (x0, y0, x1, y1)
                )
                drawn.states[number] = "unclear"
            elif self.kind == "beside":
                away = (box[2] - box[0]) * r.uniform(0.7, 1.1) * (-1 if r.random() < 0.7 else 1)
                pens.tick(pen, (box[0] + away, box[1], box[2] + away, box[3]), r.uniform(0.5, 0.8))
                drawn.states[number] = "unclear"
            else:
                pens.STROKES[hand](pen, box)
                drawn.states[number] = "filled" if hand == "fill" else "ticked"
        self._others(pen)

    def _others(self, pen: Pen) -> None:
        """Draws what some kinds do besides, to an option that was not chosen or to the row."""
        r, drawn = self.r, self.drawn
        left = [n for n in range(len(drawn.options)) if n not in drawn.chosen]
        if self.kind in ("corrected", "blackened"):
            other = r.choice(left)
            (pens.corrected if self.kind == "corrected" else pens.fill)(pen, drawn.boxes[other])
            drawn.states[other] = "corrected" if self.kind == "corrected" else "filled"
        elif self.kind == "taken-back":
            number = drawn.chosen[0]
            pens.corrected(pen, drawn.boxes[number])
            drawn.states[number], drawn.chosen = "corrected", ()
        elif self.kind == "stray":
            y = self.y + self.size * r.uniform(0.1, 0.9)
            x0, x1 = drawn.boxes[0][0] - r.uniform(0, 2) * self.size, self.x * r.uniform(0.7, 1.0)
            pen.stroke(
                [
                    (x0, y),
                    ((x0 + x1) / 2, y + self.size * r.uniform(-0.2, 0.2)),
                    (x1, y + self.size * r.uniform(-0.5, 0.5)),
                ],
                1,
            )
            drawn.states = [
                "unclear" if state == "empty" and x0 < box[0] < x1 else state
                for state, box in zip(drawn.states, drawn.boxes, strict=True)
            ]
        elif self.kind == "stamped":
            x, across = round(r.uniform(drawn.boxes[0][0], self.x)), round(r.uniform(3, 6) * self.size)
            layer = np.full_like(self.sheet, 255)
            cv2.circle(
                layer,
                (x, round(self.y + r.uniform(-1, 2) * self.size)),
                across,
                (215, 30, 45),
                max(4, self.size // 8),
                cv2.LINE_AA,
            )
            self.sheet[:] = (self.sheet.astype(np.uint16) * layer // 255).astype(np.uint8)
