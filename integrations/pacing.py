"""How fast content may be made on a host: acts of one installation are spaced out, never dropped.

GitHub takes 80 requests that create content in a minute and 500 in an hour, and bans who goes on after it said stop:
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from integrations.errors import PacedError

_MARGIN_S = 1.0  # requests do not arrive as evenly as they are sent, and clocks of workers differ


@dataclass(frozen=True, slots=True)
class PaceLimits:
    """At most so many acts in each window of seconds. `patience_s`: a longer wait is left to whoever asked."""

    windows: tuple[tuple[int, float], ...] = ((80, 60.0), (500, 3_600.0))
    patience_s: float = 90.0


@dataclass(frozen=True, slots=True)
class Lane:
    """The acts of one key: when each was or will be made, oldest first, and until when the host wants quiet."""

    times: tuple[float, ...] = ()
    quiet_until: float = 0.0


class Lanes(Protocol):
    """Where lanes are kept."""

    def change(self, key: int, step: Callable[[Lane], Lane]) -> Lane:
        """Puts what `step` makes of a lane in its place, one change at a time; nothing where it raises."""


class LocalLanes:
    """Lanes of one process, gone with it."""

    def __init__(self) -> None:
        self._lanes: dict[int, Lane] = {}
        self._lock = threading.Lock()

    def change(self, key: int, step: Callable[[Lane], Lane]) -> Lane:
        """As the protocol says."""
        with self._lock:
            lane = self._lanes[key] = step(self._lanes.get(key, Lane()))
            return lane


def ignore_wait(seconds: float) -> None:
    """What becomes of a wait when nobody counts."""


class Pace:
    """Gives each act its moment, first come, first served. `observe` gets each wait in seconds, 0 included.

    `clock` is one that all who share the lanes agree on.
    """

    def __init__(
        self,
        limits: PaceLimits | None = None,
        observe: Callable[[float], None] = ignore_wait,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], None] = time.sleep,
        lanes: Lanes | None = None,
    ) -> None:
        self._limits, self._observe, self._clock, self._wait = limits or PaceLimits(), observe, clock, wait
        self._lanes = lanes or LocalLanes()

    def take(self, key: int) -> None:
        """Waits until the next act of a key may be made. Raises PacedError where that takes longer than patience."""
        now = self._clock()
        wait_s = max(0.0, self._lanes.change(key, lambda lane: give_turn(lane, self._limits, now)).times[-1] - now)
        self._observe(wait_s)
        if wait_s > 0:
            self._wait(wait_s)

    def hold(self, key: int, seconds: float) -> None:
        """Lets no act of a key begin for so long: the host asked for quiet."""
        until = self._clock() + seconds
        self._lanes.change(key, lambda lane: replace(lane, quiet_until=max(lane.quiet_until, until)))


def give_turn(lane: Lane, limits: PaceLimits, now: float) -> Lane:
    """The lane with one more act, at the earliest moment that leaves every window within its limit.

    Raises PacedError where that is further off than patience allows. No act was ever put so far off: what seems so was
    made before a clock was set back, and does not count.
    """
    times = tuple(one for one in lane.times if one <= now + limits.patience_s + _MARGIN_S)
    free = [times[-count] + window_s + _MARGIN_S for count, window_s in limits.windows if len(times) >= count]
    moment = max([now, lane.quiet_until, *times[-1:], *free])
    if moment - now > limits.patience_s:
        raise PacedError(f"held back: expected to wait {moment - now:.0f} s for a turn", retry_after_s=moment - now)
    num_kept = max(count for count, _ in limits.windows)
    return replace(lane, times=(*times, moment)[-num_kept:])
