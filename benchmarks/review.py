"""Runs the reviewer as its user would, as a process of its own, and reads its JSON report."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any  # a JSON document

COULD_NOT = 2


class RunError(RuntimeError):
    """A measured program did not do its job."""


def find_program(name: str) -> str | None:
    """A program beside this interpreter, else on the path."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def review(folder: Path, options: Sequence[str] = (), paths: Iterable[str] = (".",)) -> dict[str, Any]:
    """The JSON report of `reviewer check` in a folder. Raises RunError with the program's own words when it failed."""
    program = find_program("reviewer")
    if program is None:
        raise RunError("reviewer: expected it to be installed in this environment, found none")
    command = [program, "check", "--format", "json", "--fail-on", "never", *options, *paths]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)  # our own program
    if done.returncode == COULD_NOT and not done.stdout:
        raise RunError(f"{' '.join(command)}: {done.stderr.decode('utf-8', 'replace').strip()}")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def write_json(output: Path | None, document: object) -> None:
    """Writes the machine's copy of a table."""
    if output is not None:
        output.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n", encoding="utf-8")
