"""Users whom an identity provider knows, and sign-ins that are under way there"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the two tables; whoever is signed in has a password of ours."""
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(length=512), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_identities_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_identities")),
        sa.UniqueConstraint("user_id", name=op.f("uq_identities_user_id")),
    )
    op.create_table(
        "errands",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("browser", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(length=128), nullable=False),
        sa.Column("wanted", sa.String(length=2048), nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_errands")),
    )
    op.create_index(op.f("ix_errands_origin"), "errands", ["origin"])
    op.create_index(op.f("ix_errands_expires_at"), "errands", ["expires_at"])
    op.add_column("sessions", sa.Column("issuer", sa.String(length=512), nullable=True))


def downgrade() -> None:
    """Forgets who is known by a provider. Their users remain, and can sign in by a link of an
    administrator's."""
    op.drop_column("sessions", "issuer")
    op.drop_table("errands")
    op.drop_table("identities")
