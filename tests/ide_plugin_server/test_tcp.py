"""The server on a port: one client, and an end with its connection."""

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ide_plugin_server.testing import connect, list_children, listen

LOADING = "import yaml\n\n\ndef load(text):\n    return yaml.load(text)\n"
Process = asyncio.subprocess.Process


def run(tmp_path: Path, scenario: Callable[[Process, int], Awaitable[None]]) -> None:
    async def play() -> None:
        async with listen(tmp_path) as (process, said):
            host, _, port = said.removeprefix("listening on ").rpartition(":")
            assert (host, port.isdecimal()) == ("127.0.0.1", True), said
            await scenario(process, int(port))

    asyncio.run(play())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "projekt ä"
    found.mkdir()
    (found / "load.py").write_text(LOADING)
    return found


def test_a_client_gets_diagnostics_and_ends_the_server(tmp_path: Path, folder: Path) -> None:
    async def scenario(process: Process, port: int) -> None:
        session = await connect(process, port, [folder])
        uri = session.open(folder / "load.py")
        (found,) = await session.push(uri)
        assert found.code == "security/unsafe-deserialization"
        version = session.change(uri, LOADING.replace("yaml.load", "yaml.safe_load"))
        assert await session.push(uri, version) == []
        await session.wait_ready()
        await session.client.shutdown_session()
        assert await process.wait() == 0
        await session.client.stop()  # type: ignore[no-untyped-call]  # pygls leaves it so

    run(tmp_path, scenario)


def test_a_second_client_is_not_let_in_and_disturbs_nobody(tmp_path: Path, folder: Path) -> None:
    async def scenario(process: Process, port: int) -> None:
        session = await connect(process, port, [folder])
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        assert len(await session.push(session.open(folder / "load.py"))) == 1
        await session.client.shutdown_session()
        assert await process.wait() == 0
        await session.client.stop()  # type: ignore[no-untyped-call]  # pygls leaves it so

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("said", "is_reset"),
    [(b"", False), (b"Content-Length: 99\r\n\r\n{", False), (b"Content-Length: 99\r\n", True), (b"x" * 70_000, False)],
)
def test_a_connection_that_breaks_ends_the_server(tmp_path: Path, said: bytes, is_reset: bool) -> None:
    async def scenario(process: Process, port: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        await writer.drain()
        if is_reset:  # https://man7.org/linux/man-pages/man7/socket.7.html: nothing lingers, the peer sees a reset
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()
        assert await process.wait() == 1
        assert b"Traceback" not in (await process.communicate())[1]

    run(tmp_path, scenario)


def test_nothing_is_left_when_a_client_goes_in_the_middle_of_its_work(tmp_path: Path, folder: Path) -> None:
    async def scenario(process: Process, port: int) -> None:
        session = await connect(process, port, [folder])
        assert await session.push(session.open(folder / "load.py"))
        (worker,) = list_children(process.pid)
        writer = session.client.protocol.writer
        assert isinstance(writer, asyncio.StreamWriter)
        writer.close()
        assert await process.wait() == 1
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
        await session.client.stop()  # type: ignore[no-untyped-call]  # pygls leaves it so

    run(tmp_path, scenario)


def test_an_address_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    async def play(address: str) -> tuple[str, int]:
        async with listen(tmp_path, address) as (process, said):
            assert process.stderr is not None
            return said + (await process.stderr.read()).decode(), await process.wait()

    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said, code = asyncio.run(play(address))
    assert said.startswith(f"Error: --tcp {address}: expected an address to listen at, found ")
    assert "address already in use" in said
    assert code == 2
    said, code = asyncio.run(play("127.0.0.1"))
    assert "expected HOST:PORT, found '127.0.0.1'" in said
    assert code == 2
