"""When hosts were written to, shared by all workers.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forth."""
    op.create_table(
        "pace_lane",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("times", sa.Text(), nullable=False),
        sa.Column("quiet_until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    """Back."""
    op.drop_table("pace_lane")
