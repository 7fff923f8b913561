"""Correcting characters that were read from a picture by what may stand there (pure).

Four things tell what may stand there: the kind of the field, the script that forms are filled in with, words
that the form prints or another answer holds, and the same name elsewhere in the application. Text that the
file itself holds stays as it is.
"""

import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import cache
from math import exp, log
from typing import Any, TypeGuard

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from extractor import rungs
from extractor.text import confusions
from extractor.text.confusions import by_character
from extractor.text.passage import Passage
from extractor.weighing import language
from extractor.weighing.form_words import FormWords
from models.fields import Field
from models.fields.base import MadeOf
from models.mail_hosts import ANYBODYS
from models.page import Run, Span

_LETTER = str.maketrans(dict(by_character(confusions.AMONG_LETTERS)))
_DIGIT = str.maketrans(dict(by_character(confusions.AMONG_DIGITS)))
_QUICK = str.maketrans(dict(by_character(confusions.QUICK)))
_RARE, _STROKES = by_character(confusions.RARE), by_character(confusions.STROKES)
_SECOND_LEVEL = ("gov", "edu", "com", "org", "net")
_DOMAIN = re.compile(r"@[\w.-]+\.(\w{3})\.cn$")
_PROVIDERS = "|".join(sorted({host.partition(".")[0] for host in ANYBODYS}))
_NO_AT = re.compile(rf"(?<=\w)[{re.escape(confusions.AT.read)}](?=(?:{_PROVIDERS}|\w+\.(?:gov|edu))\.)")
# The @ and the host of a provider, and the end of a host in the country's domains, each as a whole.
_KNOWN_HOST = re.compile(
    rf"@(?:vip\.)?(?:{'|'.join(map(re.escape, sorted(ANYBODYS)))})(?![\w.])"
    rf"|\.(?:{'|'.join(_SECOND_LEVEL)})\.cn(?![\w.])"
)
_FIRST_SIGN = re.compile(r"(?<=年[0-9])日(?= ?[0-9]{1,2} ?日)|(?<=年[0-9]{2})日(?= ?[0-9]{1,2} ?日)")
_SPECKS = re.compile(r"(?<=[年月])[.·,]+(?=[0-9])|(?<=[0-9])[.·,]+(?=[月日])")
# Of what the language tells, the share that is believed: the reader has learnt some of it already.
_WEIGHT_OF_LANGUAGE = 0.7
_DIGITS, _NUMERALS = "0123456789", "〇零一二两三四五六七八九十"
# Other places in the same print are misread for the same reason, so that they are worth less than an
# independent reading.
_WEIGHT = 0.6
# The least likeness of a name and its mention, in percent; a mention may leave out the end of the name.
_LIKE = 55.0
_LEAST_NAME = 4


def respell(field: Field, passage: Passage, form: FormWords | None = None) -> Passage:
    """Return the passage with each doubtful character corrected by the kind of `field`, the script and, in
    words, by those that `form` holds and by what stands around it."""
    spans = [span if is_read(span) else None for span in passage.spans]
    changed: dict[int, Run] = {}
    for at, span in enumerate(spans):
        if span is not None and (run := _in_script(span)) is not span:
            changed[at] = run
        elif span is not None and span.text in _RARE:
            changed[at] = _beside(span, _RARE[span.text])
        elif (
            span is not None
            and span.text in _STROKES
            and passage.text[at + 1 : at + 2] not in confusions.CLASSES
        ):
            # This is a guess, so nobody may be sure of it.
            changed[at] = _turned(span, _STROKES[span.text], rungs.EVEN)
    if field.made_of == "words":
        told = _as_printed([changed.get(n, span) for n, span in enumerate(spans)], form) if form else {}
        changed |= told
        runs = [changed.get(n, span) for n, span in enumerate(passage.spans)]
        most = rungs.STRONG if field.is_prose else rungs.EVEN
        changed |= _in_context(passage.text, runs, told, most)
    if field.made_of in _MEANT:
        changed |= _as_meant(
            field.made_of, [changed.get(n, span) for n, span in enumerate(spans)], passage.text
        )
    if field.made_of == "e-mail":
        changed |= _of_address([changed.get(n, span) for n, span in enumerate(spans)], passage.text)
    return _with(passage, changed)


def repeat_words(passage: Passage, form: FormWords) -> Passage:
    """Return the passage with each doubtful character corrected by the words that `form` holds."""
    return _with(passage, _as_printed([span if is_read(span) else None for span in passage.spans], form))


def is_read(span: Span | None) -> TypeGuard[Run]:
    """Tell whether a span is a character that was read from a picture."""
    return isinstance(span, Run) and len(span.text) <= 2 and span.confidence < 1


def _in_script(run: Run) -> Run:
    """Return the simplified character where its traditional form was read and it is likely too. Forms are
    filled in with simplified characters, and a reader that knows both scripts may misread a quick hand.

    The traditional form of a character that was read is no rival of it, but the same character.
    """
    if run.text.isascii():
        return run
    simple = _simplified(run.text)
    if simple != run.text:
        score = run.likelihood(simple)
        return run if score < rungs.RIVAL else _turned(run, simple, run.confidence + score)
    same = [one for one in run.others if _simplified(one[0]) == simple]
    if not same:
        return run
    sure = min(run.confidence + sum(score for _, score in same), rungs.READ)
    others = tuple(one for one in run.others if one not in same)
    return run.model_copy(update={"confidence": max(run.confidence, sure), "others": others})


@cache
def _simplified(text: str) -> str:
    return str(_converter().convert(text))


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def _as_printed(read: Sequence[Run | None], form: FormWords) -> dict[int, Run]:
    """Return the doubtful characters that repeat words of the form, as those spell them."""
    told = form.spelled(read)
    found: dict[int, Run] = {}
    for at, (char, sure) in told.items():
        run = read[at]
        if run is not None and char != run.text:
            found[at] = _turned(run, char, sure)
        elif run is not None and sure != run.confidence:
            found[at] = run.model_copy(update={"confidence": sure})
    return found


def _in_context(read: str, runs: Sequence[Span | None], told: Container[int], most: float) -> dict[int, Run]:
    """Return the doubtful ones of the characters that were `read`, but those in `told`, as what stands around
    them makes them likely. `runs` are what was made of them so far.

    A rival is taken where that outweighs its lower likelihood, and is then at most as sure as `most`: nobody
    has read it so. Of a character that fits one is surer, if it was read at all and is no person's name; of
    one that does not, less sure. Of a person's name a doubtful one is at best even.
    """
    places = {at: run for at, run in enumerate(runs) if isinstance(run, Run)}
    choices = [_choice(run, read[at], at in told) for at, run in places.items()]
    if all(len(choice) == 1 for choice in choices):
        return {}
    found: dict[int, Run] = {}
    weighed = language.weighed(choices, _WEIGHT_OF_LANGUAGE)
    for (at, run), shares in zip(places.items(), weighed.shares, strict=True):
        if len(shares) == 1:
            continue
        best = max(shares, key=lambda text: shares[text])
        if best != run.text:
            sure = min(most, rungs.EVEN if run.text.isdigit() or best.isdigit() else 1.0)
            found[at] = _turned(run, best, min(shares[best], sure))
        else:
            may_rise = run.confidence >= rungs.LIKELIER and not weighed.is_name
            sure = max(run.confidence, rungs.NAMED) if may_rise else run.confidence
            if weighed.is_name and sure < rungs.STRONG:
                # No word bears out a character of a name.
                sure = min(sure, rungs.EVEN)
            found[at] = run.model_copy(update={"confidence": min(shares[best], sure)})
    return found


def _choice(run: Run, read: str, is_told: bool) -> list[tuple[str, float]]:
    """Return the characters that may stand where `run` was `read`, with their likelihoods; one that is sure
    or told alone. Of characters that the file holds, several share a run."""
    if len(run.text) > 1:
        return [(read, 1.0)]
    if is_told or not is_read(run) or run.confidence >= rungs.CERTAIN:
        return [(run.text, 1.0)]
    # 1 and 一 say the same in two ways, of which the writer chose one.
    never = _NUMERALS if run.text.isdigit() else _DIGITS if run.text in _NUMERALS else ""
    # Nobody weighs a mark: a character that became one would take its own doubt with it.
    rivals = [
        (text, score)
        for text, score in run.others
        if score >= rungs.FAINT_RIVAL and len(text) == 1 and text not in never
        and (text.isalnum() or not run.text.isalnum())
    ]  # fmt: skip
    return [(run.text, max(run.confidence, rungs.FAINT_RIVAL)), *rivals]


def _turned(run: Run, text: str, confidence: float = 1.0) -> Run:
    others = ((run.text, run.confidence), *((other, score) for other, score in run.others if other != text))
    return run.model_copy(
        update={"text": text, "confidence": min(confidence, rungs.STRONG), "others": others}
    )


def _beside(run: Run, other: str) -> Run:
    """Return the character as it was read, with another one that is equally likely."""
    others = ((other, rungs.EVEN), *(rival for rival in run.others if rival[0] != other))
    return run.model_copy(update={"confidence": min(run.confidence, rungs.EVEN), "others": others})


def _as_address(text: str) -> str:
    """Correct an e-mail address. The twins 1 and l, 0 and o become what their neighbours are, digits among
    digits. A round character before a provider's name becomes the @, and the domain gets an ending that the
    country's domains have."""
    text = "".join(
        _by_neighbours(text, at) if char in confusions.TWINS else char for at, char in enumerate(text)
    )
    if "@" not in text and (found := _NO_AT.search(text)):
        text = f"{text[: found.start()]}@{text[found.start() + 1 :]}"
    found = _DOMAIN.search(text)
    meant = found and next((one for one in _SECOND_LEVEL if one == found[1].translate(_QUICK)), None)
    return text[: found.start(1)] + meant + text[found.end(1) :] if found and meant else text


def _may_be(run: Run, text: str, at: int) -> str | None:
    """Return another character that this one of an address may be, where nobody can tell the two apart.

    A q may be a g where hardly any word has a q, because readers are sure of either. One of 1, l, 0, o
    between a letter and a digit may be its twin, if the reader thought of it.
    """
    if text[at] in "qQ" and text[at + 1 : at + 2] not in ("q", "u") and text[at - 1 : at] != "q":
        return run.text.lower().translate(_QUICK)
    around = {
        other.isdigit()
        for n in (at - 1, at + 1)
        if 0 <= n < len(text)
        for other in text[n]
        if other.isalnum()
    }
    if run.text not in confusions.TWINS or len(around) < 2:
        return None
    alike = [other for other, score in run.others if other in confusions.TWINS and score >= rungs.FAINT_RIVAL]
    return next((other for other in alike if other.isdigit() != run.text.isdigit()), None)


def _is_no_q(text: str, at: int) -> bool:
    """Tell whether a q stands in an address before a letter that follows it neither in English nor in
    pinyin."""
    behind = text[at + 1 : at + 2].lower()
    return text[at] in "qQ" and behind.isalpha() and behind not in "qui"


def _by_neighbours(text: str, at: int) -> str:
    char, around = text[at], [text[n] for n in (at - 1, at + 1) if 0 <= n < len(text)]
    sure = [other for other in around if other not in confusions.TWINS]
    if any(other.isascii() and other.isalpha() for other in sure) and not any(
        other.isdigit() for other in around
    ):
        return char.translate(_LETTER)
    return char.translate(_DIGIT) if len(around) == 2 and all(other.isdigit() for other in around) else char


def _as_digits(text: str) -> str:
    """Correct a telephone number: letters beside digits become the digits that they look like."""
    for at in range(len(text)):
        before = text[at - 1 : at] if at else text[1:2]
        if text[at].isascii() and before.isdigit():
            text = text[:at] + text[at].translate(_DIGIT) + text[at + 1 :]
    return text


def _as_day(text: str) -> str:
    """Correct a day: between its numbers stands 月, though the two signs look alike, and a point beside a sign
    is a speck."""
    text = _FIRST_SIGN.sub("月", text)
    return _SPECKS.sub(lambda found: " " * len(found[0]), text)


# Functions that give the meaning of a value's characters, as many as there are.
_MEANT: Mapping[MadeOf, Callable[[str], str]] = {
    "e-mail": _as_address, "digits": _as_digits, "day": _as_day,
}  # fmt: skip


def _as_meant(made_of: MadeOf, runs: Sequence[Run | None], read: str) -> dict[int, Run]:
    """Return the `runs` that a value made of `made_of` spells differently. A run may have been turned into
    more characters than were `read`."""
    found: dict[int, Run] = {}
    texts = [run.text if run is not None else char for run, char in zip(runs, read, strict=True)]
    text, end = "".join(texts), 0
    meant = _MEANT[made_of](text)
    for at, run in enumerate(runs):
        start, end = end, end + len(texts[at])
        if run is not None and meant[start:end] != run.text:
            # What marred a sign of a day may have marred its numbers too.
            found[at] = _turned(run, meant[start:end], rungs.EVEN if made_of == "day" else 1.0)
        elif run is not None and made_of == "e-mail" and (other := _may_be(run, text, start)):
            likelier = _is_no_q(text, start) and run.likelihood(other) >= rungs.FAINT_RIVAL
            found[at] = _turned(run, other, rungs.EVEN) if likelier else _beside(run, other)
    return found


def _of_address(runs: Sequence[Run | None], read: str) -> dict[int, Run]:
    """Return the characters of an address that are surer than the reader is: a small letter, of which its
    capital is no rival, and those of a host that is known as a whole and would be none with others."""
    found = {n: run for n, run in enumerate(map(_in_either_case, runs)) if run is not None}
    text = "".join(found[n].text if n in found else char for n, char in enumerate(read))
    known = {n for host in _KNOWN_HOST.finditer(text) for n in range(*host.span())}
    for n in known & found.keys() if len(text) == len(runs) else ():
        # What was turned into it, the reader saw otherwise.
        if found[n].text == read[n] and rungs.EVEN < found[n].confidence < rungs.CERTAIN:
            found[n] = found[n].model_copy(update={"confidence": rungs.CERTAIN})
    return {n: run for n, run in found.items() if run is not runs[n]}


def _in_either_case(run: Run | None) -> Run | None:
    """Return a character, and a small letter without its capital as a rival."""
    if run is None or not run.text.islower() or not (same := run.likelihood(run.text.upper())):
        return run
    others = tuple(one for one in run.others if one[0] != run.text.upper())
    return run.model_copy(update={"confidence": min(run.confidence + same, rungs.READ), "others": others})


def corroborate(passages: Mapping[str, Passage], mentions: Iterable[tuple[str, str]]) -> dict[str, Passage]:
    """Return the passages, the characters of each name weighed together with those of the same name
    elsewhere.

    `passages` are by field. `mentions` are pairs of fields: the first bears the name that the second holds.
    Where two readings of a name differ, the likelier character is put into both. Where they agree, both
    become surer.
    """
    weighed = dict(passages)
    for bearer, name in mentions:
        if bearer in weighed and name in weighed:
            weighed[bearer], weighed[name] = _together(weighed[bearer], weighed[name])
    return {name: _no_surer(weighed[name], passage) for name, passage in passages.items()}


def _no_surer(weighed: Passage, own: Passage) -> Passage:
    """Return the passage with what its characters were before they were weighed as a bound: the same hand is
    misread alike elsewhere.

    One that was another character is no more than likelier. One that neither the reader nor what stands
    around it made strong does not become more than that.
    """
    changed: dict[int, Run] = {}
    for at, (run, before) in enumerate(zip(weighed.spans, own.spans, strict=True)):
        if run is before or not isinstance(run, Run) or not isinstance(before, Run):
            continue
        weak = before.confidence < rungs.STRONG
        most = rungs.LIKELIER if run.text != before.text else rungs.STRONG if weak else 1.0
        if run.confidence > most:
            changed[at] = run.model_copy(update={"confidence": most})
    return _with(weighed, changed)


def _together(bearer: Passage, name: Passage) -> tuple[Passage, Passage]:
    ours, theirs = _written(name), _written(bearer)
    wanted, text = ("".join(passage.text[n] for n in at) for passage, at in ((name, ours), (bearer, theirs)))
    if len(wanted) < _LEAST_NAME or len(text) < _LEAST_NAME:
        return bearer, name
    place = fuzz.partial_ratio_alignment(wanted, text, score_cutoff=_LIKE)
    if place is None:
        return bearer, name
    own: dict[int, Run] = {}
    other: dict[int, Run] = {}
    for i, j in _pairs(wanted[place.src_start : place.src_end], text[place.dest_start : place.dest_end]):
        m, n = ours[place.src_start + i], theirs[place.dest_start + j]
        mine, yours = name.spans[m], bearer.spans[n]
        if isinstance(mine, Run) and isinstance(yours, Run) and len(mine.text) == len(yours.text) == 1:
            own[m], other[n] = _weighed(mine, yours), _weighed(yours, mine)
    return _with(bearer, other), _with(name, own)


def _written(passage: Passage) -> list[int]:
    return [n for n, char in enumerate(passage.text) if not char.isspace()]


def _pairs(one: str, other: str) -> Iterable[tuple[int, int]]:
    """Yield pairs of characters that are the same one in two writings of a name: equal characters, and single
    ones between equal stretches."""
    blocks = [
        (code.tag, code.src_start, code.src_end, code.dest_start, code.dest_end)
        for code in Levenshtein.opcodes(one, other)
    ]
    for number, (tag, start, end, start2, end2) in enumerate(blocks):
        if tag == "equal" and end - start >= 2:
            yield from zip(range(start, end), range(start2, end2), strict=True)
        elif tag == "replace" and end - start == end2 - start2 == 1 and all(
            0 <= n < len(blocks) and blocks[n][0] == "equal" and blocks[n][2] - blocks[n][1] >= 2
            for n in (number - 1, number + 1)
        ):  # fmt: skip
            yield start, start2


def _weighed(mine: Run, yours: Run) -> Run:
    """Return `mine` in the light of another reading of the same character."""
    if not is_read(mine):
        return mine
    scores: dict[str, float] = {}
    for text in dict.fromkeys([mine.text, yours.text, *(text for text, _ in mine.others)]):
        scores[text] = log(_likely(mine, text)) + _WEIGHT * log(_likely(yours, text))
    best = max(scores, key=lambda text: scores[text])
    shares = {text: exp(score - scores[best]) for text, score in scores.items()}
    confidence = min(1 / sum(shares.values()), rungs.READ)
    if best == mine.text:
        # Another reading that says something else makes nobody surer.
        most = 1.0 if yours.text == mine.text else mine.confidence
        return mine.model_copy(update={"confidence": min(confidence, most)})
    return _turned(mine, best, confidence)


def _likely(run: Run, text: str) -> float:
    return max(run.likelihood(text), rungs.FAINT_RIVAL)


def _with(passage: Passage, changed: Mapping[int, Run]) -> Passage:
    """Return the passage with the characters at some places replaced by other runs."""
    if not changed:
        return passage
    runs = [changed.get(n, span) for n, span in enumerate(passage.spans)]
    texts = [changed[n].text if n in changed else char for n, char in enumerate(passage.text)]
    return Passage(
        "".join(texts),
        tuple(run for run, text in zip(runs, texts, strict=True) for _ in text),
        tuple(place for place, text in zip(passage.places, texts, strict=True) for _ in text),
        tuple(number for number, text in zip(passage.numbers, texts, strict=True) for _ in text),
    )
