"""What a person says of one field, and the value that follows from it."""

from dataclasses import dataclass
from typing import Any

from models.errors import Invalid, Unparsable
from models.fields.base import FieldBase


@dataclass(frozen=True)
class Change:
    """A person's change of one field. `data` is a JSON value of the field's kind, `text` is what was typed.
    Without either, the change confirms the present value. Only `data` can say that a required field is
    empty."""

    field: str
    data: Any = None
    text: str | None = None
    has_data: bool = False

    @property
    def says_empty(self) -> bool:
        """Returns whether a person says explicitly that there is no answer."""
        return self.has_data and self.data is None


def value_of(field: FieldBase[Any], title: str, change: Change, now: Any) -> Any:
    """Returns the field's value after `change`, as JSON; it is `now` before.

    Raises:
        Invalid: the text has no reading in the field's kind, or the value is none of it.
    """
    try:
        if change.text is not None:
            return field.to_json(field.parse(change.text))
        if change.has_data:
            value = field.from_json(change.data)
            # The value is parsed as if it were typed, so that it gets the one spelling, and is checked to be
            # a value that the form can hold.
            return field.to_json(None if value is None else field.parse(field.format(value)))
    except Unparsable as error:
        raise Invalid(f"“{title}”：{error.message}") from error
    except ValueError as error:
        raise Invalid(f"“{title}”的值格式不对") from error
    return now
