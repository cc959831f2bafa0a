"""What the installed tools say of files of repositories; of popular packages every result is an alarm.

Tools read the files that count and no others, in batches (`peers`).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.evaluation.linters import BANDIT, ESLINT, PYLINT, RUFF_BUGS, RUFF_S
from benchmarks.evaluation.packages import Package
from benchmarks.evaluation.parts import Context
from benchmarks.evaluation.peers import choose_rules, only_rules, run_peers
from benchmarks.evaluation.sarif import Tool, read_tool
from benchmarks.evaluation.snippets import Snippet
from dataset_curation.harvesting import file_name

_ASSERT = frozenset({"B101", "S101"})  # a third and more of what Bandit and Ruff say


def run_tools(context: Context, packages: Sequence[Package]) -> list[Tool]:
    """The tools on all packages."""
    files = [(one.repository, file) for one in packages for file in one.files]
    return run_installed(context, context.data / "sets" / "alarms" / "popular+packages", files)


def run_installed(context: Context, folder: Path, files: Collection[tuple[str, Snippet]]) -> list[Tool]:
    """The installed tools on files of repositories, parts of them alone, and the tools of `--sarif`.

    Paths of results are those of trees: `owner+name/path`. The files are written below the folder.
    """
    snippets = [Snippet(f"{file_name(repository)}/{file.path}", file.text) for repository, file in files]
    repositories = {repository for repository, _ in files}
    given = [read_tool(name, sarif, repositories) for name, sarif in context.tools.items()]
    runners = (BANDIT, RUFF_S, RUFF_BUGS, PYLINT, ESLINT)
    found = run_peers(replace(context, tools={}), folder, snippets, runners)
    return [*(part for one in found for part in _parts_of(_below(one, folder.name))), *given]


def _below(tool: Tool, folder: str) -> Tool:
    """The tool with paths from a folder on."""
    return replace(tool, results={path.removeprefix(f"{folder}/"): found for path, found in tool.results.items()})


def _parts_of(tool: Tool) -> list[Tool]:
    if tool.name.startswith(ESLINT.name):
        return [only_rules(tool, f"{name}/", f"eslint-plugin-{name}") for name in ("security", "sonarjs")]
    if tool.name.startswith((BANDIT.name, RUFF_S.name)):
        return [tool, choose_rules(tool, lambda rule: rule not in _ASSERT, f"{tool.name} without assert")]
    return [tool]


def count_results(tool: Tool, packages: Iterable[Package]) -> dict[str, float]:
    """The results of a tool in each package's product code."""
    return {one.repository: float(sum(len(tool.results.get(path, ())) for path in _places(one))) for one in packages}


def count_rules(tool: Tool, packages: Iterable[Package]) -> Counter[str]:
    """A tool's results in product code, by rule."""
    places = [path for one in packages for path in _places(one)]
    return Counter(result.rule for place in places for result in tool.results.get(place, ()))


def _places(package: Package) -> list[str]:
    """Where a package's files lie."""
    return [f"{file_name(package.repository)}/{path}" for path in package.paths]
