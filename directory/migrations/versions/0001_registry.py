"""Registry, taxonomy, history and imports."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "change",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_change")),
    )
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_change_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "country",
        sa.Column("code", sa.String(length=2), nullable=False),
        sa.Column("is_participating", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_country")),
    )
    op.create_table(
        "imported_record",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("institution_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("post_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imported_record")),
        sa.UniqueConstraint("kind", "key", name="uq_imported_record_kind_key"),
    )
    with op.batch_alter_table("imported_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_imported_record_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_imported_record_post_id"), ["post_id"], unique=False)

    op.create_table(
        "index_change",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("entry_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_index_change")),
    )
    with op.batch_alter_table("index_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_index_change_entry_id"), ["entry_id"], unique=False)

    op.create_table(
        "network",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_network")),
        sa.UniqueConstraint("key", name=op.f("uq_network_key")),
    )
    op.create_table(
        "official",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_official")),
    )
    op.create_table(
        "removal",
        sa.Column("entry_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("redirect_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_removal")),
    )
    with op.batch_alter_table("removal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_removal_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_removal_redirect_id"), ["redirect_id"], unique=False)

    op.create_table(
        "role",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("role_group", sa.String(length=40), nullable=False),
        sa.Column("is_retired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_role")),
    )
    op.create_table(
        "source",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("name", "dated_on", name="uq_source_name_dated_on"),
    )
    op.create_table(
        "taxonomy_version",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("in_force_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taxonomy_version")),
    )
    with op.batch_alter_table("taxonomy_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_taxonomy_version_in_force_at"), ["in_force_at"], unique=False)

    op.create_table(
        "import_batch",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_hash", sa.String(length=64), nullable=False),
        sa.Column("source_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_import_batch_source_id_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    with op.batch_alter_table("import_batch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_batch_source_id"), ["source_id"], unique=False)

    op.create_table(
        "institution",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("country_code", sa.String(length=2), nullable=False),
        sa.Column("host_country_code", sa.String(length=2), nullable=True),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("parent_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("source_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["country_code"], ["country.code"], name=op.f("fk_institution_country_code_country")),
        sa.ForeignKeyConstraint(
            ["host_country_code"], ["country.code"], name=op.f("fk_institution_host_country_code_country")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["institution.id"], name=op.f("fk_institution_parent_id_institution")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_institution_source_id_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institution")),
    )
    with op.batch_alter_table("institution", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_institution_country_code"), ["country_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_institution_host_country_code"), ["host_country_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_institution_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_institution_source_id"), ["source_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_institution_type"), ["type"], unique=False)

    op.create_table(
        "legal_footing",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("country_code", sa.String(length=2), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["country_code"], ["country.code"], name=op.f("fk_legal_footing_country_code_country")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_footing")),
    )
    with op.batch_alter_table("legal_footing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_legal_footing_country_code"), ["country_code"], unique=False)

    op.create_table(
        "network_member",
        sa.Column("network_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("country_code", sa.String(length=2), nullable=False),
        sa.ForeignKeyConstraint(
            ["country_code"], ["country.code"], name=op.f("fk_network_member_country_code_country")
        ),
        sa.ForeignKeyConstraint(["network_id"], ["network.id"], name=op.f("fk_network_member_network_id_network")),
        sa.PrimaryKeyConstraint("network_id", "country_code", name=op.f("pk_network_member")),
    )
    with op.batch_alter_table("network_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_network_member_network_id"), ["network_id"], unique=False)

    op.create_table(
        "import_line",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("batch_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("record_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_import_line_batch_id_import_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_line")),
    )
    with op.batch_alter_table("import_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_line_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_import_line_record_id"), ["record_id"], unique=False)

    op.create_table(
        "institution_name",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("institution_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_institution_name_institution_id_institution")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institution_name")),
    )
    with op.batch_alter_table("institution_name", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_institution_name_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "institution_serves",
        sa.Column("institution_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("country_code", sa.String(length=2), nullable=False),
        sa.ForeignKeyConstraint(
            ["country_code"], ["country.code"], name=op.f("fk_institution_serves_country_code_country")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_institution_serves_institution_id_institution")
        ),
        sa.PrimaryKeyConstraint("institution_id", "country_code", name=op.f("pk_institution_serves")),
    )
    with op.batch_alter_table("institution_serves", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_institution_serves_institution_id"), ["institution_id"], unique=False)

    op.create_table(
        "post",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("institution_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("role_key", sa.String(length=40), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("is_desk", sa.Boolean(), nullable=False),
        sa.Column("asks_for", sa.Text(), nullable=False),
        sa.Column("deputy_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("source_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmation_method", sa.String(length=20), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["deputy_id"], ["post.id"], name=op.f("fk_post_deputy_id_post")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_post_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["role_key"], ["role.key"], name=op.f("fk_post_role_key_role")),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_post_source_id_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
    )
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.create_index("ix_post_changed_at_id", ["changed_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_post_deputy_id"), ["deputy_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_post_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_post_role_key"), ["role_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_post_source_id"), ["source_id"], unique=False)

    op.create_table(
        "appointment",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("post_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("official_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("is_acting", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["official_id"], ["official.id"], name=op.f("fk_appointment_official_id_official")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_appointment_post_id_post")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
    )
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appointment_official_id"), ["official_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_appointment_post_id"), ["post_id"], unique=False)

    op.create_table(
        "responsibility",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("institution_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("post_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("sop", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(length=12), nullable=True),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("area", sa.Text(), nullable=False),
        sa.Column("target_groups", sa.JSON(), nullable=False),
        sa.Column("exploitation", sa.JSON(), nullable=False),
        sa.CheckConstraint("(institution_id IS NULL) <> (post_id IS NULL)", name=op.f("ck_responsibility_one_owner")),
        sa.CheckConstraint("sop BETWEEN 1 AND 5", name=op.f("ck_responsibility_sop_number")),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_responsibility_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_responsibility_post_id_post")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_responsibility")),
    )
    with op.batch_alter_table("responsibility", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_responsibility_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_responsibility_post_id"), ["post_id"], unique=False)
        batch_op.create_index("ix_responsibility_sop_post_id", ["sop", "post_id"], unique=False)

    op.create_table(
        "contact_point",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("institution_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("post_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("appointment_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=False),
        sa.Column("timezone", sa.String(length=40), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("is_published", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmation_method", sa.String(length=20), nullable=True),
        sa.CheckConstraint(
            "(CASE WHEN institution_id IS NULL THEN 0 ELSE 1 END + CASE WHEN post_id IS NULL THEN 0 ELSE 1 END + CASE WHEN appointment_id IS NULL THEN 0 ELSE 1 END) = 1",
            name=op.f("ck_contact_point_one_owner"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_contact_point_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"], ["institution.id"], name=op.f("fk_contact_point_institution_id_institution")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_contact_point_post_id_post")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_point")),
    )
    with op.batch_alter_table("contact_point", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_point_appointment_id"), ["appointment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contact_point_institution_id"), ["institution_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contact_point_post_id"), ["post_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("contact_point", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_point_post_id"))
        batch_op.drop_index(batch_op.f("ix_contact_point_institution_id"))
        batch_op.drop_index(batch_op.f("ix_contact_point_appointment_id"))

    op.drop_table("contact_point")
    with op.batch_alter_table("responsibility", schema=None) as batch_op:
        batch_op.drop_index("ix_responsibility_sop_post_id")
        batch_op.drop_index(batch_op.f("ix_responsibility_post_id"))
        batch_op.drop_index(batch_op.f("ix_responsibility_institution_id"))

    op.drop_table("responsibility")
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_appointment_post_id"))
        batch_op.drop_index(batch_op.f("ix_appointment_official_id"))

    op.drop_table("appointment")
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_post_source_id"))
        batch_op.drop_index(batch_op.f("ix_post_role_key"))
        batch_op.drop_index(batch_op.f("ix_post_institution_id"))
        batch_op.drop_index(batch_op.f("ix_post_deputy_id"))
        batch_op.drop_index("ix_post_changed_at_id")

    op.drop_table("post")
    with op.batch_alter_table("institution_serves", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_institution_serves_institution_id"))

    op.drop_table("institution_serves")
    with op.batch_alter_table("institution_name", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_institution_name_institution_id"))

    op.drop_table("institution_name")
    with op.batch_alter_table("import_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_line_record_id"))
        batch_op.drop_index(batch_op.f("ix_import_line_batch_id"))

    op.drop_table("import_line")
    with op.batch_alter_table("network_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_network_member_network_id"))

    op.drop_table("network_member")
    with op.batch_alter_table("legal_footing", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_legal_footing_country_code"))

    op.drop_table("legal_footing")
    with op.batch_alter_table("institution", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_institution_type"))
        batch_op.drop_index(batch_op.f("ix_institution_source_id"))
        batch_op.drop_index(batch_op.f("ix_institution_parent_id"))
        batch_op.drop_index(batch_op.f("ix_institution_host_country_code"))
        batch_op.drop_index(batch_op.f("ix_institution_country_code"))

    op.drop_table("institution")
    with op.batch_alter_table("import_batch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_batch_source_id"))

    op.drop_table("import_batch")
    with op.batch_alter_table("taxonomy_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_taxonomy_version_in_force_at"))

    op.drop_table("taxonomy_version")
    op.drop_table("source")
    op.drop_table("role")
    with op.batch_alter_table("removal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_removal_redirect_id"))
        batch_op.drop_index(batch_op.f("ix_removal_at"))

    op.drop_table("removal")
    op.drop_table("official")
    op.drop_table("network")
    with op.batch_alter_table("index_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_index_change_entry_id"))

    op.drop_table("index_change")
    with op.batch_alter_table("imported_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_imported_record_post_id"))
        batch_op.drop_index(batch_op.f("ix_imported_record_institution_id"))

    op.drop_table("imported_record")
    op.drop_table("country")
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_change_subject_id"))

    op.drop_table("change")
