"""Fix pairs: functions before and after the commits that advisories name, with the candidates of both sides.

From clones, and from project-kb's own copies of changed files where there is no clone. A pair's code lies in the folder
of data, what is known of it in the manifests as well.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # values of headers are what the file says until checked here

from dataset_curation.analysing import Project, Provenance, analyse_project, make_record
from dataset_curation.clones import Change, Clone, Commit, find_clone
from dataset_curation.errors import CloneError, CurationError, OffLimitsError, RecordError
from dataset_curation.filters.licences import is_permissive
from dataset_curation.filters.off_limits import check_text
from dataset_curation.harvesting import Outcome, file_name, is_current
from dataset_curation.manifests import Entry
from dataset_curation.pairs.advisory_sources import (
    NUMBERS,
    Advisory,
    find_numbers,
    read_message,
)
from dataset_curation.pairs.facts import PairFact, read_facts
from dataset_curation.pairs.function_pairs import Function, FunctionPair, PairedCommit, list_functions, pair_commit
from dataset_curation.records import UNJUDGED, FunctionRecord, Judgement, load_records, read_header, save_records
from dataset_curation.selection import Tally, find_drop_reason
from dataset_curation.sources.fixes import MAX_FILES, read_version
from dataset_curation.sources.topics import FixKind, Topic, classify_message
from dataset_curation.sources.vanishing import find_gone, find_vanished
from graph_model.candidates.model import Candidate
from graph_model.languages import Language, find_language
from reviewer.source import SourceFile

SOURCE = "fix-pairs"
FOLDER_NAME = "fix_pairs"
_VERSION = "1"  # of the reading; part of what makes a records file current
_log = logging.getLogger(__name__)
Files = Sequence[tuple[SourceFile, Language]]


@dataclass(frozen=True, slots=True)
class FixPair:
    """A pair with its code. A record is None where the engine has nothing to say of that side: it has no candidate."""

    fact: PairFact
    text_before: str
    text_after: str
    before: FunctionRecord | None
    after: FunctionRecord | None


@dataclass(frozen=True, slots=True)
class NamedCommit:
    """A commit with the advisories that name it, and the source files it modified."""

    commit: Commit
    advisories: tuple[Advisory, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class PairJob:
    """One repository, the advisories that name its commits, what is known of numbers, and the numbers of the exam."""

    entry: Entry
    advisories: tuple[Advisory, ...]
    known: Mapping[str, Advisory]
    refused: frozenset[str]

    @property
    def repository(self) -> str:
        """The repository's name, for reports."""
        return self.entry.repository

    @property
    def extent(self) -> str:
        """What is read, as far as it changes the result: part of what makes a records file current."""
        told = sorted(f"{one.names}{one.commits}{one.cwes}{one.published}" for one in self.advisories)
        return hashlib.sha256("\n".join([_VERSION, *told, *sorted(self.refused)]).encode()).hexdigest()[:16]


def find_named_commits(clone: Clone, job: PairJob, tally: Tally) -> Iterator[NamedCommit]:
    """Commits that advisories or their own messages name, that modify few source files, oldest first.

    A merge that a database names counts as what it brings into its first parent; one that only names itself is none.
    """
    named: dict[str, tuple[Commit, list[Advisory]]] = {}
    for advisory in job.advisories:
        for repository, commit_id in advisory.commits:
            if repository != job.repository.lower():
                continue
            commit = clone.find_commit(commit_id)
            if commit is None:
                tally.drop("commits", "not-in-clone")
            else:
                named.setdefault(commit.id, (commit, []))[1].append(advisory)
    for commit in clone.list_commits(job.entry.commit, NUMBERS):
        told = read_message(job.repository, commit)
        if told is not None:
            named.setdefault(commit.id, (commit, []))[1].append(told)
    for commit, advisories in sorted(named.values(), key=lambda one: (one[0].timestamp, one[0].id)):
        changes = _qualify(clone, commit, advisories, job.refused, tally)
        if changes:
            yield NamedCommit(commit, tuple(advisories), changes)


def _qualify(
    clone: Clone, commit: Commit, advisories: Iterable[Advisory], refused: frozenset[str], tally: Tally
) -> tuple[Change, ...]:
    reason, changes = _find_changes(clone, commit, advisories, refused)
    if reason:
        tally.drop("commits", reason)
    return changes


def _find_changes(
    clone: Clone, commit: Commit, advisories: Iterable[Advisory], refused: frozenset[str]
) -> tuple[str, tuple[Change, ...]]:
    if not commit.parents:
        return "first-commit", ()
    try:
        check_text(commit.message)
        changes = clone.list_changes(commit)
    except OffLimitsError:
        return "off-limits-cve", ()
    except CloneError:
        return "not-in-clone", ()
    numbers = {name for one in advisories for name in one.names} | set(find_numbers(commit.message))
    if numbers & refused:
        return "off-limits-cve", ()
    sources = [one for one in changes if find_language(one.path) is not None]
    product = [one for one in sources if find_drop_reason(one.path) not in ("test", "example")]
    modified = tuple(one for one in product if one.status == "M" and not find_drop_reason(one.path))
    if not sources:
        return "no-source", ()
    if not product:
        return "tests-only", ()
    if len(product) > MAX_FILES:
        return "tangled", ()
    return ("" if modified else "nothing-modified"), modified


def read_sides(clone: Clone, changes: Iterable[Change]) -> tuple[Files, Files]:
    """The files that selection leaves on both sides of a commit."""
    listed = list(changes)

    def read(side: Callable[[Change], str]) -> list[tuple[SourceFile, Language]]:
        return list(read_version(clone, listed, side, Tally()))

    return _share(read(lambda change: change.old_blob), read(lambda change: change.new_blob))


def _share(before: Files, after: Files) -> tuple[Files, Files]:
    paths = {source.path for source, _ in before} & {source.path for source, _ in after}
    return [one for one in before if one[0].path in paths], [one for one in after if one[0].path in paths]


def find_pairs(before: Files, after: Files, tally: Tally) -> PairedCommit | None:
    """The function pairs of a commit's two sides, parsed only; None, with the reason counted, when there are none."""
    sides = [dict(list_functions(files)) for files in (before, after)]
    broken = {path for side in sides for path, functions in side.items() if functions is None}
    if not before or len(broken) == len(before):
        tally.drop("commits", "unparsed" if before else "no-text")
        return None
    old, new = (
        [one for path, functions in side.items() if path not in broken for one in functions or ()] for side in sides
    )
    return pair_commit(old, new, tally)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the pairs of one commit come from and what is said of it."""

    provenance: Provenance
    date: str
    licence: str
    is_trainable: bool
    message: str
    advisories: tuple[Advisory, ...]
    is_merge: bool = False


def make_pairs(
    paired: PairedCommit, sides: tuple[Files, Files], origin: Origin, known: Mapping[str, Advisory]
) -> Iterator[FixPair]:
    """The pairs of one commit with what the engine finds on both sides. Raises CurationError when it fails."""
    wanted = {pair.before.path for pair in paired.pairs}
    before, after = (analyse_project((one for one in files if one[0].path in wanted), Tally()) for files in sides)
    topic = _find_topic(origin)
    weights = (
        {one.candidate: one.weight for one in find_vanished(before, after, topic)} if _is_whole(before, after) else {}
    )
    for pair in paired.pairs:
        unit = _find_unit(before, pair.before)
        gone = _find_gone(before, after, pair.before.path, unit)
        fact = _make_fact(pair, paired.num_functions, origin, known, gone)
        yield FixPair(
            fact,
            pair.before.text,
            pair.after.text,
            _make_side(before, pair.before, replace(origin.provenance, commit=f"{fact.commit}^"), weights),
            _make_side(after, pair.after, origin.provenance, {}),
        )


def _find_topic(origin: Origin) -> Topic:
    text = "\n".join([origin.message, *(one.text for one in origin.advisories)])
    return classify_message(text, is_advised=True) or Topic(FixKind.SECURITY, frozenset(), is_named=True)


def _is_whole(before: Project, after: Project) -> bool:
    return before.analyses.keys() == after.analyses.keys()


def _find_unit(project: Project, function: Function) -> int:
    analysis = project.analyses.get(function.path)
    units = analysis.units if analysis is not None else ()
    found = (
        idx
        for idx, unit in enumerate(units)
        if unit.is_function and (unit.start, unit.end) == (function.start, function.end)
    )
    return next(found, -1)


def _find_gone(before: Project, after: Project, path: str, unit: int) -> tuple[Candidate, ...]:
    if path not in before.analyses or path not in after.analyses:
        return ()
    return tuple(one for one in find_gone(before, after, path) if one.unit == unit)


def _make_side(
    project: Project, function: Function, provenance: Provenance, weights: Mapping[Candidate, float]
) -> FunctionRecord | None:
    unit = _find_unit(project, function)
    candidates = [one for one in project.candidates.get(function.path, ()) if one.unit == unit]
    if unit < 0 or not candidates:
        return None
    record = make_record(project, function.path, unit, candidates, provenance)
    if record is None:
        return None
    return record.judged(
        [Judgement(1, weights[one], SOURCE) if one in weights else UNJUDGED for one in record.candidates]
    )


def _make_fact(
    pair: FunctionPair, num_functions: int, origin: Origin, known: Mapping[str, Advisory], gone: Iterable[Candidate]
) -> PairFact:
    told = [*origin.advisories, *(known[name] for one in origin.advisories for name in one.names if name in known)]
    removed, added = pair.changed_lines()
    change = hashlib.sha256(
        "\n".join([pair.before.name.rpartition(".")[2], *removed, "=", *added]).encode("utf-8", "replace")
    )
    return PairFact(
        repository=origin.provenance.repository,
        group=origin.provenance.group,
        commit=origin.provenance.commit,
        path=pair.before.path,
        function=pair.before.name,
        num_params=pair.before.num_params,
        language=pair.before.language.name,
        family=pair.before.language.family.value,
        line_before=pair.before.line,
        line_after=pair.after.line,
        date=origin.date,
        names=tuple(sorted({name for one in told for name in one.names})),
        sources=tuple(sorted({one.source.value for one in origin.advisories})),
        cwes=tuple(sorted({cwe for one in told for cwe in one.cwes})),
        num_functions=num_functions,
        licence=origin.licence,
        is_trainable=origin.is_trainable,
        vanished=tuple(sorted({one.label for one in gone})),
        change=change.hexdigest()[:16],
        is_merge=origin.is_merge,
    )


def mine_pairs(job: PairJob, clones: Path, target: Path) -> Outcome:
    """The pairs of one repository, as one file."""
    entry = job.entry
    path = target / f"{file_name(entry.repository)}.records"
    if is_current(path, commit=entry.commit, extent=job.extent, licence=entry.licence):
        return Outcome(entry.repository, "kept", len(read_header(path)["pairs"]))
    tally = Tally()
    clone = find_clone(clones, entry.repository)
    pairs: list[FixPair] = []
    for named in find_named_commits(clone, job, tally):
        pairs.extend(_mine_commit(clone, named, job, tally))
    save_pairs(pairs, path, {**_header(entry), "extent": job.extent, "licence": entry.licence}, tally)
    return Outcome(entry.repository, "done", len(pairs))


def _header(entry: Entry) -> dict[str, Any]:
    return {"repository": entry.repository, "commit": entry.commit, "role": entry.role.value, "family": entry.family}


def _mine_commit(clone: Clone, named: NamedCommit, job: PairJob, tally: Tally) -> Iterator[FixPair]:
    entry = job.entry
    sides = read_sides(clone, named.changes)
    paired = find_pairs(*sides, tally)
    if paired is None:
        return
    origin = Origin(
        Provenance(entry.group, entry.repository, named.commit.id),
        datetime.fromtimestamp(named.commit.timestamp, UTC).date().isoformat(),
        entry.licence,
        is_permissive(entry.licence),
        named.commit.message,
        named.advisories,
        is_merge=len(named.commit.parents) > 1,
    )
    try:
        found = list(make_pairs(paired, sides, origin, job.known))
    except CurationError as error:
        _log.warning("%s@%s: %s", entry.repository, named.commit.id, error)
        tally.drop("commits", "engine-error")
        return
    tally.keep("commits")
    yield from found


def save_pairs(pairs: Iterable[FixPair], path: Path, header: Mapping[str, Any], tally: Tally) -> None:
    """Writes pairs as records with their texts and facts in the header."""
    kept = list(pairs)
    records: list[FunctionRecord] = []
    rows = []
    for pair in kept:
        sides = [one for one in (pair.before, pair.after) if one is not None]
        rows.append(
            {
                "fact": pair.fact.to_json(),
                "texts": [pair.text_before, pair.text_after],
                "records": [pair.before is not None, pair.after is not None],
            }
        )
        records.extend(sides)
    num_candidates = sum(len(record.candidates) for record in records)
    save_records(records, path, {**header, "pairs": rows, "num_candidates": num_candidates, "tally": tally.to_json()})


def load_file(path: Path) -> Iterator[FixPair]:
    """Every pair of one file, repeats among them. Raises RecordError."""
    rows = read_header(path).get("pairs")
    if rows is None:
        raise RecordError(f"{path.name}: expected fix pairs, found other records")
    records = load_records(path)
    for row in rows:
        first, second = (next(records) if is_there else None for is_there in row["records"])
        old, new = row["texts"]
        yield FixPair(PairFact.from_json(row["fact"]), old, new, first, second)


def load_pairs(data: Path, manifest: Path) -> Iterator[FixPair]:
    """The pairs that the manifest names, with their code, by repository and day.

    Raises RecordError when one of them is not in the data: mine them first.
    """
    facts = {(one.repository, one.commit, one.change): one for one in read_facts(manifest)}
    missing = set(facts)
    for path in sorted((data / FOLDER_NAME).glob("*.records")):
        for pair in load_file(path):
            key = (pair.fact.repository, pair.fact.commit, pair.fact.change)
            if key in missing:
                missing.remove(key)
                yield replace(pair, fact=facts[key])
    if missing:
        repository, commit, _ = sorted(missing)[0]
        raise RecordError(f"{data / FOLDER_NAME}: expected a pair of {repository}@{commit}, found none")
