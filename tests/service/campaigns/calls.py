"""The shipped campaigns, loaded once, and entries to judge."""

from datetime import datetime
from functools import cache
from typing import Any

from service.campaigns.judgement.entries import Arrival, Entry
from service.campaigns.loading import Loaded, load_campaign
from service.forms.definitions import load_forms


@cache
def call(name: str = "near-zero-carbon-2021") -> Loaded:
    return load_campaign(name, load_forms())


def entry(key: str = "a#1", **more: Any) -> Entry:
    """An entry of the first campaign; `unit`, `title`, `domain`, `address`, `seal` by what they are."""
    fields = call().campaign.fields
    values: dict[str, Any] = {
        fields.unit: more.pop("unit", "武汉启明科技有限公司"),
        fields.title: more.pop("title", "启明近零碳工厂"),
        str(fields.domain): more.pop("domain", ["企事业单位"]),
        str(fields.address): more.pop("address", None),
        str(fields.seal): {"present": True, "text": more.pop("seal", None), "agrees": None},
    }
    more.setdefault("arrival", Arrival(at("2021-02-05 10:00"), exact=True))
    return Entry(key, values, form=call().campaign.form, **more)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=call().judge.clock.zone)
