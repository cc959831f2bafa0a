"""Small repositories for tests, made in a temporary folder; written once so that every test makes them alike."""

import io
import os
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

from dataset_curation.clones import Clone

MIT = "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy of this software\n"
_AUTHOR = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


class SmallRepository:
    """A git repository in `clones`/owner/name whose commits are given as whole trees, a minute apart after `start`."""

    def __init__(self, clones: Path, repository: str, start: int = 1_700_000_000) -> None:
        self.root = clones / repository
        self.clone = Clone(self.root / ".git")
        self._seconds = start
        self.root.mkdir(parents=True)
        self._git("init", "-q", "-b", "main")

    def commit(self, message: str, files: Mapping[str, str | bytes | None], *, days: int = 0) -> str:
        """Writes files (None removes one), commits so many days after the last time, and returns the commit's id."""
        for path, content in files.items():
            place = self.root / path
            if content is None:
                place.unlink()
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        self._git("add", "-A", "-f")
        self._seconds += 60 + 86_400 * days
        self._git("commit", "-q", "--allow-empty", "-m", message)
        return self.clone.resolve("HEAD")

    def _git(self, *args: str) -> None:
        when = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{self._seconds} +0000")
        command = ["git", "-c", "core.autocrlf=false", "-C", str(self.root), *args]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, **_AUTHOR, **when})


STATEMENT_COMMIT = "d" * 40


def make_archive(files: Mapping[str, str]) -> bytes:
    """A gzipped archive of these files, as project-kb keeps changed sources."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def make_statement(cve: str, repository: str) -> str:
    """A statement of project-kb that names STATEMENT_COMMIT of a repository."""
    fix = f"fixes:\n- commits:\n  - id: {STATEMENT_COMMIT}\n    repository: https://github.com/{repository}\n"
    return f"vulnerability_id: {cve}\nnotes:\n- text: OS command injection\n{fix}"
