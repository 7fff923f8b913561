"""What came, as entries of a campaign: from the lines of a results file."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path

from models.campaign import Campaign
from service.campaigns.judgement.entries import Arrival, Entry
from service.campaigns.own_rows import Content
from service.campaigns.sheets import Ruled
from service.results import Line


def from_lines(
    campaign: Campaign, lines: Iterable[Line], zone: tzinfo, reached: Mapping[str, datetime] | None = None
) -> Iterator[Entry]:
    """An entry for each of `lines`. `reached` says of messages, by their files' names, when they were in the
    mailbox."""
    reached = reached or {}
    wanted = {name for name in campaign.fields.model_dump().values() if name}
    for line in lines:
        message: Mapping[str, object] = line.get("message") or {}
        fields = {name: field for name, field in line["fields"].items() if name in wanted}
        received = reached.get(Path(line["source"]).name)
        yield Entry(
            key=_key(line),
            values={name: field["value"] for name, field in fields.items()},
            unsettled=frozenset(name for name, field in fields.items() if field["decision"] != "accept"),
            unweighed=frozenset(name for name, field in fields.items() if field.get("unweighed")),
            arrival=Arrival(
                received,
                received is not None,
                moment(message.get("time"), zone),
                moment(message.get("received"), zone),
            ),
            sender=_text(message.get("address")),
            handling="unreadable" if line["error"] else "open",
            files=tuple(part["name"] for part in line["parts"]),
            subject=_text(message.get("subject")),
            form=line["form"],
        )


def contents_of(lines: Iterable[Line]) -> dict[str, Content]:
    """All values of the applications in `lines`, by their keys."""
    return {
        _key(line): Content(
            {name: field["value"] for name, field in line["fields"].items()},
            frozenset(name for name, field in line["fields"].items() if field["decision"] != "accept"),
            {name: field["unweighed"] for name, field in line["fields"].items() if field.get("unweighed")},
        )
        for line in lines
    }


def _key(line: Line) -> str:
    return f"{line['source']}#{line.get('application', 1)}"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def moment(text: object, zone: tzinfo) -> datetime | None:
    """A time as a result has it; one without a zone is of `zone`, because the mail said none."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
        return found if found is None or found.tzinfo else found.replace(tzinfo=zone)
    except ValueError:
        return None


def until(entries: Iterable[Entry], now: datetime) -> tuple[list[Entry], int]:
    """The entries that had come by `now`, and how many came later."""
    every = list(entries)
    came = [entry for entry in every if (known := _known(entry.arrival)) is None or known <= now]
    return came, len(every) - len(came)


def _known(arrival: Arrival) -> datetime | None:
    return arrival.received or arrival.stamped or arrival.sent


def ruled(entries: Iterable[Entry], rulings: Ruled) -> tuple[list[Entry], list[str]]:
    """`entries` with what persons decided, and the keys that were decided on and are not there."""
    left, made = dict(rulings), []
    for entry in entries:
        ruling, handling = left.pop(entry.key, (entry.ruling, None))
        # What could not be read stays so, whatever became of it.
        kept = entry.handling if entry.handling == "unreadable" else handling or entry.handling
        made.append(replace(entry, ruling=ruling, handling=kept))
    return made, list(left)
