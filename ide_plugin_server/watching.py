"""Watches the files that decide about folders because a setting or a configuration names them."""

import asyncio
import re
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from lsprotocol import types

from ide_plugin_server.folders import Folder, make_uri
from ide_plugin_server.places import find_named

if TYPE_CHECKING:
    from ide_plugin_server.server import EditorServer


class Watching:
    """What the client was asked to tell of beside the names that always count."""

    def __init__(self, server: "EditorServer") -> None:
        self._server = server
        self._files: frozenset[str] = frozenset()
        self._num_asked = 0
        self._asking = asyncio.Lock()

    async def look(self, *folders: Folder) -> None:
        """Looks what is named for some folders, or (none given) for all, and lets the client watch it."""
        for folder in folders or self._server.folders:
            folder.named = await asyncio.to_thread(find_named, Path(folder.path), folder.settings)
        named = frozenset(file for folder in self._server.folders for file in folder.named if self._may_watch(file))
        if self._server.client.watches_files and named != self._files:
            had_any, self._files = bool(self._files), named
            self._num_asked += 1
            self._server.spawn(self._ask(self._num_asked, named, had_any=had_any))

    def _may_watch(self, file: str) -> bool:
        """Outside the workspace only for those who trust it: some clients watch everything below a file's folder."""
        return self._server.options.is_trusted or any(
            one.holds(file) for one in self._server.folders if not one.is_lone
        )

    async def _ask(self, number: int, named: frozenset[str], *, had_any: bool) -> None:
        """Asks for notifications of these files in place of those that were asked for before."""
        server, method = self._server, types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        async with self._asking:
            if had_any:
                given_up = [types.Unregistration(f"named-{number - 1}", method)]
                await server.client_unregister_capability_async(types.UnregistrationParams(given_up))
            if named:
                watchers = [types.FileSystemWatcher(self._make_pattern(PurePath(file))) for file in sorted(named)]
                options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
                wanted = [types.Registration(f"named-{number}", method, options)]
                await server.client_register_capability_async(types.RegistrationParams(wanted))

    def _make_pattern(self, file: PurePath) -> types.GlobPattern:
        """The file itself where the client can be told so, else every file of its name in the workspace."""
        name = re.sub(r"[][{}*]", "?", file.name)
        if self._server.client.watches_anywhere:
            return types.RelativePattern(base_uri=make_uri(str(file.parent)), pattern=name)
        return f"**/{name}"
