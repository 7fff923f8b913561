"""What a column of the bureau's own 汇总表 can be filled with: the fields of the form, and what is known of an
application."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from service.campaigns.judgement import timing
from service.campaigns.judgement.standing import STATES, Application, Standing
from service.campaigns.loading import Loaded
from service.campaigns.own_sheet import NUMBER, OwnSheet, Values, fill
from service.campaigns.papers import SAFE, Paper, in_order, recommended
from service.campaigns.wording import MAY, OWN_HEADINGS, score
from service.export.workbook import DOUBTFUL, Cell, field_cell

_FIELD = "field:"
_NOBODY = "推荐部门未定"


@dataclass(frozen=True)
class Content:
    """All values of a record, with the fields of which nobody vouches for the value, and the parts that
    nobody weighed."""

    values: Mapping[str, Any] = field(default_factory=dict)
    doubtful: frozenset[str] = frozenset()
    unweighed: Mapping[str, Sequence[str]] = field(default_factory=dict)


def sources(loaded: Loaded) -> Mapping[str, Sequence[str]]:
    """{source: the names that a heading may have for it}; a field's own name goes before all."""
    campaign = loaded.campaign
    found: dict[str, list[str]] = {f"{_FIELD}{name}": [title] for name, title in loaded.form.titles.items()}
    found |= {source: list(names) for source, names in OWN_HEADINGS.items()}
    above = campaign.announced
    known: dict[str | None, list[str | None]] = {
        campaign.fields.unit: ["单位", above.unit if above else None],
        campaign.fields.title: ["名称", above.title if above else None],
        campaign.fields.domain: ["领域"],
    }
    taken = {name for names in found.values() for name in names}
    for name, words in known.items():
        if name is not None:
            found[f"{_FIELD}{name}"] += [word for word in words if word and word not in taken]
    return found


def own_sheets(
    loaded: Loaded, standing: Standing, template: OwnSheet, contents: Mapping[str, Content], *, each: bool
) -> Iterator[Paper]:
    """The 汇总表 on the bureau's template; with `each`, one for each organiser through whom anything came, and
    one for what nobody is known to have recommended. What was taken back is left out."""
    groups: dict[str, list[Application]] = {}
    for one in in_order(loaded, [one for one in standing.applications if one.state != "withdrawn"]):
        member = loaded.judge.roster.names.get(one.attribution.organiser or "")
        name = (member.called if member else _NOBODY) if each else "汇总表"
        groups.setdefault(name, []).append(one)
    for name, held in (groups or ({} if each else {"汇总表": []})).items():
        rows = [
            _row(loaded, number, one, contents.get(one.entry.key, Content()))
            for number, one in enumerate(held, 1)
        ]
        yield Paper(f"{name.translate(SAFE)}.xlsx", fill(template, rows))


def _row(loaded: Loaded, number: int, one: Application, content: Content) -> Values:
    clock, ruling = loaded.judge.clock, one.entry.ruling
    member = loaded.judge.roster.names.get(one.attribution.organiser or "")
    came = one.timing.moment
    words = {
        "key": one.entry.key,
        "came": clock.shown(came) if came else "",
        "timing": timing.WORDS[one.timing.verdict],
        "state": STATES[one.state],
        "copies": str(len(one.copies)),
        "recommendation": recommended(loaded, one),
        "reason": ruling.reason or "",
        "second": ruling.second or "",
        "score": score(loaded.campaign, ruling),
    }
    made = {name: Cell(text) for name, text in words.items()}
    made[NUMBER] = Cell(Decimal(number), "0")
    # What waits for a person is seen in the bureau's own table too.
    unsure = None if one.attribution.sure else DOUBTFUL
    made["organiser"] = Cell(member.called if member else "", fill=unsure)
    doubt = None if one.eligibility.verdict != "doubt" else DOUBTFUL
    made["may_apply"] = Cell(MAY[one.eligibility.verdict], fill=doubt)
    for name, asked in loaded.form.fields.items():
        fill_ = DOUBTFUL if name in content.doubtful else None
        made[f"{_FIELD}{name}"] = field_cell(
            asked, content.values.get(name), fill_, content.unweighed.get(name, ())
        )
    return made
