"""Other tools, where they are installed, over the same snippets: their results by path and line.

Bandit and Ruff's security rules for Python, pylint's errors and warnings where asked for, ESLint with its plugins for
JavaScript and TypeScript. Further tools come by `--sarif` over the folder that `write_snippets` makes.
"""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any  # JSON documents

import numpy as np

from benchmarks.evaluation.figures import Floats
from benchmarks.evaluation.parts import Context, EvaluationError
from benchmarks.evaluation.sarif import Result, Tool, read_tool
from benchmarks.evaluation.snippets import Snippet
from benchmarks.review import find_program

_CHUNK = 200
_SYNTAX = frozenset({"invalid-syntax", "syntax-error", "E999"})
_ESLINT_CONFIG = """
import parser from "@typescript-eslint/parser";
import security from "eslint-plugin-security";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
let sonarjs = null;
try { sonarjs = require("eslint-plugin-sonarjs"); } catch { /* not installed */ }
const files = ["**/*.js", "**/*.mjs", "**/*.cjs", "**/*.jsx", "**/*.ts", "**/*.tsx"];
const languageOptions = { parser, parserOptions: { ecmaFeatures: { jsx: true } } };
const rules = (plugin) => (plugin.configs.recommended.rules ?? {});
export default [
  { files, languageOptions, plugins: { security }, rules: rules(security) },
  ...(sonarjs ? [{ files, plugins: { sonarjs }, rules: rules(sonarjs) }] : []),
];
"""


@dataclass(frozen=True, slots=True)
class Runner:
    """How a tool is run on a folder: what it is called, the suffixes it reads, and what gives its results."""

    name: str
    suffixes: frozenset[str]
    run: Callable[[Path, Sequence[str], Context], Tool | None]


def write_snippets(folder: Path, snippets: Iterable[Snippet]) -> None:
    """The snippets as files, those of an earlier run replaced."""
    for one in folder.rglob("*") if folder.exists() else ():
        if one.is_file():
            one.unlink()
    for snippet in snippets:
        place = folder / snippet.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(snippet.text, encoding="utf-8", errors="replace", newline="\n")


def run_peers(context: Context, folder: Path, snippets: Sequence[Snippet], runners: Sequence[Runner]) -> list[Tool]:
    """Each installed tool on the snippets, written below the folder; then the tools of `--sarif` that read it."""
    write_snippets(folder, snippets)
    tools = []
    for runner in runners:
        paths = [one.path for one in snippets if Path(one.path).suffix in runner.suffixes]
        tool = runner.run(folder, paths, context) if paths else None
        if tool is not None:
            tools.append(tool)
    return [*tools, *_given(context, folder.name)]


def _given(context: Context, name: str) -> Iterator[Tool]:
    for tool, files in context.tools.items():
        try:
            yield read_tool(tool, files, [name.replace("+", "/", 1)])
        except EvaluationError:
            continue  # it read other folders


def flag_snippets(tool: Tool, folder: str, snippets: Sequence[Snippet], cwes: Sequence[int | None] = ()) -> Floats:
    """1 where a tool has a result in a snippet; with `cwes`, one of a rule that names the snippet's: float64 [N]."""
    wanted = cwes or [None] * len(snippets)
    return np.array(
        [
            any(cwe is None or cwe in one.cwes for one in tool.results.get(f"{folder}/{snippet.path}", ()))
            for snippet, cwe in zip(snippets, wanted, strict=True)
        ],
        dtype=np.float64,
    )


def only_rules(tool: Tool, prefix: str, name: str) -> Tool:
    """What a tool says by rules whose names begin so, under another name."""
    own = {path: [one for one in found if one.rule.startswith(prefix)] for path, found in tool.results.items()}
    return Tool(name, {path: found for path, found in own.items() if found})


def find_tool(name: str) -> list[str]:
    """The command of a tool: its program, else its module in this interpreter; empty when it is not installed."""
    program = find_program(name)
    if program is not None:
        return [program]
    return [sys.executable, "-m", name] if find_spec(name) is not None else []


def _run(command: Sequence[str], folder: Path) -> bytes:
    return subprocess.run(list(command), cwd=folder, capture_output=True, check=False).stdout  # a linter: reads only


def _python_tool(name: str, arguments: Sequence[str]) -> Callable[[Path, Sequence[str], Context], Tool | None]:
    def run(folder: Path, paths: Sequence[str], context: Context) -> Tool | None:
        del paths, context
        command = find_tool(name.split(maxsplit=1)[0].lower())
        if not command:
            return None
        output = folder.parent / f"{folder.name}.{name.split(maxsplit=1)[0].lower()}.sarif"
        target = [one.replace("OUTPUT", str(output)) for one in arguments]
        output.unlink(missing_ok=True)  # what an earlier run said
        done = _run([*command, *target, folder.name], folder.parent)
        if not any("OUTPUT" in one for one in arguments):
            output.write_bytes(done)
        if not output.is_file() or not output.stat().st_size:
            raise EvaluationError(f"{name}: expected SARIF over {folder.name}, found nothing: did it break off?")
        try:
            tool = read_tool(name, [output], [folder.name.replace("+", "/", 1)])
        except EvaluationError:
            tool = Tool(name, {})
        return _set_apart(tool, _count_errors(output))

    return run


def _count_errors(output: Path) -> int:
    """Files that a tool says it could not read, in its SARIF."""
    runs = json.loads(output.read_text("utf-8") or "{}").get("runs", ())
    calls = [one for run in runs for one in run.get("invocations", ())]
    return sum(len(one.get("toolConfigurationNotifications", ())) for one in calls)


def _set_apart(tool: Tool, num_errors: int) -> Tool:
    """The tool without complaints about syntax, which are no findings; its name says how many files it did not read."""
    sound = {path: [one for one in found if one.rule not in _SYNTAX] for path, found in tool.results.items()}
    num_unread = num_errors + sum(len(found) < len(tool.results[path]) for path, found in sound.items())
    name = f"{tool.name} ({num_unread} files unread)" if num_unread else tool.name
    return Tool(name, {path: found for path, found in sound.items() if found})


def _run_pylint(folder: Path, paths: Sequence[str], context: Context) -> Tool | None:
    del context
    command = find_tool("pylint")
    if not command:
        return None
    results: dict[str, list[Result]] = defaultdict(list)
    options = ["--disable=all", "--enable=E,W", "--output-format=json2", "--persistent=n", "--rcfile=/dev/null"]
    for chunk in _chunks(paths):
        output = _run([*command, *options, *chunk], folder)
        for one in json.loads(output or b"{}").get("messages", ()):
            path = f"{folder.name}/{Path(one['path']).as_posix()}"
            last = one.get("endLine") or one["line"]
            results[path].append(Result(path, one["line"], last, one["symbol"], frozenset()))
    return _set_apart(Tool("pylint", dict(results)), 0)


def _run_eslint(folder: Path, paths: Sequence[str], context: Context) -> Tool | None:
    if context.eslint is None:
        return None
    config = context.eslint / "evaluation.config.mjs"
    config.write_text(_ESLINT_CONFIG, encoding="utf-8")
    program = context.eslint / "node_modules/eslint/bin/eslint.js"
    options = ["-c", str(config), "--no-ignore", "--no-inline-config", "-f", "json"]
    results: dict[str, list[Result]] = defaultdict(list)
    for chunk in _chunks([str((folder / path).resolve()) for path in paths]):
        output = _run(["node", str(program), *options, *chunk], Path("/"))
        for file in json.loads(output or b"[]"):
            path = f"{folder.name}/{Path(file['filePath']).relative_to(folder.resolve()).as_posix()}"
            results[path] += [_eslint_result(path, one) for one in file["messages"] if one.get("ruleId")]
    return Tool("ESLint, security and sonarjs", {path: found for path, found in results.items() if found})


def _eslint_result(path: str, message: dict[str, Any]) -> Result:
    first = message["line"]
    return Result(path, first, message.get("endLine") or first, message["ruleId"], frozenset())


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


_PYTHON = frozenset({".py"})
_RUFF = (
    "check",
    "--isolated",
    "--no-cache",
    "--ignore-noqa",
    "--no-respect-gitignore",
    "--exit-zero",
    "--target-version",
    "py313",
)
BANDIT = Runner(
    "Bandit",
    _PYTHON,
    _python_tool("Bandit", ("-r", "-q", "--ignore-nosec", "-f", "sarif", "-o", "OUTPUT")),
)
RUFF_S = Runner("Ruff S", _PYTHON, _python_tool("Ruff S", (*_RUFF, "--select", "S", "--output-format", "sarif")))
RUFF_PERF = Runner(
    "Ruff PERF", _PYTHON, _python_tool("Ruff PERF", (*_RUFF, "--select", "PERF,C4", "--output-format", "sarif"))
)
RUFF_BUGS = Runner(
    "Ruff F, B, PL", _PYTHON, _python_tool("Ruff F, B, PL", (*_RUFF, "--select", "F,B,PL", "--output-format", "sarif"))
)
PYLINT = Runner("pylint", _PYTHON, _run_pylint)
ESLINT = Runner("ESLint", frozenset({".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx"}), _run_eslint)
