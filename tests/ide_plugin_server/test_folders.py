"""Workspaces of several folders: each is reviewed as its own configuration says, also when it comes and goes."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from lsprotocol import types

from ide_plugin_server.testing import NEOVIM, Editor, EditorSession, list_children, open_session, take_refreshes

LOADING = "import yaml\n\n\ndef load(text):\n    return yaml.load(text)\n"
HASHING = "import hashlib\n\n\ndef digest(password):\n    return hashlib.md5(password).hexdigest()\n"
BOTH = (
    HASHING.replace("import hashlib\n", "import hashlib\nimport yaml\n")
    + "\n\ndef load(text):\n    return yaml.load(text)\n"
)
LOADED, HASHED = "security/unsafe-deserialization", "security/weak-hash"


def run(
    tmp_path: Path,
    folders: Sequence[Path],
    scenario: Callable[[EditorSession], Awaitable[None]],
    editor: Editor | None = None,
) -> None:
    async def play() -> None:
        data = tmp_path / "data"
        data.mkdir(exist_ok=True)
        async with open_session(folders, data, editor) as session:
            await scenario(session)

    asyncio.run(play())


def make_folder(folder: Path, label: str, **files: str) -> Path:
    """A folder whose configuration selects one label."""
    folder.mkdir(parents=True)
    (folder / ".reviewer.toml").write_text(f'select = ["{label}"]\nmin-probability = 0.0\n')
    for name, text in (files or {"both": BOTH}).items():
        (folder / f"{name}.py").write_text(text)
    return folder


def tell_folders(session: EditorSession, added: Sequence[Path] = (), removed: Sequence[Path] = ()) -> None:
    event = types.WorkspaceFoldersChangeEvent(
        added=[types.WorkspaceFolder(one.as_uri(), one.name) for one in added],
        removed=[types.WorkspaceFolder(one.as_uri(), one.name) for one in removed],
    )
    session.client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))


def codes(session: EditorSession, uri: str) -> set[object] | None:
    """The labels that are shown of a file; None before anything was said of it."""
    published = session.published.get(uri)
    return {one.code for one in published[-1].diagnostics} if published else None


@pytest.fixture
def loading(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "loading", LOADED)


@pytest.fixture
def hashing(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "größe", HASHED)


def test_each_folder_has_its_own_configuration(tmp_path: Path, loading: Path, hashing: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        one, other = session.open(loading / "both.py"), session.open(hashing / "both.py")
        await session.wait_until(lambda: (codes(session, one), codes(session, other)) == ({LOADED}, {HASHED}))
        (hashing / ".reviewer.toml").write_text(f'select = ["{LOADED}"]\nmin-probability = 0.0\n')
        changed = types.FileEvent((hashing / ".reviewer.toml").as_uri(), types.FileChangeType.Changed)
        session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([changed]))
        await session.wait_until(lambda: codes(session, other) == {LOADED})
        assert codes(session, one) == {LOADED}

    run(tmp_path, [loading, hashing], scenario)


def test_each_folder_has_settings_of_its_own(tmp_path: Path, loading: Path, hashing: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        session.client.set_configuration({"enable": False}, section="reviewer", scope_uri=hashing.as_uri())
        session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        one, other = session.open(loading / "both.py"), session.open(hashing / "both.py")
        await session.wait_until(lambda: (codes(session, one), codes(session, other)) == ({LOADED}, set()))

    run(tmp_path, [loading, hashing], scenario)


def test_a_folder_that_is_added_is_reviewed_as_it_says_until_it_goes(tmp_path: Path, loading: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(inner / "both.py")
        await session.wait_until(lambda: codes(session, uri) == {LOADED})
        tell_folders(session, added=[inner])
        await session.wait_until(lambda: codes(session, uri) == {HASHED})
        version = session.change(uri, LOADING)
        assert await session.push(uri, version) == []
        tell_folders(session, removed=[inner])
        await session.wait_until(lambda: codes(session, uri) == {LOADED})

    inner = make_folder(loading / "inner", HASHED)
    run(tmp_path, [loading], scenario)


def test_findings_of_closed_files_go_with_their_folder(tmp_path: Path, loading: Path, hashing: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        one, other = (loading / "both.py").as_uri(), (hashing / "both.py").as_uri()
        await session.wait_ready()
        await session.execute("reviewer.reviewWorkspace")
        assert (codes(session, one), codes(session, other)) == ({LOADED}, {HASHED})
        tell_folders(session, removed=[hashing])
        await session.wait_until(lambda: codes(session, other) == set())
        assert codes(session, one) == {LOADED}

    run(tmp_path, [loading, hashing], scenario)


def test_closed_files_of_an_inner_folder_that_goes_are_the_outer_ones(tmp_path: Path, loading: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = (inner / "both.py").as_uri()
        await session.wait_ready()
        await session.execute("reviewer.reviewWorkspace")
        assert codes(session, uri) == {HASHED}
        tell_folders(session, removed=[inner])
        await session.wait_until(lambda: codes(session, uri) == {LOADED})

    inner = make_folder(loading / "inner", HASHED)
    run(tmp_path, [loading, inner], scenario)


def test_what_a_client_that_pulls_sees_of_a_folder_that_goes(tmp_path: Path, loading: Path, hashing: Path) -> None:
    async def pull(session: EditorSession) -> dict[str, set[object]]:
        params = types.WorkspaceDiagnosticParams(previous_result_ids=[])
        answer = await session.client.workspace_diagnostic_async(params)
        full = [one for one in answer.items if isinstance(one, types.WorkspaceFullDocumentDiagnosticReport)]
        return {one.uri: {item.code for item in one.items} for one in full}

    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        await session.execute("reviewer.reviewWorkspace")
        one, other = (loading / "both.py").as_uri(), (hashing / "both.py").as_uri()
        assert await pull(session) == {one: {LOADED}, other: {HASHED}}
        before = session.refreshes
        tell_folders(session, removed=[hashing])
        await session.wait_until(lambda: session.refreshes > before)
        assert await pull(session) == {one: {LOADED}}

    run(tmp_path, [loading, hashing], scenario, Editor(NEOVIM, adapt=take_refreshes))


def test_a_configuration_above_a_folder_counts_there_too(tmp_path: Path, loading: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(inner / "both.py")
        await session.wait_until(lambda: codes(session, uri) == {LOADED})
        (loading / ".reviewer.toml").write_text(f'select = ["{HASHED}"]\nmin-probability = 0.0\n')
        changed = types.FileEvent((loading / ".reviewer.toml").as_uri(), types.FileChangeType.Changed)
        session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([changed]))
        await session.wait_until(lambda: codes(session, uri) == {HASHED})

    subprocess.run(["git", "init", "-q", str(loading)], check=True)
    inner = loading / "inner"
    inner.mkdir()
    (inner / "both.py").write_text(BOTH)
    run(tmp_path, [loading, inner], scenario)


def test_another_model_counts_at_once_and_for_every_folder(tmp_path: Path, loading: Path, hashing: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        one, other = session.open(loading / "both.py", HASHING), session.open(hashing / "both.py")
        await session.wait_until(lambda: (codes(session, one), codes(session, other)) == (set(), {HASHED}))
        first = list_children(session.process.pid)
        name_model(session, hashing, str(damaged))
        await session.wait_until(lambda: any("bundle.json" in message for message in session.messages))
        second = list_children(session.process.pid)
        assert first != second
        session.change(one, BOTH)
        name_model(session, hashing, "")
        await session.wait_until(lambda: codes(session, one) == {LOADED})
        assert list_children(session.process.pid) not in (first, second)
        assert all("bundle.json" in message for message in session.messages)

    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "bundle.json").write_text("{}")
    run(tmp_path, [loading, hashing], scenario, Editor(options={"trusted": True}))


def name_model(session: EditorSession, folder: Path, model: str) -> None:
    session.client.set_configuration({"model": model}, section="reviewer", scope_uri=folder.as_uri())
    session.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
