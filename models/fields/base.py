"""The base class of every kind of field. A new kind is one subclass, added to the union in
`models/fields/__init__.py`."""

import datetime
from abc import abstractmethod
from collections.abc import Collection
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Generic, Literal, Self, TypeVar

from pydantic import Field as Constraint
from pydantic import TypeAdapter, model_validator

from models.base import Model
from models.findings import Finding

# Word allows tags of up to 64 characters. The longest of ours names a cell: sealform:field[49].column.
FieldName = Annotated[str, Constraint(pattern=r"^[a-z][a-z0-9_]{0,23}$")]
Words = Annotated[str, Constraint(min_length=1)]
Align = Literal["left", "center", "right"]
Widget = Literal["line", "area", "options", "date", "number", "table", "mark"]
SheetValue = str | Decimal | datetime.date | None
# How a value gets onto the paper.
Entered = Literal["written", "ticked", "stamped", "signed"]
# What the characters of a value are: words of the language, digits, an Internet address, a day, or none of
# these alone.
MadeOf = Literal["words", "digits", "e-mail", "day", "mixed"]
# How punctuation bears on a value: another mark makes another value (tells), it is kept as it was written
# (kept), or values have none (dropped).
Punctuation = Literal["tells", "kept", "dropped"]
# What a mark between two digits says: which number it is (12.5), that two numbers stand there (2-5), or
# nothing (027-8580).
BetweenDigits = Literal["value", "border", "nothing"]


V = TypeVar("V")
# Of so many characters, three and four say little.
_LONG_ENOUGH = 11
_COVER = "****"


class FieldBase(Model, Generic[V]):
    """One thing the form asks for.

    `label` is what people call the field, where its cell's label would not tell it from another field.
    `prompt` is printed just before the value inside the cell, and `guidance` where the value goes. Their
    aliases are other wordings in use, which are not printed. `mentions` names the field whose value this
    field's value should contain. `keyed_twice` says that two people key the value, each without seeing what
    was read. `given_once` says that what was right needn't be given again when the form goes back for
    correction. `masked` says whether lists and exports show the value only to those who may see it whole;
    left out, the kind says it. `beside` names the option behind which the value is written, of the choice
    before it in its cell; `inline` says that the field goes on with the line of the item before it.

    A value is an immutable Python value `V`. None, never an empty value, says that nothing was filled in.
    """

    name: FieldName
    label: Words | None = None
    prompt: Words | None = None
    prompt_aliases: tuple[Words, ...] = ()
    guidance: tuple[Words, ...] = ()
    guidance_aliases: tuple[Words, ...] = ()
    required: bool = False
    align: Align = "left"
    mentions: FieldName | None = None
    keyed_twice: bool = False
    given_once: bool = False
    masked: bool | None = None
    beside: Words | None = None
    inline: bool = False

    # These have no default, because no answer is right for all kinds. A kind that leaves one out is refused
    # when it is defined.
    widget: ClassVar[Widget]
    entered: ClassVar[Entered]
    # What people call fields of this kind in counts.
    called: ClassVar[str]
    # Whether a value's own shape tells it from any other words; `find` then says where one stands.
    has_shape: ClassVar[bool]
    made_of: ClassVar[MadeOf]
    # Whether a value usually takes several lines.
    is_long: ClassVar[bool]
    punctuation: ClassVar[Punctuation]
    between_digits: ClassVar[BetweenDigits]
    # Whether a value never consists of repetition alone. One that does was saved several times.
    said_once: ClassVar[bool]
    # Whether two applications hardly ever have the same value. Equal values then speak for one application.
    tells_apart: ClassVar[bool]
    # Whether a value may be the applicant's name.
    may_name: ClassVar[bool]

    # The share of misread values that pass `check`; 1 where a kind has no check character.
    passes: ClassVar[float] = 1.0
    sheet_format: ClassVar[str] = "@"
    # The code of the finding for a required field that is empty.
    missing: ClassVar[str] = "required-empty"
    # Whether only some may see values of this kind whole, where the definition does not say; None where
    # values have no text of which a part could be shown.
    private: ClassVar[bool | None] = None
    # The parts of a value that its acceptance does not cover. Only the field that it mentions can confirm
    # them.
    borne_out: ClassVar[tuple[str, ...]] = ()
    unweighed_word: ClassVar[str] = "标点"

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a kind that leaves out one of the class variables without a default."""
        super().__pydantic_init_subclass__(**kwargs)
        unsaid = sorted(name for name in FieldBase.__class_vars__ if not hasattr(cls, name))
        if unsaid and "kind" in cls.model_fields:
            raise TypeError(f"{cls.__name__} does not say: {', '.join(unsaid)}")

    @model_validator(mode="after")
    def _can_be_masked(self) -> Self:
        if self.masked and self.private is None:
            raise ValueError("masked 只用于文字、地址、邮箱、电话和各种号码")
        return self

    @property
    def is_masked(self) -> bool:
        """Whether lists and exports show the value only to those who may see it whole."""
        return bool(self.private if self.masked is None else self.masked)

    def covered(self, value: V) -> V:
        """Return what is shown instead of `value` to those who may not see it whole."""
        return value

    @property
    def is_mark(self) -> bool:
        """Whether a value is set on the paper by hand. A file without paper can't bear one."""
        return self.entered in ("stamped", "signed")

    @property
    def is_prose(self) -> bool:
        """Whether a value is a text of many words."""
        return self.made_of == "words" and self.is_long

    @abstractmethod
    def parse(self, text: str) -> V | None:
        """Return the value that `text` means, None where it says nothing; `parse(format(v)) == v`.

        Raises:
            Unparsable: there is text, but it has no reading in this kind.
        """

    @abstractmethod
    def format(self, value: V) -> str:
        """Return `value` as a person writes it on the form."""

    @classmethod
    @abstractmethod
    def value_type(cls) -> Any:
        """Return the type of a value, as pydantic understands it; its JSON is the field's JSON."""

    def find(self, text: str) -> list[tuple[int, int]]:
        """Return the (start, end) of each whole value in `text` that has the shape of this kind. A kind
        without a shape finds nothing."""
        return []

    def resembles(self, text: str) -> bool:
        """Tell whether `text` may announce a value, or hold one too badly written for `find`."""
        return False

    def passing(self, value: V) -> float:
        """Return the share of misread values that would pass `check` as `value` does."""
        return self.passes

    def check(self, value: V, title: str) -> list[Finding]:
        """Return what is wrong with a value by itself; rules between fields are in `models/rules.py`."""
        return []

    def unweighed(self, value: V, name: str | None) -> tuple[str, ...]:
        """Return the parts of `value` that nothing confirms. `name` is the value of the field that it
        mentions, None where nobody is sure of it."""
        return ()

    def shown(self, value: V, unweighed: Collection[str] = ()) -> str:
        """Return `value` as `format` writes it, with its `unweighed` parts marked as such."""
        return self.format(value)

    def remark(self, unweighed: Collection[str]) -> str | None:
        """Return what to tell people of a value whose parts `unweighed` are unconfirmed."""
        return f"{self.unweighed_word}未核对" if unweighed else None

    def to_json(self, value: V | None) -> Any:
        """Return `value` as JSON-ready data."""
        return self._adapter().dump_python(value, mode="json")

    def from_json(self, data: Any) -> V | None:
        """Parse the output of `to_json`.

        Raises:
            pydantic.ValidationError: `data` does not have the shape of this kind.
        """
        return self._adapter().validate_python(data)  # type: ignore[no-any-return]

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the field's value."""
        return self._adapter().json_schema()

    def sheet_value(self, value: V | None) -> SheetValue:
        """Return `value` as it stands in one cell of a spreadsheet."""
        return None if value is None else self.format(value)

    @classmethod
    def _adapter(cls) -> TypeAdapter[Any]:
        adapter = _ADAPTERS.get(cls)
        if adapter is None:
            adapter = _ADAPTERS[cls] = TypeAdapter(cls.value_type() | None)
        return adapter


class TextualField(FieldBase[str]):
    """A kind whose values are texts, of which a part can be shown."""

    private: ClassVar[bool | None] = False

    def covered(self, value: str) -> str:
        """Show where it begins and ends, and not how long it is in between."""
        head, tail = (3, 4) if len(value) >= _LONG_ENOUGH else (1, 0)
        return value[:head] + _COVER + value[len(value) - tail :]


class UnwrittenField(FieldBase[V], Generic[V]):
    """A kind whose values are ticked or set on the paper, so that how values are written does not matter."""

    made_of: ClassVar[MadeOf] = "mixed"
    is_long: ClassVar[bool] = False
    punctuation: ClassVar[Punctuation] = "dropped"
    between_digits: ClassVar[BetweenDigits] = "value"
    said_once: ClassVar[bool] = False
    tells_apart: ClassVar[bool] = False
    may_name: ClassVar[bool] = False


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}
