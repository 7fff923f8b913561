"""What drafting gives: a definition as data, why it is as it is, and where each field was seen on the
form."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from models.page import Box, CellAddress, Line, Page, Table


@dataclass(frozen=True)
class Guess:
    """Why something stands in the draft, or what a person should look at; `place` is the row's index, None
    for the form. One that `is_change` says what an older version of the form had otherwise."""

    place: int | None
    text: str
    is_doubt: bool = False
    is_change: bool = False


@dataclass(frozen=True)
class Spotted:
    """A cell or a line of the form as it was read: on which page, counted from 1, and where there. `box` is
    None in a file without pages, whose cells have addresses."""

    page: int
    text: str
    box: Box | None = None
    cell: CellAddress | None = None


@dataclass(frozen=True)
class Placed:
    """Where a field was found: its label and the places of its answer, as indices of `Draft.spots`."""

    label: int | None = None
    answers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A definition as data, as its file spells it, and the guesses that it rests on. `spots` is all that was
    seen on the form, and `places` says of each field, in the order of the definition, which of it are its."""

    form: dict[str, Any]
    guesses: tuple[Guess, ...]
    spots: tuple[Spotted, ...] = ()
    places: tuple[Placed, ...] = ()


@dataclass
class Content:
    """Items of a cell's content, as a definition spells them, without names; `why` is the reason for each,
    `unsure` what a person should look at."""

    items: list[dict[str, Any]] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)

    def add(self, why: str, **item: Any) -> None:
        """One more item, and the reason for it."""
        self.items.append(item)
        self.why.append(why)


def seen(page: Page, block: Table | Line) -> Iterator[Spotted]:
    """All that can be pointed at in a block of a page."""
    if isinstance(block, Line):
        yield Spotted(page.number, block.text, block.box)
        return
    for cell in block.cells:
        address = CellAddress(table=block.index, row=cell.row, column=cell.column)
        yield Spotted(page.number, cell.text, cell.box, address)
