"""Whether two values say the same, and what became of a sample by what people keyed."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from models.fields.base import FieldBase
from models.writing import key

# What became of a sample: it waits for the first, the second or the third person; the accepted value was
# right or wrong, or nobody could read what stands there.
State = Literal["first", "second", "third", "right", "wrong", "unclear"]
OPEN: tuple[State, ...] = ("first", "second", "third")
# Counted as errors: what two people can't read nobody may accept.
BAD: tuple[State, ...] = ("wrong", "unclear")
_MOST_KEYED = 80
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[^\w\s](?=\d)")


@dataclass(frozen=True)
class Keyed:
    """What one person keyed, as JSON of the field's kind; None: nothing stands there. `legible` is False
    where the person could not read it."""

    value: Any
    legible: bool = True


def same(field: FieldBase[Any], one: Any, other: Any) -> bool:
    """Tell whether two values (JSON of the field's kind) say the same, as far as accepting a value covers it:
    not the text of a seal or a signature, and not the punctuation of a text where it tells nothing."""
    if one is None or other is None:
        return one is None and other is None
    if field.is_mark:
        covered = [name for name in one if name != "text"]
        return all(one.get(name) == other.get(name) or _open(one, other, name) for name in covered)
    if isinstance(one, str) and isinstance(other, str) and field.punctuation != "tells":
        return key(one) == key(other) and (field.between_digits != "value" or _marks(one) == _marks(other))
    return bool(field.from_json(one) == field.from_json(other))


def _marks(text: str) -> list[str]:
    """Return the signs between two digits, which tell 12.5 from 125."""
    return _BETWEEN_DIGITS.findall(unicodedata.normalize("NFKC", text))


def _open(one: Any, other: Any, name: str) -> bool:
    """Tell whether one of them says nothing of `name`, without saying the contrary."""
    return name == "agrees" and (one.get(name) is None or other.get(name) is None)


def outcome(field: FieldBase[Any], accepted: Any, keyed: Sequence[Keyed]) -> State:
    """Return what becomes of a sample whose `accepted` value people keyed again, in this order, each without
    seeing it. The first who agrees with it settles it; a second person decides between it and another's, and
    a third where all three differ."""
    if any(one.legible and same(field, accepted, one.value) for one in keyed):
        return "right"
    if len(keyed) < 2:
        return ("first", "second")[len(keyed)]
    if truth(field, keyed) is not None:
        return "wrong"
    if not any(one.legible for one in keyed):
        return "unclear"
    return "third" if len(keyed) < 3 else "unclear"


def agreed(field: FieldBase[Any], keyed: Sequence[Keyed]) -> State:
    """Return what becomes of a field that two people key blindly, whatever was read: settled ("right") where
    two say the same, else a third person decides, else nobody."""
    if truth(field, keyed) is not None:
        return "right"
    return OPEN[len(keyed)] if len(keyed) < 3 else "unclear"


def truth(field: FieldBase[Any], keyed: Sequence[Keyed]) -> Keyed | None:
    """Return what at least two people say; None where no two do."""
    for at, one in enumerate(keyed):
        for other in keyed[at + 1 :]:
            if one.legible and other.legible and same(field, one.value, other.value):
                return other
    return None


def can_be_keyed(field: FieldBase[Any], value: Any) -> bool:
    """Tell whether a value is short enough to be keyed again for a sample."""
    if field.entered != "written":
        return True
    text = "" if value is None else field.format(field.from_json(value))
    return "\n" not in text and len(text) <= _MOST_KEYED
