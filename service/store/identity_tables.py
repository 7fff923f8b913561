"""The tables of who signs in through an identity provider; a part of the schema in `tables.py`."""

from sqlalchemy import Column, ForeignKey, String, Table

from service.store.tables import Moment, metadata

# Users whom an identity provider knows, by its name and its own name for them, which never changes.
identities = Table(
    "identities", metadata,
    Column("issuer", String(512), primary_key=True),
    Column("subject", String(256), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
)  # fmt: skip

# Sign-ins that are under way at an identity provider. `digest` is of what comes back with the answer (state),
# `browser` of a cookie's secret.
errands = Table(
    "errands", metadata,
    Column("digest", String(64), primary_key=True),
    Column("browser", String(64), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("wanted", String(2048), nullable=False),  # the path that was asked for
    Column("origin", String(64), nullable=False, index=True),
    Column("expires_at", Moment, nullable=False, index=True),
)  # fmt: skip
