"""Readers for tests of the batch: what a submission's file says is what becomes of the process that reads it."""

import ctypes
import os
import time
from collections.abc import Mapping
from typing import Any

from extractor import Options, Source
from models.form import FormDefinition
from models.record import Failure, Part, Result
from service.sources import digests


def obey(source: Source, forms: Mapping[str, FormDefinition], options: Options) -> list[dict[str, Any]]:
    """Does what the file says, and gives a line with the id of this process."""
    order = source.path.read_text()
    if order == "hang":
        time.sleep(120)
    if order == "segfault":
        ctypes.string_at(0)
    if order == "exit":
        os._exit(3)
    if order == "raise":
        raise KeyError("no such thing")
    if order == "hog":
        bytearray(64 << 30)
    parts = tuple(Part(name=name, sha256=digest, state="read") for name, digest in digests(source))
    # A line needs an error or a form; the error tells which process read it.
    return [Result(source=source.name, parts=parts, error=Failure(code="pid", message=str(os.getpid()))).to_json()]
