"""What stands where a field is answered -> an observation: the value that it means in the field's kind, and
what is odd."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz.distance import LCSseq

from extractor import rungs
from extractor.answers.cell_parts import SHORT_GUIDANCE
from extractor.answers.choice import read_choice
from extractor.answers.digital_signatures import evidence as evidence_of
from extractor.answers.digital_signatures import field_findings
from extractor.text.confusions import DIGITS_OF
from extractor.text.passage import Passage, lines_of
from extractor.text.placeholders import STANDARD_PLACEHOLDERS
from extractor.weighing.calibration import held_confidence, sign_of_mark, signs_of
from models.errors import Unparsable
from models.fields import ChoiceField, CodeField, Field, Seal, SealField, Signature, SignatureField
from models.findings import Finding
from models.page import DigitalSignature, Run, Tick
from models.record import Evidence, Observation
from models.writing import MARK_LEFT, key, one_line

# The share of a line's characters that stand in the guidance in the same order; shorter lines are headings
# made of its words.
_LIKE_GUIDANCE = 0.7
_LEAST_LINE = 16
_PIECE = 16  # characters of long guidance that nobody writes by chance
_OWN_GUIDANCE = 0.95  # the share from which on a line is guidance and nothing else, cut short
# A line in brackets that tells how to fill in, in a wording that the definition does not know.
_GUIDANCE_LEFT = re.compile(
    r"^[ \t]*[（(【\[][^（(）)]*(?:字以内|字左右|不超过|简要|请|填写|说明)[^（(）)]*[）)】\]][ \t]*$", re.M
)


def observe_written(
    field: Field, title: str, passage: Passage, evidence: tuple[Evidence, ...], legible: float
) -> Observation:
    """The answer that `passage` is to `field`. `legible`: how well the document was read as a whole, 0 to
    1."""
    raw = passage.words.strip()
    if isinstance(field, ChoiceField):
        reading = read_choice(field, title, passage)
        return Observation(
            field=field.name, value=reading.value, raw=raw, source="table", confidence=reading.confidence,
            evidence=evidence,
            alternatives=reading.alternatives, doubts=reading.doubts,
            signs=sign_of_mark(reading.seen) if reading.seen < 1 else {},
        )  # fmt: skip
    struck = passage.struck
    gone, passage = "".join(passage.text[start:end] for start, end in struck), passage.without(struck)
    left = _guidance_left(field, passage)
    passage = passage.without(left.own)
    words = "" if one_line(passage.words) in STANDARD_PLACEHOLDERS else passage.words
    parsed, doubts = parse(field, title, words)
    mended = _mended(field, title, passage) if isinstance(field, CodeField) and words else None
    if mended is not None:
        doubts = (*doubts, Finding.of("code-mended", field.name, title=title, read=str(parsed)[:40]))
        parsed = mended
    if gone.strip():
        # What was crossed out does not count, but whoever did it may have meant it otherwise.
        doubts = (*doubts, Finding.of("text-struck", field.name, title=title, text=gone.strip()[:40]))
    if passage.pictures:
        doubts = (*doubts, Finding.of("picture-in-answer", field.name, title=title))
    if one_line(passage.recovered) and parsed is not None:
        doubts = (
            *doubts,
            Finding.of("text-recovered", field.name, title=title, text=one_line(passage.recovered)[:40]),
        )
    if any(isinstance(span, Tick) and span.confidence < 1 for span in passage.spans):
        # 田 looks like a crossed box.
        doubts = (*doubts, Finding.of("mark-in-answer", field.name, title=title))
    if left.text:
        doubts = (*doubts, Finding.of("guidance-left", field.name, title=title, text=left.text[:40]))
    confidence = (
        0.0 if any(d.code == "unparsable" for d in doubts) else rungs.CERTAIN * held_confidence(passage)
    )
    return Observation(
        field=field.name, value=parsed, raw=raw, source="table", confidence=confidence, evidence=evidence,
        doubts=doubts,
        signs=signs_of(field, passage, legible), readings=passage.readings,
    )  # fmt: skip


@dataclass(frozen=True)
class _Guidance:
    """A line that tells how to fill in, "" where none does, and where such lines stand that are the form's
    own in another edition: these are no part of the answer."""

    text: str = ""
    own: tuple[tuple[int, int], ...] = ()


def _guidance_left(field: Field, passage: Passage) -> _Guidance:
    """What was left standing of guidance: in brackets, or one of the form's own that was shortened or
    reworded."""
    mark = MARK_LEFT.search(passage.words)
    if not field.guidance:
        return _Guidance(mark[0] if mark else "")
    known = [key(text) for text in (*field.guidance, *field.guidance_aliases)]
    like, own = "", []
    for start, end in lines_of(passage.text):
        line = key(passage.text[start:end])
        same = max(
            (LCSseq.similarity(line, one) for one in known if len(one) >= _LIKE_GUIDANCE * len(line)),
            default=0,
        )
        if len(line) >= _LEAST_LINE and same >= _LIKE_GUIDANCE * len(line):
            like = like or passage.text[start:end].strip()
            if same >= _OWN_GUIDANCE * len(line):
                own.append((start, min(end + 1, len(passage))))
    bracketed = _GUIDANCE_LEFT.search(passage.words)
    said = key(passage.words)
    # What had stood by itself is gone by now. Of long guidance that runs on from the answer a piece will do.
    glued = next((one for one in known if one and len(one) < SHORT_GUIDANCE and one in said), "") or next(
        (piece for one in known for piece in _pieces(one) if piece in said), ""
    )
    left = bracketed[0].strip() if bracketed else like or glued
    return _Guidance(left or (mark[0] if mark else ""), tuple(own))


def _pieces(guidance: str) -> Iterator[str]:
    """Yield the pieces of long guidance, one of which is whole wherever most of the guidance was read."""
    for start in range(0, len(guidance) - _PIECE + 1, _PIECE // 2):
        yield guidance[start : start + _PIECE]


def parse(field: Field, title: str, text: str) -> tuple[Any, tuple[Finding, ...]]:
    """The value that `text` means in the kind of `field`, and what is odd about it."""
    once = _once(one_line(text))
    try:
        if once is not None and field.said_once:
            return field.parse(once), (Finding.of("text-repeated", field.name, title=title),)
        return field.parse(text), ()
    except Unparsable as error:
        return None, (Finding.of("unparsable", field.name, title=title, reason=error.message),)


def _mended(field: CodeField, title: str, passage: Passage) -> str | None:
    """The one value with a right check character that another reading of a single character gives, where the
    reading itself has a wrong one; None where there is none, or several."""
    read = field.parse(passage.words)
    if field.passes == 1 or read is None or not field.check(read, title):
        return None
    found = set()
    for at, (char, span) in enumerate(zip(passage.text, passage.spans, strict=True)):
        rivals = [other for other, _ in span.others] if isinstance(span, Run) else []
        for other in {*rivals, *DIGITS_OF.get(char, "")}:
            value = field.parse(passage.text[:at] + other + passage.text[at + 1 :])
            if value is not None and not field.check(value, title):
                found.add(value)
    return found.pop() if len(found) == 1 else None


def _once(text: str) -> str | None:
    """The text that `text` repeats, where it is nothing but repetition: some editors save a value several
    times."""
    whole = re.fullmatch(r"(?s)(.{2,}?)\1{2,}|(.{4,}?)\2", text)
    return (whole[1] or whole[2]) if whole and not key(text).isdigit() else None


def typed_mark(
    field: SealField | SignatureField, title: str, passage: Passage, around: tuple[Evidence, ...],
    signed: Sequence[DigitalSignature], part: str,
) -> Observation:  # fmt: skip
    """A seal or signature in a file without paper: a picture may be one, a digital signature is one of its
    own kind, typed words are none. `around` is the evidence where there is nothing."""
    made = Seal if isinstance(field, SealField) else Signature
    doubts = field_findings(field.name, title, signed)
    typed = one_line(passage.words)
    if len(passage.pictures) > len(signed):
        doubts = (*doubts, Finding.of(f"{field.kind}-unverified", field.name, title=title))
    elif key(typed) and not signed:
        doubts = (Finding.of(f"{field.kind}-typed", field.name, title=title, text=typed[:60]),)
    return Observation(
        field=field.name, value=made(present=bool(passage.pictures)), raw=passage.words.strip(),
        source="table",
        confidence=rungs.EVEN if passage.pictures else rungs.CERTAIN * passage.confidence,
        evidence=evidence_of(signed, part) or passage.evidence(part) or around, doubts=doubts,
    )  # fmt: skip
