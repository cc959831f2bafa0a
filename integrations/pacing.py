"""How fast content may be made on a host: acts of one installation are spaced out in one process, never dropped.

GitHub takes 80 requests that create content in a minute and 500 in an hour, and bans who goes on after it said stop:
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from integrations.errors import PacedError

_MARGIN_S = 1.0  # requests do not arrive as evenly as they are sent


@dataclass(frozen=True, slots=True)
class PaceLimits:
    """At most so many acts in each window of seconds. `patience_s`: a longer wait is left to whoever asked."""

    windows: tuple[tuple[int, float], ...] = ((80, 60.0), (500, 3_600.0))
    patience_s: float = 90.0


@dataclass(slots=True)
class _Lane:
    """The acts of one key: when each was or will be made, as many as matter, and until when the host wants quiet."""

    times: deque[float]
    quiet_until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


def ignore_wait(seconds: float) -> None:
    """What becomes of a wait when nobody counts."""


class Pace:
    """Gives each act its moment, first come, first served. `observe` gets each wait in seconds, 0 included."""

    def __init__(
        self,
        limits: PaceLimits | None = None,
        observe: Callable[[float], None] = ignore_wait,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limits, self._observe, self._clock, self._wait = limits or PaceLimits(), observe, clock, wait
        self._lanes: dict[int, _Lane] = {}
        self._lock = threading.Lock()

    def take(self, key: int) -> None:
        """Waits until the next act of a key may be made. Raises PacedError where that takes longer than patience."""
        lane = self._lane_of(key)
        with lane.lock:
            now = self._clock()
            wait_s = _find_moment(lane, self._limits.windows, now) - now
            if wait_s > self._limits.patience_s:
                raise PacedError(f"held back: expected to wait {wait_s:.0f} s for a turn", retry_after_s=wait_s)
            lane.times.append(now + wait_s)
        self._observe(wait_s)
        if wait_s > 0:
            self._wait(wait_s)

    def hold(self, key: int, seconds: float) -> None:
        """Lets no act of a key begin for so long: the host asked for quiet."""
        lane = self._lane_of(key)
        with lane.lock:
            lane.quiet_until = max(lane.quiet_until, self._clock() + seconds)

    def _lane_of(self, key: int) -> _Lane:
        with self._lock:
            if key not in self._lanes:
                self._lanes[key] = _Lane(deque(maxlen=max(count for count, _ in self._limits.windows)))
            return self._lanes[key]


def _find_moment(lane: _Lane, windows: Sequence[tuple[int, float]], now: float) -> float:
    """The earliest moment that leaves every window within its limit."""
    free = [lane.times[-count] + window_s + _MARGIN_S for count, window_s in windows if len(lane.times) >= count]
    return max([now, lane.quiet_until, *free])
