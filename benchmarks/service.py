"""What the pull-request service promises, measured on a served process and a fake GitHub over HTTP.

`kills`: `kill -9` at random moments; every change must end reviewed exactly once. `burst`: many webhooks at once.
`--database URL` uses Postgres instead of SQLite.
"""

import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from integrations.testing.fake_github import FakeGitHub
from integrations.testing.github_people import NewPull
from integrations.testing.github_state import Pull
from integrations.testing.local_repository import LocalRepository
from integrations.testing.served_bot import BotError, ServedBot, github_settings
from integrations.testing.webhooks import Webhook, deliver

_REPOSITORY = "alice/shop"
_CLEAN = """\
from flask import Flask, request

app = Flask(__name__)


@app.route("/")
def index():
    return "ok"
"""
_LOADER = '\n\n@app.route("/load")\ndef load():\n    import yaml\n\n    yaml.load(request.data)\n    return "ok"\n'
_MAX_DELAY_S = 6.0
_REVIEW_S = 300.0
_SENDERS = 16


@dataclass(frozen=True, slots=True)
class _Scene:
    fake: FakeGitHub
    bot: ServedBot
    source: LocalRepository
    base: str

    def open(self, files: dict[str, str | None]) -> tuple[Webhook, str]:
        """A pull request, not yet told to the service, and its head."""
        head = self.source.commit(files, "change", onto=self.base)
        return self.fake.people.open_pull(_REPOSITORY, NewPull(self.base, head)), head

    def send(self, webhook: Webhook) -> int:
        return self.fake.deliver(webhook, f"{self.bot.url}/webhooks/github")

    def is_reviewed(self, head: str) -> bool:
        runs = list(self.fake.repository(_REPOSITORY).check_runs.values())
        return any(run.head_sha == head and run.values.get("status") == "completed" for run in runs)

    def wait_for_review(self, head: str) -> None:
        self.bot.wait_until(lambda: self.is_reviewed(head), _REVIEW_S)

    def pull_of(self, webhook: Webhook) -> Pull:
        return self.fake.pull(_REPOSITORY, webhook.payload["number"])


@contextmanager
def _serve(database: str | None) -> Iterator[_Scene]:
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name, FakeGitHub() as fake:
        folder = Path(name)
        settings = github_settings(fake, folder)
        if database is not None:
            settings["REVIEWER_DATABASE_URL"] = database
        source = LocalRepository.create(folder / "source")
        base = source.commit({"app.py": _CLEAN}, "base")
        fake.add_repository(_REPOSITORY, source.folder)
        with ServedBot(folder, settings) as bot:
            yield _Scene(fake, bot, source, base)
        if fake.violations:
            raise click.ClickException(f"{len(fake.violations)} requests against GitHub's description")


_DATABASE = click.option("--database", metavar="URL", help="postgresql+psycopg://...; default: SQLite.")


@click.command()
@click.option("--count", default=200, show_default=True, help="How many times the service is killed.")
@click.option("--seed", default=0, show_default=True)
@_DATABASE
def kills(count: int, seed: int, database: str | None) -> None:
    """Kill the service at random moments of reviews; every change must end reviewed exactly once."""
    chance, num_killed, num_changes, wrong = random.Random(seed), 0, 0, []
    with _serve(database) as scene:
        while num_killed < count:
            num_changes += 1
            webhook, head = scene.open({"app.py": _CLEAN + _LOADER, "number.py": f"x = {num_changes}\n"})
            scene.send(webhook)
            for _ in range(chance.choice((1, 1, 2, 3))):
                _wait_a_while(scene, head, chance)
                scene.bot.kill()
                scene.bot.start()
                num_killed += 1
            problem = _describe_problem(scene, webhook, head)
            if problem:
                wrong.append(f"change {num_changes}: {problem}")
                click.echo(wrong[-1])
            if num_changes % 10 == 0:
                click.echo(f"{num_killed} kills, {num_changes} changes, {len(wrong)} wrong", err=True)
    click.echo(f"{num_killed} kills over {num_changes} changes: {len(wrong)} not reviewed exactly once")


def _wait_a_while(scene: _Scene, head: str, chance: random.Random) -> None:
    """Until some further requests have reached the host, or for a random time."""
    if chance.random() < 0.6:
        target = len(scene.fake.exchanges) + chance.randint(1, 14)
        scene.bot.wait_until(lambda: len(scene.fake.exchanges) >= target or scene.is_reviewed(head), _REVIEW_S)
    else:
        time.sleep(chance.random() * _MAX_DELAY_S)


def _describe_problem(scene: _Scene, webhook: Webhook, head: str) -> str:
    """What is wrong once everything has come to rest; "" when all is well."""
    try:
        scene.bot.wait_until(lambda: scene.is_reviewed(head), _REVIEW_S)
        scene.bot.wait_until_quiet(_REVIEW_S)
    except BotError:
        return "never reviewed"
    pull = scene.pull_of(webhook)
    fingerprints = [thread.comments[0].body for thread in pull.threads]
    notes = [one for one in pull.comments if "graph-reviewer:summary" in one.body]
    if not pull.threads or len(fingerprints) != len(set(fingerprints)):
        return f"{len(fingerprints)} threads, {len(set(fingerprints))} of them different"
    return "" if (len(pull.reviews), len(notes)) == (1, 1) else f"{len(pull.reviews)} reviews, {len(notes)} summaries"


@click.command()
@click.option("--count", default=1_000, show_default=True, help="Webhooks, sent by 16 senders at once.")
@_DATABASE
def burst(count: int, database: str | None) -> None:
    """Send many webhooks at once: how long each waits for its answer, and whether one is lost."""
    with _serve(database) as scene:
        number = _open_first(scene)
        webhooks = [scene.fake.people.comment(_REPOSITORY, number, "alice", "hello") for _ in range(count)]
        answers: list[tuple[int, float]] = []
        lock, queue = threading.Lock(), list(webhooks)

        def send_all() -> None:
            while True:
                with lock:
                    if not queue:
                        return
                    webhook = queue.pop()
                started = time.perf_counter()
                status = deliver(webhook, f"{scene.bot.url}/webhooks/github")
                with lock:
                    answers.append((status, time.perf_counter() - started))

        senders = [threading.Thread(target=send_all) for _ in range(_SENDERS)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        scene.bot.wait_until_idle(1_200)
        seconds = sorted(taken for _, taken in answers)
        refused = sum(status != 202 for status, _ in answers)
        resident = scene.bot.read("/metrics").partition("\nprocess_resident_memory_bytes ")[2].partition("\n")[0]
        click.echo(f"{count} webhooks: {refused} refused, none waiting at the end")
        p50, p99 = (1e3 * seconds[int(len(seconds) * share)] for share in (0.5, 0.99))
        click.echo(f"answer p50 {p50:.0f} ms, p99 {p99:.0f} ms")
        click.echo(f"resident memory {float(resident or 0) / 1e6:.0f} MB")


def _open_first(scene: _Scene) -> int:
    webhook, head = scene.open({"other.py": "x = 1\n"})
    scene.send(webhook)
    scene.wait_for_review(head)
    number: int = webhook.payload["number"]
    return number
