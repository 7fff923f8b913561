"""Readers for tests of the batch: what a submission's file says is what becomes of the process that reads
it."""

import ctypes
import os
import signal
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from extractor import Options, Source
from extractor.readers.office import to_docx
from models.form import FormDefinition
from models.record import Failure, Part, Result
from service.processes.pool import read_submission
from service.sources import digests

# A file that begins so is an order to the reader.
ORDER = b"order: "
# A program that, as LibreOffice does, leaves the work to children of its own.
OFFICE = "#!/bin/sh\nsleep 600 &\nsleep 600 &\nwait\n"


def obey(source: Source, forms: Mapping[str, FormDefinition], options: Options) -> list[dict[str, Any]]:
    """Does what the file says, and gives a line with the id of this process."""
    order = source.path.read_text()
    do(order)
    parts = tuple(Part(name=name, sha256=digest, state="read") for name, digest in digests(source))
    # A line needs an error or a form; the error tells which process read it.
    return [
        Result(source=source.name, parts=parts, error=Failure(code="pid", message=str(os.getpid()))).to_json()
    ]


def obey_or_read(
    source: Source, forms: Mapping[str, FormDefinition], options: Options
) -> list[dict[str, Any]]:
    """Does what the file says where it is an order, and otherwise reads it."""
    if source.path.is_file():
        with source.path.open("rb") as file:
            if file.read(len(ORDER)) == ORDER:
                do(file.read().decode())
    return read_submission(source, forms, options)


def do(order: str) -> None:
    """Carries out an order; `once FILE ORDER` only where FILE is not there yet, and makes it."""
    if order.startswith("once "):
        _, mark, order = order.split(" ", 2)
        if not _is_new(Path(mark)):
            return
    if order == "hang":
        time.sleep(600)
    if order == "doze":
        time.sleep(0.2)
    if order == "nap":
        time.sleep(2.0)
    if order == "litter":
        tempfile.mkdtemp(prefix="litter")
    if order == "segfault":
        ctypes.string_at(0)
    if order == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if order == "exit":
        os._exit(3)
    if order == "raise":
        raise KeyError("no such thing")
    if order == "hog":
        bytearray(64 << 30)
    if order == "office":
        program = Path(os.environ["TMPDIR"], "office")
        program.write_text(OFFICE)
        program.chmod(0o755)
        to_docx(b"{\\rtf1 x}", ".rtf", str(program), 600)


def _is_new(mark: Path) -> bool:
    try:
        mark.open("x").close()
    except FileExistsError:
        return False
    return True
