"""Connected mode: what a team has dismissed on pull requests is not shown, and feedback goes to the team's service.

Each workspace folder may name a team of its own; what belongs to no such folder has none. A service's answer is kept in
a file; without a network the last known state counts.
"""

import hashlib
import json
import logging
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ide_plugin_server.asking import LIMIT_S, Question, ask
from ide_plugin_server.errors import RefusedError, TeamError
from ide_plugin_server.settings import TeamSettings
from reviewer.cache import write_atomically

_log = logging.getLogger(__name__)
_REFUSALS = (400, 413, 422)  # about what was sent, not about the key or the service
REFRESH_EVERY_S = 900.0


class Team:
    """One team's service; `dismissed` is what is known of it now. `limit_s`: how long an answer may take."""

    def __init__(self, settings: TeamSettings, token: str, data_folder: str, limit_s: float = LIMIT_S) -> None:
        self._folder = Path(data_folder) / "team" if data_folder else None
        self._settings, self._token, self._limit_s = settings, token, limit_s
        self.dismissed: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What tells it from every other team."""
        return f"{self._settings.repository} {self._settings.url}"

    async def refresh(self) -> bool:
        """Asks the service; True when something changed. Raises TeamError, after which the last known state counts."""
        query = urllib.parse.urlencode({"repository": self._settings.repository})
        body = await self._request(f"/api/v1/dismissals?{query}")
        found = _parse_dismissed(body)
        has_changed = found != self.dismissed
        self.dismissed = found
        self._store(found)
        return has_changed

    async def send_feedback(self, feedback: Mapping[str, object]) -> None:
        """Sends one opinion on a finding. Raises TeamError; RefusedError where it need not be tried again."""
        content = json.dumps({"repository": self._settings.repository, **feedback})
        await self._request("/api/v1/feedback", content)

    async def _request(self, path: str, content: str | None = None) -> bytes:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        name = path.partition("?")[0]
        try:
            answer = await ask(Question(self._settings.url.rstrip("/") + path, headers, content, self._limit_s))
        except TeamError as error:
            raise TeamError(f"{name}: {error}") from error
        if not 200 <= answer.status < 300:
            kind = RefusedError if answer.status in _REFUSALS else TeamError
            raise kind(f"{name}: expected an answer, found status {answer.status}")
        return answer.body

    # What was last known ---------------------------------------------------------------------------------------------

    @property
    def _file(self) -> Path | None:
        key = f"{self._settings.url}\0{self._settings.repository}"
        return (
            self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json" if self._folder is not None else None
        )

    def load(self) -> None:
        """Takes in what was last known."""
        try:
            known = json.loads(self._file.read_text("utf-8")) if self._file is not None else []
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError) as error:
            _log.warning("team: expected a list of dismissed findings, found %s", error)
            return
        self.dismissed = (
            frozenset(one for one in known if isinstance(one, str)) if isinstance(known, list) else frozenset()
        )

    def _store(self, found: Iterable[str]) -> None:
        try:
            if self._file is not None:
                write_atomically(self._file, json.dumps(sorted(found)).encode(), is_private=True)
        except OSError as error:
            _log.warning("team: expected a writable folder, found %s", error.strerror)


class Teams:
    """The teams that workspace folders name now."""

    def __init__(self, data_folder: str) -> None:
        self._data_folder = data_folder
        self._teams: dict[TeamSettings, Team] = {}

    def __iter__(self) -> Iterator[Team]:
        return iter(tuple(self._teams.values()))

    def connect(self, named: Iterable[TeamSettings], environment: Mapping[str, str]) -> None:
        """Takes these teams and no other; what was last known of a new one counts at once."""
        before, self._teams = self._teams, {}
        for settings in named:
            if settings.is_set and settings not in self._teams:
                self._teams[settings] = before.get(settings) or self._open(settings, environment)

    def _open(self, settings: TeamSettings, environment: Mapping[str, str]) -> Team:
        team = Team(settings, environment.get(settings.token_variable, ""), self._data_folder)
        team.load()
        return team

    def find(self, settings: TeamSettings) -> Team | None:
        """The team that a folder with these settings has."""
        return self._teams.get(settings)


def _parse_dismissed(body: bytes) -> frozenset[str]:
    found = set()
    for line in body.splitlines():
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise TeamError("dismissals: expected a line of JSON a row, found another") from error
        fingerprint = row.get("fingerprint") if isinstance(row, dict) else None
        if not isinstance(fingerprint, str):
            raise TeamError("dismissals: expected a fingerprint in each row, found a row without one")
        found.add(fingerprint)
    return frozenset(found)
