"""When the next call comes due, in one look.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

DIALABLE = sa.text("dialable")


def upgrade() -> None:
    op.create_index("jobs_due", "jobs", ["due_at"], sqlite_where=DIALABLE, postgresql_where=DIALABLE)


def downgrade() -> None:
    op.drop_index("jobs_due", "jobs")
