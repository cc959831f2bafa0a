"""What a host's answers tell about whether we can work with it: the clocks, and what an app or a token may do."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

from integrations.hosts import Check

_MAX_SKEW_S = 30.0  # GitHub takes app tokens that are a minute off at most
_MIN_TOKEN_DAYS = 7
_RANKS = {"none": 0, "read": 1, "write": 2, "admin": 3}


def check_clock(name: str, date: str) -> Check:
    """How far our clock is from a host's `Date` header (RFC 9110, 6.6.1)."""
    try:
        skew_s = abs((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds())
    except ValueError:
        return Check(f"{name} clock", False, f"expected a date from the host, found {date!r}")
    return Check(f"{name} clock", skew_s <= _MAX_SKEW_S, f"{skew_s:.0f} s apart")


def check_permissions(granted: Mapping[str, str], needed: Mapping[str, str]) -> Check:
    """Whether an app may do what it must; more than that is said, and no fault."""
    lacking = [f"{name}: {level}" for name, level in needed.items() if _rank(granted.get(name)) < _rank(level)]
    more = [f"{name}: {level}" for name, level in granted.items() if _rank(level) > _rank(needed.get(name))]
    detail = f"lacking {', '.join(lacking)}" if lacking else "as needed"
    return Check("permissions", not lacking, f"{detail}; more than needed: {', '.join(more)}" if more else detail)


def check_token(scopes: Iterable[str], expires_at: str | None, needed: str, today: date) -> Check:
    """Whether a token may do what it must, and for longer than a few days."""
    if needed not in scopes:
        return Check("token", False, f"expected the scope {needed}, found {', '.join(sorted(scopes)) or 'none'}")
    if expires_at is None:
        return Check("token", True, f"scope {needed}, does not expire")
    num_days = (date.fromisoformat(expires_at[:10]) - today).days  # a time in some versions
    return Check("token", num_days >= _MIN_TOKEN_DAYS, f"scope {needed}, expires in {num_days} days")


def _rank(level: str | None) -> int:
    return _RANKS.get(level or "none", 0)
