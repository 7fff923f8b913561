"""Other aliases of what forms print, learned from corrections, and which of them are in use"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables; nothing is sought before somebody asks for it."""
    op.create_table(
        "proof_alias_runs",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("asked_at", sa.String(length=27), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("begun_at", sa.String(length=27), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof_alias_runs")),
    )
    op.create_table(
        "proof_aliases",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("found_at", sa.String(length=27), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("text", sa.String(length=64), nullable=False),
        sa.Column("option", sa.Text(), nullable=False),
        sa.Column("submissions", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("people", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("report", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("live_at", sa.String(length=27), nullable=True),
        sa.Column("live_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", sa.String(length=27), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["proof_alias_runs.id"],
            name=op.f("fk_proof_aliases_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof_aliases")),
    )
    op.create_index(op.f("ix_proof_aliases_run_id"), "proof_aliases", ["run_id"])


def downgrade() -> None:
    """Forgets the aliases; labels are sought as the definitions name them."""
    op.drop_table("proof_aliases")
    op.drop_table("proof_alias_runs")
