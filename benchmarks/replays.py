"""Real merged changes of local clones through the served bot, on a fake host that is as strict as the real one.

Each change is opened against the commit it was based on. What a host must never see is counted: requests that it
refuses, writes that follow a delivery which came twice, and changes that end without an outcome.
"""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click

from benchmarks.replayed_hosts import Acts, PostedComment, ReplayHost, commit_policy, serve_replay
from benchmarks.review import write_json
from graph_model.catalogue.model import Category
from graph_model.languages import find_language
from integrations.replay import MergedChange, list_merged
from integrations.testing.served_bot import BotError, ServedBot
from integrations.testing.webhooks import Webhook
from reviewer.errors import RepositoryError
from reviewer.repositories import Repository

MAX_WAIT_S = 3_600.0
_LOOK_BACK = 20  # how many merged changes are looked at for one that touches source files
_REFUSED = 400
_HTTP_OK = (200, 202)
_FAILED_TITLES = ("The review failed", "The review could not be made")
_SHOW_ALL = """\
select = [{categories}]
min-probability = {probability}
max-comments = 1000
include-tests = true
"""


@dataclass(frozen=True, slots=True)
class Selected:
    """A change to replay, and how many source files it touches."""

    change: MergedChange
    num_files: int


@dataclass(slots=True)
class Tally:
    """What happened with one clone. `refusals` by operation and status, `conclusions` by the host's word."""

    clone: str
    host: str
    changes: int = 0
    files: int = 0
    comments: int = 0
    suggestions: int = 0
    summaries: int = 0
    checks: int = 0
    refusals: dict[str, int] = field(default_factory=dict)
    conclusions: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    duplicate_writes: int = 0
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0


@click.command()
@click.argument("clones", nargs=-1, required=True, type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--last", "count", default=30, show_default=True, type=click.IntRange(1), help="Changes of each clone.")
@click.option("--host", "kind", type=click.Choice(["github", "gitlab"]), default="github", show_default=True)
@click.option(
    "--min-probability", type=click.FloatRange(0, 1), help="Show all findings from here; default: the policy."
)
@click.option("--samples", default=0, show_default=True, help="Print so many of the comments.")
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), help="Analyses of files, for the next run.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the table and comments as JSON.")
def replays(  # noqa: PLR0913, PLR0917 - one parameter an option
    clones: tuple[Path, ...],
    count: int,
    kind: str,
    min_probability: float | None,
    samples: int,
    cache: Path | None,
    output: Path | None,
) -> None:
    """Send the last merged changes of clones through the bot: comments, refusals, failures, writes made twice."""
    tallies: list[Tally] = []
    comments: list[PostedComment] = []
    for clone in clones:
        with tempfile.TemporaryDirectory(prefix="replays-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            if cache is not None:
                lend_cache(cache.absolute(), folder)
            tally, posted = _replay_clone(clone.absolute(), count, kind, make_policy(min_probability), folder)
        tallies.append(tally)
        comments += posted
        click.echo(_describe(tally))
    for comment in comments[:: max(1, len(comments) // samples)][:samples] if samples else ():
        click.echo(f"\n----- {comment.path}:{comment.start_line}-{comment.line}\n{comment.body}")
    rows = [asdict(one) for one in tallies]
    write_json(output, {"clones": rows, "comments": [asdict(one) for one in comments]})


def lend_cache(cache: Path, folder: Path) -> None:
    """Puts a kept cache where the service keeps its own."""
    cache.mkdir(parents=True, exist_ok=True)
    (folder / "data").mkdir()
    (folder / "data" / "cache").symlink_to(cache)


def make_policy(min_probability: float | None) -> str | None:
    """A policy that shows everything from a probability on, tests and all; None leaves each base's own."""
    if min_probability is None:
        return None
    names = ", ".join(json.dumps(one.value) for one in Category)
    return _SHOW_ALL.format(categories=names, probability=min_probability)


def select_changes(repository: Repository, count: int) -> list[Selected]:
    """The last merged changes that touch a source file and whose files are all at hand, newest first."""
    selected: list[Selected] = []
    for change in list_merged(repository, count * _LOOK_BACK, "HEAD"):
        if len(selected) == count:
            break
        try:
            names = repository.run("diff", "--name-only", "-z", "--diff-filter=ACMRT", f"{change.base}...{change.head}")
            repository.run("diff", "--quiet", "--patch", f"{change.base}...{change.head}", "--", ".")
        except RepositoryError as error:
            if "exit code 1" not in str(error):  # of --quiet: the two differ
                continue
        num_files = sum(find_language(name) is not None for name in names.decode("utf-8", "replace").split("\0"))
        if num_files:
            selected.append(Selected(change, num_files))
    return selected


def _replay_clone(
    clone: Path, count: int, kind: str, policy: str | None, folder: Path
) -> tuple[Tally, list[PostedComment]]:
    selected = select_changes(Repository(clone), count)
    name = f"replays/{(clone.parent if clone.name == 'repo' else clone).name.replace('+', '-')}"
    tally = Tally(name.partition("/")[2], kind, len(selected), sum(one.num_files for one in selected))
    started = time.monotonic()
    with serve_replay(kind, folder) as host:
        git = host.acts.add(name, clone)
        webhooks = []
        for one in selected:
            base = one.change.base if policy is None else commit_policy(git, one.change.base, policy)
            webhooks.append(host.acts.open(name, base, one.change.head, one.change.subject[:200]))
            _send(host, webhooks[-1], tally)
        _rest(host.bot, tally)
        numbers = [host.acts.number_of(one) for one in webhooks]
        posted = _count_outcomes(host.acts, name, numbers, tally)
        num_writes = len(host.fake.writes)
        for webhook in (*webhooks, *(host.acts.edit(name, number) for number in numbers)):
            _send(host, webhook, tally)
        _rest(host.bot, tally)
        tally.duplicate_writes = len(host.fake.writes) - num_writes
        refused = Counter(f"{one.operation} {one.status}" for one in host.fake.exchanges if one.status >= _REFUSED)
        tally.refusals, tally.violations = dict(refused), list(host.fake.violations)
        tally.failures += _read_errors(host.bot)
    tally.seconds = time.monotonic() - started
    return tally, posted


def _send(host: ReplayHost, webhook: Webhook, tally: Tally) -> None:
    status = host.send(webhook)
    if status not in _HTTP_OK:
        tally.failures.append(f"a delivery was answered {status}")


def _rest(bot: ServedBot, tally: Tally) -> None:
    try:
        bot.wait_until_idle(MAX_WAIT_S)
        bot.wait_until_quiet(MAX_WAIT_S)
    except BotError as error:
        tally.failures.append(f"not at rest: {error}")


def _count_outcomes(acts: Acts, name: str, numbers: Sequence[int], tally: Tally) -> list[PostedComment]:
    """Adds up what stands on the changes; the comments."""
    posted: list[PostedComment] = []
    conclusions: Counter[str] = Counter()
    for number in numbers:
        outcome = acts.outcome_of(name, number)
        posted += outcome.comments
        tally.summaries += len(outcome.summaries)
        tally.checks += outcome.num_checks
        conclusions[outcome.conclusion or "none"] += 1
        if not outcome.conclusion or outcome.title in _FAILED_TITLES:
            tally.failures.append(f"change {number}: {outcome.title or 'no outcome'} {outcome.details}")
        if len(outcome.summaries) > 1:
            tally.failures.append(f"change {number}: {len(outcome.summaries)} summaries")
    tally.comments, tally.conclusions = len(posted), dict(conclusions)
    tally.suggestions = sum("```suggestion" in one.body for one in posted)
    return posted


def _read_errors(bot: ServedBot) -> list[str]:
    """What the service logged as an error, once each."""
    found: Counter[str] = Counter()
    for line in bot.log.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if entry.get("level") in ("error", "critical"):
            last = str(entry.get("traceback", "")).rstrip().rpartition("\n")[2]
            found[f"{entry.get('message')} {last}".strip()] += 1
    return [f"{number} times logged: {message[:300]}" for message, number in found.items()]


def _describe(tally: Tally) -> str:
    said = (
        f"{tally.clone} on {tally.host}: {tally.changes} changes, {tally.files} source files, {tally.comments} comments"
        f" ({tally.suggestions} with a suggestion), {tally.summaries} summaries, {tally.checks} checks"
        f" {_join(tally.conclusions)}, refusals {_join(tally.refusals)}, {len(tally.failures)} failures,"
        f" {tally.duplicate_writes} writes after second deliveries, {len(tally.violations)} violations,"
        f" {tally.seconds:.0f} s"
    )
    lines = [said]
    lines += [f"    failure: {one}" for one in tally.failures]
    lines += [f"    violation: {one[:300]}" for one in tally.violations[:20]]
    return "\n".join(lines)


def _join(counts: dict[str, int]) -> str:
    return "(" + ", ".join(f"{number} {name}" for name, number in sorted(counts.items())) + ")" if counts else "none"
