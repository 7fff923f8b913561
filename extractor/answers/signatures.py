"""Signatures on paper: whether somebody wrote in the place behind a prompt (pure: it sees only pages)."""

from collections.abc import Sequence

from extractor import rungs
from extractor.text.passage import Passage
from models.fields import Signature, SignatureField
from models.findings import Finding
from models.geometry import shared_area
from models.page import Box, InkMark, Page, Run
from models.record import Evidence, Observation
from models.writing import key, one_line

_REACH = 0.9  # of the prompt's height: how far above and below its line a signature's middle may be
_BEFORE = 0.5  # of the prompt's height: how far before the prompt's end its middle may be
_CLAIMED = 0.5  # of a mark: as much of it may be another answer's writing


def observe_signature(
    field: SignatureField,
    title: str,
    prompt: tuple[int, Box] | None,
    written: Passage,
    others: Sequence[Passage],
    cell: Sequence[tuple[Page, Box]],
    part: str,
) -> Observation:
    """Ink behind the prompt is a signature, none is no signature; print there is a typed name, which is none
    either.

    `written` is what was read behind the prompt, `others` what was read for the cell's other fields: their
        ink is not this one's.
    `cell`: the places of the page where the cell's marks are. Where the prompt was not found, or ink stands
    in the cell but not behind it, nobody can be sure.
    """
    text = one_line(written.words).strip(" ：:_—-.。")
    claimed = [place for other in others for place in _boxes(other)]
    marks = [(page, mark) for page, mark in _ink(cell) if not _is_claimed(page, mark.box, claimed)]
    behind = [
        (page, mark)
        for page, mark in marks
        if prompt and page.number == prompt[0] and _is_behind(mark.box, prompt[1])
    ]
    sure = max((mark.confidence for _, mark in behind), default=0.0)
    elsewhere = any(mark.confidence >= rungs.STRONG for _, mark in marks)
    typed = sure < rungs.EVEN and bool(key(text))
    present = sure >= rungs.EVEN or prompt is None
    if prompt is None:
        confidence = rungs.EVEN  # nobody knows where the place is
    elif present:
        confidence = sure
    else:
        confidence = min(
            rungs.CERTAIN * (1 - sure), rungs.LIKELIER if typed else 1.0, rungs.EVEN if elsewhere else 1.0
        )
    seen = [(page, mark) for page, mark in behind if mark.confidence >= rungs.EVEN]
    evidence = tuple(
        Evidence(part=part, page=page.number, box=mark.box) for page, mark in seen
    ) or written.evidence(part)
    evidence = evidence or tuple(Evidence(part=part, page=page.number, box=box) for page, box in cell[-1:])
    return Observation(
        field=field.name, value=Signature(present=present, text=text if present and key(text) else None),
        raw=text, source="table",
        confidence=confidence, evidence=evidence,
        doubts=(
            (Finding.of("signature-typed", field.name, title=title, text=text[:60]),)
            if typed and prompt else ()
        ),
    )  # fmt: skip


def _ink(cell: Sequence[tuple[Page, Box]]) -> list[tuple[Page, InkMark]]:
    """The ink on the places of the cell, each mark once."""
    found: dict[tuple[int, InkMark], Page] = {}
    for page, box in cell:
        for mark in page.ink:
            x, y = (mark.box.x0 + mark.box.x1) / 2, (mark.box.y0 + mark.box.y1) / 2
            if box.x0 < x < box.x1 and box.y0 < y < box.y1:
                found[page.number, mark] = page
    return [(page, mark) for (_, mark), page in found.items()]


def _boxes(passage: Passage) -> list[tuple[int | None, Box]]:
    return [
        (place.page, span.box)
        for span, place in zip(passage.spans, passage.places, strict=True)
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
