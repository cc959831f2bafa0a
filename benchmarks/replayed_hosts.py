"""Hosts that hold a clone's past changes, and the served bot beside them: one shape over both fakes.

A base that needs another policy gets one more commit, which only the base branch has: where a change left it stays.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from integrations.testing.api_host import Exchange
from integrations.testing.fake_github import FakeGitHub
from integrations.testing.fake_gitlab import DEVELOPER, FakeGitLab
from integrations.testing.git_hosting import BareRepository, run_git
from integrations.testing.github_people import NewPull
from integrations.testing.gitlab_people import NewMergeRequest
from integrations.testing.served_bot import ServedBot, github_settings, gitlab_settings
from integrations.testing.webhooks import Webhook

_NO_LIMIT = 1_000_000  # rates are measured elsewhere
_POLICY_FILE = ".reviewer.toml"
_IDENTITY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Ada"), ("EMAIL", "ada@example.invalid"), ("DATE", "2026-01-01T00:00:00Z"))
}


@dataclass(frozen=True, slots=True)
class PostedComment:
    """A thread of the bot's: where it hangs and what it says. `start_line` is `line` where it is one line."""

    number: int
    path: str
    start_line: int
    line: int
    body: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the bot left on one change. `conclusion` is the host's word, empty while there is none."""

    comments: tuple[PostedComment, ...]
    summaries: tuple[str, ...]
    num_checks: int
    conclusion: str
    title: str
    details: str = ""


class ReplayHost(Protocol):
    """A fake host as a replay needs it, with one repository at a time."""

    def add(self, name: str, source: Path) -> BareRepository:
        """A repository that borrows a clone's objects."""
        ...

    def open(self, name: str, base: str, head: str, title: str) -> Webhook:
        """Opens a change; the event that tells of it."""
        ...

    def edit(self, name: str, number: int) -> Webhook:
        """Changes the title: another delivery about the same commits."""
        ...

    def send(self, webhook: Webhook, bot: ServedBot) -> int:
        """The bot's answer to a delivery."""
        ...

    def number_of(self, webhook: Webhook) -> int:
        """The change that a delivery is about."""
        ...

    def outcome_of(self, name: str, number: int) -> Outcome:
        """What stands on a change now."""
        ...

    @property
    def exchanges(self) -> list[Exchange]:
        """All API requests, in order."""
        ...

    @property
    def violations(self) -> list[str]:
        """Requests against the host's description."""
        ...


class GitHubReplay:
    """The protocol on a fake GitHub."""

    def __init__(self, fake: FakeGitHub) -> None:
        self.fake = fake
        fake.limits.requests_per_hour = fake.limits.content_per_minute = _NO_LIMIT

    def add(self, name: str, source: Path) -> BareRepository:
        """As the protocol says."""
        return self.fake.add_repository(name, source).git

    def open(self, name: str, base: str, head: str, title: str) -> Webhook:
        """As the protocol says."""
        return self.fake.people.open_pull(name, NewPull(base, head, title=title))

    def edit(self, name: str, number: int) -> Webhook:
        """As the protocol says."""
        return self.fake.people.edit(name, number, title="Another title")

    def send(self, webhook: Webhook, bot: ServedBot) -> int:
        """As the protocol says."""
        return self.fake.deliver(webhook, f"{bot.url}/webhooks/github")

    def number_of(self, webhook: Webhook) -> int:
        """As the protocol says."""
        return int(webhook.payload["number"])

    def outcome_of(self, name: str, number: int) -> Outcome:
        """As the protocol says."""
        pull = self.fake.pull(name, number)
        runs = [one for one in list(self.fake.repository(name).check_runs.values()) if one.head_sha == pull.head_sha]
        done = [one for one in runs if one.values.get("status") == "completed"]
        comments = [
            PostedComment(
                number,
                one.original.path,
                one.original.start_line or one.original.line or 0,
                one.original.line or 0,
                one.comments[0].body,
            )
            for one in pull.threads
        ]
        summaries = [one.body for one in pull.comments if one.login.endswith("[bot]")]
        conclusion = str(done[-1].values["conclusion"]) if done else ""
        title = str(done[-1].values["output"]["title"]) if done else ""
        details = str(done[-1].values["output"]["summary"]) if done else ""
        return Outcome(tuple(comments), tuple(summaries), len(runs), conclusion, title, details)

    @property
    def exchanges(self) -> list[Exchange]:
        """As the protocol says."""
        return self.fake.exchanges

    @property
    def violations(self) -> list[str]:
        """As the protocol says."""
        return self.fake.violations


class GitLabReplay:
    """The protocol on a fake GitLab."""

    def __init__(self, fake: FakeGitLab) -> None:
        self.fake = fake
        fake.limits.requests_per_minute = fake.limits.notes_per_minute = _NO_LIMIT

    def add(self, name: str, source: Path) -> BareRepository:
        """As the protocol says."""
        project = self.fake.add_project(name, source)
        self.fake.add_member(name, "alice", DEVELOPER)
        return project.git

    def open(self, name: str, base: str, head: str, title: str) -> Webhook:
        """As the protocol says."""
        return self.fake.people.open(name, NewMergeRequest(base, head, title=title))

    def edit(self, name: str, number: int) -> Webhook:
        """As the protocol says."""
        return self.fake.people.edit(name, number, title="Another title")

    def send(self, webhook: Webhook, bot: ServedBot) -> int:
        """As the protocol says."""
        return self.fake.deliver(webhook, f"{bot.url}/webhooks/gitlab")

    def number_of(self, webhook: Webhook) -> int:
        """As the protocol says."""
        return int(webhook.payload["object_attributes"]["iid"])

    def outcome_of(self, name: str, number: int) -> Outcome:
        """As the protocol says."""
        request = self.fake.merge_request(name, number)
        statuses = [one for one in list(self.fake.project(name).statuses) if one.sha == request.version.head_sha]
        ours = [one for one in request.discussions if one.notes[0].username == self.fake.bot]
        comments = []
        for one in ours:
            place = one.notes[0].position
            if place is not None:
                line = place["new_line"]
                comments.append(PostedComment(number, place["new_path"], line, line, one.notes[0].body))
        summaries = [one.notes[0].body for one in ours if one.notes[0].position is None]
        is_done = bool(statuses) and statuses[-1].state != "running"
        conclusion = statuses[-1].state if is_done else ""
        title = str(statuses[-1].description or "") if is_done else ""
        return Outcome(tuple(comments), tuple(summaries), len(statuses), conclusion, title)

    @property
    def exchanges(self) -> list[Exchange]:
        """As the protocol says."""
        return self.fake.exchanges

    @property
    def violations(self) -> list[str]:
        """As the protocol says."""
        return self.fake.violations


@contextmanager
def serve_replay(kind: str, folder: Path) -> Iterator[tuple[ReplayHost, ServedBot]]:
    """A fake host (`github` or `gitlab`) and a bot that is set up there, with its data in a folder."""
    if kind == "github":
        with FakeGitHub() as github, ServedBot(folder, github_settings(github, folder)) as bot:
            yield GitHubReplay(github), bot
    else:
        with FakeGitLab() as gitlab, ServedBot(folder, gitlab_settings(gitlab)) as bot:
            yield GitLabReplay(gitlab), bot


def commit_policy(git: BareRepository, base: str, policy: str) -> str:
    """Id of a commit on top of a base that adds the policy and nothing else."""
    blob = run_git(git.path, "hash-object", "-w", "--stdin", stdin=policy.encode()).strip()
    return commit_tree(git, base, base, "Policy", b"100644 " + blob + b"\t" + _POLICY_FILE.encode() + b"\0")


def commit_tree(git: BareRepository, tree: str, parent: str, message: str, changes: bytes = b"") -> str:
    """Id of a commit with another one's tree and changes to it, as `git update-index --index-info -z` reads them."""
    environment = {**os.environ, **_IDENTITY, "GIT_INDEX_FILE": str(git.path / "replay-index")}

    def run(*arguments: str, stdin: bytes = b"") -> str:
        command = ["git", "-C", str(git.path), *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, check=True, env=environment)
        return done.stdout.decode().strip()

    run("read-tree", tree)
    run("update-index", "-z", "--index-info", stdin=changes)
    return run("commit-tree", run("write-tree"), "-p", parent, "-m", message)
