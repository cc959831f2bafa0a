"""Which diagnostics are pushed to a client that pulls documents and may never ask for the workspace."""

from pathlib import Path

import pytest
from lsprotocol import types

from ide_plugin_server.testing import NEOVIM, Editor, EditorSession, play

LOADING = "import yaml\n\n\ndef load(text):\n    return yaml.load(text)\n"
CLEAN = "x = 'ä'\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "project"
    found.mkdir()
    for name, text in {"one": LOADING, "größe": LOADING, "clean": CLEAN}.items():
        (found / f"{name}.py").write_text(text)
    return found


def count_pushed(session: EditorSession) -> dict[str, int]:
    """How many diagnostics each file has by pushing."""
    return {Path(uri).name: len(published[-1].diagnostics) for uri, published in session.published.items()}


async def pull_workspace(session: EditorSession) -> list[types.WorkspaceDocumentDiagnosticReport]:
    answer = await session.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))
    return list(answer.items)


def test_closed_files_are_pushed_and_open_ones_pulled(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        one = session.open(folder / "one.py")
        await session.wait_ready()
        await session.execute("reviewer.reviewWorkspace")
        size = (folder / "größe.py").as_uri()
        assert count_pushed(session) == {Path(size).name: 1}
        assert session.open(folder / "größe.py") == size
        report = await session.pull(size)
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        assert len(report.items) == 1
        assert count_pushed(session) == {Path(size).name: 0}, "nothing is there twice"
        session.close(size)
        session.close(one)
        await session.wait_until(lambda: count_pushed(session) == {Path(size).name: 1, "one.py": 1})
        (folder / "one.py").write_text(CLEAN)
        changed = types.FileEvent(one, types.FileChangeType.Changed)
        session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([changed]))
        await session.wait_until(lambda: count_pushed(session) == {Path(size).name: 1, "one.py": 0})

    play(folder, scenario, Editor(NEOVIM))


def test_a_client_that_pulls_the_workspace_is_pushed_nothing_any_more(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        await session.execute("reviewer.reviewWorkspace")
        assert sorted(count_pushed(session).values()) == [1, 1]
        full = [one for one in await pull_workspace(session) if getattr(one, "items", ())]
        assert len(full) == 2
        assert sorted(count_pushed(session).values()) == [0, 0]
        num_pushed = sum(map(len, session.published.values()))
        await session.execute("reviewer.reviewWorkspace")
        await pull_workspace(session)
        assert sum(map(len, session.published.values())) == num_pushed

    play(folder, scenario, Editor(NEOVIM))
