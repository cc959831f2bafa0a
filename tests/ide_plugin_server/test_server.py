import asyncio
import os
import signal
import time
from pathlib import Path

import pytest
from lsprotocol import types

from ide_plugin_server.testing import NEOVIM, Editor, EditorSession, list_children, play

APP = """\
import sqlite3
from flask import Flask, request

app = Flask(__name__)


@app.route("/orders")
def list_orders():
    name = request.args["ä錯誤😋"]
    connection = sqlite3.connect("orders.db")
    return connection.execute(f"SELECT * FROM orders WHERE name = '😋{name}'").fetchall()
"""
CLEAN = APP.replace(
    """f"SELECT * FROM orders WHERE name = '😋{name}'\"""", '"SELECT * FROM orders WHERE name = ?", (name,)'
)


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


async def kill_until_told(session: EditorSession) -> None:
    """Kills every analysis process until the server tells of it."""
    killed: set[int] = set()
    while not session.messages:
        for worker in list_children(session.process.pid):
            if worker not in killed:
                killed.add(worker)
                os.kill(worker, signal.SIGKILL)
        await asyncio.sleep(0.05)


def test_a_finding_is_pushed_with_everything_that_a_client_shows(tmp_path: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "app.py")
        (found,) = await session.push(uri)
        assert found.code == "security/sql-injection"
        assert found.source == "reviewer"
        assert found.severity is types.DiagnosticSeverity.Error
        assert found.range.start == types.Position(10, 11)
        line = "    return connection.execute(f\"SELECT * FROM orders WHERE name = '😋{name}'\")"
        assert found.range.end == types.Position(10, len(line.encode("utf-16-le")) // 2)
        assert found.code_description is not None
        page = Path(found.code_description.href.removeprefix("file://"))
        assert page.read_text("utf-8").startswith("# ")
        steps = found.related_information or []
        assert [step.location.range.start.line for step in steps] == [8, 8, 10]
        assert steps[0].message.startswith("source")

    folder = write(tmp_path / "project", app__py=APP)
    play(folder, scenario)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_positions_are_counted_as_was_agreed_on(tmp_path: Path, encoding: str) -> None:
    """Both ways: in what is shown, and in edits that come in."""

    def adapt(capabilities: types.ClientCapabilities) -> None:
        assert capabilities.general is not None, "every profile has it"
        capabilities.general.position_encodings = [types.PositionEncodingKind(encoding)]

    def count(text: str) -> int:
        width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
        return len(text.encode(encoding if width == 1 else f"{encoding}-le")) // width

    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "app.py", f"import yaml\n\n\ndef load(text):\n    {before}{call}\n")
        (found,) = await session.push(uri)
        assert found.range.start == types.Position(4, 4 + count(before))
        assert found.range.end == types.Position(4, 4 + count(before + call))
        here = types.Position(4, 4 + count("name = 'ä錯"))
        version = session.change(uri, types.TextDocumentContentChangePartial(types.Range(here, here), "😋é"))
        (found,) = await session.push(uri, version)
        assert found.range.start == types.Position(4, 4 + count("😋é" + before))

    before, call = "name = 'ä錯誤😋'; found = ", "yaml.load(text)"
    folder = write(tmp_path / "project")
    play(folder, scenario, Editor(adapt=adapt))


def test_what_nobody_has_set_is_as_documented_in_a_running_server(tmp_path: Path) -> None:
    """A lens is for those who ask; a document is left alone for 300 ms, and less where that is said."""

    async def lenses(session: EditorSession, uri: str) -> list[types.CodeLens]:
        params = types.CodeLensParams(types.TextDocumentIdentifier(uri))
        return list(await session.client.text_document_code_lens_async(params) or ())

    async def wait_for_change(session: EditorSession, uri: str, text: str) -> float:
        begun = time.monotonic()
        await session.push(uri, session.change(uri, text))
        return time.monotonic() - begun

    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "app.py")
        await session.push(uri)
        await session.wait_ready()
        assert await lenses(session, uri) == []
        assert await wait_for_change(session, uri, CLEAN) >= 0.3
        session.client.set_configuration({"codeLens": True, "debounceMs": 0}, section="reviewer")
        session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        while not await lenses(session, uri):
            pass

    folder = write(tmp_path / "project", app__py=APP)
    play(folder, scenario)


def test_a_mended_document_is_cleared_and_a_closed_one_too(tmp_path: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "app.py")
        assert await session.push(uri)
        version = session.change(uri, CLEAN)
        assert await session.push(uri, version) == []
        version = session.change(uri, APP)
        assert await session.push(uri, version)
        session.close(uri)
        assert await session.push(uri, None) == []

    play(write(folder := tmp_path / "project", app__py=APP), scenario)


def test_only_the_latest_of_many_changes_is_published(tmp_path: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "app.py")
        await session.push(uri)
        for _ in range(20):
            session.change(uri, CLEAN)
            version = session.change(uri, APP)
        assert await session.push(uri, version)
        versions = [one.version for one in session.published[uri]]
        assert versions == sorted(versions, key=lambda one: one or 0)
        assert set(versions) <= {1, version}

    play(write(folder := tmp_path / "project", app__py=APP), scenario)


def test_a_client_that_pulls_is_never_pushed_to(tmp_path: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "app.py")
        report = await session.pull(uri)
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        (found,) = report.items
        assert found.range.start == types.Position(10, 11)
        await session.wait_ready()
        latest = await session.pull(uri)
        assert latest.result_id is not None
        again = await session.pull(uri, latest.result_id)
        assert isinstance(again, types.RelatedUnchangedDocumentDiagnosticReport)
        session.change(uri, CLEAN)
        changed = await session.pull(uri, latest.result_id)
        assert isinstance(changed, types.RelatedFullDocumentDiagnosticReport)
        assert list(changed.items) == []
        assert session.published == {}

    play(write(folder := tmp_path / "project", app__py=APP), scenario, Editor(NEOVIM))


def test_a_flow_through_another_file_is_found_once_the_workspace_is_read(tmp_path: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "store.py")
        await session.wait_ready()
        await session.wait_until(lambda: any(one.diagnostics for one in session.published.get(uri, ())))
        (found,) = session.published[uri][-1].diagnostics
        steps = found.related_information or []
        assert (folder / "web.py").as_uri() in {step.location.uri for step in steps}
        web_uri = session.open(folder / "web.py")
        await session.push(web_uri)
        session.change(web_uri, web.replace('request.args["name"]', '"all"'))
        await session.wait_until(lambda: not session.published[uri][-1].diagnostics)

    store = "def find(cursor, name):\n    cursor.execute('SELECT ' + name)\n"
    web = (
        "import sqlite3\nfrom flask import Flask, request\nfrom store import find\n\napp = Flask(__name__)\n\n\n"
        "@app.route('/')\ndef show():\n    cursor = sqlite3.connect('a').cursor()\n"
        '    find(cursor, request.args["name"])\n'
    )
    editor = Editor(settings={"minProbability": 0, "select": ["security/sql-injection"]})
    play(write(folder := tmp_path / "project", store__py=store, web__py=web), scenario, editor)


def test_diagnostics_come_back_when_the_analysis_process_is_killed(tmp_path: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "app.py")
        await session.push(uri)
        await session.wait_ready()
        (worker,) = list_children(session.process.pid)
        os.kill(worker, signal.SIGKILL)
        version = session.change(uri, CLEAN)
        assert await session.push(uri, version) == []
        version = session.change(uri, APP)
        assert await session.push(uri, version)
        assert list_children(session.process.pid) != [worker]
        assert session.messages == []

    play(write(folder := tmp_path / "project", app__py=APP), scenario)


def test_an_analysis_process_that_keeps_dying_is_told_of_and_can_be_started_again(tmp_path: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "app.py")
        await session.push(uri)
        await session.wait_ready()
        await kill_until_told(session)
        assert "keeps dying" in session.messages[0]
        await session.wait_until(lambda: session.statuses[-1] == "failed")
        assert session.published[uri][-1].diagnostics
        num_published = len(session.published[uri])
        session.change(uri, APP + "\n")
        await session.wait_until(lambda: any("app.py: not reviewed" in one for one in session.logged))
        assert len(session.published[uri]) == num_published, "what was found stays"
        assert len(session.messages) == 1
        await session.execute("reviewer.reviewFile", uri)
        assert "app.py: not reviewed" in session.messages[-1]
        await session.execute("reviewer.restart")
        version = session.change(uri, CLEAN)
        assert await session.push(uri, version) == []
        await session.wait_until(lambda: session.statuses[-1] == "ready")

    play(write(folder := tmp_path / "project", app__py=APP), scenario)


def test_a_client_that_pulls_keeps_what_it_has_when_nobody_reviews(tmp_path: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "app.py")
        await session.wait_ready()
        before = await session.pull(uri)
        assert isinstance(before, types.RelatedFullDocumentDiagnosticReport)
        assert before.items
        await kill_until_told(session)
        session.change(uri, CLEAN)
        after = await session.pull(uri, before.result_id)
        assert isinstance(after, types.RelatedUnchangedDocumentDiagnosticReport)

    play(write(folder := tmp_path / "project", app__py=APP), scenario, Editor(NEOVIM))
