"""A bureau's own Word file, into which the answers of a definition are to be put."""

from extractor.answers import align, spots_of, units_of
from extractor.options import Options
from extractor.readers.by_kind import read_typed
from extractor.readers.office import to_pdf
from models.form import FormDefinition
from models.template import Spot, Unplaced


def spots_in(
    form: FormDefinition, data: bytes, options: Options = Options()
) -> tuple[tuple[Spot, ...], tuple[Unplaced, ...]]:
    """Where in the .docx `data` each answer of `form` goes, by the alignment that will read it, and what has
    no place there.

    Raises:
        UnreadableFile: it can't be read.
    """
    pages = read_typed(data, options)
    return spots_of(align(form, units_of(pages)), pages)


def print_docx(data: bytes, options: Options = Options()) -> bytes:
    """A .docx as the PDF that LibreOffice prints.

    Raises:
        ConverterMissing: LibreOffice is not installed. TimedOut: it took too long. Damaged: it could not.
    """
    return to_pdf(data, ".docx", options.office, options.limits.conversion_seconds)
