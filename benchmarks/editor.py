"""What an editor feels: diagnostics after opening and after a keystroke, memory, and thousands of edits in a row.

Each server runs as a process and is spoken to as an editor does. Times are from the change to its diagnostics, with the
debounce set to zero where a server has one. *key* is a keystroke anywhere in a function, *head* one before its body: in
names, parameters and decorators, which others see. Both are a letter more inside a word, then the letter less.
*line* is what stands on a line of a body, taken out, then typed again, blanks, brackets and quotes included.
"""

import asyncio
import os
import random
import re
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import click
from lsprotocol import types

from benchmarks.review import find_program, write_json
from ide_plugin_server.convert import Encoding
from ide_plugin_server.scribbling import Scribbler, find_extents
from ide_plugin_server.testing import Editor, list_reported, list_shown, open_session, use_code_points
from reviewer.source import Span

_LANGUAGES = {".py": "python", ".js": "javascript", ".ts": "typescript", ".tsx": "typescriptreact"}
_LANGUAGES |= {".java": "java", ".cs": "csharp"}
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PAUSE_S = 0.1  # of a fast typist
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_WORD = re.compile(rb"[a-z]{3,}")
_KEYWORDS = re.compile(
    "await|boolean|break|case|catch|char|class|const|continue|def|default|del|double|elif|else|except|extends|finally|float|"
    "foreach|from|function|global|import|int|lambda|let|long|namespace|new|nonlocal|null|override|pass|private|protected|"
    "public|raise|return|static|string|switch|this|throw|throws|try|typeof|using|var|void|while|with|yield"
)


@dataclass(frozen=True, slots=True)
class Peer:
    """A language server to measure; `reads` are the endings of what it looks at."""

    name: str
    command: tuple[str, ...]
    reads: tuple[str, ...] = tuple(_LANGUAGES)


@dataclass(slots=True)
class Measured:
    """Milliseconds of one server on one file."""

    opening: list[float] = field(default_factory=list)
    keys: list[float] = field(default_factory=list)
    heads: list[float] = field(default_factory=list)
    lines: list[float] = field(default_factory=list)


def find_peers(core: int | None = None) -> list[Peer]:
    """Ours, and those of Ruff and Semgrep where they are installed; their processes on one core, where one is given."""
    pinned = () if core is None else ("taskset", "--cpu-list", str(core))
    found = []
    for name, program, arguments, reads in (
        ("graph-reviewer", "reviewer", ("lsp",), tuple(_LANGUAGES)),
        ("ruff server", "ruff", ("server",), (".py",)),
        ("semgrep lsp", "semgrep", ("lsp",), tuple(_LANGUAGES)),
    ):
        path = find_program(program)
        if path is not None:
            found.append(Peer(name, (*pinned, path, *arguments), reads))
    return found


def list_keystrokes(
    file: Path, chooser: random.Random, count: int, *, in_heads: bool = False
) -> Iterator[types.TextDocumentContentChangeEvent]:
    """A letter more inside a word of a function, then the letter less, at random places.

    `in_heads`: only in what stands before its body, its name and decorators among them.
    """
    content = file.read_bytes()
    bodies, heads = find_extents(content, file.name)
    starts = [one.start() + 1 for one in _WORD.finditer(content) if not _KEYWORDS.fullmatch(one[0].decode())]
    inside = [at for at in starts if _holds(heads, at) or (not in_heads and _holds(bodies, at))]
    places = [
        (content.count(b"\n", 0, at), at - line_start)
        for at in inside
        if content[(line_start := content.rfind(b"\n", 0, at) + 1) : at].isascii()
    ]
    for _ in range(count // 2 if places else 0):
        line, at = chooser.choice(places)
        here, behind = types.Position(line, at), types.Position(line, at + 1)
        yield types.TextDocumentContentChangePartial(types.Range(here, here), "x")
        yield types.TextDocumentContentChangePartial(types.Range(here, behind), "")


def list_lines(file: Path, chooser: random.Random, count: int) -> Iterator[types.TextDocumentContentChangeEvent]:
    """What stands on a line of a function's body goes and is typed again by character; further lines, up to a count.

    Brackets and quotes come in pairs, as editors put them; typing the second one is no change.
    """
    content = file.read_text("utf-8").encode()
    bodies, _ = find_extents(content, file.name)
    lines = content.split(b"\n")[:-1]
    starts = accumulate((len(line) + 1 for line in lines), initial=0)
    typed = [
        (number, len(line) - len(line.lstrip()), line.strip().decode())
        for number, (line, start) in enumerate(zip(lines, starts, strict=False))
        if line.isascii()
        and _holds(bodies, start + len(line) - 1)
        and _holds(bodies, start + len(line) - len(line.lstrip()))
        and line.strip()
        and not close_pairs(line.strip().decode())
    ]
    while typed and count > 0:
        number, indent, text = chooser.choice(typed)
        shown = text
        for length in range(len(text) + 1):
            now = text[:length] + close_pairs(text[:length])
            if now != shown:
                start, end = (types.Position(number, indent + at) for at in (0, len(shown)))
                yield types.TextDocumentContentChangePartial(types.Range(start, end), now)
                count -= 1
            shown = now


def close_pairs(typed: str) -> str:
    """The quote and the brackets that are open behind a text."""
    closing: list[str] = []
    quote, is_escaped = "", False
    for character in typed:
        if quote:
            is_end = character == quote and not is_escaped
            is_escaped = character == "\\" and not is_escaped
            quote = "" if is_end else quote
        elif character in "\"'`":
            quote = character
        elif character in _PAIRS:
            closing.append(_PAIRS[character])
        elif closing and character == closing[-1]:
            closing.pop()
    return quote + "".join(reversed(closing))


def _holds(spans: Sequence[Span], at: int) -> bool:
    return any(one.start <= at < one.end for one in spans)


async def measure_file(peer: Peer, file: Path, num_edits: int, num_openings: int) -> Measured:
    """Opens a file several times, then types in it."""
    found = Measured()
    text, language = file.read_text("utf-8"), _LANGUAGES[file.suffix]
    chooser = random.Random(5)
    with tempfile.TemporaryDirectory() as scratch:
        folder, data = Path(scratch) / "project", Path(scratch) / "data"
        folder.mkdir()
        data.mkdir()
        (folder / file.name).write_text(text, "utf-8")
        editor = Editor(settings={"debounceMs": 0}, command=peer.command)
        async with open_session([folder], data, editor) as session:
            first = session.open(folder / f"first{file.suffix}", text, language)  # until then the server is starting
            await session.wait_until(lambda: bool(session.published.get(first)))
            session.close(first)
            for number in range(num_openings):
                await asyncio.sleep(_PAUSE_S)
                opened = folder / f"opened{number}{file.suffix}"
                start = time.perf_counter()
                uri = session.open(opened, text, language)
                await session.wait_until(lambda uri=uri: bool(session.published.get(uri)))  # type: ignore[misc]
                found.opening.append(1e3 * (time.perf_counter() - start))
                session.close(uri)
            uri = session.open(folder / file.name, text, language)
            await session.wait_until(lambda: bool(session.published.get(uri)))
            for times, changes in (
                (found.keys, list_keystrokes(file, chooser, num_edits)),
                (found.heads, list_keystrokes(file, chooser, num_edits, in_heads=True)),
                (found.lines, list_lines(file, chooser, num_edits)),
            ):
                for change in changes:
                    await asyncio.sleep(_PAUSE_S)
                    start = time.perf_counter()
                    await session.push(uri, session.change(uri, change))
                    times.append(1e3 * (time.perf_counter() - start))
    return found


async def measure_workspace(folder: Path, num_files: int, command: Sequence[str]) -> dict[str, float]:
    """Memory once every file of a folder was reviewed, of the server and of its analysis process."""
    with tempfile.TemporaryDirectory() as scratch:
        data, copy = Path(scratch) / "data", Path(scratch) / "project"
        data.mkdir()
        files = [file for file in sorted(folder.rglob("*")) if file.suffix in _LANGUAGES and file.is_file()][:num_files]
        for file in files:
            target = copy / file.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
        async with open_session([copy], data, Editor(command=command)) as session:
            start = time.perf_counter()
            await session.wait_until(lambda: "ready" in session.statuses, limit_s=3_600)
            await session.client.workspace_execute_command_async(
                types.ExecuteCommandParams("reviewer.reviewWorkspace", [])
            )
            return {
                "files": len(files),
                "seconds": time.perf_counter() - start,
                "MiB": sum(map(resident_mib, list_processes(session.process.pid))),
            }


async def endure(file: Path, num_edits: int, command: Sequence[str]) -> dict[str, float]:
    """Random edits in a row, most of them not waited for: memory, and at each tenth whether the diagnostics are what
    `reviewer check` finds in the text as it is.

    `stale`: how often they were not; `changed`: how often that was something else than in the first text.
    """
    text, language = file.read_bytes().decode(), _LANGUAGES[file.suffix]
    scribbler = Scribbler(text, file.name, random.Random(3), Encoding.UTF32)
    stale, changed, memory = 0, 0, []
    with tempfile.TemporaryDirectory() as scratch:
        folder, data = Path(scratch) / "project", Path(scratch) / "data"
        folder.mkdir()
        data.mkdir()
        (folder / ".reviewer.toml").write_text('select = ["all"]\nmin-probability = 0.0\n')
        (folder / file.name).write_bytes(text.encode())
        first = list_reported(folder)
        editor = Editor(settings={"debounceMs": 5}, adapt=use_code_points, command=command)
        async with open_session([folder], data, editor) as session:
            uri = session.open(folder / file.name, text, language)
            await session.push(uri)
            await session.wait_ready()
            for number in range(1, num_edits + 1):
                version = session.change(uri, *scribbler.edit())
                if number % 20 == 0:
                    await session.push(uri, version)
                if number % (num_edits // 10) == 0:
                    await session.push(uri, version)
                    memory.append(sum(map(resident_mib, list_processes(session.process.pid))))
                    (folder / file.name).write_bytes(scribbler.text.encode())
                    reported = list_reported(folder)
                    stale += list_shown(session, folder) != reported
                    changed += reported != first
            return {
                "edits": num_edits,
                "published": len(session.published[uri]),
                "changed": changed,
                "stale": stale,
                "MiB after a tenth": memory[0],
                "MiB at the end": memory[-1],
            }


def list_processes(pid: int) -> list[int]:
    """A process with those below it."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        children = Path(f"/proc/{one}/task/{one}/children")
        waiting += [int(child) for child in children.read_text().split()] if children.exists() else []
    return found


def resident_mib(pid: int) -> float:
    """The resident size of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 2**20


def percentile(values: Sequence[float], share: float) -> float:
    """The value that a share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--edits", default=200, show_default=True, help="Keystrokes in each file.")
@click.option("--openings", default=20, show_default=True, help="Times that each file is opened.")
@click.option("--core", type=int, default=None, help="Keep the servers on this core, the client off it (Linux).")
@click.option("--workspace", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder for memory.")
@click.option("--workspace-files", default=500, show_default=True, help="How many files of it.")
@click.option("--endure", "num_endured", default=0, help="Random edits in a row in the first file, such as 10000.")
@click.option("--output", type=click.Path(path_type=Path), default=None, help="JSON for machines.")
def editor(  # noqa: PLR0913  # one parameter an option
    *,
    files: tuple[Path, ...],
    edits: int,
    openings: int,
    core: int | None,
    workspace: Path | None,
    workspace_files: int,
    num_endured: int,
    output: Path | None,
) -> None:
    """Language servers on FILES (default: a file of this interpreter's standard library)."""
    peers = find_peers(core)
    if core is not None:
        _leave_core(core)
    chosen = files or (Path(sysconfig.get_paths()["stdlib"]) / "smtplib.py",)
    table: dict[str, object] = {}
    for file in chosen:
        click.echo(f"{file.name}, {file.read_bytes().count(10)} lines; milliseconds, p50 and p95")
        for peer in (one for one in peers if file.suffix in one.reads):
            table[f"{peer.name} {file.name}"] = row = _summarise(peer, file, edits, openings)
            click.echo(f"  {peer.name:16} " + "  ".join(f"{name} {value:7.1f}" for name, value in row.items()))
    if workspace is not None:
        table["workspace"] = asyncio.run(measure_workspace(workspace, workspace_files, peers[0].command))
        click.echo(f"workspace {table['workspace']}")
    if num_endured:
        table["endurance"] = asyncio.run(endure(chosen[0], num_endured, peers[0].command))
        click.echo(f"endurance {table['endurance']}")
    write_json(output, table)


def _leave_core(core: int) -> None:
    """Keeps the client away from the core of the servers, where there is another."""
    others = os.sched_getaffinity(0) - {core} if sys.platform == "linux" else set()
    if others:
        os.sched_setaffinity(0, others)


def _summarise(peer: Peer, file: Path, edits: int, openings: int) -> dict[str, float]:
    try:
        found = asyncio.run(measure_file(peer, file, edits, openings))
    except (TimeoutError, RuntimeError) as error:
        click.echo(f"  {peer.name:16} did not answer: {type(error).__name__}")
        return {}
    rows = {"open": found.opening, "key": found.keys, "head": found.heads, "line": found.lines}
    return {
        f"{name} p{100 * share:.0f}": percentile(values, share)
        for name, values in rows.items()
        for share in (0.5, 0.95)
        if values
    }
