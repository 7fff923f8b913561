"""The words that a form prints and its other answers hold, as a dictionary of what an answer says (pure).

An answer repeats words of the form: a project is called after the programme that the title names. It repeats
those of other answers: a street and a unit bear the same name. Where some characters of such words were read
surely, they tell the doubtful ones beside them. As with words of a dictionary, the likelier of two
descriptions is taken.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from math import exp, log

from extractor import rungs
from models.page import Run

_LEAST = 4  # characters of a phrase that an answer repeats by intent
_LEAST_SAME = 3  # characters that, all read alike, confirm each other
_NEAR = 4  # characters from a doubtful one to the two that lead to a phrase
# Same characters on each side of one that two answers spell otherwise, or behind where both begin.
_SAME_BESIDE, _SAME_BEHIND = 2, 3
# Nats that a character tells where it stands in the phrase: one of about 3,000 in use, less what is common.
_TELLS = 6.0


def sure_words(read: Iterable[tuple[str, float]]) -> list[str]:
    """Return the stretches of letters that were read surely, from characters with their confidences."""
    text = "".join(char if sure >= rungs.NAMED and char.isalpha() else " " for char, sure in read)
    return [word for word in text.split() if len(word) >= _LEAST_SAME]


def words_beside(phrases: Iterable[str], answers: Mapping[str, Sequence[str]]) -> dict[str, "FormWords"]:
    """Return for each of the `answers` (name: its stretches of letters) the words of the form and of all the
    others: an answer does not bear out itself."""
    printed = tuple(phrases)
    return {
        name: FormWords(printed, (word for other in answers if other != name for word in answers[other]))
        for name in answers
    }


class FormWords:
    """The phrases that a form prints, and those that were `read` surely in it, without blanks and signs."""

    def __init__(self, printed: Iterable[str], read: Iterable[str] = ()) -> None:
        own, times = dict.fromkeys(printed), Counter(read)
        self._printed = len(own)
        self._phrases = tuple(own | dict.fromkeys(times))
        self._times = tuple(times[phrase] for phrase in self._phrases)

    @cached_property
    def _pairs(self) -> Mapping[str, Sequence[tuple[int, int]]]:
        """Where in the phrases each two characters follow each other: (phrase, place)."""
        found = defaultdict(list)
        for number, phrase in enumerate(self._phrases):
            for at in range(len(phrase) - 1):
                found[phrase[at : at + 2]].append((number, at))
        return found

    @cached_property
    def _price(self) -> float:
        """Nats that it takes to say which place of which phrase is repeated."""
        return log(max(1, sum(map(len, self._phrases))))

    def spelled(self, read: Sequence[Run | None]) -> dict[int, tuple[str, float]]:
        """Return for doubtful characters what the form's words make of them, and how sure that is then.

        `read` are the characters that were read, None for all else. A character that the reader did not think
        of is at best even: a person is to say so. So is one of which the reader was certain, where more of
        the other answers hold another character between the same ones: 白步亭 in one, 百步亭 in two.
        """
        found: dict[int, tuple[str, float]] = {}
        texts = [run.text if run is not None else "\n" for run in read]
        for at, run in enumerate(read):
            if run is None or at in found or not run.text.strip():
                continue
            if run.confidence >= rungs.CERTAIN:
                if self._is_contradicted(texts, at):
                    found[at] = run.text, rungs.EVEN
                continue
            told = [
                told for shift in self._shifts(texts, at) if (told := self._told(read, texts, at, *shift))
            ]
            for place, said in max(told, key=lambda one: one[0], default=(0.0, {}))[1].items():
                found.setdefault(place, said)
        return found

    def _is_contradicted(self, texts: Sequence[str], at: int) -> bool:
        """Tell whether other answers have another character where the one at `at` stands, and more of them
        than have the same."""
        same = other = 0
        if not any(self._times):
            return False  # what a form prints contradicts nobody
        for number, shift in self._shifts(texts, at):
            place, phrase = at + shift, self._phrases[number]
            if not 0 <= place < len(phrase) or not _same_around(texts, at, phrase, place):
                continue
            if phrase[place] == texts[at]:
                same += self._times[number]
            else:
                other += self._times[number]
        return other > same

    def _shifts(self, texts: Sequence[str], at: int) -> set[tuple[int, int]]:
        """Return the phrases that two characters near `at` lead to, and how far each is shifted."""
        return {
            (number, place - first)
            for first in range(max(0, at - _NEAR), min(len(texts) - 1, at + _NEAR))
            for number, place in self._pairs.get(texts[first] + texts[first + 1], ())
        }

    def _told(
        self, read: Sequence[Run | None], texts: Sequence[str], at: int, number: int, shift: int
    ) -> tuple[float, dict[int, tuple[str, float]]] | None:
        """Return what a phrase, shifted so far, makes of the doubtful characters around `at`, and by how many
        nats that is the better description. None where it is not."""
        phrase = self._phrases[number]

        def fits(place: int) -> bool:
            run = read[place] if 0 <= place < len(read) and 0 <= place + shift < len(phrase) else None
            return run is not None and (
                run.text == phrase[place + shift]
                or (run.confidence < rungs.CERTAIN and run.text.strip() != "")
            )

        if not fits(at):
            return None
        start, end = at, at + 1
        while fits(start - 1):
            start -= 1
        while fits(end):
            end += 1
        same = [n for n in range(start, end) if texts[n] == phrase[n + shift]]
        # Beyond the outermost characters that are the same nothing says that the phrase goes on, but that the
        # reader thought of its next character too.
        inner = range(min(same, default=end), max(same, default=start))
        known = [n for n in range(start, end) if n in inner or _sees(read[n], phrase[n + shift])]
        start, end = _around(known, at)
        same = [n for n in same if start <= n < end]
        others = [n for n in range(start, end) if n not in same]
        gain = _TELLS * len(same) - self._price - sum(_cost(read[n], phrase[n + shift]) for n in others)
        if end - start < (_LEAST if others else _LEAST_SAME) or len(same) < len(others) or gain <= 0:
            return None
        sure = 1 / (1 + exp(-gain))
        said = {}
        for n in range(start, end):
            run = read[n]
            if run is None or run.confidence >= rungs.CERTAIN:
                continue
            char = phrase[n + shift]
            if char == run.text:
                said[n] = char, max(min(sure, rungs.NAMED), run.confidence)
            elif number >= self._printed and run.confidence >= rungs.NAMED:
                # Both were read, and either may be wrong: 办公室 in one answer, 办工室 in the other.
                said[n] = run.text, rungs.EVEN
            else:
                said[n] = char, min(sure, rungs.NAMED if _sees(run, char) else rungs.EVEN)
        return gain, said


def _same_around(texts: Sequence[str], at: int, phrase: str, place: int) -> bool:
    """Tell whether the characters around two places are the same: two or more on each side, or three behind
    where both words begin. What is alike on fewer may differ rightly: 望江街道 and 望江大道."""
    before, behind = 0, 0
    while min(at, place) > before and texts[at - before - 1] == phrase[place - before - 1]:
        before += 1
    ends = min(len(texts) - at, len(phrase) - place) - 1
    while behind < ends and texts[at + behind + 1] == phrase[place + behind + 1]:
        behind += 1
    begins = place == 0 and (at == 0 or not texts[at - 1].isalpha())
    return (before >= _SAME_BESIDE and behind >= _SAME_BESIDE) or (begins and behind >= _SAME_BEHIND)


def _cost(run: Run | None, char: str) -> float:
    """Return by how many nats `char` is less likely than what was read."""
    assert run is not None
    return log(run.confidence / max(run.likelihood(char), rungs.FAINT_RIVAL))


def _sees(run: Run | None, char: str) -> bool:
    """Tell whether the reader thought of `char`, first or not."""
    return run is not None and (run.text == char or any(text == char for text, _ in run.others))


def _around(known: Sequence[int], at: int) -> tuple[int, int]:
    """Return the stretch of successive places among `known` that holds `at`, as (start, end); an empty one if
    none does."""
    places = set(known)
    if at not in places:
        return at, at
    start, end = at, at + 1
    while start - 1 in places:
        start -= 1
    while end in places:
        end += 1
    return start, end
