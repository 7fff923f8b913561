"""The schema of the database. Migrations are made from it (`service/migrations/`), and a test holds that the
two agree.

uploads ──< upload_files            the files that one request or one mail brought; their bytes lie in blobs
   ├────< regroupings               what persons put together anew, and what stood before
   ├────< moved_pieces              pages that persons moved to an application of another upload
   ├────< readings                  what was read of pictures, so that it needn't be read twice
   └────< submissions ─── results   one application each, with exactly one final result
              ├────── records       the present values, and who settled each
              ├────< versions       every change of the values; a version itself never changes
              ├────< doubts         the fields that wait for a person
              ├────< traits         what the submission is recognised by when the same comes again
              ├───>< kinships       pairs of submissions that may be the same, and a person's verdict
              ├────< rulings        what persons decided on it for a campaign
              ├────── belongings    which campaign a person says it is for
              ├────── groupings     which pages are its own, where a person said so (`grouping_tables.py`)
              ├────< proof_samples  values that people key again blindly (`proof_tables.py`)
              ├────< notices        what was asked of its applicant each time that it went back
              └────── search        the full-text index: FTS5 or a tsvector, so only the migration makes it
users ─── identities                whom an identity provider knows (`identity_tables.py`)
announcements                       what was announced for a campaign, and which submissions are meant
audit_log ──< audit_values          a hash chain over salted digests. Values and salts can be erased, and the
                                    chain stays whole
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from service.store.sealed import SealedBytes, SealedJson, SealedName, SealedText

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s",
    }
)  # fmt: skip


class Moment(sa.TypeDecorator[datetime]):
    """An instant in UTC, to the microsecond. It is stored as text that sorts by time, the same on every
    database."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


# JSON null is stored as SQL NULL, so that an absent value has one form.
Json = JSON(none_as_null=True)
_Id = sa.BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[int]:
    return Column("id", _Id, primary_key=True, autoincrement=True)


users = Table(
    "users", metadata, _id(),
    Column("name", String(64), nullable=False, unique=True),
    Column("full_name", String(128), nullable=False, default=""),
    Column("role", String(16), nullable=False),
    Column("password", String(256)),  # an Argon2 hash; None until the one-time link is used
    Column("active", Boolean, nullable=False, default=True),
    Column("created_at", Moment, nullable=False),
    Column("failures", Integer, nullable=False, default=0),
    Column("locked_until", Moment),
)  # fmt: skip

# One-time links: for the first administrator, a new user, or a forgotten password. Only the token's SHA-256
# is kept.
invitations = Table(
    "invitations", metadata,
    Column("digest", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", Moment, nullable=False),
)  # fmt: skip

sessions = Table(
    "sessions", metadata,
    Column("digest", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("agent", String(200)),  # what the browser calls itself
    Column("origin", String(64)),  # the address that it came from
    Column("issuer", String(512)),  # who said who it is, where that was not ourselves
)  # fmt: skip

# What codes are made from (TOTP); it counts once it was confirmed by one. `last_step` is the step of time of
# the last code, which no earlier one may follow.
second_factors = Table(
    "second_factors", metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("secret", String(512), nullable=False),  # sealed where there are keys
    Column("created_at", Moment, nullable=False),
    Column("confirmed_at", Moment),
    Column("last_step", sa.BigInteger),
)  # fmt: skip

# What works once where the second factor is lost; only the SHA-256 is kept.
recovery_codes = Table(
    "recovery_codes", metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("digest", String(64), primary_key=True),
)  # fmt: skip

tokens = Table(
    "tokens", metadata, _id(),
    Column("name", String(128), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("prefix", String(16), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("created_by", ForeignKey("users.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
)  # fmt: skip

# Failed logins by address and by name, for the rate limit. All processes of the service share them.
login_attempts = Table(
    "login_attempts", metadata, _id(),
    Column("origin", String(64), nullable=False, index=True),
    Column("at", Moment, nullable=False, index=True),
)  # fmt: skip

forms = Table(
    "forms", metadata,
    Column("name", String(64), primary_key=True),
    Column("version", String(64), primary_key=True),
    Column("definition", Json, nullable=False),
    Column("current", Boolean, nullable=False, default=True),
    Column("added_at", Moment, nullable=False),
    Column("added_by", String(80), nullable=False),
)  # fmt: skip

uploads = Table(
    "uploads", metadata, _id(),
    Column("created_at", Moment, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("channel", String(16), nullable=False),  # page, api, mail
    Column("form", String(64)),  # None: the form is to be recognised
    # whether its files may come from different applicants
    Column("apart", Boolean, nullable=False, default=False, server_default=sa.false()),
    Column("replaces", _Id),  # the submission that this upload replaces
    Column("state", String(16), nullable=False, default="received"),  # received, reading, done
    # While an upload is read: {"part": …, "done": …, "total": …}. Until it is tried again: {"part": None,
    # "code": …, "again_at": …}.
    Column("progress", SealedJson("uploads.progress")),
    Column("attempts", Integer, nullable=False, default=0),
    Column("message", SealedJson("uploads.message")),
    Column("arrived_at", Moment),  # when the mailbox had it, by its server's own clock
    Column("purged_at", Moment),
)  # fmt: skip

upload_files = Table(
    "upload_files", metadata,
    Column("upload_id", ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", SealedText("upload_files.name", 512), nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("bytes", sa.BigInteger, nullable=False),
    # the upload that brought it, where a person moved pages of it here (`moved_pieces`)
    Column("home_id", _Id),
)  # fmt: skip

# A request that is sent again with its key gets the answer to the first request.
idempotency = Table(
    "idempotency", metadata,
    Column("actor", String(80), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("answer", SealedJson("idempotency.answer")),
    Column("created_at", Moment, nullable=False),
)  # fmt: skip

submissions = Table(
    "submissions", metadata, _id(),
    Column("upload_id", ForeignKey("uploads.id"), nullable=False),
    Column("application", Integer, nullable=False, default=1),
    Column("status", String(16), nullable=False),
    # the name before it is read: its file
    Column("name", SealedText("submissions.name", 512), nullable=False),
    Column("unit", SealedText("submissions.unit", 512)),  # the applicant, as the record says now
    Column("form", String(64)),
    Column("form_version", String(64)),
    Column("instance", String(128)),
    Column("doubtful", Integer, nullable=False, default=0),  # fields that wait for a person
    Column("errors", Integer, nullable=False, default=0),  # findings that are errors
    Column("error_code", String(64)),
    Column("received_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    # rises with each change; the cursor of incremental export
    Column("changed", _Id, nullable=False, index=True),
    Column("replaces", _Id, index=True),
    Column("replaced_by", _Id),
    Column("version", Integer, nullable=False, default=0),
    Column("purged_at", Moment),  # since then a tombstone: its values and bytes are gone
    Column("assignee", _Id, index=True),  # the user whose work it is
    UniqueConstraint("upload_id", "application"),
    # One index for each order and each filter of the list, as `service/store/listing.py` queries them.
    sa.Index(None, "received_at", "id"), sa.Index(None, "doubtful", "id"), sa.Index(None, "unit", "id"),
    sa.Index(None, "status", "received_at", "id"), sa.Index(None, "form", "received_at", "id"),
    sa.Index(None, "status", "doubtful", "id"),
)  # fmt: skip

results = Table(
    "results", metadata,
    Column("submission_id", ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True),
    Column("line", SealedJson("results.line")),  # as `models.record.Result.to_json`; None once purged
    Column("read_at", Moment, nullable=False),
    Column("seconds", sa.Float, index=True),  # indexed so that the metrics can sum it without the lines
    Column("worker", String(128)),
)  # fmt: skip

# A field's mark is {"state": "read" | "doubtful" | "confirmed" | "corrected", "by": …, "at": …}.
records = Table(
    "records", metadata,
    Column("submission_id", ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True),
    Column("content", SealedJson("records.content"), nullable=False),  # {field: JSON value}
    Column("marks", SealedJson("records.marks"), nullable=False),
    Column("findings", SealedJson("records.findings"), nullable=False),
)  # fmt: skip

# `changes` is {field: {"before", "after", "mark_before", "mark_after"}}. `undoes` is the version that this
# version takes back.
versions = Table(
    "versions", metadata,
    Column("submission_id", ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("action", String(32), nullable=False),
    Column("reason", SealedText("versions.reason")),
    Column("changes", SealedJson("versions.changes"), nullable=False),
    Column("status_before", String(16)),
    Column("status_after", String(16)),
    Column("undoes", Integer),
    sa.Index(None, "action", "at"),
)  # fmt: skip

# The fields that wait for a person, one row a field. The page that shows one question across all submissions
# reads this table.
doubts = Table(
    "doubts", metadata,
    Column("submission_id", ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True),
    Column("field", String(64), primary_key=True),
    Column("form", String(64), nullable=False),
    sa.Index(None, "form", "field", "submission_id"),
)  # fmt: skip

# What a submission is recognised by (`service/store/twins.py`): digests of its content, the number of its
# form, and its form with the applicant's name.
traits = Table(
    "traits", metadata,
    Column("submission_id", ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(16), primary_key=True),  # as `kinships.ground`
    Column("key", SealedName("traits.key", 160), primary_key=True),
    sa.Index(None, "kind", "key", "submission_id"),
)  # fmt: skip

# Two submissions that may be the same, the later one first. There are no foreign keys, because checking them
# would lock the other submission's row. A transaction that holds that row may be waiting for this one. Rows
# of submissions are never deleted one by one.
kinships = Table(
    "kinships", metadata,
    Column("submission_id", _Id, primary_key=True, autoincrement=False),
    Column("earlier", _Id, primary_key=True, autoincrement=False, index=True),
    Column("ground", String(16), nullable=False),  # same-bytes, same-instance, same-unit, named
    Column("verdict", String(16)),  # replaces, another; None until a person says so
    Column("by", String(80)),
    Column("at", Moment),
    sa.Index(None, "verdict", "submission_id"),
)  # fmt: skip

# What persons decided on a submission for a campaign (`service/campaigns`), which goes before what the
# program makes of it: {"organiser", "may_apply", "in_time", "recommendation", "second"}, null
# where nobody said.
rulings = Table(
    "rulings", metadata,
    Column("submission_id", ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True),
    Column("campaign", String(64), primary_key=True),
    Column("content", SealedJson("rulings.content"), nullable=False),
    Column("reason", SealedText("rulings.reason")),
    Column("version", Integer, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", Moment, nullable=False),
)  # fmt: skip

# Which campaign a person says a submission is for, None: none; for those of which nothing else tells it.
belongings = Table(
    "belongings", metadata,
    Column(
        "submission_id", ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True,
        autoincrement=False,
    ),
    Column("campaign", String(64)),
    Column("version", Integer, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", Moment, nullable=False),
)  # fmt: skip

# The list that somebody above announced for a campaign: {"file", "rows": [[number, unit, title]], "settled":
# {number of the row: the submission that a person says it means, or null for none}}.
announcements = Table(
    "announcements", metadata,
    Column("campaign", String(64), primary_key=True),
    Column("content", SealedJson("announcements.content"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", Moment, nullable=False),
)  # fmt: skip

# What was asked of an applicant when a submission went back, once for each time. `asked` is a list of
# {"text", "remedy", "field", "code"} in the notice's order; `given` are the values that stand in the form
# that goes with it, {field: JSON value}, by whose number (`instance`) the answer is known again. `answer` is
# the submission that answered it; there is no foreign key, as in `kinships`.
notices = Table(
    "notices", metadata, _id(),
    Column("submission_id", ForeignKey("submissions.id", ondelete="CASCADE"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("number", String(120), nullable=False, unique=True),
    Column("campaign", String(64)),
    Column("serial", Integer, nullable=False),  # within its campaign and year
    Column("instance", String(20), nullable=False, unique=True),
    Column("unit", SealedText("notices.unit", 512)),
    Column("asked", SealedJson("notices.asked"), nullable=False),
    Column("given", SealedJson("notices.given"), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("made_by", String(80), nullable=False),
    Column("working_days", Integer, nullable=False),
    Column("due", String(10), nullable=False),  # a day, in ISO form; it is still in time
    Column("ends_at", Moment, nullable=False),  # the first moment that is no more in time
    Column("state", String(16), nullable=False),  # open, answered, closed, recalled
    Column("answer", _Id, index=True),
    Column("ground", String(16)),  # instance, thread, unit, named: by what the answer was known
    Column("settled_at", Moment),
    Column("message_id", String(120)),  # of the mail that was sent with it
    UniqueConstraint("submission_id", "round"),
    sa.Index(None, "state", "ends_at"),
)  # fmt: skip

counters = Table(
    "counters", metadata, Column("name", String(32), primary_key=True), Column("value", _Id, nullable=False)
)

audit_log = Table(
    "audit_log", metadata,
    Column("seq", _Id, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", String(80), nullable=False, index=True),
    Column("digests", Json, nullable=False),  # {label: salted SHA-256}
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)  # fmt: skip

audit_values = Table(
    "audit_values", metadata,
    Column("seq", ForeignKey("audit_log.seq"), primary_key=True),
    Column("label", String(160), primary_key=True),
    Column("salt", SealedBytes("audit_values.salt"), nullable=False),
    Column("value", SealedText("audit_values.value"), nullable=False),  # canonical JSON
)  # fmt: skip

presets = Table(
    "presets", metadata, _id(),
    Column("name", String(128), nullable=False, unique=True),
    Column("content", Json, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("created_at", Moment, nullable=False),
)  # fmt: skip

webhooks = Table(
    "webhooks", metadata, _id(),
    Column("url", String(1024), nullable=False),
    Column("events", Json, nullable=False),
    Column("secret", SealedText("webhooks.secret", 128), nullable=False),
    Column("active", Boolean, nullable=False, default=True),
    Column("created_by", String(80), nullable=False),
    Column("created_at", Moment, nullable=False),
)  # fmt: skip

deliveries = Table(
    "deliveries", metadata, _id(),
    Column("webhook_id", ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("event", String(32), nullable=False),
    Column("body", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_at", Moment, index=True),  # None: delivered or given up
    Column("delivered_at", Moment),
    Column("status", Integer),  # of the last answer
    Column("error", Text),
)  # fmt: skip

# A worker reports here that it lives. A worker that is silent too long counts as dead, and its jobs go to
# others.
workers = Table(
    "workers", metadata,
    Column("name", String(128), primary_key=True),
    Column("host", String(128), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False, index=True),
)  # fmt: skip
