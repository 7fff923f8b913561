"""Room for secrets of second factors that are sealed"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the column wider; SQLite, which heeds no length, makes the table anew."""
    with op.batch_alter_table("second_factors") as table:
        table.alter_column(
            "secret", existing_type=sa.String(length=64), type_=sa.String(length=512), existing_nullable=False
        )


def downgrade() -> None:
    """Takes sealed secrets away, which nothing could open any more: their users set a second factor anew."""
    op.execute("DELETE FROM second_factors WHERE secret LIKE 'sealed:%'")
    with op.batch_alter_table("second_factors") as table:
        table.alter_column(
            "secret", existing_type=sa.String(length=512), type_=sa.String(length=64), existing_nullable=False
        )
