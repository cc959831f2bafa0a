"""Requests to a host through somebody else's client: counted, paced, and what goes wrong in our own words."""

from collections.abc import Callable, Iterable, Iterator
from typing import ParamSpec, TypeVar

from requests import RequestException

from integrations.errors import HostError
from integrations.pacing import Pace

P = ParamSpec("P")
R = TypeVar("R")
Observe = Callable[[int, int | None], None]
_OK = 200


def ignore_call(status: int, left: int | None) -> None:
    """What becomes of an outcome when nobody counts."""


class Calls:
    """Makes requests. `refusal` is the client's own error and `translate` says it as ours; both clients use requests.

    `observe` gets each status and what the host still takes this hour: `count_left`, None where nobody knows.
    `pace` holds requests back that write something.
    """

    def __init__(
        self,
        name: str,
        refusal: type[Exception],
        translate: Callable[[Exception], HostError],
        observe: Observe = ignore_call,
        count_left: Callable[[], int | None] = lambda: None,
        pace: Pace | None = None,
    ) -> None:
        self._name, self._refusal, self._translate = name, refusal, translate
        self._observe, self._count_left, self._pace = observe, count_left, pace or Pace()

    def __call__(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """One request; raises HostError."""
        try:
            result = function(*args, **kwargs)
        except self._refusal as error:
            ours = self._translate(error)
            self._observe(ours.status, None)
            raise ours from error
        except RequestException as error:
            self._observe(0, None)
            raise HostError(f"{self._name}: {type(error).__name__}") from error
        self._observe(_OK, self._count_left())
        return result

    def write(self, key: int, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """One request that writes: in its turn, after the others of `key`; quiet where the host asked for it.

        Raises HostError, PacedError where the turn is far off.
        """
        self._pace.take(key)
        try:
            return self(function, *args, **kwargs)
        except HostError as error:
            if error.retry_after_s is not None:
                self._pace.hold(key, error.retry_after_s)
            raise

    def iterate(self, items: Iterable[R]) -> Iterator[R]:
        """The items of a listing that asks for its next page on the way."""
        iterator = iter(items)
        while True:
            try:
                yield self(next, iterator)
            except StopIteration:
                return
