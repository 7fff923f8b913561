"""The ledger of a run of `sealform extract`: for each file that was read, all its content and what became of
it."""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from extractor import Options, Source
from models.ledger import PartLedger
from service.atomic_files import write_whole
from service.processes.pool import Forms, Read, read_submission
from service.results import Line


@contextmanager
def ledger_of(submissions: Sequence[Source], target: Path | None) -> Iterator[Read]:
    """Yields a function that reads `submissions` so that `target` holds their ledger in the end, in their
    order. Submissions that were broken off have no ledger. Without a target, submissions are read as usual.

    Raises:
        OSError: the target can't be written.
    """
    if target is None:
        yield read_submission
        return
    # A submission's ledger is as large as its content, and comes from another process. It waits in a file of
    # its own.
    with tempfile.TemporaryDirectory(prefix="sealform-ledger-") as folder:
        yield partial(_read_and_book, Path(folder))
        books = [_place(Path(folder), submission) for submission in submissions]
        texts = [book.read_bytes() for book in books if book.exists()]
        write_whole(target, b"[" + b",\n".join(texts) + b"]\n")


def _read_and_book(folder: Path, submission: Source, forms: Forms, options: Options) -> list[Line]:
    ledgers: list[PartLedger] = []
    lines = read_submission(submission, forms, options, ledgers.append)
    found = {"source": submission.name, "parts": [ledger.to_json() for ledger in ledgers]}
    _place(folder, submission).write_bytes(
        json.dumps(found, ensure_ascii=False).encode("utf-8", "backslashreplace")
    )
    return lines


def _place(folder: Path, submission: Source) -> Path:
    return folder / f"{hashlib.sha256(submission.name.encode('utf-8', 'surrogateescape')).hexdigest()}.json"
