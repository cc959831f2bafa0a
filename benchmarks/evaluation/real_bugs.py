"""Part "bugs": QuixBugs, and bugs that BugsInPy and Defects4J name in repositories that nothing was trained on.

A bug is a file before and after its fix. Lines to blame are those that the fix takes out or changes; where it only
adds, the line above. Each outermost function with such a line is a place; any label of ours may find it.
"""

import csv
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import PurePosixPath

import numpy as np

from benchmarks.evaluation.judging import Board, number_groups
from benchmarks.evaluation.linters import PYLINT, RUFF_BUGS
from benchmarks.evaluation.locating import Place, judge_places, peer_ranking
from benchmarks.evaluation.pairs import PairScores, judge_pairs, pair_up, split_scores
from benchmarks.evaluation.parts import Context, MissingSetError, Section
from benchmarks.evaluation.patching import PatchError, apply_hunks, parse_patch
from benchmarks.evaluation.peers import Runner, run_peers
from benchmarks.evaluation.scorers import DUMMY_EVERYTHING, SHIPPED, Scores
from benchmarks.evaluation.sets import OpenSet, PublicSet, snippet_folder
from benchmarks.evaluation.snippets import ANY, Reading, Snippet, SnippetReader
from benchmarks.evaluation.textual import text_dummies
from dataset_curation.errors import CurationError
from dataset_curation.filters.off_limits import load_off_limits
from dataset_curation.manifests import REPOSITORIES_NAME, TRAINED, read_entries

QUIX = PublicSet("jkoppel/QuixBugs", "4257f44")
BUGS_IN_PY = PublicSet("soarsmu/BugsInPy", "11c5f1e")
DEFECTS = PublicSet("rjust/defects4j", "ca4a0ef")
_MOST_BUGS = 30  # a project, by hash of the bug's name
LEAST_SITES = 50
_RENAMED = {"fastapi": "fastapi/fastapi", "httpie": "httpie/cli", "sanic": "sanic-org/sanic"}
_VALUE = re.compile(r'^(\w+)="([^"]*)"', re.M)
_NO_CODE = re.compile(r"\s*(?:package|import|from)\b.*|\s*[{})\];,]*\s*|\s*(?:#|//|\*|/\*).*")
_DEFECTS_REPOSITORIES = {
    "Cli": "apache/commons-cli",
    "Codec": "apache/commons-codec",
    "Csv": "apache/commons-csv",
    "JacksonDatabind": "FasterXML/jackson-databind",
    "Jsoup": "jhy/jsoup",
    "Math": "apache/commons-math",
    "Time": "JodaOrg/joda-time",
}


@dataclass(frozen=True, slots=True)
class Bug:
    """A file before and after its fix; `lines` (1-based) are to blame in the first."""

    suite: str
    project: str
    before: Snippet
    after: Snippet
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """A function with lines to blame, before and after; `after` is None where the fix took it away."""

    bug: Bug
    readings: tuple[Reading, Reading]
    before: range
    after: range | None


class BugsPart:
    """Top-1, 3, 5 of the lines to blame, and P-C of the functions around them."""

    name = "bugs"

    def __init__(
        self, quix: PublicSet = QUIX, bugs_in_py: PublicSet = BUGS_IN_PY, defects: PublicSet = DEFECTS
    ) -> None:
        self._suites = ((quix, read_quix), (bugs_in_py, read_bugs_in_py), (defects, read_defects))

    def measure(self, context: Context) -> Section:
        """Python and Java apart, each with QuixBugs and what is mined; what is missing is named."""
        notes: list[str] = []
        bugs = list(_collect(self._suites, context, notes))
        if not bugs:
            return Section(tuple(notes), (), {"missing": notes})
        reader = SnippetReader(context.bundle)
        boards: list[Board] = []
        plans: tuple[tuple[str, str, tuple[Runner, ...]], ...] = (
            ("Python", ".py", (RUFF_BUGS, PYLINT)),
            ("Java", ".java", ()),
        )
        for language, suffix, runners in plans:
            own = [one for one in bugs if one.before.path.endswith(suffix)]
            if own:
                boards += _judge(language, own, reader, runners, context)
        return Section(
            notes=tuple(notes),
            tables=tuple(one.to_table() for one in boards),
            document={"bugs": len(bugs), "notes": notes, "boards": [one.to_json() for one in boards]},
            bars=(boards[0].to_bars("top-3"),),
        )


Suite = tuple[PublicSet, Callable[[OpenSet, Context, list[str]], Iterator[Bug]]]


def _collect(suites: Iterable[Suite], context: Context, notes: list[str]) -> Iterator[Bug]:
    for source, read in suites:
        try:
            found = list(read(source.open(context), context, notes))
        except MissingSetError as error:
            notes.append(f"not measured: {error}")
            continue
        projects = sorted({one.project for one in found if "/" in one.project})
        notes.append(f"{source}: {len(found)} files with a bug{', of ' if projects else ''}{', '.join(projects)}.")
        yield from found


def read_quix(opened: OpenSet, context: Context, notes: list[str]) -> Iterator[Bug]:
    """Programs of both languages that have a right twin; the text after a Python program, which explains it, is cut."""
    del context, notes
    files = {one.path: one for one in opened.list_files()}
    wrong = [path for path in files if path.startswith(("python_programs/", "java_programs/"))]
    for path in sorted(one for one in wrong if f"correct_{one}" in files and one.endswith((".py", ".java"))):
        texts = opened.read_texts([files[path], files[f"correct_{path}"]])
        before, after = (text.partition('"""')[0] if path.endswith(".py") else text for text in texts.values())
        bug = make_bug("QuixBugs", f"QuixBugs {path.rpartition('/')[2]}", path, before, after)
        if bug is not None:
            yield bug


def read_bugs_in_py(opened: OpenSet, context: Context, notes: list[str]) -> Iterator[Bug]:
    """Bugs of projects whose clone is there and that were not trained on."""
    files = {one.path: one for one in opened.list_files("projects")}
    projects = sorted({path.split("/")[1] for path in files})
    for project in projects:
        info = files.get(f"projects/{project}/project.info")
        if info is None:
            continue
        url = dict(_VALUE.findall(opened.read_text(info.path))).get("github_url", "")
        repository = _RENAMED.get(project, "/".join(url.rstrip("/").split("/")[-2:]))
        clone = _open_clone(repository, "HEAD", context, notes)
        if clone is None:
            continue
        bugs = [path for path in files if re.fullmatch(rf"projects/{re.escape(project)}/bugs/\d+/bug_patch\.txt", path)]
        for path in _some(bugs):
            bug_info = dict(_VALUE.findall(opened.read_text(f"{path.rpartition('/')[0]}/bug.info")))
            patch = opened.read_text(path)
            yield from _apply("BugsInPy", repository, clone, bug_info["buggy_commit_id"], patch, forward=True)


def read_defects(opened: OpenSet, context: Context, notes: list[str]) -> Iterator[Bug]:
    """Bugs of the projects above: the fixed file, and what the patch, which leads back to the bug, makes of it."""
    for project, repository in _DEFECTS_REPOSITORIES.items():
        clone = _open_clone(repository, "HEAD", context, notes)
        if clone is None:
            continue
        folder = f"framework/projects/{project}"
        rows = csv.DictReader(opened.read_text(f"{folder}/active-bugs.csv").splitlines())
        fixed = {row["bug.id"]: row["revision.id.fixed"] for row in rows}
        for number in _some(list(fixed)):
            patch = opened.read_text(f"{folder}/patches/{number}.src.patch")
            yield from _apply("Defects4J", repository, clone, fixed[number], patch, forward=False)


def _open_clone(repository: str, commit: str, context: Context, notes: list[str]) -> OpenSet | None:
    """The clone of a project that may be measured; None, with a note, for any other."""
    entries = read_entries(context.manifests / REPOSITORIES_NAME)
    trained = {one.repository.lower() for one in entries if one.role in TRAINED}
    if repository.lower() in trained:
        notes.append(f"left out: {repository} is trained on.")
        return None
    if load_off_limits().covers(repository):
        notes.append(f"left out: {repository} is off limits.")
        return None
    try:
        return PublicSet(repository, commit).open(context)
    except MissingSetError:
        notes.append(f"not measured: {repository}, no clone.")
        return None


def _some(names: Sequence[str]) -> list[str]:
    return sorted(names, key=lambda one: hashlib.sha256(one.encode()).digest())[:_MOST_BUGS]


def _apply(suite: str, repository: str, clone: OpenSet, commit: str, patch: str, *, forward: bool) -> Iterator[Bug]:
    """The bugs of a patch, one a file of product code; a patch that does not fit is left out."""
    at_commit = OpenSet(clone.source, clone.clone, commit)
    for path, hunks in parse_patch(patch).items():
        if not path.endswith((".py", ".java")) or "test" in path.lower():
            continue
        try:
            text = at_commit.read_text(path)
            other = apply_hunks(text, hunks)
        except (MissingSetError, PatchError, CurationError):
            continue
        before, after = (text, other) if forward else (other, text)
        place = f"{repository.replace('/', '+')}/{commit[:10]}/{PurePosixPath(path).name}"
        bug = make_bug(suite, repository, place, before, after)
        if bug is not None:
            yield bug


def make_bug(suite: str, project: str, path: str, before: str, after: str) -> Bug | None:
    """A bug with its lines; None when no line of code is to blame."""
    lines = tuple(sorted(blamed_lines(before, after)))
    name = path.rpartition(".")
    wrong, right = (
        Snippet(f"{name[0]}/{side}.{name[2]}", text) for side, text in (("before", before), ("after", after))
    )
    return Bug(suite, project, wrong, right, lines) if lines else None


def blamed_lines(before: str, after: str) -> set[int]:
    """Lines of code that go or change, and the line above where code is only put in."""
    old, new = before.splitlines(), after.splitlines()
    found: set[int] = set()
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        code = [line + 1 for line in range(start, end) if not _NO_CODE.fullmatch(old[line])]
        if tag in ("delete", "replace"):
            found |= set(code)
        elif tag == "insert" and any(not _NO_CODE.fullmatch(new[line]) for line in range(new_start, new_end)):
            found |= {start} if start else set()
    return found


def _judge(
    language: str, bugs: Sequence[Bug], reader: SnippetReader, runners: Sequence[Runner], context: Context
) -> list[Board]:
    read = [(reader.read(one.before), reader.read(one.after)) for one in bugs]
    sites = [site for bug, pair in zip(bugs, read, strict=True) for site in find_sites(bug, pair)]
    folder = snippet_folder(context, QUIX, f"bugs-{language.lower()}")
    sides = [one for bug in bugs for one in (bug.before, bug.after)]
    tools = run_peers(context, folder, sides, runners)
    places = [
        Place(
            project=site.bug.project,
            lines=frozenset(line for line in site.bug.lines if line in site.before),
            reading=site.readings[0],
            wanted=ANY,
            within=site.before,
            rankings={
                one.name: [
                    lines
                    for lines in peer_ranking(one, folder.name, site.bug.before)
                    if lines.start < site.before.stop and site.before.start < lines.stop
                ]
                for one in tools
            },
        )
        for site in sites
    ]
    boards = []
    for suite in ("", *sorted({one.suite for one in bugs})):
        chosen = [idx for idx, site in enumerate(sites) if not suite or site.bug.suite == suite]
        title = f"{language}, {suite or 'all suites'}"
        if len(chosen) >= LEAST_SITES or not suite:
            boards += judge_places(title, [places[idx] for idx in chosen], reader.scorers, context.bootstrap)
            boards.append(_judge_sites(title, [sites[idx] for idx in chosen], reader.scorers, context))
    return boards


def find_sites(bug: Bug, readings: tuple[Reading, Reading]) -> Iterator[Site]:
    """The functions with lines to blame; their twins are found by their first line."""
    before, after = readings
    matcher = SequenceMatcher(None, before.snippet.text.splitlines(), after.snippet.text.splitlines(), autojunk=False)
    moved = {
        block.a + offset + 1: block.b + offset + 1
        for block in matcher.get_matching_blocks()
        for offset in range(block.size)
    }
    for lines in before.functions:
        if any(line in lines for line in bug.lines):
            first = moved.get(lines.start)
            twin = next((one for one in after.functions if first is not None and one.start == first), None)
            yield Site(bug, readings, lines, twin)


def _judge_sites(title: str, sites: Sequence[Site], names: Sequence[str], context: Context) -> Board:
    """Functions with a twin: P-C by any label."""
    paired = [(site, site.after) for site in sites if site.after is not None]
    sides = [(site.readings[0], site.before) for site, _ in paired] + [
        (site.readings[1], twin) for site, twin in paired
    ]
    targets = np.repeat((1.0, 0.0), len(paired))
    groups = number_groups([site.bug.project for site, _ in paired])
    flags = np.array([[one.is_flagged(ANY, lines) for one, lines in sides]], dtype=np.float64)
    proposed = np.array([[bool(one.select(ANY, lines)) for one, lines in sides]], dtype=np.float64)
    columns = np.array([[one.score(idx, ANY, lines) for one, lines in sides] for idx in range(len(names))])
    num_alarms = int(flags.sum() or proposed.sum())
    scored: list[PairScores] = [pair_up(f"{SHIPPED}, as shown", columns[:1], flags)]
    rest = [Scores(name, row[None]) for name, row in zip(names, columns, strict=True)]
    texts = [
        Snippet(one.snippet.path, "\n".join(one.snippet.text.split("\n")[lines.start - 1 : lines.stop - 1]))
        for one, lines in sides
    ]
    rest += text_dummies(texts, targets, np.concatenate((groups, groups)), "other projects", context.seed)
    scored += [split_scores(one, num_alarms) for one in rest if one.name != DUMMY_EVERYTHING]
    scored.append(pair_up("every candidate", proposed, proposed))
    everything = np.ones((1, len(sides)))
    scored.append(pair_up(f"{DUMMY_EVERYTHING}, all", everything, everything))
    return judge_pairs(
        f"{title}, functions before and after", np.arange(len(paired)), groups, scored, context.bootstrap
    )
