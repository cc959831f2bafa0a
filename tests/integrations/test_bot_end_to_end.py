"""The served bot and a fake GitHub over HTTP: one pull request through its life, and `kill -9` between requests."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.testing.api_host import Exchange, Fault
from integrations.testing.fake_github import FakeGitHub
from integrations.testing.git_hosting import run_git
from integrations.testing.github_people import NewPull
from integrations.testing.github_state import Pull, Thread
from integrations.testing.served_bot import ServedBot, github_settings
from integrations.testing.webhooks import Webhook

REPOSITORY = "alice/shop"
CLEAN = """\
import sqlite3

from flask import Flask, request

app = Flask(__name__)


@app.route("/users")
def users():
    return "größer"
"""
QUERY = """\
    name = request.args["name"]
    query = "select * from users where name = '" + name + "'"
    sqlite3.connect("db").execute(query)
"""
LOADER = """

@app.route("/load")
def load():
    import yaml

    yaml.load(request.data)
    return "ok"
"""
GUARDED = """\
import os
import shlex

from flask import Flask, request

app = Flask(__name__)


@app.route("/finger")
def finger():
    name = request.args["name"]
    name = shlex.quote(name)
    os.system("finger " + name)
    return "größer"
"""
WITH_QUERY = CLEAN.replace('    return "gr', f'{QUERY}    return "gr')


def commit(folder: Path, files: dict[str, str | None], message: str) -> str:
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    run_git(folder, "add", "--all")
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.invalid")
    run_git(folder, *identity, "commit", "--quiet", "--allow-empty", "--message", message)
    return run_git(folder, "rev-parse", "HEAD").decode().strip()


class Scene:
    """A repository with a base, a fake GitHub that hosts it, and a bot that is installed there."""

    def __init__(self, folder: Path, fake: FakeGitHub, bot: ServedBot) -> None:
        self.source, self.fake, self.bot = folder / "source", fake, bot
        self.source.mkdir()
        run_git(self.source, "init", "--quiet", "--template=", "--initial-branch=main")
        self.base = commit(self.source, {"app.py": CLEAN}, "base")
        fake.add_repository(REPOSITORY, self.source)

    def send(self, webhook: Webhook) -> int:
        return self.fake.deliver(webhook, f"{self.bot.url}/webhooks/github")

    def push(self, pull: Pull, files: dict[str, str | None], *, parent: str | None = None) -> str:
        run_git(self.source, "checkout", "--quiet", "--detach", parent or pull.head_sha)
        head = commit(self.source, files, "push")
        assert self.send(self.fake.people.push(REPOSITORY, pull.number, head)) == 202
        self.wait_for_review(head)
        return head

    def open(self, files: dict[str, str | None]) -> Pull:
        run_git(self.source, "checkout", "--quiet", "--detach", self.base)
        head = commit(self.source, files, "change")
        webhook = self.fake.people.open_pull(REPOSITORY, NewPull(self.base, head))
        assert self.send(webhook) == 202
        self.wait_for_review(head)
        return self.fake.pull(REPOSITORY, webhook.payload["number"])

    def wait_for_review(self, head: str) -> None:
        self.bot.wait_until(lambda: self.is_reviewed(head))

    def is_reviewed(self, head: str) -> bool:
        runs = list(self.fake.repository(REPOSITORY).check_runs.values())
        return any(run.head_sha == head and run.values.get("status") == "completed" for run in runs)

    def wait_for_requests(self, count: int, head: str) -> None:
        target = len(self.fake.exchanges) + count
        self.bot.wait_until(lambda: len(self.fake.exchanges) >= target or self.is_reviewed(head))

    def writes_since(self, count: int) -> list[Exchange]:
        return self.fake.writes[count:]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("bot")
    with FakeGitHub() as fake, ServedBot(folder, github_settings(fake, folder)) as bot:
        yield Scene(folder, fake, bot)
        assert fake.violations == []
        assert fake.private_key_pem.splitlines()[1] not in bot.log
        assert fake.webhook_secret not in bot.log
        assert all(json.loads(line)["level"] for line in bot.log.splitlines())


@pytest.fixture
def modest_scene(tmp_path: Path) -> Iterator[Scene]:
    """A bot that may not resolve threads: its app reads contents, and no more."""
    with FakeGitHub(contents="read") as fake, ServedBot(tmp_path, github_settings(fake, tmp_path)) as bot:
        yield Scene(tmp_path, fake, bot)
        assert fake.violations == []


def labels(threads: list[Thread], *, resolved: bool) -> set[str]:
    chosen = [one for one in threads if (one.resolved_by is not None) is resolved]
    return {one.comments[0].body.split("`")[1].removeprefix("security/") for one in chosen}


def test_a_pull_request_through_its_life(scene: Scene) -> None:
    fake, people = scene.fake, scene.fake.people
    pull = scene.open({"app.py": WITH_QUERY})
    assert labels(pull.threads, resolved=False) == {"sql-injection"}
    assert len(pull.reviews) == 1
    (thread,) = pull.threads
    assert thread.place.path == "app.py"

    scene.push(pull, {"notes.py": "x = 1\n"})  # nothing new: nothing is said again
    assert len(pull.threads) == 1
    scene.push(pull, {"load.py": f"from app import app, request\n{LOADER}"})
    assert labels(pull.threads, resolved=False) == {"sql-injection", "unsafe-deserialization"}

    scene.push(pull, {"app.py": None, "shop.py": WITH_QUERY})  # a rename keeps the finding known
    assert labels(pull.threads, resolved=False) == {"sql-injection", "unsafe-deserialization"}
    assert len(pull.threads) == 2
    assert "It is at `shop.py:" in thread.comments[0].body

    scene.bot.wait_until_quiet()
    count = len(fake.writes)
    assert scene.send(people.comment(REPOSITORY, pull.number, "mallory", "/reviewer pause")) == 202
    scene.bot.wait_until_quiet()
    assert scene.writes_since(count) == []  # no write access, no answer

    loader = next(one for one in pull.threads if "deserialization" in one.comments[0].body)
    reply = people.reply(REPOSITORY, loader.comments[0].comment_id, "alice", "/reviewer false-positive tested")
    assert scene.send(reply) == 202
    scene.bot.wait_until(lambda: loader.resolved_by is not None)
    scene.bot.wait_until_quiet()

    scene.push(pull, {"load.py": None, "read.py": f"from app import app, request\n{LOADER}"})
    assert len(pull.threads) == 2  # dismissed under its old name, and under the new one
    assert labels(pull.threads, resolved=False) == {"sql-injection"}

    force = scene.push(pull, {"app.py": CLEAN + LOADER, "load.py": "x = 1\n"}, parent=scene.base)
    scene.wait_for_review(force)
    assert labels(pull.threads, resolved=False) <= {"unsafe-deserialization"}
    summaries = [one for one in pull.comments if "graph-reviewer:summary" in one.body]
    assert len(summaries) == 1


def test_a_deleted_sanitiser_is_commented_on_where_it_stood(scene: Scene) -> None:
    run_git(scene.source, "checkout", "--quiet", "--detach", scene.base)
    base = commit(scene.source, {"run.py": GUARDED}, "guarded")
    head = commit(scene.source, {"run.py": GUARDED.replace("    name = shlex.quote(name)\n", "")}, "unguarded")
    webhook = scene.fake.people.open_pull(REPOSITORY, NewPull(base, head))
    assert scene.send(webhook) == 202
    scene.wait_for_review(head)
    scene.bot.wait_until_quiet()
    pull = scene.fake.pull(REPOSITORY, webhook.payload["number"])
    assert labels(pull.threads, resolved=False) == {"command-injection"}
    (thread,) = pull.threads
    assert (thread.place.path, thread.place.side, thread.place.line) == ("run.py", "LEFT", 12)
    assert "it is at `run.py:12`" in thread.comments[0].body
    scene.push(pull, {"run.py": GUARDED})
    assert labels(pull.threads, resolved=True) == {"command-injection"}


def test_taking_a_suggestion_mends_the_finding(scene: Scene) -> None:
    text = CLEAN + LOADER.replace("def load", "def take_all")
    pull = scene.open({"app.py": text})
    (thread,) = pull.threads
    _, _, rest = thread.comments[0].body.partition("```suggestion\n")
    suggestion, _, _ = rest.partition("\n```")
    assert "safe_load" in suggestion
    lines, last = text.split("\n"), thread.place.line
    assert last is not None
    lines[(thread.place.start_line or last) - 1 : last] = suggestion.split("\n")
    scene.push(pull, {"app.py": "\n".join(lines)})
    assert labels(pull.threads, resolved=True) == {"unsafe-deserialization"}


def test_a_finding_that_is_gone_is_told_where_its_thread_may_not_be_resolved(modest_scene: Scene) -> None:
    pull = modest_scene.open({"app.py": CLEAN + LOADER})
    thread = pull.threads[0]
    title = thread.comments[0].body.partition("\n")[0]
    modest_scene.push(pull, {"app.py": CLEAN})
    assert thread.comments[0].body.startswith(f"~~{title}~~\n\nNo longer found")
    num_exchanges = len(modest_scene.fake.exchanges)
    modest_scene.push(pull, {"other.py": "x = 1\n"})
    since = modest_scene.fake.exchanges[num_exchanges:]
    assert not [one for one in since if "mutation" in str(one.body)]
    assert not [one for one in since if one.operation == "pulls/update-review-comment"]
    modest_scene.push(pull, {"app.py": CLEAN + LOADER})
    assert thread.comments[0].body.startswith(f"{title}\n")
    assert (thread.resolved_by, len(pull.threads)) == (None, 1)
    runs = modest_scene.fake.repository(REPOSITORY).check_runs.values()
    assert {run.values["conclusion"] for run in runs} == {"success"}


def test_the_same_delivery_twice_writes_once(scene: Scene) -> None:
    run_git(scene.source, "checkout", "--quiet", "--detach", scene.base)
    head = commit(scene.source, {"app.py": WITH_QUERY}, "twice")
    webhook = scene.fake.people.open_pull(REPOSITORY, NewPull(scene.base, head))
    assert scene.send(webhook) == 202
    scene.wait_for_review(head)
    scene.bot.wait_until_quiet()
    count = len(scene.fake.writes)
    assert scene.send(webhook) == 200
    again = scene.fake.people.edit(REPOSITORY, webhook.payload["number"], title="Another title")
    assert scene.send(again) == 202  # another delivery about the same commits
    scene.bot.wait_until_quiet()
    assert scene.writes_since(count) == []


def test_a_forged_delivery_is_refused(scene: Scene) -> None:
    webhook = scene.fake.people.comment(REPOSITORY, 1, "alice", "hello")
    forged = Webhook(webhook.event, webhook.action, webhook.headers, webhook.body + b" ")
    assert scene.send(forged) == 401


def test_a_draft_waits_until_it_is_ready(scene: Scene) -> None:
    run_git(scene.source, "checkout", "--quiet", "--detach", scene.base)
    head = commit(scene.source, {"app.py": WITH_QUERY}, "draft")
    webhook = scene.fake.people.open_pull(REPOSITORY, NewPull(scene.base, head, draft=True))
    number = webhook.payload["number"]
    assert scene.send(webhook) == 202
    scene.bot.wait_until_quiet()
    assert scene.fake.pull(REPOSITORY, number).threads == []
    assert scene.send(scene.fake.people.set_draft(REPOSITORY, number, draft=False)) == 202
    scene.wait_for_review(head)
    assert len(scene.fake.pull(REPOSITORY, number).threads) == 1


def test_the_findings_are_those_of_reviewer_diff(scene: Scene) -> None:
    loader = LOADER.replace("def load", "def read_all")  # another test dismissed the other one
    pull = scene.open({"app.py": WITH_QUERY + loader})
    arguments = ["diff", "--base", scene.base, "--head", pull.head_sha, "--format", "json"]
    command = [sys.executable, "-c", "import sys; from reviewer.cli import main; main(sys.argv[1:])"]
    done = subprocess.run([*command, *arguments], cwd=scene.source, capture_output=True, check=False)
    wanted = {one["fingerprint"] for one in json.loads(done.stdout)["findings"]}
    posted = {one.comments[0].body.rpartition("graph-reviewer:finding:")[2].split(" ")[0] for one in pull.threads}
    assert posted == wanted != set()


@pytest.mark.parametrize(
    ("login", "policy", "num_threads", "said"),
    [
        ("alice", "", 0, "Suppressed by this change (1)"),
        ("mallory", "", 1, "Suppressions of this change that do not count (1)"),
        ("alice", '[bot]\nsuppressions = "nobody"\n', 1, "Suppressions of this change that do not count (1)"),
        ("mallory", '[bot]\nsuppressions = "anybody"\n', 0, "Suppressed by this change (1)"),
    ],
    ids=["a writer", "an outsider", "nobody may", "anybody may"],
)
def test_only_writers_may_suppress_in_their_own_change(
    scene: Scene, login: str, policy: str, num_threads: int, said: str
) -> None:
    run_git(scene.source, "checkout", "--quiet", "--detach", scene.base)
    base = commit(scene.source, {".reviewer.toml": policy}, "policy") if policy else scene.base
    silenced = WITH_QUERY.replace(".execute(query)", ".execute(query)  # reviewer: ignore[sql-injection] trust me")
    attributes = {".gitattributes": "*.py linguist-generated\n"}
    head = commit(scene.source, {"app.py": silenced, "for.py": f"x = '{login}'\n", **attributes}, "silenced")
    webhook = scene.fake.people.open_pull(REPOSITORY, NewPull(base, head, login=login))
    assert scene.send(webhook) == 202
    scene.wait_for_review(head)
    scene.bot.wait_until_quiet()
    pull = scene.fake.pull(REPOSITORY, webhook.payload["number"])
    assert len(pull.threads) == num_threads
    (summary,) = [one.body for one in pull.comments if "graph-reviewer:summary" in one.body]
    assert said in summary


@pytest.mark.parametrize("seed", range(3))
def test_kill_9_between_requests_loses_and_repeats_nothing(scene: Scene, seed: int) -> None:
    chance = random.Random(seed)
    run_git(scene.source, "checkout", "--quiet", "--detach", scene.base)
    head = commit(scene.source, {"app.py": WITH_QUERY, "seed.py": f"x = {seed}\n"}, "killed")
    webhook = scene.fake.people.open_pull(REPOSITORY, NewPull(scene.base, head))
    assert scene.send(webhook) == 202
    for _ in range(2):
        scene.wait_for_requests(chance.randint(1, 6), head)
        scene.bot.kill()
        scene.bot.start()
    scene.wait_for_review(head)
    scene.bot.wait_until_quiet()
    pull = scene.fake.pull(REPOSITORY, webhook.payload["number"])
    assert [len(pull.reviews), len(pull.threads)] == [1, 1]
    assert len([one for one in pull.comments if "graph-reviewer:summary" in one.body]) == 1


def test_a_delivery_that_failed_while_we_were_down_is_asked_for_again(scene: Scene) -> None:
    run_git(scene.source, "checkout", "--quiet", "--detach", scene.base)
    head = commit(scene.source, {"app.py": WITH_QUERY, "late.py": "x = 1\n"}, "missed")
    webhook = scene.fake.people.open_pull(REPOSITORY, NewPull(scene.base, head))
    scene.bot.kill()
    assert scene.send(webhook) == 0
    scene.bot.start()
    scene.bot.wait_until(lambda: webhook in scene.fake.redeliveries)
    assert scene.send(webhook) == 202
    scene.wait_for_review(head)


def test_a_merge_queue_hears_what_the_change_was_told(scene: Scene) -> None:
    pull = scene.open({"app.py": WITH_QUERY, "queue.py": "x = 2\n"})
    webhook = scene.fake.people.queue_merge(REPOSITORY, pull.number, "alice")
    assert scene.send(webhook) == 202
    scene.wait_for_review(webhook.payload["merge_group"]["head_sha"])


def test_a_policy_that_cannot_be_read_is_said(scene: Scene) -> None:
    run_git(scene.source, "checkout", "--quiet", "--detach", scene.base)
    base = commit(scene.source, {".reviewer.toml": "select = 7\n"}, "bad policy")
    head = commit(scene.source, {"app.py": WITH_QUERY}, "change")
    assert scene.send(scene.fake.people.open_pull(REPOSITORY, NewPull(base, head))) == 202
    scene.wait_for_review(head)
    (run,) = [one for one in scene.fake.repository(REPOSITORY).check_runs.values() if one.head_sha == head]
    assert run.values["conclusion"] == "neutral"
    assert "select" in run.values["output"]["summary"]


def test_an_answer_that_nobody_expects_ends_in_an_honest_status(scene: Scene) -> None:
    scene.fake.fail_next(Fault.EMPTY, operation="pulls/get")
    pull = scene.open({"app.py": WITH_QUERY})
    runs = [one for one in scene.fake.repository(REPOSITORY).check_runs.values() if one.head_sha == pull.head_sha]
    assert [one.values["conclusion"] for one in runs] == ["neutral"]
    assert "the service's log says more" in runs[0].values["output"]["summary"]
    assert "review ended unexpectedly" in scene.bot.log


def test_requests_to_the_host_are_counted(scene: Scene) -> None:
    scene.open({"counted.py": "x = 3\n"})
    numbers = scene.bot.read("/metrics")
    assert 'reviewer_host_calls_total{host="github",status="200"}' in numbers
    assert 'reviewer_rate_left{host="github"}' in numbers
