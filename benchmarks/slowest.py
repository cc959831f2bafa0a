"""The most CPU time that one file takes: the files of real trees, and files built to be as hard as the limits allow."""

import heapq
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.review import write_json
from graph_model.analysis import Limits
from reviewer.discovery import discover_files
from reviewer.graph_engine import GraphEngine
from reviewer.inspection import InspectionRules
from reviewer.source import SourceFile
from reviewer.workspace import locate_workspace

_LIMIT_S = 2.0
_SHRINK = 0.8
_SMALLEST = 1_000


@dataclass(frozen=True, slots=True, order=True)
class Timing:
    """CPU seconds of analysing and scoring one file alone, the fastest of its runs."""

    seconds: float
    path: str
    num_bytes: int


Shape = tuple[str, Callable[[int], str], str]
"""What a file begins with, its numbered lines, what it ends with."""

_SHAPES: dict[str, Shape] = {
    "chain.py": ("def f(a, b):\n", lambda n: f"    if a == {n}:\n        b = b + a", ""),
    "one_name.py": ("def f(a):\n", lambda n: f"    a = g(a, {n})", "\n    return a\n"),
    "many_names.py": ("def f(a):\n", lambda n: f"    v{n} = g(v{max(n - 1, 0)}, a)", ""),
    "paths.py": ("def f(a, b):\n", lambda n: f"    a.p{n} = g(a, b)", ""),
    "loops.py": ("def f(a, b):\n", lambda n: f"    for i{n} in a:\n        b = b + i{n}", ""),
    "tries.py": ("def f(a):\n", lambda n: f"    try:\n        a = g(a)\n    except E{n}:\n        a = {n}", ""),
    "calls.py": ("", lambda n: f"def f{n}(a):\n    return f{n + 1}(a)", ""),
    "methods.py": ("", lambda n: f"def f{n}(a, b):\n" + "    b = g(a, b)\n    a.x = b\n" * 40, ""),
    "table.py": ("T = {\n", lambda n: f"    'k{n}': [{n}, 'v{n}'],", "\n}\n"),
    "concat.py": ("def f(a):\n    return (", lambda n: f"a + 'x{n}' +", " a)\n"),
    "nested.py": ("x = ", lambda n: "[", ""),
    "cases.js": ("function f(a) { switch (a) {\n", lambda n: f"case {n}: a = g(a); break;", "\n} }\n"),
    "closures.js": ("", lambda n: f"on('e{n}', function (a) {{ return h(a, {n}) }})", ""),
    "thens.js": ("p\n", lambda n: f"  .then(a => g(a, {n}))", "\n"),
    "markup.tsx": ("const V = () => <p>\n", lambda n: f"<a href={{u}}>{{v{n}}}</a>", "\n</p>\n"),
    "Methods.java": ("class A {\n", lambda n: f"int m{n}(int a) {{ return m{n + 1}(a); }}", "\n}\n"),
    "Elses.java": ("class A { void m(int a) {\n", lambda n: f"if (a == {n}) {{ g(a); }} else", " { } } }\n"),
    "Locals.cs": ("class A { void M(int a) {\n", lambda n: f"var v{n} = G(a, {n}); a = v{n};", "\n} }\n"),
    "Usings.cs": ("class A { void M() {\n", lambda n: f"using var v{n} = Open({n});", "\n} }\n"),
}
"""One for each shape with a superlinear risk, in a language where it is easily written."""


def build_file(shape: Shape, num_bytes: int) -> bytes:
    """A file of one shape and about this size."""
    lines: list[str] = []
    size = 0
    while size < num_bytes:
        lines.append(shape[1](len(lines)))
        size += len(lines[-1]) + 1
    return (shape[0] + "\n".join(lines) + shape[2]).encode()


def build_hard_files(engine: GraphEngine) -> Iterator[SourceFile]:
    """Each shape as large as the limits let pass, whole and of every function, and as large as one function may be."""
    for name, shape in _SHAPES.items():
        num_bytes, left = float(Limits().max_bytes), {"too-many-nodes", "function-too-large"}
        while left and num_bytes > _SMALLEST:
            num_bytes *= _SHRINK
            source = SourceFile(f"hard/{name}", build_file(shape, int(num_bytes)))
            problems = {problem.kind for problem in engine.analyse(source).problems}
            passed = left - problems
            if passed and "too-many-nodes" not in problems:
                yield source
            left -= passed


def list_sources(folder: Path) -> Iterable[SourceFile]:
    """What a review of this tree reads."""
    absolute = folder.resolve()
    return discover_files(locate_workspace([absolute], absolute), [absolute], InspectionRules()).sources


def time_file(engine: GraphEngine, source: SourceFile, runs: int) -> Timing:
    """The fastest of at most `runs` runs; one is enough where it is far from the limit."""
    best = float("inf")
    for _ in range(runs):
        start = time.process_time()
        analysis = engine.analyse(source)
        engine.score(analysis, engine.link([analysis])[source.path])
        best = min(best, time.process_time() - start)
        if best < _LIMIT_S / 4:
            break
    return Timing(best, source.path, len(source.content))


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--runs", default=3, show_default=True, help="Runs of a slow file; the fastest counts.")
@click.option("--top", default=10, show_default=True, help="How many are printed.")
@click.option("--output", type=click.Path(path_type=Path), default=None, help="JSON for machines.")
def slowest(folders: tuple[Path, ...], runs: int, top: int, output: Path | None) -> None:
    """CPU seconds of the slowest files in FOLDERS and among files built to be hard, each alone."""
    engine = GraphEngine()
    engine.score(engine.analyse(SourceFile("warm.py", b"x = 1\n")), ())  # loads the bundle
    timings: list[Timing] = []
    for place, sources in [
        ("", build_hard_files(engine)),
        *((folder.name, list_sources(folder)) for folder in folders),
    ]:
        for source in sources:
            timing = time_file(engine, source, runs)
            timings.append(Timing(timing.seconds, f"{place}/{timing.path}".lstrip("/"), timing.num_bytes))
    worst = heapq.nlargest(top, timings)
    for one in worst:
        click.echo(f"{one.seconds:8.2f} s {one.num_bytes:9,} bytes  {one.path}")
    over = sum(one.seconds > _LIMIT_S for one in timings)
    click.echo(f"{len(timings):,} files, {over} over {_LIMIT_S} s")
    write_json(output, {"files": len(timings), "over": over, "slowest": [[one.path, one.seconds] for one in worst]})
