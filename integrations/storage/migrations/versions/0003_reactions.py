"""Reactions that have become feedback, and when changes were asked about them.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from integrations.storage.tables import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forth."""
    op.create_table(
        "known_reaction",
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("reaction_id", sa.String(), nullable=False),
        sa.Column("change_key", sa.String(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("host", "reaction_id"),
    )
    op.create_index(op.f("ix_known_reaction_change_key"), "known_reaction", ["change_key"])
    op.create_table(
        "reaction_poll",
        sa.Column("change_key", sa.String(), nullable=False),
        sa.Column("polled_at", UtcTime(), nullable=False),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("change_key"),
    )


def downgrade() -> None:
    """Back."""
    op.drop_table("reaction_poll")
    op.drop_table("known_reaction")
