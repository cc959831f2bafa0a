"""Work-done progress, for clients that show it."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcException

if TYPE_CHECKING:
    from ide_plugin_server.server import EditorServer

_WAIT_S = 5.0  # for a client that never answers


class Bar:
    """One piece of work as the client shows it; without a token nobody watches."""

    def __init__(self, server: "EditorServer", token: str) -> None:
        self._server, self._token, self._percentage = server, token, -1

    @property
    def is_cancelled(self) -> bool:
        """Whether the user wants no more of it."""
        future = self._server.work_done_progress.tokens.get(self._token)
        return future is not None and future.cancelled()

    def advance(self, num_done: int, num_total: int) -> None:
        """Tells whole percents, once each."""
        percentage = 100 * num_done // max(num_total, 1)
        if self._token and percentage != self._percentage:
            self._percentage = percentage
            value = types.WorkDoneProgressReport(message=f"{num_done}/{num_total}", percentage=percentage)
            self._server.work_done_progress.report(self._token, value)


class Progress:
    """Opens progress bars."""

    def __init__(self, server: "EditorServer") -> None:
        self._server = server

    @contextlib.asynccontextmanager
    async def show(self, title: str) -> AsyncIterator[Bar]:
        """A bar while something goes on that looks now and then whether it is cancelled."""
        token = await self._create() if self._server.client.has_progress else ""
        progress = self._server.work_done_progress
        if token:
            progress.begin(token, types.WorkDoneProgressBegin(title=title, percentage=0, cancellable=True))
        try:
            yield Bar(self._server, token)
        finally:
            if token:
                progress.end(token, types.WorkDoneProgressEnd())
                progress.tokens.pop(token, None)

    async def _create(self) -> str:
        token = str(uuid.uuid4())
        try:
            async with asyncio.timeout(_WAIT_S):
                await self._server.work_done_progress.create_async(token)
        except (TimeoutError, JsonRpcException):  # the work goes on without a bar
            return ""
        return token
