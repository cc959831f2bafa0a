"""Part "replays": merged changes of the past as the bot would have commented them, and what fixes changed later.

Changes are taken from before the last year and a half of each history, so that fixes had time to come. Repositories are
those that no weight was trained on. Lines are those that a change added; their share is what commenting anywhere hits.
"""

import logging
import random
import subprocess
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from textwrap import dedent

from benchmarks.evaluation.added_lines import head_files, keep_added, list_results, run_tools
from benchmarks.evaluation.change_reviews import ChangeReviewer
from benchmarks.evaluation.comments import (
    SHOWN,
    Comment,
    Line,
    Place,
    Told,
    bot_table,
    describe_bot,
    describe_scorers,
    list_counts,
    scorer_tables,
)
from benchmarks.evaluation.keeping import Keep
from benchmarks.evaluation.later_fixes import History
from benchmarks.evaluation.parts import Context, EvaluationError, MissingSetError, Section
from benchmarks.evaluation.ranked_comments import PER_100_CHANGES, count_ranked
from benchmarks.evaluation.sarif import Tool
from benchmarks.evaluation.snippets import Snippet
from dataset_curation.clones import Clone, find_clone
from dataset_curation.errors import CurationError
from dataset_curation.manifests import REPOSITORIES_NAME, Entry, Role, read_entries
from dataset_curation.selection import find_drop_reason
from graph_model.languages import find_language
from integrations.replay import MergedChange, list_merged
from reviewer.comparison import list_changes
from reviewer.outline import find_functions
from reviewer.repositories import Repository
from reviewer.source import SourceFile

_log = logging.getLogger(__name__)
CHANGES_A_LANGUAGE = 50
_REPOSITORIES_A_LANGUAGE = 6
_DAYS_OF_FIXES = 540
_LOOK_BACK = 12  # how many merged changes are looked at for one that is replayed
_MAX_FILES = 40
_MAX_DIFF_BYTES = 20_000_000
_LINES_A_CHANGE = 10  # drawn for the share of added lines that a fix changed
_LINES_NEAR = 3  # that stand for a function where there is none
_ROLES = (Role.GATE, Role.MEASURE, Role.READING)
_DAY_S = 86_400


@dataclass(slots=True)
class _Plan:
    """The changes of one repository that are replayed."""

    entry: Entry
    repository: Repository
    tip: str
    changes: list[MergedChange] = field(default_factory=list)


class ReplaysPart:
    """Fifty merged changes a language, under the default policy."""

    name = "replays"

    def __init__(self, num_changes: int = CHANGES_A_LANGUAGE) -> None:
        self._num_changes = num_changes

    def measure(self, context: Context) -> Section:
        """Comments per 100 changes by language, and how many touch lines that a later fix changed.

        Then the same on added lines alone: the bot, the bundle without thresholds, and other tools.
        """
        plans = [one for family in _families(context) for one in self._plan_family(context, family)]
        tools = run_tools(context, [one for plan in plans for one in _changed_files(plan)])
        told = [one for plan in plans for one in _replay(plan, context, tools)]
        if not told:
            raise MissingSetError(f"{context.clones}: expected merged changes in clones of {_ROLES}, found none")
        done = [one for one in told if not one.error]
        rows = describe_bot(done, context)
        counts = [*list_counts(done), *count_ranked(done, context)]
        languages = describe_scorers(done, counts, context)
        labels = Counter(comment.label for one in done for comment in one.comments)
        num_repositories = len({one.repository for one in told})
        return Section(
            notes=(
                f"{len(told)} merged changes of {num_repositories} repositories; {len(told) - len(done)} failed.",
                f"Each was merged at least {_DAYS_OF_FIXES} days before the newest commit.",
                f"Likeliest, dummies: {PER_100_CHANGES} comments per 100 changes, chosen over all of them.",
                f"Labels of the comments: {', '.join(f'{name} {number}' for name, number in labels.most_common())}.",
            ),
            tables=(bot_table(rows), *scorer_tables(languages)),
            document={"languages": rows, "scorers": languages, "changes": [one.to_json() for one in told]},
        )

    def _plan_family(self, context: Context, family: str) -> list[_Plan]:
        entries = [one for one in _entries(context) if one.family == family]
        return _plan(entries, context, self._num_changes)


def _entries(context: Context) -> list[Entry]:
    try:
        found = read_entries(context.manifests / REPOSITORIES_NAME)
    except CurationError as error:
        raise EvaluationError(str(error)) from error
    return sorted((one for one in found if one.role in _ROLES), key=lambda one: _ROLES.index(one.role))


def _families(context: Context) -> list[str]:
    return sorted({one.family for one in _entries(context)})


# Which changes ------------------------------------------------------------------------------------------------------


def _plan(entries: Sequence[Entry], context: Context, num_changes: int) -> list[_Plan]:
    """As many changes of each repository as of the others, as far as they have them; newest first."""
    plans = [one for entry in entries if (one := _open(entry, context)) is not None][:_REPOSITORIES_A_LANGUAGE]
    candidates = [_list_candidates(plan, num_changes) for plan in plans]
    num_chosen = 0
    while num_chosen < num_changes:
        before = num_chosen
        for plan, waiting in zip(plans, candidates, strict=True):
            change = next(waiting, None) if num_chosen < num_changes else None
            if change is not None:
                plan.changes.append(change)
                num_chosen += 1
        if num_chosen == before:
            break
    return [plan for plan in plans if plan.changes]


def _open(entry: Entry, context: Context) -> _Plan | None:
    """A repository of its own that borrows the clone's objects; None where there is no clone or no past."""
    try:
        clone = find_clone(context.clones, entry.repository)
        tip = clone.resolve("HEAD")
        newest = int(clone.run("log", "-1", "--format=%ct", tip, "--"))
        old = clone.run("rev-list", "-1", "--first-parent", f"--before={newest - _DAYS_OF_FIXES * _DAY_S}", tip, "--")
    except CurationError:
        return None
    folder = context.data / "replays" / entry.repository.replace("/", "+")
    return _Plan(entry, _borrow(clone, folder), tip) if old.strip() else None


def _borrow(clone: Clone, folder: Path) -> Repository:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "init", "--quiet", "--template=", str(folder)], check=True)
    info = folder / ".git" / "objects" / "info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "alternates").write_text(f"{(clone.git_dir / 'objects').absolute()}\n", "utf-8")
    return Repository(folder)


def _list_candidates(plan: _Plan, count: int) -> Iterator[MergedChange]:
    """Merged changes before the days of fixes that add lines to product code of the repository's family."""
    repository = plan.repository
    newest = int(repository.run("log", "-1", "--format=%ct", plan.tip, "--"))
    before = newest - _DAYS_OF_FIXES * _DAY_S
    start = repository.run("rev-list", "-1", "--first-parent", f"--before={before}", plan.tip, "--").decode().strip()
    for change in list_merged(repository, count * _LOOK_BACK, start):
        if len(_added_lines(plan, change)) > 0 and _num_files(plan, change) <= _MAX_FILES:
            yield change


def _num_files(plan: _Plan, change: MergedChange) -> int:
    return len(list_changes(plan.repository, _merge_base(plan, change), change.head, _MAX_DIFF_BYTES))


def _merge_base(plan: _Plan, change: MergedChange) -> str:
    return plan.repository.run("merge-base", change.base, change.head).decode().strip()


def _added_lines(plan: _Plan, change: MergedChange) -> list[tuple[str, int]]:
    """Lines that the change adds to product code of the repository's family: path, line at the head."""
    return [
        (file.path, line)
        for file in list_changes(plan.repository, _merge_base(plan, change), change.head, _MAX_DIFF_BYTES)
        if (language := find_language(file.path)) is not None
        and language.family.value == plan.entry.family
        and not find_drop_reason(file.path)
        for hunk in file.hunks
        for line in hunk.new
    ]


# What is said and what became of it -----------------------------------------------------------------------------------


def _changed_files(plan: _Plan) -> Iterator[Snippet]:
    """The files at each change's head that it adds lines of product code to."""
    for change in plan.changes:
        paths = [path for path, _ in _added_lines(plan, change)]
        yield from head_files(plan.repository, plan.entry.repository, change, paths)


class _Replayer:
    """What is said of the changes of one repository, and what became of it."""

    def __init__(self, plan: _Plan, context: Context, tools: Sequence[Tool]) -> None:
        self._plan, self._seed = plan, context.seed
        self._tools = [one for one in tools if plan.entry.family in one.families]
        self._reviewer = ChangeReviewer(plan.repository, context)
        self._fixes = _Fixes(History(plan.repository, plan.tip), Keep(context.data / "replays" / "fixes"))

    def replay(self, change: MergedChange) -> Told:
        """One change; a failed review is an outcome."""
        entry, added = self._plan.entry, _added_lines(self._plan, change)
        reviewed = self._reviewer.review(entry.repository, change)
        said = {one.name: list_results(one, entry.repository, change, added) for one in self._tools}
        shown = reviewed.comments.get(SHOWN, ())
        on_added = keep_added({**reviewed.comments, **said}, frozenset(added))
        chooser = random.Random(f"{self._seed} {change.commit}")
        drawn = sorted(chooser.sample(added, min(_LINES_A_CHANGE, len(added))))
        places = {*drawn, *(one.place for found in (shown, *on_added.values()) for one in found)}
        fixed = self._fixes.find(change.head, places)
        return Told(
            repository=entry.repository,
            family=entry.family,
            commit=change.commit,
            num_files=reviewed.num_files,
            num_lines=len(added),
            comments=_mark(shown, fixed),
            drawn=tuple(_draw(self._plan.repository, change.head, drawn, fixed)),
            error=reviewed.error,
            on_added={name: _mark(found, fixed) for name, found in on_added.items()},
        )


def _replay(plan: _Plan, context: Context, tools: Sequence[Tool]) -> Iterator[Told]:
    replayer = _Replayer(plan, context, tools)
    for number, change in enumerate(plan.changes, start=1):
        yield replayer.replay(change)
        _log.info("%s: change %d of %d", plan.entry.repository, number, len(plan.changes))


def _mark(found: Sequence[Comment], fixed: Mapping[Place, str]) -> tuple[Comment, ...]:
    return tuple(replace(one, fix=fixed.get(one.place, "")) for one in found)


@dataclass(frozen=True, slots=True)
class _Fixes:
    """Which lines of a head a later fix changed; what git said is kept."""

    history: History
    keep: Keep

    def find(self, head: str, places: Collection[Place]) -> dict[Place, str]:
        """The places whose line a later fix changed, with its commit."""
        found = {}
        for path in sorted({path for path, _ in places}):
            lines = sorted(line for name, line in places if name == path)
            parts = (self.history.tip, head, path, *map(str, lines))
            told = self.keep.recall(parts, partial(self._ask, head, path, lines))
            found.update({(path, int(line)): commit for line, commit in told.items()})
        return found

    def _ask(self, head: str, path: str, lines: Sequence[int]) -> dict[str, str]:
        return {str(line): commit for line, commit in self.history.find_fixed(head, path, lines).items()}


def _draw(repository: Repository, head: str, places: Sequence[Place], fixed: Mapping[Place, str]) -> Iterator[Line]:
    sources = {
        path: SourceFile.from_bytes(path, repository.run("cat-file", "blob", f"{head}:{path}"))
        for path in {path for path, _ in places}
    }
    for path, line in places:
        yield Line(path, line, find_text(sources[path], line), fixed.get((path, line), ""))


def find_text(source: SourceFile, line: int) -> str:
    """The innermost function around a line, else the lines near it."""
    around = [
        range(source.line_at(span.start), source.line_at(span.end) + 1)
        for span in find_functions(source)
        if source.line_at(span.start) <= line <= source.line_at(span.end)
    ]
    near = range(max(1, line - _LINES_NEAR), min(source.num_lines, line + _LINES_NEAR) + 1)
    return dedent("\n".join(source.line_text(one) for one in min(around, key=len, default=near)))
