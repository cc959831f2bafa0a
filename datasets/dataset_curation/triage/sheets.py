"""What a reader gets: each sampled candidate with its evidence and the code around it, as Markdown and JSON lines.

These files hold fetched code and are never committed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from dataset_curation.clones import Clone
from dataset_curation.records import FunctionRecord
from dataset_curation.triage.verdicts import TriageItem
from graph_model.candidates.model import Candidate, StepRole
from graph_model.catalogue import load_catalogue
from reviewer.source import SourceFile

_AROUND = 12  # lines before and after a place
_MAX_LINES = 90
_SHOWN_ROLES = frozenset(
    {StepRole.SOURCE, StepRole.GUARD, StepRole.LOOP, StepRole.SINK, StepRole.CONTEXT, StepRole.CALL}
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One candidate as a reader sees it: evidence lines and excerpts, in order."""

    item: TriageItem
    title: str
    goes_wrong: str
    evidence: tuple[str, ...]
    excerpts: tuple[tuple[str, str], ...]

    def to_json(self) -> str:
        """One line: the item's fields, the evidence, the excerpts, and empty places for verdict and reason."""
        values = {**asdict(self.item), "title": self.title, "evidence": self.evidence, "excerpts": self.excerpts}
        return json.dumps({**values, "verdict": "", "reason": ""}, ensure_ascii=False)

    def to_markdown(self, number: int) -> str:
        """A section of the readable file."""
        item = self.item
        head = f"## {number}. {item.label} `{item.id}`\n\n{item.repository} {item.path}:{item.line}:{item.column}"
        facts = f" · api `{item.api}` · in `{item.symbol or '(module)'}`\n\n{self.title}. {self.goes_wrong}\n\n"
        steps = "".join(f"- {line}\n" for line in self.evidence)
        code = "".join(f"\n{where}\n\n```\n{text}\n```\n" for where, text in self.excerpts)
        return f"{head}{facts}{steps}{code}\nverdict: ____ reason: ____\n"


class SourceReader:
    """Files of clones at commits, each read once."""

    def __init__(self, clones: Mapping[str, Clone]) -> None:
        self._clones = clones
        self._known: dict[tuple[str, str, str], SourceFile | None] = {}

    def read(self, repository: str, commit: str, path: str) -> SourceFile | None:
        """A file, None when the commit has none."""
        key = (repository, commit, path)
        if key not in self._known:
            raw = self._clones[repository].read_file(commit, path)
            self._known[key] = None if raw is None else SourceFile.from_bytes(path, raw)
        return self._known[key]


def make_sheets(
    items: Iterable[TriageItem], records: Iterable[FunctionRecord], reader: SourceReader
) -> Iterator[Sheet]:
    """The sheets of items, in their order; one whose file is gone is left out."""
    wanted = {(one.repository, one.path, one.line, one.column, one.label): one for one in items}
    found: dict[str, Sheet] = {}
    for record in records:
        repository = record.origin.partition("@")[0]
        for candidate, line, column in zip(record.candidates, record.lines, record.columns, strict=True):
            item = wanted.get((repository, candidate.path, line, column, candidate.label))
            if item is not None and item.id not in found:
                sheet = _make_sheet(item, candidate, reader)
                if sheet is not None:
                    found[item.id] = sheet
    yield from (found[item.id] for item in items if item.id in found)


def _make_sheet(item: TriageItem, candidate: Candidate, reader: SourceReader) -> Sheet | None:
    label = next(one for one in load_catalogue() if one.id == item.label)
    evidence: list[str] = []
    places: dict[str, set[int]] = {}
    for step in candidate.steps:
        source = reader.read(item.repository, item.commit, step.path)
        if source is None:
            return None
        line = source.line_at(min(step.start, len(source.content)))
        evidence.append(
            f"{step.role.value} {step.path}:{line} `{source.line_text(line).strip()[:160]}` {step.note}".rstrip()
        )
        if step.role in _SHOWN_ROLES:
            places.setdefault(step.path, set()).add(line)
    excerpts = [
        _excerpt(reader.read(item.repository, item.commit, path), path, lines) for path, lines in places.items()
    ]
    return Sheet(item, label.title, label.summary, tuple(evidence), tuple(one for one in excerpts if one is not None))


def _excerpt(source: SourceFile | None, path: str, lines: set[int]) -> tuple[str, str] | None:
    """The lines around places of one file, numbered, gaps marked."""
    if source is None:
        return None
    shown = sorted(
        {near for line in lines for near in range(line - _AROUND, line + _AROUND + 1) if 1 <= near <= source.num_lines}
    )
    text: list[str] = []
    last = 0
    for line in shown[:_MAX_LINES]:
        if last and line != last + 1:
            text.append("      ...")
        text.append(f"{line:5}{'>' if line in lines else ' '} {source.line_text(line)[:220]}")
        last = line
    return path, "\n".join(text)
