"""The grid of a form's tables: which cells are labels, which rows have the same edges, how wide columns are
(pure)."""

import re
from collections.abc import Sequence
from itertools import pairwise

from extractor.drafting.content import begins_with_box, is_to_fill, options_of
from extractor.drafting.kinds import BLANKS, UNITS, is_blank
from extractor.drafting.marks import asks_for_marks
from models.geometry import box_around
from models.page import Cell, Line, Span, Table
from models.writing import key

Cells = Sequence[Cell]
_LEAST_HEADS, _LEAST_ROWS = 2, 2  # of answers in columns
_WIDTH = 16.0  # centimetres of a form on A4
_TWO = 2  # rows of heads
_GROUP = 3  # cells of a label, and of a pair that it stands left of
_LEAST_ODD = 5  # cells of a row with a label and two pairs
_STEMS = frozenset("甲乙丙丁戊己庚辛")
_COUNT = re.compile(r"[一二三四五六七八九十]{1,3}")
_COUNTED_ROW = re.compile(r"[a-z]{0,3}\d{1,3}|[一二三四五六七八九十]{1,3}", re.I)  # 1, IP01, 一
_NEAR = 3.0  # points between two edges that are one
_REST = 1  # letters of a label that breaks over a page with its cell; no label is as short
_NARROW = 8.0  # points: no character has room in a cell that is narrower


def whole_rows(blocks: Sequence[Table | Line]) -> list[Table | Line]:
    """The blocks of a form with each row that breaks over a page in one piece: what stands in a first row
    without a label, or with its last character alone, under the same edges, goes on with the last row of the
    table before."""
    found: list[Table | Line] = []
    for block in blocks:
        before = found[-1] if found else None
        if isinstance(block, Table) and isinstance(before, Table) and (rest := _rest(before, block)):
            last = max(cell.row for cell in before.cells)
            more = iter(rest)
            cells = tuple(
                cell.model_copy(update={"lines": (*cell.lines, *next(more).lines)})
                if cell.row == last
                else cell
                for cell in before.cells
            )
            found[-1] = before.model_copy(update={"cells": cells})
            block = block.model_copy(update={"cells": tuple(c for c in block.cells if c not in rest)})
        if isinstance(block, Line) or block.cells:
            found.append(block)
    return found


def with_heads(blocks: Sequence[Table | Line]) -> list[Table | Line]:
    """The blocks of a form with a row of headings that ends a page in the table that goes on under it, with
    the places for each under the same edges."""
    found: list[Table | Line] = []
    for block in blocks:
        before = found[-1] if found else None
        if isinstance(block, Table) and isinstance(before, Table) and (heads := _heads_over(before, block)):
            first = min(cell.row for cell in block.cells)
            moved = [cell.model_copy(update={"row": first - 1}) for cell in heads]
            left = tuple(cell for cell in before.cells if cell not in heads)
            found[-1:] = [before.model_copy(update={"cells": left})] if left else []
            block = block.model_copy(update={"cells": (*moved, *block.cells)})
        found.append(block)
    return found


def _heads_over(before: Table, after: Table) -> Cells:
    """The last row of a table if it is nothing but headings of the first row of the one after."""
    if not before.cells or not after.cells:
        return ()
    last, first = max(cell.row for cell in before.cells), min(cell.row for cell in after.cells)
    heads = [cell for cell in before.cells if cell.row + cell.row_span - 1 == last]
    places = [cell for cell in after.cells if cell.row == first]
    is_over = len(heads) == len(places) > 1 and all(map(_stand_under, heads, places))
    return heads if is_over and all(map(is_label, heads)) and all(map(is_to_fill, places)) else ()


def once(blocks: Sequence[Table | Line]) -> list[Table | Line]:
    """The blocks of a form that stands on its pages several times, under the same title, up to where it
    stands again; all blocks of any other."""
    tables = [n for n, block in enumerate(blocks) if isinstance(block, Table)]
    said = [[key(cell.text) for cell in block.cells] for block in blocks if isinstance(block, Table)]
    for many in range(1, len(tables) // 2 + 1):
        copies, rest = divmod(len(tables), many)
        if rest or said != said[:many] * copies or not any(map(any, said)):
            continue
        between = range(tables[many - 1] + 1, tables[many])
        heads = {key(block.text) for block in blocks[: tables[0]] if isinstance(block, Line)} - {""}
        again = next((n for n in between if key(blocks[n].text) in heads), None)  # type: ignore[union-attr]
        if again is not None:
            return [*blocks[:again]]
    return list(blocks)


def _rest(before: Table, after: Table) -> Cells:
    """The first row of a table, if it is the rest of the last one of the table before; else nothing."""
    if not before.cells or not after.cells:
        return ()
    last, first = max(cell.row for cell in before.cells), min(cell.row for cell in after.cells)
    above = [cell for cell in before.cells if cell.row == last]
    rest = [cell for cell in after.cells if cell.row == first]
    goes_on = (
        len(above) == len(rest) > 1
        and all(map(_stand_under, above, rest))
        and key(above[0].text) != ""
        and len(key(rest[0].text)) <= _REST
        and any(key(cell.text) for cell in rest[1:])
    )
    return rest if goes_on else ()


def _stand_under(one: Cell, other: Cell) -> bool:
    if one.box is None or other.box is None:
        return False
    return abs(one.box.x0 - other.box.x0) < _NEAR and abs(one.box.x1 - other.box.x1) < _NEAR


def with_whole_places(cells: Cells) -> list[Cell]:
    """The cells of a table, with two that a picture shows side by side in one piece where a rule between them
    is none for sure: one that is too narrow to write in, or the room left of where somebody stamps."""
    found: list[Cell] = []
    for cell in sorted(cells, key=lambda one: (one.row, one.column)):
        last = found[-1] if found else None
        if last and _are_one(last, cell):
            found[-1] = last.model_copy(
                update={
                    "lines": (*last.lines, *cell.lines),
                    "column_span": last.column_span + cell.column_span,
                    "box": box_around((last.box, cell.box)),
                }
            )
        else:
            found.append(cell)
    return found


def _are_one(left: Cell, right: Cell) -> bool:
    is_split = (
        not (left.sure or right.sure)
        and (left.row, left.row_span) == (right.row, right.row_span)
        and left.column + left.column_span == right.column
    )
    is_room = not key(left.text) and not options_of(left) and asks_for_marks(right)
    return is_split and (is_room or any(_is_narrow(one) and not key(one.text) for one in (left, right)))


def _is_narrow(cell: Cell) -> bool:
    return cell.box is not None and cell.box.x1 - cell.box.x0 < _NARROW


def with_whole_labels(cells: Cells) -> list[Cell]:
    """The cells of a table, with what a picture shows of one label at its left in one piece: cells under each
    other that are none for sure, of which one has words, each beside others."""
    left = min((cell.column for cell in cells), default=0)
    labels = sorted((cell for cell in cells if cell.column == left), key=lambda cell: cell.row)
    beside = {cell.row for cell in cells if cell.column != left}
    runs: list[list[Cell]] = []
    for cell in labels:
        last = runs[-1][-1] if runs else None
        is_part = not cell.sure and {*range(cell.row, cell.row + cell.row_span)} <= beside
        if last and is_part and not last.sure and last.column_span == cell.column_span:
            runs[-1].append(cell)
        else:
            runs.append([cell])
    parted = [run for run in runs if len(run) > 1 and sum(bool(key(cell.text)) for cell in run) == 1]
    gone = {id(cell) for run in parted for cell in run}
    return [*(cell for cell in cells if id(cell) not in gone), *map(_one, parted)]


def _one(parts: Cells) -> Cell:
    lines = tuple(line for cell in parts for line in cell.lines)
    rows = sum(cell.row_span for cell in parts)
    box = box_around(cell.box for cell in parts)
    return parts[0].model_copy(update={"lines": lines, "row_span": rows, "box": box})


def is_frame(cell: Cell, cells: Cells) -> bool:
    """Whether an empty cell only holds other cells, as the outer of two nested tables does on a page, or is
    what is left of one beside them, too narrow to write in."""
    if key(cell.text) or options_of(cell):
        return False
    if _is_narrow(cell):
        return True
    return any(
        other is not cell and cell.row <= other.row < cell.row + cell.row_span
        and cell.column <= other.column < cell.column + cell.column_span
        for other in cells
    )  # fmt: skip


def is_label(cell: Cell) -> bool:
    """Whether a cell has words and is not to be filled in."""
    return bool(key(cell.text)) and not is_to_fill(cell)


def leads(cells: Cells, cell: Cell) -> bool:
    """Whether a cell stands left of others as the label of all of them: it goes over several rows, or it is
    first of a row in which pairs of a label and a place are left without it."""
    if cell.row_span > 1 and len(cells) > 2 and cell is not cells[-1]:
        return not _is_choice(cells[cells.index(cell) + 1])
    if cell is cells[0] and len(cells) > 2 and is_number(cell.text) and is_label(cells[1]):
        return True
    before, rest = cells[: cells.index(cell)], cells[cells.index(cell) :]
    if before and before[-1].row_span > 1 and len(rest) == _GROUP and _is_led(rest):
        return True  # 废气 | 排放去向 | ____, right of a label of several rows
    pairs = cells[1:]
    is_odd = len(cells) % 2 == 1 and len(cells) >= _LEAST_ODD and cell is cells[0]
    return is_odd and all(is_label(one) != (n % 2 == 1) for n, one in enumerate(pairs))


def _is_choice(cell: Cell) -> bool:
    """Whether a cell holds nothing but options, so that it asks for what stands left of it."""
    return begins_with_box(cell) and len(options_of(cell)) > 1


def _is_led(cells: Cells) -> bool:
    """Whether cells are a label, one more, and a place for what the second asks of the first."""
    *labels, place = cells
    return all(map(is_label, labels)) and is_to_fill(place)


def is_number(text: str) -> bool:
    """Whether text does no more than count a row."""
    return key(text).isdigit() or bool(_COUNT.fullmatch(key(text)))


def is_list_head(cells: Cells, following: Sequence[Cells]) -> bool:
    """Whether a row of labels is the head of a list whose rows are printed, each counted and to be filled in
    right of what it says."""
    rows = [one for one in following if same_edges(cells, one)]
    return len(cells) > 2 and bool(rows) and all(
        is_number(one[0].text) and is_label(one[1]) and all(map(is_to_fill, one[2:])) for one in rows[:2]
    )  # fmt: skip


def rows_by_column(cells: Cells, following: Sequence[Cells]) -> int:
    """How many rows right below a row of headings have a label and, under each heading, a place to fill in,
    as of two persons or of several years; 0 where so few do that they may be anything."""
    heads = cells[1:]
    if len(heads) < _LEAST_HEADS or not all(map(is_label, heads)) or cells[0].row_span > 1:
        return 0
    is_corner = not key(cells[0].text) or is_label(cells[0])
    if len({key(cell.text) for cell in heads}) < len(heads) or not is_corner:
        return 0
    count = 0
    for row in following:
        if not same_edges(cells, row) or not is_label(row[0]) or _COUNTED_ROW.fullmatch(key(row[0].text)):
            break
        unit = unit_in(cells, row)
        if not all(one is unit or is_to_fill(one) for one in row[1:]):
            break
        count += 1
    return count if count >= _LEAST_ROWS else 0


def counted_by_column(cells: Cells, following: Sequence[Cells]) -> int:
    """The same of rows that are counted left of their labels, and print their units, as in statistics, or
    leave several places empty, as a budget; their sum stands last, without a number."""
    return (
        rows_by_column(cells[1:], [_uncounted(cells, row) for row in following]) if len(cells) > _TWO else 0
    )


def _uncounted(heads: Cells, row: Cells) -> Cells:
    """A row without the number before its label; nothing where it is no such row."""
    if len(row) > _TWO and is_number(row[0].text):
        is_open = len(row) > _GROUP and all(is_blank(cell.text) for cell in row[_TWO:])
        return row[1:] if unit_in(heads, row) or is_open else ()
    lead, label = heads[:_TWO]
    if len(row) < len(heads) and row and row[0].column_span == lead.column_span + label.column_span:
        return [
            row[0].model_copy(update={"column": label.column, "column_span": label.column_span}),
            *row[1:],
        ]
    return ()


def is_counted_heads(cells: Cells) -> bool:
    """Whether a row does no more than count the columns, as under the heads of statistics: 甲, 乙, 1, 2."""
    said = [key(cell.text) for cell in cells]
    return len(said) > _LEAST_HEADS and said[0] == "甲" and all(
        one.isdigit() or one in _STEMS for one in said
    )  # fmt: skip


def is_head_twice(cells: Cells, following: Sequence[Cells]) -> bool:
    """Whether a row of heads says the same twice, side by side, over labels and places under each."""
    half, odd = divmod(len(cells), 2)
    said = [key(cell.text) for cell in cells]
    is_twice = not odd and half >= _LEAST_HEADS and said[:half] == said[half:]
    return is_twice and bool(following) and same_edges(cells, following[0])


def heads_under_heads(cells: Cells, below: Cells) -> list[Cell]:
    """The heads of a table in one row, where the second one stands under the first: 县道 over 本月 and 累计. Each
    says both, and stands where the lower one does; nothing where the rows are no such heads."""
    first, groups = cells[0], cells[1:]
    over = {one.column: next((g for g in groups if _is_over(g, one)), None) for one in below if is_label(one)}
    is_two = (
        first.row_span == _TWO
        and len(groups) > 1
        and len(below) == len(over) > len(groups)
        and all(over.values())
        and all(map(is_label, groups))
        and all(one.row_span == 1 for one in groups)
    )
    if not is_two:
        return []
    said = [Line(spans=(*_spans(over[one.column]), *_spans(one))) for one in below]
    both = [one.model_copy(update={"lines": (line,)}) for one, line in zip(below, said, strict=True)]
    return [first.model_copy(update={"row_span": 1}), *both]


def _is_over(above: Cell, below: Cell) -> bool:
    return above.column <= below.column < above.column + above.column_span


def _spans(cell: Cell | None) -> tuple[Span, ...]:
    return () if cell is None else tuple(span for line in cell.lines for span in line.spans)


def unit_in(heads: Cells, row: Cells) -> Cell | None:
    """The cell of a row that prints the unit of all others, under a heading that says so; None where there is
    none."""
    return next(
        (
            cell
            for head, cell in zip(heads[1:], row[1:], strict=False)
            if (key(head.text).endswith("单位") and UNITS.fullmatch(BLANKS.sub("", cell.text)))
            or (key(head.text) == "计量单位" and key(cell.text))
        ),
        None,
    )


def units_between(cells: Cells) -> dict[int, Cell]:
    """The cells of a row that print a unit and nothing else, each between a label and an empty place, by the
    column of that: 工业总产值 | 万元 | ____."""
    return {
        place.column: cell
        for label, cell, place in zip(cells, cells[1:], cells[2:], strict=False)
        if is_label(label) and UNITS.fullmatch(cell.text) and not key(place.text) and not options_of(place)
    }


def is_group_head(cells: Cells, below: Cells) -> bool:
    """Whether each cell of a row of labels stands over a label and its place, as 发货方 and 收货方 do."""
    under = [
        [one for one in below if cell.column <= one.column < cell.column + cell.column_span] for cell in cells
    ]
    return len(cells) > 1 and all(
        len(ones) > 1 and is_label(ones[0]) and is_to_fill(ones[1]) for ones in under
    )


def same_edges(one: Cells, other: Cells) -> bool:
    """Whether the cells of two rows stand under each other."""
    return [(cell.column, cell.column_span) for cell in one] == [
        (cell.column, cell.column_span) for cell in other
    ]


def blank_rows(headings: Cells, following: Sequence[Cells]) -> int:
    """How many rows right below have empty cells under the headings, and nothing else but boxes and the
    blanks of a date, the same in each."""
    count = 0
    for cells in following:
        if not same_edges(headings, cells) or not all(map(_is_open, cells[1:])):
            break
        if count and any(
            key(a.text) != key(b.text) for a, b in zip(cells[1:], following[0][1:], strict=True)
        ):
            break
        # The first column may number the rows.
        if key(cells[0].text) and not _COUNTED_ROW.fullmatch(key(cells[0].text)):
            break
        count += 1
    return count


def _is_open(cell: Cell) -> bool:
    return not key(cell.text) or is_blank(cell.text) or len(options_of(cell)) > 1


def widths(tables: Sequence[Table], width: int) -> list[float]:
    """The widths of the grid's columns in centimetres, from the cells' boxes where they have any."""
    edges: dict[int, list[float]] = {}
    for cell in (cell for table in tables for cell in table.cells if cell.box):
        assert cell.box is not None
        edges.setdefault(cell.column, []).append(cell.box.x0)
        edges.setdefault(cell.column + cell.column_span, []).append(cell.box.x1)
    places = [sorted(edges[n])[len(edges[n]) // 2] if n in edges else None for n in range(width + 1)]
    if any(place is None for place in places):
        return [round(_WIDTH / width, 2)] * width
    known = [float(place) for place in places if place is not None]
    steps = [max(b - a, 1.0) for a, b in pairwise(known)]
    return [round(_WIDTH * step / sum(steps), 2) for step in steps]
