"""Campaigns: the list that is announced above, when a mailbox had what it brought, and which campaign a
submission is for"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables and the column; there is nothing to fill them with."""
    op.create_table(
        "announcements",
        sa.Column("campaign", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("campaign", name=op.f("pk_announcements")),
    )
    op.add_column("uploads", sa.Column("arrived_at", sa.String(length=27), nullable=True))
    op.create_table(
        "belongings",
        sa.Column("submission_id", _ID, autoincrement=False, nullable=False),
        sa.Column("campaign", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submissions.id"],
            name=op.f("fk_belongings_submission_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_belongings")),
    )
