"""What came for later stages: the documents that a stage asks for, and the applicants that submissions name
(pure)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from models.campaign import Campaign, Stage
from models.writing import key
from service.campaigns.judgement.entries import Entry


def documents(stage: Stage, entries: Iterable[Entry]) -> Mapping[str, bool]:
    """{document that the stage asks for: whether it is among what came}."""
    told = key(" ".join(name for entry in entries for name in (*entry.files, entry.subject or "")))
    return {one.name: any(key(word) in told for word in one.known_by) for one in stage.material}


def is_complete(stage: Stage, brought: Mapping[str, bool]) -> bool:
    """Whether all that the stage asks for is there."""
    return all(brought.get(one.name) for one in stage.material if one.required)


@dataclass(frozen=True)
class _Kept:
    """A submission that may be material: what it says of itself, and the stages that ask for any of it."""

    entry: Entry
    told: str
    stages: tuple[str, ...]


class Shelf:
    """Submissions that are no application: those that name one applicant's unit in a file's name or the
    subject, and bring a document that a stage asks for, are that one's. One that names two units is nobody's.
    """

    def __init__(self, campaign: Campaign) -> None:
        self._later = campaign.stages[1:]
        self._kept: dict[int, _Kept] = {}
        self._owners: dict[int, str] = {}
        self._of: dict[str, set[int]] = {}
        self._lengths = Counter[int]()
        # Those of which it is known whose they are, and those to be looked at.
        self._looked, self._fresh = set[int](), set[int]()

    def put(self, place: int, entry: Entry) -> Iterator[str]:
        """Adds a submission in place of what was there; yields the names that lose something."""
        yield from self.drop(place)
        told = key(" ".join([*entry.files, entry.subject or ""]))
        stages = (stage.name for stage in self._later if any(documents(stage, [entry]).values()))
        self._kept[place] = _Kept(entry, told, tuple(stages))
        self._fresh.add(place)

    def drop(self, place: int) -> Iterator[str]:
        """Takes away what was there; yields the names that lose something."""
        self._fresh.discard(place)
        self._looked.discard(place)
        if self._kept.pop(place, None) is not None:
            yield from self._disown(place)

    def name(self, name: str, names: Mapping[str, object]) -> None:
        """Says that applicants of that name came or are gone; `names` are all that there are now."""
        self._lengths[len(name)] += 1 if name in names else -1
        if not self._lengths[len(name)]:
            del self._lengths[len(name)]
        again = {place for place in self._looked if name in self._kept[place].told}
        self._fresh |= again
        self._looked -= again

    def settle(self, names: Mapping[str, object]) -> set[str]:
        """Looks again at what is fresh, or names somebody who came or is gone; returns the names to which
        something is laid or was."""
        changed = set[str]()
        for place in self._fresh:
            changed.update(self._disown(place))
            kept = self._kept[place]
            owner = self._owner(kept.told, names) if kept.stages else None
            if owner is not None:
                self._owners[place] = owner
                self._of.setdefault(owner, set()).add(place)
            changed |= {owner} if owner is not None else set()
        self._looked |= self._fresh
        self._fresh.clear()
        return changed

    def brought(self, name: str) -> Mapping[str, list[Entry]]:
        """{stage: what came for the applicant of that name}, what is unread first."""
        found: dict[str, list[Entry]] = {}
        for place in sorted(self._of.get(name, ()), key=self._order):
            for stage in self._kept[place].stages:
                found.setdefault(stage, []).append(self._kept[place].entry)
        return found

    def sorted(self) -> tuple[list[Entry], list[Entry], list[Entry]]:
        """What is unread, of another form, and material."""
        unread, strays, material = list[Entry](), list[Entry](), list[Entry]()
        for place in sorted(self._kept, key=self._order):
            entry = self._kept[place].entry
            is_laid = place in self._owners
            (material if is_laid else unread if is_unread(entry) else strays).append(entry)
        return unread, strays, material

    def _order(self, place: int) -> tuple[bool, int]:
        return not is_unread(self._kept[place].entry), place

    def _disown(self, place: int) -> Iterator[str]:
        owner = self._owners.pop(place, None)
        if owner is not None:
            self._of[owner].discard(place)
            if not self._of[owner]:
                del self._of[owner]
            yield owner

    def _owner(self, told: str, names: Mapping[str, object]) -> str | None:
        """The only name in `told` that is no part of another there."""
        named = {
            piece
            for length in self._lengths
            for start in range(len(told) - length + 1)
            if (piece := told[start : start + length]) in names
        }
        longest = {name for name in named if not any(name in other for other in named - {name})}
        return longest.pop() if len(longest) == 1 else None


def is_unread(entry: Entry) -> bool:
    """Whether nobody knows yet what it is."""
    return entry.handling in ("waiting", "unreadable") or entry.form is None
