"""Rows of a table -> the rows of a definition, each guess with its reason (pure). Rows are taken for pairs of
a label and what stands beside it, for a line of labels above a line of answers, or for the headings of a
table inside the form."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from extractor.drafting.boxes import is_boxed
from extractor.drafting.columns import Columns, printed_cell
from extractor.drafting.content import (
    asks,
    begins_with_box,
    content_of,
    is_labelled,
    is_low,
    is_to_fill,
    options_of,
    prompts_in,
    sentence_in,
)
from extractor.drafting.grid import (
    Cells,
    blank_rows,
    counted_by_column,
    heads_under_heads,
    is_counted_heads,
    is_frame,
    is_group_head,
    is_head_twice,
    is_label,
    is_list_head,
    leads,
    rows_by_column,
    same_edges,
    units_between,
    with_whole_labels,
    with_whole_places,
)
from extractor.drafting.kinds import BLANKS, is_blank, is_money, plain_label, unit_of
from extractor.drafting.marks import asks_for_marks, bracketed, is_guidance, is_mark
from extractor.drafting.naming import counted_heading, labelled, name_of_sentence
from extractor.drafting.owned import owned_in, with_text
from models.page import Cell, Line, Run, Table, Tick
from models.writing import key, one_line

_SUM = re.compile(r"(?:本页|费用|金额)?(?:合计|总计|小计|共计|累计)")
_PHOTO = re.compile(r"照片|相片|近照")
_LEAST_ROWS = 2  # empty rows under headings that make them a table inside the form
_MOST_NAME = 24
_COLONS = ("：", ":")
_NOTE = re.compile(r"(?:填表|填写)(?:说明|须知)|注")
_LONG_LABEL = 16  # letters of a line that is rather a sentence than a label


@dataclass
class Rows(Columns):
    """Rows of tables as they are added."""

    def add_table(self, table: Table, width: int) -> None:
        self.over = ()
        by_row: dict[int, list[Cell]] = {}
        for cell in with_whole_labels(with_whole_places(table.cells)):
            if not is_frame(cell, table.cells):
                by_row.setdefault(cell.row, []).append(cell)
        numbers = range(min([0, *by_row]), max(by_row, default=-1) + 1)  # one may stand before the first
        rows = [sorted(by_row.get(n, ()), key=lambda c: c.column) for n in numbers]
        for cells in filter(is_counted_heads, rows):
            self.add({"cells": [printed_cell(cell) for cell in cells]}, width)
        rows = [cells for cells in rows if not is_counted_heads(cells)]
        done = -1
        for number, cells in enumerate(rows):
            if cells and number > done:
                done = number + self._row(cells, rows[number + 1 :], width)

    def _row(self, cells: list[Cell], following: list[list[Cell]], width: int) -> int:
        """Add what a row of the table, with the rows after it, is in the form; how many rows after it belong
        to it."""
        first, rest = cells[0], cells[1:]
        spanned = first.row_span - 1
        is_headed = spanned > 0 and len(rest) > 1 and all(map(is_label, rest))
        if (
            is_headed
            and spanned == 1
            and same_edges(rest, following[0])
            and all(map(is_to_fill, following[0]))
        ):
            self.tell(f"“{one_line(first.text)}”是几栏共有的标题，没有单独保留", doubt=True)
            self._above(rest, following[0], width, first.column_span)
            return spanned
        if spanned and is_label(first) and (many := rows_by_column(rest, following[:spanned])):
            self.tell(f"“{one_line(first.text)}”是几行共有的标题，没有单独保留", doubt=True)
            self.by_column(rest, following[:many], width, unit_of(first.text) or "", group=first)
            return many
        if is_headed and blank_rows(rest, following[:spanned]) == spanned:
            self._rows_field(plain_label(first.text), first, rest, following[:spanned], width)
            return spanned + self._sums(rest, following[spanned:], width)
        if many := rows_by_column(cells, following):
            self.by_column(cells, following[:many], width)
            return many
        both = heads_under_heads(cells, following[0]) if following else []
        if both and (many := rows_by_column(both, following[1:])):
            self.by_column(both, following[1 : 1 + many], width, under=following[0])
            return 1 + many
        if many := counted_by_column(cells, following):
            self.by_column(cells, following[:many], width, numbered=True)
            return many
        if len(cells) > 1 and all(map(is_label, cells)):
            if is_list_head(cells, following):
                self.add_print("　".join(one_line(cell.text) for cell in cells), width)
                self.heads = {cell.column: plain_label(cell.text) for cell in cells}
                return 0
            if is_group_head(cells, next((one for one in following if one), ())):
                self.tell(f"“{one_line(cells[0].text)}”等是下面几栏共有的标题，按印好的字", doubt=True)
                self.over = cells
                self.add_print("　".join(one_line(cell.text) for cell in cells), width)
                return 0
            below = blank_rows(cells, following)
            if below >= _LEAST_ROWS:
                self._rows_field(plain_label(self._heading_before()), None, cells, following[:below], width)
                return below + self._sums(cells, following[below:], width)
            if following and same_edges(cells, following[0]) and all(map(is_to_fill, following[0])):
                self._above(cells, following[0], width)
                return 1
            if following and self._one_under(cells, following, width):
                return 1
            if is_head_twice(cells, following):
                self.add({"cells": [printed_cell(cell) for cell in cells]}, width)
                return 0
        self._pairs(cells, width)
        return 0

    def _pairs(self, cells: list[Cell], width: int) -> None:
        """A row of labels, each with what stands to its right."""
        self.units = units_between(cells)
        cells = [cell for cell in cells if cell not in self.units.values()]
        owned = owned_in(cells)
        if self._alone(cells[0], width) if len(cells) == 1 else self._alike(cells, owned, width):
            return
        made: list[dict[str, Any]] = []
        lead = 0  # columns of a label that stands left of several rows
        label: Cell | None = None
        for cell in cells:
            said = owned.get(cell.column)
            if said and not (label and label.text.rstrip().endswith(_COLONS)):
                self._own(made, cell, said, label, lead)
                label, lead = None, 0
            elif label is None and made and "label" in made[-1] and cell.row_span == 1 and is_to_fill(cell):
                self._more(made[-1], cell)
            elif label is None and leads(cells, cell) and not is_to_fill(cell):
                self.groups[cell.column] = cell.row + cell.row_span - 1, cell.text
                after = cells[cells.index(cell) + 1]
                if made and after.column in owned and after.column_span == 1:
                    label = cell  # a place with words of its own, and no column for these
                    continue
                if made:
                    made.append(printed_cell(cell))
                else:
                    lead += cell.column_span
                self.tell(f"“{one_line(cell.text)}”是几行共有的标题，没有单独保留", doubt=True)
            elif label is None:
                label = cell
            else:
                before = self._group_over(label) or (str(made[-1].get("label", "")) if made else "")
                self.group = self._left_of(cell)
                made.append(self._cell(label, cell, lead + label.column_span, before))
                label, lead = None, 0
        if not made:
            text = " ".join(filter(None, (one_line(cell.text) for cell in cells)))
            made.append({"columns": width, "content": [{"kind": "printed", "text": text or "　"}]})
        elif label is not None:
            text = one_line(label.text) or "　"
            self.tell(f"“{text[:20]}”旁没有填写的位置，按印好的字", doubt=_PHOTO.search(text) is None)
            made.append({"columns": label.column_span, "content": [{"kind": "printed", "text": text}]})
        self.group = ""
        self.add({"cells": made}, width)

    def _alone(self, cell: Cell, width: int) -> bool:
        """A cell that takes a whole row; whether it asks for something or leaves room for it."""
        if prompts := prompts_in(cell):
            self.add_line(prompts, width, "整行的一格")
            return True
        is_empty = not key(cell.text) and not options_of(cell)
        is_told = is_guidance(cell) or begins_with_box(cell)
        first = next((one_line(text) for text in cell.text.split("\n") if key(text)), "")
        is_marked = asks_for_marks(cell) and (bracketed(first) or is_blank(first))
        if is_empty or ((is_told or is_marked) and self._has_heading()):
            self._empty(cell, width)
            return True
        if is_asked := asks(cell):
            self.add_alone(cell, width)
        return is_asked

    def _alike(self, cells: Cells, owned: dict[int, tuple[str, str]], width: int) -> bool:
        """A row of cells that each have a label of their own, or of notes; whether it is one."""
        if all(map(is_labelled, cells)):
            own = [{**self._own_label(cell), "columns": cell.column_span} for cell in cells]
            self.add({"labels": "above", "cells": own}, width)
        elif _NOTE.fullmatch(key(cells[0].text)) and is_label(cells[1]):
            self.add_print(" ".join(one_line(cell.text) for cell in cells if key(cell.text)), width)
        elif len(cells) > 2 and cells[0].column not in owned and all(c.column in owned for c in cells[1:]):
            self._all_own(cells[0], cells[1:], owned, width)
        elif all(cell.column in owned for cell in cells):
            self._all_own(None, cells, owned, width)
        else:
            return False
        return True

    def _all_own(
        self, label: Cell | None, cells: Cells, owned: dict[int, tuple[str, str]], width: int
    ) -> None:
        """A row of nothing but cells that hold words of their own and the place for them, right of a `label`
        of all or of what stands left of several rows."""
        if label:
            self.tell(f"“{one_line(label.text)}”是几栏共有的标题，没有单独保留", doubt=True)
        made: list[dict[str, Any]] = []
        for cell in cells:
            words, rest = owned[cell.column]
            self.tell(f"“{words}”后面填写")
            before = plain_label(label.text if label else self._left_of(cell))
            content = self.content(words, words, with_text(cell, rest), before)
            made.append({"label": words, "columns": cell.column_span, "content": content})
        made[0]["columns"] += label.column_span if label else 0
        self.add({"labels": "above", "cells": made}, width)

    def _own(
        self, made: list[dict[str, Any]], cell: Cell, own: tuple[str, str], label: Cell | None, lead: int
    ) -> None:
        """A cell that begins with words of its own and a colon, and has the place for them behind these,
        right of a `label` or of other places."""
        words, rest = own
        self.group = label.text if label else self._left_of(cell)
        before = self.group
        if label is None and made and "label" in made[-1] and cell.column_span == 1:
            before = str(made[-1]["label"])
        self.tell(f"“{words}”后面填写")
        content = self.content(words, words, with_text(cell, rest), plain_label(before))
        if cell.column_span > 1:
            if label is not None:
                printed = {"kind": "printed", "text": one_line(label.text)}
                made.append({"columns": lead + label.column_span, "content": [printed]})
                lead = 0
            wide = {"label_columns": lead + 1, "columns": cell.column_span - 1}
            made.append({"label": words, **wide, "content": content})
            return
        if label is None and not (made and "label" in made[-1]) and not lead:
            self.tell(f"“{words}”左边没有别的格，没有拟作一栏", doubt=True)
            made.append(printed_cell(cell))
            return
        content[0] = {"label": words, "prompt": f"{words}：", **content[0]}
        if label is not None or not made or "label" not in made[-1]:
            over = labelled(self.words(label), label.text) if label else {"label": words}
            wide = {"label_columns": lead + (label.column_span if label else 0), "columns": 0}
            made.append({**over, **wide, "content": []})
        made[-1]["columns"] += cell.column_span
        made[-1]["content"] += content

    def _left_of(self, cell: Cell) -> str:
        """What the nearest heading of several rows left of a cell says."""
        over = [n for n, (last, _) in self.groups.items() if n < cell.column and cell.row <= last]
        return self.groups[max(over)][1] if over else ""

    def _group_over(self, label: Cell) -> str:
        """The words of the heading of several columns that a label stands under."""
        over = (one for one in self.over if one.column <= label.column < one.column + one.column_span)
        return next((plain_label(one.text) for one in over), "")

    def _more(self, made: dict[str, Any], cell: Cell) -> None:
        """One more place beside a label that has one already: what the head of a list says of it, or nothing
        but room."""
        made["columns"] += cell.column_span
        head = self.heads.get(cell.column, "")
        if not head or not key(made["label"]):
            self.tell(f"“{made['label']}”旁不止一处填写，只拟作一栏", doubt=True)
            return
        content = self.content(head, head, cell)
        for item in content:
            item.setdefault("label", f"{made['label'][:_MOST_NAME]}{head}")
        kinds = {item["kind"] for item in made["content"]}
        made["content"] += [item for item in content if item["kind"] not in kinds]

    def _empty(self, cell: Cell, width: int) -> None:
        """A cell that takes a whole row and says at most how to fill it in: the place of the heading above,
        or else no more than a gap, since there are no words by which it could be found again."""
        head = "" if is_low(cell) and not options_of(cell) else self._heading_before()
        label = plain_label(head)
        if not label:
            self.tell("整行的一格是空的，上面没有标题，没有拟作一栏", doubt=not is_low(cell))
            return
        self.tell(f"“{label}”下面整行留有空白")
        content = self.content(label, head, cell)
        for item in content:
            item["kind"] = "prose" if item["kind"] == "text" else item["kind"]
        made = {**labelled(label, head), "columns": width, "content": content}
        self.add({"labels": "above", "cells": [made]}, width)

    def add_alone(self, cell: Cell, width: int) -> None:
        """A cell that takes a whole row and asks for something: its first words are its label."""
        self.add({"labels": "above", "cells": [{**self._own_label(cell), "columns": width}]}, width)

    def _own_label(self, cell: Cell) -> dict[str, Any]:
        """A cell whose first words are its label."""
        lines = [text for line in cell.lines for text in line.text.split("\n")]
        first = next((n for n, text in enumerate(lines) if key(text)), len(lines))
        said = one_line("".join(lines[first : first + 1])).lstrip("□☐○ ")
        head = re.split(r"[:：\s（(]", said, maxsplit=1)[0]
        printed = re.split(r"(?<=[:：])\s*[□☐○]", said, maxsplit=1)[0]  # without its options
        blanks = sentence_in(cell)
        head_words = counted_heading(head) or plain_label(head)
        label = (blanks[0].before.rstrip(":： ") if blanks else head_words)[:_MOST_NAME] or "填写栏"
        if not blanks and (head == said or said.rstrip(":：") == head or bracketed(said[len(head) :])):
            # The first line is the label; what is under it is the place.
            rest = [said[len(head) :].strip(":："), *lines[first + 1 :]]
            kept = tuple(Line(spans=(Run(text=text),) if text else ()) for text in rest)
            ticks = any(isinstance(span, Tick) for line in cell.lines for span in line.spans)
            is_whole = ticks or is_boxed(cell.text) or is_mark(head)
            cell = cell if is_whole else cell.model_copy(update={"lines": kept})
        if len(key(said)) > _LONG_LABEL or not said:
            self.tell(f"整行的一格没有单独的标题，暂用“{label}”", doubt=True)
        content = self.content(label, label, cell)
        for item in content:
            if item["kind"] == "text" and len(content) == 1:
                item["kind"] = "prose"
        if blanks:
            # The first words of a sentence are its label, and stand once.
            content, printed = content[1:], label
            content[0].pop("inline", None)
        elif len(content) > 1 and content[0]["kind"] == "printed" and key(content[0]["text"]) == key(label):
            content = content[1:]  # the label that begins a sentence stands once
            content[0].pop("inline", None)
        if len(blanks) == 1 and (words := name_of_sentence(label, blanks[0].clause)):
            content[0]["label"] = self.called(words, "")
        return {**labelled(label, printed), "content": content}

    def _above(self, labels: Cells, values: Cells, width: int, lead: int = 0) -> None:
        """A row of labels over a row of places, right of `lead` columns with a label of all of them."""
        self.tell("一行标题，下一行填写")
        made = []
        for label, value in zip(labels, values, strict=True):
            words = self.words(label)
            content = self.content(words, label, value)
            made.append({**labelled(words, label.text), "columns": label.column_span, "content": content})
        made[0]["columns"] += lead
        self.add({"labels": "above", "cells": made}, width)

    def _rows_field(
        self, label: str, beside: Cell | None, headings: Cells, below: Sequence[Cells], width: int
    ) -> None:
        label = label or "明细"
        self.tell(f"“{label}”下有 {len(headings)} 栏、{len(below)} 个空行，像一张内表")
        names: set[str] = set()
        columns: list[dict[str, Any]] = []
        for heading, place in zip(headings, below[0], strict=True):
            # The first column may number its rows.
            shown = Cell(row=0, column=0) if place is below[0][0] else place
            found = content_of(heading.text, shown, is_column=True)
            words = plain_label(heading.text)
            item = {**found.items[0], "name": self.named(words, names)}
            if item["kind"] == "text" and is_money(words) and (unit := self.money or self.unit):
                item.update(kind="number", unit=unit)
            columns.append({**labelled(words, heading.text), "columns": heading.column_span, "field": item})
        taken = beside.column_span if beside else 0
        given = sum(column["columns"] for column in columns)
        columns[-1]["columns"] += width - taken - given
        self.place(beside, *headings, *(cell for cells in below for cell in cells))
        content = {
            "kind": "rows",
            "name": self.named(label, self.names),
            "blank_rows": min(len(below), 50),
            "columns": columns,
        }
        cell = {"label": label, "columns": width - taken, "content": [content]}
        self.add(
            {"cells": [{**cell, "label_columns": taken}]} if beside else {"labels": "above", "cells": [cell]},
            width,
        )

    def _one_under(self, heads: Cells, following: Sequence[Cells], width: int) -> bool:
        """A single row of a label and, under each of the other heads, what is to be signed; whether it is
        one."""
        row, *after = following
        is_one = same_edges(heads, row) and not (after and same_edges(heads, after[0]))
        if not is_one or not is_label(row[0]) or not all(map(asks_for_marks, row[1:])):
            return False
        self._above(heads[1:], row[1:], width, heads[0].column_span)
        return True

    def _sums(self, headings: Cells, following: Sequence[Cells], width: int) -> int:
        """The sums under several columns of a table inside the form, right below it; how many rows they
        take."""
        row = following[0] if following else ()
        under = [one for one in headings if one.column in {cell.column for cell in row[1:]}]
        if len(row) > 2 and is_label(row[0]) and _SUM.fullmatch(key(row[0].text)):
            heads = [row[0], *under]
            if same_edges(heads, row) and all(map(is_to_fill, row[1:])):
                self.by_column(heads, [row], width, is_headed=False)
                return 1
        return 0

    def _has_heading(self) -> bool:
        """Whether the row before is nothing but a heading, or one stands before the table."""
        last = self.rows[-1]["cells"] if len(self.rows) > self.begun else []
        return bool(self.heading) if not last else len(last) == 1 and "label" not in last[0]

    def _heading_before(self) -> str:
        """The words of the row before, where it was nothing but a heading: they are the label of the table
        under it."""
        last = self.rows[-1]["cells"] if len(self.rows) > self.begun else []
        if len(last) == 1 and "label" not in last[0]:
            self.rows.pop()
            return str(last[0]["content"][0]["text"])
        heading, self.heading = self.heading, ""
        return heading

    def _cell(self, label: Cell, value: Cell, label_columns: int, before: str) -> dict[str, Any]:
        words = self.words(label)
        if not is_to_fill(value) and not sentence_in(value):
            self.tell(f"“{words}”旁已有文字“{one_line(value.text)[:20]}”，按填写的内容处理", doubt=True)
            value = value.model_copy(update={"lines": ()})
        content = self.content(words, label, value, before)
        columns = value.column_span
        if unit := self.units.get(value.column):
            columns += unit.column_span
            counted = {"kind": "number", "unit": BLANKS.sub("", unit.text)}
            content = [one | counted if one["kind"] == "text" else one for one in content]
            content.insert(0, {"kind": "printed", "text": one_line(unit.text)})
        wide = {"label_columns": label_columns, "columns": columns}
        return {**labelled(words, label.text), **wide, "content": content}
