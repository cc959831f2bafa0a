"""The tables of the API."""

import sqlalchemy as sa
from alembic import op

from integrations.storage.tables import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "api_result",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("api_key_id", sa.Integer(), nullable=False),
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(op.f("ix_api_result_api_key_id"), "api_result", ["api_key_id"])
    op.create_index(op.f("ix_api_result_repository"), "api_result", ["repository"])
    op.create_table(
        "api_batch",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("api_key_id", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=True),
        sa.Column("body_hash", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("num_items", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("api_key_id", "idempotency_key"),
    )
    op.create_index(op.f("ix_api_batch_state"), "api_batch", ["state"])
    op.create_table(
        "api_batch_item",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("idx", sa.Integer(), nullable=False),
        sa.Column("repository", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "idx"),
    )
    op.create_index(op.f("ix_api_batch_item_repository"), "api_batch_item", ["repository"])
    op.create_table(
        "rate_window",
        sa.Column("api_key_id", sa.Integer(), nullable=False),
        sa.Column("bucket", sa.String(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("api_key_id", "bucket", "minute"),
    )


def downgrade() -> None:
    """Back."""
    for name in ("rate_window", "api_batch_item", "api_batch", "api_result"):
        op.drop_table(name)
