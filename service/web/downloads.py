"""Files that a browser saves: written as a whole before the answer begins, then sent in pieces."""

import tempfile
from collections.abc import Callable, Iterator
from typing import IO
from urllib.parse import quote

from fastapi.responses import StreamingResponse

_CHUNK = 1 << 18


def wholly_written(write: Callable[[IO[bytes]], None]) -> IO[bytes]:
    """A file without a name, with what `write` writes; whatever goes wrong is told before the answer
    begins."""
    file = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        write(file)
    except BaseException:
        file.close()
        raise
    return file


def download(file: IO[bytes], name: str, media: str, headers: dict[str, str]) -> StreamingResponse:
    """`file`, to be saved under `name`; it is closed when it was sent."""
    size = file.seek(0, 2)

    def chunks() -> Iterator[bytes]:
        with file:
            file.seek(0)
            while chunk := file.read(_CHUNK):
                yield chunk

    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    told = {"Content-Disposition": disposition, "Content-Length": str(size), **headers}
    return StreamingResponse(chunks(), media_type=media, headers=told)
