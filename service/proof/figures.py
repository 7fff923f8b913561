"""The figure: silent errors among what was accepted, with its interval, of all and by kind, source, form and
week, against the target."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import sqlalchemy as sa

from models.form import FormDefinition
from service.proof import tallies
from service.proof.judgement.interval import Interval, effective, needed
from service.proof.judgement.strata import SOURCES, Counts, Stratum, added, figure, grouped, joined
from service.proof.judgement.watch import Standing, standing
from service.store.proof_tables import proof_counts

# The share of wrong values among those that people keyed by hand, once (Paulsen, Overgaard and Lauritsen
# 2012, "Quality of data entry using single entry, double entry and automated forms processing", PLoS ONE 7).
BY_HAND = 0.37e-3
Group = Literal["all", "source", "kind", "form", "week"]
GROUPS: Mapping[Group, str] = {
    "all": "全部", "source": "来源", "kind": "类别", "form": "表格", "week": "周",
}  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """One figure: of which `group`, and which of it (`name`, in words `called`). Of `accepted` values
    people `looked` at some, of which so many were `wrong`."""

    group: Group
    name: str
    called: str
    accepted: int
    looked: int
    wrong: int
    interval: Interval
    standing: Standing


@dataclass(frozen=True)
class Told:
    """All figures of the window; `left_out` values were accepted but are too long to be keyed again, and
    `lacking` is how many more samples would show that the target is kept, were they all right."""

    figures: list[Figure]
    left_out: int
    lacking: int


def told(
    connection: sa.Connection, forms: Mapping[str, FormDefinition], now: datetime, target: float
) -> Told:
    """Returns the figures of the last weeks."""
    first = now.astimezone().date() - tallies.WINDOW
    days = tallies.by_day(connection, first)
    counts = added(days.values())
    found = list(_figures(days, counts, forms, target))
    sums = sa.select(sa.func.coalesce(sa.func.sum(proof_counts.c.left_out), 0))
    left_out = connection.scalar(sums.where(proof_counts.c.day >= first.isoformat())) or 0
    wrong = sum(count.wrong for count in counts.values())
    enough = found[0].standing == "kept"
    lacking = 0 if enough else max(1, needed(target, wrong) - int(effective(joined(counts))))
    return Told(found, left_out, lacking)


def whole(connection: sa.Connection, now: datetime) -> Interval:
    """Returns the share of silent errors among all that was accepted in the last weeks, with its interval."""
    return figure(added(tallies.by_day(connection, now.astimezone().date() - tallies.WINDOW).values()))


def _figures(
    days: tallies.Days, together: Counts, forms: Mapping[str, FormDefinition], target: float
) -> Iterator[Figure]:
    yield _of("all", "", "全部", together, target)
    kinds, titles = kinds_called(forms), {name: form.title for name, form in forms.items()}
    by: tuple[tuple[Group, Callable[[Stratum], str], Mapping[str, str]], ...] = (
        ("source", lambda one: one.source, {str(source): words for source, words in SOURCES.items()}),
        ("kind", lambda one: one.kind, kinds),
        ("form", lambda one: one.form, titles),
    )
    for group, of, words in by:
        for name, counts in grouped(together, of).items():
            yield _of(group, name, words.get(name, name), counts, target)
    weeks: dict[str, list[Counts]] = {}
    for day, those in days.items():
        year, week, _ = date.fromisoformat(day).isocalendar()
        weeks.setdefault(f"{year}-W{week:02}", []).append(those)
    for name, some in sorted(weeks.items(), reverse=True):
        monday = date.fromisocalendar(int(name[:4]), int(name[6:]), 1)
        yield _of("week", name, f"{monday:%m-%d} 起的一周", added(some), target)


def _of(group: Group, name: str, called: str, counts: Counts, target: float) -> Figure:
    interval = figure(counts)
    return Figure(
        group,
        name,
        called,
        accepted=sum(count.population for count in counts.values()),
        looked=sum(count.looked for count in counts.values()),
        wrong=sum(count.wrong for count in counts.values()),
        interval=interval,
        standing=standing(interval, target),
    )


def kinds_called(forms: Mapping[str, FormDefinition]) -> dict[str, str]:
    """Returns what people call each kind of field that the forms have."""
    return {field.kind: field.called for form in forms.values() for field in form.fields.values()}
