"""A campaign over the service's database. What came is kept between two looks, and only what has changed
since is read again: a campaign of ten thousand would take seconds otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

import sqlalchemy as sa

from models.errors import NotFound
from service.campaigns.gather import moment
from service.campaigns.judgement.belonging import Call, fitting
from service.campaigns.judgement.entries import Arrival, Entry, Handling, Ruling
from service.campaigns.judgement.outcome import AnnouncedRow, Memory, Outcome, decide_outcome
from service.campaigns.judgement.standing import Application, Standing
from service.campaigns.loading import Loaded
from service.campaigns.own_rows import Content
from service.campaigns.summary import figures
from service.store import campaigns, listing
from service.store.database import Database
from service.store.marks import SETTLED
from service.store.statuses import Status

_HANDLED: Mapping[Status, Handling] = {
    "received": "waiting", "reading": "waiting", "unreadable": "unreadable", "in-review": "open",
    "returned": "returned", "accepted": "accepted", "rejected": "rejected", "withdrawn": "withdrawn",
}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """The campaign as it stood at the change numbered `change`; of each submission the version of what was
    decided on it here."""

    standing: Standing
    versions: Mapping[int, int]
    change: int

    def of(self, submission: int) -> Application:
        """The application of which that submission is a copy.

        Raises:
            NotFound: it is none of this campaign's.
        """
        name = str(submission)
        found = (one for one in self.standing.applications if any(copy.key == name for copy in one.copies))
        one = next(found, None)
        if one is None:
            raise NotFound(f"编号 {submission} 不是这次活动的申请")
        return one


@dataclass(frozen=True)
class Announced:
    """The list that was announced above as it was brought in, its `version` 0 where none was, and what came
    of it; `outcome` is None where that list is still waited for."""

    file: str | None
    version: int
    outcome: Outcome | None


class Desk:
    """One campaign, for all threads of a process. `calls` are all that there are, this one among them."""

    def __init__(self, loaded: Loaded, calls: Sequence[Call] = ()) -> None:
        self.loaded = loaded
        self._calls = calls or [Call.of(loaded.campaign, loaded.judge.clock.zone)]
        self._lock = Lock()
        self._running = loaded.judge.running()
        self._versions: dict[int, int] = {}
        self._seen: Seen | None = None
        self._announced: tuple[int, Announced] | None = None
        self._memory = Memory()
        self._figures: tuple[int, datetime, Mapping[str, Any]] | None = None

    def look(self, database: Database) -> Seen:
        """The campaign as it stands."""
        with self._lock, database.snapshot() as connection:
            last = listing.last_change(connection)
            if self._seen is None or self._seen.change != last:
                after = self._seen.change if self._seen else 0
                # What breaks off half-way is begun anew.
                known, self._seen = self._seen, None
                if known is None:
                    self._running = self.loaded.judge.running()
                self._read(connection, after)
                self._seen = Seen(self._running.standing(), dict(self._versions), last)
            return self._seen

    def outcome(self, database: Database, seen: Seen) -> Announced:
        """What comes of the campaign as it was `seen`."""
        with self._lock:
            known, version = self._announced, _version(database, self.loaded.campaign.name)
            if known is None or (known[0], known[1].version) != (seen.change, version):
                known = self._announced = seen.change, decided(database, seen.standing, self._memory)
            return known[1]

    def figures(self, seen: Seen, now: datetime) -> Mapping[str, Any]:
        """Every figure of the campaign as it was `seen`; they are the same for a minute."""
        now = now.replace(second=0, microsecond=0)
        with self._lock:
            known = self._figures
            if known is None or known[:2] != (seen.change, now):
                made = figures(seen.standing, self.loaded.judge.clock, now)
                known = self._figures = seen.change, now, made
            return known[2]

    def contents(self, database: Database, standing: Standing) -> dict[str, Content]:
        """All values of the applications, by their keys."""
        numbers = [int(one.entry.key) for one in standing.applications]
        with database.read() as connection:
            return {
                str(row.submission_id): Content(
                    row.content,
                    frozenset(name for name, mark in row.marks.items() if mark["state"] == "doubtful"),
                    {name: mark["unweighed"] for name, mark in row.marks.items() if mark.get("unweighed")},
                )
                for row in campaigns.contents(connection, numbers)
            }

    def entries(self, database: Database) -> list[Entry]:
        """What came, by number, as it stands."""
        self.look(database)
        return self._running.entries()

    def _read(self, connection: sa.Connection, after: int) -> None:
        campaign = self.loaded.campaign
        for row in campaigns.changed(connection, campaign.form, campaign.name, after):
            # Of a tombstone there is nothing to judge.
            if row.purged_at is not None or not self._is_ours(row):
                self._running.drop(row.id)
                continue
            files = [row.name] if row.form else campaigns.files_of(connection, row.upload_id)
            self._running.put(row.id, _entry(self.loaded, row, tuple(files)))
            self._versions[row.id] = row.ruling_version or 0

    def _is_ours(self, row: Any) -> bool:
        """Whether a submission is for this campaign: a person said so, or it can be for no other. What nobody
        could read may be anybody's, until a person says whose."""
        mine = self.loaded.campaign.name
        if row.placing is not None:
            return bool(row.placed == mine)
        if row.form is None:
            return True
        return fitting(row.form, row.arrived_at or row.received_at, self._calls) == [mine]


def _entry(loaded: Loaded, row: Any, files: tuple[str, ...]) -> Entry:
    content, marks, message = row.content or {}, row.marks or {}, row.message or {}
    wanted = {name for name in loaded.campaign.fields.model_dump().values() if name}
    settled = {name for name, mark in marks.items() if mark["state"] in SETTLED}
    return Entry(
        key=str(row.id),
        values={name: content.get(name) for name in wanted},
        unsettled=frozenset(name for name in wanted if marks.get(name, {}).get("state") == "doubtful"),
        unweighed=frozenset(name for name in wanted - settled if marks.get(name, {}).get("unweighed")),
        arrival=Arrival(
            row.arrived_at or row.received_at,
            row.arrived_at is not None,
            moment(message.get("time"), loaded.judge.clock.zone),
            moment(message.get("received"), loaded.judge.clock.zone),
        ),
        sender=message.get("address"),
        handling=_HANDLED[row.status],
        ruling=Ruling(**(row.ruling or {}), reason=row.reason),
        files=files,
        subject=message.get("subject"),
        form=row.form,
        replaced_by=str(row.replaced_by) if row.replaced_by else None,
        assignee=f"user:{row.assignee}" if row.assignee else None,
    )


def decided(database: Database, standing: Standing, memory: Memory | None = None) -> Announced:
    """What comes of a campaign that stands so, by the list that was brought into the service."""
    with database.read() as connection:
        kept = campaigns.announcement(connection, standing.campaign.name)
    if kept is None:
        waits = standing.campaign.announced is not None
        return Announced(None, 0, None if waits else decide_outcome(standing, []))
    rows = [AnnouncedRow(*row) for row in kept.content["rows"]]
    settled = {int(row): None if one is None else str(one) for row, one in kept.content["settled"].items()}
    return Announced(kept.content["file"], kept.version, decide_outcome(standing, rows, settled, memory))


def _version(database: Database, campaign: str) -> int:
    with database.read() as connection:
        kept = campaigns.announcement(connection, campaign)
    return kept.version if kept else 0
