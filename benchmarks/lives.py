"""One real change through its life: opened in part, pushed twice, forced, renamed, answered, resolved, sent again.

The change is cut into three by its files, so that it need not have commits of its own. Everything happens on a fake
GitHub, with a policy that shows all findings: what is looked at is the set of threads after each step.
"""

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import click

from benchmarks.replayed_hosts import GitHubReplay, commit_policy, commit_tree
from benchmarks.replays import MAX_WAIT_S, lend_cache, make_policy, select_changes
from integrations.replay import MergedChange
from integrations.testing.fake_github import FakeGitHub
from integrations.testing.git_hosting import BareRepository, run_git
from integrations.testing.github_people import NewPull
from integrations.testing.github_state import Pull
from integrations.testing.served_bot import ServedBot, github_settings
from integrations.testing.webhooks import Webhook
from reviewer.repositories import Repository

_NAME = "replays/life"
_PARTS = 3


@dataclass(slots=True)
class _Life:
    host: GitHubReplay
    bot: ServedBot
    git: BareRepository
    sent: list[Webhook] = field(default_factory=list)

    @property
    def pull(self) -> Pull:
        return self.host.fake.pull(_NAME, 1)

    def step(self, name: str, webhook: Webhook) -> None:
        """Sends an event, waits for rest, and prints what stands there and what was written."""
        count = len(self.host.fake.writes)
        self.host.send(webhook, self.bot)
        self.sent.append(webhook)
        self.rest()
        self.show(name, count)

    def rest(self) -> None:
        self.bot.wait_until_idle(MAX_WAIT_S)
        self.bot.wait_until_quiet(MAX_WAIT_S)

    def show(self, name: str, count: int) -> None:
        threads = self.pull.threads
        resolved = sum(one.resolved_by is not None for one in threads)
        outdated = sum(one.is_outdated for one in threads)
        replies = sum(len(one.comments) - 1 for one in threads)
        twice = len(threads) - len({one.comments[0].body for one in threads})
        refused = sum(one.status >= 400 for one in self.host.exchanges)
        click.echo(
            f"{name}: {len(threads)} threads, {resolved} resolved, {outdated} outdated, {twice} twice,"
            f" {replies} replies, {len(self.host.fake.writes) - count} writes, {refused} refusals so far"
        )


@click.command()
@click.argument("clone", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--last", "count", default=30, show_default=True, help="The largest of so many changes is taken.")
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), help="Analyses of files, for the next run.")
def lives(clone: Path, count: int, cache: Path | None) -> None:
    """Replay one real change step by step, and print the threads after each step."""
    change = max(select_changes(Repository(clone.absolute()), count), key=lambda one: one.num_files).change
    click.echo(f"{change.commit[:12]} {change.subject[:80]}")
    with tempfile.TemporaryDirectory(prefix="lives-", ignore_cleanup_errors=True) as name, FakeGitHub() as fake:
        folder = Path(name)
        if cache is not None:
            lend_cache(cache.absolute(), folder)
        with ServedBot(folder, github_settings(fake, folder)) as bot:
            host = GitHubReplay(fake)
            git = host.add(_NAME, clone.absolute())
            _live(_Life(host, bot, git), change)
        click.echo(f"{len(fake.violations)} violations")


def _live(life: _Life, change: MergedChange) -> None:
    people, git = life.host.fake.people, life.git
    fork = git.merge_base(change.base, change.head)
    base = commit_policy(git, change.base, make_policy(0.0) or "")
    parts = _cut(git, fork, change.head)
    life.step("opened", people.open_pull(_NAME, NewPull(base, parts[0], title=change.subject[:200])))
    for number, part in enumerate(parts[1:], start=1):
        life.step(f"push {number}", people.push(_NAME, 1, part))
    forced = commit_tree(git, parts[-1], fork, "Forced")
    life.step("force-push", people.push(_NAME, 1, forced))
    renamed = _rename(git, forced, life.pull.threads[0].place.path)
    life.step("rename", people.push(_NAME, 1, renamed))
    thread = next(one for one in life.pull.threads if one.resolved_by is None)
    life.step("command", people.reply(_NAME, thread.comments[0].comment_id, "replays", "/reviewer explain"))
    life.step("resolved", people.resolve(_NAME, thread.comments[0].comment_id, "replays"))
    life.step("push 3", people.push(_NAME, 1, commit_tree(git, renamed, renamed, "Nothing")))
    count = len(life.host.fake.writes)
    for webhook in life.sent:
        life.host.send(webhook, life.bot)
    life.rest()
    life.show("everything again", count)


def _cut(git: BareRepository, fork: str, head: str) -> list[str]:
    """Commits on top of each other that bring the files of a change in three parts; the last has its whole tree."""
    names = run_git(git.path, "diff", "--name-only", "--no-renames", "-z", fork, head).split(b"\0")[:-1]
    size = -(-len(names) // _PARTS)
    commits, parent = [], fork
    for start in range(0, len(names), size):
        parent = _take(git, parent, head, names[start : start + size])
        commits.append(parent)
    return commits


def _take(git: BareRepository, parent: str, head: str, names: list[bytes]) -> str:
    """A commit that has some files as another commit has them."""
    entries = run_git(git.path, "ls-tree", "-r", "-z", head).split(b"\0")[:-1]
    kept = {entry.partition(b"\t")[2]: entry for entry in entries}
    gone = b"0 " + b"0" * 40 + b"\t"
    lines = [_index_line(kept[name]) if name in kept else gone + name for name in names]
    return commit_tree(git, parent, parent, "Part", b"\0".join(lines) + b"\0")


def _index_line(entry: bytes) -> bytes:
    """`mode type id<TAB>path` of a tree without the type, as an index is told."""
    fields, _, path = entry.partition(b"\t")
    mode, _, object_id = fields.split(b" ")
    return mode + b" " + object_id + b"\t" + path


def _rename(git: BareRepository, parent: str, path: str) -> str:
    """A commit that moves one file into a folder beside it."""
    (entry,) = run_git(git.path, "ls-tree", "-r", "-z", parent, "--", path).split(b"\0")[:-1]
    moved = os.path.join(os.path.dirname(path), "moved", os.path.basename(path)).encode()
    line = _index_line(entry).partition(b"\t")[0] + b"\t" + moved
    gone = b"0 " + b"0" * 40 + b"\t" + path.encode()
    return commit_tree(git, parent, parent, "Rename", line + b"\0" + gone + b"\0")
