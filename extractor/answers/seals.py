"""Seals and signatures on paper -> the fields that ask for them (pure: it sees only pages)."""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from extractor import rungs
from extractor.answers.prompts import find_prompt
from extractor.answers.regions import Region
from extractor.answers.signatures import observe_signature
from extractor.answers.units import Unit
from extractor.text.passage import Passage, Place
from extractor.weighing.seal_names import bears
from models.fields import Seal, SealField, SignatureField
from models.findings import Finding
from models.form import FormCell
from models.page import Box, Page, Run, SealMark
from models.record import Evidence, Observation
from models.writing import key, one_line

_MARGIN = 20.0  # points that a seal's middle may lie outside its cell
# What a bureau stamps on letters that come in: no unit answers for anything with that.
_OF_THE_DESK = re.compile("收[文件讫]|已[收阅]|归档|存档|传阅")
_SIDE = 3.0  # points: a seal that is no farther from the side of the page is cut off by it
_OBLONG = 1.45  # times as wide as high: a stamp with words in rows, which no seal of a unit is


@dataclass(frozen=True)
class _Place:
    """The part of a page where a cell's marks are set, and where the cell's prompts stand on it."""

    page: Page
    box: Box


def observe_marks(
    cell: FormCell,
    label: Unit,
    values: Mapping[str, Passage],
    region: Region,
    pages: Sequence[Page],
    part: str,
    names: Collection[str] = (),
) -> Iterable[Observation]:
    """An observation of every seal and signature that `cell`, answered in `region`, asks for. `values` is
    what was written for each, prompts taken off, and `names` are the keys of short answers elsewhere."""
    places = _places(label, region, pages)
    seals = [
        (place.page, seal)
        for place in places
        for seal in place.page.seals
        if _within(seal.box, place.box)
        and not _is_of_the_desk(seal)
        and not _is_across_pages(seal, place.page)
    ]
    whole = Passage.join(region.passages)
    asked = [field for field in cell.fields if isinstance(field, SealField)]
    prompts = {
        field.name: find_prompt(field.prompt, field.prompt_aliases, whole)
        for field in cell.fields
        if isinstance(field, SealField | SignatureField)
    }
    given = _given([(field, prompts[field.name]) for field in asked], seals)
    for field, found in given.items():
        yield _seal(field, found, places, part)
    for signature in (field for field in cell.fields if isinstance(field, SignatureField)):
        title = signature.label or cell.label or signature.name
        others = [values[field.name] for field in cell.fields if not field.is_mark]
        around = [(place.page, place.box) for place in places]
        yield observe_signature(
            signature, title, prompts[signature.name], values[signature.name], others, around, part,
            lacks_seal=None in given.values(), names=names,
        )  # fmt: skip


def compare_names(
    observations: Sequence[Observation],
    fields: Mapping[str, object],
    titles: Mapping[str, str],
    pages: Sequence[Page],
) -> list[Observation]:
    """The observations, each seal on paper compared with the name that its field mentions.

    A seal that bears another name, and one of which it can't be told, is doubted: it may be another unit's.
    """
    names = {one.field: one.value for one in observations if isinstance(one.value, str)}
    marks = {(page.number, seal.box): seal for page in pages for seal in page.seals}
    light = []
    for one in observations:
        field = fields[one.field]
        seen = next(
            (marks[e.page, e.box] for e in one.evidence if e.page and e.box and (e.page, e.box) in marks),
            None,
        )
        if isinstance(field, SealField) and field.mentions and isinstance(one.value, Seal) and seen:
            value = compared(one.value, seen.readings, names.get(field.mentions, ""))
            doubts = name_doubts(field, value, titles)
            light.append(one.model_copy(update={"value": value, "doubts": (*one.doubts, *doubts)}))
        else:
            light.append(one)
    return _confirmed(light, fields, titles)


def compared(seal: Seal, readings: Sequence[Sequence[Run]], name: str) -> Seal:
    """The seal compared with the name that it should bear; where it bears it, that is what its text says,
    however it was read."""
    agrees = bears(readings, name)
    return seal.model_copy(update={"agrees": agrees, "text": one_line(name) if agrees else seal.text})


def _confirmed(
    observations: Sequence[Observation], fields: Mapping[str, object], titles: Mapping[str, str]
) -> list[Observation]:
    """The observations, each name that was read off a picture in the light of the seal that must bear it: the
    same words in another print confirm it, others say that one of the two was misread or is another
    unit's."""
    seals = {
        field.mentions: one.value
        for one in observations
        if isinstance(field := fields[one.field], SealField) and field.mentions
    }
    light = []
    for one in observations:
        seal = seals.get(one.field) if one.signs else None
        if isinstance(seal, Seal) and seal.agrees is True:
            one = one.model_copy(update={"signs": {**one.signs, "confirmed": 1.0}})
        elif isinstance(seal, Seal) and (seal.agrees is False or _is_nearly(seal, one.value)):
            one = one.doubted(
                [Finding.of("name-disagrees", one.field, title=titles[one.field], text=seal.text or "")]
            )
        light.append(one)
    return light


def _is_nearly(seal: Seal, name: object) -> bool:
    """Whether the seal says the name but for one character: whichever of the two was misread, it may be the
    name. A character that only the seal lacks was lost under what is printed over it, and says nothing of the
    name."""
    if seal.agrees is not None or not isinstance(name, str):
        return False
    borne, named = key(seal.text or ""), key(name)
    return Levenshtein.distance(borne, named) == 1 and len(borne) >= len(named)


def name_doubts(field: SealField, seal: Seal, titles: Mapping[str, str]) -> tuple[Finding, ...]:
    """What a person should know of a seal that does not bear the name it should, or may not."""
    if seal.agrees is True:
        return ()
    text = seal.text or "（无法辨认）"
    if seal.agrees is False:
        return (Finding.of("seal-disagrees", field.name, title=titles[field.name], text=text),)
    other = titles[str(field.mentions)]
    return (Finding.of("seal-uncompared", field.name, title=titles[field.name], text=text, other=other),)


def unclaimed(
    observations: Sequence[Observation],
    fields: Mapping[str, object],
    titles: Mapping[str, str],
    pages: Sequence[Page],
) -> tuple[list[Observation], list[Finding]]:
    """The observations, each seal that is said to be absent doubted where one lies about that no field
    claims, on its own page or, where no seal is missing there, on any; and what is to be told of those that
    nobody misses."""
    seals = {one.field: one for one in observations if isinstance(fields[one.field], SealField)}
    claimed = {(e.page, e.box) for one in seals.values() if one.value.present for e in one.evidence}
    absent = {name: {e.page for e in one.evidence} for name, one in seals.items() if not one.value.present}
    doubts: dict[str, dict[int, Finding]] = {name: {} for name in absent}
    told = []
    left = [page.number for page in pages for seal in page.seals if (page.number, seal.box) not in claimed]
    for number in left:
        for name in [name for name, places in absent.items() if number in places] or list(absent):
            doubts[name][number] = Finding.of("seal-unclaimed", name, title=titles[name], page=number)
        if not absent:
            told.append(Finding.of("seal-elsewhere", page=number))
    return [one.doubted(doubts.get(one.field, {}).values()) for one in observations], told


def _places(label: Unit, region: Region, pages: Sequence[Page]) -> list[_Place]:
    """Where the cell's marks are set. Where a row breaks over to the next page, a seal may reach beyond the
    end of either half."""
    boxes: dict[tuple[int, Box], None] = {}
    if (
        label.page is not None
        and label.cell is not None
        and label.cell.box
        and label.table is not None
        and label.table.box
    ):
        box = Box(x0=label.cell.box.x0, y0=label.cell.box.y0, x1=label.table.box.x1, y1=label.cell.box.y1)
        boxes[label.page, box] = None
    places = [place for passage in region.passages for place in passage.places]
    places += [Place(unit.page, None, unit.cell.box if unit.cell else None) for unit in region.units]
    for place in places:
        if place.page is not None and place.box is not None:
            boxes[place.page, place.box] = None
    by_number = {page.number: page for page in pages}
    for number in region.pages:
        if (page := by_number.get(number)) and page.width and page.height:
            boxes[number, Box(x0=0, y0=0, x1=page.width, y1=page.height)] = None
    found = [_Place(by_number[number], box) for number, box in boxes if number in by_number]
    order = [page.number for page in pages if any(place.page is page for place in found)]
    return [_open(place, order) for place in found]


def _open(place: _Place, order: Sequence[int]) -> _Place:
    """The place, of which the row goes over the pages in `order`, up to the edges of the page between its
    halves."""
    at = order.index(place.page.number)
    y0 = 0.0 if at else place.box.y0
    y1 = place.page.height or place.box.y1 if at + 1 < len(order) else place.box.y1
    return _Place(place.page, place.box.model_copy(update={"y0": y0, "y1": max(y1, place.box.y1)}))


def _is_of_the_desk(seal: SealMark) -> bool:
    """Whether a stamp says that the paper arrived, or has the shape of those that do: a field that misses its
    seal then goes to a person, who sees that one lies about."""
    wide, high = seal.box.x1 - seal.box.x0, seal.box.y1 - seal.box.y0
    oblong = seal.shape == "square" and wide > _OBLONG * high
    return oblong or bool(_OF_THE_DESK.search(seal.text or ""))


def _is_across_pages(seal: SealMark, page: Page) -> bool:
    """Whether a seal ends with the paper at its side, as one does that was set across the edges of all pages
    to hold them together. A field that misses its seal then goes to a person."""
    return seal.box.x0 < _SIDE or (page.width is not None and seal.box.x1 > page.width - _SIDE)


def _within(mark: Box, place: Box) -> bool:
    x, y = (mark.x0 + mark.x1) / 2, (mark.y0 + mark.y1) / 2
    return place.x0 - _MARGIN < x < place.x1 + _MARGIN and place.y0 - 2 < y < place.y1 + 2


def _given(
    asked: Sequence[tuple[SealField, tuple[int, Box] | None]], seals: Sequence[tuple[Page, SealMark]]
) -> dict[SealField, tuple[Page, SealMark] | None]:
    """Each field its nearest seal, no seal to two fields."""
    given: dict[str, tuple[Page, SealMark] | None] = {field.name: None for field, _ in asked}
    pairs = sorted(
        (
            (_distance(prompt, page, seal), number, field.name)
            for field, prompt in asked
            for number, (page, seal) in enumerate(seals)
        ),
        key=lambda pair: pair[0],
    )
    taken: set[int] = set()
    for _, number, name in pairs:
        if given[name] is None and number not in taken:
            given[name] = seals[number]
            taken.add(number)
    return {field: given[field.name] for field, _ in asked}


def _distance(prompt: tuple[int, Box] | None, page: Page, seal: SealMark) -> float:
    if prompt is None or prompt[0] != page.number:
        return 1e4
    x, y = (seal.box.x0 + seal.box.x1) / 2, (seal.box.y0 + seal.box.y1) / 2
    return math.hypot(x - prompt[1].x1, y - (prompt[1].y0 + prompt[1].y1) / 2)


def _seal(
    field: SealField, found: tuple[Page, SealMark] | None, places: Sequence[_Place], part: str
) -> Observation:
    if found is None:
        evidence = tuple(Evidence(part=part, page=place.page.number, box=place.box) for place in places[-1:])
        return Observation(
            field=field.name,
            value=Seal(present=False),
            raw="",
            source="table",
            confidence=rungs.NAMED,
            evidence=evidence,
        )
    page, mark = found
    text = one_line(mark.text) if mark.text else None
    return Observation(
        field=field.name, value=Seal(present=True, text=text or None), raw=text or "", source="seal",
        confidence=mark.confidence,
        readings=mark.readings,
        evidence=(Evidence(part=part, page=page.number, box=mark.box),),
    )  # fmt: skip
