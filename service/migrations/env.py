"""How Alembic reaches our database: through the connection that `service.store.database` is in a transaction
with."""

from typing import Any, Literal

from alembic import context

from service.store.tables import Moment, metadata


def _spelt(kind: str, thing: Any, _: Any) -> str | Literal[False]:
    """A migration says what a column was when it was made, and so names no type of the program."""
    return "sa.String(length=27)" if kind == "type" and isinstance(thing, Moment) else False


def is_ours(name: str | None, kind: str, _: Any) -> bool:
    """Whether `tables.py` tells of it; the index for full-text search, and the queue's tables, it does
    not."""
    return kind != "table" or name in metadata.tables


connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_item=_spelt, include_name=is_ours)
with context.begin_transaction():
    context.run_migrations()
