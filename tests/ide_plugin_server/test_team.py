import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote

import pytest
from lsprotocol import types

from ide_plugin_server.asking import MAX_BYTES
from ide_plugin_server.errors import RefusedError, TeamError
from ide_plugin_server.feedback import FORGET, MARK, REFUSED, SENT, FeedbackBook, Word
from ide_plugin_server.settings import TeamSettings
from ide_plugin_server.team import Team, Teams
from ide_plugin_server.testing import Editor, EditorSession, play


class Service(BaseHTTPRequestHandler):
    """Answers as the API does; `dismissals` is what is told, `asked` what came in.

    `framing`: headers that say where a body ends; empty: its length. What is sent waits at the `gate`.
    """

    protocol_version = "HTTP/1.1"
    dismissals: ClassVar[bytes] = b""
    status: ClassVar[int] = 200
    framing: ClassVar[Mapping[str, str]] = {}
    asked: ClassVar[list[tuple[str, str, bytes]]] = []
    gate: ClassVar[threading.Event] = threading.Event()

    def do_GET(self) -> None:
        self._answer(self.dismissals)

    def do_POST(self) -> None:
        self._answer(b"{}", self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes, content: bytes = b"") -> None:
        self.asked.append((self.path, self.headers["Authorization"], content))
        if content:
            self.gate.wait()
        self.send_response(self.status)
        if self.status == 302:
            self.send_header("Location", "/elsewhere")
        for name, value in (self.framing or {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def serve(dismissals: bytes = b"", status: int = 200, framing: Mapping[str, str] | None = None) -> Iterator[str]:
    Service.dismissals, Service.status, Service.framing, Service.asked = dismissals, status, framing or {}, []
    Service.gate.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        Service.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def drip(first: bytes) -> Iterator[str]:
    """A service that begins an answer, and goes on with a byte now and then as long as somebody listens."""

    def answer(client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            client.recv(65_536)
            client.sendall(first)
            while not is_over.wait(0.05):
                client.sendall(b"x")

    def take() -> None:
        with contextlib.suppress(OSError):
            while True:
                answering.append(threading.Thread(target=answer, args=(listener.accept()[0],)))
                answering[-1].start()

    is_over, answering = threading.Event(), list[threading.Thread]()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taking = threading.Thread(target=take)
        taking.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            is_over.set()
            listener.shutdown(socket.SHUT_RDWR)
            for thread in (taking, *answering):
                thread.join()


def row(fingerprint: str) -> bytes:
    return json.dumps({"fingerprint": fingerprint, "kind": "false-positive", "reason": "größe"}).encode() + b"\n"


def connect(folder: Path, url: str) -> Team:
    team = Team(TeamSettings(url, "github:owner/name"), "key", str(folder))
    team.load()
    return team


def test_what_the_team_dismissed_is_known_also_without_a_network(tmp_path: Path) -> None:
    with serve(row("a" * 32) + row("b" * 32)) as url:
        team = connect(tmp_path, url)
        assert team.dismissed == frozenset()
        assert asyncio.run(team.refresh())
        assert team.dismissed == {"a" * 32, "b" * 32}
        assert not asyncio.run(team.refresh())
        Service.dismissals = row("a" * 32)  # the other was taken back
        assert asyncio.run(team.refresh())
    path, authorization, _ = Service.asked[0]
    assert path == "/api/v1/dismissals?repository=github%3Aowner%2Fname"
    assert authorization == "Bearer key"
    later = connect(tmp_path, url)
    assert later.dismissed == {"a" * 32}
    with pytest.raises(TeamError, match="expected an answer"):
        asyncio.run(later.refresh())
    assert later.dismissed == {"a" * 32}
    teams = Teams(str(tmp_path))
    named = [TeamSettings(url, "github:other/name"), TeamSettings(url, "github:owner/name"), TeamSettings(url)]
    teams.connect(named, {})
    assert [one.dismissed for one in teams] == [frozenset(), {"a" * 32}]
    assert teams.find(named[2]) is None
    kept = teams.find(named[1])
    teams.connect(named[1:], {})
    assert list(teams) == [kept]


@pytest.mark.parametrize(
    ("answer", "status", "framing", "found"),
    [
        (b"<html>", 200, {}, "expected a line of JSON a row"),
        (b"{}", 200, {}, "expected a fingerprint in each row"),
        (b'["a"]', 200, {}, "expected a fingerprint in each row"),
        (b"[" * 200_000, 200, {}, "expected a line of JSON a row"),
        (b"", 401, {}, "found status 401"),
        (b"", 302, {}, "found status 302"),
        (b"", 500, {}, "found status 500"),
        (b"", 200, {"Transfer-Encoding": "chunked"}, "found IncompleteRead"),
        (
            b"%x\r\n%s\r\n" % (len(row("c" * 32)), row("c" * 32)),
            200,
            {"Transfer-Encoding": "chunked"},
            "found IncompleteRead",
        ),
        (row("c" * 32), 200, {"Content-Length": "999"}, "found IncompleteRead"),
    ],
)
def test_another_answer_than_expected_changes_nothing(
    tmp_path: Path, answer: bytes, status: int, framing: Mapping[str, str], found: str
) -> None:
    with serve(row("a" * 32)) as url:
        team = connect(tmp_path, url)
        asyncio.run(team.refresh())
        Service.dismissals, Service.status, Service.framing, Service.asked = answer, status, framing, []
        with pytest.raises(TeamError, match=found):
            asyncio.run(team.refresh())
    assert team.dismissed == connect(tmp_path, url).dismissed == {"a" * 32}
    assert len(Service.asked) == 1  # a redirection is not followed: the key is for one service


HEADER = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"


@pytest.mark.parametrize("first", [HEADER, b"HTTP/1.1 200 "])
def test_an_answer_that_does_not_end_in_time_is_none(tmp_path: Path, first: bytes) -> None:
    with drip(first) as url:
        team = Team(TeamSettings(url, "github:owner/name"), "key", str(tmp_path), limit_s=1)
        with pytest.raises(TeamError, match="/api/v1/dismissals: expected an answer within 1 s, found none"):
            asyncio.run(team.refresh())


def test_an_answer_has_a_size_that_it_may_have(tmp_path: Path) -> None:
    with serve(b"\n" * (MAX_BYTES + 1)) as url, pytest.raises(TeamError, match="found more than 50000000 bytes"):
        asyncio.run(connect(tmp_path, url).refresh())


def test_feedback_is_sent_with_the_repository(tmp_path: Path) -> None:
    with serve() as url:
        asyncio.run(connect(tmp_path, url).send_feedback({"fingerprint": "a" * 32, "kind": "false-positive"}))
    path, _, content = Service.asked[0]
    assert path == "/api/v1/feedback"
    assert json.loads(content) == {
        "repository": "github:owner/name", "fingerprint": "a" * 32, "kind": "false-positive",
    }  # fmt: skip


@pytest.mark.parametrize(("status", "is_final"), [(422, True), (403, False), (500, False)])
def test_only_what_the_service_says_of_the_feedback_itself_is_final(
    tmp_path: Path, status: int, *, is_final: bool
) -> None:
    with serve(status=status) as url, pytest.raises(TeamError, match=f"found status {status}") as caught:
        asyncio.run(connect(tmp_path, url).send_feedback({"fingerprint": "a" * 32, "kind": "false-positive"}))
    assert isinstance(caught.value, RefusedError) is is_final


def test_damaged_files_of_known_state_are_left_out(tmp_path: Path) -> None:
    team = connect(tmp_path, "http://127.0.0.1:9/")
    (tmp_path / "team").mkdir()
    file = team._file
    assert file is not None
    for content in ("{", '{"a": 1}', "[1, null]", "[" * 200_000):
        file.write_text(content)
        assert connect(tmp_path, "http://127.0.0.1:9/").dismissed == frozenset()


def test_words_in_a_feedback_file_count_until_they_are_taken_back(tmp_path: Path) -> None:
    book = FeedbackBook(str(tmp_path))
    book.add(Word(MARK, "/a", "1", reason="größer 😋"))
    book.add(Word(MARK, "/a", "2"))
    book.add(Word(MARK, "/b", "1"))
    book.add(Word(FORGET, "/a", "1"))
    with (tmp_path / "feedback.jsonl").open("a") as stream:
        stream.write('not json\n["a"]\n{"kind": 1}\n' + "[" * 200_000 + "\n")
    again = FeedbackBook(str(tmp_path))
    assert again.hidden_in("/a") == book.hidden_in("/a") == {"2"}
    assert again.hidden_in("/b") == {"1"}
    again.add(Word(FORGET, "/a", ""))
    assert FeedbackBook(str(tmp_path)).hidden_in("/a") == frozenset()


def test_marks_for_a_team_wait_in_the_feedback_file_until_they_are_sent_or_taken_back(tmp_path: Path) -> None:
    book = FeedbackBook(str(tmp_path))
    words = [Word(MARK, "/a", str(one), "x/y", "ä.py", one, "größer", "ignore", "ours") for one in range(1, 5)]
    for word in words:
        book.add(word)
    book.add(Word(MARK, "/a", "5"))  # said where there was no team
    book.add(Word(SENT, "/a", "1", team="ours"))
    book.add(Word(REFUSED, "/a", "2", team="ours"))
    book.add(Word(FORGET, "/a", "3"))
    again = FeedbackBook(str(tmp_path))
    assert again.list_unsent("/a", "ours") == book.list_unsent("/a", "ours") == (words[3],)
    assert again.list_unsent("/a", "others") == again.list_unsent("/b", "ours") == ()
    assert again.hidden_in("/a") == {"1", "2", "4", "5"}
    again.add(Word(FORGET, "/a", ""))
    assert again.list_unsent("/a", "ours") == FeedbackBook(str(tmp_path)).list_unsent("/a", "ours") == ()


def test_feedback_without_a_folder_lasts_as_long_as_the_server() -> None:
    book = FeedbackBook("")
    book.add(Word(MARK, "/a", "1"))
    assert book.hidden_in("/a") == {"1"}


# With a server


def name_team(url: str, repository: str = "github:owner/name") -> dict[str, object]:
    return {"team": {"url": url, "repository": repository}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "projekt ä"
    found.mkdir()
    (found / "load.py").write_text("import yaml\n\n\ndef load(text):\n    return yaml.load(text)\n")
    return found


def play_with(folder: Path, scenario: Callable[[EditorSession], Awaitable[None]], url: str) -> None:
    play(folder, scenario, Editor(options={"trusted": True}, settings=name_team(url)))


async def wait_for(is_so: Callable[[], bool]) -> None:
    """Waits for what happens in a thread of this process."""
    async with asyncio.timeout(60):
        while not is_so():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("first", [HEADER, b""])
def test_the_server_ends_while_a_service_is_slow(folder: Path, first: bytes) -> None:
    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        await session.client.shutdown_async(None)
        begun = time.monotonic()
        session.client.exit(None)
        assert await session.process.wait() == 0
        assert time.monotonic() - begun < 10  # two seconds, on a machine with other work

    with drip(first) as url:
        play_with(folder, scenario, url)


async def mark(session: EditorSession, folder: Path) -> None:
    uri = session.open(folder / "load.py")
    (found,) = await session.push(uri)
    await session.execute("reviewer.markUnhelpful", uri, found.data["fingerprint"])  # type: ignore[index]  # JSON


@pytest.mark.parametrize("other", ["github:owner/name", "github:owner/other"])
def test_a_mark_on_its_way_is_not_sent_again_when_settings_change(folder: Path, other: str) -> None:
    async def learn(session: EditorSession) -> None:
        await mark(session, folder)
        assert "did not reach the team yet" in session.messages[-1]

    async def scenario(session: EditorSession) -> None:
        await wait_for(lambda: len(sent()) == 1)
        for repository in (other, "github:owner/name"):
            num_asked = asked().count(repository)
            session.client.set_configuration(name_team(url, repository), section="reviewer")
            session.client.set_configuration(name_team(url, repository), section="reviewer", scope_uri=folder.as_uri())
            session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
            await session.execute("reviewer.reviewWorkspace")
            if other != "github:owner/name":
                await wait_for(partial(lambda name, num: asked().count(name) > num, repository, num_asked))
        Service.gate.set()
        num_asked = len(asked())
        await session.execute("reviewer.restart")
        assert len(sent()) == 1
        assert (num_asked, len(asked())) == ((1, 2) if other == "github:owner/name" else (3, 4))

    def asked() -> list[str]:
        return [unquote(path.rpartition("=")[2]) for path, _, _ in Service.asked if "dismissals" in path]

    def sent() -> list[bytes]:
        return [content for _, _, content in Service.asked if content]

    with serve(status=503) as url:
        play_with(folder, learn, url)
        Service.status, Service.asked = 200, []
        Service.gate.clear()
        play_with(folder, scenario, url)


def test_after_an_answer_that_cannot_be_read_the_next_one_counts(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        await session.wait_until(lambda: any("expected a line of JSON a row" in one for one in session.logged))
        await session.wait_ready()
        Service.dismissals = b""
        await mark(session, folder)
        await session.execute("reviewer.restart")
        assert len([path for path, _, _ in Service.asked if "dismissals" in path]) == 2

    with serve(b"[" * 200_000) as url:
        play_with(folder, scenario, url)
