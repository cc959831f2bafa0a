"""One real change through its life: opened in part, pushed twice, forced, renamed, answered, resolved, sent again.

The change is cut into three by its files, so that it need not have commits of its own. Everything happens on a fake
host, with a policy that shows all findings: what is looked at is the set of threads after each step.
"""

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import click

from benchmarks.replayed_hosts import PostedComment, ReplayHost, commit_policy, commit_tree, serve_replay
from benchmarks.replays import MAX_WAIT_S, lend_cache, make_policy, select_changes
from integrations.replay import MergedChange
from integrations.testing.git_hosting import BareRepository, run_git
from integrations.testing.webhooks import Webhook
from reviewer.repositories import Repository

_NAME = "replays/life"
_NUMBER = 1
_PARTS = 3


@dataclass(slots=True)
class _Life:
    host: ReplayHost
    git: BareRepository
    sent: list[Webhook] = field(default_factory=list)

    @property
    def threads(self) -> tuple[PostedComment, ...]:
        return self.host.acts.outcome_of(_NAME, _NUMBER).comments

    def step(self, name: str, webhook: Webhook | None) -> None:
        """Sends an event, if there is one, waits for rest, and prints what stands there and what was written."""
        count = len(self.host.fake.writes)
        if webhook is not None:
            self.host.send(webhook)
            self.sent.append(webhook)
        self.rest()
        self.show(name, count)

    def rest(self) -> None:
        self.host.bot.wait_until_idle(MAX_WAIT_S)
        self.host.bot.wait_until_quiet(MAX_WAIT_S)

    def show(self, name: str, count: int) -> None:
        threads, fake = self.threads, self.host.fake
        resolved = sum(one.is_resolved for one in threads)
        outdated = sum(one.is_outdated for one in threads)
        replies = sum(one.num_replies for one in threads)
        ranges = sum(one.start_line < one.line for one in threads)
        twice = len(threads) - len({one.body for one in threads})
        refused = sum(one.status >= 400 for one in fake.exchanges)
        click.echo(
            f"{name}: {len(threads)} threads ({ranges} on ranges), {resolved} resolved, {outdated} outdated,"
            f" {twice} twice, {replies} replies, {len(fake.writes) - count} writes, {refused} refusals so far"
        )


@click.command()
@click.argument("clone", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--last", "count", default=30, show_default=True, help="The largest of so many changes is taken.")
@click.option("--host", "kind", type=click.Choice(["github", "gitlab"]), default="github", show_default=True)
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), help="Analyses of files, for the next run.")
def lives(clone: Path, count: int, kind: str, cache: Path | None) -> None:
    """Replay one real change step by step, and print the threads after each step."""
    change = max(select_changes(Repository(clone.absolute()), count), key=lambda one: one.num_files).change
    click.echo(f"{change.commit[:12]} {change.subject[:80]}")
    with tempfile.TemporaryDirectory(prefix="lives-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if cache is not None:
            lend_cache(cache.absolute(), folder)
        with serve_replay(kind, folder) as host:
            _live(_Life(host, host.acts.add(_NAME, clone.absolute())), change)
            click.echo(f"{len(host.fake.violations)} violations")
            for violation in host.fake.violations[:20]:
                click.echo(f"    {violation[:300]}")


def _live(life: _Life, change: MergedChange) -> None:
    acts, git = life.host.acts, life.git
    fork = git.merge_base(change.base, change.head)
    base = commit_policy(git, change.base, make_policy(0.0) or "")
    parts = _cut(git, fork, change.head)
    life.step("opened", acts.open(_NAME, base, parts[0], change.subject[:200]))
    for number, part in enumerate(parts[1:], start=1):
        life.step(f"push {number}", acts.push(_NAME, _NUMBER, part))
    forced = commit_tree(git, parts[-1], fork, "Forced")
    life.step("force-push", acts.push(_NAME, _NUMBER, forced))
    if not life.threads:
        raise click.ClickException(f"{change.commit[:12]}: expected a change that gets comments, found none")
    renamed = _rename(git, forced, life.threads[0].path)
    life.step("rename", acts.push(_NAME, _NUMBER, renamed))
    thread = next(one for one in life.threads if not one.is_resolved)
    life.step("command", acts.reply(_NAME, thread, "/reviewer explain"))
    life.step("resolved", acts.resolve(_NAME, thread))
    life.step("push 3", acts.push(_NAME, _NUMBER, commit_tree(git, renamed, renamed, "Nothing")))
    count = len(life.host.fake.writes)
    for webhook in life.sent:
        life.host.send(webhook)
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
