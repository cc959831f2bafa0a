"""Triage: candidates for people to read, their verdicts as facts without code, and how far readers agree."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any  # JSON values are what the file says until checked here

from dataset_curation.errors import RecordError
from dataset_curation.records import FunctionRecord
from graph_model.languages import BY_NAME
from graph_model.prediction import Predictor
from reviewer.findings import is_in_test

MAX_REASON_CHARACTERS = 300
_CODE_MARKS = ("`", "\n", ";", "{", "}", "==", "=>", "</")


@dataclass(frozen=True, slots=True)
class _NoGraphs:
    """An analysis without graphs: every label is judged by its simple rung."""

    graphs: tuple[()] = ()


_NO_GRAPHS = _NoGraphs()


class Verdict(StrEnum):
    """What a reader says of a candidate."""

    HARMFUL = "harmful"
    HARMLESS = "harmless"
    UNDECIDABLE = "undecidable"


@dataclass(frozen=True, slots=True)
class TriageItem:
    """One candidate to read. `id` is stable for a place and label."""

    id: str
    repository: str
    commit: str
    path: str
    line: int
    column: int
    label: str
    api: str
    language: str
    symbol: str
    group: str

    @property
    def stratum(self) -> tuple[str, str]:
        """Family and label: what samples are balanced over."""
        return BY_NAME[self.language].family.value, self.label


@dataclass(frozen=True, slots=True)
class TriageRow:
    """One verdict of one reader: facts only, no code."""

    repository: str
    commit: str
    path: str
    line: int
    column: int
    label: str
    verdict: str
    reason: str
    reader: str

    @property
    def key(self) -> tuple[str, str, str, int, int, str]:
        """What identifies the candidate."""
        return (self.repository, self.commit, self.path, self.line, self.column, self.label)

    def to_json(self) -> str:
        """One line, keys sorted."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)


Chooser = Callable[[FunctionRecord], Sequence[bool]]
"""Which candidates of a record may be drawn."""


def choose_all(record: FunctionRecord) -> Sequence[bool]:
    """Every candidate."""
    return [True] * len(record.candidates)


def shown_chooser(predictor: Predictor) -> Chooser:
    """The candidates that a review with this bundle shows by default, test code left out."""

    def choose(record: FunctionRecord) -> Sequence[bool]:
        scored = predictor.score(_NO_GRAPHS, record.candidates)
        return [
            one.probability >= predictor.thresholds[one.candidate.label] and not is_in_test(one.candidate)
            for one in scored
        ]

    return choose


def list_items(
    records: Iterable[FunctionRecord], categories: Sequence[str], choose: Chooser = choose_all
) -> Iterator[TriageItem]:
    """Every candidate of these categories that `choose` admits, each place and label once."""
    seen: set[str] = set()
    for record in records:
        repository, _, rest = record.origin.partition("@")
        commit = rest.partition(":")[0]
        rows = zip(record.candidates, record.lines, record.columns, choose(record), strict=True)
        for candidate, line, column, _ in (row for row in rows if row[-1]):
            place = f"{repository}@{commit}:{candidate.path}:{line}:{column} {candidate.label}"
            item_id = hashlib.sha256(place.encode("utf-8", "surrogatepass")).hexdigest()[:12]
            if candidate.label.partition("/")[0] in categories and item_id not in seen:
                seen.add(item_id)
                yield TriageItem(
                    id=item_id,
                    repository=repository,
                    commit=commit,
                    path=candidate.path,
                    line=line,
                    column=column,
                    label=candidate.label,
                    api=candidate.api,
                    language=record.language,
                    symbol=candidate.symbol,
                    group=record.group,
                )


def draw_sample(
    items: Iterable[TriageItem], size: int, seed: int, done: frozenset[str] = frozenset()
) -> list[TriageItem]:
    """At most `size` items, spread over family and label, and inside each over repositories; `done` ids are left out.

    Strata take turns, so that rare ones are read whole and common ones share the rest. Whose turn is first, and the
    order inside, are a hash of the seed and their names, so that a larger sample contains a smaller one of the same
    candidates, and a small one is not the beginning of the alphabet.
    """

    def mixed(name: object) -> bytes:
        return hashlib.sha256(f"{seed}:{name}".encode()).digest()

    strata: dict[tuple[str, str], dict[str, list[TriageItem]]] = defaultdict(lambda: defaultdict(list))
    for item in sorted(items, key=lambda one: mixed(one.id)):
        if item.id not in done:
            strata[item.stratum][item.repository].append(item)
    queues = {
        stratum: _interleave([by_repository[name] for name in sorted(by_repository, key=mixed)])
        for stratum, by_repository in sorted(strata.items(), key=lambda one: mixed(one[0]))
    }
    families = sorted({family for family, _ in queues})
    turns = [[queue for (family, _), queue in queues.items() if family == one] for one in families]
    return _take_turns(turns, size)


def _interleave(rows: Sequence[Sequence[TriageItem]]) -> list[TriageItem]:
    """One of each repository in turn, as a stack: the first to take is the last."""
    order = [row[idx] for idx in range(max(map(len, rows))) for row in rows if idx < len(row)]
    return order[::-1]


def _take_turns(turns: list[list[list[TriageItem]]], size: int) -> list[TriageItem]:
    """Families in turn; inside a family its labels in turn."""
    chosen: list[TriageItem] = []
    positions = [0] * len(turns)
    while len(chosen) < size and any(queue for queues in turns for queue in queues):
        for idx, queues in enumerate(turns):
            left = [queue for queue in queues if queue]
            if left and len(chosen) < size:
                positions[idx] += 1
                live = [queues[(positions[idx] + shift) % len(queues)] for shift in range(len(queues))]
                queue = next(one for one in live if one)
                positions[idx] = next(at for at, one in enumerate(queues) if one is queue)
                chosen.append(queue.pop())
    return chosen


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON-lines file. Raises RecordError naming the line."""
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.strip():
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                raise RecordError(f"{path.name}:{number}: expected JSON, found {error}") from error
    return rows


def merge_verdicts(
    sample: Iterable[Mapping[str, Any]], verdicts: Iterable[Mapping[str, Any]], reader: str
) -> list[TriageRow]:
    """Rows of a reader's verdicts on a sample. Raises RecordError for an unknown id, verdict, or a reason with code."""
    by_id = {str(row["id"]): row for row in sample}
    rows = []
    for verdict in verdicts:
        item = by_id.get(str(verdict.get("id")))
        if item is None:
            raise RecordError(f"verdict {verdict.get('id')!r}: expected an id of the sample, found none")
        rows.append(
            TriageRow(
                item["repository"], item["commit"], item["path"], int(item["line"]), int(item["column"]), item["label"],
                check_verdict(verdict), check_reason(verdict), reader,
            )
        )  # fmt: skip
    return rows


def check_verdict(row: Mapping[str, Any]) -> str:
    """The verdict of a row. Raises RecordError for another word."""
    try:
        return Verdict(str(row.get("verdict", ""))).value
    except ValueError:
        raise RecordError(
            f"{row.get('id')}: verdict: expected {', '.join(Verdict)}, found {row.get('verdict')!r}"
        ) from None


def check_reason(row: Mapping[str, Any]) -> str:
    """The reason of a row: words about the code, not code. Raises RecordError for none, a long one, or code."""
    reason = str(row.get("reason", "")).strip()
    if not reason or len(reason) > MAX_REASON_CHARACTERS:
        raise RecordError(
            f"{row.get('id')}: reason: expected 1..{MAX_REASON_CHARACTERS} characters, found {len(reason)}"
        )
    mark = next((mark for mark in _CODE_MARKS if mark in reason), None)
    if mark is not None:
        raise RecordError(f"{row.get('id')}: reason: expected words without code, found {mark!r}")
    return reason


def read_rows(folder: Path) -> list[TriageRow]:
    """Every committed verdict of a folder. Raises RecordError for a row that is not one."""
    rows: list[TriageRow] = []
    for path in sorted(folder.glob("*.jsonl")):
        for values in read_jsonl(path):
            try:
                rows.append(TriageRow(**values))
            except TypeError as error:
                raise RecordError(f"{path.name}: expected a verdict, found {error}") from error
    return rows


def write_rows(path: Path, rows: Iterable[TriageRow]) -> int:
    """Adds rows to a file, the later verdict of a reader on a candidate replacing the earlier; returns the number."""
    known = [TriageRow(**values) for values in read_jsonl(path)] if path.is_file() else []
    merged = {(row.key, row.reader): row for row in (*known, *rows)}
    ordered = sorted(merged.values(), key=lambda row: (row.key, row.reader))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{row.to_json()}\n" for row in ordered), "utf-8")
    return len(ordered)


def settle(rows: Iterable[TriageRow]) -> dict[tuple[str, str, str, int, int, str], Verdict]:
    """One verdict a candidate: that of the reader `adjudicator`, else the one all agree on, else undecidable."""
    by_key: dict[tuple[str, str, str, int, int, str], dict[str, Verdict]] = defaultdict(dict)
    for row in rows:
        by_key[row.key][row.reader] = Verdict(row.verdict)
    settled = {}
    for key, verdicts in by_key.items():
        words = set(verdicts.values())
        settled[key] = verdicts.get("adjudicator") or (words.pop() if len(words) == 1 else Verdict.UNDECIDABLE)
    return settled


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two readers agree on what both read; kappa is None when chance alone explains everything."""

    first: str
    second: str
    num_items: int
    observed: float
    kappa: float | None


def measure_agreement(rows: Iterable[TriageRow]) -> list[Agreement]:
    """Cohen's kappa of every pair of readers with items in common; last, of all these pairs together."""
    by_reader: dict[str, dict[tuple[str, str, str, int, int, str], str]] = defaultdict(dict)
    for row in rows:
        by_reader[row.reader][row.key] = row.verdict
    readers = sorted(by_reader)
    found: list[Agreement] = []
    every: list[tuple[str, str]] = []
    for idx, first in enumerate(readers):
        for second in readers[idx + 1 :]:
            shared = by_reader[first].keys() & by_reader[second].keys()
            if shared:
                pairs = [(by_reader[first][key], by_reader[second][key]) for key in sorted(shared)]
                every += pairs
                found.append(_agree(first, second, pairs))
    return [*found, _agree("one reader", "another", every)] if every else []


def _agree(first: str, second: str, pairs: Sequence[tuple[str, str]]) -> Agreement:
    observed = sum(a == b for a, b in pairs) / len(pairs)
    return Agreement(first, second, len(pairs), observed, _kappa(pairs, observed))


def _kappa(pairs: Sequence[tuple[str, str]], observed: float) -> float | None:
    """Cohen, 1960: https://doi.org/10.1177/001316446002000104"""
    left, right = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    expected = sum(left[word] * right[word] for word in left) / len(pairs) ** 2
    return None if expected >= 1 else (observed - expected) / (1 - expected)
