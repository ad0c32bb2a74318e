"""Change feed: the ledger, webhooks, what people follow; and letters that can be stopped with one click."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "feed_entry",
        sa.Column("entry_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("position", _POSITION, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("country_code", sa.String(length=2), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("redirect_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_feed_entry")),
        sa.UniqueConstraint("position", name=op.f("uq_feed_entry_position")),
    )
    op.create_table(
        "webhook",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("countries", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cursor", _POSITION, nullable=False),
        sa.Column("pending", sa.Text(), nullable=False),
        sa.Column("pending_cursor", _POSITION, nullable=False),
        sa.Column("is_test_wanted", sa.Boolean(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failed_count", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_ok_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_status", sa.String(length=40), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_webhook_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index("ix_webhook_account_id", "webhook", ["account_id"])
    op.create_table(
        "following",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("every", sa.String(length=10), nullable=False),
        sa.Column("told_to", _POSITION, nullable=False),
        sa.Column("last_told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_following_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_following")),
    )
    op.create_index("ix_following_account_id", "following", ["account_id"])
    op.create_index("ix_following_token_hash", "following", ["token_hash"])
    with op.batch_alter_table("outgoing_mail") as batch_op:
        batch_op.add_column(sa.Column("unsubscribe", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("outgoing_mail") as batch_op:
        batch_op.drop_column("unsubscribe")
    op.drop_table("following")
    op.drop_table("webhook")
    op.drop_table("feed_entry")
