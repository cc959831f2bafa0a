"""The guard of `tests/conftest.py`: no test reaches beyond this machine."""

import socket

import pytest


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.invalid"])
def test_connection_beyond_this_machine_is_refused(host: str) -> None:
    with pytest.raises(RuntimeError, match=f"found a connection to {host}"):
        socket.create_connection((host, 80), timeout=1)


def test_connection_to_this_machine_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2]) as client:
        assert client.getpeername() == server.getsockname()
