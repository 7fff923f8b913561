"""The campaigns that the service knows, each kept at hand once it was asked for; and what the API says of
them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

from fastapi import Depends, Request

from models.errors import NotFound, SealformError
from service.campaigns.desk import Desk, Seen
from service.campaigns.judgement.belonging import Call, fitting
from service.campaigns.judgement.standing import Application
from service.campaigns.loading import Loaded, calls, known_campaigns, load_campaign
from service.store import belongings, listing
from service.store.database import Database
from service.store.forms import FormStore
from service.web.scoring import seen_by


@dataclass(frozen=True)
class Asked:
    """A submission (a row of `service.store.belongings`) and the campaigns that it may be for."""

    row: Any
    fits: list[str]


_AFTER = timedelta(days=366)


class Campaigns:
    """Desks by the campaigns' names. A definition is read when the service starts to work on it; one that is
    changed needs a restart, as a form's does."""

    def __init__(self, forms: FormStore, folder: Path | None) -> None:
        self._forms, self._folder = forms, folder
        self._lock = Lock()
        self._desks: dict[str, Desk] = {}
        self._asked: tuple[int, list[Asked]] | None = None

    def names(self) -> list[str]:
        """All that there are."""
        return list(known_campaigns(self._folder))

    def desk(self, name: str) -> Desk:
        """The campaign of that name.

        Raises:
            NotFound: there is none.
            DefinitionError: its definition is wrong.
        """
        with self._lock:
            if name not in self._desks:
                if name not in self.names():
                    raise NotFound(f"没有名为“{name}”的活动")
                forms = self._forms.current()
                loaded = load_campaign(name, forms, self._folder)
                self._desks[name] = Desk(loaded, calls(forms, self._folder, loaded))
            return self._desks[name]

    def asked(self, database: Database) -> list[Asked]:
        """The submissions of which a person has to say which campaign they are for, by number: those that fit
        none, or several."""
        with database.read() as connection:
            last = listing.last_change(connection)
        if self._asked is None or self._asked[0] != last:
            self._asked = last, self._ask(database)
        return self._asked[1]

    def _ask(self, database: Database) -> list[Asked]:
        desks = [self.desk(name) for name in self.names()]
        if not desks:
            return []
        every = [Call.of(desk.loaded.campaign, desk.loaded.judge.clock.zone) for desk in desks]
        forms = Counter(call.form for call in every)
        sure = [call.form for call in every if forms[call.form] == 1 and call.is_always_open]
        with database.read() as connection:
            rows = belongings.unplaced(connection, sure)
        # Material of a later stage is told by the unit that it names.
        laid = Counter(entry.key for desk in desks for entry in desk.look(database).standing.material)
        found = []
        for row in rows:
            came = row.arrived_at or row.received_at
            fits = fitting(row.form, came, every) if row.form else []
            if len(fits) != 1 and laid[str(row.id)] != 1:
                found.append(Asked(row, fits))
        return found

    def of_form(self, form: str, arrived: datetime) -> Loaded | None:
        """The campaign that something on `form` which arrived then is for: it had been called for, and it
        ended less than a year ago. The first to end, where there are several; None where there is none."""
        found = []
        for name in self.names():
            try:
                loaded = self.desk(name).loaded
                stage, clock = loaded.campaign.applying, loaded.judge.clock
                end = clock.grace_end(stage)
            except SealformError:
                continue
            opened = stage.opens is None or stage.opens <= clock.day(arrived)
            if loaded.campaign.form == form and opened and arrived < end + _AFTER:
                found.append((end, name, loaded))
        return min(found, key=lambda one: one[:2])[2] if found else None


async def _campaigns(request: Request) -> Campaigns:
    found = request.app.state.campaigns
    assert isinstance(found, Campaigns)
    return found


Known = Annotated[Campaigns, Depends(_campaigns)]


def shown(one: Application, seen: Seen, who: str) -> Mapping[str, Any]:
    """An application as the API says it to `who`; its number is the last copy's."""
    number, ruling = int(one.entry.key), one.entry.ruling
    return {
        "submission": number,
        "copies": [int(copy.key) for copy in one.copies],
        "unit": one.unit,
        "title": one.title,
        "domain": one.eligibility.domain,
        "state": one.state,
        "timing": {"verdict": one.timing.verdict, "sure": one.timing.sure, "reason": one.timing.reason},
        "eligibility": {"verdict": one.eligibility.verdict, "reason": one.eligibility.reason},
        "organiser": {
            "name": one.attribution.organiser,
            "evidence": one.attribution.evidence,
            "sure": one.attribution.sure,
            "reason": one.attribution.reason,
        },
        "doubts": list(one.doubts),
        "counted": one.counted,
        "ruling": {
            "organiser": ruling.organiser,
            "may_apply": ruling.may_apply,
            "in_time": ruling.in_time,
            "recommendation": ruling.recommendation,
            "reason": ruling.reason,
            "second": ruling.second,
            "version": seen.versions.get(number, 0),
            **seen_by(seen.standing.campaign, ruling, who),
        },
    }
