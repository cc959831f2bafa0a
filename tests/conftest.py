"""What holds for every test: no network beyond this machine, and properties that try the same examples in every run."""

import sys

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

_THIS_MACHINE = frozenset({"", "localhost", "0.0.0.0", "::", "::1"})


def _refuse_network(event: str, args: tuple[object, ...]) -> None:
    # https://docs.python.org/3/library/audit_events.html: arguments are (socket, address) and (host, port, ...).
    if event == "socket.connect":
        address = args[1]
        host = address[0] if isinstance(address, tuple) else None  # a string is a Unix socket
    elif event == "socket.getaddrinfo":
        host = args[0]
    else:
        return
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if isinstance(name, str) and name not in _THIS_MACHINE and not name.startswith("127."):
        raise RuntimeError(f"expected a test without network, found a connection to {name}")


sys.addaudithook(_refuse_network)
