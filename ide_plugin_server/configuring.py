"""Brings settings in: asks the client for those of each folder, and lets the server go by them."""

import asyncio
import logging
from collections.abc import Iterable, Mapping

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from ide_plugin_server.folders import Folder
from ide_plugin_server.server import EditorServer
from ide_plugin_server.settings import SECTION, EditorSettings, parse_settings

_log = logging.getLogger(__name__)
_WAIT_S = 10.0  # for a client that says it can be asked and does not answer


class Configurator:
    """Keeps the settings of every folder."""

    def __init__(self, server: EditorServer) -> None:
        self._server = server
        self._said: set[str] = set()

    def take(self, value: object) -> None:
        """Settings that were sent: they count for every folder that has none of its own."""
        self._server.folders.defaults = self._parse(value)
        for folder in self._server.folders:
            folder.settings = self._server.folders.defaults

    async def ask(self) -> None:
        """Asks the client for the settings of each folder."""
        server = self._server
        if not server.client.has_configuration:
            return
        folders = list(server.folders)
        items = [types.ConfigurationItem(section=SECTION)]
        items += [types.ConfigurationItem(folder.uri, SECTION) for folder in folders]
        try:
            async with asyncio.timeout(_WAIT_S):
                answer = await server.workspace_configuration_async(types.ConfigurationParams(items))
        except (TimeoutError, JsonRpcException) as error:
            _log.warning("settings: expected an answer to workspace/configuration, found %s", type(error).__name__)
            return
        given = list(answer) + [None] * (len(items) - len(answer))
        if any(isinstance(one, Mapping) for one in given):
            server.folders.defaults = self._parse(given[0])
            for folder, value in zip(folders, given[1:], strict=True):
                folder.settings = self._parse(value if value is not None else given[0])

    async def apply(self, folders: Iterable[Folder]) -> None:
        """Opens folders as the settings are now; another model takes another process, which opens all of them."""
        server = self._server
        if server.told_model not in (None, server.model):
            await server.watching.look()
            await server.desk.restart()
            return
        for folder in folders:
            await server.open_folder(folder)

    def _parse(self, value: object) -> EditorSettings:
        parsed = parse_settings(value, is_trusted=self._server.options.is_trusted)
        for problem in parsed.problems:
            if problem not in self._said:
                self._said.add(problem)
                self._server.warn(problem)
        return parsed.settings
