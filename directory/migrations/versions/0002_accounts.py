"""Accounts, proposals and mail."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "limit_count",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "window_start", name=op.f("pk_limit_count")),
    )
    with op.batch_alter_table("limit_count", schema=None) as batch_op:
        batch_op.create_index("ix_limit_count_window_start", ["window_start"], unique=False)

    op.create_table(
        "outgoing_mail",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("letter", sa.String(length=40), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=14), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("transmission_count", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_mail")),
        sa.UniqueConstraint("key", name="uq_outgoing_mail_key"),
    )
    with op.batch_alter_table("outgoing_mail", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outgoing_mail_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outgoing_mail_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_outgoing_mail_state"), ["state"], unique=False)

    op.create_table(
        "proposal",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("subject_type", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("country_code", sa.String(length=2), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("is_guarded", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("path", sa.String(length=12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proposal_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_proposal_country_code"), ["country_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_proposal_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_proposal_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("timezone", sa.String(length=40), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("official_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.ForeignKeyConstraint(["official_id"], ["official.id"], name=op.f("fk_account_official_id_official")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_official_id"), ["official_id"], unique=False)

    op.create_table(
        "account_grant",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("country_code", sa.String(length=2), nullable=True),
        sa.Column("institution_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_grant_account_id_account")),
        sa.ForeignKeyConstraint(["country_code"], ["country.code"], name=op.f("fk_account_grant_country_code_country")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_account_grant_institution_id_institution")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_grant")),
    )
    with op.batch_alter_table("account_grant", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_grant_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_account_grant_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_api_key_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_key_token_hash")),
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_key_account_id"), ["account_id"], unique=False)

    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("country_code", sa.String(length=2), nullable=True),
        sa.Column("institution_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("invited_by", sa.Text(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_invitation_account_id_account")),
        sa.ForeignKeyConstraint(["country_code"], ["country.code"], name=op.f("fk_invitation_country_code_country")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_invitation_institution_id_institution")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invitation_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "passkey",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_passkey_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_account_id"), ["account_id"], unique=False)

    op.create_table(
        "passkey_challenge",
        sa.Column("challenge_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_passkey_challenge")),
    )
    with op.batch_alter_table("passkey_challenge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_challenge_account_id"), ["account_id"], unique=False)

    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_recovery_code_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("account_id", "code_hash", name="uq_recovery_code_account_id_code_hash"),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_code_account_id"), ["account_id"], unique=False)

    op.create_table(
        "signed_in_session",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("factor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_signed_in_session_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signed_in_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_signed_in_session_token_hash")),
    )
    with op.batch_alter_table("signed_in_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signed_in_session_account_id"), ["account_id"], unique=False)

    op.create_table(
        "totp_factor",
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("pending", sa.LargeBinary(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_totp_factor_account_id_account")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_totp_factor")),
    )
    with op.batch_alter_table("totp_factor", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_totp_factor_account_id"), ["account_id"], unique=False)

    op.create_table(
        "post_owner",
        sa.Column("post_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_post_owner_account_id_account")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_post_owner_post_id_post"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", "account_id", name=op.f("pk_post_owner")),
    )
    with op.batch_alter_table("post_owner", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_post_owner_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_post_owner_post_id"), ["post_id"], unique=False)

    with op.batch_alter_table("institution", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_being_checked", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_being_checked", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.drop_column("is_being_checked")

    with op.batch_alter_table("institution", schema=None) as batch_op:
        batch_op.drop_column("is_being_checked")

    with op.batch_alter_table("post_owner", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_post_owner_post_id"))
        batch_op.drop_index(batch_op.f("ix_post_owner_account_id"))

    op.drop_table("post_owner")
    with op.batch_alter_table("totp_factor", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_totp_factor_account_id"))

    op.drop_table("totp_factor")
    with op.batch_alter_table("signed_in_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_signed_in_session_account_id"))

    op.drop_table("signed_in_session")
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recovery_code_account_id"))

    op.drop_table("recovery_code")
    with op.batch_alter_table("passkey_challenge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkey_challenge_account_id"))

    op.drop_table("passkey_challenge")
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkey_account_id"))

    op.drop_table("passkey")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitation_institution_id"))
        batch_op.drop_index(batch_op.f("ix_invitation_account_id"))

    op.drop_table("invitation")
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_key_account_id"))

    op.drop_table("api_key")
    with op.batch_alter_table("account_grant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_grant_institution_id"))
        batch_op.drop_index(batch_op.f("ix_account_grant_account_id"))

    op.drop_table("account_grant")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_official_id"))

    op.drop_table("account")
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_proposal_subject_id"))
        batch_op.drop_index(batch_op.f("ix_proposal_state"))
        batch_op.drop_index(batch_op.f("ix_proposal_country_code"))
        batch_op.drop_index(batch_op.f("ix_proposal_at"))

    op.drop_table("proposal")
    with op.batch_alter_table("outgoing_mail", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outgoing_mail_state"))
        batch_op.drop_index(batch_op.f("ix_outgoing_mail_due_at"))
        batch_op.drop_index(batch_op.f("ix_outgoing_mail_account_id"))

    op.drop_table("outgoing_mail")
    with op.batch_alter_table("limit_count", schema=None) as batch_op:
        batch_op.drop_index("ix_limit_count_window_start")

    op.drop_table("limit_count")
