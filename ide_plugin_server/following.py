"""Follows the teams' services: asks them now and then for what was dismissed, and sends what they were not told yet."""

import asyncio
from typing import TYPE_CHECKING, Any  # what a task gives is of no interest

from ide_plugin_server.errors import RefusedError, TeamError
from ide_plugin_server.feedback import REFUSED, SENT, Word
from ide_plugin_server.team import REFRESH_EVERY_S, Team

if TYPE_CHECKING:
    from ide_plugin_server.server import EditorServer

_MAX_REASON_CHARS = 500


class Following:
    """One task for each team that a workspace folder names."""

    def __init__(self, server: "EditorServer") -> None:
        self._server = server
        self._tasks: dict[Team, asyncio.Task[Any]] = {}
        self._sending = asyncio.Lock()

    def begin(self) -> None:
        """Follows the teams that the settings name now: a new one is asked at once, and those that stay go on."""
        server = self._server
        named = [folder.settings.team for folder in server.folders if not folder.is_lone]
        server.teams.connect(named, server.surroundings.environment or {})
        followed = set(server.teams)
        if self._tasks or followed:
            server.publish_all()
        for team in self._tasks.keys() - followed:
            self._tasks.pop(team).cancel()
        for team in server.teams:
            if team not in self._tasks or self._tasks[team].done():
                self._tasks[team] = server.spawn(self._follow(team))
            else:
                server.spawn(self._send_waiting(team))  # of a folder that is new, perhaps

    async def ask(self) -> None:
        """Asks every team now."""
        await asyncio.gather(*(self._ask(team) for team in self._server.teams))

    async def _follow(self, team: Team) -> None:
        while True:
            await self._ask(team)
            await asyncio.sleep(REFRESH_EVERY_S)

    async def _ask(self, team: Team) -> None:
        try:
            if await team.refresh():
                self._server.publish_all()
            await self.send(team)
        except TeamError as error:
            self._server.log(f"team: {error}")

    async def _send_waiting(self, team: Team) -> None:
        try:
            await self.send(team)
        except TeamError as error:
            self._server.log(f"team: {error}")

    async def send(self, team: Team) -> None:
        """Tells a team what it was not told yet, of the folders that name it now. Raises TeamError; the rest waits.

        Whoever gives up waiting leaves it going on: what was sent is kept as sent before anything else is.
        """
        problem = await asyncio.shield(self._server.spawn(self._send_all(team)))
        if problem is not None:
            raise problem

    async def _send_all(self, team: Team) -> TeamError | None:
        """What stopped it, None when nothing is left."""
        async with self._sending:
            while (word := self._find_unsent(team)) is not None:
                try:
                    await self._send_word(team, word)
                except TeamError as error:
                    return error
        return None

    def _find_unsent(self, team: Team) -> Word | None:
        """The first mark that a team was not told of; None for a team that no folder names any more."""
        folders = [one for one in self._server.folders if self._server.team_of(one) is team]
        unsent = (word for one in folders for word in self._server.feedback.list_unsent(one.path, team.name))
        return next(unsent, None)

    async def _send_word(self, team: Team, word: Word) -> None:
        outcome = SENT
        try:
            await team.send_feedback(_describe(word))
        except RefusedError as error:
            outcome = REFUSED
            self._server.log(f"team: {error}: {word.path}:{word.line} is not sent again")
        self._server.keep(Word(outcome, word.root, word.fingerprint, team=team.name))


def _describe(word: Word) -> dict[str, object]:
    """A mark as the service takes it."""
    reason = " ".join(word.reason.split())[:_MAX_REASON_CHARS]
    return {
        "fingerprint": word.fingerprint,
        "label": word.label,
        "kind": word.opinion,
        "path": word.path,
        "line": word.line,
        "reason": reason if reason.isprintable() else "",
    }
