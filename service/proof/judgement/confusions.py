"""What corrections say of the reader: characters that it takes for others, and words that people put in place
of misread ones time and again (pure)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

_MOST = 30
# More than this share of a text changed is another text and no misreading.
_LIKE = 0.34
_AGAIN = 3  # times that a word is put in, before it is told
_LONGEST_WORD = 20


@dataclass(frozen=True)
class Corrected:
    """A text that was read and what a person put in its place; `is_masked`: nobody is told its words."""

    form: str
    title: str
    is_masked: bool
    read: str
    right: str


@dataclass(frozen=True)
class Confused:
    """A character that was taken for another, how often, and in how many texts."""

    read: str
    right: str
    count: int


@dataclass(frozen=True)
class Word:
    """A text that people put in `count` times where something else was read in that field."""

    form: str
    title: str
    word: str
    count: int


def confused(corrections: Iterable[Corrected]) -> list[Confused]:
    """The confusions, the most frequent first."""
    found = Counter[tuple[str, str]]()
    for one in corrections:
        edits = Levenshtein.editops(one.read, one.right)
        if len(edits) > _LIKE * max(len(one.right), 1) and len(edits) > 1:
            continue
        for edit in edits:
            if edit.tag == "replace":
                found[one.read[edit.src_pos], one.right[edit.dest_pos]] += 1
    return [Confused(read, right, count) for (read, right), count in found.most_common(_MOST)]


def recurring(corrections: Iterable[Corrected]) -> list[Word]:
    """The words, the most frequent first."""
    found = Counter(
        (one.form, one.title, one.right)
        for one in corrections
        if not one.is_masked and len(one.right) <= _LONGEST_WORD
    )
    told = [Word(*names, count) for names, count in found.most_common() if count >= _AGAIN]
    return told[:_MOST]
