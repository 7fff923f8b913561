"""The base class of every model. It is frozen and refuses keys that it does not know."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError


class Model(BaseModel):
    """A frozen value. An unknown key is an error; it is never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Wrong(NamedTuple):
    """A fault found by a model's rules: its place in the model, and in Chinese what was expected there."""

    place: tuple[str | int, ...]
    expected: str


def refuse(title: str, wrong: Sequence[Wrong], given: Any) -> None:
    """Report every fault in `wrong` at once, each at its place in the model. One ValueError could not do so.

    Raises:
        pydantic.ValidationError: `wrong` is not empty.
    """
    if wrong:
        errors = [
            # The message is a parameter, because pydantic would take braces in a template for parameters.
            InitErrorDetails(
                type=PydanticCustomError("expected", "{words}", {"words": words}), loc=place, input=given
            )
            for place, words in wrong
        ]
        raise ValidationError.from_exception_data(title, errors)
