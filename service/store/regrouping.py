"""Putting pages together anew: moving, splitting and joining applications, and undoing that.

What a person asks for is the whole upload as it should be, or several between which pages are moved. Only
what differs is changed: a group with other pieces or another form is read again, one without any is
withdrawn, a new one gets a submission. What stood before is kept with the act, so that it can be put back
without reading.
"""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.errors import Conflict, Invalid
from models.form import FormDefinition
from service.results import Line, PartJson
from service.store import answers, audit, groupings, moving, search, twins
from service.store.grouping_tables import regroupings
from service.store.groupings import Group, Piece, Present
from service.store.statuses import WORDS, Status
from service.store.tables import doubts, results, submissions, uploads, versions
from service.store.tables import records as kept_records
from service.store.uploads import called, insert_submission, put_back
from service.store.versions import Editor, add_version, expect, row_of

# Only these may be put together anew; what was decided must be reopened first.
OPEN: tuple[Status, ...] = ("in-review", "unreadable")
_COLUMNS = ("status", "name", "unit", "form", "form_version", "instance", "doubtful", "errors", "error_code")
# What may have been done to a submission since, for a regrouping to be taken back.
_OWN = ("reread", "merged", "read", "carried", "restored")


@dataclass(frozen=True)
class Regrouped:
    """What became of it: the submissions that are to be read again, the uploads that they are of, and the
    submissions that were withdrawn because nothing is left of them."""

    reread: tuple[int, ...]
    uploads: tuple[int, ...]
    merged: tuple[int, ...]


def regroup(
    connection: sa.Connection, wanted: Mapping[int, Sequence[Group]], expected: Mapping[int, int], by: Editor
) -> Regrouped:
    """Groups uploads as `wanted`; `expected` are the versions of their submissions that were looked at. A
    piece that is in another of these uploads now (`Piece.upload`) is moved. The caller puts the uploads into
    the queue of which something is to be read.

    Raises:
        Stale: a submission has changed since.
        Conflict: an upload is being read, or a submission was decided that would change.
        Invalid: a piece is not the upload's, or stands in two groups.
    """
    rows = {upload: _lock(connection, upload) for upload in sorted(wanted)}
    now = {upload: groupings.present(connection, upload) for upload in rows}
    _check(now, wanted)
    moves = moving.move(connection, now, wanted)
    changed = {one: _changed(rows[one], expected, now[one], moves.groups[one]) for one in rows}
    new = {one: [group for group in moves.groups[one] if group.submission is None] for one in rows}
    acting = [one for one in rows if changed[one] or new[one] or one in moves.touched]
    if not acting:
        raise Conflict("分组没有改动")
    act = _Act(uuid.uuid4().hex if moves.moved else None, acting, moves.moved)
    done = [
        _put_together(
            connection, one, rows[one], now[one], (*changed[one], *new[one]), moves.parts[one], act, by
        )
        for one in acting
    ]
    moving.release(connection, acting)
    return Regrouped(
        tuple(number for one in done for number in one.reread),
        tuple(upload for one in done for upload in one.uploads),
        tuple(number for one in done for number in one.merged),
    )


@dataclass(frozen=True)
class _Act:
    """What uploads have in common that were changed together: its name, None where nothing was moved between
    them; these uploads; and where what was moved was before."""

    name: str | None = None
    uploads: Sequence[int] = ()
    moved: Sequence[moving.MovedJson] = ()


def _put_together(
    connection: sa.Connection, upload: int, rows: Mapping[int, Any], now: Present, wanted: Sequence[Group],
    parts: Sequence[PartJson], act: _Act, by: Editor,
) -> Regrouped:  # fmt: skip
    """Makes the `wanted` groups of one upload what they should be: those that differ, and new ones."""
    changed = [one for one in wanted if one.submission is not None]
    before = _snapshots(connection, upload, rows, now, {one.submission for one in changed})
    reread: list[int] = []
    merged: list[int] = []
    made: list[int] = []
    last, came = max(row.application for row in rows.values()), min(row.received_at for row in rows.values())
    for group in changed:
        assert group.submission is not None
        groupings.keep(connection, group.submission, group)
        (_reread if group.pieces else _merge)(connection, rows[group.submission], group, by)
        (reread if group.pieces else merged).append(group.submission)
    for group in (one for one in wanted if one.submission is None and one.pieces):
        last += 1
        made.append(_make(connection, upload, last, group, came, by))
    tell_parts(connection, upload, parts)
    _keep_act(connection, upload, before, made, by, act)
    if reread or made:
        put_back(connection, upload)
    return Regrouped((*reread, *made), (upload,) if reread or made else (), tuple(merged))


def reread(connection: sa.Connection, upload: int, numbers: Collection[int], by: Editor) -> None:
    """Has submissions of an upload read again as they are grouped, by the definitions that hold now. What
    persons settled stays where the same is read, and it can be taken back as a regrouping can. The caller
    puts the upload into the queue.

    Raises:
        Conflict: the upload is being read, or one of them was decided.
    """
    rows = _lock(connection, upload)
    now = groupings.present(connection, upload)
    before = _snapshots(connection, upload, rows, now, numbers)
    for number in numbers:
        if rows[number].status not in OPEN:
            raise Conflict(f"编号 {number} 的状态是“{WORDS[rows[number].status]}”，不能重新读取")
        _reread(connection, rows[number], now.of(number), by)
    _keep_act(connection, upload, before, [], by, _Act())
    put_back(connection, upload)


def _snapshots(
    connection: sa.Connection, upload: int, rows: Mapping[int, Any], now: Present,
    touched: Collection[int | None],
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """Returns what stands in each submission of an upload, and keeps how all of it is grouped."""
    lines = groupings.lines_of(connection, upload)
    for group in now.groups:
        if group.submission is not None:
            groupings.keep(connection, group.submission, group)
    return {
        str(number): {**_snapshot(connection, row, lines, now), "touched": number in touched}
        for number, row in rows.items()
    }


def _keep_act(
    connection: sa.Connection,
    upload: int,
    before: Mapping[str, Any],
    made: Sequence[int],
    by: Editor,
    act: _Act,
) -> None:
    row = {"upload_id": upload, "at": by.now, "by": by.actor, "before": before, "made": list(made)}
    if act.name is not None:
        beside = [one for one in act.uploads if one != upload]
        row |= {"act": act.name, "beside": beside, "moved": list(act.moved)}
    connection.execute(regroupings.insert().values(row))


def _lock(connection: sa.Connection, upload: int) -> dict[int, Any]:
    """Locks an upload and its submissions, and returns these by number."""
    state = connection.execute(
        sa.select(uploads.c.state, uploads.c.purged_at).where(uploads.c.id == upload).with_for_update()
    ).one()
    if state.purged_at is not None:
        raise Conflict("这批文件的内容已按期清除")
    if state.state != "done":
        raise Conflict("这批文件正在读取", advice="请等读取完成后再调整")
    numbers = sa.select(submissions.c.id).where(submissions.c.upload_id == upload).order_by(submissions.c.id)
    return {number: row_of(connection, number, lock=True) for number in connection.scalars(numbers).all()}


def _check(now: Mapping[int, Present], wanted: Mapping[int, Sequence[Group]]) -> None:
    seen: set[tuple[int, str, int]] = set()
    for upload, piece in (
        (one, piece) for one, own in wanted.items() for group in own for piece in group.pieces
    ):
        at = piece.upload or upload
        if at not in now or piece.place not in now[at].places:
            raise Invalid(f"这批文件中没有“{piece.part}”的第 {piece.page} 页")
        if (at, *piece.place) in seen:
            raise Invalid(f"“{piece.part}”的第 {piece.page} 页放进了两份申请")
        seen.add((at, *piece.place))


def _changed(
    rows: Mapping[int, Any], expected: Mapping[int, int], now: Present, wanted: Sequence[Group]
) -> list[Group]:
    """Returns the groups of known submissions that would change; those that nobody named lose their
    pieces."""
    named = {one.submission: one for one in wanted if one.submission is not None}
    if len(named) < sum(one.submission is not None for one in wanted):
        raise Invalid("一份申请出现了两次")
    if unknown := named.keys() - rows.keys():
        raise Invalid(f"编号 {min(unknown)} 不是这批文件中的申请")
    found = []
    for number, row in rows.items():
        group, was = named.get(number, Group(number, ())), now.of(number)
        if not _differ(group, was):
            continue
        if row.status not in OPEN:
            raise Conflict(
                f"编号 {number} 的状态是“{WORDS[row.status]}”，不能调整",
                advice="需要调整时，请先重新打开复核",
            )
        if number not in expected:
            raise Invalid(f"没有说明编号 {number} 的版本", advice="没有页面的申请也要列出，pieces 为空")
        expect(row, expected[number])
        found.append(group)
    return found


def _snapshot(connection: sa.Connection, row: Any, lines: Mapping[int, Line], now: Present) -> dict[str, Any]:
    record = connection.execute(
        kept_records.select().where(kept_records.c.submission_id == row.id)
    ).one_or_none()
    group = now.of(row.id)
    return {
        **{name: row._mapping[name] for name in _COLUMNS},
        "version": row.version,
        "line": lines.get(row.id),
        "content": record.content if record else None,
        "marks": record.marks if record else None,
        "findings": record.findings if record else None,
        "pieces": [[one.part, one.page, one.quarters] for one in group.pieces],
        "group_form": group.form,
    }


def _told(group: Group, status: Status) -> dict[str, Any]:
    pieces = [[one.part, one.page, one.quarters] for one in group.pieces]
    return {"status": status, "pieces": pieces, "form": group.form}


def _reread(connection: sa.Connection, row: Any, group: Group, by: Editor) -> None:
    for table in (kept_records, doubts):
        connection.execute(table.delete().where(table.c.submission_id == row.id))
    cleared = {"doubtful": 0, "errors": 0, "error_code": None}
    _move(connection, row, "reread", "received", None, by, _told(group, "received"), cleared)


def _merge(connection: sa.Connection, row: Any, group: Group, by: Editor) -> None:
    _move(connection, row, "merged", "withdrawn", "页面已归到别的申请", by, _told(group, "withdrawn"), {})


def _move(
    connection: sa.Connection, row: Any, action: str, status: Status, reason: str | None, by: Editor,
    told: Mapping[str, Any], more: Mapping[str, Any],
) -> None:  # fmt: skip
    version = add_version(connection, row, by, action, reason, {}, status)
    changed = audit.next_value(connection, "changes")
    connection.execute(
        submissions.update().where(submissions.c.id == row.id)
        .values({"status": status, "version": version, "updated_at": by.now, "changed": changed, **more})
    )  # fmt: skip
    audit.append(connection, by.now, by.actor, action, f"submission:{row.id}", told)
    twins.seek(connection, row.id)


def _make(
    connection: sa.Connection, upload: int, application: int, group: Group, came: datetime, by: Editor
) -> int:
    name = called(list(dict.fromkeys(piece.part for piece in group.pieces)))
    # It came when its pages came.
    number = insert_submission(connection, upload, application, name, None, came)
    groupings.keep(connection, number, group)
    audit.append(connection, by.now, by.actor, "grouped", f"submission:{number}", _told(group, "received"))
    return number


def tell_parts(connection: sa.Connection, upload: int, parts: Sequence[PartJson]) -> None:
    """Writes into each line of an upload which parts are whose now, because each shows only its own."""
    kept = groupings.present(connection, upload).groups
    numbers = dict(
        connection.execute(
            sa.select(submissions.c.id, submissions.c.application).where(submissions.c.upload_id == upload)
        ).all()
    )
    owners: dict[str, list[int]] = {}
    for one in kept:
        for name in dict.fromkeys(piece.part for piece in one.pieces):
            owners.setdefault(name, []).append(numbers[one.submission])
    every = [_owned(part, owners) for part in moving.here(connection, upload, parts)]
    for number, line in groupings.lines_of(connection, upload).items():
        told = {**line, "application": numbers[number], "parts": every}
        connection.execute(results.update().where(results.c.submission_id == number).values(line=told))


def _owned(part: PartJson, owners: Mapping[str, Sequence[int]]) -> PartJson:
    own = sorted(owners.get(part["name"], ()))
    state = "read" if own and part["state"] in ("not-a-form", "duplicate") else part["state"]
    return {**part, "state": state, "applications": own}


def last_act(connection: sa.Connection, upload: int) -> Any | None:
    """Returns the last regrouping of an upload that was not taken back."""
    mine = regroupings.select().where(regroupings.c.upload_id == upload, regroupings.c.undone_at.is_(None))
    return connection.execute(mine.order_by(regroupings.c.id.desc()).limit(1)).one_or_none()


def may_undo(connection: sa.Connection, upload: int) -> bool:
    """Tells whether the last regrouping of an upload can be taken back: nobody has touched what it changed
    since."""
    acts = _acts(connection, upload)
    return bool(acts) and all(one is not None and _is_untouched(connection, one) for one in acts.values())


def _acts(connection: sa.Connection, upload: int) -> dict[int, Any | None]:
    """Returns the last regrouping of an upload, and of each that was changed with it by the same act; None
    where that one was regrouped since, or its contents were erased."""
    act = last_act(connection, upload)
    if act is None:
        return {}
    others = {one: last_act(connection, one) for one in act.beside or ()}
    return {upload: act, **{one: row if row and row.act == act.act else None for one, row in others.items()}}


def _is_untouched(connection: sa.Connection, act: Any) -> bool:
    then = {int(number): was["version"] for number, was in act.before.items() if was["touched"]}
    since = [
        sa.and_(versions.c.submission_id == number, versions.c.version > version)
        for number, version in {**then, **dict.fromkeys(act.made, 0)}.items()
    ]
    return set(connection.scalars(sa.select(versions.c.action).where(sa.or_(*since)))) <= set(_OWN)


def _before(act: Any) -> dict[int, Group]:
    """Returns the groups that stood before a regrouping, of the submissions that it changed."""
    return {
        int(number): Group(int(number), tuple(Piece(*one) for one in was["pieces"]), was["group_form"])
        for number, was in act.before.items()
        if was["touched"]
    }


def _differ(one: Group, other: Group) -> bool:
    return (one.pieces, one.form) != (other.pieces, other.form)


def undo(
    connection: sa.Connection, upload: int, forms: Callable[[str, str], FormDefinition], by: Editor
) -> list[int]:
    """Takes back the last regrouping that was not taken back yet, in each upload that it changed: everything
    is as it stood before, without being read again. Returns the submissions that changed.

    Raises:
        Conflict: there is none, somebody has changed something since, or an upload is being read.
    """
    rows = {one: _lock(connection, one) for one in sorted(_acts(connection, upload) or (upload,))}
    acts = _acts(connection, upload)
    if not acts or acts.keys() != rows.keys():
        raise Conflict("没有可以撤销的分组")
    if not all(one is not None and _is_untouched(connection, one) for one in acts.values()):
        raise Conflict("调整分组之后又有人修改或决定过，不能整个撤销", advice="请直接再调整一次")
    moving.put_back(connection, acts[upload].moved or ())  # type: ignore[union-attr]
    touched = [number for one in rows for number in _undo(connection, one, rows[one], acts[one], forms, by)]
    moving.release(connection, rows)
    return touched


def _undo(
    connection: sa.Connection, upload: int, rows: Mapping[int, Any], act: Any,
    forms: Callable[[str, str], FormDefinition], by: Editor,
) -> list[int]:  # fmt: skip
    for key, was in act.before.items():
        mine = results.c.submission_id == int(key)
        connection.execute(results.update().where(mine).values(line=was["line"]))
    touched = []
    for number in (*_before(act), *act.made):
        answers.loosen(connection, number, act.at, by)
    for number, group in _before(act).items():
        _restore(connection, rows[number], group, act.before[str(number)], forms, by)
        touched.append(number)
    for number in act.made:
        group = Group(number, ())
        groupings.keep(connection, number, group)
        _merge(connection, rows[number], group, by)
        touched.append(number)
    tell_parts(connection, upload, _parts_of(act.before))
    undone = regroupings.c.id == act.id
    connection.execute(regroupings.update().where(undone).values(undone_at=by.now))
    return touched


def _parts_of(before: Mapping[str, Any]) -> Sequence[PartJson]:
    return max((was["line"]["parts"] for was in before.values() if was["line"]), key=len, default=())


def _restore(
    connection: sa.Connection, row: Any, group: Group, was: Mapping[str, Any],
    forms: Callable[[str, str], FormDefinition], by: Editor,
) -> None:  # fmt: skip
    groupings.keep(connection, row.id, group)
    for table in (kept_records, doubts):
        connection.execute(table.delete().where(table.c.submission_id == row.id))
    values = was["content"]
    if values is not None:
        kept = {"content": values, "marks": was["marks"], "findings": was["findings"]}
        connection.execute(kept_records.insert().values(submission_id=row.id, **kept))
        open_fields = [name for name, mark in was["marks"].items() if mark["state"] == "doubtful"]
        if open_fields:
            rows = [{"submission_id": row.id, "field": one, "form": was["form"]} for one in open_fields]
            connection.execute(doubts.insert(), rows)
    error = was["line"]["error"] if was["line"] else None
    told = {
        **_told(group, was["status"]), "error": error,
        **{f"field:{name}": value for name, value in (values or {}).items()},
    }  # fmt: skip
    columns = {name: was[name] for name in _COLUMNS if name != "status"}
    _move(connection, row, "restored", was["status"], None, by, told, columns)
    search.index(connection, row.id, [was["name"], *search.texts_of(values or {})])
    if was["line"]:
        form = forms(was["form"], was["form_version"]) if values is not None else None
        twins.arrived(connection, row.id, was["line"], form, values or {})
