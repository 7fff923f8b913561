"""Pages that persons moved to an application of another upload, and acts that changed several uploads"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the table and the columns. Nothing was moved so far."""
    op.create_table(
        "moved_pieces",
        sa.Column("home_id", _ID, autoincrement=False, nullable=False),
        sa.Column("part", sa.String(length=1000), nullable=False),
        sa.Column("page", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("host_id", _ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["home_id"], ["uploads.id"], name=op.f("fk_moved_pieces_home_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["host_id"], ["uploads.id"], name=op.f("fk_moved_pieces_host_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("home_id", "part", "page", name=op.f("pk_moved_pieces")),
    )
    op.create_index(op.f("ix_moved_pieces_host_id"), "moved_pieces", ["host_id"], unique=False)
    op.add_column("upload_files", sa.Column("home_id", _ID, nullable=True))
    op.add_column("regroupings", sa.Column("act", sa.String(length=32), nullable=True))
    op.add_column("regroupings", sa.Column("beside", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("regroupings", sa.Column("moved", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Forgets what was moved: the pages stay where they are, and can no longer be taken back."""
    for name in ("moved", "beside", "act"):
        op.drop_column("regroupings", name)
    op.drop_column("upload_files", "home_id")
    op.drop_index(op.f("ix_moved_pieces_host_id"), table_name="moved_pieces")
    op.drop_table("moved_pieces")
