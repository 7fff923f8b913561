"""What was learned from corrections, and which of it is in use"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the table; nothing is learned before somebody asks for it."""
    op.create_table(
        "proof_lessons",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("report", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("live_at", sa.String(length=27), nullable=True),
        sa.Column("live_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof_lessons")),
    )


def downgrade() -> None:
    """Forgets what was learned; reading decides as the program came."""
    op.drop_table("proof_lessons")
