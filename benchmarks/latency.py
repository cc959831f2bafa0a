"""From a webhook to the outcome on the host: workers on Postgres, changes of many files to a real repository."""

import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles

import click

from graph_model.languages import find_language
from integrations.testing.fake_github import FakeGitHub
from integrations.testing.github_people import NewPull
from integrations.testing.local_repository import LocalRepository
from integrations.testing.outages import make_worker
from integrations.testing.postgres import serve_postgres
from integrations.testing.served_bot import ServedBot

_REPOSITORY = "alice/shop"
_MAX_FILE_BYTES = 60_000
_REVIEW_S = 900.0
# As a service that a team runs, not as tests run it.
_AS_INSTALLED = {
    "REVIEWER_GITHUB_PAUSE_S": "1",
    "REVIEWER_SETTLE_S": "5",
    "REVIEWER_SWEEP_S": "30",
    "REVIEWER_NUM_WORKERS": "1",
}
_FLAWED = """\
import yaml
from flask import Flask, request

app = Flask(__name__)


@app.route("/load{number}")
def load():
    return yaml.load(request.data)
"""


@dataclass
class _Scene:
    """`told` holds the moment at which each head was told, `done` that at which its check was completed."""

    fake: FakeGitHub
    bots: list[ServedBot]
    source: LocalRepository
    base: str
    told: dict[str, float] = field(default_factory=dict)
    done: dict[str, float] = field(default_factory=dict)

    def look(self) -> None:
        """Notes which changes have an outcome by now."""
        for run in list(self.fake.repository(_REPOSITORY).check_runs.values()):
            if run.values.get("status") == "completed":
                self.done.setdefault(run.head_sha, time.monotonic())

    def wait(self, until_s: float, count: int) -> None:
        """Looks until a moment, or until so many changes have an outcome."""
        while time.monotonic() < until_s and len(self.done) < count:
            self.look()
            time.sleep(0.02)


@click.command()
@click.argument("clone", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--count", default=40, show_default=True, help="Changes.")
@click.option("--files", default=50, show_default=True, help="Files that each change touches.")
@click.option("--workers", default=2, show_default=True, help="Processes of the service.")
@click.option("--per-minute", default=6.0, show_default=True, help="How many changes arrive.")
@click.option("--seed", default=0, show_default=True)
def latency(clone: Path, count: int, files: int, workers: int, per_minute: float, seed: int) -> None:
    """Measure the time from a webhook to the outcome on the host, for changes to the last commit of CLONE.

    Each touches files of the clone chosen at random and brings one file with a defect. A worker's first review of a
    repository reads all of it: those are told apart.
    """
    chance = random.Random(seed)
    with _serve(clone, workers) as scene:
        names = _list_sources(scene.source)
        turns = cycle(scene.bots)
        for number in range(workers):  # at once, so that each worker gets one
            _tell(
                scene, next(turns), _make_change(scene.source, chance.sample(names, min(files - 1, len(names))), number)
            )
        scene.wait(time.monotonic() + _REVIEW_S, workers)
        first = _seconds(scene)
        scene.told.clear()
        started = time.monotonic()
        for number in range(count):
            change = _make_change(scene.source, chance.sample(names, min(files - 1, len(names))), workers + number)
            scene.wait(started + number * 60 / per_minute, workers + count)
            _tell(scene, next(turns), change)
        scene.wait(time.monotonic() + _REVIEW_S, workers + count)
        seconds = _seconds(scene)
        violations = len(scene.fake.violations)
    p95 = quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
    click.echo(
        f"{len(names)} source files; {count} changes of {files} files, {per_minute:g} a minute, {workers} workers"
    )
    then = f"median {median(seconds):.1f} s, p95 {p95:.1f} s, most {seconds[-1]:.1f} s"
    click.echo(f"first reviews {first[0]:.1f} to {first[-1]:.1f} s; then {then}")
    if len(seconds) < count or violations:
        raise click.ClickException(f"{count - len(seconds)} changes without an outcome, {violations} wrong requests")


@contextmanager
def _serve(clone: Path, num_workers: int) -> Iterator[_Scene]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name,
        serve_postgres() as cluster,
        FakeGitHub() as fake,
        ExitStack() as stack,
    ):
        folder = Path(name)
        source = LocalRepository.create(folder / "source")
        archive = subprocess.run(["git", "-C", str(clone), "archive", "HEAD"], check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", str(source.folder)], input=archive, check=True)
        base = source.commit({}, "base")
        fake.add_repository(_REPOSITORY, source.folder)
        workers = [
            make_worker(fake, cluster, folder / f"worker-{number}", _AS_INSTALLED) for number in range(num_workers)
        ]
        yield _Scene(fake, [stack.enter_context(one) for one in workers], source, base)


def _list_sources(source: LocalRepository) -> list[str]:
    """Files that a review reads, of ordinary size."""
    found = (file for file in source.folder.rglob("*") if file.is_file() and not file.is_symlink())
    names = {str(file.relative_to(source.folder)) for file in found if file.stat().st_size < _MAX_FILE_BYTES}
    return sorted(name for name in names if find_language(name) is not None and not name.startswith(".git/"))


def _make_change(source: LocalRepository, names: list[str], number: int) -> dict[str, str | None]:
    files: dict[str, str | None] = {f"flawed{number}.py": _FLAWED.replace("{number}", str(number))}
    for name in names:
        text = (source.folder / name).read_bytes().decode("utf-8", "replace")
        mark = "#" if name.endswith((".py", ".pyi")) else "//"
        files[name] = f"{text.rstrip()}\n{mark} change {number}\n"
    return files


def _tell(scene: _Scene, bot: ServedBot, files: dict[str, str | None]) -> None:
    head = scene.source.commit(files, "change", onto=scene.base)
    webhook = scene.fake.people.open_pull(_REPOSITORY, NewPull(scene.base, head))
    scene.told[head] = time.monotonic()
    status = scene.fake.deliver(webhook, f"{bot.url}/webhooks/github")
    if status != 202:
        raise click.ClickException(f"webhook: expected 202, found {status}")


def _seconds(scene: _Scene) -> list[float]:
    return sorted(scene.done[head] - told for head, told in scene.told.items() if head in scene.done)
