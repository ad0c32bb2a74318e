"""What came back to our letters: bounces, automatic replies, people's answers. The outbox learns a pace."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("outgoing_mail", schema=None) as batch_op:
        batch_op.add_column(sa.Column("domain", sa.String(length=255), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("reply_to", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("from_name", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("is_urgent", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_outgoing_mail_domain"), ["domain"], unique=False)
        batch_op.create_index(batch_op.f("ix_outgoing_mail_taken_at"), ["taken_at"], unique=False)
    _know_the_domains()
    op.create_table(
        "received_mail",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("message_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("outgoing_mail_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("mentions_mail_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("return_on", sa.Date(), nullable=True),
        sa.Column("names_deputy", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_received_mail")),
        sa.UniqueConstraint("message_hash", name="uq_received_mail_message_hash"),
    )
    op.create_index("ix_received_mail_outgoing_mail_id", "received_mail", ["outgoing_mail_id"])
    op.create_index("ix_received_mail_mentions_mail_id", "received_mail", ["mentions_mail_id"])
    op.create_index("ix_received_mail_received_at", "received_mail", ["received_at"])
    op.create_index("ix_received_mail_state", "received_mail", ["state"])


def _know_the_domains() -> None:
    """Letters that are already there: their domain, and when they last went out, as far as that is known."""
    mail = sa.table(
        "outgoing_mail", sa.column("id", sa.Uuid(as_uuid=False)), sa.column("recipient"), sa.column("domain"),
        sa.column("taken_at"), sa.column("sent_at"),
    )  # fmt: skip
    connection = op.get_bind()
    for id_, recipient in connection.execute(sa.select(mail.c.id, mail.c.recipient)).all():
        domain = recipient.rpartition("@")[2].lower()[:255]
        connection.execute(mail.update().where(mail.c.id == id_).values(domain=domain, taken_at=mail.c.sent_at))


def downgrade() -> None:
    op.drop_table("received_mail")
    with op.batch_alter_table("outgoing_mail", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outgoing_mail_taken_at"))
        batch_op.drop_index(batch_op.f("ix_outgoing_mail_domain"))
        for name in ("taken_at", "is_urgent", "from_name", "reply_to", "domain"):
            batch_op.drop_column(name)
