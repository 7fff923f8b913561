"""Pages of a form, blank or filled in -> the rows of a definition, each guess with its reason (pure). What
fits none of the ways in which forms are drawn is told, and left to a person."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.drafting.adding import Name
from extractor.drafting.found import Draft, seen
from extractor.drafting.grid import once, whole_rows, widths, with_heads
from extractor.drafting.kinds import unit_for_all, unit_of_money
from extractor.drafting.marks import bracketed, is_mark
from extractor.drafting.naming import labelled, title_of
from extractor.drafting.outside import (
    Section,
    ends_in_room,
    has_place,
    is_day,
    is_note,
    places_on,
    sections_of,
    sentence_on,
    title_among,
    without_unit,
)
from extractor.drafting.paragraphs import broken_sentences
from extractor.drafting.rows import Rows
from models.page import Cell, Line, Pages, Run, Table
from models.writing import key, one_line

_ASKED = re.compile(r"[:：_＿]")
_WIDTH = 4  # columns of a form without any table
_LEAST_WIDTH = 2  # columns: a line outside tables has a label and a place
_APPLICANT = re.compile(
    r"^(?:申[请报]|填[报表]|所在)?(?:单位|企业|机构|公司)(?:名称|全称)?$|^申[请报](?:人|者)(?:姓名)?$|^姓名$"
)


def draft(pages: Pages, name: str, name_of: Name) -> Draft:
    """The definition that the form on `pages` is likely to have. `name_of` makes a field's name of the words
    of its label.

    Raises:
        ValueError: nothing is asked for on the pages.
    """
    return _Drafting(pages, name, name_of).draft()


def _holds_rows(table: Table) -> bool:
    """Whether a table is more than a frame round some text: of one that goes on from the page before a single
    cell may be left."""
    return len(table.cells) > 1 or any(cell.row for cell in table.cells)


@dataclass
class _Drafting(Rows):
    def draft(self) -> Draft:
        blocks = with_heads(whole_rows([block for page in self.pages.pages for block in page.blocks]))
        if len(single := once(blocks)) < len(blocks):
            blocks = single
            self.tell("同一份表印了几份，只拟一份；收回后一份一份地读", place=None)
        self.spots = [one for page in self.pages.pages for block in page.blocks for one in seen(page, block)]
        tables = [block for block in blocks if isinstance(block, Table) and _holds_rows(block)]
        widest = (cell.column + cell.column_span for table in tables for cell in table.cells)
        width = max(_LEAST_WIDTH, max(widest, default=_WIDTH))
        title = self._title(blocks[: blocks.index(tables[0]) if tables else len(blocks)])
        notes = self._blocks(blocks, tables, width, title)
        if not tables and not self.places:
            raise ValueError("nothing is asked for")
        form: dict[str, Any] = {"name": self.name, "version": "1", "title": title}
        if applicant := self._applicant():
            form["applicant_field"] = applicant
        if not self.rows:
            self.at = tables[0].index
            self.add_alone(tables[0].cells[0].model_copy(update={"lines": ()}), width)
        columns = widths(tables, width)
        return Draft(
            {**form, **({"notes": notes} if notes else {}), "columns": columns, "rows": self.rows},
            tuple(self.guesses),
            tuple(self.spots),
            tuple(self.places),
        )

    def _blocks(
        self, blocks: Sequence[Table | Line], tables: Sequence[Table], width: int, title: str
    ) -> list[str]:
        """Add what each block asks for; what is printed under the last table."""
        first, last = (blocks.index(tables[0]), blocks.index(tables[-1])) if tables else (0, len(blocks))
        line_spots = iter([n for n, spot in enumerate(self.spots) if spot.cell is None])
        sections, broken = sections_of(blocks), broken_sentences(blocks)
        notes: list[str] = []
        for number, block in enumerate(blocks):
            if isinstance(block, Table):
                self.groups, self.heads = {}, {}
                self.at, self.line_at = block.index, None
                self._whole_table(block, width, is_asked=block in tables)
                continue
            self.at, self.line_at = None, next(line_spots)
            block = broken.get(number, block)
            if not block.spans and number in broken:
                continue
            if number in sections:
                self._section(sections[number], width)
            elif (
                self._outside(block, width, may_be_filled=number < first, is_letter=not tables)
                or one_line(block.text) == title
            ):
                continue
            elif number > last:
                notes += [one_line(block.text)] * is_note(block.text)
            elif key(block.text) and (self.rows or number > first or not tables):
                self.add_print(self.heading, width)
                self.heading = one_line(block.text)
        self.add_print(self.heading, width)
        return notes

    def _whole_table(self, table: Table, width: int, *, is_asked: bool) -> None:
        """Add the rows of a table, and before them the heading outside it, unless a row took it."""
        self.begun = len(self.rows)
        if is_asked:
            self.add_table(table, width)
        if heading := self.heading:
            more = self.rows[self.begun :]
            del self.rows[self.begun :]
            self.add_print(heading, width)
            self.guesses = [
                replace(one, place=one.place + 1)
                if one.place is not None and one.place >= self.begun
                else one
                for one in self.guesses
            ]
            self.rows += more
        self.heading = ""

    def _outside(self, line: Line, width: int, *, may_be_filled: bool, is_letter: bool) -> bool:
        """Add what a line outside tables asks for; whether it does."""
        places: list[tuple[str, str]] = []
        said = line.text
        if unit_for_all(line.text) is None:
            places, said = without_unit(places_on(line, may_be_filled=may_be_filled))
        if said:
            self.unit, self.money = unit_for_all(said) or "", unit_of_money(said)
            self.tell(f"“{one_line(said)}”是表中各项金额的单位", place=None)
        if said and not places:
            return True
        if is_letter and not has_place(places) and not ends_in_room(line, places):
            places = []
        if not places:
            if self.rows and is_day(line.text):
                return self._day_under()
            if self.lined == len(self.rows) > 0 and bracketed(line.text) and is_mark(line.text):
                return self._seal_under(one_line(line.text))
            if not (is_asked := bool(sentence_on(line))):
                return False
        self.add_print(self.heading, width)
        self.heading = ""
        if places:
            self.add_line(places, width)
            if said:
                self.rows[-1]["cells"][-1]["content"].append({"kind": "printed", "text": one_line(said)})
        elif is_asked:
            self.add_alone(Cell(row=0, column=0, lines=(line,)), width)
        return True

    def _seal_under(self, words: str) -> bool:
        """Add the place for a stamp that stands alone under the last line outside tables to what that asks
        for."""
        cell = self.rows[-1]["cells"][-1]
        title = self.called(title_of(cell["label"], {"kind": "seal", "prompt": words}), "")
        self.place(None)
        self.tell(f"“{title}”是 seal：下面一行印有“{words}”")
        seal = {"kind": "seal", "name": self.named(title, self.names), "label": title, "prompt": words}
        cell["content"].append(seal)
        return True

    def _day_under(self) -> bool:
        """Add the day that stands under the last line outside tables to what that line asks for."""
        cell = self.rows[-1]["cells"][-1]
        if not cell.get("content") or cell["content"][-1]["kind"] not in (
            "seal",
            "signature",
            "phone",
            "text",
        ):
            return False
        signed = next((one for one in self.rows[-1]["cells"] if is_mark(str(one.get("label", "")))), cell)
        if bracketed(str(cell.get("label", ""))):
            cell = signed  # a place for a stamp has no words behind which a day could be found
        words = re.sub(r"[（(].*", "", str(signed.get("label", "")))
        self.add_day(cell["content"], words, "下面一行印有")
        return True

    def _section(self, section: Section | None, width: int) -> None:
        """A heading outside tables with room to write under it."""
        if section is None:
            return
        self.add_print(self.heading, width)
        self.heading = ""
        self.tell(f"“{section.words}”下面留有空白")
        lines = tuple(Line(spans=(Run(text=text),)) for text in section.guidance)
        content = self.content(section.words, section.words, Cell(row=0, column=0, lines=lines))
        for item in content:
            item["kind"] = "prose" if item["kind"] == "text" else item["kind"]
        cell = {**labelled(section.words, section.printed), "columns": width, "content": content}
        self.add({"labels": "above", "cells": [cell]}, width)

    def _applicant(self) -> str | None:
        """The field that says who applies, where it is not the first line of text, which is taken for it."""
        # A line of text may have become a long one when all of its cell was seen, and that names nobody.
        texts = [(title, str(item["name"])) for title, item in self.texts if item["kind"] == "text"]
        for title, name in texts[1:] if texts and not _APPLICANT.match(texts[0][0]) else ():
            if _APPLICANT.match(title):
                self.tell(f"“{title}”写的是谁申请，收件箱和文件按它来称呼", place=None)
                return name
        return None

    def _title(self, blocks: Sequence[Table | Line]) -> str:
        texts = [one_line(block.text) for block in blocks if isinstance(block, Line) and key(block.text)]
        if named := title_among(texts):
            self.tell(f"表前的一行“{named}”像表名", place=None)
            return named
        title = next((text for text in reversed(texts) if not _ASKED.search(text)), "未命名的表")
        self.tell(f"没有找到表名，暂用“{title}”", doubt=True, place=None)
        return title
