"""What is written among printed words: beside an option, and in the blanks of a sentence (pure)."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from extractor.answers.choice_tokens import Token, tokens_of
from extractor.text.passage import Keyed, Passage
from models.errors import Unparsable
from models.fields import ChoiceField, Field
from models.form import FormCell, Item, Printed
from models.writing import key

# What forms draw to write on, and what stands round an answer without being a part of it.
_DRAWN = r"\s_＿\u2581"
_COLON, _DRAWN_ON = re.compile(r"\s*[:：]?"), re.compile(r"[ \t\u3000\u00a0_＿]*")
_HEAD = re.compile(rf"^[{_DRAWN}:：]+")
_TAIL = re.compile(rf"[{_DRAWN};；、,，.。]+$")
_BRACKETED = re.compile(r"[（(【\[]([^（）()\[\]【】]*)[)）\]】]")
_OPENING, _CLOSING = ("（", "("), ("）", ")")
_AT_ENDS = re.compile(r"^[\W_]+|[\W_]+$")
_LINES = re.compile(rf"[_＿]+|^[{_DRAWN}]+|[{_DRAWN}]+$")
_ENDS = re.compile(rf"^[{_DRAWN}]+|[{_DRAWN}]+$")
_MOST_READINGS = 64

Range = tuple[int, int]


def beside(cell: FormCell, whole: Passage) -> dict[str, tuple[Range, Range]]:
    """From where to where in the cell's text each field stands that is written beside an option: with the
    words that are printed before it, and without.

    It goes on to the next option, or to the words that the form prints behind all of them, in a line of their
    own. An option has its box, wherever the form draws boxes: the word alone may stand in what was written.
    """
    found: dict[str, tuple[Range, Range]] = {}
    for choice in (field for field in cell.fields if isinstance(field, ChoiceField)):
        written = cell.beside(choice)
        if written:
            found |= _behind_options(choice, written, whole, _end_of_options(cell, choice, whole))
    return found


def _end_of_options(cell: FormCell, choice: ChoiceField, whole: Passage) -> int:
    """Where the first line begins, behind the options of a choice, with what the cell has behind it: printed
    words, or those before a place."""
    last = next(n for n, item in enumerate(cell.content) if item is choice)
    later = [item for item in cell.content[last + 1 :] if isinstance(item, Printed) or not item.beside]
    told = [item.text if isinstance(item, Printed) else item.prompt for item in later]
    wanted = [key(words) for words in told if words and len(key(words)) > 1]
    at = tokens[-1].end if (tokens := tokens_of(choice, whole)) else len(whole)
    begun = (seen.end() for seen in re.finditer(r"\n\s*", whole.text) if seen.end() > at)
    starts = (start for start in begun if key(whole.text[start:]).startswith(tuple(wanted)))
    return next(starts, len(whole)) if wanted else len(whole)


def _behind_options(
    choice: ChoiceField, written: Mapping[int, Field], whole: Passage, last: int
) -> dict[str, tuple[Range, Range]]:
    tokens = tokens_of(choice, whole)
    starts = [_start_of(tokens, number, whole.text) for number, token in enumerate(tokens)]
    boxed = {token.option for token, start in zip(tokens, starts, strict=True) if start < token.start}
    # An option that has its box elsewhere is a word here.
    own = [
        (token, start)
        for token, start in zip(tokens, starts, strict=True)
        if token.option is not None and (start < token.start or token.option not in boxed)
    ]
    found: dict[str, tuple[Range, Range]] = {}
    for (token, _), (_, end) in pairwise([*own, (None, last)]):
        field = written.get(token.option) if token is not None and token.option is not None else None
        if token is None or field is None or field.name in found:
            continue
        # A mark right behind the option is the option's own.
        marks = [one for one in tokens if one.option is None and one.mark and token.end <= one.start < end]
        start = token.end
        for mark in marks:
            if not whole.text[start : mark.start].strip():
                start = mark.end
        own_start, own_end = _trimmed(whole.text, start, end, field)
        closed = re.match(r"[)）\]】]?", whole.text[own_end:])
        found[field.name] = (start, own_end + (closed.end() if closed else 0)), (own_start, own_end)
    return found


def _start_of(tokens: Sequence[Token], number: int, text: str) -> int:
    """Where an option begins, with the mark before it."""
    before = tokens[number - 1] if number else None
    start = tokens[number].start
    is_marked = before is not None and before.mark and not text[before.end : start].strip(" \t\u3000\u00a0")
    return before.start if before is not None and is_marked else start


def _trimmed(text: str, start: int, end: int, field: Field) -> Range:
    """The stretch without the words that are printed before the answer, and what is drawn round it."""
    if field.prompt:
        keyed = Keyed.of(text[start:end])
        for words in map(key, (field.prompt, *field.prompt_aliases)):
            if words and keyed.key.startswith(words):
                start += keyed.range(0, len(words))[1]
                break
        else:
            start += len(field.prompt) if text[start:end].startswith(field.prompt) else 0
    room = _COLON.match(text[start:end])
    blank = start + room.end() if room else start
    head = _HEAD.match(text[start:end])
    start += head.end() if head else 0
    if not field.prompt and (comma := re.match(r"[,，]\s*", text[start:end])):
        start += comma.end()
    tail = _TAIL.search(text[start:end])
    end = start + tail.start() if tail else end
    is_closed = text[start:end].endswith(_CLOSING) and _depth(text[start:end]) < 0
    if is_closed and _depth(field.prompt or "") > 0:
        end -= 1  # of the bracket that the printed words open: （编号：____）
        tail = _TAIL.search(text[start:end])
        end = start + tail.start() if tail else end
    if bracketed := _BRACKETED.fullmatch(text[start:end]):
        start, end = start + bracketed.start(1), start + bracketed.end(1)
    if start < end:
        return start, end
    # Nothing was written: the place is what is drawn to write on.
    drawn = _DRAWN_ON.match(text, blank)
    return blank, drawn.end() if drawn else blank


def _depth(text: str) -> int:
    """How many brackets more a text opens than it closes."""
    return sum((char in _OPENING) - (char in _CLOSING) for char in text)


# -- a sentence with blanks


@dataclass(frozen=True)
class Framed:
    """A cell's text laid into its sentence: `cuts` are the printed words, each as (item, start, end) of the
    text; `unsure` are the fields that another way of laying it gives other words, with those."""

    cuts: tuple[tuple[int, int, int], ...]
    unsure: Mapping[str, tuple[str, ...]]


def framed(cell: FormCell, whole: Passage) -> Framed | None:
    """The way in which the printed words of the cell stand in its text, all of them and in their order; None
    where they don't, or where no way leaves something that every field can mean.

    Words as short as 于 or 在 stand in names too, so that there may be several ways: those count in which each
    blank can be read as what it asks for, first those in which none is empty.
    """
    words = [(number, texts) for number, item in enumerate(cell.content) if (texts := _texts_of(item))]
    ways = list(_ways([[key(text) for text in texts] for _, texts in words], Keyed.of(whole.text)))
    laid = [
        tuple(
            (item, *with_punctuation(whole.text, *place, texts))
            for (item, texts), place in zip(words, way, strict=True)
        )
        for way in ways
    ]
    found = [(cuts, fields) for cuts in laid if (fields := _fields_of(cell, whole, cuts)) is not None]
    if not found or len(ways) >= _MOST_READINGS:
        return None
    found.sort(key=lambda one: sum(not key(text) for text in one[1].values()))
    cuts, best = found[0]
    others = {
        name: tuple(dict.fromkeys(fields[name] for _, fields in found[1:] if key(fields[name]) != key(text)))
        for name, text in best.items()
    }
    return Framed(cuts, {name: texts for name, texts in others.items() if texts})


def with_punctuation(text: str, start: int, end: int, texts: Sequence[str]) -> tuple[int, int]:
    """The brackets and colons at the ends of printed words, which keys leave out, belong to them."""
    ends = "".join(match[0] for words in texts for match in _AT_ENDS.finditer(words))
    marks = set(unicodedata.normalize("NFKC", ends))
    while start > 0 and unicodedata.normalize("NFKC", text[start - 1]) in marks:
        start -= 1
    while end < len(text) and unicodedata.normalize("NFKC", text[end]) in marks:
        end += 1
    return start, end


def _texts_of(item: Item) -> tuple[str, ...]:
    if isinstance(item, Printed):
        return (item.text, *item.aliases)
    return (item.prompt, *item.prompt_aliases) if item.prompt else ()


def _ways(words: Sequence[Sequence[str]], keyed: Keyed) -> Iterator[tuple[Range, ...]]:
    """All ways in which the words stand one after the other in the text, up to a limit."""
    count = 0

    def from_here(number: int, at: int, before: tuple[Range, ...]) -> Iterator[tuple[Range, ...]]:
        nonlocal count
        if number == len(words):
            count += 1
            yield before
            return
        for text in words[number]:
            place = keyed.key.find(text, at) if text else -1
            while place >= 0 and count < _MOST_READINGS:
                end = place + len(text)
                yield from from_here(number + 1, end, (*before, keyed.range(place, end)))
                place = keyed.key.find(text, place + 1)

    yield from from_here(0, 0, ())


def _fields_of(cell: FormCell, whole: Passage, cuts: Sequence[tuple[int, int, int]]) -> dict[str, str] | None:
    """What each field has between the words, None where one of them can't mean what it has."""
    found: dict[str, str] = {}
    edges = [(-1, 0, 0), *cuts, (len(cell.content), len(whole), len(whole))]
    for (item, _, end), (following, start, _) in pairwise(edges):
        text = whole.cut(end, start)
        between = cell.content[max(item, 0) : following]
        fields = [one for one in between if not isinstance(one, Printed) and not one.is_mark]
        if not fields and key(text.words):
            return None
        for field in fields:
            found[field.name] = bare(field, text).words if field is fields[0] else ""
        if len(fields) == 1 and not _can_mean(fields[0], found[fields[0].name]):
            return None
    return found


def _can_mean(field: Field, text: str) -> bool:
    if isinstance(field, ChoiceField):
        return True
    try:
        field.parse(text)
    except Unparsable:
        return False
    return True


def bare(field: Field, passage: Passage) -> Passage:
    """The passage without the lines that are drawn to write on: at its ends, and within a number or a day,
    whose unit stands behind the line."""
    drawn = _ENDS if field.made_of in ("words", "e-mail") else _LINES
    return passage.without(match.span() for match in drawn.finditer(passage.text))
