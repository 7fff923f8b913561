"""Room for values that are sealed in their columns"""

import sqlalchemy as sa
from alembic import op

from models.errors import BadUsage

revision = "0015"
down_revision = "0014"
oldest = "0014"  # An older program keeps on working: columns only get wider.
branch_labels = None
depends_on = None

# What has a length, which SQLite does not heed.
_COLUMNS = (
    ("upload_files", "name", 512), ("submissions", "name", 512), ("submissions", "unit", 512),
    ("traits", "key", 160), ("notices", "unit", 512), ("webhooks", "secret", 128),
    ("moved_pieces", "part", 1000), ("moved_pieces", "name", 1000),
)  # fmt: skip


def upgrade() -> None:
    """Lets PostgreSQL keep texts of any length, which rewrites no table. Nothing is sealed by it."""
    if op.get_bind().dialect.name == "postgresql":
        for table, column, _ in _COLUMNS:
            op.alter_column(table, column, type_=sa.Text())


def downgrade() -> None:
    """Takes the room back, where nothing is sealed."""
    connection = op.get_bind()
    for table, column in (("submissions", "name"), ("audit_values", "value")):
        sealed = sa.text(f"SELECT 1 FROM {table} WHERE {column} LIKE 'sealed-value:%' LIMIT 1")
        if connection.scalar(sealed) is not None:
            raise BadUsage(
                "数据库中的值是密封的，旧版打不开",
                advice="请先设 SEALFORM_SEAL_VALUES=0，运行 sealform reseal",
            )
    if connection.dialect.name == "postgresql":
        for table, column, length in _COLUMNS:
            op.alter_column(table, column, type_=sa.String(length=length))
