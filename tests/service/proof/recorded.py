"""Readings of returned forms whose truth is known, as `python -m benchmarks.bureau_readings` recorded
them."""

import gzip
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from models.errors import Unparsable
from models.fields import Field
from service.forms.definitions import load_forms
from service.proof.judgement.agreement import can_be_keyed, same
from service.proof.judgement.strata import Source, Stratum

READINGS = Path(__file__).parents[3] / "fixtures" / "readings" / "worn.json.gz"


@dataclass(frozen=True)
class Reading:
    """A field as it was read: how sure the reader said it is, whether it was accepted and right, and its
    text, where that is short."""

    stratum: Stratum
    field: str
    said: float
    accepted: bool
    right: bool
    text: str | None


@cache
def applications() -> Mapping[Source, Sequence[Sequence[Reading]]]:
    """The recorded applications by how they came, without what is too long to be keyed again."""
    told = json.loads(gzip.decompress(READINGS.read_bytes()))
    form = load_forms()[told["form"]]
    found: dict[Source, list[list[Reading]]] = defaultdict(list)
    for one in told["applications"]:
        came = max((said["source"] for said in one["fields"]), key=[s["source"] for s in one["fields"]].count)
        readings = [
            Reading(
                Stratum(form.name, said["kind"], came), said["field"], said["said"],
                said["decision"] == "accept", said["right"], said["value"],
            )
            for said in one["fields"]
            if _is_short(form.fields[said["field"]])
        ]  # fmt: skip
        found[came].append(readings)
    return found


@cache
def field_of(name: str) -> Field:
    """The definition of a recorded field."""
    form = load_forms()[json.loads(gzip.decompress(READINGS.read_bytes()))["form"]]
    return form.fields[name]


def _is_short(field: Field) -> bool:
    return not (field.is_long or field.widget == "table") and can_be_keyed(field, None)


@cache
def misread(field: str, text: str, digit: str, other: str, at: tuple[int, ...]) -> bool | None:
    """What becomes of a text in which the digit at each of these places is read as the other one: whether it
    says the same all the same; None where the field's own rules send it to a person."""
    definition: Any = field_of(field)
    try:
        value = definition.parse("".join(other if n in at else char for n, char in enumerate(text)))
    except Unparsable:
        return None
    if value is None or any(one.severity == "error" for one in definition.check(value, field)):
        return None
    return same(definition, definition.to_json(value), definition.to_json(definition.parse(text)))
