"""Fixture candidates: what our engine proposes in CodeQL's query tests, judged by where the queries alert.

A target is given only where the fixture speaks about the label: 1 where an alert of a query with that label lies on the
candidate's statement, or elsewhere in a function that has no other candidate to mean; 0 where no such alert touches the
candidate or its evidence.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from dataset_curation.analysing import Project, Provenance, analyse_project, make_records
from dataset_curation.clones import Clone, TreeEntry, find_clone
from dataset_curation.errors import OffLimitsError
from dataset_curation.filters.off_limits import check_text
from dataset_curation.harvesting import Outcome, file_name, is_current
from dataset_curation.manifests import Entry
from dataset_curation.records import UNJUDGED, UNLABELLED, FunctionRecord, Judgement, read_header, save_records
from dataset_curation.selection import Tally
from dataset_curation.sources.disguises import disguise, find_telling_names
from dataset_curation.sources.expectations import Alert, QueryTest, group_folders, make_test
from graph_model.candidates.model import Candidate
from graph_model.languages import Family, Language, find_language
from reviewer.source import SourceFile

_FAMILIES = tuple(f"{family.value}/ql/test" for family in Family)
_SOURCE = "fixture"
_SUSPECT_WEIGHT = 0.7


@dataclass(frozen=True, slots=True)
class FixtureFolder:
    """One folder of source files with every test that runs on it."""

    folder: str
    tests: tuple[QueryTest, ...]
    files: tuple[TreeEntry, ...]


def read_tests(clone: Clone, listing: Sequence[TreeEntry], tally: Tally) -> Iterator[QueryTest]:
    """Every test whose query the label table knows."""
    by_path = {entry.path: entry for entry in listing}
    references = [entry for entry in listing if entry.path.endswith(".qlref")]
    pairs = [(one, by_path.get(f"{one.path.removesuffix('.qlref')}.expected")) for one in references]
    known = [(one, expected) for one, expected in pairs if expected is not None]
    tally.drop("tests", "without-expectation", len(pairs) - len(known))
    texts = [
        (raw or b"").decode("utf-8", "replace")
        for _, raw in clone.read_blobs(entry.blob for pair in known for entry in pair)
    ]
    for (reference, _), text, expected in zip(known, texts[::2], texts[1::2], strict=True):
        try:
            check_text(reference.path)
        except OffLimitsError:
            tally.drop("tests", "off-limits")
            continue
        test = make_test(reference.path, text, expected)
        if test is None:
            tally.drop("tests", "query-without-label")
        else:
            tally.keep("tests")
            yield test


def collect_folders(
    tests: Iterable[QueryTest], listing: Iterable[TreeEntry], tested: Iterable[str]
) -> list[FixtureFolder]:
    """Folders with their tests and the source files below them, those of inner test folders left out.

    `tested` are all folders that hold tests, of known queries or not.
    """
    by_folder: dict[str, list[QueryTest]] = {}
    for test in tests:
        by_folder.setdefault(test.folder, []).append(test)
    owners = set(tested)
    files: dict[str, list[TreeEntry]] = {}
    for entry in listing:
        language = find_language(entry.path)
        owner = next((str(one) for one in PurePosixPath(entry.path).parents if str(one) in owners), "")
        if owner in by_folder and language is not None and language.family is by_folder[owner][0].family:
            files.setdefault(owner, []).append(entry)
    return [FixtureFolder(name, tuple(by_folder[name]), tuple(files[name])) for name in sorted(files)]


def judge_unit(
    candidates: Sequence[Candidate], tests: Sequence[QueryTest], folder: str, project: Project
) -> list[Judgement]:
    """What the tests of a folder say about the candidates of one unit found in it."""
    judgements = []
    for candidate in candidates:
        speaking = [test for test in tests if candidate.label in test.labels]
        if not speaking:
            judgements.append(UNJUDGED)
        elif _find_alerts(speaking, folder, *_statement(candidate, project)):
            judgements.append(Judgement(1, 1.0, _SOURCE))
        elif _is_cleared(candidate, candidates, speaking, folder, project):
            judgements.append(Judgement(0, 1.0, _SOURCE))
        elif _is_only_suspect(candidate, candidates, speaking, folder, project):
            judgements.append(Judgement(1, _SUSPECT_WEIGHT, _SOURCE))
        else:
            judgements.append(Judgement(UNLABELLED, 1.0, _SOURCE))
    return judgements


_Place = tuple[SourceFile, int, int]


def _statement(candidate: Candidate, project: Project) -> _Place:
    return project.sources[candidate.path], candidate.statement_start, candidate.statement_end


def _is_cleared(
    candidate: Candidate, candidates: Sequence[Candidate], tests: Sequence[QueryTest], folder: str, project: Project
) -> bool:
    """Whether no alert means it: none touches its evidence, and each one in its unit is another candidate's.

    An alert that no candidate explains may be about this one and lie elsewhere, as at the use of a parser whose
    configuration is the candidate.
    """
    for step in candidate.steps:
        source = project.sources.get(step.path)
        if source is not None and _find_alerts(tests, folder, source, step.start, step.end):
            return False
    unit = project.analyses[candidate.path].units[candidate.unit]
    inside = _find_alerts(tests, folder, project.sources[candidate.path], unit.start, unit.end)
    labels = {label for test in tests for label in test.labels}
    explained: set[Alert] = set()
    for other in candidates:
        if other.label in labels:
            explained |= _find_alerts(tests, folder, *_statement(other, project))
    return inside <= explained


def _is_only_suspect(
    candidate: Candidate, candidates: Sequence[Candidate], tests: Sequence[QueryTest], folder: str, project: Project
) -> bool:
    """Whether a function has an alert elsewhere, and this is its only candidate under the tests' labels."""
    unit = project.analyses[candidate.path].units[candidate.unit]
    labels = {label for test in tests for label in test.labels}
    if not unit.is_function or sum(other.label in labels for other in candidates) != 1:
        return False
    return bool(_find_alerts(tests, folder, project.sources[candidate.path], unit.start, unit.end))


def _find_alerts(tests: Sequence[QueryTest], folder: str, source: SourceFile, start: int, end: int) -> set[Alert]:
    """The alerts of tests whose lines meet a byte range of a file in their folder."""
    name = PurePosixPath(source.path).relative_to(folder).as_posix()
    first, last = source.line_at(start), source.line_at(max(start, end - 1))
    return {
        alert
        for test in tests
        for alert in test.alerts
        if alert.file == name and alert.line <= last and first <= alert.end_line
    }


def make_fixture_records(
    clone: Clone, folder: FixtureFolder, provenance: Provenance, tally: Tally
) -> Iterator[FunctionRecord]:
    """The records of one folder with their judgements."""
    files = list(_read_sources(clone, folder))
    names = find_telling_names(source.content.decode("utf-8", "replace") for source, _ in files)
    disguised = ((replace(source, content=disguise(source.content, names)), language) for source, language in files)
    project = analyse_project(disguised, tally)
    count_coverage(folder, project, tally)
    for record in make_records(project, provenance, tally):
        judgements = judge_unit(record.candidates, folder.tests, folder.folder, project)
        for judgement in judgements:
            tally.drop("candidates", {1: "positive", 0: "negative", UNLABELLED: "unspoken"}[judgement.target])
        yield record.judged(judgements)


def count_coverage(folder: FixtureFolder, project: Project, tally: Tally) -> None:
    """Counts, by family and label, alerts that a candidate of the query's labels meets, and those that none does."""
    for test in folder.tests:
        met: set[Alert] = set()
        for candidates in project.candidates.values():
            for candidate in candidates:
                if candidate.label in test.labels:
                    met |= _find_alerts([test], folder.folder, *_statement(candidate, project))
        step = f"alerts {test.family.value} {test.labels[0]}"
        tally.keep(step, len(met))
        tally.drop(step, "no-candidate", len(test.alerts) - len(met))


def _read_sources(clone: Clone, folder: FixtureFolder) -> Iterator[tuple[SourceFile, Language]]:
    contents = clone.read_blobs(entry.blob for entry in folder.files)
    for entry, (_, raw) in zip(folder.files, contents, strict=True):
        language = find_language(entry.path)
        if raw is not None and language is not None:
            yield SourceFile.from_bytes(entry.path, raw), language


def harvest_fixtures(entry: Entry, clones: Path, target: Path) -> Outcome:
    """All fixture records of a CodeQL clone, as one file."""
    path = target / f"{file_name(entry.repository)}.records"
    if is_current(path, commit=entry.commit):
        return Outcome(entry.repository, "kept", int(read_header(path)["num_candidates"]))
    tally = Tally()
    clone = find_clone(clones, entry.repository)
    listing = list(clone.list_files(entry.commit, *_FAMILIES))
    tests = list(read_tests(clone, listing, tally))
    groups = group_folders(tests)
    tested = {PurePosixPath(one.path).parent.as_posix() for one in listing if one.path.endswith((".qlref", ".ql"))}
    records: list[FunctionRecord] = []
    for folder in collect_folders(tests, listing, tested):
        provenance = Provenance(groups[folder.folder], entry.repository, entry.commit)
        records.extend(make_fixture_records(clone, folder, provenance, tally))
    num_candidates = sum(len(record.candidates) for record in records)
    header = {
        "repository": entry.repository,
        "commit": entry.commit,
        "role": entry.role.value,
        "family": entry.family,
        "num_candidates": num_candidates,
        "tally": tally.to_json(),
    }
    save_records(records, path, header)
    return Outcome(entry.repository, "done", num_candidates)
