"""Assembly: records of every source become shards for training, deduplicated over all of them and counted.

Order matters: what is read by people is kept first, so that no copy of it is trained on; then an
organisation's own history, fixes, fixtures, injected defects, and the harvest last.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from dataset_curation.errors import RecordError
from dataset_curation.filters.balance import Caps, balance
from dataset_curation.filters.consistency import Mark, Verdicts, drop_contested, marks_of
from dataset_curation.filters.duplicates import DuplicateIndex
from dataset_curation.gaps import Judged, count_judged
from dataset_curation.manifests import Role
from dataset_curation.records import UNLABELLED, FunctionRecord, Judgement, engine_version, load_records, read_header
from dataset_curation.sampling import rank
from dataset_curation.selection import Tally
from dataset_curation.sharding import Kept
from dataset_curation.sources.annotations import WEIGHTS
from dataset_curation.triage.verdicts import TriageRow, Verdict, settle
from graph_model.features import collect_names

INJECTED = "injected"
SOURCE_ORDER = ("history", "fixes", "fixtures", INJECTED, "harvest")
_TARGETS = {Verdict.HARMFUL: 1, Verdict.HARMLESS: 0, Verdict.UNDECIDABLE: UNLABELLED}


@dataclass(slots=True)
class CardCounts:
    """What went into the shards: by source, language, label and target; functions and repositories by source.

    `judged` counts the training side only: what the gate holds teaches nothing.
    """

    candidates: Counter[tuple[str, str, str, int]] = field(default_factory=Counter)
    functions: Counter[str] = field(default_factory=Counter)
    languages: Counter[tuple[str, str]] = field(default_factory=Counter)
    groups: dict[str, set[str]] = field(default_factory=dict)
    judged: Judged = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)

    def count(self, kept: Iterable[Kept]) -> Iterator[Kept]:
        """The kept ones as they pass, counted."""
        for one in kept:
            self.add(one)
            yield one

    def add(self, kept: Kept) -> None:
        """Counts one kept record."""
        record, source = kept.record, kept.source
        if not record.candidates:
            source = f"{source}, no candidate"
        elif source == "gate" and all(one.source != "triage" for one in record.judgements):
            source = "gate, unread"  # they say how common a candidate like the read ones is
        if kept.role != Role.GATE:
            count_judged(record, self.judged)
        self.functions[source] += 1
        self.languages[(source, record.language)] += 1
        self.groups.setdefault(source, set()).add(record.group)
        for candidate, judgement in zip(record.candidates, record.judgements, strict=True):
            self.candidates[(judgement.source, record.language, candidate.label, judgement.target)] += 1


@dataclass(frozen=True, slots=True)
class SourceFileOfRecords:
    """A records file with its header's role and tally."""

    path: Path
    source: str
    role: str
    repository: str
    tally: Tally


def list_sources(data: Path) -> list[SourceFileOfRecords]:
    """Every records file below a data folder: gate first, then by SOURCE_ORDER. Raises RecordError for stale ones,
    and where there are none."""
    found = find_sources(data, SOURCE_ORDER)
    if not found:
        raise RecordError(f"{data}: expected records below {', '.join(SOURCE_ORDER)}, found none")
    return found


def find_sources(data: Path, names: Iterable[str]) -> list[SourceFileOfRecords]:
    """The records files of some sources. Raises RecordError for stale ones."""
    found: list[SourceFileOfRecords] = []
    for source in names:
        for path in sorted((data / source).glob("*.records")):
            header = read_header(path)
            if header.get("engine") != engine_version():
                raise RecordError(
                    f"{path.name}: engine: expected {engine_version()}, found {header.get('engine')}; run it again"
                )
            role, repository = str(header["role"]), str(header["repository"])
            found.append(SourceFileOfRecords(path, source, role, repository, Tally.from_json(header["tally"])))
    return sorted(found, key=lambda one: one.role != "gate")


@dataclass(frozen=True, slots=True)
class Said:
    """What readers say of a candidate, and what their word weighs."""

    verdict: Verdict
    weight: float = 1.0


Place = tuple[str, int, int, str]
"""Path, line, column and label of a candidate."""


def judge_by_reading(record: FunctionRecord, said: Mapping[Place, Said], source: str) -> FunctionRecord:
    """A record with the verdicts of readers, as `triage` (the gate) or `read` (training); the rest stays as it is."""
    judgements = []
    for candidate, line, column, known in zip(
        record.candidates, record.lines, record.columns, record.judgements, strict=True
    ):
        one = said.get((candidate.path, line, column, candidate.label))
        judgements.append(Judgement(_TARGETS[one.verdict], one.weight, source) if one is not None else known)
    return record.judged(judgements)


def index_verdicts(rows: Iterable[TriageRow]) -> dict[str, dict[Place, Said]]:
    """Settled verdicts by repository and place. What a person read outranks an annotation in the tree."""
    listed = list(rows)
    read = [row for row in listed if row.reader not in WEIGHTS]
    found: dict[str, dict[Place, Said]] = {}
    for reader in sorted(WEIGHTS, key=lambda one: WEIGHTS[one]):
        _settle([row for row in listed if row.reader == reader], WEIGHTS[reader], found)
    _settle(read, 1.0, found)
    return found


def _settle(rows: Iterable[TriageRow], weight: float, found: dict[str, dict[Place, Said]]) -> None:
    for (repository, _, path, line, column, label), verdict in settle(rows).items():
        found.setdefault(repository, {})[(path, line, column, label)] = Said(verdict, weight)


def find_contested(sources: Iterable[SourceFileOfRecords], rows: Iterable[TriageRow]) -> frozenset[Mark]:
    """The candidates that two sources, or two copies in one, call harmful and harmless."""
    verdicts = index_verdicts(rows)
    heard = Verdicts()
    for file in sources:
        if file.source != "harvest" or file.repository in verdicts:
            for record in load_records(file.path):
                judged = read_record(record, file, verdicts)
                heard.add(marks_of(judged), [one.target for one in judged.judgements])
    return heard.contested()


def read_record(
    record: FunctionRecord,
    file: SourceFileOfRecords,
    verdicts: Mapping[str, Mapping[Place, Said]],
) -> FunctionRecord:
    """A harvested record with what readers say of it; others stay as they are."""
    if file.source != "harvest" or not record.candidates:
        return record
    found = verdicts.get(record.origin.partition("@")[0], {})
    return judge_by_reading(record, found, "triage" if file.role == Role.GATE else "read")


def keep_records(
    sources: Sequence[SourceFileOfRecords], rows: Sequence[TriageRow], caps: Caps, tally: Tally
) -> Iterator[Kept]:
    """The records that go into shards, in order: contradictions, duplicates and what is over a cap are dropped."""
    kept = _keep_consistent(sources, rows, tally)
    for is_made, run in groupby(kept, key=lambda one: one.source == INJECTED):
        if not is_made:
            yield from run
            continue
        made = list(run)
        roles = {one.record.group: one.role for one in made}
        for record in balance((one.record for one in made), caps, tally):
            yield Kept(record, INJECTED, roles[record.group])


def _keep_consistent(sources: Sequence[SourceFileOfRecords], rows: Sequence[TriageRow], tally: Tally) -> Iterator[Kept]:
    contested = find_contested(sources, rows)
    verdicts = index_verdicts(rows)
    index = DuplicateIndex()
    for number, file in enumerate(sources):
        tally.merge(file.tally)
        for position, found in enumerate(load_records(file.path)):
            record = drop_contested(read_record(found, file, verdicts), contested, tally)
            if file.source != "harvest" and all(one.target == UNLABELLED for one in record.judgements):
                tally.drop("records", "contradiction" if found.judgements != record.judgements else "label-free")
                continue
            repeated = index.find(record.signature, record.twin)
            if repeated is not None:
                tally.drop("duplicates", f"{file.source}: {repeated[1]}")
                continue
            index.add((number << 32) + position, record.signature, record.twin)
            yield Kept(record, "gate" if file.role == Role.GATE else file.source, file.role)


def collect_facts(sources: Iterable[SourceFileOfRecords]) -> set[str]:
    """The names of all facts that candidates of these files have."""
    names: set[str] = set()
    for file in sources:
        names.update(
            collect_names(candidate.facts for record in load_records(file.path) for candidate in record.candidates)
        )
    return names


def thin(kept: Iterable[Kept], share: float, tally: Tally) -> Iterator[Kept]:
    """Keeps a share of the functions about which nothing is known, chosen by a hash of their place; all others stay."""
    for one in kept:
        record = one.record
        if share >= 1 or any(known.target != UNLABELLED or known.source == "triage" for known in record.judgements):
            yield one
            continue
        place = rank(f"{record.origin}:{next(iter(record.keys()), record.twin)}")
        if int.from_bytes(place[:4], "big") < share * 2**32:
            yield one
        else:
            tally.drop("harvest", "thinned")
