"""Requests that are not wanted any more are answered, their work ends, and later requests go on."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from ide_plugin_server.testing import NEOVIM, Editor, EditorSession, play

LOADING = "import yaml\n\n\ndef load(text):\n    return yaml.load(text)\n"
NUM_FILES = 300


def ask(session: EditorSession, number: int, method: str, params: object) -> "asyncio.Future[Any]":
    """A request with an id that is known."""
    return asyncio.wrap_future(session.client.protocol.send_request(method, params, msg_id=number))


async def cancel(session: EditorSession, number: int, answer: "asyncio.Future[Any]") -> int:
    """Cancels a request; the code of its answer."""
    session.client.cancel_request(types.CancelParams(number))
    async with asyncio.timeout(60):
        with pytest.raises(JsonRpcException) as told:
            await answer
    return told.value.code


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "project"
    found.mkdir()
    (found / "load.py").write_text(LOADING)
    return found


def test_a_cancelled_question_is_answered_and_the_next_one_too(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "load.py")
        await session.pull(uri)
        session.change(uri, LOADING + "\n")
        document = types.TextDocumentIdentifier(uri)
        at = types.Position(4, 13)
        place = types.Range(at, at)
        questions: list[tuple[str, object]] = [  # each waits for a review that is far away
            (types.TEXT_DOCUMENT_DIAGNOSTIC, types.DocumentDiagnosticParams(document)),
            (types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensParams(document)),
            (types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionParams(document, place, types.CodeActionContext([]))),
        ]
        for number, (method, params) in enumerate(questions, 1):
            answer = ask(session, number, method, params)
            assert await cancel(session, number, answer) == types.LSPErrorCodes.RequestCancelled
        session.client.cancel_request(types.CancelParams(99))  # nobody asked that
        session.client.text_document_did_save(types.DidSaveTextDocumentParams(document))
        report = await session.pull(uri)
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        assert len(report.items) == 1
        assert await session.hover(uri, at) is not None

    play(folder, scenario, Editor(NEOVIM, settings={"debounceMs": 60_000, "codeLens": True}))


def test_a_cancelled_command_ends(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        await session.wait_ready()
        answer = ask(
            session, 1, types.WORKSPACE_EXECUTE_COMMAND, types.ExecuteCommandParams("reviewer.reviewWorkspace")
        )
        await session.wait_until(lambda: bool(session.published))
        assert await cancel(session, 1, answer) == types.LSPErrorCodes.RequestCancelled
        await session.wait_until(lambda: {"kind": "end"} in session.progress_of("Reviewing the workspace"))
        assert len(session.published) < NUM_FILES
        uri = session.open(folder / "load.py")
        (found,) = await session.push(uri)
        fingerprint = found.data["fingerprint"]  # type: ignore[index]  # JSON
        assert "yaml.load" in await session.execute("reviewer.explain", uri, fingerprint)
        await session.execute("reviewer.reviewWorkspace")
        assert len(session.published) == NUM_FILES

    for number in range(1, NUM_FILES):
        (folder / f"part{number}.py").write_text(LOADING)
    play(folder, scenario)


def test_the_end_does_not_wait_for_a_command(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "load.py")
        await session.push(uri)
        version = session.change(uri, LOADING + "\n")
        params = types.ExecuteCommandParams("reviewer.suppress", [uri, "0" * 32, "because"])
        answer = ask(session, 1, types.WORKSPACE_EXECUTE_COMMAND, params)  # it waits for the review
        await session.client.shutdown_session()
        assert session.process.returncode == 0
        assert [one.version for one in session.published[uri]] == [version - 1]
        with pytest.raises(JsonRpcException):
            await answer

    play(folder, scenario, Editor(settings={"debounceMs": 60_000}))
