"""Adds the traits of submissions, and the kinships between them"""

import hashlib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from models.writing import key

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT_ONCE = 500


def upgrade() -> None:
    """Makes the two tables, and fills them for the submissions that exist."""
    op.create_table(
        "traits",
        sa.Column("submission_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_traits_submission_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("submission_id", "kind", "key", name=op.f("pk_traits")),
    )
    op.create_index(
        op.f("ix_traits_kind_key_submission_id"), "traits", ["kind", "key", "submission_id"], unique=False
    )
    op.create_table(
        "kinships",
        sa.Column("submission_id", _ID, autoincrement=False, nullable=False),
        sa.Column("earlier", _ID, autoincrement=False, nullable=False),
        sa.Column("ground", sa.String(length=16), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=True),
        sa.Column("by", sa.String(length=80), nullable=True),
        sa.Column("at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("submission_id", "earlier", name=op.f("pk_kinships")),
    )
    op.create_index(op.f("ix_kinships_earlier"), "kinships", ["earlier"], unique=False)
    op.create_index(
        op.f("ix_kinships_verdict_submission_id"), "kinships", ["verdict", "submission_id"], unique=False
    )
    _fill()


# Copies of the tables and values as the service had them when this was written. A migration does not change
# when the service does.
_submissions = sa.table(
    "submissions",
    *(
        sa.column(name)
        for name in (
            "id",
            "upload_id",
            "application",
            "status",
            "unit",
            "form",
            "instance",
            "replaced_by",
            "purged_at",
        )
    ),
)
_files = sa.table("upload_files", sa.column("upload_id"), sa.column("sha256"))
_results = sa.table("results", sa.column("submission_id"), sa.column("line", sa.JSON))
_traits = sa.table("traits", sa.column("submission_id"), sa.column("kind"), sa.column("key"))
_LIVING = ("in-review", "unreadable", "returned", "accepted")


def _fill() -> None:
    connection, last = op.get_bind(), 0
    # Lines are long, so the database takes the parts out of them.
    query = (
        sa.select(_submissions, _results.c.line["parts"].label("parts"))
        .join_from(_submissions, _results, _results.c.submission_id == _submissions.c.id)
        .where(_submissions.c.purged_at.is_(None))
        .order_by(_submissions.c.id)
        .limit(_AT_ONCE)
    )
    while rows := connection.execute(query.where(_submissions.c.id > last)).all():
        last = rows[-1].id
        files: dict[int, list[str]] = {}
        wanted = _files.c.upload_id.in_([row.upload_id for row in rows])
        for file in connection.execute(sa.select(_files).where(wanted).order_by(_files.c.sha256)):
            files.setdefault(file.upload_id, []).append(file.sha256)
        found = [
            {"submission_id": row.id, "kind": kind, "key": name}
            for row in rows
            for kind, name in sorted(set(_known_by(row, files.get(row.upload_id, []))))
        ]
        connection.execute(_traits.insert(), found)
    connection.execute(sa.text(_NAMED))
    connection.execute(sa.text(_KIN))


def _known_by(row: Any, files: list[str]) -> Iterator[tuple[str, str]]:
    whole = hashlib.sha256("".join(files).encode()).hexdigest()
    yield "same-bytes", f"{whole}/{row.application}"
    for part in row.parts or ():
        sharing = sorted(part.get("applications", ()))
        if part["state"] == "read" and row.application in sharing:
            yield "same-bytes", f"{part['sha256']}/{sharing.index(row.application) + 1}"
    if row.instance:
        yield "same-instance", row.instance
    if row.form and row.unit and key(row.unit):
        yield "same-unit", f"{row.form}/{key(row.unit)}"[:160]


# The submissions that uploads named as replaced.
_NAMED = """
    INSERT INTO kinships (submission_id, earlier, ground, verdict)
    SELECT replaced_by, id, 'named', 'replaces' FROM submissions WHERE replaced_by IS NOT NULL
"""
# Each submission is paired only with the one before it that shares the trait, because all pairs of a unit
# that applied a thousand times would be a million. The numbers of forms are left out, because a blank form
# may have been copied to everybody; only the contents could tell.
_KIN = f"""
    INSERT INTO kinships (submission_id, earlier, ground)
    SELECT submission_id, earlier, MIN(kind) FROM (
        SELECT traits.submission_id, traits.kind,
            LAG(traits.submission_id)
                OVER (PARTITION BY traits.kind, traits.key ORDER BY traits.submission_id) AS earlier
        FROM traits JOIN submissions ON submissions.id = traits.submission_id
        WHERE traits.kind <> 'same-instance' AND submissions.replaced_by IS NULL
            AND submissions.status IN {_LIVING}
    ) AS pairs
    WHERE earlier IS NOT NULL GROUP BY submission_id, earlier
"""
