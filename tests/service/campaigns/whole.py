"""A campaign judged whole, the plain way: what the service keeps must be the same as this, whatever happened
before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from models.writing import key
from service.campaigns.judgement.entries import Entry
from service.campaigns.judgement.judging import Judge
from service.campaigns.judgement.material import documents
from service.campaigns.judgement.standing import Application, Standing


def judged_whole(judge: Judge, entries: Sequence[Entry]) -> Standing:
    campaign, unit = judge.campaign, judge.campaign.fields.unit
    unread = [one for one in entries if one.handling in ("waiting", "unreadable") or one.form is None]
    rest = [one for one in entries if one not in unread]
    ours = [one for one in rest if one.form == campaign.form]
    loose = [*unread, *(one for one in rest if one.form != campaign.form)]
    groups = _groups(judge, ours)
    last = {one[-1].key_of(unit): number for number, one in enumerate(groups) if one[-1].text(unit)}
    laid: dict[int, dict[str, list[Entry]]] = {}
    used = []
    for one in loose:
        told = key(" ".join([*one.files, one.subject or ""]))
        named = [name for name in last if name and name in told]
        longest = [name for name in named if not any(name in other for other in named if other != name)]
        for stage in campaign.stages[1:]:
            if len(longest) == 1 and any(documents(stage, [one]).values()):
                laid.setdefault(last[longest[0]], {}).setdefault(stage.name, []).append(one)
                used.append(one)
    made = [judge.application(copies, laid.get(number, {})) for number, copies in enumerate(groups)]
    live = [one for one in made if one.state != "withdrawn"]
    return Standing(
        campaign,
        [_beside(one, [other for other in live if _is_same_unit(unit, one, other)]) for one in made],
        [one for one in unread if one not in used],
        [one for one in loose if one not in unread and one not in used],
        [one for one in loose if one in used],
        [
            row.unit
            for row in judge.units.rows
            if campaign.register_
            and campaign.register_.expected
            and not any(one.entry.key_of(unit) == key(row.unit) for one in live)
        ],
    )


def _is_same_unit(unit: str, one: Application, other: Application) -> bool:
    return bool(other.unit) and one.entry.key_of(unit) == other.entry.key_of(unit)


def _beside(one: Application, live: Sequence[Application]) -> Application:
    if len(live) < 2 or one.state == "withdrawn":
        return one
    told = f"重复：同一单位有 {len(live)} 份名称不同的申请，请核对是否为同一申请"
    return replace(one, doubts=(*one.doubts, told))


def _groups(judge: Judge, ours: Sequence[Entry]) -> list[list[Entry]]:
    """By joining two groups for as long as any two hang together."""
    fields, known = judge.campaign.fields, {one.key for one in ours}
    groups = [[one] for one in ours]

    def names(one: Entry) -> tuple[str, str] | None:
        both = one.key_of(fields.unit), one.key_of(fields.title)
        return both if all(both) else None

    def hang(one: Entry, other: Entry) -> bool:
        is_same = names(one) is not None and names(one) == names(other)
        return is_same or one.replaced_by == other.key or other.replaced_by == one.key

    def joined() -> bool:
        for first in range(len(groups)):
            for second in range(first + 1, len(groups)):
                if any(hang(one, other) for one in groups[first] for other in groups[second]):
                    groups[first] += groups.pop(second)
                    return True
        return False

    while joined():
        pass
    never = datetime.max.replace(tzinfo=UTC)

    def rank(one: Entry) -> tuple[bool, datetime, int]:
        moments = [moment for moment in (one.arrival.received, one.arrival.sent) if moment]
        return one.replaced_by not in known, min(moments, default=never), ours.index(one)

    groups.sort(key=lambda group: min(map(ours.index, group)))
    return [sorted(group, key=rank) for group in groups]
