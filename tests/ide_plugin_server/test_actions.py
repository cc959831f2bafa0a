import json
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from ide_plugin_server.testing import NEOVIM, Editor, EditorSession, play

LOADING = """\
import yaml


def load(text):
    return yaml.load(text)
"""
LINE = types.Range(types.Position(4, 0), types.Position(4, 0))
WHOLE = types.Range(types.Position(0, 0), types.Position(9, 0))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "project"
    found.mkdir()
    (found / "load.py").write_text(LOADING)
    return found


def apply(text: str, edit: types.WorkspaceEdit | None) -> str:
    """The text after an edit of ASCII text."""
    assert edit is not None
    changes = edit.document_changes
    assert changes is not None
    (change,) = changes
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document.version is not None
    lines = text.splitlines(keepends=True)
    for one in sorted(change.edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True):
        assert isinstance(one, types.TextEdit)
        start, end = one.range.start, one.range.end
        assert start.line == end.line
        line = lines[start.line]
        lines[start.line] = line[: start.character] + one.new_text + line[end.character :]
    return "".join(lines)


def test_what_can_be_done_about_a_finding(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "load.py")
        (found,) = await session.push(uri)
        actions = await session.list_actions(uri, LINE)
        titles = [one.title for one in actions]
        assert titles == [
            "Fix security/unsafe-deserialization: " + titles[0].partition(": ")[2],
            "Suppress security/unsafe-deserialization: false positive",
            "Suppress security/unsafe-deserialization: accepted risk",
            "Mark security/unsafe-deserialization as unhelpful",
            "Explain security/unsafe-deserialization",
        ]
        assert apply(LOADING, actions[0].edit) == LOADING.replace("yaml.load", "yaml.safe_load")
        assert all(one.kind == types.CodeActionKind.QuickFix for one in actions)
        assert all([str(each.message) for each in one.diagnostics or ()] == [found.message] for one in actions)
        assert await session.list_actions(uri, types.Range(types.Position(0, 0), types.Position(1, 0))) == []
        assert await session.list_actions(uri, LINE, ["refactor"]) == []
        assert len(await session.list_actions(uri, LINE, ["quickfix"])) == len(actions)

        command = actions[1].command
        assert command is not None
        assert await session.execute(command.command, *(command.arguments or ())) is True
        suppressed = apply(LOADING, session.edits[0].edit)
        comment = "    # reviewer: ignore[security/unsafe-deserialization] false positive\n"
        assert suppressed == LOADING.replace("    return", f"{comment}    return")
        version = session.change(uri, suppressed)
        assert await session.push(uri, version) == []
        version = session.change(uri, suppressed.replace("yaml.load", "yaml.safe_load"))
        (note,) = await session.push(uri, version)
        assert note.code == "suppression"
        assert list(note.tags or ()) == [types.DiagnosticTag.Unnecessary]

    play(folder, scenario)


def test_feedback_hides_a_finding_until_it_is_taken_back(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "load.py")
        (found,) = await session.push(uri)
        fingerprint = found.data["fingerprint"]  # type: ignore[index]  # JSON
        await session.wait_ready()
        await session.execute("reviewer.markUnhelpful", uri, fingerprint, "the text is ours")
        assert list(session.published[uri][-1].diagnostics) == []
        (line,) = (folder.parent / f"{folder.name}-data" / "data" / "feedback.jsonl").read_text("utf-8").splitlines()
        word = json.loads(line)
        assert (word["kind"], word["label"], word["path"], word["line"], word["reason"]) == (
            "unhelpful", "security/unsafe-deserialization", "load.py", 5, "the text is ours",
        )  # fmt: skip
        assert await session.list_actions(uri, LINE) == []
        version = session.change(uri, LOADING + "\n")
        assert await session.push(uri, version) == []
        await session.execute("reviewer.forgetFeedback", fingerprint)
        assert len(session.published[uri][-1].diagnostics) == 1

    play(folder, scenario)


def test_explanations_in_a_hover_and_by_command(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "load.py")
        (found,) = await session.push(uri)
        hover = await session.hover(uri, types.Position(4, 13))
        assert hover is not None
        assert isinstance(hover.contents, types.MarkupContent)
        assert hover.contents.kind is types.MarkupKind.Markdown
        text = hover.contents.value
        assert "`security/unsafe-deserialization`, critical severity" in text
        assert "1. source, line 4 (parameter text): `def load(text):`" in text
        assert "Probability 0." in text
        assert "What to do: " in text
        assert await session.hover(uri, types.Position(0, 3)) is None
        fingerprint = found.data["fingerprint"]  # type: ignore[index]  # JSON
        explained = await session.execute("reviewer.explain", uri, fingerprint)
        assert explained == text
        assert "1. source, line 4" in session.messages[-1]
        assert "`" not in session.messages[-1]
        with pytest.raises(JsonRpcException, match="expected a finding that is shown"):
            await session.execute("reviewer.explain", uri, "0" * 32)
        with pytest.raises(JsonRpcException, match="expected uri, fingerprint as text"):
            await session.execute("reviewer.explain", uri, 7)

    play(folder, scenario)


def test_a_client_with_commands_of_its_own_and_lenses(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "load.py")
        await session.pull(uri)
        actions = await session.list_actions(uri, LINE)
        commands = [one.command.command for one in actions if one.command is not None]
        assert commands == ["reviewer.client.suppress", "reviewer.markUnhelpful", "reviewer.client.explain"]
        params = types.CodeLensParams(types.TextDocumentIdentifier(uri))
        lenses = await session.client.text_document_code_lens_async(params)
        (lens,) = lenses or ()
        assert lens.range.start == types.Position(3, 0)
        assert lens.command is not None
        assert lens.command.title.startswith("likeliest finding: 0.")

    options = {"asksForReason": True, "showsExplanation": True}
    play(folder, scenario, Editor(NEOVIM, options=options, settings={"codeLens": True}))


def test_all_safe_fixes_of_a_file_at_once(folder: Path) -> None:
    async def scenario(session: EditorSession) -> None:
        uri = session.open(folder / "query.py", QUERIES)
        assert len(await session.push(uri)) == 3
        (action,) = await session.list_actions(uri, WHOLE, ["source.fixAll"])
        assert action.kind == "source.fixAll.reviewer"
        mended = apply(QUERIES, action.edit)
        assert mended == QUERIES.replace('d = \'" + name + "\'")', 'd = ?", (name,))')  # as `reviewer fix --safe-only`
        assert "yaml.load" in mended
        assert await session.list_actions(uri, WHOLE, ["source.organizeImports"]) == []

    play(folder, scenario)


QUERIES = """\
import sqlite3
import yaml
from flask import request


def find():
    name = request.args["name"]
    cursor = sqlite3.connect("a").cursor()
    cursor.execute("SELECT a FROM t WHERE b = '" + name + "'")
    cursor.execute("SELECT c FROM t WHERE d = '" + name + "'")
    return yaml.load(name)
"""
