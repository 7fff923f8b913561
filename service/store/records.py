"""Records: what was read, what people made of it, and every version in between. No value is overwritten
without a trace."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.errors import Conflict, Invalid
from models.form import FormDefinition
from models.record import Record
from models.rules import check
from service.parts import files_of
from service.results import FindingJson, Line, finding_of
from service.store import answers, audit, events, notices, search, twins
from service.store.acceptance import expect_acceptable
from service.store.again import found_again, waiting
from service.store.changes import Change, value_of
from service.store.marks import SETTLED, UNMARKED, ChangeJson, MarkJson, as_read
from service.store.statuses import WORDS, Move, Status, after
from service.store.tables import doubts, records, results, submissions, uploads, versions
from service.store.uploads import called, insert_submission, put_back
from service.store.versions import Editor, add_version, expect, expect_whole, row_of


def finish(
    connection: sa.Connection,
    upload: int,
    lines: Sequence[Line],
    forms: Callable[[str, str], FormDefinition],
    worker: str,
    seconds: float | None,
    now: datetime,
    again: Collection[str] = (),
) -> list[int]:
    """Stores the result of reading `upload` as submissions, one for each line. A second call changes nothing.
    Where only some parts were read once more, `again` holds them, as `service.store.again.to_read` gave
    them."""
    # The row is locked, so that of two workers that read the same upload one comes second.
    state = connection.execute(
        sa.select(uploads.c.state, uploads.c.replaces).where(uploads.c.id == upload).with_for_update()
    ).one()
    numbered = sa.select(submissions.c.application, submissions.c.id).where(submissions.c.upload_id == upload)
    known = {row.application: row.id for row in connection.execute(numbered)}
    if state.state == "done" or (len(known) > 1 and not again):
        return [known[number] for number in sorted(known)]
    if again:
        found = found_again(connection, upload, lines, again)
    else:
        found = [(known.get(number), line) for number, line in enumerate(lines, 1)]
        connection.execute(
            uploads.update().where(uploads.c.id == upload).values(message=lines[0].get("message"))
        )
    made, last = [], max(known)
    # Found before anything is written, because that locks what they answer, which came earlier.
    ties = [answers.find(connection, *one, forms, state.replaces) for one in found]
    for (submission, line), tie in zip(found, ties, strict=True):
        name = called(files_of(line)) if known.keys() - {1} or len(lines) > 1 else None
        if submission is None:
            last += 1
            submission = insert_submission(connection, upload, last, name or str(line["source"]), None, now)
        by = Editor(f"worker:{worker}", now)
        store_result(connection, submission, line, forms, by, seconds, name, tie)
        made.append(submission)
    # Another submission may have been put back meanwhile, to be read again.
    now_it_is = "received" if again and waiting(connection, upload) else "done"
    connection.execute(uploads.update().where(uploads.c.id == upload).values(state=now_it_is, progress=None))
    return made


def store_result(
    connection: sa.Connection,
    submission: int,
    line: Line,
    forms: Callable[[str, str], FormDefinition],
    by: Editor,
    seconds: float | None,
    name: str | None = None,
    tie: answers.Tie | None = None,
) -> None:
    """Stores what was read of a submission, which has no record yet."""
    line = answers.weigh(line, tie, by.now) if tie else line
    if name is not None:
        connection.execute(submissions.update().where(submissions.c.id == submission).values(name=name[:512]))
    connection.execute(results.delete().where(results.c.submission_id == submission))
    connection.execute(
        results.insert().values(
            submission_id=submission, line=dict(line), read_at=by.now, seconds=seconds, worker=by.actor
        )
    )
    error = line.get("error")
    form = None if error else forms(str(line["form"]), str(line["version"]))
    row = row_of(connection, submission)
    status = after(row.status, "fail" if error else "finish") or row.status
    changed = {
        "error_code": error["code"] if error else None,
        "form": line["form"],
        "form_version": line["version"],
        "instance": line.get("instance"),
    }
    marks = {name: as_read(field, by.actor, by.now) for name, field in line["fields"].items()}
    values = {name: field["value"] for name, field in line["fields"].items()}
    if form is not None:
        connection.execute(
            records.insert().values(
                submission_id=submission, content=values, marks=marks, findings=line["findings"]
            )
        )
    _write(connection, submission, row, by, _State(form, values, marks, line["findings"], status), changed)
    if tie is not None:
        answers.link(connection, submission, tie, by)
    twins.arrived(connection, submission, line, form, values)
    add_version(connection, row, by, "read", None, {}, status)
    about = {"status": status, "error": error, **{f"field:{name}": value for name, value in values.items()}}
    audit.append(connection, by.now, by.actor, "read", f"submission:{submission}", about)
    events.emit(connection, "submission.unreadable" if error else "submission.read", submission, by.now)


def hold_against_notice(connection: sa.Connection, submission: int, form: FormDefinition, by: Editor) -> None:
    """Says anew what is not as the notice asked that a submission answers, where a person has just said that
    it answers one, or has taken that back. What persons settled stays settled."""
    row = row_of(connection, submission)
    line: Line | None = connection.scalar(
        sa.select(results.c.line).where(results.c.submission_id == submission)
    )
    if row.status != "in-review" or line is None or line.get("error"):
        return
    values, marks = _content(_record(connection, submission))
    told = answers.tied(connection, submission, form, values, by.now)
    doubted = {one.field for one in told if one.is_doubt}
    line = answers.untold(line)
    line = {**line, "findings": [*line["findings"], *map(finding_of, told)]}
    for name, field in line["fields"].items():
        if name in marks and marks[name]["state"] not in SETTLED:
            is_open = name in doubted or field["decision"] != "accept"
            marks[name] = {**marks[name], "state": "doubtful" if is_open else "read"}
    found = _findings(form, values, marks, line["findings"])
    mine = results.c.submission_id == submission
    connection.execute(results.update().where(mine).values(line=dict(line)))
    here = records.c.submission_id == submission
    connection.execute(records.update().where(here).values(marks=marks, findings=found))
    state = _State(form, values, marks, found, row.status)
    _write(connection, submission, row, by, state, {"version": row.version})


def correct(
    connection: sa.Connection,
    submission: int,
    expected: int,
    changes: Sequence[Change],
    form: FormDefinition,
    by: Editor,
    reason: str | None = None,
) -> int:
    """Corrects and confirms fields, all or none, and returns the new version.

    Raises:
        NotFound, Conflict: there is no record, or it is not under review.
        Stale: `expected` is no longer its version.
        Invalid: a field is not the form's, a text has no reading in its kind, or a required field would
            become empty without the change saying so.
    """
    row = _editable(connection, submission, expected)
    record = _record(connection, submission)
    values, marks = _content(record)
    made: dict[str, ChangeJson] = {}
    for change in changes:
        if change.field not in form.fields:
            raise Invalid(f"表格中没有字段“{change.field}”")
        field, title = form.fields[change.field], form.titles[change.field]
        value = value_of(field, title, change, values.get(change.field))
        if value is None and field.required and not change.says_empty:
            raise Invalid(f"“{title}”必填，现在是空的", advice="原件上确实没有填写的，请用 value: null 说明")
        same = value == values.get(change.field)
        before = marks.get(change.field, UNMARKED)
        is_confirmed = same and before["state"] != "corrected"
        mark: MarkJson = {
            "state": "confirmed" if is_confirmed else "corrected",
            "by": by.actor,
            "at": by.now.isoformat(),
        }
        made[change.field] = {
            "before": values.get(change.field),
            "after": value,
            "mark_before": before,
            "mark_after": mark,
        }
        values[change.field], marks[change.field] = value, mark
    _weigh_again(form, values, marks, made)
    what = "correct", made, reason, None
    return _edit(connection, submission, row, record, by, form, values, marks, what)


def undo(connection: sa.Connection, submission: int, expected: int, form: FormDefinition, by: Editor) -> int:
    """Takes back the last change of fields that was not taken back yet, as a new version.

    Raises:
        NotFound, Stale: as in `correct`.
        Conflict: there is nothing to take back, or the submission is not under review.
    """
    row = _editable(connection, submission, expected)
    history = connection.execute(
        versions.select().where(versions.c.submission_id == submission).order_by(versions.c.version.desc())
    ).all()
    undone = {one.undoes for one in history}
    last = next((one for one in history if one.action == "correct" and one.version not in undone), None)
    if last is None:
        raise Conflict("没有可以撤销的修改")
    record = _record(connection, submission)
    values, marks = _content(record)
    made: dict[str, ChangeJson] = {}
    changes: Mapping[str, ChangeJson] = last.changes
    for name, change in changes.items():
        made[name] = {
            "before": values.get(name), "after": change["before"],
            "mark_before": marks.get(name, UNMARKED), "mark_after": change["mark_before"],
        }  # fmt: skip
        values[name], marks[name] = change["before"], change["mark_before"]
    _weigh_again(form, values, marks, made)
    what = "undo", made, None, last.version
    return _edit(connection, submission, row, record, by, form, values, marks, what)


def decide(
    connection: sa.Connection,
    submission: int,
    expected: int,
    move: Move,
    by: Editor,
    reason: str | None = None,
) -> int:
    """Stores a person's decision as a new version, and returns the version.

    Raises:
        NotFound: there is no such submission.
        Stale: `expected` is no longer its version.
        Conflict: the move is not legal from its state. A submission also can't be accepted while fields wait
            for a person, without a `reason` while it holds errors, when another took its place, or when it
            may be the same as another.
    """
    row = row_of(connection, submission, lock=True)
    expect(row, expected)
    expect_whole(row)
    target = after(row.status, move)
    if target is None:
        raise Conflict(f"现在的状态是“{WORDS[row.status]}”，不能这样处理")
    has_record = connection.scalar(sa.select(sa.func.count()).where(records.c.submission_id == submission))
    if target == "in-review" and not has_record:
        target = "unreadable"
    if move == "accept":
        expect_acceptable(connection, row, reason)
    if move == "retry":
        _read_again(connection, row)
    if move in ("reopen", "withdraw") and notices.leave(connection, submission, row.status, move, by.now):
        target = "returned"
    version = add_version(connection, row, by, move, reason, {}, target)
    connection.execute(
        submissions.update()
        .where(submissions.c.id == submission)
        .values(
            status=target,
            version=version,
            updated_at=by.now,
            changed=audit.next_value(connection, "changes"),
        )
    )
    if (row.status in twins.LIVING) != (target in twins.LIVING):
        twins.seek(connection, submission)
    audit.append(
        connection, by.now, by.actor, move, f"submission:{submission}", {"status": target, "reason": reason}
    )
    if move in events.DECIDED:
        events.emit(connection, events.DECIDED[move], submission, by.now)
    return version


def _read_again(connection: sa.Connection, row: Any) -> None:
    others = submissions.c.upload_id == row.upload_id, submissions.c.id != row.id
    # The earlier line tells which of the files that came together belong to this submission. So it is deleted
    # only where the upload holds no other.
    if not connection.scalar(sa.select(sa.func.count()).where(*others)):
        connection.execute(results.delete().where(results.c.submission_id == row.id))
    put_back(connection, row.upload_id)
    connection.execute(submissions.update().where(submissions.c.id == row.id).values(error_code=None))


@dataclass(frozen=True)
class _State:
    """The state of a submission after a change."""

    form: FormDefinition | None
    values: Mapping[str, Any]
    marks: Mapping[str, MarkJson]
    findings: Sequence[FindingJson]
    status: Status


def _edit(
    connection: sa.Connection, submission: int, row: Any, record: Any, by: Editor, form: FormDefinition,
    values: dict[str, Any], marks: dict[str, MarkJson],
    what: tuple[str, Mapping[str, ChangeJson], str | None, int | None],
) -> int:  # fmt: skip
    action, made, reason, undoes = what
    line: Line | None = record.line
    found = _findings(form, values, marks, line["findings"] if line else ())
    connection.execute(_KEEP, {"number": submission, "content": values, "marks": marks, "findings": found})
    version = add_version(connection, row, by, action, reason, made, row.status, undoes)
    state = _State(form, values, marks, found, row.status)
    _write(connection, submission, row, by, state, {"version": version}, record)
    if values != record.content:
        twins.corrected(connection, submission, form, values)
    about: dict[str, Any] = {}
    for name, change in made.items():
        about |= {f"field:{name}:before": change["before"], f"field:{name}:after": change["after"]}
    audit.append(
        connection, by.now, by.actor, action, f"submission:{submission}", {**about, "reason": reason}
    )
    return version


def _weigh_again(
    form: FormDefinition, values: Mapping[str, Any], marks: dict[str, MarkJson], changed: Collection[str]
) -> None:
    """Weighs a field again where the field that it mentions has `changed` and may bear out its value. A field
    that a person has settled keeps its mark."""
    for name, field in form.fields.items():
        mark = marks.get(name)
        if field.mentions is None or field.mentions not in changed or not field.borne_out:
            continue
        if mark is None or mark["state"] in SETTLED:
            continue
        other = values.get(field.mentions)
        is_sure = marks[field.mentions]["state"] != "doubtful" and isinstance(other, str)
        value: Any = field.from_json(values.get(name))
        parts = field.unweighed(value, other if is_sure else None) if value is not None else ()
        plain = mark.copy()
        plain.pop("unweighed", None)
        marks[name] = {**plain, "unweighed": list(parts)} if parts else plain


def _findings(
    form: FormDefinition,
    values: Mapping[str, Any],
    marks: Mapping[str, MarkJson],
    read: Sequence[FindingJson],
) -> list[FindingJson]:
    """Returns the reader's findings on fields that nobody settled, and the rules' findings on fields that
    somebody did."""
    settled = {name for name, mark in marks.items() if mark["state"] in SETTLED}
    typed = {name: field.from_json(values.get(name)) for name, field in form.fields.items()}
    rules = check(form, Record(form=form.name, version=form.version, values=typed))
    kept = [finding for finding in read if finding["field"] not in settled]
    return kept + [finding_of(finding) for finding in rules if finding.field in settled]


def _write(
    connection: sa.Connection, submission: int, row: Any, by: Editor, state: _State, more: Mapping[str, Any],
    before: Any | None = None,
) -> None:  # fmt: skip
    """Writes the columns that follow from the record, the doubts and the search index. `before` is the record
    as it was, None for a new one: what is the same as then is not written again."""
    open_fields = [name for name, mark in state.marks.items() if _is_open(mark)]
    names = [
        str(state.values[name])
        for name in (state.form.caption if state.form else ())
        if state.values.get(name)
    ]
    follows = {
        "status": state.status, "unit": names[0][:512] if names else None, "doubtful": len(open_fields),
        "errors": sum(finding["severity"] == "error" for finding in state.findings), "updated_at": by.now,
        "changed": audit.next_value(connection, "changes"), "version": row.version + 1, **more,
    }  # fmt: skip
    connection.execute(_FOLLOW, {"number": submission, **follows})
    were_open = {name for name, mark in before.marks.items() if _is_open(mark)} if before else None
    _write_doubts(connection, submission, state.form, open_fields, were_open)
    if before is None or before.content != state.values:
        search.index(connection, submission, [row.name, *search.texts_of(state.values)])


_KEEP = records.update().where(records.c.submission_id == sa.bindparam("number"))
_FOLLOW = submissions.update().where(submissions.c.id == sa.bindparam("number"))


def _is_open(mark: MarkJson) -> bool:
    return mark["state"] == "doubtful"


def _write_doubts(
    connection: sa.Connection, submission: int, form: FormDefinition | None, fields: Sequence[str],
    before: Collection[str] | None,
) -> None:  # fmt: skip
    """Writes the fields that wait for a person. Where they are some of those `before` (None: not known), only
    the others are erased."""
    mine = doubts.c.submission_id == submission
    if before is not None and set(fields) <= set(before):
        if closed := set(before) - set(fields):
            connection.execute(doubts.delete().where(mine, doubts.c.field.in_(closed)))
        return
    connection.execute(doubts.delete().where(mine))
    if form and fields:
        rows = [{"submission_id": submission, "field": name, "form": form.name} for name in fields]
        connection.execute(doubts.insert(), rows)


def carry(
    connection: sa.Connection, submission: int, form: FormDefinition,
    kept: Mapping[str, tuple[Any, MarkJson]], by: Editor,
) -> int:  # fmt: skip
    """Takes over values that persons settled before a submission was read again, with their marks; returns
    the new version. The submission must just have been read."""
    row, record = row_of(connection, submission), _record(connection, submission)
    values, marks = _content(record)
    made: dict[str, ChangeJson] = {}
    for name, (value, mark) in kept.items():
        before = marks.get(name, UNMARKED)
        made[name] = {
            "before": values.get(name), "after": value, "mark_before": before, "mark_after": mark,
        }  # fmt: skip
        values[name], marks[name] = value, mark
    _weigh_again(form, values, marks, made)
    what = "carried", made, None, None
    return _edit(connection, submission, row, record, by, form, values, marks, what)


def _editable(connection: sa.Connection, submission: int, expected: int) -> Any:
    row = row_of(connection, submission, lock=True)
    expect(row, expected)
    expect_whole(row)
    if row.status != "in-review":
        raise Conflict(f"现在的状态是“{WORDS[row.status]}”，不能修改", advice="需要修改时，请先重新打开复核")
    return row


def _record(connection: sa.Connection, submission: int) -> Any:
    """The row of a record, with the `line` that was read."""
    return connection.execute(_RECORD, {"number": submission}).one()


_RECORD = (
    sa.select(records, results.c.line)
    .outerjoin_from(records, results, results.c.submission_id == records.c.submission_id)
    .where(records.c.submission_id == sa.bindparam("number"))
)


def _content(record: Any) -> tuple[dict[str, Any], dict[str, MarkJson]]:
    """Returns copies of the values and the marks of a record, which may be changed."""
    return dict(record.content), dict(record.marks)
