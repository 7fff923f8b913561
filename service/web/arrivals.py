"""The API's view of uploads: their files, and what became of each."""

from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel

from service.parts import file_of, names_of, outcomes
from service.store import listing, moving
from service.store.forms import FormStore
from service.web.schemas import Summary, summaries


class ArrivedFile(BaseModel):
    """A file of an upload. Once it was read, `submissions` are those that it went into, and `state` is the
    state in which it ended. `left` names the parts of it, or the file itself, that went into no
    submission."""

    name: str
    sha256: str
    bytes: int
    submissions: list[int] = []
    state: str | None = None
    left: list[str] = []


class Upload(BaseModel):
    """An upload: what one request brought, and how far its reading is. `state` is received, reading or
    done."""

    id: int
    state: str
    progress: dict[str, Any] | None
    files: list[ArrivedFile]
    submissions: list[Summary]


class Uploads(BaseModel):
    """The uploads that a request made."""

    uploads: list[Upload]


def upload_shown(connection: sa.Connection, forms: FormStore, number: int) -> Upload:
    """Returns the upload of that number.

    Raises:
        NotFound: there is none.
    """
    row, files, made = listing.upload(connection, number)
    names = [file.name for file in files]
    known = outcomes(names, listing.routes(connection, number) if row.state == "done" else ())
    # What a person moved to an application of another upload went into that one.
    for part, moved in moving.hosts_of(connection, number).items():
        outcome = known[names_of(names).index(file_of(part, names_of(names)))]
        outcome["submissions"] = sorted({*outcome["submissions"], *moved})
        outcome["state"] = outcome["state"] or "read"
    arrived = [
        ArrivedFile.model_validate({"name": file.name, "sha256": file.sha256, "bytes": file.bytes, **outcome})
        for file, outcome in zip(files, known, strict=True)
    ]
    return Upload(
        id=row.id, state=row.state, progress=row.progress, files=arrived,
        submissions=summaries(connection, forms, made)
    )  # fmt: skip
