"""Rows of a table with a label each, and an answer under each of several headings (pure)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from extractor.drafting.adding import Adding
from extractor.drafting.content import under_heading
from extractor.drafting.grid import Cells, is_number, unit_in
from extractor.drafting.kinds import BLANKS, is_counted, plain_label
from extractor.drafting.naming import labelled
from models.page import Cell
from models.writing import key, one_line

_STRUCK = re.compile(r"\s*[-—–－―─/／\\×＊*]{1,4}\s*")  # where nothing is to be written


@dataclass
class Columns(Adding):
    """Rows with answers in several columns as they are added."""

    def by_column(
        self, heads: Cells, rows: Sequence[Cells], width: int, unit: str = "", *, numbered: bool = False,
        under: Cells = (), group: Cell | None = None, is_headed: bool = True,
    ) -> None:  # fmt: skip
        """Rows of which each has a label, and an answer under each of several headings; what all of them
        count, they count in `unit`. Where the rows are counted, that stands before their labels; what stands
        right above them are the heads `under` others, where there are two rows of heads."""
        unit = unit or self.unit
        self.tell("一行标题，下面每行在各栏各填一处")
        if not is_headed:
            pass  # a table inside the form has printed them
        elif numbered or group:
            printed = [one for one in ([group] if group else []) + list(heads) if key(one.text)]
            self.add({"cells": [printed_cell(cell) for cell in printed]}, width)
        else:
            self.add_print("　".join(one_line(cell.text) for cell in heads if key(cell.text)), width)
        heads = heads[1:] if numbered else heads
        for row in rows:
            is_numbered = numbered and is_number(row[0].text)
            count, (label, *places) = (row[:1], row[1:]) if is_numbered else ((), row)
            words = self.words(label)
            content: list[dict[str, Any]] = []
            of_all = unit_in(heads, (label, *places))
            for head, place in zip(heads[1:], places, strict=True):
                over = one_line(head.text)
                is_struck = _STRUCK.fullmatch(place.text) is not None
                if is_struck or place is of_all:
                    if not is_struck:
                        self.tell(f"“{one_line(place.text)}”是“{words}”一行的单位")
                    content.append({"kind": "printed", "text": one_line(place.text)})
                    continue
                lower = next((one_line(one.text) for one in under if one.column == head.column), over)
                item = {**under_heading(over, label.text, place), "prompt": f"{lower}："}
                title = self.called(re.sub(r"[（(].*", "", over) + words, "")
                self.place(label, place)
                self.tell(f"“{title}”是 {item['kind']}：“{over}”一栏")
                if of_all is not None and item["kind"] == "text":
                    item = {**item, "kind": "number", "unit": BLANKS.sub("", of_all.text)}
                elif unit and item["kind"] in ("text", "number") and is_counted(over, words):
                    item = {"unit": unit, **item, "kind": "number"}
                content.append({**item, "name": self.named(title, self.names), "label": title})
                self.texts += [(title, content[-1])] * (item["kind"] == "text")
            columns = sum(one.column_span for one in places)
            # A number that was printed as such would be taken for print where it is an answer.
            lead = label.column_span + sum(cell.column_span for cell in count)
            made = {"label_columns": lead, "columns": columns, "content": content}
            self.add({"cells": [{**labelled(words, label.text), **made}]}, width)

    def words(self, label: Cell) -> str:
        """What a label says; a name to go by where it says nothing."""
        words = plain_label(label.text)
        if key(words):
            return words
        self.tell("有一格没有标题", doubt=True)
        return "未命名"


def printed_cell(cell: Cell) -> dict[str, Any]:
    """A cell of nothing but print, so that its words are no answer to what stands left of it."""
    return {"columns": cell.column_span, "content": [{"kind": "printed", "text": one_line(cell.text)}]}
