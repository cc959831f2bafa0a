"""Runs a composite GitHub Action on this machine, for tests: its scripts by bash, with files and variables of a job.

What an action is documented to see is there: inputs with defaults, the event, outputs of earlier steps, the file of
outputs and the one of the summary. Steps that use other actions are recorded with what they would get, and not run. Of
expressions names, text, `==`, `!=`, `!`, `&&`, `||` and brackets are understood; anything else is an error.
https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any  # contexts are JSON, actions are YAML

import yaml

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.S)
_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>[A-Za-z_][\w.-]*)|(?P<sign>==|!=|&&|\|\||[!()]))")
_FILES = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")


class ActionError(Exception):
    """An action that the runner cannot read."""


@dataclass(frozen=True, slots=True)
class Used:
    """A step that uses another action: its name and version, and its inputs."""

    action: str
    inputs: Mapping[str, str]


@dataclass(slots=True)
class ActionRun:
    """What a run came to: the log of its scripts, the actions used, its outputs, the exit code of the failing step."""

    log: str = ""
    used: list[Used] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class ActionRunner:
    """A machine for one job. `outputs` are those of steps that use other actions, by the id of the step."""

    action: Path
    workspace: Path
    temp: Path
    github: Mapping[str, Any]
    environment: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def run(self, inputs: Mapping[str, str] | None = None) -> ActionRun:
        """Runs the steps in order until one fails. Raises ActionError for what is not understood."""
        definition = yaml.safe_load((self.action / "action.yml").read_text("utf-8"))
        unknown = sorted(set(inputs or {}) - set(definition["inputs"]))
        if unknown:
            raise ActionError(f"inputs: expected some of {sorted(definition['inputs'])}, found {unknown}")
        contexts: dict[str, Any] = {
            "github": {**self.github, "action_path": str(self.action)},
            "runner": {"os": "Linux", "temp": str(self.temp)},
            "steps": {},
        }
        defaults = {name: expand(str(one.get("default", "")), contexts) for name, one in definition["inputs"].items()}
        contexts["inputs"] = {**defaults, **(inputs or {})}
        run = ActionRun()
        for step in definition["runs"]["steps"]:
            if is_true(evaluate(_strip(step.get("if", "true")), contexts)) and run.exit_code == 0:
                outputs = self._take(step, contexts, run)
                contexts["steps"][step.get("id", "")] = {"outputs": outputs}
        run.outputs = {name: expand(one["value"], contexts) for name, one in definition["outputs"].items()}
        return run

    def _take(self, step: Mapping[str, Any], contexts: Mapping[str, Any], run: ActionRun) -> Mapping[str, str]:
        """One step; its outputs."""
        if "uses" in step:
            inputs = {name: expand(_write(value), contexts) for name, value in step.get("with", {}).items()}
            run.used.append(Used(step["uses"], inputs))
            return self.outputs.get(step.get("id", ""), {})
        if step["shell"] != "bash" or _EXPRESSION.search(step["run"]):
            raise ActionError(f"{step.get('id')}: expected bash without expressions in its script, found other")
        files = {name: self.temp / f"{name.lower()}-{len(run.log)}" for name in _FILES}
        for file in files.values():
            file.write_text("", "utf-8")
        script = self.temp / "script.sh"
        script.write_text(step["run"], "utf-8")
        variables = {name: expand(_write(value), contexts) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            # https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#exit-codes-and-error-action-preference
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace,
            env={**self._make_environment(), **{name: str(file) for name, file in files.items()}, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        run.log += done.stdout.decode("utf-8", "replace")
        run.summary += files["GITHUB_STEP_SUMMARY"].read_text("utf-8")
        run.exit_code = done.returncode
        lines = files["GITHUB_OUTPUT"].read_text("utf-8").splitlines()
        return {name: value for name, _, value in (line.partition("=") for line in lines)}

    def _make_environment(self) -> dict[str, str]:
        """The variables of a job, and none of this machine's but the path."""
        event = self.temp / "event.json"
        event.write_text(json.dumps(self.github.get("event", {})), "utf-8")
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.temp),
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": str(self.github.get("event_name", "")),
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": str(self.github.get("repository", "")),
            "RUNNER_TEMP": str(self.temp),
            **self.environment,
        }


def install_reviewer(folder: Path, model: Path) -> None:
    """What the first use in a job leaves: this checkout, with a model that finds every candidate likely."""
    folder.mkdir(parents=True)
    code = (
        "import sys; from pathlib import Path; from reviewer.cli import main;"
        "from reviewer.cli.session import read_session; from reviewer.graph_engine import GraphEngine;"
        f"main(sys.argv[1:], read_session(GraphEngine(Path({str(model)!r}))))"
    )
    (folder / "reviewer").write_text(f'#!/bin/sh\nexec \'{sys.executable}\' -I -c "{code}" "$@"\n', "utf-8")
    (folder / "reviewer").chmod(0o755)
    (folder / "python").symlink_to(sys.executable)


def expand(text: str, contexts: Mapping[str, Any]) -> str:
    """Text with its expressions replaced by their values."""
    return _EXPRESSION.sub(lambda match: _write(evaluate(match[1], contexts)), text)


def evaluate(expression: str, contexts: Mapping[str, Any]) -> Any:
    """The value of an expression; a name that leads nowhere is null. Raises ActionError for what is not understood."""
    parser = _Parser(expression, contexts)
    value = parser.read_or()
    if parser.rest:
        raise ActionError(f"{expression}: expected its end, found {parser.rest[0]!r}")
    return value


def is_true(value: Any) -> bool:
    """Whether a value counts as true: null, false, 0 and empty text do not."""
    return bool(value)


def _strip(condition: object) -> str:
    text = _write(condition).strip()
    whole = _EXPRESSION.fullmatch(text)
    return whole[1] if whole else text


def _write(value: Any) -> str:
    """A value as text."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Parser:
    """Reads one expression from left to right; each level of precedence is a method."""

    def __init__(self, expression: str, contexts: Mapping[str, Any]) -> None:
        self._contexts = contexts
        self.rest: list[str] = []
        at = 0
        while expression[at:].strip():
            match = _TOKEN.match(expression, at)
            if match is None:
                raise ActionError(f"{expression}: expected a name, text or sign at {expression[at:]!r}")
            self.rest.append(match[0].strip())
            at = match.end()

    def read_or(self) -> Any:
        """`a || b`: the first that is true, else the last."""
        value = self._read_and()
        while self._take("||"):
            other = self._read_and()
            value = value if is_true(value) else other
        return value

    def _read_and(self) -> Any:
        value = self._read_comparison()
        while self._take("&&"):
            other = self._read_comparison()
            value = other if is_true(value) else value
        return value

    def _read_comparison(self) -> Any:
        """Texts are compared without regard to case, and null as empty text."""
        value = self._read_value()
        for sign in ("==", "!="):
            if self._take(sign):
                return (_write(value).lower() == _write(self._read_value()).lower()) is (sign == "==")
        return value

    def _read_value(self) -> Any:
        if self._take("!"):
            return not is_true(self._read_value())
        if self._take("("):
            value = self.read_or()
            if not self._take(")"):
                raise ActionError(f"expected a closing bracket, found {self.rest}")
            return value
        token = self.rest.pop(0)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token in ("true", "false"):
            return token == "true"
        value = self._contexts
        for name in token.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    def _take(self, sign: str) -> bool:
        is_next = bool(self.rest) and self.rest[0] == sign
        if is_next:
            self.rest.pop(0)
        return is_next
