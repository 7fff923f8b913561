"""What every model here shares: it is frozen, and it refuses what it does not know."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError


class Model(BaseModel):
    """A frozen value; an unknown key is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Wrong(NamedTuple):
    """What a model's own rules find wrong: where in it, and in Chinese what was expected there."""

    place: tuple[str | int, ...]
    expected: str


def refuse(title: str, wrong: Sequence[Wrong], given: Any) -> None:
    """Reports all of `wrong` at once, each at its own place inside the model, which one ValueError could not.

    Raises:
        pydantic.ValidationError: there is something in `wrong`.
    """
    if wrong:
        errors = [
            # The message is a parameter, because braces in a template would be taken for parameters.
            InitErrorDetails(
                type=PydanticCustomError("expected", "{words}", {"words": words}), loc=place, input=given
            )
            for place, words in wrong
        ]
        raise ValidationError.from_exception_data(title, errors)
