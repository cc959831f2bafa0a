"""What teams do not want to see again, as every door asks for it."""

from sqlmodel import select

from integrations.storage.database import Database
from integrations.storage.tables import Dismissal


def list_dismissed(database: Database, repository: str) -> frozenset[str]:
    """Fingerprints that a repository's team has dismissed."""
    with database.begin() as session:
        found = session.exec(select(Dismissal.fingerprint).where(Dismissal.repository == repository)).all()
    return frozenset(found)
