"""project-kb's own copies of changed Java files, before and after each fix commit: fixes without clones.

Code is under the licence of its project, so only files that say they are under a permissive one are read, and those of
the Apache Software Foundation, whose licence is known.
"""

import io
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dataset_curation.analysing import Provenance, analyse_project
from dataset_curation.clones import Clone, find_clone
from dataset_curation.errors import OffLimitsError
from dataset_curation.filters.licences import has_permissive_header
from dataset_curation.filters.off_limits import check_repository, check_text
from dataset_curation.harvesting import Outcome, file_name, is_current
from dataset_curation.manifests import Entry
from dataset_curation.pairs.advisories import KB_SOURCE_BRANCH, Advice, parse_advisory
from dataset_curation.records import FunctionRecord, read_header, save_records
from dataset_curation.selection import Tally, find_drop_reason, select_content
from dataset_curation.sources.fixes import MAX_FILES, judge_versions
from dataset_curation.sources.topics import classify_message
from graph_model.languages import Language, find_language
from reviewer.source import SourceFile

_MAX_ARCHIVE_BYTES = 32 * 1024 * 1024
_PLACE = re.compile(r"^\./([0-9a-f]{40})/(before|after)/(.+)$")
_VERSION = "2"  # of the reading; part of what makes a records file current


@dataclass(slots=True)
class ChangedFiles:
    """The source files of one fix commit by path, before and after."""

    before: dict[str, bytes] = field(default_factory=dict)
    after: dict[str, bytes] = field(default_factory=dict)


def read_archive(content: bytes) -> dict[str, ChangedFiles]:
    """The source files of a `changed-source-code.tar.gz`, by commit. Nothing is written to disk."""
    commits: dict[str, ChangedFiles] = {}
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for member in archive:
            place = _PLACE.match(member.name)
            if (
                place is None
                or not member.isreg()
                or find_language(place[3]) is None
                or member.size > _MAX_ARCHIVE_BYTES
            ):
                continue
            stream = archive.extractfile(member)
            if stream is not None:
                files = commits.setdefault(place[1], ChangedFiles())
                (files.before if place[2] == "before" else files.after)[place[3]] = stream.read()
    return commits


def read_statements(clone: Clone, tally: Tally) -> Iterator[tuple[Advice, ChangedFiles]]:
    """Each fix commit of the knowledge base with its files; the outside exam is left out unread and counted."""
    listing = {entry.path: entry for entry in clone.list_files(clone.resolve(KB_SOURCE_BRANCH), "statements")}
    for path, entry in listing.items():
        archive = listing.get(path.replace("/statement.yaml", "/changed-source-code.tar.gz"))
        if not path.endswith("/statement.yaml") or archive is None:
            continue
        text = (next(iter(clone.read_blobs([entry.blob])))[1] or b"").decode("utf-8", "replace")
        advised = {advice.commit: advice for advice in parse_advisory(text, path.split("/")[1])}
        try:
            check_text(f"{path}\n{text}")
            for advice in advised.values():
                check_repository(advice.repository)
        except OffLimitsError:
            tally.drop("statements", "off-limits")
            continue
        try:
            commits = read_archive(next(iter(clone.read_blobs([archive.blob])))[1] or b"")
        except tarfile.TarError:
            tally.drop("statements", "no-archive")
            continue
        tally.keep("statements")
        for commit, files in sorted(commits.items()):
            if commit in advised:
                yield advised[commit], files


def _select(files: Mapping[str, bytes], *, is_apache: bool) -> Iterator[tuple[SourceFile, Language]]:
    for path, raw in sorted(files.items()):
        language = find_language(path)
        if language is None or find_drop_reason(path):
            continue
        source = select_content(path, raw, Tally())
        if source is not None and (
            is_apache or has_permissive_header(source.content[:3_000].decode("utf-8", "replace"))
        ):
            yield source, language


def select_sides(
    files: ChangedFiles, *, is_apache: bool
) -> tuple[list[tuple[SourceFile, Language]], list[tuple[SourceFile, Language]]]:
    """The licensed source files that a commit modified, before and after; `is_apache`: all of them are."""
    shared = files.before.keys() & files.after.keys()
    before = list(_select({path: files.before[path] for path in shared}, is_apache=is_apache))
    kept = {source.path for source, _ in before}
    return before, list(_select({path: files.after[path] for path in kept}, is_apache=is_apache))


def make_statement_records(advice: Advice, files: ChangedFiles, tally: Tally) -> Iterator[FunctionRecord]:
    """The records of one fix commit."""
    topic = classify_message(advice.text, is_advised=True)
    before, after = select_sides(files, is_apache=advice.repository.startswith("apache/"))
    if topic is None or not before:
        tally.drop("commits", "no-licensed-source")
        return
    if len(before) > MAX_FILES:
        tally.drop("commits", "tangled")
        return
    tally.keep("commits")
    first = analyse_project(before, Tally(), every_graph=True)
    second = analyse_project(after, Tally(), every_graph=True)
    yield from judge_versions(
        first, second, topic, Provenance(advice.repository, advice.repository, advice.commit), tally
    )


def mine_statements(entry: Entry, clones: Path, target: Path) -> Outcome:
    """All fix records of a clone of project-kb, as one file."""
    path = target / f"{file_name(entry.repository)}.records"
    if is_current(path, commit=entry.commit, reading=_VERSION):
        return Outcome(entry.repository, "kept", int(read_header(path)["num_candidates"]))
    tally = Tally()
    records: list[FunctionRecord] = []
    for advice, files in read_statements(find_clone(clones, entry.repository), tally):
        records.extend(make_statement_records(advice, files, tally))
    num_candidates = sum(one.target >= 0 for record in records for one in record.judgements)
    header = {
        "repository": entry.repository,
        "commit": entry.commit,
        "reading": _VERSION,
        "role": entry.role.value,
        "family": entry.family,
        "num_candidates": num_candidates,
        "tally": tally.to_json(),
    }
    save_records(records, path, header)
    return Outcome(entry.repository, "done", num_candidates)
