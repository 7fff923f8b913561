"""The reader of web pages that call themselves Word files. It turns bytes into one page without a size."""

from models.page import Pages


def read_html(data: bytes) -> Pages:
    """Read the tables and lines of an HTML or MHTML file. Pictures stand at their places, nothing is fetched,
    and no script is run.

    Raises:
        Damaged: there is no page in it. TooLarge: over 40 MiB. TooMuchWork: too many tags. Hostile: nested
            beyond reason.
    """
    # Imported here, because what reads parts of mail would slow down everybody who reads a Word file.
    from extractor.readers.html.reader import read

    return read(data)


__all__ = ["read_html"]
