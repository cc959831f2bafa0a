"""Reads workspace folders in the background, file by file, and judges what is shown with the others at hand."""

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING, Any  # what a task gives is of no interest

from ide_plugin_server.desk import Urgency
from ide_plugin_server.folders import Folder
from ide_plugin_server.messages import ReadNext, Refresh, Trouble

if TYPE_CHECKING:
    from ide_plugin_server.server import EditorServer


class Reading:
    """What is being read, by folder."""

    def __init__(self, server: "EditorServer") -> None:
        self._server = server
        self._tasks: dict[str, asyncio.Task[Any]] = {}
        self._cancelled: set[str] = set()

    def begin(self, folder: Folder) -> None:
        """Reads what is unread of a folder, from now on."""
        self.drop(folder)
        self._cancelled.discard(folder.key)
        self._tasks[folder.key] = self._server.spawn(self._read(folder))

    def drop(self, folder: Folder) -> None:
        """Reads a folder no further."""
        task = self._tasks.pop(folder.key, None)
        if task is not None:
            task.cancel()

    async def begin_anew(self, folder: Folder) -> None:
        """Reads a folder that was opened again; who pulls asks again."""
        self._server.refresh_client()
        await self._add_new(folder)
        self.begin(folder)

    async def _add_new(self, folder: Folder) -> None:
        """Lets files be shown that have come to those that a command asked for."""
        if folder.listing is not None:
            listed = await self._server.desk.ask(folder.listing, Urgency.READING)
            self._server.watched.update(() if isinstance(listed, Trouble) else listed)

    async def refresh(self, folder: Folder, files: Collection[str] = ()) -> None:
        """Looks at the disk again: at some files, or (none named) at the whole folder."""
        server = self._server
        answer = await server.desk.ask(Refresh(folder.key, tuple(files)), Urgency.READING)
        if answer is not None:
            server.note_state(folder, answer)
            if not server.watched.issuperset(files):
                await self._add_new(folder)
            if not (files and self.is_cancelled(folder)):
                self.begin(folder)

    def is_cancelled(self, folder: Folder) -> bool:
        """Whether the user ended the reading, and nothing has begun it again: files are judged alone."""
        return folder.key in self._cancelled

    async def settle(self, folder: Folder) -> None:
        """Waits until a folder is read."""
        while (task := self._tasks.get(folder.key)) is not None and not task.done():
            await asyncio.wait([task])

    async def _read(self, folder: Folder) -> None:
        server = self._server
        if folder.state.is_linked:
            async with server.bars.show("Reading the workspace") as bar:
                while not folder.state.is_ready:
                    if bar.is_cancelled:
                        self._cancelled.add(folder.key)
                        break
                    server.note_state(folder, await server.desk.ask(ReadNext(folder.key), Urgency.READING))
                    if folder.state.problem:
                        break
                    bar.advance(folder.state.num_read, folder.state.num_files)
            await server.judge_neighbours(folder)
        if not server.desk.is_given_up:  # that was told
            server.tell_status("failed" if folder.state.problem else "ready", folder.state.problem or "ready")
