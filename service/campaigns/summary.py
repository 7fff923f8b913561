"""The campaign at a moment, in figures: as JSON, and as lines for a person."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from service.campaigns.judgement import timing
from service.campaigns.judgement.standing import STATES, Facts, Standing
from service.campaigns.judgement.timing import Clock

# Days since it came, as people call them.
_AGES = (("2 天内", -(10**6), 2), ("3 至 7 天", 3, 7), ("8 至 14 天", 8, 14), ("超过 14 天", 15, 10**6))


def figures(standing: Standing, clock: Clock, now: datetime) -> dict[str, Any]:
    """Every figure of the campaign as JSON-ready data. Submissions are what came, applications what they are
    taken together."""
    campaign, every, facts = standing.campaign, standing.applications, standing.facts
    called = {member.name: member.called for _, member in campaign.members()}
    copies = sum(len(one.copies) for one in every)
    quotas = standing.quotas()

    def count(of: Callable[[Facts], object]) -> int:
        return sum(many for one, many in facts.items() if of(one))

    return {
        "campaign": campaign.name,
        "title": campaign.title,
        "at": clock.shown(now),
        "stages": [
            {
                "name": stage.name,
                "title": stage.title,
                "last_day": clock.last_day(stage.deadline).isoformat(),
                "days_left": clock.left(now, stage),
                # Of a stage with material: how many applications have all of it.
                "complete": None if stage.form else count(partial(_has_all, stage.name)),
            }
            for stage in campaign.stages
        ],
        "submissions": copies + len(standing.unread) + len(standing.strays) + len(standing.material),
        "unread": len(standing.unread),
        "reading": sum(entry.handling == "waiting" for entry in standing.unread),
        "strays": len(standing.strays),
        "material": len(standing.material),
        "applications": len(every),
        "resubmitted": count(lambda one: one.resubmitted),
        "counted": count(lambda one: one.counted),
        "timing": _counted(facts, timing.WORDS, lambda one: (one.timing,)),
        "states": _counted(facts, STATES, lambda one: (one.state,)),
        "ineligible": count(lambda one: not one.eligible),
        "domains": dict(standing.domains()),
        "organisers": [
            {
                "group": quota.group.name,
                "organiser": quota.organiser,
                "called": called[quota.organiser],
                "came": quota.came,
                "counted": quota.counted,
                "doubtful": quota.doubtful,
                "least": quota.group.least,
                "most": quota.group.most,
                "lacks": quota.lacks,
                "over": quota.over,
            }
            for quota in quotas
        ],
        "unassigned": count(lambda one: one.organiser is None),
        "unsure_organiser": count(lambda one: not one.sure),
        "waiting": count(lambda one: one.asked),
        "recommendations": dict(campaign.outcomes.words()),
        "criteria": [{"name": name, "points": points} for name, points in campaign.points.items()],
        "reviewers": campaign.reviewers,
        "asked": _counted(facts, (kind for one in facts for kind in one.asked), lambda one: one.asked),
        "whose": _whose(facts),
        "ageing": _ageing(standing, now),
        "missing_organisers": [quota.organiser for quota in quotas if not quota.came],
        "missing_units": list(standing.missing_units),
    }


def _counted(
    facts: Mapping[Facts, int], kinds: Iterable[str], of: Callable[[Facts], Iterable[str]]
) -> dict[str, int]:
    """How many there are of each of `kinds`."""
    found = Counter[str]()
    for one, many in facts.items():
        for kind in of(one):
            found[kind] += many
    return {kind: found[kind] for kind in kinds}


def _whose(facts: Mapping[Facts, int]) -> list[dict[str, Any]]:
    """How many applications wait for review by each person, the most first, and by nobody."""
    found = Counter[str | None]()
    for one, many in facts.items():
        if one.state == "in-review":
            found[one.assignee] += many
    ordered = sorted(found.items(), key=lambda item: (item[0] is None, -item[1], item[0]))
    return [{"who": who, "count": count} for who, count in ordered]


def _has_all(stage: str, one: Facts) -> bool:
    return stage in one.complete


def _ageing(standing: Standing, now: datetime) -> dict[str, int]:
    """How many applications wait for review, by how many days have gone since they came."""
    ages = Counter(
        [
            (now - one.timing.moment).days
            for one in standing.applications
            if one.state == "in-review" and one.timing.moment is not None
        ]
    )
    return {
        words: sum(many for age, many in ages.items() if first <= age <= last) for words, first, last in _AGES
    }


def lines(standing: Standing, clock: Clock, now: datetime) -> Iterator[str]:
    """What a person reads of it."""
    said = figures(standing, clock, now)
    yield f"{said['title']}　{said['at']}"
    for stage in said["stages"]:
        left = stage["days_left"]
        when = f"还有 {left} 天" if left > 0 else "今天截止" if left == 0 else f"已截止 {-left} 天"
        done = "" if stage["complete"] is None else f"，材料齐全 {stage['complete']} 份"
        yield f"{stage['title']}：截止 {stage['last_day']}，{when}{done}"
    yield (
        f"来件 {said['submissions']} 件，其中申请 {said['applications']} 份（重新提交过的 {said['resubmitted']} 份），"
        f"无法读取 {said['unread']} 件，其他表格 {said['strays']} 件，后续材料 {said['material']} 件"
    )
    yield "　".join(f"{words} {said['timing'][name]}" for name, words in timing.WORDS.items())
    yield "　".join(f"{words} {said['states'][name]}" for name, words in STATES.items())
    yield f"计入 {said['counted']} 份；申报资格待核对或不可的 {said['ineligible']} 份；有待人工决定的 {said['waiting']} 份"
    yield "领域：" + "　".join(f"{name} {count}" for name, count in said["domains"].items())
    for group in standing.campaign.organisers:
        bounds = [f"不少于 {group.least}"] * (group.least is not None)
        bounds += [f"不超过 {group.most}"] * (group.most is not None)
        yield f"{group.title}（{'，'.join(bounds) or '不限'}）"
        for row in (one for one in said["organisers"] if one["group"] == group.name):
            short = f"，缺 {row['lacks']}" if row["lacks"] else f"，超 {row['over']}" if row["over"] else ""
            asked = f"，待核对 {row['doubtful']}" if row["doubtful"] else ""
            yield f"  {row['organiser']}：来 {row['came']}，计入 {row['counted']}{short}{asked}"
    yield f"看不出由谁推荐 {said['unassigned']} 份，推荐渠道待核对 {said['unsure_organiser']} 份"
    if said["missing_organisers"]:
        yield f"尚无申报：{'、'.join(said['missing_organisers'])}"
    if said["missing_units"]:
        yield f"应报未报 {len(said['missing_units'])} 家：{'、'.join(said['missing_units'][:20])}"
