"""From a file that holds a form, blank or filled in, to a draft of its definition."""

from extractor.drafting import Draft, Name, against, draft
from extractor.options import Options
from extractor.readers.by_kind import open_file
from models.errors import NotAForm, UnreadableFile
from models.form import FormDefinition


def draft_form(
    data: bytes, name: str, name_of: Name, options: Options = Options(), old: FormDefinition | None = None
) -> Draft:
    """The definition that the form in a file is likely to have; see `extractor.drafting.draft`. Held
    against the `old` version of the form it keeps the names of that.

    Raises:
        UnreadableFile: the file can't be read, or holds no table.
    """
    pages = open_file(data, options).pages
    if isinstance(pages, UnreadableFile):
        raise pages
    try:
        drafted = draft(pages, name, name_of)
    except ValueError as error:
        raise NotAForm("文件中没有表格", advice="请给出含有申请表的文件") from error
    return against(drafted, old) if old else drafted
