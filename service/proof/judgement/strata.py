"""What a sampled value belongs to, and the counts of all that were accepted and looked at."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from service.proof.judgement.interval import LEVEL, Counted, Interval, stratified
from service.results import FieldJson, PartJson

# How a value stood there: as characters of a Word file or a PDF, or on a picture that is flat or was not.
Source = Literal["word", "pdf", "scan", "photo"]
SOURCES: Mapping[Source, str] = {"word": "Word", "pdf": "PDF", "scan": "扫描件", "photo": "照片"}
# Of the homography that made a page upright, in halves of the page: the scanner's glass is flatter than this.
_LEANING = 0.01


@dataclass(frozen=True, order=True)
class Stratum:
    """Values of one kind of field, from one kind of file, on one form."""

    form: str
    kind: str
    source: Source


Counts = Mapping[Stratum, Counted]


def source_of(field: FieldJson, parts: Iterable[PartJson]) -> Source:
    """Return what a value was read from, by the place where it was seen."""
    for place in field["evidence"]:
        if place.get("cell") is not None:
            return "word"
        if place.get("page") is None:
            continue
        pages = [
            page
            for part in parts
            if part["name"] == place["part"]
            for page in part.get("pages", ())
            if page["number"] == place["page"]
        ]
        frame = pages[0]["frame"] if pages else None
        if frame is None:
            return "pdf"
        warp = frame.get("warp")
        leaning = abs(warp["back"][6]) + abs(warp["back"][7]) if warp else 0.0
        return "photo" if leaning * (warp["half"] if warp else 0.0) > _LEANING else "scan"
    return "word"


def joined(counts: Counts) -> list[Counted]:
    """Return the strata to be estimated from: one of which nothing was looked at is joined with those of its
    kind and source on other forms, else with those of its source, else with all (collapsed strata, Cochran
    1977, "Sampling Techniques", 5A.12). Which are joined depends on what was looked at alone, never on what
    was found."""
    groups: dict[Stratum, Counted] = dict(counts)
    likes: tuple[Callable[[Stratum], object], ...] = (
        lambda one: (one.kind, one.source),
        lambda one: one.source,
        lambda one: None,
    )
    for like in likes:
        lonely = [one for one, count in groups.items() if count.looked == 0 and count.population > 0]
        for alone in lonely:
            others = [one for one in groups if one != alone and like(one) == like(alone)]
            seen = [one for one in others if groups[one].looked > 0]
            if seen:
                host = max(seen, key=lambda one: (groups[one].population, one))
                count, more = groups[host], groups.pop(alone)
                groups[host] = Counted(count.population + more.population, count.looked, count.wrong)
    return list(groups.values())


def figure(counts: Counts, level: float = LEVEL) -> Interval:
    """Return the share of silent errors among all that `counts` tells of, with its interval."""
    return stratified(joined(counts), level)


def grouped(counts: Counts, by: Callable[[Stratum], str]) -> dict[str, dict[Stratum, Counted]]:
    """Return the strata group by group."""
    found: dict[str, dict[Stratum, Counted]] = {}
    for one, count in counts.items():
        found.setdefault(by(one), {})[one] = count
    return dict(sorted(found.items()))


def added(some: Iterable[Counts]) -> dict[Stratum, Counted]:
    """Return the sums of several counts, of several weeks for one."""
    total: dict[Stratum, Counted] = {}
    for counts in some:
        for one, count in counts.items():
            before = total.get(one, Counted(0, 0, 0))
            total[one] = Counted(
                before.population + count.population,
                before.looked + count.looked,
                before.wrong + count.wrong,
            )
    return total
