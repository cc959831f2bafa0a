"""What a client that shows progress sees of the work, and that others are not bothered."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from ide_plugin_server.testing import Editor, EditorSession, play

READING, REVIEWING, CHANGES = "Reading the workspace", "Reviewing the workspace", "Reviewing changed files"
NUM_FILES = 25


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "project"
    found.mkdir()
    for number in range(NUM_FILES):
        (found / f"part{number}.py").write_text("import yaml\n\n\ndef load(text):\n    return yaml.load(text)\n")
    return found


def check_course(told: list[dict[str, Any]], title: str) -> list[str]:
    """Begins once, tells growing percents up to all, and ends; the messages on the way."""
    assert told[0] == {"kind": "begin", "title": title, "cancellable": True, "percentage": 0}
    assert told[-1] == {"kind": "end"}
    assert {one["kind"] for one in told[1:-1]} == {"report"}
    percents = [one["percentage"] for one in told[1:-1]]
    assert percents == sorted(set(percents))
    assert percents[-1] == 100
    return [one["message"] for one in told[1:-1]]


def test_the_reading_and_the_review_of_a_workspace_are_followed(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        messages = check_course(session.progress_of(READING), READING)
        assert messages == [f"{number}/{NUM_FILES}" for number in range(1, NUM_FILES + 1)]
        await session.execute("reviewer.reviewWorkspace")
        assert check_course(session.progress_of(REVIEWING), REVIEWING) == ["10/25", "20/25", "25/25"]
        await session.execute("reviewer.reviewChanges")
        assert session.progress_of(CHANGES) == []  # there is no repository: nothing begins
        assert {token for token, _ in session.progress} <= set(session.tokens)  # a last one may have yet to begin
        assert len(session.tokens) == len(set(session.tokens))

    play(folder, scenario)


async def cancel(session: EditorSession, title: str) -> None:
    """Presses the button at the first news of some work."""
    await session.wait_until(lambda: len(session.progress_of(title)) > 1)
    token = next(one for one, value in session.progress if value.get("title") == title)
    session.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))


def test_a_review_of_many_files_can_be_cancelled(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        review = asyncio.create_task(session.execute("reviewer.reviewWorkspace"))
        await cancel(session, REVIEWING)
        assert await review is None
        assert session.progress_of(REVIEWING)[-1] == {"kind": "end"}
        num_shown = len(session.published)
        assert 0 < num_shown < NUM_FILES * 10
        uri = session.open(folder / "part0.py", "x = 'ä'\n")
        await session.push(uri)
        await session.execute("reviewer.reviewFile", uri)  # what was not come to is not looked at behind one's back
        assert len(session.published) == num_shown
        await session.execute("reviewer.reviewWorkspace")
        assert len(session.published) == NUM_FILES * 10

    multiply(folder)
    play(folder, scenario)


def test_the_reading_of_a_workspace_can_be_cancelled_until_it_is_asked_for(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        await cancel(session, READING)
        await session.wait_ready()
        told = session.progress_of(READING)
        assert told[-1] == {"kind": "end"}
        assert told[-2]["percentage"] < 100
        uri = session.open(folder / "part1.py")
        assert len(await session.push(uri)) == 1
        changed = types.FileEvent((folder / "part2.py").as_uri(), types.FileChangeType.Changed)
        session.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([changed]))
        await session.execute("reviewer.reviewWorkspace")
        assert len(session.tokens) == 3, "reading, reading because of the command, and the review"
        assert session.progress_of(READING)[-2]["percentage"] == 100
        assert len(session.published) == NUM_FILES * 10

    multiply(folder)
    play(folder, scenario)


def multiply(folder: Path) -> None:
    """Makes the folder ten times as large, so that there is time to cancel."""
    for number in range(NUM_FILES, NUM_FILES * 10):
        (folder / f"part{number}.py").write_text((folder / "part0.py").read_text())


def test_a_client_without_progress_sees_none(folder: Path) -> None:
    def show_none(capabilities: types.ClientCapabilities) -> None:
        assert capabilities.window is not None
        capabilities.window.work_done_progress = False

    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        await session.execute("reviewer.reviewWorkspace")
        assert len(session.published) == NUM_FILES
        assert (session.progress, session.tokens) == ([], [])

    play(folder, scenario, Editor(adapt=show_none))
