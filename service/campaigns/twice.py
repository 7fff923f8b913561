"""Fields that a campaign has keyed by two people, beside those that its form says."""

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path

from models.errors import SealformError
from service.campaigns.judgement.belonging import Call
from service.campaigns.loading import known_campaigns, load_campaign
from service.store.forms import FormStore

_log = logging.getLogger(__name__)


class KeyedTwice:
    """Says of what came on a form which fields its campaigns have keyed twice: those of every call that it
    may be for, because nobody has placed it yet."""

    def __init__(self, forms: FormStore, folder: Path | None) -> None:
        self._forms, self._folder = forms, folder

    def __call__(self, form: str, came: datetime) -> frozenset[str]:
        """The fields of `form`, of something that came then."""
        return frozenset(
            name for call, names in self._named.items() if call.takes(form, came) for name in names
        )

    @cached_property
    def _named(self) -> Mapping[Call, tuple[str, ...]]:
        found: dict[Call, tuple[str, ...]] = {}
        forms = self._forms.current()
        for name in known_campaigns(self._folder):
            try:
                loaded = load_campaign(name, forms, self._folder)
            except SealformError as error:
                # `sealform campaign check` tells what is wrong; reading goes on without it.
                _log.error("campaign: %s", error.code)
                continue
            if loaded.campaign.keyed_twice:
                call = Call.of(loaded.campaign, loaded.judge.clock.zone)
                found[call] = loaded.campaign.keyed_twice
        return found
