"""A small engine in place of the trained one, for tests: what it finds is written in the reviewed text.

    value = source()                         # where foreign data enters
    value = clean(value)                     # takes it away
    value = fetch("other.py")                # brings it from a line with `provide()` in another file
    sink("security/sql-injection", 0.9, value)

gives a candidate of that label with that probability for each `sink` whose value is not cleaned. `raise-analysis`,
`raise-score` and `die` anywhere in a file make its step fail, or end the process that works on it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any  # JSON documents

from click.testing import CliRunner, Result

from graph_model.analysis import FileAnalysis, Problem
from graph_model.candidates.model import Candidate, Step, StepRole
from graph_model.catalogue import Catalogue, load_catalogue
from graph_model.edits import Edit, FixKind, ProposedFix, Safety
from graph_model.languages import Family, find_language
from reviewer.cli.group import group, main
from reviewer.cli.session import Session, read_session
from reviewer.engine import Engine, Linking, LiveAnalysis
from reviewer.source import SourceFile

_SINK = re.compile(rb'sink\("([a-z/-]+)", ([\d.]+), (\w+)\)')
_ASSIGNED = re.compile(rb"^[ \t]*(\w+) = (source|clean|fetch|\w+)\(([^)\n]*)\)", re.M)
_DEFINED = re.compile(rb"^[ \t]*(?:async )?(?:def|function|class) (\w+)", re.M)
_GUARD = re.compile(rb"^[ \t]*if (\w+)", re.M)

_BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
BROWSER_FLAGS = (  # for a container without display, GPU or network
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FAKE_KIND = FixKind("rename", tuple(Family), (), "another name", Safety.UNSAFE)


@dataclass(frozen=True, slots=True)
class FakeScored:
    """A candidate with the probability that its text asks for."""

    candidate: Candidate
    probability: float
    weights: tuple[tuple[str, float], ...] = (("hops", 0.5), ("in_loop", -0.25))


@dataclass(frozen=True, slots=True)
class FakeEngine:
    """Finds what the text says. `fix` replaces the call `sink` by this; empty: no fixes."""

    identity: str = "fake-1"
    fix: bytes = b"safe"
    thresholds: Mapping[str, float] = field(default_factory=lambda: {"security/weak-hash": 0.7})

    @property
    def analysis_identity(self) -> str:
        """As the engine asks."""
        return f"{self.identity}-analysis"

    @property
    def model_identity(self) -> str:
        """As the engine asks."""
        return self.identity

    @property
    def catalogue(self) -> Catalogue:
        """The real one."""
        return load_catalogue()

    def analyse(self, source: SourceFile) -> FileAnalysis:
        """Candidates from regular expressions; a line with `syntax-error` is a problem."""
        text = source.content
        if b"die" in text.split():
            os._exit(7)
        if b"raise-analysis" in text:
            raise RuntimeError("asked to fail")
        language = find_language(source.path)
        assert language is not None
        problems = [Problem("syntax-error", match.start(), match.end()) for match in re.finditer(b"syntax-error", text)]
        problems += [Problem("too-many-nodes", 0, len(text), "asked to") for _ in re.finditer(b"too-many-nodes", text)]
        empty = FileAnalysis(source.path, language.name, "", source.num_lines, 1, 0, tuple(problems), (), (), (), ())
        return replace(empty, candidates=tuple(_find_candidates(source)))

    def follow(self) -> LiveAnalysis:
        """Itself: it keeps nothing."""
        return self

    def link(self, analyses: Iterable[FileAnalysis]) -> Mapping[str, tuple[Candidate, ...]]:
        """Keeps a candidate that comes from another file only where that file is at hand."""
        by_path = {analysis.path: analysis for analysis in analyses}
        return {
            path: tuple(one for one in analysis.candidates if all(step.path in by_path for step in one.steps))
            for path, analysis in by_path.items()
        }

    def open_linker(self) -> Linking:
        """Links everything anew at each question."""
        return FakeLinker(self)

    def score(self, analysis: FileAnalysis, candidates: tuple[Candidate, ...]) -> tuple[FakeScored, ...]:
        """The probabilities in the text."""
        if any(("note", "raise-score") in candidate.words for candidate in candidates):
            raise RuntimeError("asked to fail")
        return tuple(FakeScored(candidate, dict(candidate.facts)["p"]) for candidate in candidates)

    def propose_fix(self, candidate: Candidate, source: SourceFile) -> ProposedFix | None:
        """Another name for the call."""
        edit = Edit(candidate.start, candidate.start + 4, self.fix)
        return ProposedFix(FAKE_KIND, (edit,)) if self.fix else None

    def describe_model(self) -> Mapping[str, object]:
        """A word or two."""
        return {"id": self.identity, "labels": len(self.catalogue)}


class FakeLinker:
    """Keeps analyses and links all of them."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self._analyses: dict[str, FileAnalysis] = {}

    def put(self, analysis: FileAnalysis) -> None:
        """As the engine asks."""
        self._analyses[analysis.path] = analysis

    def remove(self, path: str) -> None:
        """As the engine asks."""
        self._analyses.pop(path, None)

    def find_candidates(self, path: str) -> tuple[Candidate, ...]:
        """As the engine asks."""
        return self._engine.link(self._analyses.values())[path]


def _find_candidates(source: SourceFile) -> Iterable[Candidate]:
    for match in _SINK.finditer(source.content):
        name = match[3]
        steps = _trace(source, name, match.start())
        if steps is None:
            continue
        line = source.line_span(source.line_at(match.start()))
        symbol = next((d[1].decode() for d in reversed(list(_DEFINED.finditer(source.content, 0, match.start())))), "")
        sink = Step(source.path, match.start(), match.end(), StepRole.SINK)
        note = "raise-score" if b"raise-score" in source.content else ""
        yield Candidate(
            label=match[1].decode(),
            path=source.path,
            start=match.start(),
            end=match.end(),
            statement_start=line.start,
            statement_end=line.end,
            symbol=symbol,
            api="sink",
            steps=(*steps, sink),
            facts=(("p", float(match[2])),),
            words=(("name", name.decode()), ("note", note), ("source", "source()")),
        )


def _trace(source: SourceFile, name: bytes, before: int) -> tuple[Step, ...] | None:
    """The assignments and guards on the way to a sink; None when the value is clean there."""
    steps: list[Step] = []
    is_clean = False
    for match in _ASSIGNED.finditer(source.content, 0, before):
        if match[1] != name:
            continue
        is_clean = match[2] == b"clean"
        role = StepRole.SOURCE if match[2] in (b"source", b"fetch") else StepRole.HOP
        path = match[3].strip(b"\"'").decode() if match[2] == b"fetch" else source.path
        start, end = (0, 0) if match[2] == b"fetch" else (match.start(1), match.end())
        steps.append(Step(path, start, end, role, match[2].decode()))
    guards = [match for match in _GUARD.finditer(source.content, 0, before) if match[1] == name]
    steps += [Step(source.path, guard.start(1), guard.end(), StepRole.GUARD) for guard in guards]
    return None if is_clean else tuple(steps)


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with files, and with git where `init` was called; runs the command line in it with the fake engine."""

    root: Path

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Writes files, text as UTF-8 with its line endings as they are."""
        for name, content in files.items():
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)

    def git(self, *args: str) -> str:
        """The output of a git command, without the user's configuration."""
        fixed = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *fixed, *args], cwd=self.root, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def init(self) -> None:
        """Makes it a repository on the branch `main`."""
        self.git("init", "--quiet", "--initial-branch=main")

    def commit(self, files: Mapping[str, str | bytes] | None = None, message: str = "change") -> str:
        """Writes files and commits everything; the commit."""
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def run(self, *args: str, engine: Engine | None = None, stdin: bytes = b"", folder: str = ".") -> Result:
        """Runs the command line in this process."""
        session = Session(self.root / folder, engine or FakeEngine(), self.root.parent / "cache")
        return CliRunner().invoke(group, args, obj=session, input=stdin)

    def report(self, *args: str, engine: Engine | None = None) -> dict[str, Any]:
        """The JSON report of a command that does its job."""
        result = self.run(*args, "--format", "json", engine=engine)
        assert result.exit_code in (0, 1), result.output
        document = json.loads(result.stdout)
        assert isinstance(document, dict)
        return document

    def spawn(
        self, *args: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[bytes]":
        """Runs the command line as a process of its own, with further variables in its environment."""
        variables = {**os.environ, "REVIEWER_CACHE_DIR": str(self.root.parent / "cache"), **(environment or {})}
        command = [sys.executable, "-m", "reviewer.testing", *args]
        return subprocess.run(command, cwd=self.root, input=stdin, capture_output=True, check=False, env=variables)


def find_browser() -> str:
    """A Chromium on this machine, by the names that systems give it; raises FileNotFoundError without one."""
    for name in _BROWSERS:
        found = shutil.which(name)
        if found is not None:
            return found
    raise FileNotFoundError(f"expected a browser, one of {', '.join(_BROWSERS)}; run `.ci/run test` to install one")


if __name__ == "__main__":
    main(sys.argv[1:], read_session(FakeEngine()))
