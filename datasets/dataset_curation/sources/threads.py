"""Exported review threads: what people said of a line, and what became of it, as judged candidates of that version.

A file of JSON lines, one object a thread:

    {"repository": "own/name", "commit": "<id of the reviewed version>", "path": "src/a.py", "line": 12,
     "label": "security/sql-injection", "outcome": "fixed", "text": "builds the query from the request"}

`line` counts from 1 in the reviewed version. `label` may be missing: the words of `text` then name the labels, at half
weight. `outcome` is `fixed` or `accepted` (harmful: it was mended, or somebody takes the risk), `dismissed` (harmless),
or anything else, which says nothing.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dataset_curation.analysing import Project, Provenance, analyse_project, make_records
from dataset_curation.clones import Clone
from dataset_curation.errors import RecordError
from dataset_curation.manifests import Entry
from dataset_curation.records import UNJUDGED, FunctionRecord, Judgement
from dataset_curation.selection import Tally, select_content
from dataset_curation.sources.topics import FixKind, find_labels
from graph_model.candidates.model import Candidate
from graph_model.catalogue import load_catalogue
from graph_model.languages import find_language

_TARGETS = {"fixed": 1, "accepted": 1, "dismissed": 0}
_WORDS_WEIGHT = 0.5
_SOURCE = "read"


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread: labels it speaks of, the target its outcome gives, and the weight of its word."""

    repository: str
    commit: str
    path: str
    line: int
    labels: frozenset[str]
    target: int
    weight: float


def read_threads(path: Path, tally: Tally) -> list[Thread]:
    """The threads of a file that say something. Raises RecordError for a line that is no thread."""
    threads = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.strip():
            thread = _parse_thread(line, f"{path.name}:{number}")
            reason = "no-outcome" if thread.target < 0 else "label-free" if not thread.labels else ""
            if reason:
                tally.drop("threads", reason)
            else:
                threads.append(thread)
    return threads


def _parse_thread(line: str, where: str) -> Thread:
    try:
        values = json.loads(line)
        texts = [str(values[name]) for name in ("repository", "commit", "path")]
        number, label, text = int(values["line"]), str(values.get("label") or ""), str(values.get("text") or "")
        outcome = str(values.get("outcome") or "")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(
            f"{where}: expected a thread with repository, commit, path and line, found {error}"
        ) from error
    if label and label not in {one.id for one in load_catalogue()}:
        raise RecordError(f"{where}: label: expected one of the catalogue, found {label}")
    labels = {label} if label else {found for kind in FixKind for found in find_labels(text, kind)}
    weight = 1.0 if label else _WORDS_WEIGHT
    return Thread(texts[0], texts[1], texts[2], number, frozenset(labels), _TARGETS.get(outcome, -1), weight)


def make_thread_records(
    clone: Clone, entry: Entry, threads: Iterable[Thread], tally: Tally
) -> Iterator[FunctionRecord]:
    """Records of the functions that threads of a repository speak about, by commit and path."""
    by_file: dict[tuple[str, str], list[Thread]] = {}
    for thread in threads:
        by_file.setdefault((thread.commit, thread.path), []).append(thread)
    for (commit, path), found in sorted(by_file.items()):
        project = _analyse(clone, commit, path, tally)
        if project is None:
            tally.drop("threads", "not-in-clone", len(found))
            continue
        judged: dict[Candidate, Judgement] = {}
        for thread in found:
            meant = _find_meant(project, path, thread)
            tally.drop("threads", "no-candidate") if not meant else tally.keep("threads")
            judged.update(dict.fromkeys(meant, Judgement(thread.target, thread.weight, _SOURCE)))
        for record in make_records(project, Provenance(entry.group, entry.repository, commit), Tally()):
            judgements = [judged.get(one, UNJUDGED) for one in record.candidates]
            if any(one.target >= 0 for one in judgements):
                yield record.judged(judgements)


def _analyse(clone: Clone, commit: str, path: str, tally: Tally) -> Project | None:
    language = find_language(path)
    known = clone.find_commit(commit)
    raw = clone.read_file(known.id, path) if known is not None else None
    source = select_content(path, raw, tally) if raw is not None else None
    if source is None or language is None:
        return None
    project = analyse_project([(source, language)], tally)
    return project if path in project.analyses else None


def _find_meant(project: Project, path: str, thread: Thread) -> Sequence[Candidate]:
    """The candidates on the thread's line that it may mean: those of its labels whose statement meets the line."""
    source = project.sources[path]
    return [
        one
        for one in project.candidates.get(path, ())
        if one.label in thread.labels
        and source.line_at(one.statement_start) <= thread.line <= source.line_at(max(one.start, one.statement_end - 1))
    ]
