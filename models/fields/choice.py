"""A field of options of which some are chosen. A question with one answer has `max: 1`."""

import re
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from models.base import Model
from models.errors import Unparsable
from models.fields.base import Entered, UnwrittenField, Widget, Words
from models.findings import Finding
from models.writing import excerpt, key, tidy

_SEPARATOR = re.compile(r"[\n;,、，；/|]+")
# The signs that people mark options with: boxes, ticks, brackets, and option numbers.
_MARKS = re.compile(r"[^\w\s;,、，；。/|]|[①-⓿]")


class OptionAlias(Model):
    """Other words that stand for an option on copies in use."""

    option: Words
    text: Words


class ChoiceField(UnwrittenField[tuple[str, ...]]):
    """A value is the chosen options in the order of the form, even where only one may be chosen."""

    kind: Literal["choice"]
    options: tuple[Words, ...]
    option_aliases: tuple[OptionAlias, ...] = ()
    min: int = 0
    max: int | None = None
    called: ClassVar[str] = "选项类"
    widget: ClassVar[Widget] = "options"
    entered: ClassVar[Entered] = "ticked"
    has_shape: ClassVar[bool] = True

    @model_validator(mode="after")
    def _options_can_be_told_apart(self) -> Self:
        keys = [key(option) for option in self.options]
        if not self.options:
            raise ValueError("options 应至少有一项")
        if len(set(keys)) < len(keys) or not all(keys):
            raise ValueError("options 各项应互不相同（只看文字、字母和数字）")
        others = [key(one.text) for one in self.option_aliases]
        if any(one.option not in self.options for one in self.option_aliases):
            raise ValueError("option_aliases 中的 option 应为 options 中的一项")
        if len({*keys, *others}) < len(keys) + len(others) or not all(others):
            raise ValueError("option_aliases 中的 text 应与各选项和其他写法都不同")
        # A lone box may stand before a sentence, of which nothing is to be told apart.
        if len(self.options) > 1 and any(_SEPARATOR.search(option) for option in self.options):
            raise ValueError("options 中不应有 ; , 、 / | 和换行，它们用来分隔各项")
        if (
            not 0
            <= self.min
            <= (self.max if self.max is not None else len(self.options))
            <= len(self.options)
        ):
            raise ValueError("应有 0 ≤ min ≤ max ≤ 选项数")
        return self

    def words_of(self, option: str) -> tuple[str, ...]:
        """Return what stands for an option: its own words first, then others in use."""
        return (option, *(one.text for one in self.option_aliases if one.option == option))

    @classmethod
    def value_type(cls) -> Any:
        return tuple[str, ...]

    def parse(self, text: str) -> tuple[str, ...] | None:
        """Parse a list of options, as in a roster. The extractor reads the ticks on a form."""
        by_key = {key(text): option for option in self.options for text in self.words_of(option)}
        words = [word for word in _SEPARATOR.split(tidy(text)) if word.strip()]
        if len(self.options) == 1 and key(text) in by_key:
            words = [text]
        unknown = [word.strip() for word in words if key(word) not in by_key]
        if unknown:
            raise Unparsable(f"没有“{excerpt(unknown[0])}”这个选项，可选：{'、'.join(self.options)}")
        return self.ordered({by_key[key(word)] for word in words})

    def find(self, text: str) -> list[tuple[int, int]]:
        """Return one stretch that holds all options, each once, with the marks round them."""
        places = [
            [match.span() for words in self.words_of(option) for match in re.finditer(re.escape(words), text)]
            for option in self.options
        ]
        if any(len(found) != 1 for found in places):
            return []
        start, end = min(found[0][0] for found in places), max(found[0][1] for found in places)
        while start > 0 and _MARKS.search(text[start - 1]):
            start -= 1
        while end < len(text) and _MARKS.search(text[end]):
            end += 1
        return [(start, end)]

    def resembles(self, text: str) -> bool:
        return bool(_MARKS.search(text)) or any(
            key(words) in key(text) for option in self.options for words in self.words_of(option)
        )

    def ordered(self, chosen: set[str]) -> tuple[str, ...] | None:
        """Return `chosen` in the order of the form; None where it is empty."""
        return tuple(option for option in self.options if option in chosen) or None

    def format(self, value: tuple[str, ...]) -> str:
        return "、".join(value)

    def check(self, value: tuple[str, ...], title: str) -> list[Finding]:
        unknown = [option for option in value if option not in self.options]
        if unknown:
            return [
                Finding.of(
                    "unparsable", self.name, title=title, reason=f"没有“{excerpt(unknown[0])}”这个选项"
                )
            ]
        if len(value) < self.min:
            return [Finding.of("choice-too-few", self.name, title=title, min=self.min, count=len(value))]
        if self.max is not None and len(value) > self.max:
            return [Finding.of("choice-too-many", self.name, title=title, max=self.max, count=len(value))]
        return []
