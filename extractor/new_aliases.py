"""Labels and prompts in words that a form does not know, in what was read of submissions, by what people said
is right there."""

from collections.abc import Mapping, Sequence

from extractor.answers import unknown_aliases
from extractor.arranged import Gathered, pages_of_each
from extractor.arrival import Source
from extractor.options import Options
from models.aliases import Alias
from models.form import FormDefinition


def find_aliases(
    source: Source, gathered: Sequence[Gathered], right: Sequence[Mapping[str, str]],
    forms: Mapping[str, FormDefinition], options: Options,
) -> list[list[Alias]]:  # fmt: skip
    """Return for each of `gathered` the labels and prompts in other words, beside which the values stand
    that are `right`, by field. What was read of pictures before is taken from `Options.kept`.

    Raises:
        UnreadableFile: what arrived can't be opened at all.
    """
    each = pages_of_each(source, gathered, options)
    return [
        list(dict.fromkeys(
            alias
            for pages in own
            for alias in unknown_aliases(forms[one.form], pages, answers)
        ))
        if one.form is not None and one.form in forms else []
        for one, own, answers in zip(gathered, each, right, strict=True)
    ]  # fmt: skip
