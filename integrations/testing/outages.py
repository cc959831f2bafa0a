"""Two workers on one Postgres that restarts while webhooks come: what was answered, and how each change ended.

The fake GitHub stands before both workers and takes turns; what they did not take is delivered again when they ask for
it, as GitHub does. A change has ended well when it has one review, one summary, one check and no thread twice.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from integrations.testing.fake_github import FakeGitHub
from integrations.testing.github_people import NewPull
from integrations.testing.github_state import Pull
from integrations.testing.local_repository import LocalRepository
from integrations.testing.postgres import PostgresCluster
from integrations.testing.served_bot import BotError, ServedBot, github_settings
from integrations.testing.webhooks import Webhook

_REPOSITORY = "alice/shop"
_CLEAN = """\
from flask import Flask, request

app = Flask(__name__)
"""
_LOADER = '\n\n@app.route("/load")\ndef load():\n    import yaml\n\n    yaml.load(request.data)\n    return "ok"\n'
_UNLIMITED = 10**9
_REDELIVER_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class OutagePlan:
    """What happens: changes, told at a rate, and restarts spread over that time.

    `modes` are pg_ctl's, one a restart; `down_s` is the longest that the server stays away.
    """

    count: int
    per_minute: float
    modes: Sequence[str]
    down_s: float
    num_workers: int = 2
    seed: int = 0
    timeout_s: float = 600.0


@dataclass(frozen=True, slots=True)
class OutageOutcome:
    """First answers by status (0: none), deliveries that were made again, and the changes that ended otherwise."""

    answers: Mapping[int, int]
    num_redelivered: int
    wrong: Sequence[str]
    seconds: float
    slowest_answer_s: float
    violations: Sequence[str]


@dataclass
class OutageScene:
    """What a plan plays in; `answers` counts the first answer to each change by status."""

    fake: FakeGitHub
    cluster: PostgresCluster
    bots: Sequence[ServedBot]
    source: LocalRepository
    base: str
    answers: Counter[int] = field(default_factory=Counter)
    heads: dict[str, Webhook] = field(default_factory=dict)
    slowest_answer_s: float = 0.0
    num_redelivered: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._turns = cycle(self.bots)

    def send(self, webhook: Webhook) -> int:
        """To the next worker in turn; the status of its answer."""
        return self.fake.deliver(webhook, f"{next(self._turns).url}/webhooks/github")

    def tell(self, number: int) -> int:
        """Opens a change and tells it; the status of the answer."""
        files: dict[str, str | None] = {"app.py": _CLEAN + _LOADER, "number.py": f"x = {number}\n"}
        head = self.source.commit(files, f"change {number}", onto=self.base)
        webhook = self.fake.people.open_pull(_REPOSITORY, NewPull(self.base, head))
        self.heads[head] = webhook
        started = time.monotonic()
        status = self.send(webhook)
        self.answers[status] += 1
        self.slowest_answer_s = max(self.slowest_answer_s, time.monotonic() - started)
        return status

    def tell_all(self, plan: OutagePlan) -> None:
        """Every change at its time, or as soon as the one before is answered."""
        started = time.monotonic()
        for number in range(plan.count):
            time.sleep(max(0.0, started + number * 60 / plan.per_minute - time.monotonic()))
            self.tell(number)

    def deliver_again(self) -> None:
        """What the workers ask for, until everything is over."""
        while not self.is_over.wait(_REDELIVER_EVERY_S):
            for webhook in list(self.fake.redeliveries):
                self.num_redelivered += 1
                self.send(webhook)

    def restart_all(self, plan: OutagePlan) -> None:
        """The restarts, at a random moment of equal parts of the time."""
        chance, part_s = random.Random(plan.seed), plan.count * 60 / plan.per_minute / len(plan.modes)
        started = time.monotonic()
        for number, mode in enumerate(plan.modes):
            at_s = (number + 0.2 + 0.5 * chance.random()) * part_s
            time.sleep(max(0.0, started + at_s - time.monotonic()))
            self.cluster.stop(mode)
            time.sleep(chance.uniform(0, plan.down_s))
            self.cluster.start()

    def num_reviewed(self) -> int:
        """Changes with an outcome."""
        runs = list(self.fake.repository(_REPOSITORY).check_runs.values())
        return len({run.head_sha for run in runs if run.values.get("status") == "completed"})

    def describe_wrong(self) -> Iterator[str]:
        """What is wrong with each change that did not end well."""
        runs = Counter(run.head_sha for run in self.fake.repository(_REPOSITORY).check_runs.values())
        for head, webhook in self.heads.items():
            number = webhook.payload["number"]
            problem = _describe_pull(self.fake.pull(_REPOSITORY, number), runs[head])
            if problem:
                yield f"change {number}: {problem}"


def run_outages(plan: OutagePlan, cluster: PostgresCluster, folder: Path) -> OutageOutcome:
    """Carries a plan out, and waits until every change has an outcome or the time is over."""
    with open_scene(plan, cluster, folder) as scene:
        started = time.monotonic()
        threads = [
            threading.Thread(target=scene.deliver_again),
            threading.Thread(target=scene.restart_all, args=(plan,)),
        ]
        for thread in threads:
            thread.start()
        try:
            scene.tell_all(plan)
            threads[1].join()
            wrong = _come_to_rest(scene, plan)
        finally:
            scene.is_over.set()
            threads[0].join()
        seconds = time.monotonic() - started
        wrong += list(scene.describe_wrong())
    return OutageOutcome(
        dict(scene.answers), scene.num_redelivered, wrong, seconds, scene.slowest_answer_s, tuple(scene.fake.violations)
    )


def _come_to_rest(scene: OutageScene, plan: OutagePlan) -> list[str]:
    """Waits; what did not come to rest in time."""
    try:
        scene.bots[0].wait_until(lambda: scene.num_reviewed() == plan.count, plan.timeout_s)
        for bot in scene.bots:
            bot.wait_until_quiet(plan.timeout_s)
    except BotError as error:
        return [f"not at rest: {scene.num_reviewed()} of {plan.count} reviewed; {error}"]
    return []


@contextmanager
def open_scene(plan: OutagePlan, cluster: PostgresCluster, folder: Path) -> Iterator[OutageScene]:
    """A scene with as many workers as the plan asks for, all of them ready."""
    with FakeGitHub() as fake, ExitStack() as stack:
        fake.limits.requests_per_hour = fake.limits.content_per_minute = _UNLIMITED
        source = LocalRepository.create(folder / "source")
        base = source.commit({"app.py": _CLEAN}, "base")
        fake.add_repository(_REPOSITORY, source.folder)
        bots = [make_worker(fake, cluster, folder / f"worker-{number}") for number in range(plan.num_workers)]
        yield OutageScene(fake, cluster, [stack.enter_context(bot) for bot in bots], source, base)


def make_worker(
    fake: FakeGitHub, cluster: PostgresCluster, folder: Path, settings: Mapping[str, str] | None = None
) -> ServedBot:
    """A worker on this database, not started, with its data in a new folder that gives it its name."""
    folder.mkdir()
    own = {"REVIEWER_WORKER_NAME": folder.name, "REVIEWER_DATABASE_URL": cluster.url, "REVIEWER_REDELIVER_S": "3"}
    return ServedBot(folder, {**github_settings(fake, folder), **own, **(settings or {})})


def _describe_pull(pull: Pull, num_checks: int) -> str:
    """What is wrong with a change; "" when all is well."""
    bodies = [thread.comments[0].body for thread in pull.threads]
    notes = [one for one in pull.comments if "graph-reviewer:summary" in one.body]
    found = (len(pull.reviews), len(bodies), len(set(bodies)), len(notes), num_checks)
    names = ("reviews", "threads", "different threads", "summaries", "checks")
    if found == (1, 1, 1, 1, 1):
        return ""
    return ", ".join(f"{number} {name}" for number, name in zip(found, names, strict=True))
