"""The rows of a definition as they are made: their fields, what these are called, where they were found, and
why (pure)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from extractor.drafting.boxes import is_boxed
from extractor.drafting.content import content_of, parted
from extractor.drafting.found import Guess, Placed, Spotted
from extractor.drafting.grid import Cells
from extractor.drafting.kinds import BLANKS, is_blank, is_money, is_sum, is_time, named_and_stamped, unit_of
from extractor.drafting.marks import is_mark
from extractor.drafting.naming import title_of
from models.page import Cell, Line, Pages, Run
from models.writing import CJK, key, one_line

_MOST_NAME = 24
# A day at the end of a line, behind a drawn blank and a gap, or far behind words and a colon.
_DAY_APART = re.compile(
    r"(?:(?<=[_＿]{3})\s\s|(?<=\s{12})|(?<=_{10}))[_＿\s]*年[_＿\s]+月(?:[_＿\s]+日)?\s*$"
)
_DAY_AT_END = re.compile(r"(?<=[_＿\s])[_＿\s]{2}年[_＿\s]*月(?:[_＿\s]*日)?\s*$")
# Whose stamp stands behind the day of a line: 年 月 日 （企业公章）
_STAMP_BEHIND_DAY = re.compile(rf"(?<=日)[\s_＿]*[（(][{CJK}]{{1,10}}[章][)）]\s*$")

Name = Callable[[str], str]


@dataclass
class Adding:
    """The rows of a definition as they are added, and all that goes with them."""

    pages: Pages
    name: str
    name_of: Name
    guesses: list[Guess] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    titles: set[str] = field(default_factory=set)
    heading: str = ""  # of the table that is next, outside it
    spots: list[Spotted] = field(default_factory=list)
    places: list[Placed] = field(default_factory=list)
    # The title and the item of each line of text.
    texts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    at: int | None = None  # the table whose rows are drafted; None in a line outside tables
    line_at: int | None = None  # that line among the spots
    lined: int = 0  # the rows up to the last one that a line outside tables made
    begun: int = 0  # the row with which the table begins
    unit: str = ""  # of all sums, as the form says outside its tables
    money: str = ""  # the unit of all sums of money, where the form names several units
    # By its column what stands left of several rows: the last of them, and its text.
    groups: dict[int, tuple[int, str]] = field(default_factory=dict)
    heads: dict[int, str] = field(default_factory=dict)  # what the head of a list says of each column
    group: str = ""  # the text of what stands left of the row and others
    units: dict[int, Cell] = field(default_factory=dict)  # before a place of the row, by its column
    over: Cells = ()  # the headings of several columns each that the rows of the table stand under

    def add_print(self, text: str, width: int) -> None:
        """A row of nothing but print, if there is any."""
        if text:
            self.rows.append({"cells": [{"columns": width, "content": [{"kind": "printed", "text": text}]}]})

    def add_line(self, asked: Sequence[tuple[str, str]], width: int, where: str = "表格外的一行") -> None:
        """Places behind words and colons that share a line, of which the definition makes a row."""
        self.tell(f"{where}：{'、'.join(label for label, _ in asked)}")
        together = len(asked) if width >= 2 * len(asked) else 1
        each = width // together
        for at in range(0, len(asked), together):
            made = []
            for label, whole in asked[at : at + together]:
                text, advice = parted(whole) if BLANKS.match(whole) else (whole, "")
                is_open = is_blank(text) or is_boxed(text)
                stamp = None if is_open or is_time(label) else _STAMP_BEHIND_DAY.search(text)
                text = text[: stamp.start()] if stamp else text
                is_open = is_open or stamp is not None or is_mark(text)
                if not is_open:
                    self.tell(f"“{label}”后已有文字“{one_line(text)[:20]}”，按填写的内容处理", doubt=True)
                # Who stamps writes a name before the day, however little room a picture shows for it.
                apart = _DAY_APART if named_and_stamped(label) is None else _DAY_AT_END
                day = None if is_time(label) else apart.search(text)
                if day and is_mark(label) and not text[: day.start()]:
                    day = None  # the day is all that there is room for
                text = text[: day.start()] if day else text
                lines = (Line(spans=(Run(text=text),)),) if is_open else ()
                place = Cell(row=0, column=0, lines=lines)
                content = self.content(label, label, place)
                if day:
                    words = re.sub(r"[（(].*", "", label) if is_mark(label) else ""
                    self.add_day(content, words, "行末印有", day[0])
                if stamp:
                    self.add_stamp(content, stamp[0].strip(), "行末印有")
                if advice:
                    content.append({"kind": "printed", "text": advice, "inline": True})
                made.append(
                    {"label": label, "label_columns": 1, "columns": each - 1 or 1, "content": content}
                )
            self.add({"cells": made}, width)
        self.lined = len(self.rows)

    def add_day(self, content: list[dict[str, Any]], words: str, why: str, blanks: str = "年月日") -> None:
        """A day, or a month as its `blanks` may say, that stands without a label of its own, in the cell with
        this content."""
        kind, said = ("date", "年月日") if "日" in blanks else ("month", "年月")
        title = self.called(words + ("日期" if kind == "date" else said), "")
        self.place(None)
        self.tell(f"“{title}”是 {kind}：{why}{said}")
        content.append({"kind": kind, "name": self.named(title, self.names), "label": title})

    def add_stamp(self, content: list[dict[str, Any]], words: str, why: str) -> None:
        """A place for a stamp behind other places of its line, in the cell with this content."""
        title = self.called(title_of("", {"kind": "seal", "prompt": words}), "")
        self.place(None)
        self.tell(f"“{title}”是 seal：{why}“{words}”")
        content.append(
            {"kind": "seal", "name": self.named(title, self.names), "label": title, "prompt": words}
        )

    def content(self, words: str, label: Cell | str, cell: Cell, before: str = "") -> list[dict[str, Any]]:
        """What is asked for beside the `label`, in which `words` are what it is called."""
        found = content_of(label if isinstance(label, str) else label.text, cell, over=self.group)
        for doubt in found.unsure:
            self.tell(f"“{words}”：{doubt}", doubt=True)
        if unit := (is_sum(words) and (unit_of(self.group) or self.unit)) or (is_money(words) and self.money):
            counted = [item for item in found.items if item["kind"] == "text" and "prompt" not in item]
            for item in counted:
                item.update(kind="number", unit=unit)
        items = []
        several = sum(item["kind"] != "printed" for item in found.items) > 1
        signer = ""
        for item, why in zip(found.items, found.why, strict=True):
            if item["kind"] == "printed":
                items.append(item)
                continue
            self.place(label if isinstance(label, Cell) else None, cell)
            said = title_of(words, item, signer) if several else words
            is_own = (
                several
                and not item.get("inline")
                and key(words) not in ("", key(said))
                and not said.startswith(words)
            )
            title = self.called(said, words if is_own else before)
            signer = said if item["kind"] == "signature" else signer
            item.pop("label", None)
            self.tell(f"“{title}”是 {item['kind']}：{why}")
            named = {"kind": item["kind"], "name": self.named(title, self.names)}
            if title != words:
                named["label"] = title
            items.append({**named, **{name: value for name, value in item.items() if name != "kind"}})
            if item["kind"] == "text":
                self.texts.append((title, items[-1]))
        return items

    def place(self, label: Cell | None, *answers: Cell) -> None:
        """Note where the next field of the definition was found."""
        if self.at is None:
            self.places.append(Placed(self.line_at, () if self.line_at is None else (self.line_at,)))
            return
        number = {
            (one.cell.row, one.cell.column): n
            for n, one in enumerate(self.spots)
            if one.cell is not None and one.cell.table == self.at
        }
        found = tuple(number[cell.row, cell.column] for cell in answers if (cell.row, cell.column) in number)
        self.places.append(Placed(number.get((label.row, label.column)) if label else None, found))

    def called(self, words: str, before: str) -> str:
        """What the field is called: its label, after the label before it in its row where another field is
        called so already."""
        title, number = words, 1
        while title in self.titles:
            is_told = number == 1 and key(before) not in ("", key(words))
            title, number = (before + words if is_told else f"{words}{number + 1}"), number + 1
        self.titles.add(title)
        return title

    def named(self, words: str, taken: set[str]) -> str:
        name = base = self.name_of(words)[:_MOST_NAME] or "field"
        number = 1
        while name in taken:
            number += 1
            name = f"{base[: _MOST_NAME - len(str(number)) - 1]}_{number}"
        taken.add(name)
        return name

    def add(self, row: dict[str, Any], width: int) -> None:
        """Add a row; where cells of the table were merged unevenly, its last cell takes what is left."""
        cells = row["cells"]
        beside = row.get("labels") != "above"
        taken = sum(
            cell["columns"] + (cell.get("label_columns", 1) if beside and "label" in cell else 0)
            for cell in cells
        )
        cells[-1]["columns"] += width - taken
        self.rows.append(row)

    def tell(self, text: str, *, doubt: bool = False, place: int | None = -1) -> None:
        self.guesses.append(Guess(len(self.rows) if place == -1 else place, text, doubt))
