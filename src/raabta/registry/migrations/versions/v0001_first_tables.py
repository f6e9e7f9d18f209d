"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _make_register_state()
    _make_organisations()
    _make_people()
    _make_member_endpoints()
    _make_proofs()
    _make_cases()
    _make_consents()
    _make_recipients()
    _make_lease_grants()
    _make_leases()
    _make_restrictions()
    _make_reviews()
    _make_log_leaves()


def downgrade() -> None:
    """Drop the tables, children first."""
    for table in (
        "log_leaves",
        "reviews",
        "restrictions",
        "leases",
        "lease_grants",
        "recipients",
        "consents",
        "cases",
        "proofs",
        "member_endpoints",
        "people",
        "organisations",
        "register_state",
    ):
        op.drop_table(table)


def _make_register_state() -> None:
    op.create_table(
        "register_state",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_register_state"),
    )


def _make_organisations() -> None:
    op.create_table(
        "organisations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("trade_name", sa.Text(), nullable=False),
        sa.Column("legal_form", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("registration_number", sa.Text(), nullable=False),
        sa.Column("registration_checked_on", sa.Date(), nullable=True),
        sa.Column("tax_number", sa.Text(), nullable=False),
        sa.Column("tax_checked_on", sa.Date(), nullable=True),
        sa.Column("board_number", sa.Text(), nullable=False),
        sa.Column("board_valid_until", sa.Date(), nullable=True),
        sa.Column("association_number", sa.Text(), nullable=False),
        sa.Column("association_valid_until", sa.Date(), nullable=True),
        sa.Column("domains", sa.Text(), nullable=False),
        sa.Column("sponsor_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
    )
    op.create_index("ix_organisations_sponsor_id", "organisations", ["sponsor_id"])


def _make_people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column(
            "organisation_id",
            sa.Text(),
            sa.ForeignKey("organisations.id", name="fk_people_organisation_id"),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("identity_kind", sa.Text(), nullable=False),
        sa.Column("identity_hash", sa.Text(), nullable=False),
        sa.Column("identity_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("identity_seen_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
    )
    op.create_index("ix_people_organisation_id", "people", ["organisation_id"])


def _make_member_endpoints() -> None:
    op.create_table(
        "member_endpoints",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column(
            "organisation_id",
            sa.Text(),
            sa.ForeignKey("organisations.id", name="fk_member_endpoints_organisation_id"),
            nullable=False,
        ),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("asn", sa.BigInteger(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("addressing", sa.Text(), nullable=False),
        sa.Column("cgnat", sa.Boolean(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("transport", sa.Text(), nullable=False),
        sa.Column("remote", sa.Text(), nullable=False),
        sa.Column("port", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("device_keys", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_member_endpoints"),
    )
    op.create_index("ix_member_endpoints_organisation_id", "member_endpoints", ["organisation_id"])


def _make_proofs() -> None:
    op.create_table(
        "proofs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column(
            "organisation_id",
            sa.Text(),
            sa.ForeignKey("organisations.id", name="fk_proofs_organisation_id"),
            nullable=False,
        ),
        sa.Column("endpoint_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("challenge", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("witnesses", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_proofs"),
    )
    op.create_index("ix_proofs_endpoint_id", "proofs", ["endpoint_id"])
    op.create_index("ix_proofs_organisation_id", "proofs", ["organisation_id"])
    op.create_index("ix_proofs_subject", "proofs", ["subject"])


def _make_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column(
            "organisation_id",
            sa.Text(),
            sa.ForeignKey("organisations.id", name="fk_cases_organisation_id"),
            nullable=False,
        ),
        sa.Column("endpoint_ids", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("documents", sa.Text(), nullable=False),
        sa.Column("steps", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    op.create_index("ix_cases_organisation_id", "cases", ["organisation_id"])


def _make_consents() -> None:
    op.create_table(
        "consents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column(
            "organisation_id",
            sa.Text(),
            sa.ForeignKey("organisations.id", name="fk_consents_organisation_id"),
            nullable=False,
        ),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )
    op.create_index("ix_consents_organisation_id", "consents", ["organisation_id"])


def _make_recipients() -> None:
    op.create_table(
        "recipients",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("asns", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("attestation_key", sa.Text(), nullable=False),
        sa.Column("reference_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recipients"),
    )


def _make_lease_grants() -> None:
    op.create_table(
        "lease_grants",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("device_key", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("transport", sa.Text(), nullable=False),
        sa.Column("port", sa.BigInteger(), nullable=False),
        sa.Column("asns", sa.Text(), nullable=False),
        sa.Column("max_h", sa.BigInteger(), nullable=False),
        sa.Column("organisation_ref", sa.Text(), nullable=False),
        sa.Column("evidence_level", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lease_grants"),
    )


def _make_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_leases"),
    )
    op.create_index("ix_leases_grant_id", "leases", ["grant_id"])


def _make_restrictions() -> None:
    op.create_table(
        "restrictions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shared", sa.Text(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=True),
        sa.Column("reviewed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_restrictions"),
    )


def _make_reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
    )
    op.create_index("ix_reviews_subject", "reviews", ["subject"])


def _make_log_leaves() -> None:
    op.create_table(
        "log_leaves",
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("subject_hash", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("index", name="pk_log_leaves"),
    )
