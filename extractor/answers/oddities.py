"""What is odd about where an answer stands, by which a person is asked to look at it."""

import re
from collections.abc import Collection, Iterable, Sequence

from rapidfuzz import fuzz

from extractor.answers.books import is_doubted_by
from extractor.answers.labels import BY_PLACE, Alignment
from extractor.answers.regions import Region
from extractor.answers.units import Unit, unexplained
from extractor.answers.witness import contradicted
from extractor.text.passage import Passage
from models.fields import Field
from models.geometry import meets
from models.page import Box, Pages, Table
from models.writing import CJK, key, one_line

# The doubt about a cell of which not enough was seen: it matters to a mark that was seen there, too.
UNSEEN = "rules-unseen"
_ANOTHER_LABEL = re.compile(rf"[{CJK}]{{2,}} ?[:：]")
# Letters and digits behind which no misread part of a Chinese label is, and a number that a label stands
# under.
_SIGNS = re.compile(r"[a-z]{2,}|[0-9]+")
_NUMBERED = re.compile(r"^[ （(]*[0-9]{1,2}[ .．、）)]+")
_ALIKE = 0.75  # how like a label the rest of another label's cell must be


def oddities(
    alignment: Alignment, index: int, region: Region, pages: Pages
) -> list[tuple[str, Sequence[str], str]]:
    """What is odd about where an answer stands: (code, the fields that it matters to, the words)."""
    label, find, passages = alignment.labels[index], alignment.found[index], region.passages
    title = one_line(find.unit.passage.text)
    every = [field.name for field in label.cell.fields]
    # What was meant for another field would pass for a value of these.
    of_words = [field.name for field in label.cell.fields if not field.has_shape]
    of_lines = [
        field.name for field in label.cell.fields if not (field.has_shape or field.is_long or field.is_mark)
    ]
    found: list[tuple[str, Sequence[str], str]] = []
    filled = [line for passage in passages for line in [one_line(passage.words)] if key(line)]
    if region.strays:
        found.append(("place-unsure", every, ""))
    found += contradicted(alignment, index, region, pages)
    if region.is_abreast:
        # Lines of a long text that go on in the next cell would be read one cell after the other.
        found.append(("answer-spread", every, " ".join(filled)))
    if region.is_spread or any(
        _ANOTHER_LABEL.search(line) for line in filled if len(label.cell.content) == 1
    ):
        # A column that somebody added, or a label that the form does not know, ran into the answer.
        found.append(("answer-spread", of_lines, " ".join(filled)))
    found += [
        ("answer-is-label", every, line)
        for line in filled
        if len(key(line)) > 1 and key(line) in alignment.printed
    ]
    keys = [key(text) for text in label.texts]
    bare = find.unit.bare_key
    if find.whole and bare not in keys and any(bare.startswith(one) for one in keys):
        # The last words of a Chinese label are its noun: 单位地址 is no 单位. What stands in brackets only
        # explains it.
        found.append(("label-unsure", of_words, title))
    if find.score == BY_PLACE:
        found.append(("label-unsure", every, title))
    if _rest_of_label(alignment, index, is_answered=bool(filled)):
        found.append(("label-rest", every, title))
    if find.whole and _holds_another(alignment, index, bare):
        # The rule between two rows was not seen: both labels stand in one cell, and both answers in the next.
        found.append(("place-unsure", every, ""))
    if alignment.is_repeated(index):
        found.append(("label-repeated", every, title))
    if not any(field.is_mark for field in label.cell.fields) and (
        _has_unread(find.unit, alignment, pages) or unread_in([region.units], pages)
    ):
        found.append(("ink-unread", every, ""))
    if _is_unsure(find.unit, region, pages):
        found.append((UNSEEN, every, ""))
    cells = {
        place.box
        for passage in passages
        for place in passage.places
        if place.page == find.unit.page and place.box
    }
    if any(_stands_beside(other.unit, find.unit, cells) for other in alignment.found.values()):
        # The line between two rows was not seen, or is not there: what answers which label can't be told.
        found.append(("answer-spread", every, " ".join(filled)))
    return found


def remarks(passages: Iterable[Passage], fields: Sequence[Field]) -> list[tuple[str, Sequence[str], str]]:
    """What the reader remarked on where the answer to `fields` stands, as oddities of the place."""
    found = dict.fromkeys(remark for passage in passages for remark in passage.remarks)
    return [
        (one.code, [field.name for field in fields if is_doubted_by(field, one)], one_line(one.text))
        for one in found
    ]


def _rest_of_label(alignment: Alignment, index: int, is_answered: bool) -> bool:
    """Whether what stands in the label's own place holds a number or letters that the form prints in no
    label. Where an answer stands in its own, words that explain the label are none."""
    find = alignment.found[index]
    title = one_line(find.unit.passage.text)
    title = unexplained(title) if is_answered else title
    own = {key(text) for text in alignment.labels[index].texts}
    rest = set(_SIGNS.findall(key(_NUMBERED.sub("", title)))) - set(
        _SIGNS.findall(" ".join(alignment.printed))
    )
    return find.whole and bool(rest) and key(title) not in own


def _holds_another(alignment: Alignment, index: int, title: str) -> bool:
    """Whether a label's cell, whose key is `title`, holds another label of the form before or behind it."""
    own = [key(text) for text in alignment.labels[index].texts]
    if title in own:
        return False
    beside = [rest for one in own for rest in title.split(one) if one in title and len(rest) > 1]
    others = alignment.printed.difference(own)
    return any(fuzz.ratio(rest, other) >= 100 * _ALIKE for rest in beside for other in others)


def _is_unsure(label: Unit, region: Region, pages: Pages) -> bool:
    """Whether the cell of a label, or one of those that its answer stands in, may be none."""
    if any(unit.cell and not unit.cell.sure for unit in (label, *region.units)):
        return True
    tables = (
        (page.number, block) for page in pages.pages for block in page.blocks if isinstance(block, Table)
    )
    unsure = {
        (number, cell.box) for number, table in tables for cell in table.cells if not cell.sure and cell.box
    }
    return (
        any((place.page, place.box) in unsure for passage in region.passages for place in passage.places)
        if unsure
        else False
    )


def _has_unread(label: Unit, alignment: Alignment, pages: Pages) -> bool:
    """Whether writing that could not be read stands beside `label`, before the next label of its row."""
    own = label.cell.box if label.cell else None
    if own is None:
        return False
    others = [
        other.unit.cell.box
        for other in alignment.found.values()
        if other.unit.page == label.page and other.unit.cell
    ]
    edges = [box.x0 for box in others if box and box.x0 >= own.x1 and box.y0 < (own.y0 + own.y1) / 2 < box.y1]
    return any(
        own.x1 < (box.x0 + box.x1) / 2 < min(edges, default=float("inf"))
        and own.y0 < (box.y0 + box.y1) / 2 < own.y1
        for page in pages.pages
        if page.number == label.page
        for box in page.unread
    )


def unread_in(rows: Iterable[Sequence[Unit]], pages: Pages) -> bool:
    """Whether writing that could not be read lies on one of the cells of `rows`."""
    cells = [(unit.page, unit.cell.box) for units in rows for unit in units if unit.cell and unit.cell.box]
    return any(
        page.number == number and meets(box, unread)
        for page in pages.pages
        for unread in page.unread
        for number, box in cells
    )


def _stands_beside(other: Unit, label: Unit, cells: Collection[Box]) -> bool:
    """Whether another row's label stands beside one of the cells, on its own page, that the answer to `label`
    is in."""
    own, theirs = (unit.cell.box if unit.cell else None for unit in (label, other))
    if own is None or theirs is None or other.page != label.page or other is label:
        return False
    middle = (theirs.y0 + theirs.y1) / 2
    return not own.y0 < middle < own.y1 and any(
        box.y0 < middle < box.y1 and theirs.x1 <= box.x0 + 1 for box in cells
    )
