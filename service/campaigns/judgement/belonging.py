"""Which call a submission belongs to, where nobody said: the only one with its form that was open when it
came (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from models.campaign import Campaign


@dataclass(frozen=True)
class Call:
    """What tells a call from others: its form, and the days between which something may come for it."""

    name: str
    title: str
    form: str
    zone: tzinfo
    opens: date | None = None
    closed: date | None = None

    @classmethod
    def of(cls, campaign: Campaign, zone: tzinfo) -> "Call":
        """The call that `campaign` says, its days in `zone`."""
        return cls(
            campaign.name, campaign.title, campaign.form, zone, campaign.applying.opens, campaign.closed
        )

    @property
    def is_always_open(self) -> bool:
        """Whether it takes what comes on any day."""
        return self.opens is None and self.closed is None

    def takes(self, form: str, came: datetime) -> bool:
        """Whether a submission of `form` that came then may be for it."""
        day = came.astimezone(self.zone).date()
        is_early = self.opens is not None and day < self.opens
        is_over = self.closed is not None and day > self.closed
        return form == self.form and not is_early and not is_over


def fitting(form: str, came: datetime, calls: Iterable[Call]) -> list[str]:
    """The names of the calls that a submission of `form` may be for; it belongs to one only where it is
    alone."""
    return [call.name for call in calls if call.takes(form, came)]
