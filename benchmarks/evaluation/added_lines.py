"""What other tools say on the lines that replayed changes add.

Tools read every changed file whole, as it is at the head, and speak where a result meets an added line.
"""

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.evaluation.comments import Comment, Place
from benchmarks.evaluation.linters import BANDIT, ESLINT, PYLINT, RUFF_S
from benchmarks.evaluation.parts import Context
from benchmarks.evaluation.peers import only_rules, run_peers
from benchmarks.evaluation.sarif import Tool
from benchmarks.evaluation.snippets import Snippet
from integrations.replay import MergedChange
from reviewer.repositories import Repository

FOLDER = "replayed+changes"


def head_files(repository: Repository, name: str, change: MergedChange, paths: Iterable[str]) -> list[Snippet]:
    """Files of a change at its head, below its repository's name and its commit."""
    return [
        Snippet(
            f"{_root(name, change)}/{path}",
            repository.run("cat-file", "blob", f"{change.head}:{path}").decode("utf-8", "replace"),
        )
        for path in sorted(set(paths))
    ]


def _root(name: str, change: MergedChange) -> str:
    return f"{name.replace('/', '+')}/{change.commit}"


def run_tools(context: Context, snippets: Sequence[Snippet]) -> list[Tool]:
    """Every installed tool on the files of all changes; ESLint's security plugin once more without the other."""
    folder = context.data / "sets" / "replays" / FOLDER
    tools = run_peers(context, folder, snippets, (BANDIT, RUFF_S, PYLINT, ESLINT))
    security = [
        only_rules(one, "security/", "eslint-plugin-security") for one in tools if one.name.startswith("ESLint")
    ]
    return [*tools, *security]


def list_results(tool: Tool, name: str, change: MergedChange, added: Iterable[Place]) -> list[Comment]:
    """A tool's results that meet added lines of a change, each at the first of these."""
    root = f"{FOLDER}/{_root(name, change)}"
    lines: dict[str, list[int]] = {}
    for path, line in sorted(added):
        lines.setdefault(path, []).append(line)
    return [
        Comment(result.rule, path, met[0])
        for path, own in lines.items()
        for result in tool.results.get(f"{root}/{path}", ())
        if (met := [line for line in own if result.first_line <= line <= result.last_line])
    ]


def keep_added(found: Mapping[str, Iterable[Comment]], added: frozenset[Place]) -> dict[str, list[Comment]]:
    """The comments on added lines."""
    return {name: [one for one in comments if one.place in added] for name, comments in found.items()}
