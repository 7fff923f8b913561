"""What every kind of field can do; a new kind is one subclass, added to the union in `models/fields/__init__.py`."""

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


V = TypeVar("V")


class FieldBase(Model, Generic[V]):
    """One thing the form asks for.

    `label` is what a person calls the field where the label of its cell would not tell it from another. `prompt` is
    printed just before the value inside the cell, `guidance` where the value goes; their aliases are other wordings that
    are in use and are not printed. `mentions` names the field whose value this one should bear.

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

    widget: ClassVar[Widget]
    sheet_format: ClassVar[str] = "@"
    # Whether a value can be told from any other words by its own shape; `find` then says where one stands.
    has_shape: ClassVar[bool] = False
    # The parts of a value that its being accepted says nothing of, and which only the field that it mentions can bear out.
    borne_out: ClassVar[tuple[str, ...]] = ()
    unweighed_word: ClassVar[str] = "标点"

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
        """Where (start, end) in `text` values stand that have the shape of this kind, each whole; nothing where kinds have none."""
        return []

    def resembles(self, text: str) -> bool:
        """Whether `text` may hold such a value that `find` does not see, because it is written amiss, or announces one."""
        return False

    def check(self, value: V, title: str) -> list[Finding]:
        """What is wrong with a value by itself; rules between fields are in `models/rules.py`."""
        return []

    def unweighed(self, value: V, name: str | None) -> tuple[str, ...]:
        """Those of its parts that nothing bears out. `name` is what the field that it mentions holds, None where nobody is sure."""
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


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}
