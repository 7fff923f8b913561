"""Room for secrets of second factors that are sealed, and an index of the parts of units' names"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


# Three characters of a name each; it has no part in the schema, because it may be missing.
_INDEX = "ix_submissions_unit_parts"


def upgrade() -> None:
    """Makes the column wider; SQLite, which heeds no length, makes the table anew. PostgreSQL gets the index
    where it has pg_trgm, and takes Chinese characters for letters (not in a database of locale C); elsewhere
    looking for a part of a name reads them all, as before."""
    with op.batch_alter_table("second_factors") as table:
        table.alter_column(
            "secret", existing_type=sa.String(length=64), type_=sa.String(length=512), existing_nullable=False
        )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql" and _has_trigrams(connection):
        op.execute(f"CREATE INDEX {_INDEX} ON submissions USING gin (unit gin_trgm_ops)")


def _has_trigrams(connection: sa.Connection) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
            return bool(connection.scalar(sa.text("SELECT cardinality(show_trgm('生态局')) > 0")))
    except sa.exc.DBAPIError:
        return False


def downgrade() -> None:
    """Takes sealed secrets away, which nothing could open any more: their users set a second factor anew."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP INDEX IF EXISTS {_INDEX}")
    op.execute("DELETE FROM second_factors WHERE secret LIKE 'sealed:%'")
    with op.batch_alter_table("second_factors") as table:
        table.alter_column(
            "secret", existing_type=sa.String(length=512), type_=sa.String(length=64), existing_nullable=False
        )
