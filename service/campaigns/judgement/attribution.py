"""Through whom an application came: by who sent it, by the seal on it, by the district in its address, in
this order (pure).

`sure` is a promise that nobody needs to look. A single sign is that only where it can't be another's: an
address in a district says nothing of a department, and a seal that was read is one character away from its
neighbour's.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rapidfuzz.distance import Levenshtein

from models.campaign import Campaign, Organiser
from models.writing import key
from service.campaigns.judgement.entries import Entry

Evidence = Literal["sender", "seal", "address", "person"]
WORDS: dict[Evidence, str] = {"sender": "发件人", "seal": "推荐章", "address": "所在地", "person": "人工指定"}
_NEAR = 6  # one character in that many may be misread in a seal


@dataclass(frozen=True)
class Sign:
    """One sign of one organiser; a `strong` one can stand by itself."""

    evidence: Evidence
    organiser: Organiser
    strong: bool
    seen: str

    def __str__(self) -> str:
        return f"{WORDS[self.evidence]}“{self.seen}”"


@dataclass(frozen=True)
class Attribution:
    """Through whom it came, by what that is told, and why; None: nothing tells."""

    organiser: str | None
    evidence: Evidence | None
    sure: bool
    reason: str


class Roster:
    """The organisers of a campaign, by their signs."""

    def __init__(self, campaign: Campaign) -> None:
        self._members = [member for _, member in campaign.members()]
        self.names = {member.name: member for member in self._members}
        self._mail = {one: member for member in self._members for one in member.senders()}
        self._seals: Mapping[str, Organiser] = {
            key(seal): member for member in self._members for seal in member.seals
        }
        self._places = [(key(place), member) for member in self._members for place in member.places]

    def by_sender(self, sender: str) -> Sign | None:
        """An address of the roster, or one at a host of it."""
        sender = sender.strip().lower()
        host = sender.rpartition("@")[2]
        labels = host.split(".")
        hosts = (".".join(labels[start:]) for start in range(len(labels) - 1))
        found = (self._mail[one] for one in (sender, *hosts) if one in self._mail)
        member = next(found, None)
        return Sign("sender", member, True, sender) if member else None

    def by_seal(self, text: str, *, weighed: bool) -> Sign | None:
        """A seal of the roster that `text` holds; else the only one that it nearly is, or whose district it
        names."""
        read = key(text)
        held = [seal for seal in self._seals if seal in read]
        if held:
            longest = max(held, key=len)
            # Two seals of different organisers in one text: one of them was read into the other.
            several = any(seal not in longest for seal in held)
            strong = not several and (weighed or not self._has_neighbour(longest))
            return Sign("seal", self._seals[longest], strong, text)
        near = {
            self._seals[seal].name
            for seal in self._seals
            if Levenshtein.distance(read, seal, score_cutoff=len(seal) // _NEAR) <= len(seal) // _NEAR
        }
        if len(near) == 1:
            return Sign("seal", self.names[near.pop()], False, text)
        place = self._place(text)
        return Sign("seal", place, False, text) if place and not near else None

    def by_address(self, address: str) -> Sign | None:
        """The only organiser whose district the address names. It may as well have come through another, who
        has no district."""
        place = self._place(address)
        return Sign("address", place, False, address) if place else None

    def _place(self, text: str) -> Organiser | None:
        words = key(text)
        found = {member.name for place, member in self._places if place in words}
        return self.names[found.pop()] if len(found) == 1 else None

    def _has_neighbour(self, seal: str) -> bool:
        mine = self._seals[seal]
        return any(
            other is not mine and Levenshtein.distance(seal, text, score_cutoff=2) <= 2
            for text, other in self._seals.items()
        )


def judge_attribution(campaign: Campaign, roster: Roster, entry: Entry) -> Attribution:
    """Through whom `entry` came; a person's word goes before all signs."""
    if entry.ruling.organiser is not None and entry.ruling.organiser in roster.names:
        told = f"人工指定{f'：{entry.ruling.reason}' if entry.ruling.reason else ''}"
        return Attribution(entry.ruling.organiser, "person", True, told)
    signs = list(_signs(campaign, roster, entry))
    if not signs:
        return Attribution(None, None, False, "发件人、推荐章、地址都看不出由谁推荐，请指定")
    first, *others = signs
    against = [other for other in others if _contradicts(first, other)]
    beside = [other for other in others if other.organiser is first.organiser]
    told = "，".join(str(sign) for sign in [first, *beside])
    if against:
        doubt = "；".join(f"但{sign}像是{sign.organiser.called}" for sign in against)
        return Attribution(first.organiser.name, first.evidence, False, f"{told}；{doubt}，请核对")
    if first.strong or beside:
        return Attribution(first.organiser.name, first.evidence, True, told)
    return Attribution(first.organiser.name, first.evidence, False, f"只有{told}，请核对")


def _signs(campaign: Campaign, roster: Roster, entry: Entry) -> Iterator[Sign]:
    """What there is to see, in the order in which it counts."""
    fields = campaign.fields
    found = [
        roster.by_sender(entry.sender) if entry.sender else None,
        _seal(roster, entry, fields.seal),
        roster.by_address(text) if (text := entry.text(fields.address)) else None,
    ]
    yield from (sign for sign in found if sign)


def _seal(roster: Roster, entry: Entry, name: str | None) -> Sign | None:
    value: Any = entry.values.get(name) if name else None
    text = value.get("text") if isinstance(value, Mapping) and value.get("present") else None
    if name is None or not isinstance(text, str) or not text.strip():
        return None
    return roster.by_seal(text, weighed=name not in entry.unsettled | entry.unweighed)


def _contradicts(first: Sign, other: Sign) -> bool:
    """Whether the other sign speaks against the first. Everything is in some district, so that an address
    speaks only against another district."""
    if other.organiser is first.organiser:
        return False
    return other.evidence != "address" or bool(first.organiser.places)
