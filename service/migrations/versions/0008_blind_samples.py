"""Blind samples of what was accepted, what people keyed for them, and what was asked for since"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables; the first draw begins with what is read from then on."""
    op.create_table(
        "proof_draws",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("upto", sa.String(length=27), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_proof_draws")),
    )
    op.create_table(
        "proof_counts",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["day"], ["proof_draws.day"], name=op.f("fk_proof_counts_day"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("day", "form", "kind", "source", name=op.f("pk_proof_counts")),
    )
    _samples()
    op.create_table(
        "proof_rules",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("form", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=True),
        sa.Column("least", sa.Float(), nullable=False),
        sa.Column("since", sa.String(length=27), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("loosened_at", sa.String(length=27), nullable=True),
        sa.Column("loosened_by", sa.String(length=80), nullable=True),
        sa.Column("loosened_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof_rules")),
    )
    op.create_table(
        "proof_focus",
        sa.Column("submission_id", _ID, nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submissions.id"],
            name=op.f("fk_proof_focus_submission_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("submission_id", "by", name=op.f("pk_proof_focus")),
    )


def _samples() -> None:
    op.create_table(
        "proof_samples",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=True),
        sa.Column("submission_id", _ID, nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("read_at", sa.String(length=27), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("settled_at", sa.String(length=27), nullable=True),
        sa.Column("corrected", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["day"], ["proof_draws.day"], name=op.f("fk_proof_samples_day"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submissions.id"],
            name=op.f("fk_proof_samples_submission_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof_samples")),
        sa.UniqueConstraint(
            "submission_id", "field", "purpose", name=op.f("uq_proof_samples_submission_id_field_purpose")
        ),
    )
    op.create_index(op.f("ix_proof_samples_state_id"), "proof_samples", ["state", "id"])
    op.create_index(
        op.f("ix_proof_samples_day_form_kind_source"), "proof_samples", ["day", "form", "kind", "source"]
    )
    op.create_table(
        "proof_answers",
        sa.Column("sample_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("legible", sa.Boolean(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sample_id"], ["proof_samples.id"], name=op.f("fk_proof_answers_sample_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sample_id", "position", name=op.f("pk_proof_answers")),
        sa.UniqueConstraint("sample_id", "by", name=op.f("uq_proof_answers_sample_id_by")),
    )
    op.create_index(op.f("ix_proof_answers_at"), "proof_answers", ["at"])
