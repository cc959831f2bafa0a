"""What to do while the database is away: wait for it, with or without an end. Nothing else is tried twice here.

A connection that breaks leaves open whether its transaction was committed, so what is tried again must be repeatable.
"""

import functools
import logging
import sqlite3
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_LOG = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")

_FIRST_DELAY_S, _MAX_DELAY_S = 0.1, 5.0
# Connections, resources, an operator; a deadlock; a standby before it is promoted.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_PASSING_CLASSES = ("08", "53", "57")
_PASSING_STATES = frozenset({"40P01", "40001", "25006"})
_CANCELED = "57014"  # a statement's own time is over: it would be again
_PASSING_SQLITE = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN}
)


def is_away(error: Exception) -> bool:
    """Whether the same may succeed later without anybody changing it: the server restarts, or has no room."""
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        return (error.orig.sqlite_errorcode & 0xFF) in _PASSING_SQLITE  # the lower byte is the primary code
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return isinstance(error, OperationalError)  # no server answered at all
    return state != _CANCELED and (state.startswith(_PASSING_CLASSES) or state in _PASSING_STATES)


def try_for(limit_s: float, action: Callable[[], R]) -> R:
    """What `action` gives, tried until the database is back or the time is over; then raises its last error."""
    return _try_until(time.monotonic() + limit_s, action)


def outlast(function: Callable[P, R]) -> Callable[P, R]:
    """The same function, which waits for the database as long as it is away.

    For steps of workflows, whose outcome could not be recorded either: DBOS waits in the same way.
    """

    @functools.wraps(function)
    def wait(*args: P.args, **kwargs: P.kwargs) -> R:
        return _try_until(float("inf"), lambda: function(*args, **kwargs))

    return wait


def _try_until(end_s: float, action: Callable[[], R]) -> R:
    delay_s = _FIRST_DELAY_S
    while True:
        try:
            return action()
        except (DBAPIError, PoolTimeoutError) as error:
            if not is_away(error) or time.monotonic() + delay_s > end_s:
                raise
            _LOG.warning("the database is away, again in %.1f s: %s", delay_s, type(error).__name__)
        time.sleep(delay_s)
        delay_s = min(2 * delay_s, _MAX_DELAY_S)
