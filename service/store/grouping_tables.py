"""The part of the schema that says which pages of what came together are which application."""

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Integer, String, Table

from service.store.sealed import SealedBytes, SealedJson, SealedName
from service.store.tables import Json, Moment, metadata

_ID = sa.BigInteger().with_variant(Integer, "sqlite")

# Which pages of its upload a submission is made of, once a person regrouped that: `pieces` is a list of
# [part, page (0: the whole part), quarters that a person turned it (-1: none)], `form` what a person said.
groupings = Table(
    "groupings", metadata,
    Column(
        "submission_id", ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True,
        autoincrement=False,
    ),
    Column("pieces", SealedJson("groupings.pieces"), nullable=False),
    Column("form", String(64)),
)  # fmt: skip

# Each time that a person regrouped an upload. `before` holds what stood before in each submission that it
# changed ({number: {...}}), by which it can be taken back, and `made` the submissions that it made. Where it
# moved pieces from one upload to another, each of these has a row with the same `act`; `beside` names the
# other uploads, and `moved` says where each piece was before.
regroupings = Table(
    "regroupings", metadata, Column("id", _ID, primary_key=True, autoincrement=True),
    Column("upload_id", ForeignKey("uploads.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("by", String(80), nullable=False),
    Column("before", SealedJson("regroupings.before"), nullable=False),
    Column("made", Json, nullable=False),
    Column("undone_at", Moment),
    Column("act", String(32)),
    Column("beside", Json),
    Column("moved", SealedJson("regroupings.moved")),
)  # fmt: skip

# What was read of the pictures of an upload, compressed, by content (`extractor.Kept`).
readings = Table(
    "readings", metadata,
    Column("upload_id", ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("key", String(120), primary_key=True),
    Column("data", SealedBytes("readings.data"), nullable=False),
)  # fmt: skip

# Where the pieces are that a person moved out of the upload that brought them, `home`: in the upload `host`,
# whose part `name` is the same file as `part` at home. Page 0: the whole part.
moved_pieces = Table(
    "moved_pieces", metadata,
    Column("home_id", ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("part", SealedName("moved_pieces.part", 1000), primary_key=True),
    Column("page", Integer, primary_key=True, autoincrement=False),
    Column("host_id", ForeignKey("uploads.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", SealedName("moved_pieces.name", 1000), nullable=False),
)  # fmt: skip
