"""Doubles: pairs that must stay apart, merges and their undo."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_apart",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("first_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("second_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("country_code", sa.String(length=2), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_apart")),
        sa.UniqueConstraint("first_id", "second_id", name="uq_kept_apart_first_id_second_id"),
    )
    op.create_index("ix_kept_apart_country_code", "kept_apart", ["country_code"])
    op.create_index("ix_kept_apart_first_id", "kept_apart", ["first_id"])
    op.create_index("ix_kept_apart_second_id", "kept_apart", ["second_id"])
    op.create_table(
        "merge",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("keep_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("gone_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("country_code", sa.String(length=2), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("journal", sa.JSON(), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge")),
    )
    op.create_index("ix_merge_country_code", "merge", ["country_code"])
    op.create_index("ix_merge_gone_id", "merge", ["gone_id"])
    op.create_index("ix_merge_keep_id", "merge", ["keep_id"])
    op.create_index("ix_merge_state", "merge", ["state"])


def downgrade() -> None:
    op.drop_table("merge")
    op.drop_table("kept_apart")
