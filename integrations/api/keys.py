"""Keys of the API: made once, shown once, kept as a hash. A key is `rvw_<prefix>_<secret>`."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlmodel import col, select

from integrations.storage.database import Database
from integrations.storage.tables import ApiKey, AuditEntry

_FORM = re.compile(r"rvw_([0-9a-f]{12})_[0-9a-f]{64}")
_NOBODY = "0" * 64  # compared with where no key has the prefix, so that the answer takes as long


class Scope(StrEnum):
    """What a key may do; `admin` may do everything."""

    ANALYZE = "analyze"
    READ = "read"
    FEEDBACK = "feedback"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a key that holds."""

    key_id: int
    name: str
    scopes: frozenset[str]

    def may(self, scope: Scope) -> bool:
        """Whether the key has a scope."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


class Keys:
    """The keys in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, scopes: Iterable[Scope], actor: str) -> str:
        """A new key, which nobody can show again."""
        prefix = secrets.token_hex(6)
        key = f"rvw_{prefix}_{secrets.token_hex(32)}"
        words = " ".join(sorted({scope.value for scope in scopes}))
        now = datetime.now(UTC)
        with self._database.begin() as session:
            session.add(ApiKey(name=name, prefix=prefix, key_hash=hash_key(key), scopes=words, created_at=now))
            session.add(AuditEntry(at=now, actor=actor, action="create key", subject=prefix, detail=f"{name}: {words}"))
        return key

    def list_keys(self) -> Sequence[ApiKey]:
        """Every key, oldest first; revoked ones too."""
        with self._database.begin() as session:
            return session.exec(select(ApiKey).order_by(col(ApiKey.id))).all()

    def revoke(self, prefix: str, actor: str) -> bool:
        """Ends a key from the next request on; False when there is none with this prefix that holds."""
        now = datetime.now(UTC)
        with self._database.begin() as session:
            found = session.exec(
                select(ApiKey).where(ApiKey.prefix == prefix, col(ApiKey.revoked_at).is_(None))
            ).one_or_none()
            if found is None:
                return False
            found.revoked_at = now
            session.add(AuditEntry(at=now, actor=actor, action="revoke key", subject=prefix, detail=found.name))
        return True

    def find_caller(self, authorization: str) -> Caller | None:
        """Who a header `Bearer <key>` speaks for, None for a key that does not exist or was revoked."""
        scheme, _, key = authorization.partition(" ")
        match = _FORM.fullmatch(key.strip())
        if scheme.lower() != "bearer" or match is None:
            return None
        with self._database.begin() as session:
            row = session.exec(
                select(ApiKey).where(ApiKey.prefix == match[1], col(ApiKey.revoked_at).is_(None))
            ).one_or_none()
        known = row.key_hash if row is not None else _NOBODY
        if not hmac.compare_digest(known, hash_key(key.strip())) or row is None:
            return None
        assert row.id is not None, "a kept row has an id"
        return Caller(row.id, row.name, frozenset(row.scopes.split()))


def hash_key(key: str) -> str:
    """What is kept of a key. Its secret is 256 random bits, which need no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()
