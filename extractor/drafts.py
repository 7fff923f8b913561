"""From a file that holds a form, blank or filled in, to a draft of its definition."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.drafting import Draft, Guess, Name, against, common, draft, with_gaps
from extractor.options import Options
from extractor.readers.by_kind import open_file
from models.errors import NotAForm, UnreadableFile
from models.form import FormDefinition
from models.page import Pages
from models.record import PartPage


@dataclass(frozen=True)
class Drafted:
    """A draft, and the pages that it was drawn up from, as they were read; none of a file without pages."""

    draft: Draft
    sheets: tuple[PartPage, ...]


def draft_form(
    data: bytes, name: str, name_of: Name, options: Options = Options(), old: FormDefinition | None = None,
    copies: Sequence[bytes] = (),
) -> Draft:  # fmt: skip
    """The definition that the form in a file is likely to have; see `extractor.drafting.draft`. Held
    against the `old` version of the form it keeps the names of that. What differs between the file and other
    filled `copies` of the form is an answer.

    Raises:
        UnreadableFile: the file can't be read, or holds no table.
    """
    drafted = draft_pages(data, name, name_of, options, copies).draft
    return against(drafted, old) if old else drafted


def draft_pages(
    data: bytes, name: str, name_of: Name, options: Options = Options(), copies: Sequence[bytes] = ()
) -> Drafted:
    """The same with the pages on which the fields were found, so that they can be shown there.

    Raises:
        UnreadableFile: the file can't be read, or holds no table.
    """
    pages, *others = [with_gaps(_pages_of(one, options)) for one in (data, *copies)]
    read, told = common([pages, *others])
    try:
        found = draft(read, name, name_of)
    except ValueError as error:
        raise NotAForm("文件中没有表格", advice="请给出含有申请表的文件") from error
    doubts = [Guess(None, text, is_doubt=True) for text in told]
    if others:
        doubts.append(Guess(None, f"对照了 {len(others) + 1} 份填好的表，各份不同的字按填写的内容处理"))
    found = replace(found, guesses=(*doubts, *found.guesses))
    return Drafted(found, _sheets(pages))


def _pages_of(data: bytes, options: Options) -> Pages:
    pages = open_file(data, options).pages
    if isinstance(pages, UnreadableFile):
        raise pages
    return pages


def _sheets(pages: Pages) -> tuple[PartPage, ...]:
    return tuple(PartPage.of(page) for page in pages.pages if page.width)
