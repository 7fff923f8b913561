"""Lets Alembic work on our database, through the connection of `service.store.database` and in its
transaction."""

from typing import Any, Literal

from alembic import context

from service.store.tables import Moment, metadata


def _spelt(kind: str, thing: Any, _: Any) -> str | Literal[False]:
    """Writes `Moment` as plain SQL type. A migration says what a column was when it was made, so it must not
    depend on the program's types."""
    return "sa.String(length=27)" if kind == "type" and isinstance(thing, Moment) else False


def is_ours(name: str | None, kind: str, _: Any) -> bool:
    """Returns whether a table is in `tables.py`. The full-text index and the queue's tables are not, nor is
    an index that a database may lack."""
    if kind == "index":
        return name != "ix_submissions_unit_parts"
    return kind != "table" or name in metadata.tables


connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_item=_spelt, include_name=is_ours)
with context.begin_transaction():
    context.run_migrations()
