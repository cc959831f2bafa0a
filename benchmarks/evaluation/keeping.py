"""What took long and is kept in a folder, each piece under the hash of everything it depends on.

A piece is a JSON value of its own file, written whole or not at all: a run that was killed goes on where it was.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from reviewer.cache import hash_parts, write_atomically

T = TypeVar("T")


class Keep:
    """A folder of kept pieces; safe to delete."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def recall(self, parts: Iterable[str], make: Callable[[], T]) -> T:
        """What was made from these parts before, else what `make` gives now, a JSON value."""
        key = hash_parts(*parts)
        file = self._folder / key[:2] / f"{key[2:]}.json"
        if file.is_file():
            known: T = json.loads(file.read_text("utf-8"))
            return known
        made = make()
        write_atomically(file, json.dumps(made).encode())
        return made
