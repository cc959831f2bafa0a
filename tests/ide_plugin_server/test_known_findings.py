"""A committed file of known findings counts in the editor as it does for `reviewer check`, also when it changes."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from ide_plugin_server.places import find_named
from ide_plugin_server.settings import EditorSettings
from ide_plugin_server.testing import (
    NEOVIM,
    VS_CODE,
    Editor,
    EditorSession,
    make_environment,
    open_session,
    play,
    take_refreshes,
)

PROGRAM = str(Path(sys.executable).parent / "reviewer")
KNOWN = "import yaml\n\n\ndef load(text):\n    return yaml.load(text)\n"
NEW = "\n\ndef reload(text):\n    return yaml.load(text)\n"
FILE = ".reviewer-baseline.json"


def run(folder: Path, scenario: Callable[[EditorSession], Awaitable[None]], *opened: Path) -> None:
    async def play() -> None:
        async with open_session(opened or [folder], data_of(folder), Editor()) as session:
            await scenario(session)

    asyncio.run(play())


def data_of(folder: Path) -> Path:
    data = folder.parent / "data"
    data.mkdir(exist_ok=True)
    return data


def review(folder: Path, *arguments: str) -> str:
    """What a subcommand says in a folder."""
    done = subprocess.run(
        [PROGRAM, *arguments], cwd=folder, env=make_environment(data_of(folder)), capture_output=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.stdout.decode()


def lines_shown(session: EditorSession, uri: str) -> list[int] | None:
    """The lines with a finding, counted from 1; None before anything was said."""
    published = session.published.get(uri)
    return [one.range.start.line + 1 for one in published[-1].diagnostics] if published else None


def tell_changed(session: EditorSession, file: Path, kind: types.FileChangeType) -> None:
    event = types.FileEvent(file.as_uri(), kind)
    session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with a finding that `reviewer baseline` has written down."""
    found = tmp_path / "projekt ä"
    (found / "src").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(found)], check=True)
    (found / "src" / "load.py").write_text(KNOWN)
    review(found, "baseline")
    assert (found / FILE).exists()
    return found


def test_only_what_is_new_is_shown(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "src" / "load.py")
        assert await session.push(uri) == []
        version = session.change(uri, "import os\n" + KNOWN + NEW)  # lines may move
        (found,) = await session.push(uri, version)
        assert found.range.start.line == 9
        await session.wait_ready()
        await session.execute("reviewer.reviewWorkspace")
        assert lines_shown(session, uri) == [10]

    run(folder, scenario)
    (folder / "src" / "load.py").write_text("import os\n" + KNOWN + NEW)
    assert "src/load.py:10:12" in review(folder, "check")
    assert "src/load.py:6:12" not in review(folder, "check")


def test_the_file_counts_in_a_folder_below_it(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        assert await session.push(session.open(folder / "src" / "load.py", KNOWN)) == []

    run(folder, scenario, folder / "src")


def test_the_file_counts_as_it_is_now(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri, known = session.open(folder / "src" / "load.py", KNOWN + NEW), folder / FILE
        await session.wait_until(lambda: lines_shown(session, uri) == [9])
        (folder / "src" / "load.py").write_text(KNOWN + NEW)
        review(folder, "baseline")
        tell_changed(session, known, types.FileChangeType.Changed)
        await session.wait_until(lambda: lines_shown(session, uri) == [])
        known.unlink()
        tell_changed(session, known, types.FileChangeType.Deleted)
        await session.wait_until(lambda: lines_shown(session, uri) == [5, 9])
        known.write_text("[]")
        tell_changed(session, known, types.FileChangeType.Created)
        await session.wait_until(lambda: any(FILE in one for one in session.messages))

    run(folder, scenario)


def test_a_file_with_a_name_of_its_own_counts_as_it_is_now(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "src" / "load.py", KNOWN + NEW)
        await session.wait_until(lambda: lines_shown(session, uri) == [9])
        await session.wait_until(lambda: "named-1" in session.registered)
        (folder / "src" / "load.py").write_text(KNOWN + NEW)
        review(folder, "baseline")
        tell_changed(session, folder / "known.json", types.FileChangeType.Changed)
        await session.wait_until(lambda: lines_shown(session, uri) == [])
        (folder / "known.json").write_text("{")
        tell_changed(session, folder / "known.json", types.FileChangeType.Changed)
        await session.wait_until(lambda: any("known.json" in one for one in session.messages))
        (folder / "known.json").write_text(before)
        tell_changed(session, folder / "known.json", types.FileChangeType.Changed)
        await session.wait_until(lambda: lines_shown(session, uri) == [9])
        (folder / ".reviewer.toml").unlink()
        tell_changed(session, folder / ".reviewer.toml", types.FileChangeType.Deleted)
        await session.wait_until(lambda: "named-1" not in session.registered)

    (folder / FILE).rename(folder / "known.json")
    before = (folder / "known.json").read_text()
    (folder / ".reviewer.toml").write_text('baseline = "known.json"\n')
    run(folder, scenario)


async def see(session: EditorSession, uri: str, profile: str) -> list[int]:
    """The lines with a finding that a client of either kind has of an open document."""
    if profile == VS_CODE:
        return lines_shown(session, uri) or []
    report = await session.pull(uri, "0")
    assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
    return [one.range.start.line + 1 for one in report.items]


@pytest.mark.parametrize("profile", [VS_CODE, NEOVIM])
@pytest.mark.parametrize(("name", "broken"), [(".reviewer.toml", "ignre = 1\n"), ("known.json", "")])
def test_what_is_shown_stays_while_a_file_that_decides_cannot_be_read(
    folder: Path, profile: str, name: str, broken: str
) -> None:
    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        uri, typed = session.open(folder / "src" / "load.py", KNOWN + NEW), session.open(folder / "typed.py", KNOWN)
        await session.execute("reviewer.reviewFile", uri)
        await session.execute("reviewer.reviewFile", typed)
        await session.execute("reviewer.reviewWorkspace")
        closed = (folder / "closed.py").as_uri()
        assert (await see(session, uri, profile), await see(session, typed, profile), lines_shown(session, closed)) == (
            [9],
            [5],
            [5],
        )
        before = (folder / name).read_text()
        (folder / name).write_text(broken) if broken else (folder / name).unlink()
        tell_changed(session, folder / name, types.FileChangeType.Changed)
        await session.wait_until(lambda: "failed" in session.statuses)
        assert any(name in one for one in session.messages)
        version = session.change(typed, KNOWN + NEW)
        await session.execute("reviewer.reviewFile", uri)
        await session.execute("reviewer.reviewFile", typed)
        await session.execute("reviewer.reviewFile", closed)
        await session.execute("reviewer.restart")
        assert name in session.messages[-1]
        await session.execute("reviewer.forgetFeedback")  # everything is published again
        assert all(one.version != version for one in session.published.get(typed, ()))
        assert (await see(session, uri, profile), lines_shown(session, closed)) == ([9], [5])
        assert profile == NEOVIM or lines_shown(session, typed) == [5]
        if profile == VS_CODE:
            data: Any = session.published[closed][-1].diagnostics[0].data  # JSON
            with pytest.raises(JsonRpcException, match=name):
                await session.execute("reviewer.explain", closed, data["fingerprint"])
        (folder / name).write_text(before)
        num_refreshes = session.refreshes
        tell_changed(session, folder / name, types.FileChangeType.Changed)
        if profile == VS_CODE:
            await session.push(typed, version)
        else:
            await session.wait_until(lambda: session.refreshes > num_refreshes)
        assert await see(session, typed, profile) == [5, 9]

    (folder / FILE).rename(folder / "known.json")
    (folder / ".reviewer.toml").write_text('baseline = "known.json"\n')
    for other in ("typed.py", "closed.py"):
        (folder / other).write_text(KNOWN)
    play(folder, scenario, Editor(profile, adapt=take_refreshes if profile == NEOVIM else lambda _: None))


def test_what_is_no_path_names_no_file(folder: Path) -> None:
    named = find_named(folder, EditorSettings(configuration="größe.toml"))
    assert named == {os.path.realpath(folder / "größe.toml")}  # also while it is not there
    assert find_named(folder, EditorSettings(configuration="a\0b")) == find_named(folder, EditorSettings()) == set()


def test_the_file_that_the_setting_names_counts_as_it_is_now(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "src" / "load.py", KNOWN)
        await session.wait_until(lambda: lines_shown(session, uri) == [5])
        named.write_text('select = ["performance"]\n')
        tell_changed(session, named, types.FileChangeType.Changed)
        await session.wait_until(lambda: lines_shown(session, uri) == [])
        named.write_text('select = ["security"]\nbaseline = ""\n')
        identifier = types.TextDocumentIdentifier(named.as_uri())
        session.client.text_document_did_save(types.DidSaveTextDocumentParams(identifier))
        await session.wait_until(lambda: lines_shown(session, uri) == [5])

    named = folder.parent / "house rules.toml"
    named.write_text('baseline = ""\n')
    play(folder, scenario, Editor(options={"trusted": True}, settings={"configuration": f"../{named.name}"}))
