"""A campaign to which submissions come, change and go: what one of them changes is judged anew, and nothing
else (pure).

What stands is a function of the entries alone, whatever happened before: a test compares it, after any
sequence of events, with a judgement of everything at once that is written another way.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from models.campaign import Campaign
from models.writing import key
from service.campaigns.judgement.applicants import Units
from service.campaigns.judgement.entries import Entry
from service.campaigns.judgement.material import Shelf, is_unread
from service.campaigns.judgement.standing import Application, Standing

# What entries bear, and by what others bear they are copies of each other.
_BESIDE = {"key": ("key", "replaced by"), "names": ("names",), "replaced by": ("key",)}
_NEVER = datetime.max.replace(tzinfo=UTC)
Judged = Callable[[Sequence[Entry], Mapping[str, Sequence[Entry]]], Application]


class Running:
    """Entries by their places, which give the order; an application stands where its first copy does. `judge`
    says what is judged of copies and of the material that came for them."""

    def __init__(self, campaign: Campaign, units: Units, judge: Judged) -> None:
        self._campaign, self._judge = campaign, judge
        register = campaign.register_
        self._expected = [(row.unit, key(row.unit)) for row in units.rows if register and register.expected]
        self._entries: dict[int, Entry] = {}
        self._links = _Links(campaign)
        self._shelf = Shelf(campaign)
        self._copies: dict[int, list[int]] = {}
        self._first: dict[int, int] = {}
        self._order: list[int] = []
        # By unit: where its applications stand, and how many of them were not taken back.
        self._named: dict[str, set[int]] = {}
        self._live = Counter[str]()
        self._alone: dict[int, Application] = {}
        self._made: dict[int, Application] = {}
        self._stale = set[int]()
        self._renamed = set[str]()

    def entries(self) -> list[Entry]:
        """All entries in order."""
        return [self._entries[place] for place in sorted(self._entries)]

    def put(self, place: int, entry: Entry) -> None:
        """Adds an entry, or says how the one in that place is now."""
        self.drop(place)
        self._entries[place] = entry
        if not is_unread(entry) and entry.form == self._campaign.form:
            self._links.add(place, entry)
            self._stale.add(place)
        else:
            self._renamed.update(self._shelf.put(place, entry))

    def drop(self, place: int) -> None:
        """Takes away what is in that place."""
        if self._entries.pop(place, None) is None:
            return
        if place in self._first:
            self._stale |= {*self._copies[self._first[place]]}
        self._stale.discard(place)
        self._links.remove(place)
        self._renamed.update(self._shelf.drop(place))
        self._part(place)

    def standing(self) -> Standing:
        """How it stands."""
        self._regroup()
        self._renamed |= self._shelf.settle(self._named)
        for name in self._renamed:
            self._tell(name)
        self._renamed.clear()
        unread, strays, material = self._shelf.sorted()
        return Standing(
            self._campaign,
            [self._made[place] for place in self._order],
            unread,
            strays,
            material,
            [unit for unit, name in self._expected if not self._live[name]],
        )

    def _regroup(self) -> None:
        """Takes together what belongs together among those that changed and all that hang on them."""
        groups = list(self._links.groups(self._stale))
        for group in groups:
            for place in group:
                self._part(place)
        for group in groups:
            self._join(self._links.ordered(group, self._entries))
        self._stale.clear()

    def _part(self, place: int) -> None:
        """Takes apart the application that the entry was a copy of."""
        first = self._first.get(place)
        if first is None:
            return
        for copy in self._copies.pop(first):
            del self._first[copy]
        del self._order[bisect_left(self._order, first)]
        one = self._alone.pop(first)
        self._made.pop(first, None)
        self._count(one, first, -1)

    def _join(self, copies: list[int]) -> None:
        first = min(copies)
        self._copies[first] = copies
        self._first |= dict.fromkeys(copies, first)
        insort(self._order, first)
        one = self._alone[first] = self._judge([self._entries[copy] for copy in copies], {})
        self._made[first] = one
        self._count(one, first, 1)

    def _count(self, one: Application, first: int, more: int) -> None:
        if not one.unit:
            return
        name = self._name(one)
        self._renamed.add(name)
        self._live[name] += more * (one.state != "withdrawn")
        known = name in self._named
        held = self._named.setdefault(name, set())
        (held.add if more > 0 else held.discard)(first)
        if not held:
            del self._named[name]
        if name and known != (name in self._named):
            self._shelf.name(name, self._named)

    def _tell(self, name: str) -> None:
        """Lays what came for it to the last application of a unit, and tells where it applies more than once,
        for different things."""
        held = self._named.get(name, set())
        for first in held:
            brought = self._shelf.brought(name) if first == max(held) else {}
            if brought or any(map(_is_any, self._alone[first].material.values())):
                copies = [self._entries[copy] for copy in self._copies[first]]
                self._alone[first] = self._judge(copies, brought)
            self._made[first] = _with_siblings(self._alone[first], self._live[name])

    def _name(self, one: Application) -> str:
        return one.entry.key_of(self._campaign.fields.unit)


def _is_any(parts: Mapping[str, bool]) -> bool:
    return any(parts.values())


class _Links:
    """Which entries are copies of one application: what a person said replaces another, and what bears the
    same unit and the same title."""

    def __init__(self, campaign: Campaign) -> None:
        self._unit, self._title = campaign.fields.unit, campaign.fields.title
        self._names: dict[int, list[tuple[str, ...]]] = {}
        self._held: dict[tuple[str, ...], set[int]] = {}

    def add(self, place: int, entry: Entry) -> None:
        """Adds the entry that came to `place`."""
        names: list[tuple[str, ...]] = [("key", entry.key)]
        bears = entry.key_of(self._unit), entry.key_of(self._title)
        names += [("names", *bears)] if all(bears) else []
        names += [("replaced by", entry.replaced_by)] if entry.replaced_by else []
        self._names[place] = names
        for name in names:
            self._held.setdefault(name, set()).add(place)

    def remove(self, place: int) -> None:
        """Takes away the entry that was there."""
        for name in self._names.pop(place, ()):
            self._held[name].discard(place)
            if not self._held[name]:
                del self._held[name]

    def groups(self, places: Iterable[int]) -> Iterator[set[int]]:
        """Yields the sets of copies that hang on any of `places`."""
        seen = set[int]()
        for start in places:
            if start in seen or start not in self._names:
                continue
            group, left = {start}, [start]
            while left:
                beside = self._beside(left.pop()) - group
                group |= beside
                left += beside
            seen |= group
            yield group

    def _beside(self, place: int) -> set[int]:
        found = set[int]()
        for kind, *words in self._names[place]:
            # Two that wait for the same third, which is not there, are no copies of each other.
            for beside in _BESIDE[kind]:
                found |= self._held.get((beside, *words), set())
        return found

    def ordered(self, group: set[int], entries: Mapping[int, Entry]) -> list[int]:
        """The copies, the one that counts last: what was replaced goes first, then by when they came."""
        if len(group) < 2:
            return list(group)

        def rank(place: int) -> tuple[bool, datetime, int]:
            by = entries[place].replaced_by
            return not (by and ("key", by) in self._held), _moment(entries[place]), place

        return sorted(group, key=rank)


def _moment(entry: Entry) -> datetime:
    known = [one for one in (entry.arrival.received, entry.arrival.sent) if one is not None]
    return min(known, default=_NEVER)


def _with_siblings(one: Application, same_unit: int) -> Application:
    """Told where the same unit applies more than once, for different things."""
    if same_unit < 2 or one.state == "withdrawn":
        return one
    told = f"重复：同一单位有 {same_unit} 份名称不同的申请，请核对是否为同一申请"
    return replace(one, doubts=(*one.doubts, told))
