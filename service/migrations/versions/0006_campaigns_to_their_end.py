"""Campaigns: the list that is announced above, and when a mailbox had what it brought"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table and the column; there is nothing to fill them with."""
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
