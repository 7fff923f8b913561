"""Points that reviewers give to an application: whose are whose, and who sees them when."""

from collections.abc import Mapping
from typing import Any

from models.campaign import Campaign
from models.errors import Conflict, Invalid
from service.campaigns.judgement.entries import Ruling

Points = Mapping[str, int]


def scored(
    campaign: Campaign, before: Mapping[str, Any], given: Points | None, second: str | None, who: str
) -> dict[str, Any]:
    """What is kept of points, and who the second reviewer is, once `who` gave points: None leaves them as
    they are, an empty one takes them back. `before` is what was kept.

    Raises:
        Invalid: a criterion is missing, is not the campaign's, or has more points than it can have.
        Conflict: as many reviewers as the campaign has gave points already, all of them others.
    """
    first, other, by = before.get("scores"), before.get("second_scores"), before.get("scored_by")
    of_other = before.get("second") if other else None
    kept = {"scores": first, "second_scores": other, "scored_by": by, "second": second or of_other}
    if given is None:
        return kept
    _check(campaign, given)
    said = dict(given) or None
    if of_other != who and (not first or by == who):
        return kept | {"scores": said, "scored_by": who if said else None}
    if campaign.reviewers < 2:
        # One who gives the same has looked a second time; one who does not, gives them anew.
        return kept | ({"second": second or who} if said == first else {"scores": said, "scored_by": who})
    if of_other not in (None, who):
        raise Conflict("这份申请已有两位复核人评分", advice="要改分的，请由评分的人自己修改")
    return kept | {"second_scores": said, "second": who if said else second}


def _check(campaign: Campaign, given: Points) -> None:
    if not campaign.points:
        raise Invalid("这次活动不评分")
    if given and given.keys() != campaign.points.keys():
        raise Invalid("应把各项都评分", advice=f"各项是 {'、'.join(campaign.points)}")
    for name, points in given.items():
        if not 0 <= points <= campaign.points[name]:
            raise Invalid(f"“{name}”应为 0 至 {campaign.points[name]} 分")


def seen_by(campaign: Campaign, ruling: Ruling, who: str) -> dict[str, Any]:
    """What `who` sees of points: their own; the others' and the total once nobody has to give any without
    having seen them."""
    is_first, is_second = ruling.scored_by == who, ruling.second == who and ruling.second_scores is not None
    is_open = not ruling.scores_lack(campaign.reviewers)
    mine = ruling.scores if is_first else ruling.second_scores if is_second else None
    total = ruling.total if is_open else None
    return {
        "mine": mine,
        "scores": ruling.scores if is_open else None,
        "second_scores": ruling.second_scores if is_open else None,
        "total": None if total is None else float(total),
    }
