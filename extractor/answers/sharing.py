"""A stretch of a cell that several fields share, with no printed words between them: whose is what (pure).

What has a shape of its own, a telephone number or a date, goes to the field of that kind, and the rest to the
one field whose values may be any words. Where that can be done in more than one way the likeliest is given,
and told to be unsure.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from extractor.text.passage import Passage
from models.fields import DateField, Field
from models.fields.date import find_dates
from models.writing import CJK, key

# What people set between two answers; brackets round one go with it.
_PARTING = r"\s,，、;；/／|｜\\"
_BEFORE, _AFTER = re.compile(rf"[{_PARTING}(（\[【]+$"), re.compile(rf"^[{_PARTING})）\]】]+")
_PIECES = re.compile(rf"[^{_PARTING}]+")
_LABEL = re.compile(rf"[{CJK}]{{2,}}\s*[:：]|[:：]\s*$")
_JOINING = "-_.+"  # what a value may begin with, go on with, or be tied to something else by
_BRACKETS = (("(", ")"), ("（", "）"), ("[", "]"), ("【", "】"))
_MOST_OTHERS = 4

Range = tuple[int, int]


@dataclass(frozen=True)
class Shares:
    """What each field has of a stretch; `others` are what it may have instead, for each of those of which
    that is not sure."""

    values: dict[str, Passage]
    others: Mapping[str, tuple[str, ...]]


def share(fields: Sequence[Field], passage: Passage, is_whole: bool) -> Shares:
    """The stretch `passage` divided among `fields`. `is_whole`: all words that are printed between them were
    found."""
    passage, empty = _without_blank_dates(fields, passage), passage.cut(0, 0)
    values = {field.name: empty for field in fields}
    if not key(passage.words):
        return Shares({**values, fields[0].name: passage}, {})
    written = [field for field in fields if not field.is_mark]
    plain = [field for field in written if not field.has_shape]
    taken = {field.name: _places(field, passage.text) for field in written if field.has_shape}
    ranges = sorted(place for places in taken.values() for place in places)
    rest = _rest(passage, ranges)
    values |= {name: passage.cut(*places[0]) for name, places in taken.items() if places}
    heir = next(iter(plain), None) or next((field for field in fields if field.is_mark), None)
    if heir is not None:
        values[heir.name] = Passage.join(rest)
    counts = all(len(taken[f.name]) == 1 or not (taken[f.name] or f.required) for f in written if f.has_shape)
    apart = all(one[1] <= other[0] for one, other in pairwise(ranges))
    ends = not any(_runs_on(passage.text, place, ranges) for place in ranges)
    if (
        is_whole
        and counts
        and apart
        and ends
        and _has_one_heir(fields, plain, rest)
        and _is_plain(written, rest)
    ):
        return Shares(values, {})
    pieces = [passage.cut(*piece.span()) for piece in _PIECES.finditer(passage.text) if key(piece[0])]
    if len(plain) > 1 and len(pieces) == len(fields):
        values = {field.name: piece for field, piece in zip(fields, pieces, strict=True)}
    unsure = [field for field in written if not _is_dated(field, taken.get(field.name, []), passage.text)]
    return Shares(values, {field.name: _others(values[field.name], pieces, passage) for field in unsure})


def _is_dated(field: Field, places: Sequence[Range], text: str) -> bool:
    """Whether the one date has a line to itself: nothing beside it can make it another one."""
    return isinstance(field, DateField) and len(places) == 1 and _has_line(text, *places[0])


def _without_blank_dates(fields: Sequence[Field], passage: Passage) -> Passage:
    """The stretch without places for a date in which nothing was written."""
    asked = any(isinstance(field, DateField) for field in fields)
    return (
        passage.without(find_dates(passage.text))
        if asked and not find_dates(passage.text, blank=False)
        else passage
    )


def _places(field: Field, text: str) -> list[Range]:
    """Where values of `field` stand, several with nothing but commas between them as one; of several the one
    that has a line to itself, if a single one has."""
    found: list[Range] = []
    for start, end in field.find(text):
        if found and not _PIECES.search(text[found[-1][1] : start]):
            start = found.pop()[0]
        found.append((start, end))
    alone = [place for place in found if _has_line(text, *place)]
    return alone if len(alone) == 1 else found


def _has_line(text: str, start: int, end: int) -> bool:
    return not (text[:start].rpartition("\n")[2] + text[end:].partition("\n")[0]).strip()


def _rest(passage: Passage, ranges: Sequence[Range]) -> list[Passage]:
    """What stands before, between and after `ranges`, without what parts it from them."""
    edges = [0, *(edge for place in ranges for edge in place), len(passage)]
    found = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        text = passage.text
        if start and start < end and (gap := _AFTER.search(text[start:end])):
            start += gap.end()
        if end < len(passage) and start < end and (gap := _BEFORE.search(text[start:end])):
            end = start + gap.start()
        if start < end:
            found.append(passage.cut(start, end))
    return [one for one in found if key(one.words) or one.pictures]


def _runs_on(text: str, place: Range, ranges: Sequence[Range]) -> bool:
    """Whether what stands beside a value may be a part of it: nothing parts them, or only a blank parts
    letters and digits."""
    start, end = place
    before, after = text[:start].rstrip(), text[end:].lstrip()
    others = {edge for other in ranges if other != place for edge in other}
    sides = [(before[-1:], text[start], len(before) == start, len(before) in others)]
    sides += [(after[:1], text[end - 1], len(text) - len(after) == end, len(text) - len(after) in others)]
    return any(
        (touches and _is_part(one) and _is_part(other))
        or (one.isalnum() and other.isalnum() and one.isascii() and other.isascii() and not is_value)
        for one, other, touches, is_value in sides
    )


def _is_part(char: str) -> bool:
    return char.isalnum() or (char != "" and char in _JOINING)


def _has_one_heir(fields: Sequence[Field], plain: Sequence[Field], rest: Sequence[Passage]) -> bool:
    """Whether a single field may have the rest, or none needs any. What is written beside a mark may be the
    mark's."""
    if not rest:
        return not any(field.required for field in plain)
    marks = [field for field in fields if field.is_mark]
    if not plain:
        return len(rest) == 1 and bool(marks)
    before = fields[: fields.index(plain[0])]
    return len(rest) == len(plain) == 1 and not any(one.entered == "signed" or one in before for one in marks)


def _is_plain(written: Sequence[Field], rest: Sequence[Passage]) -> bool:
    """Whether the rest is nothing but words: no value in another shape, no label, no half of a pair of
    brackets."""
    for text in (one.words for one in rest):
        if _LABEL.search(text) or any(text.count(left) != text.count(right) for left, right in _BRACKETS):
            return False
        if any(field.resembles(text) for field in written if field.has_shape):
            return False
    return True


def _others(value: Passage, pieces: Sequence[Passage], whole: Passage) -> tuple[str, ...]:
    texts = dict.fromkeys(one.words for one in (*pieces, whole) if one.text != value.text)
    return tuple(texts)[:_MOST_OTHERS]
