"""Notices of correction: what was asked, until when, and what answered it; and whose work a submission is"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the table. What was returned before gets its notice when somebody asks for its papers."""
    op.create_table(
        "notices",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("submission_id", _ID, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=120), nullable=False),
        sa.Column("campaign", sa.String(length=64), nullable=True),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("instance", sa.String(length=20), nullable=False),
        sa.Column("unit", sa.String(length=512), nullable=True),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.String(length=27), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("due", sa.String(length=10), nullable=False),
        sa.Column("ends_at", sa.String(length=27), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("answer", _ID, nullable=True),
        sa.Column("ground", sa.String(length=16), nullable=True),
        sa.Column("settled_at", sa.String(length=27), nullable=True),
        sa.Column("message_id", sa.String(length=120), nullable=True),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_notices_submission_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("instance", name=op.f("uq_notices_instance")),
        sa.UniqueConstraint("number", name=op.f("uq_notices_number")),
        sa.UniqueConstraint("submission_id", "round", name=op.f("uq_notices_submission_id_round")),
    )
    op.create_index(op.f("ix_notices_answer"), "notices", ["answer"], unique=False)
    op.create_index(op.f("ix_notices_state_ends_at"), "notices", ["state", "ends_at"], unique=False)
    op.add_column("submissions", sa.Column("assignee", _ID, nullable=True))
    op.create_index(op.f("ix_submissions_assignee"), "submissions", ["assignee"], unique=False)
