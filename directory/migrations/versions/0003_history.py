"""History: salted, append-only, chained; who looked at what; alarms."""

import hashlib
import json
import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.add_column(sa.Column("path", sa.String(length=12), nullable=False, server_default="process"))
        batch_op.add_column(sa.Column("salt", sa.LargeBinary(length=16), nullable=True))
        batch_op.add_column(sa.Column("content_hash", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    _salt_what_is_there()
    op.create_table(
        "change_seal",
        sa.Column("position", _sequence(), autoincrement=False, nullable=False),
        sa.Column("change_sequence", _sequence(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_change_seal")),
        sa.UniqueConstraint("change_sequence", name=op.f("uq_change_seal_change_sequence")),
    )
    op.create_table(
        "access_record",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("api_key_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("network", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("path", sa.String(length=12), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("entry_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_record")),
    )
    op.create_index("ix_access_record_account_id", "access_record", ["account_id"])
    op.create_index("ix_access_record_api_key_id", "access_record", ["api_key_id"])
    op.create_index("ix_access_record_at", "access_record", ["at"])
    op.create_table(
        "access_item",
        sa.Column("record_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("entry_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("contact_point_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.ForeignKeyConstraint(
            ["record_id"], ["access_record.id"], name=op.f("fk_access_item_record_id_access_record"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("record_id", "entry_id", name=op.f("pk_access_item")),
    )
    op.create_index("ix_access_item_contact_point_id", "access_item", ["contact_point_id"])
    op.create_index("ix_access_item_entry_id", "access_item", ["entry_id"])
    op.create_index("ix_access_item_record_id", "access_item", ["record_id"])
    op.create_table(
        "used_today",
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("thing", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("who", "kind", "on_day", "thing", name=op.f("pk_used_today")),
    )
    op.create_table(
        "alarm",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("country_code", sa.String(length=2), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
    )
    for column in ("account_id", "at", "country_code", "who"):
        op.create_index(f"ix_alarm_{column}", "alarm", [column])
    op.create_table(
        "open_erasure",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_erasure")),
    )
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def downgrade() -> None:
    for statement in _NO_TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))
    for table in ("open_erasure", "alarm", "used_today", "access_item", "access_record", "change_seal"):
        op.drop_table(table)
    with op.batch_alter_table("change", schema=None) as batch_op:
        for column in ("erased_at", "content_hash", "salt", "path"):
            batch_op.drop_column(column)


def _sequence() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _salt_what_is_there() -> None:
    """Lines written before the chain get their salt and hash now, as `history.operations.content_hash` makes them."""
    change = sa.table(
        "change",
        sa.column("sequence"),
        sa.column("before", sa.JSON),
        sa.column("after", sa.JSON),
        sa.column("reason"),
        sa.column("salt", sa.LargeBinary),
        sa.column("content_hash"),
    )
    bind = op.get_bind()
    rows = bind.execute(sa.select(change.c.sequence, change.c.before, change.c.after, change.c.reason)).all()
    for row in rows:
        salt = secrets.token_bytes(16)
        told = json.dumps([row.before, row.after, row.reason], sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(salt + told.encode()).hexdigest()
        bind.execute(
            change.update().where(change.c.sequence == row.sequence).values(salt=salt, content_hash=digest)
        )


_KEPT = ("sequence", "at", "by", "action", "subject_type", "subject_id", "path", "content_hash")
_EMPTIED = """OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW.salt IS NULL
        AND NEW."before" IS NULL AND NEW."after" IS NULL AND NEW.reason = ''"""
_SQLITE_SAME = " AND ".join(f'NEW."{name}" IS OLD."{name}"' for name in _KEPT)
_POSTGRES_SAME = " AND ".join(f'NEW."{name}" IS NOT DISTINCT FROM OLD."{name}"' for name in _KEPT)
_TRIGGERS = {
    "sqlite": [
        f"""CREATE TRIGGER change_update BEFORE UPDATE ON change WHEN NOT ({_EMPTIED} AND {_SQLITE_SAME})
        BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
        """CREATE TRIGGER change_delete BEFORE DELETE ON change
        BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
        """CREATE TRIGGER change_seal_update BEFORE UPDATE ON change_seal
        BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
        """CREATE TRIGGER change_seal_delete BEFORE DELETE ON change_seal
        BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
    ],
    "postgresql": [
        """CREATE FUNCTION history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'history is append-only'; END $$""",
        f"""CREATE TRIGGER change_update BEFORE UPDATE ON change FOR EACH ROW
        WHEN (NOT ({_EMPTIED} AND {_POSTGRES_SAME})) EXECUTE FUNCTION history_is_append_only()""",
        """CREATE TRIGGER change_delete BEFORE DELETE ON change FOR EACH ROW
        EXECUTE FUNCTION history_is_append_only()""",
        """CREATE TRIGGER change_truncate BEFORE TRUNCATE ON change FOR EACH STATEMENT
        EXECUTE FUNCTION history_is_append_only()""",
        """CREATE TRIGGER change_seal_update BEFORE UPDATE OR DELETE ON change_seal FOR EACH ROW
        EXECUTE FUNCTION history_is_append_only()""",
        """CREATE TRIGGER change_seal_truncate BEFORE TRUNCATE ON change_seal FOR EACH STATEMENT
        EXECUTE FUNCTION history_is_append_only()""",
    ],
}
_NO_TRIGGERS = {
    "sqlite": [
        f"DROP TRIGGER IF EXISTS {name}"
        for name in ("change_update", "change_delete", "change_seal_update", "change_seal_delete")
    ],
    "postgresql": ["DROP FUNCTION IF EXISTS history_is_append_only() CASCADE"],
}
