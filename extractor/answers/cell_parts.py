"""A cell's text taken apart: what the form printed comes off, the rest goes to the fields between the printed
words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz

from extractor.answers.frames import bare, beside, framed, with_punctuation
from extractor.answers.sharing import Shares, share
from extractor.text.passage import Keyed, Passage, is_digital, lines_of
from models.fields import DateField, Field
from models.fields.date import find_dates, find_marred_dates
from models.form import FormCell, Printed
from models.writing import CORRECTION_MARK, key, one_line

# Printed words may come back misread or retyped; the longer they are, the more of them may differ.
_SIMILAR = 85.0
_LEAST_FUZZY = 6
# So few letters of guidance may stand in an answer by chance.
SHORT_GUIDANCE = 8


@dataclass(frozen=True)
class _Landmark:
    """Printed words in the cell: `item` is the position in the cell's content, `prompt` that a value follows
    them."""

    item: int
    texts: tuple[str, ...]


def split(cell: FormCell, passages: Sequence[Passage]) -> Shares:
    """What was filled in for each field of a cell.

    `passages` are the table cells that hold the answer. Fields are told apart by the printed words around
    them; a date is known by its form, wherever in the cell it stands. Where no words are printed between
    fields, `share` divides.
    """
    whole = Passage.join(passages)
    if cell.written_beside:
        return _split_beside(cell, whole)
    if len(cell.content) == 1 and not _landmarks(cell):
        return Shares({field.name: _without_guidance(field, whole) for field in cell.fields}, {})
    found = {field.name: whole.cut(0, 0) for field in cell.fields}
    sentence = framed(cell, whole) if cell.has_sentence else None
    others: dict[str, tuple[str, ...]] = dict(sentence.unsure) if sentence else {}
    for group, is_whole, passage in _slices(cell, whole):
        fields = [item for i in group if not isinstance(item := cell.content[i], Printed)]
        if not _may_mix(fields):
            found.update(_share(fields, passage))
            continue
        for field in fields:
            passage = _without_guidance(field, passage)
        shares = share(fields, passage, is_whole)
        found.update(shares.values)
        others.update(shares.others)
    if cell.has_sentence:
        found = {field.name: bare(field, found[field.name]) for field in cell.fields}
        if sentence is None and key(whole.words):
            # Its words were misread, or changed: what stands between which of them nobody can say.
            others = {name: (one_line(whole.words),) for name in found}
    else:
        _find_stray_dates(cell, found)
        _gather_dates(cell, found)
    values = {field.name: _without_guidance(field, found[field.name]) for field in cell.fields}
    return Shares(_pictures_to_marks(cell, values, whole), others)


def _split_beside(cell: FormCell, whole: Passage) -> Shares:
    """What is written beside options, and what the rest of the cell holds."""
    ranges = beside(cell, whole)
    apart = {field.name for field, _ in cell.written_beside}
    content = tuple(item for item in cell.content if isinstance(item, Printed) or item.name not in apart)
    rest = whole.without(place for place, _ in ranges.values())
    shares = split(cell.model_copy(update={"content": content}), [rest])
    texts = {
        field.name: bare(field, whole.cut(*ranges[field.name][1]))
        if field.name in ranges
        else whole.cut(0, 0)
        for field, _ in cell.written_beside
    }
    return Shares({**shares.values, **texts}, shares.others)


def words_of_sentence(cell: FormCell, passages: Sequence[Passage]) -> list[Passage]:
    """The printed words of a sentence with blanks, where they were found."""
    whole = Passage.join(passages)
    sentence = framed(cell, whole) if cell.has_sentence else None
    return [whole.cut(start, end) for _, start, end in sentence.cuts] if sentence else []


def _may_mix(fields: Sequence[Field]) -> bool:
    """Whether the words of one field may run into another's; beside a date alone, those of a seal or a
    signature can't."""
    written = [field for field in fields if not field.is_mark]
    if len(written) < 2 and all(isinstance(field, DateField) for field in written):
        return False
    return (
        len(written) > 1
        or any(field.entered == "signed" for field in fields)
        or (written[0].has_shape and len(fields) > 1)
    )


def _landmarks(cell: FormCell) -> list[_Landmark]:
    found = []
    for number, item in enumerate(cell.content):
        if isinstance(item, Printed):
            found.append(_Landmark(number, (item.text, *item.aliases)))
        elif item.prompt and not item.beside:
            found.append(_Landmark(number, (item.prompt, *item.prompt_aliases)))
    return found


def _slices(cell: FormCell, whole: Passage) -> list[tuple[list[int], bool, Passage]]:
    """The stretches between the printed words that were found, each with the items of the cell that stand in
    it, and whether all other printed words there belong to marks."""
    slices = []
    for group, start, end in stretches(cell, whole):
        # Behind the words that were found: theirs is the first of the items.
        first = {group[0]} if group and start else set()
        unseen = {one.item for one in _landmarks(cell) if not cell.content[one.item].is_mark} & set(group)
        slices.append((group, not unseen - first, whole.cut(start, end)))
    return slices


def stretches(cell: FormCell, whole: Passage) -> list[tuple[list[int], int, int]]:
    """The items of the cell that stand between two of its printed words, and from where to where that is."""
    sentence = framed(cell, whole) if cell.has_sentence else None
    cuts = list(sentence.cuts) if sentence else list(_one_by_one(cell, whole))
    found = []
    edges = [(-1, 0, 0), *cuts, (len(cell.content), len(whole), len(whole))]
    for (item, _, end), (next_item, next_start, _) in pairwise(edges):
        # Printed words alone have no value; a prompt is the field's own, so the field starts with it.
        group = list(range(max(item, 0), next_item)) if item >= 0 or next_item > 0 else []
        found.append((group, end, next_start))
    return found


def _one_by_one(cell: FormCell, whole: Passage) -> Iterator[tuple[int, int, int]]:
    """The printed words of a cell, each behind the one before it: (item, start, end)."""
    keyed, at = Keyed.of(whole.text), 0
    for landmark in _landmarks(cell):
        place = find_words(keyed, landmark.texts, at)
        if place is not None:
            at = place[1]
            yield (landmark.item, *with_punctuation(whole.text, *keyed.range(*place), landmark.texts))


def find_words(keyed: Keyed, texts: Sequence[str], start: int) -> tuple[int, int] | None:
    """Where in the key, from `start` on, one of `texts` stands, exactly or nearly."""
    for text in texts:
        wanted = key(text)
        at = keyed.key.find(wanted, start) if wanted else -1  # a printed dash has no letters
        if at >= 0:
            return at, at + len(wanted)
    best: tuple[float, int, int] | None = None
    for text in texts:
        wanted = key(text)
        rest = keyed.key[start:]
        if len(wanted) < _LEAST_FUZZY or len(rest) < len(wanted) // 2:
            continue
        hit = fuzz.partial_ratio_alignment(wanted, rest, score_cutoff=_SIMILAR)
        if hit and hit.dest_end > hit.dest_start and (best is None or hit.score > best[0]):
            best = (hit.score, start + hit.dest_start, start + hit.dest_end)
    return best and (best[1], best[2])


def _share(fields: Sequence[Field], passage: Passage) -> dict[str, Passage]:
    """A stretch with no printed words inside: dates take what looks like one, the rest goes to the first
    other field."""
    found: dict[str, Passage] = {}
    others = [field for field in fields if not isinstance(field, DateField)]
    for field in reversed(fields):
        if isinstance(field, DateField) and others:
            places = find_dates(passage.text)
            if places:
                found[field.name] = passage.cut(*places[-1])
                passage = passage.without(places[-1:])
        elif isinstance(field, DateField):
            found[field.name] = passage
    for number, field in enumerate(others):
        found[field.name] = passage if number == 0 else passage.cut(0, 0)
    return found


def _find_stray_dates(cell: FormCell, found: dict[str, Passage]) -> None:
    """A date that stands with a seal or a signature, or on a line of its own, belongs to the date field that
    has none; so does what is left of one where print and stamp lie on each other."""
    for field in cell.fields:
        if not isinstance(field, DateField) or find_dates(found[field.name].text, blank=False):
            continue
        for other in cell.fields:
            passage = found[other.name]
            places = find_dates(passage.text, blank=False) if other is not field else []
            if other.is_mark and not places and not key(found[field.name].words):
                places = find_marred_dates(passage.text)
            if not other.is_mark:
                places = [place for place in places if place in set(lines_of(passage.text))]
            if places:
                found[field.name] = passage.cut(*places[-1])
                found[other.name] = passage.without(places[-1:])
                break


def _gather_dates(cell: FormCell, found: dict[str, Passage]) -> None:
    """A date beside each of several marks, where the cell asks for one: all go to the field, which takes them
    if they agree."""
    fields = [field for field in cell.fields if isinstance(field, DateField)]
    if len(fields) != 1 or not find_dates(found[fields[0].name].text, blank=False):
        return
    marks = [found[field.name] for field in cell.fields if field.is_mark]
    others = [mark.cut(*place) for mark in marks for place in find_dates(mark.text, blank=False)]
    found[fields[0].name] = Passage.join([found[fields[0].name], *others])


def _pictures_to_marks(cell: FormCell, found: dict[str, Passage], whole: Passage) -> dict[str, Passage]:
    """A picture that floats over the cell may be anchored anywhere in it; it belongs to the first mark
    without one."""
    marks = [field.name for field in cell.fields if field.is_mark]
    found = _signatures_to_marks(marks, found, whole)
    claimed = sum(len(found[name].pictures) for name in found)
    if marks and len(whole.pictures) > claimed:
        for name in marks:
            if not found[name].pictures:
                pictures = [n for n, span in enumerate(whole.spans) if span in whole.pictures][:1]
                found[name] = Passage.join([found[name], *(whole.cut(n, n + 1) for n in pictures)])
                break
    return found


def _signatures_to_marks(
    marks: Sequence[str], found: dict[str, Passage], whole: Passage
) -> dict[str, Passage]:
    """A digital signature is set for a seal or a signature, and never part of what is written under it."""
    placed = {span for name in marks for span in found[name].pictures}
    stray = [n for n, span in enumerate(whole.spans) if is_digital(span) and span not in placed]
    if not marks or not stray:
        return found
    for name in found.keys() - set(marks):
        found[name] = found[name].without(
            [(n, n + 1) for n, span in enumerate(found[name].spans) if is_digital(span)]
        )
    for n in stray:
        name = next((name for name in marks if not found[name].pictures), marks[0])
        found[name] = Passage.join([found[name], whole.cut(n, n + 1)])
    return found


def _without_guidance(field: Field, passage: Passage) -> Passage:
    """Guidance that was left standing before, after or inside the answer is taken off; blank lines it leaves
    go too."""
    ranges = guidance_in(field, passage)
    return passage.without(ranges) if ranges else passage


def guidance_in(field: Field, passage: Passage) -> list[tuple[int, int]]:
    """The stretches (start, end) that hold guidance of the field, or the mark that it is to be corrected."""
    guidance = (*field.guidance, *field.guidance_aliases)
    marks = [found.span() for found in CORRECTION_MARK.finditer(passage.text)]
    found = [*(_guidance_ranges(guidance, passage) if guidance else ()), *marks]
    return sorted(found)


def _guidance_ranges(guidance: Sequence[str], passage: Passage) -> Iterator[tuple[int, int]]:
    keyed = Keyed.of(passage.text)
    for text in guidance:
        place = find_words(keyed, [text], 0)
        while place is not None:
            start, end = keyed.range(*place)
            if not _is_part_of_words(text, passage.text, start, end):
                yield _to_line_ends(passage, start, end)
            place = find_words(keyed, [text], place[1])


def _is_part_of_words(guidance: str, text: str, start: int, end: int) -> bool:
    """Whether a few words of guidance run into other words, so that they may as well be part of an answer:
    省 in 省城. They are left standing, and told."""
    around = text[max(0, start - 1) : start] + text[end : end + 1]
    return len(key(guidance)) < SHORT_GUIDANCE and key(guidance) == key(text[start:end]) and key(around) != ""


def _to_line_ends(passage: Passage, start: int, end: int) -> tuple[int, int]:
    """The punctuation at the ends of printed words goes with them, and the line break, if nothing else stands
    on the line."""
    for line_start, line_end in lines_of(passage.text):
        if line_start <= start <= line_end and not key(passage.text[line_start:start]):
            start = line_start
        if line_start <= end <= line_end and not key(passage.text[end:line_end]):
            end = min(line_end + 1, len(passage))
            break
    return start, end
