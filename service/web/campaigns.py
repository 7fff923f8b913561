"""The campaigns that the service knows, each kept at hand once it was asked for; and what the API says of
them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

from fastapi import Depends, Request

from models.errors import NotFound, SealformError
from service.campaigns.desk import Desk, Seen
from service.campaigns.judgement.standing import Application
from service.campaigns.loading import Loaded, known_campaigns, load_campaign
from service.store.forms import FormStore

_AFTER = timedelta(days=366)


class Campaigns:
    """Desks by the campaigns' names. A definition is read when the service starts to work on it; one that is
    changed needs a restart, as a form's does."""

    def __init__(self, forms: FormStore, folder: Path | None) -> None:
        self._forms, self._folder = forms, folder
        self._lock = Lock()
        self._desks: dict[str, Desk] = {}

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
                self._desks[name] = Desk(load_campaign(name, self._forms.current(), self._folder))
            return self._desks[name]

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


def _campaigns(request: Request) -> Campaigns:
    found = request.app.state.campaigns
    assert isinstance(found, Campaigns)
    return found


Known = Annotated[Campaigns, Depends(_campaigns)]


def shown(one: Application, seen: Seen) -> Mapping[str, Any]:
    """An application as the API says it; its number is the last copy's."""
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
        "counted": one.counts_for(seen.standing.campaign),
        "ruling": {
            "organiser": ruling.organiser,
            "may_apply": ruling.may_apply,
            "in_time": ruling.in_time,
            "recommendation": ruling.recommendation,
            "reason": ruling.reason,
            "second": ruling.second,
            "version": seen.versions.get(number, 0),
        },
    }
