"""Thumbs that were taken back: feedback knows when, and a reaction which feedback it became.

Known reactions are forgotten and asked for again: feedback is kept once.

Revision ID: 0005
Revises: 0004
"""

from typing import Any  # of a column's values

import sqlalchemy as sa
from alembic import op

from integrations.storage.tables import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forth."""
    op.add_column("feedback", sa.Column("withdrawn_at", UtcTime(), nullable=True))
    _remake_known_reactions(
        sa.Column("comment_id", sa.String(), nullable=False), sa.Column("feedback_id", sa.Integer(), nullable=False)
    )
    op.create_index(op.f("ix_known_reaction_feedback_id"), "known_reaction", ["feedback_id"])


def downgrade() -> None:
    """Back."""
    op.drop_column("feedback", "withdrawn_at")
    _remake_known_reactions()


def _remake_known_reactions(*more: sa.Column[Any]) -> None:
    op.drop_table("known_reaction")
    op.create_table(
        "known_reaction",
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("reaction_id", sa.String(), nullable=False),
        sa.Column("change_key", sa.String(), nullable=False),
        *more,
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("host", "reaction_id"),
    )
    op.create_index(op.f("ix_known_reaction_change_key"), "known_reaction", ["change_key"])
