"""Clients, documents and workspaces that do not behave."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from graph_model.catalogue import load_catalogue
from ide_plugin_server.explanation import Account, explain_finding
from ide_plugin_server.testing import Editor, EditorSession, play
from reviewer.cache import Cache
from reviewer.configuration import Configuration
from reviewer.graph_engine import GraphEngine
from reviewer.source import SourceFile
from reviewer.tracking import Tracker


def talk(tmp_path: Path, *messages: bytes) -> tuple[list[dict[str, Any]], int]:
    """What the server says to raw bytes, and how it ends."""
    environment = {
        **os.environ,
        "REVIEWER_CACHE_DIR": str(tmp_path / "cache"),
        "REVIEWER_EDITOR_DATA_DIR": str(tmp_path),
    }
    done = subprocess.run(
        [str(Path(sys.executable).parent / "reviewer"), "lsp"],
        input=b"".join(messages), capture_output=True, timeout=120, check=False, env=environment,
    )  # fmt: skip
    answers, rest = [], done.stdout
    while rest:
        head, _, rest = rest.partition(b"\r\n\r\n")
        size = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
        answers.append(json.loads(rest[:size]))
        rest = rest[size:]
    return answers, done.returncode


def frame(message: object) -> bytes:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def ask(number: int, method: str, params: object) -> bytes:
    return frame({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


def tell(method: str, params: object) -> bytes:
    return frame({"jsonrpc": "2.0", "method": method, "params": params})


PLACE = {"line": 9, "character": 9}
HELLO = ask(1, "initialize", {"processId": None, "rootUri": None, "capabilities": {}})
END = ask(99, "shutdown", None) + tell("exit", None)


def test_every_broken_request_is_answered_and_the_server_goes_on(tmp_path: Path) -> None:
    answers, code = talk(
        tmp_path,
        ask(0, "textDocument/hover", {"textDocument": {"uri": "file:///no.py"}, "position": PLACE}),  # too early
        HELLO,
        ask(2, "initialize", {"processId": None, "rootUri": None, "capabilities": {}}),  # twice
        tell("initialized", {}),
        frame(b"{not json"),
        frame([1, 2]),
        frame({"jsonrpc": "2.0", "id": 3, "method": "no/such/method"}),
        ask(4, "textDocument/hover", {"textDocument": 7}),
        ask(5, "workspace/executeCommand", {"command": "rm"}),
        ask(6, "workspace/executeCommand", {"command": "reviewer.explain", "arguments": ["file:///a.py", {"a": 1}]}),
        tell("textDocument/didChange", {"textDocument": {"uri": "file:///no.py", "version": 2}, "contentChanges": []}),
        tell("textDocument/didClose", {"textDocument": {"uri": "file:///no.py"}}),
        ask(7, "textDocument/hover", {"textDocument": {"uri": "file:///no.py"}, "position": PLACE}),
        END,
    )  # fmt: skip
    by_id = {one["id"]: one for one in answers if "id" in one and "method" not in one}
    codes = {number: one["error"]["code"] for number, one in by_id.items() if "error" in one}
    assert codes == {0: -32002, 2: -32002, 3: -32601, 4: -32602, 5: -32602, 6: -32602}
    assert by_id[7]["result"] is None
    assert by_id[1]["result"]["serverInfo"]["name"] == "graph-reviewer"
    assert code == 0


@pytest.mark.parametrize("messages", [(), (HELLO,), (HELLO, b"Content-Length: 999999\r\n\r\n{")])
def test_a_client_that_leaves_ends_the_server(tmp_path: Path, messages: tuple[bytes, ...]) -> None:
    assert talk(tmp_path, *messages)[1] == 1


def test_an_untrusted_workspace_chooses_no_model_and_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "app.py").write_text("import yaml\n\n\ndef load(text):\n    return yaml.load(text)\n")
    settings = {"model": str(tmp_path / "evil"), "configuration": "evil.toml", "team": {"url": "http://127.0.0.1:9"}}

    async def untrusted(session: EditorSession) -> None:
        assert len(await session.push(session.open(folder / "app.py"))) == 1
        assert sorted(one.partition("reviewer.")[2].partition(":")[0] for one in session.messages) == [
            "configuration", "model", "team",
        ]  # fmt: skip

    async def trusted(session: EditorSession) -> None:
        assert await session.push(session.open(folder / "app.py")) == []
        assert any("evil" in one for one in session.messages)

    play(folder, untrusted, Editor(settings=settings))
    play(folder, trusted, Editor(settings={"configuration": "evil.toml"}, options={"trusted": True}))


def write(text: str) -> Callable[[Path], object]:
    return lambda file: file.write_text(text)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (write("select = 7\n"), ".reviewer.toml: select: expected a list"),
        (write("select = " + "[" * 100_000), "recursion"),
        (os.mkfifo, ".reviewer.toml: "),
        (lambda file: file.symlink_to("/dev/stdin"), ".reviewer.toml: "),
    ],
    ids=["wrong", "deep", "pipe", "input"],
)
def test_a_broken_configuration_is_told_and_mended_while_the_server_runs(
    tmp_path: Path, make: Callable[[Path], object], told: str
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "app.py").write_text("import yaml\n\n\ndef load(text):\n    return yaml.load(text)\n")
    make(folder / ".reviewer.toml")

    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "app.py")
        assert await session.push(uri) == []
        await session.wait_until(lambda: any(told in one for one in session.messages))
        (folder / ".reviewer.toml").unlink()
        (folder / ".reviewer.toml").write_text('select = ["security"]\n')
        changed = types.FileEvent((folder / ".reviewer.toml").as_uri(), types.FileChangeType.Changed)
        session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([changed]))
        await session.wait_until(lambda: bool(session.published[uri][-1].diagnostics))

    play(folder, scenario)


def test_what_code_says_is_quoted_in_an_explanation() -> None:
    text = b"import yaml\n\n\ndef load(a):  # `![x](http://evil.example/p)`\n    return yaml.load(a['`![](http://evil)`'])\n"
    tracker = Tracker(Configuration(min_probability=0.0, select=("security",)), GraphEngine(), Cache(None))
    tracker.put(SourceFile("a.py", text))
    tracker.read("a.py")
    finding = tracker.judge("a.py").findings[0]
    shown = explain_finding(Account(finding, load_catalogue().get_label(finding.label), 0.0))
    assert "``" in shown
    for line in shown.splitlines():
        outside = "".join(part for number, part in enumerate(line.replace("``", "\0").split("\0")) if number % 2 == 0)
        assert "![" not in outside
