"""Files that the analysis process dies of: who is to blame, and what is left out from then on.

The process says which file it turns to. A file that was in hand at two deaths is left out as long as it has that
content; when another content of it does the same, it is left out whatever it holds.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

DEATHS_OF_A_FILE = 2


@dataclass(frozen=True, slots=True)
class InHand:
    """A file that the process turns to, and a digest of its content; "" stands for any content."""

    file: str
    digest: str


class Aside:
    """The server's side: counts deaths by file."""

    def __init__(self) -> None:
        self._deaths: Counter[InHand] = Counter()
        self._left_out: dict[InHand, None] = {}

    def note_death(self, held: InHand) -> InHand | None:
        """Blames a file; what is left out from now on because of it, None when that is nothing new."""
        self._deaths[held] += 1
        if self._deaths[held] < DEATHS_OF_A_FILE:
            return None
        del self._deaths[held]
        is_known = any(one.file == held.file for one in self._left_out)
        added = replace(held, digest="") if is_known else held
        self._left_out[added] = None
        return added

    def absolve(self, survived: Iterable[InHand]) -> None:
        """The process lived through these files: what was counted before was chance."""
        for one in survived:
            self._deaths.pop(one, None)

    def list_left_out(self) -> tuple[InHand, ...]:
        """What a fresh process is told to leave out."""
        return tuple(self._left_out)

    def clear(self) -> None:
        """Everything is tried again."""
        self._deaths.clear()
        self._left_out.clear()


class Caution:
    """The process's side: says what it turns to, and knows what it leaves out."""

    def __init__(self, announce: Callable[[InHand], None] = lambda _: None, left_out: Iterable[InHand] = ()) -> None:
        self._announce, self._left_out = announce, frozenset(left_out)
        self._digests: dict[str, tuple[bytes, str]] = {}

    def turn_to(self, file: str, content: bytes) -> None:
        """Says that a file comes next: if the process dies now, it died of this."""
        self._announce(InHand(file, self._digest(file, content)))

    def leaves_out(self, file: str, content: bytes) -> bool:
        """Whether a file with this content is left out."""
        if not self._left_out:
            return False
        return not self._left_out.isdisjoint((InHand(file, ""), InHand(file, self._digest(file, content))))

    def _digest(self, file: str, content: bytes) -> str:
        kept = self._digests.get(file)
        if kept is None or kept[0] is not content:
            kept = self._digests[file] = (content, hashlib.sha256(content).hexdigest())
        return kept[1]
