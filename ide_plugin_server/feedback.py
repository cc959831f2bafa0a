"""What people say of findings in this editor: kept in a file of theirs, listed, and taken back at any time.

One line of JSON a word. A mark hides a finding in its workspace folder; a later line may take it back. Where the folder
has a team, the mark waits until a later line says that it was sent.
"""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

_log = logging.getLogger(__name__)
FILE_NAME = "feedback.jsonl"
MARK, FORGET = "unhelpful", "forgotten"
SENT, REFUSED = "sent", "refused"  # by the team's service: neither is sent again
OPINIONS = ("false-positive", "accept-risk", "ignore")  # what the service calls them


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that somebody said, or that came of it.

    `root` is the workspace folder; `fingerprint` "" means every finding in it; `team` is the one to tell, "" for none.
    """

    kind: str
    root: str
    fingerprint: str
    label: str = ""
    path: str = ""
    line: int = 0
    reason: str = ""
    opinion: str = OPINIONS[0]
    team: str = ""


_TEXTS = tuple(one.name for one in fields(Word) if one.name != "line")


class FeedbackBook:
    """The words in a file; without a folder they last as long as the server."""

    def __init__(self, folder: str) -> None:
        self._file = Path(folder) / FILE_NAME if folder else None
        self._hidden: dict[str, set[str]] = {}
        self._unsent: dict[tuple[str, str], Word] = {}  # by folder and fingerprint
        for word in self._read():
            self._heed(word)

    def hidden_in(self, root: str) -> frozenset[str]:
        """Fingerprints of the findings of a workspace folder that are marked."""
        return frozenset(self._hidden.get(root, ()))

    def list_unsent(self, root: str, team: str) -> tuple[Word, ...]:
        """Marks in a workspace folder that its team has not been told of, oldest first."""
        return tuple(one for one in self._unsent.values() if (one.root, one.team) == (root, team))

    def add(self, word: Word) -> None:
        """Keeps a word. Raises OSError when the file cannot be written; the word counts all the same."""
        self._heed(word)
        if self._file is None:
            return
        line = json.dumps({"time": datetime.now(UTC).isoformat(), **asdict(word)}, sort_keys=True) + "\n"
        self._file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as stream:
            stream.write(line)

    def _heed(self, word: Word) -> None:
        hidden = self._hidden.setdefault(word.root, set())
        if word.kind == MARK:
            hidden.add(word.fingerprint)
        elif word.kind == FORGET:
            hidden -= {word.fingerprint} if word.fingerprint else set(hidden)
        for key in [one for one in self._unsent if one[0] == word.root and word.fingerprint in ("", one[1])]:
            del self._unsent[key]
        if word.kind == MARK and word.team:
            self._unsent[word.root, word.fingerprint] = word

    def _read(self) -> list[Word]:
        """The words in the file; a line that cannot be read is left out and logged."""
        try:
            lines = self._file.read_text("utf-8").splitlines() if self._file is not None else []
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            _log.warning("%s: expected a readable file, found %s", self._file, error)
            return []
        return [word for line in lines if (word := _parse(line)) is not None]


def _parse(line: str) -> Word | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, Mapping) or not all(
        isinstance(row.get(key), str) for key in ("kind", "root", "fingerprint")
    ):
        _log.warning("feedback: expected a line with kind, root and fingerprint, found another")
        return None
    texts: dict[str, str] = {key: row[key] for key in _TEXTS if isinstance(row.get(key), str)}
    number = row.get("line")
    return Word(**texts, line=number if isinstance(number, int) else 0)
