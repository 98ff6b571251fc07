"""Questions and objections of the public about published audits."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "concerns",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("audit", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("matter", sa.String(), nullable=False),
        sa.Column("requirement", sa.String(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("received", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("erased", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_concerns_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concerns")),
    )
    op.create_index(op.f("ix_concerns_audit"), "concerns", ["audit"])
    op.create_index(op.f("ix_concerns_account"), "concerns", ["account"])
    op.create_index(op.f("ix_concerns_reference"), "concerns", ["reference"], unique=True)
