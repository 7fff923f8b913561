"""Forms as bureaus draw them, by python-docx and from nothing but a seed: merged cells, groups, inner tables,
blanks on lines, boxes of many kinds, each with the truth of what it asks for and one filled copy."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt
from docx.table import Table, _Cell

from benchmarks.drafts import words

_GRID = 12  # columns, of which every row takes all


@dataclass(frozen=True)
class Asked:
    """What a form asks for: by which label, of which kind, and the answer on its filled copy; `beside` is the
    label of the table that a column is of."""

    label: str
    kind: str
    value: str | None = None
    options: tuple[str, ...] = ()
    beside: str | None = None


@dataclass
class Spot:
    """A cell of a row: its words on the blank form and on the filled one, and how many columns it takes."""

    blank: str
    filled: str
    columns: int
    is_label: bool = False


@dataclass
class Row:
    """Cells side by side. The first `goes_on` from the row above, or the last in one that is `below`."""

    cells: list[Spot]
    goes_on: bool = False
    below: bool = False
    height: float = 0


@dataclass
class Form:
    """A drawn form: blank, filled, and its truth."""

    title: str
    blank: bytes
    filled: bytes
    truth: list[Asked]


@dataclass
class _Drawing:
    seed: int
    dice: Random = field(init=False)
    truth: list[Asked] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    above: list[tuple[str, str]] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        dice = self.dice
        self.colon = dice.random() < 0.15
        self.spaced = dice.random() < 0.4
        self.starred = dice.random() < 0.2
        self.numbered = dice.random() < 0.1
        self.box = dice.choice("□□□☐○（")
        self.upright = dice.random() < 0.15
        self.unit_place = dice.choice(("label", "label", "cell"))
        self.date_blank = dice.choice(("    年  月  日", "", "年   月   日"))

    def draw(self) -> Form:
        dice = self.dice
        title = dice.choice(words.SUBJECTS) + dice.choice(words.ENDS)
        makers: list[Callable[[], None]] = [self._pairs] * 4 + [
            self._choice, self._long, self._table_beside, self._table_under, self._above, self._group,
            self._choice, self._pairs,
            self._abreast, self._prompts, self._months, self._lone_box, self._photo,
        ]  # fmt: skip
        if dice.random() < 0.4:
            self._cover()
        sections = dice.random() < 0.25
        for number in range(dice.randint(5, 9)):
            if sections and number % 3 == 0:
                heading = f"{'一二三四五'[number // 3]}、{dice.choice(('基本情况', '申报信息', '主要情况', '其他信息'))}"
                self.rows.append(Row([Spot(heading, heading, _GRID, True)]))
            dice.choice(makers)()
        self._long()
        for _ in range(dice.randint(0, 2)):
            self._opinion()
        if dice.random() < 0.3:
            self._pledge()
        notes = ["注：本表一式两份。"] if dice.random() < 0.5 else []
        if dice.random() < 0.3:
            notes += ["填表说明：1.请用黑色钢笔填写。", "2.所填内容应真实。"]
        made = [
            _document(title, self.above, self.rows, notes, self.seed, is_filled=filled)
            for filled in (False, True)
        ]
        return Form(title, made[0], made[1], self.truth)

    # -- what a form asks for

    def _new(self, pool: tuple[str, ...]) -> str:
        free = [one for one in pool if one not in self.taken] or [f"{pool[0]}{len(self.taken)}"]
        label = self.dice.choice(free)
        self.taken.add(label)
        return label

    def _shown(self, label: str) -> str:
        if self.spaced and len(label) == 2:
            label = "  ".join(label)
        if self.upright and len(label) < 5 and not self.colon:
            return "\n".join(label)
        if self.starred and self.dice.random() < 0.4:
            label = f"*{label}"
        return label + "：" * self.colon

    def _pair(self) -> tuple[Spot, Spot]:
        """A label, and its place."""
        dice = self.dice
        kind = dice.choice(
            ("text",) * 6 + ("date", "phone", "email", "number", "number", "address", "choice")
        )
        if kind == "number":
            free = [one for one in words.NUMBERS if one[0] not in self.taken] or [("金额", "万元")]
            label, unit = dice.choice(free)
            self.taken.add(label)
            value = words.answer(kind, label, dice)
            self.truth.append(Asked(label, kind, value + unit))
            shown = self._shown(label)
            if self.unit_place == "label":
                return Spot(f"{shown}（{unit}）", f"{shown}（{unit}）", 0, True), Spot("", value, 0)
            return Spot(shown, shown, 0, True), Spot(f"      {unit}", f"{value}{unit}", 0)
        if kind == "choice":
            label, options = self._options(2)
            shown = self._shown(label)
            chosen = dice.choice(options)
            self.truth.append(Asked(label, kind, chosen, options))
            blank, filled = (self._boxed(options, one, "  ") for one in ("", chosen))
            return Spot(shown, shown, 0, True), Spot(blank, filled, 0)
        pools = {"text": words.TEXTS, "date": words.DATES, "phone": words.PHONES, "email": words.EMAILS,
                 "address": words.ADDRESSES}  # fmt: skip
        label = self._new(pools[kind])
        value = words.answer(kind, label, dice)
        self.truth.append(Asked(label, words.CODES.get(label, kind), value))
        shown = self._shown(label)
        blank = self.date_blank if kind == "date" else ""
        return Spot(shown, shown, 0, True), Spot(blank, value, 0)

    def _pairs(self) -> None:
        many = self.dice.choice((1, 2, 2, 2, 3))
        shapes = {1: ((2, 10),), 2: ((2, 4), (2, 4)), 3: ((2, 2), (2, 2), (2, 2))}[many]
        cells = []
        for label_columns, columns in shapes:
            label, place = self._pair()
            label.columns, place.columns = label_columns, columns
            cells += [label, place]
        self.rows.append(Row(cells))

    def _options(self, most: int = 9) -> tuple[str, tuple[str, ...]]:
        free = [one for one in words.CHOICES if one[0] not in self.taken and len(one[1]) <= most]
        label, options = self.dice.choice(free or [(f"类别{len(self.taken)}", ("甲", "乙"))])
        self.taken.add(label)
        return label, options

    def _boxed(self, options: tuple[str, ...], chosen: str, between: str, lettered: bool = False) -> str:
        letters = [f"{'ABCDEFG'[n]}." if lettered else "" for n in range(len(options))]
        marks = ("（√）", "（ ）") if self.box == "（" else ("☑", self.box)
        boxes = [marks[one != chosen] for one in options]
        return between.join(
            f"{box}{letter}{one}" for box, letter, one in zip(boxes, letters, options, strict=True)
        )

    def _choice(self) -> None:
        label, options = self._options()
        dice, chosen = self.dice, self.dice.choice(options)
        between = dice.choice(("  ", " ", "\n", "；", "　"))
        lettered, other = dice.random() < 0.2, dice.random() < 0.2
        hint = dice.choice(("", "", "（单选）", "（可多选）"))
        texts = [self._boxed(options, one, between, lettered) for one in ("", chosen)]
        if other:
            box = "（ ）" if self.box == "（" else self.box
            texts = [f"{text}{between}{box}其他________" for text in texts]
            options = (*options, "其他")
            self.truth.append(Asked(f"{label}：其他", "text"))
        shown = self._shown(label) + hint
        self.truth.append(Asked(label, "choice", chosen, options))
        self.rows.append(Row([Spot(shown, shown, 2, True), Spot(*texts, 10)]))

    def _long(self) -> None:
        label = self._new(words.PROSES)
        value = words.answer("prose", label, self.dice)
        advice = self.dice.choice(("", "", "（限300字）", "请简要说明，不超过500字"))
        self.truth.append(Asked(label, "prose", value))
        shown = self._shown(label)
        if self.dice.random() < 0.2 and "\n" not in shown:
            self.rows.append(Row([Spot(f"{shown}\n\n\n\n", f"{shown}\n{value}\n\n", _GRID)], height=3))
        else:
            self.rows.append(Row([Spot(shown, shown, 2, True), Spot(advice, value, 10)], height=3))

    def _columns(self) -> tuple[str, tuple[tuple[str, str], ...]] | None:
        free = [one for one in words.TABLES if one[0] not in self.taken]
        if not free:
            return None
        table = self.dice.choice(free)
        self.taken.add(table[0])
        return table

    def _table_rows(self, label: str, columns: tuple[tuple[str, str], ...], width: int) -> list[list[Spot]]:
        dice = self.dice
        each = [width // len(columns)] * len(columns)
        each[-1] += width - sum(each)
        answers = [words.answer(kind, name, dice) for name, kind in columns]
        for (name, kind), value in zip(columns, answers, strict=True):
            column = name.partition("（")[0]
            asked = "signature" if column == "签名" else words.CODES.get(column, kind)
            self.truth.append(Asked(column, asked, value, beside=label))
        self.truth.append(Asked(label, "rows"))
        rows = [[Spot(name, name, wide, True) for (name, _), wide in zip(columns, each, strict=True)]]
        for n in range(dice.randint(2, 4)):
            rows.append([Spot("", value * (n == 0), wide) for value, wide in zip(answers, each, strict=True)])
        return rows

    def _table_beside(self) -> None:
        table = self._columns()
        if table is None:
            return
        for number, cells in enumerate(self._table_rows(*table, _GRID - 2)):
            label = table[0] if not number else ""
            self.rows.append(Row([Spot(label, label, 2, True), *cells], goes_on=number > 0))

    def _table_under(self) -> None:
        table = self._columns()
        if table is None:
            return
        self.rows.append(Row([Spot(table[0], table[0], _GRID, True)]))
        self.rows += [Row(cells) for cells in self._table_rows(*table, _GRID)]

    def _above(self) -> None:
        pairs = [self._pair() for _ in range(self.dice.choice((3, 4)))]
        for label, place in pairs:
            label.columns = place.columns = _GRID // len(pairs)
        self.rows += [Row([label for label, _ in pairs]), Row([place for _, place in pairs])]

    def _group(self) -> None:
        """A label left of several rows of pairs."""
        group = self.dice.choice(("联系信息", "个人情况", "企业情况", "项目情况"))
        if group in self.taken:
            return
        self.taken.add(group)
        for number in range(self.dice.choice((2, 3))):
            cells = [Spot(group if not number else "", group if not number else "", 2, True)]
            for label_columns, columns in ((2, 3), (2, 3)):
                label, place = self._pair()
                label.columns, place.columns = label_columns, columns
                cells += [label, place]
            self.rows.append(Row(cells, goes_on=number > 0))

    def _abreast(self) -> None:
        """Places behind words and colons that have a row for themselves."""
        labels = [(self._new(words.TEXTS), "text"), (self._new(words.PHONES), "phone")]
        texts = ["", ""]
        for label, kind in labels:
            value = words.answer(kind, label, self.dice)
            self.truth.append(Asked(label, kind, value))
            texts = [f"{texts[0]}{label}：{' ' * 16}", f"{texts[1]}{label}：{value}      "]
        self.rows.append(Row([Spot(*texts, _GRID)]))

    def _prompts(self) -> None:
        """The same in the cell beside a label."""
        label = self.dice.choice(("联系人信息", "紧急联系人", "项目联系人"))
        if label in self.taken:
            return
        self.taken.add(label)
        name, phone = words.answer("text", "姓名", self.dice), words.answer("phone", "", self.dice)
        self.truth += [Asked(label, "text", name), Asked(label, "phone", phone)]
        texts = [
            f"姓名：{one}电话：{two}" for one, two in (("________  ", "________"), (f"{name}    ", phone))
        ]
        self.rows.append(Row([Spot(label, label, 2, True), Spot(*texts, 10)]))

    def _months(self) -> None:
        label = self.dice.choice(("起止年月", "建设工期", "聘用期限", "有效期限"))
        if label in self.taken:
            return
        self.taken.add(label)
        value = f"{self.dice.randint(2012, 2018)}年3月至{self.dice.randint(2019, 2024)}年9月"
        self.truth.append(Asked(label, "period", value))
        self.rows.append(Row([Spot(label, label, 2, True), Spot("    年  月至    年  月", value, 10)]))

    def _lone_box(self) -> None:
        label = self.dice.choice(("申请人声明", "信用承诺", "服从调剂"))
        if label in self.taken or self.box == "（":
            return
        self.taken.add(label)
        option = "以上所填内容真实，愿承担责任" if label != "服从调剂" else "同意"
        self.truth.append(Asked(label, "choice", option, (option,)))
        self.rows.append(Row([Spot(label, label, 2, True), Spot(f"{self.box}{option}", f"☑{option}", 10)]))

    def _photo(self) -> None:
        """A photo's cell right of a few rows."""
        if "照片" in self.taken:
            return
        self.taken.add("照片")
        for number in range(3):
            cells = []
            for label_columns, columns in ((2, 3), (2, 3)):
                label, place = self._pair()
                label.columns, place.columns = label_columns, columns
                cells += [label, place]
            photo = "照片" if number == 0 else ""
            self.rows.append(Row([*cells, Spot(photo, photo, 2, True)], below=number > 0))

    def _opinion(self) -> None:
        label = self._new(words.OPINIONS)
        dice = self.dice
        mark = dice.choice(("（盖章）", "单位（盖章）：", "负责人签字：", "（公章）"))
        kind = "signature" if "签字" in mark else "seal"
        day = f"{dice.randint(2015, 2023)}年{dice.randint(1, 12)}月{dice.randint(1, 28)}日"
        self.truth += [Asked(label, "text", "同意"), Asked(label, kind), Asked(label, "date", day)]
        pad = " " * dice.choice((0, 8, 20))
        texts = [
            f"{said}\n\n{pad}{mark}\n{pad}{date}" for said, date in (("", "    年  月  日"), ("同意", day))
        ]
        self.rows.append(Row([Spot(label, label, 2, True), Spot(*texts, 10)]))

    def _pledge(self) -> None:
        day = f"{self.dice.randint(2015, 2023)}年{self.dice.randint(1, 12)}月{self.dice.randint(1, 28)}日"
        text = "本人承诺以上所填内容真实有效，如有虚假，愿承担一切责任。"
        self.truth += [Asked("本人承诺", "signature"), Asked("本人承诺", "date", day)]
        texts = [f"{text}\n　　　承诺人签字：            {date}" for date in ("    年  月  日", day)]
        self.rows.append(Row([Spot(*texts, _GRID)]))

    def _cover(self) -> None:
        """Lines with blanks above the table."""
        dice = self.dice
        asked = dice.sample(
            [("编号", "text"), ("填表日期", "date"), ("填报单位", "text"), ("填表人", "text")],
            dice.choice((1, 2)),
        )
        blank, filled = [], []
        for label, kind in asked:
            value = words.answer(kind, label, dice)
            self.taken.add(label)
            self.truth.append(Asked(label, kind, value))
            blank.append(f"{label}：" + ("   年  月  日" if kind == "date" else "_" * 12))
            filled.append(f"{label}：{value}")
        together = dice.random() < 0.5
        if together:
            self.above.append(("        ".join(blank), "        ".join(filled)))
        else:
            self.above += zip(blank, filled, strict=True)


def draw(seed: int) -> Form:
    """The form of a seed."""
    return _Drawing(seed).draw()


def _document(
    title: str, above: list[tuple[str, str]], rows: list[Row], notes: list[str], seed: int, *, is_filled: bool
) -> bytes:
    dice = Random(seed)
    document = Document()
    normal = document.styles["Normal"]
    normal.font.size, normal.font.name = Pt(dice.choice((10.5, 12))), "宋体"
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), "宋体")
    if dice.random() < 0.3:
        document.add_paragraph(f"附件{dice.randint(1, 5)}")
    head = document.add_paragraph()
    head.alignment = WD_ALIGN_PARAGRAPH.CENTER
    head.add_run(title).font.size = Pt(18)
    for blank, filled in above:
        document.add_paragraph(filled if is_filled else blank)
    # Some put the whole form into a frame, and some end a table where a new part begins.
    frame = document.add_table(1, 1, style="Table Grid") if dice.random() < 0.1 else None
    frames = dice.random() < 0.12 and frame is None
    parts = [rows]
    cut = [
        n
        for n, row in enumerate(rows)
        if n and not row.goes_on and len(row.cells) == 1 and row.cells[0].is_label
    ]
    if cut and dice.random() < 0.5:
        parts = [rows[: cut[0]], rows[cut[0] :]]
    for number, part in enumerate(parts):
        if number:
            document.add_paragraph("")
        if frames:
            # A column of cells, each with a table of its own.
            bands = [
                n
                for n, row in enumerate(part)
                if n == 0 or (row.cells[0].is_label and not (row.goes_on or row.below))
            ]
            outer = document.add_table(len(bands), 1, style="Table Grid")
            for band, (begin, end) in enumerate(zip(bands, [*bands[1:], len(part)], strict=True)):
                inner = outer.cell(band, 0).add_table(end - begin, _GRID)
                inner.style = "Table Grid"
                _fill(inner, part[begin:end], is_filled=is_filled)
            continue
        table = (frame.cell(0, 0) if frame else document).add_table(len(part), _GRID)
        table.style = "Table Grid"
        _fill(table, part, is_filled=is_filled)
    for note in notes:
        document.add_paragraph(note)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _fill(table: Table, rows: list[Row], *, is_filled: bool) -> None:
    first: _Cell | None = None
    last: _Cell | None = None
    for number, row in enumerate(rows):
        column = 0
        grid = table.rows[number].cells
        for place, spot in enumerate(row.cells):
            cell = grid[column].merge(grid[column + spot.columns - 1]) if spot.columns > 1 else grid[column]
            column += spot.columns
            if place == 0 and row.goes_on and first is not None:
                first.merge(cell)
                continue
            if place == len(row.cells) - 1 and row.below and last is not None:
                last.merge(cell)
                continue
            first = cell if place == 0 else first
            last = cell if place == len(row.cells) - 1 else last
            cell.text = spot.filled if is_filled else spot.blank
            if spot.is_label:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
        if row.height:
            high = OxmlElement("w:trHeight")
            high.set(qn("w:val"), str(round(row.height * 567)))
            table.rows[number]._tr.get_or_add_trPr().append(high)
