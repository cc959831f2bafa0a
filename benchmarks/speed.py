"""Lines per CPU-second: bare parse, graphs, whole review, Bandit on the same files; cold start and warm cache."""

import os
import resource
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from benchmarks.review import find_program, write_json
from graph_model.analysis import analyse_file
from graph_model.languages import find_language, load_table
from graph_model.linking import link_files

_SKIPPED = {"test", "tests", "site-packages", "__pycache__", "idlelib", "lib2to3", "turtledemo"}


def collect(folder: Path) -> dict[str, bytes]:
    """The source files that a language table reads, tests left out, by relative path."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if not _SKIPPED.intersection(relative.parts) and path.is_file() and find_language(path.name) is not None:
            found[relative.as_posix()] = path.read_bytes()
    return found


def cpu_seconds(action: Callable[[], object], runs: int) -> list[float]:
    """CPU seconds of this process for each of several runs."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return times


def child_seconds(command: Sequence[str], cwd: Path, runs: int) -> tuple[list[float], list[float], int]:
    """CPU and wall seconds of a child process for each run, and the largest resident size in MiB."""
    cpu, wall, peak = [], [], 0
    # An installed program has its bytecode; a checkout writes it in the first run, unless the environment forbids it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, cwd=cwd, env=environment, capture_output=True, check=False)
    for _ in range(runs):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, cwd=cwd, env=environment, capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        wall.append(time.perf_counter() - start)
        peak = max(peak, after.ru_maxrss // 1024)
    return cpu, wall, peak


def parse_all(sources: dict[str, bytes]) -> None:
    """The bare tree-sitter parse."""
    from tree_sitter import Parser  # noqa: PLC0415  # only measured here

    for path, source in sources.items():
        language = find_language(path)
        assert language is not None
        Parser(load_table(language).grammar).parse(source)


def graph_all(sources: dict[str, bytes]) -> None:
    """Graphs, flows and candidates of every file, joined over files."""
    analyses = []
    for path, source in sources.items():
        language = find_language(path)
        assert language is not None
        analyses.append(analyse_file(path, source, language, smells=False))
    link_files(analyses)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
@click.option("--runs", default=3, show_default=True, help="Counted runs of each; medians are printed.")
@click.option("--start-only", is_flag=True, help="Only the start on one file; the rest takes minutes.")
@click.option("--output", type=click.Path(path_type=Path), default=None, help="JSON for machines.")
def speed(folder: Path | None, runs: int, start_only: bool, output: Path | None) -> None:
    """Speed on FOLDER (default: this interpreter's standard library without tests), one process, one core."""
    folder = folder or Path(sysconfig.get_paths()["stdlib"])
    sources = collect(folder)
    lines = sum(source.count(b"\n") for source in sources.values())
    click.echo(f"{len(sources)} files, {lines} lines, medians of {runs} runs, Python {sys.version.split()[0]}")
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "tree"
        for path, source in sources.items():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            (copy / path).write_bytes(source)
        _measure_start(copy, sources, runs, figures)
        if not start_only:
            figures["tree-sitter parse"] = lines / statistics.median(cpu_seconds(lambda: parse_all(sources), runs))
            _measure_graphs(copy, sources, lines, runs, figures)
            _measure_programs(copy, lines, runs, figures)
    for name, value in figures.items():
        click.echo(f"{name:34} {value:12,.2f}")
    write_json(output, {"lines": lines, "files": len(sources), "figures": figures})


def _measure_start(tree: Path, sources: dict[str, bytes], runs: int, figures: dict[str, float]) -> None:
    """One file of 300 lines, nothing kept; first of all, so that the resident size is that of these children."""
    middle = min(sources, key=lambda path: abs(sources[path].count(b"\n") - 300))
    command = [str(find_program("reviewer")), "check", "--format", "json", "--fail-on", "never", "--no-cache", middle]
    one_cpu, one_wall, peak = child_seconds(command, tree, max(runs, 9))
    figures["one 300-line file, wall seconds"] = statistics.median(one_wall)
    figures["one 300-line file, CPU seconds"] = statistics.median(one_cpu)
    figures["one 300-line file, peak MiB"] = peak


def _measure_graphs(tree: Path, sources: dict[str, bytes], lines: int, runs: int, figures: dict[str, float]) -> None:
    """Graphs and Bandit in turn, so that a machine that is faster for a while is so for both."""
    bandit = find_program("bandit")
    ours, theirs = [], []
    for _ in range(runs):
        ours += cpu_seconds(lambda: graph_all(sources), 1)
        theirs += child_seconds([bandit, "-q", "-r", "."], tree, 1)[0] if bandit is not None else []
    figures["graphs and candidates"] = lines / statistics.median(ours)
    if theirs:
        figures["Bandit"] = lines / statistics.median(theirs)
        figures["graphs / Bandit, median of pairs"] = statistics.median(
            t / o for o, t in zip(ours, theirs, strict=True)
        )


def _measure_programs(tree: Path, lines: int, runs: int, figures: dict[str, float]) -> None:
    reviewer = find_program("reviewer")
    check = [str(reviewer), "check", "--jobs", "1", "--format", "json", "--fail-on", "never"]
    cpu, _, _ = child_seconds([*check, "--no-cache", "."], tree, runs)
    figures["whole review"] = lines / statistics.median(cpu)
    subprocess.run([*check, "."], cwd=tree, capture_output=True, check=False)  # fills the cache
    warm, _, _ = child_seconds([*check, "."], tree, runs)
    figures["warm cache, times faster"] = statistics.median(cpu) / statistics.median(warm)
    if "Bandit" in figures:
        figures["whole review / Bandit"] = figures["whole review"] / figures["Bandit"]
