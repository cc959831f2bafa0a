"""Other tools, where they are installed, over the same snippets: their results by path and line.

Files are read in batches, and what a tool says of a batch is kept. A batch that a tool breaks off at, or is not through
with in time, is halved until the file is alone that stops it; this one counts as unread. Which tools there are and how
they are run is in `linters`. Further ones come by `--sarif` over the folder that `write_snippets` makes.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any  # JSON documents

import numpy as np

from benchmarks.evaluation.figures import Floats
from benchmarks.evaluation.keeping import Keep
from benchmarks.evaluation.parts import Context, EvaluationError
from benchmarks.evaluation.sarif import Result, Tool, read_tool
from benchmarks.evaluation.snippets import Snippet

_log = logging.getLogger(__name__)
_BATCH_FILES = 200
_BATCH_CHARACTERS = 400_000


@dataclass(frozen=True, slots=True)
class Runner:
    """How a tool is run: its name, the suffixes it reads, what names its version and options, what gives its results.

    `identify` gives "" where the tool is not installed. `run` is given a folder and the paths in it; it raises
    EvaluationError when the tool breaks off.
    """

    name: str
    suffixes: frozenset[str]
    identify: Callable[[Context], str]
    run: Callable[[Path, Sequence[str], Context], Tool]


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
    """Each installed tool on the snippets; then the tools of `--sarif` that read the folder they are written to."""
    tools = []
    for runner in runners:
        own = [one for one in snippets if Path(one.path).suffix in runner.suffixes]
        identity = runner.identify(context) if own else ""
        if identity:
            tools.append(_run_batches(context, folder.name, own, runner, identity))
    write_snippets(folder, snippets)
    return [*map(_name_unread, tools), *_given(context, folder.name)]


def _run_batches(context: Context, name: str, snippets: Sequence[Snippet], runner: Runner, identity: str) -> Tool:
    keep = Keep(context.data / "sets" / "told")
    scratch = context.data / "sets" / "batch" / name
    results: dict[str, list[Result]] = {}
    num_unread = 0
    batches = list(_batches(snippets))
    for number, batch in enumerate(batches, start=1):
        parts = [identity, name, *(text for one in batch for text in (one.path, one.text))]
        told = keep.recall(parts, partial(_tell, context, scratch, batch, runner))
        tool = _from_json(runner.name, told)
        results |= {path: list(found) for path, found in tool.results.items()}
        num_unread += tool.num_unread
        _log.info("%s: batch %d of %d", runner.name, number, len(batches))
    return Tool(runner.name, results, num_unread)


def _batches(snippets: Iterable[Snippet]) -> Iterator[list[Snippet]]:
    batch: list[Snippet] = []
    num_characters = 0
    for one in snippets:
        if batch and (len(batch) == _BATCH_FILES or num_characters + len(one.text) > _BATCH_CHARACTERS):
            yield batch
            batch, num_characters = [], 0
        batch.append(one)
        num_characters += len(one.text)
    if batch:
        yield batch


def _tell(context: Context, folder: Path, snippets: Sequence[Snippet], runner: Runner) -> dict[str, Any]:
    return _to_json(_run_halving(context, folder, snippets, runner))


def _run_halving(context: Context, folder: Path, snippets: Sequence[Snippet], runner: Runner) -> Tool:
    write_snippets(folder, snippets)
    try:
        return runner.run(folder, [one.path for one in snippets], context)
    except EvaluationError as error:
        if len(snippets) == 1:
            _log.warning("%s: unread: %s", snippets[0].path, error)
            return Tool(runner.name, {}, 1)
    middle = len(snippets) // 2
    first, second = (_run_halving(context, folder, half, runner) for half in (snippets[:middle], snippets[middle:]))
    return Tool(runner.name, {**first.results, **second.results}, first.num_unread + second.num_unread)


def _to_json(tool: Tool) -> dict[str, Any]:
    rows = {
        path: [(one.first_line, one.last_line, one.rule, sorted(one.cwes)) for one in found]
        for path, found in tool.results.items()
    }
    return {"results": rows, "unread": tool.num_unread}


def _from_json(name: str, told: dict[str, Any]) -> Tool:
    results = {
        path: [Result(path, first, last, rule, frozenset(cwes)) for first, last, rule, cwes in found]
        for path, found in told["results"].items()
    }
    return Tool(name, results, told["unread"])


def _name_unread(tool: Tool) -> Tool:
    """The tool under a name that says how many files it did not read."""
    return replace(tool, name=f"{tool.name} ({tool.num_unread} files unread)") if tool.num_unread else tool


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
    return choose_rules(tool, lambda rule: rule.startswith(prefix), name)


def choose_rules(tool: Tool, is_wanted: Callable[[str], bool], name: str) -> Tool:
    """What a tool says by some of its rules, under another name."""
    results: dict[str, list[Result]] = defaultdict(list)
    for path, found in tool.results.items():
        results[path] += [one for one in found if is_wanted(one.rule)]
    return Tool(name, {path: found for path, found in results.items() if found}, tool.num_unread)
