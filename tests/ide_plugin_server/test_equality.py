"""What the editor shows is what `reviewer check` reports on the same bytes, one for one."""

import asyncio
import json
import random
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lsprotocol import types

from graph_model.catalogue import load_catalogue
from ide_plugin_server.convert import Encoding
from ide_plugin_server.scribbling import Scribbler
from ide_plugin_server.testing import (
    NEOVIM,
    VS_CODE,
    Editor,
    Told,
    list_reported,
    list_shown,
    list_told,
    open_session,
    use_code_points,
)

ROOT = Path(__file__).parents[2]
ENDINGS = {"python": ".py", "javascript": ".js", "typescript": ".ts", "tsx": ".tsx", "java": ".java", "csharp": ".cs"}
EVERYTHING = 'select = ["all"]\nmin-probability = 0.0\n'


def compare(folder: Path, unsaved: Mapping[str, str]) -> None:
    """Opens what is unsaved, shows the whole workspace, then compares with a tree that has it on disk."""

    async def play() -> dict[str, list[Told]]:
        data = folder.parent / "data"
        data.mkdir(exist_ok=True)
        async with open_session([folder], data, Editor(VS_CODE, adapt=use_code_points)) as session:
            for path, text in unsaved.items():
                session.open(folder / path, text)
            await session.wait_ready()
            await session.execute("reviewer.reviewWorkspace")
            return list_shown(session, folder)

    shown = asyncio.run(play())
    for path, text in unsaved.items():
        (folder / path).write_bytes(text.encode())
    reported = list_reported(folder)
    assert reported
    for path in reported.keys() | shown.keys():
        assert shown.get(path) == reported.get(path), path


def test_the_examples_of_every_label_in_four_languages_side_by_side(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    for label in load_catalogue():
        for number, example in enumerate(label.examples):
            file = folder / label.id / f"{'bad' if number == 0 else f'bad{number}'}{ENDINGS[example.language]}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(
                f"{example.bad}\n" if number % 2 else example.bad.replace("\n", "\r\n"), "utf-8", newline=""
            )
    (folder / ".reviewer.toml").write_text(EVERYTHING)
    compare(folder, {})


def test_known_findings_of_the_committed_file_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "app.py").write_text(
        "import yaml\n\n\ndef a(x):\n    return yaml.load(x)\n\n\ndef b(x):\n    yaml.load(x)\n"
    )
    first = list_reported(folder)["app.py"][0]
    known = {"schema": "graph-reviewer/baseline", "schema_version": 1, "findings": [{"fingerprint": first[3]}]}
    (folder / ".reviewer-baseline.json").write_text(json.dumps(known))
    compare(folder, {})


def test_files_of_this_project_with_unsaved_changes(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(
        ROOT / "integrations", folder / "integrations", ignore=shutil.ignore_patterns("__pycache__", "testing")
    )
    (folder / ".reviewer.toml").write_text(EVERYTHING)
    first = (folder / "integrations" / "calls.py").read_text("utf-8")
    new = "import os\nfrom flask import request\n\n\ndef run():\n    os.system('ls ä😋 ' + request.args['d'])\n"
    compare(folder, {"integrations/calls.py": new + first, "integrations/neu.py": new, "integrations/payloads.py": ""})


def test_a_client_that_pulls_and_counts_in_utf16_in_a_part_of_a_repository(tmp_path: Path) -> None:
    """The part has a configuration of its own; flows cross files, on lines with characters of every width."""
    root, folder = tmp_path / "project", tmp_path / "project" / "größe"
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / ".reviewer.toml").write_text('select = ["weak-hash"]\n')
    (folder / ".reviewer.toml").write_text(EVERYTHING)
    wide = "'ä錯誤😋'"
    store = f"import hashlib\n\n\ndef find(cursor, name):\n    return {wide}, cursor.execute({wide} + name)\n"
    web = (
        "import sqlite3\nfrom flask import Flask, request\nfrom store import find\n\napp = Flask(__name__)\n\n\n"
        "@app.route('/')\ndef show():\n    cursor = sqlite3.connect('a').cursor()\n"
        f'    return {wide}, find(cursor, request.args["😋"])\n'
    )
    texts = {"größe/store.py": store, "größe/web.py": web, "above.py": web.replace("store", "größe.store")}
    for path, text in texts.items():
        (root / path).write_text(text, "utf-8")

    async def pull() -> dict[str, list[Told]]:
        (tmp_path / "data").mkdir()
        async with open_session([folder], tmp_path / "data", Editor(NEOVIM, adapt=take_everything)) as session:
            session.open(folder / "web.py")
            await session.wait_ready()
            await session.execute("reviewer.reviewWorkspace")
            answer = await session.client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))
        full = [one for one in answer.items if isinstance(one, types.WorkspaceFullDocumentDiagnosticReport)]
        for report in full:
            for each in report.items:
                steps = [step.location for step in each.related_information or ()]
                for uri, place in [(report.uri, each.range), *((step.uri, step.range) for step in steps)]:
                    count_in_characters(uri, place)
        return list_told({report.uri: report.items for report in full}, root)

    pulled, reported = asyncio.run(pull()), list_reported(folder)
    assert {"security/sql-injection"} <= {one[0] for found in reported.values() for one in found}
    assert pulled == reported


def take_everything(capabilities: types.ClientCapabilities) -> None:
    """Lets a client that pulls take what there is to compare, in UTF-16."""
    assert capabilities.general is not None, "every profile has it"
    capabilities.general.position_encodings = [types.PositionEncodingKind.Utf16]
    assert capabilities.text_document is not None, "every profile has it"
    capabilities.text_document.diagnostic = types.DiagnosticClientCapabilities(
        related_information=True, data_support=True
    )


def count_in_characters(uri: str, place: types.Range) -> None:
    """Makes a range of UTF-16 units one of characters."""
    lines = Path(unquote(urlsplit(uri).path)).read_text("utf-8").split("\n")
    for one in (place.start, place.end):
        units = lines[one.line].encode("utf-16-le")
        one.character = len(units[: 2 * one.character].decode("utf-16-le"))


def join_examples(language: str) -> str:
    """The faulty examples of the catalogue, one after the other."""
    return "\n\n".join(one.bad for label in load_catalogue() for one in label.examples if one.language == language)


def test_files_in_four_languages_under_random_edits(tmp_path: Path) -> None:
    folder, data = tmp_path / "project", tmp_path / "data"
    texts = {
        "checkouts.py": (ROOT / "integrations" / "checkouts.py").read_text("utf-8"),
        "session.ts": (ROOT / "ide_plugin_server" / "vscode" / "src" / "session.ts").read_text("utf-8"),
        "Examples.java": join_examples("java"),
        "Examples.cs": join_examples("csharp").replace("\n", "\r\n"),
    }
    folder.mkdir()
    data.mkdir()
    (folder / ".reviewer.toml").write_text(EVERYTHING)
    chooser = random.Random(1)
    scribblers = {name: Scribbler(text, name, chooser, Encoding.UTF32) for name, text in texts.items()}

    async def scribble() -> list[dict[str, list[Told]]]:
        """What was told, by file, each time that it was compared."""
        told = []
        editor = Editor(VS_CODE, settings={"debounceMs": 1}, adapt=use_code_points)
        async with open_session([folder], data, editor) as session:
            uris = {name: session.open(folder / name, text) for name, text in texts.items()}
            await session.wait_ready()
            for num_edits in (2, 10, 30):
                for name, uri in uris.items():
                    for _ in range(num_edits):
                        version = session.change(uri, *scribblers[name].edit())
                    await session.push(uri, version)
                    (folder / name).write_bytes(scribblers[name].text.encode())
                shown, reported = list_shown(session, folder), list_reported(folder)
                for name in texts:
                    assert shown.get(name) == reported.get(name), (name, num_edits, scribblers[name].text)
                told.append(reported)
        return told

    first, *others = asyncio.run(scribble())
    assert all(any(one.get(name) != first.get(name) for one in others) for name in texts), "other findings in each file"
