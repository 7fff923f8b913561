"""What was read of pieces that persons put together: it is stored, and what persons settled before stays
where the same was read."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.form import FormDefinition
from service.results import Line, PartJson
from service.store import answers, groupings, records
from service.store.groupings import Group
from service.store.marks import SETTLED, MarkJson
from service.store.regrouping import last_act, tell_parts
from service.store.tables import uploads
from service.store.uploads import called
from service.store.versions import Editor


def finish(
    connection: sa.Connection,
    upload: int,
    read: Sequence[tuple[Group, Line]],
    forms: Callable[[str, str], FormDefinition],
    worker: str,
    seconds: float | None,
    now: datetime,
) -> list[int]:
    """Stores what was read of groups that persons put together, for those that still wait for just that. A
    second call changes nothing."""
    connection.execute(sa.select(uploads.c.id).where(uploads.c.id == upload).with_for_update()).one()
    waiting = {one.submission: one for one in groupings.waiting(connection, upload)}
    by, made = Editor(f"worker:{worker}", now), []
    old = groupings.lines_of(connection, upload)
    parts = _merged_parts(old, [line for _, line in read])
    for group, line in read:
        number = group.submission
        if number is None or waiting.get(number) != group:
            continue
        message = next((one["message"] for one in old.values() if one.get("message")), None)
        told: Line = {**line, "parts": parts, "message": message}
        name = called(list(dict.fromkeys(piece.part for piece in group.pieces)))
        tie = answers.find(connection, number, told, forms, None)
        records.store_result(connection, number, told, forms, by, seconds, name, tie)
        _carry(connection, upload, number, told, forms, by)
        made.append(number)
    tell_parts(connection, upload, parts)
    state = "received" if groupings.waiting(connection, upload) else "done"
    connection.execute(uploads.update().where(uploads.c.id == upload).values(state=state, progress=None))
    return made


def _merged_parts(old: Mapping[int, Line], new: Sequence[Line]) -> list[PartJson]:
    """Returns the parts as they were known, with those that were opened again as they are now."""
    known: dict[str, PartJson] = {}
    for part in (part for line in (*old.values(), *new) for part in line["parts"]):
        # A reading that failed tells no pages, and they are there all the same.
        if part.get("pages") or not known.get(part["name"], part).get("pages"):
            known[part["name"]] = part
    order = max((line["parts"] for line in old.values()), key=len, default=())
    first = {part["name"]: known[part["name"]] for part in order}
    return list({**first, **known}.values())


def _carry(
    connection: sa.Connection, upload: int, number: int, line: Line,
    forms: Callable[[str, str], FormDefinition], by: Editor,
) -> None:  # fmt: skip
    """Keeps what persons settled of fields that were read of the same ink, and the same, once more."""
    act = last_act(connection, upload)
    was = act.before.get(str(number)) if act else None
    if not was or not was["line"] or not was["marks"] or line.get("error"):
        return
    if was["form"] != line["form"]:
        return
    old, form = forms(was["form"], was["form_version"]), forms(str(line["form"]), str(line["version"]))
    kept: dict[str, tuple[Any, MarkJson]] = {}
    for name, mark in was["marks"].items():
        before, after = was["line"]["fields"].get(name), line["fields"].get(name)
        if mark["state"] not in SETTLED or not before or not after or not _is_same(before, after):
            continue
        # A field of another edition may hold other values.
        if name in form.fields and old.fields.get(name) == form.fields[name]:
            kept[name] = was["content"].get(name), mark
    if kept:
        records.carry(connection, number, form, kept, by)


def _is_same(before: Any, after: Any) -> bool:
    return all(before.get(key) == after.get(key) for key in ("value", "raw", "evidence"))
