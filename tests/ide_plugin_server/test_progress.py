"""What a client that shows progress sees of the work, and that others are not bothered."""

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
    assert told[0] == {"kind": "begin", "title": title, "cancellable": False, "percentage": 0}
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
