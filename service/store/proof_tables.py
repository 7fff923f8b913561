"""The part of the schema that says how often we are wrong (`service/proof`).

proof_draws ──< proof_counts    what was accepted, day by day
     └────< proof_samples ──< proof_answers
proof_rules                     what was asked for since
proof_lessons                   what corrections taught of how sure the reader may be
proof_alias_runs ──< proof_aliases   and of other aliases of what forms print
"""

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from service.store.sealed import SealedJson
from service.store.tables import Json, Moment, metadata

_ID = sa.BigInteger().with_variant(Integer, "sqlite")

# A day's draw of accepted values that people key again without seeing them. `upto` is when the last reading
# was kept that it drew from; `seed` decides what was drawn, so that it can be done again.
proof_draws = Table(
    "proof_draws", metadata,
    Column("day", String(10), primary_key=True),  # 2026-11-22
    Column("at", Moment, nullable=False),
    Column("upto", Moment, nullable=False),
    Column("seed", String(64), nullable=False),
)  # fmt: skip

# How many values were accepted that a draw drew from, by stratum.
proof_counts = Table(
    "proof_counts", metadata,
    Column("day", ForeignKey("proof_draws.day", ondelete="CASCADE"), primary_key=True),
    Column("form", String(64), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("source", String(16), primary_key=True),
    Column("accepted", Integer, nullable=False),
    Column("left_out", Integer, nullable=False),  # accepted too, but too long to be keyed again
)  # fmt: skip

# A value to be keyed blindly: one that was drawn (`purpose` sample), one that a tightening reaches back to
# (back), or one that the form or a campaign wants keyed twice (twice). `value` is what was accepted, as JSON
# of the field's kind; gone once purged.
proof_samples = Table(
    "proof_samples", metadata, Column("id", _ID, primary_key=True, autoincrement=True),
    Column("purpose", String(8), nullable=False),
    Column("day", ForeignKey("proof_draws.day", ondelete="CASCADE")),  # None: nobody drew it
    Column("submission_id", ForeignKey("submissions.id", ondelete="CASCADE"), nullable=False),
    Column("field", String(64), nullable=False),
    Column("form", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("source", String(16), nullable=False),
    Column("value", SealedJson("proof_samples.value")),
    Column("confidence", sa.Float, nullable=False),
    Column("read_at", Moment, nullable=False),
    Column("state", String(8), nullable=False),  # as service.proof.judgement.agreement.State
    Column("settled_at", Moment),
    Column("corrected", Boolean, nullable=False, default=False, server_default=sa.false()),
    UniqueConstraint("submission_id", "field", "purpose"),
    sa.Index(None, "state", "id"),
    sa.Index(None, "day", "form", "kind", "source"),
)  # fmt: skip

# What each person keyed for a sample, and for how long (seconds in focus).
proof_answers = Table(
    "proof_answers", metadata,
    Column("sample_id", ForeignKey("proof_samples.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("by", String(80), nullable=False),
    Column("at", Moment, nullable=False),
    Column("value", SealedJson("proof_answers.value")),
    Column("legible", Boolean, nullable=False),
    Column("seconds", sa.Float, nullable=False),
    UniqueConstraint("sample_id", "by"),
    sa.Index(None, "at"),
)  # fmt: skip

# The confidence that values of a group must have to be accepted, beyond what the target asks for; null: any
# form, kind or source. Only a person takes one back.
proof_rules = Table(
    "proof_rules", metadata, Column("id", _ID, primary_key=True, autoincrement=True),
    Column("form", String(64)),
    Column("kind", String(32)),
    Column("source", String(16)),
    Column("least", sa.Float, nullable=False),
    Column("since", Moment, nullable=False),
    Column("by", String(80), nullable=False),
    Column("reason", Text, nullable=False),
    Column("loosened_at", Moment),
    Column("loosened_by", String(80)),
    Column("loosened_why", Text),
)  # fmt: skip

# How long a person has had an application before them, with the page in front.
proof_focus = Table(
    "proof_focus", metadata,
    Column("submission_id", ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True),
    Column("by", String(80), primary_key=True),
    Column("seconds", sa.Float, nullable=False),
)  # fmt: skip

# What was drawn from corrections (`content`, as service.proof.learning writes it), how it did on cases of
# which the truth is known (`report`), and from when to when it was in use.
proof_lessons = Table(
    "proof_lessons", metadata, Column("id", _ID, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("by", String(80), nullable=False),
    Column("content", Json, nullable=False),
    Column("report", Json, nullable=False),
    Column("live_at", Moment),
    Column("live_by", String(80)),
    Column("ended_at", Moment),
    Column("ended_by", String(80)),
)  # fmt: skip

# When workers were asked to look for other aliases, and did.
proof_alias_runs = Table(
    "proof_alias_runs", metadata, Column("id", _ID, primary_key=True, autoincrement=True),
    Column("asked_at", Moment, nullable=False),
    Column("asked_by", String(80), nullable=False),
    Column("begun_at", Moment),
    Column("ended_at", Moment),
)  # fmt: skip

# `text` in the place of the label of the cell of `field`, of its prompt or of one of its options: the
# submissions where it stands,
# the people who put in what stands beside it, how it did on what is kept, and from when to when it was in
# use.
proof_aliases = Table(
    "proof_aliases", metadata, Column("id", _ID, primary_key=True, autoincrement=True),
    Column("run_id", ForeignKey("proof_alias_runs.id", ondelete="CASCADE"), nullable=False),
    Column("found_at", Moment, nullable=False),
    Column("form", String(64), nullable=False),
    Column("field", String(64), nullable=False),
    Column("place", String(8), nullable=False),  # as models.aliases.Printed
    Column("text", String(64), nullable=False),
    Column("option", Text, nullable=False),  # empty where it is none
    Column("submissions", Json, nullable=False),
    Column("people", Json, nullable=False),
    Column("report", Json, nullable=False),
    Column("live_at", Moment),
    Column("live_by", String(80)),
    Column("ended_at", Moment),
    Column("ended_by", String(80)),
    sa.Index(None, "run_id"),
)  # fmt: skip
