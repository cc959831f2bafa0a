import socket
from urllib.parse import urlsplit

from integrations.testing.server import HttpAnswer, HttpRequest, LoopbackServer


def test_a_request_that_a_dying_client_cut_is_not_answered() -> None:
    served: list[HttpRequest] = []

    def answer(request: HttpRequest) -> HttpAnswer:
        served.append(request)
        return HttpAnswer(200)

    with LoopbackServer(answer) as server:
        port = urlsplit(server.url).port
        assert port is not None
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{"a": ')
            client.shutdown(socket.SHUT_WR)
            assert client.recv(100) == b""
    assert served == []
