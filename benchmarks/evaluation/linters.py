"""How other tools are run: Bandit, Ruff and pylint for Python, ESLint with its plugins for JavaScript and TypeScript.

Of pylint those messages count that mean a defect to it, its errors and warnings: neither refactoring nor convention,
and not the three that say that an imported module is not there, for files are read without what they import.
"""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any  # JSON documents

from benchmarks.evaluation.parts import Context, EvaluationError
from benchmarks.evaluation.peers import Runner
from benchmarks.evaluation.sarif import Result, Tool, read_results
from benchmarks.review import find_program
from reviewer.cache import write_atomically

_TIMEOUT_S = 300.0  # for a batch; what takes longer is halved, and a file alone counts as unread
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
_ESLINT_PACKAGES = ("eslint", "eslint-plugin-security", "eslint-plugin-sonarjs", "@typescript-eslint/parser")
_NODE_HEAP_MB = 8_192


def _run(command: Sequence[str], folder: Path) -> bytes:
    """What a linter writes: it reads only. Raises EvaluationError when it takes too long."""
    try:
        done = subprocess.run(list(command), cwd=folder, capture_output=True, check=False, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise EvaluationError(f"{command[0]}: expected an end within {_TIMEOUT_S:.0f} s, found none") from error
    return done.stdout


def _parse(output: bytes, name: str) -> Any:
    try:
        return json.loads(output)
    except ValueError as error:
        raise EvaluationError(f"{name}: expected JSON, found {output[:80]!r}: did it break off?") from error


# Python ---------------------------------------------------------------------------------------------------------------


def find_tool(name: str) -> list[str]:
    """The command of a tool: its program, else its module in this interpreter; empty when it is not installed."""
    program = find_program(name)
    if program is not None:
        return [program]
    return [sys.executable, "-m", name] if find_spec(name) is not None else []


def _make_python(name: str, arguments: Sequence[str]) -> Runner:
    """A tool that reads a folder and writes SARIF, to OUTPUT where its arguments name it, else to standard output."""
    program = name.split(maxsplit=1)[0].lower()

    def run(folder: Path, paths: Sequence[str], context: Context) -> Tool:
        del paths, context
        output = folder.parent / f"{folder.name}.{program}.sarif"
        output.unlink(missing_ok=True)  # what an earlier run said
        target = [one.replace("OUTPUT", str(output)) for one in arguments]
        done = _run([*find_tool(program), *target, folder.name], folder.parent)
        if "OUTPUT" not in arguments:
            output.write_bytes(done)
        document = _parse(output.read_bytes() if output.is_file() else b"", name)
        return _set_apart(name, read_results([output], {folder.name}), _count_errors(document))

    return Runner(name, frozenset({".py"}), lambda _: _identify(program, arguments), run)


def _identify(program: str, arguments: Sequence[str]) -> str:
    command = find_tool(program)
    return (
        " ".join((_run([*command, "--version"], Path.cwd()).decode("utf-8", "replace"), *arguments)) if command else ""
    )


def _count_errors(document: Mapping[str, Any]) -> int:
    """Files that a tool says it could not read, in its SARIF."""
    calls = [one for run in document.get("runs", ()) for one in run.get("invocations", ())]
    return sum(len(one.get("toolConfigurationNotifications", ())) for one in calls)


def _set_apart(name: str, results: Mapping[str, Sequence[Result]], num_errors: int) -> Tool:
    """The tool without complaints about syntax, which are no findings: files with one are unread."""
    sound = {path: [one for one in found if one.rule not in _SYNTAX] for path, found in results.items()}
    num_unread = num_errors + sum(len(found) < len(results[path]) for path, found in sound.items())
    return Tool(name, {path: found for path, found in sound.items() if found}, num_unread)


_PYLINT = (
    "--disable=all",
    "--enable=E,W",
    "--disable=import-error,no-name-in-module,relative-beyond-top-level",
    "--output-format=json2",
    "--persistent=n",
    "--rcfile=/dev/null",
)


def _run_pylint(folder: Path, paths: Sequence[str], context: Context) -> Tool:
    del context
    results: dict[str, list[Result]] = defaultdict(list)
    document = _parse(_run([*find_tool("pylint"), *_PYLINT, *paths], folder), "pylint")
    for one in document["messages"]:
        path = f"{folder.name}/{Path(one['path']).as_posix()}"
        results[path].append(Result(path, one["line"], one.get("endLine") or one["line"], one["symbol"], frozenset()))
    return _set_apart("pylint", results, 0)


# JavaScript -----------------------------------------------------------------------------------------------------------


def _identify_eslint(context: Context) -> str:
    if context.eslint is None:
        return ""
    files = [context.eslint / "node_modules" / name / "package.json" for name in _ESLINT_PACKAGES]
    versions = [json.loads(file.read_text("utf-8"))["version"] for file in files if file.is_file()]
    return " ".join((*versions, _ESLINT_CONFIG))


def _run_eslint(folder: Path, paths: Sequence[str], context: Context) -> Tool:
    assert context.eslint is not None, "it was identified"
    config = context.eslint / "evaluation.config.mjs"
    write_atomically(config, _ESLINT_CONFIG.encode())  # another run may be reading it
    program = context.eslint / "node_modules/eslint/bin/eslint.js"
    node = ["node", f"--max-old-space-size={_NODE_HEAP_MB}", str(program)]
    options = ["-c", str(config), "--no-ignore", "--no-inline-config", "-f", "json"]
    output = _run([*node, *options, *(str((folder / path).resolve()) for path in paths)], Path("/"))
    results: dict[str, list[Result]] = {}
    num_unread = 0
    for file in _parse(output, "ESLint"):
        path = f"{folder.name}/{Path(file['filePath']).relative_to(folder.resolve()).as_posix()}"
        results[path] = list(_eslint_results(path, file["messages"]))
        num_unread += any(one.get("fatal") for one in file["messages"])
    return Tool("ESLint, security and sonarjs", {path: found for path, found in results.items() if found}, num_unread)


def _eslint_results(path: str, messages: Iterable[Mapping[str, Any]]) -> Iterable[Result]:
    for one in messages:
        if one.get("ruleId"):
            yield Result(path, one["line"], one.get("endLine") or one["line"], one["ruleId"], frozenset())


_RUFF = (
    "check",
    "--isolated",
    "--no-cache",
    "--ignore-noqa",
    "--no-respect-gitignore",
    "--exit-zero",
    "--target-version",
    "py313",
    "--output-format",
    "sarif",
)
BANDIT = _make_python("Bandit", ("-r", "-q", "--ignore-nosec", "-f", "sarif", "-o", "OUTPUT"))
RUFF_S = _make_python("Ruff S", (*_RUFF, "--select", "S"))
RUFF_PERF = _make_python("Ruff PERF", (*_RUFF, "--select", "PERF,C4"))
RUFF_BUGS = _make_python("Ruff F, B, PL", (*_RUFF, "--select", "F,B,PL"))
PYLINT = Runner("pylint", frozenset({".py"}), lambda _: _identify("pylint", _PYLINT), _run_pylint)
ESLINT = Runner(
    "ESLint, security and sonarjs",
    frozenset({".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx"}),
    _identify_eslint,
    _run_eslint,
)
