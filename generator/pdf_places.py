"""The places of the answers on a PDF's pages after layout, and the widgets for these places."""

from collections.abc import Iterator
from typing import Any

from generator.acroform import PAD_Y, CheckWidget, TextWidget, Widget
from generator.document import Place
from generator.pdf_sheet import BOTTOM, INSET_X, INSET_Y, TICK_BOX, TOP, Answer, Sheet
from models.identity import Tag
from models.page import Box

_EDGE = 1.5  # points between rule and widget; with the widget's own padding they equal a cell's inset


class Spots:
    """The places of cells, answers and option boxes as the template reports them, in points from the top
    left."""

    def __init__(self, spots: list[Any], sheet: Sheet) -> None:
        self._sheet = sheet
        self._at: dict[tuple[str, str | int], Any] = {}
        for value, page, x, y in spots:
            kind = next(kind for kind in ("cell", "end", "answer", "option", "line") if kind in value)
            self._at[kind, value[kind]] = (value, page, x, y)

    def places(self) -> Iterator[Place]:
        """Yield the place of every field, option box and table entry. One that breaks over pages has a place
        on each; a table has one on each of its pages."""
        whole: dict[tuple[str, int], Box] = {}
        for answer in self._sheet.answers:
            parts = [self._option(answer)] if answer.tag.option is not None else self._region(answer)
            for page, box in parts:
                yield Place(tag=str(answer.tag), page=page, box=box)
                if answer.tag.row is not None:
                    field = str(Tag(field=answer.tag.field))
                    whole[field, page] = _around(whole.get((field, page), box), box)
        for (field, page), box in whole.items():
            yield Place(tag=field, page=page, box=box)

    def widgets(self, size: float) -> Iterator[Widget]:
        """Yield a widget for each place to write or tick in, in the order of the form."""
        for answer in self._sheet.answers:
            if answer.tag.option is not None:
                page, box = self._option(answer)
                yield CheckWidget(
                    answer.tag, answer.title, page, box, answer.tag in self._sheet.filling.ticked
                )
            elif answer.field.entered == "written" or (
                answer.tag.row is not None and not answer.field.is_mark
            ):
                # In a row of a table what is chosen is written.
                yield self._text_widget(answer, size)

    def _text_widget(self, answer: Answer, size: float) -> TextWidget:
        (page, region), *more = self._region(answer)
        assert not more, "rows of a fillable form are never broken"
        value, _, _, y = self._at["answer", str(answer.tag)]
        blank = [answer.blank] if answer.blank else []
        guidance = list(answer.shown)
        # A text still to be written may need a second line, so its box reaches a little higher.
        above = PAD_Y if answer.text is not None or guidance or blank else 2 * PAD_Y
        foot = max(region.y1 - _EDGE, y + value["high"] + PAD_Y)
        edge = 0 if answer.in_line else _EDGE
        box = Box(x0=region.x0 + edge, y0=y - above, x1=region.x1 - edge, y1=foot)
        return TextWidget(
            tag=answer.tag, title=answer.title, page=page, box=box, value=answer.text, align=answer.align,
            size=size,
            prose=answer.field.is_prose, placeholder=tuple(guidance or blank), grey=bool(guidance),
        )  # fmt: skip

    def _option(self, answer: Answer) -> tuple[int, Box]:
        _, page, x, y = self._at["option", str(answer.tag)]
        return page, Box(x0=x, y0=y, x1=x + TICK_BOX, y1=y + TICK_BOX)

    def _region(self, answer: Answer) -> list[tuple[int, Box]]:
        """Return the region from the answer down to the next one in its cell, or to the cell's end. An answer
        that is alone reaches from rule to rule."""
        here, first_page, first_x, first_y = self._at["answer", str(answer.tag)]
        if answer.in_line:
            right, foot = first_x + here["wide"], first_y + here["high"]
            return [(first_page, Box(x0=first_x, y0=first_y - PAD_Y, x1=right, y1=foot + PAD_Y))]
        cell, page, x, y = self._at["cell", answer.cell]
        mates = [
            mate for mate in self._sheet.answers if mate.cell == answer.cell and self._begins_a_line(mate)
        ]
        at = mates.index(answer)
        top, bottom = (first_page, first_y - PAD_Y), self._bottom(answer.cell)
        if at == 0 and self._stands_first(answer):
            top = (page, y - INSET_Y)
        if at + 1 < len(mates):
            following = str(mates[at + 1].tag)
            _, next_page, _, next_y = self._at.get(("line", following)) or self._at["answer", following]
            bottom = (next_page, next_y - PAD_Y)
        left = x + here["left"] - (0 if here["left"] else INSET_X)
        right = x + cell["width"] - here["right"] + (0 if here["right"] else INSET_X)
        return list(self._parts(left, right, top, bottom))

    def _begins_a_line(self, answer: Answer) -> bool:
        """Tell whether an answer is the first in a line of its own."""
        return answer.tag.option is None and (not answer.in_line or ("line", str(answer.tag)) in self._at)

    def _stands_first(self, answer: Answer) -> bool:
        content = self._sheet.cells[answer.cell].cell.content
        return answer.tag.row is not None or content[0] is answer.field

    def _bottom(self, cell: int) -> tuple[int, float]:
        value, page, _, y = self._at["cell", cell]
        if value["height"] is not None:
            return page, y + value["height"] + INSET_Y
        _, page, _, y = self._at["end", cell]
        return page, y + INSET_Y

    def _parts(
        self, left: float, right: float, top: tuple[int, float], bottom: tuple[int, float]
    ) -> Iterator[tuple[int, Box]]:
        foot = self._sheet.page_height() - BOTTOM
        for page in range(top[0], bottom[0] + 1):
            y0 = top[1] if page == top[0] else TOP
            y1 = bottom[1] if page == bottom[0] else foot
            if y1 - y0 > 1:
                yield page, Box(x0=left, y0=y0, x1=right, y1=y1)


def _around(one: Box, other: Box) -> Box:
    return Box(
        x0=min(one.x0, other.x0), y0=min(one.y0, other.y0), x1=max(one.x1, other.x1), y1=max(one.y1, other.y1)
    )
