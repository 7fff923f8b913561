"""Adds whether the files of an upload came apart"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column. The files of all earlier uploads were read as sent by one sender."""
    op.add_column("uploads", sa.Column("apart", sa.Boolean(), nullable=False, server_default=sa.false()))
