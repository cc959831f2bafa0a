"""One client over TCP. Nobody else is let in, and the server ends with the connection.

pygls has a TCP server too: a second client takes over the first one's answers there, and one whose connection breaks
leaves the server behind.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from threading import Event

from pygls.io_ import run_async

from ide_plugin_server.errors import ServerError
from ide_plugin_server.server import EditorServer

_log = logging.getLogger(__name__)


class AddressError(ServerError):
    """There is no listening at an address; the text says why."""


class _Channel:
    """Where the protocol layer writes. It waits for `close` before it ends the process: nothing is cut off."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def write(self, data: bytes) -> None:
        """Sends without waiting for the client to read."""
        self._writer.write(data)

    async def close(self) -> None:
        """Sends what is left, then closes."""
        self._writer.close()
        with contextlib.suppress(OSError):  # the client may have gone first
            await self._writer.wait_closed()


async def serve_client(server: EditorServer, host: str, port: int, tell: Callable[[str], None]) -> None:
    """Waits for one client and serves it; `tell` is given the address, with the port that the system chose for 0.

    Raises AddressError where nobody can listen.
    """
    first: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Future()

    def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if first.done():  # it came before the door was closed
            writer.close()
        else:
            first.set_result((reader, writer))

    try:
        listener = await asyncio.start_server(take, host, port)
    except OSError as error:
        raise AddressError(f"{host}:{port}: expected an address to listen at, found {error.strerror}") from error
    number = listener.sockets[0].getsockname()[1]
    tell(f"listening on {f'[{host}]' if ':' in host else host}:{number}")
    reader, writer = await first
    listener.close()
    channel = _Channel(writer)
    server.protocol.set_writer(channel)
    try:
        await run_async(Event(), reader, server.protocol, logging.getLogger("pygls"), server.report_server_error)
    except (OSError, asyncio.IncompleteReadError, ValueError) as error:  # the last: a line without an end
        _log.warning("the client is gone: %s", type(error).__name__)
    finally:
        await server.close()
        await channel.close()
