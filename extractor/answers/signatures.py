"""Signatures on paper: whether somebody wrote in the place behind a prompt (pure: it sees only pages)."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from extractor import rungs
from extractor.text.passage import Passage
from models.fields import Signature, SignatureField
from models.findings import Finding
from models.geometry import meets, shared_area
from models.page import Box, InkKind, InkMark, Page, Run
from models.record import Evidence, Observation
from models.writing import key, one_line

_REACH = 0.9  # of the prompt's height: how far above and below its line a signature's middle may be
_BEFORE = 0.5  # of the prompt's height: how far before the prompt's end its middle may be
_CLAIMED = 0.5  # of a mark: as much of it may be another answer's writing
# A date, or the place for one, which forms print behind the place for a signature.
_DATE = re.compile(
    r"[\s_＿\d〇○零一二三四五六七八九十廿]*年[\s_＿\d〇○零一二三四五六七八九十廿]*月[\s_＿\d〇○零一二三四五六七八九十廿]*日?"
)
_POINTED = re.compile(r"(?:19|20)\d{2}([./-])\d{1,2}\1\d{1,2}")  # a date that a signer adds
_LONG = re.compile(r"[一-鿿]{5,}")  # no name is written without a point between so many characters
_BORNE_OUT = 2  # characters of a name
_CALLED: Mapping[InkKind, str] = {"thumb": "指印", "chop": "名章"}


def observe_signature(
    field: SignatureField,
    title: str,
    prompt: tuple[int, Box] | None,
    written: Passage,
    others: Sequence[Passage],
    cell: Sequence[tuple[Page, Box]],
    part: str,
    *,
    lacks_seal: bool = False,
    names: Collection[str] = (),
) -> Observation:
    """Ink behind the prompt is a signature, none is no signature; print there is a typed name, which is none
    either.

    `written` is what was read behind the prompt, `others` what was read for the cell's other fields: their
        ink is not this one's.
    `cell`: the places of the page where the cell's marks are. Where the prompt was not found, or ink stands
    in the cell but not behind it, nobody can be sure. `lacks_seal`: the cell asks for a seal that was not
    seen. On a copy without colour the ink may be what is left of that, unless it says one of the `names`,
    keys of short answers elsewhere.
    """
    dates = [match.span() for match in _DATE.finditer(written.text)]
    bare = "".join(char for n, char in enumerate(written.text) if not any(a <= n < b for a, b in dates))
    text = one_line(bare).strip(" ：:_—-.。")
    claimed = [place for other in others for place in _boxes(other)]
    claimed += [place for start, end in dates for place in _boxes(written, start, end)]
    marks = [(page, mark) for page, mark in _ink(cell) if not _is_claimed(page, mark.box, claimed)]
    # Where the form prints no prompt, all of the cell is the place.
    behind = [
        (page, mark)
        for page, mark in marks
        if field.prompt is None or (prompt and page.number == prompt[0] and _is_behind(mark.box, prompt[1]))
    ]
    is_lost = field.prompt is not None and prompt is None
    pens = [mark for _, mark in (marks if is_lost else behind) if mark.kind == "pen"]
    others_told = [kind for kind in _CALLED if any(mark.kind == kind for _, mark in marks)]
    sure = max((mark.confidence for mark in pens), default=0.0)
    elsewhere = any(mark.confidence >= rungs.STRONG for _, mark in marks)
    signed = sure >= rungs.EVEN
    typed = not signed and bool(key(text))
    present = signed or bool(others_told)
    if is_lost or (others_told and not signed):
        confidence = rungs.EVEN  # nobody knows where the place is, or whether that counts as a signature
    elif present:
        # Print under the ink, such as the words of a stamp, is nobody's name, and may be all that was seen.
        is_grey = any(not page.coloured for page, _ in cell)
        may_be_seal = lacks_seal and is_grey and not _says(key(text), names)
        # Nor can print under a seal be told from a pen there, where no name was read.
        may_be_seal |= is_grey and not key(text) and _is_sealed(behind)
        confidence = min(sure, rungs.LIKELIER) if _is_no_name(text) or may_be_seal else sure
    else:
        confidence = min(
            rungs.CERTAIN * (1 - sure), rungs.LIKELIER if typed else 1.0, rungs.EVEN if elsewhere else 1.0
        )
    seen = [
        (page, mark)
        for page, mark in behind
        if mark.confidence >= rungs.EVEN or (present and mark.kind != "pen")
    ]
    evidence = tuple(
        Evidence(part=part, page=page.number, box=mark.box) for page, mark in seen
    ) or written.evidence(part)
    evidence = evidence or tuple(Evidence(part=part, page=page.number, box=box) for page, box in cell[-1:])
    return Observation(
        field=field.name, value=Signature(present=present, text=text if present and key(text) else None),
        raw=text, source="table",
        confidence=confidence, evidence=evidence,
        doubts=(
            *((Finding.of("signature-typed", field.name, title=title, text=text[:60]),)
              if typed and not others_told and not is_lost else ()),
            *_told(field, title, others_told, signed),
        ),
    )  # fmt: skip


def _is_sealed(marks: Sequence[tuple[Page, InkMark]]) -> bool:
    """Tell whether all ink of pens lies on seals."""
    pens = [(page, mark) for page, mark in marks if mark.kind == "pen" and mark.confidence >= rungs.EVEN]
    return bool(pens) and all(any(meets(seal.box, mark.box) for seal in page.seals) for page, mark in pens)


def _says(written: str, names: Collection[str]) -> bool:
    """Tell whether what was read is one of the names, or one but for a character where two bear it out."""
    alike = (
        sum(a == b for a, b in zip(written, name, strict=True)) for name in names if len(name) == len(written)
    )
    return max(alike, default=0) >= max(_BORNE_OUT, len(written) - 1)


def _is_no_name(text: str) -> bool:
    """Tell whether what was read cannot be names: it holds a number, or a word longer than a name. A stroke
    alone may be read as one digit."""
    return sum(char.isdigit() for char in _POINTED.sub("", text)) > 1 or bool(_LONG.search(text))


def _told(field: SignatureField, title: str, kinds: Sequence[InkKind], signed: bool) -> Iterator[Finding]:
    """What is to be said of prints of thumbs and of chops in the cell."""
    for kind in kinds:
        if signed:
            yield Finding.of("signature-beside", field.name, title=title, text=_CALLED[kind])
        else:
            yield Finding.of(f"signature-{kind}", field.name, title=title)


def _ink(cell: Sequence[tuple[Page, Box]]) -> list[tuple[Page, InkMark]]:
    """The ink on the places of the cell, each mark once."""
    found: dict[tuple[int, InkMark], Page] = {}
    for page, box in cell:
        for mark in page.ink:
            x, y = (mark.box.x0 + mark.box.x1) / 2, (mark.box.y0 + mark.box.y1) / 2
            if box.x0 < x < box.x1 and box.y0 < y < box.y1:
                found[page.number, mark] = page
    return [(page, mark) for (_, mark), page in found.items()]


def _boxes(passage: Passage, start: int = 0, end: int | None = None) -> list[tuple[int | None, Box]]:
    return [
        (place.page, span.box)
        for span, place in zip(passage.spans[start:end], passage.places[start:end], strict=True)
        if isinstance(span, Run) and span.box
    ]


def _is_claimed(page: Page, mark: Box, claimed: Sequence[tuple[int | None, Box]]) -> bool:
    area = max((mark.x1 - mark.x0) * (mark.y1 - mark.y0), 1e-6)
    shared = sum(shared_area(mark, box) for number, box in claimed if number == page.number)
    return shared > _CLAIMED * area


def _is_behind(mark: Box, prompt: Box) -> bool:
    high = prompt.y1 - prompt.y0
    middle = (mark.y0 + mark.y1) / 2
    level = prompt.y0 - _REACH * high < middle < prompt.y1 + _REACH * high
    return level and (mark.x0 + mark.x1) / 2 > prompt.x1 - _BEFORE * high
