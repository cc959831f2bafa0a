"""Webhooks that did not reach us: GitHub keeps them for three days and never repeats one unasked.

https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any  # JSON of the host

_MAX_ATTEMPTS = 5  # of a delivery, before it is given up
_MAX_PAGES = 50
_NEXT_PAGE = re.compile(r'<([^>]+)>;\s*rel="next"')
AskApp = Callable[[str, str], tuple[Mapping[str, str], Any]]
"""Asks the host as the app: verb and path to headers and body. Raises HostError."""


class Redelivery:
    """Asks for failed deliveries again, once for each failed attempt."""

    def __init__(self, ask: AskApp) -> None:
        self._ask = ask
        self._asked: set[int] = set()  # failed attempts

    def ask_again(self, is_known: Callable[[str], bool]) -> int:
        """How many deliveries were asked for again: those that we do not know and that have not failed too often."""
        attempts: dict[str, list[int]] = {}  # by delivery, newest first
        for one in self._list_failed():
            attempts.setdefault(one["guid"], []).append(one["id"])
        self._asked.intersection_update(number for numbers in attempts.values() for number in numbers)
        lost = [
            numbers[0]
            for guid, numbers in attempts.items()
            if numbers[0] not in self._asked and len(numbers) <= _MAX_ATTEMPTS and not is_known(guid)
        ]
        for number in lost:
            self._ask("POST", f"/app/hook/deliveries/{number}/attempts")
            self._asked.add(number)
        return len(lost)

    def _list_failed(self) -> Iterator[Mapping[str, Any]]:
        """Attempts that failed, newest first."""
        address = "/app/hook/deliveries?status=failure&per_page=100"
        for _ in range(_MAX_PAGES):
            headers, found = self._ask("GET", address)
            assert isinstance(found, list), "a list is documented"
            yield from found
            following = _NEXT_PAGE.search(headers.get("link", ""))
            if following is None:
                return
            address = following[1]
