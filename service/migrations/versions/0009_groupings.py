"""Which pages are which application, as persons said, and what was read of pictures"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables. What was read before has no readings kept, and is read once more when it is
    regrouped."""
    op.create_table(
        "groupings",
        sa.Column("submission_id", _ID, autoincrement=False, nullable=False),
        sa.Column("pieces", sa.JSON(), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_groupings_submission_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_groupings")),
    )
    op.create_table(
        "readings",
        sa.Column("upload_id", _ID, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name=op.f("fk_readings_upload_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", "key", name=op.f("pk_readings")),
    )
    op.create_table(
        "regroupings",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("upload_id", _ID, nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("made", sa.JSON(), nullable=False),
        sa.Column("undone_at", sa.String(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name=op.f("fk_regroupings_upload_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regroupings")),
    )
    op.create_index(op.f("ix_regroupings_upload_id"), "regroupings", ["upload_id"], unique=False)


def downgrade() -> None:
    """Takes the tables away: what is grouped stays as it was read last."""
    op.drop_index(op.f("ix_regroupings_upload_id"), table_name="regroupings")
    for name in ("regroupings", "readings", "groupings"):
        op.drop_table(name)
