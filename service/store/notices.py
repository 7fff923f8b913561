"""Notices of correction as they are kept: what was asked of an applicant, until when, and what answered it.

A submission gets a notice each time that it is returned. What stands in it never changes; only its state
does: `open` until the answer comes, `answered`, `closed` where the application was withdrawn for want of one,
`recalled` where it was taken up again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypedDict

import sqlalchemy as sa

from service.store import audit
from service.store.tables import notices, submissions, versions
from service.store.versions import Editor

State = Literal["open", "answered", "closed", "recalled"]
STATES: Mapping[State, str] = {
    "open": "待补正", "answered": "已收到补正", "closed": "已关闭", "recalled": "已收回",
}  # fmt: skip
# By what an answer was known: the number of the form that went with the notice, the mail's thread, the
# submission that the upload named, the unit with nearly all of the content, or a person's word on two
# submissions of one unit.
Ground = Literal["instance", "thread", "named", "content", "person"]
GROUNDS: Mapping[Ground, str] = {
    "instance": "表格编号", "thread": "邮件往来", "named": "上传时指明", "content": "单位和内容",
    "person": "人工认定",
}  # fmt: skip
_ACTION = "notice"


class AskedJson(TypedDict):
    """One thing that was asked, in words, and what to do; `field` and `code` where a finding told it."""

    text: str
    remedy: str
    field: str | None
    code: str | None


def items(asked: Sequence[AskedJson]) -> dict[str, int]:
    """Returns {field: the number of the first item of a notice that is about it} (pure)."""
    numbers: dict[str, int] = {}
    for number, one in enumerate(asked, 1):
        if one["field"]:
            numbers.setdefault(one["field"], number)
    return numbers


@dataclass(frozen=True)
class Asking:
    """A notice that is to be made. `scheme` is its number with words in braces: {年}, {编号} and {次} of the
    submission, {序号} within the campaign and the year."""

    submission: int
    unit: str
    instance: str
    asked: Sequence[AskedJson]
    given: Mapping[str, Any]
    scheme: str
    year: int
    working_days: int
    due: date
    ends_at: datetime
    campaign: str | None = None


def issue(connection: sa.Connection, asking: Asking, by: Editor) -> Any:
    """Keeps a notice for the present round of a submission, and returns its row; where there is one, that
    one."""
    # Taken first, so that two who number at the same time come one after the other.
    changed = audit.next_value(connection, "changes")
    rounds = returned(connection, asking.submission)
    known = _of_round(connection, asking.submission, rounds)
    if known is not None:
        return known
    serial = _last_serial(connection, asking) + 1
    number = asking.scheme.format_map(
        {"年": asking.year, "编号": asking.submission, "次": rounds, "序号": serial}
    )
    values = {
        "submission_id": asking.submission, "round": rounds, "number": _free(connection, number),
        "campaign": asking.campaign, "serial": serial, "instance": asking.instance,
        "unit": asking.unit[:512], "asked": list(asking.asked), "given": dict(asking.given),
        "made_at": by.now, "made_by": by.actor, "working_days": asking.working_days,
        "due": asking.due.isoformat(), "ends_at": asking.ends_at, "state": "open",
    }  # fmt: skip
    row = connection.execute(notices.insert().values(values).returning(*notices.c)).one()
    mine = submissions.c.id == asking.submission
    connection.execute(submissions.update().where(mine).values(changed=changed))
    about = {
        "number": row.number, "round": rounds, "due": row.due, "instance": row.instance,
        "asked": [one["text"] for one in asking.asked],
    }  # fmt: skip
    audit.append(connection, by.now, by.actor, _ACTION, f"submission:{asking.submission}", about)
    return row


def returned(connection: sa.Connection, submission: int) -> int:
    """How often a submission was returned."""
    times = versions.c.submission_id == submission, versions.c.action == "return"
    return connection.scalar(sa.select(sa.func.count()).where(*times)) or 0


def _of_round(connection: sa.Connection, submission: int, rounds: int) -> Any | None:
    mine = notices.c.submission_id == submission, notices.c.round == rounds
    return connection.execute(notices.select().where(*mine)).one_or_none()


def _last_serial(connection: sa.Connection, asking: Asking) -> int:
    # A year begins where the clock of the campaign says so, and not in Greenwich.
    begins, ends = (
        datetime(year, 1, 1, tzinfo=asking.ends_at.tzinfo) for year in (asking.year, asking.year + 1)
    )
    same = [
        notices.c.campaign == asking.campaign if asking.campaign else notices.c.campaign.is_(None),
        notices.c.made_at >= begins, notices.c.made_at < ends,
    ]  # fmt: skip
    return connection.scalar(sa.select(sa.func.max(notices.c.serial)).where(*same)) or 0


def _free(connection: sa.Connection, number: str) -> str:
    """`number`, with a sign behind it where another notice has it: two campaigns may number alike."""
    taken, tried = number[:110], 1
    while connection.scalar(sa.select(notices.c.id).where(notices.c.number == taken)) is not None:
        tried += 1
        taken = f"{number[:110]}（{tried}）"
    return taken


def present(connection: sa.Connection, submission: int) -> Any | None:
    """The notice of the last round of a submission; None where it has none."""
    return next(iter(of(connection, submission)), None)


def of(connection: sa.Connection, submission: int) -> Sequence[Any]:
    """All notices of a submission, the newest first."""
    mine = notices.select().where(notices.c.submission_id == submission)
    return connection.execute(mine.order_by(notices.c.round.desc())).all()


def about(connection: sa.Connection, submission: int) -> tuple[list[Any], Any | None]:
    """All notices of a submission, the newest first, and the one that it answers; None where it answers
    none."""
    rows = connection.execute(_ABOUT, {"number": submission}).all()
    mine = [row for row in rows if row.submission_id == submission]
    answered = (row for row in rows if row.answer == submission)
    return sorted(mine, key=lambda row: -row.round), next(answered, None)


_NUMBER = sa.bindparam("number", type_=notices.c.id.type)
_ABOUT = (
    notices.select()
    .where(sa.or_(notices.c.submission_id == _NUMBER, notices.c.answer == _NUMBER))
    .order_by(notices.c.id.desc())
)


def answered_by(connection: sa.Connection, submission: int) -> Any | None:
    """The notice that this submission answers; None where it answers none."""
    query = notices.select().where(notices.c.answer == submission).order_by(notices.c.id.desc())
    return connection.execute(query.limit(1)).one_or_none()


def leave(connection: sa.Connection, submission: int, status: str, move: str, now: datetime) -> bool:
    """Settles the open notice of a submission in `status` that a person took up again or withdrew. Returns
    whether it is asked again instead: where it was withdrawn while its notice was open, taking that back
    opens the notice again."""
    known = present(connection, submission)
    if move == "reopen" and status == "withdrawn" and known is not None and known.state == "closed":
        said = {"state": "open", "settled_at": None}
        connection.execute(notices.update().where(notices.c.id == known.id).values(said))
        return True
    state: State = "closed" if move == "withdraw" else "recalled"
    mine = notices.c.submission_id == submission, notices.c.state == "open"
    connection.execute(notices.update().where(*mine).values(state=state, settled_at=now))
    return False


def answer(connection: sa.Connection, notice: int, submission: int, ground: Ground, now: datetime) -> bool:
    """Keeps that `submission` answers an open notice; returns False where that is open no more."""
    said = {"state": "answered", "answer": submission, "ground": ground, "settled_at": now}
    mine = notices.c.id == notice, notices.c.state == "open"
    return connection.execute(notices.update().where(*mine).values(said)).rowcount == 1


def sent(connection: sa.Connection, notice: int, message_id: str) -> None:
    """Keeps the id of the mail with which a notice was sent, by which a reply is known."""
    connection.execute(notices.update().where(notices.c.id == notice).values(message_id=message_id[:120]))


def settled(connection: sa.Connection, later: int, earlier: int, replaces: bool, now: datetime) -> None:
    """Follows a person's word on two submissions: where the later one `replaces` the earlier, it answers its
    notice; where that is taken back, the notice is open again."""
    if replaces:
        known = present(connection, earlier)
        if known is not None and known.state == "open":
            answer(connection, known.id, later, "person", now)
        # An answer that came twice: the later copy stands for both.
        connection.execute(notices.update().where(notices.c.answer == earlier).values(answer=later))
        return
    mine = notices.c.submission_id == earlier, notices.c.answer == later
    opened = {"state": "open", "answer": None, "ground": None, "settled_at": None}
    connection.execute(notices.update().where(*mine).values(opened))


def numbers_overdue(now: datetime) -> sa.Select[int]:
    """Selects the numbers of the submissions whose notice is open and had ended by `now`."""
    return sa.select(notices.c.submission_id).where(notices.c.state == "open", notices.c.ends_at <= now)


def page(
    connection: sa.Connection, now: datetime, *, overdue: bool | None = None,
    states: Sequence[State] = (), after: int = 0, limit: int = 200,
) -> Sequence[Any]:  # fmt: skip
    """Up to `limit` notices after the one numbered `after`, with status, version and form of their
    submissions; `overdue` asks whether an open one has ended by `now`."""
    about = submissions.c.status, submissions.c.version, submissions.c.replaced_by
    form = submissions.c.form, submissions.c.form_version
    query = sa.select(notices, *about, *form).join(submissions, submissions.c.id == notices.c.submission_id)
    if states:
        query = query.where(notices.c.state.in_(list(states)))
    if overdue is not None:
        is_over = sa.and_(notices.c.state == "open", notices.c.ends_at <= now)
        query = query.where(is_over if overdue else sa.not_(is_over))
    return connection.execute(query.where(notices.c.id > after).order_by(notices.c.id).limit(limit)).all()


def forget(connection: sa.Connection, submission: int) -> None:
    """Erases what was asked and given, with the submission's contents. Number, days and state stay."""
    mine = notices.c.submission_id == submission
    connection.execute(notices.update().where(mine).values(asked=[], given={}, unit=None))
