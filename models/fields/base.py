"""What every kind of field can do; a new kind is one subclass, added to the union in
`models/fields/__init__.py`."""

import datetime
from abc import abstractmethod
from collections.abc import Collection
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import Field as Constraint
from pydantic import TypeAdapter

from models.base import Model
from models.findings import Finding

# Word takes tags of up to 64 characters, and the longest of ours names a cell: sealform:field[49].column.
FieldName = Annotated[str, Constraint(pattern=r"^[a-z][a-z0-9_]{0,23}$")]
Words = Annotated[str, Constraint(min_length=1)]
Align = Literal["left", "center", "right"]
Widget = Literal["line", "area", "options", "date", "number", "table", "mark"]
SheetValue = str | Decimal | datetime.date | None
# How a value comes onto the paper.
Entered = Literal["written", "ticked", "stamped", "signed"]
# What the characters of a value are: words of the language, digits, an address of the Internet, or none of
# these alone.
MadeOf = Literal["words", "digits", "e-mail", "mixed"]
# What punctuation is to a value: another mark makes another value, or it is kept as it was written, or values
# have none.
Punctuation = Literal["tells", "kept", "dropped"]
# What a mark between two digits says: which number it is (12.5), that two numbers stand there (2-5), nothing
# (027-8580).
BetweenDigits = Literal["value", "border", "nothing"]


V = TypeVar("V")


class FieldBase(Model, Generic[V]):
    """One thing the form asks for.

    `label` is what a person calls the field where the label of its cell would not tell it from another.
    `prompt` is printed just before the value inside the cell, `guidance` where the value goes; their aliases
    are other wordings that are in use and are not printed. `mentions` names the field whose value this one
    should bear.

    A value is an immutable Python value `V`; None, never an empty value, says that nothing was filled in.
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

    # Without a default, because no answer is right for all kinds: a kind that leaves one out is refused when
    # it is defined.
    widget: ClassVar[Widget]
    entered: ClassVar[Entered]
    # What people call fields of the kind where these are counted.
    called: ClassVar[str]
    # Whether a value can be told from any other words by its own shape; `find` then says where one stands.
    has_shape: ClassVar[bool]
    made_of: ClassVar[MadeOf]
    # Whether a value usually takes several lines.
    is_long: ClassVar[bool]
    punctuation: ClassVar[Punctuation]
    between_digits: ClassVar[BetweenDigits]
    # Whether no value is nothing but repetition: what is, was saved several times.
    said_once: ClassVar[bool]
    # Whether two applications hardly ever have the same value, so that equal ones speak for one application.
    tells_apart: ClassVar[bool]
    # Whether a value may be the name of who applies.
    may_name: ClassVar[bool]

    # The share of misread values that `check` lets pass: 1 where a kind has no check character.
    passes: ClassVar[float] = 1.0
    sheet_format: ClassVar[str] = "@"
    # What is said of a field that must be filled in and is not.
    missing: ClassVar[str] = "required-empty"
    # The parts of a value that its being accepted says nothing of, and which only the field that it mentions
    # can bear out.
    borne_out: ClassVar[tuple[str, ...]] = ()
    unweighed_word: ClassVar[str] = "标点"

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuses a kind that does not say all that is asked of one."""
        super().__pydantic_init_subclass__(**kwargs)
        unsaid = sorted(name for name in FieldBase.__class_vars__ if not hasattr(cls, name))
        if unsaid and "kind" in cls.model_fields:
            raise TypeError(f"{cls.__name__} does not say: {', '.join(unsaid)}")

    @property
    def is_mark(self) -> bool:
        """Whether a value is set on the paper by hand, so that a file without paper can't bear it."""
        return self.entered in ("stamped", "signed")

    @property
    def is_prose(self) -> bool:
        """Whether a value is a text of many words."""
        return self.made_of == "words" and self.is_long

    @abstractmethod
    def parse(self, text: str) -> V | None:
        """The value that `text` means, None where it says nothing; `parse(format(v)) == v`.

        Raises:
            Unparsable: there is text, but it has no reading in this kind.
        """

    @abstractmethod
    def format(self, value: V) -> str:
        """`value` as a person writes it on the form."""

    @classmethod
    @abstractmethod
    def value_type(cls) -> Any:
        """The type of a value, as pydantic understands it; its JSON is the field's JSON."""

    def find(self, text: str) -> list[tuple[int, int]]:
        """Where (start, end) in `text` values stand that have the shape of this kind, each whole; nothing
        where kinds have none."""
        return []

    def resembles(self, text: str) -> bool:
        """Whether `text` may hold such a value that `find` does not see, because it is written amiss, or
        announces one."""
        return False

    def check(self, value: V, title: str) -> list[Finding]:
        """What is wrong with a value by itself; rules between fields are in `models/rules.py`."""
        return []

    def unweighed(self, value: V, name: str | None) -> tuple[str, ...]:
        """Those of its parts that nothing bears out. `name` is what the field that it mentions holds, None
        where nobody is sure."""
        return ()

    def shown(self, value: V, unweighed: Collection[str] = ()) -> str:
        """`value` as `format` writes it, with those of its parts marked that are `unweighed`."""
        return self.format(value)

    def remark(self, unweighed: Collection[str]) -> str | None:
        """What to tell people of a value of which parts are `unweighed`."""
        return f"{self.unweighed_word}未核对" if unweighed else None

    def to_json(self, value: V | None) -> Any:
        """`value` as JSON-ready data."""
        return self._adapter().dump_python(value, mode="json")

    def from_json(self, data: Any) -> V | None:
        """The inverse of `to_json`.

        Raises:
            pydantic.ValidationError: `data` has not the shape of this kind.
        """
        return self._adapter().validate_python(data)  # type: ignore[no-any-return]

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema of the field's value."""
        return self._adapter().json_schema()

    def sheet_value(self, value: V | None) -> SheetValue:
        """`value` as it stands in one cell of a spreadsheet."""
        return None if value is None else self.format(value)

    @classmethod
    def _adapter(cls) -> TypeAdapter[Any]:
        adapter = _ADAPTERS.get(cls)
        if adapter is None:
            adapter = _ADAPTERS[cls] = TypeAdapter(cls.value_type() | None)
        return adapter


class UnwrittenField(FieldBase[V], Generic[V]):
    """A kind whose values are ticked or set on the paper: how values are written is no matter of theirs."""

    made_of: ClassVar[MadeOf] = "mixed"
    is_long: ClassVar[bool] = False
    punctuation: ClassVar[Punctuation] = "dropped"
    between_digits: ClassVar[BetweenDigits] = "value"
    said_once: ClassVar[bool] = False
    tells_apart: ClassVar[bool] = False
    may_name: ClassVar[bool] = False


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}
