"""`python -m benchmarks growth`: sound and injected programs over growing inputs, with fitted exponents."""

import math
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from benchmarks.growth.programs import Program, can_run, inject, load_programs, prepare, time_once
from benchmarks.review import write_json
from graph_model.languages import BY_NAME


@dataclass(frozen=True, slots=True)
class Growth:
    """Best seconds of both versions by size of input, and the exponent b of a fitted a * n ** b."""

    kind: str
    language: str
    sizes: tuple[int, ...]
    sound_s: tuple[float, ...]
    injected_s: tuple[float, ...]
    sound_exponent: float
    injected_exponent: float

    @property
    def ratio(self) -> float:
        """How many times as long the injected version takes at the largest size."""
        return self.injected_s[-1] / max(self.sound_s[-1], 1e-9)


def fit_exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """The slope of log seconds over log size, by least squares."""
    xs, ys = [math.log(one) for one in sizes], [math.log(max(one, 1e-9)) for one in seconds]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread


def measure(program: Program, folder: Path, repeats: int) -> Growth:
    """Times both versions, the two taking turns at each size."""
    commands = [
        prepare(text, program.language, folder / name)
        for name, text in (("sound", program.text), ("injected", inject(program)))
    ]
    best: list[list[float]] = [[], []]
    for size in program.sizes:
        runs = [[time_once(command, size) for command in commands] for _ in range(repeats)]
        for version in (0, 1):
            best[version].append(min(run[version] for run in runs))
    return Growth(
        kind=program.kind,
        language=program.language,
        sizes=program.sizes,
        sound_s=tuple(best[0]),
        injected_s=tuple(best[1]),
        sound_exponent=fit_exponent(program.sizes, best[0]),
        injected_exponent=fit_exponent(program.sizes, best[1]),
    )


@click.command()
@click.option("--repeats", type=click.IntRange(1), default=3, show_default=True, help="Runs a size; the best counts.")
@click.option("--only", multiple=True, metavar="KIND", help="Only these kinds.")
@click.option("--output", type=click.Path(path_type=Path), default=None, help="JSON for machines.")
def growth(repeats: int, only: tuple[str, ...], output: Path | None) -> None:
    """Time injected performance defects in small programs of our own over growing inputs."""
    measured: list[Growth] = []
    click.echo(
        f"{'kind':26} {'language':11} {'largest n':>9} {'sound s':>9} {'injected s':>10} {'ratio':>7}  exponents"
    )
    for idx, program in enumerate(load_programs()):
        if only and program.kind not in only:
            continue
        if not can_run(BY_NAME[program.language]):
            click.echo(f"{program.kind:26} {program.language:11} nothing here runs {program.language}")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            one = measure(program, Path(scratch) / str(idx), repeats)
        measured.append(one)
        click.echo(
            f"{one.kind:26} {one.language:11} {one.sizes[-1]:9,} {one.sound_s[-1]:9.4f} {one.injected_s[-1]:10.4f}"
            f" {one.ratio:7.1f}  {one.sound_exponent:.2f} -> {one.injected_exponent:.2f}"
        )
    write_json(output, [asdict(one) for one in measured])
