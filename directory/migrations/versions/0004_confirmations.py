"""The quarterly question: rounds, requests, letters, calls, findings, outcomes, drills."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("institution", schema=None) as batch_op:
        batch_op.add_column(sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("confirmation_method", sa.String(length=20), nullable=True))
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.add_column(sa.Column("keeps_holder", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("reachability", sa.String(length=40), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("added_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.add_column(sa.Column("applies_on", sa.Date(), nullable=True))
        batch_op.create_index(batch_op.f("ix_proposal_applies_on"), ["applies_on"], unique=False)
    with op.batch_alter_table("contact_point", schema=None) as batch_op:
        batch_op.add_column(sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("answer_seconds", sa.Integer(), nullable=True))
    op.execute("UPDATE post SET added_at = changed_at")
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.alter_column("added_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    op.create_table('confirmation_round',
    sa.Column('quarter', sa.String(length=8), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('quarter', name=op.f('pk_confirmation_round'))
    )
    op.create_table('confirmation_request',
    sa.Column('id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('quarter', sa.String(length=8), nullable=False),
    sa.Column('account_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('opened_on', sa.Date(), nullable=False),
    sa.Column('next_step', sa.String(length=12), nullable=True),
    sa.Column('next_on', sa.Date(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_confirmation_request_account_id_account')),
    sa.ForeignKeyConstraint(['quarter'], ['confirmation_round.quarter'], name=op.f('fk_confirmation_request_quarter_confirmation_round')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_confirmation_request'))
    )
    with op.batch_alter_table('confirmation_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_confirmation_request_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_confirmation_request_next_on'), ['next_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_confirmation_request_quarter'), ['quarter'], unique=False)
        batch_op.create_index('uq_confirmation_request_open', ['account_id'], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
    op.create_table('requested_entry',
    sa.Column('request_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('post_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('answer', sa.String(length=12), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by', sa.Text(), nullable=True),
    sa.Column('method', sa.String(length=20), nullable=True),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_requested_entry_post_id_post'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['request_id'], ['confirmation_request.id'], name=op.f('fk_requested_entry_request_id_confirmation_request')),
    sa.PrimaryKeyConstraint('request_id', 'post_id', name=op.f('pk_requested_entry'))
    )
    with op.batch_alter_table('requested_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_requested_entry_post_id'), ['post_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_requested_entry_request_id'), ['request_id'], unique=False)
    op.create_table('confirmation_letter',
    sa.Column('id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('account_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('step', sa.String(length=12), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('wrong_count', sa.Integer(), nullable=False),
    sa.Column('code_count', sa.Integer(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('superseded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('mail_id', sa.Uuid(as_uuid=False), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_confirmation_letter_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_confirmation_letter'))
    )
    with op.batch_alter_table('confirmation_letter', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_confirmation_letter_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_confirmation_letter_mail_id'), ['mail_id'], unique=False)
    op.create_table('asked',
    sa.Column('id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('request_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('account_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('as_whom', sa.String(length=12), nullable=False),
    sa.Column('step', sa.String(length=12), nullable=False),
    sa.Column('since_on', sa.Date(), nullable=False),
    sa.Column('letter_id', sa.Uuid(as_uuid=False), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_asked_account_id_account')),
    sa.ForeignKeyConstraint(['letter_id'], ['confirmation_letter.id'], name=op.f('fk_asked_letter_id_confirmation_letter')),
    sa.ForeignKeyConstraint(['request_id'], ['confirmation_request.id'], name=op.f('fk_asked_request_id_confirmation_request')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_asked'))
    )
    with op.batch_alter_table('asked', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_asked_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_asked_letter_id'), ['letter_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_asked_request_id'), ['request_id'], unique=False)
        batch_op.create_index('ix_asked_waiting', ['account_id'], unique=False, sqlite_where=sa.text('letter_id IS NULL'), postgresql_where=sa.text('letter_id IS NULL'))
        batch_op.create_index('uq_asked_request_id_step_account_id', ['request_id', 'step', 'account_id'], unique=True)
    op.create_table('letter_entry',
    sa.Column('letter_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('post_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('request_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('as_whom', sa.String(length=12), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('snapshot', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['letter_id'], ['confirmation_letter.id'], name=op.f('fk_letter_entry_letter_id_confirmation_letter')),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_letter_entry_post_id_post'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['request_id'], ['confirmation_request.id'], name=op.f('fk_letter_entry_request_id_confirmation_request')),
    sa.PrimaryKeyConstraint('letter_id', 'post_id', name=op.f('pk_letter_entry'))
    )
    with op.batch_alter_table('letter_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_letter_entry_letter_id'), ['letter_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_letter_entry_post_id'), ['post_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_letter_entry_request_id'), ['request_id'], unique=False)
    op.create_table('finding',
    sa.Column('id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('post_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('evidence', sa.Text(), nullable=False),
    sa.Column('method', sa.String(length=20), nullable=False),
    sa.Column('by', sa.Text(), nullable=False),
    sa.Column('since_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_finding_post_id_post'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_finding'))
    )
    with op.batch_alter_table('finding', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_finding_post_id'), ['post_id'], unique=False)
    op.create_table('call_task',
    sa.Column('id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('post_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('country_code', sa.String(length=2), nullable=False),
    sa.Column('reason', sa.String(length=12), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('tell_on', sa.Date(), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.String(length=12), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_call_task_post_id_post'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_task')),
    sa.UniqueConstraint('key', name=op.f('uq_call_task_key'))
    )
    with op.batch_alter_table('call_task', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_call_task_country_code'), ['country_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_call_task_due_on'), ['due_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_call_task_post_id'), ['post_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_call_task_settled_at'), ['settled_at'], unique=False)
    op.create_table('field_check',
    sa.Column('id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('post_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('contact_point_id', sa.Uuid(as_uuid=False), nullable=True),
    sa.Column('method', sa.String(length=20), nullable=False),
    sa.Column('outcome', sa.String(length=12), nullable=False),
    sa.Column('seconds', sa.Integer(), nullable=True),
    sa.Column('by', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['contact_point_id'], ['contact_point.id'], name=op.f('fk_field_check_contact_point_id_contact_point'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_field_check_post_id_post'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_field_check'))
    )
    with op.batch_alter_table('field_check', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_field_check_contact_point_id'), ['contact_point_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_field_check_post_id'), ['post_id'], unique=False)
    op.create_table('outcome_report',
    sa.Column('id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('post_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('account_id', sa.Uuid(as_uuid=False), nullable=True),
    sa.Column('outcome', sa.String(length=12), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_outcome_report_post_id_post'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outcome_report'))
    )
    with op.batch_alter_table('outcome_report', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_outcome_report_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_outcome_report_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_outcome_report_post_id'), ['post_id'], unique=False)
    op.create_table('drill',
    sa.Column('id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('post_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('contact_point_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('country_code', sa.String(length=2), nullable=False),
    sa.Column('half_year', sa.String(length=8), nullable=False),
    sa.Column('planned_on', sa.Date(), nullable=False),
    sa.Column('method', sa.String(length=10), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.Text(), nullable=True),
    sa.Column('outcome', sa.String(length=12), nullable=True),
    sa.Column('seconds', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['contact_point_id'], ['contact_point.id'], name=op.f('fk_drill_contact_point_id_contact_point'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_drill_post_id_post'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_drill'))
    )
    with op.batch_alter_table('drill', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_drill_contact_point_id'), ['contact_point_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_drill_country_code'), ['country_code'], unique=False)
        batch_op.create_index(batch_op.f('ix_drill_planned_on'), ['planned_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_drill_post_id'), ['post_id'], unique=False)
        batch_op.create_index('uq_drill_half_year_contact_point_id', ['half_year', 'contact_point_id'], unique=True)
    op.create_table('succession',
    sa.Column('id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('post_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('named_by', sa.Text(), nullable=False),
    sa.Column('named_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('agrees_to_name', sa.Boolean(), nullable=False),
    sa.Column('proposal_id', sa.Uuid(as_uuid=False), nullable=True),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('fk_succession_post_id_post'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_succession'))
    )
    with op.batch_alter_table('succession', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_succession_post_id'), ['post_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_succession_proposal_id'), ['proposal_id'], unique=False)
    op.create_table('end_notice',
    sa.Column('appointment_id', sa.Uuid(as_uuid=False), nullable=False),
    sa.Column('until_on', sa.Date(), nullable=False),
    sa.Column('days_before', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['appointment_id'], ['appointment.id'], name=op.f('fk_end_notice_appointment_id_appointment'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('appointment_id', 'until_on', 'days_before', name=op.f('pk_end_notice'))
    )
    with op.batch_alter_table('end_notice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_end_notice_appointment_id'), ['appointment_id'], unique=False)


def downgrade() -> None:
    op.drop_table("end_notice")
    op.drop_table("succession")
    op.drop_table("drill")
    op.drop_table("outcome_report")
    op.drop_table("field_check")
    op.drop_table("call_task")
    op.drop_table("finding")
    op.drop_table("letter_entry")
    op.drop_table("asked")
    op.drop_table("confirmation_letter")
    op.drop_table("requested_entry")
    op.drop_table("confirmation_request")
    op.drop_table("confirmation_round")
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_proposal_applies_on"))
        batch_op.drop_column("applies_on")
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.drop_column("added_at")
        batch_op.drop_column("reachability")
        batch_op.drop_column("keeps_holder")
    with op.batch_alter_table("contact_point", schema=None) as batch_op:
        batch_op.drop_column("answer_seconds")
        batch_op.drop_column("answered_at")
    with op.batch_alter_table("institution", schema=None) as batch_op:
        batch_op.drop_column("confirmation_method")
        batch_op.drop_column("confirmed_at")
