"""When files are reviewed: as a command names them, as they differ in git, and documents only as they are saved."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from ide_plugin_server.testing import NEOVIM, Editor, EditorSession, play, take_refreshes

LOADING = "import yaml\n\n\ndef load(text):\n    return yaml.load(text)\n"
MENDED = LOADING.replace("yaml.load", "yaml.safe_load")
ON_SAVE = {"run": "onSave"}
IDENTITY = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "all")


def save(session: EditorSession, uri: str) -> None:
    session.client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))


def names_shown(session: EditorSession) -> set[str]:
    """Files with findings now."""
    return {uri.rpartition("/")[2] for uri, published in session.published.items() if published[-1].diagnostics}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with three files that have a finding each."""
    found = tmp_path / "project"
    found.mkdir()
    git(found, "init", "-q", "-b", "main")
    for name in ("one", "two", "three"):
        (found / f"{name}.py").write_text(LOADING)
    (found / ".gitignore").write_text("ignored.py\n")
    commit(found)
    return found


# Commands


def test_only_files_that_differ_from_the_default_branch_are_shown(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        await session.execute("reviewer.reviewChanges")
        assert names_shown(session) == {"two.py", "three.py", "new.py"}

    git(folder, "checkout", "-q", "-b", "feature")
    (folder / "two.py").write_text(LOADING + "\n\nCOMMITTED = 1\n")
    commit(folder)
    (folder / "three.py").write_text(LOADING + "\n\nSTAGED = 1\n")
    git(folder, "add", "three.py")
    for name in ("new", "ignored"):
        (folder / f"{name}.py").write_text(LOADING)
    play(folder, scenario)


def test_changed_files_are_those_of_the_moment(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        await session.execute("reviewer.reviewChanges")
        assert names_shown(session) == set()
        (folder / "two.py").write_text(LOADING + "\n\nEDITED = 1\n")  # by another program, and nobody tells the server
        (folder / "new.py").write_text(LOADING)
        await session.execute("reviewer.reviewChanges")
        assert names_shown(session) == {"two.py", "new.py"}

    play(folder, scenario)


def test_a_folder_without_git_has_no_changes_to_show(tmp_path: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        await session.execute("reviewer.reviewChanges")
        assert "expected a git repository, found none" in session.messages[-1]
        assert names_shown(session) == set()

    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "one.py").write_text(LOADING)
    play(folder, scenario)


def test_closed_files_stay_up_to_date(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        await session.execute("reviewer.reviewWorkspace")
        assert names_shown(session) == {"one.py", "two.py", "three.py"}
        (folder / "one.py").unlink()
        (folder / "two.py").write_text(MENDED)
        kinds = types.FileChangeType
        events = [
            types.FileEvent((folder / "one.py").as_uri(), kinds.Deleted),
            types.FileEvent((folder / "two.py").as_uri(), kinds.Changed),
        ]
        session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(events))
        await session.wait_until(lambda: names_shown(session) == {"three.py"})

    play(folder, scenario)


def test_files_that_are_made_after_a_review_of_the_workspace_are_shown(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        await session.execute("reviewer.reviewWorkspace")
        shown = {"one.py", "two.py", "three.py"}
        await session.wait_until(lambda: names_shown(session) == shown)
        make(session, folder / "ignored.py", folder / "größe" / "neu.py")
        await session.wait_until(lambda: names_shown(session) == {*shown, "neu.py"})
        uri = session.open(folder / "opened.py", LOADING)
        await session.push(uri)
        make(session, folder / "opened.py")
        session.close(uri)
        await session.push(uri, None, count=2)
        assert names_shown(session) == {*shown, "neu.py", "opened.py"}
        (folder / ".gitignore").unlink()
        tell_gone(session, folder / ".gitignore")
        await session.wait_until(lambda: "ignored.py" in names_shown(session))

    play(folder, scenario)


def test_files_that_come_to_differ_after_a_review_of_changes_are_shown(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        await session.execute("reviewer.reviewChanges")
        make(session, folder / "new.py")
        await session.wait_until(lambda: names_shown(session) == {"new.py"})
        make(session, folder / "two.py", text=LOADING + "\n\nEDITED = 1\n")
        await session.wait_until(lambda: names_shown(session) == {"new.py", "two.py"})

    play(folder, scenario)


def test_files_that_are_made_are_not_shown_where_nobody_asked(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        make(session, folder / "new.py")
        uri = session.open(folder / "one.py")
        await session.push(uri)
        await session.execute("reviewer.reviewFile", uri)
        assert names_shown(session) == {"one.py"}

    play(folder, scenario)


def make(session: EditorSession, *files: Path, text: str = LOADING) -> None:
    """Writes files beside the editor, which tells of them."""
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    events = [types.FileEvent(file.as_uri(), types.FileChangeType.Created) for file in files]
    session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(events))


def test_closed_files_of_a_folder_that_is_deleted_go(folder: Path) -> None:
    """Some clients tell of the folder alone, and of everything else that goes."""

    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        await session.execute("reviewer.reviewWorkspace")
        assert names_shown(session) == {"one.py", "two.py", "three.py", "four.py", "five.py"}
        num_bars = len(session.tokens)
        tell_gone(session, folder / ".git" / "index.lock", folder / "größe" / "notes")
        shutil.rmtree(folder / "größe")
        tell_gone(session, folder / "größe")
        await session.wait_until(lambda: names_shown(session) == {"one.py", "two.py", "three.py"})
        assert len(session.tokens) == num_bars + 1, "nothing is read for what is of no interest"
        watched: Any = session.registered["files"].register_options  # JSON
        assert any((one["globPattern"], one.get("kind")) == ("**/*", 4) for one in watched["watchers"])

    (folder / "größe" / "innen").mkdir(parents=True)
    (folder / "größe" / "four.py").write_text(LOADING)
    (folder / "größe" / "innen" / "five.py").write_text(LOADING)
    play(folder, scenario)


def tell_gone(session: EditorSession, *files: Path) -> None:
    events = [types.FileEvent(file.as_uri(), types.FileChangeType.Deleted) for file in files]
    session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(events))


def test_a_file_that_git_ignores_is_reviewed_when_it_is_named(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "ignored.py")
        assert await session.push(uri) == []
        await session.execute("reviewer.reviewFile", uri)
        assert names_shown(session) == {"ignored.py"}
        await session.execute("reviewer.reviewFile", (folder / "one.py").as_uri())
        assert names_shown(session) == {"ignored.py", "one.py"}
        (folder / "huge.py").write_bytes(b"\0")
        await session.execute("reviewer.reviewFile", (folder / "huge.py").as_uri())
        assert "huge.py: binary" in session.messages[-1]

    (folder / "ignored.py").write_text(LOADING)
    play(folder, scenario)


# On save


def test_nothing_is_said_while_one_types_and_all_at_the_save(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "one.py")
        assert len(await session.push(uri)) == 1
        for text in (MENDED, LOADING, MENDED):
            version = session.change(uri, text)
        other = session.open(folder / "two.py")  # it is reviewed after what was typed would be
        await session.push(other)
        assert [one.version for one in session.published[uri]] == [1]
        save(session, uri)
        assert await session.push(uri, version) == []
        assert [one.version for one in session.published[uri]] == [1, version]

    play(folder, scenario, Editor(settings={**ON_SAVE, "debounceMs": 0}))


def test_a_client_that_pulls_is_told_to_after_the_save(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "one.py")
        await session.wait_ready()
        first = await session.pull(uri)
        assert isinstance(first, types.RelatedFullDocumentDiagnosticReport)
        assert len(first.items) == 1
        session.change(uri, MENDED)
        typed = await session.pull(uri, first.result_id)
        assert isinstance(typed, types.RelatedUnchangedDocumentDiagnosticReport)
        earlier = await session.pull(uri, "0")
        assert isinstance(earlier, types.RelatedUnchangedDocumentDiagnosticReport)
        assert earlier.result_id == "0", "a client that had an earlier result keeps that: there is none for this text"
        with pytest.raises(JsonRpcException) as told:
            await session.pull(uri)
        assert told.value.code == types.LSPErrorCodes.ServerCancelled
        assert told.value.data == {"retriggerRequest": False}
        everything = await session.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))
        assert list(everything.items) == []
        before = session.refreshes
        save(session, uri)
        await session.wait_until(lambda: session.refreshes > before)
        saved = await session.pull(uri, first.result_id)
        assert isinstance(saved, types.RelatedFullDocumentDiagnosticReport)
        assert list(saved.items) == []

    play(folder, scenario, Editor(NEOVIM, settings=ON_SAVE, adapt=take_refreshes))


def test_findings_of_an_earlier_state_are_never_shown_as_those_of_what_was_typed(folder: Path) -> None:
    """Another file that is saved makes this one's findings new; its text has been edited and not reviewed since."""

    async def scenario(session: EditorSession) -> None:
        store_uri, web_uri = session.open(folder / "store.py"), session.open(folder / "web.py")
        await session.wait_ready()
        await session.wait_until(lambda: {"store.py"} <= names_shown(session))
        version = session.change(store_uri, f"import os\n\n{STORE}")
        actions = await session.list_actions(store_uri, types.Range(types.Position(0, 0), types.Position(9, 0)))
        assert actions == []
        clean_version = session.change(web_uri, WEB.replace('request.args["name"]', '"all"'))
        save(session, web_uri)
        await session.push(web_uri, clean_version)
        dirty_version = session.change(web_uri, WEB)
        save(session, web_uri)
        await session.push(web_uri, dirty_version)
        save(session, store_uri)
        await session.push(store_uri, version)
        starts = [
            [each.range.start.line for each in one.diagnostics]
            for one in session.published[store_uri]
            if one.version == version
        ]
        assert set(map(tuple, starts)) == {(3,)}

    (folder / "store.py").write_text(STORE)
    (folder / "web.py").write_text(WEB)
    settings = {**ON_SAVE, "minProbability": 0, "select": ["security/sql-injection"]}
    play(folder, scenario, Editor(settings=settings))


STORE = "def find(cursor, name):\n    cursor.execute('SELECT ' + name)\n"
WEB = """\
import sqlite3
from flask import Flask, request
from store import find

app = Flask(__name__)


@app.route('/')
def show():
    cursor = sqlite3.connect('a').cursor()
    find(cursor, request.args["name"])
"""
