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
from integrations.testing.github_state import Thread
from integrations.testing.gitlab_people import NewMergeRequest
from integrations.testing.gitlab_state import Discussion
from integrations.testing.served_bot import ServedBot, github_settings, gitlab_settings
from integrations.testing.webhooks import Webhook

_NO_LIMIT = 1_000_000  # rates are measured elsewhere
_POLICY_FILE = ".reviewer.toml"
_PERSON = "alice"
_IDENTITY = {
    f"GIT_{role}_{part}": value
    for role in ("AUTHOR", "COMMITTER")
    for part, value in (("NAME", "Ada"), ("EMAIL", "ada@example.invalid"), ("DATE", "2026-01-01T00:00:00Z"))
}


@dataclass(frozen=True, slots=True)
class PostedComment:
    """A thread of the bot's: where it was posted, what it says, what became of it. `key` is what answers name.

    `start_line` is `line` where it is one line.
    """

    number: int
    key: str
    path: str
    start_line: int
    line: int
    body: str
    num_replies: int = 0
    is_resolved: bool = False
    is_outdated: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the bot left on one change. `conclusion` is the host's word, empty while there is none."""

    comments: tuple[PostedComment, ...]
    summaries: tuple[str, ...]
    num_checks: int
    conclusion: str
    title: str
    details: str = ""


class Fake(Protocol):
    """What both fakes have."""

    @property
    def exchanges(self) -> list[Exchange]:
        """All API requests, in order."""
        ...

    @property
    def writes(self) -> list[Exchange]:
        """Those that changed something."""
        ...

    @property
    def violations(self) -> list[str]:
        """Requests against the host's description."""
        ...

    def deliver(self, webhook: Webhook, url: str) -> int:
        """The answer to a delivery."""
        ...


class Acts(Protocol):
    """What somebody with write access does on a fake host, and what is to be seen there; changes by number."""

    def add(self, name: str, source: Path) -> BareRepository:
        """A repository that borrows a clone's objects."""
        ...

    def open(self, name: str, base: str, head: str, title: str) -> Webhook:
        """Opens a change; the event that tells of it."""
        ...

    def push(self, name: str, number: int, head: str) -> Webhook:
        """Moves a change to another head."""
        ...

    def edit(self, name: str, number: int) -> Webhook:
        """Changes the title: another delivery about the same commits."""
        ...

    def reply(self, name: str, comment: PostedComment, text: str) -> Webhook:
        """Answers in a thread."""
        ...

    def resolve(self, name: str, comment: PostedComment) -> Webhook | None:
        """Resolves a thread; None where the host does not tell of it."""
        ...

    def number_of(self, webhook: Webhook) -> int:
        """The change that a delivery is about."""
        ...

    def outcome_of(self, name: str, number: int) -> Outcome:
        """What stands on a change now."""
        ...


@dataclass(frozen=True, slots=True)
class ReplayHost:
    """A fake host of a kind (`github` or `gitlab`), what happens on it, and the bot that is set up there."""

    kind: str
    fake: Fake
    acts: Acts
    bot: ServedBot

    def send(self, webhook: Webhook) -> int:
        """The bot's answer to a delivery."""
        return self.fake.deliver(webhook, f"{self.bot.url}/webhooks/{self.kind}")


class _GitHubActs:
    def __init__(self, fake: FakeGitHub) -> None:
        self._fake, self._people = fake, fake.people
        fake.limits.requests_per_hour = fake.limits.content_per_minute = _NO_LIMIT

    def add(self, name: str, source: Path) -> BareRepository:
        return self._fake.add_repository(name, source).git

    def open(self, name: str, base: str, head: str, title: str) -> Webhook:
        return self._people.open_pull(name, NewPull(base, head, title=title))

    def push(self, name: str, number: int, head: str) -> Webhook:
        return self._people.push(name, number, head)

    def edit(self, name: str, number: int) -> Webhook:
        return self._people.edit(name, number, title="Another title")

    def reply(self, name: str, comment: PostedComment, text: str) -> Webhook:
        return self._people.reply(name, int(comment.key), name.partition("/")[0], text)  # the owner

    def resolve(self, name: str, comment: PostedComment) -> Webhook | None:
        return self._people.resolve(name, int(comment.key), name.partition("/")[0])

    def number_of(self, webhook: Webhook) -> int:
        return int(webhook.payload["number"])

    def outcome_of(self, name: str, number: int) -> Outcome:
        pull = self._fake.pull(name, number)
        runs = [one for one in list(self._fake.repository(name).check_runs.values()) if one.head_sha == pull.head_sha]
        done = [one for one in runs if one.values.get("status") == "completed"]
        comments = tuple(_read_thread(number, one) for one in pull.threads)
        summaries = tuple(one.body for one in pull.comments if one.login.endswith("[bot]"))
        if not done:
            return Outcome(comments, summaries, len(runs), "", "")
        output = done[-1].values["output"]
        conclusion = str(done[-1].values["conclusion"])
        return Outcome(comments, summaries, len(runs), conclusion, str(output["title"]), str(output["summary"]))


def _read_thread(number: int, thread: Thread) -> PostedComment:
    place, first = thread.original, thread.comments[0]
    return PostedComment(
        number,
        str(first.comment_id),
        place.path,
        place.start_line or place.line or 0,
        place.line or 0,
        first.body,
        len(thread.comments) - 1,
        thread.resolved_by is not None,
        thread.is_outdated,
    )


class _GitLabActs:
    def __init__(self, fake: FakeGitLab) -> None:
        self._fake, self._people = fake, fake.people
        fake.limits.requests_per_minute = fake.limits.notes_per_minute = _NO_LIMIT

    def add(self, name: str, source: Path) -> BareRepository:
        project = self._fake.add_project(name, source)
        self._fake.add_member(name, _PERSON, DEVELOPER)
        return project.git

    def open(self, name: str, base: str, head: str, title: str) -> Webhook:
        return self._people.open(name, NewMergeRequest(base, head, title=title))

    def push(self, name: str, number: int, head: str) -> Webhook:
        return self._people.push(name, number, head)

    def edit(self, name: str, number: int) -> Webhook:
        return self._people.edit(name, number, title="Another title")

    def reply(self, name: str, comment: PostedComment, text: str) -> Webhook:
        return self._people.reply(name, comment.number, comment.key, _PERSON, text)

    def resolve(self, name: str, comment: PostedComment) -> Webhook | None:
        return self._people.resolve(name, comment.number, comment.key, _PERSON)

    def number_of(self, webhook: Webhook) -> int:
        return int(webhook.payload["object_attributes"]["iid"])

    def outcome_of(self, name: str, number: int) -> Outcome:
        request = self._fake.merge_request(name, number)
        statuses = [one for one in list(self._fake.project(name).statuses) if one.sha == request.version.head_sha]
        ours = [one for one in request.discussions if one.notes[0].username == self._fake.bot]
        comments = tuple(_read_discussion(number, one) for one in ours if one.notes[0].position is not None)
        summaries = tuple(one.notes[0].body for one in ours if one.notes[0].position is None)
        if not statuses or statuses[-1].state == "running":
            return Outcome(comments, summaries, len(statuses), "", "")
        return Outcome(comments, summaries, len(statuses), statuses[-1].state, str(statuses[-1].description or ""))


def _read_discussion(number: int, discussion: Discussion) -> PostedComment:
    first = discussion.notes[0]
    place = first.position or {}
    line = place.get("new_line") or place["old_line"]
    start = place["line_range"]["start"]["new_line"] if place.get("line_range") else line
    return PostedComment(
        number,
        discussion.discussion_id,
        place["new_path"],
        start,
        line,
        first.body,
        len(discussion.notes) - 1,
        discussion.resolved_by is not None,
        discussion.is_outdated,
    )


@contextmanager
def serve_replay(kind: str, folder: Path) -> Iterator[ReplayHost]:
    """A fake host (`github` or `gitlab`) and a bot that is set up there, with its data in a folder."""
    if kind == "github":
        with FakeGitHub() as github, ServedBot(folder, github_settings(github, folder)) as bot:
            yield ReplayHost(kind, github, _GitHubActs(github), bot)
    else:
        with FakeGitLab() as gitlab, ServedBot(folder, gitlab_settings(gitlab)) as bot:
            yield ReplayHost(kind, gitlab, _GitLabActs(gitlab), bot)


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
