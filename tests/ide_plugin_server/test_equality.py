"""What the editor shows is what `reviewer check` reports on the same bytes, one for one."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.uris import to_fs_path

from graph_model.catalogue import load_catalogue
from ide_plugin_server.testing import VS_CODE, Editor, EditorSession, open_session

ROOT = Path(__file__).parents[2]
ENDINGS = {"python": ".py", "javascript": ".js", "typescript": ".ts", "tsx": ".tsx", "java": ".java", "csharp": ".cs"}
EVERYTHING = 'select = ["all"]\nmin-probability = 0.0\n'
Told = tuple[str, tuple[int, int, int, int], str, str, tuple[tuple[str, int, int], ...]]


def use_code_points(capabilities: types.ClientCapabilities) -> None:
    """Reports count characters; so does a client with UTF-32."""
    assert capabilities.general is not None
    capabilities.general.position_encodings = [types.PositionEncodingKind.Utf32]


def check(folder: Path) -> dict[str, list[Told]]:
    """The findings of the command line, by file."""
    command = [
        str(Path(sys.executable).parent / "reviewer"),
        "check",
        "--format",
        "json",
        "--no-cache",
        "--fail-on",
        "never",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    told: dict[str, list[Told]] = {}
    for one in json.loads(done.stdout)["findings"]:
        at = one["location"]
        place = (at["start_line"], at["start_column"], at["end_line"], at["end_column"])
        steps = [step["location"] for step in one["evidence"]]
        path = tuple((step["path"], step["start_line"], step["start_column"]) for step in steps)
        told.setdefault(at["path"], []).append((one["label"], place, f"{one['message']}.", one["fingerprint"], path))
    return {path: sorted(found) for path, found in told.items()}


def show(session: EditorSession, folder: Path) -> dict[str, list[Told]]:
    """What the editor shows now, in the same form."""
    shown: dict[str, list[Told]] = {}
    for uri, published in session.published.items():
        told = [read(one, folder) for one in published[-1].diagnostics if one.code != "suppression"]
        if told:
            shown[path_of(uri, folder)] = sorted(told)
    return shown


def read(diagnostic: types.Diagnostic, folder: Path) -> Told:
    start, end = diagnostic.range.start, diagnostic.range.end
    data: Any = diagnostic.data
    steps = [step.location for step in diagnostic.related_information or ()]
    return (
        str(diagnostic.code),
        (start.line + 1, start.character + 1, end.line + 1, end.character + 1),
        str(diagnostic.message),
        str(data["fingerprint"]),
        tuple((path_of(one.uri, folder), one.range.start.line + 1, one.range.start.character + 1) for one in steps),
    )


def path_of(uri: str, folder: Path) -> str:
    file = to_fs_path(uri)
    assert file is not None
    return Path(file).relative_to(folder).as_posix()


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
            return show(session, folder)

    shown = asyncio.run(play())
    for path, text in unsaved.items():
        (folder / path).write_bytes(text.encode())
    reported = check(folder)
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
    first = check(folder)["app.py"][0]
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
